"""`course grade --regrade`: what changed checks would change, before it is written.

A grade is lowered only by an instructor who asks for that.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from graders import levels
from graders.course import Lesson
from graders.grade import Progress, showing
from graders.gradebook import Book
from graders.grading import Graded, Grading, Known, submitted
from graders.locked import runner_for
from graders.record import Entry, alone
from graders.score import Row
from graders.workers import Runner


@dataclass(frozen=True)
class Change:
    """One submission's entry by earlier checks, and by those of today."""

    before: Entry
    found: Graded

    @property
    def after(self) -> Entry:
        return self.found.entry

    @property
    def gain(self) -> float:
        return self.after.points - self.before.points

    def rows(self) -> Iterator[tuple[str, float, Row]]:
        """Each check with other points: its name, the points before, the row now."""
        old = {row.name: row.points for row in self.before.rows}
        for row in self.after.rows:
            if old.get(row.name, 0) != row.points:
                yield row.name, old.get(row.name, 0), row


def changes(
    grading: Grading, progress: Callable[[int, int, str], None] | None = None
) -> list[Change]:
    """Grades again what earlier checks graded; writes nothing."""
    latest = grading.record.latest()
    folders = [f for f in submitted(grading.lesson) if f.parent.name in latest]
    found = []
    with closing(grading.entries(folders, _current(grading, latest))) as entries:
        for done, one in enumerate(entries, 1):
            before = latest[one.entry.student]
            if one.fresh and one.entry.sha256 == before.sha256:
                found.append(Change(before, one))
            if progress:
                progress(done, len(folders), one.entry.student)
    return found


def _current(grading: Grading, latest: dict[str, Entry]) -> Known:
    """Knows what need not be graded: by the checks of today, or handed in since."""

    def known(student: str, digest: str) -> Entry | None:
        entry = latest[student]
        same = grading.is_current(entry) and not entry.failed
        return entry if same or entry.sha256 != digest else None

    return known


def apply(grading: Grading, found: Sequence[Change], lower: bool = False) -> int:
    """Writes the changes into record and gradebook; those that lose only if `lower`.

    Returns:
        How many were written.
    """
    book = Book(grading.lesson.course)
    book.prepare(grading.lesson)
    written = [change for change in found if change.gain >= 0 or lower]
    for change in written:
        grading.record.add(change.after)
        book.enter(grading.lesson, change.after, grading.frame(change.found))
    return len(written)


def regrade_lesson(
    lesson: Lesson,
    runner: Runner,
    write: bool = False,
    lower: bool = False,
    progress: Progress | None = None,
) -> list[Change]:
    """Finds the changes of a lesson and, with `write`, writes them."""
    with alone(lesson.course):
        grading = Grading(lesson, runner)
        found = changes(grading, progress)
        if write:
            apply(grading, found, lower)
    return found


def regrade_lessons(
    lessons: Sequence[Lesson],
    write: bool = False,
    lower: bool = False,
    as_json: bool = False,
    level: str = levels.FULL,
) -> int:
    """`course grade --regrade`: a table of who gains and who loses.

    Raises:
        CourseError: If this computer does not reach the level.
    """
    levels.demand(level)
    found: list[Change] = []
    with showing(quiet=True) as progress:
        for lesson in lessons:
            with closing(runner_for(lesson, level)) as runner:
                show = progress(lesson)
                found += regrade_lesson(lesson, runner, write, lower, show)
    if as_json:
        json.dump([_as_dict(change) for change in found], sys.stdout, indent=1)
        print()
    else:
        _print(found, write, lower)
    return int(any(change.after.failed for change in found))


def _as_dict(change: Change) -> dict[str, object]:
    return {
        "student": change.after.student,
        "lesson": change.after.lesson,
        "before": change.before.points,
        "after": change.after.points,
        "checks": [[name, old, row.points] for name, old, row in change.rows()],
    }


def _print(found: Sequence[Change], write: bool, lower: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    moved = sorted((c for c in found if any(c.rows())), key=lambda c: c.gain)
    if moved:
        table = Table("student", "lesson", "before", "after", "checks")
        for change in moved:
            checks = [f"{n} {old:g} → {row.points:g}" for n, old, row in change.rows()]
            after, before = change.after, change.before
            points = (f"{before.points:g}", f"{after.points:g}")
            cells = (after.student, after.lesson, *points, ", ".join(checks))
            table.add_row(*map(Text, cells))
        Console().print(table)
    print(_summary(found, write, lower))


def _summary(found: Sequence[Change], write: bool, lower: bool) -> str:
    """What was found, in a sentence, and what to do next in another."""
    if not found:
        return "Everything is graded by the checks of today."
    up, down = (sum(sign * c.gain > 0 for c in found) for sign in (1, -1))
    same = len(found) - up - down
    text = f"{up} would gain, {down} would lose, {same} stay as they are."
    if not write:
        hint = f"Nothing is written. --apply writes {up + same}"
        return f"{text} {hint}; --apply --lower writes all {len(found)}."
    kept = 0 if lower else down
    return f"{text} {len(found) - kept} are written; {kept} keep their points."
