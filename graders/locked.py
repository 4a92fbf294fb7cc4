"""The comparer's side of the zygote: children forked inside a sandbox.

`SandboxRunner` shows them this Python, the modules that a student's copy has, and
nothing else of this computer (`view`). What is in the comparer's memory stays there:
the zygote is a new program, not a fork of it.
"""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import nbformat

from graders import intake, levels, registry, wire
from graders.course import Course, Lesson
from graders.parts import imported
from graders.runners import CLOSED, ROOT, ProcessRunner, environment, in_words
from graders.sandbox import HOME, Bounds, View, python_paths
from graders.workers import (
    FULL,
    WORKERS,
    DeathError,
    Job,
    Limits,
    Ran,
    RunnerError,
    Session,
    deaths,
)

START = "import sys; sys.path.insert(0, {!r}); from graders.zygote import main; main()"
SUBJECT = ROOT / "transformer"
# Not this user's PATH: it names folders that are nobody's business.
TOOLS = os.pathsep.join((os.path.dirname(sys.executable), "/usr/bin", "/bin"))
# What of this package a student's copy has and a cell may import.
OURS = "check child collect exercise feedback judge keys laws plain_words registry wire"
HIDDEN = ("graders/oracle.py", "graders/mistakes", "transformer/reference")
FOLDERS = (".git", ".grading", "solutions", "tests", "work")
ALONE = "Each submission had to import for itself, which is slow:"
CANARY = "import numpy\nnumpy.ones((2, 2)) @ numpy.ones((2, 2))"
KERAS = "\nimport keras\nkeras.layers.Dense(1)(numpy.ones((1, 2), 'float32'))"


def runner_for(lesson: Lesson, level: str = "") -> SandboxRunner | ProcessRunner:
    """A runner of a level for a lesson; of the best level here if it is left out."""
    limits = replace(Limits(), **registry.limits(lesson.noun))
    reach = levels.reach()
    if level == levels.PROCESS or reach.level == levels.PROCESS:
        why = f" ({reach.why})" if reach.why else ""
        return ProcessRunner(limits, f"The code was not locked in{why}.")
    return SandboxRunner(limits, modules_of(lesson), lesson.course)


def modules_of(lesson: Lesson) -> list[str]:
    """What a lesson's given cells, answers and exercises import: worth doing once."""
    release = nbformat.read(lesson.release, as_version=4)
    kept = ("given", "answer")
    sources = [c.source for c in release.cells if intake.mark_of(c) in kept]
    exercises = ROOT / "graders" / "exercises" / f"{lesson.noun}.py"
    sources.append(exercises.read_text(encoding="utf-8"))
    names = dict.fromkeys(name for text in sources for name in _imports(text))
    return list(names)


def _imports(source: str) -> Iterator[str]:
    try:
        yield from imported(ast.parse(source))
    except SyntaxError:  # a magic: then it is imported in each fork
        return


