"""Lesson 03: how each answer is called, on which cases, and which laws hold."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from graders.exercise import Case, Choice, Exercise, Law
from graders.laws import BLOCKED, POSITIVE, SUMS, Values

Generator = np.random.Generator

NAMES = ("query", "key", "value", "output")

# ----------------------------------------------------------------------------- laws


def _keeps_the_words(case: Case, values: Values) -> str | None:
    """Each head holds numbers of its own word only."""
    for head, row in np.ndindex(values["heads"].shape[1:3]):
        for batch, numbers in enumerate(values["heads"][:, head, row]):
            foreign = ~np.isclose(numbers[:, np.newaxis], case.x[batch, row]).any(-1)
            if foreign.any():
                found = f"{numbers[foreign.argmax()]:.3g}"
                return f"heads[{batch}, {head}, {row}] holds {found}, which is not in x[{batch}, {row}]"
    return None


WORDS = Law("row t of a head should hold numbers of word t alone", _keeps_the_words)

# ---------------------------------------------------------------------------- cases


def _split_cases(rng: Generator) -> list[Case]:
    def case(name: str, b: int, t: int, m: int, num_heads: int) -> Case:
        return Case(name, x=rng.normal(size=(b, t, m)), num_heads=num_heads)

    two_words = np.array([[[0.0, 1.0, 2.0, 3.0], [10.0, 11.0, 12.0, 13.0]]])
    return [
        Case("two words, four columns, two heads", x=two_words, num_heads=2),
        case("a batch", 2, 5, 12, 3),
        case("as many heads as columns", 2, 3, 4, 4),
        case("one head", 3, 4, 5, 1),
        case("a square", 3, 3, 9, 3),
    ]


# A refusal is judged by shapes, so that wrong numbers cost their own points only.


def _split_error_cases(rng: Generator) -> list[Case]:
    b, t = rng.integers(2, 40, size=2)
    return [
        Case("four columns, two heads", x=rng.normal(size=(b, t, 4)), num_heads=2),
        Case("six columns, four heads", x=rng.normal(size=(2, 4, 6)), num_heads=4),
        Case("seven columns, two heads", x=rng.normal(size=(1, 6, 7)), num_heads=2),
    ]


def _merge_cases(rng: Generator) -> list[Case]:
    small = np.array([[[[0.0, 1.0], [10.0, 11.0]], [[2.0, 3.0], [12.0, 13.0]]]])
    return [
        Case("two heads, two words, two columns", x=small),
        Case("a batch", x=rng.normal(size=(2, 3, 5, 4))),
        Case("heads one column wide", x=rng.normal(size=(2, 4, 3, 1))),
        Case("one head", x=rng.normal(size=(3, 1, 4, 5))),
        Case("a square", x=rng.normal(size=(3, 3, 3, 3))),
    ]


def _matrices(rng: Generator, m: int) -> dict[str, np.ndarray]:
    """Four matrices with scores of size 1."""
    return {f"w_{name}": rng.normal(size=(m, m)) / np.sqrt(m) for name in NAMES}


def _heads(
    rng: Generator,
    name: str,
    b: int,
    q: int,
    k: int,
    m: int,
    num_heads: int,
    mask: np.ndarray | None = None,
) -> Case:
    return Case(
        name,
        query=rng.normal(size=(b, q, m)),
        context=rng.normal(size=(b, k, m)),
        **_matrices(rng, m),
        num_heads=num_heads,
        mask=mask,
    )


def _two_words(mask: np.ndarray | None = None) -> Case:
    """The example of the lesson, worked by hand: 3/4 and 1/4, then 1/4 and 3/4."""
    words = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    return Case(
        "two words, two heads one column wide",
        query=words[:, :1],
        context=words,
        w_query=np.array([[np.log(3.0), np.log(3.0)], [0.0, 0.0]]),
        w_key=np.eye(2),
        w_value=np.array([[4.0, 8.0], [0.0, 16.0]]),
        w_output=np.array([[0.0, 1.0], [1.0, 0.0]]),
        num_heads=2,
        mask=mask,
    )


def _heads_cases(rng: Generator) -> list[Case]:
    return [
        _two_words(),
        _heads(rng, "another sentence, three heads", 2, 5, 7, 12, 3),
        _heads(rng, "one head", 2, 4, 3, 5, 1),
        _heads(rng, "a square", 3, 3, 3, 9, 3),
    ]


def _some_blocked(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    """True and False in every row."""
    mask = rng.random(shape) < 0.6
    mask[..., 1] = True
    mask[..., 2] = False
    return mask


def _heads_mask_cases(rng: Generator) -> list[Case]:
    padded = np.array([[1, 1, 0, 1, 0, 1, 0], [0, 1, 1, 1, 1, 0, 1]], dtype=bool)
    padded = padded[:, np.newaxis, np.newaxis, :]
    each_query = _some_blocked(rng, (2, 1, 5, 4))
    each_head = _some_blocked(rng, (2, 3, 4, 5))
    return [
        _two_words(np.array([[[[True, False]]]])),
        _heads(rng, "padding in the middle", 2, 5, 7, 12, 3, padded),
        _heads(rng, "another mask for each query", 2, 5, 4, 6, 2, each_query),
        _heads(rng, "another mask for each head", 2, 4, 5, 12, 3, each_head),
        _heads(rng, "one mask for all, a square", 3, 4, 4, 8, 2, np.tri(4, dtype=bool)),
    ]


def _heads_error_cases(rng: Generator) -> list[Case]:
    b, q = (int(n) for n in rng.integers(2, 40, size=2))
    return [
        _heads(rng, "six columns, two heads", b, q, 2, 6, 2),
        _heads(rng, "six columns, four heads", 2, 4, 4, 6, 4),
        _heads(rng, "seven columns, three heads", 1, 2, 4, 7, 3),
    ]


def _to_keras_cases(rng: Generator) -> list[Case]:
    return [
        Case("two heads one column wide", **_matrices(rng, 2), num_heads=2),
        Case("two heads of three", **_matrices(rng, 6), num_heads=2),
        Case("five heads of two", **_matrices(rng, 10), num_heads=5),
        Case("one head", **_matrices(rng, 3), num_heads=1),
        Case("a square", **_matrices(rng, 9), num_heads=3),
    ]


def _config_cases(rng: Generator) -> list[Case]:
    return [
        _heads(rng, "three heads of four", 2, 4, 5, 12, 3),
        _heads(rng, "four heads of two", 1, 3, 2, 8, 4),
    ]


def _parameter_cases(rng: Generator) -> list[Case]:
    first, second, third = (int(n) for n in rng.integers(2, 9, size=3))
    return [
        Case("eight columns, two heads", model_dim=8, num_heads=2, head_dim=4),
        Case("the base model of 2017", model_dim=512, num_heads=8, head_dim=64),
        Case("narrow heads", model_dim=10 * first, num_heads=second, head_dim=third),
        Case("wide heads", model_dim=second, num_heads=3, head_dim=11 * third),
    ]


# ------------------------------------------------------------------------ the calls


def _weights(case: Case) -> dict[str, np.ndarray]:
    return {name: case.inputs[f"w_{name}"] for name in NAMES}


def _call_heads(multi_head_attention: Any, case: Case) -> Any:
    given = (case.query, case.context, _weights(case), case.num_heads)
    if case.mask is None:
        return multi_head_attention(*given)
    return multi_head_attention(*given, mask=case.mask)


def _shape(value: Any) -> np.ndarray:
    return np.array([int(n) for n in np.shape(value)], dtype=int)


class UnnamedError(Exception):
    """A refusal that does not name both numbers, NumPy's own at the cut for one."""


