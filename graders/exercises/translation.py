"""Lesson 07: how each answer is called, on which cases, and which laws hold."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from graders.exercise import Case, Choice, Exercise, Law

Generator = np.random.Generator
Values = Mapping[str, np.ndarray]
Path = Sequence[int]

# --------------------------------------------------------------- labels and logits


def _labels(rng: Generator, b: int, t: int, n: int) -> np.ndarray:
    """Token ids `(b, t)` that begin with a word; padding in the middle and at ends."""
    labels = rng.integers(1, n, size=(b, t)).astype("int32")
    is_pad = rng.random((b, t)) < 0.3
    is_pad[:, 0] = False
    is_pad[0, 1], is_pad[0, 2] = True, False  # in the middle, not only at the end
    is_pad[-1, -2:] = True
    return np.where(is_pad, 0, labels).astype("int32")


def _batch(rng: Generator, name: str, b: int, t: int, n: int, **more: float) -> Case:
    logits = rng.normal(size=(b, t, n), scale=1.5).astype("float32")
    return Case(name, labels=_labels(rng, b, t, n), logits=logits, **more)


def _by_hand(**more: float) -> Case:
    """Shares of 1/2, 1/4 and 1/4 for three words; the second token is padding."""
    logits = np.log(np.array([[[1, 2, 1], [5, 1, 2]]], dtype="float32"))
    return Case(
        "one word and padding",
        labels=np.array([[1, 0]], dtype="int32"),
        logits=logits,
        **more,
    )


def _only_padding(rng: Generator, name: str, **more: float) -> Case:
    case = _batch(rng, name, 2, 3, 4, **more)
    case.inputs["labels"] = np.zeros((2, 3), dtype="int32")
    return case


def _large(rng: Generator) -> Case:
    """Logits up to 2048: their exponentials fit no number, their differences do."""
    case = _batch(rng, "large logits", 2, 3, 5)
    places = [rng.permutation(5) for _ in range(6)]
    case.inputs["logits"] = np.reshape(places, (2, 3, 5)).astype("float32") * 512
    return case


def _no_padding(rng: Generator) -> Case:
    case = _batch(rng, "no padding", 2, 4, 3)
    case.inputs["labels"] = rng.integers(1, 3, size=(2, 4)).astype("int32")
    return case


def _loss_cases(rng: Generator) -> list[Case]:
    return [
        _by_hand(),
        _batch(rng, "padding in the middle", 3, 5, 7),
        _no_padding(rng),
        _batch(rng, "a square", 4, 4, 4),
        _large(rng),
        _only_padding(rng, "nothing but padding"),
    ]


def _smoothing_cases(rng: Generator) -> list[Case]:
    share = float(rng.uniform(0.2, 0.4))
    return [
        _by_hand(smoothing=0.3),
        _batch(rng, "a tenth smoothed", 3, 5, 7, smoothing=0.1),
        _batch(rng, "another share", 2, 6, 5, smoothing=share),
        _batch(rng, "nothing smoothed", 2, 4, 6, smoothing=0.0),
        _only_padding(rng, "nothing but padding", smoothing=0.2),
    ]


def _training_cases(rng: Generator) -> list[Case]:
    return [
        _by_hand(),
        _batch(rng, "padding in the middle", 2, 4, 5),
        _batch(rng, "a larger batch", 3, 5, 4),
    ]


def _accuracy_cases(rng: Generator) -> list[Case]:
    def case(name: str, b: int, t: int, n: int) -> Case:
        one = _batch(rng, name, b, t, n)
        labels, logits = one.labels, one.logits
        is_right = rng.random((b, t)) < 0.5  # also at padding, where it must not count
        is_right[0, :2] = True
        row, place = np.nonzero(is_right)
        logits[row, place, labels[row, place]] = 6.0
        return one

    return [
        _by_hand(),
        case("padding in the middle", 3, 5, 7),
        case("more words than places", 2, 6, 9),
        case("a square", 4, 4, 4),
        _only_padding(rng, "nothing but padding"),
    ]


def _call_loss(masked_loss: Any, case: Case) -> Any:
    return masked_loss(case.labels, case.logits)


def _call_smoothed(masked_loss: Any, case: Case) -> Any:
    return masked_loss(case.labels, case.logits, label_smoothing=case.smoothing)


def _call_training(masked_loss: Any, case: Case) -> Any:
    """The loss and its slopes, taken as a training step takes them."""
    if hasattr(masked_loss, "stands_for_ops"):
        return masked_loss(case.labels, case.logits), _slopes(masked_loss, case)
    # On numbers first: an answer that is blank or returns nothing ends here.
    if masked_loss(case.labels, case.logits) is None:
        return None
    import tensorflow as tf

    ids = tf.TensorSpec((None, None), tf.int32)
    numbers = tf.TensorSpec((None, None, case.logits.shape[-1]), tf.float32)

    def step(labels_bt: Any, logits_btn: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits_btn)
            loss = masked_loss(labels_bt, logits_btn)
        return loss, tape.gradient(loss, logits_btn)

    try:
        compiled = tf.function(step).get_concrete_function(ids, numbers)
        loss, slopes = compiled(*map(tf.constant, (case.labels, case.logits)))
    except Exception as error:
        raise ValueError(
            "the loss works on numbers, but not inside a training step, where sizes and "
            "numbers are not known yet. Does it use NumPy, float() or a Python `if`? "
            f"TensorFlow says: {str(error).strip().splitlines()[-1][:200]}"
        ) from None
    if slopes is None:
        raise ValueError(
            "no slope reaches the logits, so nothing can be learnt from this loss. Does "
            "it use only the place of the largest logit?"
        )
    return loss, slopes


def _slopes(formula: Callable[..., float], case: Case, size: float = 1e-4) -> Any:
    """How the loss moves with each logit, by differences, in float64."""
    logits = case.logits.astype("float64")
    slopes = np.zeros_like(logits)
    for place in np.ndindex(logits.shape):
        moved = np.zeros_like(logits)
        moved[place] = size
        up, down = (
            formula(case.labels, logits + moved),
            formula(case.labels, logits - moved),
        )
        slopes[place] = (up - down) / (2 * size)
    return slopes


def _no_slope_at_padding(case: Case, values: Values) -> str | None:
    wrong = np.argwhere((case.labels == 0) & np.any(values["slopes"], axis=-1))
    if not len(wrong):
        return None
    return f"those of place ({', '.join(map(str, wrong[0]))}) do"


SILENT = Law("the logits of padding should not move the loss", _no_slope_at_padding)

# -------------------------------------------------------------------- learning rate


def _steps(name: str, model_dim: int, warmup: int, *steps: int) -> Case:
    return Case(name, model_dim=model_dim, warmup_steps=warmup, steps=np.array(steps))


def _rate_cases(rng: Generator) -> list[Case]:
    m, warmup = int(rng.integers(3, 30)), int(rng.integers(6, 20))
    around = (1, 2, warmup - 1, warmup, warmup + 1, 3 * warmup, 7 * warmup)
    return [
        _steps("four columns, four steps of warm-up", 4, 4, 1, 2, 4, 16),
        _steps("another width", 9, 4, 1, 3, 4, 5, 9, 25),
        _steps("another warm-up", m, warmup, *around),
    ]


def _zero_cases(rng: Generator) -> list[Case]:
    m, warmup = int(rng.integers(3, 30)), int(rng.integers(4, 20))
    return [
        _steps("the first step is number 0", 4, 4, 0, 1),
        _steps("another width and warm-up", m, warmup, 0, 2, 5 * warmup),
        _steps("the second step is number 1", m, warmup, 1, 3 * warmup),
    ]


def _rates(schedule: Any, steps: np.ndarray) -> list[float] | None:
    """The rates at these steps, or None if the schedule gives none."""
    rates = [schedule(int(step)) for step in steps]
    return None if None in rates[:1] else [float(rate) for rate in rates]


def _schedule(cls: Any, case: Case) -> Any:
    schedule = cls(case.model_dim, case.warmup_steps)
    if not _is_schedule(schedule) and not hasattr(schedule, "stands_for_a_schedule"):
        kind = type(schedule).__name__
        raise TypeError(f"{kind} is no keras.optimizers.schedules.LearningRateSchedule")
    return schedule


def _is_schedule(schedule: Any) -> bool:
    keras = sys.modules.get("keras")
    if keras is None:
        return False
    return isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)


def _call_rates(cls: Any, case: Case) -> Any:
    rates = _rates(_schedule(cls, case), case.steps)
    return None if rates is None else np.array(rates)


def _call_in_optimizer(cls: Any, case: Case) -> Any:
    """The rates that Adam reads from a schedule, and from one made again."""
    schedule = _schedule(cls, case)
    if _rates(schedule, case.steps[:1]) is None:
        return None
    config = json.loads(json.dumps(schedule.get_config()))
    if not isinstance(config, dict):
        kind = type(config).__name__
        raise ValueError(
            f"`get_config` should return a dict, but it returned a {kind}."
        )
    again = type(schedule).from_config(config)
    both = [_rates_of_adam(one, case.steps) for one in (schedule, again)]
    return tuple(np.array(rates) for rates in both)


def _rates_of_adam(schedule: Any, steps: np.ndarray) -> list[float] | None:
    if not _is_schedule(schedule):
        return _rates(schedule, steps)
    import keras

    optimizer, rates = keras.optimizers.Adam(schedule), []
    for step in steps:
        optimizer.iterations.assign(int(step))
        rates.append(float(optimizer.learning_rate))
    return rates


# ------------------------------------------------------------- a model from a table

ENOUGH = 5000  # questions: more than any search needs that comes to an end


def _drawn(rng: Generator, n: int) -> np.ndarray:
    """Logits for tokens that no rule speaks of: `(11, n)`."""
    return rng.normal(size=(11, n))


def _padded(paths: Sequence[Path]) -> np.ndarray:
    longest = max(map(len, paths))
    return np.array([[*path, *[-1] * (longest - len(path))] for path in paths])


def _reader(case: Case) -> Callable[[Any], np.ndarray]:
    """`next_logits`: what the case's rules say, or a row that depends on all tokens."""
    rules = {
        tuple(int(i) for i in path if i >= 0): row
        for path, row in zip(case.paths, case.rows, strict=True)
    }

    asked = itertools.count(1)

    def next_logits(tokens: Any) -> np.ndarray:
        if next(asked) > ENOUGH:
            raise RuntimeError(
                f"the model was asked {ENOUGH:,} times and the search did not end. Does "
                "the list of tokens grow in each round, and is its length looked at?"
            )
        ids = tuple(int(i) for i in np.asarray(tokens).ravel())
        if ids in rules:
            return rules[ids].copy()
        if case.after_end >= 0 and case.end in ids:
            row = np.zeros(case.rows.shape[1])
            row[case.after_end] = 2.6  # a share of about 0.6
            return row
        number = sum(place * (token + 1) for place, token in enumerate(ids, 1))
        return case.drawn[number % len(case.drawn)].copy()

    return next_logits


