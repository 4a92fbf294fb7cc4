"""Lesson 07: equally right answers, by check, independent of the lesson's own."""

import heapq
import math
import sys
import warnings
from collections import Counter
from functools import cache

import numpy as np

# --------------------------------------------------------------------- loss: numbers


def log_shares(logits):
    top = logits.max(-1, keepdims=True)
    return logits - top - np.log(np.exp(logits - top).sum(-1, keepdims=True))


def in_numpy(labels, logits, label_smoothing=0.0):
    n, is_word = logits.shape[-1], labels != 0
    shares = log_shares(logits.astype("f8"))
    own = np.take_along_axis(shares, labels[..., None], -1)[..., 0]
    each = -(1 - label_smoothing) * own - label_smoothing / n * shares.sum(-1)
    return each[is_word].sum() / max(1, is_word.sum())


def by_loops(labels, logits, label_smoothing=0.0):
    total, count = 0.0, 0
    for row, places in zip(labels, logits, strict=True):
        for label, numbers in zip(row, places, strict=True):
            if label == 0:
                continue
            top = max(numbers)
            log_sum = top + math.log(sum(math.exp(x - top) for x in numbers))
            for word, x in enumerate(numbers):
                share = label_smoothing / len(numbers)
                share += (1 - label_smoothing) * (word == label)
                total -= share * (x - log_sum)
            count += 1
    return total / count if count else 0.0


def selecting_first(labels, logits, label_smoothing=0.0):
    words, rows = labels[labels != 0], logits[labels != 0].astype("f8")
    if not len(words):
        return np.array(0.0)
    target = np.full(rows.shape, label_smoothing / rows.shape[-1])
    target[np.arange(len(words)), words] += 1 - label_smoothing
    return np.mean(np.logaddexp.reduce(rows, -1) - (target * rows).sum(-1))


def loud(labels, logits, label_smoothing=0.0):
    warnings.warn("careful", stacklevel=1)
    print("a note", file=sys.stderr)
    return in_numpy(labels, logits, label_smoothing)


# --------------------------------------------------------------------- loss: tensors


def with_keras_loss(labels, logits, label_smoothing=0.0):
    import keras
    from keras import ops

    one_hot = ops.one_hot(labels, logits.shape[-1])
    each = keras.losses.categorical_crossentropy(
        one_hot, logits, from_logits=True, label_smoothing=label_smoothing
    )
    is_word = ops.cast(ops.not_equal(labels, 0), each.dtype)
    return ops.sum(each * is_word) / ops.maximum(ops.sum(is_word), 1)


def with_log_softmax(labels, logits, label_smoothing=0.0):
    from keras import ops

    shares = ops.log_softmax(logits)
    target = ops.one_hot(labels, logits.shape[-1]) * (1 - label_smoothing)
    target = target + label_smoothing / logits.shape[-1]
    is_word = ops.cast(ops.not_equal(labels, 0), "float32")
    each = -ops.sum(target * shares, axis=-1) * is_word
    return ops.divide_no_nan(ops.sum(each), ops.sum(is_word))


def with_a_loss_object(labels, logits, label_smoothing=0.0):
    import keras
    from keras import ops

    loss = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=label_smoothing, reduction="none"
    )
    each = loss(ops.one_hot(labels, logits.shape[-1]), logits)
    weight = ops.where(ops.equal(labels, 0), 0.0, 1.0)
    return ops.sum(weight * each) / ops.maximum(1.0, ops.sum(weight))


def target_masked_last(labels, logits, label_smoothing=0.0):
    from keras import ops

    n = logits.shape[-1]
    target = (1 - label_smoothing) * ops.one_hot(labels, n) + label_smoothing / n
    is_word = ops.cast(ops.not_equal(labels, 0), "float32")
    target = target * ops.expand_dims(is_word, -1)
    return -ops.sum(target * ops.log_softmax(logits)) / ops.maximum(ops.sum(is_word), 1)


