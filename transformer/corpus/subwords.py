"""Pieces of words, learnt from sentences of both languages: no word is unknown."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import sentencepiece

from transformer.corpus.vocabulary import (
    END,
    MARKS,
    PAD,
    START,
    UNKNOWN,
    Vocabulary,
)


class Subwords(Vocabulary):
    """Byte-pair pieces, numbered from 4 on.

    Args:
        model: What `learn` found, as sentencepiece writes it.

    Source: Sennrich, Haddow and Birch 2016; the program is Kudo and Richardson 2018.
    """

    def __init__(self, model: bytes) -> None:
        self.model = model
        self.pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
        ids = range(len(MARKS), self.pieces.get_piece_size())
        super().__init__(map(self.pieces.id_to_piece, ids))

    @classmethod
    def learn(cls, sentences: Iterable[str], size: int) -> Subwords:
        """The pieces of these sentences.

        Args:
            sentences: Words split by spaces.
            size: Number of ids, the four marks included; fewer where the sentences do
                not hold so many pieces.
        """
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=written,
            vocab_size=size,
            hard_vocab_limit=False,
            model_type="bpe",
            character_coverage=1.0,
            pad_id=PAD,
            bos_id=START,
            eos_id=END,
            unk_id=UNKNOWN,
            minloglevel=2,
        )
        return cls(written.getvalue())

    def encode(self, sentence: str, marks: bool = False) -> list[int]:
        """The ids of a sentence; with `marks`, between start and end."""
        return list(self.pieces.encode(sentence, add_bos=marks, add_eos=marks))

    def decode(self, ids: Iterable[int]) -> str:
        """The sentence of these ids: up to the first end, without padding and start."""
        found = [int(number) for number in ids]
        found = found[: found.index(END)] if END in found else found
        return str(self.pieces.decode([n for n in found if n not in (PAD, START)]))

    def save(self, path: str | Path) -> None:
        """Write the pieces as sentencepiece does."""
        Path(path).write_bytes(self.model)

    @classmethod
    def load(cls, path: str | Path) -> Subwords:
        """The pieces that were saved there."""
        return cls(Path(path).read_bytes())