UnnamedError.__name__ = "a ValueError that does not name both numbers"


def _call_split_shape(split_heads: Any, case: Case) -> Any:
    try:
        return _shape(split_heads(case.x, case.num_heads))
    except ValueError as error:
        named = re.findall(r"\d+", str(error))
        if {str(case.num_heads), str(case.x.shape[-1])} <= set(named):
            raise
        raise UnnamedError(str(error)) from None


def _call_heads_shape(multi_head_attention: Any, case: Case) -> Any:
    found = _call_heads(multi_head_attention, case)
    if isinstance(found, tuple | list) and len(found) == 2:
        return _shape(found[0]), _shape(found[1])
    return found


def _call_to_keras(to_keras: Any, case: Case) -> Any:
    found = to_keras(_weights(case), case.num_heads)
    if not isinstance(found, tuple | list) or len(found) != len(NAMES):
        return found
    return _in_order(tuple(np.asarray(array) for array in found), case)


def _in_order(arrays: tuple[np.ndarray, ...], case: Case) -> tuple[np.ndarray, ...]:
    """The arrays with the heads in the order of the columns.

    The sum over heads does not depend on their order, so another one is as right.
    """
    m, h = case.w_query.shape[0], case.num_heads
    d = m // h
    if [a.shape for a in arrays] != [(m, h, d)] * 3 + [(h, d, m)]:
        return arrays
    columns = [case.w_query[:, head * d : head * d + d] for head in range(h)]
    at = [
        [i for i in range(h) if np.allclose(arrays[0][:, i], wanted, 1e-4, 1e-5)]
        for wanted in columns
    ]
    order = [places[0] for places in at if len(places) == 1]
    if sorted(order) != list(range(h)):
        return arrays
    return (*(array[:, order] for array in arrays[:3]), arrays[3][order])


