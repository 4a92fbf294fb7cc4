"""Real sentence pairs: files of the Tatoeba kind, and a split of them without leaks."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from transformer.corpus.grammar import Pair
from transformer.corpus.text import tokenise_english, tokenise_french


class Reading(NamedTuple):
    """What `read_pairs` found.

    Attributes:
        pairs: The pairs, in the order of the file.
        skipped: Line number from 1 and reason, of each line that gave no pair.
    """

    pairs: list[Pair]
    skipped: list[tuple[int, str]]

    def report(self) -> str:
        """One line for people: how many pairs, and what was skipped."""
        counts = Counter(reason for _, reason in self.skipped)
        text = f"{len(self.pairs):,} pairs"
        if not counts:
            return f"{text}; no line skipped."
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in sorted(counts.items()))
        return f"{text}; skipped: {reasons} (the first in line {self.skipped[0][0]})."


class Parts(NamedTuple):
    """Three lists of pairs that share no sentence of either language."""

    train: list[Pair]
    validation: list[Pair]
    test: list[Pair]


def read_line(line: bytes, lower: bool, max_words: int | None) -> Pair | str:
    """The pair of a line, or the reason why it has none."""
    try:
        columns = line.decode("utf-8").split("\t")
    except UnicodeDecodeError:
        return "not UTF-8"
    if len(columns) < 2:
        return "without a tab"
    english, french = tokenise_english(columns[0]), tokenise_french(columns[1])
    if not english or not french:
        return "with an empty side"
    if max_words and max(len(english.split()), len(french.split())) > max_words:
        return "too long"
    pair = Pair(french, english)
    return Pair(french.lower(), english.lower()) if lower else pair


def read_pairs(
    path: str | Path, lower: bool = True, max_words: int | None = None
) -> Reading:
    """The pairs of a file: English, tab, French, and any more columns, one pair a line.

    A bad line is reported and skipped. A byte order mark, Windows line ends, narrow
    spaces and curly apostrophes do not matter. Empty lines count as nothing.

    Args:
        path: The file, UTF-8.
        lower: Write everything small.
        max_words: Skip a pair with a longer side.

    Returns:
        The pairs, tokenised, and what was skipped.

    Raises:
        OSError: If the file cannot be read.

    Source: the format is that of the bilingual sentence pairs of tatoeba.org for Anki.
    """
    pairs, skipped = [], []
    content = Path(path).read_bytes().removeprefix(b"\xef\xbb\xbf")
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = read_line(line.strip(b"\r"), lower, max_words)
        if isinstance(found, Pair):
            pairs.append(found)
        else:
            skipped.append((number, found))
    return Reading(pairs, skipped)


def families(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """The distinct pairs in groups: pairs that share a sentence, at once or through
    others, are in one group; groups and members in the order of the pairs."""
    distinct = list(dict.fromkeys(pairs))
    leader = list(range(len(distinct)))

    def find(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    first: dict[tuple[int, str], int] = {}
    for number, pair in enumerate(distinct):
        for side, sentence in enumerate(pair):
            other = find(first.setdefault((side, sentence), number))
            own = find(number)
            leader[max(own, other)] = min(own, other)
    groups: dict[int, list[Pair]] = defaultdict(list)
    for number, pair in enumerate(distinct):
        groups[find(number)].append(pair)
    return list(groups.values())


def split_pairs(
    pairs: Sequence[Pair], seed: int, validation: int = 1000, test: int = 1000
) -> Parts:
    """Split so that no sentence, French or English, stands in two parts.

    Pairs that come twice come once. A part may be smaller than asked for by less than
    the size of a group of pairs that must stay together; large groups go to training.

    Args:
        pairs: The pairs.
        seed: The same seed gives the same split.
        validation: About how many pairs of validation; at most so many.
        test: About how many pairs of test; at most so many.

    Returns:
        Training, validation and test.

    Raises:
        ValueError: If no pair would be left for training.
    """
    groups = families(pairs)
    if sum(map(len, groups)) <= validation + test:
        raise ValueError(f"{len(pairs)} pairs are too few for {validation} and {test}.")
    random.Random(seed).shuffle(groups)
    parts = Parts([], [], [])
    for group in groups:
        for part, size in ((parts.test, test), (parts.validation, validation)):
            if len(part) + len(group) <= size and len(group) <= max(1, size // 20):
                part.extend(group)
                break
        else:
            parts.train.extend(group)
    return parts
