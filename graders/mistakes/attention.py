"""Lesson 02: named wrong answers, and the sentence that helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graders.exercise import Mistake

BLOCKED = -1e9

# --------------------------------------------------------------- ways of being wrong


def _softmax(scores: np.ndarray, axis: Any = -1) -> np.ndarray:
    powers = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def _overflowing(scores: np.ndarray, axis: Any = -1) -> np.ndarray:
    return np.exp(scores) / np.sum(np.exp(scores), axis=axis, keepdims=True)


def _swap(array: np.ndarray) -> np.ndarray:
    return np.swapaxes(array, -1, -2)


def _scores(query: np.ndarray, key: np.ndarray) -> np.ndarray:
    return query @ _swap(key) / np.sqrt(query.shape[-1])


def _attention(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    mask: np.ndarray | None = None,
    *,
    scores: Callable[..., np.ndarray] = _scores,
    blocked: Callable[..., np.ndarray] = lambda s, mask: np.where(mask, s, BLOCKED),
    softmax: Callable[..., np.ndarray] = _softmax,
    after: Callable[..., np.ndarray] = lambda weights, mask: weights,
    returned: Callable[..., Any] = lambda output, weights: (output, weights),
) -> Any:
    """Attention with one of its steps replaced."""
    s = scores(query, key)
    weights = softmax(s if mask is None else blocked(s, mask))
    weights = after(weights, mask)
    return returned(weights @ value, weights)


def _with(**step: Any) -> Callable[..., Any]:
    return lambda query, key, value, mask=None: _attention(
        query, key, value, mask, **step
    )


def _over_queries(scores: np.ndarray) -> np.ndarray:
    return _softmax(scores, -2)


def _over_everything(scores: np.ndarray) -> np.ndarray:
    return _softmax(scores, (-1, -2))


def _zeroed_after(weights: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    return weights if mask is None else weights * mask


# A step gone wrong, what the numbers then equal, and a question that leads on.
STEPS: dict[str, tuple[dict[str, Any], str]] = {
    "no-scale": (
        {"scores": lambda q, k: q @ _swap(k)},
        "Your numbers equal attention without the scale. What does the formula divide "
        "every score by?",
    ),
    "divides-by-d": (
        {"scores": lambda q, k: q @ _swap(k) / q.shape[-1]},
        "Your scores are divided by d itself. What does the formula take of d before it "
        "divides?",
    ),
    "divides-by-root-of-keys": (
        {"scores": lambda q, k: q @ _swap(k) / np.sqrt(k.shape[-2])},
        "Your scores are divided by the root of the number of keys. Which axis does the "
        "dot product sum over?",
    ),
    "divides-by-root-of-queries": (
        {"scores": lambda q, k: q @ _swap(k) / np.sqrt(q.shape[-2])},
        "Your scores are divided by the root of the number of queries. The d of the "
        "formula is the last axis: how is it counted from the end?",
    ),
    "divides-by-half-of-d": (
        {"scores": lambda q, k: q @ _swap(k) / (q.shape[-1] / 2)},
        "Your scores are divided by d / 2, which is what `d ** 1 / 2` gives. Where do "
        "the brackets of a square root belong?",
    ),
    "divides-by-two": (
        {"scores": lambda q, k: q @ _swap(k) / 2},
        "Your scores are divided by 2, which is the root of d for d = 4 alone. Where "
        "does d stand in the shape of a query?",
    ),
    "multiplies-by-root": (
        {"scores": lambda q, k: q @ _swap(k) * np.sqrt(q.shape[-1])},
        "Your scores are multiplied by the root of d. Should the scale make large d more "
        "extreme, or less?",
    ),
    "softmax-over-queries": (
        {"softmax": _over_queries},
        "Your numbers equal softmax over the queries. Which axis does each query choose "
        "from?",
    ),
    "softmax-over-everything": (
        {"softmax": _over_everything},
        "Your numbers equal one softmax over the whole table. Each query has its own "
        "weights: how many sums of 1 does a table of q rows hold?",
    ),
    "softmax-overflows": (
        {"softmax": _overflowing},
        "Your exponentials overflow. What may be subtracted from every score of a row "
        "without changing its weights?",
    ),
    "no-softmax": (
        {"softmax": lambda scores: scores},
        "Your weights are the scores themselves. What turns scores of any sign into "
        "positive shares of 1?",
    ),
    "no-exponential": (
        {"softmax": lambda scores: scores / scores.sum(axis=-1, keepdims=True)},
        "Your weights are the scores divided by their sum, so that some can be negative. "
        "What makes every share positive?",
    ),
    "all-alike": (
        {"softmax": lambda scores: np.full(scores.shape, 1 / scores.shape[-1])},
        "All your weights are alike, as if every key were blocked. With no mask, what "
        "does `np.where(None, scores, -1e9)` give?",
    ),
    "not-normalised": (
        {"softmax": np.exp},
        "Your weights are exp of the scores, not divided by their sum. What should each "
        "row add up to?",
    ),
    "mask-after-softmax": (
        {"blocked": lambda s, mask: s, "after": _zeroed_after},
        "Your mask is applied after softmax, so the rows no longer sum to 1. Where must a "
        "key be blocked for the others to share its weight?",
    ),
    "mask-inverted": (
        {"blocked": lambda s, mask: np.where(mask, BLOCKED, s)},
        "Your numbers equal attention with the mask inverted. What does True mean in "
        "this course?",
    ),
    "mask-ignored": (
        {"blocked": lambda s, mask: s},
        "Your numbers equal attention without the mask. Where is `mask` used?",
    ),
    "scores-times-mask": (
        {"blocked": lambda s, mask: s * mask},
        "A blocked key has score 0 in your numbers, as by `scores * mask`. What is "
        "exp(0)?",
    ),
    "blocked-not-low-enough": (
        {"blocked": lambda s, mask: np.where(mask, s, -10.0)},
        "A blocked score of -10 lies above other scores here. Which number lies below "
        "any score, so that its exponential is 0?",
    ),
    "mask-added": (
        {"blocked": lambda s, mask: s + mask},
        "Your mask is added as 0 or 1. How far below the others must a blocked score lie "
        "for its weight to be 0?",
    ),
    "weights-transposed": (
        {"returned": lambda output, weights: (output, _swap(weights))},
        "Your output is right and your weights are transposed. Rows are queries: which "
        "axis comes last?",
    ),
    "returns-scores": (
        {"returned": lambda output, weights: (output, np.log(weights))},
        "Your output is right, but the second value is not the weights. What did softmax "
        "return?",
    ),
    "output-and-weights-swapped": (
        {"returned": lambda output, weights: (weights, output)},
        "You return the weights first. The contract asks for the output, then the "
        "weights.",
    ),
    "averages-the-keys": (
        {},
        "Your output is an average of the keys. Keys are for being found; what is it "
        "that the weights should mix?",
    ),
    "key-not-transposed": (
        {"scores": lambda q, k: q @ k / np.sqrt(q.shape[-1])},
        "Your query meets the key without a transpose. A dot product sums over d: where "
        "does d stand in each?",
    ),
    "key-reshaped": (
        {
            "scores": lambda q, k: (
                q
                @ k.reshape(*k.shape[:-2], k.shape[-1], k.shape[-2])
                / np.sqrt(q.shape[-1])
            )
        },
        "Your key is reshaped, not transposed: the numbers keep their order in memory "
        "and land in other places. Which operation turns rows into columns?",
    ),
    "key-fully-transposed": (
        {"scores": lambda q, k: q @ k.T / np.sqrt(q.shape[-1])},
        "`.T` turns all axes around, the batch's too. Which two axes should change "
        "places?",
    ),
}


def _averaging_keys(
    query: np.ndarray, key: np.ndarray, value: np.ndarray, mask: Any = None
) -> Any:
    return _attention(query, key, key, mask)


def _wrong(ident: str) -> Callable[..., Any]:
    step, _ = STEPS[ident]
    return _averaging_keys if ident == "averages-the-keys" else _with(**step)


# ------------------------------------------------------- the same in each exercise

BOTH = [
    "no-scale",
    "divides-by-d",
    "divides-by-root-of-keys",
    "divides-by-root-of-queries",
    "divides-by-half-of-d",
    "divides-by-two",
    "no-exponential",
    "all-alike",
    "multiplies-by-root",
    "softmax-over-queries",
    "softmax-over-everything",
    "no-softmax",
    "not-normalised",
    "weights-transposed",
    "returns-scores",
    "output-and-weights-swapped",
    "averages-the-keys",
    "key-not-transposed",
    "key-reshaped",
]
MASKS = [
    "mask-after-softmax",
    "mask-inverted",
    "mask-ignored",
    "scores-times-mask",
    "mask-added",
]
# One query has one row: nothing to transpose, and no queries to normalise over.
ONE = [
    name
    for name in BOTH
    if name not in ("softmax-over-queries", "softmax-over-everything")
    and name not in ("divides-by-root-of-queries", "all-alike")
    and not name.startswith("weights-")
]


def _one(ident: str) -> Callable[..., Any]:
    def attend_one(query: np.ndarray, key: np.ndarray, value: np.ndarray) -> Any:
        first, second = _wrong(ident)(query[np.newaxis], key, value)
        return first[0], second[0]

    return attend_one


def _own_words(ident: str) -> Callable[..., Any]:
    def self_attention(x: Any, w_q: Any, w_k: Any, w_v: Any, mask: Any = None) -> Any:
        return _wrong(ident)(x @ w_q, x @ w_k, x @ w_v, mask)

    return self_attention


def _list(
    exercise: str, idents: list[str], make: Callable[[str], Callable[..., Any]]
) -> list[Mistake]:
    return [Mistake(exercise, ident, make(ident), STEPS[ident][1]) for ident in idents]


# ----------------------------------------------------------------- softmax, project


def _first_axis(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    return _softmax(scores, 0)


def _last_axis(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    return _softmax(scores, -1)


def _whole(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    powers = np.exp(scores - np.max(scores))
    return powers / np.sum(powers)


def _shares(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    return scores / np.sum(scores, axis=axis, keepdims=True)


def _powers(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.exp(scores - np.max(scores, axis=axis, keepdims=True))


def _logarithm(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.log(_softmax(scores, axis))


def _negative(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    return _softmax(-scores, axis)


def _without_keepdims(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    powers = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis)


def _largest_of_all(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    powers = np.exp(scores - np.max(scores))
    return powers / np.sum(powers, axis=axis, keepdims=True)


SOFTMAX_WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "axis-ignored": (
        _last_axis,
        "Your numbers equal softmax over the last axis, whatever `axis` says. Where is "
        "`axis` used?",
    ),
    "first-axis": (
        _first_axis,
        "Your numbers equal softmax over the first axis. Where is `axis` used?",
    ),
    "softmax-over-everything": (
        _whole,
        "All your numbers together sum to 1. Along which axis alone should they?",
    ),
    "not-normalised": (
        _powers,
        "Your numbers are the exponentials, not divided by their sum. What should they "
        "add up to?",
    ),
    "no-exponential": (
        _shares,
        "Your numbers are the scores divided by their sum. What makes every share "
        "positive?",
    ),
    "log-softmax": (
        _logarithm,
        "Your numbers are the logarithms of the weights. Which step is one too many?",
    ),
    "sign-flipped": (
        _negative,
        "Your largest score has the smallest weight. Which sign stands in the exponent?",
    ),
    "keepdims-forgotten": (
        _without_keepdims,
        "Your sums line up with the wrong axis. What does `keepdims=True` keep?",
    ),
}
LARGE_WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "softmax-overflows": (_overflowing, STEPS["softmax-overflows"][1]),
    "one-maximum-for-all": (
        _largest_of_all,
        "You subtract one maximum for the whole array, so rows far below it vanish. "
        "Which maximum belongs to a row?",
    ),
}


def _from(
    exercise: str, wrong: dict[str, tuple[Callable[..., Any], str]]
) -> list[Mistake]:
    return [
        Mistake(exercise, ident, call, says) for ident, (call, says) in wrong.items()
    ]


Three = tuple[Any, Any, Any]
PROJECT_WRONG: dict[str, tuple[Callable[..., Three], str]] = {
    "same-projection": (
        lambda x, w_q, w_k, w_v: (x @ w_q,) * 3,
        "Query, key and value are the same numbers. Which matrix makes each of the "
        "three?",
    ),
    "same-projection-query-key": (
        lambda x, w_q, w_k, w_v: (x @ w_q, x @ w_q, x @ w_v),
        "Query and key are the same numbers. Which matrix makes the key?",
    ),
    "key-and-value-swapped": (
        lambda x, w_q, w_k, w_v: (x @ w_q, x @ w_v, x @ w_k),
        "Key and value have changed places. In which order are they returned?",
    ),
    "query-and-key-swapped": (
        lambda x, w_q, w_k, w_v: (x @ w_k, x @ w_q, x @ w_v),
        "Query and key have changed places. In which order are they returned?",
    ),
    "weights-transposed": (
        lambda x, w_q, w_k, w_v: (x @ w_q.T, x @ w_k.T, x @ w_v.T),
        "Your matrices are transposed: that is W·x, for words as columns. Here words are "
        "rows: which side does the matrix stand on?",
    ),
    "matrix-on-the-left": (
        lambda x, w_q, w_k, w_v: (w_q @ x, w_k @ x, w_v @ x),
        "Your matrices stand on the left: that is W·x, for words as columns. Here words "
        "are rows: which side does the matrix stand on?",
    ),
    "elementwise": (
        lambda x, w_q, w_k, w_v: (x * w_q, x * w_k, x * w_v),
        "`*` multiplies number by number. Which sign makes a matrix product?",
    ),
    "chained": (
        lambda x, w_q, w_k, w_v: (x @ w_q, x @ w_q @ w_k, x @ w_q @ w_k @ w_v),
        "Each projection works on the result of the one before. What do all three start "
        "from?",
    ),
}
SELF_WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "same-projection": (
        lambda x, w_q, w_k, w_v, mask=None: _attention(x @ w_q, x @ w_q, x @ w_q, mask),
        "Query, key and value come from one matrix. Which matrix makes each of the "
        "three?",
    ),
    "query-and-key-swapped": (
        lambda x, w_q, w_k, w_v, mask=None: _attention(x @ w_k, x @ w_q, x @ w_v, mask),
        "Your queries are made by w_key and your keys by w_query. Whose question is it?",
    ),
    "not-projected": (
        lambda x, w_q, w_k, w_v, mask=None: _attention(x, x, x, mask),
        "Your numbers equal attention of the words themselves. Where do the three "
        "matrices come in?",
    ),
    "scale-of-the-model": (
        lambda x, w_q, w_k, w_v, mask=None: _attention(
            x @ w_q,
            x @ w_k,
            x @ w_v,
            mask,
            scores=lambda q, k: q @ _swap(k) / np.sqrt(x.shape[-1]),
        ),
        "Your scores are divided by the root of the model's width. How many numbers does "
        "one dot product sum over?",
    ),
}
REPAIR_WRONG = {
    "nothing-repaired": (
        lambda query, key, value: _attention(
            query,
            key,
            value,
            scores=lambda q, k: (
                q @ k.reshape(k.shape[0], k.shape[2], k.shape[1]) / np.sqrt(q.shape[-1])
            ),
            softmax=_over_queries,
        ),
        "Your numbers equal those of the broken code. Two of its lines are wrong: which "
        "one says which axis sums to 1?",
    ),
}
OWN = [name for name in BOTH if name != "divides-by-root-of-queries"]  # as many as keys

MISTAKES: list[Mistake] = [
    *_from("softmax", SOFTMAX_WRONG),
    *_from("softmax-large", LARGE_WRONG),
    *_from("project", PROJECT_WRONG),
    *_list("attend-one", ONE, _one),
    *_list("attention", BOTH, _wrong),
    *_list("attention-leading", [*BOTH, "key-fully-transposed"], _wrong),
    *_list("attention-mask", [*MASKS, "blocked-not-low-enough", *BOTH], _wrong),
    *_from("repair-attention", REPAIR_WRONG),
    *_list("repair-attention", BOTH, _wrong),
    *_from("self-attention", SELF_WRONG),
    *_list("self-attention", OWN, _own_words),
    *_from("self-attention-mask", SELF_WRONG),
    *_list("self-attention-mask", [*MASKS, *OWN], _own_words),
]
