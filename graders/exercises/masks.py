"""Lesson 05: how each answer is called, on which cases, and which laws hold."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from graders.collect import as_value
from graders.exercise import Case, Choice, Exercise, Law

Generator = np.random.Generator
Values = Mapping[str, np.ndarray]

# ----------------------------------------------------------------------------- laws


def _first_true(wrong: np.ndarray) -> str:
    places = ", ".join(str(int(i)) for i in np.argwhere(wrong)[0])
    return f"mask[{places}] is True"


def _no_padding(case: Case, values: Values) -> str | None:
    tokens = case.inputs.get("tokens", case.inputs.get("source"))
    is_padding = np.broadcast_to(
        (tokens == case.pad)[:, np.newaxis, np.newaxis, :], values["mask"].shape
    )
    wrong = values["mask"].astype(bool) & is_padding
    return f"{_first_true(wrong)}, where the key is padding" if wrong.any() else None


def _no_future(case: Case, values: Values) -> str | None:
    q, k = values["mask"].shape[-2:]
    is_later = np.arange(k) > np.arange(q)[:, np.newaxis]
    wrong = values["mask"].astype(bool) & is_later
    return f"{_first_true(wrong)}: that key comes later" if wrong.any() else None


def _sees_itself(case: Case, values: Values) -> str | None:
    wrong = ~np.diagonal(values["mask"], axis1=-2, axis2=-1).astype(bool)
    at = int(np.argwhere(wrong)[0][-1]) if wrong.any() else 0
    return f"position {at} may not" if wrong.any() else None


def _starts(case: Case, values: Values) -> str | None:
    wrong = values["inputs"][:, 0] != case.start
    row = int(np.argmax(wrong))
    return f"row {row} begins with {values['inputs'][row, 0]}" if wrong.any() else None


NO_PADDING = Law("no query may attend to padding", _no_padding)
NO_FUTURE = Law("no position may attend to a later one", _no_future)
ITSELF = Law("each position may attend to itself", _sees_itself)
STARTS = Law("every row of the input should begin with `start`", _starts)

# ------------------------------------------------------------------- cases of tokens


def _tokens(rng: Generator, b: int, t: int, pad: int = 0) -> np.ndarray:
    """Sentences `(b, t)` that begin with a word; padding in the middle and at ends."""
    tokens = rng.integers(1, 40, size=(b, t))
    if pad:
        tokens[rng.random((b, t)) < 0.3] = 0  # with another padding id, 0 is a word
    tokens[tokens == pad] = pad + 1
    is_pad = rng.random((b, t)) < 0.3
    is_pad[:, 0] = False
    is_pad[0, 1], is_pad[0, 2] = True, False  # in the middle, not only at the end
    is_pad[-1, -1] = True
    return np.where(is_pad, pad, tokens)


def _padding_cases(rng: Generator) -> list[Case]:
    small = np.array([[5, 7, 0], [3, 0, 0]])
    return [
        Case("two sentences", tokens=small, pad=0),
        Case("padding in the middle", tokens=_tokens(rng, 3, 5), pad=0),
        Case("another padding id", tokens=_tokens(rng, 2, 7, pad=9), pad=9),
        Case("a square", tokens=_tokens(rng, 4, 4), pad=0),
    ]


def _length_cases(rng: Generator) -> list[Case]:
    lengths = [3, 1, *(int(n) for n in rng.integers(4, 14, size=3))]
    names = ["three words", "one word", "longer", "longer still", "another length"]
    return [Case(name, length=n) for name, n in zip(names, lengths, strict=True)]


def _cross_cases(rng: Generator) -> list[Case]:
    def case(name: str, b: int, k: int, t: int, pad: int = 0) -> Case:
        source, target = _tokens(rng, b, k, pad), _tokens(rng, b, t, pad)
        source[0, 0] = pad  # a source may begin with padding, a target may not
        return Case(name, source=source, target=target, pad=pad)

    small = Case(
        "two source words, three target words",
        source=np.array([[5, 7, 0, 0]]),
        target=np.array([[4, 6, 8]]),
        pad=0,
    )
    return [
        small,
        case("a longer source", 2, 7, 4),
        case("a longer target", 3, 4, 6),
        case("another padding id", 2, 5, 7, pad=9),
        case("as long as each other", 2, 5, 5),
    ]


def _shift_cases(rng: Generator) -> list[Case]:
    small = np.array([[5, 7, 9], [4, 2, 0]])

    def case(name: str, b: int, t: int) -> Case:
        start = int(rng.integers(41, 99))
        return Case(name, target=_tokens(rng, b, t), start=start)

    return [
        Case("two sentences", target=small, start=1),
        case("a batch", 3, 6),
        case("a long sentence", 2, 9),
        case("a square", 4, 4),
    ]


def _score_cases(rng: Generator) -> list[Case]:
    def case(name: str, *shape: int) -> Case:
        mask = rng.random(shape) < 0.5
        mask[..., 0] = True
        return Case(name, mask=mask)

    return [
        Case("three keys", mask=np.array([True, True, False])),
        case("padding", 3, 1, 1, 5),
        case("the future", 1, 1, 4, 4),
        case("both", 2, 1, 3, 6),
    ]


# ------------------------------------------------------------------- cases of layers

LONGEST = 16
NOISE = 24.0  # how far the two factors of a mixture stretch: rounding of about 1e-6


class _Some:
    """Layers of one width as arrays: each a sum of mixtures over time."""

    def __init__(self, rng: Generator, length: int, model_dim: int, heads: int) -> None:
        self.rng, self.length, self.model_dim = rng, length, model_dim
        self.heads = heads
        self.made: list[list[Any]] = []

    # ---- parts

    def past(self) -> np.ndarray:
        """`(16, 16)`: each position averages itself and what came before."""
        mix = np.tril(self.rng.uniform(0.2, 1, size=(LONGEST, LONGEST)))
        return mix / mix.sum(axis=1, keepdims=True)

    def later(self, *places: tuple[int, int]) -> np.ndarray:
        """`past`, and a look ahead from each of the places (output, input)."""
        mix = self.past()
        for place in places:
            mix[place] = self.rng.uniform(0.7, 1)
        return mix

    def between(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    # ---- layers

    def add(
        self,
        mixes: Sequence[np.ndarray] = (),
        memory: float = 0.0,
        mean: np.ndarray | None = None,
        rounding: bool = False,
        only: tuple[int, int] | None = None,
    ) -> None:
        """One layer; `only` lets the last mixture read one feature and write one."""
        shape = (self.heads, LONGEST, LONGEST)
        left, right = np.zeros(shape), np.zeros(shape)
        w = np.zeros((self.heads, self.model_dim, self.model_dim))
        for head, mix in enumerate(mixes):
            left[head], right[head] = self._factors(mix, rounding)
            w[head] = self.rng.uniform(0.7, 1, size=w.shape[1:])
            w[head] /= np.sqrt(self.model_dim)
        if only:
            w[len(mixes) - 1] *= 0
            w[(len(mixes) - 1, *only)] = 1
        centre = 0.0 if mean is None else self.length / 4
        means = np.zeros((LONGEST, LONGEST)) if mean is None else mean
        self.made.append([len(mixes), left, right, w, memory, centre, means])

    def _factors(
        self, mix: np.ndarray, rounding: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        if not rounding:
            return np.eye(LONGEST), mix
        turn, _ = np.linalg.qr(self.rng.normal(size=(LONGEST, LONGEST)))
        stretch = NOISE ** np.linspace(-0.5, 0.5, LONGEST)
        return turn * stretch, (turn.T @ mix) / stretch[:, np.newaxis]

    def alone(self) -> None:
        """Each position keeps to itself."""
        self.add()

    def remembers(self) -> None:
        """A recurrence: the past, and nothing that is multiplied by 0."""
        self.add(memory=float(self.rng.uniform(0.5, 0.9)))

    def masked(self) -> None:
        """A mixture whose weights on the future are 0."""
        self.add([self.past()], memory=0.3)

    def rounds(self) -> None:
        """Sound, but float32 moves the seventh digit."""
        self.add([self.past()], rounding=True)

    def case(self, name: str) -> Case:
        """The layers in a random order."""
        order = self.rng.permutation(len(self.made))
        columns = zip(*(self.made[place] for place in order), strict=True)
        names = ("heads", "left", "right", "w", "memory", "centre", "mean")
        arrays = {n: np.array(c) for n, c in zip(names, columns, strict=True)}
        return Case(name, length=self.length, model_dim=self.model_dim, **arrays)


def _next_words(length: int) -> list[tuple[int, int]]:
    return [(place, place + 1) for place in range(length - 1)]


def _layer_cases(rng: Generator) -> list[Case]:
    two = _Some(rng, 2, 1, 1)
    two.add([two.later((0, 1))])
    two.alone()
    two.masked()
    two.remembers()

    whole = _Some(rng, 5, 3, 1)
    whole.add([rng.uniform(0.5, 1, size=(LONGEST, LONGEST))])  # no mask at all
    whole.add([np.triu(rng.uniform(0.5, 1, size=(LONGEST, LONGEST)))])  # turned around
    whole.masked()
    whole.remembers()
    whole.alone()

    step = _Some(rng, 7, 4, 1)
    step.add([step.later(*_next_words(7))], memory=0.5)
    step.masked()
    step.remembers()
    step.rounds()
    return [
        two.case("two words"),
        whole.case("all later words leak, or none"),
        step.case("the next word leaks, or none"),
    ]


def _hidden_cases(rng: Generator) -> list[Case]:
    return [
        _pair_case(rng),
        _head_case(rng),
        _mean_case(rng),
        _feature_case(rng),
        _rounding_case(rng),
    ]


def _pair_case(rng: Generator) -> Case:
    last = 10
    pairs = _Some(rng, last + 1, 3, 1)
    here = pairs.between(2, last - 1)
    pairs.add([pairs.later((here, here + 1))])  # a neighbour, in the middle
    pairs.add([pairs.later((1, pairs.between(4, last)))])  # far, not the last
    pairs.add([pairs.later((0, pairs.between(4, last)))])  # into the first only
    pairs.add([pairs.later((pairs.between(2, last - 1), last))])  # from the last only
    pairs.masked()
    pairs.remembers()
    return pairs.case("one place looks at one other, or none")


def _head_case(rng: Generator) -> Case:
    heads = _Some(rng, 6, 5, 3)
    mixes = [heads.past(), heads.past(), heads.past()]
    mixes[heads.between(0, 3)] = heads.later((1, 4), (2, 3), (2, 5))
    heads.add(mixes)
    heads.add([heads.past(), heads.past(), heads.past()])
    heads.add([heads.past()], memory=0.6)
    return heads.case("one head of three looks ahead, or none")


def _mean_case(rng: Generator) -> Case:
    mean = _Some(rng, 16, 2, 1)
    everywhere = np.zeros((LONGEST, LONGEST))
    everywhere[:, :16] = 1 / 16
    so_far = np.tri(LONGEST) / np.arange(1, LONGEST + 1)[:, np.newaxis]
    mean.add([mean.past()], mean=everywhere)
    mean.add(memory=0.4, mean=so_far)
    mean.masked()
    mean.add([mean.past()], mean=so_far)
    return mean.case("normalised over all of time, or over the past")


def _feature_case(rng: Generator) -> Case:
    width = 7
    feature = _Some(rng, 9, width, 2)
    ahead = [(0, 4), (3, 8), (4, 5)]
    for read, write in (
        (feature.between(1, width), feature.between(1, width)),
        (0, feature.between(1, width)),
        (feature.between(1, width), 0),
    ):
        feature.add(
            [feature.past(), feature.later(*ahead)], memory=0.2, only=(read, write)
        )
    feature.masked()
    feature.add([feature.past()], memory=0.7)
    return feature.case("one feature leaks, or none")


def _rounding_case(rng: Generator) -> Case:
    small = _Some(rng, 8, 6, 1)
    small.rounds()
    small.rounds()
    small.alone()
    small.remembers()
    place = small.between(0, 6)
    small.add([small.later((place, small.between(place + 1, 8)))], rounding=True)
    return small.case("float32 moves the seventh digit")


def _layers(case: Case) -> list[Callable[..., Any]]:
    """The case's layers, all made alike: what they do is in the numbers."""
    names = ("heads", "left", "right", "w", "memory", "centre", "mean")
    columns = (case.inputs[name] for name in names)
    return [_layer(case.model_dim, *row) for row in zip(*columns, strict=True)]


