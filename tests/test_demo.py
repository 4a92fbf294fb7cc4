"""A made-up class goes from release to exported grades, each as its kind deserves."""

import contextlib
import csv
import hashlib
import io
import json
from pathlib import Path

import pytest

from graders import cli
from graders.course import Course, CourseError
from graders.demo import NAMES, SLIPS, Slip, copy_course, run_demo, with_slip
from graders.record import Record
from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def contents(course):
    """A digest of every file that the demo could have changed."""
    folders = (course.solutions, course.notebooks, course.grading)
    files = [p for folder in folders for p in sorted(folder.rglob("*")) if p.is_file()]
    return {path: hashlib.sha256(path.read_bytes()).digest() for path in files}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """What `course demo --json` prints, and whether the clone stayed as it was."""
    folder, said = tmp_path_factory.mktemp("demo") / "class", io.StringIO()
    before = contents(Course(ROOT))
    with contextlib.redirect_stdout(said):
        code = cli.main(["demo", "--json", "--folder", str(folder)])
    assert code == 0
    found = json.loads(said.getvalue())
    return found | {"untouched": contents(Course(ROOT)) == before}


def of_kind(played, kind):
    return next(one for one in played["students"] if one["kind"] == kind)


POINTS = {
    "right": 34,
    "right, other names": 34,
    "half done": 27,
    "blank": 0,
    "broken file": 0,
}


@pytest.mark.parametrize("kind", POINTS)
def test_each_kind_of_student_gets_what_it_deserves(played, kind):
    student = of_kind(played, kind)
    assert (student["points"], student["max"]) == (POINTS[kind], 40)
    assert student["recognised"] == []


@pytest.mark.parametrize("slip", SLIPS)
def test_each_named_mistake_is_recognised_and_costs_something(played, slip):
    student = of_kind(played, slip)
    assert student["recognised"] == [slip]
    assert 0 < student["points"] < 34


def test_the_class_has_twelve(played):
    assert [one["name"] for one in played["students"]] == NAMES


def test_everybody_has_feedback(played):
    pages = Path(played["feedback"]).glob("*/02_attention/attention.html")
    assert sorted(page.parts[-3] for page in pages) == NAMES


def test_the_exported_grades_are_those_of_the_class(played):
    with open(played["grades"], newline="") as file:
        table = {r["student_id"]: float(r["score"]) for r in csv.DictReader(file)}
    assert table == {one["name"]: one["points"] for one in played["students"]}


def test_the_record_and_the_gradebook_are_where_it_says(played):
    record = Record(Path(played["record"]) / "02_attention.jsonl")
    assert [entry.student for entry in record.entries()] == NAMES
    assert Path(played["gradebook"]).read_bytes().startswith(b"SQLite")


def test_the_report_counts_the_class(played):
    text = Path(played["report"]).read_text(encoding="utf-8")
    assert "12 have handed in" in text
    assert "no scale" in text


def test_the_course_it_was_called_in_is_as_it_was(played):
    assert played["untouched"]


def test_three_students_are_three_lines_of_a_table(tmp_path, capsys):
    assert run_demo(Course(ROOT), 3, tmp_path) == 0
    out = capsys.readouterr().out
    assert "carl: 27 of 40 points; 6 to be graded by hand" in out
    assert "3 students in " in out
    assert str(tmp_path / "grades.csv") in out


@pytest.mark.parametrize("name", ["a folder", "a file"])
def test_a_place_in_use_is_refused(tmp_path, monkeypatch, capsys, name):
    (tmp_path / "notes.txt").write_text("mine")
    place = tmp_path if name == "a folder" else tmp_path / "notes.txt"
    assert cli.main(["demo", "--folder", str(place)]) == 2
    assert capsys.readouterr().err == f"course: {place} is in use. Name a new folder.\n"
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_course_without_solutions_says_how_to_build_them(course):
    lesson = course.find("attention")
    lesson.solved.unlink()
    with pytest.raises(CourseError, match="is missing: course build 02"):
        copy_course(course)


def test_a_slip_that_the_lesson_has_outgrown_is_told():
    slip = Slip("softmax", "no such line", "")
    with pytest.raises(ValueError, match="renew SLIPS"):
        with_slip({"answer-softmax": "return 1"}, slip)
