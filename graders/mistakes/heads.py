"""Lesson 03: named wrong answers, and the sentence that helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graders.exercise import Mistake

BLOCKED = -1e9
NAMES = ("query", "key", "value", "output")

# --------------------------------------------------------------- ways of being wrong


def _softmax(scores: np.ndarray, axis: Any = -1) -> np.ndarray:
    powers = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def _swap(array: np.ndarray) -> np.ndarray:
    return np.swapaxes(array, -1, -2)


def _split(x: np.ndarray, h: int) -> np.ndarray:
    if x.shape[-1] % h:
        raise ValueError("num_heads must divide the width.")
    return x.reshape(*x.shape[:2], h, -1).swapaxes(1, 2)


def _merge(x: np.ndarray) -> np.ndarray:
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)


def _split_reshaped(x: np.ndarray, h: int) -> np.ndarray:
    b, t, m = x.shape
    return x.reshape(b, h, t, m // h)


def _merge_reshaped(x: np.ndarray) -> np.ndarray:
    b, h, t, d = x.shape
    return x.reshape(b, t, h * d)


def _split_dealt(x: np.ndarray, h: int) -> np.ndarray:
    """Column c goes to head c modulo h."""
    b, t, m = x.shape
    return x.reshape(b, t, m // h, h).transpose(0, 3, 1, 2)


def _merge_dealt(x: np.ndarray) -> np.ndarray:
    b, h, t, d = x.shape
    return x.transpose(0, 2, 3, 1).reshape(b, t, h * d)


def _heads(
    query: np.ndarray,
    context: np.ndarray,
    weights: dict[str, np.ndarray],
    num_heads: int,
    mask: np.ndarray | None = None,
    *,
    split: Callable[..., np.ndarray] = _split,
    merge: Callable[..., np.ndarray] = _merge,
    roles: Callable[..., Any] = lambda q, c, w: (
        q @ w["query"],
        c @ w["key"],
        c @ w["value"],
    ),
    scale: Callable[..., float] = lambda m, d: np.sqrt(d),
    softmax: Callable[..., np.ndarray] = _softmax,
    blocked: Callable[..., np.ndarray] = lambda s, mask: np.where(mask, s, BLOCKED),
    after: Callable[..., np.ndarray] = lambda weights, mask: weights,
    last: Callable[..., np.ndarray] = lambda merged, w: merged @ w["output"],
    told: Callable[..., Any] = lambda output, weights: (output, weights),
) -> Any:
    """Multi-head attention with one of its steps replaced."""
    m = query.shape[-1]
    q, k, v = (split(array, num_heads) for array in roles(query, context, weights))
    s = q @ _swap(k) / scale(m, m // num_heads)
    found = softmax(s if mask is None else blocked(s, mask))
    found = after(found, mask)
    return told(last(merge(found @ v), weights), found)


def _zeroed(weights: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    return weights if mask is None else weights * mask


def _first_head(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Head 0 is masked, by its own mask; the others look everywhere."""
    may_attend = np.broadcast_to(mask, scores.shape).copy()
    may_attend[:, 1:] = True
    return np.where(may_attend, scores, BLOCKED)


