"""Lesson 02: scaled dot-product attention."""

from __future__ import annotations

import numpy as np

# Added to the score of a blocked key: exp of it is 0 in every float dtype.
BLOCKED = -1e9


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
