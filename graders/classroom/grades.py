"""What each student has for a lesson, with what lateness costs: worked out when asked.

The gradebook holds points, automatic and by hand, and when work came in; class.yml says
what that means. Both are only read here, so that another date or another late policy
gives other numbers at once, and nothing that is stored changes. A penalty that stands
in an older gradebook is ignored.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader import api
from sqlalchemy import create_engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from graders.classroom.roster import Classroom, Person, aware, span
from graders.course import Course, CourseError, Lesson
from graders.gradebook import Book

GRADED, WAITING, EXCUSED, MISSING = "graded", "waiting", "excused", "missing"


@dataclass(frozen=True)
class Rules:
    """What counts as a score.

    Args:
        unfinished: The points so far count while a person has yet to grade a part.
        missing_zero: Work that is due and was not handed in has 0 points.
        now: What time it is.
    """

    unfinished: bool = False
    missing_zero: bool = False
    now: datetime | None = None

    def is_over(self, due: datetime | None) -> bool:
        """True if nothing can be handed in on time any more; without a date, too."""
        return due is None or due < (self.now or datetime.now(UTC))


@dataclass(frozen=True)
class Grade:
    """What one student has for one lesson.

    Args:
        person: The student.
        lesson: `02_attention`.
        max: Points there are.
        status: GRADED, WAITING for a person, EXCUSED or MISSING.
        raw: Points reached; None if there are none to speak of.
        score: `raw` without what was lost by lateness; None: leave it blank.
        due: When it was due for this student.
        handed_in: When it came; None if that is not known.
        late: How much too late.
        lost: Points lost by that.
    """

    person: Person
    lesson: str
    max: float
    status: str
    raw: float | None = None
    score: float | None = None
    due: datetime | None = None
    handed_in: datetime | None = None
    late: timedelta = timedelta(0)
    lost: float = 0.0

    @property
    def comment(self) -> str:
        """What lateness cost, in a line; "" if it cost nothing."""
        if self.score is None or not self.lost:
            return ""
        lost = f"{number(self.lost)} of {number(self.raw or 0)} points lost"
        return f"Late by {span(self.late)}: {lost}."


def number(value: float) -> str:
    """Points as people and platforms write them: `34`, `30.6`, two places at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def counted(value: float, what: str) -> str:
    """So many of something: `1 point`, `0.8 points`."""
    text = number(value)
    return f"{text} {what}{'s' * (text != '1')}"


@contextmanager
def opened(course: Course) -> Iterator[Session]:
    """The gradebook, to be read only.

    Raises:
        CourseError: If there is none, or it is another course's, or no gradebook.
    """
    path, name = course.grading / "gradebook.db", Book(course).folders.course_id
    if not path.exists():
        raise CourseError(f"{path} is missing: nothing is graded. Do it: course grade")
    # nbgrader's own Gradebook writes its course into what it opens.
    engine = create_engine("sqlite://", creator=lambda: _connection(path))
    try:
        with Session(engine) as session:
            found = list(session.scalars(select(api.Course.id)))
            if found and name not in found:
                whose = " and ".join(map(repr, found))
                hint = "Put this course's own in its place: course gradebook --rebuild"
                raise CourseError(f"{path} is the gradebook of {whose}. {hint}")
            yield session
    except DBAPIError as error:
        hint = "Make it again: course gradebook --rebuild"
        raise CourseError(f"{path} cannot be read: {error.orig}. {hint}") from None
    finally:
        engine.dispose()


def _connection(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def assignments(course: Course, session: Session) -> dict[str, Any]:
    """What the gradebook has been told to grade, by name.

    Raises:
        CourseError: If no lesson of this course is among it.
    """
    known = {lesson.name for lesson in course.lessons()}
    order = select(api.Assignment).order_by(api.Assignment.name)
    found = {one.name: one for one in session.scalars(order)}
    if not known & found.keys():
        has = f"holds {', '.join(found)}, and no lesson of this course" * bool(found)
        where = course.grading / "gradebook.db"
        raise CourseError(f"{where} {has or 'is empty'}. Grade first: course grade 02")
    return found


def people(session: Session, room: Classroom) -> list[Person]:
    """Everybody of the roster and of the gradebook; the roster's names come first."""
    found = {}
    for student in session.scalars(select(api.Student).order_by(api.Student.id)):
        told = {
            name: getattr(student, name) or ""
            for name in ("first_name", "last_name", "email")
        }
        found[student.id] = Person(student.id, **told)
    for name, person in room.people.items():
        blank = found.get(name, person)
        told = {
            part: getattr(person, part) or getattr(blank, part) for part in vars(blank)
        }
        found[name] = Person(**told)
    return [found[name] for name in sorted(found)]


def of_lesson(
    lesson: Lesson,
    assignment: Any,
    persons: Sequence[Person],
    room: Classroom,
    rules: Rules,
) -> list[Grade]:
    """Each person's grade of a lesson."""
    submissions = {one.student_id: one for one in assignment.submissions}
    return [
        _grade(lesson, assignment, person, submissions, room, rules)
        for person in persons
    ]


def _grade(
    lesson: Lesson,
    assignment: Any,
    person: Person,
    submissions: Mapping[str, Any],
    room: Classroom,
    rules: Rules,
) -> Grade:
    due = room.due(person.id, lesson.number)
    blank = Grade(person, lesson.name, assignment.max_score, MISSING, due=due)
    if room.excused(person.id, lesson.number):
        return replace(blank, status=EXCUSED)
    found = submissions.get(person.id)
    if found is None:
        zero = rules.missing_zero and rules.is_over(due)
        return replace(blank, score=0.0 if zero else None)
    when = aware(found.timestamp) if found.timestamp else None
    late = room.late_by(person.id, lesson.number, when)
    lost = room.lost(person.id, lesson.number, when, found.score)
    came = replace(blank, status=GRADED, handed_in=when, late=late, lost=lost)
    score = max(found.score - lost, 0.0)
    if found.needs_manual_grade:
        came = replace(came, status=WAITING)
        if not rules.unfinished:
            return came
    return replace(came, raw=found.score, score=score)