def with_tensorflow(labels, logits, label_smoothing=0.0):
    import tensorflow as tf

    n = logits.shape[-1]
    target = tf.one_hot(labels, n) * (1 - label_smoothing) + label_smoothing / n
    each = tf.nn.softmax_cross_entropy_with_logits(target, logits)
    mask = tf.cast(labels != 0, tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(each * mask), tf.reduce_sum(mask))


def with_boolean_mask(labels, logits, label_smoothing=0.0):
    import tensorflow as tf

    is_word = tf.not_equal(labels, 0)
    words, rows = tf.boolean_mask(labels, is_word), tf.boolean_mask(logits, is_word)
    target = tf.one_hot(words, rows.shape[-1]) * (1 - label_smoothing)
    target += label_smoothing / rows.shape[-1]
    each = tf.nn.softmax_cross_entropy_with_logits(target, rows)
    return tf.reduce_sum(each) / tf.cast(tf.maximum(tf.size(words), 1), tf.float32)


def with_sparse_loss(labels, logits, label_smoothing=0.0):
    from keras import ops

    shares = ops.log_softmax(logits, axis=-1)
    own = ops.take_along_axis(shares, ops.expand_dims(labels, -1), axis=-1)[..., 0]
    each = (1 - label_smoothing) * own + label_smoothing * ops.mean(shares, axis=-1)
    zeros = ops.zeros_like(each)
    is_word = ops.not_equal(labels, 0)
    count = ops.cast(ops.count_nonzero(labels), "float32")
    return -ops.sum(ops.where(is_word, each, zeros)) / ops.maximum(count, 1.0)


def by_logsumexp(labels, logits, label_smoothing=0.0):
    from keras import ops

    target = ops.one_hot(labels, logits.shape[-1])
    target = target + label_smoothing * (1 / logits.shape[-1] - target)
    each = ops.logsumexp(logits, axis=-1) - ops.sum(target * logits, axis=-1)
    mask = ops.cast(labels, "bool")
    total = ops.sum(each * ops.cast(mask, "float32"))
    return total / ops.maximum(ops.sum(ops.cast(mask, "float32")), 1e-9)


def as_weighted_mean(labels, logits, label_smoothing=0.0):
    import keras
    from keras import ops

    weight = ops.cast(ops.not_equal(labels, 0), "float32")
    weight = weight / ops.maximum(ops.sum(weight), 1)
    each = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=label_smoothing, reduction="sum"
    )
    one_hot = ops.one_hot(labels, logits.shape[-1])
    return each(one_hot, logits, sample_weight=weight)


def ignoring_a_class(labels, logits, label_smoothing=0.0):
    import keras
    from keras import ops

    n = logits.shape[-1]
    own = keras.losses.sparse_categorical_crossentropy(
        labels, logits, from_logits=True, ignore_class=0
    )
    is_word = ops.cast(ops.not_equal(labels, 0), "float32")
    even = -ops.sum(ops.log_softmax(logits), axis=-1) / n * is_word
    each = (1 - label_smoothing) * own + label_smoothing * even
    return ops.sum(each) / ops.maximum(ops.sum(is_word), 1)


TRAINED = {
    "keras's function": with_keras_loss,
    "log_softmax, divide_no_nan": with_log_softmax,
    "a loss object": with_a_loss_object,
    "the smoothed target masked": target_masked_last,
    "tensorflow": with_tensorflow,
    "boolean_mask": with_boolean_mask,
    "take_along_axis": with_sparse_loss,
    "logsumexp": by_logsumexp,
    "weights of a sum": as_weighted_mean,
    "ignore_class": ignoring_a_class,
}
LOSS = {
    **TRAINED,
    "numpy": in_numpy,
    "loops": by_loops,
    "words selected first": selecting_first,
    "loud": loud,
    "a float": lambda *given, **more: float(in_numpy(*given, **more)),
    "float32": lambda *given, **more: np.float32(in_numpy(*given, **more)),
}

# ------------------------------------------------------------------------- accuracy


