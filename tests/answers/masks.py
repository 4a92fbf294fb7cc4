"""Lesson 05: equally right answers, by check, independent of the lesson's own."""

import sys
import warnings

import numpy as np

# ------------------------------------------------------------------------ padding


def unequal(tokens, pad=0):
    return np.not_equal(tokens, pad)[:, None, None, :]


def by_reshape(tokens, pad=0):
    b, t = tokens.shape
    return (tokens != pad).reshape(b, 1, 1, t)


def by_expanding(tokens, pad=0):
    return np.expand_dims(~(tokens == pad), (1, 2))


def by_loops(tokens, pad=0):
    b, t = tokens.shape
    mask = np.zeros((b, 1, 1, t), dtype=bool)
    for row in range(b):
        for place in range(t):
            mask[row, 0, 0, place] = tokens[row, place] != pad
    return mask


def in_lists(tokens, pad=0):
    return [[[[bool(token != pad) for token in row]]] for row in tokens]


def by_casting(tokens, pad=0):
    return np.where(tokens == pad, 0, 1).astype(bool)[:, np.newaxis, np.newaxis]


def by_tensorflow(tokens, pad=0):
    import tensorflow as tf

    return tf.not_equal(tokens, pad)[:, tf.newaxis, tf.newaxis, :]


def by_keras(tokens, pad=0):
    import keras

    return keras.ops.expand_dims(keras.ops.not_equal(tokens, pad), (1, 2))


def loud(tokens, pad=0):
    warnings.warn("careful", stacklevel=1)
    print("a note", file=sys.stderr)
    return unequal(tokens, pad)


def inverted_twice(tokens, pad=0):
    is_pad = tokens == pad
    return np.invert(is_pad)[:, None][:, None]


class PaddingMask:
    """An object that can be called is as good as a function."""

    def __call__(self, tokens, pad=0):
        return unequal(tokens, pad)


PADDING = {
    "not_equal": unequal,
    "reshape": by_reshape,
    "expand_dims": by_expanding,
    "loops": by_loops,
    "lists": in_lists,
    "cast": by_casting,
    "tensorflow": by_tensorflow,
    "keras": by_keras,
    "loud": loud,
    "inverted twice": inverted_twice,
    "an object": PaddingMask(),
    "a lambda": lambda tokens_bt, pad=0: (tokens_bt != pad)[:, None, None, :],
}

# ---------------------------------------------------------------------- look-ahead


def triangle(length):
    return np.tri(length, dtype=bool)[None, None]


def triangle_by_loops(length):
    mask = np.zeros((1, 1, length, length), dtype=bool)
    for query in range(length):
        mask[..., query, : query + 1] = True
    return mask


def triangle_by_tensorflow(length):
    import tensorflow as tf

    ones = tf.ones((1, 1, length, length), dtype=tf.bool)
    return tf.linalg.band_part(tf.cast(ones, tf.int32), -1, 0) > 0


def triangle_by_keras(length):
    import keras

    return keras.ops.tril(keras.ops.ones((1, 1, length, length), dtype="bool"))


def triangle_by_cumsum(length):
    return np.cumsum(np.eye(length), axis=0)[None, None] > 0


def triangle_by_indices(length):
    rows, columns = np.indices((length, length))
    return (rows >= columns).reshape(1, 1, length, length)


LOOK = {
    "tri": triangle,
    "loops": triangle_by_loops,
    "tensorflow": triangle_by_tensorflow,
    "keras": triangle_by_keras,
    "cumsum": triangle_by_cumsum,
    "indices": triangle_by_indices,
    "tril": lambda n: np.tril(np.ones((1, 1, n, n), dtype=bool)),
    "not triu": lambda n: ~np.triu(np.ones((1, 1, n, n), dtype=bool), k=1),
    "greater_equal": lambda n: np.greater_equal.outer(range(n), range(n))[None, None],
    "lists": lambda n: [[[[k <= q for k in range(n)] for q in range(n)]]],
    "transposed upper": lambda n: np.triu(np.ones((n, n), bool)).T[None, None],
    "arange": lambda n: (np.arange(n) <= np.arange(n)[:, None])[None, None, :, :],
}

# ------------------------------------------------------------------ decoder, cross


