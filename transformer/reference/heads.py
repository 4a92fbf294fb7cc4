"""Lesson 03: attention with several heads."""

from __future__ import annotations

import numpy as np

from transformer.reference.attention import attention

NAMES = ("query", "key", "value", "output")  # the four matrices of a layer


def split_heads(x_btm: np.ndarray, num_heads: int) -> np.ndarray:
    """Gives each head its own columns of every word.

    Args:
        x_btm: `(b, t, m)`.
        num_heads: How many heads; head i gets the columns from i·d on, with d = m / h.

    Returns:
        `(b, h, t, d)`.

    Raises:
        ValueError: If `num_heads` does not divide m.
    """
    words = np.asarray(x_btm)
    m = words.shape[-1]
    if m % num_heads:
        raise ValueError(f"num_heads ({num_heads}) must divide the width ({m}).")
    return np.stack(np.split(words, num_heads, axis=-1), axis=1)


def merge_heads(x_bhtd: np.ndarray) -> np.ndarray:
    """Puts the heads' columns side by side again: what `split_heads` undoes.

    Args:
        x_bhtd: `(b, h, t, d)`.

    Returns:
        `(b, t, m)` with m = h·d.
    """
    return np.concatenate(list(np.moveaxis(np.asarray(x_bhtd), 1, 0)), axis=-1)


def multi_head_attention(
    query_bqm: np.ndarray,
    context_bkm: np.ndarray,
    weights: dict[str, np.ndarray],
    num_heads: int,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Several attentions at once, each on its own columns, and their results mixed.

    Args:
        query_bqm: `(b, q, m)`, the words that look.
        context_bkm: `(b, k, m)`, the words that are looked at.
        weights: `query`, `key`, `value`, `output`, each `(m, m)`.
        num_heads: How many heads; each has d = m / h columns.
        mask: Boolean, broadcasts to `(b, h, q, k)`; True where the query may attend.

    Returns:
        The output `(b, q, m)` and the weights `(b, h, q, k)`.

    Raises:
        ValueError: If `num_heads` does not divide m.

    Source: Vaswani et al. 2017, section 3.2.2.
    """
    w_query, w_key, w_value, w_output = (np.asarray(weights[name]) for name in NAMES)
    query_bhqd = split_heads(np.asarray(query_bqm) @ w_query, num_heads)
    key_bhkd = split_heads(np.asarray(context_bkm) @ w_key, num_heads)
    value_bhkd = split_heads(np.asarray(context_bkm) @ w_value, num_heads)
    output_bhqd, weights_bhqk = attention(query_bhqd, key_bhkd, value_bhkd, mask)
    return merge_heads(output_bhqd) @ w_output, weights_bhqk


def to_keras(
    weights: dict[str, np.ndarray], num_heads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The same matrices in the shapes of `keras.layers.MultiHeadAttention`.

    Args:
        weights: `query`, `key`, `value`, `output`, each `(m, m)`.
        num_heads: How many heads.

    Returns:
        Query, key and value `(m, h, d)`, output `(h, d, m)`.
    """
    w_query, w_key, w_value, w_output = (np.asarray(weights[name]) for name in NAMES)
    m = w_query.shape[0]
    shape = (m, num_heads, m // num_heads)
    return (
        w_query.reshape(shape),
        w_key.reshape(shape),
        w_value.reshape(shape),
        w_output.reshape(num_heads, m // num_heads, m),
    )


def attention_parameters(model_dim: int, num_heads: int, head_dim: int) -> int:
    """The numbers in the four matrices of multi-head attention, without biases.

    Three of them lead from `model_dim` to all heads, one leads back.
    """
    return 4 * model_dim * num_heads * head_dim


class Weight:
    """A matrix that can be assigned, as a weight of a Keras layer can."""

    def __init__(self, value: np.ndarray) -> None:
        self.value = value
        self.shape = value.shape

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return self.value

    def assign(self, value: object) -> None:
        self.value = np.array(value)


class MultiHeadAttention:
    """`multi_head_attention` in the form of a Keras layer, so that it needs no Keras.

    Args:
        num_heads: Must divide the width of the input.

    Call arguments:
        query: `(b, q, m)`.
        context: `(b, k, m)`.
        attention_mask: Boolean, broadcasts to `(b, h, q, k)`.

    Returns:
        `(b, q, m)`.
    """

    stands_for_a_layer = True

    def __init__(self, num_heads: int) -> None:
        self.num_heads = num_heads

    def __call__(
        self,
        query: np.ndarray,
        context: np.ndarray,
        attention_mask: np.ndarray | None = None,
    ) -> np.ndarray:
        if not hasattr(self, "w_query"):
            self.build(query.shape, context.shape)
        weights = dict(zip(NAMES, map(np.asarray, self.weights), strict=True))
        return multi_head_attention(
            query, context, weights, self.num_heads, attention_mask
        )[0]

    def build(self, query_shape: tuple, context_shape: tuple) -> None:
        m = query_shape[-1]
        self.w_query, self.w_key = Weight(np.eye(m)), Weight(np.eye(m))
        self.w_value, self.w_output = Weight(np.eye(m)), Weight(np.eye(m))

    @property
    def weights(self) -> list[Weight]:
        return [self.w_query, self.w_key, self.w_value, self.w_output]

    def get_config(self) -> dict[str, int]:
        return {"num_heads": self.num_heads}

    @classmethod
    def from_config(cls, config: dict[str, int]) -> MultiHeadAttention:
        return cls(**config)
