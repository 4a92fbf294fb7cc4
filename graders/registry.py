"""Where exercises and mistakes are found: by folder, never by a second list.

`graders/exercises/NOUN.py` holds a list `EXERCISES`; `graders/mistakes/NOUN.py`, which
a student's copy lacks, a list `MISTAKES`.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

import graders.exercises
from graders.exercise import Choice, Exercise, Mistake


def nouns() -> list[str]:
    """The lessons that have exercises, by name."""
    return sorted(m.name for m in pkgutil.iter_modules(graders.exercises.__path__))


@cache
def exercises(noun: str) -> dict[str, Exercise | Choice]:
    """A lesson's exercises by name, in the order of the lesson.

    Raises:
        ValueError: If a name is declared twice.
    """
    module = importlib.import_module(f"graders.exercises.{noun}")
    found: dict[str, Exercise | Choice] = {}
    for exercise in module.EXERCISES:
        if exercise.name in found:
            raise ValueError(f"graders/exercises/{noun}.py: {exercise.name!r} twice.")
        found[exercise.name] = exercise
    return found


def limits(noun: str) -> dict[str, Any]:
    """What a lesson needs besides the usual limits, from its `LIMITS`.

    Its names are those of `graders.workers.Limits`: `LIMITS = {"call": 30}`.
    """
    module = importlib.import_module(f"graders.exercises.{noun}")
    found: dict[str, Any] = getattr(module, "LIMITS", {})
    return found


@cache
def lesson_of(name: str) -> str:
    """The noun of the lesson that a check belongs to.

    Raises:
        KeyError: If no lesson has such a check; says which are close.
    """
    owners = [noun for noun in nouns() if name in exercises(noun)]
    if len(owners) == 1:
        return owners[0]
    if owners:
        raise KeyError(f"two lessons have a check called {name!r}: {owners}.")
    known = sorted(n for noun in nouns() for n in exercises(noun))
    raise KeyError(f"there is no check called {name!r}. There are: {', '.join(known)}.")


def find(name: str) -> Exercise | Choice:
    """The exercise called `name`, whichever lesson it is in.

    Raises:
        KeyError: If there is none.
    """
    return exercises(lesson_of(name))[name]


def mistakes(noun: str) -> list[Mistake]:
    """The named mistakes of a lesson. For the comparer: a student's copy has none.

    Raises:
        ModuleNotFoundError: In a student's copy.
    """
    found: list[Mistake] = importlib.import_module(f"graders.mistakes.{noun}").MISTAKES
    return found