def accuracy_by_loops(labels, logits):
    right = words = 0
    for row, places in zip(labels.tolist(), logits.tolist(), strict=True):
        for label, numbers in zip(row, places, strict=True):
            words += label != 0
            right += label != 0 and numbers.index(max(numbers)) == label
    return right / words if words else 0.0


def accuracy_by_keras(labels, logits):
    from keras import ops

    is_word = ops.not_equal(labels, 0)
    is_right = ops.logical_and(is_word, ops.equal(ops.argmax(logits, -1), labels))
    count = ops.sum(ops.cast(is_word, "float32"))
    return ops.sum(ops.cast(is_right, "float32")) / ops.maximum(count, 1)


def accuracy_by_tensorflow(labels, logits):
    import tensorflow as tf

    mask = tf.cast(labels != 0, tf.float32)
    found = tf.argmax(logits, axis=-1, output_type=tf.int32)
    right = tf.cast(found == labels, tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(right * mask), tf.reduce_sum(mask))


def accuracy_by_metric(labels, logits):
    import keras

    metric = keras.metrics.SparseCategoricalAccuracy()
    metric.update_state(labels, logits, sample_weight=(labels != 0).astype("f4"))
    return metric.result()


def accuracy_of_shares(labels, logits):
    words = labels != 0
    shares = np.exp(log_shares(logits))
    right = shares.argmax(-1)[words] == labels[words]
    return right.mean() if right.size else 0.0


def accuracy_by_keras_function(labels, logits):
    import keras
    from keras import ops

    right = keras.metrics.sparse_categorical_accuracy(labels, logits)
    is_word = ops.cast(ops.cast(labels, "bool"), "float32")
    return ops.divide_no_nan(ops.sum(right * is_word), ops.sum(is_word))


def accuracy_by_sorting(labels, logits):
    best = np.argsort(logits, axis=-1)[..., -1]
    return np.sum((best == labels) & (labels != 0)) / max(1, np.count_nonzero(labels))


def accuracy_by_average(labels, logits):
    if not labels.any():
        return 0
    return np.average(logits.argmax(2) == labels, weights=labels != 0)


def accuracy_loud(labels, logits):
    warnings.warn("careful", stacklevel=1)
    return accuracy_by_loops(labels, logits)


def accuracy_masked(labels, logits):
    right = np.ma.masked_where(labels == 0, logits.argmax(-1) == labels).mean()
    return 0.0 if right is np.ma.masked else right


ACCURACY = {
    "loops": accuracy_by_loops,
    "keras": accuracy_by_keras,
    "tensorflow": accuracy_by_tensorflow,
    "a metric": accuracy_by_metric,
    "shares": accuracy_of_shares,
    "keras's function": accuracy_by_keras_function,
    "sorting": accuracy_by_sorting,
    "average": accuracy_by_average,
    "loud": accuracy_loud,
    "a masked array": accuracy_masked,
    "float32": lambda *given: np.float32(accuracy_by_loops(*given)),
}

# --------------------------------------------------------------------------- WarmUp