def both(padding, look=triangle):
    return lambda tokens, pad=0: (
        np.asarray(padding(tokens, pad)) & look(np.shape(tokens)[1])
    )


def by_product(tokens, pad=0):
    product = unequal(tokens, pad).astype(int) * triangle(tokens.shape[1]).astype(int)
    return product == 1


def by_minimum(tokens, pad=0):
    return np.minimum(unequal(tokens, pad), triangle(tokens.shape[1]))


def de_morgan(tokens, pad=0):
    is_later = ~triangle(tokens.shape[1])
    return ~(~unequal(tokens, pad) | is_later)


def place_by_place(tokens, pad=0):
    b, t = tokens.shape
    mask = np.zeros((b, 1, t, t), dtype=bool)
    for row, query in np.ndindex(b, t):
        for key in range(query + 1):
            mask[row, 0, query, key] = tokens[row, key] != pad
    return mask


def by_where(tokens, pad=0):
    return np.where(triangle(tokens.shape[1]), unequal(tokens, pad), False)


def decoder_by_tensorflow(tokens, pad=0):
    import tensorflow as tf

    t = tokens.shape[1]
    words = tf.not_equal(tokens, pad)[:, None, None, :]
    return words & tf.constant(np.tri(t, dtype=bool))[None, None]


DECODER = {
    "and": both(unequal),
    "logical_and": lambda x, pad=0: np.logical_and(
        unequal(x, pad), triangle(x.shape[1])
    ),
    "product": by_product,
    "minimum": by_minimum,
    "de Morgan": de_morgan,
    "place by place": place_by_place,
    "where": by_where,
    "tensorflow": decoder_by_tensorflow,
    "lists": lambda x, pad=0: by_minimum(x, pad).tolist(),
    "loud": both(loud),
    "loops": both(by_loops, triangle_by_loops),
    "a three-axis detour": lambda x, pad=0: (
        (x != pad)[:, None] & np.tri(x.shape[1], dtype=bool)
    )[:, None],
}


def every_row(source, target, pad=0):
    return np.repeat(unequal(source, pad), target.shape[1], axis=2)


def by_ones(source, target, pad=0):
    ones = np.ones((len(target), 1, target.shape[1], 1), dtype=bool)
    return ones & unequal(source, pad)


def by_broadcast(source, target, pad=0):
    shape = (len(source), 1, target.shape[1], source.shape[1])
    return np.broadcast_to(unequal(source, pad), shape)


def cross_by_loops(source, target, pad=0):
    (b, k), t = source.shape, target.shape[1]
    mask = np.empty((b, 1, t, k), dtype=bool)
    for row, query, key in np.ndindex(b, t, k):
        mask[row, 0, query, key] = source[row, key] != pad
    return mask


def cross_by_tensorflow(source, target, pad=0):
    import tensorflow as tf

    words = tf.not_equal(source, pad)[:, None, None, :]
    return tf.repeat(words, tf.shape(target)[1], axis=2)


def cross_by_keras(source, target, pad=0):
    import keras

    shape = (len(source), 1, target.shape[1], source.shape[1])
    words = keras.ops.not_equal(source, pad)[:, None, None, :]
    return keras.ops.broadcast_to(words, shape)


CROSS = {
    "repeat": every_row,
    "ones": by_ones,
    "broadcast": by_broadcast,
    "loops": cross_by_loops,
    "tensorflow": cross_by_tensorflow,
    "keras": cross_by_keras,
    "tile": lambda s, t, pad=0: np.tile(unequal(s, pad), (1, 1, t.shape[1], 1)),
    "or true": lambda s, t, pad=0: unequal(s, pad) & ((t == t)[:, None, :, None]),
    "stack": lambda s, t, pad=0: np.stack([s != pad] * t.shape[1], axis=1)[:, None],
    "concatenate": lambda s, t, pad=0: np.concatenate(
        [unequal(s, pad)] * t.shape[1], axis=2
    ),
    "lists": lambda s, t, pad=0: every_row(s, t, pad).tolist(),
    "full": lambda s, t, pad=0: np.where(
        np.zeros((1, 1, t.shape[1], 1)) == 0, unequal(s, pad), False
    ),
}

# --------------------------------------------------------------------------- shift


def put_together(target, start):
    front = np.full((len(target), 1), start)
    return np.concatenate([front, target[:, :-1]], axis=1)


