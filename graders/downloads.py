"""What a learning platform hands out, to the folders that grading reads.

Moodle and Canvas name each student's file in their own way, in a folder or a zip.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from graders import files
from graders.course import LESSON, CourseError, Lesson

# `Ada Lovelace_123_assignsubmission_file_/a.ipynb`, or `…_file_a.ipynb`.
MOODLE = re.compile(r"(.+?_\d+)_assignsubmission_(?:file|onlinetext)(?:_(.*))?")
# `lovelaceada_LATE_123_4567_a-1.ipynb`: the student's number, then the submission's.
CANVAS = re.compile(r"([^_/]+)(?:_LATE)?(_\d+)_\d+_(.+)")
KINDS = (".ipynb", ".zip")


def take_in(lesson: Lesson, source: Path) -> list[str]:
    """Copies a download into the course's submissions; the students it holds.

    Files of the same name are replaced, so that it may be done again.

    Raises:
        CourseError: If it cannot be read or holds nothing of anybody.
    """
    students: list[str] = []
    for file in _members(source):
        student, name = owner(file.name)
        if not student:
            print(f"Note: {files.printable(file.name)}: whose is it?", file=sys.stderr)
            continue
        folder = lesson.course.grading / "submitted" / student / lesson.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(files.read(file.path))
        students.append(student)
    if not students:
        raise CourseError(f"{source} holds no student's notebook.")
    return sorted({*students})


def _members(source: Path) -> Iterator[files.File]:
    try:
        if source.is_dir():
            yield from files.within(source, KINDS)
        else:
            yield from files.zipped(source, "", KINDS, most=1 << 40)
    except files.Unreadable as reason:
        raise CourseError(f"{source}: {reason}") from None


def owner(path: str) -> tuple[str, str]:
    """Whose a file of a download is, "" if that cannot be seen, and the file's name."""
    *folders, name = PurePosixPath(path).parts
    for folder in folders:
        if found := MOODLE.fullmatch(folder):
            return _safe(found[1]), _safe(name)
    if found := MOODLE.fullmatch(name):
        return _safe(found[1]), _safe(found[2] or name)
    if found := CANVAS.fullmatch(name):
        return _safe(found[1] + found[2]), _safe(found[3])
    people = [folder for folder in folders if not LESSON.fullmatch(folder)]
    return (_safe(people[-1]) if people else ""), _safe(name)


def _safe(name: str) -> str:
    """A name that is one part of a path, and hides nothing; its end is kept."""
    plain = "".join(c if c.isprintable() else "_" for c in name)
    return plain[-100:].strip().lstrip(".") or "_"