@cache
def schedules():
    """Keras classes, made when they are first needed."""
    import keras
    import tensorflow as tf
    from keras import ops

    class Plain(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, model_dim, warmup_steps):
            self.model_dim = model_dim
            self.warmup_steps = warmup_steps

        def __call__(self, step):
            step = ops.cast(step, "float32")
            rate = ops.minimum(step**-0.5, step * self.warmup_steps**-1.5)
            return self.model_dim**-0.5 * rate

        def get_config(self):
            return {"model_dim": self.model_dim, "warmup_steps": self.warmup_steps}

    class ByRsqrt(Plain):
        def __call__(self, step):
            step = ops.cast(step, "float32")
            rate = ops.minimum(ops.rsqrt(step), step * self.warmup_steps**-1.5)
            return ops.rsqrt(ops.cast(self.model_dim, "float32")) * rate

    class ByTensorFlow(Plain):
        def __call__(self, step):
            step = tf.cast(step, tf.float32)
            falling, rising = tf.math.rsqrt(step), step * self.warmup_steps**-1.5
            return tf.math.rsqrt(float(self.model_dim)) * tf.minimum(falling, rising)

    class Where(Plain):
        def __call__(self, step):
            step = ops.cast(step, "float32")
            rising = step * self.warmup_steps**-1.5
            falling = 1 / ops.sqrt(ops.maximum(step, 1.0))
            is_rising = step < self.warmup_steps
            return ops.where(is_rising, rising, falling) / self.model_dim**0.5

    class Combined(Plain):
        def __call__(self, step):
            share = ops.cast(step, "float32") / self.warmup_steps
            top = (self.model_dim * self.warmup_steps) ** -0.5
            return top * ops.minimum(share, 1 / ops.sqrt(share))

    class Converted(Plain):
        def __call__(self, step):
            step = ops.convert_to_tensor(step, dtype="float32")
            steps = ops.stack([1 / ops.sqrt(step), step / self.warmup_steps**1.5])
            return ops.min(steps) * self.model_dim**-0.5

    class Private(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, model_dim, warmup_steps=4000):
            super().__init__()
            self._scale, self._warmup = float(model_dim) ** -0.5, warmup_steps
            self._config = {"model_dim": model_dim, "warmup_steps": warmup_steps}

        def __call__(self, step):
            number = ops.cast(step, "float32")
            rising = number * self._warmup**-1.5
            return self._scale * ops.minimum(rising, ops.power(number, -0.5))

        def get_config(self):
            return dict(self._config)

    class Floats(Plain):
        def __init__(self, model_dim, warmup_steps):
            self.model_dim, self.warmup_steps = float(model_dim), float(warmup_steps)

    class Loud(Plain):
        def __call__(self, step):
            warnings.warn("careful", stacklevel=1)
            return super().__call__(step)

    class OfItsOwnConfig(ByRsqrt):
        @classmethod
        def from_config(cls, config):
            return cls(config["model_dim"], config["warmup_steps"])

    class Float64(Plain):
        def __call__(self, step):
            step = tf.cast(step, tf.float64)
            rate = tf.minimum(step**-0.5, step * self.warmup_steps**-1.5)
            return tf.cast(self.model_dim**-0.5 * rate, tf.float32)

    return {
        "plain": Plain,
        "rsqrt": ByRsqrt,
        "tensorflow": ByTensorFlow,
        "where": Where,
        "share of the warm-up": Combined,
        "converted, stacked": Converted,
        "private": Private,
        "floats": Floats,
        "loud": Loud,
        "from_config": OfItsOwnConfig,
        "float64 inside": Float64,
    }


def schedule(name):
    return lambda model_dim, warmup_steps: schedules()[name](model_dim, warmup_steps)


SCHEDULES = {
    name: schedule(name)
    for name in (
        "plain",
        "rsqrt",
        "tensorflow",
        "where",
        "share of the warm-up",
        "converted, stacked",
        "private",
        "floats",
        "loud",
        "from_config",
        "float64 inside",
    )
}

# --------------------------------------------------------------------------- greedy


def with_for(next_logits, start, end, max_length):
    tokens = [start]
    for _ in range(max_length):
        best = np.argmax(next_logits(tokens))
        if best == end:
            break
        tokens.append(best)
    return tokens[1:]


def with_found(next_logits, start, end, max_length):
    found = []
    for _ in range(max_length):
        best = int(np.argmax(next_logits([start, *found])))
        if best == end:
            return found
        found.append(best)
    return found


def by_recursion(next_logits, start, end, max_length, so_far=()):
    if len(so_far) == max_length:
        return list(so_far)
    best = int(np.argmax(next_logits([start, *so_far])))
    if best == end:
        return list(so_far)
    return by_recursion(next_logits, start, end, max_length, (*so_far, best))


def without_numpy(next_logits, start, end, max_length):
    tokens = [start]
    while len(tokens) - 1 < max_length:
        logits = list(next_logits(tokens))
        best = logits.index(max(logits))
        if best == end:
            break
        tokens += [best]
    return tokens[1:]


