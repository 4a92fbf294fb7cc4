"""The gradebook is a view of the record: made again, it says the same."""

import datetime

import pytest

import graders.rebuild
from graders import cli
from graders.classroom.export import write_table
from graders.classroom.grades import Rules
from graders.classroom.papers import ESSAY
from graders.grade import grade_lesson
from graders.gradebook import Book
from graders.rebuild import rebuild
from graders.record import Record
from tests.classes import Knows, submit

ESSAY_CELL = "essay-attention-scale-why"


@pytest.fixture
def lesson(course):
    """A class of which one has a name, points by hand, a comment and more time."""
    lesson = course.find("attention")
    for student in ("ada", "blaise", "carl"):
        submit(lesson, student, ESSAY if student == "ada" else "")
    grade_lesson(lesson, Knows("softmax", "project"))
    with Book(course).open() as book:
        book.update_or_create_student("ada", first_name="Ada", email="ada@example.org")
        grade = book.find_grade(ESSAY_CELL, lesson.noun, lesson.name, "ada")
        grade.manual_score, grade.needs_manual_grade = 5, False
        comment = book.find_comment(ESSAY_CELL, lesson.noun, lesson.name, "ada")
        comment.manual_comment = "Well argued."
        book.find_assignment(lesson.name).duedate = datetime.datetime(2026, 1, 2)
        book.grant_extension(lesson.name, "carl", hours=5)
        book.db.commit()
    return lesson


def table(lesson):
    to = lesson.course.grading / "table.csv"
    write_table(lesson.course, to, Rules(unfinished=True))
    return to.read_text()


def test_the_same_rows_with_what_people_wrote(lesson):
    before = table(lesson)
    rebuild(lesson.course)
    assert table(lesson) == before
    assert ",ada,,Ada,ada@example.org,9.0,0.0,9.0,40.0,False" in before
    with Book(lesson.course).open() as book:
        comment = book.find_comment(ESSAY_CELL, lesson.noun, lesson.name, "ada")
        assert comment.comment == "Well argued."
        extension = book.find_submission(lesson.name, "carl").extension
    assert extension == datetime.timedelta(hours=5)


def test_the_old_gradebook_is_kept(lesson):
    now = lesson.course.grading / "gradebook.db"
    before = now.read_bytes()
    rebuild(lesson.course)
    assert now.with_name("gradebook.old.db").read_bytes() == before


def test_a_gradebook_that_was_lost_is_made_from_the_record(lesson):
    (lesson.course.grading / "gradebook.db").unlink()
    rebuild(lesson.course)
    with Book(lesson.course).open() as book:
        found = book.assignment_submissions(lesson.name)
        scores = {s.student.id: s.score for s in found}
    assert scores == {"ada": 4, "blaise": 4, "carl": 4}


def test_points_stay_when_the_submitted_file_is_gone(lesson):
    folder = lesson.course.grading / "submitted" / "blaise" / lesson.name
    (folder / lesson.release.name).unlink()
    before = table(lesson)
    rebuild(lesson.course)
    assert table(lesson) == before
    graded = Book(lesson.course).graded(lesson, "blaise").read_text()
    assert "The submitted file is no longer there" in graded


@pytest.mark.parametrize("killed_in", ["_enter", "_take_over"])
def test_killed_it_begins_again_from_the_same_old_one(lesson, monkeypatch, killed_in):
    def killed(*arguments):
        raise KeyboardInterrupt

    before = table(lesson)
    with monkeypatch.context() as patch:
        patch.setattr(graders.rebuild, killed_in, killed)
        with pytest.raises(KeyboardInterrupt):
            rebuild(lesson.course)
    rebuild(lesson.course)
    assert table(lesson) == before


def test_the_command_says_what_both_hold(lesson, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(lesson.course.root))
    (lesson.course.grading / "gradebook.db").unlink()
    says = "02_attention: 3 in the record, {} in the gradebook.\n"
    assert cli.main(["gradebook"]) == 0
    assert capsys.readouterr().out == says.format(0)
    assert cli.main(["gradebook", "--rebuild"]) == 0
    assert capsys.readouterr().out == says.format(3)
    assert len(Record.of(lesson).entries()) == 3
