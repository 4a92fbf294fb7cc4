"""What a random first position is worth beyond the longest sentence of training.

    python benchmarks/positions.py [NAME ...] [--steps 3000] [--to FILE.json]

Lesson 07's model, sentences and steps, once with all positions of a batch beginning at
a random number from 0 to 10, once at 0. The recorded result,
`transformer/weights/positions.json`, is what the lesson shows beside its own model.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np

from transformer import layers, training, translate
from transformer.corpus import Pair, Splits, Vocabularies, splits

CORPUS: dict[str, Any] = {
    "seed": 7,
    "train": 60_000,
    "validation": 1500,
    "test": 1500,
    "longer": 1500,
    "lengths": [4, 12],
    "longer_lengths": [13, 16],
    "names": 20,
    "numbers": 20,
}
FREQUENT = 150  # a word stands so often in what was drawn for training
RANGES = ((4, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16))
VARIANTS = {"positions from 0": (0, 0), "random first position": (0, 10)}


def sentences() -> Splits:
    """What the lesson learns from: sentences without rare words."""
    drawn = splits(**CORPUS)
    seen = Counter(word for pair in drawn.train for word in pair.french.split())

    def frequent(pairs: list[Pair]) -> list[Pair]:
        return [p for p in pairs if min(map(seen.get, p.french.split())) >= FREQUENT]  # type: ignore[type-var]

    return Splits(*map(frequent, drawn[:4]), drawn.held_out)


def measure(offset: tuple[int, int], made: Splits, steps: int) -> dict[str, Any]:
    """Trains one model; the share of right translations, by part and by length."""
    vocabularies = Vocabularies.of(made.train)
    keras.utils.set_random_seed(7)
    source_size, target_size = map(len, vocabularies)
    model = layers.Transformer(
        *(source_size, target_size, 64),
        num_layers=2,
        model_dim=96,
        num_heads=4,
        hidden_dim=256,
        norm_first=True,
    )
    schedule = training.WarmUp(96, 600)

    def rate(step: int) -> float:
        return float(schedule(step)) * min(1.0, 2 * (1 - step / steps))

    training.train(
        model,
        made.train,
        vocabularies,
        steps=steps,
        learning_rate=rate,
        offset=offset,
        batch_size=32,
    )
    right = [
        translate.exact(model, part, vocabularies)
        for part in (made.validation, made.test, made.longer)
    ]
    pairs, both = made.validation + made.longer, right[0] + right[2]
    shares = translate.by_length(pairs, both, RANGES)
    names = ("new sentences", "new combinations", "longer")
    found = {
        name: round(float(np.mean(one)), 4)
        for name, one in zip(names, right, strict=True)
    }
    return {**found, "by length": [round(share, 4) for share in shares]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: both")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--to", type=Path, metavar="FILE.json")
    args = parser.parse_args()
    made = sentences()
    record: dict[str, Any] = {"corpus": CORPUS, "steps": args.steps, "variants": {}}
    for name in args.names or VARIANTS:
        started = time.process_time()
        record["variants"][name] = measure(VARIANTS[name], made, args.steps)
        seconds = time.process_time() - started
        print(name, record["variants"][name], f"{seconds:.0f} CPU s", flush=True)
        if args.to:
            args.to.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
