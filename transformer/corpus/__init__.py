"""The built-in French-English corpus, vocabularies, a reader of Tatoeba-style files.

    words, lexicon       the tables of words, and the words as objects
    morphology           plurals, elision, contraction, numbers, a or an
    conjugation          a predicate beside its subject, in both languages
    nominals … clauses   what is drawn: noun phrases, circumstances, predicates, clauses
    grammar              sentences: `sample`
    splits               `draw`, and `splits` with combinations and lengths held out
    vocabulary           words to ids, batches
    text, tsv            sentences as people write them; `read_pairs`, `split_pairs`

The French is written by a grammar with agreement, elision and contraction, and its
English is a function of it. Needs no file and no network.
"""

from transformer.corpus.grammar import Pair, sample
from transformer.corpus.splits import RUNNING, Splits, draw, splits
from transformer.corpus.text import (
    as_in_corpus,
    detokenise_english,
    detokenise_french,
    normalise,
    tokenise_english,
    tokenise_french,
)
from transformer.corpus.tsv import Parts, Reading, read_pairs, split_pairs
from transformer.corpus.vocabulary import (
    END,
    PAD,
    START,
    UNKNOWN,
    Vocabularies,
    Vocabulary,
    padded,
)

__all__ = [
    "END",
    "PAD",
    "RUNNING",
    "START",
    "UNKNOWN",
    "Pair",
    "Parts",
    "Reading",
    "Splits",
    "Vocabularies",
    "Vocabulary",
    "as_in_corpus",
    "detokenise_english",
    "detokenise_french",
    "draw",
    "normalise",
    "padded",
    "read_pairs",
    "sample",
    "split_pairs",
    "splits",
    "tokenise_english",
    "tokenise_french",
]
