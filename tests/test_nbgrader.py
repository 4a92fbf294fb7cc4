"""The stock `nbgrader` commands work on this course as they are, without ours."""

import csv
import json
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import Gradebook

from graders import intake
from graders.classroom.papers import ESSAY, SLIPS, answered, solved_answers, with_slip
from graders.course import Course
from graders.gradebook import CONFIG
from tests.conftest import ROOT

LESSON = "02_attention"
LOUD = "    import sys, warnings\n    print('careful', file=sys.stderr)\n"
LOUD += "    warnings.warn('old')\n"
pytestmark = pytest.mark.slow


def nbgrader(course, *arguments):
    """Runs a command of nbgrader as a person does: its exit code and what it said."""
    command = [sys.executable, "-m", "nbgrader", *map(str, arguments)]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def class_of(lesson):
    """Notebooks by student, of the marked cells only: the others take long to run."""
    right = solved_answers(lesson)
    wrong = with_slip(right, SLIPS["attention"][0])
    softmax = right["answer-softmax"].replace("    exp", f"{LOUD}    exp", 1)
    made = {
        "right": answered(lesson, right, ESSAY),
        "wrong": answered(lesson, wrong, ESSAY),
        "loud": answered(lesson, {**right, "answer-softmax": softmax}, ESSAY),
        "deleted": answered(lesson, wrong, ESSAY),
        "tagged": answered(lesson, wrong, ESSAY),
    }
    for notebook in made.values():
        notebook.cells = [c for c in notebook.cells if intake.mark_of(c)]
    cells = made["deleted"].cells
    gone = {"check-attention", "check-softmax"}
    made["deleted"].cells = [c for c in cells if intake.grade_id(c) not in gone]
    for cell in made["tagged"].cells:
        cell.metadata.tags = ["skip-execution"]
    return made


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course released, graded and given feedback by nbgrader alone."""
    mine = Course(tmp_path_factory.mktemp("stock"))
    solved = Course(ROOT).find(LESSON).solved
    shutil.copytree(solved.parent, mine.solutions / LESSON)
    shutil.copy(ROOT / CONFIG, mine.root)
    said = [nbgrader(mine, "generate_assignment", LESSON)]
    lesson = mine.find(LESSON)
    for student, notebook in class_of(lesson).items():
        folder = mine.grading / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / lesson.release.name)
    for command in ("autograde", "generate_feedback"):
        said.append(nbgrader(mine, command, LESSON))
    assert [code for code, _ in said] == [0] * 3, said
    return mine


def points(course, student, check=None):
    """What a student has in nbgrader's gradebook: in all, or for one check."""
    with Gradebook(f"sqlite:///{course.grading / 'gradebook.db'}") as book:
        if check is None:
            return book.find_submission(LESSON, student).score
        return book.find_grade(f"check-{check}", "attention", LESSON, student).score


def test_its_release_is_the_one_that_students_have(course):
    students = Course(ROOT).find(LESSON).release.read_bytes()
    assert course.find(LESSON).release.read_bytes() == students


def test_its_release_holds_no_other_file(course):
    found = [path.name for path in (course.notebooks / LESSON).iterdir()]
    assert found == ["attention.ipynb"]


def test_a_right_submission_gets_every_automatic_point(course):
    assert points(course, "right") == 34


def test_a_wrong_answer_loses_its_points(course):
    assert points(course, "wrong", "attention") == 0
    assert points(course, "wrong", "softmax") == 2


def test_a_warning_costs_nothing(course):
    assert points(course, "loud") == 34


def test_a_deleted_check_comes_back_and_counts(course):
    assert points(course, "deleted", "attention") == 0
    assert points(course, "deleted", "softmax") == 2


def test_a_tag_that_skips_a_cell_does_not_help(course):
    assert points(course, "tagged") == points(course, "wrong")


def test_its_grades_are_for_the_courses_own_secret_cases(course):
    assert set(json.loads((course.grading / "seeds.json").read_text())) == {"attention"}


def test_its_feedback_shows_the_model_answer_and_no_hidden_test(course):
    folder = course.grading / "feedback" / "wrong" / LESSON
    page = (folder / "attention.html").read_text(encoding="utf-8")
    assert "Model answer." in page
    assert "HIDDEN TESTS" not in page


def test_its_table_is_ours_blank_until_the_essay_has_points(course, tmp_path):
    mine = Course(shutil.copytree(course.root, tmp_path / "course"))
    with Gradebook(f"sqlite:///{mine.grading / 'gradebook.db'}") as book:
        essay = book.find_grade(
            "essay-attention-scale-why", "attention", LESSON, "right"
        )
        essay.manual_score, essay.needs_manual_grade = 5, False
        book.db.commit()
    code, said = nbgrader(mine, "export")
    assert code == 0, said
    with (mine.root / "grades.csv").open(newline="") as file:
        found = {r["student_id"]: r["score"] for r in csv.DictReader(file)}
    assert found.pop("right") == "39.0"
    assert set(found.values()) == {""}
    assert len(found) == 4


def test_the_solved_lesson_is_valid(course):
    code, said = nbgrader(course, "validate", course.find(LESSON).solved)
    assert code == 0
    assert "Success! Your notebook passes all the tests." in said


def test_the_release_is_valid_nowhere_and_runs_to_its_end(course):
    release = course.find(LESSON).release
    cells = nbformat.read(release, as_version=4).cells
    graded = [c for c in cells if intake.mark_of(c) in ("check", "essay")]
    _, said = nbgrader(course, "validate", release)
    assert f"FAILED ON {len(graded)} CELL(S)!" in said
