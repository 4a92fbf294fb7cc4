"""`course test`: everything that is tested, in parts; each part is commands to type.

Style first because it takes seconds, then the tests. The solved lessons, and after them
the tests that drive a browser, run beside both, on the second core.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

from graders.course import CourseError

PYTEST = ["pytest", "-q", "-rs", "-p", "no:cacheprovider"]
ASIDE = ("lessons", "browser")  # run while the others do, and are heard after them
QUICK, USUAL, FULL = "quick", "usual", "full"
# What a level leaves out, as pytest marks.
LEFT_OUT = {QUICK: ["not full", "not slow"], USUAL: ["not full"], FULL: []}


def parts(level: str) -> dict[str, list[list[str]]]:
    """The parts of the tests by name, each a list of commands for `python -m`."""
    found = {
        "style": [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]],
        "tests": [_tests("not browser", *LEFT_OUT[level])],
    }
    if level != QUICK:
        # nbval and what it imports warn about themselves: not this project's errors.
        found["lessons"] = [[*PYTEST, "--nbval", "solutions", "-W", "default"]]
        found["browser"] = [_tests("browser", *LEFT_OUT[level])]
    return found


def _tests(*marks: str) -> list[str]:
    """The tests that have, or have not, these marks."""
    return [*PYTEST, "tests", "-m", " and ".join(marks)]


def run(root: Path, level: str = USUAL, only: Sequence[str] = ()) -> int:
    """Runs the parts; every part runs, whatever failed before it.

    Args:
        root: The clone.
        level: "quick", "usual" or "full".
        only: Names of parts; all of the level's if empty.

    Returns:
        0 if all passed, else 1.

    Raises:
        CourseError: If the level has no part of a name.
    """
    for name in only:
        if name not in parts(level):
            known = ", ".join(parts(level))
            raise CourseError(f"There is no part {name!r}. There are: {known}.")
    chosen = {n: c for n, c in parts(level).items() if not only or n in only}
    with ThreadPoolExecutor(1) as pool, ExitStack() as files:
        said = {n: files.enter_context(TemporaryFile("w+")) for n in _aside(chosen)}
        aside = {
            name: pool.submit(_run, root, name, chosen[name], file)
            for name, file in said.items()
        }
        lines, failed = [], False
        for name, commands in chosen.items():
            if name in aside:
                codes, seconds = aside[name].result()
                said[name].seek(0)
                print(said[name].read(), end="", flush=True)
            else:
                codes, seconds = _run(root, name, commands, sys.stdout)
            failed |= any(codes)
            word = "FAILED" if any(codes) else "passed"
            lines.append(f"{name:<10} {word}  {seconds:6.0f} s")
    print("\n" + "\n".join(lines), flush=True)
    return int(failed)


def _aside(chosen: Iterable[str]) -> list[str]:
    """The parts that run beside others; none if there are no others."""
    beside = [name for name in chosen if name in ASIDE]
    return beside if {*chosen} - {*beside} else []


def _run(
    root: Path, name: str, commands: list[list[str]], out: TextIO
) -> tuple[list[int], float]:
    """The commands' exit codes, and the seconds they took."""
    started, codes = time.monotonic(), []
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    for command in commands:
        print(f"\n== {name}: {' '.join(command)}", file=out, flush=True)
        ran = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=root,
            env=environment,
            stdout=None if out is sys.stdout else out,
            stderr=None if out is sys.stdout else subprocess.STDOUT,
            check=False,
        )
        codes.append(ran.returncode)
    return codes, time.monotonic() - started
