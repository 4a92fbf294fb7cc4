"""What there was before attention: one recurrent network reads, another one writes.

All that the second knows of the source is the state in which the first ended.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from transformer.corpus.vocabulary import PAD


@keras.saving.register_keras_serializable("transformer")
class Recurrent(keras.Model):
    """An LSTM encoder and an LSTM decoder, without attention.

    Args:
        source_vocab_size, target_vocab_size: Number of words, padding included.
        state_dim: Width of embeddings and states.

    Call arguments:
        inputs: source `(b, k)` and target `(b, t)`, which begins with start.
        offset: Without effect; there are no positions.

    Returns:
        Logits `(b, t, n)`.

    Source: Sutskever, Vinyals and Le 2014, with one layer and the source as it stands.
    """

    def __init__(
        self,
        source_vocab_size: int,
        target_vocab_size: int,
        state_dim: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.made_with = {
            "source_vocab_size": source_vocab_size,
            "target_vocab_size": target_vocab_size,
            "state_dim": state_dim,
        }
        self.source_embedding = keras.layers.Embedding(source_vocab_size, state_dim)
        self.target_embedding = keras.layers.Embedding(target_vocab_size, state_dim)
        self.encoder = keras.layers.LSTM(state_dim, return_state=True)
        self.decoder = keras.layers.LSTM(
            state_dim, return_sequences=True, return_state=True
        )
        self.to_logits = keras.layers.Dense(target_vocab_size)

    def call(self, inputs: tuple[Any, Any], offset: Any = 0) -> Any:
        source_bk, target_bt = inputs
        return self.advance(target_bt, self.begin(source_bk))[0]

    def begin(self, source_bk: Any) -> tuple[Any, Any]:
        """The state after the last word of each source, twice `(b, s)`."""
        is_word_bk = ops.not_equal(source_bk, PAD)
        x_bks = self.source_embedding(source_bk)
        _, state_bs, cell_bs = self.encoder(x_bks, mask=is_word_bk)
        return state_bs, cell_bs

    def advance(self, target_bt: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        """Logits `(b, t, n)` of the words after these, and the state behind them."""
        x_bts = self.target_embedding(target_bt)
        output_bts, *state = self.decoder(x_bts, initial_state=list(state))
        return self.to_logits(output_bts), tuple(state)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.made_with}