class SandboxRunner:
    """A locked-in fork per submission, or a locked-in process where forks fail.

    Args:
        limits: Of a submission.
        modules: What the zygote imports before it forks; trusted.
        course: Whose folders must not be seen.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        modules: Sequence[str] = ("numpy",),
        course: Course | None = None,
    ) -> None:
        self.limits, self.modules = limits or Limits(), tuple(modules)
        self.view = view(course or Course.here(), self.modules)
        self.lock = threading.Lock()
        self.zygote: Zygote | None = None
        self.note = ""  # why each submission has a zygote of its own, if so
        self.closed = False
        self.level, self.at_once = levels.FULL, WORKERS

    def run(self, job: Job) -> Ran:
        session = Session(job, self.limits, self._child)
        try:
            return session.run()
        finally:
            session.stop()

    def close(self) -> None:
        """Ends the zygote and with it whatever is left."""
        with self.lock:
            self.closed = True
            if self.zygote:
                self.zygote.close()
            self.zygote = None

    def _child(self) -> LockedChild:
        if self.note:
            return LockedChild(Zygote(self.view, (), self.limits), self.limits, True)
        return LockedChild(self._living(), self.limits)

    def _living(self) -> Zygote:
        """The zygote; a new one if there is none or it has died."""
        with self.lock:
            if self.closed:
                raise RunnerError("The sandbox has been closed.")
            if self.zygote and not self.zygote.lives():
                self.zygote.close()
                self.zygote = None
            if self.zygote is None:
                self.zygote = Zygote(self.view, self.modules, self.limits)
                self._try(self.zygote)
            return self.zygote

    def _try(self, zygote: Zygote) -> None:
        """A canary: if a fork of what has been imported cannot work, says so in `note`.

        Forking copies one thread. A library that has started others, or has used what
        they hold, may wait for ever in the fork.
        """
        if zygote.threads > 1:
            self.note = f"{ALONE} its imports start threads."
            return
        wanted = KERAS if "keras" in self.modules else ""
        child = LockedChild(zygote, self.limits)
        try:
            request = {"run": CANARY + wanted, "keep": []}
            why = str(child.ask(request, self.limits.start)["error"])
        except DeathError as death:
            why = str(death)
        finally:
            child.kill()
        self.note = f"{ALONE} {why}" if why else ""


class Zygote:
    """A locked-in process that forks children.

    Raises:
        RunnerError: If it does not start.
    """

    def __init__(self, view: View, modules: Sequence[str], limits: Limits) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed in close()
        number = theirs.fileno()
        settings = {"view": asdict(view), "modules": list(modules), "control": number}
        try:
            self.process = self._started(json.dumps(settings), number)
        except OSError as error:
            self.control.close()
            self.complaints.close()
            raise RunnerError(f"The sandbox does not start: {error}") from None
        finally:
            theirs.close()
        self.threads = self._ready(limits.start)

    def _started(self, settings: str, control: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", START.format(str(ROOT))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.complaints,
            cwd="/",
            env=environment(HOME, HOME) | {"PATH": TOOLS},
            pass_fds=[control],
            start_new_session=True,
        )
        assert process.stdin
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(settings.encode())
        return process

    def _ready(self, seconds: float) -> int:
        """How many threads it has once it is ready."""
        self.control.settimeout(seconds)
        try:
            said = json.loads(self.control.recv(4096) or "{}")
        except (OSError, ValueError) as error:
            said = {"failed": str(error)}
        if "ready" in said:
            return int(said["threads"])
        self.process.kill()
        self.process.wait()
        self.complaints.seek(0)
        last = self.complaints.read()[-2000:].decode(errors="replace").strip()
        self.close()
        raise RunnerError(f"The sandbox does not start: {said.get('failed')}\n{last}")

    def lives(self) -> bool:
        return self.process.poll() is None

    def fork(self, bounds: Bounds) -> tuple[socket.socket, socket.socket]:
        """The wire to a new child, and the socket that says how it ended."""
        kind = socket.SOCK_SEQPACKET
        mine, theirs = socket.socketpair()
        status, told = socket.socketpair(socket.AF_UNIX, kind)
        numbers = [theirs.fileno(), told.fileno()]
        try:
            socket.send_fds(
                self.control, [json.dumps(asdict(bounds)).encode()], numbers
            )
        except OSError as error:
            mine.close()
            status.close()
            raise RunnerError(f"The sandbox has ended: {error}") from None
        finally:
            theirs.close()
            told.close()
        return mine, status

    def close(self) -> None:
        self.control.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.process.kill()
        self.process.wait()
        self.complaints.close()


class LockedChild:
    """A fork of the zygote: one submission's cells run in it."""

    def __init__(self, zygote: Zygote, limits: Limits, alone: bool = False) -> None:
        self.zygote, self.alone = zygote, alone
        self.wire, self.status = zygote.fork(bounds(limits))
        self.end: dict[str, Any] | None = None
        try:
            said = self.answer(limits.start)
        except DeathError as death:
            said = {"failed": str(death)}
        if "ready" not in said:
            self.kill()
            raise RunnerError(f"The child does not start: {said.get('failed')}")

    def ask(self, request: Mapping[str, Any], seconds: float) -> Any:
        with deaths(seconds, self._cause):
            line = Line(self.wire, seconds)
            wire.write(line, request)  # type: ignore[arg-type]
            return wire.read(line)  # type: ignore[arg-type]

    def answer(self, seconds: float) -> Any:
        """What the child says without being asked: that it is ready."""
        with deaths(seconds, self._cause):
            return wire.read(Line(self.wire, seconds))  # type: ignore[arg-type]

    def _cause(self) -> str:
        end = self._ended(2)
        if end is None:
            return CLOSED
        return FULL if end["full"] else in_words(int(end["code"]))

    def _ended(self, seconds: float) -> dict[str, Any] | None:
        """What the zygote says of the child's end, if it says so in time."""
        if self.end is None:
            self.status.settimeout(seconds)
            with suppress(OSError):
                self.end = json.loads(self.status.recv(4096) or "null")
        return self.end

    def kill(self) -> None:
        """Ends the child; when it has, nothing that it started is left either."""
        with suppress(OSError):
            self.status.send(b"end")
        self._ended(10)
        self.wire.close()
        self.status.close()
        if self.alone:
            self.zygote.close()