def _same_mask(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Every head gets the mask of head 0."""
    return np.where(np.broadcast_to(mask, scores.shape)[:, :1], scores, BLOCKED)


def _same_query(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Every query gets the mask of query 0."""
    return np.where(np.broadcast_to(mask, scores.shape)[:, :, :1], scores, BLOCKED)


# A step gone wrong, what the numbers then equal, and a question that leads on.
STEPS: dict[str, tuple[dict[str, Any], str]] = {
    "split-without-transpose": (
        {"split": _split_reshaped},
        "Your heads are cut by a reshape without a transpose, so head 0 holds the first words "
        "whole. In which order must the axes stand before h and t change places?",
    ),
    "merge-without-transpose": (
        {"merge": _merge_reshaped},
        "Your heads are merged by a reshape without a transpose. Which two axes must change "
        "places before h and d are next to each other?",
    ),
    "split-and-merge-without-transpose": (
        {"split": _split_reshaped, "merge": _merge_reshaped},
        "Your heads are cut and merged by a reshape without a transpose: each head holds some "
        "words whole, and not its columns of every word. Where does t stand when you reshape?",
    ),
    "columns-dealt-out": (
        {"split": _split_dealt, "merge": _merge_dealt},
        "Your head i takes every h-th column, as cards are dealt. Which d columns stand next "
        "to each other in one head?",
    ),
    "scale-of-the-model": (
        {"scale": lambda m, d: np.sqrt(m)},
        "Your scores are divided by the root of the model's width m. How many numbers does "
        "the dot product of one head sum over?",
    ),
    "no-scale": (
        {"scale": lambda m, d: 1.0},
        "Your numbers equal multi-head attention without the scale. What keeps the variance "
        "of a dot product at 1?",
    ),
    "divides-by-d": (
        {"scale": lambda m, d: float(d)},
        "Your scores are divided by d, or twice by its root. How often does the formula "
        "divide, and by what?",
    ),
    "no-output-projection": (
        {"last": lambda merged, w: merged},
        "Your output is the merged heads themselves. Which of the four matrices has not been "
        "used yet?",
    ),
    "keys-from-the-query": (
        {"roles": lambda q, c, w: (q @ w["query"], q @ w["key"], q @ w["value"])},
        "Your keys and values are made from the query's words. Which words are looked at?",
    ),
    "queries-from-the-context": (
        {"roles": lambda q, c, w: (c @ w["query"], c @ w["key"], c @ w["value"])},
        "Your queries are made from the context. Whose words do the looking?",
    ),
    "query-and-context-swapped": (
        {"roles": lambda q, c, w: (c @ w["query"], q @ w["key"], q @ w["value"])},
        "Your context looks at the query's words. Which of the two asks, and which is looked "
        "at?",
    ),
    "key-and-value-swapped": (
        {"roles": lambda q, c, w: (q @ w["query"], c @ w["value"], c @ w["key"])},
        "Key and value have changed places. Keras's order of arguments is query, value, key: "
        "is that where it comes from?",
    ),
    "query-and-key-swapped": (
        {"roles": lambda q, c, w: (q @ w["key"], c @ w["query"], c @ w["value"])},
        "Your queries are made by the key's matrix and your keys by the query's. Which matrix "
        "belongs to the words that look?",
    ),
    "same-projection": (
        {"roles": lambda q, c, w: (q @ w["query"], c @ w["query"], c @ w["query"])},
        "Query, key and value come from one matrix. Which matrix makes each of the three?",
    ),
    "matrices-transposed": (
        {
            "roles": lambda q, c, w: (
                q @ w["query"].T,
                c @ w["key"].T,
                c @ w["value"].T,
            ),
            "last": lambda merged, w: merged @ w["output"].T,
        },
        "Your matrices are transposed: that is W·x, for words as columns. Here words are rows: "
        "which side does the matrix stand on?",
    ),
    "projections-transposed": (
        {
            "roles": lambda q, c, w: (
                q @ w["query"].T,
                c @ w["key"].T,
                c @ w["value"].T,
            )
        },
        "Your first three matrices are transposed: that is W·x, for words as columns. Here "
        "words are rows: which side does the matrix stand on?",
    ),
    "no-projections": (
        {"roles": lambda q, c, w: (q, c, c)},
        "The heads cut the words themselves. Which matrices make queries, keys and values "
        "of them?",
    ),
    "softmax-over-heads": (
        {"softmax": lambda s: _softmax(s, 1)},
        "Your softmax runs over the heads, so that they compete. Which axis does each query "
        "choose from?",
    ),
    "softmax-over-queries": (
        {"softmax": lambda s: _softmax(s, -2)},
        "Your softmax runs over the queries. Which axis does each query choose from?",
    ),
    "no-softmax": (
        {"softmax": lambda s: s},
        "Your weights are the scores themselves. What turns scores of any sign into positive "
        "shares of 1?",
    ),
    "mask-ignored": (
        {"blocked": lambda s, mask: s},
        "Your numbers equal attention without the mask. Where is the mask used?",
    ),
    "mask-inverted": (
        {"blocked": lambda s, mask: np.where(mask, BLOCKED, s)},
        "Your numbers equal attention with the mask inverted. What does True mean in this "
        "course?",
    ),
    "mask-after-softmax": (
        {"blocked": lambda s, mask: s, "after": _zeroed},
        "Your mask is applied after softmax, so the rows no longer sum to 1. Where must a key "
        "be blocked for the others to share its weight?",
    ),
    "scores-times-mask": (
        {"blocked": lambda s, mask: s * mask},
        "Your scores are multiplied by the mask, so a blocked key has score 0. What is "
        "exp(0)?",
    ),
    "mask-added": (
        {"blocked": lambda s, mask: s + mask},
        "Your mask is added as 0 or 1. How far below the others must a blocked score lie for "
        "its weight to be 0?",
    ),
    "mask-of-head-0-only": (
        {"blocked": _first_head},
        "Only head 0 obeys the mask. Along which axis must it be spread over the heads?",
    ),
    "mask-of-head-0-for-all": (
        {"blocked": _same_mask},
        "Every head gets head 0's mask, and the mask may hold one for each. Which axis did "
        "you drop?",
    ),
    "mask-of-query-0-for-all": (
        {"blocked": _same_query},
        "Every query gets query 0's mask, and the mask may hold one for each. Which axis did "
        "you drop?",
    ),
}
# What only the weights show, which the function returns and the class does not.
TOLD: dict[str, tuple[dict[str, Any], str]] = {
    "weights-transposed": (
        {"told": lambda output, weights: (output, _swap(weights))},
        "Your output is right and your weights are transposed. Rows are queries: which axis "
        "comes last?",
    ),
    "weights-averaged": (
        {"told": lambda output, weights: (output, weights.mean(1))},
        "Your output is right, but the weights are averaged over the heads. Each head has a "
        "table of its own: which axis is h?",
    ),
    "output-and-weights-swapped": (
        {"told": lambda output, weights: (weights, output)},
        "You return the weights first. The contract asks for the output, then the weights.",
    ),
    "output-only": (
        {"told": lambda output, weights: output},
        "You return the output alone. Which second value does the contract ask for?",
    ),
}


def _one_wide_head(query: Any, context: Any, weights: Any, h: int, mask: Any = None):  # type: ignore[no-untyped-def]
    if mask is not None and np.ndim(mask) == 4:
        mask = mask[:, :1]
    return _heads(query, context, weights, 1, mask)


def _no_split(query: Any, context: Any, weights: Any, h: int, mask: Any = None) -> Any:
    if mask is not None and np.ndim(mask) == 4:
        mask = mask[:, 0]
    output, found = _heads(query, context, weights, 1, mask)
    return output, found[:, 0]


NO_HEADS = "Your weights have no axis of heads. Which of your functions makes one?"
WIDE = "Your numbers equal one head of the full width. Where do the columns part into heads?"
ONLY_MASKS = [name for name in STEPS if "mask" in name or name == "scores-times-mask"]
PLAIN = [name for name in STEPS if name not in ONLY_MASKS]


def _function(ident: str) -> Callable[..., Any]:
    step = {**STEPS, **TOLD}[ident][0]
    return lambda query, context, weights, num_heads, mask=None: _heads(
        query, context, weights, num_heads, mask, **step
    )


def _functions(exercise: str, idents: list[str]) -> list[Mistake]:
    says = {**STEPS, **TOLD}
    return [Mistake(exercise, i, _function(i), says[i][1]) for i in idents]


# ------------------------------------------------------------- the same as a layer


class _Weight:
    def __init__(self, shape: tuple[int, ...]) -> None:
        self.value = np.zeros(shape)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def assign(self, value: Any) -> None:
        self.value = value.value if isinstance(value, _Weight) else np.array(value)


class _Layer:
    """A wrong layer without Keras: the declaration of a `MultiHeadAttention`."""

    stands_for_a_layer = True
    biases = False
    attend: Callable[..., Any]

    def __init__(self, num_heads: int) -> None:
        self.num_heads = num_heads

    def __call__(self, query: Any, context: Any, attention_mask: Any = None) -> Any:
        m = query.shape[-1]
        if not hasattr(self, "w_query"):
            for name in NAMES:
                setattr(self, f"w_{name}", _Weight((m, m)))
            self.extra = [_Weight((m,))] * 4 if self.biases else []
        weights = {name: getattr(self, f"w_{name}").value for name in NAMES}
        found = type(self).attend(
            query, context, weights, self.num_heads, attention_mask
        )
        return found

    @property
    def weights(self) -> list[_Weight]:
        return [getattr(self, f"w_{name}") for name in NAMES] + self.extra

    def get_config(self) -> dict[str, int]:
        return {"num_heads": self.num_heads}

    @classmethod
    def from_config(cls, config: dict[str, int]) -> _Layer:
        return cls(**config)


def _output(attend: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: attend(*given)[0]


def _class(attend: Callable[..., Any], **more: Any) -> type:
    return type("MultiHeadAttention", (_Layer,), {"attend": attend, **more})


def _layers(exercise: str, idents: list[str]) -> list[Mistake]:
    return [
        Mistake(exercise, i, _class(_output(_function(i))), STEPS[i][1]) for i in idents
    ]


BOTH_RETURNED = (
    "Your layer returns the weights too, as your function did. The layer should return the "
    "output alone."
)


def _config(holds: Callable[[Any], int]) -> type:
    right = _output(_heads)
    return _class(right, get_config=lambda self: {"num_heads": holds(self)})


CONFIG: dict[str, tuple[Callable[..., Any], str]] = {
    "config-forgets-heads": (
        _config(lambda layer: 1),
        "The layer that is made again has one head. Does `get_config` hold the number this "
        "layer was made with?",
    ),
    "config-holds-the-head-width": (
        _config(lambda layer: layer.w_query.shape[0] // layer.num_heads),
        "The layer that is made again has as many heads as a head had columns. Which number "
        "does `__init__` ask for?",
    ),
    "biases": (
        _class(_output(_heads), biases=True),
        "Your layer has more weights than the four matrices: biases? This layer has none.",
    ),
}

# -------------------------------------------------------------------- split and merge


def _moved(x: np.ndarray, h: int, *axes: int) -> np.ndarray:
    b, t, m = x.shape
    return x.reshape(b, t, h, m // h).transpose(axes)


SPLIT_WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "split-without-transpose": (
        _split_reshaped,
        STEPS["split-without-transpose"][1],
    ),
    "columns-dealt-out": (_split_dealt, STEPS["columns-dealt-out"][1]),
    "heads-after-words": (
        lambda x, h: _moved(x, h, 0, 1, 2, 3),
        "Your axes are (b, t, h, d): the cut is right. Which two axes still have to change "
        "places?",
    ),
    "width-before-words": (
        lambda x, h: _moved(x, h, 0, 2, 3, 1),
        "Your axes are (b, h, d, t). Which axis comes last in one head?",
    ),
    "widths-before-heads": (
        lambda x, h: _moved(x, h, 0, 1, 3, 2),
        "Your axes are (b, t, d, h). Which two change places, counted from 0?",
    ),
    "words-before-sentences": (
        lambda x, h: _moved(x, h, 1, 0, 2, 3),
        "Your axes are (t, b, h, d). Which two change places, counted from 0?",
    ),
    "heads-first": (
        lambda x, h: _moved(x, h, 2, 0, 1, 3),
        "Your axes are (h, b, t, d). Batch first: where does h belong?",
    ),
    "heads-in-the-batch": (
        lambda x, h: _split(x, h).reshape(-1, x.shape[1], x.shape[2] // h),
        "Your heads are stacked into the batch: (b·h, t, d). Which axis of their own should "
        "they have?",
    ),
    "d-heads-of-width-h": (
        lambda x, h: _split(x, x.shape[2] // h),
        "You cut d heads of width h. Which of the two numbers counts the heads?",
    ),
    "heads-reversed": (
        lambda x, h: _split(x, h)[:, ::-1],
        "Your heads come in reversed order. Which columns belong to head 0?",
    ),
    "all-turned": (
        lambda x, h: x.reshape(*x.shape[:2], h, -1).T,
        "`.T` turns all axes around. Which two should change places?",
    ),
}


def _leftover_dropped(x: np.ndarray, h: int) -> np.ndarray:
    d = x.shape[-1] // h
    return _split(x[..., : h * d], h)


def _padded(x: np.ndarray, h: int) -> np.ndarray:
    room = -x.shape[-1] % h
    return _split(np.pad(x, ((0, 0), (0, 0), (0, room))), h)


def _stretched(x: np.ndarray, h: int) -> np.ndarray:
    b, _, m = x.shape
    return x.reshape(b, -1, h, m // h).swapaxes(1, 2)


def _asserting(x: np.ndarray, h: int) -> np.ndarray:
    if x.shape[-1] % h:
        raise AssertionError("num_heads must divide the width")
    return _split(x, h)


def _unrefused(x: np.ndarray, h: int) -> np.ndarray:
    b, t, m = x.shape
    return x.reshape(b, t, h, m // h).swapaxes(1, 2)


def _wordless(x: np.ndarray, h: int) -> np.ndarray:
    if x.shape[-1] % h:
        raise ValueError
    return _split(x, h)


def _nothing(x: np.ndarray, h: int) -> np.ndarray | None:
    return None if x.shape[-1] % h else _split(x, h)


REFUSE = "What should happen when m is no multiple of h?"
SPLIT_ERROR: dict[str, tuple[Callable[..., Any], str]] = {
    "leftover-columns-dropped": (
        _leftover_dropped,
        f"Columns that do not fit are dropped in silence. {REFUSE}",
    ),
    "columns-added": (
        _padded,
        f"Columns of zeros are added in silence. {REFUSE}",
    ),
    "words-invented": (
        _stretched,
        f"The -1 in your reshape lets the number of words change. {REFUSE}",
    ),
    "asserts": (
        _asserting,
        "You refuse with an AssertionError, which `python -O` switches off. Which exception "
        "tells a caller that a value is wrong?",
    ),
    "left-to-reshape": (
        _unrefused,
        "This is NumPy's error, at the cut, and it tells nobody what is wrong. Where do you "
        "ask whether h divides m?",
    ),
    "refusal-without-numbers": (
        _wordless,
        "You refuse, and your error does not name both numbers. What would its reader want "
        "to know?",
    ),
    "returns-nothing": (
        _nothing,
        "Where m is no multiple of h you return, without heads, and the caller fails later, "
        "elsewhere. Which statement stops at once and says what is wrong?",
    ),
}


def _merged(x: np.ndarray, *axes: int) -> np.ndarray:
    b, h, t, d = x.shape
    return x.transpose(axes).reshape(b, t, h * d)


MERGE_WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "merge-without-transpose": (
        _merge_reshaped,
        STEPS["merge-without-transpose"][1],
    ),
    "columns-dealt-in": (
        _merge_dealt,
        "Your heads are shuffled into each other, column by column. Which axis should be the "
        "last before the reshape, h or d?",
    ),
    "heads-added": (
        lambda x: x.sum(1),
        "Your heads are added up. They should stand side by side: which axis grows?",
    ),
    "heads-averaged": (
        lambda x: x.mean(1),
        "Your heads are averaged. They should stand side by side: which axis grows?",
    ),
    "heads-under-each-other": (
        lambda x: x.reshape(x.shape[0], -1, x.shape[3]),
        "Your heads stand under each other, as more words. Which axis should grow, t or d?",
    ),
    "not-flattened": (
        lambda x: x.swapaxes(1, 2),
        "The axes are (b, t, h, d), which is half of the way. Which two become one?",
    ),
    "heads-reversed": (
        lambda x: _merge(x[:, ::-1]),
        "Your heads come in reversed order. Whose columns come first?",
    ),
    "heads-where-words-belong": (
        lambda x: x.swapaxes(1, 2).reshape(*x.shape[:2], -1),
        "Your result is `(b, h, t·d)`. Which of h and t stays, and which joins d?",
    ),
    "words-and-widths-mixed": (
        lambda x: _merged(x, 0, 3, 1, 2),
        "Your columns end up where words belong. Which axis stands second before the reshape?",
    ),
}

# ------------------------------------------------------- h does not divide m, function


def _uneven(query: Any, context: Any, weights: Any, h: int, mask: Any = None) -> Any:
    """Heads of different widths, as `np.array_split` makes them."""
    roles = (query @ weights["query"], context @ weights["key"])
    split = [np.array_split(x, h, -1) for x in (*roles, context @ weights["value"])]
    found = [
        _softmax(q @ _swap(k) / np.sqrt(q.shape[-1]))
        for q, k, _ in zip(*split, strict=True)
    ]
    parts = [w @ v for w, v in zip(found, split[2], strict=True)]
    return np.concatenate(parts, -1) @ weights["output"], np.stack(found, 1)


def _fewer(query: Any, context: Any, weights: Any, h: int, mask: Any = None) -> Any:
    while query.shape[-1] % h:
        h -= 1
    return _heads(query, context, weights, h, mask)


def _single(query: Any, context: Any, weights: Any, h: int, mask: Any = None) -> Any:
    return _heads(query, context, weights, 1 if query.shape[-1] % h else h, mask)


def _assert_heads(
    query: Any, context: Any, weights: Any, h: int, mask: Any = None
) -> Any:
    if query.shape[-1] % h:
        raise AssertionError("num_heads must divide the width")
    return _heads(query, context, weights, h, mask)


def _no_heads(query: Any, context: Any, weights: Any, h: int, mask: Any = None) -> Any:
    if query.shape[-1] % h:
        return None
    return _heads(query, context, weights, h, mask)


ATTENTION_ERROR: dict[str, tuple[Callable[..., Any], str]] = {
    "indivisible-accepted": (
        _uneven,
        f"You take a width that h does not divide: uneven heads, or columns dropped or added in silence. {REFUSE}",
    ),
    "fewer-heads": (
        _fewer,
        f"You take fewer heads than asked, in silence. {REFUSE}",
    ),
    "one-head-instead": (
        _single,
        f"You take one head in place of those asked for, in silence. {REFUSE}",
    ),
    "asserts": (_assert_heads, SPLIT_ERROR["asserts"][1]),
    "returns-nothing": (_no_heads, SPLIT_ERROR["returns-nothing"][1]),
}

# -------------------------------------------------------------- Keras and the counting

Four = tuple[np.ndarray, ...]


def _arrays(
    weights: dict[str, np.ndarray],
    h: int,
    *,
    leading: Callable[[np.ndarray, int, int], np.ndarray] = lambda w, h, d: w.reshape(
        -1, h, d
    ),
    output: Callable[[np.ndarray, int, int], np.ndarray] = lambda w, h, d: w.reshape(
        h, d, -1
    ),
    order: tuple[str, ...] = NAMES[:3],
) -> Four:
    d = weights["query"].shape[0] // h
    first = (leading(weights[name], h, d) for name in order)
    return (*first, output(weights["output"], h, d))


def _keras(**step: Any) -> Callable[..., Four]:
    return lambda weights, num_heads: _arrays(weights, num_heads, **step)


KERAS_WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "query-value-key": (
        _keras(order=("query", "value", "key")),
        "Your order is query, value, key. That is the order of arguments in a call of the "
        "layer; its matrices come in the order query, key, value.",
    ),
    "heads-cut-from-the-rows": (
        _keras(leading=lambda w, h, d: w.reshape(h, -1, d).swapaxes(0, 1)),
        "Your query, key and value are reshaped to (h, m, d) first, which cuts them anew. "
        "Which axis of w holds the heads' columns, the first or the last?",
    ),
    "columns-dealt-out": (
        _keras(leading=lambda w, h, d: w.reshape(-1, d, h).swapaxes(1, 2)),
        STEPS["columns-dealt-out"][1],
    ),
    "output-cut-from-the-columns": (
        _keras(output=lambda w, h, d: w.reshape(-1, h, d).transpose(1, 2, 0)),
        "Your output matrix is cut like the other three. It is applied to the merged heads: "
        "which of its axes, rows or columns, meets them?",
    ),
    "output-like-the-others": (
        _keras(output=lambda w, h, d: w.reshape(-1, h, d)),
        "Your output array is (m, h, d), as the other three. Its heads come in and m comes "
        "out: which axes come first?",
    ),
    "matrices-transposed": (
        lambda weights, h: _arrays({k: w.T for k, w in weights.items()}, h),
        "Your matrices are transposed first. Keras applies x @ w as you do: is there anything "
        "to turn?",
    ),
    "heads-before-inputs": (
        _keras(leading=lambda w, h, d: w.reshape(-1, h, d).swapaxes(0, 1)),
        "Your arrays are (h, m, d). Keras's come as (m, h, d): which axis is summed over, and "
        "where does it stand?",
    ),
    "widths-before-heads": (
        _keras(leading=lambda w, h, d: w.reshape(-1, d, h)),
        "Your query, key and value are (m, d, h). Which comes first, the head or its width?",
    ),
    "all-like-the-output": (
        _keras(leading=lambda w, h, d: w.reshape(h, d, -1)),
        "Your query, key and value are (h, d, m), as the output is. In which of the four do "
        "the heads come out?",
    ),
    "not-split": (
        lambda weights, h: tuple(weights[name] for name in NAMES),
        "Your arrays are still (m, m). Into which two does the axis of columns part?",
    ),
    "scaled": (
        lambda weights, h: _arrays(
            {
                **weights,
                "query": weights["query"] / np.sqrt(weights["query"].shape[0] // h),
            },
            h,
        ),
        "Your query is divided by the root of d. Keras scales its scores itself: how often "
        "are they scaled now?",
    ),
}
COUNT_WRONG: dict[str, tuple[Callable[..., Any], str]] = {
    "one-head": (
        lambda m, h, d: 4 * m * d,
        "You count one head. How many are there?",
    ),
    "heads-in-full-width": (
        lambda m, h, d: 3 * h * m * m + m * m,
        "You count every head as wide as the model. How many columns has a head?",
    ),
    "no-output-projection": (
        lambda m, h, d: 3 * m * h * d,
        "You count three matrices. Which one leads from the heads back to the model?",
    ),
    "output-square": (
        lambda m, h, d: 3 * m * h * d + m * m,
        "Your last matrix is (m, m). It takes the merged heads: how wide are they, if h·d is "
        "not m?",
    ),
    "with-biases": (
        lambda m, h, d: 4 * m * h * d + 3 * h * d + m,
        "You count biases too. Without them, what is left?",
    ),
    "always-square": (
        lambda m, h, d: 4 * m * m,
        "You count 4·m², which holds when h·d is m. What if it is not?",
    ),
}


def _from(
    exercise: str, wrong: dict[str, tuple[Callable[..., Any], str]]
) -> list[Mistake]:
    return [
        Mistake(exercise, ident, call, says) for ident, (call, says) in wrong.items()
    ]


MISTAKES: list[Mistake] = [
    *_from("heads-split", SPLIT_WRONG),
    *_from("heads-split-error", SPLIT_ERROR),
    *_from("heads-merge", MERGE_WRONG),
    *_functions("heads-attention", [*PLAIN, *TOLD]),
    Mistake("heads-attention", "one-wide-head", _one_wide_head, WIDE),
    Mistake("heads-attention", "no-split", _no_split, NO_HEADS),
    *_functions("heads-attention-mask", [*ONLY_MASKS, *PLAIN, *TOLD]),
    *_from("heads-attention-error", ATTENTION_ERROR),
    *_from("heads-to-keras", KERAS_WRONG),
    *_layers("heads-layer", PLAIN),
    Mistake("heads-layer", "one-wide-head", _class(_output(_one_wide_head)), WIDE),
    Mistake("heads-layer", "returns-two", _class(_heads), BOTH_RETURNED),
    *_layers("heads-layer-mask", [*ONLY_MASKS, *PLAIN]),
    Mistake("heads-layer-mask", "returns-two", _class(_heads), BOTH_RETURNED),
    *_from("heads-layer-config", CONFIG),
    *_from("heads-parameters", COUNT_WRONG),
]
