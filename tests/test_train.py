"""`course train`: weights where they were asked for, and clear refusals."""

import pytest

from graders import cli
from graders.course import Course
from graders.train import train_built_in
from transformer import recipe, weights

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


@pytest.mark.parametrize("content", [None, b"", b"Hello.\tBonjour.\n"])
def test_a_file_without_enough_pairs_is_refused(tmp_path, capsys, content):
    path = tmp_path / "pairs.tsv"
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["train", "--pairs", str(path)]) == 2
    assert "pairs.tsv" in capsys.readouterr().err