def _layer(width: int, heads: int, *arrays: Any) -> Callable[..., Any]:
    left, right, w, memory, centre, mean = (np.asarray(a, "float32") for a in arrays)

    def layer(inputs: Any, training: bool = False) -> Any:
        x = _float32(inputs, width)
        u = np.zeros((len(x), LONGEST, width), dtype="float32")
        u[:, : x.shape[1]] = np.arcsinh(x)
        y = np.zeros_like(u)
        for head in range(int(heads)):
            y += (left[head] @ (right[head] @ u)) @ w[head]
        state = np.zeros_like(u[:, 0])
        for place in range(LONGEST):
            state = memory * state + u[:, place]
            y[:, place] += state
        if centre:
            y += centre * (u - mean @ u)
        return _as_given(y[:, : x.shape[1]], inputs)

    return layer


def _float32(inputs: Any, width: int) -> np.ndarray:
    given = inputs.numpy() if callable(getattr(inputs, "numpy", None)) else inputs
    x = np.array(given, dtype="float32")
    if x.ndim != 3 or not 1 <= x.shape[1] <= LONGEST or x.shape[2] != width:
        raise ValueError(
            f"the layer takes (b, t, m) with t from 1 to {LONGEST} and m = {width}, "
            f"but it was given the shape {x.shape}."
        )
    return x


