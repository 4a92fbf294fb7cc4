"""What runs beside the student's code: cells in, outcomes out.

Started by `graders.workers` with requests on its stdin and replies on its stdout, or
forked by `graders.zygote` with a socket for both. They become private descriptors
first, so that what a student prints goes nowhere.
Knows no right answer: the cases come over the wire, the verdict is made elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, BinaryIO, NoReturn

from graders import registry, wire
from graders.collect import collect
from graders.exercise import Case, Outcome, Problem
from graders.judge import missing

Request = Mapping[str, Any]
ABSENT = object()
CELL = re.compile(r"\(<[\w-]+>, ")  # IPython's name of a cell, in a SyntaxError


def main() -> None:
    """Answers requests until there are no more. Never returns: ends the process."""
    requests, replies = _private(0, "rb"), _private(1, "wb")
    _limit(wire.read(requests))
    room = Room()
    wire.write(replies, {"ready": True})
    _private(2, "wb").close()
    serve(requests, replies, room)


def serve(requests: BinaryIO, replies: BinaryIO, room: Room) -> NoReturn:
    """Answers requests until there are no more, then ends the process."""
    own = os.getpid()
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            reply = room.answer(wire.read(requests))
            if os.getpid() != own:  # a fork of this process, left by an answer
                break
            wire.write(replies, reply)
    os._exit(0)  # without waiting for threads or exit hooks that an answer has left


def _private(number: int, mode: str) -> Any:
    """A new descriptor for `number`, which from now on leads to nowhere."""
    stream = os.fdopen(os.dup(number), mode)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, number)
    os.close(nowhere)
    return stream


def _limit(limits: Request) -> None:
    """Limits of this process, where the system has them: bytes, and seconds of CPU."""
    if sys.platform == "win32":
        return
    import resource

    for name, wanted in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}", None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(kind, (most, most))


class Room:
    """The namespace in which a submission's cells run, as in a notebook."""

    def __init__(self) -> None:
        self.shell = _shell()
        self.run_cell = self.shell.run_cell  # a cell may put another in its place
        self.kept: dict[str, Any] = {}

    @property
    def names(self) -> dict[str, Any]:
        found: dict[str, Any] = self.shell.user_ns
        return found

    def answer(self, request: Request) -> dict[str, Any]:
        """Runs a cell (`run`, `keep`) or collects an exercise (`collect`, `cases`)."""
        if "run" in request:
            return self._run(request)
        outcomes = self._collect(request)
        try:
            wire.pack(outcomes)
        except (wire.WireError, MemoryError):
            large = Outcome(problem=Problem(("TooLarge",), "the values are too large"))
            outcomes = [[large] * len(request["cases"])]
        return {"outcomes": outcomes}

    def _run(self, request: Request) -> dict[str, Any]:
        """Runs a cell; then keeps what the names in `keep` stand for at this point."""
        try:
            result = self.run_cell(request["run"], store_history=True)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as raised:  # a cell may break the shell itself
            error = raised
        self.kept |= {n: self.names[n] for n in request["keep"] if n in self.names}
        return {"error": _in_words(error) if error else ""}

    def _collect(self, request: Request) -> list[list[Outcome]]:
        """Outcomes of the answer as its check met it, and as the notebook left it."""
        exercise = registry.find(request["collect"])
        cases: list[Case] = request["cases"]
        final = self.names.get(exercise.answer, ABSENT)
        answers = [self.kept.get(exercise.answer, final), final]
        with self._finished(request["parts"]):
            return [
                self._call(exercise, answer, cases)
                for answer in answers[: 1 if answers[0] is final else 2]
            ]

    def _call(self, exercise: Any, answer: Any, cases: list[Case]) -> list[Outcome]:
        if answer is ABSENT:
            return missing(len(cases))
        try:
            return collect(exercise, answer, cases)
        except BaseException as error:
            text = _in_words(error).partition(": ")[2]
            problem = Problem((type(error).__name__,), text)
            return [Outcome(problem=problem)] * len(cases)

    @contextlib.contextmanager
    def _finished(self, parts: Mapping[str, list[str]]) -> Iterator[None]:
        """Puts finished parts in the place of earlier answers for a while."""
        before = {name: self.names[name] for name in parts if name in self.names}
        for name, (source, attribute) in parts.items():
            module = ModuleType("finished")
            exec(compile(source, "finished.py", "exec"), module.__dict__)
            self.names[name] = getattr(module, attribute)
        try:
            yield
        finally:
            for name in parts:
                self.names.pop(name, None)
            self.names.update(before)


def _shell() -> Any:
    """IPython without history, windows, and tracebacks that nobody would read."""
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    HistoryManager.enabled = False  # type: ignore[assignment]
    shell = InteractiveShell.instance()
    for name in ("showtraceback", "showsyntaxerror", "enable_gui", "ask_exit", "_tee"):
        setattr(shell, name, _nothing)
    return shell


def _nothing(*args: Any, **kwargs: Any) -> Any:
    """Instead of what a shell shows, and of keeping all that is printed in memory."""
    return contextlib.nullcontext()


def _in_words(error: BaseException) -> str:
    try:
        text = CELL.sub("(", str(error)[:500])
        return f"{type(error).__name__}: {text}"[:500]
    except Exception:
        return type(error).__name__


if __name__ == "__main__":
    main()