# A Keras class is built, given the case's weights by attribute, and called. The right
# answer and the named mistakes stand in for layers without Keras, which the comparer
# then need not import; they say so.


def _is_layer(layer: Any) -> bool:
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(layer, keras.layers.Layer)


def _inputs(case: Case) -> tuple[np.ndarray, np.ndarray]:
    return case.query.astype("float32"), case.context.astype("float32")


def _new(make: Any, case: Case) -> Any:
    """A layer that has its weights.

    Keras finds out what `build` wants; a `build(*shapes)` gets both shapes by hand.
    """
    layer = make()
    if not _is_layer(layer) and not hasattr(layer, "stands_for_a_layer"):
        kind = type(layer).__name__
        raise TypeError(f"{kind} is no keras.layers.Layer")
    try:
        layer(*_inputs(case))
    except NotImplementedError:
        raise
    except Exception as error:
        if getattr(layer, "built", True):
            raise
        try:
            layer.build(case.query.shape, case.context.shape)
        except Exception:
            raise error from None
    return layer


def _layer(cls: Any, case: Case) -> Any:
    layer = _new(lambda: cls(case.num_heads), case)
    for name in NAMES:
        _put(layer, f"w_{name}", case.inputs[f"w_{name}"])
    return layer


def _put(layer: Any, name: str, array: np.ndarray) -> None:
    weight: Any = getattr(layer, name, None)
    weight = getattr(weight, "kernel", weight)  # a Dense of that name holds one too
    if not hasattr(weight, "assign"):
        raise AttributeError(
            f"after the first call the layer has no weight {name!r} that can be set: "
            "`build` makes it with `self.add_weight`"
        )
    if tuple(weight.shape) != array.shape:
        raise ValueError(
            f"{name} should have the shape (m, m) = {array.shape}, but it has "
            f"{tuple(weight.shape)}"
        )
    weight.assign(array.astype("float32"))


def _call_layer(cls: Any, case: Case) -> Any:
    layer = _layer(cls, case)
    if case.mask is None:
        return layer(*_inputs(case))
    return layer(*_inputs(case), attention_mask=case.mask)


def _call_layer_again(cls: Any, case: Case) -> Any:
    """The output of a layer made again from what the first one says of itself."""
    layer = _layer(cls, case)
    config = json.loads(json.dumps(layer.get_config()))
    again = _new(lambda: type(layer).from_config(config), case)
    for new, old in zip(again.weights, layer.weights, strict=True):
        new.assign(old)
    size = sum(int(np.prod(weight.shape)) for weight in layer.weights)
    return again(*_inputs(case)), size


