"""Lesson 05: who may look at whom, and what the decoder is given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from transformer.reference.attention import BLOCKED


def padding_mask(tokens_bt: np.ndarray, pad: int = 0) -> np.ndarray:
    """True at words, False at padding, for every head and every query.

    Args:
        tokens_bt: `(b, t)`, token ids; padding may stand anywhere.
        pad: The id of padding.

    Returns:
        Boolean `(b, 1, 1, t)`: the axes of weights `(b, h, q, k)`.
    """
    return (np.asarray(tokens_bt) != pad)[:, np.newaxis, np.newaxis, :]


def look_ahead_mask(length: int) -> np.ndarray:
    """True where the key is the query's own position or an earlier one.

    Args:
        length: Number of positions t.

    Returns:
        Boolean `(1, 1, t, t)`.

    Source: Vaswani et al. 2017, section 3.2.3.
    """
    place = np.arange(length)
    return (place <= place[:, np.newaxis])[np.newaxis, np.newaxis]


def decoder_mask(tokens_bt: np.ndarray, pad: int = 0) -> np.ndarray:
    """Both: True where the key is a word and not later than the query.

    Args:
        tokens_bt: `(b, t)`, the decoder's input.
        pad: The id of padding.

    Returns:
        Boolean `(b, 1, t, t)`.
    """
    return padding_mask(tokens_bt, pad) & look_ahead_mask(np.shape(tokens_bt)[1])


def cross_mask(
    source_bk: np.ndarray, target_bt: np.ndarray, pad: int = 0
) -> np.ndarray:
    """True at the source's words, in the row of every target position.

    Args:
        source_bk: `(b, k)`, the keys.
        target_bt: `(b, t)`, the queries; its padding plays no part.
        pad: The id of padding.

    Returns:
        Boolean `(b, 1, t, k)`.
    """
    t = np.shape(target_bt)[1]
    return np.repeat(padding_mask(source_bk, pad), t, axis=2)


def shift_right(target_bt: np.ndarray, start: int) -> np.ndarray:
    """The decoder's input when it is taught: before each word, the words until it.

    Args:
        target_bt: `(b, t)`, the labels.
        start: The id that stands for "nothing yet".

    Returns:
        `(b, t)`: start in front, the last column dropped.
    """
    inputs_bt = np.full_like(target_bt, start)
    inputs_bt[:, 1:] = target_bt[:, :-1]
    return inputs_bt


def sees_the_future(
    layer: Callable[[np.ndarray], np.ndarray], length: int, model_dim: int
) -> bool:
    """Does any output of a layer move when a later input moves?

    One sentence for each place: in sentence s all inputs after place s are moved by 1,
    so that its outputs up to s must be those of the sentence that was left alone.

    Args:
        layer: Deterministic, `(b, t, m)` to `(b, t, m)`, sentences independent.
        length: Number of positions t.
        model_dim: Width m.

    Returns:
        True if an output moves by more than 1e-5.
    """
    rng = np.random.default_rng(5)
    x_tm = rng.normal(size=(length, model_dim)).astype("float32")
    is_later_bt = look_ahead_mask(length)[0, 0] ^ True
    moved_btm = x_tm + is_later_bt[:, :, np.newaxis].astype("float32")
    moves_btm = np.abs(np.asarray(layer(moved_btm)) - np.asarray(layer(x_tm[None])))
    return bool(moves_btm[~is_later_bt].max() > 1e-5)


def to_scores(mask: np.ndarray) -> np.ndarray:
    """A boolean mask as numbers to add to scores: 0 where True, -1e9 where False."""
    return np.where(mask, 0.0, BLOCKED)
