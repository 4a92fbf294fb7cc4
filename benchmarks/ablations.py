"""What each part of the Transformer is worth: one taken away at a time.

    python benchmarks/ablations.py [NAME ...] [--seeds 7 8 9] [--to FILE.json]

Every variant learns from the same sentences for as many steps, once from each seed,
which draws its first weights and the order of the sentences. Translations are greedy;
right means word for word. The recorded result, `transformer/weights/ablations.json`,
is what lesson 07 shows. A stopped run goes on where its file ends.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import keras
import numpy as np

from transformer import layers, recipe, training, translate, weights
from transformer.corpus import Pair, Splits, Vocabularies, padded, splits

CORPUS: dict[str, Any] = {
    "seed": 7,
    "train": 20_000,
    "test": 400,
    "lengths": (4, 10),
    "longer_lengths": (11, 14),
    "names": 20,
    "numbers": 20,
}
TRAINING: dict[str, Any] = {"batch_size": 32, "learning_rate": 2e-3, "steps": 1200}
SEEDS = (7, 8, 9)
Around = Callable[[Any, Any, Any, Callable[[Any], Any]], Any]


def without_residual(block: Any, inputs: Any, norm: Any, sublayer: Any) -> Any:
    return norm(sublayer(inputs))


def without_norm(block: Any, inputs: Any, norm: Any, sublayer: Any) -> Any:
    return inputs + sublayer(inputs)


def forget_positions(model: layers.Transformer) -> None:
    for stack in (model.encoder, model.decoder):
        stack.embedding.encoding_tm = 0 * stack.embedding.encoding_tm


def forget_scale(model: layers.Transformer) -> None:
    for block in model.encoder.blocks:
        block.attention._inverse_sqrt_key_dim = 1.0
    for block in model.decoder.blocks:
        block.self_attention._inverse_sqrt_key_dim = 1.0
        block.cross_attention._inverse_sqrt_key_dim = 1.0


@dataclass(frozen=True)
class Variant:
    """What is other than in the Transformer of 2017.

    Attributes:
        sizes: Arguments of the model.
        around: Instead of `Block.around`.
        change: Done to the model before it learns.
        warm_up: Whether the learning rate begins at 0.
    """

    sizes: dict[str, Any] = field(default_factory=dict)
    around: Around = layers.Block.around
    change: Callable[[layers.Transformer], None] = lambda model: None
    warm_up: bool = True


VARIANTS = {
    "post-norm, as in 2017": Variant(),
    "pre-norm": Variant({"norm_first": True}),
    "one head": Variant({"num_heads": 1}),
    "without scale": Variant(change=forget_scale),
    "without positions": Variant(change=forget_positions),
    "without residuals": Variant(around=without_residual),
    "without normalisation": Variant(around=without_norm),
    "without warm-up": Variant(warm_up=False),
    "pre-norm without warm-up": Variant({"norm_first": True}, warm_up=False),
}


def at_once(steps: int) -> Callable[[int], float]:
    """The learning rate of `training.ramp`, but high from the first step."""
    rate: float = TRAINING["learning_rate"]
    return lambda step: rate * training.ramp(max(0.1, step / steps))


def measure(
    variant: Variant, made: Splits, vocabularies: Vocabularies, seed: int
) -> dict[str, float]:
    """Trains one variant; loss and accuracy of validation, right ones of test."""
    keras.utils.set_random_seed(seed)
    sizes = {**weights.vocab_sizes(vocabularies), **recipe.MODEL, **variant.sizes}
    settings = {**TRAINING, "seed": seed}
    if not variant.warm_up:
        settings["learning_rate"] = at_once(TRAINING["steps"])
    with patch.object(layers.Block, "around", variant.around):
        model = layers.Transformer(**sizes)
        variant.change(model)
        training.train(model, made.train, vocabularies, **settings)
        loss, accuracy = training.evaluate(model, made.validation, vocabularies)
        right = share_right(model, made.test, vocabularies)
    return {"loss": loss, "accuracy": accuracy, "right": right}


def share_right(model: Any, pairs: Sequence[Pair], vocabularies: Vocabularies) -> float:
    """Right translations, by the decoder that keeps nothing and so knows no variant."""
    source_bk = padded([vocabularies.source.encode(pair.french) for pair in pairs])
    target_bt = translate.generate(translate.again(model), source_bk, most=16)
    said = vocabularies.target.decode_batch(target_bt)
    return float(np.mean([a == b.english for a, b in zip(said, pairs, strict=True)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--to", type=Path, metavar="FILE.json")
    args = parser.parse_args()
    made = splits(**CORPUS)
    vocabularies = Vocabularies.of(made.train)
    settings = {"corpus": CORPUS, "training": TRAINING, "seeds": args.seeds}
    record = {**settings, "versions": recipe.versions(), "variants": {}}
    if args.to and args.to.exists():
        kept = json.loads(args.to.read_text("utf-8"))
        first = args.seeds[: len(kept["seeds"])]
        same = json.loads(json.dumps({**settings, "seeds": first}))
        if same != {name: kept[name] for name in same}:
            parser.error(f"{args.to} is of other seeds or settings: name a new file.")
        record["variants"] = kept["variants"]
    for name in args.names or VARIANTS:
        runs = record["variants"].setdefault(name, [])
        for seed in args.seeds[len(runs) :]:
            started = time.process_time()
            found = measure(VARIANTS[name], made, vocabularies, seed)
            runs.append({what: round(value, 4) for what, value in found.items()})
            print(
                f"{name:<26} seed {seed}  loss {found['loss']:.3f}  "
                f"right {found['right']:6.1%}  "
                f"{time.process_time() - started:.0f} CPU s",
                flush=True,
            )
            if args.to:
                args.to.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