def stopping_before(next_logits, start, end, max_length):
    tokens = [start]
    best = int(np.argmax(next_logits(tokens))) if max_length else end
    while best != end and len(tokens) <= max_length:
        tokens.append(best)
        best = int(np.argmax(next_logits(tokens)))
    return tokens[1:]


def by_tensorflow(next_logits, start, end, max_length):
    import tensorflow as tf

    tokens = [start]
    for _ in range(max_length):
        best = tf.argmax(next_logits(tokens), output_type=tf.int32)
        if best == end:
            break
        tokens.append(int(best))
    return tf.constant(tokens[1:], tf.int32)


def by_generator(next_logits, start, end, max_length):
    def words():
        tokens = [start]
        while len(tokens) <= max_length:
            tokens.append(int(np.asarray(next_logits(list(tokens))).argmax()))
            if tokens[-1] == end:
                return
            yield tokens[-1]

    return list(words())


def with_shares(next_logits, start, end, max_length):
    tokens = [start]
    for _ in range(max_length):
        shares = np.exp(log_shares(np.asarray(next_logits(tokens))))
        tokens.append(int(np.argmax(shares)))
        if tokens[-1] == end:
            tokens.pop()
            break
    return tokens[1:]


def cut_at_the_end(next_logits, start, end, max_length):
    tokens = [start]
    for _ in range(max_length):
        tokens.append(int(np.argmax(next_logits(tokens))))
        if end in tokens[1:]:
            break
    return tokens[1 : tokens.index(end, 1)] if end in tokens[1:] else tokens[1:]


def with_arrays(next_logits, start, end, max_length):
    tokens = np.array([start])
    for _ in range(max_length):
        best = np.argmax(next_logits(tokens.tolist()))
        if best == end:
            break
        tokens = np.append(tokens, best)
    return tokens[1:]


GREEDY = {
    "for": with_for,
    "found": with_found,
    "recursion": by_recursion,
    "no numpy": without_numpy,
    "one look ahead": stopping_before,
    "tensorflow": by_tensorflow,
    "a generator": by_generator,
    "shares, pop": with_shares,
    "cut at the end": cut_at_the_end,
    "arrays": with_arrays,
    "a tuple": lambda *given: tuple(with_found(*given)),
    "int32": lambda *given: np.array(with_found(*given), dtype="i4"),
}

# ---------------------------------------------------------------------- in a buffer


def buffer(all_logits, start, end, max_length):
    tokens = np.zeros(max_length + 1, dtype=int)
    tokens[0] = start
    for place in range(1, max_length + 1):
        best = all_logits(tokens)[place - 1].argmax()
        if best == end:
            return tokens[1:place]
        tokens[place] = best
    return tokens[1:]


def buffer_counted(all_logits, start, end, max_length):
    tokens, length = np.full(max_length + 1, 0), 1
    tokens[0] = start
    while length <= max_length:
        best = np.argmax(all_logits(tokens)[length - 1])
        if best == end:
            break
        tokens[length] = best
        length += 1
    return tokens[1:length].tolist()


def prefixes(all_logits, start, end, max_length):
    """No padding at all: then the last row is the right one."""
    return with_found(
        lambda tokens: all_logits(np.array(tokens))[-1], start, end, max_length
    )


def buffer_in_a_list(all_logits, start, end, max_length):
    tokens = [start] + [0] * max_length
    for place in range(max_length):
        best = int(np.argmax(all_logits(np.array(tokens)), axis=-1)[place])
        if best == end:
            return tokens[1 : place + 1]
        tokens[place + 1] = best
    return tokens[1:]


def buffer_then_cut(all_logits, start, end, max_length):
    tokens = np.zeros(max_length + 1, dtype="i4")
    tokens[0], found = start, []
    for place in range(max_length):
        tokens[place + 1] = np.argmax(all_logits(tokens)[place])
        if tokens[place + 1] == end:
            break
        found.append(int(tokens[place + 1]))
    return found


