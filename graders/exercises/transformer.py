"""Lesson 06: how each answer is called, on which cases, and which laws hold.

The answers are Keras classes. Each is built, given the case's weights by attribute path,
and called; the right answer and the named mistakes stand in for layers without Keras.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from graders.collect import as_value
from graders.exercise import Case, Choice, Exercise, Law
from graders.laws import sums_to_one
from transformer.weights import put

Generator = np.random.Generator
Values = Mapping[str, np.ndarray]
Shapes = dict[str, tuple[int, ...]]

LIMITS = {"call": 40, "total": 300}  # seconds: a Transformer takes one to build

# ----------------------------------------------------------------------------- laws

SLACK = 1e-3  # a law speaks of what is plainly broken; the numbers are judged after it
LATER, LAST = "logits when a later word changes", "logits when the source's end changes"
LONGER_SOURCE, LONGER_TARGET = "logits with a longer source", "with a longer target"
ALONE, AGAIN = "logits of one sentence alone", "logits once more"


def _place(at: Sequence[Any]) -> str:
    return f"[{', '.join(str(int(i)) for i in at)}]"


def _moved(values: Values, name: str, before: np.ndarray) -> str:
    """The first place where a value is not as before, or ""."""
    move = np.abs(values[name] - before)
    wrong = np.argwhere(move.max(axis=-1) > SLACK)
    if not len(wrong):
        return ""
    at = tuple(wrong[0])
    return f"logits{_place(at)} moves by {move[at].max():.2g}"


def _first_reacts(case: Case, values: Values) -> str | None:
    """Sentence 1 is sentence 0 with another last word."""
    move = np.abs(values["output"][1, 0] - values["output"][0, 0]).max()
    return None if move > SLACK else "the vector at position 0 stays as it is"


def _last_word(tokens_t: np.ndarray) -> int:
    return int(np.flatnonzero(tokens_t)[-1])


def _is_steady(case: Case, values: Values) -> str | None:
    found = _moved(values, AGAIN, values["logits"])
    return f"{found} at the second call: is dropout at work?" if found else None


def _are_no_shares(case: Case, values: Values) -> str | None:
    rows = values["logits"][case.target != 0]
    if np.abs(rows.sum(axis=-1) - 1).max() > SLACK or rows.min() < 0:
        return None
    return "each row sums to 1: softmax belongs to the loss"


def _past_is_kept(case: Case, values: Values) -> str | None:
    word = _last_word(case.target[0])
    move_t = np.abs(values[LATER] - values[ALONE][0]).max(axis=-1)[:word]
    moved = np.flatnonzero(move_t > SLACK)
    if not len(moved):
        return None
    return (
        f"yours at position {moved[0]} move by {move_t[moved[0]]:.2g} when word {word} "
        "of the target changes: the decoder sees the future"
    )


def _end_arrives(case: Case, values: Values) -> str | None:
    is_word_t = case.target[0] != 0
    move_t = np.abs(values[LAST] - values[ALONE][0]).max(axis=-1)[is_word_t]
    stays = np.flatnonzero(move_t < SLACK / 10)
    return f"the logits at position {stays[0]} stay as they are" if len(stays) else None


def _source_padding(case: Case, values: Values) -> str | None:
    found = _moved(values, LONGER_SOURCE, values["logits"])
    return f"{found}: padding is attended to" if found else None


def _target_padding(case: Case, values: Values) -> str | None:
    found = _moved(values, LONGER_TARGET, values["logits"])
    return f"{found}: padding is attended to" if found else None


def _sentences_are_apart(case: Case, values: Values) -> str | None:
    found = _moved(values, ALONE, values["logits"][:1])
    return f"{found} when sentence 0 stands alone" if found else None


def _as_masked(name: str, mask: str, word: str) -> Callable[..., str | None]:
    """Whether `name`, `(b, q, k)`, is True exactly where the case's mask is."""

    def broken(case: Case, values: Values) -> str | None:
        hears = values[name]
        allowed = np.broadcast_to(case.inputs[mask][:, 0], hears.shape)
        if name == HEARS:
            allowed = allowed | np.eye(hears.shape[1], dtype=bool)
        wrong = np.argwhere(hears != allowed)
        if not len(wrong):
            return None
        b, q, k = wrong[0]
        verb, does = (
            ("hears", "hides") if hears[b, q, k] else ("does not hear", "shows")
        )
        return f"in sentence {b} word {q} {verb} {word} {k}, which `{mask}` {does}"

    return broken


