"""A trained model at work: sentences translated, counted, looked into.

A `Speaker` reads sources once, then says one word of each after another. The finished
Transformer keeps the keys and values of every position, so that a new word costs one
row of the decoder; a recurrent model keeps its state. A student's Transformer goes over
all words again, and so needs no more than `encoder`, `decoder` and `to_logits`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops

from transformer import layers
from transformer.corpus.text import as_in_corpus, detokenise_english
from transformer.corpus.vocabulary import (
    END,
    PAD,
    START,
    UNKNOWN,
    Vocabularies,
    Vocabulary,
    padded,
)

# A translation has at most so many tokens more than twice its source's.
MORE = 10
NEVER = [PAD, START]


class Speaker(NamedTuple):
    """What says sentences word by word.

    Attributes:
        begin: Sources `(b, k)` to a state.
        advance: The latest words `(b, 1)` and the state to the logits of the next,
            `(b, 1, n)`, and the state behind them.
    """

    begin: Callable[[Any], Any]
    advance: Callable[[Any, Any], tuple[Any, Any]]


@lru_cache(maxsize=4)
def speaker(model: Any) -> Speaker:
    """The fastest one that a model has."""
    if isinstance(model, layers.Transformer):
        functions = partial(begin_cached, model), partial(advance_cached, model)
    elif hasattr(model, "advance"):
        functions = model.begin, model.advance
    else:
        return again(model)
    return Speaker(*(tf.function(one, reduce_retracing=True) for one in functions))


def again(model: Any) -> Speaker:
    """Any Transformer: the decoder goes over all words so far for each new one."""

    def begin(source_bk: Any) -> Any:
        return read(model, source_bk), np.zeros((len(source_bk), 0), np.int32)

    def advance(latest_bt: Any, state: Any) -> tuple[Any, Any]:
        source, before_bt = state
        so_far_bt = np.concatenate([before_bt, latest_bt], axis=1)
        return write(model, so_far_bt, source)[0][:, -1:], (source, so_far_bt)

    return Speaker(begin, advance)


def read(model: Any, source_bk: Any) -> tuple[Any, Any]:
    """The encoder's output `(b, k, m)`, and True at words `(b, 1, k)`."""
    is_word_bqk = layers.words(source_bk)
    return model.encoder(source_bk, attention_mask=is_word_bqk), is_word_bqk


def write(model: Any, target_bt: Any, source: tuple[Any, Any]) -> tuple[Any, list[Any]]:
    """Logits `(b, t, n)` and each block's cross-attention `(b, h, t, k)`."""
    context_bkm, is_word_bqk = source
    output_btm, weights = model.decoder(
        target_bt,
        context_bkm,
        self_mask=layers.past(target_bt),
        cross_mask=is_word_bqk,
    )
    return model.to_logits(output_btm), weights


def begin_cached(model: layers.Transformer, source_bk: Any) -> tuple[Any, Any, Any]:
    """Keys and values of the source in each block, of no target yet, and the mask."""
    context_bkm, is_word_bqk = read(model, source_bk)
    across = [
        keys_and_values(b.cross_attention, context_bkm) for b in model.decoder.blocks
    ]
    empty = [
        keys_and_values(b.self_attention, context_bkm[:, :0])
        for b in model.decoder.blocks
    ]
    return across, empty, is_word_bqk


def keys_and_values(attention: Any, x_bkm: Any) -> tuple[Any, Any]:
    """What attention compares queries with, and what it takes: twice `(b, k, h, d)`."""
    return attention.key_dense(x_bkm), attention.value_dense(x_bkm)


def attend(attention: Any, x_bqm: Any, kept: tuple[Any, Any], mask: Any = None) -> Any:
    """Attention to keys and values that are there already: `(b, q, m)`."""
    query_bqhd = attention.query_dense(x_bqm) / attention.key_dim**0.5
    key_bkhd, value_bkhd = kept
    scores_bhqk = ops.einsum("bqhd,bkhd->bhqk", query_bqhd, key_bkhd)
    if mask is not None:
        scores_bhqk = ops.where(mask[:, None], scores_bhqk, -1e9)
    weights_bhqk = tf.nn.softmax(scores_bhqk)
    mixed_bqhd = ops.einsum("bhqk,bkhd->bqhd", weights_bhqk, value_bkhd)
    return attention.output_dense(mixed_bqhd)