def _call_in_model(cls: Any, case: Case) -> Any:
    """The output of a model that holds the layer and knows no batch size."""
    layer = _layer(cls, case)
    inputs = _inputs(case)
    if not _is_layer(layer):
        return layer(*inputs)
    import keras

    empty = [keras.Input(array.shape[1:]) for array in inputs]
    try:
        model = keras.Model(empty, layer(*empty))
        return model(list(inputs))
    except Exception as error:
        raise ValueError(
            "the layer works on numbers, but not inside a model, where the batch size "
            "and the numbers are not known yet. Does `call` use NumPy, or the first "
            "number of `query.shape`, or -1 for the last axis of a reshape? "
            f"Keras says: {_cause(error)}"
        ) from None


def _cause(error: Exception) -> str:
    """The line of Keras's long message that says what went wrong."""
    text = re.sub(r"\x1b\[\d+m", "", str(error)).partition("Arguments received")[0]
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return lines[-1] if lines else type(error).__name__


# ------------------------------------------------------------------------ exercises

SPLIT = {"split_heads": "transformer.reference.heads:split_heads"}
BOTH = {**SPLIT, "merge_heads": "transformer.reference.heads:merge_heads"}
ALL = {
    **BOTH,
    "multi_head_attention": "transformer.reference.heads:multi_head_attention",
    "to_keras": "transformer.reference.heads:to_keras",
}
DECLARED = "multi_head_attention(query_bqm, context_bkm, weights, num_heads, mask=None)"
LAYER = "class MultiHeadAttention(keras.layers.Layer)"
OUTPUT = {"output": "(b, q, m)"}


def _split(name: str, cases: Any, **more: Any) -> Exercise:
    return Exercise(
        name=name,
        signature="split_heads(x_btm, num_heads)",
        cases=cases,
        oracle="transformer.reference.heads:split_heads",
        **more,
    )


def _multi_head(name: str, cases: Any, **more: Any) -> Exercise:
    return Exercise(
        name=name,
        signature=DECLARED,
        cases=cases,
        oracle="transformer.reference.heads:multi_head_attention",
        uses=BOTH,
        **more,
    )


def _multi_head_values(name: str, cases: Any, laws: Sequence[Law]) -> Exercise:
    pair = {**OUTPUT, "weights": "(b, h, q, k)"}
    return _multi_head(name, cases, call=_call_heads, returns=pair, laws=laws)


def _class(name: str, cases: Any, call: Any, **more: str) -> Exercise:
    return Exercise(
        name=name,
        signature=LAYER,
        call=call,
        cases=cases,
        oracle="transformer.reference.heads:MultiHeadAttention",
        returns={**OUTPUT, **more},
        uses=ALL,
    )


FUNCTIONS: list[Exercise] = [
    _split(
        "heads-split",
        _split_cases,
        call=lambda split_heads, case: split_heads(case.x, case.num_heads),
        returns={"heads": "(b, h, t, d)"},
        laws=[WORDS],
    ),
    _split(
        "heads-split-error",
        _split_error_cases,
        call=_call_split_shape,
        returns={"heads.shape": "(4,)"},
    ),
    Exercise(
        name="heads-merge",
        signature="merge_heads(x_bhtd)",
        call=lambda merge_heads, case: merge_heads(case.x),
        cases=_merge_cases,
        oracle="transformer.reference.heads:merge_heads",
        returns={"merged": "(b, t, m)"},
    ),
    _multi_head_values("heads-attention", _heads_cases, [POSITIVE, SUMS]),
    _multi_head_values(
        "heads-attention-mask", _heads_mask_cases, [POSITIVE, BLOCKED, SUMS]
    ),
    _multi_head(
        "heads-attention-error",
        _heads_error_cases,
        call=_call_heads_shape,
        returns={"output.shape": "(3,)", "weights.shape": "(4,)"},
    ),
    Exercise(
        name="heads-to-keras",
        signature="to_keras(weights, num_heads)",
        call=_call_to_keras,
        cases=_to_keras_cases,
        oracle="transformer.reference.heads:to_keras",
        returns={
            "query": "(m, h, d)",
            "key": "(m, h, d)",
            "value": "(m, h, d)",
            "output": "(h, d, m)",
        },
        uses=BOTH,
    ),
    _class("heads-layer", _heads_cases, _call_layer),
    _class("heads-layer-mask", _heads_mask_cases, _call_layer),
    _class("heads-layer-config", _config_cases, _call_layer_again, parameters="()"),
    _class("heads-layer-model", _config_cases, _call_in_model),
    Exercise(
        name="heads-parameters",
        signature="attention_parameters(model_dim, num_heads, head_dim)",
        call=lambda count, c: count(c.model_dim, c.num_heads, c.head_dim),
        cases=_parameter_cases,
        oracle="transformer.reference.heads:attention_parameters",
        returns={"parameters": "()"},
    ),
]

