"""The secret seeds: one per lesson, drawn at the first grading, kept under `.grading/`.

Late work, regrades and every way of grading see the same secret cases.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from graders.course import Course, CourseError, Lesson


def secret_seed(grading: Path, lesson: str, new: bool = False) -> int:
    """The seed of a lesson's secret cases, drawn if there is none or if `new`.

    Args:
        grading: The course's `.grading` folder; made if missing.
        lesson: The lesson's noun, `attention`.
        new: Replace the seed: earlier grades were for other cases.

    Raises:
        CourseError: If the file that keeps the seeds is damaged.
    """
    path, seeds = grading / "seeds.json", _seeds(grading)
    if new or lesson not in seeds:
        seeds[lesson] = secrets.randbits(63)
        grading.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(seeds, indent=1) + "\n")
        os.replace(fresh, path)
    return seeds[lesson]


def known_seed(grading: Path, lesson: str) -> int | None:
    """The seed of a lesson's secret cases if it has been drawn.

    Raises:
        CourseError: If the file that keeps the seeds is damaged.
    """
    return _seeds(grading).get(lesson)


def _seeds(grading: Path) -> dict[str, int]:
    path = grading / "seeds.json"
    try:
        seeds: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    except ValueError:
        what = "Restore it, or delete it and have everything graded on new cases"
        raise CourseError(f"{path} is damaged. {what}.") from None
    return seeds


def draw(course: Course, lessons: Sequence[Lesson], new: bool = False) -> int:
    """`course seed`: draws what is missing, or all of it anew; prints no seed."""
    for lesson in lessons:
        there = known_seed(course.grading, lesson.noun) is not None
        secret_seed(course.grading, lesson.noun, new=new)
        done = "drawn" if new or not there else "already there"
        print(f"{lesson.name}: {done}.")
    return 0
