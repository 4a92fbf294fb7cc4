"""Distinct pairs in any number, and a split that holds out combinations and lengths."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from transformer.corpus.grammar import Drawn, Pair, draw_one
from transformer.corpus.lexicon import Lexicon, lexicon

# The course's running sentence: in the language, and never in a split.
RUNNING = Pair(
    "Jane visite l' Afrique en septembre .", "Jane visits Africa in September ."
)
# After so many draws without a new pair, the lengths may be less even.
STALLED = 2000


class Splits(NamedTuple):
    """Four lists of pairs that share no French and no English sentence.

    Attributes:
        train: Holds no held-out combination.
        validation: Like `train`.
        test: The lengths of `train`; every sentence has a held-out combination.
        longer: Longer than `train`, combinations as in `train`.
        held_out: The combinations, (verb, object) and (adjective, noun) in French.
    """

    train: list[Pair]
    validation: list[Pair]
    test: list[Pair]
    longer: list[Pair]
    held_out: frozenset[tuple[str, str]]


class Drawer:
    """Draws distinct pairs: no French and no English sentence comes twice.

    Args:
        seed: The same seed gives the same pairs.
        names: Number of first names, 10 to 400.
        numbers: Number of numbers, 20 to 98.
    """

    def __init__(self, seed: int, names: int = 60, numbers: int = 30) -> None:
        self.rng = random.Random(seed)
        self.sizes = names, numbers
        self.seen = {RUNNING.french, RUNNING.english}

    def draw(
        self,
        count: int,
        lengths: tuple[int, int],
        accept: Callable[[Drawn], bool] = lambda drawn: True,
    ) -> list[Pair]:
        """`count` new pairs with lengths as even as the language allows.

        Args:
            count: Number of pairs.
            lengths: Fewest French tokens, and most tokens of either language.
            accept: Which of them to keep.

        Raises:
            ValueError: If there are not so many.
        """
        found: list[Pair] = []
        share = -(-count // (lengths[1] - lengths[0] + 1))
        taken: Counter[int] = Counter()
        stalled = 0
        while len(found) < count:
            drawn = draw_one(self.rng, *lengths, *self.sizes)
            pair = drawn.pair
            new = pair.french not in self.seen and pair.english not in self.seen
            if new and taken[pair.length] < share and accept(drawn):
                self.seen.update(pair)
                taken[pair.length] += 1
                found.append(pair)
                stalled = 0
            elif (stalled := stalled + 1) % STALLED == 0:
                share += 1 + share // 4
                if stalled > 50 * STALLED:
                    raise ValueError(f"Only {len(found)} of {count} pairs exist.")
        self.rng.shuffle(found)
        return found


def draw(
    count: int,
    seed: int,
    lengths: tuple[int, int] = (4, 24),
    names: int = 60,
    numbers: int = 30,
) -> list[Pair]:
    """Distinct pairs, by French and by English sentence; lengths as even as can be.

    Args:
        count: Number of pairs.
        seed: The same seed gives the same pairs.
        lengths: Fewest French tokens, and most tokens of either language.
        names: Number of first names in use, 10 to 400.
        numbers: Number of numbers in use, 20 to 98.

    Returns:
        The pairs in random order.

    Raises:
        ValueError: If the language does not hold so many.
    """
    return Drawer(seed, names, numbers).draw(count, lengths)


def choose_held_out(
    words: Lexicon, rng: random.Random, fraction: float
) -> frozenset[tuple[str, str]]:
    """A part of all combinations that leaves each word at least two others.

    Args:
        words: The lexicon.
        rng: The source of chance.
        fraction: The part of each word's combinations to hold out, below 1.
    """
    combinations = words.combinations()
    rng.shuffle(combinations)
    total = Counter(word for pair in combinations for word in set(pair))
    out: Counter[str] = Counter()
    found = set()
    for pair in combinations:
        allowed = all(
            out[word] < fraction * total[word] and total[word] - out[word] > 2
            for word in pair
        )
        if allowed:
            found.add(pair)
            out.update(pair)
    return frozenset(found)


def splits(
    seed: int,
    train: int = 20_000,
    validation: int = 800,
    test: int = 800,
    longer: int = 800,
    lengths: tuple[int, int] = (6, 20),
    longer_lengths: tuple[int, int] = (21, 28),
    names: int = 60,
    numbers: int = 30,
    fraction: float = 0.1,
) -> Splits:
    """Train, validation, test of new combinations, and test of new lengths.

    Every word of the other three stands in `train`.

    Args:
        seed: The same seed gives the same splits.
        train: Number of pairs, as are the next three; `Splits` says what each is.
        lengths: Fewest French tokens, and most tokens of either language.
        longer_lengths: The same for `longer`.
        names, numbers: How many are in use, as for `draw`.
        fraction: The part of each word's combinations held out.

    Raises:
        ValueError: If the lengths overlap, or the language does not hold so many pairs.
    """
    if longer_lengths[0] <= lengths[1]:
        raise ValueError(f"{longer_lengths} must be longer than {lengths}.")
    drawer = Drawer(seed, names, numbers)
    held_out = choose_held_out(lexicon(names, numbers), drawer.rng, fraction)
    trained = drawer.draw(train, lengths, Rule(held_out))
    like, new = (Rule(held_out, words_of(trained), new) for new in (False, True))
    return Splits(
        trained,
        drawer.draw(validation, lengths, like),
        drawer.draw(test, lengths, new),
        drawer.draw(longer, longer_lengths, like),
        held_out,
    )


@dataclass(frozen=True)
class Rule:
    """Which pairs a part takes: with a held-out combination or without any.

    Attributes:
        held_out: The combinations.
        known: If given, every word must be one of these.
        new: Whether the pair must hold such a combination; else it must not.
    """

    held_out: frozenset[tuple[str, str]]
    known: set[str] | None = None
    new: bool = False

    def __call__(self, drawn: Drawn) -> bool:
        if bool(drawn.combinations & self.held_out) != self.new:
            return False
        return self.known is None or words_of([drawn.pair]) <= self.known


def words_of(pairs: Iterable[Pair]) -> set[str]:
    """All words of both languages."""
    return {word for pair in pairs for side in pair for word in side.split()}