def _ids(returned: Any) -> Any:
    """Ids as an array; a tuple is as good as a list."""
    return list(returned) if isinstance(returned, tuple) else returned


# -------------------------------------------------------------------------- greedy


def _walk(
    rng: Generator, name: str, length: int, max_length: int, n: int = 9, tie: int = 0
) -> Case:
    """A model whose likeliest tokens are a walk of some length, and then the end."""
    start, end, *words = (int(i) for i in 1 + rng.permutation(n - 1))
    walk = [int(i) for i in rng.choice(words, size=length)]
    paths = [[start, *walk[:at]] for at in range(length + 1)]
    rows = rng.normal(size=(length + 1, n))
    for row, best in zip(rows, [*walk, end], strict=True):
        row[best] = row.max() + 1.0
        if tie and best < n - 1:
            row[best + 1 :] = np.minimum(row[best + 1 :], row[best] - 0.5)
            row[n - 1] = row[best]  # as likely, and a higher id
    return Case(
        name,
        start=start,
        end=end,
        max_length=max_length,
        paths=_padded(paths),
        rows=rows,
        drawn=_drawn(rng, n),
        after_end=-1,
    )


def _greedy_cases(rng: Generator) -> list[Case]:
    return [
        _walk(rng, "two words", 2, 6, n=5),
        _walk(rng, "a longer sentence", 6, 12),
        _walk(rng, "two tokens are equally likely", 4, 9, tie=1),
        _walk(rng, "more words", 9, 20, n=17),
    ]


