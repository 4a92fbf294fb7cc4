"""What all tests share: where the clone is, and what a machine may lack."""

import os
import shutil
from pathlib import Path

import pytest

from graders import levels
from graders.course import Course
from graders.locked import SandboxRunner

ROOT = Path(__file__).parents[1]


def needs(program: str) -> str:
    """The path of a program; skips where it is missing, but never in CI."""
    if path := shutil.which(program):
        return path
    reason = f"{program} is not installed on this machine"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and in CI nothing is skipped")
    pytest.skip(reason)


def locked_runner(**settings) -> SandboxRunner:
    """A sandbox; skips where the machine cannot have one, but never in CI."""
    reach = levels.reach()
    if reach.level == levels.FULL:
        return SandboxRunner(**settings)
    reason = f"this machine has no sandbox: {reach.why}"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and in CI nothing is skipped")
    pytest.skip(reason)


@pytest.fixture
def root() -> Path:
    """The folder of the clone."""
    return ROOT


@pytest.fixture(scope="session")
def entered(tmp_path_factory) -> Path:
    """A course of its own, its lessons released and one of them in its gradebook."""
    from graders.gradebook import CONFIG, Book  # nbgrader takes seconds to import

    mine, clone = Course(tmp_path_factory.mktemp("entered")), Course(ROOT)
    for lesson in clone.lessons():
        for path in (lesson.solved, lesson.release):
            target = mine.root / path.relative_to(ROOT)
            target.parent.mkdir(parents=True)
            shutil.copy(path, target)
    shutil.copy(ROOT / CONFIG, mine.root)
    Book(mine).prepare(mine.find("attention"))
    return mine.root


@pytest.fixture
def course(entered, tmp_path) -> Course:
    """A copy of such a course, to be changed."""
    shutil.copytree(entered, tmp_path / "course")
    return Course(tmp_path / "course")
