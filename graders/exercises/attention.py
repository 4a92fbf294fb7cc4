"""Lesson 02: how each answer is called, on which cases, and which laws hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graders.exercise import Case, Choice, Exercise, Law
from graders.laws import BLOCKED, POSITIVE, SLACK, SUMS, Values, sums_to_one

Generator = np.random.Generator

# ----------------------------------------------------------------------------- laws


def _within_the_values(case: Case, values: Values) -> str | None:
    low, high = case.value.min() - SLACK, case.value.max() + SLACK
    output = values["output"]
    if output.min() >= low and output.max() <= high:
        return None
    worst = output.min() if output.min() < low else output.max()
    span = f"{case.value.min():.3g} to {case.value.max():.3g}"
    return f"one number is {worst:.3g} and the values go from {span}"


SOFTMAX_SUMS = Law("weights should sum to 1 along `axis`", sums_to_one)
WITHIN = Law("an output is an average of the values", _within_the_values)

# ---------------------------------------------------------------------------- cases


def _softmax_cases(rng: Generator) -> list[Case]:
    return [
        Case("two scores", scores=np.log([1.0, 3.0]), axis=-1),
        Case("two rows", scores=rng.normal(size=(2, 3)), axis=-1),
        Case("the first axis", scores=rng.normal(size=(3, 4)), axis=0),
        Case("the middle axis", scores=rng.normal(size=(2, 3, 4)), axis=1),
        Case("an axis from the end", scores=rng.normal(size=(2, 3, 4)), axis=-2),
    ]


def _large_cases(rng: Generator) -> list[Case]:
    steps = rng.integers(-3, 4, size=(3, 5)) / 2  # exact in float32, also beside 1e4
    return [
        Case("ten thousand", scores=np.array([1e4, 1e4 + 1]), axis=-1),
        Case("minus ten thousand", scores=np.array([-1e4, -1e4 + 1, -1e4]), axis=-1),
        Case(
            "rows far apart", scores=steps + np.array([[1e4], [0.0], [-1e4]]), axis=-1
        ),
    ]


def _project_cases(rng: Generator) -> list[Case]:
    def case(name: str, t: int, m: int, d: int, v: int) -> Case:
        return Case(
            name,
            x=rng.normal(size=(t, m)),
            w_query=rng.normal(size=(m, d)),
            w_key=rng.normal(size=(m, d)),
            w_value=rng.normal(size=(m, v)),
        )

    small = Case(
        "one word, two numbers wide",
        x=np.array([[1.0, 2.0]]),
        w_query=np.array([[1.0, 0.0], [0.0, 3.0]]),
        w_key=np.array([[0.0, 1.0], [2.0, 0.0]]),
        w_value=np.array([[1.0], [1.0]]),
    )
    return [small, case("five words", 5, 4, 3, 2), case("a square", 3, 3, 3, 3)]


def _one_cases(rng: Generator) -> list[Case]:
    two_keys = Case(
        "two keys",
        query=np.array([2 * np.log(3.0), 0.0, 0.0, 0.0]),
        key=np.eye(4)[:2],
        value=np.array([[0.0, 4.0], [8.0, 0.0]]),
    )
    return [
        two_keys,
        Case(
            "five keys",
            query=rng.normal(size=3),
            key=rng.normal(size=(5, 3)),
            value=rng.normal(size=(5, 2)),
        ),
        Case(
            "as many keys as numbers in one",
            query=rng.normal(size=4),
            key=rng.normal(size=(4, 4)),
            value=rng.normal(size=(4, 4)),
        ),
    ]


def _qkv(
    rng: Generator, name: str, lead: Sequence[int], q: int, k: int, d: int, v: int
) -> Case:
    return Case(
        name,
        query=rng.normal(size=(*lead, q, d)),
        key=rng.normal(size=(*lead, k, d)),
        value=rng.normal(size=(*lead, k, v)),
        mask=None,
    )


def _masked(case: Case, mask: np.ndarray) -> Case:
    return Case(case.name, **{**case.inputs, "mask": mask})


def _attention_cases(rng: Generator) -> list[Case]:
    one_query = Case(
        "one query, two keys",
        query=np.array([[2 * np.log(3.0), 0.0, 0.0, 0.0]]),
        key=np.eye(4)[:2],
        value=np.array([[0.0, 4.0], [8.0, 0.0]]),
        mask=None,
    )
    return [
        one_query,
        _qkv(rng, "three queries, five keys", (), 3, 5, 4, 6),
        _qkv(rng, "a square", (), 3, 3, 3, 3),
    ]


def _leading_cases(rng: Generator) -> list[Case]:
    return [
        _qkv(rng, "a batch", (2,), 3, 5, 4, 6),
        _qkv(rng, "a batch of squares", (3,), 3, 3, 3, 3),
        _qkv(rng, "two leading axes", (2, 3), 4, 6, 5, 2),
        _qkv(rng, "three leading axes", (2, 1, 3), 4, 4, 4, 5),
    ]


def _some_blocked(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    """True and False in every row, the first key of each row blocked now and then."""
    mask = rng.random(shape) < 0.6
    mask[..., 1] = True
    mask[..., 2] = False
    return mask


def _mask_cases(rng: Generator) -> list[Case]:
    padded = np.array(
        [[[True, True, False, True, False]], [[False, True, True, True, True]]]
    )
    small = Case(
        "the last of three keys blocked",
        query=np.array([[[2 * np.log(3.0), 0.0, 0.0, 0.0]]]),
        key=np.eye(4)[np.newaxis, :3],
        value=np.array([[[0.0, 4.0], [8.0, 0.0], [100.0, 100.0]]]),
        mask=np.array([[[True, True, False]]]),
    )
    return [
        small,
        _masked(_qkv(rng, "padding in the middle", (2,), 3, 5, 4, 6), padded),
        _masked(
            _qkv(rng, "another mask for each query", (2,), 4, 5, 3, 2),
            _some_blocked(rng, (2, 4, 5)),
        ),
        _masked(
            _qkv(rng, "one mask for all", (2, 3), 4, 6, 5, 2),
            _some_blocked(rng, (4, 6)),
        ),
        _masked(_qkv(rng, "a square", (2,), 4, 4, 4, 5), _some_past(4)),
        _far_below(rng),
    ]


def _some_past(length: int) -> np.ndarray:
    """What came before, and in no row every key: the first is blocked in the last."""
    mask = np.tri(length, dtype=bool)
    mask[-1, 0] = False
    return mask


def _far_below(rng: Generator) -> Case:
    """Scores near -120, exact in float32: -10 in a blocked place is above them."""
    steps = rng.integers(-3, 4, size=5) / 2
    key = np.zeros((1, 5, 4))
    key[0, :, 0], key[0, :, 1] = steps, 1.0
    return Case(
        "scores far below zero",
        query=np.array([[[-2.0, -240.0, 0.0, 0.0]]]),
        key=key,
        value=rng.normal(size=(1, 5, 2)),
        mask=np.array([[[True, False, True, True, False]]]),
    )


def _words(rng: Generator, name: str, b: int, t: int, m: int, d: int, v: int) -> Case:
    return Case(
        name,
        x=rng.normal(size=(b, t, m)),
        w_query=rng.normal(size=(m, d)) / np.sqrt(m),
        w_key=rng.normal(size=(m, d)) / np.sqrt(m),
        w_value=rng.normal(size=(m, v)) / np.sqrt(m),
        mask=None,
    )


def _self_cases(rng: Generator) -> list[Case]:
    two_words = Case(
        "two words",
        x=np.array([[[1.0, 0.0], [0.0, 1.0]]]),
        w_query=np.sqrt(2) * np.log(3.0) * np.eye(2),
        w_key=np.eye(2),
        w_value=np.array([[4.0, 0.0, 4.0], [0.0, 8.0, 8.0]]),
        mask=None,
    )
    return [
        two_words,
        _words(rng, "three sentences", 3, 5, 4, 2, 6),
        _words(rng, "a square", 2, 4, 4, 4, 4),
    ]


def _self_mask_cases(rng: Generator) -> list[Case]:
    padded = np.array(
        [[[True, True, False, True, False]], [[False, True, True, True, True]]]
    )
    return [
        _masked(_words(rng, "padding in the middle", 2, 5, 4, 3, 6), padded),
        _masked(_words(rng, "one mask for all", 3, 4, 5, 4, 3), _some_past(4)),
        _masked(
            _words(rng, "another mask for each word", 2, 4, 3, 5, 2),
            _some_blocked(rng, (2, 4, 4)),
        ),
    ]


def _repair_cases(rng: Generator) -> list[Case]:
    return [
        Case(
            "one query, two keys",
            query=np.array([[[2 * np.log(3.0), 0.0, 0.0, 0.0]]]),
            key=np.eye(4)[np.newaxis, :2],
            value=np.array([[[0.0, 4.0], [8.0, 0.0]]]),
        ),
        _without_mask(_qkv(rng, "a batch", (2,), 4, 5, 3, 6)),
        _without_mask(_qkv(rng, "a square", (3,), 3, 3, 3, 3)),
    ]


def _without_mask(case: Case) -> Case:
    return Case(case.name, **{k: v for k, v in case.inputs.items() if k != "mask"})


# ------------------------------------------------------------------------ exercises


def _call_attention(attention: Any, case: Case) -> Any:
    if case.mask is None:
        return attention(case.query, case.key, case.value)
    return attention(case.query, case.key, case.value, mask=case.mask)


def _call_self_attention(self_attention: Any, case: Case) -> Any:
    weights = (case.w_query, case.w_key, case.w_value)
    if case.mask is None:
        return self_attention(case.x, *weights)
    return self_attention(case.x, *weights, mask=case.mask)


SOFTMAX = {"softmax": "transformer.reference.attention:softmax"}
EARLIER = {
    **SOFTMAX,
    "project": "transformer.reference.attention:project",
    "attend_one": "transformer.reference.attention:attend_one",
    "attention": "transformer.reference.attention:attention",
}
PAIR = {"output": "(..., q, v)", "weights": "(..., q, k)"}
SELF_PAIR = {"output": "(b, t, v)", "weights": "(b, t, t)"}
DECLARED = "attention(query, key, value, mask=None)"
SELF_DECLARED = "self_attention(x_btm, w_query, w_key, w_value, mask=None)"


def _softmax(name: str, cases: Any) -> Exercise:
    return Exercise(
        name=name,
        signature="softmax(scores, axis=-1)",
        call=lambda softmax, case: softmax(case.scores, axis=case.axis),
        cases=cases,
        oracle="transformer.reference.attention:softmax",
        returns={"weights": "(...)"},
        laws=[POSITIVE, SOFTMAX_SUMS],
    )


def _attention(name: str, cases: Any, laws: Sequence[Law]) -> Exercise:
    return Exercise(
        name=name,
        signature=DECLARED,
        call=_call_attention,
        cases=cases,
        oracle="transformer.reference.attention:attention",
        returns=PAIR,
        laws=laws,
        uses=SOFTMAX,
        first="weights",
    )


def _self_attention(name: str, cases: Any, laws: Sequence[Law]) -> Exercise:
    return Exercise(
        name=name,
        signature=SELF_DECLARED,
        call=_call_self_attention,
        cases=cases,
        oracle="transformer.reference.attention:self_attention",
        returns=SELF_PAIR,
        laws=laws,
        uses=EARLIER,
        first="weights",
    )


FUNCTIONS: list[Exercise] = [
    _softmax("softmax", _softmax_cases),
    _softmax("softmax-large", _large_cases),
    Exercise(
        name="project",
        signature="project(x_tm, w_query, w_key, w_value)",
        call=lambda project, c: project(c.x, c.w_query, c.w_key, c.w_value),
        cases=_project_cases,
        oracle="transformer.reference.attention:project",
        returns={"query": "(t, d)", "key": "(t, d)", "value": "(t, v)"},
    ),
    Exercise(
        name="attend-one",
        signature="attend_one(query_d, key_kd, value_kv)",
        call=lambda attend_one, c: attend_one(c.query, c.key, c.value),
        cases=_one_cases,
        oracle="transformer.reference.attention:attend_one",
        returns={"output": "(v,)", "weights": "(k,)"},
        laws=[POSITIVE, SUMS, WITHIN],
        uses=SOFTMAX,
        first="weights",
    ),
    _attention("attention", _attention_cases, [POSITIVE, SUMS, WITHIN]),
    _attention("attention-leading", _leading_cases, [POSITIVE, SUMS, WITHIN]),
    _attention("attention-mask", _mask_cases, [POSITIVE, BLOCKED, SUMS, WITHIN]),
    Exercise(
        name="repair-attention",
        signature="repaired_attention(query_bqd, key_bkd, value_bkv)",
        call=lambda repaired, c: repaired(c.query, c.key, c.value),
        cases=_repair_cases,
        oracle="transformer.reference.attention:attention",
        returns={"output": "(b, q, v)", "weights": "(b, q, k)"},
        laws=[POSITIVE, SUMS, WITHIN],
        uses=EARLIER,
        first="weights",
    ),
    _self_attention("self-attention", _self_cases, [POSITIVE, SUMS]),
    _self_attention("self-attention-mask", _self_mask_cases, [POSITIVE, BLOCKED, SUMS]),
]

# -------------------------------------------------- predictions and retrieval questions

CHOICES: list[Choice] = [
    Choice(
        name="predict-shift",
        truth="stays",
        answer="shift_guess",
        question="Both scores grow by 100. What happens to the share of the larger one?",
        options={
            "grows": "A common guess: larger scores, larger share. But the other score grew by as much: both exponentials are multiplied by the same e^100, and it cancels.",
            "stays": "Both exponentials are multiplied by the same e^100, which cancels in the division. Softmax sees differences of scores only, so the largest may be subtracted from all.",
            "shrinks": "It would, if only the smaller score had grown. Both exponentials are multiplied by the same e^100, and it cancels.",
        },
    ),
    Choice(
        name="predict-variance",
        truth="grows like d",
        answer="variance_guess",
        question="The entries have variance 1 and d grows. What does the variance of q·k do?",
        options={
            "stays": "Each of the d products has variance 1, and they are added: variances of independent terms add up. It stays only after a division by √d.",
            "grows like d": "A dot product adds d independent products of variance 1, so its variance is d and its typical size √d. Dividing by √d brings the variance back to 1.",
            "grows like d squared": "That would be so if all d products moved together. They are independent: their variances add up to d, and it is the square of the typical size.",
        },
    ),
    Choice(
        name="predict-shuffle",
        truth="the same rows in the new order",
        answer="shuffle_guess",
        question="The words come in another order. What happens to the new vectors?",
        options={
            "the same rows in the new order": "Each query meets the same keys, only listed in another order, and a sum does not care for order. The layer permutes its output as its input was permuted.",
            "different rows": "It feels as if order should matter, and for meaning it does. But no step of the formula uses a place: the same query meets the same keys, so its vector is the same.",
            "the same rows in the old order": "The vectors are the same, but each stays with its own word: row 0 of the output belongs to the word in row 0 of the input.",
        },
    ),
    Choice(
        name="recall-gradient",
        answer="gradient_recall",
        question="Why does the gradient of a plain recurrent network vanish over a distance?",
        options={
            "product": "The chain rule multiplies one Jacobian for each step between the two words; where these shrink vectors, their product shrinks exponentially with the distance.",
            "saturation": "Saturation makes it worse, but it is not needed: factors of 0.9, far from saturated, give 0.9^50 = 0.005. It is the product over time that vanishes.",
            "rate": "The learning rate multiplies every gradient alike, near and far. The far ones are small before it comes in.",
        },
        right="product",
    ),
    Choice(
        name="recall-gates",
        answer="gates_recall",
        question="What do the gates of a GRU or an LSTM do about it?",
        options={
            "abolish": "They do not: a forget gate of 0.95 still multiplies, and 0.95^100 is 0.006. The decay is slower, and it is still a decay.",
            "mitigate": "A gate near 1 passes the state on almost unchanged, so the product shrinks more slowly. The price is three or four times the weights, and the steps still wait for each other.",
            "parallel": "They do not: each step of a gated cell needs the state of the step before.",
        },
        right="mitigate",
    ),
    Choice(
        name="recall-steps",
        answer="steps_recall",
        question="t words: how many steps wait for each other, recurrent and attention?",
        options={
            "t and 1": "Each recurrent step needs the state before it; in attention all queries meet all keys at once. The chain is shorter, the work is not less.",
            "t and t": "Attention does about t times the work for each word, but none of it waits for another word's result.",
            "1 and t": "The other way round: it is the recurrent layer whose step t needs step t − 1.",
        },
        right="t and 1",
    ),
]

EXERCISES = [*FUNCTIONS, *CHOICES]
