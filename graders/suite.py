"""`course test`: everything that is tested, in parts; each part is commands to type.

Style first because it takes seconds, then the tests, the solved lessons, the browser.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from graders.course import CourseError

PYTEST = ["pytest", "-q", "-rs", "-p", "no:cacheprovider"]
QUICK, USUAL, FULL = "quick", "usual", "full"
# What a level leaves out, as pytest marks.
LEFT_OUT = {QUICK: "not full and not slow and not browser", USUAL: "not full", FULL: ""}


def parts(level: str) -> dict[str, list[list[str]]]:
    """The parts of the tests by name, each a list of commands for `python -m`."""
    marks = ["-m", LEFT_OUT[level]] if LEFT_OUT[level] else []
    found = {
        "style": [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]],
        "tests": [[*PYTEST, "tests", *marks]],
    }
    if level != QUICK:
        # nbval and what it imports warn about themselves: not this project's errors.
        found["lessons"] = [[*PYTEST, "--nbval", "solutions", "-W", "default"]]
    return found


def run(root: Path, level: str = USUAL, only: Sequence[str] = ()) -> int:
    """Runs the parts one after another; every part runs, whatever failed before it.

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
    lines, failed = [], False
    for name, commands in parts(level).items():
        if only and name not in only:
            continue
        started = time.monotonic()
        codes = [_run(root, name, command) for command in commands]
        failed |= any(codes)
        word = "FAILED" if any(codes) else "passed"
        lines.append(f"{name:<10} {word}  {time.monotonic() - started:6.0f} s")
    print("\n" + "\n".join(lines), flush=True)
    return int(failed)


def _run(root: Path, name: str, command: list[str]) -> int:
    print(f"\n== {name}: {' '.join(command)}", flush=True)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=root, env=environment, check=False
    ).returncode