def _as_given(y: np.ndarray, inputs: Any) -> Any:
    """An array for an array, a tensor for a tensor."""
    if type(inputs).__module__.startswith("tensorflow"):
        return sys.modules["tensorflow"].constant(y)
    return y


# ------------------------------------------------------------------------ exercises


def _pad(case: Case) -> dict[str, int]:
    return {"pad": case.pad} if case.pad else {}


def _call_sees(sees_the_future: Any, case: Case) -> Any:
    verdicts = []
    for layer in _layers(case):
        returned = sees_the_future(layer, case.length, case.model_dim)
        verdict = as_value(returned)
        if not isinstance(verdict, np.ndarray) or verdict.ndim:
            return returned  # not one verdict: the judge says what it is instead
        verdicts.append(verdict)
    return np.array(verdicts)


def _call_scores(to_scores: Any, case: Case) -> Any:
    """Whatever is as low as -1e9 is as good: -inf, or the lowest number there is."""
    returned = to_scores(case.mask)
    scores = as_value(returned)
    if isinstance(scores, np.ndarray) and scores.dtype.kind == "f":
        return np.where(scores < -1e9, scores.dtype.type(-1e9), scores)
    return returned


PADDING = {"padding_mask": "transformer.reference.masks:padding_mask"}
BOTH = {**PADDING, "look_ahead_mask": "transformer.reference.masks:look_ahead_mask"}
SEES = "sees_the_future(layer, length, model_dim)"


