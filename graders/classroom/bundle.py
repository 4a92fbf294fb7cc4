"""`course release`: lessons for students, as a folder, as a zip, to the exchange.

The folder is made to be committed and served (nbgitpuller fetches it from any git
server); the zip beside it holds the same. A release adds lessons to those that the
folder holds; what an earlier release wrote and this one does not need is removed, and
nothing else is touched: `.bundle.json` in it says what is ours.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from graders.classroom import whole
from graders.classroom.exchange import Exchange
from graders.classroom.student_copy import PROGRAMS, contents
from graders.course import Course, CourseError, Lesson
from graders.gradebook import Book

LIST = ".bundle.json"
NAME = "transformer-course"
# The same bytes give the same zip, whenever it is made.
WHEN = (2000, 1, 1, 0, 0, 0)


def release_lessons(
    course: Course,
    lessons: Sequence[Lesson],
    out: Path | None = None,
    to_exchange: bool = False,
) -> int:
    """`course release`: has nbgrader make the releases, then writes the bundle.

    Raises:
        CourseError: If nbgrader cannot, or the folder holds something else.
    """
    folder = (out or course.grading / "bundle" / NAME).absolute()
    before = _listed(folder)
    book = Book(course)
    exchange = Exchange(book) if to_exchange else None
    for lesson in lessons:
        book.release(lesson)
        print(f"{lesson.name}: released, and in the gradebook.")
    held = held_lessons(course, lessons, before)
    write_bundle(folder, contents(course, held), [lesson.name for lesson in held])
    print(f"The bundle holds {', '.join(lesson.name for lesson in held)}.")
    print(f"  folder: {folder}\n  zip:    {zip_of(folder)}")
    if exchange:
        for lesson in lessons:
            exchange.release(lesson)
        print(f"  exchange: {exchange.root}")
    return 0


def held_lessons(
    course: Course, lessons: Iterable[Lesson], before: Mapping[str, Any]
) -> list[Lesson]:
    """The lessons that a bundle holds after a release: the earlier ones and these."""
    names = {*before["lessons"], *(lesson.name for lesson in lessons)}
    return [course.find(name) for name in sorted(names)]


def zip_of(folder: Path) -> Path:
    """Where a bundle's zip is: beside its folder."""
    return folder.with_name(f"{folder.name}.zip")


def write_bundle(
    folder: Path, files: Mapping[str, bytes], lessons: Sequence[str]
) -> None:
    """Writes a bundle's folder and zip.

    Each file is written whole; a run that is killed leaves a folder whose list names
    everything in it that is ours, so that the next run puts it right.

    Raises:
        CourseError: If the folder holds something else.
    """
    before = _listed(folder)
    known = sorted({*before["files"], *files})
    _write_list(folder, before["lessons"], known)
    for name, data in files.items():
        _write(folder / name, data, name in PROGRAMS)
    for name in {*before["files"]} - files.keys():
        (folder / name).unlink(missing_ok=True)
        _remove_empty(folder, (folder / name).parent)
    _write_list(folder, lessons, sorted(files))
    _write_zip(folder, files)


def _listed(folder: Path) -> dict[str, list[str]]:
    """What an earlier release wrote into a folder: its lessons and files.

    Raises:
        CourseError: If the folder is in use by something else.
    """
    path = folder / LIST
    if path.is_file():
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return {part: _names(told[part]) for part in ("lessons", "files")}
        except (ValueError, KeyError, TypeError):
            hint = "Empty the folder, and name every lesson once more"
            raise CourseError(f"{path} is damaged. {hint}.") from None
    if folder.is_file() or (folder.is_dir() and _strangers(folder)):
        there = ", ".join(_strangers(folder)[:3]) if folder.is_dir() else "a file"
        hint = "Name an empty folder (git's own files may be in it), or an earlier one"
        raise CourseError(f"{folder} is no bundle: it holds {there}. {hint}.")
    return {"lessons": [], "files": []}


def _names(told: Any) -> list[str]:
    """The names of a list, none of which leads out of the folder."""
    for name in told:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(name)
    return list(told)


def _strangers(folder: Path) -> list[str]:
    ours = (".git", ".gitignore", ".gitattributes")
    return sorted(path.name for path in folder.iterdir() if path.name not in ours)


def _write_list(folder: Path, lessons: Sequence[str], files: Sequence[str]) -> None:
    told = {"lessons": list(lessons), "files": list(files)}
    _write(folder / LIST, (json.dumps(told, indent=1) + "\n").encode())


def _write(path: Path, data: bytes, program: bool = False) -> None:
    """Writes a file whole or not at all; one that is the same stays."""
    if not (path.is_file() and not path.is_symlink() and path.read_bytes() == data):
        whole.write(path, data)
    if program:
        path.chmod(0o755)


def _remove_empty(folder: Path, inner: Path) -> None:
    """Removes folders that became empty, up to the bundle's own."""
    while inner != folder and inner.is_dir() and not any(inner.iterdir()):
        inner.rmdir()
        inner = inner.parent


def _write_zip(folder: Path, files: Mapping[str, bytes]) -> None:
    half = folder.with_name(f".{folder.name}.{os.getpid()}")
    with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in sorted(files.items()):
            member = zipfile.ZipInfo(f"{folder.name}/{name}", WHEN)
            mode = 0o755 if name in PROGRAMS else 0o644
            member.external_attr = (0o100000 | mode) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(member, data)
    os.replace(half, zip_of(folder))
