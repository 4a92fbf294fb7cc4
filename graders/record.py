"""The record of grading: one JSON line per graded submission, only ever appended to.

Each line is on the disk before the next submission is begun, so that a run that is
killed at any moment goes on where it was. The gradebook is a view of this.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import portalocker

from graders.course import Course, CourseError, Lesson
from graders.exercise import GRADER_PROBLEM
from graders.score import Row

VERSION = 1
NOW = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING


@dataclass(frozen=True)
class Entry:
    """One submission graded once.

    Args:
        student: The name of the student's folder.
        lesson: `02_attention`.
        file: The submitted file's name, "" if there was none.
        sha256: Of the submitted bytes.
        key: Of everything else that decides the grade: cases, judge, release.
        level: How far the student's code was kept apart: "process".
        time: When it was graded, ISO 8601 in UTC.
        seconds: How long that took.
        rows: One for each check and essay.
        notes: What was repaired.
        problem: Why the file could not be graded, or "".
        versions: Of Python and numpy.
        withdrawn: True if the student's work was taken back: no grade, none before it.
    """

    student: str
    lesson: str
    file: str
    sha256: str
    key: str
    level: str
    time: str
    seconds: float
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    problem: str = ""
    versions: Mapping[str, str] | None = None
    withdrawn: bool = False

    @property
    def points(self) -> float:
        return sum(row.points for row in self.rows)

    @property
    def max(self) -> float:
        return sum(row.max for row in self.rows)

    @property
    def mark(self) -> str:
        """What the grade is a function of: the same mark, the same grade."""
        return f"{self.sha256}:{self.key}:{self.level}"

    @property
    def failed(self) -> bool:
        """True if the grader itself failed: worth another try."""
        return any(row.status == GRADER_PROBLEM for row in self.rows)


class Record:
    """The record of one lesson, a file of lines."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, lesson: Lesson) -> Record:
        """The record that a course keeps of a lesson."""
        return cls(lesson.course.grading / "record" / f"{lesson.name}.jsonl")

    def add(self, entry: Entry) -> None:
        """Appends an entry and waits until the disk has it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"version": VERSION, **asdict(entry)}) + "\n"
        with self.path.open("ab+") as file:
            file.write(_break_before(file) + line.encode())
            file.flush()
            os.fsync(file.fileno())

    def entries(self) -> list[Entry]:
        """All entries, oldest first. A line that a kill cut short is no entry.

        Raises:
            CourseError: If a later version of this program has written the record.
        """
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        found = [_parsed(line) for line in lines]
        if any(item.get("version", 1) > VERSION for item in found):
            text = "was written by a later version of the course: use that one."
            raise CourseError(f"{self.path} {text}")
        return [_entry(item) for item in found if item]

    def latest(self) -> dict[str, Entry]:
        """Each student's last entry; none of those whose work was taken back."""
        last = {entry.student: entry for entry in self.entries()}
        return {name: entry for name, entry in last.items() if not entry.withdrawn}


def _break_before(file: Any) -> bytes:
    """A line break if the last line was cut short."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return b""
    file.seek(size - 1)
    return b"" if file.read(1) == b"\n" else b"\n"


def _parsed(line: str) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except ValueError:
        return {}
    return item if isinstance(item, dict) else {}


def _entry(item: Mapping[str, Any]) -> Entry:
    known = {field.name for field in fields(Entry)}
    values = {key: value for key, value in item.items() if key in known}
    rows = tuple(Row(**row) for row in item["rows"])
    return Entry(**{**values, "rows": rows, "notes": tuple(item["notes"])})


@contextmanager
def alone(course: Course) -> Iterator[None]:
    """Keeps a second run on the same course waiting, and tells it so.

    The system lets go of the file when its process ends, however it ends.
    """
    course.grading.mkdir(parents=True, exist_ok=True)
    with (course.grading / "lock").open("ab") as file:
        try:
            portalocker.lock(file, NOW)
        except portalocker.LockException:
            text = f"Another run is at work in {course.grading}; this one waits for it."
            print(text, file=sys.stderr, flush=True)
            portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE)
        yield