def _limit_cases(rng: Generator) -> list[Case]:
    length = int(rng.integers(4, 8))
    return [
        _walk(rng, "at most three", 7, 3),
        _walk(rng, "the end comes just in time", length, length + 1),
        _walk(rng, "as many words as allowed", length, length),
        _walk(rng, "the end comes first", 0, 5),
        _walk(rng, "at most one", 4, 1),
    ]


def _call_decode(decode: Any, case: Case) -> Any:
    return _ids(decode(_reader(case), case.start, case.end, case.max_length))


def _call_buffer(decode: Any, case: Case) -> Any:
    """The model answers at every place at once, from the tokens up to that place."""
    next_logits = _reader(case)

    def all_logits(tokens_t: Any) -> np.ndarray:
        ids = np.asarray(tokens_t).ravel()
        return np.stack([next_logits(ids[: at + 1]) for at in range(len(ids))])

    return _ids(decode(all_logits, case.start, case.end, case.max_length))


# ---------------------------------------------------------------------------- beam
# Trees on which every fair way to search agrees: whether ended sentences take up
# width, when the search stops, and whether the penalty acts on the way or at the end.

LETTERS = "abcdefg"
Tree = Mapping[str, Mapping[str, float]]

TRAP: Tree = {  # the likelier first word leads nowhere
    "": {"a": 0.52, "b": 0.4},
    "b": {"end": 0.96},
}
SUM: Tree = {  # the sum of the probabilities prefers a, their product b
    "": {"a": 0.75, "b": 0.22},
    "a": {"c": 0.15, "d": 0.14, "e": 0.14, "f": 0.14, "g": 0.14, "a": 0.14, "b": 0.14},
    "b": {"end": 0.75},
    **{f"a{x}": dict.fromkeys(LETTERS, 0.14) for x in LETTERS},
}
THIRD: Tree = {  # the third of three first words is the beginning of the best
    "": {"a": 0.38, "b": 0.32, "c": 0.28},
    "c": {"d": 0.97},
    "cd": {"end": 0.97},
}
LONGER: Tree = {  # a short sentence and a longer one, little less likely
    "": {"end": 0.5, "a": 0.48},
    "a": {"b": 0.96},
    "ab": {"end": 0.96},
}
COUNTED: Tree = {  # who wins depends on whether the end is counted
    "": {"a": 0.6, "b": 0.36},
    "a": {"end": 0.95},
    "b": {"c": 0.8},
    "bc": {"d": 0.9},
    "bcd": {"end": 0.95},
}
GOES_ON: Tree = {  # never to end is likelier than to end
    "": {"a": 0.8, "end": 0.12},
    "a": {"b": 0.82, "c": 0.1},
    "ab": {"c": 0.84, "d": 0.1},
    "abc": {"d": 0.9, "e": 0.05},
}


