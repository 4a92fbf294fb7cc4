"""Lesson 04: equally right answers, by check, independent of the lesson's own."""

import math
import sys
import warnings

import numpy as np

# --------------------------------------------------------------------------- angles


def broadcast(length, model_dim):
    exponent = 2 * (np.arange(model_dim) // 2) / model_dim
    return np.arange(length)[:, None] / 10000**exponent


def by_outer(length, model_dim):
    rate = 10000.0 ** (-2 * (np.arange(model_dim) // 2) / model_dim)
    return np.outer(np.arange(length), rate)


def by_einsum(length, model_dim):
    rate = np.power(10000.0, -(np.arange(model_dim) // 2) / (model_dim / 2))
    return np.einsum("t,m->tm", np.arange(length), rate)


def by_loops(length, model_dim):
    table = np.zeros((length, model_dim))
    for position in range(length):
        for column in range(model_dim):
            pair = math.floor(column / 2)
            table[position, column] = position / math.pow(1e4, 2 * pair / model_dim)
    return table


def by_logarithm(length, model_dim):
    pair = np.arange(model_dim) // 2
    rate = np.exp(-np.log(10000.0) * 2 * pair / model_dim)
    return np.arange(length)[:, np.newaxis] * rate


def by_repeat(length, model_dim):
    rate = 1 / 10000 ** (np.arange(0, model_dim, 2) / model_dim)
    return np.arange(length)[:, None] * np.repeat(rate, 2)[:model_dim]


def by_even_columns(length, model_dim):
    column = np.arange(model_dim)
    return np.arange(length)[:, None] / 10000 ** ((column - column % 2) / model_dim)


def by_from_function(length, model_dim):
    return np.fromfunction(
        lambda t, m: t / 10000 ** (2 * (m // 2) / model_dim), (length, model_dim)
    )


def in_single(length, model_dim):
    pair = np.arange(model_dim, dtype=np.float32) // 2
    rate = np.float32(10000) ** (-2 * pair / np.float32(model_dim))
    return np.arange(length, dtype=np.float32)[:, None] * rate


def in_lists(length, model_dim):
    return [
        [t / 10000 ** (2 * (m // 2) / model_dim) for m in range(model_dim)]
        for t in range(length)
    ]


def by_tensorflow(length, model_dim):
    import tensorflow as tf

    position = tf.cast(tf.range(length), tf.float32)[:, tf.newaxis]
    pair = tf.cast(tf.range(model_dim) // 2, tf.float32)
    return position / tf.pow(10000.0, 2 * pair / model_dim)


def by_keras(length, model_dim):
    import keras

    pair = keras.ops.cast(keras.ops.arange(model_dim) // 2, "float32")
    rate = keras.ops.power(10000.0, -2 * pair / model_dim)
    position = keras.ops.cast(keras.ops.arange(length), "float32")
    return keras.ops.outer(position, rate)


def loud(length, model_dim):
    warnings.warn("careful", stacklevel=1)
    print("a note", file=sys.stderr)
    np.log(np.zeros(1))
    return broadcast(length, model_dim)


class Angles:
    """An object that can be called is as good as a function."""

    def __call__(self, t, m):
        return broadcast(t, m)


ANGLES = {
    "broadcast": broadcast,
    "outer": by_outer,
    "einsum": by_einsum,
    "loops": by_loops,
    "logarithm": by_logarithm,
    "repeat": by_repeat,
    "even columns": by_even_columns,
    "fromfunction": by_from_function,
    "float32": in_single,
    "lists": in_lists,
    "tensorflow": by_tensorflow,
    "keras": by_keras,
    "loud": loud,
    "an object": Angles(),
}

# ------------------------------------------------------------------------- encodings


def in_slices(length, model_dim):
    angle = broadcast(length, model_dim)
    encoding = np.zeros_like(angle)
    encoding[:, 0::2] = np.sin(angle[:, 0::2])
    encoding[:, 1::2] = np.cos(angle[:, 1::2])
    return encoding


def in_place(length, model_dim):
    table = broadcast(length, model_dim)
    table[:, 0::2] = np.sin(table[:, 0::2])
    table[:, 1::2] = np.cos(table[:, 1::2])
    return table


def chosen(length, model_dim):
    angle = broadcast(length, model_dim)
    return np.where(np.arange(model_dim) % 2, np.cos(angle), np.sin(angle))


def by_phase(length, model_dim):
    quarter = np.pi / 2 * (np.arange(model_dim) % 2)
    return np.sin(broadcast(length, model_dim) + quarter)


def by_stack(length, model_dim):
    rate = 10000.0 ** (-np.arange(0, model_dim, 2) / model_dim)
    angle = np.arange(length)[:, None] * rate
    both = np.stack([np.sin(angle), np.cos(angle)], axis=2)
    return both.reshape(length, -1)[:, :model_dim]


def by_complex_powers(length, model_dim):
    rate = 10000.0 ** (-np.arange(0, model_dim, 2) / model_dim)
    point = np.exp(1j * rate) ** np.arange(length)[:, None]
    both = np.dstack([point.imag, point.real])
    return both.reshape(length, both.shape[1] * 2)[:, :model_dim]


def by_masks(length, model_dim):
    angle = by_outer(length, model_dim)
    is_cosine = np.arange(model_dim) % 2
    return np.sin(angle) * (1 - is_cosine) + np.cos(angle) * is_cosine


def by_columns(length, model_dim):
    columns = []
    for column, angle in enumerate(broadcast(length, model_dim).T):
        columns.append([np.sin, np.cos][column % 2](angle))
    return np.stack(columns, axis=1)


def with_math(length, model_dim):
    return [
        [(math.cos if m % 2 else math.sin)(angle) for m, angle in enumerate(row)]
        for row in in_lists(length, model_dim)
    ]


def encoding_in_single(length, model_dim):
    angle = in_single(length, model_dim)
    odd = np.arange(model_dim) % 2 == 1
    return np.where(odd, np.cos(angle), np.sin(angle)).astype(np.float32)


def encoding_by_tensorflow(length, model_dim):
    import tensorflow as tf

    angle = by_tensorflow(length, model_dim)
    odd = tf.range(model_dim) % 2 == 1
    return tf.where(odd, tf.cos(angle), tf.sin(angle))


def encoding_by_keras(length, model_dim):
    import keras

    angle = by_keras(length, model_dim)
    odd = keras.ops.arange(model_dim) % 2 == 1
    return keras.ops.where(odd, keras.ops.cos(angle), keras.ops.sin(angle))


def encoding_loud(length, model_dim):
    return chosen(length, loud(length, model_dim).shape[1])


ENCODING = {
    "slices": in_slices,
    "in place": in_place,
    "where": chosen,
    "a phase of a quarter": by_phase,
    "stacked": by_stack,
    "complex powers": by_complex_powers,
    "masks": by_masks,
    "columns": by_columns,
    "math": with_math,
    "float32": encoding_in_single,
    "tensorflow": encoding_by_tensorflow,
    "keras": encoding_by_keras,
    "loud": encoding_loud,
}

# --------------------------------------------------------------------- shift matrices


def only_even(shift_matrix):
    """Refuses an odd width, in one of the ways of saying so."""

    def checked(offset, model_dim):
        if model_dim % 2 != 0:
            raise ValueError("model_dim must be even")
        return shift_matrix(offset, model_dim)

    return checked


def in_blocks(offset, model_dim):
    matrix = np.zeros((model_dim, model_dim))
    for pair in range(model_dim // 2):
        turn = offset / 10000 ** (2 * pair / model_dim)
        sine, cosine = np.sin(turn), np.cos(turn)
        at = 2 * pair
        matrix[at : at + 2, at : at + 2] = [[cosine, sine], [-sine, cosine]]
    return matrix


def by_indices(offset, model_dim):
    even = np.arange(0, model_dim, 2)
    turn = offset * 10000.0 ** (-even / model_dim)
    matrix = np.zeros((model_dim, model_dim))
    matrix[even, even] = matrix[even + 1, even + 1] = np.cos(turn)
    matrix[even, even + 1] = np.sin(turn)
    matrix[even + 1, even] = -np.sin(turn)
    return matrix


def by_diagonals(offset, model_dim):
    turn = offset * 10000.0 ** (-2 * (np.arange(model_dim) // 2) / model_dim)
    beside = np.sin(turn)[:-1] * (np.arange(model_dim - 1) % 2 == 0)
    return np.diag(np.cos(turn)) + np.diag(beside, 1) - np.diag(beside, -1)


def by_least_squares(offset, model_dim):
    """Fitted to encodings; its entries are only nearly the blocks."""
    start = max(0, -offset)
    table = in_slices(start + abs(offset) + 2000, model_dim)
    rows = np.arange(start, len(table) - max(0, offset))
    return np.linalg.lstsq(table[rows], table[rows + offset], rcond=None)[0].T


def by_steps(offset, model_dim):
    one = in_blocks(1 if offset >= 0 else -1, model_dim)
    return np.linalg.matrix_power(one, abs(offset))


def by_inverse(offset, model_dim):
    if offset < 0:
        return np.linalg.inv(in_blocks(-offset, model_dim))
    return in_blocks(offset, model_dim)


def by_transpose(offset, model_dim):
    ahead = by_indices(abs(offset), model_dim)
    return ahead if offset >= 0 else ahead.T


def by_kronecker(offset, model_dim):
    matrix = 0
    for pair in range(model_dim // 2):
        turn = offset / 10000 ** (2 * pair / model_dim)
        block = [[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]
        here = np.zeros((model_dim // 2, model_dim // 2))
        here[pair, pair] = 1
        matrix = matrix + np.kron(here, block)
    return matrix


def from_the_encoding(offset, model_dim):
    encoding = in_slices(abs(offset) + 1, model_dim)[-1]
    sines, cosines = np.sign(offset) * encoding[::2], encoding[1::2]
    matrix = np.diag(np.repeat(cosines, 2))
    for pair, sine in enumerate(sines):
        matrix[2 * pair, 2 * pair + 1] = sine
        matrix[2 * pair + 1, 2 * pair] = -sine
    return matrix


def in_nested_lists(offset, model_dim):
    return by_indices(offset, model_dim).tolist()


def matrix_in_single(offset, model_dim):
    return in_blocks(offset, model_dim).astype("float32")


def matrix_by_tensorflow(offset, model_dim):
    import tensorflow as tf

    return tf.constant(in_blocks(offset, model_dim))


def matrix_loud(offset, model_dim):
    warnings.warn("careful", stacklevel=1)
    return by_indices(offset, model_dim)


SHIFT = {
    name: only_even(shift_matrix)
    for name, shift_matrix in {
        "blocks": in_blocks,
        "indices": by_indices,
        "diagonals": by_diagonals,
        "least squares": by_least_squares,
        "a power of one step": by_steps,
        "the inverse for going back": by_inverse,
        "the transpose for going back": by_transpose,
        "kronecker": by_kronecker,
        "read off the encoding": from_the_encoding,
        "lists": in_nested_lists,
        "float32": matrix_in_single,
        "tensorflow": matrix_by_tensorflow,
        "loud": matrix_loud,
    }.items()
}

# ------------------------------------------------------------------------- the layer


def plain(n, longest, m):
    """The encoding as an array, sliced."""
    import keras

    class PositionalEmbedding(keras.layers.Layer):
        def __init__(self, vocab_size, max_length, model_dim, **kwargs):
            super().__init__(**kwargs)
            self.max_length, self.model_dim = max_length, model_dim
            self.embedding = keras.layers.Embedding(vocab_size, model_dim)
            self.encoding = in_slices(max_length, model_dim).astype("float32")

        def call(self, tokens, offset=0):
            end = offset + tokens.shape[1]
            if end > self.max_length:
                raise ValueError("too long")
            words = self.embedding(tokens) * np.sqrt(self.model_dim)
            return words + self.encoding[offset:end]

    return PositionalEmbedding(n, longest, m)


def layer_with(words, places, make=None):
    """A layer from `words(layer, tokens)` and `places(layer, offset, t)`."""

    def build(n, longest, m):
        import keras

        class PositionalEmbedding(keras.layers.Layer):
            def __init__(self, vocab_size, max_length, model_dim):
                super().__init__()
                self.longest, self.m = max_length, model_dim
                self.embedding = keras.layers.Embedding(vocab_size, model_dim)
                if make:
                    self.table = make(self, max_length, model_dim)

            def call(self, tokens, offset=0):
                if offset + tokens.shape[1] > self.longest:
                    raise ValueError(f"max_length is {self.longest}")
                return words(self, tokens) + places(self, offset, tokens.shape[1])

        return PositionalEmbedding(n, longest, m)

    return build


def rooted(layer, tokens):
    return layer.embedding(tokens) * layer.m**0.5


def rooted_by_ops(layer, tokens):
    import keras

    return keras.ops.multiply(
        layer.embedding(tokens), keras.ops.sqrt(keras.ops.cast(layer.m, "float32"))
    )


def sliced(layer, offset, t):
    return layer.table[offset : offset + t]


def with_a_batch_axis(layer, offset, t):
    return layer.table[np.newaxis, offset : offset + t, :]


def taken(layer, offset, t):
    import keras

    return keras.ops.take(layer.table, keras.ops.arange(offset, offset + t), axis=0)


def looked_up(layer, offset, t):
    return layer.table(np.arange(offset, offset + t))


def made_anew(layer, offset, t):
    return in_slices(offset + t, layer.m)[-t:]


def made_by_ops(layer, offset, t):
    import keras

    pair = keras.ops.cast(keras.ops.arange(layer.m) // 2, "float32")
    position = keras.ops.cast(keras.ops.arange(offset, offset + t), "float32")
    angle = position[:, None] / keras.ops.power(10000.0, 2 * pair / layer.m)
    odd = keras.ops.arange(layer.m) % 2 == 1
    return keras.ops.where(odd, keras.ops.cos(angle), keras.ops.sin(angle))


def in_double(layer, length, m):
    return in_slices(length, m)


def a_tensor(layer, length, m):
    import keras

    return keras.ops.convert_to_tensor(in_slices(length, m), dtype="float32")


def a_tensor_of_tensorflow(layer, length, m):
    import tensorflow as tf

    return tf.constant(in_slices(length, m), dtype=tf.float32)


def a_fixed_weight(layer, length, m):
    table = layer.add_weight(shape=(length, m), initializer="zeros", trainable=False)
    table.assign(in_slices(length, m))
    return table


def a_fixed_embedding(layer, length, m):
    import keras

    table = keras.layers.Embedding(length, m, trainable=False)
    table.build(None)
    table.set_weights([in_slices(length, m)])
    return table


def masking(n, longest, m):
    """An embedding that makes a mask of its own: the sum drops it."""
    import keras

    layer = plain(n, longest, m)
    layer.embedding = keras.layers.Embedding(n, m, mask_zero=True)
    return layer


def not_a_subclass_of_layer_but_a_model(n, longest, m):
    import keras

    class PositionalEmbedding(keras.Model):
        def __init__(self):
            super().__init__()
            self.embedding = keras.layers.Embedding(n, m)

        def call(self, tokens, offset=0):
            length = int(keras.ops.shape(tokens)[-1])
            if length > longest - offset:
                raise ValueError
            place = encoding_by_keras(longest, m)[offset : offset + length]
            return keras.ops.add(
                keras.ops.sqrt(float(m)) * self.embedding(tokens), place
            )

    return PositionalEmbedding()


LAYER = {
    "plain": plain,
    "float64 table": layer_with(rooted, sliced, in_double),
    "a tensor": layer_with(rooted_by_ops, sliced, a_tensor),
    "a tensor of TensorFlow": layer_with(rooted, sliced, a_tensor_of_tensorflow),
    "a batch axis": layer_with(rooted, with_a_batch_axis, a_tensor),
    "taken": layer_with(rooted, taken, a_tensor),
    "a weight that is not trained": layer_with(rooted, sliced, a_fixed_weight),
    "an embedding that is not trained": layer_with(
        rooted, looked_up, a_fixed_embedding
    ),
    "made anew": layer_with(rooted, made_anew),
    "made by ops": layer_with(rooted_by_ops, made_by_ops),
    "an embedding with a mask": masking,
    "a model": not_a_subclass_of_layer_but_a_model,
}

RIGHT = {
    "angles": ANGLES,
    "angles-odd": ANGLES,
    "positional-encoding": ENCODING,
    "positional-encoding-odd": ENCODING,
    "shift-matrix": SHIFT,
    "shift-matrix-odd": SHIFT,
    "positional-embedding": LAYER,
    "positional-embedding-offset": LAYER,
    "positional-embedding-length": LAYER,
    "positional-embedding-fixed": LAYER,
}
