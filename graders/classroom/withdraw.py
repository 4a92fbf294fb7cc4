"""`course collect LESSON --withdraw STUDENT`: as if nothing had been handed in.

For work that was taken in by mistake: the wrong lesson, the wrong person. Nothing is
lost: the files are kept under `.grading/replaced/`, the grades stay in the record.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from graders.classroom.collected import keep, place
from graders.course import CourseError, Lesson
from graders.gradebook import Book
from graders.record import Entry, Record, alone


def withdraw(lesson: Lesson, students: Sequence[str]) -> int:
    """Takes students' work of a lesson back, all of it or nothing.

    Raises:
        CourseError: If one of them has handed in nothing; says who.
    """
    with alone(lesson.course):
        graded = Record.of(lesson).latest()
        unknown = [
            student
            for student in students
            if student not in graded and not place(lesson, student).exists()
        ]
        if unknown:
            names = ", ".join(unknown)
            raise CourseError(f"There is nothing of {lesson.name} from {names}.")
        for student in dict.fromkeys(students):
            _withdraw(lesson, student, student in graded)
            print(f"{student}: nothing is handed in for {lesson.name} any more.")
    return 0


def _withdraw(lesson: Lesson, student: str, graded: bool) -> None:
    """The record first: killed behind it, the same command goes on."""
    if graded:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        gone = Entry(student, lesson.name, "", "", "", "", now, 0.0, (), withdrawn=True)
        Record.of(lesson).add(gone)
    book = Book(lesson.course)
    for part in (book.graded(lesson, student).parent, _page(lesson, student)):
        shutil.rmtree(part, ignore_errors=True)
    book.remove(lesson, student)
    if place(lesson, student).exists():
        keep(lesson, student, place(lesson, student))


def _page(lesson: Lesson, student: str) -> Path:
    return lesson.course.grading / "feedback" / student / lesson.name
