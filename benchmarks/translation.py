"""BLEU against time, on real sentence pairs: three models, the same budget and pieces.

    python benchmarks/translation.py FILE.tsv [--seconds 270] [--models ours keras lstm]

The file is English, tab, French, as those of tatoeba.org. All three are given the same
pairs and the same seconds of processor time, compared on the same 1,000 held-out pairs:

    ours     `transformer.pairs`
    keras    the usual recipe with Keras's MultiHeadAttention: learned positions, heads
             as wide as the model, sentences padded to one length, RMSprop through `fit`
    lstm     two LSTMs with additive attention, trained by the same loop as ours, with a
             learning rate of its own

Evaluation does not count. `--to` keeps the numbers: those in `translation.json` are of
one run on two cores, 76,037 pairs and 600 seconds each. After a quarter, half and all
of that time ours leads the usual recipe by 16, 10 and 12 points of BLEU, and the LSTM,
whose attention looks at the source as ours does, by 6, 0.5 and 2.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from keras import ops

from transformer import layers, pairs, recipe, training
from transformer.corpus import PAD

MODEL_DIM, HIDDEN_DIM, NUM_HEADS = 128, 512, 4
LENGTH = 24  # of the recipe, which pads to it and cuts what is longer
SHARES = (0.25, 0.5, 1.0)
Mark = Callable[[Any, float, float], None]


# ------------------------------------------------------------------- the usual recipe


class Learned(keras.layers.Layer):
    """Words plus learned positions."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.words = keras.layers.Embedding(vocab_size, MODEL_DIM)
        self.positions = keras.layers.Embedding(pairs.MODEL["max_length"], MODEL_DIM)

    def call(self, tokens: Any) -> Any:
        return self.words(tokens) + self.positions(ops.arange(ops.shape(tokens)[1]))


class Encoder(keras.layers.Layer):
    """One block, post-norm."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.embedding = Learned(vocab_size)
        self.attention = keras.layers.MultiHeadAttention(NUM_HEADS, MODEL_DIM)
        self.dense = layers.FeedForward(MODEL_DIM, HIDDEN_DIM)
        self.norms = [keras.layers.LayerNormalization() for _ in range(2)]

    def call(self, tokens: Any, attention_mask: Any = None) -> Any:
        x = self.embedding(tokens)
        x = self.norms[0](x + self.attention(x, x, attention_mask=attention_mask))
        return self.norms[1](x + self.dense(x))


class Decoder(keras.layers.Layer):
    """One block, post-norm, and dropout before the output."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.embedding = Learned(vocab_size)
        self.to_self = keras.layers.MultiHeadAttention(NUM_HEADS, MODEL_DIM)
        self.to_source = keras.layers.MultiHeadAttention(NUM_HEADS, MODEL_DIM)
        self.dense = layers.FeedForward(MODEL_DIM, HIDDEN_DIM)
        self.norms = [keras.layers.LayerNormalization() for _ in range(3)]
        self.dropout = keras.layers.Dropout(0.5)

    def call(
        self, tokens: Any, context: Any, self_mask: Any = None, cross_mask: Any = None
    ) -> tuple[Any, list[Any]]:
        x = self.embedding(tokens)
        x = self.norms[0](x + self.to_self(x, x, attention_mask=self_mask))
        found = self.to_source(x, context, attention_mask=cross_mask)
        x = self.norms[1](x + found)
        return self.dropout(self.norms[2](x + self.dense(x))), []


