"""Work taken in by mistake is taken back, and nothing of it is lost."""

import pytest

import graders.grade
from graders import cli
from graders.classroom.collected import place
from graders.classroom.papers import ESSAY
from graders.grade import grade_lesson
from graders.gradebook import Book
from graders.record import Record
from tests.classes import Idle, submit


@pytest.fixture
def lesson(course, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    monkeypatch.setattr(graders.grade, "runner_for", lambda lesson, level: Idle())
    found = course.find("attention")
    for student in ("ada", "blaise"):
        submit(found, student, ESSAY)
    grade_lesson(found, Idle())
    return found


def in_gradebook(lesson):
    with Book(lesson.course).open() as book:
        return {one.student_id for one in book.assignment_submissions(lesson.name)}


def withdraw(*students):
    return cli.main(["collect", "02", "--withdraw", *students])


def test_what_is_taken_back_counts_as_not_handed_in(lesson, capsys):
    work = place(lesson, "ada") / "attention.ipynb"
    text = work.read_text(encoding="utf-8")
    assert withdraw("ada") == 0
    assert "ada: nothing is handed in for 02_attention any more." in (
        capsys.readouterr().out
    )
    assert in_gradebook(lesson) == {"blaise"}
    assert Record.of(lesson).latest().keys() == {"blaise"}
    kept = lesson.course.grading.glob("replaced/ada/02_attention/*/attention.ipynb")
    assert [path.read_text(encoding="utf-8") for path in kept] == [text]
    assert cli.main(["gradebook", "--rebuild"]) == 0
    assert in_gradebook(lesson) == {"blaise"}


def test_an_export_leaves_it_blank(lesson, capsys):
    withdraw("ada")
    out = lesson.course.root / "grades.csv"
    assert cli.main(["export", "--unfinished", "--out", str(out)]) == 0
    rows = out.read_text(encoding="utf-8").splitlines()
    assert any(",blaise," in row for row in rows)
    assert all(row.endswith(",missing") for row in rows if ",ada," in row)


def test_the_same_work_handed_in_again_is_graded_again(lesson):
    withdraw("ada")
    submit(lesson, "ada", ESSAY)
    grade_lesson(lesson, Idle())
    assert in_gradebook(lesson) == {"ada", "blaise"}


def test_if_one_is_unknown_nobodys_is_taken_back(lesson, capsys):
    assert withdraw("ada", "nobody") == 2
    assert "There is nothing of 02_attention from nobody." in capsys.readouterr().err
    assert in_gradebook(lesson) == {"ada", "blaise"}
    assert place(lesson, "ada").exists()


def test_a_time_that_is_set_right_counts_after_the_next_grading(lesson):
    stamp = place(lesson, "ada") / "timestamp.txt"
    stamp.write_text("2026-10-12 20:00:00 UTC", encoding="utf-8")
    grade_lesson(lesson, Idle())
    with Book(lesson.course).open() as book:
        when = book.find_submission(lesson.name, "ada").timestamp
    assert when.isoformat() == "2026-10-12T20:00:00"
