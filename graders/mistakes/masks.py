"""Lesson 05: named wrong answers, and the sentence that helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graders.exercise import Mistake

Answer = Callable[..., Any]
Wrong = dict[str, tuple[Answer, str]]

# --------------------------------------------------------------------- right parts


def _words(tokens: np.ndarray, pad: int = 0) -> np.ndarray:
    return (tokens != pad)[:, np.newaxis, np.newaxis, :]


def _past(length: int) -> np.ndarray:
    return np.tri(length, dtype=bool)[np.newaxis, np.newaxis]


def _and(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Both, or NumPy's exception without its words: they depend on the order."""
    try:
        return left & right
    except ValueError:
        raise ValueError from None


def _both(tokens: np.ndarray, pad: int = 0) -> np.ndarray:
    return _words(tokens, pad) & _past(tokens.shape[1])


def _cross(source: np.ndarray, target: np.ndarray, pad: int = 0) -> np.ndarray:
    b, t = target.shape
    return np.broadcast_to(_words(source, pad), (b, 1, t, source.shape[1])).copy()


# ------------------------------------------------------- wrong kinds of a right mask

KINDS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
    "inverted": (
        np.logical_not,
        "Your mask is inverted: it is True where a query may not attend. What does True "
        "mean in this course and in Keras?",
    ),
    "integers": (
        lambda mask: mask.astype(int),
        "Your mask holds the numbers 0 and 1. Keras would cast them to booleans, but "
        "before it does they go wrong in silence: `~1` is -2, which counts as True, and "
        "`scores[mask]` picks rows 0 and 1. Which comparison gives True and False?",
    ),
    "inverted-integers": (
        lambda mask: 1 - mask.astype(int),
        "Your mask holds numbers, and 1 where a query may not attend. Keras casts it to "
        "booleans and then attends to what you wanted to hide. What does True mean in "
        "this course?",
    ),
    "additive": (
        lambda mask: np.where(mask, 0.0, -1e9),
        "Your mask is additive: 0 where a query may attend, -1e9 where not. Keras casts "
        "every mask to booleans, and there -1e9 is True and 0 is False, so that the mask "
        "is inverted in silence. Which comparison gives True and False?",
    ),
}


def _of(answer: Answer, change: Callable[[np.ndarray], np.ndarray]) -> Answer:
    return lambda *args, **kwargs: change(answer(*args, **kwargs))


def _kinds(answer: Answer) -> Wrong:
    return {n: (_of(answer, change), says) for n, (change, says) in KINDS.items()}


def _list(exercise: str, wrong: Wrong) -> list[Mistake]:
    return [Mistake(exercise, n, answer, says) for n, (answer, says) in wrong.items()]


PAD_IGNORED = "Your mask looks for the id 0 whatever `pad` says. Where is `pad` used?"
QUERY_AXIS = (
    "Your mask blocks the rows of padding: the padding as query. Rows are queries, "
    "columns keys. Which of the two must not be padding?"
)
ROWS_TOO = (
    "Your mask also blocks the rows of padding positions. A row without a single True "
    "has no shares to give (zeros here, an average there, nan elsewhere). What a padding "
    "position computes is thrown away by the loss; what must nobody look at?"
)

# --------------------------------------------------------------------- padding_mask


def _at_the_end(tokens: np.ndarray, pad: int = 0) -> np.ndarray:
    lengths = (tokens != pad).sum(axis=1, keepdims=True)
    return (np.arange(tokens.shape[1]) < lengths)[:, np.newaxis, np.newaxis, :]


def _up_to_the_last(tokens: np.ndarray, pad: int = 0) -> np.ndarray:
    later = (tokens != pad)[:, ::-1]
    seen = np.logical_or.accumulate(later, axis=1)[:, ::-1]
    return seen[:, np.newaxis, np.newaxis, :]