# -------------------------------------------------- predictions and retrieval questions

CHOICES: list[Choice] = [
    Choice(
        name="predict-one-look",
        truth="to 1/3",
        answer="look_guess",
        question="One query asks what, when and who at once, ever more sharply. Where does the weight of visite go?",
        options={
            "to 1": "It would, if visite alone fitted the query. Jane and septembre fit as well, and sharpness cannot choose among equals: the three share a sum of 1.",
            "to 1/3": "Three words fit the query equally well, and a row of weights sums to 1. Sharpening takes the weight from the other two words and leaves a third to each.",
            "to 0": "Sharpening takes weight from words that fit less than the best. Visite fits as well as the best, so it keeps its share of a third.",
        },
    ),
    Choice(
        name="predict-reshape",
        truth="the first words",
        answer="reshape_guess",
        question="x.reshape(b, h, t, d) without a transpose: what does head 0 hold?",
        options={
            "half of every word": "That is what it should hold, and the shape promises it. But a reshape keeps the numbers in reading order: it takes the first t·d of them, which are the first words, column after column.",
            "the first words": "A reshape moves no number: head 0 gets the first t·d of them in reading order, and those are the first words, column after column. The shape is right, and the content belongs elsewhere.",
            "an error": "The count of numbers fits, so NumPy has nothing to complain about. That is what makes this mistake dangerous: the shape is right, and head 0 holds the first words alone.",
        },
    ),
    Choice(
        name="predict-heads-parameters",
        truth="as many",
        answer="parameters_guess",
        question="Eight heads in place of one, each m/8 wide: how many parameters?",
        options={
            "eight times as many": "Each head has matrices of its own, but each is an eighth as wide: side by side they are again (m, m).",
            "as many": "The heads' matrices side by side are one matrix (m, m), however it is cut. Four of them make 4·m² numbers for any number of heads.",
            "an eighth as many": "Each head is an eighth as wide, but there are eight of them: side by side they fill the same matrix (m, m).",
        },
    ),
    Choice(
        name="recall-heads-scale",
        answer="scale_recall",
        question="Why are scores divided by the root of d?",
        options={
            "variance": "A dot product sums d products of variance 1; divided by √d its variance is 1 for every d, and softmax keeps a gradient to learn from.",
            "sum": "It is softmax that makes each row sum to 1, whatever the scores are.",
            "length": "The number of words plays no part: d is how many numbers one query holds.",
        },
        right="variance",
    ),
    Choice(
        name="recall-heads-mask",
        answer="mask_recall",
        question="Where does a mask act?",
        options={
            "on the token ids": "The ids stay as they are: -1e9 would be no word at all. It is the score of a pair that is lowered.",
            "on the scores": "A blocked score becomes -1e9 before softmax, so that the other words share its weight and each row still sums to 1.",
            "on the weights": "Weights set to 0 after softmax leave rows that sum to less than 1. The score is lowered before.",
        },
        right="on the scores",
    ),
    Choice(
        name="recall-heads-jacobian",
        answer="jacobian_recall",
        question="How does the gradient reach a word t steps back in a recurrent network, and in attention?",
        options={
            "t factors and one": "The recurrent state passes t Jacobians, whose product shrinks or grows with t; attention joins any two words by one weighted sum.",
            "one and t factors": "The other way round: it is the recurrent network that passes its state on step by step.",
            "t factors in both": "Attention has no chain over positions: every output is one weighted sum over all words.",
        },
        right="t factors and one",
    ),
]

EXERCISES = [*FUNCTIONS, *CHOICES]
