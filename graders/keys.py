"""Stored keys: what the public cases should give, so that a student needs no oracle.

`course build` writes them to `graders/keys/NOUN/NAME.key`; nobody edits them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from graders import registry, wire
from graders.collect import cases_for
from graders.exercise import Choice, Exercise, Key, KnownMistake

KEYS = Path(__file__).with_name("keys")


def write_keys(noun: str, folder: Path = KEYS) -> None:
    """Writes the key of every exercise of a lesson; removes those of none."""
    from graders.oracle import key_for  # a student's copy reads keys and has no oracle

    home = folder / noun
    home.mkdir(parents=True, exist_ok=True)
    written = set()
    for name, exercise in registry.exercises(noun).items():
        if isinstance(exercise, Exercise):
            key = key_for(exercise, cases_for(exercise))
            mistakes = [[m.id, m.says, m.outcomes] for m in key.mistakes]
            path = home / f"{name}.key"
            path.write_bytes(wire.pack([key.expected, mistakes]))
            written.add(path)
    for stale in set(home.glob("*.key")) - written:
        stale.unlink()


@cache
def stored_key(name: str, folder: Path = KEYS) -> Key:
    """The key of the check called `name` on its public cases; empty for a choice.

    Raises:
        FileNotFoundError: If `course build` has not written it.
    """
    if isinstance(registry.find(name), Choice):
        return Key([])
    path = folder / registry.lesson_of(name) / f"{name}.key"
    expected, mistakes = wire.unpack(path.read_bytes())
    return Key(expected, [KnownMistake(*mistake) for mistake in mistakes])
