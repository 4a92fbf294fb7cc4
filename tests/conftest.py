"""What all tests share: where the clone is, and what a machine may lack."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def needs(program: str) -> str:
    """The path of a program; skips where it is missing, but never in CI."""
    if path := shutil.which(program):
        return path
    reason = f"{program} is not installed on this machine"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and in CI nothing is skipped")
    pytest.skip(reason)


@pytest.fixture
def root() -> Path:
    """The folder of the clone."""
    return ROOT
