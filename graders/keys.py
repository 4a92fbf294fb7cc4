"""Stored keys: what the public cases should give, so that a student needs no oracle.

`course build` writes them to `graders/keys/NOUN/NAME.key`; nobody edits them.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from graders import registry, wire
from graders.collect import cases_for
from graders.exercise import Choice, Exercise, Key, KnownMistake, Outcome
from graders.judge import alike

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


def stale_keys(noun: str, folder: Path = KEYS) -> list[Path]:
    """The stored keys that are missing, left over, or other than the exercises give."""
    home = folder / noun
    with tempfile.TemporaryDirectory() as fresh:
        write_keys(noun, Path(fresh))
        wanted = {path.name: path for path in (Path(fresh) / noun).iterdir()}
        stored = {path.name: path for path in home.glob("*.key")}
        odd = wanted.keys() ^ stored.keys()
        both = wanted.keys() & stored.keys()
        odd |= {name for name in both if not _same_key(wanted[name], stored[name])}
    return sorted(home / name for name in odd)


def _same_key(fresh: Path, stored: Path) -> bool:
    """Equal but for the last digits, which another machine may round otherwise."""
    (wanted, known), (found, other) = map(_read, (fresh, stored))
    names = [[m.id, m.says] for m in known] == [[m.id, m.says] for m in other]
    outcomes = [wanted, *(m.outcomes for m in known)]
    others = [found, *(m.outcomes for m in other)]
    if not names or list(map(len, outcomes)) != list(map(len, others)):
        return False
    pairs = zip(outcomes, others, strict=True)
    return all(all(map(alike, one, another)) for one, another in pairs)


def _read(path: Path) -> tuple[list[Outcome], list[KnownMistake]]:
    expected, mistakes = wire.unpack(path.read_bytes())
    return expected, [KnownMistake(*mistake) for mistake in mistakes]


@cache
def stored_key(name: str, folder: Path = KEYS) -> Key:
    """The key of the check called `name` on its public cases; empty for a choice.

    Raises:
        FileNotFoundError: If `course build` has not written it.
    """
    if isinstance(registry.find(name), Choice):
        return Key([])
    path = folder / registry.lesson_of(name) / f"{name}.key"
    return Key(*_read(path))