PADDING_WRONG: Wrong = {
    **_kinds(_words),
    "no-axes": (
        lambda tokens, pad=0: tokens != pad,
        "Your mask is right and has the shape (b, t). Weights are (b, h, q, k): where do "
        "the axes of heads and queries belong, so that t lines up with k?",
    ),
    "one-axis-missing": (
        lambda tokens, pad=0: (tokens != pad)[:, np.newaxis, :],
        "Your mask is right and has one axis too few. Weights are (b, h, q, k): two axes "
        "stand between the batch and the keys.",
    ),
    "axes-in-front": (
        lambda tokens, pad=0: (tokens != pad)[np.newaxis, np.newaxis],
        "Your new axes stand in front, so that sentences line up with queries. Weights "
        "are (b, h, q, k): which axis is the batch?",
    ),
    "padding-on-the-query-axis": (
        lambda tokens, pad=0: (tokens != pad)[:, np.newaxis, :, np.newaxis],
        QUERY_AXIS,
    ),
    "pad-ignored": (lambda tokens, pad=0: _words(tokens), PAD_IGNORED),
    "larger-than-pad": (
        lambda tokens, pad=0: (tokens > pad)[:, np.newaxis, np.newaxis, :],
        "Your mask asks for ids larger than `pad`. Padding's id need not be the smallest: "
        "what makes a token a word?",
    ),
    "padding-at-the-end-only": (
        _at_the_end,
        "Your mask counts the words and blocks what is left at the end. Padding may stand "
        "in the middle: what does each token say about itself?",
    ),
    "up-to-the-last-word": (
        _up_to_the_last,
        "Your mask allows everything up to the last word. Padding may stand in the "
        "middle: what does each token say about itself?",
    ),
}

# ------------------------------------------------------------------ look_ahead_mask


def _square(change: Callable[[int], np.ndarray]) -> Answer:
    return lambda length: change(length)[np.newaxis, np.newaxis]


LOOK_WRONG: Wrong = {
    **_kinds(_past),
    "upper-triangle": (
        _square(lambda t: np.triu(np.ones((t, t), dtype=bool))),
        "Your mask is the upper triangle: each position may attend to itself and the "
        "future. Rows are queries: on which side of the diagonal lies the past?",
    ),
    "diagonal-excluded": (
        _square(lambda t: np.tri(t, k=-1, dtype=bool)),
        "Your mask leaves out the diagonal, so that no position sees itself and the "
        "first sees nothing at all. The input is shifted already: whose word stands on "
        "the diagonal?",
    ),
    "one-step-too-far": (
        _square(lambda t: np.tri(t, k=1, dtype=bool)),
        "Your mask allows the next position too, which is the label itself in teacher "
        "forcing. Where does the triangle end?",
    ),
    "only-itself": (
        _square(lambda t: np.eye(t, dtype=bool)),
        "Your mask allows the diagonal only. What about the past?",
    ),
    "everything": (
        _square(lambda t: np.ones((t, t), dtype=bool)),
        "Your mask allows everything. What may position 0 see?",
    ),
    "no-axes": (
        lambda length: np.tri(length, dtype=bool),
        "Your mask is right and has the shape (t, t). Weights are (b, h, q, k): it needs "
        "an axis of length 1 for the batch and one for the heads.",
    ),
    "one-axis-missing": (
        lambda length: np.tri(length, dtype=bool)[np.newaxis],
        "Your mask is right and has one axis too few. Weights are (b, h, q, k): two axes "
        "stand before the queries.",
    ),
}

# --------------------------------------------------------------------- decoder_mask


def _causal_only(tokens: np.ndarray, pad: int = 0) -> np.ndarray:
    return np.repeat(_past(tokens.shape[1]), len(tokens), axis=0)


def _padding_only(tokens: np.ndarray, pad: int = 0) -> np.ndarray:
    return np.repeat(_words(tokens, pad), tokens.shape[1], axis=2)


def _query_rows(tokens: np.ndarray, pad: int = 0) -> np.ndarray:
    return (tokens != pad)[:, np.newaxis, :, np.newaxis] & _past(tokens.shape[1])


