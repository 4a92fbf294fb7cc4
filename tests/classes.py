"""Made-up runners and submissions for tests of grading: no code of a student runs."""

import nbformat

from graders import registry
from graders.classroom.papers import answered
from graders.collect import collect
from graders.exercise import NEEDS_GRADING, NOT_ATTEMPTED, PASSED, WRONG
from graders.gradebook import Book
from graders.intake import mark_of
from graders.judge import missing
from graders.keys import stored_key
from graders.oracle import resolve
from graders.record import Entry, Record
from graders.score import Row, name_of, points_of
from graders.workers import Attempt, Ran


class Idle:
    """A runner without processes: every answer is missing. Counts its jobs."""

    level, note, at_once = "idle", "", 2

    def __init__(self):
        self.jobs = 0

    def close(self):
        """There is nothing to end."""

    def run(self, job):
        self.jobs += 1
        return Ran({name: [self.attempt(name, ask)] for name, ask in job.asks.items()})

    def attempt(self, name, ask):
        return Attempt(missing(len(ask.cases)))


class Knows(Idle):
    """A runner in which the answers to some checks are right and others missing."""

    def __init__(self, *checks):
        super().__init__()
        self.checks = checks

    def attempt(self, name, ask):
        if name not in self.checks:
            return super().attempt(name, ask)
        exercise = registry.find(name)
        return Attempt(collect(exercise, resolve(exercise.oracle), ask.cases))


def submit(lesson, student, essay=""):
    """Hands in a blank release, with an essay if there is one."""
    folder = lesson.course.grading / "submitted" / student / lesson.name
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(answered(lesson, {}, essay), folder / lesson.release.name)
    return folder / lesson.release.name


def recorded(lesson, student, wrong=None, essay="", answers=None, booked=True, **about):
    """A graded submission as the record and the gradebook keep it; nothing runs.

    Args:
        lesson: The lesson.
        student: Whose it is.
        wrong: By check: a known mistake's id, or a status; every other check passed.
        essay: What was written in each essay.
        answers: The answers' cells by nbgrader's name.
        booked: Whether the gradebook has it too, which takes longer.
        about: `when` (nbgrader's timestamp), and what `Entry` takes.
    """
    folder = submit(lesson, student).parent
    if when := about.pop("when", None):
        (folder / "timestamp.txt").write_text(when)
    notebook = answered(lesson, answers or {}, essay)
    rows = tuple(
        _row(cell, (wrong or {}).get(name_of(cell)), essay)
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    )
    kept = ("f.ipynb", "0" * 64, "key", "full", "2026-10-01T00:00:00+00:00", 1.0)
    entry = Entry(student, lesson.name, *kept, about.pop("rows", rows), **about)
    Record.of(lesson).add(entry)
    if booked:
        book = Book(lesson.course)
        book.prepare(lesson)
        book.enter(lesson, entry, notebook)
    return entry


def _row(cell, wrong, essay):
    name, most = name_of(cell), points_of(cell)
    if mark_of(cell) == "essay":
        return Row(name, 0, most, NEEDS_GRADING if essay else NOT_ATTEMPTED)
    if wrong is None:
        return Row(name, most, most, PASSED)
    known = [m for m in stored_key(name).mistakes if m.id == wrong]
    status = WRONG if known else wrong
    says = known[0].says if known else ""
    return Row(name, 0, most, status, wrong if known else None, f"{name}: no.", says)