BUFFER = {
    "buffer": buffer,
    "counted": buffer_counted,
    "prefixes": prefixes,
    "a list": buffer_in_a_list,
    "end written, then left": buffer_then_cut,
    **{
        f"{name}, last row of a prefix": lambda all_logits, *rest, decode=decode: (
            decode(lambda tokens: all_logits(np.array(tokens))[-1], *rest)
        )
        for name, decode in GREEDY.items()
        if name not in ("found", "cut at the end", "arrays", "int32", "one look ahead")
    },
}

# ----------------------------------------------------------------------------- beam


def scored(total, ids, length_penalty):
    return total / max(1, len(ids)) ** length_penalty


def stripped(ids, end):
    return ids[:-1] if ids and ids[-1] == end else ids


def extended(next_logits, start, held):
    total, ids = held
    row = log_shares(np.asarray(next_logits([start, *ids]), dtype="f8"))
    return [(total + float(x), [*ids, word]) for word, x in enumerate(row)]


def search(
    next_logits,
    start,
    end,
    max_length,
    beam_width,
    length_penalty,
    keep=lambda done, live, width, key: (done, live[:width]),
    enough=lambda done, live, width: False,
    key=lambda held, penalty: held[0],
):
    """Beam search; how ended sentences take up width is what the readings differ in."""
    live, done = [(0.0, [])], []

    def rank(held):
        return -key(held, length_penalty)

    for _ in range(max_length):
        found = [x for held in live for x in extended(next_logits, start, held)]
        best = sorted(found, key=rank)
        done, live = keep(done, best, beam_width, rank)
        done = done + [held for held in live if held[1][-1] == end]
        live = [held for held in live if held[1][-1] != end]
        if not live or enough(done, live, beam_width):
            break
    best = max(done + live, key=lambda held: scored(*held, length_penalty))
    return stripped(best[1], end)


def full_width(*given):
    """As many unfinished ones as the width, whatever has ended."""
    end = given[2]

    def keep(done, best, width, key):
        kept, unfinished = [], 0
        for held in best[: 2 * width]:
            ended = held[1][-1] == end
            if not ended and unfinished == width:
                continue
            unfinished += not ended
            kept.append(held)
        return done, kept

    return search(*given, keep=keep)


def one_beam(next_logits, start, end, max_length, beam_width, length_penalty, by=None):
    """Ended sentences stay in the beam, compete in it, and take up width."""
    by = by or (lambda held: held[0])
    beam = [(0.0, [])]
    for _ in range(max_length):
        found = []
        for held in beam:
            over = held[1] and held[1][-1] == end
            found += [held] if over else extended(next_logits, start, held)
        beam = sorted(found, key=by, reverse=True)[:beam_width]
    best = max(beam, key=lambda held: scored(*held, length_penalty))
    return stripped(best[1], end)


def one_beam_by_score(*given):
    """The same, and the penalty decides on the way too."""
    return one_beam(*given, by=lambda held: scored(*held, given[5]))


def enough_finished(*given):
    """Stops when as many have ended as the beam is wide."""
    return search(*given, enough=lambda done, live, width: len(done) >= width)


def with_a_heap(next_logits, start, end, max_length, beam_width, length_penalty):
    live, pool = [(0.0, ())], []
    for _ in range(max_length):
        found = [
            (total + x, (*ids, word))
            for total, ids in live
            for word, x in enumerate(log_shares(np.asarray(next_logits([start, *ids]))))
        ]
        best = heapq.nlargest(beam_width, found)
        pool += [one for one in best if one[1][-1] == end]
        live = [one for one in best if one[1][-1] != end]
    ids = max(pool + live, key=lambda one: one[0] / len(one[1]) ** length_penalty)[1]
    return [int(i) for i in ids if i != end]


