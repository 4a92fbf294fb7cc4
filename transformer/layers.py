"""The Transformer as Keras layers, finished: what lesson 07 trains.

Attention is Keras's own, which lesson 03 proves equal to the formulas. Masks are
boolean, True means *may attend*, and are passed explicitly: Keras's implicit ones do
not survive the sum of words and positions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

PAD = 0
EPSILON = 1e-6


def encoding(length: int, model_dim: int) -> np.ndarray:
    """Sines in even columns and cosines in odd ones, `(t, m)`, float32.

    Source: Vaswani et al. 2017, section 3.5.
    """
    column = np.arange(model_dim)
    rate_m = 10_000.0 ** (-2 * (column // 2) / model_dim)
    angle_tm = np.arange(length)[:, np.newaxis] * rate_m
    is_odd_m = column % 2 == 1
    return np.where(is_odd_m, np.cos(angle_tm), np.sin(angle_tm)).astype("float32")


def attention(model_dim: int, num_heads: int) -> keras.layers.Layer:
    """Keras's attention, without biases.

    Raises:
        ValueError: If `num_heads` does not divide `model_dim`.
    """
    if model_dim % num_heads:
        raise ValueError(
            f"num_heads ({num_heads}) must divide model_dim ({model_dim})."
        )
    return keras.layers.MultiHeadAttention(
        num_heads, key_dim=model_dim // num_heads, use_bias=False
    )


def normalisation() -> keras.layers.Layer:
    return keras.layers.LayerNormalization(epsilon=EPSILON)


def words(tokens_bt: Any) -> Any:
    """True at words, False at padding: `(b, 1, t)`, for every query alike."""
    return ops.expand_dims(ops.not_equal(tokens_bt, PAD), 1)


def past(tokens_bt: Any) -> Any:
    """True at words that are not in the future: `(b, t, t)`."""
    position_t = ops.arange(ops.shape(tokens_bt)[1])
    is_past_qk = position_t[:, None] >= position_t[None, :]
    return ops.logical_and(words(tokens_bt), is_past_qk)


@keras.saving.register_keras_serializable("transformer")
class PositionalEmbedding(keras.layers.Layer):
    """Rows of words times the root of m, plus the encoding of their positions.

    Args:
        vocab_size: Number of words, padding included.
        max_length: Number of positions.
        model_dim: m.
        embedding: Another layer's, to be shared.

    Call arguments:
        tokens: `(b, t)`, ids below `vocab_size`.
        offset: Position of the first token: an integer, or a scalar tensor, which is
            not compared with `max_length`.

    Returns:
        `(b, t, m)`.

    Raises:
        ValueError: If the last position is not below `max_length`.
    """

    def __init__(
        self,
        vocab_size: int,
        max_length: int,
        model_dim: int,
        embedding: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.embedding = embedding or keras.layers.Embedding(
            vocab_size,
            model_dim,
            embeddings_initializer=keras.initializers.RandomNormal(
                stddev=model_dim**-0.5
            ),
        )
        self.encoding_tm = encoding(max_length, model_dim)

    def call(self, tokens: Any, offset: Any = 0) -> Any:
        max_length, model_dim = self.encoding_tm.shape
        length = tokens.shape[1]
        if isinstance(offset, int) and length and offset + length > max_length:
            raise ValueError(
                f"position {offset + length - 1} is beyond max_length ({max_length})."
            )
        position_t = offset + ops.arange(ops.shape(tokens)[1])
        position_tm = ops.take(self.encoding_tm, position_t, axis=0)
        return self.embedding(tokens) * model_dim**0.5 + position_tm


@keras.saving.register_keras_serializable("transformer")
class FeedForward(keras.layers.Layer):
    """Two dense layers with a ReLU between, for each position alone: `(..., m)`.

    Args:
        model_dim: m.
        hidden_dim: Width between the two.

    Source: Vaswani et al. 2017, section 3.3.
    """

    def __init__(self, model_dim: int, hidden_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.expand = keras.layers.Dense(hidden_dim, activation="relu")
        self.project = keras.layers.Dense(model_dim)

    def call(self, inputs: Any) -> Any:
        return self.project(self.expand(inputs))


class Block(keras.layers.Layer):
    """What an encoder layer and a decoder layer have in common: how to go around.

    Args:
        model_dim: m.
        num_heads: Must divide `model_dim`.
        hidden_dim: Width inside the feed-forward layer.
        dropout: Share of a sublayer's output that is dropped in training.
        norm_first: Normalise a sublayer's input (pre-norm) instead of the sum behind
            it (post-norm, as in 2017).
    """

    def __init__(
        self,
        model_dim: int,
        num_heads: int,
        hidden_dim: int,
        dropout: float = 0.0,
        norm_first: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.norm_first = norm_first
        self.dropout = keras.layers.Dropout(dropout)
        self.feed_forward = FeedForward(model_dim, hidden_dim)
        self.norm_feed_forward = normalisation()

    def around(self, inputs: Any, norm: Any, sublayer: Callable[[Any], Any]) -> Any:
        """The residual connection and the normalisation around one sublayer."""
        if self.norm_first:
            return inputs + self.dropout(sublayer(norm(inputs)))
        return norm(inputs + self.dropout(sublayer(inputs)))


@keras.saving.register_keras_serializable("transformer")
class EncoderLayer(Block):
    """Words look at each other, then each thinks for itself.

    Args: see `Block`.

    Call arguments:
        inputs: `(b, t, m)`.
        attention_mask: Boolean, broadcasts to `(b, t, t)`.

    Returns:
        `(b, t, m)`.

    Source: Vaswani et al. 2017, section 3.1.
    """

    def __init__(
        self, model_dim: int, num_heads: int, *more: Any, **kwargs: Any
    ) -> None:
        super().__init__(model_dim, num_heads, *more, **kwargs)
        self.attention = attention(model_dim, num_heads)
        self.norm_attention = normalisation()

    def call(self, inputs: Any, attention_mask: Any = None) -> Any:
        def look(x: Any) -> Any:
            return self.attention(x, x, attention_mask=attention_mask)

        x_btm = self.around(inputs, self.norm_attention, look)
        return self.around(x_btm, self.norm_feed_forward, self.feed_forward)


@keras.saving.register_keras_serializable("transformer")
class DecoderLayer(Block):
    """Words look at their past, then at the source, then each thinks for itself.

    Args: see `Block`.

    Call arguments:
        inputs: `(b, t, m)`.
        context: `(b, k, m)`, the encoder's output.
        self_mask: Boolean, broadcasts to `(b, t, t)`.
        cross_mask: Boolean, broadcasts to `(b, t, k)`.

    Returns:
        The output `(b, t, m)` and the weights of cross-attention `(b, h, t, k)`.

    Source: Vaswani et al. 2017, section 3.1.
    """

    def __init__(
        self, model_dim: int, num_heads: int, *more: Any, **kwargs: Any
    ) -> None:
        super().__init__(model_dim, num_heads, *more, **kwargs)
        self.self_attention = attention(model_dim, num_heads)
        self.cross_attention = attention(model_dim, num_heads)
        self.norm_self, self.norm_cross = normalisation(), normalisation()

    def call(
        self, inputs: Any, context: Any, self_mask: Any = None, cross_mask: Any = None
    ) -> tuple[Any, Any]:
        seen: list[Any] = []

        def look_back(x: Any) -> Any:
            return self.self_attention(x, x, attention_mask=self_mask)

        def look_across(x: Any) -> Any:
            output_btm, weights_bhtk = self.cross_attention(
                x, context, attention_mask=cross_mask, return_attention_scores=True
            )
            seen.append(weights_bhtk)
            return output_btm

        x_btm = self.around(inputs, self.norm_self, look_back)
        x_btm = self.around(x_btm, self.norm_cross, look_across)
        return self.around(x_btm, self.norm_feed_forward, self.feed_forward), seen[0]


class Stack(keras.layers.Layer):
    """An embedding and blocks; what `Encoder` and `Decoder` have in common.

    Args:
        vocab_size: Number of words, padding included.
        max_length: Number of positions.
        num_layers: Number of blocks.
        model_dim, num_heads, hidden_dim, dropout, norm_first: as in `Block`.
        embedding: Another stack's, to be shared.
    """

    block: type[Block]

    def __init__(
        self,
        vocab_size: int,
        max_length: int,
        num_layers: int,
        model_dim: int,
        num_heads: int,
        hidden_dim: int,
        dropout: float = 0.0,
        norm_first: bool = False,
        embedding: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.embedding = PositionalEmbedding(
            vocab_size, max_length, model_dim, embedding
        )
        self.dropout = keras.layers.Dropout(dropout)
        sizes: dict[str, Any] = {"model_dim": model_dim, "num_heads": num_heads}
        sizes |= {"hidden_dim": hidden_dim, "dropout": dropout}
        self.blocks = [
            self.block(**sizes, norm_first=norm_first) for _ in range(num_layers)
        ]
        self.norm = normalisation() if norm_first else lambda x_btm: x_btm


@keras.saving.register_keras_serializable("transformer")
class Encoder(Stack):
    """Words to words that know their sentence.

    Args: see `Stack`.

    Call arguments:
        tokens: `(b, t)`.
        attention_mask: Boolean, broadcasts to `(b, t, t)`.
        offset: Position of the first token.

    Returns:
        `(b, t, m)`.
    """

    block = EncoderLayer

    def call(self, tokens: Any, attention_mask: Any = None, offset: Any = 0) -> Any:
        x_btm = self.dropout(self.embedding(tokens, offset=offset))
        for block in self.blocks:
            x_btm = block(x_btm, attention_mask=attention_mask)
        return self.norm(x_btm)


@keras.saving.register_keras_serializable("transformer")
class Decoder(Stack):
    """Words of the target so far, and the source, to what comes next.

    Args: see `Stack`.

    Call arguments:
        tokens: `(b, t)`.
        context: `(b, k, m)`, the encoder's output.
        self_mask: Boolean, broadcasts to `(b, t, t)`.
        cross_mask: Boolean, broadcasts to `(b, t, k)`.
        offset: Position of the first token.

    Returns:
        The output `(b, t, m)` and the weights of cross-attention `(b, h, t, k)`, one
        array a block.
    """

    block = DecoderLayer

    def call(
        self,
        tokens: Any,
        context: Any,
        self_mask: Any = None,
        cross_mask: Any = None,
        offset: Any = 0,
    ) -> tuple[Any, list[Any]]:
        x_btm, weights = self.dropout(self.embedding(tokens, offset=offset)), []
        for block in self.blocks:
            x_btm, weights_bhtk = block(
                x_btm, context, self_mask=self_mask, cross_mask=cross_mask
            )
            weights.append(weights_bhtk)
        return self.norm(x_btm), weights


class Scores(keras.layers.Layer):
    """How well a vector agrees with each row of a table: `(..., m)` to `(..., n)`.

    Args:
        embedding: The layer that holds the table.
    """

    def __init__(self, embedding: keras.layers.Embedding, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = embedding

    def call(self, inputs: Any) -> Any:
        return ops.matmul(inputs, ops.transpose(self.embedding.embeddings))


@keras.saving.register_keras_serializable("transformer")
class Transformer(keras.Model):
    """The encoder-decoder of 2017: source and target so far to the next words.

    Args:
        source_vocab_size, target_vocab_size: Number of words, padding included.
        max_length, num_layers, model_dim, num_heads, hidden_dim, dropout, norm_first:
            as in `Stack`, for both sides.
        tied: Whether source, target and output share one table of words, as in 2017.

    Call arguments:
        inputs: source `(b, k)` and target `(b, t)`, which begins with start.
        offset: Position of the first token, on both sides.

    Returns:
        Logits `(b, t, n)`.

    Raises:
        ValueError: If the two vocabularies of tied sides differ in size.

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
        norm_first: bool = False,
        tied: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if tied and source_vocab_size != target_vocab_size:
            raise ValueError(
                f"Tied vocabularies of {source_vocab_size} and {target_vocab_size} "
                "words should be one."
            )
        both: dict[str, Any] = {"max_length": max_length, "num_layers": num_layers}
        both |= {"model_dim": model_dim, "num_heads": num_heads}
        both |= {"hidden_dim": hidden_dim, "dropout": dropout, "norm_first": norm_first}
        self.made_with = {"source_vocab_size": source_vocab_size, **both}
        self.made_with |= {"target_vocab_size": target_vocab_size, "tied": tied}
        self.encoder = Encoder(source_vocab_size, **both)
        table = self.encoder.embedding.embedding if tied else None
        self.decoder = Decoder(target_vocab_size, **both, embedding=table)
        self.to_logits = (
            Scores(table) if tied else keras.layers.Dense(target_vocab_size)
        )

    def call(self, inputs: tuple[Any, Any], offset: Any = 0) -> Any:
        source_bk, target_bt = inputs
        context_bkm = self.encode(source_bk, offset)
        return self.decode(source_bk, context_bkm, target_bt, offset)[0]

    def encode(self, source_bk: Any, offset: Any = 0) -> Any:
        """The source's words as the decoder looks at them, `(b, k, m)`."""
        return self.encoder(source_bk, attention_mask=words(source_bk), offset=offset)

    def decode(
        self, source_bk: Any, context_bkm: Any, target_bt: Any, offset: Any = 0
    ) -> tuple[Any, list[Any]]:
        """Logits `(b, t, n)` and each block's cross-attention `(b, h, t, k)`."""
        output_btm, weights = self.decoder(
            target_bt,
            context_bkm,
            self_mask=past(target_bt),
            cross_mask=words(source_bk),
            offset=offset,
        )
        return self.to_logits(output_btm), weights

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.made_with}
