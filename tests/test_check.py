"""What a student calls: panels, one-line errors, hints that lead on."""

import ast

import numpy as np
import pytest
from IPython.testing.globalipapp import start_ipython

from graders import check as checking
from graders import registry
from graders.check import CheckError, check, example, explain
from graders.exercise import Choice
from graders.feedback import Panel
from tests.conftest import ROOT
from transformer.reference import attention as reference


@pytest.fixture
def shown(monkeypatch):
    """The panels that were displayed."""
    panels = []
    monkeypatch.setattr(checking, "display", panels.append)
    monkeypatch.setattr(checking, "_failed", set())
    return panels


def over_queries(query, key, value, mask=None):
    scores = query @ np.swapaxes(key, -1, -2) / np.sqrt(query.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    weights = reference.softmax(scores, -2)
    return weights @ value, weights


def test_a_right_answer_shows_one_panel_and_raises_nothing(shown):
    check("attention", reference.attention)
    assert [repr(panel) for panel in shown] == ["✓ attention: passed"]


def test_a_wrong_answer_raises_one_line_that_asks_nothing_of_the_reader(shown):
    with pytest.raises(CheckError) as raised:
        check("attention", over_queries)
    assert raised.value._render_traceback_() == ["attention: wrong."]


def test_a_wrong_answer_is_told_its_mistake_with_a_picture(shown):
    with pytest.raises(CheckError):
        check("attention", over_queries)
    (panel,) = shown
    assert isinstance(panel, Panel)
    assert "softmax over the queries. Which axis does each query choose" in repr(panel)
    assert "<table" in panel._repr_html_()


def test_a_check_fails_as_an_assertion_does():
    assert issubclass(CheckError, AssertionError)


def test_an_unknown_check_names_those_there_are():
    with pytest.raises(KeyError, match=r"no check called 'attenton'.*softmax-large"):
        check("attenton", reference.attention)


def attends_by_softmax(query, key, value):
    return value[0], softmax(key[:, 0])


def softmax(scores):
    return scores


def test_an_answer_that_calls_a_failed_one_is_told_so(shown):
    with pytest.raises(CheckError):
        check("softmax", lambda scores, axis=-1: scores)
    with pytest.raises(CheckError):
        check("attend-one", attends_by_softmax)
    assert "It calls softmax, whose check 'softmax' has not passed" in repr(shown[-1])


def test_an_answer_that_does_not_call_the_failed_one_is_not_told(shown):
    with pytest.raises(CheckError):
        check("softmax", lambda scores, axis=-1: scores)
    with pytest.raises(CheckError):
        check("attend-one", lambda q, k, v: (v[0], k[:, 0]))
    assert "has not passed yet" not in repr(shown[-1])


def test_a_blank_answer_is_not_told_about_earlier_ones(shown):
    def blank(query, key, value):
        raise NotImplementedError(softmax)

    with pytest.raises(CheckError):
        check("softmax", lambda scores, axis=-1: scores)
    with pytest.raises(CheckError):
        check("attend-one", blank)
    assert "not attempted" in repr(shown[-1])
    assert "has not passed yet" not in repr(shown[-1])


def test_the_note_goes_when_the_earlier_answer_passes(shown):
    with pytest.raises(CheckError):
        check("softmax", lambda scores, axis=-1: scores)
    check("softmax", reference.softmax)
    with pytest.raises(CheckError):
        check("attend-one", attends_by_softmax)
    assert "has not passed yet" not in repr(shown[-1])


def test_a_secret_check_shows_nothing_and_raises_alike(shown, tmp_path, monkeypatch):
    monkeypatch.setattr(checking, "_grading_folder", lambda: tmp_path)
    check("attention", reference.attention, secret=True)
    with pytest.raises(CheckError, match=r"attention: wrong\."):
        check("attention", over_queries, secret=True)
    assert shown == []


def test_a_secret_check_is_not_fooled_by_the_stored_answers(
    shown, tmp_path, monkeypatch
):
    monkeypatch.setattr(checking, "_grading_folder", lambda: tmp_path)
    known = {
        tuple(np.ravel(case.scores)): reference.softmax(case.scores, case.axis)
        for case in checking.cases_for(registry.find("softmax"))
    }

    def remembered(scores, axis=-1):
        return known.get(tuple(np.ravel(scores)), scores)

    check("softmax", remembered)
    with pytest.raises(CheckError):
        check("softmax", remembered, secret=True)


def test_the_secret_seed_is_drawn_once_and_kept(tmp_path):
    from graders.seeds import secret_seed

    first = secret_seed(tmp_path, "attention")
    assert secret_seed(tmp_path, "attention") == first
    assert secret_seed(tmp_path, "attention", new=True) != first
    assert (tmp_path / "seeds.json").stat().st_mode & 0o077 == 0


def test_explain_shows_every_option_and_marks_the_choice(shown):
    choice = next(
        e for e in registry.exercises("attention").values() if isinstance(e, Choice)
    )
    chosen = list(choice.options)[1]
    explain(choice.name, chosen)
    text = repr(shown[0])
    assert all(why in text for why in choice.options.values())
    assert f"{chosen} (your choice): " in text or f"{chosen} ✓ (your choice): " in text


def test_explain_marks_what_is_so(shown):
    explain("recall-gates", "abolish")
    assert "mitigate ✓: " in repr(shown[0])
    assert "abolish (your choice): " in repr(shown[0])


@pytest.mark.parametrize("answer", [..., None, ["stays"], "stay"])
def test_explain_gives_nothing_away_before_the_choice(shown, answer):
    explain("predict-shift", answer)
    assert repr(shown[0]).startswith("Choose first")


def test_a_recorded_prediction_is_called_recorded(shown):
    check("predict-shift", "shrinks")
    assert repr(shown[0]).startswith("✓ predict-shift: recorded")


def test_only_a_choice_can_be_explained():
    with pytest.raises(ValueError, match="has no options"):
        explain("softmax", "stays")


def test_an_example_is_a_case_to_try_by_hand():
    inputs = example("softmax", "the first axis")
    assert reference.softmax(**inputs).shape == inputs["scores"].shape


def test_an_unknown_example_names_those_there_are():
    with pytest.raises(KeyError, match=r"has no case 'two'\. It has: two scores"):
        example("softmax", "two")


def test_a_notebook_shows_one_line_and_no_frame_of_ours(capsys):
    shell = start_ipython()
    shell.user_ns["over_queries"] = over_queries
    shell.run_cell("from graders.check import check\ncheck('attention', over_queries)")
    out = capsys.readouterr().out
    assert "attention: wrong." in out
    assert "Traceback" not in out
    assert "check.py" not in out


def test_a_students_copy_needs_no_oracle():
    source = (ROOT / "graders" / "check.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    top = {n.module for n in tree.body if isinstance(n, ast.ImportFrom)}
    assert "graders.oracle" not in top
