"""One notebook scored end to end: what an answer earns, and what it cannot cost."""

import contextlib
import json
from contextlib import closing

import nbformat
import pytest

from graders import cli, intake, registry
from graders.classroom.papers import (
    ESSAY,
    SLIPS,
    answered,
    renamed,
    solved_answers,
    with_slip,
)
from graders.course import Course, CourseError
from graders.exercise import (
    CRASHED,
    GRADER_PROBLEM,
    NEEDS_GRADING,
    NOT_ATTEMPTED,
    PASSED,
    TIMED_OUT,
    WRONG,
    Key,
)
from graders.locked import runner_for
from graders.runners import ProcessRunner
from graders.score import Marker, answer_names, lesson_of_file, name_of, read_release
from graders.workers import Limits, RunnerError
from tests.conftest import ROOT

SEED = 11
LESSONS = Course(ROOT).lessons()
LESSON = Course(ROOT).find("attention")
ANSWERS = [(lesson, ident) for lesson in LESSONS for ident in solved_answers(lesson)]


@pytest.fixture(scope="module")
def markers():
    """As `course score` has them: in a sandbox, where the machine has one."""
    with contextlib.ExitStack() as stack:
        runners = {x: stack.enter_context(closing(runner_for(x))) for x in LESSONS}
        yield {lesson: Marker(lesson, SEED, runners[lesson]) for lesson in LESSONS}


@pytest.fixture
def score(markers, tmp_path):
    """Scores a notebook of a lesson: its rows by name."""

    def scored(notebook, lesson=LESSON):
        nbformat.write(notebook, tmp_path / "handed-in.ipynb")
        found = markers[lesson].score(tmp_path / "handed-in.ipynb")
        return {row.name: row for row in found.rows}

    return scored


def checks_of(lesson, ident):
    """The checks of the answer in one cell."""
    release = read_release(lesson)
    answer = answer_names(release)[ident]
    names = [name_of(c) for c in release.cells if intake.mark_of(c) == "check"]
    return {name for name in names if registry.find(name).answer == answer}


def unpassed(rows):
    return {n for n, row in rows.items() if row.status not in (PASSED, NEEDS_GRADING)}


# ------------------------------------------------------------------------- what counts


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_blank_release_earns_nothing_and_attempts_nothing(score, lesson):
    rows = score(read_release(lesson), lesson).values()
    assert {row.status for row in rows} == {NOT_ATTEMPTED}
    assert sum(row.points for row in rows) == 0


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_solved_lesson_earns_all_that_is_not_graded_by_hand(score, lesson):
    rows = score(nbformat.read(lesson.solved, as_version=4), lesson)
    assert unpassed(rows) == set()
    for row in rows.values():
        assert row.points == (row.max if row.status == PASSED else 0)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.number)
def test_other_names_within_the_answers_cost_nothing(score, lesson):
    solved = solved_answers(lesson)
    answers = {ident: renamed(text) for ident, text in solved.items()}
    assert sum("my_" in text for text in answers.values()) > 3
    assert unpassed(score(answered(lesson, answers, ESSAY), lesson)) == set()


@pytest.mark.parametrize(
    ("lesson", "ident"), ANSWERS, ids=lambda one: getattr(one, "name", one)
)
def test_an_answer_left_blank_costs_its_own_checks_only(score, lesson, ident):
    answers = solved_answers(lesson)
    del answers[ident]
    rows = score(answered(lesson, answers, ESSAY), lesson)
    assert unpassed(rows) == checks_of(lesson, ident)
    assert {rows[name].status for name in unpassed(rows)} == {NOT_ATTEMPTED}


@pytest.mark.parametrize("slip", SLIPS["attention"], ids=lambda slip: slip.mistake)
def test_a_wrong_answer_is_recognised_and_costs_its_own_checks_only(score, slip):
    answers = with_slip(solved_answers(LESSON), slip)
    rows = score(answered(LESSON, answers, ESSAY))
    assert unpassed(rows) <= checks_of(LESSON, f"answer-{slip.answer}")
    assert slip.mistake in {row.mistake for row in rows.values()}


def test_an_essay_waits_for_a_person_and_a_blank_one_does_not(score):
    written = score(answered(LESSON, {}, ESSAY))["attention-scale-why"]
    blank = score(answered(LESSON, {}))["attention-scale-why"]
    assert (written.status, blank.status) == (NEEDS_GRADING, NOT_ATTEMPTED)


# ------------------------------------------------------------------- honest accidents


def with_cell(ident, source):
    return answered(LESSON, {**solved_answers(LESSON), ident: source}, ESSAY)


def test_a_syntax_error_costs_its_own_answer_only_and_is_told(score):
    rows = score(with_cell("answer-project", "def project(x_tm:\n    return"))
    assert unpassed(rows) == {"project"}
    assert rows["project"].status == CRASHED
    assert "The cell of project stops with SyntaxError" in rows["project"].message


def test_a_demonstration_that_the_student_broke_costs_nothing(score):
    notebook = answered(LESSON, solved_answers(LESSON), ESSAY)
    demo = next(c for c in notebook.cells if c.source.startswith("two_scores ="))
    demo.source = "import os\nos._exit(1)"
    assert unpassed(score(notebook)) == set()