class Line:
    """A socket as a stream on which reading and writing together end in time."""

    def __init__(self, line: socket.socket, seconds: float) -> None:
        self.socket, self.ends = line, time.monotonic() + seconds

    def _hurry(self) -> None:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)

    def read(self, size: int) -> bytes:
        self._hurry()
        return self.socket.recv(min(size, 1 << 20))

    def write(self, data: bytes) -> None:
        self._hurry()
        self.socket.sendall(data)

    def flush(self) -> None:
        """There is nothing that waits."""


def bounds(limits: Limits) -> Bounds:
    return Bounds(
        memory=limits.memory,
        file_size=limits.file_size,
        disk=limits.file_size,
        processes=limits.processes,
        seconds=int(limits.total) + 60,
    )


def view(course: Course, modules: Sequence[str] = ()) -> View:
    """What a child sees: Python, some of a student's modules, and nothing of ours.

    Of the subject (`transformer`) only what `modules` names and that imports: the
    lesson's own code. The rest may be answers to come.
    """
    roots = dict.fromkeys((course.root.resolve(), ROOT))
    secret = [root / name for root in roots for name in (*HIDDEN, *FOLDERS)]
    covered = [course.root.resolve(), course.grading, ROOT / "graders", SUBJECT]
    covered += [ROOT] if (ROOT / "course").exists() else []
    files = [*_our_files(), *_subject_files(modules)]
    return View(
        shown=python_paths(list(dict.fromkeys((sys.prefix, sys.base_prefix)))),
        covered=list(map(str, covered)),
        copied={str(path): str(path) for path in files},
        secret=[str(path) for path in secret],
    )


def _our_files() -> list[Path]:
    """The files of this package that a student's copy holds and a cell may need."""
    ours = ROOT / "graders"
    named = [ours / f"{name}.py" for name in ("__init__", *OURS.split())]
    named.append(SUBJECT / "weights" / "__init__.py")  # exercises set weights with it
    return [*named, *ours.glob("exercises/*.py"), *ours.glob("keys/*/*.key")]


def _subject_files(modules: Sequence[str]) -> Iterator[Path]:
    """The files of the subject's modules, of what they import, and its data."""
    todo, done = ["__init__", *_parts(modules)], {"reference"}
    while todo:
        name = todo.pop()
        if name not in done:
            done.add(name)
            for path in [SUBJECT / f"{name}.py", *(SUBJECT / name).rglob("*.py")]:
                if path.exists():
                    yield path
                    todo += _parts(_imports(path.read_text(encoding="utf-8")))
            data = (SUBJECT / name).rglob("*")
            yield from (p for p in data if p.is_file() and ".py" not in p.suffix)


def _parts(modules: Iterable[str]) -> list[str]:
    """The parts of the subject that are named: `figures` of `transformer.figures`."""
    names = (name.split(".") for name in modules)
    return [name[1] for name in names if name[0] == SUBJECT.name and name[1:]]