def _grown(
    rng: Generator,
    name: str,
    tree: Tree,
    max_length: int,
    beam_width: int,
    length_penalty: float,
) -> Case:
    """A tree whose letters are ids, another for each seed; the rest is shared out."""
    n = len(LETTERS) + 3
    start, end, *words = (int(i) for i in 1 + rng.permutation(n - 1))
    ids = {**dict(zip(LETTERS, words, strict=True)), "end": end}
    rows = []
    for branches in tree.values():
        share_n = np.zeros(n)
        for word, share in branches.items():
            share_n[ids[word]] = share
        rest = max(0.002, 1 - share_n.sum())
        share_n[share_n == 0] = rest / (share_n == 0).sum()
        rows.append(np.log(share_n) - rng.uniform(3, 5))  # a constant changes no share
    return Case(
        name,
        start=start,
        end=end,
        max_length=max_length,
        beam_width=beam_width,
        length_penalty=length_penalty,
        paths=_padded([[start, *(ids[x] for x in path)] for path in tree]),
        rows=np.array(rows),
        drawn=rng.uniform(size=(11, n), high=0.05),  # all about equally likely
        after_end=words[0],
    )


def _beam_cases(rng: Generator) -> list[Case]:
    return [
        _grown(rng, "the likelier first word leads nowhere", TRAP, 4, 2, 0.0),
        _grown(rng, "a penalty of 0", LONGER, 5, 2, 0.0),
        _grown(rng, "a penalty of 1", LONGER, 5, 2, 1.0),
        _grown(rng, "products, not sums", SUM, 4, 2, 0.0),
        _grown(rng, "three at a time", THIRD, 4, 3, 0.0),
        _grown(rng, "two at a time", THIRD, 1, 2, 0.0),
        _grown(rng, "the end is counted", COUNTED, 6, 2, 1.0),
        _grown(rng, "no end within four tokens", GOES_ON, 4, 2, 0.0),
        _grown(rng, "one at a time", LONGER, 5, 1, 0.0),
    ]


