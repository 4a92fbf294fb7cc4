"""`course gradebook`: nbgrader's gradebook made again from the record.

What people wrote is not in the record: points and comments by hand, names, due dates
and extensions are taken over from the old gradebook, which is kept beside the new one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from graders import files
from graders.course import Course, Lesson
from graders.gradebook import Book
from graders.grading import Graded, Grading
from graders.record import Entry, Record, alone
from graders.runners import ProcessRunner

GONE = "The submitted file is no longer there: the notebook is shown blank"


def report(course: Course, again: bool) -> int:
    """Says what the record and the gradebook hold, after making the latter `again`."""
    if again:
        with alone(course):
            rebuild(course)
    for lesson in _recorded(course):
        entries = Record.of(lesson).latest().values()
        holds = Book(course).holds(lesson)
        held = sum(map(holds, entries))
        print(f"{lesson.name}: {len(entries)} in the record, {held} in the gradebook.")
    return 0


def rebuild(course: Course) -> None:
    """Enters every student's last entry of every lesson into a new gradebook.

    Killed on the way, it begins again from the same old one.
    """
    now = course.grading / "gradebook.db"
    old = now.with_name("gradebook.old.db")
    begun = now.with_name("gradebook.rebuilding")
    if now.exists() and not begun.exists():
        os.replace(now, old)
    begun.touch()
    now.unlink(missing_ok=True)
    for lesson in _recorded(course):
        _enter(lesson)
    if old.exists():
        _take_over(course, old)
    begun.unlink()


def _recorded(course: Course) -> Iterator[Lesson]:
    for lesson in course.lessons():
        if Record.of(lesson).path.exists():
            yield lesson


def _enter(lesson: Lesson) -> None:
    grading, book = Grading(lesson, ProcessRunner()), Book(lesson.course)
    book.prepare(lesson)
    for entry in grading.record.latest().values():
        folder = lesson.course.grading / "submitted" / entry.student / lesson.name
        found = Graded(folder, entry)
        if not entry.file or _is_same(folder, entry):
            book.enter(lesson, entry, grading.frame(found))
        else:
            told = replace(entry, notes=(*entry.notes, GONE))
            book.enter(lesson, told, grading.marker.nothing(GONE).notebook)


def _is_same(folder: Path, entry: Entry) -> bool:
    try:
        return files.sha256(files.at(folder, entry.file)) == entry.sha256
    except files.Unreadable:
        return False


def _take_over(course: Course, old: Path) -> None:
    """Copies what people wrote from the old gradebook."""
    new = Book(course)
    with Gradebook(f"sqlite:///{old}", new.folders.course_id) as was, new.open() as now:
        for student in was.students:
            about = ("first_name", "last_name", "email", "lms_user_id")
            told = {name: getattr(student, name) for name in about}
            now.update_or_create_student(student.id, **told)
        for assignment in was.assignments:
            _take_over_assignment(assignment, now)
        now.db.commit()


def _take_over_assignment(assignment: Any, now: Gradebook) -> None:
    try:
        now.find_assignment(assignment.name).duedate = assignment.duedate
    except MissingEntry:
        return
    for submission in assignment.submissions:
        try:
            mine = now.find_submission(assignment.name, submission.student_id)
        except MissingEntry:
            continue
        mine.extension = submission.extension
        for theirs, ours in zip(submission.notebooks, mine.notebooks, strict=True):
            _take_over_notebook(theirs, ours)


def _take_over_notebook(theirs: Any, ours: Any) -> None:
    grades = {grade.name: grade for grade in ours.grades}
    for grade in theirs.grades:
        mine = grades.get(grade.name)
        if mine and (grade.manual_score is not None or grade.extra_credit):
            mine.manual_score, mine.extra_credit = (
                grade.manual_score,
                grade.extra_credit,
            )
            mine.needs_manual_grade = grade.needs_manual_grade
    comments = {comment.name: comment for comment in ours.comments}
    for comment in theirs.comments:
        if comment.name in comments and comment.manual_comment:
            comments[comment.name].manual_comment = comment.manual_comment
