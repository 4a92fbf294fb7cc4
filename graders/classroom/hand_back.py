"""How pages of feedback reach the students: a zip for a platform, or the exchange.

A platform finds whose a file is by its name in the zip, which is that of the download:
`.grading/submitted/STUDENT/LESSON/platform.txt` holds it, where it is known.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from graders.classroom import whole
from graders.classroom.grades import counted
from graders.course import CourseError, Lesson
from graders.files import ORIGIN
from graders.gradebook import EXCHANGED, Book

MOODLE, CANVAS, PLAIN = "moodle", "canvas", "plain"
PLATFORMS = (MOODLE, CANVAS, PLAIN)
# Moodle reads name, number, `assignsubmission`, `file` and the rest, between `_`.
FOLDER = re.compile(r"[^/]*?_\d+_assignsubmission_(?:file|onlinetext)(?=[_/]|$)")
NUMBERED = re.compile(r"[^/]+_\d+")
DOWNLOADED = re.compile(r"[^_/]+(?:_LATE)?_\d+_\d+_[^/]+")


def pack(lesson: Lesson, pages: Sequence[Path], platform: str) -> Path:
    """Writes the zip of some pages for a platform; where it is.

    Raises:
        CourseError: If it cannot be written.
    """
    names = {page: _name(lesson, page, platform) for page in pages}
    if lost := [_student(page) for page, name in names.items() if not name]:
        people = ", ".join(lost[:5]) + (" …" if len(lost) > 5 else "")
        text = f"{platform} will not know whose these are, named by their id: {people}."
        hint = (
            f"Uploads need work that was taken in by `course collect {lesson.number}`"
        )
        print(f"Note: {text} {hint} from a download.", file=sys.stderr)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for page, name in names.items():
            archive.write(page, name or f"{_student(page)}/{page.name}")
    path = lesson.course.grading / "feedback" / f"{lesson.name}-{platform}.zip"
    whole.write(path, made.getvalue())
    return path


def _student(page: Path) -> str:
    return page.parts[-3]


def _name(lesson: Lesson, page: Path, platform: str) -> str:
    """A page's name in the zip, "" if the platform could not tell whose it is."""
    student = _student(page)
    if platform == PLAIN:
        return f"{student}/{page.name}"
    origin = _origin(lesson, student)
    if platform == MOODLE:
        folder = FOLDER.search(origin)
        if folder:
            return f"{folder[0]}_/{page.name}"
        known = NUMBERED.fullmatch(student)
        return f"{student}_assignsubmission_file_/{page.name}" if known else ""
    name = PurePosixPath(origin).name
    return str(Path(name).with_suffix(".html")) if DOWNLOADED.fullmatch(name) else ""


def _origin(lesson: Lesson, student: str) -> str:
    """The file's path in the platform's download, "" if it was not kept."""
    folder = lesson.course.grading / "submitted" / student / lesson.name
    try:
        text = (folder / ORIGIN).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.strip().partition("\n")[0]


def release(lesson: Lesson, pages: Sequence[Path]) -> list[str]:
    """Has nbgrader put pages into its exchange; what to say about it.

    Raises:
        CourseError: If nobody's work came from the exchange, or nbgrader fails.
    """
    ready = [page for page in pages if _came_through(lesson, page)]
    if not ready:
        text = f"No work of {lesson.name} came through nbgrader's exchange"
        hint = "Students hand in there; then: nbgrader collect"
        raise CourseError(f"{text}, so nothing can go back. {hint} {lesson.name}")
    book = Book(lesson.course)
    for page in ready:
        book.release_feedback(lesson, _student(page))
    lines = [f"{lesson.name}: {counted(len(ready), 'page')} in nbgrader's exchange."]
    others = [_student(page) for page in pages if page not in ready]
    if others:
        lines.append(f"Not through the exchange: {', '.join(others)}.")
    return lines


def _came_through(lesson: Lesson, page: Path) -> bool:
    """Lays what nbgrader asks for beside a page; False if the submission lacks it."""
    student = _student(page)
    folder = lesson.course.grading / "submitted" / student / lesson.name
    if not all((folder / name).is_file() for name in EXCHANGED):
        return False
    for name in EXCHANGED:
        shutil.copyfile(folder / name, page.with_name(name))
    return True