def _call_beam(beam_search: Any, case: Case) -> Any:
    limits = (case.start, case.end, case.max_length)
    return _ids(
        beam_search(_reader(case), *limits, case.beam_width, case.length_penalty)
    )


# ---------------------------------------------------------------------------- BLEU

WORDS = [
    "Jane",
    "Paul",
    "Léa",
    "visits",
    "studies",
    "loves",
    "sees",
    "Africa",
    "the",
    "Nile",
    "a",
    "red",
    "car",
    "in",
    "May",
]


def _texts(name: str, hypotheses: Sequence[str], references: Sequence[str]) -> Case:
    return Case(
        name, hypotheses="\n".join(hypotheses), references="\n".join(references)
    )


def _some_texts(rng: Generator, name: str, count: int, drop: float) -> Case:
    """Sentences and copies with words replaced, dropped and doubled."""
    references = [rng.choice(WORDS, size=rng.integers(7, 15)) for _ in range(count)]
    hypotheses = []
    for words in references:
        kept = words[rng.random(len(words)) >= drop]
        changed = np.where(rng.random(len(kept)) < 0.08, rng.choice(WORDS), kept)
        hypotheses.append([*changed, *changed[: rng.integers(0, 3)]])
    hypotheses[0] = list(references[0])[: 7 if drop else None]  # four words in a row
    return _texts(
        name, [" ".join(h) for h in hypotheses], [" ".join(r) for r in references]
    )