def _sees(name: str, cases: Any) -> Exercise:
    return Exercise(
        name=name,
        signature=SEES,
        call=_call_sees,
        cases=cases,
        oracle="transformer.reference.masks:sees_the_future",
        returns={"verdicts": "(layers,)"},
    )


FUNCTIONS: list[Exercise] = [
    Exercise(
        name="padding-mask",
        signature="padding_mask(tokens_bt, pad=0)",
        call=lambda padding_mask, case: padding_mask(case.tokens, **_pad(case)),
        cases=_padding_cases,
        oracle="transformer.reference.masks:padding_mask",
        returns={"mask": "(b, 1, 1, t)"},
        laws=[NO_PADDING],
    ),
    Exercise(
        name="look-ahead-mask",
        signature="look_ahead_mask(length)",
        call=lambda look_ahead_mask, case: look_ahead_mask(case.length),
        cases=_length_cases,
        oracle="transformer.reference.masks:look_ahead_mask",
        returns={"mask": "(1, 1, t, t)"},
        laws=[NO_FUTURE, ITSELF],
    ),
    Exercise(
        name="decoder-mask",
        signature="decoder_mask(tokens_bt, pad=0)",
        call=lambda decoder_mask, case: decoder_mask(case.tokens, **_pad(case)),
        cases=_padding_cases,
        oracle="transformer.reference.masks:decoder_mask",
        returns={"mask": "(b, 1, t, t)"},
        laws=[NO_FUTURE, NO_PADDING],
        uses=BOTH,
    ),
    Exercise(
        name="cross-mask",
        signature="cross_mask(source_bk, target_bt, pad=0)",
        call=lambda cross_mask, case: cross_mask(
            case.source, case.target, **_pad(case)
        ),
        cases=_cross_cases,
        oracle="transformer.reference.masks:cross_mask",
        returns={"mask": "(b, 1, t, k)"},
        laws=[NO_PADDING],
        uses=PADDING,
    ),
    Exercise(
        name="shift-right",
        signature="shift_right(target_bt, start)",
        call=lambda shift_right, case: shift_right(case.target, case.start),
        cases=_shift_cases,
        oracle="transformer.reference.masks:shift_right",
        returns={"inputs": "(b, t)"},
        laws=[STARTS],
    ),
    _sees("sees-the-future", _layer_cases),
    _sees("sees-the-future-hidden", _hidden_cases),
    Exercise(
        name="to-scores",
        signature="to_scores(mask)",
        call=_call_scores,
        cases=_score_cases,
        oracle="transformer.reference.masks:to_scores",
        returns={"scores": "(...)"},
    ),
]

