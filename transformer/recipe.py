"""How the shipped weights are made: `course train --record` does it from nothing.

The folder of weights then holds the arrays (float16), both vocabularies, and a record
of corpus, model, training, versions and quality. Quality is that of what was written.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from transformer import layers, training, translate, weights
from transformer.corpus import Splits, Vocabularies, splits

# What `corpus.splits` is given: long sentences, few names and numbers.
CORPUS: dict[str, Any] = {
    "seed": 7,
    "train": 60_000,
    "lengths": (6, 20),
    "longer_lengths": (21, 28),
    "names": 60,
    "numbers": 30,
}
# The structure of lesson 06.
MODEL = {
    "max_length": 64,
    "num_layers": 2,
    "model_dim": 96,
    "num_heads": 4,
    "hidden_dim": 256,
}
TRAINING: dict[str, Any] = {
    "steps": 7000,
    "batch_size": 32,
    "learning_rate": 2e-3,
    "offset": (0, 10),
    "seed": 7,
}
# Lengths of sources, fewest and most tokens, for which quality is told apart.
LENGTHS = ((6, 8), (9, 11), (12, 14), (15, 17), (18, 20))
LONGER = ((21, 22), (23, 24), (25, 26), (27, 28))


def make(
    folder: Path,
    report: Callable[[training.Progress], object] | None = None,
    checkpoint: Path | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Trains on the built-in corpus and writes weights, vocabularies and record.

    Args:
        folder: Where to; it is made if need be.
        report: As for `training.train`.
        checkpoint: As for `training.train`.
        changes: Of `TRAINING`.

    Returns:
        The record.
    """
    made, settings = splits(**CORPUS), {**TRAINING, **changes}
    vocabularies = Vocabularies.of(made.train)
    sizes: dict[str, Any] = {**weights.vocab_sizes(vocabularies), **MODEL}
    keras.utils.set_random_seed(settings["seed"])
    model = layers.Transformer(**sizes)
    history = training.train(
        model,
        made.train,
        vocabularies,
        **settings,
        report=report,
        checkpoint=checkpoint,
        clock=time.process_time,
    )
    if not history.steps:
        raise KeyboardInterrupt  # before there was anything to keep
    arrays = {n: a.astype("float16") for n, a in weights.take(model).items()}
    weights.put(model, {n: a.astype("float32") for n, a in arrays.items()})
    record = {
        "corpus": CORPUS,
        "model": sizes,
        "training": settings,
        "steps": history.steps[-1].step,
        "cpu_minutes": round(history.steps[-1].seconds / 60, 1),
        "versions": versions(),
        "quality": quality(model, made, vocabularies),
    }
    write(folder, arrays, vocabularies, record)
    return record


def versions() -> dict[str, str]:
    """Of what decides about numbers."""
    packages = {"keras": keras, "numpy": np, "tensorflow": tf}
    found = {name: str(package.__version__) for name, package in packages.items()}
    return {"python": platform.python_version(), **found}


def quality(
    model: Any, made: Splits, vocabularies: Vocabularies
) -> dict[str, dict[str, float]]:
    """The share of sentences translated word for word, by part and by length."""
    parts = {
        "validation": (made.validation, LENGTHS),
        "test": (made.test, LENGTHS),
        "longer": (made.longer, LONGER),
    }
    found = {}
    for name, (pairs, ranges) in parts.items():
        right = translate.exact(model, pairs, vocabularies)
        shares = translate.by_length(pairs, right, ranges)
        found[name] = {"all": round(float(np.mean(right)), 4)}
        for (low, high), share in zip(ranges, shares, strict=True):
            found[name][f"{low}-{high}"] = round(share, 4)
    return found


def write(
    folder: Path,
    arrays: Mapping[str, np.ndarray],
    vocabularies: Vocabularies,
    record: Mapping[str, Any],
) -> None:
    """Writes what `weights.shipped` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / weights.ARRAYS, **arrays)  # type: ignore[arg-type]
    for name, vocabulary in zip(weights.WORDS, vocabularies, strict=True):
        vocabulary.save(folder / name)
    text = json.dumps(record, indent=2, ensure_ascii=False)
    (folder / weights.RECORD).write_text(text + "\n", encoding="utf-8")
