"""What a new word of a translation costs, with kept keys and values and without.

    python benchmarks/decoding.py [--batch 32]

Prints milliseconds of processor time for the nth word of each sentence of a batch, with
the shipped weights: kept, the cost hardly grows with n; over all words again, it does.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from typing import Any

import numpy as np

from transformer import layers, translate, weights
from transformer.corpus import START

LENGTH, EDGES = 60, (0, 10, 20, 30, 40, 50, 60)


def costs(says: translate.Speaker, source_bk: np.ndarray) -> np.ndarray:
    """CPU milliseconds of each of `LENGTH` words; a first sentence warms up."""
    for _ in range(2):
        latest_bt = np.full((len(source_bk), 1), START, np.int32)
        state: Any = says.begin(source_bk)
        found = []
        for _ in range(LENGTH):
            started = time.process_time()
            logits_btn, state = says.advance(latest_bt, state)
            found.append(time.process_time() - started)
            latest_bt = np.argmax(np.array(logits_btn), axis=-1).astype(np.int32)
    return 1000 * np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, default=32)
    args = parser.parse_args()
    shipped = weights.shipped()
    model = layers.Transformer(**shipped.sizes)
    rng = np.random.default_rng(7)
    words = len(shipped.vocabularies.source)
    source_bk = rng.integers(4, words, size=(args.batch, 20)).astype(np.int32)
    model((source_bk, np.full_like(source_bk, START)))
    weights.put(model, shipped.arrays)
    kept = costs(translate.speaker(model), source_bk)
    again = costs(translate.again(model), source_bk)
    print("words        kept      again   (CPU ms a word)")
    for low, high in pairwise(EDGES):
        a, b = kept[low:high].mean(), again[low:high].mean()
        print(f"{low + 1:>2} to {high:<4} {a:8.1f} {b:10.1f}")


if __name__ == "__main__":
    main()
