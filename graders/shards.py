"""One class on several machines: each grades its part into a file, one merges them.

`course grade LESSON --shard 2/5 --out FILE` needs the course, the submissions and the
secret seed, and no gradebook; `course merge FILES` writes record and gradebook.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from graders import files, levels
from graders.course import Course, CourseError, Lesson
from graders.grade import Progress, line, showing
from graders.gradebook import Book
from graders.grading import Graded, Grading, submitted
from graders.locked import runner_for
from graders.record import Entry, Record, alone
from graders.runners import ProcessRunner
from graders.seeds import known_seed
from graders.workers import Runner


@dataclass(frozen=True)
class Shard:
    """One of `count` parts of a class, numbered from 1, by a digest of the name."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Reads `2/5`.

        Raises:
            CourseError: If it is something else.
        """
        found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
        if not found or int(found[1]) > int(found[2]):
            raise CourseError(f"--shard {text}: name a part of how many, as in 2/5.")
        return cls(int(found[1]), int(found[2]))

    def holds(self, folder: Path) -> bool:
        """True if a student's folder belongs to this part."""
        digest = hashlib.sha256(folder.parent.name.encode()).digest()
        return int.from_bytes(digest[:8]) % self.count == self.number - 1


def grade_shard(
    lesson: Lesson,
    shard: Shard,
    out: Path,
    runner: Runner,
    progress: Progress | None = None,
) -> list[Entry]:
    """Grades a part of the class into a file; one that was begun goes on.

    Raises:
        CourseError: If the lesson has no secret seed that the parts could share.
    """
    if known_seed(lesson.course.grading, lesson.noun) is None:
        raise CourseError(
            f"{lesson.name} has no secret seed yet, and all parts need the same. "
            f"`course seed {lesson.number}` draws it; copy .grading/seeds.json to the "
            "other machines."
        )
    grading, file = Grading(lesson, runner), Record(out)
    folders = [folder for folder in submitted(lesson) if shard.holds(folder)]
    known = {e.student: e for e in file.entries() if e.lesson == lesson.name}
    found = []
    with closing(grading.entries(folders, grading.stands(known))) as entries:
        for done, one in enumerate(entries, 1):
            if one.fresh:
                file.add(one.entry)
            found.append(one.entry)
            if progress:
                progress(done, len(folders), line(one.entry, one.fresh))
    return found


def grade_shards(
    lessons: Sequence[Lesson], part: str, out: Path | None, level: str = levels.FULL
) -> int:
    """`course grade --shard 2/5 --out FILE`.

    Raises:
        CourseError: If the part cannot be read, no file is named, or the level is out
            of reach.
    """
    shard = Shard.parse(part)
    if out is None:
        raise CourseError("--shard needs --out FILE, which `course merge` reads.")
    levels.demand(level)
    found: list[Entry] = []
    with showing(quiet=False) as progress:
        for lesson in lessons:
            with closing(runner_for(lesson, level)) as runner:
                found += grade_shard(lesson, shard, out, runner, progress(lesson))
    print(f"{len(found)} submissions are in {out}. Next: course merge {out}")
    return int(any(entry.failed for entry in found))


def merge(course: Course, parts: Sequence[Path]) -> int:
    """`course merge`: the entries of parts into record and gradebook, each once.

    Raises:
        CourseError: If a file is missing or holds no entries. Nothing is written then.
    """
    entries = [entry for part in parts for entry in _entries(part)]
    lessons = {entry.lesson: course.find(entry.lesson) for entry in entries}
    refused: list[str] = []
    with alone(course):
        for name, lesson in lessons.items():
            mine = [entry for entry in entries if entry.lesson == name]
            refused += _merge(lesson, mine)
    print(f"{len(entries) - len(refused)} of {len(entries)} entries are merged.")
    for text in refused:
        print(text)
    return int(bool(refused))


def _entries(file: Path) -> list[Entry]:
    if not file.is_file():
        raise CourseError(f"{file}: there is no such file.")
    found = Record(file).entries()
    if not found:
        raise CourseError(f"{file} holds no entries: `course grade --shard` writes it.")
    return found


def _merge(lesson: Lesson, entries: Sequence[Entry]) -> list[str]:
    """Enters what belongs here; a sentence for each entry that does not."""
    grading, book = Grading(lesson, ProcessRunner()), Book(lesson.course)
    book.prepare(lesson)
    latest, holds = grading.record.latest(), book.holds(lesson)
    folders = {folder.parent.name: folder for folder in submitted(lesson)}
    refused = []
    for entry in entries:
        reason = _reason(grading, entry, folders.get(entry.student))
        if reason:
            refused.append(f"{entry.student}: {reason}")
            continue
        if latest.get(entry.student) != entry:
            grading.record.add(entry)
            latest[entry.student] = entry
        if not holds(entry):
            found = Graded(folders[entry.student], entry)
            book.enter(lesson, entry, grading.frame(found))
    return refused


def _reason(grading: Grading, entry: Entry, folder: Path | None) -> str:
    """Why an entry cannot be merged, or nothing."""
    if folder is None:
        return f"nothing is submitted here for {entry.lesson}."
    if not grading.is_current(entry):
        return "graded by other checks, another seed or another Python. Grade it again."
    try:
        digest = files.sha256(files.choose(folder, grading.lesson.noun).path)
    except files.Unreadable:
        digest = ""
    return "" if digest == entry.sha256 else "handed in again since. Grade it again."
