"""Words to ids and back, and batches of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

PAD, START, END, UNKNOWN = 0, 1, 2, 3
MARKS = ("[pad]", "[start]", "[end]", "[unknown]")


class Vocabulary:
    """The words of one language, numbered; 0 is padding, 1 start, 2 end, 3 unknown.

    Args:
        words: The words in the order of their ids, from 4 on.

    Raises:
        ValueError: If a word comes twice or is one of the four marks.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words = [*MARKS, *words]
        self.ids = {word: number for number, word in enumerate(self.words)}
        if len(self.ids) < len(self.words):
            raise ValueError("Each word of a vocabulary must come once.")

    @classmethod
    def from_sentences(
        cls, sentences: Iterable[str], max_size: int | None = None, min_count: int = 1
    ) -> Vocabulary:
        """The words of these sentences: frequent ones first, equals by the alphabet.

        Args:
            sentences: Words split by spaces.
            max_size: At most so many ids, the four marks included.
            min_count: A rarer word is unknown.

        Raises:
            ValueError: If `max_size` leaves no room for the marks.
        """
        if max_size is not None and max_size < len(MARKS):
            raise ValueError(f"max_size ({max_size}) must be at least {len(MARKS)}.")
        counts = Counter(word for sentence in sentences for word in sentence.split())
        for mark in MARKS:
            counts.pop(mark, None)
        ordered = sorted(counts, key=lambda word: (-counts[word], word))
        kept = [word for word in ordered if counts[word] >= min_count]
        return cls(kept if max_size is None else kept[: max_size - len(MARKS)])

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, sentence: str, marks: bool = False) -> list[int]:
        """The ids of a sentence; with `marks`, between start and end."""
        ids = [self.ids.get(word, UNKNOWN) for word in sentence.split()]
        return [START, *ids, END] if marks else ids

    def decode(self, ids: Iterable[int]) -> str:
        """The sentence of these ids: up to the first end, without padding and start."""
        found = []
        for number in map(int, ids):
            if number == END:
                break
            if number not in (PAD, START):
                found.append(self.words[number])
        return " ".join(found)

    def encode_batch(
        self, sentences: Sequence[str], marks: bool = False, length: int | None = None
    ) -> np.ndarray:
        """The ids of several sentences, padded on the right.

        Args:
            sentences: Words split by spaces.
            marks: Put each between start and end.
            length: Number of columns; as many as the longest needs, if not given.

        Returns:
            `(b, t)`, int32.

        Raises:
            ValueError: If a sentence is longer than `length`.
        """
        rows = [self.encode(sentence, marks) for sentence in sentences]
        longest = max(map(len, rows), default=0)
        width = longest if length is None else length
        if longest > width:
            raise ValueError(f"A sentence has {longest} ids; length is {width}.")
        tokens_bt = np.full((len(rows), width), PAD, dtype=np.int32)
        for row, ids in enumerate(rows):
            tokens_bt[row, : len(ids)] = ids
        return tokens_bt

    def decode_batch(self, tokens_bt: np.ndarray) -> list[str]:
        """The sentences of a batch `(b, t)`."""
        return [self.decode(row) for row in tokens_bt]

    def save(self, path: str | Path) -> None:
        """Write the words as a JSON list, the marks left out."""
        text = json.dumps(self.words[len(MARKS) :], ensure_ascii=False, indent=0)
        Path(path).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """The vocabulary that was saved there.

        Raises:
            ValueError: If the file is no JSON list of words.
        """
        words = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
            raise ValueError(f"{path} is not a JSON list of words.")
        return cls(words)


class Vocabularies(NamedTuple):
    """The two sides of a translation.

    Attributes:
        source: Of the language translated from, French.
        target: Of the language translated to, English.
    """

    source: Vocabulary
    target: Vocabulary

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]], **limits: Any) -> Vocabularies:
        """All words of pairs, French first; `limits` as `from_sentences` takes them."""
        source, target = zip(*pairs, strict=True)
        return cls(
            Vocabulary.from_sentences(source, **limits),
            Vocabulary.from_sentences(target, **limits),
        )


def padded(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Ids of several sentences, padded on the right: `(b, t)`, int32."""
    tokens_bt = np.full((len(rows), max(map(len, rows), default=0)), PAD, np.int32)
    for row, ids in enumerate(rows):
        tokens_bt[row, : len(ids)] = ids
    return tokens_bt
