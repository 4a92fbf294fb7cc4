"""Checks that change after the deadline: what would change is seen before it does."""

import json
import re

import pytest

import graders.regrade
from graders import cli
from graders.classroom.papers import ESSAY
from graders.grade import grade_lesson
from graders.gradebook import Book
from graders.record import Record
from graders.regrade import regrade_lesson
from graders.seeds import secret_seed
from tests.classes import Idle, Knows, submit

# softmax has 2 points, project 2, attend-one 3.
CLASS = ("ada", "blaise", "carl")
KNOWN = {"ada": ("softmax",), "blaise": ("project",), "carl": ()}
NOW = {"ada": ("softmax", "project"), "blaise": (), "carl": ()}


class Class(Idle):
    """A runner that knows whose job comes: one at a time, by name."""

    at_once = 1

    def __init__(self, known):
        super().__init__()
        self.turns = iter([known[student] for student in CLASS])

    def run(self, job):
        self.jobs += 1
        return Knows(*next(self.turns)).run(job)


@pytest.fixture
def lesson(course):
    """A graded class, and other checks than those it was graded by."""
    lesson = course.find("attention")
    for student in CLASS:
        submit(lesson, student)
    grade_lesson(lesson, Class(KNOWN))
    secret_seed(course.grading, lesson.noun, new=True)
    return lesson


def points(lesson):
    """By student: in the record and, told apart if they differ, in the gradebook."""
    recorded = {e.student: e.points for e in Record.of(lesson).latest().values()}
    with Book(lesson.course).open() as book:
        found = book.assignment_submissions(lesson.name)
        assert {s.student.id: s.score for s in found} == recorded
    return recorded


BEFORE = {"ada": 2, "blaise": 2, "carl": 0}


def test_who_gains_and_who_loses_is_found_and_nothing_is_written(lesson):
    record = Record.of(lesson).path.read_bytes()
    found = regrade_lesson(lesson, Class(NOW))
    assert {c.after.student: c.gain for c in found} == {
        "ada": 2,
        "blaise": -2,
        "carl": 0,
    }
    assert Record.of(lesson).path.read_bytes() == record
    assert points(lesson) == BEFORE


def test_a_change_names_the_checks_that_changed(lesson):
    _, blaise, carl = regrade_lesson(lesson, Class(NOW))
    assert [(name, old, row.points) for name, old, row in blaise.rows()] == [
        ("project", 2, 0)
    ]
    assert not list(carl.rows())


def test_applied_nobody_loses(lesson):
    regrade_lesson(lesson, Class(NOW), write=True)
    assert points(lesson) == {"ada": 4, "blaise": 2, "carl": 0}


def test_a_grade_is_lowered_when_told_to(lesson):
    regrade_lesson(lesson, Class(NOW), write=True, lower=True)
    assert points(lesson) == {"ada": 4, "blaise": 0, "carl": 0}


def test_what_was_applied_is_not_found_again(lesson):
    regrade_lesson(lesson, Class(NOW), write=True)
    left = Class({"ada": ("softmax",), "blaise": (), "carl": ()})
    left.turns = iter([()])
    assert [c.after.student for c in regrade_lesson(lesson, left)] == ["blaise"]
    assert left.jobs == 1


def test_what_was_handed_in_since_waits_for_grading(lesson):
    submit(lesson, "blaise", ESSAY)
    runner = Class(NOW)
    runner.turns = iter([NOW["ada"], NOW["carl"]])
    found = regrade_lesson(lesson, runner)
    assert [c.after.student for c in found] == ["ada", "carl"]


# -------------------------------------------------------------------------- the command


@pytest.fixture
def command(lesson, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(lesson.course.root))
    monkeypatch.setattr(graders.regrade, "runner_for", lambda *_: Class(NOW))

    def run(*arguments):
        code = cli.main(["grade", "02", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_table_shows_who_gains_and_who_loses_and_what_to_do_next(command, lesson):
    code, out, _ = command("--regrade")
    assert code == 0
    assert re.search(r"blaise .* 2 .* 0 .* project 2 → 0", out)
    assert re.search(r"ada .* 2 .* 4 .* project 0 → 2", out)
    assert "carl" not in out
    assert (
        "1 would gain, 1 would lose, 1 stay as they are. Nothing is written. "
        "--apply writes 2; --apply --lower writes all 3." in out
    )
    assert points(lesson) == BEFORE


def test_applied_it_says_how_many_keep_their_points(command):
    assert "2 are written; 1 keep their points." in command("--regrade", "--apply")[1]


def test_json_is_all_that_is_printed(command):
    code, out, _ = command("--regrade", "--json")
    assert code == 0
    assert json.loads(out)[1] == {
        "student": "blaise",
        "lesson": "02_attention",
        "before": 2,
        "after": 0,
        "checks": [["project", 2, 0]],
    }


def test_nothing_to_regrade_is_said(command):
    command("--regrade", "--apply", "--lower")
    assert command("--regrade")[1] == "Everything is graded by the checks of today.\n"


@pytest.mark.parametrize("alone", [["--apply"], ["--lower"], ["--out", "x"]])
def test_an_argument_that_goes_with_another_is_refused_without_it(command, alone):
    code, _, err = command(*alone)
    assert code == 2
    assert "--apply and --lower go with --regrade, --out with --shard." in err