def with_arrays_of_scores(
    next_logits, start, end, max_length, beam_width, length_penalty
):
    sentences, totals = [[start]], np.zeros(1)
    ended = []
    for _ in range(max_length):
        rows = np.stack([log_shares(next_logits(ids)) for ids in sentences])
        scores = (totals[:, None] + rows).ravel()
        places = np.argsort(-scores, kind="stable")[:beam_width]
        rows_of, words = np.unravel_index(places, rows.shape)
        grown = [[*sentences[r], int(w)] for r, w in zip(rows_of, words, strict=True)]
        pairs = list(zip(scores[places], grown, strict=True))
        ended += [pair for pair in pairs if pair[1][-1] == end]
        going = [pair for pair in pairs if pair[1][-1] != end]
        if not going:
            sentences = []
            break
        totals, sentences = np.array([p[0] for p in going]), [p[1] for p in going]
    going = list(zip(totals, sentences, strict=True)) if sentences else []
    every = [(t / (len(ids) - 1) ** length_penalty, ids) for t, ids in ended + going]
    best = max(every, key=lambda one: one[0])[1][1:]
    return stripped(best, end)


def best_few_of_each(next_logits, start, end, max_length, beam_width, length_penalty):
    """Only the likeliest words of each sentence are looked at; ends are kept apart."""
    live, over = {(): 0.0}, {}
    for _ in range(max_length):
        found = {}
        for ids, total in live.items():
            row = log_shares(np.asarray(next_logits([start, *ids]), dtype="f8"))
            for word in np.argpartition(-row, beam_width)[:beam_width]:
                found[(*ids, int(word))] = total + row[word]
        best = dict(sorted(found.items(), key=lambda item: -item[1])[:beam_width])
        over |= {ids: total for ids, total in best.items() if ids[-1] == end}
        live = {ids: total for ids, total in best.items() if ids[-1] != end}
    every = over | live
    ids = max(every, key=lambda ids: every[ids] / len(ids) ** length_penalty)
    return stripped(list(ids), end)


def by_breadth(next_logits, start, end, max_length, beam_width, length_penalty):
    class Sentence:
        def __init__(self, ids, total):
            self.ids, self.total = ids, total

        def score(self):
            return self.total / max(1, len(self.ids)) ** length_penalty

    live, over = [Sentence([], 0.0)], []
    while live and len(live[0].ids) < max_length:
        children = []
        for parent in live:
            row = log_shares(np.asarray(next_logits([start, *parent.ids])))
            for word in range(len(row)):
                total = parent.total + float(row[word])
                children.append(Sentence([*parent.ids, word], total))
        children.sort(key=lambda child: -child.total)
        children = children[:beam_width]
        over += [child for child in children if child.ids[-1] == end]
        live = [child for child in children if child.ids[-1] != end]
    return stripped(max(over + live, key=Sentence.score).ids, end)


BEAM = {
    "ended ones set aside": search,
    "full width": full_width,
    "one beam": one_beam,
    "one beam by score": one_beam_by_score,
    "enough have ended": enough_finished,
    "a heap": with_a_heap,
    "arrays": with_arrays_of_scores,
    "few words of each": best_few_of_each,
    "a class": by_breadth,
    "a tuple": lambda *given: tuple(search(*given)),
    "an array": lambda *given: np.array(search(*given), dtype="i4"),
}

# ----------------------------------------------------------------------------- BLEU


def grams(words, order):
    return [tuple(words[i : i + order]) for i in range(len(words) - order + 1)]


def bleu(hypotheses, references):
    found, total, said, meant = [0] * 4, [0] * 4, 0, 0
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        ours, theirs = hypothesis.split(), reference.split()
        said, meant = said + len(ours), meant + len(theirs)
        for n in range(4):
            a, b = Counter(grams(ours, n + 1)), Counter(grams(theirs, n + 1))
            found[n] += sum(min(count, b[gram]) for gram, count in a.items())
            total[n] += max(0, len(ours) - n)
    if 0 in found:
        return 0
    mean = sum(math.log(f / t) for f, t in zip(found, total, strict=True)) / 4
    return 100 * math.exp(mean) * (1 if said >= meant else math.exp(1 - meant / said))


