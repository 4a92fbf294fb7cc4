"""Real pairs: pieces of words, a split without leaks, and BLEU as others compute it."""

import re
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest

from graders.course import Course
from tests.conftest import ROOT
from transformer import layers, pairs, translate, weights
from transformer.corpus import (
    END,
    START,
    detokenise_english,
    detokenise_french,
    draw,
)
from transformer.corpus.subwords import Subwords

PAIRS = draw(400, seed=7, lengths=(4, 9), names=10, numbers=20)


def write_file(path):
    """A file of the Tatoeba kind."""
    lines = [
        f"{detokenise_english(pair.english)}\t{detokenise_french(pair.french)}\tCC-BY"
        for pair in PAIRS
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def pieces():
    return Subwords.learn([side for pair in PAIRS for side in pair], size=300)


@pytest.fixture
def file(tmp_path):
    return write_file(tmp_path / "pairs.tsv")


@pytest.fixture
def small(monkeypatch):
    sizes = {"num_layers": 1, "model_dim": 8, "num_heads": 2, "hidden_dim": 12}
    monkeypatch.setattr(pairs, "MODEL", {**pairs.MODEL, **sizes})


# ------------------------------------------------------------------- pieces of words


def test_every_sentence_comes_back_from_its_pieces(pieces):
    for side in (sentence for pair in PAIRS for sentence in pair):
        assert pieces.decode(pieces.encode(side, marks=True)) == side


def test_a_new_word_is_made_of_known_pieces(pieces):
    assert translate.unknown("Afriquela visitera", pieces) == []
    assert pieces.decode(pieces.encode("Afriquela visitera")) == "Afriquela visitera"


def test_pieces_stand_between_start_and_end(pieces):
    ids = pieces.encode(PAIRS[0].english, marks=True)
    assert ids[0] == START
    assert ids[-1] == END
    assert min(ids[1:-1]) >= 4
    assert pieces.decode([*ids, *ids]) == PAIRS[0].english


def test_there_are_as_many_pieces_as_asked_for(pieces):
    assert len(pieces) == len(pieces.words) == 300


def test_few_sentences_have_few_pieces():
    pieces = Subwords.learn(["the cat sleeps .", "le chat dort ."], size=4000)
    assert 4 < len(pieces) < 100
    assert pieces.decode(pieces.encode("the cat")) == "the cat"


def test_pieces_are_saved_and_loaded(pieces, tmp_path):
    pieces.save(tmp_path / "pieces.model")
    again = Subwords.load(tmp_path / "pieces.model")
    assert again.encode(PAIRS[0].french) == pieces.encode(PAIRS[0].french)
    assert again.words == pieces.words


# ------------------------------------------------------------------- from a file


def test_a_file_is_learnt_from_scored_and_kept(file, small, monkeypatch, tmp_path):
    monkeypatch.setattr(pairs, "HELD_OUT", 20)
    prepared = pairs.prepare(file, vocab_size=300)
    reports = []
    model, history = pairs.train(
        prepared, seconds=6, report=reports.append, clock=Ticks().now
    )
    assert reports == history.steps
    assert reports[-1].share == 1
    score = pairs.bleu(model, prepared.parts.test, prepared.vocabularies)
    assert 0 <= score < 100
    pairs.write(tmp_path / "kept", model, prepared.vocabularies)
    again, vocabularies = pairs.read(tmp_path / "kept")
    assert vocabularies.target.words == prepared.vocabularies.target.words
    for name, array in weights.take(model).items():
        assert np.array_equal(weights.take(again)[name], array.astype("float16"))


def test_the_last_part_of_lesson_07_learns_from_a_file(
    file, small, monkeypatch, capsys
):
    """The notebook is given no path, so its cell never runs there."""
    monkeypatch.setattr(pairs, "HELD_OUT", 20)
    lesson = Course(ROOT).find("07")
    cells = [cell.source for cell in nbformat.read(lesson.solved, as_version=4).cells]
    names = {
        "time": SimpleNamespace(process_time=Ticks().now),
        "translate": translate,
        "Live": lambda name: SimpleNamespace(add=[].append),
    }
    exec(next(cell for cell in cells if "def learn_from" in cell), names)
    names["learn_from"](file, seconds=3)
    said = capsys.readouterr().out
    assert re.search(r"BLEU \d+\.\d\n", said)
    assert len(said.splitlines()) == 13


class Ticks:
    """A clock on which a step takes a second."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        self.seconds += 1
        return self.seconds


def test_no_held_out_sentence_is_trained_on(file, monkeypatch):
    monkeypatch.setattr(pairs, "HELD_OUT", 20)
    parts = pairs.prepare(file, vocab_size=300).parts
    assert len(parts.test) == len(parts.validation) == 20
    for side in (0, 1):
        trained = {pair[side] for pair in parts.train}
        assert not trained & {pair[side] for pair in parts.test}


def test_bleu_of_the_references_is_100(monkeypatch):
    said = {pair.french: pair.english.lower() for pair in PAIRS}
    monkeypatch.setattr(
        translate, "translate", lambda model, french, _: [said[text] for text in french]
    )
    assert pairs.bleu(None, PAIRS, None) == pytest.approx(100)


def test_bleu_is_of_what_people_read():
    assert pairs.printed("Paul 's car is n't red .") == "paul's car isn't red."


# ------------------------------------------------------------------- one table


def tied(**changes):
    sizes = {"source_vocab_size": 11, "target_vocab_size": 11, "max_length": 9}
    sizes |= {"num_layers": 1, "model_dim": 8, "num_heads": 2, "hidden_dim": 12}
    made = layers.Transformer(**{**sizes, **changes}, tied=True)
    made((np.ones((1, 2), np.int32), np.ones((1, 2), np.int32)))
    return made


def test_a_tied_model_has_one_table():
    shapes = [tuple(weight.shape) for weight in tied().trainable_variables]
    assert shapes.count((11, 8)) == 1
    assert not any(11 in shape for shape in shapes if shape != (11, 8))


def test_tied_weights_are_taken_once_and_put_back():
    made, other = tied(), tied()
    arrays = weights.take(made)
    assert sum(array.shape == (11, 8) for array in arrays.values()) == 1
    weights.put(other, arrays)
    inputs = np.array([[3, 5, 7]]), np.array([[1, 4, 2]])
    assert np.asarray(other(inputs)) == pytest.approx(np.asarray(made(inputs)))


def test_tied_vocabularies_must_be_one():
    with pytest.raises(ValueError, match="of 11 and 12 words should be one"):
        tied(target_vocab_size=12)