# -------------------------------------------------- predictions and retrieval questions

CHOICES: list[Choice] = [
    Choice(
        name="predict-masks-padding",
        truth="all change",
        answer="padding_guess",
        question="Padding is appended and no mask is given. What happens to the vectors of the words?",
        options={
            "they stay": "It feels as if filler were nothing. But softmax gives every key a share, a row of zeros too: its score is 0 and exp(0) is 1. What padding gets, the words lose.",
            "all change": "Each word's query meets the padding's keys, and whatever their scores are, they get shares that the words lose. Every word looks at every key, so every vector changes.",
            "only the last one changes": "That would be so if words passed a message from neighbour to neighbour. In attention every query meets every key, near or far.",
        },
    ),
    Choice(
        name="predict-masks-cast",
        truth="only the future",
        answer="cast_guess",
        question="A mask of 0 (may attend) and -1e9 (may not) is given to Keras as attention_mask. What does each word attend to?",
        options={
            "itself and the past": "That is what was meant, and what adding it to the scores would give. Keras does not add it: it casts it to booleans first, and anything but 0 is True.",
            "everything": "It would, if -1e9 and 0 both counted as True. But 0 is False: the words that were to be seen are the blocked ones.",
            "only the future": "Keras casts the mask to booleans: -1e9 is not 0, so it becomes True, and 0 becomes False. What was blocked is allowed and what was allowed is blocked.",
        },
    ),
    Choice(
        name="predict-masks-loss",
        truth="without the mask",
        answer="loss_guess",
        question="The same model is trained with and without the look-ahead mask. Whose training loss ends lower?",
        options={
            "with the mask": "The mask takes away information, and a model with less information cannot fit better. What it is good for shows when there is no next word to look at.",
            "without the mask": "Without it the label of each position stands in the input one place further on. Copying it makes the loss fall towards 0, and says nothing about language.",
            "both the same": "They would be, if the future held nothing of use. But the input one place further on is the label itself.",
        },
    ),
    Choice(
        name="recall-masks-recurrent",
        answer="recurrent_recall",
        question="A recurrent layer (lesson 01) needs no look-ahead mask. Why?",
        options={
            "order": "Its state at step t is made from the state before it and word t. Nothing later has been read yet, so there is nothing to hide.",
            "gates": "Gates choose what of the past is kept. A plain recurrent layer without gates cannot see the future either.",
            "forgetting": "It forgets the distant past, which is its weakness. The future it does not see because it has not read it yet.",
        },
        right="order",
    ),
    Choice(
        name="recall-masks-heads",
        answer="heads_recall",
        question="A layer of width m goes from 2 heads to 4, with d = m / h (lesson 03). What happens to its number of weights?",
        options={
            "doubles": "It would if each new head were as wide as the old ones. With d = m / h each head is half as wide, and four halves are as much as two wholes.",
            "stays": "Query, key, value and output matrix are (m, m) whatever h is: the heads share the columns out among themselves.",
            "halves": "Each head has half the weights, but there are twice as many.",
        },
        right="stays",
    ),
    Choice(
        name="recall-masks-positions",
        answer="positions_recall",
        question="Why does attention need an encoding of positions (lesson 04)?",
        options={
            "permutes": "Shuffle the words and their new vectors are the same, only shuffled. No step of attention uses a place, so places must be told in the vectors.",
            "length": "Attention takes sentences of any length without being told their positions. What it does not know is the order.",
            "scale": "Keeping scores at variance 1 is what the division by √d is for. Positions are about order.",
        },
        right="permutes",
    ),
]

EXERCISES = [*FUNCTIONS, *CHOICES]