def _bleu_cases(rng: Generator) -> list[Case]:
    a, b, c, d = (str(w) for w in rng.permutation(WORDS)[:4])
    again = f"{a} {b} {a} {b}"
    return [
        _texts(
            "one wrong word",
            ["Jane visits Africa in May"],
            ["Jane visits Africa in September"],
        ),
        _texts("a word too often", [f"{again} {again}"], [f"{again} {c} {a} {b} {a}"]),
        _texts("too short", [f"{a} {b} {c} {d} {a}"], [f"{a} {b} {c} {d} {a} {b} {c}"]),
        _texts("too long", [f"{a} {b} {c} {d} {a} {b} {c}"], [f"{a} {b} {c} {d} {a}"]),
        _some_texts(rng, "many sentences, some too short", 7, 0.15),
        _some_texts(rng, "many sentences, some too long", 6, 0.0),
        _texts("no four words in a row", [f"{a} {b} {c} Nile"], [f"{a} {b} {c} {d}"]),
    ]


def _call_bleu(corpus_bleu: Any, case: Case) -> Any:
    return corpus_bleu(case.hypotheses.split("\n"), case.references.split("\n"))


# ------------------------------------------------------------------------ exercises

LOSS = "masked_loss(labels_bt, logits_btn, label_smoothing=0.0)"
SCHEDULE = "class WarmUp(keras.optimizers.schedules.LearningRateSchedule)"
GREEDY = "greedy_decode(next_logits, start, end, max_length)"
IDS = {"tokens": "(generated,)"}


def _loss(name: str, cases: Any, call: Any) -> Exercise:
    return Exercise(
        name=name,
        signature=LOSS,
        call=call,
        cases=cases,
        oracle="transformer.reference.translation:masked_loss",
        returns={"loss": "()"},
    )


def _warm_up(name: str, cases: Any, call: Any, **returns: str) -> Exercise:
    return Exercise(
        name=name,
        signature=SCHEDULE,
        call=call,
        cases=cases,
        oracle="transformer.reference.translation:WarmUp",
        returns=returns,
    )


def _greedy(name: str, cases: Any) -> Exercise:
    return Exercise(
        name=name,
        signature=GREEDY,
        call=_call_decode,
        cases=cases,
        oracle="transformer.decoding:greedy",
        returns=IDS,
    )


FUNCTIONS: list[Exercise] = [
    _loss("masked-loss", _loss_cases, _call_loss),
    _loss("masked-loss-smoothing", _smoothing_cases, _call_smoothed),
    Exercise(
        name="masked-loss-training",
        signature=LOSS,
        call=_call_training,
        cases=_training_cases,
        oracle="transformer.reference.translation:trained_loss",
        returns={"loss": "()", "slopes": "(b, t, n)"},
        laws=[SILENT],
    ),
    Exercise(
        name="masked-accuracy",
        signature="masked_accuracy(labels_bt, logits_btn)",
        call=lambda masked_accuracy, case: masked_accuracy(case.labels, case.logits),
        cases=_accuracy_cases,
        oracle="transformer.reference.translation:masked_accuracy",
        returns={"accuracy": "()"},
    ),
    _warm_up("warm-up", _rate_cases, _call_rates, rates="(steps,)"),
    _warm_up("warm-up-zero", _zero_cases, _call_rates, rates="(steps,)"),
    _warm_up(
        "warm-up-optimizer",
        _rate_cases,
        _call_in_optimizer,
        rates="(steps,)",
        again="(steps,)",
    ),
    _greedy("greedy-decode", _greedy_cases),
    _greedy("greedy-decode-limits", _limit_cases),
    Exercise(
        name="repair-decode",
        signature="repaired_decode(all_logits, start, end, max_length)",
        call=_call_buffer,
        cases=lambda rng: [*_greedy_cases(rng), *_limit_cases(rng)],
        oracle="transformer.reference.translation:decode_in_buffer",
        returns=IDS,
    ),
    Exercise(
        name="beam-search",
        signature="beam_search(next_logits, start, end, max_length, beam_width, length_penalty)",
        call=_call_beam,
        cases=_beam_cases,
        oracle="transformer.decoding:beam",
        returns=IDS,
    ),
    Exercise(
        name="corpus-bleu",
        signature="corpus_bleu(hypotheses, references)",
        call=_call_bleu,
        cases=_bleu_cases,
        oracle="transformer.decoding:corpus_bleu",
        returns={"score": "()"},
    ),
]

