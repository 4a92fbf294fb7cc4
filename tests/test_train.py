"""`course train`: weights where they were asked for, and clear refusals."""

from contextlib import nullcontext

import pytest

from graders import cli
from graders.course import Course
from graders.train import train_built_in
from tests.test_pairs import write_file
from transformer import pairs, recipe, weights

TINY = {
    "seed": 3,
    "train": 80,
    "validation": 20,
    "test": 20,
    "longer": 20,
    "lengths": (6, 20),
    "longer_lengths": (21, 28),
    "names": 10,
    "numbers": 20,
}


@pytest.fixture
def course(tmp_path, monkeypatch):
    sizes = {"model_dim": 8, "num_heads": 2, "hidden_dim": 12, "num_layers": 1}
    monkeypatch.setattr(recipe, "CORPUS", TINY)
    monkeypatch.setattr(recipe, "MODEL", {**recipe.MODEL, **sizes})
    return Course(tmp_path)


def test_the_built_in_corpus_gives_weights_and_a_record(course, tmp_path, capsys):
    assert train_built_in(course, tmp_path / "made", steps=2) == 0
    assert weights.shipped(tmp_path / "made").record["steps"] == 2
    assert "word for word right" in capsys.readouterr().out
    assert not [*tmp_path.glob("work/*")]


def test_interrupted_it_keeps_what_was_learnt_and_goes_on(
    course, tmp_path, monkeypatch, capsys
):
    def stop(progress):
        raise KeyboardInterrupt

    made = tmp_path / "made"
    with monkeypatch.context() as patched:
        patched.setattr("graders.train._bar", lambda name: nullcontext(stop))
        assert train_built_in(course, made, steps=60) == 1
    assert "the same command goes on" in capsys.readouterr().out
    assert weights.shipped(made).record["steps"] == 50
    assert train_built_in(course, made, steps=60) == 0
    assert weights.shipped(made).record["steps"] == 60


@pytest.mark.parametrize("content", [None, b"", b"Hello.\tBonjour.\n"])
def test_a_file_without_enough_pairs_is_refused(tmp_path, capsys, content):
    path = tmp_path / "pairs.tsv"
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["train", "--pairs", str(path)]) == 2
    assert "pairs.tsv" in capsys.readouterr().err


@pytest.fixture
def tiny_pairs(tmp_path, monkeypatch):
    """The arguments to train a small model on a small file."""
    sizes = {"num_layers": 1, "model_dim": 8, "num_heads": 2, "hidden_dim": 12}
    monkeypatch.setattr(pairs, "MODEL", {**pairs.MODEL, **sizes})
    monkeypatch.setattr(pairs, "HELD_OUT", 20)
    path = write_file(tmp_path / "pairs.tsv")
    return ["--pairs", str(path), "--folder", str(tmp_path / "made"), "--seconds"]


def test_a_file_of_pairs_gives_a_model_and_its_bleu(tiny_pairs, tmp_path, capsys):
    assert cli.main(["train", *tiny_pairs, "0.2"]) == 0
    assert "on 20 pairs that were held out" in capsys.readouterr().out
    assert pairs.read(tmp_path / "made")[0].get_config()["model_dim"] == 8
    assert not [*tmp_path.glob("made/*checkpoint*")]


def test_training_on_a_file_goes_on_after_an_interrupt(
    tiny_pairs, tmp_path, monkeypatch, capsys
):
    seen = []

    def stop(progress):
        seen.append(progress.step)
        raise KeyboardInterrupt

    monkeypatch.setattr("graders.train._bar", lambda name: nullcontext(stop))
    assert cli.main(["train", *tiny_pairs, "900"]) == 1
    assert "the same command goes on" in capsys.readouterr().out
    assert len([*tmp_path.glob("made/*checkpoint*")]) == 1
    assert cli.main(["train", *tiny_pairs, "900"]) == 1
    assert seen == [50, 100]
