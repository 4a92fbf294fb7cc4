"""Every formula of the course in NumPy, float64: what answers are compared with.

Written for clarity, not speed, and independent of the lessons' own solutions. Masks are
boolean: True means *may attend*. Imports numpy only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Added to the score of a blocked key: exp of it is 0 in every float dtype.
BLOCKED = -1e9

# ------------------------------------------------------------- lesson 02: attention


def softmax(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    """Positive numbers that sum to 1 along `axis`, in proportion to exp(scores).

    Args:
        scores: `(...)`, of any size; 1e4 does not overflow.
        axis: The axis along which the result sums to 1.

    Returns:
        `(...)`, the shape of `scores`.
    """
    powers = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def project(
    x_tm: np.ndarray, w_query: np.ndarray, w_key: np.ndarray, w_value: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Query, key and value of each word.

    Args:
        x_tm: `(..., t, m)`, the words.
        w_query: `(m, d)`.
        w_key: `(m, d)`.
        w_value: `(m, v)`.

    Returns:
        `(..., t, d)`, `(..., t, d)`, `(..., t, v)`.
    """
    return x_tm @ w_query, x_tm @ w_key, x_tm @ w_value


def attend_one(
    query_d: np.ndarray, key_kd: np.ndarray, value_kv: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The new vector of one word, and its weights over the keys.

    Args:
        query_d: `(d,)`.
        key_kd: `(k, d)`.
        value_kv: `(k, v)`.

    Returns:
        `(v,)` and `(k,)`.
    """
    output_qv, weights_qk = attention(query_d[np.newaxis], key_kd, value_kv)
    return output_qv[0], weights_qk[0]


def attention(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Scaled dot-product attention.

    Args:
        query: `(..., q, d)`.
        key: `(..., k, d)`.
        value: `(..., k, v)`.
        mask: Boolean, broadcasts to `(..., q, k)`; True where the query may attend.

    Returns:
        The output `(..., q, v)` and the weights `(..., q, k)`. A query that may attend
        to nothing weighs all keys alike.

    Source: Vaswani et al. 2017, section 3.2.1.
    """
    scores = query @ np.swapaxes(key, -1, -2) / np.sqrt(query.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, BLOCKED)
    weights = softmax(scores)
    return weights @ value, weights


def attend(
    query_bqd: np.ndarray, key_bkd: np.ndarray, value_bkv: np.ndarray
) -> np.ndarray:
    """The output of `attention` alone, `(b, q, v)`; the arguments as there."""
    return attention(query_bqd, key_bkd, value_bkv)[0]


def self_attention(
    x_btm: np.ndarray,
    w_query: np.ndarray,
    w_key: np.ndarray,
    w_value: np.ndarray,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Attention of words to the words of their own sentence.

    Args:
        x_btm: `(b, t, m)`.
        w_query: `(m, d)`.
        w_key: `(m, d)`.
        w_value: `(m, v)`.
        mask: Boolean, broadcasts to `(b, t, t)`; True where the query may attend.

    Returns:
        The output `(b, t, v)` and the weights `(b, t, t)`.
    """
    return attention(*project(x_btm, w_query, w_key, w_value), mask)


# ----------------------------------------------------------------- lesson 05: masks


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
