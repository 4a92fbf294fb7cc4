"""Lesson 06: the whole Transformer, post-norm, without dropout: that is for training.

The classes have the face of the Keras ones, attribute by attribute, so that weights are
put into both by the same names; what stands behind it is NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from transformer.reference.heads import Weight, multi_head_attention
from transformer.reference.masks import decoder_mask, padding_mask
from transformer.reference.positions import positional_encoding


def layer_norm(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, epsilon: float = 1e-6
) -> np.ndarray:
    """Each word with mean 0 and deviation 1, then stretched and moved by column.

    Args:
        x: `(..., m)`.
        gamma: `(m,)`, multiplies each column.
        beta: `(m,)`, is added to each column.
        epsilon: Added to the variance, under the root.

    Returns:
        `(..., m)`.

    Source: Ba et al. 2016.
    """
    x = np.asarray(x, dtype=np.float64)
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    return centred / np.sqrt(variance + epsilon) * gamma + beta


def repaired_block(
    x_btm: np.ndarray,
    attend: Callable[[np.ndarray], np.ndarray],
    think: Callable[[np.ndarray], np.ndarray],
    norm_one: Callable[[np.ndarray], np.ndarray],
    norm_two: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Two sublayers, each with its residual and its norm behind the sum: `(b, t, m)`.

    Args:
        x_btm: `(b, t, m)`.
        attend, think, norm_one, norm_two: Each `(b, t, m)` to `(b, t, m)`.
    """
    x_btm = norm_one(x_btm + attend(x_btm))
    return norm_two(x_btm + think(x_btm))


# ------------------------------------------------------------- what holds the weights


def _weights(things: Iterable[Any]) -> dict[int, Weight]:
    """Each weight of these once, by identity."""
    found: dict[int, Weight] = {}
    for thing in things:
        if isinstance(thing, Weight):
            found[id(thing)] = thing
        elif isinstance(thing, Part):
            found |= _weights(vars(thing).values())
        elif isinstance(thing, list):
            found |= _weights(thing)
    return found


class Part:
    """What stands in for a layer: its weights are those of its attributes."""

    stands_for_a_layer = True

    @property
    def trainable_variables(self) -> list[Weight]:
        return list(_weights([self]).values())


class Norm(Part):
    """Stands in for `keras.layers.LayerNormalization`."""

    def __init__(self, model_dim: int) -> None:
        self.gamma, self.beta = Weight(np.ones(model_dim)), Weight(np.zeros(model_dim))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return layer_norm(x, self.gamma.value, self.beta.value)


class Dense(Part):
    """Stands in for `keras.layers.Dense`."""

    def __init__(self, inputs: int, outputs: int) -> None:
        self.kernel = Weight(np.zeros((inputs, outputs)))
        self.bias = Weight(np.zeros(outputs))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x @ self.kernel.value + self.bias.value