# -------------------------------------------------- predictions and retrieval questions

CHOICES: list[Choice] = [
    Choice(
        name="predict-first-loss",
        truth="log of the vocabulary",
        answer="first_loss_guess",
        question="A model knows nothing yet and gives every word about the same share. What is its loss, in nats a word?",
        options={
            "0": "A loss of 0 is that of a model which gives the right word the share 1, every time. A new model spreads its shares over all words.",
            "log of the vocabulary": "Among n words each gets the share 1/n, and -log(1/n) is log n. A first loss far above it says that the model begins with wrong convictions; one far below says that it sees the answer.",
            "infinite": "It would be infinite if the right word had the share 0. Softmax never gives 0.",
        },
    ),
    Choice(
        name="predict-longer",
        truth="they fall",
        answer="longer_guess",
        question="Trained on 4 to 12 tokens, positions always from 0: what happens to the share of right sentences at 13 to 16?",
        options={
            "they stay": "The grammar is the same, and attention has no length built in. But positions from 13 on were never seen in training, and their encodings are inputs like any other: what has not been met has not been learnt.",
            "they fall": "Words and rules are the same, and the positions are new: numbers that no layer has met in training. Lesson 04 saw it, and here it costs most sentences. Begin training sentences at a random position, and all positions are met.",
            "an error": "The table of positions is long enough: nothing breaks loudly. What is wrong is that nothing was learnt about its later rows.",
        },
    ),
    Choice(
        name="predict-lstm",
        truth="short sentences only",
        answer="lstm_guess",
        question="An LSTM encoder-decoder without attention, the same data and the same seconds. Where does it keep up with the Transformer?",
        options={
            "nowhere": "A short sentence fits into its state, and there it is as right as the Transformer. It is length that it pays for.",
            "short sentences only": "The whole sentence must pass through one state of fixed width, and each word has to survive every later step. Short sentences fit; the longer they are, the more is lost. Lesson 01 measured the same with one word to remember.",
            "everywhere": "With more seconds and a wider state it comes closer. On this budget the long sentences do not come through one state of fixed width.",
        },
    ),
    Choice(
        name="recall-translation-mask",
        answer="mask_recall",
        question="Why does the decoder need a look-ahead mask in training (lesson 05)?",
        options={
            "the label is in the input": "The input is the target shifted by one, so that the label of each place stands one place further on. Without the mask it is copied, and nothing is learnt about French.",
            "padding": "Padding is what the padding mask hides, in the encoder too. The look-ahead mask hides words.",
            "speed": "It saves no work: all scores are computed, and some are then thrown away.",
        },
        right="the label is in the input",
    ),
    Choice(
        name="recall-translation-cross",
        answer="cross_recall",
        question="In cross-attention (lesson 06), where do queries, keys and values come from?",
        options={
            "queries from the decoder": "The word being written looks for what to say next; what can be found is the source, as the encoder left it, and keys and values are made from that.",
            "keys from the decoder": "Keys are what can be found, and what is looked for stands in the source. They come from the encoder.",
            "all from the encoder": "That is the encoder's self-attention. In cross-attention the one who looks is the word being written.",
        },
        right="queries from the decoder",
    ),
    Choice(
        name="recall-translation-residual",
        answer="residual_recall",
        question="What does a residual connection (lesson 06) do for training?",
        options={
            "a path of slope 1": "The sum passes its slope on unchanged, so that however many sublayers there are, the lower ones hear the loss. Each sublayer learns what to add.",
            "fewer weights": "It has none and saves none: it is one addition.",
            "no overfitting": "That is what dropout and more data are for. A residual connection changes how slopes travel.",
        },
        right="a path of slope 1",
    ),
]

EXERCISES = [*FUNCTIONS, *CHOICES]
