"""The recorded ablations: every variant, with the settings of the script."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from benchmarks import ablations
from transformer import layers, recipe, weights
from transformer.corpus import Pair

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
    assert tuple(record["seeds"]) == ablations.SEEDS
    for runs in record["variants"].values():
        assert len(runs) == len(ablations.SEEDS)
    made = json.loads(json.dumps([ablations.CORPUS, ablations.TRAINING]))
    assert [record["corpus"], record["training"]] == made
    assert record["versions"].keys() == recipe.versions().keys()


def test_the_record_says_that_residuals_and_the_scale_matter():
    variants = weights.ablations()["variants"]
    found = {name: [run["right"] for run in runs] for name, runs in variants.items()}
    base = min(found["post-norm, as in 2017"])
    assert base > 0.7
    assert max(found["without residuals"]) < 0.1
    assert max(found["without scale"]) < base - 0.2
    assert max(found["without positions"]) < base - 0.1


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the script without training; which seeds were trained, and its file."""
    asked, file = [], tmp_path / "found.json"

    def measure(variant, made, vocabularies, seed):
        asked.append(seed)
        return {"loss": 0.5, "accuracy": 0.25, "right": seed / 8}

    monkeypatch.setattr(ablations, "measure", measure)
    few = SimpleNamespace(train=[Pair("le chat", "the cat")])
    monkeypatch.setattr(ablations, "splits", lambda **corpus: few)

    def with_seeds(*seeds):
        arguments = ["ablations.py", "pre-norm", "--to", str(file), "--seeds", *seeds]
        monkeypatch.setattr("sys.argv", arguments)
        ablations.main()
        return asked, json.loads(file.read_text())

    return with_seeds


def test_a_stopped_run_goes_on_where_its_file_ends(run):
    run("3")
    asked, record = run("3", "5")
    assert asked == [3, 5]
    assert record["seeds"] == [3, 5]
    assert [run["right"] for run in record["variants"]["pre-norm"]] == [0.375, 0.625]


@pytest.mark.parametrize("seeds", [("5", "3"), ("5",), ("4", "5")])
def test_runs_of_other_seeds_are_not_mixed(run, capsys, seeds):
    _, before = run("3", "5")
    with pytest.raises(SystemExit):
        run(*seeds)
    assert "is of other seeds or settings: name a new file" in capsys.readouterr().err
    assert run("3", "5")[1] == before


def test_runs_of_other_settings_are_not_mixed(run, monkeypatch):
    run("3")
    monkeypatch.setitem(ablations.TRAINING, "steps", 7)
    with pytest.raises(SystemExit):
        run("3", "5")
