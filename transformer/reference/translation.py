"""Lesson 07: the loss, the accuracy and the learning rate of training.

What turns logits into sentences, and sentences into a score, stands in
`transformer.decoding`, in NumPy too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

PAD = 0


def masked_loss(
    labels_bt: np.ndarray, logits_btn: np.ndarray, label_smoothing: float = 0.0
) -> float:
    """Cross-entropy, the mean over the real tokens of a batch.

    Args:
        labels_bt: `(b, t)`, token ids; 0 is padding and may stand anywhere.
        logits_btn: `(b, t, n)`.
        label_smoothing: ε; the target is (1 - ε) at the label plus ε / n everywhere.

    Returns:
        The loss in nats a token; 0 where there is no real token.

    Source: the smoothing of Szegedy et al. 2016, as Keras has it.
    """
    labels, logits = np.asarray(labels_bt), np.asarray(logits_btn, dtype=np.float64)
    n = logits.shape[-1]
    target_btn = (1 - label_smoothing) * np.eye(n)[labels] + label_smoothing / n
    loss_bt = -(target_btn * log_softmax(logits)).sum(axis=-1)
    return mean_over_words(loss_bt, labels)


def masked_accuracy(labels_bt: np.ndarray, logits_btn: np.ndarray) -> float:
    """The share of real tokens whose logit is the largest; 0 where there is none.

    Args:
        labels_bt: `(b, t)`, token ids; 0 is padding and may stand anywhere.
        logits_btn: `(b, t, n)`.
    """
    labels = np.asarray(labels_bt)
    is_right_bt = np.argmax(logits_btn, axis=-1) == labels
    return mean_over_words(is_right_bt, labels)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """The logarithm of softmax over the last axis: `(..., n)` to `(..., n)`."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def mean_over_words(values_bt: np.ndarray, labels_bt: np.ndarray) -> float:
    """The mean of those values whose label is a word; 0 where there is none."""
    is_word_bt = labels_bt != PAD
    return float(np.sum(values_bt * is_word_bt) / max(1, is_word_bt.sum()))


class Formula:
    """A formula in NumPy in the place of one that can be trained through.

    Args:
        formula: Its slopes are taken by differences.
    """

    stands_for_ops = True

    def __init__(self, formula: Callable[..., float]) -> None:
        self.formula = formula

    def __call__(self, *given: np.ndarray) -> float:
        return self.formula(*given)


trained_loss = Formula(masked_loss)


class WarmUp:
    """A learning rate that rises for some steps, then falls; needs no Keras.

    Args:
        model_dim: m; wider models learn with a smaller rate.
        warmup_steps: Steps until the highest rate.

    Call arguments:
        step: A whole number, 0 at the first.

    Returns:
        m^-0.5 · min(step^-0.5, step · warmup^-1.5), which is 0 at step 0.

    Source: Vaswani et al. 2017, section 5.3.
    """

    stands_for_a_schedule = True

    def __init__(self, model_dim: int, warmup_steps: int) -> None:
        self.model_dim, self.warmup_steps = model_dim, warmup_steps

    def __call__(self, step: int) -> float:
        rising = step * self.warmup_steps**-1.5
        falling = step**-0.5 if step else np.inf
        return float(self.model_dim**-0.5 * min(falling, rising))

    def get_config(self) -> dict[str, int]:
        return {"model_dim": self.model_dim, "warmup_steps": self.warmup_steps}

    @classmethod
    def from_config(cls, config: dict[str, int]) -> WarmUp:
        return cls(**config)


def decode_in_buffer(
    all_logits: Callable[[np.ndarray], np.ndarray],
    start: int,
    end: int,
    max_length: int,
) -> list[int]:
    """The likeliest token each time, where the model answers at every place at once.

    Args:
        all_logits: Tokens `(t,)`, padding behind them, to logits `(t, n)`; row i is of
            the token behind place i and depends on nothing that stands behind i.
        start: Id the tokens begin with.
        end: Id that ends the sentence.
        max_length: Most tokens generated.

    Returns:
        The generated ids without start and end.
    """
    tokens_t = np.full(max_length + 1, PAD)
    tokens_t[0] = start
    for place in range(max_length):
        best = int(np.argmax(all_logits(tokens_t)[place]))
        if best == end:
            return tokens_t[1 : place + 1].tolist()
        tokens_t[place + 1] = best
    return tokens_t[1:].tolist()