class Usual(keras.Model):
    """The recipe's model."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(vocab_size), Decoder(vocab_size)
        self.to_logits = keras.layers.Dense(vocab_size)

    def call(self, inputs: tuple[Any, Any]) -> Any:
        source_bk, target_bt = inputs
        is_word_bqk = layers.words(source_bk)
        context_bkm = self.encoder(source_bk, attention_mask=is_word_bqk)
        past_bqk = layers.past(target_bt)
        output_btm, _ = self.decoder(target_bt, context_bkm, past_bqk, is_word_bqk)
        return self.to_logits(output_btm)

    def get_config(self) -> dict[str, Any]:
        return {"max_length": pairs.MODEL["max_length"]}


class Stop(keras.callbacks.Callback):
    """Ends `fit` when the budget is spent; marks what was reached on the way.

    The first step does not count: it traces, which `training.train` does before.
    """

    def __init__(self, seconds: float, mark: Mark) -> None:
        super().__init__()
        self.seconds, self.mark, self.spent = seconds, mark, 0.0
        self.is_first = True

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.started = time.process_time()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.spent += 0 if self.is_first else time.process_time() - self.started
        self.is_first = False
        share = min(1.0, self.spent / self.seconds)
        self.mark(self.model, share, self.spent)
        self.model.stop_training = share == 1


def train_usual(prepared: pairs.Prepared, seconds: float, mark: Mark) -> None:
    model = Usual(len(prepared.vocabularies.source))
    sources, targets = training.encoded(
        model, prepared.parts.train, prepared.vocabularies
    )
    source_bk, target_bt = (
        keras.utils.pad_sequences(
            rows, LENGTH, padding="post", truncating="post", value=PAD
        )
        for rows in (sources, targets)
    )
    model.compile("rmsprop", training.masked_loss)
    inputs, labels_bt = (source_bk, target_bt[:, :-1]), target_bt[:, 1:]
    stop = Stop(seconds, mark)
    model.fit(inputs, labels_bt, 64, epochs=1000, verbose=0, callbacks=[stop])


# ------------------------------------------------------------------- with recurrence


class Additive(keras.Model):
    """An LSTM in both directions reads; another one writes, and looks at what was read.

    Source: Bahdanau, Cho and Bengio 2015, the score; the query is the LSTM's output.
    """

    def __init__(self, vocab_size: int, state_dim: int = 256) -> None:
        super().__init__()
        self.source = keras.layers.Embedding(vocab_size, MODEL_DIM)
        self.target = keras.layers.Embedding(vocab_size, MODEL_DIM)
        half = keras.layers.LSTM(state_dim // 2, return_sequences=True)
        self.reader = keras.layers.Bidirectional(half)
        self.writer = keras.layers.LSTM(
            state_dim, return_sequences=True, return_state=True
        )
        self.query = keras.layers.Dense(state_dim, use_bias=False)
        self.key = keras.layers.Dense(state_dim, use_bias=False)
        self.attention = keras.layers.AdditiveAttention()
        self.mix = keras.layers.Dense(MODEL_DIM, activation="tanh")
        self.to_logits = keras.layers.Dense(vocab_size)
        self.state_dim = state_dim

    def call(self, inputs: tuple[Any, Any], offset: Any = 0) -> Any:
        source_bk, target_bt = inputs
        return self.advance(target_bt, self.begin(source_bk))[0]

    def begin(self, source_bk: Any) -> tuple[Any, ...]:
        is_word_bk = ops.not_equal(source_bk, PAD)
        read_bks = self.reader(self.source(source_bk), mask=is_word_bk)
        state_bs = ops.zeros((ops.shape(source_bk)[0], self.state_dim))
        return read_bks, self.key(read_bks), is_word_bk, state_bs, state_bs

    def advance(self, target_bt: Any, state: tuple[Any, ...]) -> tuple[Any, Any]:
        read_bks, key_bks, is_word_bk, *states = state
        x_bts, *states = self.writer(self.target(target_bt), initial_state=states)
        found_bts = self.attention(
            [self.query(x_bts), read_bks, key_bks], mask=[None, is_word_bk]
        )
        mixed_btm = self.mix(ops.concatenate([x_bts, found_bts], axis=-1))
        return self.to_logits(mixed_btm), (read_bks, key_bks, is_word_bk, *states)

    def get_config(self) -> dict[str, Any]:
        return {"state_dim": self.state_dim}


def train_additive(prepared: pairs.Prepared, seconds: float, mark: Mark) -> None:
    model = Additive(len(prepared.vocabularies.source))
    looped(prepared, seconds, mark, model, learning_rate=5e-3)


def train_ours(prepared: pairs.Prepared, seconds: float, mark: Mark) -> None:
    looped(prepared, seconds, mark, pairs.new(len(prepared.vocabularies.source)))


def looped(
    prepared: pairs.Prepared,
    seconds: float,
    mark: Mark,
    model: keras.Model,
    **changes: Any,
) -> None:
    """Trains with the course's own loop; `changes` are of `pairs.TRAINING`."""

    def report(progress: training.Progress) -> None:
        mark(model, progress.share, progress.seconds)

    training.train(
        model,
        prepared.parts.train,
        prepared.vocabularies,
        seconds=seconds,
        **{**pairs.TRAINING, **changes},
        report=report,
        clock=time.process_time,
    )


# ------------------------------------------------------------------- in one run

MODELS = {"ours": train_ours, "keras": train_usual, "lstm": train_additive}


def measure(name: str, prepared: pairs.Prepared, seconds: float) -> list[list[float]]:
    """Trains one model; returns seconds and BLEU at some shares of the budget."""
    keras.utils.set_random_seed(7)
    found: list[list[float]] = []

    def mark(model: Any, share: float, spent: float) -> None:
        if share < SHARES[len(found)]:
            return
        score = pairs.bleu(model, prepared.parts.test, prepared.vocabularies)
        found.append([round(spent, 1), round(score, 1)])
        print(f"{name:<6} {spent:6.0f} CPU s  BLEU {score:5.1f}", flush=True)

    MODELS[name](prepared, seconds, mark)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, metavar="FILE.tsv")
    parser.add_argument("--seconds", type=float, default=270)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--to", type=Path, metavar="FILE.json")
    args = parser.parse_args()
    prepared = pairs.prepare(args.file)
    record: dict[str, Any] = {"seconds": args.seconds, "versions": recipe.versions()}
    for name in args.models:
        record[name] = measure(name, prepared, args.seconds)
        if args.to:
            args.to.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