DECODER_WRONG: Wrong = {
    **_kinds(_both),
    "or-for-and": (
        lambda tokens, pad=0: _words(tokens, pad) | _past(tokens.shape[1]),
        "Your numbers equal `padding or look-ahead`. A key must pass both tests: it is a "
        "word, and it is not later. Which operator says that?",
    ),
    "sentences-counted": (
        lambda tokens, pad=0: _and(_words(tokens, pad), _past(len(tokens))),
        "Your look-ahead mask has as many rows as there are sentences. Which axis of "
        "`tokens_bt` counts the positions?",
    ),
    "only-causal": (
        _causal_only,
        "Your mask hides the future and not the padding. Which of the two masks does the "
        "result lack?",
    ),
    "only-causal-one-for-all": (
        lambda tokens, pad=0: _past(tokens.shape[1]),
        "Your mask is the look-ahead mask alone, one for all sentences. Which mask "
        "differs from sentence to sentence?",
    ),
    "only-padding": (
        _padding_only,
        "Your mask hides the padding and not the future. Which of the two masks does the "
        "result lack?",
    ),
    "only-padding-not-broadcast": (
        _words,
        "Your mask is the padding mask alone. Which mask differs from query to query?",
    ),
    "padding-on-the-query-axis": (_query_rows, QUERY_AXIS),
    "rows-blocked-too": (
        lambda tokens, pad=0: _both(tokens, pad) & _query_rows(tokens, pad),
        ROWS_TOO,
    ),
    "upper-triangle": (
        lambda tokens, pad=0: (
            _words(tokens, pad) & np.swapaxes(_past(tokens.shape[1]), -1, -2)
        ),
        "Your mask allows each position itself and the future. Rows are queries: on "
        "which side of the diagonal lies the past?",
    ),
    "diagonal-excluded": (
        lambda tokens, pad=0: (
            _words(tokens, pad) & np.tri(tokens.shape[1], k=-1, dtype=bool)
        ),
        "Your mask leaves out the diagonal, so that the first position sees nothing. The "
        "input is shifted already: whose word stands on the diagonal?",
    ),
    "transposed": (
        lambda tokens, pad=0: np.swapaxes(_both(tokens, pad), -1, -2),
        "Your mask is transposed. Rows are queries, columns keys: which axis comes last?",
    ),
    "no-axis-for-heads": (
        lambda tokens, pad=0: _both(tokens, pad)[:, 0],
        "Your mask is right and lacks the axis of the heads: (b, t, t) would line up "
        "sentences with heads. Where does an axis of length 1 belong?",
    ),
    "pad-ignored": (lambda tokens, pad=0: _both(tokens), PAD_IGNORED),
}

# ----------------------------------------------------------------------- cross_mask


def _from_target(source: np.ndarray, target: np.ndarray, pad: int = 0) -> np.ndarray:
    return np.repeat(_words(target, pad), target.shape[1], axis=2)


def _target_rows(source: np.ndarray, target: np.ndarray, pad: int = 0) -> np.ndarray:
    return _cross(source, target, pad) & (target != pad)[:, np.newaxis, :, np.newaxis]


def _query_words(source: np.ndarray, target: np.ndarray, pad: int = 0) -> np.ndarray:
    rows = (target != pad)[:, np.newaxis, :, np.newaxis]
    return np.repeat(rows, source.shape[1], axis=3)


def _cross_past(source: np.ndarray, target: np.ndarray, pad: int = 0) -> np.ndarray:
    return _cross(source, target, pad) & np.tri(
        target.shape[1], source.shape[1], dtype=bool
    )


TARGET = (
    "Your mask is made from the target's words. In cross-attention the keys come from "
    "the encoder: whose padding must not be looked at?"
)