def bleu_by_sacrebleu(hypotheses, references):
    import sacrebleu

    options = {"tokenize": "none", "smooth_method": "none", "force": True}
    return sacrebleu.corpus_bleu(hypotheses, [references], **options).score


def bleu_by_its_class(hypotheses, references):
    from sacrebleu.metrics import BLEU

    metric = BLEU(tokenize="none", smooth_method="none", force=True)
    return np.array(metric.corpus_score(hypotheses, [references]).score)


def bleu_by_product(hypotheses, references):
    ours, theirs = [h.split() for h in hypotheses], [r.split() for r in references]
    product = 1.0
    for order in (1, 2, 3, 4):
        found = total = 0
        for a, b in zip(ours, theirs, strict=True):
            left = grams(b, order)
            for gram in grams(a, order):
                total += 1
                if gram in left:
                    left.remove(gram)
                    found += 1
        product *= found / total if total else 0
    said, meant = sum(map(len, ours)), sum(map(len, theirs))
    return 100 * product**0.25 * math.exp(min(0, 1 - meant / said))


def bleu_by_sums(hypotheses, references):
    """One count over the corpus, in which n-grams carry their sentence's number."""
    pairs = list(zip(hypotheses, references, strict=True))

    def count(side, order):
        return Counter(
            (number, gram)
            for number, pair in enumerate(pairs)
            for gram in grams(pair[side].split(), order)
        )

    shares = []
    for order in range(1, 5):
        ours, theirs = count(0, order), count(1, order)
        shares.append(sum((ours & theirs).values()) / max(1, sum(ours.values())))
    if min(shares) == 0:
        return 0.0
    said, meant = (sum(len(pair[side].split()) for pair in pairs) for side in (0, 1))
    return 100 * np.exp(np.log(shares).mean() + min(0.0, 1 - meant / said))


def bleu_with_a_guard(hypotheses, references):
    with np.errstate(divide="ignore"):
        warnings.warn("careful", stacklevel=1)
        return bleu(hypotheses, references)


def bleu_by_joined_grams(hypotheses, references):
    matches, totals = np.zeros(4), np.zeros(4)
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        for order in range(1, 5):
            a = [" ".join(g) for g in grams(hypothesis.split(), order)]
            b = [" ".join(g) for g in grams(reference.split(), order)]
            matches[order - 1] += sum(min(a.count(g), b.count(g)) for g in set(a))
            totals[order - 1] += len(a)
    if not matches.all():
        return 0.0
    said = len(" ".join(hypotheses).split())
    meant = len(" ".join(references).split())
    brevity = 1.0 if said > meant else np.exp(1 - meant / said)
    return 100 * brevity * np.prod(matches / totals) ** (1 / 4)


BLEU = {
    "counts": bleu,
    "sacrebleu": bleu_by_sacrebleu,
    "sacrebleu's class": bleu_by_its_class,
    "a product": bleu_by_product,
    "one count": bleu_by_sums,
    "loud": bleu_with_a_guard,
    "joined": bleu_by_joined_grams,
    "float32": lambda *given: np.float32(bleu(*given)),
    "a float": lambda *given: float(bleu_by_sums(*given)),
    "an array": lambda *given: np.array(bleu(*given)),
    "lists again": lambda hypotheses, references: bleu(
        list(hypotheses), tuple(references)
    ),
}

RIGHT = {
    "masked-loss": LOSS,
    "masked-loss-smoothing": LOSS,
    "masked-loss-training": TRAINED,
    "masked-accuracy": ACCURACY,
    "warm-up": SCHEDULES,
    "warm-up-zero": SCHEDULES,
    "warm-up-optimizer": SCHEDULES,
    "greedy-decode": GREEDY,
    "greedy-decode-limits": GREEDY,
    "repair-decode": BUFFER,
    "beam-search": BEAM,
    "corpus-bleu": BLEU,
}
