"""Runners: where students' code runs, and how far apart from everything else.

`ProcessRunner` starts a process per submission, which keeps accidents apart.
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
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

import psutil

from graders import wire
from graders.levels import PROCESS
from graders.workers import (
    WORKERS,
    DeathError,
    Job,
    Limits,
    Ran,
    RunnerError,
    Session,
    deaths,
)

ROOT = Path(__file__).resolve().parents[1]
START = "import sys; sys.path.insert(0, {!r}); from graders.child import main; main()"
MARK = "COURSE_JOB"  # in the environment of a child and of all that it starts
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
CLOSED = "it closed the way back to the grader."


class ProcessRunner:
    """One process per submission: no secrets in it, killed with all it started.

    It keeps accidents apart. It does not keep a clever student from reading the files
    that the grader can read: that takes a sandbox.
    """

    level, at_once = PROCESS, WORKERS

    def __init__(self, limits: Limits | None = None, note: str = "") -> None:
        self.limits, self.note = limits or Limits(), note
        self.closed, self.living = False, WeakSet[ProcessChild]()

    def close(self) -> None:
        """Ends what still runs: who waits for it is told at once."""
        self.closed = True
        for child in list(self.living):
            child.end()

    def run(self, job: Job) -> Ran:
        session = Session(job, self.limits, self._child)
        try:
            return session.run()
        finally:
            session.stop()

    def _child(self) -> ProcessChild:
        child = ProcessChild(self.limits)
        self.living.add(child)
        if self.closed:
            child.kill()
            raise RunnerError("The grading was stopped.")
        return child


class ProcessChild:
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
        fonts = str(_fonts(self.folder))
        try:
            return subprocess.Popen(
                [sys.executable, "-I", "-B", "-c", START.format(str(ROOT))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.complaints,
                cwd=self.folder,
                env=environment(str(self.folder), fonts) | {MARK: self.mark},
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
        with deaths(seconds, self._cause):
            return self._within(seconds, lambda: self._exchange(request))

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
            return in_words(self.process.wait(2))
        return CLOSED

    def kill(self) -> None:
        """Ends the child and all that it has started; removes its folder."""
        self.end()
        self.complaints.close()
        self.thread.join(2)  # it reads to the end, unless someone keeps the pipe open
        if not self.thread.is_alive():
            for stream in (self.process.stdin, self.process.stdout):
                with suppress(OSError):
                    stream.close()  # type: ignore[union-attr]
        shutil.rmtree(self.folder, ignore_errors=True)

    def end(self) -> None:
        """Ends the child and all that it has started."""
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

    def _is_mine(self, process: psutil.Process) -> bool:
        """True for what the child has started, in whatever session."""
        try:
            return bool(process.environ().get(MARK) == self.mark)
        except (psutil.Error, OSError):
            return False


def in_words(code: int) -> str:
    """How a process ended, from its exit code; that of a signal is below zero."""
    if code < 0:
        named = {s.value: s.name for s in signal.Signals}
        return f"Python itself was ended by {named.get(-code, f'signal {-code}')}."
    return f"it ended Python itself (exit code {code})."


def environment(home: str, fonts: str) -> dict[str, str]:
    """What a child's environment holds: nothing of ours that could be a secret."""
    homes = ("HOME", "TMPDIR", "TEMP", "TMP", "IPYTHONDIR", "JUPYTER_CONFIG_DIR")
    kept = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        **dict.fromkeys(homes, home),
        **dict.fromkeys(THREADS, "1"),
        "MPLCONFIGDIR": fonts,
        "MPLBACKEND": "agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "USER": "student",
    }


def _fonts(folder: Path) -> Path:
    """A folder with a copy of matplotlib's list of fonts, which takes long to make."""
    import matplotlib.font_manager

    target = folder / ".matplotlib"
    target.mkdir()
    for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
        shutil.copy(path, target)
    return target
