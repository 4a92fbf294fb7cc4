"""`course lab`: a student's copy of a lesson, opened in JupyterLab.

A release is copied to `work/` once; from then on the copy is the student's and nothing
here writes to it. `work/.releases.json` remembers which release was copied.
`graders/jupyter/` holds JupyterLab's settings: quiet, offline, no instructor's tools.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import socket
from pathlib import Path
from urllib.parse import quote

from graders.course import Course, CourseError, Lesson

SETTINGS = Path(__file__).parent / "jupyter"
FIRST_PORT = 8888


def open_lesson(
    course: Course,
    wanted: str | None = None,
    *,
    browser: bool = True,
    port: int | None = None,
    fresh: bool = False,
) -> int:
    """Copies a lesson if the student has no copy, and serves it until Ctrl-C.

    Args:
        course: Where the releases and `work/` are.
        wanted: A lesson by number, name or noun; the first released one if None.
        browser: Open the address, not only print it.
        port: The port to serve on; one that is free if None.
        fresh: Make another copy beside the one that is there.

    Raises:
        CourseError: If there is no such lesson or release, or the port is taken.
    """
    notebook = copy(choose(course, wanted), fresh)
    if port is not None and not is_free(port):
        raise CourseError(
            f"Port {port} is taken. Leave out --port, and a free one is found."
        )
    return serve(course, notebook, browser, port)


def choose(course: Course, wanted: str | None) -> Lesson:
    """The wanted lesson, or the first one, that is released.

    Raises:
        CourseError: If there is none, or it has no release yet.
    """
    if wanted:
        lesson = course.find(wanted)
        if not lesson.release.exists():
            raise CourseError(
                f"Lesson {lesson.name} has no release yet; "
                f"`course build {lesson.number}` makes it."
            )
        return lesson
    for lesson in course.lessons():
        if lesson.release.exists():
            return lesson
    raise CourseError(f"No lesson is released yet: {course.notebooks} is empty.")


# ------------------------------------------------------------------ the student's copy


def copy(lesson: Lesson, fresh: bool = False) -> Path:
    """Copies what of a release the student lacks; never writes over a file.

    Args:
        lesson: A released lesson.
        fresh: Copy the notebook beside the present one, as `noun-2.ipynb`.

    Returns:
        The student's newest copy of the notebook.
    """
    folder = lesson.course.work / lesson.name
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(lesson.release.parent.rglob("*")):
        target = folder / path.relative_to(lesson.release.parent)
        if path.is_file() and not target.exists():
            _copy_whole(path, target)
            if path == lesson.release:
                _remember(lesson)
                fresh = False
    if fresh:
        _copy_whole(lesson.release, _next(lesson))
        _remember(lesson)
    elif _remembered(lesson) not in (None, _digest(lesson)):
        print(
            f"Lesson {lesson.name} has a newer release; your copy stays as it is. "
            f"`course lab {lesson.number} --fresh` puts the new one beside it."
        )
    return _copies(lesson)[-1]


def _copy_whole(source: Path, target: Path) -> None:
    """Copies a file under another name first: a killed copy leaves no half file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.copying")
    shutil.copyfile(source, half)
    os.replace(half, target)


def _copies(lesson: Lesson) -> list[Path]:
    """The student's copies of a lesson's notebook, the oldest first."""
    first = lesson.course.work / lesson.name / lesson.release.name
    others = first.parent.glob(f"{first.stem}-*.ipynb")
    return [first, *sorted(filter(_number, others), key=_number)]


def _next(lesson: Lesson) -> Path:
    first, last = _copies(lesson)[0], _copies(lesson)[-1]
    return first.with_stem(f"{first.stem}-{(_number(last) or 1) + 1}")


def _number(path: Path) -> int:
    """The 3 of `noun-3.ipynb`; 0 of other names, such as `noun-3-Copy1.ipynb`."""
    tail = path.stem.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 0


def _record(lesson: Lesson) -> Path:
    return lesson.course.work / ".releases.json"


def _digest(lesson: Lesson) -> str:
    return hashlib.sha256(lesson.release.read_bytes()).hexdigest()


def _releases(lesson: Lesson) -> dict[str, str]:
    try:
        return dict(json.loads(_record(lesson).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return {}


def _remembered(lesson: Lesson) -> str | None:
    return _releases(lesson).get(lesson.name)


def _remember(lesson: Lesson) -> None:
    releases = _releases(lesson) | {lesson.name: _digest(lesson)}
    half = _record(lesson).with_suffix(".new")
    half.write_text(json.dumps(releases, indent=1) + "\n", encoding="utf-8")
    os.replace(half, _record(lesson))


# -------------------------------------------------------------------------- the server


def is_free(port: int) -> bool:
    """Whether a server can listen on a port of this computer."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        if os.name == "posix":  # a port whose server has just ended is free
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def serve(course: Course, notebook: Path, browser: bool, port: int | None) -> int:
    """Becomes JupyterLab until Ctrl-C; prints the address once it answers."""
    _settle()
    from jupyterlab.labapp import LabApp

    page = "lab/tree/" + quote(notebook.relative_to(course.work).as_posix())
    server = LabApp.initialize_server(argv=_arguments(course, page, browser, port))
    server.log.addFilter(_is_news)
    address = f"{server.connection_url}{page}?token={server.identity_provider.token}"
    lines = f"Your copy:  {notebook}\nAddress:    {address}\nCtrl-C here ends it."
    server.io_loop.add_callback(print, lines, flush=True)
    server.start()
    os._exit(0)  # a thread that still waits for work would keep the process for ever


def _settle() -> None:
    """Lets our settings and this environment's kernel come before a user's own."""
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    ours = [str(SETTINGS), *([others] if others else [])]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(ours)
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"


def _arguments(course: Course, page: str, browser: bool, port: int | None) -> list[str]:
    arguments = [
        f"--ServerApp.root_dir={course.work}",
        f"--ServerApp.open_browser={browser}",
        f"--ServerApp.port={port or FIRST_PORT}",
        f"--ServerApp.port_retries={0 if port else 100}",
        f"--LabApp.default_url=/{page}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # as in a container
        arguments.append("--ServerApp.allow_root=True")
    return arguments


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line tells a student something: the address is printed by us."""
    known = ("To access the server", "Shutting down", "is not trusted")
    return not any(words in record.getMessage() for words in known)
