"""Lesson 04: where each word stands."""

from __future__ import annotations

import numpy as np


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
