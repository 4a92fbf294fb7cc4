"""`course grade`: submissions to grades, first the record, then the gradebook."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from functools import partial
from typing import Any

from graders import levels
from graders.classroom import roster
from graders.course import Course, CourseError, Lesson
from graders.exercise import GRADER_PROBLEM, NEEDS_GRADING
from graders.gradebook import Book
from graders.grading import Grading, submitted
from graders.locked import runner_for
from graders.record import Entry, alone
from graders.workers import Runner

Progress = Callable[[int, int, str], None]


def grade_lesson(
    lesson: Lesson, runner: Runner | None = None, progress: Progress | None = None
) -> list[Entry]:
    """Grades everything submitted for a lesson that is not graded yet.

    Args:
        lesson: The lesson; submissions stand in `.grading/submitted/STUDENT/LESSON`.
        runner: Where the students' code runs; the best that there is if left out.
        progress: Called with how many are done, of how many, and a line to show.

    Returns:
        Each student's entry, by name.
    """
    if runner is None:
        with closing(runner_for(lesson)) as own:
            return grade_lesson(lesson, own, progress)
    with alone(lesson.course):
        return list(_graded(Grading(lesson, runner), progress))


def _graded(grading: Grading, progress: Progress | None) -> Iterator[Entry]:
    lesson, record = grading.lesson, grading.record
    book = Book(lesson.course)
    book.prepare(lesson)
    holds, folders = book.holds(lesson), list(submitted(lesson))
    entries = grading.entries(folders, grading.stands(record.latest()))
    with closing(entries):
        for done, found in enumerate(entries, 1):
            entry = found.entry
            if found.fresh:
                record.add(entry)
            if found.fresh or not holds(entry):
                book.enter(lesson, entry, grading.frame(found))
            if progress:
                old = not grading.is_current(entry)
                progress(done, len(folders), line(entry, found.fresh, old))
            yield entry


def line(entry: Entry, fresh: bool = True, old: bool = False) -> str:
    """What happened to one student, in a line."""
    if entry.problem:
        return f"{entry.student}: 0 points. {entry.problem}"
    waiting = sum(row.max for row in entry.rows if row.status == NEEDS_GRADING)
    parts = [f"{entry.student}: {entry.points:g} of {entry.max:g} points"]
    if waiting:
        parts.append(f"{waiting:g} are given by hand")
    known = [row.mistake for row in entry.rows if row.mistake]
    if known:
        parts.append("recognised " + ", ".join(dict.fromkeys(known)))
    odd = {row.status for row in entry.rows} & {"crashed", "timed out", GRADER_PROBLEM}
    parts += sorted(odd)
    parts += entry.notes
    if not fresh:
        parts.append("graded before" + (", by earlier checks" if old else ""))
    return "; ".join(parts)


@contextmanager
def showing(quiet: bool) -> Iterator[Callable[[Lesson], Progress]]:
    """A bar with the time left for each lesson, and a line a student unless `quiet`."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    def show(bar: Bar, task: Any, done: int, total: int, text: str) -> None:
        bar.update(task, completed=done, total=total)
        if not quiet:
            print(text, flush=True)

    with Bar(console=Console(stderr=True), transient=True) as bar:
        yield lambda lesson: partial(show, bar, bar.add_task(lesson.name))


def absent(lessons: Sequence[Lesson], room: roster.Classroom) -> Iterator[str]:
    """Who of the roster handed in nothing, and who is not on it, a line a lesson."""
    for lesson in lessons:
        there = {folder.parent.name for folder in submitted(lesson)}
        missing = [s for s in room.people if s not in there]
        missing = [s for s in missing if not room.excused(s, lesson.number)]
        if missing:
            names = ", ".join(missing)
            yield f"{lesson.name}: nothing from {len(missing)} of the roster: {names}"
        strangers = sorted(there - room.people.keys()) if room.people else []
        if strangers:
            yield f"{lesson.name}: not on the roster: {', '.join(strangers)}"


def _runner(lesson: Lesson, level: str, cluster: str) -> Runner:
    if not cluster:
        return runner_for(lesson, level)
    from graders.cluster import ClusterRunner

    return ClusterRunner(lesson, cluster, level)


def grade_lessons(
    course: Course,
    lessons: Sequence[Lesson],
    as_json: bool = False,
    level: str = levels.FULL,
    cluster: str = "",
) -> int:
    """`course grade`: a line per student, with progress; 1 if the grader failed.

    Raises:
        CourseError: If this computer, or the cluster, does not reach the level.
    """
    if not cluster:
        levels.demand(level)
    room = roster.read(course)
    found: list[Entry] = []
    notes: list[str] = []
    with showing(as_json) as progress:
        for lesson in lessons:
            if len(lessons) > 1 and not as_json:
                print(f"{lesson.name}:", flush=True)
            with closing(_runner(lesson, level, cluster)) as runner:
                found += grade_lesson(lesson, runner, progress(lesson))
                notes += [runner.note] if runner.note else []
    for note in dict.fromkeys([*notes, *absent(lessons, room)]):
        print(f"Note: {note}", file=sys.stderr)
    if as_json:
        json.dump([asdict(entry) for entry in found], sys.stdout, indent=1)
        print()
    elif not found:
        names = ", ".join(lesson.name for lesson in lessons)
        hint = f"Take it in first: course collect {lessons[0].number} DOWNLOAD.zip"
        raise CourseError(f"Nothing is submitted for {names}. {hint}")
    return int(any(entry.failed for entry in found))
