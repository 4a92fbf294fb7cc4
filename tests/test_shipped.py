"""The weights that the course ships: they fit, they translate, the record is true."""

import json

import keras
import numpy as np
import pytest

from transformer import layers, recipe, translate, weights
from transformer.corpus import RUNNING, Vocabularies, splits
from transformer.weights import FOLDER

ONE = np.ones((1, 2), np.int32)


@pytest.fixture(scope="module")
def shipped():
    return weights.shipped()


@pytest.fixture(scope="module")
def model(shipped):
    made = layers.Transformer(**shipped.sizes)
    made((ONE, ONE))
    weights.put(made, shipped.arrays)
    return made


@pytest.fixture(scope="module")
def made(shipped):
    """The record's corpus, with fewer sentences to train on."""
    return splits(**{**shipped.record["corpus"], "train": 4000, "test": 200})


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("Jane visite l'Afrique en septembre.", "Jane visits Africa in September."),
        ("L’ami de Paul n’aime pas le fromage.", "Paul's friend does not like cheese."),
        ("Nous avons vu la voiture rouge.", "We saw the red car."),
    ],
)
def test_typed_french_is_translated(model, shipped, french, english):
    translator = translate.Translator(model, shipped.vocabularies)
    assert translator(french) == (english, [])


def test_the_running_sentence_was_not_trained_on(made):
    assert RUNNING not in made.train


def test_new_combinations_are_translated_as_the_record_says(model, shipped, made):
    known = set(shipped.vocabularies.source.words)
    pairs = [pair for pair in made.test if set(pair.french.split()) <= known]
    share = np.mean(translate.exact(model, pairs, shipped.vocabularies))
    recorded = shipped.record["quality"]["test"]["all"]
    assert len(pairs) > 150
    assert share == pytest.approx(recorded, abs=0.06)  # 200 sentences of the same kind


def test_the_record_names_what_the_weights_were_made_from(shipped):
    assert set(recipe.CORPUS.items()) == {
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in shipped.record["corpus"].items()
    }
    assert shipped.sizes == {
        **weights.vocab_sizes(shipped.vocabularies),
        **recipe.MODEL,
    }
    assert shipped.record["steps"] == shipped.record["training"]["steps"]


def test_all_of_it_is_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 4e6


def test_without_weights_a_folder_gives_none(tmp_path):
    with pytest.raises(FileNotFoundError):
        weights.shipped(tmp_path)


def test_what_is_made_is_what_is_read(tmp_path, monkeypatch):
    tiny = {"seed": 3, "train": 80, "validation": 8, "test": 8, "longer": 8}
    tiny |= {"lengths": (4, 8), "longer_lengths": (9, 12), "names": 10, "numbers": 20}
    monkeypatch.setattr(recipe, "CORPUS", tiny)
    sizes = {"model_dim": 8, "num_heads": 2, "hidden_dim": 12, "num_layers": 1}
    monkeypatch.setattr(recipe, "MODEL", {**recipe.MODEL, **sizes})
    record = recipe.make(tmp_path, steps=2, batch_size=8)
    found = weights.shipped(tmp_path)
    assert json.dumps(found.record) == json.dumps(record)
    assert (
        found.vocabularies.source.words
        == Vocabularies.of(splits(**tiny).train).source.words
    )
    keras.utils.set_random_seed(1)
    made = layers.Transformer(**found.sizes)
    made((ONE, ONE))
    weights.put(made, found.arrays)
