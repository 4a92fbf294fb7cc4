"""Trained weights: arrays named by where they stand in the model.

`encoder.blocks.0.attention.query_dense.kernel` is found by attribute, so that two
models written by two people take the same file, whatever they made first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from transformer.corpus import Vocabularies

FOLDER = Path(__file__).parent
ARRAYS, WORDS, RECORD = "arrays.npz", ("french.json", "english.json"), "record.json"


class Shipped(NamedTuple):
    """Weights that translate French, and all that belongs to them.

    Attributes:
        sizes: What a `Transformer` is made with.
        vocabularies: French and English.
        arrays: For `put`.
        record: Corpus, model, training, versions and quality.
    """

    sizes: dict[str, int]
    vocabularies: Vocabularies
    arrays: dict[str, np.ndarray]
    record: dict[str, Any]


def shipped(folder: Path = FOLDER) -> Shipped:
    """What the course ships, or what `course train` wrote into another folder.

    Raises:
        FileNotFoundError: If there are no weights.
    """
    from transformer.corpus import Vocabularies, Vocabulary

    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    vocabularies = Vocabularies(*(Vocabulary.load(folder / name) for name in WORDS))
    return Shipped(record["model"], vocabularies, read(folder / ARRAYS), record)


def ablations(folder: Path = FOLDER) -> dict[str, Any]:
    """What `benchmarks/ablations.py` measured: settings, and each variant's numbers."""
    found: dict[str, Any] = json.loads(
        (folder / "ablations.json").read_text(encoding="utf-8")
    )
    return found


def vocab_sizes(vocabularies: Vocabularies) -> dict[str, int]:
    """The two sizes as a `Transformer` is made with them."""
    source, target = map(len, vocabularies)
    return {"source_vocab_size": source, "target_vocab_size": target}


def read(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file, float32, by name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no file of arrays.
    """
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name].astype("float32") for name in arrays.files}


def put(model: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets every weight of a model that has been called once.

    Raises:
        ValueError: If the model lacks one of the weights, has one of another shape, or
            has one that the arrays do not name; the weight is named. Nothing is set.
    """
    found = {name: _weight(model, name) for name in arrays}
    for name, weight in found.items():
        if tuple(weight.shape) != arrays[name].shape:
            raise ValueError(
                f"{name} should have the shape {arrays[name].shape}, "
                f"but the model's is {tuple(weight.shape)}."
            )
    own = {id(weight) for weight in found.values()}
    left = [w.path for w in model.trainable_variables if id(w) not in own]
    if left:
        raise ValueError(f"no weights are given for {', '.join(left)}.")
    for name, weight in found.items():
        weight.assign(arrays[name])


def take(model: Any) -> dict[str, np.ndarray]:
    """Every weight of a model that has been called once, by name; a shared one once."""
    found = {
        id(weight): (name, weight) for name, weight in reversed([*_walk(model, "")])
    }
    return {name: np.asarray(weight) for name, weight in reversed(found.values())}


# The parts of a layer that hold weights, as Keras and the course name them.
PARTS = (
    *("encoder", "decoder", "to_logits", "embedding", "blocks"),
    *("attention", "self_attention", "cross_attention", "feed_forward"),
    *("norm", "norm_attention", "norm_self", "norm_cross", "norm_feed_forward"),
    *("query_dense", "key_dense", "value_dense", "output_dense", "expand", "project"),
    *("embeddings", "kernel", "bias", "gamma", "beta"),
)


def _walk(thing: Any, path: str) -> Iterator[tuple[str, Any]]:
    if hasattr(thing, "assign"):
        yield path, thing
    elif isinstance(thing, list | tuple):
        for i, part in enumerate(thing):
            yield from _walk(part, f"{path}.{i}")
    else:
        for name in PARTS:
            part = getattr(thing, name, None)
            if part is not None:
                yield from _walk(part, f"{path}.{name}".lstrip("."))


def _weight(model: Any, name: str) -> Any:
    """The weight at a path of attributes and indices."""
    thing, parts = model, name.split(".")
    for i, part in enumerate(parts):
        where = ".".join(parts[:i]) or "the model"
        try:
            thing = thing[int(part)] if part.isdigit() else getattr(thing, part)
        except (AttributeError, IndexError, TypeError):
            missing = f"number {part}" if part.isdigit() else repr(part)
            raise ValueError(f"{name}: {where} has no {missing}.") from None
    if not hasattr(thing, "assign"):
        raise ValueError(f"{name} is no weight, but a {type(thing).__name__}.")
    return thing
