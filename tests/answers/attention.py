"""Lesson 02: equally right answers, by check, independent of the lesson's own."""

import sys
import warnings

import numpy as np

# ------------------------------------------------------------------------ softmaxes


def stable(scores, axis=-1):
    e = np.exp(scores - np.amax(scores, axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def by_logarithm(scores, axis=-1):
    top = np.max(scores, axis=axis, keepdims=True)
    total = np.sum(np.exp(scores - top), axis=axis, keepdims=True)
    return np.exp(scores - top - np.log(total))


def by_moving_the_axis(scores, axis=-1):
    rows = np.moveaxis(np.array(scores, float), axis, 0)
    powers = np.exp(rows - rows.max(0))
    return np.moveaxis(powers / powers.sum(0), 0, axis)


def by_loops(scores, axis=-1):
    def one(row):
        powers = [float(np.exp(score - max(row))) for score in row]
        return np.array([power / sum(powers) for power in powers])

    return np.apply_along_axis(one, axis, scores)


def half_at_a_time(scores, axis=-1):
    shifted = scores - np.mean(scores, axis=axis, keepdims=True)
    shifted = shifted - np.max(shifted, axis=axis, keepdims=True)
    return np.exp(shifted) / np.exp(shifted).sum(axis=axis, keepdims=True)


def in_float32(scores, axis=-1):
    return stable(np.asarray(scores, np.float32), axis)


def in_lists(scores, axis=-1):
    return stable(scores, axis).tolist()


def loud(scores, axis=-1):
    warnings.warn("careful", stacklevel=1)
    print("a note", file=sys.stderr)
    np.log(np.zeros(1))
    return stable(scores, axis)


def with_another_name_for_the_first(x, axis=-1, **more):
    return stable(x, axis)


def by_tensorflow(scores, axis=-1):
    import tensorflow as tf

    return tf.nn.softmax(tf.constant(scores), axis=axis)


def by_keras(scores, axis=-1):
    import keras

    return keras.ops.softmax(keras.ops.convert_to_tensor(scores), axis=axis)


class Softmax:
    """An object that can be called is as good as a function."""

    def __call__(self, scores, axis=-1):
        return stable(scores, axis)


SOFTMAX = {
    "stable": stable,
    "by logarithm": by_logarithm,
    "by moving the axis": by_moving_the_axis,
    "by loops": by_loops,
    "shifted twice": half_at_a_time,
    "float32": in_float32,
    "lists": in_lists,
    "loud": loud,
    "another argument name": with_another_name_for_the_first,
    "tensorflow": by_tensorflow,
    "keras": by_keras,
    "an object": Softmax(),
    "a lambda": lambda scores, axis=-1: stable(scores, axis),
}

# ----------------------------------------------------------------------- attentions


def plain(query, key, value, mask=None):
    scores = np.matmul(query, np.swapaxes(key, -1, -2)) / np.sqrt(key.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, -1e9)
    weights = stable(scores)
    return weights @ value, weights


def by_einsum(query, key, value, mask=None):
    scores = np.einsum("...qd,...kd->...qk", query, key) * query.shape[-1] ** -0.5
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    weights = stable(scores)
    return np.einsum("...qk,...kv->...qv", weights, value), weights


def scaled_early(query, key, value, mask=None):
    scores = (query / np.sqrt(query.shape[-1])) @ np.moveaxis(key, -1, -2)
    if mask is not None:
        scores = scores + (1 - np.asarray(mask).astype(float)) * -1e9
    weights = stable(scores)
    return weights @ value, weights


def scaled_both(query, key, value, mask=None):
    root = query.shape[-1] ** 0.25
    return plain(query / root, key / root * np.sqrt(query.shape[-1]), value, mask)


def masked_before_scaling(query, key, value, mask=None):
    scores = query @ np.swapaxes(key, -1, -2)
    if mask is not None:
        scores = np.where(np.logical_not(mask), -1e12, scores)
    weights = stable(scores / np.sqrt(query.shape[-1]))
    return weights @ value, weights


def renormalised(query, key, value, mask=None):
    powers = np.exp(query @ np.swapaxes(key, -1, -2) / np.sqrt(query.shape[-1]))
    if mask is not None:
        powers = powers * mask
    weights = powers / powers.sum(-1, keepdims=True)
    return weights @ value, weights


def row_by_row(query, key, value, mask=None):
    lead, (q, _), k = query.shape[:-2], query.shape[-2:], key.shape[-2]
    output = np.zeros((*lead, q, value.shape[-1]))
    weights = np.zeros((*lead, q, k))
    allowed = np.ones(weights.shape, bool)
    if mask is not None:
        allowed = np.broadcast_to(mask, weights.shape)
    for place in np.ndindex(*lead, q):
        words, keys = key[place[:-1]], allowed[place]
        scores = words[keys] @ query[place] / np.sqrt(query.shape[-1])
        weights[place][keys] = stable(scores)
        output[place] = weights[place] @ value[place[:-1]]
    return output, weights


def returned_as_a_list(query, key, value, mask=None):
    return list(plain(query, key, value, mask))


def returned_as_lists(query, key, value, mask=None):
    output, weights = plain(query, key, value, mask)
    return output.tolist(), weights.tolist()


def in_single(query, key, value, mask=None):
    single = (np.asarray(a, np.float32) for a in (query, key, value))
    return plain(*single, mask)


def returned_in_single(query, key, value, mask=None):
    output, weights = plain(query, key, value, mask)
    return output.astype("f4"), weights.astype("f4")


def attention_by_tensorflow(query, key, value, mask=None):
    import tensorflow as tf

    scores = tf.matmul(query, key, transpose_b=True) / np.sqrt(query.shape[-1])
    if mask is not None:
        scores = tf.where(tf.constant(mask), scores, -1e9)
    weights = tf.nn.softmax(scores)
    return tf.matmul(weights, value), weights


def warned_about(query, key, value, mask=None):
    warnings.warn("careful", stacklevel=1)
    print("a note", file=sys.stderr)
    return plain(query, key, value, mask)


def keeping_copies(query, key, value, mask=None):
    query, key = query.copy(), key.copy()
    query /= np.sqrt(query.shape[-1])
    scores = query @ np.swapaxes(key, -1, -2)
    if mask is not None:
        scores[~np.broadcast_to(mask, scores.shape)] = -np.inf
    weights = stable(scores)
    return weights @ value, weights


ATTENTION = {
    "plain": plain,
    "einsum, -inf": by_einsum,
    "scaled early, mask added": scaled_early,
    "scaled on both sides": scaled_both,
    "masked before scaling": masked_before_scaling,
    "masked powers, renormalised": renormalised,
    "row by row": row_by_row,
    "a list of two": returned_as_a_list,
    "lists of lists": returned_as_lists,
    "float32 inside": in_single,
    "float32 returned": returned_in_single,
    "tensorflow": attention_by_tensorflow,
    "loud": warned_about,
    "changing its own copies": keeping_copies,
}


def one_word(attention):
    def attend_one(query, key, value):
        output, weights = attention(query[None], key, value)
        return output[0], weights[0]

    return attend_one


def own_words(attention):
    def self_attention(x, w_query, w_key, w_value, mask=None):
        return attention(x @ w_query, x @ w_key, x @ w_value, mask)

    return self_attention


def fused(x, w_query, w_key, w_value, mask=None):
    """One product with the three matrices side by side."""
    d = w_query.shape[1]
    qkv = x @ np.concatenate([w_query, w_key, w_value], axis=1)
    return plain(qkv[..., :d], qkv[..., d : 2 * d], qkv[..., 2 * d :], mask)


SELF = {name: own_words(f) for name, f in ATTENTION.items()} | {"fused": fused}

# ------------------------------------------------------------------------ projections


def projected(x, w_query, w_key, w_value):
    return x @ w_query, x @ w_key, x @ w_value


def in_words(x, w_query, w_key, w_value):
    rows = [[word @ w for word in x] for w in (w_query, w_key, w_value)]
    return tuple(np.array(row) for row in rows)


def projected_together(x, w_query, w_key, w_value):
    all_three = x @ np.hstack([w_query, w_key, w_value])
    d = w_query.shape[1]
    return np.split(all_three, [d, 2 * d], axis=1)


def by_tensordot(x, *matrices):
    return tuple(np.tensordot(x, w, axes=1) for w in matrices)


def by_tensors(x, *matrices):
    import tensorflow as tf

    return tuple(tf.matmul(x, w) for w in matrices)


PROJECT = {
    "plain": projected,
    "by words": in_words,
    "side by side": projected_together,
    "tensordot": by_tensordot,
    "tensors": by_tensors,
    "einsum": lambda x, *w: tuple(np.einsum("tm,md->td", x, a) for a in w),
    "dot": lambda x, q, k, v: (np.dot(x, q), np.dot(x, k), np.dot(x, v)),
    "columns": lambda x, *w: tuple((a.T @ x.T).T for a in w),
    "sums": lambda x, *w: tuple((x[:, :, None] * a).sum(1) for a in w),
    "a list": lambda x, *w: [x @ a for a in w],
    "lists": lambda x, *w: tuple((x @ a).tolist() for a in w),
    "float32": lambda x, *w: tuple((x @ a).astype("f4") for a in w),
}

RIGHT = {
    "softmax": SOFTMAX,
    "softmax-large": SOFTMAX,
    "project": PROJECT,
    "attend-one": {name: one_word(f) for name, f in ATTENTION.items()},
    "attention": ATTENTION,
    "attention-leading": ATTENTION,
    "attention-mask": ATTENTION,
    "repair-attention": ATTENTION,
    "self-attention": SELF,
    "self-attention-mask": SELF,
}