def rolled(target, start):
    inputs = np.roll(target, 1, axis=1)
    inputs[:, 0] = start
    return inputs


def rolled_flat(target, start):
    inputs = np.roll(target, 1)
    inputs[:, 0] = start
    return inputs


def padded(target, start):
    return np.pad(target, ((0, 0), (1, 0)), constant_values=start)[:, :-1]


def filled(target, start):
    inputs = np.empty_like(target)
    inputs[:, 0], inputs[:, 1:] = start, target[:, :-1]
    return inputs


def shifted_in_lists(target, start):
    return [[start, *row[:-1]] for row in target.tolist()]


def shifted_by_tensorflow(target, start):
    import tensorflow as tf

    return tf.pad(target[:, :-1], [[0, 0], [1, 0]], constant_values=start)


def shifted_by_keras(target, start):
    import keras

    front = keras.ops.full((target.shape[0], 1), start, dtype="int32")
    rest = keras.ops.cast(target[:, :-1], "int32")
    return keras.ops.concatenate([front, rest], axis=1)


SHIFT = {
    "concatenate": put_together,
    "roll": rolled,
    "roll flat": rolled_flat,
    "pad": padded,
    "filled": filled,
    "lists": shifted_in_lists,
    "tensorflow": shifted_by_tensorflow,
    "keras": shifted_by_keras,
    "insert": lambda x, start: np.insert(x, 0, start, axis=1)[:, :-1],
    "hstack": lambda x, start: np.hstack([start + 0 * x[:, :1], x[:, :-1]]),
    "delete": lambda x, start: np.delete(np.insert(x, 0, start, 1), -1, axis=1),
    "int32": lambda x, start: put_together(x, start).astype("int32"),
    "as floats": lambda x, start: put_together(x, start).astype(float),
}

# -------------------------------------------------------------------------- futures


def cut_by_cut(layer, length, model_dim):
    """The later inputs all move by 1."""
    x = np.random.default_rng(1).normal(size=(1, length, model_dim))
    before = layer(x)
    for cut in range(1, length):
        moved = x.copy()
        moved[:, cut:] += 1
        if np.abs(layer(moved) - before)[:, :cut].max() > 1e-5:
            return True
    return False


def one_input_at_a_time(layer, length, model_dim):
    x = np.zeros((1, length, model_dim), dtype="float32")
    before = layer(x)
    for place in range(1, length):
        moved = x.copy()
        moved[0, place] = 1
        if np.max(np.abs(layer(moved) - before)[0, :place]) > 1e-5:
            return True
    return False


def one_number_at_a_time(layer, length, model_dim):
    x = np.random.default_rng(2).uniform(-1, 1, size=(2, length, model_dim))
    before = layer(x)
    leaks = []
    for place in range(1, length):
        for feature in range(model_dim):
            moved = x.copy()
            moved[:, place, feature] -= 2
            leaks.append(np.abs(layer(moved) - before)[:, :place].max() > 1e-5)
    return any(leaks)


def new_futures(layer, length, model_dim):
    """The future is drawn anew."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(3, length, model_dim)).astype("float32")
    before = layer(x)
    worst = 0.0
    for cut in range(1, length):
        moved = x.copy()
        moved[:, cut:] = rng.normal(size=moved[:, cut:].shape)
        worst = max(worst, np.abs(layer(moved) - before)[:, :cut].max())
    return worst > 1e-5


def all_at_once(layer, length, model_dim):
    """A batch with one sentence for each cut."""
    x = np.random.default_rng(4).normal(size=(length, model_dim))
    later = np.triu(np.ones((length, length)), k=1)
    moves = np.abs(layer(x + later[..., None] * 3) - layer(x[None]))
    return bool((moves * (1 - later)[..., None] > 1e-5).any())


def cut_off(layer, length, model_dim):
    """What a shorter sentence gives must be the longer one's beginning."""
    x = np.random.default_rng(5).uniform(1, 2, size=(1, length, model_dim))
    whole = layer(x)
    return not all(
        np.allclose(layer(x[:, :cut]), whole[:, :cut], rtol=0, atol=1e-5)
        for cut in range(1, length)
    )