def advance_cached(
    model: layers.Transformer, latest_bt: Any, state: tuple[Any, Any, Any]
) -> tuple[Any, Any]:
    """Logits `(b, 1, n)` after one more word, whose keys and values are added."""
    across, past, is_word_bqk = state
    decoder, longer = model.decoder, []
    x_btm = decoder.embedding(latest_bt, offset=ops.shape(past[0][0])[1])
    for block, before, source in zip(decoder.blocks, past, across, strict=True):

        def look_back(x_btm: Any, block: Any = block, before: Any = before) -> Any:
            new = keys_and_values(block.self_attention, x_btm)
            both = [
                ops.concatenate(pair, axis=1) for pair in zip(before, new, strict=True)
            ]
            longer.append(tuple(both))
            return attend(block.self_attention, x_btm, longer[-1])

        def look_across(x_btm: Any, block: Any = block, source: Any = source) -> Any:
            return attend(block.cross_attention, x_btm, source, is_word_bqk)

        x_btm = block.around(x_btm, block.norm_self, look_back)
        x_btm = block.around(x_btm, block.norm_cross, look_across)
        x_btm = block.around(x_btm, block.norm_feed_forward, block.feed_forward)
    return model.to_logits(decoder.norm(x_btm)), (across, longer, is_word_bqk)


def generate(says: Speaker, source_bk: np.ndarray, most: int) -> np.ndarray:
    """The likeliest word each time, until every sentence has ended: `(b, t)`."""
    latest_bt = np.full((len(source_bk), 1), START, np.int32)
    state, words = says.begin(source_bk), [latest_bt]
    is_done_b = np.zeros(len(source_bk), bool)
    while len(words) <= most and not is_done_b.all():
        logits_btn, state = says.advance(latest_bt, state)
        logits_bn = np.array(logits_btn)[:, -1]
        logits_bn[:, NEVER] = -np.inf
        latest_bt = np.argmax(logits_bn, axis=-1).astype(np.int32)[:, None]
        is_done_b |= latest_bt[:, 0] == END
        words.append(latest_bt)
    return np.concatenate(words[1:], axis=1)


def room(model: Any) -> int | None:
    """Number of positions of a model, if it has a limit."""
    limit = model.get_config().get("max_length")
    return None if limit is None else int(limit)


def most_words(model: Any, source_bk: np.ndarray) -> int:
    """How many words a translation may have, the start before them not counted."""
    most, limit = 2 * source_bk.shape[1] + MORE, room(model)
    return most if limit is None else min(most, limit - 1)


def ids_of(
    model: Any, sentences: Sequence[str], vocabularies: Vocabularies
) -> list[list[int]]:
    """The sources' ids, for a model that they fit.

    Raises:
        ValueError: If a sentence is empty or too long, or a vocabulary is of another
            size than the model's.
    """
    config, limit = model.get_config(), room(model)
    for side, vocabulary in vocabularies._asdict().items():
        size = config.get(f"{side}_vocab_size", len(vocabulary))
        if size != len(vocabulary):
            raise ValueError(
                f"The {side} vocabulary has {len(vocabulary)} words, but the model was "
                f"made for {size}: it belongs to other weights."
            )
    found = [vocabularies.source.encode(sentence) for sentence in sentences]
    for sentence, ids in zip(sentences, found, strict=True):
        if not ids:
            raise ValueError("The sentence is empty: there is nothing to translate.")
        if limit is not None and len(ids) > limit:
            raise ValueError(
                f"The sentence has {len(ids)} tokens, the model has positions for "
                f"{limit}: {sentence!r}."
            )
    return found


def translate(
    model: Any,
    sentences: Sequence[str],
    vocabularies: Vocabularies,
    batch_size: int = 128,
) -> list[str]:
    """Greedy translations.

    Args:
        model: A finished or a student's Transformer, or one with `begin` and `advance`.
        sentences: Words split by spaces; one that is not in the vocabulary is unknown.
        vocabularies: Those that the model was trained with.
        batch_size: Sentences at a time; those of like length go together.

    Returns:
        One for each sentence, words split by spaces.

    Raises:
        ValueError: As `ids_of`.
    """
    ids, says = ids_of(model, sentences, vocabularies), speaker(model)
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    found = [""] * len(ids)
    for at in range(0, len(order), batch_size):
        rows = order[at : at + batch_size]
        source_bk = padded([ids[row] for row in rows])
        target_bt = generate(says, source_bk, most_words(model, source_bk))
        texts = vocabularies.target.decode_batch(target_bt)
        for row, text in zip(rows, texts, strict=True):
            found[row] = text
    return found


