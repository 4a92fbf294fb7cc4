"""Lesson 07: named wrong answers, and the sentence that helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graders.exercise import Mistake

Answer = Callable[..., Any]
Wrong = dict[str, tuple[Any, str]]
NextLogits = Callable[[list[int]], np.ndarray]


def _list(exercise: str, wrong: Wrong) -> list[Mistake]:
    return [Mistake(exercise, n, answer, says) for n, (answer, says) in wrong.items()]


# ---------------------------------------------------------------------- loss: parts


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype("float64") - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def _target(labels: np.ndarray, n: int, smoothing: float) -> np.ndarray:
    return (1 - smoothing) * np.eye(n)[labels] + smoothing / n


def _each(labels: np.ndarray, logits: np.ndarray, smoothing: float = 0.0) -> np.ndarray:
    """The loss of each token, padding too."""
    target = _target(labels, logits.shape[-1], smoothing)
    return -(target * _log_softmax(logits)).sum(-1)


def _mean(values: np.ndarray, labels: np.ndarray) -> Any:
    is_word = labels != 0
    return (values * is_word).sum() / max(1, is_word.sum())


def _of_each(change: Callable[[np.ndarray, np.ndarray], Any]) -> Answer:
    """A loss from what is wrong in taking the mean: `change(values, labels)`."""
    return lambda labels, logits, label_smoothing=0.0: change(
        _each(labels, logits, label_smoothing), labels
    )


def _of_sentences(values: np.ndarray, labels: np.ndarray) -> Any:
    is_word = labels != 0
    return np.mean((values * is_word).sum(1) / np.maximum(1, is_word.sum(1)))


def _without_guard(values: np.ndarray, labels: np.ndarray) -> Any:
    is_word = labels != 0
    return np.divide((values * is_word).sum(), is_word.sum())


def _up_to_the_last(values: np.ndarray, labels: np.ndarray) -> Any:
    later = (labels != 0)[:, ::-1]
    seen = np.logical_or.accumulate(later, axis=1)[:, ::-1]
    return (values * seen).sum() / max(1, seen.sum())


WHICH_TOKENS = "Which tokens does the mean run over, and how many are they?"
MEANS: dict[str, tuple[Callable[[np.ndarray, np.ndarray], Any], str]] = {
    "mean-over-padding-too": (
        lambda values, labels: values.mean(),
        f"Your number is the mean over all places, padding included. {WHICH_TOKENS}",
    ),
    "divided-by-all-places": (
        lambda values, labels: (values * (labels != 0)).mean(),
        "You leave padding out of the sum and count it all the same when you divide. How "
        "many real tokens are there?",
    ),
    "divided-by-the-batch": (
        lambda values, labels: (values * (labels != 0)).sum() / len(labels),
        "You divide by the number of sentences, so that long sentences weigh more. "
        "How many real tokens are there?",
    ),
    "padding-in-the-sum": (
        lambda values, labels: values.sum() / max(1, (labels != 0).sum()),
        "You count padding in the sum, and leave it out only when you divide. Which "
        "numbers are set to 0 before they are added?",
    ),
    "mask-inverted": (
        lambda values, labels: _mean(values, labels == 0),
        "Your number is the mean over the padding. What is True at real tokens?",
    ),
    "mean-of-sentence-means": (
        _of_sentences,
        "You take the mean of each sentence, then the mean of those, so that a word of a "
        "short sentence weighs more. All real tokens of the batch count alike: one sum, "
        "divided by how many?",
    ),
    "up-to-the-last-word": (
        _up_to_the_last,
        "You count padding that stands before a sentence's last word. Padding may stand "
        "anywhere: what does each token say about itself?",
    ),
    "sum": (
        lambda values, labels: (values * (labels != 0)).sum(),
        "Your number is the sum over the real tokens. What turns it into their mean?",
    ),
    "not-reduced": (
        lambda values, labels: values * (labels != 0),
        "You return a number for each token. The loss is one number: the mean over which "
        "of them?",
    ),
}
NO_GUARD = (
    _without_guard,
    "Where there is nothing but padding you divide 0 by 0. What may you divide by, so "
    "that nothing changes where there are words?",
)

# ---------------------------------------------------------------------- masked_loss


def _twice(labels: np.ndarray, logits: np.ndarray, label_smoothing: float = 0.0) -> Any:
    return _mean(_each(labels, _softmax(logits), label_smoothing), labels)


def _overflowing(labels: Any, logits: Any, label_smoothing: float = 0.0) -> Any:
    powers = np.exp(logits)
    shares = powers / powers.sum(-1, keepdims=True)
    target = _target(labels, logits.shape[-1], label_smoothing)
    return _mean(-(target * np.log(shares)).sum(-1), labels)


def _raw(labels: Any, logits: Any, label_smoothing: float = 0.0) -> Any:
    target = _target(labels, logits.shape[-1], label_smoothing)
    return _mean(-(target * logits).sum(-1), labels)


def _sharing(labels: Any, logits: Any, label_smoothing: float = 0.0) -> Any:
    target = _target(labels, logits.shape[-1], label_smoothing)
    return _mean(-(target * _softmax(logits)).sum(-1), labels)


TWICE = (
    _twice,
    "Your numbers equal a loss that takes softmax twice. Logits become shares once: does "
    "your loss function know whether it is given the one or the other (`from_logits`)?",
)
LOSS_WRONG: Wrong = {
    **{name: (_of_each(change), says) for name, (change, says) in MEANS.items()},
    "nothing-but-padding": (_of_each(NO_GUARD[0]), NO_GUARD[1]),
    "softmax-twice": TWICE,
    "softmax-overflows": (
        _overflowing,
        "The exponential of a large logit is inf. Subtracting the row's largest logit "
        "changes no share: which function of the library does it for you, and takes the "
        "logarithm as well?",
    ),
    "no-softmax": (
        _raw,
        "Your numbers equal the negative logits of the labels. What makes shares of "
        "logits, before the logarithm?",
    ),
    "no-logarithm": (
        _sharing,
        "Your numbers equal the negative share of the label. Which function of the share "
        "is 0 at 1 and large near 0?",
    ),
    "sign": (
        _of_each(lambda values, labels: -_mean(values, labels)),
        "Your loss has the other sign. The logarithm of a share is negative: should a "
        "better model have a larger or a smaller loss?",
    ),
    "summed-over-all-axes": (
        _of_each(lambda values, labels: values.sum() * (labels != 0).any()),
        "Your first sum takes all axes at once, so that one number stands for all places. "
        "Along which axis do the words of the vocabulary lie?",
    ),
    "in-bits": (
        _of_each(lambda values, labels: _mean(values, labels) / np.log(2)),
        "Your numbers are in bits: the logarithm is to the base 2. Which one is natural?",
    ),
}

# ---------------------------------------------------------------------- smoothing


def _padding_adds(labels: Any, logits: Any, label_smoothing: float = 0.0) -> Any:
    """One-hot rows times the mask, then smoothed: padding keeps its ε / n."""
    n, is_word = logits.shape[-1], (labels != 0)[..., np.newaxis]
    target = (1 - label_smoothing) * np.eye(n)[labels] * is_word + label_smoothing / n
    each = -(target * _log_softmax(logits)).sum(-1)
    return each.sum() / max(1, is_word.sum())


def _with_target(make: Callable[[np.ndarray, int, float], np.ndarray]) -> Answer:
    def loss(labels: Any, logits: Any, label_smoothing: float = 0.0) -> Any:
        target = make(
            np.eye(logits.shape[-1])[labels], logits.shape[-1], label_smoothing
        )
        return _mean(-(target * _log_softmax(logits)).sum(-1), labels)

    return loss


def _to_the_others(one_hot: np.ndarray, n: int, smoothing: float) -> np.ndarray:
    return (1 - smoothing) * one_hot + smoothing / (n - 1) * (1 - one_hot)


def _one_shared(one_hot: np.ndarray, n: int, smoothing: float) -> np.ndarray:
    shared = one_hot.copy()
    shared[..., 1:] = (1 - smoothing) * one_hot[..., 1:] + smoothing / (n - 1)
    return shared


SMOOTHING_WRONG: Wrong = {
    **{n: LOSS_WRONG[n] for n in MEANS},
    "nothing-but-padding": (_of_each(NO_GUARD[0]), NO_GUARD[1]),
    "softmax-twice": TWICE,
    "padding-adds-to-the-smoothed-loss": (
        _padding_adds,
        "Your padding still adds ε / n for every word of the vocabulary: the target was "
        "masked, then smoothed. Mask the loss of a token, not its target: which of the "
        "two comes last?",
    ),
    "smoothing-ignored": (
        lambda labels, logits, label_smoothing=0.0: _mean(
            _each(labels, logits), labels
        ),
        "Your loss is the one without smoothing. Where is `label_smoothing` used?",
    ),
    "smoothing-to-the-others": (
        _with_target(_to_the_others),
        "You share ε among the other n - 1 words. Keras shares it among all n, the label "
        "included. What does the label then have, besides 1 - ε?",
    ),
    "padding-gets-no-share": (
        _with_target(_one_shared),
        "You share ε among all words but the padding's id. Keras knows no padding: n is "
        "the whole width of the logits.",
    ),
    "nothing-shared-out": (
        _with_target(lambda one_hot, n, smoothing: (1 - smoothing) * one_hot),
        "You take ε from the label and give it to nobody: the target sums to 1 - ε. What "
        "does each of the n words get?",
    ),
    "nothing-taken": (
        _with_target(lambda one_hot, n, smoothing: one_hot + smoothing / n),
        "You give ε / n to every word and take nothing from the label: the target sums to "
        "1 + ε. What is left to the label?",
    ),
    "epsilon-not-divided": (
        _with_target(
            lambda one_hot, n, smoothing: (1 - smoothing) * one_hot + smoothing
        ),
        "You give ε to every word, n times ε in all. What should the target sum to?",
    ),
    "smoothing-turned-around": (
        _with_target(
            lambda one_hot, n, smoothing: smoothing * one_hot + (1 - smoothing) / n
        ),
        "Your label keeps ε, and 1 - ε is shared out. Which of the two is small?",
    ),
}

# ---------------------------------------------------------------- loss, in training


class _Formula:
    """A formula in NumPy that is judged as one which can be trained through."""

    stands_for_ops = True

    def __init__(self, formula: Answer) -> None:
        self.formula = formula

    def __call__(self, *given: Any) -> Any:
        return self.formula(*given)


TRAINING = (*(n for n in MEANS if n != "not-reduced"), "softmax-twice")
TRAINING_WRONG: Wrong = {
    name: (_Formula(LOSS_WRONG[name][0]), LOSS_WRONG[name][1])
    for name in (*TRAINING, "no-softmax", "no-logarithm", "sign", "in-bits")
}

# -------------------------------------------------------------------- masked_accuracy


def _right(labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    return np.argmax(logits, -1) == labels


def _of_right(change: Callable[[np.ndarray, np.ndarray], Any]) -> Answer:
    return lambda labels, logits: change(_right(labels, logits), labels)


ACCURACY_WRONG: Wrong = {
    **{name: (_of_right(change), says) for name, (change, says) in MEANS.items()},
    "nothing-but-padding": (_of_right(NO_GUARD[0]), NO_GUARD[1]),
    "padding-counts-as-right": (
        lambda labels, logits: np.mean(_right(labels, logits) | (labels == 0)),
        "You count padding as right. A model that knows nothing would score with every "
        f"short sentence. {WHICH_TOKENS}",
    ),
    "share-of-the-label": (
        lambda labels, logits: _mean(np.exp(-_each(labels, logits)), labels),
        "Your number is the mean share of the right word. Accuracy asks whether the "
        "likeliest word is the right one: yes or no?",
    ),
    "never-right": (
        lambda labels, logits: 0.0,
        "By your count no word is ever right. What is compared with the labels: is it one "
        "id for each place, and along which axis was the largest logit looked for?",
    ),
    "in-percent": (
        lambda labels, logits: 100 * _mean(_right(labels, logits), labels),
        "Your number is in percent. What is the share if all words are right?",
    ),
    "share-of-errors": (
        lambda labels, logits: _mean(~_right(labels, logits), labels),
        "Your number is the share of errors. What do you count?",
    ),
    "smallest-logit": (
        lambda labels, logits: _mean(np.argmin(logits, -1) == labels, labels),
        "You look for the smallest logit. Which one is the likeliest word's?",
    ),
    "whole-sentences": (
        lambda labels, logits: np.mean(
            np.all(_right(labels, logits) | (labels == 0), axis=1)
        ),
        "Your number is the share of sentences without an error. Here every real token "
        "counts by itself: what do you take the mean over?",
    ),
}

# ----------------------------------------------------------------------------- WarmUp


class _Schedule:
    """A wrong schedule without Keras."""

    stands_for_a_schedule = True
    rate: Callable[..., float]

    def __init__(self, model_dim: int, warmup_steps: int) -> None:
        self.model_dim, self.warmup_steps = model_dim, warmup_steps

    def __call__(self, step: int) -> float:
        with np.errstate(all="ignore"):
            number = np.float64(step)
            return float(type(self).rate(number, self.model_dim, self.warmup_steps))

    def get_config(self) -> dict[str, int]:
        return {"model_dim": self.model_dim, "warmup_steps": self.warmup_steps}

    @classmethod
    def from_config(cls, config: dict[str, int]) -> _Schedule:
        return cls(**config)


def _class(rate: Callable[..., Any], **more: Any) -> type:
    return type("WarmUp", (_Schedule,), {"rate": rate, **more})


def _rate(step: Any, m: int, warmup: int) -> Any:
    return m**-0.5 * np.minimum(step**-0.5, step * warmup**-1.5)


RATES: dict[str, tuple[Callable[..., Any], str]] = {
    "max-for-min": (
        lambda step, m, warmup: m**-0.5 * np.maximum(step**-0.5, step * warmup**-1.5),
        "You take the larger of the two: the rate begins high and then grows without end. "
        "Which of the two is in force while it warms up?",
    ),
    "flat-after-warm-up": (
        lambda step, m, warmup: m**-0.5 * np.minimum(warmup**-0.5, step * warmup**-1.5),
        "Your rate stays at its highest after the warm-up. Which of the two terms falls, "
        "and with which number?",
    ),
    "no-warm-up": (
        lambda step, m, warmup: m**-0.5 * step**-0.5,
        "Your rate falls from the first step on. Which term is small at the beginning?",
    ),
    "never-falls": (
        lambda step, m, warmup: m**-0.5 * step * warmup**-1.5,
        "Your rate grows for ever. Which term takes over after the warm-up?",
    ),
    "model-dim-forgotten": (
        lambda step, m, warmup: np.minimum(step**-0.5, step * warmup**-1.5),
        "Your rate does not depend on the width. Where is `model_dim` used?",
    ),
    "model-dim-multiplied": (
        lambda step, m, warmup: m * _rate(step, m, warmup),
        "Your rate grows with the width: √m in place of 1/√m. Which sign has the exponent?",
    ),
    "divided-by-model-dim": (
        lambda step, m, warmup: _rate(step, m, warmup) / m**0.5,
        "You divide by m. The formula divides by its root.",
    ),
    "exponent-of-the-warm-up": (
        lambda step, m, warmup: m**-0.5 * np.minimum(step**-0.5, step * warmup**-0.5),
        "The exponent of the warm-up is -1.5: only then do the two terms meet at "
        "step = warmup. What do yours give there?",
    ),
    "warm-up-without-its-root": (
        lambda step, m, warmup: m**-0.5 * np.minimum(step**-0.5, step / warmup),
        "Your step is divided by the warm-up alone. Which exponent has the warm-up in the "
        "formula, so that the two terms meet at step = warmup?",
    ),
    "one-step-ahead": (
        lambda step, m, warmup: _rate(step + 1, m, warmup),
        "Your rate is one step ahead: you add 1 to the step. What should the rate be at "
        "step 0?",
    ),
}


def _inverse(power: Any) -> Any:
    return np.nan if power == 0 else power**-0.5


ZERO_WRONG: Wrong = {
    **{name: (_class(rate), says) for name, (rate, says) in RATES.items()},
    "division-by-zero": (
        _class(
            lambda step, m, warmup: (
                _raise_zero() if step == 0 else _rate(step, m, warmup)
            )
        ),
        "At step 0 you divide by zero. A tensor gives inf for 0 to the power -0.5, and the "
        "minimum then takes the other term: what does `ops.cast(step, 'float32')` do?",
    ),
    "not-a-number": (
        _class(
            lambda step, m, warmup: (
                m**-0.5
                * (
                    _inverse(step)
                    if step == 0
                    else min(step**-0.5, step * warmup**-1.5)
                )
            )
        ),
        "At step 0 your rate is not a number, and one step with it destroys every weight. "
        "What are the two terms at 0, and which is smaller?",
    ),
    "zero-as-one": (
        _class(lambda step, m, warmup: _rate(max(step, 1), m, warmup)),
        "You treat step 0 as step 1. What does the formula give at 0?",
    ),
}


def _raise_zero() -> float:
    raise ZeroDivisionError("0.0 cannot be raised to a negative power")


def _config(change: Callable[[Any], dict[str, Any]]) -> type:
    return _class(_rate, get_config=change)


OPTIMIZER_WRONG: Wrong = {
    **{name: (_class(rate), says) for name, (rate, says) in RATES.items()},
    "config-forgets-the-width": (
        _config(lambda self: {"model_dim": 512, "warmup_steps": self.warmup_steps}),
        "The schedule that is made again has another width. Does `get_config` hold the "
        "number this one was made with?",
    ),
    "config-forgets-the-warm-up": (
        _config(lambda self: {"model_dim": self.model_dim, "warmup_steps": 4000}),
        "The schedule that is made again has another warm-up. Does `get_config` hold the "
        "number this one was made with?",
    ),
    "config-turned-around": (
        _config(
            lambda self: {
                "model_dim": self.warmup_steps,
                "warmup_steps": self.model_dim,
            }
        ),
        "The schedule that is made again has width and warm-up turned around. Which name "
        "stands before which number in `get_config`?",
    ),
}

# ---------------------------------------------------------------------- greedy_decode

PAD = 0


def _walking(
    read: Callable[[NextLogits, list[int]], np.ndarray],
    choose: Callable[[np.ndarray], Any] = np.argmax,
) -> Answer:
    """Greedy search with another way to read or to choose."""

    def decode(
        next_logits: NextLogits, start: int, end: int, max_length: int
    ) -> list[int]:
        tokens = [start]
        while len(tokens) <= max_length:
            best = int(choose(read(next_logits, tokens)))
            if best == end:
                break
            tokens.append(best)
        return tokens[1:]

    return decode


_greedy = _walking(lambda next_logits, tokens: next_logits(list(tokens)))


def _last(logits: np.ndarray) -> int:
    return len(logits) - 1 - int(np.argmax(logits[::-1]))


def _second(logits: np.ndarray) -> int:
    return int(np.argsort(-logits, kind="stable")[1])


def _on_and_on(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    tokens = [start]
    while len(tokens) <= max_length:
        tokens.append(int(np.argmax(next_logits(list(tokens)))))
    return tokens[1:]


def _skips_the_end(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    return [
        token
        for token in _on_and_on(next_logits, start, end, max_length)
        if token != end
    ]


def _overwrites(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    tokens, found = [start], []
    for _ in range(max_length):
        tokens[-1] = int(np.argmax(next_logits(list(tokens))))
        if tokens[-1] == end:
            break
        found.append(tokens[-1])
    return found


def _keeps_one(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    tokens = [start, PAD]
    for _ in range(max_length):
        best = int(np.argmax(next_logits(tokens[:1] + tokens[2:])))
        if best == end:
            break
        tokens[1:] = [best]
    return tokens[1:]


def _with_end(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    found = _greedy(next_logits, start, end, max_length)
    return [*found, end] if len(found) < max_length else found


def _one_less(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    found: list[int] = _greedy(next_logits, start, end, max_length - 1)
    return found


def _one_more(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    found: list[int] = _greedy(next_logits, start, end, max_length + 1)
    return found


def _no_limit(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    found: list[int] = _greedy(next_logits, start, end, 50)
    return found


def _with_start(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    return [start, *_greedy(next_logits, start, end, max_length)]


def _filled(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    found = _greedy(next_logits, start, end, max_length)
    return found + [PAD] * (max_length - len(found))


def _cut_first(
    next_logits: NextLogits, start: int, end: int, max_length: int
) -> list[int]:
    found: list[int] = _greedy(next_logits, start, end, max_length)
    return found[1:]


FIRST = "Your tokens are what the model says after start alone, again and again. "
DECODE_WRONG: Wrong = {
    "does-not-stop": (
        _on_and_on,
        "You go on after the end, up to `max_length`. What should happen when the model "
        "says `end`?",
    ),
    "end-skipped": (
        _skips_the_end,
        "You leave the end out and go on generating behind it. The sentence is over there: "
        "which statement leaves a loop?",
    ),
    "overwrites": (
        _overwrites,
        "The model is given the newest token alone, as if it had a state that remembers. A "
        "decoder has none: does each new token stand behind the others, and are all of them "
        "given?",
    ),
    "end-returned": (
        _with_end,
        "You return the end mark too. The caller asked for the words alone: what comes "
        "first, the test for the end or the append?",
    ),
    "start-returned": (
        _with_start,
        "You return the start mark too. Which slice leaves it out?",
    ),
    "filled-with-padding": (
        _filled,
        "You fill the sentence up with padding. How many tokens did the model generate?",
    ),
    "first-word-lost": (
        _cut_first,
        "Your first word is missing. Does the list you slice still hold start?",
    ),
}
GREEDY_WRONG: Wrong = {
    "first-position-read": (
        _walking(lambda next_logits, tokens: next_logits(tokens[:1])),
        FIRST + "Which tokens should the model be given?",
    ),
    "start-left-out": (
        _walking(lambda next_logits, tokens: next_logits(tokens[1:])),
        "You give the model the tokens without start. In training every input began with "
        "it: what does the model expect in front?",
    ),
    "ties-take-the-higher": (
        _walking(lambda next_logits, tokens: next_logits(list(tokens)), _last),
        "Of two equal logits you take the higher id. Which one does `np.argmax` take?",
    ),
    "smallest-logit": (
        _walking(lambda next_logits, tokens: next_logits(list(tokens)), np.argmin),
        "You take the least likely token. Which logit is the likeliest one's?",
    ),
    "second-best": (
        _walking(lambda next_logits, tokens: next_logits(list(tokens)), _second),
        "You take the second likeliest token each time. How is the list sorted that you "
        "read from?",
    ),
    "keeps-one-token": (
        _keeps_one,
        "Only the newest token is kept. Where does a new token belong?",
    ),
    **DECODE_WRONG,
}
LIMIT_WRONG: Wrong = {
    **DECODE_WRONG,
    "one-token-short": (
        _one_less,
        "You stop one token early. Does your count include start?",
    ),
    "one-token-long": (
        _one_more,
        "You generate one token too many. Does your count leave out start?",
    ),
    "no-limit": (
        _no_limit,
        "You go on until the model says `end`, and it may never do so. Where is "
        "`max_length` used?",
    ),
}

# ---------------------------------------------------------------------- repair-decode


def _buffer(
    read: Callable[[int], int], write: Callable[[int], int], stops: bool = True
) -> Answer:
    """Decoding in a buffer that reads row `read(place)` and writes at `write(place)`."""

    def decode(all_logits: Any, start: int, end: int, max_length: int) -> list[int]:
        tokens = np.zeros(max_length + 1, dtype=int)
        tokens[0] = start
        for place in range(max_length):
            best = int(np.argmax(all_logits(tokens)[read(place)]))
            if best == end and stops:
                return tokens[1 : place + 1].tolist()
            tokens[write(place)] = best
        return tokens[1:].tolist()

    return decode


def _through_the_buffer(decode: Answer) -> Answer:
    """A greedy mistake, made with a model that answers at every place."""

    def decoded(all_logits: Any, start: int, end: int, max_length: int) -> Any:
        return decode(
            lambda tokens: all_logits(np.array(tokens))[-1], start, end, max_length
        )

    return decoded


def _here(place: int) -> int:
    return place


def _next(place: int) -> int:
    return place + 1


LAST_ROW = (
    "You read the last row: what the model says behind the padding. Which row says what "
    "comes behind the newest token?"
)
OVERWRITES = (
    "Each token is written over the one it should follow, start first. Behind which place "
    "does the new token belong?"
)
REPAIR_WRONG: Wrong = {
    "last-row-read": (_buffer(lambda place: -1, _next), LAST_ROW),
    "overwrites": (_buffer(_here, _here), OVERWRITES),
    "not-repaired": (
        _buffer(lambda place: -1, _here),
        "These are the numbers of the code as it was. Which row is read, and where is the "
        "token written?",
    ),
    "first-row-read": (
        _buffer(lambda place: 0, _next),
        "You read row 0 each time: what comes behind start. Which row says what comes "
        "behind the newest token?",
    ),
    "next-row-read": (
        _buffer(_next, _next),
        "You read the row behind the newest token, whose input is still padding. Row i says "
        "what comes behind place i: which place was filled last?",
    ),
    "does-not-stop": (
        _buffer(_here, _next, stops=False),
        DECODE_WRONG["does-not-stop"][1],
    ),
    "end-returned": (
        _through_the_buffer(_with_end),
        DECODE_WRONG["end-returned"][1],
    ),
    "start-returned": (
        _through_the_buffer(_with_start),
        DECODE_WRONG["start-returned"][1],
    ),
    "filled-with-padding": (
        _through_the_buffer(_filled),
        DECODE_WRONG["filled-with-padding"][1],
    ),
}

# ---------------------------------------------------------------------- beam_search

Held = tuple[float, list[int]]  # the sum of log probabilities, the tokens


def _log_shares(logits: np.ndarray) -> np.ndarray:
    return _log_softmax(np.asarray(logits))


def _searching(
    value: Callable[[np.ndarray], np.ndarray] = _log_shares,
    counted: Callable[[list[int], int], int] = lambda tokens, end: len(tokens),
    pool: Callable[[list[Held], list[Held]], list[Held]] = lambda done, live: (
        done + live
    ),
    width: Callable[[int], int] = lambda width: width,
    extends_finished: bool = False,
    penalty: Callable[[float], float] = lambda penalty: penalty,
) -> Answer:
    """Beam search with one part of it made in another way."""

    def search(
        next_logits: NextLogits,
        start: int,
        end: int,
        max_length: int,
        beam_width: int,
        length_penalty: float,
    ) -> list[int]:
        live: list[Held] = [(0.0, [])]
        done: list[Held] = []
        for _ in range(max_length):
            found = [
                (total + float(row[token]), [*tokens, token])
                for total, tokens in live
                for row in [value(next_logits([start, *tokens]))]
                for token in range(len(row))
            ]
            best = sorted(found, key=lambda one: -one[0])[: width(beam_width)]
            is_done = [one[1][-1] == end and not extends_finished for one in best]
            done += [one for one, ended in zip(best, is_done, strict=True) if ended]
            live = [one for one, ended in zip(best, is_done, strict=True) if not ended]
            if not live:
                break
        ranked = pool(done, live)
        power = penalty(length_penalty)
        scores = [t / max(1, counted(ids, end)) ** power for t, ids in ranked]
        tokens = ranked[int(np.argmax(scores))][1]
        return tokens[: tokens.index(end)] if end in tokens else tokens

    return search


def _as_greedy(*given: Any) -> list[int]:
    found: list[int] = _greedy(*given[:4])
    return found


def _end_kept(*given: Any) -> list[int]:
    found: list[int] = _searching()(*given)
    return [*found, given[2]] if len(found) < given[3] else found


def _without(tokens: list[int], end: int) -> int:
    return len([token for token in tokens if token != end])


BEAM_WRONG: Wrong = {
    "probabilities-added": (
        _searching(value=lambda logits: np.exp(_log_shares(logits))),
        "You add probabilities. The share of a sentence is their product: the sum of what?",
    ),
    "logits-added": (
        _searching(value=np.asarray),
        "You add logits, which are known only up to a constant that differs from step to "
        "step. What makes log probabilities of them?",
    ),
    "finished-sentences-extended": (
        _searching(extends_finished=True),
        "You go on extending sentences that have ended, and what comes behind the end "
        "counts in their score. What becomes of a sentence whose last token is `end`?",
    ),
    "first-finished-returned": (
        _searching(pool=lambda done, live: done[:1] or live),
        "You return the first sentence that ended. A later one may score better: when do "
        "they compete?",
    ),
    "only-finished-compete": (
        _searching(pool=lambda done, live: done or live),
        "You choose among ended sentences only. One that has reached `max_length` competes "
        "too: what is its score?",
    ),
    "no-length-penalty": (
        _searching(penalty=lambda penalty: 0.0),
        "Your scores are sums, so that short sentences win. Where is `length_penalty` used?",
    ),
    "always-divided-by-the-length": (
        _searching(penalty=lambda penalty: 1.0),
        "You divide by the length whatever the penalty is. What should a penalty of 0 do?",
    ),
    "end-not-counted": (
        _searching(counted=_without),
        "You divide by the number of words without the end, whose log probability is in the "
        "sum. What was generated?",
    ),
    "greedy": (
        _as_greedy,
        "Your sentences are those of greedy search. How many are kept in each step?",
    ),
    "end-returned": (
        _end_kept,
        "You return the end mark too. The caller asked for the words alone.",
    ),
}

# ---------------------------------------------------------------------- corpus_bleu

Texts = Sequence[str]


def _grams(words: list[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple(words[at : at + order]) for at in range(len(words) - order + 1)
    )


def _clipped(ours: Counter[Any], theirs: Counter[Any]) -> int:
    return (ours & theirs).total()


def _unclipped(ours: Counter[Any], theirs: Counter[Any]) -> int:
    return sum(count for gram, count in ours.items() if gram in theirs)


def _once(ours: Counter[Any], theirs: Counter[Any]) -> int:
    return len(ours.keys() & theirs.keys())


def _scoring(
    match: Callable[[Counter[Any], Counter[Any]], int] = _clipped,
    brevity: Callable[[int, int], float] = lambda said, meant: min(
        1.0, np.exp(1 - meant / said)
    ),
    orders: Sequence[int] = (1, 2, 3, 4),
    mean: Callable[[np.ndarray], float] = lambda shares: float(
        np.exp(np.mean(np.log(shares)))
    ),
    recall: bool = False,
    smooth: float = 0.0,
) -> Callable[[Texts, Texts], float]:
    """BLEU with one part of it made in another way."""

    def score(hypotheses: Texts, references: Texts) -> float:
        ours = [line.split() for line in hypotheses]
        theirs = [line.split() for line in references]
        shares = []
        for order in orders:
            grams = [
                (_grams(a, order), _grams(b, order))
                for a, b in zip(ours, theirs, strict=True)
            ]
            total = sum(pair[recall].total() for pair in grams)
            found = sum(match(*pair) for pair in grams)
            shares.append((found + smooth) / max(1, total + smooth))
        if not all(shares):
            return 0.0
        said, meant = sum(map(len, ours)), sum(map(len, theirs))
        return 100 * brevity(said, meant) * mean(np.array(shares))

    return score


def _by_sentence(hypotheses: Texts, references: Texts) -> float:
    score = _scoring()
    return float(
        np.mean([score([a], [b]) for a, b in zip(hypotheses, references, strict=True)])
    )


def _other(first: Texts, second: Texts) -> float:
    return _scoring()(second, first)


BLEU_WRONG: Wrong = {
    "no-clipping": (
        _scoring(match=_unclipped),
        "An n-gram that you repeat is counted each time, although the reference has it less "
        "often. How often may it count at most?",
    ),
    "counted-once": (
        _scoring(match=_once),
        "You count each n-gram once, however often both sentences have it. Which count of "
        "the two sentences is the smaller?",
    ),
    "no-brevity-penalty": (
        _scoring(brevity=lambda said, meant: 1.0),
        "A translation of its surest words alone scores high with you. What makes short "
        "translations pay?",
    ),
    "long-ones-pay-too": (
        _scoring(brevity=lambda said, meant: float(np.exp(-abs(1 - meant / said)))),
        "Long translations pay too with you. They pay already, with n-grams that the "
        "reference lacks: what is the penalty at least as long as the reference?",
    ),
    "brevity-divided": (
        _scoring(brevity=lambda said, meant: min(1.0, said / meant)),
        "You take the lengths' ratio as the penalty. Which function of the ratio does the "
        "formula take?",
    ),
    "averaged-over-sentences": (
        _by_sentence,
        "You score each sentence and take the mean. Counts are summed over the corpus "
        "before anything is divided: a sentence without four words in a row would count 0.",
    ),
    "from-0-to-1": (
        lambda hypotheses, references: _scoring()(hypotheses, references) / 100,
        "Your score goes from 0 to 1. Which factor makes it 0 to 100?",
    ),
    "arithmetic-mean": (
        _scoring(mean=lambda shares: float(np.mean(shares))),
        "You take the arithmetic mean of the four shares. The mean of their logarithms is "
        "another one: which?",
    ),
    "up-to-three": (
        _scoring(orders=(1, 2, 3)),
        "You count n-grams up to three words. How far does BLEU go?",
    ),
    "single-words-only": (
        _scoring(orders=(1,)),
        "You count single words, so that their order plays no part. Which other n are there?",
    ),
    "divided-by-the-references": (
        _scoring(recall=True),
        "You divide by the n-grams of the references. Whose n-grams are being judged?",
    ),
    "smoothed": (
        _scoring(smooth=1.0),
        "You add 1 to matches and totals, so that nothing is 0. This BLEU is the plain one: "
        "what is it where no four words in a row match?",
    ),
    "turned-around": (
        _other,
        "Hypotheses and references are turned around: short translations gain and long ones "
        "pay. Which of the two comes first?",
    ),
}

MISTAKES: list[Mistake] = [
    *_list("masked-loss", LOSS_WRONG),
    *_list("masked-loss-smoothing", SMOOTHING_WRONG),
    *_list("masked-loss-training", TRAINING_WRONG),
    *_list("masked-accuracy", ACCURACY_WRONG),
    *_list(
        "warm-up", {name: (_class(rate), says) for name, (rate, says) in RATES.items()}
    ),
    *_list("warm-up-zero", ZERO_WRONG),
    *_list("warm-up-optimizer", OPTIMIZER_WRONG),
    *_list("greedy-decode", GREEDY_WRONG),
    *_list("greedy-decode-limits", LIMIT_WRONG),
    *_list("repair-decode", REPAIR_WRONG),
    *_list("beam-search", BEAM_WRONG),
    *_list("corpus-bleu", BLEU_WRONG),
]
