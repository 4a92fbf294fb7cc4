"""A class in which attackers sit among honest students, graded as classes are."""

from __future__ import annotations

import copy
import http.server
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from graders import intake, registry
from graders.classroom.papers import answered, solved_answers
from graders.course import Course, Lesson
from graders.exercise import Exercise
from graders.grade import grade_lesson
from graders.gradebook import CONFIG, Book
from graders.record import Entry
from graders.score import answer_names, read_release
from graders.workers import Runner
from tests.attacks.paper import FIRST, NOTHING, REFUSED, REST, Attack, Paper

HALF, LAST = "mona", "zuse"
HONEST = (FIRST, HALF, LAST)  # before, among and after the attackers
SEED = 20_170_612
# What the grader writes.
OWN = ("lock", "record", "release", "autograded", "gradebook.db")
MARK = f"7{os.getpid()}"  # seconds that what an attack leaves behind would sleep


# --------------------------------------------------------------------------- the course


def course_of(lesson: Lesson, root: Path) -> Lesson:
    """The lesson in a new course of its own, released and with the bank's seed."""
    mine = Course(root)
    target = mine.solutions / lesson.name
    target.mkdir(parents=True)
    shutil.copy(lesson.solved, target)
    shutil.copy(lesson.course.root / CONFIG, root)
    copied = mine.find(lesson.name)
    Book(mine).release(copied)
    (mine.grading / "seeds.json").write_text(json.dumps({lesson.noun: SEED}))
    return copied


def papers_of(lesson: Lesson, port: int = 0) -> Mapping[str, Any]:
    """What an honest paper of a lesson is made of: the arguments of `Paper`."""
    right = solved_answers(lesson)
    names = answer_names(read_release(lesson))
    asked = {e.answer: e for e in registry.exercises(lesson.noun).values()}
    functions = {i: n for i, n in names.items() if isinstance(asked[n], Exercise)}
    first = next(i for i, n in functions.items() if f"def {n}(" in right[i])
    return {
        "notebook": answered(lesson, right),
        "functions": functions,
        "ident": first,
        "noun": lesson.noun,
        "port": port,
        "mark": MARK,
        "filename": lesson.release.name,
    }


def paper(lesson: Lesson, port: int = 0, change: Any = None) -> Paper:
    """An honest paper, or what an attack makes of it."""
    made = Paper(**copy.deepcopy(papers_of(lesson, port)))
    if change:
        change(made)
    return made


def folder_of(lesson: Lesson, student: str) -> Path:
    return lesson.course.grading / "submitted" / student / lesson.name


def hand_in(lesson: Lesson, attacks: Sequence[Attack], port: int = 0) -> None:
    """Honest students' papers, one of them half done, and those of the attackers."""
    for student in HONEST:
        one = paper(lesson)
        answers = one.marked("answer")
        if student == HALF:
            for cell in answers[len(answers) // 2 :]:
                cell.source = "..."
        one.write(folder_of(lesson, student))
    for attack in attacks:
        paper(lesson, port, attack.change).write(folder_of(lesson, attack.student))


def deserved(lesson: Lesson, attack: Attack) -> float:
    """The points that an attack's answers earn, of those not given by hand."""
    release = read_release(lesson)
    checks = [c for c in release.cells if intake.mark_of(c) == "check"]
    points = {intake.grade_id(c): float(c.metadata.nbgrader.points) for c in checks}
    if attack.earns in (NOTHING, REFUSED):
        return 0
    if attack.earns == REST:
        name = paper(lesson).name
        asked = registry.exercises(lesson.noun)
        lost = [n for n in asked if asked[n].answer == name]
        return sum(p for i, p in points.items() if i.partition("-")[2] not in lost)
    return sum(points.values())


# ------------------------------------------------------------------------ what is seen


@contextmanager
def server_of_answers(lesson: Lesson) -> Iterator[int]:
    """A server of this computer that hands out the solved lesson; its port."""
    text = lesson.solved.read_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def decoys(lesson: Lesson, folder: Path) -> Iterator[Path]:
    """A home and a temporary folder to be looked at, and a token in the environment."""
    kept = dict(os.environ)
    folder.mkdir()
    secret = "\n\n".join(solved_answers(lesson).values())
    os.environ |= {"HOME": str(folder), "TMPDIR": str(folder), "API_TOKEN": secret}
    was, tempfile.tempdir = tempfile.tempdir, None
    try:
        yield folder
    finally:
        os.environ.clear()
        os.environ.update(kept)
        tempfile.tempdir = was


def files_in(folder: Path, *leave_out: str) -> dict[str, bytes]:
    """The files of a folder, for comparing before and after; large ones by size."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not path.is_symlink() and not name.startswith(leave_out):
            size = path.stat().st_size
            found[name] = path.read_bytes() if size < 1 << 20 else str(size).encode()
    return found


def left_running(mark: str = MARK) -> list[psutil.Process]:
    """The processes of this computer that an attack has started and left."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if mark in (process.info["cmdline"] or []):
            found.append(process)
    return found


class Memory:
    """The most memory that this process holds, above what it held at the beginning."""

    def __enter__(self) -> Memory:
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from now on
        self.before = self._now("VmRSS")
        return self

    def __exit__(self, *error: object) -> None:
        self.grown = self._now("VmHWM") - self.before

    def _now(self, name: str) -> int:
        lines = Path("/proc/self/status").read_text().split("\n")
        return next(int(x.split()[1]) << 10 for x in lines if x.startswith(name))


@dataclass(frozen=True)
class Graded:
    """A class after grading, and what was seen meanwhile.

    Args:
        lesson: In a course of its own.
        entries: By student.
        grown: Bytes that the grader held at most above what it held before.
        changed: Files that are not as they were, and are not the grader's own.
        left: Processes that were started and are still there.
    """

    lesson: Lesson
    entries: Mapping[str, Entry]
    grown: int
    changed: Sequence[str]
    left: Sequence[psutil.Process]


def grade(
    lesson: Lesson, root: Path, runner: Runner, attacks: Sequence[Attack] | None = None
) -> Graded:
    """Grades honest students, and the attackers beside them."""
    mine = course_of(lesson, root / "course")
    own = tuple(f".grading/{name}" for name in OWN)
    children = {*psutil.Process().children(recursive=True)}
    with decoys(mine, root / "home") as home, server_of_answers(mine) as port:
        hand_in(mine, attacks or (), port)
        before = files_in(mine.course.root, *own) | files_in(home)
        with Memory() as memory:
            entries = grade_lesson(mine, runner)
            runner.close()
        after = files_in(mine.course.root, *own) | files_in(home)
    names = {*before, *after}
    left = [*left_running(), *{*psutil.Process().children(True)} - children]
    changed = sorted(n for n in names if before.get(n) != after.get(n))
    return Graded(mine, {e.student: e for e in entries}, memory.grown, changed, left)


def told(entry: Entry) -> list[str]:
    """What a student reads: of the file, of repairs, and of each check not passed."""
    rows = [f"{row.message} {row.says}" for row in entry.rows if row.points < row.max]
    return [text for text in (entry.problem, *entry.notes, *rows) if text.strip()]
