"""Training: the loss over words, two schedules, batches of like length, the loop.

The loop ends when its budget is spent, in steps or in seconds, and the learning rate
follows the share that is: on a slow machine the model sees less, but is never stopped
in the middle of its schedule.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from transformer.corpus.vocabulary import PAD, Vocabularies, padded

Loss = Callable[[Any, Any], Any]
Clock = Callable[[], float]
Rate = float | Callable[[int], Any]
# Batches of like length come out of so many that are sorted together.
POOL = 40
# Seconds of training after which a checkpoint is written again.
OFTEN = 15.0


def masked_loss(labels_bt: Any, logits_btn: Any, label_smoothing: float = 0.0) -> Any:
    """Cross-entropy, the mean over words; padding does not count.

    Args:
        labels_bt: Ids, 0 is padding.
        logits_btn: Before softmax.
        label_smoothing: The part of the truth that all n words share evenly.

    Returns:
        A scalar; 0 if there is no word.
    """
    loss_bt = ops.sparse_categorical_crossentropy(
        labels_bt, logits_btn, from_logits=True
    )
    if label_smoothing:
        even_bt = ops.logsumexp(logits_btn, axis=-1) - ops.mean(logits_btn, axis=-1)
        loss_bt = (1 - label_smoothing) * loss_bt + label_smoothing * even_bt
    return mean_over_words(loss_bt, labels_bt)


def masked_accuracy(labels_bt: Any, logits_btn: Any) -> Any:
    """The share of words whose logit is the largest; 0 if there is no word."""
    best_bt = ops.cast(ops.argmax(logits_btn, axis=-1), "int32")
    is_right_bt = ops.equal(best_bt, ops.cast(labels_bt, "int32"))
    return mean_over_words(ops.cast(is_right_bt, logits_btn.dtype), labels_bt)


def mean_over_words(values_bt: Any, labels_bt: Any) -> Any:
    """The mean where the label is no padding; 0 if all are."""
    is_word_bt = ops.cast(ops.not_equal(labels_bt, PAD), values_bt.dtype)
    return ops.sum(values_bt * is_word_bt) / ops.maximum(ops.sum(is_word_bt), 1)


@keras.saving.register_keras_serializable("transformer")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Up in a line for `warmup_steps`, then down with the root of the step.

    Args:
        model_dim: m; the whole is divided by its root.
        warmup_steps: The step of the highest rate.

    Call arguments:
        step: An integer, or a scalar tensor; 0 gives 0.

    Source: Vaswani et al. 2017, section 5.3.
    """

    def __init__(self, model_dim: int, warmup_steps: int) -> None:
        super().__init__()
        self.model_dim, self.warmup_steps = model_dim, warmup_steps

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        up = step * self.warmup_steps**-1.5
        down = ops.rsqrt(ops.maximum(step, 1.0))
        return self.model_dim**-0.5 * ops.minimum(up, down)

    def get_config(self) -> dict[str, Any]:
        return {"model_dim": self.model_dim, "warmup_steps": self.warmup_steps}


def ramp(share: float) -> float:
    """The course's schedule: what to multiply the learning rate with.

    Args:
        share: The part of the budget that is spent, 0 to 1.

    Returns:
        Up to 1 in the first tenth, 1 until the half, then in a line down to 0.02.
    """
    if share < 0.1:
        return share / 0.1
    return min(1.0, 1 - 0.98 * (share - 0.5) / 0.5)