HEARS, SEES = "hears", "sees"
MASKED = "a word should hear those words that the mask shows it, and no others"
ENCODER_MASK = Law(MASKED, _as_masked(HEARS, "attention_mask", "word"))
SELF_MASK = Law(MASKED, _as_masked(HEARS, "self_mask", "word"))
CROSS_MASK = Law(MASKED, _as_masked(SEES, "cross_mask", "the source's word"))
REACTS = Law(
    "the first position should react when the last word of the sentence changes",
    _first_reacts,
)
SUMS = Law("each row of weights should sum to 1 over the source's words", sums_to_one)
STEADY = Law("the same sentences should give the same logits at every call", _is_steady)
NO_SHARES = Law("the model should return logits, not probabilities", _are_no_shares)
PAST = Law("logits should not depend on words that are still to come", _past_is_kept)
ARRIVES = Law(
    "the last word of the source should reach every position of the target",
    _end_arrives,
)
SOURCE_PADDING = Law(
    "padding appended to the source should change nothing", _source_padding
)
TARGET_PADDING = Law(
    "padding appended to the target should change nothing", _target_padding
)
APART = Law("the sentences of a batch should not touch", _sentences_are_apart)
WHOLE = [STEADY, NO_SHARES, APART, PAST, SOURCE_PADDING, TARGET_PADDING, ARRIVES]

# -------------------------------------------------------- weights by their attributes


def _under(name: str, shapes: Shapes) -> Shapes:
    return {f"{name}.{inner}": shape for inner, shape in shapes.items()}


def _norm(m: int) -> Shapes:
    return {"gamma": (m,), "beta": (m,)}


def _dense(inputs: int, outputs: int) -> Shapes:
    return {"kernel": (inputs, outputs), "bias": (outputs,)}


