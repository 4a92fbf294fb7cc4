"""How each student stands in a lesson: the record, what people graded, and lateness.

Points come from the record; what a person gave by hand, and said, from the gradebook;
names, dates and what lateness costs from the classroom. Nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from graders.classroom.roster import Classroom, Person, aware
from graders.course import CourseError, Lesson
from graders.exercise import GRADER_PROBLEM, NEEDS_GRADING, NOT_ATTEMPTED
from graders.gradebook import Book
from graders.grading import submitted
from graders.record import Entry, Record
from graders.score import Row

FOR_A_PERSON = (NEEDS_GRADING, GRADER_PROBLEM)
GRADED = "graded by a person"


@dataclass(frozen=True)
class Mark:
    """What the gradebook holds of one check or essay.

    Args:
        points: With what was given by hand; None while it waits for a person.
        by_hand: True if a person gave them.
    """

    points: float | None
    by_hand: bool = False


@dataclass(frozen=True)
class Result:
    """One check or essay of a student's: the record's row and a person's mark."""

    row: Row
    mark: Mark

    @property
    def points(self) -> float:
        return self.mark.points or 0.0

    @property
    def waits(self) -> bool:
        return self.mark.points is None

    @property
    def status(self) -> str:
        """The record's, until a person has graded what waited for one."""
        was = self.row.status
        return GRADED if was in FOR_A_PERSON and not self.waits else was


@dataclass(frozen=True)
class Standing:
    """How one student stands in a lesson.

    Args:
        person: Who it is.
        entry: The last of the record's; None if nothing of theirs is graded.
        results: One for each check and essay, in the lesson's order.
        handed_in: When, if that is known.
        due: When it was due for them, if anything says so.
        late: How much too late it came.
        lost: The points that this costs.
        excused: True if they need not hand it in.
        waiting: True if something is handed in that is not graded yet.
        comments: What a person said, by the cell it is about.
    """

    person: Person
    entry: Entry | None = None
    results: tuple[Result, ...] = ()
    handed_in: datetime | None = None
    due: datetime | None = None
    late: timedelta = timedelta(0)
    lost: float = 0.0
    excused: bool = False
    waiting: bool = False
    comments: Mapping[str, str] = field(default_factory=dict)

    @property
    def reached(self) -> float:
        """Points before lateness."""
        return sum(result.points for result in self.results)

    @property
    def points(self) -> float:
        return max(0.0, self.reached - self.lost)

    @property
    def max(self) -> float:
        return sum(result.row.max for result in self.results)

    @property
    def open(self) -> float:
        """Points that a person has still to decide about."""
        return sum(result.row.max for result in self.results if result.waits)

    @property
    def problem(self) -> str:
        """Why the file could not be graded, or ""."""
        return self.entry.problem if self.entry else ""

    @property
    def blank(self) -> bool:
        """True if a file came that can be read and holds no answer."""
        rows = self.entry.rows if self.entry and not self.problem else ()
        return bool(rows) and all(row.status == NOT_ATTEMPTED for row in rows)

    @property
    def started(self) -> bool:
        """True if there is something in the file to learn from."""
        return bool(self.entry) and not self.problem and not self.blank


@dataclass(frozen=True)
class _Marks:
    """What the gradebook holds of one student's submission."""

    handed_in: datetime | None = None
    marks: Mapping[str, Mark] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)


def standings(lesson: Lesson, room: Classroom) -> dict[str, Standing]:
    """Everybody in the roster, the record or the submissions, by id in that order."""
    entries = Record.of(lesson).latest()
    folders = {folder.parent.name for folder in submitted(lesson)}
    held = _held(lesson) if entries else {}
    ids = dict.fromkeys([*room.people, *sorted({*entries, *folders})])
    return {
        student: _standing(
            room, lesson, student, entries.get(student), held, student in folders
        )
        for student in ids
    }


def graded(lesson: Lesson, room: Classroom) -> dict[str, Standing]:
    """Those of whom something is graded, by id.

    Raises:
        CourseError: If there is nobody; says what to do first.
    """
    found = {k: v for k, v in standings(lesson, room).items() if v.entry}
    if not found:
        hint = f"Do it first: course grade {lesson.number}"
        raise CourseError(f"Nothing of {lesson.name} is graded yet. {hint}")
    return found


def _standing(
    room: Classroom,
    lesson: Lesson,
    student: str,
    entry: Entry | None,
    held: Mapping[str, _Marks],
    folder: bool,
) -> Standing:
    mine, number = held.get(student, _Marks()), lesson.number
    results = tuple(_result(row, mine.marks) for row in entry.rows) if entry else ()
    reached = sum(result.points for result in results)
    return Standing(
        room.person(student),
        entry,
        results,
        mine.handed_in,
        room.due(student, number),
        room.late_by(student, number, mine.handed_in),
        room.lost(student, number, mine.handed_in, reached),
        room.excused(student, number),
        folder and entry is None,
        mine.comments,
    )


def _result(row: Row, marks: Mapping[str, Mark]) -> Result:
    waits = row.status in FOR_A_PERSON
    usual = Mark(None if waits else row.points)
    return Result(row, marks.get(row.name, usual))


def _held(lesson: Lesson) -> dict[str, _Marks]:
    """What the gradebook holds of a lesson, by student; nothing if there is none.

    Raises:
        CourseError: If it cannot be read.
    """
    path = lesson.course.grading / "gradebook.db"
    if not path.exists():  # to open it would make one
        return {}
    try:
        with Book(lesson.course).open() as book:
            return dict(map(_held_of, book.assignment_submissions(lesson.name)))
    except DBAPIError as error:
        hint = "Make it again from the record: course gradebook --rebuild"
        raise CourseError(f"{path} cannot be read: {error.orig}. {hint}") from None


def _held_of(submission: Any) -> tuple[str, _Marks]:
    when = aware(submission.timestamp) if submission.timestamp else None
    marks, comments = dict(_marks(submission)), dict(_comments(submission))
    return submission.student_id, _Marks(when, marks, comments)


def _marks(submission: Any) -> Iterator[tuple[str, Mark]]:
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            name = grade.name.partition("-")[2]
            waits = grade.needs_manual_grade and grade.manual_score is None
            points = None if waits else float(grade.score)
            yield name, Mark(points, grade.manual_score is not None)


def _comments(submission: Any) -> Iterator[tuple[str, str]]:
    for notebook in submission.notebooks:
        for comment in notebook.comments:
            # nbgrader writes comments too ("No response."): those are none of a person.
            if text := (comment.manual_comment or "").strip():
                yield comment.name, text
