"""`course doctor`: what is there, what is missing, and what to do about it.

Answers from files and version records; imports no package of the lessons, so that it
runs, and answers in a second, where the environment is missing or broken.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.machinery import SourceFileLoader
from importlib.metadata import PackageNotFoundError, version
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

from graders.course import Course, is_students_copy

OK, NOTE, MISSING = "ok", "note", "missing"
SETUP = "`./course lab` installs what the course needs."


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it stands and, if it is not well, what to do."""

    what: str
    state: str
    says: str
    do: str = ""


def report(course: Course, as_json: bool = False) -> int:
    """Prints every finding.

    Returns:
        0 if a student can work here, else 1.
    """
    findings = list(examine(course))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        _show(findings)
    return int(any(finding.state == MISSING for finding in findings))


def examine(course: Course) -> Iterator[Finding]:
    """Looks at what a student needs, then at what grading and tests need besides."""
    files = ("course", "pyproject.toml", "requirements.lock")
    lost = " ".join(name for name in files if not (course.root / name).exists())
    if lost:
        yield Finding("course", MISSING, f"no {lost}", f"`git checkout {lost}`.")
        return
    yield _python(course)
    environment = _environment(course)
    yield environment
    if environment.state != MISSING:
        yield _packages(course)
        yield _kernel()
    yield _lessons(course)
    yield _disk(course)
    yield from _memory()
    yield _program("git", "Only needed to fetch updates.")
    if not is_students_copy():
        yield _sandbox()
        yield _browser()


def _python(course: Course) -> Finding:
    here = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    low, high = launcher(course).supported(str(course.root))
    if (3, low) <= sys.version_info[:2] <= (3, high):
        return Finding("Python", OK, here)
    return Finding("Python", MISSING, here, f"Install Python 3.{low} to 3.{high}.")


def _environment(course: Course) -> Finding:
    what, prefix = "environment", Path(sys.prefix)
    if sys.prefix == sys.base_prefix and not (prefix / "conda-meta").exists():
        return Finding(what, MISSING, "no environment is active", SETUP)
    if prefix.resolve() != course.root / ".venv":
        return Finding(what, OK, f"{sys.prefix}, not made by ./course")
    if launcher(course).is_ready(str(course.root)):
        return Finding(what, OK, ".venv, made from the present lock")
    do = "The next `./course lab` brings it up to date."
    return Finding(what, NOTE, ".venv, half made or made from an older lock", do)


def launcher(course: Course) -> ModuleType:
    """The launcher's functions, from the script beside the packages."""
    loader = SourceFileLoader("launcher", str(course.root / "course"))
    spec = spec_from_loader("launcher", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def _packages(course: Course) -> Finding:
    """Compares what is installed with the lock, package by package."""
    wrong, count = [], 0
    for name, wanted in locked(course.root / "requirements.lock"):
        count += 1
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "missing"
        if found != wanted:
            wrong.append((name, found, wanted))
    if not count:  # without `packaging` the lock cannot be read
        return Finding("packages", MISSING, "none installed", SETUP)
    if not wrong:
        return Finding("packages", OK, f"{count}, as in requirements.lock")
    first = ", ".join(
        f"{name} {found} ({want} locked)" for name, found, want in wrong[:3]
    )
    says = f"{len(wrong)} of {count} differ: {first}"
    lost = any(found == "missing" for _, found, _ in wrong)
    do = "Remove the folder .venv; the next `./course lab` makes it anew."
    if Path(sys.prefix).resolve() != course.root / ".venv":
        do = SETUP
    return Finding("packages", MISSING if lost else NOTE, says, do)


def locked(lock: Path) -> Iterator[tuple[str, str]]:
    """The packages this computer needs, with their versions; none without packaging."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return
    for line in lock.read_text(encoding="utf-8").splitlines():
        if re.match(r"\w", line):
            one = Requirement(line.rstrip("\\ "))
            if one.marker is None or one.marker.evaluate():
                yield one.name, next(iter(one.specifier)).version


def _kernel() -> Finding:
    spec = (
        Path(sys.prefix) / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    )
    if spec.exists():
        return Finding("notebook kernel", OK, "python3 of this environment")
    return Finding("notebook kernel", MISSING, "no python3 kernel here", SETUP)


def _lessons(course: Course) -> Finding:
    ready = [lesson.name for lesson in course.lessons() if lesson.release.exists()]
    if ready:
        return Finding("lessons", OK, ", ".join(ready))
    do = "Fetch the course again" + (
        "." if is_students_copy() else ", or `course build`."
    )
    return Finding("lessons", MISSING, f"none in {course.notebooks}", do)


def _disk(course: Course) -> Finding:
    free = shutil.disk_usage(course.root).free / 1e9
    do = "Make room: notebooks that cannot be saved are lost." if free < 0.5 else ""
    return Finding("disk", MISSING if do else OK, f"{free:.1f} GB free", do)


def _memory() -> Iterator[Finding]:
    """The computer's memory, where the system tells it; a lesson takes about 1 GB."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return
    do = "Close other programs while a lesson trains." if total < 3.5 else ""
    yield Finding("memory", NOTE if do else OK, f"{total:.1f} GB", do)


def _program(name: str, do: str) -> Finding:
    path = shutil.which(name)
    return Finding(name, OK, path) if path else Finding(name, NOTE, "not found", do)


def _sandbox() -> Finding:
    """By trying; students need nothing of it."""
    from graders import levels  # a student's copy has none

    found = levels.reach()
    if found.level == levels.FULL:
        return Finding("grading sandbox", OK, "level full: students' code is locked in")
    says = f"students' code cannot be locked in: {found.why}"
    return Finding("grading sandbox", NOTE, says, f"Instructors: {levels.advice()}")


def _browser() -> Finding:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return Finding("browser for tests", OK, path)
    do = "Authors: install chromium to run the browser tests."
    return Finding("browser for tests", NOTE, "chromium not found", do)


def _show(findings: list[Finding]) -> None:
    """Prints a table, in colour where rich is installed."""
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        for one in findings:
            print(f"{one.state:<8} {one.what:<18} {one.says}  {one.do}".rstrip())
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    colours = {OK: "green", NOTE: "yellow", MISSING: "red"}
    for one in findings:
        says = f"{one.says}\n{one.do}" if one.do else one.says
        table.add_row(f"[{colours[one.state]}]{one.state}[/]", one.what, says)
    Console(highlight=False).print(table)
