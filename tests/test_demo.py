"""A made-up class goes from the release to the grades, each as its kind deserves."""

import contextlib
import csv
import hashlib
import io
import json
from pathlib import Path

import pytest

from graders import cli
from graders.classroom import made_up
from graders.classroom.demo import copy_course
from graders.classroom.papers import SLIPS, Slip, solved_answers, with_slip
from graders.course import Course, CourseError
from graders.record import Record
from tests.conftest import ROOT

CLASS = 15  # in lesson 02 each kind once
ESSAY = 4  # what the made-up instructor gives for an essay in lesson 02


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
    arguments = ["--json", "--folder", str(folder), "--students", str(CLASS)]
    with contextlib.redirect_stdout(said):
        assert cli.main(["demo", *arguments]) == 0
    found = json.loads(said.getvalue())
    return found | {"untouched": contents(Course(ROOT)) == before, "root": folder}


def of_kind(played, kind):
    return next(one for one in played["students"] if one["kind"] == kind)


POINTS = {
    "right": (34, 34 + ESSAY),
    "right, other names": (34, 34 + ESSAY),
    "half done": (27, 27 + ESSAY),
    "late": (34, (34 + ESSAY) * 0.8),
    "twice": (34, 34 + ESSAY),
    "blank": (0, 0),
    "broken file": (0, 0),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", POINTS)
def test_each_kind_of_student_gets_what_it_deserves(played, kind):
    student = of_kind(played, kind)
    assert (student["points"], student["grade"]) == pytest.approx(POINTS[kind])
    assert student["recognised"] == []


@pytest.mark.slow
@pytest.mark.parametrize("slip", SLIPS["attention"], ids=lambda slip: slip.mistake)
def test_each_named_mistake_is_recognised_and_costs_something(played, slip):
    student = of_kind(played, slip.mistake)
    assert student["recognised"] == [slip.mistake]
    assert 0 < student["points"] < 34


@pytest.mark.slow
def test_all_are_there_but_the_one_who_is_missing(played):
    people = [person.id for person in made_up.people_of(CLASS)]
    assert [one["name"] for one in played["students"]] == people[:-1]
    pages = Path(played["feedback"]).glob("*/02_attention/attention.html")
    assert sorted(page.parts[-3] for page in pages) == sorted(people[:-1])
    record = Record(Path(played["record"]) / "02_attention.jsonl")
    assert sorted(entry.student for entry in record.entries()) == sorted(people[:-1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("platform", "pattern", "student", "grade"),
    [
        ("canvas", "canvas-*.csv", "SIS User ID", "02_attention (500)"),
        (
            *("blackboard", "blackboard-*.csv", "Student ID"),
            "02_attention [Total Pts: 40 Score] |7",
        ),
        ("moodle", "moodle-*.csv", "ID number", "Grade"),
    ],
)
def test_a_platforms_table_comes_back_with_the_grades(
    played, platform, pattern, student, grade
):
    (path,) = Path(played["platforms"]).glob(pattern)
    with path.open(newline="", encoding="utf-8") as file:
        found = {row[student]: row[grade] for row in csv.DictReader(file)}
    for one in played["students"]:
        assert float(found[one["name"]]) == pytest.approx(one["grade"])
    assert found["olga"] == ""


@pytest.mark.slow
@pytest.mark.parametrize("place", ["report", "slides", "bundle", "gradebook"])
def test_what_it_leaves_to_look_at_is_where_it_says(played, place):
    path = Path(played[place])
    assert path.is_file() or any(path.rglob("*"))


@pytest.mark.slow
def test_the_course_it_was_called_in_is_as_it_was(played):
    assert played["untouched"]


@pytest.mark.full
def test_a_term_of_all_lessons_and_forty_students(tmp_path, capsys):
    arguments = ["--json", "--students", "40", "--lessons", "all"]
    assert cli.main(["demo", *arguments, "--folder", str(tmp_path / "term")]) == 0
    rows = json.loads(capsys.readouterr().out)["students"]
    assert {row["lesson"] for row in rows} == {
        one.name for one in Course(ROOT).lessons()
    }
    for row in rows:
        named = {slip.mistake for slip in SLIPS[row["lesson"][3:]]}
        if row["kind"] in named:
            assert row["kind"] in row["recognised"], row
        if row["kind"] in (made_up.RIGHT, made_up.RENAMED):
            assert row["points"] == 34, row


@pytest.mark.parametrize("name", ["a folder", "a file"])
def test_a_place_in_use_is_refused(tmp_path, capsys, name):
    (tmp_path / "notes.txt").write_text("mine")
    place = tmp_path if name == "a folder" else tmp_path / "notes.txt"
    assert cli.main(["demo", "--folder", str(place)]) == 2
    assert capsys.readouterr().err == f"course: {place} is in use. Name a new folder.\n"
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_lesson_that_is_not_there_is_named(capsys):
    assert cli.main(["demo", "--lessons", "02,99"]) == 2
    assert "There is no lesson '99'" in capsys.readouterr().err


def test_a_course_without_solutions_says_how_to_build_them(course):
    lesson = course.find("attention")
    lesson.solved.unlink()
    with pytest.raises(CourseError, match="is missing: course build 02"):
        copy_course(course)


@pytest.mark.parametrize("lesson", Course(ROOT).lessons(), ids=lambda one: one.number)
def test_every_slip_is_a_line_of_its_lesson(lesson):
    answers = solved_answers(lesson)
    for slip in SLIPS[lesson.noun]:
        assert with_slip(answers, slip) != answers


def test_a_slip_that_the_lesson_has_outgrown_is_told():
    slip = Slip("no-shift", "softmax", "no such line", "")
    with pytest.raises(ValueError, match="renew SLIPS"):
        with_slip({"answer-softmax": "return 1"}, slip)


def test_a_large_class_has_no_id_twice():
    people = made_up.people_of(95)
    assert len({person.id for person in people}) == 95