CROSS_WRONG: Wrong = {
    **_kinds(_cross),
    "made-from-the-target": (_from_target, TARGET),
    "made-from-the-target-for-each-source-word": (
        lambda source, target, pad=0: np.repeat(
            _words(target, pad), source.shape[1], axis=2
        ),
        TARGET,
    ),
    "target-mask-not-broadcast": (
        lambda source, target, pad=0: _words(target, pad),
        "Your mask is the padding mask of the target. In cross-attention the keys come "
        "from the encoder: whose padding must not be looked at?",
    ),
    "padding-on-the-query-axis": (_query_words, QUERY_AXIS),
    "rows-blocked-too": (_target_rows, ROWS_TOO),
    "one-row-for-all": (
        lambda source, target, pad=0: _words(source, pad),
        "Your mask is right and has one row for all queries, (b, 1, 1, k). The contract "
        "asks for a row for each target position: which axis must have the length t?",
    ),
    "transposed": (
        lambda source, target, pad=0: np.swapaxes(_cross(source, target, pad), -1, -2),
        "Your mask is transposed: (b, 1, k, t). Who asks in cross-attention, and who is "
        "asked? Queries come before keys.",
    ),
    "future-of-the-source": (
        _cross_past,
        "Your mask hides the later words of the source. The source is given whole before "
        "the first word is translated: is there a future in it?",
    ),
    "look-ahead-mask-of-the-target": (
        lambda source, target, pad=0: _and(_words(source, pad), _past(target.shape[1])),
        "Your mask holds a look-ahead mask. The source is given whole before the first "
        "word is translated: is there a future in it?",
    ),
    "repeated-along-the-heads": (
        lambda source, target, pad=0: np.repeat(
            _words(source, pad), target.shape[1], axis=1
        ),
        "Your rows lie along the axis of the heads. Weights are (b, h, q, k): which axis "
        "counts the target's positions?",
    ),
    "repeated-along-the-keys": (
        lambda source, target, pad=0: np.repeat(
            _words(source, pad), target.shape[1], axis=3
        ),
        "Your mask repeats the keys, not the rows. Weights are (b, h, q, k): which axis "
        "counts the target's positions?",
    ),
    "as-many-rows-as-source-words": (
        lambda source, target, pad=0: np.repeat(
            _words(source, pad), source.shape[1], axis=2
        ),
        "Your mask has as many rows as the source has words. Who asks in "
        "cross-attention?",
    ),
    "no-axis-for-heads": (
        lambda source, target, pad=0: _cross(source, target, pad)[:, 0],
        "Your mask is right and lacks the axis of the heads: (b, t, k) would line up "
        "sentences with heads. Where does an axis of length 1 belong?",
    ),
    "pad-ignored": (lambda source, target, pad=0: _cross(source, target), PAD_IGNORED),
}

# ---------------------------------------------------------------------- shift_right


def _front(target: np.ndarray, start: int) -> np.ndarray:
    return np.full((len(target), 1), start)


def _over_the_first(target: np.ndarray, start: int) -> np.ndarray:
    inputs = target.copy()
    inputs[:, 0] = start
    return inputs


def _down(target: np.ndarray, start: int) -> np.ndarray:
    return np.concatenate([np.full((1, target.shape[1]), start), target[:-1]])


SHIFT_WRONG: Wrong = {
    "not-shifted": (
        lambda target, start: target.copy(),
        "You return the target as it is: the input of each position is then its own "
        "label. What should position 0 be given before a word is known?",
    ),
    "start-over-the-first-word": (
        _over_the_first,
        "You write start over the first word; the others stand where they stood, so that "
        "each is still its own label. Where should the first word go?",
    ),
    "shifted-left": (
        lambda target, start: np.concatenate(
            [target[:, 1:], _front(target, start)], axis=1
        ),
        "You shift to the left: each position is given the word after its label. What is "
        "known before a word is written: the word before it or the one after?",
    ),
    "shifted-left-with-padding": (
        lambda target, start: np.concatenate(
            [target[:, 1:], _front(target, 0)], axis=1
        ),
        "You shift to the left and fill up with 0: each position is given the word after "
        "its label. Which word is known before a word is written?",
    ),
    "wraps-around": (
        lambda target, start: np.roll(target, 1, axis=1),
        "Your last column comes in again at the front. What stands in front instead, and "
        "where does the last column go?",
    ),
    "wraps-around-the-batch": (
        lambda target, start: np.roll(target, 1),
        "Without an axis `np.roll` runs through the whole batch: each row begins with the "
        "last token of the row before. What stands in front?",
    ),
    "longer-by-one": (
        lambda target, start: np.concatenate([_front(target, start), target], axis=1),
        "Your rows are longer by one than the labels. Which column has no label left?",
    ),
    "padding-in-front": (
        lambda target, start: np.concatenate(
            [_front(target, 0), target[:, :-1]], axis=1
        ),
        "You put 0, the padding, in front, and the padding mask would then hide it. "
        "Where is `start` used?",
    ),
    "start-ignored": (
        lambda target, start: np.concatenate(
            [_front(target, 1), target[:, :-1]], axis=1
        ),
        "Your rows begin with 1 whatever `start` says. Where is `start` used?",
    ),
    "shifted-along-the-batch": (
        _down,
        "You shift sentences, not words: row 1 holds sentence 0. Along which axis does "
        "time run?",
    ),
}

