"""Every formula of the course in NumPy, float64: what answers are compared with.

Written for clarity, not speed, and independent of the lessons' own solutions. Masks are
boolean: True means *may attend*. Imports numpy only.
"""

from __future__ import annotations

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


# ------------------------------------------------------------- lesson 04: positions


def angles(length: int, model_dim: int) -> np.ndarray:
    """The angle of each column's clock hand at each position, in radians.

    Args:
        length: t, the number of positions, counted from 0.
        model_dim: m, the number of columns; odd is allowed.

    Returns:
        `(t, m)`: position / 10000^(2·pair/m), where columns 2·pair and 2·pair + 1 form
        a pair and turn together.

    Source: Vaswani et al. 2017, section 3.5, whose i is our pair.
    """
    angle_tm = np.empty((length, model_dim))
    for column in range(model_dim):
        pair = column // 2
        angle_tm[:, column] = np.arange(length) / 10_000 ** (2 * pair / model_dim)
    return angle_tm


def positional_encoding(length: int, model_dim: int) -> np.ndarray:
    """Sines of the angles in even columns, cosines in odd ones: `(t, m)`.

    Args:
        length: t, the number of positions, counted from 0.
        model_dim: m, the number of columns; odd is allowed.

    Source: Vaswani et al. 2017, section 3.5.
    """
    angle_tm = angles(length, model_dim)
    is_odd_m = np.arange(model_dim) % 2 == 1
    return np.where(is_odd_m, np.cos(angle_tm), np.sin(angle_tm))


def shift_matrix(offset: int, model_dim: int) -> np.ndarray:
    """M with encoding(p + offset) = M · encoding(p) for every position p.

    Args:
        offset: By how many positions M moves; negative moves back.
        model_dim: m, even, so that every sine has its cosine.

    Returns:
        `(m, m)`: one turn of two columns for each pair, by the addition theorems.

    Raises:
        ValueError: If m is odd.
    """
    if model_dim % 2:
        raise ValueError(f"model_dim ({model_dim}) must be even.")
    matrix_mm = np.zeros((model_dim, model_dim))
    for sine in range(0, model_dim, 2):
        turn = offset / 10_000 ** (sine / model_dim)
        cosine = sine + 1
        matrix_mm[sine, sine] = matrix_mm[cosine, cosine] = np.cos(turn)
        matrix_mm[sine, cosine] = np.sin(turn)
        matrix_mm[cosine, sine] = -np.sin(turn)
    return matrix_mm


class Rows:
    """Stands in for `keras.layers.Embedding`: rows that are set and looked up."""

    def __init__(self, vocab_size: int, model_dim: int) -> None:
        self.rows_nm = np.zeros((vocab_size, model_dim))

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Takes the one array `(n, m)` of the list."""
        (self.rows_nm,) = weights


class PositionalEmbedding:
    """Rows of words times the root of m, plus the encoding of their positions.

    In NumPy, with the face of the Keras layer: `embedding`, and a call.

    Args:
        vocab_size: n, the number of rows.
        max_length: The number of positions there are.
        model_dim: m.

    Call arguments:
        tokens: `(b, t)`, integers below n.
        offset: The position of the first token.

    Returns:
        `(b, t, m)`.

    Raises:
        ValueError: If the last position is not below `max_length`.

    Source: Vaswani et al. 2017, sections 3.4 and 3.5.
    """

    def __init__(self, vocab_size: int, max_length: int, model_dim: int) -> None:
        self.embedding = Rows(vocab_size, model_dim)
        self.encoding_tm = positional_encoding(max_length, model_dim)

    @property
    def trainable_variables(self) -> list[np.ndarray]:
        """The rows of the words; the encoding is not learned."""
        return [self.embedding.rows_nm]

    def __call__(self, tokens: np.ndarray, offset: int = 0) -> np.ndarray:
        max_length, model_dim = self.encoding_tm.shape
        end = offset + tokens.shape[1]
        if end > max_length:
            raise ValueError(f"position {end - 1} is beyond max_length ({max_length}).")
        word_btm = self.embedding.rows_nm[tokens] * np.sqrt(model_dim)
        return word_btm + self.encoding_tm[offset:end]