def test_a_helper_in_an_added_cell_is_there_when_the_answer_runs(score):
    notebook = with_cell(
        "answer-softmax",
        "def softmax(scores, axis=-1):\n    return shares(scores, axis)",
    )
    body = solved_answers(LESSON)["answer-softmax"].replace("def softmax", "def shares")
    notebook.cells.insert(2, nbformat.v4.new_code_cell(body))
    assert "softmax" not in unpassed(score(notebook))


def test_checks_imitated_by_the_student_earn_nothing(score):
    wrong = "check = print\ndef softmax(scores, axis=-1):\n    return scores"
    row = score(with_cell("answer-softmax", wrong))["softmax"]
    assert (row.points, row.status) == (0, WRONG)


def test_numpy_bent_by_the_student_earns_nothing(score):
    bent = "import numpy as np\nnp.allclose = np.isclose = lambda *a, **k: True\n"
    wrong = bent + "def softmax(scores, axis=-1):\n    return scores"
    assert score(with_cell("answer-softmax", wrong))["softmax"].points == 0


def test_a_notebook_that_lost_all_metadata_earns_the_same(score):
    notebook = answered(LESSON, solved_answers(LESSON))
    notebook.metadata.clear()
    for number, cell in enumerate(notebook.cells):
        cell.metadata.clear()
        cell.id = f"new-{number}"
    assert unpassed(score(notebook)) == {"attention-scale-why"}


@pytest.mark.parametrize(
    ("body", "status"), [("while True: pass", TIMED_OUT), ("os._exit(0)", CRASHED)]
)
def test_an_answer_that_never_comes_back_costs_its_own_checks_only(
    tmp_path, body, status
):
    source = f"import os\ndef softmax(scores, axis=-1):\n    {body}"
    nbformat.write(with_cell("answer-softmax", source), tmp_path / "a.ipynb")
    runner = ProcessRunner(Limits(cell=3, call=3))
    found = Marker(LESSON, SEED, runner).score(tmp_path / "a.ipynb")
    rows = {row.name: row for row in found.rows}
    assert unpassed(rows) == {"softmax", "softmax-large"}
    assert {rows[name].status for name in unpassed(rows)} == {status}


def test_an_oracle_that_breaks_is_the_graders_problem():
    marker = Marker(LESSON, SEED, ProcessRunner())
    marker.keys["softmax"] = Key([])
    rows = {row.name: row for row in marker.score(LESSON.solved).rows}
    assert unpassed(rows) == {"softmax"}
    assert rows["softmax"].status == GRADER_PROBLEM


def test_a_machine_that_fails_is_the_graders_problem():
    class Broken:
        level = "none"

        def run(self, job):
            raise RunnerError("no room")

    rows = Marker(LESSON, SEED, Broken()).score(LESSON.solved).rows
    assert {row.status for row in rows} == {GRADER_PROBLEM, NEEDS_GRADING}
    assert "no room" in rows[0].message


# ------------------------------------------------------------------------ the command


@pytest.fixture
def command(course, monkeypatch, capsys):
    """Runs `course score` in a course of the tests: its exit code and what it said."""
    monkeypatch.setenv("COURSE_ROOT", str(course.root))

    def score(*arguments):
        code = cli.main(["score", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return score


def test_the_json_has_a_row_for_each_check(command):
    code, out, err = command(LESSON.solved, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert set(found) == {"points", "max", "notes", "rows"}
    keys = {"name", "points", "max", "status", "mistake", "message", "says"}
    assert all(set(row) == keys for row in found["rows"])
    assert found["points"] == sum(row["points"] for row in found["rows"])


def test_the_table_ends_with_the_points_and_what_is_graded_by_hand(command):
    code, out, _ = command(LESSON.solved)
    assert code == 0
    assert out.endswith("34 of 34 points, 6 more to be graded by hand.\n")


def test_a_renamed_file_is_known_by_what_it_says(tmp_path):
    path = tmp_path / "homework.ipynb"
    path.write_bytes(LESSON.release.read_bytes())
    assert lesson_of_file(Course(ROOT), path) == LESSON


def test_a_file_that_says_nothing_is_known_by_its_cells(tmp_path):
    notebook = nbformat.read(LESSON.release, as_version=4)
    notebook.metadata.clear()
    nbformat.write(notebook, tmp_path / "homework.ipynb")
    assert lesson_of_file(Course(ROOT), tmp_path / "homework.ipynb") == LESSON


OTHER = nbformat.v4.new_notebook(metadata={"course": {"lesson": "99_other"}})
REFUSED = {
    "missing": (None, "cannot be opened: No such file"),
    "no notebook": ("print(1)", "It is no notebook."),
    "empty": ("", "The file is empty."),
    "of no lesson": (nbformat.writes(OTHER), "belongs to none of the lessons: 01_"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_scored_is_one_sentence_and_exit_2(
    command, tmp_path, text, words
):
    path = tmp_path / "mine.ipynb"
    if text is not None:
        path.write_text(text)
    code, out, err = command(path)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_another_lessons_notebook_named_like_this_one_is_refused(command, tmp_path):
    nbformat.write(OTHER, tmp_path / "attention.ipynb")
    code, _, err = command(tmp_path / "attention.ipynb")
    assert code == 2
    assert "The notebook is lesson 99_other's." in err


def test_a_lesson_without_a_release_says_how_to_build_it(course):
    lesson = course.find("attention")
    lesson.release.unlink()
    with pytest.raises(CourseError, match="Build it: course build 02"):
        read_release(lesson)