# ------------------------------------------------------------------ sees_the_future


def _input(length: int, model_dim: int) -> np.ndarray:
    x = np.random.default_rng(0).normal(size=(1, length, model_dim))
    return x.astype("float32")


def _moves(layer: Answer, x: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """How far each output moves: `(t, m)`."""
    return np.abs(np.asarray(layer(moved)) - np.asarray(layer(x)))[0]


def _cuts(
    change: Callable[[np.ndarray, int], None],
    look: Callable[[np.ndarray, int], np.ndarray] = lambda moves, cut: moves[:cut],
    bound: float = 1e-5,
    cuts: Callable[[int], range] = lambda length: range(1, length),
) -> Answer:
    """A test that changes the input for each cut and looks at some outputs."""

    def sees(layer: Answer, length: int, model_dim: int) -> bool:
        x = _input(length, model_dim)
        found = []
        for cut in cuts(length):
            moved = x.copy()
            change(moved[0], cut)
            # `not <=` so that nan, which is never small, counts as a move.
            moves = look(_moves(layer, x, moved), cut)
            found.append(not moves.max(initial=0) <= bound)
        return any(found)

    return sees


def _plus(size: float) -> Callable[[np.ndarray, int], None]:
    def change(x: np.ndarray, cut: int) -> None:
        x[cut:] += size

    return change


def _past_plus_one(x: np.ndarray, cut: int) -> None:
    x[:cut] += 1


def _next_plus_one(x: np.ndarray, cut: int) -> None:
    x[cut] += 1


def _nan(x: np.ndarray, cut: int) -> None:
    x[cut:] = np.nan


def _reordered(x: np.ndarray, cut: int) -> None:
    x[cut:] = x[cut:][::-1].copy()


def _first_feature(x: np.ndarray, cut: int) -> None:
    x[cut:, 0] += 1


def _last_only(length: int) -> range:
    return range(length - 1, length)


def _first_only(length: int) -> range:
    return range(1, 2)


RIGHT_SEES = _cuts(_plus(1))

SEES_WRONG: Wrong = {
    "inverted": (
        lambda layer, length, model_dim: not RIGHT_SEES(layer, length, model_dim),
        "Your verdicts are the right ones, turned around. True means: it sees the future.",
    ),
    "always-true": (
        _cuts(_plus(1), look=lambda moves, cut: moves),
        "Your test says True to every layer, also to one in which each word keeps to "
        "itself. Of course the output at a place that you moved moves too: which outputs "
        "must stay? (Two calls with two random inputs differ everywhere as well.)",
    ),
    "never-true": (
        _cuts(_plus(1e-7)),
        "Your test says False to every layer. Are the two inputs really different (a copy "
        "before the change), is the change about 1 and not tiny, are the outputs before "
        "it compared, and does a move downwards count (`np.abs`)?",
    ),
    "moves-the-past": (
        _cuts(_past_plus_one, look=lambda moves, cut: moves[cut:]),
        "Your test moves earlier inputs and looks at later outputs. Those may move: that "
        "is memory. Which inputs move in a test of the future?",
    ),
    "nan": (
        _cuts(_nan),
        "Your test seems to mark later inputs with nan (or infinity) and to look where it "
        "arrives. 0 times nan is nan, so a weight of exactly 0 on the future passes it on "
        "and a sound layer seems to leak. Which numbers does a weight of 0 stop?",
    ),
    "exact-equality": (
        _cuts(_plus(1), bound=0.0),
        "Your test finds leaks in sound layers whose outputs move in the seventh digit: "
        "float32 rounds. The contract draws the line at 1e-5 for every output (and "
        "np.allclose at 1e-8 for outputs near 0, unless you set `atol`).",
    ),
}
HIDDEN_WRONG: Wrong = {
    **SEES_WRONG,
    "only-the-last-input": (
        _cuts(_plus(1), cuts=_last_only),
        "Your test looks only at the last position: it moves the last input and no other. "
        "A layer may leak from position 4 to 2 and keep the last to itself. Which inputs "
        "are later than some output?",
    ),
    "only-the-first-output": (
        _cuts(_plus(1), cuts=_first_only),
        "Your test looks only at the first output. A layer may leak into position 3 and "
        "into no other. Which outputs have a future?",
    ),
    "only-the-next": (
        _cuts(_next_plus_one, look=lambda moves, cut: moves[cut - 1]),
        "Your test looks only one step ahead: it finds a leak from the next word and none "
        "from further away. How far may a leak reach?",
    ),
    "reorders-the-future": (
        _cuts(_reordered),
        "Your test puts the later words in another order. A mean over time does not care "
        "for order, so that leak stays hidden. What else can be done to a later word?",
    ),
    "only-the-first-feature": (
        _cuts(_first_feature),
        "Your test moves feature 0 only. A leak may read another feature. How many "
        "numbers does one word have?",
    ),
    "looks-at-the-first-feature": (
        _cuts(_plus(1), look=lambda moves, cut: moves[:cut, 0]),
        "Your test looks at feature 0 of the outputs only. A leak may write another. Over "
        "which axes must nothing move?",
    ),
}

# ------------------------------------------------------------------------ to_scores

SCORES_WRONG: Wrong = {
    "inverted": (
        lambda mask: np.where(mask, -1e9, 0.0),
        "Your scores are inverted: -1e9 stands where the query may attend. What is added "
        "to a score that should stay as it is?",
    ),
    "sign-flipped": (
        lambda mask: np.where(mask, 0.0, 1e9),
        "Your blocked keys get +1e9, and softmax then gives them all the weight. Which "
        "sign makes exp vanish?",
    ),
    "zeros-and-ones": (
        lambda mask: np.asarray(mask).astype(float),
        "Your scores are the mask as 0 and 1. A blocked key would keep almost all of its "
        "weight: how far down must a score lie for its exp to be 0?",
    ),
    "minus-one": (
        lambda mask: np.asarray(mask).astype(float) - 1,
        "Your blocked scores are lowered by 1, which leaves them exp(-1), a third of their "
        "weight. How far down must a score lie for its exp to be 0?",
    ),
    "one-where-allowed": (
        lambda mask: np.where(mask, 1.0, -1e9),
        "Your allowed scores are raised by 1. Softmax would not notice, as long as every "
        "row gets the same; what leaves a score as it is?",
    ),
    "still-boolean": (
        lambda mask: np.asarray(mask).copy(),
        "You return the mask itself. What number is added where it is True, and what "
        "number where it is False?",
    ),
    "zero-times-infinity": (
        lambda mask: (1.0 - np.asarray(mask)) * -np.inf,
        "0 times infinity is nan. Choose between two numbers (`np.where`) in place of "
        "multiplying.",
    ),
}

MISTAKES: list[Mistake] = [
    *_list("padding-mask", PADDING_WRONG),
    *_list("look-ahead-mask", LOOK_WRONG),
    *_list("decoder-mask", DECODER_WRONG),
    *_list("cross-mask", CROSS_WRONG),
    *_list("shift-right", SHIFT_WRONG),
    *_list("sees-the-future", SEES_WRONG),
    *_list("sees-the-future-hidden", HIDDEN_WRONG),
    *_list("to-scores", SCORES_WRONG),
]
