"""The comparer's side of the runner: a submission's cells go out, outcomes come back.

A `Runner` takes a `Job` and gives a `Ran`; how the code is kept apart is its own
affair, and `level` names it. `ProcessRunner` is one process per submission.
"""

from __future__ import annotations

import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil

from graders import wire
from graders.exercise import CRASHED, TIMED_OUT, Case, Outcome

ROOT = Path(__file__).resolve().parents[1]
START = "import sys; sys.path.insert(0, {!r}); from graders.child import main; main()"
FULL = "MemoryError: it uses more memory than there is."
MARK = "COURSE_JOB"  # in the environment of a child and of all that it starts


@dataclass(frozen=True)
class Step:
    """A cell to run, and the names whose values its checks meet after it."""

    name: str
    source: str
    keep: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ask:
    """One exercise: its cases, the answer's name, the finished parts it may call."""

    answer: str
    cases: Sequence[Case]
    parts: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """All that a runner learns of a submission. Nothing in it is expected or secret."""

    steps: Sequence[Step]
    asks: Mapping[str, Ask]


@dataclass(frozen=True)
class Attempt:
    """The outcomes of one way of asking, or why there are none."""

    outcomes: Sequence[Outcome] = ()
    status: str = ""
    message: str = ""


@dataclass
class Ran:
    """What a job gave: attempts by exercise, and the errors of cells by name."""

    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


class Runner(Protocol):
    """Whatever runs jobs. `level` is written into every result."""

    level: str

    def run(self, job: Job) -> Ran:
        """Raises RunnerError if the machine, not the submission, is to blame."""
        ...


class RunnerError(Exception):
    """The child could not be started: no submission's fault."""


class DeathError(Exception):
    """The child has gone or must go, through what it was asked last."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.attempt = Attempt((), status, message)


@dataclass(frozen=True)
class Limits:
    """Seconds on the clock and bytes.

    Args:
        start: To start a child.
        cell: For one cell.
        call: For all the cases of one exercise.
        total: For a submission.
        memory: Data of one process.
        file_size: The largest file it may write.
    """

    start: float = 60
    cell: float = 30
    call: float = 10
    total: float = 180
    memory: int = 2 << 30
    file_size: int = 64 << 20

    def of_process(self) -> dict[str, int]:
        """For `setrlimit`."""
        return {
            "DATA": self.memory,
            "FSIZE": self.file_size,
            "CPU": int(self.total) + 60,
            "NOFILE": 512,
            "CORE": 0,
        }


class ProcessRunner:
    """One process per submission: no secrets in it, killed with all it started.

    It keeps accidents apart. It does not keep a clever student from reading the files
    that the grader can read: that takes a sandbox.
    """

    level = "process"

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()

    def run(self, job: Job) -> Ran:
        session = Session(job, self.limits)
        try:
            return session.run()
        finally:
            session.stop()


class Session:
    """One submission's children: a fresh one after each death, while time lasts."""

    def __init__(self, job: Job, limits: Limits) -> None:
        self.job, self.limits = job, limits
        self.ends = time.monotonic() + limits.total
        self.ran = Ran()
        self.fatal: set[str] = set()  # cells that ended a child: not run again
        self.dead: set[str] = set()  # answers that ended a child
        self.child: Child | None = None

    def run(self) -> Ran:
        """First everything with the student's own parts, then with finished ones.

        An exercise comes before those whose finished parts would give it away: they
        use more parts than it does.
        """
        for name, ask in self.job.asks.items():
            if not self.dead & {*ask.parts}:
                self._collect(name, {})
        with_parts = {n: a for n, a in self.job.asks.items() if a.parts}
        for name, ask in sorted(with_parts.items(), key=lambda i: len(i[1].parts)):
            self._collect(name, ask.parts)
        return self.ran

    def stop(self) -> None:
        if self.child:
            self.child.kill()
            self.child = None

    def _collect(self, name: str, parts: Mapping[str, list[str]]) -> None:
        ask = self.job.asks[name]
        request = {"collect": name, "cases": list(ask.cases), "parts": dict(parts)}
        try:
            reply = self._ready().ask(request, self._left(self.limits.call))
            found = _outcomes(reply, len(ask.cases))
        except DeathError as death:
            self.stop()
            self.dead.add(ask.answer)
            found = [death.attempt]
        if any(map(_is_full, found)):
            self.stop()
        self.ran.attempts.setdefault(name, []).extend(found)

    def _ready(self) -> Child:
        """A child that has run the cells; cells that ended one are left out."""
        while self.child is None:
            self._left(1)
            self.child = Child(self.limits)
            try:
                for step in self.job.steps:
                    self._run(step, self.child)
            except DeathError:
                self.stop()
        return self.child

    def _run(self, step: Step, child: Child) -> None:
        if step.name in self.fatal:
            return
        request = {"run": step.source, "keep": list(step.keep)}
        try:
            reply = child.ask(request, self._left(self.limits.cell))
            error = _text(reply, "error")
            if error.startswith("MemoryError"):
                raise DeathError(CRASHED, FULL)
        except DeathError as death:
            self.fatal.add(step.name)
            self.ran.errors[step.name] = str(death)
            raise
        if error:
            self.ran.errors[step.name] = error

    def _left(self, wanted: float) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            whole = f"the whole notebook took more than {self.limits.total:g} seconds."
            raise DeathError(TIMED_OUT, whole)
        return min(wanted, left)


