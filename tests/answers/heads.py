"""Lesson 03: equally right answers, by check, independent of the lesson's own."""

import sys
import warnings
from functools import cache

import numpy as np

# -------------------------------------------------------------------- split and merge


def refuse(m, h):
    if m % h != 0:
        raise ValueError(f"{m} columns cannot be cut into {h} heads")


def by_transpose(x, num_heads):
    b, t, m = x.shape
    refuse(m, num_heads)
    return x.reshape(b, t, num_heads, m // num_heads).transpose(0, 2, 1, 3)


def by_slices(x, num_heads):
    refuse(x.shape[-1], num_heads)
    d = x.shape[-1] // num_heads
    return np.stack([x[:, :, i * d : i * d + d] for i in range(num_heads)], axis=1)


def by_np_split(x, num_heads):
    refuse(x.shape[-1], num_heads)
    return np.stack(np.split(x, num_heads, axis=2), axis=1)


def by_moveaxis(x, num_heads):
    refuse(x.shape[2], num_heads)
    return np.moveaxis(x.reshape(*x.shape[:2], num_heads, -1), 2, 1)


def by_loops(x, num_heads):
    b, t, m = x.shape
    refuse(m, num_heads)
    d = m // num_heads
    heads = np.zeros((b, num_heads, t, d))
    for place in np.ndindex(b, t, m):
        batch, word, column = place
        heads[batch, column // d, word, column % d] = x[place]
    return heads


def by_einsum(x, num_heads):
    refuse(x.shape[-1], num_heads)
    cut = x.reshape(*x.shape[:-1], num_heads, x.shape[-1] // num_heads)
    return np.einsum("bthd->bhtd", cut)


def over_the_transposed(x, num_heads):
    b, t, m = x.shape
    refuse(m, num_heads)
    turned = np.swapaxes(x, 1, 2).reshape(b, num_heads, m // num_heads, t)
    return np.swapaxes(turned, 2, 3)


def by_indexing(x, num_heads):
    refuse(x.shape[-1], num_heads)
    columns = np.arange(x.shape[-1]).reshape(num_heads, -1)
    return x[:, :, columns].transpose(0, 2, 1, 3)


def with_an_error_of_its_own(x, num_heads):
    class NoMultipleError(ValueError):
        pass

    if x.shape[-1] % num_heads:
        raise NoMultipleError(x.shape[-1], num_heads)
    return by_transpose(x, num_heads)


def split_by_tensorflow(x, num_heads):
    import tensorflow as tf

    refuse(x.shape[-1], num_heads)
    cut = tf.reshape(x, (*x.shape[:2], num_heads, -1))
    return tf.transpose(cut, [0, 2, 1, 3])


def split_by_keras(x, num_heads):
    from keras import ops

    refuse(x.shape[-1], num_heads)
    cut = ops.reshape(ops.convert_to_tensor(x), (*x.shape[:2], num_heads, -1))
    return ops.swapaxes(cut, 1, 2)


def loud_split(x, num_heads):
    warnings.warn("careful", stacklevel=1)
    print("a note", file=sys.stderr)
    return by_transpose(x, num_heads)


SPLIT = {
    "transpose": by_transpose,
    "slices": by_slices,
    "np.split": by_np_split,
    "moveaxis": by_moveaxis,
    "loops": by_loops,
    "einsum": by_einsum,
    "over the transposed": over_the_transposed,
    "indexing": by_indexing,
    "an error of its own": with_an_error_of_its_own,
    "tensorflow": split_by_tensorflow,
    "keras": split_by_keras,
    "loud": loud_split,
    "lists": lambda x, num_heads: by_transpose(x, num_heads).tolist(),
    "float32": lambda x, num_heads: by_transpose(x, num_heads).astype("f4"),
}


def merge(x):
    b, h, t, d = x.shape
    return x.transpose(0, 2, 1, 3).reshape(b, t, h * d)


def merge_by_loops(x):
    b, h, t, d = x.shape
    merged = np.empty((b, t, h * d))
    for head in range(h):
        merged[:, :, head * d : (head + 1) * d] = x[:, head]
    return merged


def merge_by_tensorflow(x):
    import tensorflow as tf

    b, h, t, d = x.shape
    return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), (b, t, h * d))


def merge_by_keras(x):
    from keras import ops

    return ops.concatenate(list(ops.unstack(ops.convert_to_tensor(x), axis=1)), -1)


def loud_merge(x):
    warnings.warn("careful", stacklevel=1)
    return merge(x)


MERGE = {
    "transpose": merge,
    "swapaxes": lambda x: np.swapaxes(x, 1, 2).reshape(len(x), x.shape[2], -1),
    "concatenate": lambda x: np.concatenate(
        [x[:, i] for i in range(x.shape[1])], axis=2
    ),
    "hstack of words": lambda x: np.array(
        [[np.hstack(list(word)) for word in s.swapaxes(0, 1)] for s in x]
    ),
    "loops": merge_by_loops,
    "moveaxis": lambda x: np.moveaxis(x, 1, 2).reshape(x.shape[0], x.shape[2], -1),
    "einsum": lambda x: np.einsum("bhtd->bthd", x).reshape(len(x), x.shape[2], -1),
    "tensorflow": merge_by_tensorflow,
    "keras": merge_by_keras,
    "loud": loud_merge,
    "lists": lambda x: merge(x).tolist(),
    "float32": lambda x: merge(x).astype("f4"),
}

# --------------------------------------------------------------- multi-head attention


def softmax(scores):
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def plain(query, context, weights, num_heads, mask=None):
    q, k, v = (
        by_transpose(x @ weights[name], num_heads)
        for x, name in ((query, "query"), (context, "key"), (context, "value"))
    )
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    shares = softmax(scores)
    return merge(shares @ v) @ weights["output"], shares


def head_by_head(query, context, weights, num_heads, mask=None):
    """No split at all: each head has its own slices of the matrices."""
    m = query.shape[-1]
    refuse(m, num_heads)
    d = m // num_heads
    output, shares = 0.0, []
    allowed = np.ones((len(query), num_heads, query.shape[1], context.shape[1]), bool)
    if mask is not None:
        allowed = np.broadcast_to(mask, allowed.shape)
    for head in range(num_heads):
        cut = slice(head * d, head * d + d)
        q = query @ weights["query"][:, cut]
        k = context @ weights["key"][:, cut]
        scores = q @ k.transpose(0, 2, 1) / d**0.5
        share = softmax(np.where(allowed[:, head], scores, -np.inf))
        shares.append(share)
        found = share @ (context @ weights["value"][:, cut])
        output = output + found @ weights["output"][cut]
    return output, np.stack(shares, 1)


def by_four_einsums(query, context, weights, num_heads, mask=None):
    m = query.shape[-1]
    refuse(m, num_heads)
    w_q, w_k, w_v = (
        weights[n].reshape(m, num_heads, -1) for n in ("query", "key", "value")
    )
    w_o = weights["output"].reshape(num_heads, -1, m)
    q = np.einsum("bqm,mhd->bqhd", query, w_q)
    k = np.einsum("bkm,mhd->bkhd", context, w_k)
    scores = np.einsum("bqhd,bkhd->bhqk", q, k) * q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores + (1 - np.asarray(mask).astype(float)) * -1e9
    shares = softmax(scores)
    v = np.einsum("bkm,mhd->bkhd", context, w_v)
    return np.einsum("bhqk,bkhd,hdm->bqm", shares, v, w_o), shares


def scaled_early(query, context, weights, num_heads, mask=None):
    refuse(query.shape[-1], num_heads)
    root = np.sqrt(query.shape[-1] // num_heads)
    q, k, v = (
        by_slices(x, num_heads)
        for x in (
            query @ weights["query"] / root,
            context @ weights["key"],
            context @ weights["value"],
        )
    )
    scores = np.matmul(q, np.moveaxis(k, -1, -2))
    if mask is not None:
        scores[~np.broadcast_to(mask, scores.shape)] = -np.inf
    shares = softmax(scores)
    return merge_by_loops(shares @ v) @ weights["output"], shares


def masked_powers(query, context, weights, num_heads, mask=None):
    q = by_moveaxis(query @ weights["query"], num_heads)
    k = by_moveaxis(context @ weights["key"], num_heads)
    v = by_moveaxis(context @ weights["value"], num_heads)
    powers = np.exp(q @ np.swapaxes(k, 2, 3) / np.sqrt(k.shape[-1]))
    if mask is not None:
        powers = powers * mask
    shares = powers / powers.sum(-1, keepdims=True)
    return merge(shares @ v) @ weights["output"], shares


def heads_in_the_batch(query, context, weights, num_heads, mask=None):
    b, t, m = query.shape
    refuse(m, num_heads)
    rows = (b * num_heads, -1, m // num_heads)
    q, k, v = (
        by_transpose(x @ weights[n], num_heads).reshape(rows)
        for x, n in ((query, "query"), (context, "key"), (context, "value"))
    )
    scores = (q @ k.transpose(0, 2, 1) / np.sqrt(rows[2])).reshape(b, num_heads, t, -1)
    if mask is not None:
        scores = np.where(np.logical_not(mask), -1e12, scores)
    shares = softmax(scores)
    found = shares.reshape(b * num_heads, t, -1) @ v
    return merge(found.reshape(b, num_heads, t, -1)) @ weights["output"], shares


def by_tensorflow(query, context, weights, num_heads, mask=None):
    import tensorflow as tf

    q = split_by_tensorflow(tf.matmul(query, weights["query"]), num_heads)
    k = split_by_tensorflow(tf.matmul(context, weights["key"]), num_heads)
    v = split_by_tensorflow(tf.matmul(context, weights["value"]), num_heads)
    scores = tf.matmul(q, k, transpose_b=True) / np.sqrt(q.shape[-1])
    if mask is not None:
        scores = tf.where(tf.constant(mask), scores, -1e9)
    shares = tf.nn.softmax(scores)
    merged = merge_by_tensorflow(tf.matmul(shares, v))
    return tf.matmul(merged, weights["output"]), shares


def by_keras_itself(query, context, weights, num_heads, mask=None):
    import keras

    m = query.shape[-1]
    refuse(m, num_heads)
    d = m // num_heads
    layer = keras.layers.MultiHeadAttention(num_heads, d, use_bias=False)
    layer.build(query.shape, context.shape)
    shapes = [(m, num_heads, d)] * 3 + [(num_heads, d, m)]
    layer.set_weights(
        [w.reshape(s) for w, s in zip(weights.values(), shapes, strict=True)]
    )
    if mask is not None:
        shape = (len(query), num_heads, query.shape[1], context.shape[1])
        mask = np.broadcast_to(mask, shape)
    return layer(query, context, attention_mask=mask, return_attention_scores=True)


def in_single(query, context, weights, num_heads, mask=None):
    single = {name: w.astype("f4") for name, w in weights.items()}
    return plain(query.astype("f4"), context.astype("f4"), single, num_heads, mask)


def loud(query, context, weights, num_heads, mask=None):
    warnings.warn("careful", stacklevel=1)
    print("a note", file=sys.stderr)
    return plain(query, context, weights, num_heads, mask)


ATTENTION = {
    "plain": plain,
    "head by head, -inf": head_by_head,
    "four einsums, mask added": by_four_einsums,
    "scaled early": scaled_early,
    "masked powers, renormalised": masked_powers,
    "heads in the batch": heads_in_the_batch,
    "tensorflow": by_tensorflow,
    "keras itself": by_keras_itself,
    "float32 inside": in_single,
    "loud": loud,
    "a list of two": lambda *given, mask=None: list(plain(*given, mask)),
    "lists of lists": lambda *given, mask=None: tuple(
        array.tolist() for array in plain(*given, mask)
    ),
}

# --------------------------------------------------------------------- Keras's arrays


def keras_arrays(weights, num_heads):
    m = weights["query"].shape[0]
    d = m // num_heads
    first = [weights[n].reshape(m, num_heads, d) for n in ("query", "key", "value")]
    return (*first, weights["output"].reshape(num_heads, d, m))


def arrays_by_slices(weights, num_heads):
    m = len(weights["query"])
    d = m // num_heads
    cuts = [slice(i * d, i * d + d) for i in range(num_heads)]
    first = [
        np.stack([weights[n][:, cut] for cut in cuts], axis=1)
        for n in ("query", "key", "value")
    ]
    return (*first, np.stack([weights["output"][cut] for cut in cuts]))


def arrays_by_splitting(weights, num_heads):
    """With the functions of the lesson: a matrix is a batch of one of m words."""
    first = [
        by_transpose(weights[n][np.newaxis], num_heads)[0].swapaxes(0, 1)
        for n in ("query", "key", "value")
    ]
    output = by_transpose(weights["output"].T[np.newaxis], num_heads)[0]
    return (*first, output.swapaxes(1, 2))


def in_another_order_of_heads(weights, num_heads):
    *first, output = keras_arrays(weights, num_heads)
    return (*(array[:, ::-1] for array in first), output[::-1])


def arrays_by_loops(weights, num_heads):
    m = len(weights["query"])
    d = m // num_heads
    found = [np.zeros((m, num_heads, d)) for _ in range(3)]
    output = np.zeros((num_heads, d, m))
    for row, head, column in np.ndindex(m, num_heads, d):
        for array, name in zip(found, ("query", "key", "value"), strict=True):
            array[row, head, column] = weights[name][row, head * d + column]
        output[head, column, row] = weights["output"][head * d + column, row]
    return [*found, output]


def arrays_by_tensorflow(weights, num_heads):
    import tensorflow as tf

    m = len(weights["query"])
    first = [
        tf.reshape(weights[n], (m, num_heads, -1)) for n in ("query", "key", "value")
    ]
    return (*first, tf.reshape(weights["output"], (num_heads, -1, m)))


TO_KERAS = {
    "reshape": keras_arrays,
    "slices": arrays_by_slices,
    "splitting": arrays_by_splitting,
    "another order of heads": in_another_order_of_heads,
    "loops": arrays_by_loops,
    "tensorflow": arrays_by_tensorflow,
    "a list": lambda weights, num_heads: list(keras_arrays(weights, num_heads)),
    "lists": lambda weights, num_heads: tuple(
        array.tolist() for array in keras_arrays(weights, num_heads)
    ),
    "float32": lambda weights, num_heads: tuple(
        array.astype("f4") for array in keras_arrays(weights, num_heads)
    ),
    "np.split": lambda weights, num_heads: (
        *(
            np.stack(np.split(weights[n], num_heads, 1), 1)
            for n in ("query", "key", "value")
        ),
        np.stack(np.split(weights["output"], num_heads)),
    ),
    "copies": lambda weights, num_heads: keras_arrays(
        {name: w.copy() for name, w in weights.items()}, num_heads
    ),
}

# --------------------------------------------------------------------------- layers


@cache
def layers():
    """Keras classes, made when they are first needed."""
    import keras
    import tensorflow as tf
    from keras import ops

    names = ("w_query", "w_key", "w_value", "w_output")

    class Plain(keras.layers.Layer):
        def __init__(self, num_heads, **kwargs):
            super().__init__(**kwargs)
            self.num_heads = num_heads

        def build(self, query_shape, context_shape):
            m = query_shape[-1]
            for name in names:
                weight = self.add_weight(shape=(m, m), name=name)
                setattr(self, name, weight)

        def split(self, x):
            b, t, m = ops.shape(x)
            cut = ops.reshape(x, (b, t, self.num_heads, m // self.num_heads))
            return ops.transpose(cut, (0, 2, 1, 3))

        def call(self, query, context, attention_mask=None):
            q = self.split(query @ self.w_query)
            k = self.split(context @ self.w_key)
            v = self.split(context @ self.w_value)
            scores = q @ ops.swapaxes(k, -1, -2) / q.shape[-1] ** 0.5
            if attention_mask is not None:
                scores = ops.where(attention_mask, scores, -1e9)
            found = ops.transpose(ops.softmax(scores) @ v, (0, 2, 1, 3))
            return ops.reshape(found, ops.shape(query)) @ self.w_output

        def get_config(self):
            return {**super().get_config(), "num_heads": self.num_heads}

    class OneShape(Plain):
        def build(self, input_shape):
            super().build(input_shape, input_shape)

    class AnyShapes(Plain):
        def build(self, *shapes):
            super().build(shapes[0], shapes[-1])

    class DefaultShape(Plain):
        def build(self, query_shape, context_shape=None):
            super().build(query_shape, context_shape)
            self.built = True

    class KerasMakesTheConfig(keras.layers.Layer):
        def __init__(self, num_heads, **kwargs):
            super().__init__(**kwargs)
            self.heads = num_heads

        def build(self, query_shape, context_shape):
            m = query_shape[-1]
            self.w_query = self.add_weight((m, m), initializer="glorot_uniform")
            self.w_key = self.add_weight((m, m), initializer="glorot_uniform")
            self.w_value = self.add_weight((m, m), initializer="glorot_uniform")
            self.w_output = self.add_weight((m, m), initializer="glorot_uniform")

        def call(self, query, context, attention_mask=None):
            m = query.shape[-1]
            w_q, w_k, w_v = (
                ops.reshape(w, (m, self.heads, m // self.heads))
                for w in (self.w_query, self.w_key, self.w_value)
            )
            w_o = ops.reshape(self.w_output, (self.heads, m // self.heads, m))
            q = ops.einsum("bqm,mhd->bhqd", query, w_q) * (m / self.heads) ** -0.5
            scores = ops.einsum("bhqd,bkm,mhd->bhqk", q, context, w_k)
            if attention_mask is not None:
                scores += (1.0 - ops.cast(attention_mask, "float32")) * -1e9
            shares = ops.softmax(scores, axis=-1)
            return ops.einsum("bhqk,bkm,mhd,hdn->bqn", shares, context, w_v, w_o)

    class InTensorFlow(Plain):
        def call(self, query, context, attention_mask=None):
            q = tf.stack(tf.split(query @ self.w_query, self.num_heads, -1), 1)
            k = tf.stack(tf.split(context @ self.w_key, self.num_heads, -1), 1)
            v = tf.stack(tf.split(context @ self.w_value, self.num_heads, -1), 1)
            scores = tf.matmul(q, k, transpose_b=True) / tf.sqrt(float(q.shape[-1]))
            if attention_mask is not None:
                scores = tf.where(attention_mask, scores, float("-inf"))
            found = tf.unstack(tf.matmul(tf.nn.softmax(scores), v), axis=1)
            return tf.matmul(tf.concat(found, -1), self.w_output)

    class HeadByHead(Plain):
        def call(self, query, context, attention_mask=None):
            d = query.shape[-1] // self.num_heads
            output = 0.0
            for head in range(self.num_heads):
                cut = slice(head * d, head * d + d)
                q, k, v = (
                    x @ w[:, cut]
                    for x, w in (
                        (query, self.w_query),
                        (context, self.w_key),
                        (context, self.w_value),
                    )
                )
                scores = q @ ops.transpose(k, (0, 2, 1)) / d**0.5
                if attention_mask is not None:
                    shape = (1, self.num_heads, 1, 1)
                    every = ops.logical_and(attention_mask, ops.ones(shape, "bool"))
                    scores = ops.where(every[:, head], scores, -1e9)
                output += ops.softmax(scores) @ v @ self.w_output[cut]
            return output

    class WithDense(Plain):
        """A Dense of the right name holds the matrix in its kernel."""

        def build(self, query_shape, context_shape):
            m = query_shape[-1]
            for name in names:
                dense = keras.layers.Dense(m, use_bias=False, name=name)
                dense.build((None, None, m))
                setattr(self, name, dense)

        def call(self, query, context, attention_mask=None):
            q = self.split(self.w_query(query))
            k = self.split(self.w_key(context))
            v = self.split(self.w_value(context))
            scores = q @ ops.swapaxes(k, -1, -2) / q.shape[-1] ** 0.5
            if attention_mask is not None:
                scores = ops.where(attention_mask, scores, -1e9)
            found = ops.transpose(ops.softmax(scores) @ v, (0, 2, 1, 3))
            return self.w_output(ops.reshape(found, ops.shape(query)))

    class ByKerasOps(Plain):
        def call(self, query, context, attention_mask=None):
            h, d = self.num_heads, query.shape[-1] // self.num_heads
            q, k, v = (
                ops.reshape(x @ w, (-1, x.shape[1], h, d))
                for x, w in (
                    (query, self.w_query),
                    (context, self.w_key),
                    (context, self.w_value),
                )
            )
            if attention_mask is not None:
                every = ops.ones((1, h, q.shape[1], k.shape[1]), "bool")
                attention_mask = ops.logical_and(attention_mask, every)
            found = ops.nn.dot_product_attention(q, k, v, mask=attention_mask)
            return ops.reshape(found, (-1, query.shape[1], h * d)) @ self.w_output

    class Registered(Plain):
        """With a config of its own and a compute_output_shape."""

        def compute_output_shape(self, query_shape, context_shape=None):
            return query_shape

        def get_config(self):
            config = super().get_config()
            config.update(num_heads=int(self.num_heads))
            return config

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    class Refusing(Plain):
        def build(self, query_shape, context_shape):
            if query_shape[-1] % self.num_heads:
                raise ValueError("num_heads must divide the width")
            super().build(query_shape, context_shape)

        def call(self, query, context, attention_mask=None, training=None):
            return super().call(query, context, attention_mask)

    class OwnVariables(Plain):
        def build(self, query_shape, context_shape):
            m = query_shape[-1]
            for name in names:
                setattr(self, name, keras.Variable(np.ones((m, m), "f4"), name=name))

    class InNumpy(Plain):
        """Right on numbers, but of no use inside a model."""

        def call(self, query, context, attention_mask=None):
            weights = {
                n.removeprefix("w_"): np.asarray(getattr(self, n)) for n in names
            }
            mask = None if attention_mask is None else np.asarray(attention_mask)
            given = (np.asarray(query), np.asarray(context), weights)
            return plain(*given, self.num_heads, mask)[0]

    return {
        "plain": Plain,
        "one shape": OneShape,
        "any shapes": AnyShapes,
        "a default shape": DefaultShape,
        "einsum, keras makes the config": KerasMakesTheConfig,
        "tensorflow, -inf": InTensorFlow,
        "head by head": HeadByHead,
        "dense": WithDense,
        "dot_product_attention": ByKerasOps,
        "a config of its own": Registered,
        "refusing": Refusing,
        "own variables": OwnVariables,
        "numpy": InNumpy,
    }


def layer(name):
    return lambda num_heads: layers()[name](num_heads)


LAYERS = {
    name: layer(name)
    for name in (
        "plain",
        "one shape",
        "any shapes",
        "a default shape",
        "einsum, keras makes the config",
        "tensorflow, -inf",
        "head by head",
        "dense",
        "dot_product_attention",
        "a config of its own",
        "refusing",
        "own variables",
    )
}
ON_NUMBERS = {**LAYERS, "numpy": layer("numpy")}

# ------------------------------------------------------------------------- counting

PARAMETERS = {
    "plain": lambda model_dim, num_heads, head_dim: (
        4 * model_dim * num_heads * head_dim
    ),
    "in two parts": lambda m, h, d: 3 * m * h * d + h * d * m,
    "a sum": lambda m, h, d: sum([m * h * d] * 4),
    "head by head": lambda m, h, d: sum(4 * m * d for _ in range(h)),
    "a product": lambda m, h, d: int(np.prod([4, m, h, d])),
    "a numpy integer": lambda m, h, d: np.int64(4) * m * h * d,
    "int32": lambda m, h, d: np.int32(4 * m * h * d),
    "an array": lambda m, h, d: np.array(4 * m * h * d),
    "a float": lambda m, h, d: 4.0 * m * h * d,
    "sizes of arrays": lambda m, h, d: (
        3 * np.empty((m, h, d)).size + np.empty((h, d, m)).size
    ),
}

RIGHT = {
    "heads-split": SPLIT,
    "heads-split-error": SPLIT,
    "heads-merge": MERGE,
    "heads-attention": ATTENTION,
    "heads-attention-mask": ATTENTION,
    "heads-attention-error": ATTENTION,
    "heads-to-keras": TO_KERAS,
    "heads-layer": ON_NUMBERS,
    "heads-layer-mask": ON_NUMBERS,
    "heads-layer-config": ON_NUMBERS,
    "heads-layer-model": LAYERS,
    "heads-parameters": PARAMETERS,
}
