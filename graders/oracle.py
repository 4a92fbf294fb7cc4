"""What the cases should give. For the comparer alone; not in a student's copy.

Resolves an exercise's oracle and its mistakes, and calls them as a student's answer is.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from graders import registry
from graders.collect import collect
from graders.exercise import Case, Choice, Exercise, Key, KnownMistake


def resolve(path: str) -> Any:
    """The object at `"module:name"`.

    Raises:
        ImportError, AttributeError: If there is none.
    """
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def key_for(exercise: Exercise | Choice, cases: Sequence[Case]) -> Key:
    """Expected outcomes, and those of every named mistake, on these cases."""
    if isinstance(exercise, Choice):
        return Key([])
    expected = collect(exercise, resolve(exercise.oracle), cases)
    noun = registry.lesson_of(exercise.name)
    known = [
        KnownMistake(m.id, m.says, collect(exercise, m.wrong, cases))
        for m in registry.mistakes(noun)
        if m.exercise == exercise.name
    ]
    return Key(expected, known)