class Attention(Part):
    """Stands in for `keras.layers.MultiHeadAttention`, whose kernels are cut by head.

    Call arguments:
        query: `(b, q, m)`.
        context: `(b, k, m)`.
        mask: Boolean, broadcasts to `(b, h, q, k)`.

    Returns:
        The output `(b, q, m)` and the weights `(b, h, q, k)`.
    """

    def __init__(self, model_dim: int, num_heads: int) -> None:
        head_dim = model_dim // num_heads
        self.query_dense = Kernel(model_dim, num_heads, head_dim)
        self.key_dense = Kernel(model_dim, num_heads, head_dim)
        self.value_dense = Kernel(model_dim, num_heads, head_dim)
        self.output_dense = Kernel(num_heads, head_dim, model_dim)

    def __call__(
        self, query: np.ndarray, context: np.ndarray, mask: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        num_heads, _, model_dim = self.output_dense.kernel.shape
        weights = {
            name: getattr(self, f"{name}_dense").kernel.value.reshape(model_dim, -1)
            for name in ("query", "key", "value")
        }
        weights["output"] = self.output_dense.kernel.value.reshape(-1, model_dim)
        return multi_head_attention(query, context, weights, num_heads, mask)


class Kernel(Part):
    """A matrix without a bias."""

    def __init__(self, *shape: int) -> None:
        self.kernel = Weight(np.zeros(shape))


class Embedding(Part):
    """Stands in for lesson 04's `PositionalEmbedding` with its table in it."""

    def __init__(self, vocab_size: int, max_length: int, model_dim: int) -> None:
        self.embedding = Table(vocab_size, model_dim)
        self.max_length = max_length

    def __call__(self, tokens: np.ndarray) -> np.ndarray:
        length = np.shape(tokens)[1]
        if length > self.max_length:
            last = length - 1
            raise ValueError(
                f"position {last} is beyond max_length ({self.max_length})."
            )
        rows_nm = self.embedding.embeddings.value
        model_dim = rows_nm.shape[1]
        word_btm = rows_nm[np.asarray(tokens)] * np.sqrt(model_dim)
        return word_btm + positional_encoding(length, model_dim)


class Table(Part):
    """Stands in for `keras.layers.Embedding`."""

    def __init__(self, vocab_size: int, model_dim: int) -> None:
        self.embeddings = Weight(np.zeros((vocab_size, model_dim)))


# ------------------------------------------------------------------- the five classes


class FeedForward(Part):
    """Two dense layers with a ReLU between, for each position alone: `(..., m)`.

    Args:
        model_dim: m.
        hidden_dim: Width between the two.

    Source: Vaswani et al. 2017, section 3.3.
    """

    def __init__(self, model_dim: int, hidden_dim: int) -> None:
        self.expand = Dense(model_dim, hidden_dim)
        self.project = Dense(hidden_dim, model_dim)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        return self.project(np.maximum(0, self.expand(inputs)))


class EncoderLayer(Part):
    """Words look at each other, then each thinks for itself.

    Args:
        model_dim: m.
        num_heads: Must divide `model_dim`.
        hidden_dim: Width inside the feed-forward layer.
        dropout: Share of a sublayer's output that is dropped in training.

    Call arguments:
        inputs: `(b, t, m)`.
        attention_mask: Boolean, broadcasts to `(b, h, t, t)`.
        training: Whether dropout acts.

    Returns:
        `(b, t, m)`.

    Source: Vaswani et al. 2017, section 3.1.
    """

    def __init__(
        self, model_dim: int, num_heads: int, hidden_dim: int, dropout: float = 0.0
    ) -> None:
        self.attention = Attention(model_dim, num_heads)
        self.norm_attention = Norm(model_dim)
        self.feed_forward = FeedForward(model_dim, hidden_dim)
        self.norm_feed_forward = Norm(model_dim)
        self.rate = dropout

    def __call__(
        self,
        inputs: np.ndarray,
        attention_mask: np.ndarray | None = None,
        training: bool = False,
    ) -> np.ndarray:
        looked_btm, _ = self.attention(inputs, inputs, attention_mask)
        looked_btm = dropped(looked_btm, self.rate * training)
        x_btm = self.norm_attention(inputs + looked_btm)
        thought_btm = dropped(self.feed_forward(x_btm), self.rate * training)
        return self.norm_feed_forward(x_btm + thought_btm)


def dropped(x: np.ndarray, rate: float) -> np.ndarray:
    """The share `rate` of the numbers set to 0, the others grown to make up for it."""
    is_kept = np.random.default_rng().random(x.shape) >= rate
    return x * is_kept / (1 - rate)


class Encoder(Part):
    """Words to words that know their sentence.

    Args:
        vocab_size: Number of words, padding included.
        max_length: Number of positions.
        num_layers: Number of blocks.
        model_dim, num_heads, hidden_dim, dropout: As in `EncoderLayer`.

    Call arguments:
        tokens: `(b, t)`.
        attention_mask: Boolean, broadcasts to `(b, h, t, t)`.

    Returns:
        `(b, t, m)`.
    """

    block: type[Any] = EncoderLayer

    def __init__(
        self,
        vocab_size: int,
        max_length: int,
        num_layers: int,
        model_dim: int,
        num_heads: int,
        hidden_dim: int,
        dropout: float = 0.0,
    ) -> None:
        self.embedding = Embedding(vocab_size, max_length, model_dim)
        self.blocks = [
            self.block(model_dim, num_heads, hidden_dim, dropout)
            for _ in range(num_layers)
        ]

    def __call__(
        self, tokens: np.ndarray, attention_mask: np.ndarray | None = None
    ) -> np.ndarray:
        x_btm = self.embedding(tokens)
        for block in self.blocks:
            x_btm = block(x_btm, attention_mask=attention_mask)
        return x_btm


class DecoderLayer(Part):
    """Words look at their past, then at the source, then each thinks for itself.

    Args: as in `EncoderLayer`.

    Call arguments:
        inputs: `(b, t, m)`.
        context: `(b, k, m)`, the encoder's output.
        self_mask: Boolean, broadcasts to `(b, h, t, t)`.
        cross_mask: Boolean, broadcasts to `(b, h, t, k)`.

    Returns:
        The output `(b, t, m)` and the weights of cross-attention `(b, h, t, k)`.

    Source: Vaswani et al. 2017, section 3.1.
    """

    def __init__(
        self, model_dim: int, num_heads: int, hidden_dim: int, dropout: float = 0.0
    ) -> None:
        self.self_attention = Attention(model_dim, num_heads)
        self.cross_attention = Attention(model_dim, num_heads)
        self.feed_forward = FeedForward(model_dim, hidden_dim)
        self.norm_self, self.norm_cross = Norm(model_dim), Norm(model_dim)
        self.norm_feed_forward = Norm(model_dim)

    def __call__(
        self,
        inputs: np.ndarray,
        context: np.ndarray,
        self_mask: np.ndarray | None = None,
        cross_mask: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        looked_btm, _ = self.self_attention(inputs, inputs, self_mask)
        x_btm = self.norm_self(inputs + looked_btm)
        found_btm, weights_bhtk = self.cross_attention(x_btm, context, cross_mask)
        x_btm = self.norm_cross(x_btm + found_btm)
        x_btm = self.norm_feed_forward(x_btm + self.feed_forward(x_btm))
        return x_btm, weights_bhtk


class Decoder(Encoder):
    """Words of the target so far, and the source, to what comes next.

    Args: as in `Encoder`.

    Call arguments:
        tokens: `(b, t)`.
        context: `(b, k, m)`, the encoder's output.
        self_mask: Boolean, broadcasts to `(b, h, t, t)`.
        cross_mask: Boolean, broadcasts to `(b, h, t, k)`.

    Returns:
        The output `(b, t, m)` and each block's cross-attention `(b, h, t, k)`.
    """

    block = DecoderLayer

    def __call__(  # type: ignore[override]
        self,
        tokens: np.ndarray,
        context: np.ndarray,
        self_mask: np.ndarray | None = None,
        cross_mask: np.ndarray | None = None,
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        x_btm, weights = self.embedding(tokens), []
        for block in self.blocks:
            x_btm, weights_bhtk = block(x_btm, context, self_mask, cross_mask)
            weights.append(weights_bhtk)
        return x_btm, weights


class Transformer(Part):
    """The encoder-decoder of 2017: source and target so far to the next words.

    Args:
        source_vocab_size, target_vocab_size: Number of words, padding included.
        max_length, num_layers, model_dim, num_heads, hidden_dim, dropout: As in
            `Encoder`, for both sides.

    Call arguments:
        inputs: source `(b, k)` and target `(b, t)`, which begins with start.

    Returns:
        Logits `(b, t, n)`.

    Source: Vaswani et al. 2017.
    """

    def __init__(
        self,
        source_vocab_size: int,
        target_vocab_size: int,
        max_length: int,
        num_layers: int,
        model_dim: int,
        num_heads: int,
        hidden_dim: int,
        dropout: float = 0.0,
    ) -> None:
        both: dict[str, Any] = {"max_length": max_length, "num_layers": num_layers}
        both |= {"model_dim": model_dim, "num_heads": num_heads}
        both |= {"hidden_dim": hidden_dim, "dropout": dropout}
        self.made_with = {"source_vocab_size": source_vocab_size, **both}
        self.made_with["target_vocab_size"] = target_vocab_size
        self.encoder = Encoder(source_vocab_size, **both)
        self.decoder = Decoder(target_vocab_size, **both)
        self.to_logits = Dense(model_dim, target_vocab_size)

    def __call__(self, inputs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        source_bk, target_bt = inputs
        is_word_b11k = padding_mask(source_bk)
        context_bkm = self.encoder(source_bk, is_word_b11k)
        output_btm, _ = self.decoder(
            target_bt, context_bkm, decoder_mask(target_bt), is_word_b11k
        )
        return self.to_logits(output_btm)

    def get_config(self) -> dict[str, Any]:
        return dict(self.made_with)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Transformer:
        return cls(**config)