def _attention(m: int, h: int) -> Shapes:
    cut, merged = (m, h, m // h), (h, m // h, m)
    looks = {f"{role}_dense.kernel": cut for role in ("query", "key", "value")}
    return {**looks, "output_dense.kernel": merged}


def _feed_forward(m: int, f: int) -> Shapes:
    return {**_under("expand", _dense(m, f)), **_under("project", _dense(f, m))}


def _encoder_layer(m: int, h: int, f: int) -> Shapes:
    return {
        **_under("attention", _attention(m, h)),
        **_under("norm_attention", _norm(m)),
        **_under("feed_forward", _feed_forward(m, f)),
        **_under("norm_feed_forward", _norm(m)),
    }


def _decoder_layer(m: int, h: int, f: int) -> Shapes:
    return {
        **_under("self_attention", _attention(m, h)),
        **_under("norm_self", _norm(m)),
        **_under("cross_attention", _attention(m, h)),
        **_under("norm_cross", _norm(m)),
        **_under("feed_forward", _feed_forward(m, f)),
        **_under("norm_feed_forward", _norm(m)),
    }


def _stack(n: int, layers: int, block: Shapes, m: int) -> Shapes:
    found: Shapes = {"embedding.embedding.embeddings": (n, m)}
    for number in range(layers):
        found |= _under(f"blocks.{number}", block)
    return found


def _draw(rng: Generator, shapes: Shapes) -> dict[str, np.ndarray]:
    """Weights that keep numbers at size 1; every bias and every gamma its own."""
    return {name: _drawn(rng, name, shape) for name, shape in shapes.items()}


def _drawn(rng: Generator, name: str, shape: tuple[int, ...]) -> np.ndarray:
    drawn = rng.normal(size=shape)
    if name.endswith(("bias", "beta")):
        drawn *= 0.3
    elif name.endswith("gamma"):
        drawn = rng.uniform(0.6, 1.4, size=shape)
    elif name.endswith("output_dense.kernel"):
        drawn /= np.sqrt(shape[0] * shape[1])
    elif name.endswith("embeddings"):
        drawn /= np.sqrt(shape[1])
    else:
        drawn /= np.sqrt(shape[0])
    return drawn.astype("float32")


# ---------------------------------------------------------------------------- cases


def _norm_case(
    rng: Generator, name: str, shape: tuple[int, ...], size: float = 1.0, **more: Any
) -> Case:
    m = shape[-1]
    x = size * rng.normal(size=shape) + more.pop("mean", 0.0)
    gamma = rng.uniform(0.5, 2, size=m) * rng.choice([-1, 1], size=m)
    given = {"gamma": gamma, "beta": rng.normal(size=m), "epsilon": None}
    return Case(name, x=x, **{**given, **more})


def _norm_cases(rng: Generator) -> list[Case]:
    word = np.array([[0.0, 0.0, 4.0, 4.0]])
    plain = {"gamma": np.ones(4), "beta": np.zeros(4), "epsilon": None}
    return [
        Case("one word of four numbers", x=word, **plain),
        _norm_case(rng, "two words, stretched and moved", (2, 3)),
        _norm_case(rng, "a batch", (2, 5, 7), size=3.0, mean=2.0),
        _norm_case(rng, "as many sentences as words as columns", (4, 4, 4), mean=1.0),
        _norm_case(rng, "heads too", (2, 3, 4, 5)),
    ]


def _epsilon_cases(rng: Generator) -> list[Case]:
    """With gamma 1 and beta 0: what is wrong with those two is told elsewhere."""

    def case(name: str, shape: tuple[int, ...], **more: Any) -> Case:
        m = shape[-1]
        plain: dict[str, Any] = {"gamma": np.ones(m), "beta": np.zeros(m)}
        return _norm_case(rng, name, shape, **more, **plain)

    return [
        case("a word of equal numbers", (2, 4), size=0.0, mean=3.0),
        case("differences of a thousandth", (2, 3, 5), size=1e-3),
        case("another epsilon", (3, 4, 6), epsilon=0.5),
    ]


def _forward_case(rng: Generator, name: str, b: int, t: int, m: int, f: int) -> Case:
    x = rng.normal(size=(b, t, m)).astype("float32")
    weights = _draw(rng, _feed_forward(m, f))
    return Case(name, x=x, m=m, hidden=f, **weights)


def _forward_cases(rng: Generator) -> list[Case]:
    return [
        _forward_case(rng, "one word", 1, 1, 2, 3),
        _forward_case(rng, "a batch", 2, 5, 4, 7),
        _forward_case(rng, "a square", 3, 3, 3, 3),
    ]


def _some_blocked(rng: Generator, b: int, q: int, k: int) -> np.ndarray:
    """`(b, 1, q, k)` with True and False in every row."""
    mask = rng.random((b, 1, q, k)) < 0.6
    row = np.arange(q)
    mask[:, :, row, row % k] = True
    mask[:, :, row, (row + 1) % k] = False
    return mask


def _hidden_keys(rng: Generator, b: int, q: int, k: int) -> np.ndarray:
    """`(b, 1, q, k)`, the same for every query: padding, in the middle too."""
    row = np.ones((b, 1, 1, k), dtype=bool)
    row[0, ..., -2:] = False
    row[-1, ..., int(rng.integers(1, k - 1))] = False
    return np.repeat(row, q, axis=2)


Size = tuple[int, int, int, int, int]  # b, t, m, h, f


def _encoder_case(rng: Generator, name: str, size: Size, **more: Any) -> Case:
    b, t, m, h, f = size
    return Case(
        name,
        x=rng.normal(size=(b, t, m)).astype("float32"),
        sizes=np.array([m, h, f]),
        **{"attention_mask": None, "dropout": 0.0, **more},
        **_draw(rng, _encoder_layer(m, h, f)),
    )


def _encoder_layer_cases(rng: Generator) -> list[Case]:
    return [
        _encoder_case(rng, "two words, one head", (1, 2, 4, 1, 3)),
        _encoder_case(rng, "a batch, three heads", (2, 5, 6, 3, 7)),
    ]


def _encoder_layer_mask_cases(rng: Generator) -> list[Case]:
    padding = _hidden_keys(rng, 2, 6, 6)
    each = _some_blocked(rng, 3, 4, 4)
    return [
        _encoder_case(rng, "padding", (2, 6, 4, 2, 5), attention_mask=padding),
        _encoder_case(
            rng, "a mask for each query", (3, 4, 6, 3, 5), attention_mask=each
        ),
    ]


def _dropout_cases(rng: Generator) -> list[Case]:
    b, t = (int(n) for n in rng.integers(2, 30, size=2))
    return [
        _encoder_case(rng, "half is dropped", (b, 5, 6, 3, 7), dropout=0.5),
        _encoder_case(rng, "nothing is dropped", (2, t, 4, 2, 5)),
    ]


def _tokens(rng: Generator, n: int, lengths: Sequence[int], width: int) -> np.ndarray:
    """Sentences of these lengths, padded on the right: `(b, width)`."""
    tokens = rng.integers(1, n, size=(len(lengths), width))
    tokens[np.arange(width) >= np.array(lengths)[:, np.newaxis]] = 0
    return tokens


def _other(token: int, n: int) -> int:
    """Another word than this one, and no padding."""
    return token % (n - 1) + 1


def _encoder_stack_case(
    rng: Generator, name: str, t: int, layers: int, masked: bool
) -> Case:
    n, max_length, m, h, f = 9, t + 3, 6, 2, 5
    tokens = _tokens(rng, n, [t, t, t - 2], t)
    tokens[1] = tokens[0]
    tokens[1, -1] = _other(int(tokens[0, -1]), n)
    mask = (tokens != 0)[:, np.newaxis, np.newaxis, :] if masked else None
    weights = _draw(rng, _stack(n, layers, _encoder_layer(m, h, f), m))
    sizes = np.array([n, max_length, layers, m, h, f])
    return Case(name, tokens=tokens, attention_mask=mask, sizes=sizes, **weights)


def _encoder_cases(rng: Generator) -> list[Case]:
    return [
        _encoder_stack_case(rng, "one block", 4, 1, False),
        _encoder_stack_case(rng, "two blocks and padding", 5, 2, True),
    ]


def _decoder_case(
    rng: Generator, name: str, size: tuple[int, ...], masked: bool = False
) -> Case:
    b, t, k, m, h, f = size
    return Case(
        name,
        x=rng.normal(size=(b, t, m)).astype("float32"),
        context=rng.normal(size=(b, k, m)).astype("float32"),
        self_mask=_some_blocked(rng, b, t, t) if masked else None,
        cross_mask=_hidden_keys(rng, b, t, k) if masked else None,
        sizes=np.array([m, h, f]),
        **_draw(rng, _decoder_layer(m, h, f)),
    )


def _decoder_layer_cases(rng: Generator) -> list[Case]:
    return [
        _decoder_case(rng, "two words look at three, one head", (1, 2, 3, 4, 1, 3)),
        _decoder_case(rng, "a batch, three heads", (2, 5, 4, 6, 3, 7)),
    ]


def _decoder_layer_mask_cases(rng: Generator) -> list[Case]:
    return [
        _decoder_case(rng, "two masks", (2, 3, 5, 4, 2, 5), masked=True),
        _decoder_case(rng, "as many words as keys", (3, 4, 4, 6, 3, 5), masked=True),
    ]


def _decoder_stack_case(
    rng: Generator, name: str, layers: int, masked: bool, k: int
) -> Case:
    n, t, m, h, f = 8, 4, 6, 2, 5
    tokens = _tokens(rng, n, [t, t], t)
    return Case(
        name,
        tokens=tokens,
        context=rng.normal(size=(2, k, m)).astype("float32"),
        self_mask=np.tri(t, dtype=bool)[np.newaxis, np.newaxis] if masked else None,
        cross_mask=_hidden_keys(rng, 2, t, k) if masked else None,
        sizes=np.array([n, t + 3, layers, m, h, f]),
        **_draw(rng, _stack(n, layers, _decoder_layer(m, h, f), m)),
    )


def _decoder_cases(rng: Generator) -> list[Case]:
    return [
        _decoder_stack_case(rng, "one block", 1, False, 3),
        _decoder_stack_case(rng, "two blocks with masks", 2, True, 5),
    ]


def _whole_case(rng: Generator, name: str, layers: int, dropout: float) -> Case:
    """Two sentences, padded on both sides; sentence 0 is what the laws change."""
    n_source, n_target, max_length, m, h, f = 9, 7, 10, 6, 2, int(rng.integers(4, 30))
    encoder = _stack(n_source, layers, _encoder_layer(m, h, f), m)
    decoder = _stack(n_target, layers, _decoder_layer(m, h, f), m)
    weights = {
        **_under("encoder", encoder),
        **_under("decoder", decoder),
        **_under("to_logits", _dense(m, n_target)),
    }
    return Case(
        name,
        source=_tokens(rng, n_source, [4, 5], 6),
        target=_tokens(rng, n_target, [4, 3], 5),
        sizes=np.array([n_source, n_target, max_length, layers, m, h, f]),
        dropout=dropout,
        **_draw(rng, weights),
    )


def _whole_cases(rng: Generator) -> list[Case]:
    return [_whole_case(rng, "two sentences, two blocks on each side", 2, 0.3)]


def _save_cases(rng: Generator) -> list[Case]:
    return [_whole_case(rng, "one block on each side", 1, 0.3)]


def _block_case(rng: Generator, name: str, b: int, t: int, m: int) -> Case:
    return Case(
        name,
        x=rng.normal(size=(b, t, m)),
        mix=rng.dirichlet(np.ones(t), size=t),
        w_think=rng.normal(size=(m, m)),
        gamma=rng.uniform(0.5, 1.5, size=(2, m)),
        beta=rng.normal(size=(2, m)),
    )


def _block_cases(rng: Generator) -> list[Case]:
    return [
        _block_case(rng, "two words", 1, 2, 3),
        _block_case(rng, "a batch", 2, 5, 4),
        _block_case(rng, "a square", 3, 3, 3),
    ]


# ---------------------------------------------------------------------------- calls


class WeightsDoNotFitError(Exception):
    """The case's weights cannot be put into what the student made."""


def _filled(layer: Any, case: Case, *inputs: Any, **more: Any) -> Any:
    """The layer, called once so that it has its weights, with the case's in them."""
    if not _is_layer(layer) and not hasattr(layer, "stands_for_a_layer"):
        raise TypeError(f"{type(layer).__name__} is no keras.layers.Layer")
    layer(*inputs, **more)
    arrays = {name: array for name, array in case.inputs.items() if "." in name}
    try:
        put(layer, arrays)
    except ValueError as error:
        hint = "Is every part made in `__init__`, under its name, and used in `call`?"
        raise WeightsDoNotFitError(f"{error} {hint}") from None
    return layer


def _called(layer: Any, case: Case, *inputs: Any, **more: Any) -> Any:
    """The layer, called once, with the case's weights if they fit and its own if not."""
    with suppress(WeightsDoNotFitError):
        _filled(layer, case, *inputs, **more)
    return layer


def _is_layer(layer: Any) -> bool:
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(layer, keras.layers.Layer)


def _sizes(case: Case) -> list[int]:
    return [int(size) for size in case.sizes]


def _call_norm(layer_norm: Any, case: Case) -> Any:
    given = (case.x, case.gamma, case.beta)
    if case.epsilon is None:
        return layer_norm(*given)
    return layer_norm(*given, epsilon=case.epsilon)


def _call_forward(cls: Any, case: Case) -> Any:
    return _filled(cls(case.m, case.hidden), case, case.x)(case.x)


def _mask(case: Case) -> dict[str, Any]:
    given = case.attention_mask
    return {} if given is None else {"attention_mask": given}


def _encoder_layer_of(cls: Any, case: Case) -> Any:
    layer = cls(*_sizes(case), dropout=case.dropout)
    return _filled(layer, case, case.x, **_mask(case))


def _call_encoder_layer(cls: Any, case: Case) -> Any:
    return _encoder_layer_of(cls, case)(case.x, **_mask(case))


def _call_encoder_mask(cls: Any, case: Case) -> Any:
    """Which words hear which: the mask alone, whatever else the layer does."""
    layer = cls(*_sizes(case), dropout=case.dropout)
    _called(layer, case, case.x, **_mask(case))
    hears = _moved_by(lambda x: layer(x, **_mask(case)), case.x, case.x.shape)
    return hears if hears is None else hears | np.eye(case.x.shape[1], dtype=bool)


def _moved_by(
    run: Callable[[np.ndarray], Any], x: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray | None:
    """Which words of the output move when word k of `x` is another: `(b, q, k)`."""
    before, columns = _output(run(x), shape), []
    if before is None:
        return None
    for k in range(x.shape[1]):
        changed = x.copy()
        changed[:, k] = changed[:, k, ::-1]
        after = _output(run(changed), shape)
        columns.append(np.abs(after - before).max(axis=-1) > 1e-5)
    return np.stack(columns, axis=-1)


def _output(found: Any, shape: tuple[int, ...]) -> Any:
    """The output as an array, without the weights that may stand behind it."""
    output = found[0] if isinstance(found, tuple | list) and found else found
    if output is None:
        return None
    array = as_value(output)
    if isinstance(array, np.ndarray) and array.shape == shape:
        return array
    kind = type(output).__name__
    came = f"has {array.shape}" if isinstance(array, np.ndarray) else f"is a {kind}"
    raise ValueError(f"the output should have the shape {shape}, but it {came}.")


SPEAKS = {
    "attention": "attention.output_dense.",
    "feed-forward": "feed_forward.project.",
}


def _call_dropout(cls: Any, case: Case) -> Any:
    """The shape of the output, and when it is random."""
    layer = _encoder_layer_of(cls, case)
    output = layer(case.x)
    if not isinstance(as_value(output), np.ndarray):
        return output
    found = [_is_random(layer, case.x), _is_random(layer, case.x, training=True)]
    for speaking in (["attention"], ["feed-forward"], []):
        _silence(layer, case, [SPEAKS[name] for name in SPEAKS if name not in speaking])
        found.append(_is_random(layer, case.x, training=True))
    if found[0]:  # always on: where it acts is of no interest
        found[2:] = [case.dropout > 0, case.dropout > 0, False]
    return np.array(np.shape(output)), *map(np.array, found)


def _is_random(layer: Any, x: np.ndarray, **more: Any) -> bool:
    once, again = (np.asarray(as_value(layer(x, **more))) for _ in range(2))
    return not np.array_equal(once, again)


def _silence(layer: Any, case: Case, starts: Sequence[str]) -> None:
    """The case's weights, with zeros in the last matrix of some sublayers."""
    arrays = {name: array for name, array in case.inputs.items() if "." in name}
    zeros = {n: 0 * array for n, array in arrays.items() if n.startswith(tuple(starts))}
    put(layer, arrays | zeros)


def _call_encoder(cls: Any, case: Case) -> Any:
    encoder = _filled(cls(*_sizes(case)), case, case.tokens, **_mask(case))
    return encoder(case.tokens, **_mask(case))


def _masks(case: Case) -> dict[str, Any]:
    if case.self_mask is None:
        return {}
    return {"self_mask": case.self_mask, "cross_mask": case.cross_mask}


def _call_decoder_layer(cls: Any, case: Case) -> Any:
    inputs = case.x, case.context
    layer = _filled(cls(*_sizes(case)), case, *inputs, **_masks(case))
    return layer(*inputs, **_masks(case))


def _call_decoder_mask(cls: Any, case: Case) -> Any:
    """Which words hear which, and which see which of the source: the masks alone."""
    layer, masks = cls(*_sizes(case)), _masks(case)
    x, context = case.x, case.context
    _called(layer, case, x, context, **masks)
    hears = _moved_by(lambda own: layer(own, context, **masks), x, x.shape)
    sees = _moved_by(lambda other: layer(x, other, **masks), context, x.shape)
    return hears if hears is None else (hears | np.eye(x.shape[1], dtype=bool), sees)


def _call_decoder(cls: Any, case: Case) -> Any:
    """The output, and the weights of all blocks in one array."""
    inputs = case.tokens, case.context
    decoder = _filled(cls(*_sizes(case)), case, *inputs, **_masks(case))
    found = decoder(*inputs, **_masks(case))
    if not isinstance(found, tuple | list) or len(found) != 2:
        return found
    output, weights = found
    if isinstance(weights, tuple | list):
        weights = [as_value(one) for one in weights]
        if len({np.shape(one) for one in weights}) == 1:
            weights = np.stack(weights)
    return output, weights


def _model(cls: Any, case: Case) -> Any:
    made = cls(*_sizes(case), dropout=case.dropout)
    return _filled(made, case, (case.source, case.target))


def _logits(model: Any, source: np.ndarray, target: np.ndarray) -> Any:
    """Logits at words of the target, 0 at its padding: what is there is nobody's."""
    returned = model((source, target))
    found = as_value(returned)
    if not isinstance(found, np.ndarray) or found.shape[:2] != target.shape:
        return returned
    return np.where((target != 0)[..., np.newaxis], found, found.dtype.type(0))


def _changed(tokens: np.ndarray, n: int) -> np.ndarray:
    """Sentence 0 alone, with another last word."""
    changed, word = tokens[:1].copy(), _last_word(tokens[0])
    changed[0, word] = _other(int(tokens[0, word]), n)
    return changed


def _longer(tokens: np.ndarray, columns: int) -> np.ndarray:
    return np.pad(tokens, ((0, 0), (0, columns)))


def _call_whole(cls: Any, case: Case) -> Any:
    """The logits, and what becomes of them when something changes."""
    model, (n_source, n_target) = _model(cls, case), _sizes(case)[:2]
    source, target = case.source, case.target
    logits = _logits(model, source, target)
    if not isinstance(logits, np.ndarray) or logits.ndim != 3:
        return (logits,) * 7
    t = target.shape[1]
    return (
        logits,
        _logits(model, source, target),
        _logits(model, source[:1], _changed(target, n_target))[0],
        _logits(model, _changed(source, n_source), target[:1])[0],
        _logits(model, source[:1], target[:1]),
        _logits(model, _longer(source, 2), target),
        _logits(model, source, _longer(target, 3))[:, :t],
    )


def _call_save(cls: Any, case: Case) -> Any:
    """How saving and loading changes the logits and dropout; how much is loaded."""
    model = _model(cls, case)
    before = _logits(model, case.source, case.target)
    again = _loaded(model) if _is_layer(model) else _made_again(model, case)
    size = sum(int(np.prod(v.shape)) for v in again.trainable_variables)
    after = _logits(again, case.source, case.target)
    rate = np.array(_dropout_of(again) - _dropout_of(model))
    if np.shape(before) != np.shape(after) or not isinstance(after, np.ndarray):
        return before, size, rate
    return after - before, size, rate


def _dropout_of(model: Any) -> float:
    """The largest share that a part of the model drops."""
    if not _is_layer(model):
        return float(model.made_with["dropout"])
    from keras.layers import Dropout

    parts = model._flatten_layers()
    return max((part.rate for part in parts if isinstance(part, Dropout)), default=0.0)


def _loaded(model: Any) -> Any:
    import keras

    parts = {type(part).__name__: type(part) for part in model._flatten_layers()}
    own = {n: c for n, c in parts.items() if not c.__module__.startswith("keras.")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return keras.models.load_model(path, custom_objects=own)


def _made_again(model: Any, case: Case) -> Any:
    config = json.loads(json.dumps(model.get_config()))
    again = type(model).from_config(config)
    return _filled(again, case, (case.source, case.target))


def _call_block(repaired_block: Any, case: Case) -> Any:
    def norm(number: int) -> Any:
        def normalised(x: Any) -> np.ndarray:
            centred = x - np.mean(x, axis=-1, keepdims=True)
            size = np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + 1e-6)
            return centred / size * case.gamma[number] + case.beta[number]

        return normalised

    def attend(x: Any) -> np.ndarray:
        return case.mix @ x

    def think(x: Any) -> np.ndarray:
        return np.maximum(0, x @ case.w_think)

    return repaired_block(case.x, attend, think, norm(0), norm(1))


# ------------------------------------------------------------------------ exercises

FORWARD = {"FeedForward": "transformer.layers:FeedForward"}
IN_ENCODER = {**FORWARD, "EncoderLayer": "transformer.layers:EncoderLayer"}
IN_DECODER = {**FORWARD, "DecoderLayer": "transformer.layers:DecoderLayer"}
IN_WHOLE = {
    **IN_ENCODER,
    **IN_DECODER,
    "Encoder": "transformer.layers:Encoder",
    "Decoder": "transformer.layers:Decoder",
}
BLOCK = "(model_dim, num_heads, hidden_dim, dropout=0.0)"
STACK = "(vocab_size, max_length, num_layers, model_dim, num_heads, hidden_dim, dropout=0.0)"
MODEL = f"(source_vocab_size, target_{STACK.removeprefix('(')}"


def _exercise(
    name: str, signature: str, call: Any, cases: Any, returns: Any, **more: Any
) -> Exercise:
    answer = signature.partition("(")[0].removeprefix("class ")
    return Exercise(
        name=name,
        signature=signature,
        call=call,
        cases=cases,
        oracle=f"transformer.reference.transformer:{answer}",
        returns=returns,
        **more,
    )


def _norms(name: str, cases: Any) -> Exercise:
    signature = "layer_norm(x, gamma, beta, epsilon=1e-06)"
    returns = {"normalised": "(..., m)"}
    return _exercise(name, signature, _call_norm, cases, returns)


def _encoder_layers(
    name: str, call: Any, cases: Any, returns: Any, laws: Sequence[Law] = ()
) -> Exercise:
    signature = f"class EncoderLayer{BLOCK}"
    return _exercise(name, signature, call, cases, returns, uses=FORWARD, laws=laws)


def _decoder_layers(
    name: str, call: Any, cases: Any, returns: Any, **more: Any
) -> Exercise:
    signature = f"class DecoderLayer{BLOCK}"
    return _exercise(name, signature, call, cases, returns, uses=FORWARD, **more)


FUNCTIONS: list[Exercise] = [
    _norms("layer-norm", _norm_cases),
    _norms("layer-norm-epsilon", _epsilon_cases),
    _exercise(
        "feed-forward",
        "class FeedForward(model_dim, hidden_dim)",
        _call_forward,
        _forward_cases,
        {"output": "(b, t, m)"},
    ),
    _encoder_layers(
        "encoder-layer",
        _call_encoder_layer,
        _encoder_layer_cases,
        {"output": "(b, t, m)"},
    ),
    _encoder_layers(
        "encoder-layer-mask",
        _call_encoder_mask,
        _encoder_layer_mask_cases,
        {HEARS: "(b, t, t)"},
        [ENCODER_MASK],
    ),
    _encoder_layers(
        "encoder-layer-dropout",
        _call_dropout,
        _dropout_cases,
        {
            "shape of the output": "(3,)",
            "random at inference": "()",
            "random in training": "()",
            "random when attention alone says something": "()",
            "random when feed-forward alone says something": "()",
            "random when neither says anything": "()",
        },
    ),
    _exercise(
        "repair-block",
        "repaired_block(x_btm, attend, think, norm_one, norm_two)",
        _call_block,
        _block_cases,
        {"output": "(b, t, m)"},
    ),
    _exercise(
        "encoder",
        f"class Encoder{STACK}",
        _call_encoder,
        _encoder_cases,
        {"output": "(b, t, m)"},
        uses=IN_ENCODER,
        laws=[REACTS],
    ),
    _decoder_layers(
        "decoder-layer",
        _call_decoder_layer,
        _decoder_layer_cases,
        {"output": "(b, t, m)", "weights": "(b, h, t, k)"},
        laws=[SUMS],
        first="weights",
    ),
    _decoder_layers(
        "decoder-layer-mask",
        _call_decoder_mask,
        _decoder_layer_mask_cases,
        {HEARS: "(b, t, t)", SEES: "(b, t, k)"},
        laws=[SELF_MASK, CROSS_MASK],
    ),
    _exercise(
        "decoder",
        f"class Decoder{STACK}",
        _call_decoder,
        _decoder_cases,
        {"output": "(b, t, m)", "weights": "(num_layers, b, h, t, k)"},
        uses=IN_DECODER,
        laws=[SUMS],
    ),
    _exercise(
        "transformer",
        f"class Transformer{MODEL}",
        _call_whole,
        _whole_cases,
        {
            "logits": "(b, t, n)",
            AGAIN: "(b, t, n)",
            LATER: "(t, n)",
            LAST: "(t, n)",
            ALONE: "(1, t, n)",
            LONGER_SOURCE: "(b, t, n)",
            LONGER_TARGET: "(b, t, n)",
        },
        uses=IN_WHOLE,
        laws=WHOLE,
        first="logits",
    ),
    _exercise(
        "transformer-save",
        f"class Transformer{MODEL}",
        _call_save,
        _save_cases,
        {
            "change of the logits": "(b, t, n)",
            "the count of trainable numbers": "()",
            "change of the dropout": "()",
        },
        uses=IN_WHOLE,
    ),
]

# -------------------------------------------------- predictions and retrieval questions

CHOICES: list[Choice] = [
    Choice(
        name="predict-blocks-scale",
        truth="more than a thousand times",
        answer="scale_guess",
        question="24 blocks with residuals and without normalisation, at their initial weights. How large are the numbers behind the last one, compared with the first input?",
        options={
            "about as large": "They would be if a sublayer said little compared with what it is added to. At their initial weights attention and feed-forward layer say about as much as they are given, and every sum is larger than its parts.",
            "about five times": "A sum of independent parts grows with the root of their number, and the root of 24 is 4.9. But the parts are not of one size: each sublayer reads the sum so far, and what it adds is as large as what it reads.",
            "more than a thousand times": "Each sublayer reads the sum so far and adds something of its size. Growth in proportion to what is there is a power, not a sum: a factor of 1.6 a block is tens of thousands after 24.",
        },
    ),
    Choice(
        name="predict-norm",
        truth="it stays",
        answer="norm_guess",
        question="A word's vector is multiplied by 100 and 7 is added to every number. What becomes of its layer normalisation?",
        options={
            "a hundred times": "The deviation grows by 100 as well, and it is what is divided by.",
            "it is moved by 7": "The mean moves by 7 as well, and it is what is subtracted.",
            "it stays": "Mean and deviation follow the numbers, and both are taken out: size and offset of a word are forgotten, its shape is kept. Only epsilon, 1e-6, sees a difference.",
        },
    ),
    Choice(
        name="predict-future",
        truth="from position 3 on",
        answer="future_guess",
        question="Word 3 of the target is changed. Which logits move?",
        options={
            "all of them": "So it would be in the encoder, where every word sees every other. In the decoder the look-ahead mask keeps the earlier positions from seeing word 3.",
            "only position 3": "Position 3 is where it enters. But later positions may look back at it, and they do.",
            "from position 3 on": "Earlier positions cannot see it: in every block the mask hides it, so no way through any number of blocks leads back. Position 3 reads it, and later ones look back at it.",
        },
    ),
    Choice(
        name="recall-blocks-gradient",
        answer="gradient_cause_recall",
        question="In a recurrent network the gradient over a long distance vanishes (lesson 01). What is it a product of?",
        options={
            "one Jacobian for each step": "Each step multiplies by its Jacobian. A deep stack has the same trouble with one Jacobian for each block, and a residual puts an identity into each.",
            "one weight for each word": "The weights are the same at every step. What differs, and is multiplied, is the Jacobian of the step at the state it met.",
            "the losses of all steps": "Losses are added. The product is in the way from a loss back to an early step.",
        },
        right="one Jacobian for each step",
    ),
    Choice(
        name="recall-blocks-keys",
        answer="keys_recall",
        question="In cross-attention the decoder has t words and the source k. What is the shape of one head's weights (lessons 02 and 05)?",
        options={
            "(t, k)": "Queries are rows, keys are columns: each of t target positions chooses among k source words.",
            "(k, t)": "That is its transpose: then the source's words would choose among the target's.",
            "(t, t)": "That is self-attention in the decoder, where the target's words are queries and keys.",
        },
        right="(t, k)",
    ),
    Choice(
        name="recall-blocks-root",
        answer="root_of_m_recall",
        question="Why is a word's row multiplied by √m before its position is added (lesson 04)?",
        options={
            "to match the position in size": "Rows are drawn with a deviation of about 1/√m, so that √m brings them to size 1, the size of sines and cosines. Without it positions drown the words.",
            "to keep scores at variance 1": "That is √d, in attention, and it divides. This one is about the sum of word and position.",
            "to make the sum have mean 0": "A factor does not move a mean to 0. Normalisation does, and it stands in the blocks.",
        },
        right="to match the position in size",
    ),
]

EXERCISES: list[Exercise | Choice] = [*FUNCTIONS, *CHOICES]
