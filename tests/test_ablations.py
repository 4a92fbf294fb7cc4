"""The recorded ablations: every variant, with the settings of the script."""

import keras
import numpy as np
import pytest

from benchmarks import ablations
from transformer import layers, recipe, weights

SIZES = {"source_vocab_size": 11, "target_vocab_size": 11, "max_length": 9}
SIZES |= {"num_layers": 1, "model_dim": 8, "num_heads": 2, "hidden_dim": 12}
INPUTS = np.array([[4, 5, 6, 7]]), np.array([[1, 8, 9]])


def logits(variant, monkeypatch):
    keras.utils.set_random_seed(7)
    monkeypatch.setattr(layers.Block, "around", variant.around)
    model = layers.Transformer(**{**SIZES, **variant.sizes})
    variant.change(model)
    return np.asarray(model(INPUTS))


@pytest.mark.filterwarnings("ignore:.*looks like it has unbuilt state")  # norms
@pytest.mark.parametrize("name", list(ablations.VARIANTS)[1:])
def test_a_variant_is_another_model_or_learns_otherwise(name, monkeypatch):
    variant, base = ablations.VARIANTS[name], next(iter(ablations.VARIANTS.values()))
    same = np.allclose(logits(variant, monkeypatch), logits(base, monkeypatch))
    assert same == (variant.warm_up is False and not variant.sizes)


def test_without_positions_the_order_of_the_source_is_lost(monkeypatch):
    variant = ablations.VARIANTS["without positions"]
    keras.utils.set_random_seed(7)
    model = layers.Transformer(**SIZES)
    variant.change(model)
    source_bk, target_bt = INPUTS
    turned = np.asarray(model((source_bk[:, ::-1], target_bt)))
    assert turned == pytest.approx(np.asarray(model(INPUTS)), abs=1e-5)


def test_without_warm_up_the_rate_is_high_at_once():
    rate = ablations.at_once(100)
    assert rate(0) == rate(40) == ablations.TRAINING["learning_rate"]
    assert rate(100) < 0.05 * rate(0)


def test_the_record_has_every_variant_with_the_settings_of_the_script():
    record = weights.ablations()
    assert list(record["variants"]) == list(ablations.VARIANTS)
    for settings in (record["corpus"], record["training"]):
        for name, value in settings.items():
            value = tuple(value) if isinstance(value, list) else value
            assert (
                value == {**ablations.CORPUS, **ablations.TRAINING, "steps": 1200}[name]
            )
    assert record["versions"].keys() == recipe.versions().keys()


def test_the_record_says_that_residuals_and_the_scale_matter():
    found = {n: v["right"] for n, v in weights.ablations()["variants"].items()}
    base = found["post-norm, as in 2017"]
    assert base > 0.7
    assert found["without residuals"] < 0.1
    assert found["without scale"] < base - 0.2
    assert found["without positions"] < base - 0.1