def a_million(layer, length, model_dim):
    x = np.random.default_rng(6).normal(size=(1, length, model_dim))
    for cut in range(1, length):
        moved = x.copy()
        moved[:, cut:] = 1e6
        if not np.allclose(layer(x)[:, :cut], layer(moved)[:, :cut], 0, 1e-5):
            return True
    return False


def in_tensors(layer, length, model_dim):
    import tensorflow as tf

    x = tf.random.stateless_normal((1, length, model_dim), seed=(1, 2))
    leaks = []
    for cut in range(1, length):
        change = tf.cast(tf.range(length) >= cut, tf.float32)[None, :, None]
        gap = tf.abs(layer(x + 2 * change) - layer(x))[:, :cut]
        leaks.append(tf.reduce_max(gap) > 1e-5)
    return tf.reduce_any(leaks)


def in_keras(layer, length, model_dim):
    import keras

    x = keras.random.normal((1, length, model_dim), seed=3)
    for cut in range(1, length):
        rest = keras.ops.zeros((1, length - cut, model_dim))
        moved = keras.ops.concatenate([x[:, :cut], rest + 5], axis=1)
        gap = keras.ops.abs(layer(moved) - layer(x))[:, :cut]
        if keras.ops.max(gap) > 1e-5:
            return True
    return False


def default_tolerance_of_rtol(layer, length, model_dim):
    x = np.random.default_rng(8).normal(size=(1, length, model_dim))
    return any(
        not np.allclose(
            layer(x)[:, :cut],
            layer(np.where(np.arange(length)[:, None] < cut, x, x + 1))[:, :cut],
            atol=1e-5,
        )
        for cut in range(1, length)
    )


def as_numpy_bool(layer, length, model_dim):
    return np.bool_(cut_by_cut(layer, length, model_dim))


def in_evaluation(layer, length, model_dim):
    return all_at_once(lambda x: layer(x, training=False), length, model_dim)


def from_lists(layer, length, model_dim):
    return cut_by_cut(lambda x: layer(x.tolist()), length, model_dim)


SEES = {
    "cut by cut": cut_by_cut,
    "one input at a time": one_input_at_a_time,
    "one number at a time": one_number_at_a_time,
    "new futures": new_futures,
    "all at once": all_at_once,
    "cut off": cut_off,
    "a million": a_million,
    "tensors": in_tensors,
    "keras": in_keras,
    "allclose with atol": default_tolerance_of_rtol,
    "a numpy bool": as_numpy_bool,
    "training=False": in_evaluation,
    "lists": from_lists,
}

# -------------------------------------------------------------------------- scores


def scores_by_loops(mask):
    flat = [0.0 if allowed else -1e9 for allowed in np.ravel(mask)]
    return np.array(flat).reshape(np.shape(mask))


def scores_by_tensorflow(mask):
    import tensorflow as tf

    return (1.0 - tf.cast(mask, tf.float32)) * -1e9


def scores_by_keras(mask):
    import keras

    return keras.ops.where(mask, 0.0, -1e9)


def filled_scores(mask):
    scores = np.zeros(mask.shape)
    scores[~mask] = -np.inf
    return scores


SCORES = {
    "where": lambda mask: np.where(mask, 0.0, -1e9),
    "-inf": lambda mask: np.where(mask, 0.0, -np.inf),
    "logarithm": lambda mask: np.log(mask.astype(float)),
    "product": lambda mask: (1 - mask.astype(float)) * -1e9,
    "loops": scores_by_loops,
    "tensorflow": scores_by_tensorflow,
    "keras": scores_by_keras,
    "filled": filled_scores,
    "lowest": lambda mask: np.where(mask, 0.0, np.finfo(np.float32).min),
    "float32": lambda mask: np.where(mask, 0.0, -1e9).astype("float32"),
    "integers": lambda mask: np.where(mask, 0, -(10**9)),
    "lists": lambda mask: np.where(mask, 0.0, -1e9).tolist(),
    "not": lambda mask: ~mask * -1e9,
}

RIGHT = {
    "padding-mask": PADDING,
    "look-ahead-mask": LOOK,
    "decoder-mask": DECODER,
    "cross-mask": CROSS,
    "shift-right": SHIFT,
    "sees-the-future": SEES,
    "sees-the-future-hidden": SEES,
    "to-scores": SCORES,
}