def exact(
    model: Any, pairs: Sequence[tuple[str, str]], vocabularies: Vocabularies
) -> list[bool]:
    """Whether each translation is the reference, word for word."""
    found = translate(model, [source for source, _ in pairs], vocabularies)
    return [text == target for text, (_, target) in zip(found, pairs, strict=True)]


def by_length(
    pairs: Sequence[tuple[str, str]],
    right: Sequence[bool],
    ranges: Sequence[tuple[int, int]],
) -> list[float]:
    """The share of right ones among the sources of each range of lengths.

    Args:
        pairs: Source and target.
        right: One for each pair, as `exact` says.
        ranges: Fewest and most tokens of the source. One without a pair gives nan.
    """
    length_n = np.array([len(source.split()) for source, _ in pairs])
    right_n = np.array(right, dtype=float)
    inside = [right_n[(length_n >= low) & (length_n <= high)] for low, high in ranges]
    return [float(some.mean()) if len(some) else float("nan") for some in inside]


def next_logits(
    model: Any, sentence: str, vocabularies: Vocabularies
) -> Callable[[list[int]], np.ndarray]:
    """A sentence's translation as `decoding.greedy` and `decoding.beam` ask for it.

    Returns:
        A function of the tokens so far, which begin with start, to the logits `(n,)` of
        the next. The sentence is read once; then all words so far go in each time.

    Raises:
        ValueError: As `ids_of`.
    """
    source = read(model, padded(ids_of(model, [sentence], vocabularies)))

    def following(tokens: list[int]) -> np.ndarray:
        target_bt = np.array([tokens], np.int32)
        return np.array(write(model, target_bt, source)[0])[0, -1]

    return following


class Look(NamedTuple):
    """A translation, and where the decoder looked.

    Attributes:
        source: The words of the sentence; `[unknown]` where the model knows none.
        target: The words of the translation and the mark of the end.
        weights: One array `(h, q, k)` a block: the words said by the words read.
    """

    source: list[str]
    target: list[str]
    weights: list[np.ndarray]


def look(model: Any, sentence: str, vocabularies: Vocabularies) -> Look:
    """A Transformer's translation, and the weights with which each word was said.

    Row q are the weights when word q was chosen: its query is the word before it.

    Raises:
        ValueError: As `ids_of`.
    """
    source_bk = padded(ids_of(model, [sentence], vocabularies))
    (text,) = translate(model, [sentence], vocabularies)
    said = vocabularies.target.encode(text, marks=True)
    weights = write(model, np.array([said[:-1]], np.int32), read(model, source_bk))[1]
    return Look(
        [vocabularies.source.words[number] for number in source_bk[0]],
        [vocabularies.target.words[number] for number in said[1:]],
        [np.array(weights_bhqk)[0] for weights_bhqk in weights],
    )


def unknown(sentence: str, vocabulary: Vocabulary) -> list[str]:
    """The words of a sentence that a vocabulary lacks, each once."""
    words = dict.fromkeys(sentence.split())
    return [word for word in words if UNKNOWN in vocabulary.encode(word)]


class Said(NamedTuple):
    """A translation as people read it, and the words that were not known."""

    english: str
    unknown: list[str]


class Translator:
    """French as people type it to English as they read it.

    Args:
        model: As for `translate`.
        vocabularies: Those that the model was trained with.
    """

    def __init__(self, model: Any, vocabularies: Vocabularies) -> None:
        self.model, self.vocabularies = model, vocabularies

    def __call__(self, text: str) -> Said:
        """The translation of a sentence.

        Raises:
            ValueError: As `ids_of`.
        """
        sentence = as_in_corpus(text)
        (english,) = translate(self.model, [sentence], self.vocabularies)
        lacking = unknown(sentence, self.vocabularies.source)
        return Said(detokenise_english(english), lacking)

    def say(self, text: str) -> str:
        """One line for people: the translation, or what is the matter."""
        try:
            english, lacking = self(text)
        except ValueError as error:
            return str(error)
        if not lacking:
            return english
        return f"{english} (Not in the vocabulary: {', '.join(lacking)}.)"