class Child:
    """A process that runs cells, in a folder and a session of its own."""

    def __init__(self, limits: Limits) -> None:
        self.mark = secrets.token_hex(8)
        self.folder = Path(tempfile.mkdtemp(prefix="course-"))
        self.complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed in kill()
        self.process = self._started()
        try:
            self.ask(limits.of_process(), limits.start)
        except DeathError as death:
            self.complaints.seek(0)
            last = self.complaints.read()[-2000:].decode(errors="replace")
            self.kill()
            raise RunnerError(f"The child does not start: {death}\n{last}") from None

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", START.format(str(ROOT))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.complaints,
                cwd=self.folder,
                env=self._environment(),
                start_new_session=True,
            )
        except OSError as error:
            self.complaints.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise RunnerError(f"The child does not start: {error}") from None

    def ask(self, request: Mapping[str, Any], seconds: float) -> Any:
        """The reply to a request.

        Raises:
            DeathError: If none comes in time or it cannot be read. The child is of no
                further use.
        """
        try:
            return self._within(seconds, lambda: self._exchange(request))
        except TimeoutError:
            text = f"it ran for more than {seconds:.0f} seconds: is there a loop "
            raise DeathError(TIMED_OUT, text + "that does not end?") from None
        except wire.WireError as error:
            raise DeathError(CRASHED, f"its values cannot be read: {error}") from None
        except (EOFError, OSError):
            raise DeathError(CRASHED, self._cause()) from None

    def _within(self, seconds: float, call: Callable[[], Any]) -> Any:
        """What `call` gives or raises, on a thread left behind when time is up."""
        box: queue.SimpleQueue[tuple[Any, Exception | None]] = queue.SimpleQueue()

        def work() -> None:
            try:
                box.put((call(), None))
            except Exception as error:
                box.put((None, error))

        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()
        try:
            value, error = box.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None
        if error:
            raise error
        return value

    def _exchange(self, request: Mapping[str, Any]) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        wire.write(self.process.stdin, request)  # type: ignore[arg-type]
        return wire.read(self.process.stdout)  # type: ignore[arg-type]

    def _cause(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            code = self.process.wait(2)
            if code < 0:
                named = {s.value: s.name for s in signal.Signals}
                how = named.get(-code, f"signal {-code}")
                return f"Python itself was ended by {how}."
            return f"it ended Python itself (exit code {code})."
        return "it closed the way back to the grader."

    def kill(self) -> None:
        """Ends the child and all that it has started; removes its folder."""
        if sys.platform != "win32":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        left = [process for process in psutil.process_iter() if self._is_mine(process)]
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, 2)
        self.complaints.close()
        self.thread.join(2)  # it reads to the end, unless someone keeps the pipe open
        if not self.thread.is_alive():
            for stream in (self.process.stdin, self.process.stdout):
                with suppress(OSError):
                    stream.close()  # type: ignore[union-attr]
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_mine(self, process: psutil.Process) -> bool:
        """True for what the child has started, in whatever session."""
        try:
            return bool(process.environ().get(MARK) == self.mark)
        except (psutil.Error, OSError):
            return False

    def _environment(self) -> dict[str, str]:
        here = str(self.folder)
        homes = ("HOME", "TMPDIR", "TEMP", "TMP", "IPYTHONDIR", "JUPYTER_CONFIG_DIR")
        threads = ("OMP", "OPENBLAS", "MKL")
        kept = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL")
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            **dict.fromkeys(homes, here),
            **{f"{name}_NUM_THREADS": "1" for name in threads},
            "MPLCONFIGDIR": str(_fonts(self.folder)),
            "MPLBACKEND": "agg",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "USER": "student",
            MARK: self.mark,
        }


def _fonts(folder: Path) -> Path:
    """A folder with a copy of matplotlib's list of fonts, which takes long to make."""
    import matplotlib.font_manager

    target = folder / ".matplotlib"
    target.mkdir()
    for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(path, target)
    return target


def _is_full(attempt: Attempt) -> bool:
    """True if memory ran out: what is still held would starve the next answer."""
    problems = [outcome.problem for outcome in attempt.outcomes]
    return any(problem and "MemoryError" in problem.types for problem in problems)


def _outcomes(reply: Any, count: int) -> list[Attempt]:
    """The attempts in a reply: one or two lists of `count` outcomes."""
    found = reply.get("outcomes") if isinstance(reply, dict) else None
    if not isinstance(found, list) or not all(_is_list(f, count) for f in found):
        raise DeathError(CRASHED, "its values cannot be read: they are not outcomes.")
    return [Attempt(outcomes) for outcomes in found[:2]]


def _is_list(item: Any, count: int) -> bool:
    return (
        isinstance(item, list)
        and len(item) == count
        and all(isinstance(outcome, Outcome) for outcome in item)
    )


def _text(reply: Any, key: str) -> str:
    text = reply.get(key) if isinstance(reply, dict) else None
    if not isinstance(text, str):
        raise DeathError(CRASHED, "its reply to a cell cannot be read.")
    return text
