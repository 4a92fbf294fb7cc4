"""A class's submissions to grades: record first, then the gradebook, one by one."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import graders
from graders import files, intake, levels
from graders.course import Course, Lesson
from graders.exercise import GRADER_PROBLEM, NEEDS_GRADING
from graders.gradebook import Book
from graders.locked import runner_for
from graders.record import Entry, Record, mark
from graders.score import Marker
from graders.seeds import secret_seed
from graders.workers import Runner

HERE = Path(graders.__file__).parent
# What decides a grade besides the submission, the release and the seed.
DECIDING = "child collect files intake judge oracle parts score wire workers"
DECIDING += " kernel locked runners sandbox seccomp zygote"
WORKERS = min(4, os.cpu_count() or 1)
Progress = Callable[[int, int, str], None]
Ending = Callable[[], tuple[Entry, bool]]


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
    course = lesson.course
    seed = secret_seed(course.grading, lesson.noun)
    marker = Marker(lesson, seed, runner)
    record = Record(course.grading / "record" / f"{lesson.name}.jsonl")
    book, key = Book(course), fingerprint(lesson, seed)
    book.prepare(lesson)
    students, entries = list(submitted(lesson)), []
    with closing(_graded(students, marker, key, record.latest())) as graded:
        for folder, entry, fresh in graded:
            if fresh:
                record.add(entry)
            if fresh or not book.has(lesson, entry):
                book.enter(lesson, entry, _frame(folder, marker, entry))
            entries.append(entry)
            if progress:
                progress(len(entries), len(students), line(entry, fresh))
    return entries


def _graded(
    folders: Sequence[Path], marker: Marker, key: str, known: Mapping[str, Entry]
) -> Generator[tuple[Path, Entry, bool]]:
    """Each folder, its entry, and whether that is new.

    Students' code runs ahead, one submission per processor; all that is ours happens
    here, in one thread.
    """
    pool, ahead = ThreadPoolExecutor(WORKERS), deque[tuple[Path, Ending]]()
    try:
        for folder in folders:
            ahead.append((folder, _begin(folder, marker, key, known, pool)))
            if len(ahead) > 2 * WORKERS:
                first, end = ahead.popleft()
                yield first, *end()
        for first, end in ahead:
            yield first, *end()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def submitted(lesson: Lesson) -> Iterator[Path]:
    """The folders of what was submitted for a lesson, by student."""
    root = lesson.course.grading / "submitted"
    for folder in sorted(root.glob(f"*/{lesson.name}")):
        if folder.is_dir() and not folder.is_symlink():
            yield folder


def fingerprint(lesson: Lesson, seed: int) -> str:
    """A digest of everything but the submission that can change a grade."""
    paths = [
        lesson.release,
        HERE / "exercises" / f"{lesson.noun}.py",
        HERE / "mistakes" / f"{lesson.noun}.py",
        *(HERE / f"{name}.py" for name in DECIDING.split()),
        *sorted((HERE.parent / "transformer").glob("*.py")),
    ]
    digest = hashlib.sha256(f"{seed} {versions()}".encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def versions() -> dict[str, str]:
    """Of what computes."""
    return {"python": platform.python_version(), "numpy": np.__version__}


def _begin(
    folder: Path, marker: Marker, key: str, known: Mapping[str, Entry], pool: Executor
) -> Ending:
    """Starts on a submission; what is returned waits for the entry."""
    try:
        file: files.File | None = files.choose(folder, marker.lesson.noun)
    except files.Unreadable as reason:
        file, missing = None, str(reason)
    digest = files.sha256(file.path) if file else ""
    entry = known.get(folder.parent.name)
    # What was graded at the highest level stands at every level.
    marks = [mark(digest, key, one) for one in (marker.runner.level, levels.FULL)]
    if entry and entry.mark in marks and not _failed(entry):
        return lambda: (entry, False)
    score = marker.begin(file.path, pool) if file else lambda: marker.nothing(missing)

    def end() -> tuple[Entry, bool]:
        found, level = score(), marker.runner.level
        fresh = Entry(
            student=folder.parent.name,
            lesson=marker.lesson.name,
            file=file.name if file else "",
            sha256=digest,
            key=key,
            level=level,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(found.seconds, 2),
            rows=found.rows,
            notes=found.notes,
            problem=found.problem,
            versions=versions(),
        )
        return fresh, True

    return end


def _failed(entry: Entry) -> bool:
    """True if the grader itself failed: worth another try."""
    return any(row.status == GRADER_PROBLEM for row in entry.rows)


def _frame(folder: Path, marker: Marker, entry: Entry) -> intake.NotebookNode:
    """The submission in the release's frame; the blank release if it is unreadable."""
    if entry.problem:
        return marker.nothing(entry.problem).notebook
    file = files.choose(folder, marker.lesson.noun).path
    return intake.accept(file, marker.release, marker.names).notebook


def line(entry: Entry, fresh: bool = True) -> str:
    """What happened to one student, in a line."""
    if entry.problem:
        return f"{entry.student}: 0 points. {entry.problem}"
    waiting = sum(row.max for row in entry.rows if row.status == NEEDS_GRADING)
    parts = [f"{entry.student}: {entry.points:g} of {entry.max:g} points"]
    if waiting:
        parts.append(f"{waiting:g} to be graded by hand")
    known = [row.mistake for row in entry.rows if row.mistake]
    if known:
        parts.append("recognised " + ", ".join(dict.fromkeys(known)))
    odd = {row.status for row in entry.rows} & {"crashed", "timed out", GRADER_PROBLEM}
    parts += sorted(odd)
    parts += entry.notes
    if not fresh:
        parts.append("graded before")
    return "; ".join(parts)


def _show(bar: Any, task: Any, done: int, total: int, text: str, quiet: bool) -> None:
    bar.update(task, completed=done, total=total)
    if not quiet:
        print(text, flush=True)


def grade_lessons(
    course: Course,
    lessons: Sequence[Lesson],
    as_json: bool = False,
    level: str = levels.FULL,
) -> int:
    """`course grade`: a line per student, with progress; 1 if the grader failed.

    Raises:
        CourseError: If this computer does not reach the level.
    """
    from rich.console import Console
    from rich.progress import Progress as Bar

    levels.demand(level)
    found: list[Entry] = []
    console = Console(stderr=True)
    with Bar(console=console, transient=True) as bar:
        for lesson in lessons:
            show = partial(_show, bar, bar.add_task(lesson.name), quiet=as_json)
            with closing(runner_for(lesson, level)) as runner:
                found += grade_lesson(lesson, runner, show)
            if runner.note:
                console.print(f"Note: {runner.note}", markup=False)
    if as_json:
        json.dump([asdict(entry) for entry in found], sys.stdout, indent=1)
        print()
    elif not found:
        names = ", ".join(lesson.name for lesson in lessons)
        where = course.grading / "submitted" / "STUDENT" / "LESSON"
        print(f"Nothing is submitted for {names}. It belongs in {where}.")
    return int(any(map(_failed, found)))
