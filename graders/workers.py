"""The comparer's side of the runner: a submission's cells go out, outcomes come back.

A `Runner` takes a `Job` and gives a `Ran`; how the code is kept apart is its own
affair, and `level` names it (`graders.runners`). A `Session` is one job's course, with
whatever children its runner starts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from graders import wire
from graders.exercise import CRASHED, TIMED_OUT, Case, Outcome

WORKERS = min(4, os.cpu_count() or 1)
FULL = "MemoryError: it uses more memory than there is."
OPEN = "OSError: it keeps more files open than there may be."


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
class Attempt:
    """The outcomes of one way of asking, or why there are none."""

    outcomes: Sequence[Outcome] = ()
    status: str = ""
    message: str = ""


def never(name: str, attempt: Attempt) -> bool:
    return False


@dataclass(frozen=True)
class Job:
    """All that a runner learns of a submission. Nothing in it is expected or secret.

    Args:
        steps: The cells.
        asks: The exercises by name.
        enough: True of an attempt that makes another one needless. Stays with the
            comparer: no child has it.
    """

    steps: Sequence[Step]
    asks: Mapping[str, Ask]
    enough: Callable[[str, Attempt], bool] = never


@dataclass
class Ran:
    """What a job gave: attempts by exercise, and the errors of cells by name."""

    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


class Runner(Protocol):
    """Whatever runs jobs, `at_once` of them.

    `level` is written into results; `note` is for people.
    """

    @property
    def at_once(self) -> int: ...

    @property
    def level(self) -> str: ...

    @property
    def note(self) -> str: ...

    def close(self) -> None: ...

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


class Child(Protocol):
    """Where a submission's cells run."""

    def ask(self, request: Mapping[str, Any], seconds: float) -> Any:
        """The reply to a request.

        Raises:
            DeathError: If none comes in time or it cannot be read. The child is of no
                further use.
        """
        ...

    def kill(self) -> None:
        """Ends the child and all that it has started; removes what it has written."""
        ...


@contextmanager
def deaths(seconds: float, cause: Callable[[], str]) -> Iterator[None]:
    """Makes a DeathError of whatever goes wrong on the wire."""
    try:
        yield
    except TimeoutError:
        text = f"it ran for more than {seconds:.0f} seconds: is there a loop "
        raise DeathError(TIMED_OUT, text + "that does not end?") from None
    except wire.WireError as error:
        raise DeathError(CRASHED, f"its values cannot be read: {error}") from None
    except (EOFError, OSError):
        raise DeathError(CRASHED, cause()) from None


@dataclass(frozen=True)
class Limits:
    """Seconds on the clock and bytes.

    Args:
        start: To start a child.
        cell: For one cell.
        call: For all the cases of one exercise.
        total: For a submission.
        memory: Data of one process.
        file_size: The largest file it may write; in a sandbox, all of them together.
        processes: Processes and threads at a time, in a sandbox. Keras needs 16.
    """

    start: float = 60
    cell: float = 30
    call: float = 10
    total: float = 180
    memory: int = 2 << 30
    file_size: int = 64 << 20
    processes: int = 64

    def of_process(self) -> dict[str, int]:
        """For `setrlimit`."""
        return {
            "DATA": self.memory,
            "FSIZE": self.file_size,
            "CPU": int(self.total) + 60,
            "NOFILE": 512,
            "CORE": 0,
        }


class Session:
    """One submission's children: a fresh one after each death, while time lasts."""

    def __init__(self, job: Job, limits: Limits, start: Callable[[], Child]) -> None:
        self.job, self.limits, self.start = job, limits, start
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
            found = self.ran.attempts.get(name, ())
            if not any(self.job.enough(name, attempt) for attempt in found):
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
            reply = self._ask(self._ready(), request, self.limits.call)
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
            self._left()
            self.child = self.start()
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
            reply = self._ask(child, request, self.limits.cell)
            error = _text(reply, "error")
            if spent := _spent(error):
                raise DeathError(CRASHED, spent)
        except DeathError as death:
            self.fatal.add(step.name)
            self.ran.errors[step.name] = str(death)
            raise
        if error:
            self.ran.errors[step.name] = error

    def _ask(self, child: Child, request: Mapping[str, Any], seconds: float) -> Any:
        try:
            return child.ask(request, min(seconds, self._left()))
        except DeathError as death:
            if death.attempt.status == TIMED_OUT:
                self._left()  # is it the whole notebook that is out of time?
            raise

    def _left(self) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            whole = f"the whole notebook took more than {self.limits.total:g} seconds."
            raise DeathError(TIMED_OUT, whole)
        return left


def _spent(error: str) -> str:
    """What a cell has used up, and may still hold, if that is why it stopped."""
    if error.startswith("MemoryError"):
        return FULL
    return OPEN if error.startswith("OSError: [Errno 24]") else ""


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