def batches(
    source_ids: Sequence[Sequence[int]],
    target_ids: Sequence[Sequence[int]],
    batch_size: int = 64,
    seed: int = 0,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches without end, each of sentences of like length; the same for a seed.

    Yields:
        Source `(b, k)` and target `(b, t)`, padded to the longest of the batch.
    """
    rng = np.random.default_rng(seed)
    length_n = np.array([list(map(len, source_ids)), list(map(len, target_ids))]).T
    while True:
        order = rng.permutation(len(length_n))
        for at in range(0, len(order), POOL * batch_size):
            pool = order[at : at + POOL * batch_size]
            pool = pool[np.lexsort(length_n[pool].T)]
            for start in rng.permutation(np.arange(0, len(pool), batch_size)):
                rows = pool[start : start + batch_size]
                yield (
                    padded([source_ids[row] for row in rows]),
                    padded([target_ids[row] for row in rows]),
                )


class Progress(NamedTuple):
    """How far a training is.

    Attributes:
        step: Steps done.
        seconds: Seconds of training, reports not counted.
        share: The part of the budget that is spent, 0 to 1.
        loss: Mean since the last report.
        accuracy: The share of right words since the last report.
        learning_rate: Of the last step.
        tokens: Target words seen, ends included.
    """

    step: int
    seconds: float
    share: float
    loss: float
    accuracy: float
    learning_rate: float
    tokens: int


@dataclass
class History:
    """What a training was like.

    Attributes:
        steps: One entry for each report.
        interrupted: Whether it was stopped before its budget was spent.
    """

    steps: list[Progress] = field(default_factory=list)
    interrupted: bool = False


@dataclass
class Budget:
    """Steps, seconds, or whichever is spent first.

    Raises:
        ValueError: If there is neither.
    """

    seconds: float | None
    steps: int | None

    def __post_init__(self) -> None:
        if self.seconds is None and self.steps is None:
            raise ValueError("Give a budget: seconds, steps, or both.")

    def share(self, step: int, seconds: float) -> float:
        """The part that is spent, 0 to 1."""
        of_steps = step / self.steps if self.steps else 0.0
        of_seconds = seconds / self.seconds if self.seconds else 0.0
        return min(1.0, max(of_steps, of_seconds))


class Run:
    """A training as a checkpoint holds it: model, optimiser, and what they have seen.

    Args:
        model: Called with `(source_bk, target_bt)`, it returns logits.
        loss: Labels and logits to a scalar.
        offset: All positions of a batch begin at one random number of this range.
        seed: Of the offsets.
    """

    def __init__(
        self, model: Any, loss: Loss, offset: tuple[int, int], seed: int
    ) -> None:
        self.model, self.loss, self.offset, self.seed = model, loss, offset, seed
        self.history = History()
        self.count, self.seconds, self.tokens = 0, 0.0, 0
        one = np.ones((1, 2), np.int32)
        model((one, one))
        self.optimizer = keras.optimizers.Adam(0.0, beta_2=0.98, global_clipnorm=1.0)
        self.optimizer.build(model.trainable_variables)
        tokens = tf.TensorSpec([None, None], tf.int32)
        signature = [tokens, tokens, tf.TensorSpec([], tf.int32)]
        self.update = tf.function(self._update, input_signature=signature)
        self.update.get_concrete_function()  # now, not in the budget's first second

    def step(
        self, source_bk: np.ndarray, target_bt: np.ndarray, learning_rate: float
    ) -> tuple[float, float]:
        """One step of the optimiser; returns loss and accuracy."""
        first, last = self.offset
        start = np.random.default_rng((self.seed, self.count)).integers(first, last + 1)
        self.optimizer.learning_rate = learning_rate
        loss, accuracy = self.update(source_bk, target_bt, np.int32(start))
        self.count += 1
        self.tokens += int(np.count_nonzero(target_bt[:, 1:]))
        return float(loss), float(accuracy)

    def _update(self, source_bk: Any, target_bt: Any, start: Any) -> tuple[Any, Any]:
        inputs, labels_bt = (source_bk, target_bt[:, :-1]), target_bt[:, 1:]
        moved = {"offset": start} if any(self.offset) else {}
        with tf.GradientTape() as tape:
            logits_btn = self.model(inputs, training=True, **moved)
            loss = self.loss(labels_bt, logits_btn)
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss, masked_accuracy(labels_bt, logits_btn)

    def progress(self, share: float, seen: list[tuple[float, float]]) -> Progress:
        """How far this is, given loss and accuracy of the last steps."""
        loss, accuracy = np.mean(seen, axis=0).tolist()
        rate = float(self.optimizer.learning_rate)
        return Progress(
            self.count, self.seconds, share, loss, accuracy, rate, self.tokens
        )

    @property
    def variables(self) -> list[Any]:
        return [*self.model.variables, *self.optimizer.variables]

    def save(self, path: Path) -> None:
        """Writes everything that another process needs to go on."""
        arrays = {str(i): np.asarray(v) for i, v in enumerate(self.variables)}
        arrays["history"] = np.reshape(self.history.steps, (-1, len(Progress._fields)))
        arrays["counts"] = np.array([self.count, self.seconds, self.tokens])
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f"{path.name}.part")
        with half.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(half, path)

    def load(self, path: Path) -> None:
        """Goes on from what was saved.

        Raises:
            ValueError: If that was another model.
        """
        with np.load(path, allow_pickle=False) as arrays:
            saved = [arrays[str(i)] for i in range(len(arrays.files) - 2)]
            count, self.seconds, tokens = arrays["counts"].tolist()
            rows = arrays["history"].tolist()
        if [array.shape for array in saved] != [tuple(v.shape) for v in self.variables]:
            raise ValueError(f"{path} is of another model: choose another file.")
        for variable, array in zip(self.variables, saved, strict=True):
            variable.assign(array)
        self.count, self.tokens = int(count), int(tokens)
        self.history.steps = [
            Progress._make((int(r[0]), *r[1:-1], int(r[-1]))) for r in rows
        ]


def train(
    model: Any,
    pairs: Sequence[tuple[str, str]],
    vocabularies: Vocabularies,
    *,
    seconds: float | None = None,
    steps: int | None = None,
    learning_rate: Rate = 2e-3,
    loss: Loss = masked_loss,
    offset: tuple[int, int] = (0, 0),
    batch_size: int = 64,
    seed: int = 0,
    report: Callable[[Progress], object] | None = None,
    every: int = 50,
    checkpoint: str | Path | None = None,
    clock: Clock = time.monotonic,
) -> History:
    """Trains until the budget is spent, or until somebody interrupts.

    Kernel > Interrupt (Ctrl-C) ends the training, not the program: the model keeps what
    it learnt, and the same call goes on from the checkpoint.

    Args:
        model: Called with `(source_bk, target_bt)`, it returns logits `(b, t, n)`.
        pairs: Source and target, words split by spaces.
        vocabularies: Of both sides.
        seconds, steps: The budget: one of them, or whichever is spent first.
            Preparation and reports do not count.
        learning_rate: A number, to be multiplied by `ramp`; or a schedule, called with
            the number of steps done.
        loss: Labels `(b, t)` and logits `(b, t, n)` to a scalar.
        offset: All positions of a batch begin at one random number of this range, its
            ends included.
        batch_size: Sentences a step.
        seed: Of the order of batches, and of the offsets.
        report: Called after each `every` steps and at the end.
        checkpoint: A file, written now and then and at the end. Training goes on from
            one that is there.
        clock: Seconds: `time.monotonic` as on a watch, `time.process_time` of work.

    Returns:
        What was reported.

    Raises:
        ValueError: If there is no budget or no pair, a sentence is too long for the
            model, or the checkpoint is of another model.
    """
    budget = Budget(seconds, steps)
    source_ids, target_ids = encoded(model, pairs, vocabularies, offset[1])
    run, path = Run(model, loss, offset, seed), Path(checkpoint) if checkpoint else None
    if path and path.exists():
        run.load(path)
    order = islice(batches(source_ids, target_ids, batch_size, seed), run.count, None)
    try:
        _report(run, _go(run, order, budget, learning_rate, clock), report, every, path)
    except KeyboardInterrupt:
        run.history.interrupted = True
    if path:
        run.save(path)
    return run.history


def _go(
    run: Run,
    order: Iterator[tuple[np.ndarray, np.ndarray]],
    budget: Budget,
    learning_rate: Rate,
    clock: Clock,
) -> Iterator[tuple[float, tuple[float, float]]]:
    """Steps until the budget is spent: its share, and what the step found."""
    share = budget.share(run.count, run.seconds)
    while share < 1:
        before = clock()
        if callable(learning_rate):
            rate = float(learning_rate(run.count))
        else:
            rate = learning_rate * ramp(share)
        found = run.step(*next(order), rate)
        run.seconds += clock() - before
        share = budget.share(run.count, run.seconds)
        yield share, found


def _report(
    run: Run,
    steps: Iterator[tuple[float, tuple[float, float]]],
    report: Callable[[Progress], object] | None,
    every: int,
    path: Path | None,
) -> None:
    """Takes the steps; reports after some of them, and saves after some reports."""
    seen: list[tuple[float, float]] = []
    saved = run.seconds
    for share, found in steps:
        seen.append(found)
        if run.count % every and share < 1:
            continue
        run.history.steps.append(run.progress(share, seen))
        seen = []
        if path and run.seconds - saved > OFTEN:
            run.save(path)
            saved = run.seconds
        if report:
            report(run.history.steps[-1])


def encoded(
    model: Any,
    pairs: Sequence[tuple[str, str]],
    vocabularies: Vocabularies,
    offset: int = 0,
) -> tuple[list[list[int]], list[list[int]]]:
    """The ids of sources, and of targets between start and end.

    Raises:
        ValueError: If there is no pair, or one is too long for the model.
    """
    if not pairs:
        raise ValueError("There is no pair of sentences.")
    sources = [vocabularies.source.encode(source) for source, _ in pairs]
    targets = [vocabularies.target.encode(target, marks=True) for _, target in pairs]
    longest = max(max(map(len, sources)), max(map(len, targets)) - 1)
    room = model.get_config().get("max_length")
    if room is not None and longest + offset > room:
        raise ValueError(
            f"A sentence of {longest} tokens that begins at position {offset} is too "
            f"long for a model with max_length {room}."
        )
    return sources, targets


def evaluate(
    model: Any,
    pairs: Sequence[tuple[str, str]],
    vocabularies: Vocabularies,
    loss: Loss = masked_loss,
    batch_size: int = 256,
) -> tuple[float, float]:
    """Loss and accuracy over words when the model is given the true words before.

    Returns:
        Both as means over all words of the pairs.
    """
    sums, count = np.zeros(2), 0
    ordered = sorted(pairs, key=lambda pair: len(pair[1]))
    for at in range(0, len(ordered), batch_size):
        some = encoded(model, ordered[at : at + batch_size], vocabularies)
        source_bk, target_bt = map(padded, some)
        labels_bt = target_bt[:, 1:]
        logits_btn = model((source_bk, target_bt[:, :-1]))
        found = loss(labels_bt, logits_btn), masked_accuracy(labels_bt, logits_btn)
        words = int(np.count_nonzero(labels_bt))
        sums += words * np.array([float(number) for number in found])
        count += words
    loss_of_all, accuracy = (sums / max(1, count)).tolist()
    return loss_of_all, accuracy
