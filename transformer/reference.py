"""Every formula of the course in NumPy, float64: what answers are compared with.

Written for clarity, not speed, and independent of the lessons' own solutions. Masks are
boolean: True means *may attend*. Imports numpy only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Added to the score of a blocked key: exp of it is 0 in every float dtype.
BLOCKED = -1e9

# ------------------------------------------------------------ lesson 01: recurrence


def rnn_step(
    x_bm: np.ndarray,
    state_bs: np.ndarray,
    w_ms: np.ndarray,
    w_ss: np.ndarray,
    bias_s: np.ndarray,
) -> np.ndarray:
    """One step of a plain recurrent network: the new state.

    Args:
        x_bm: `(b, m)`, the word that is read.
        state_bs: `(b, s)`, the state before it.
        w_ms: `(m, s)`.
        w_ss: `(s, s)`.
        bias_s: `(s,)`.

    Returns:
        `(b, s)`, each number between -1 and 1.

    Source: Elman 1990, with tanh.
    """
    return np.tanh(x_bm @ w_ms + state_bs @ w_ss + bias_s)


def run_rnn(
    x_btm: np.ndarray,
    state_bs: np.ndarray,
    w_ms: np.ndarray,
    w_ss: np.ndarray,
    bias_s: np.ndarray,
) -> np.ndarray:
    """The states of a plain recurrent network after each word of a sentence.

    Args:
        x_btm: `(b, t, m)`, the words.
        state_bs: `(b, s)`, the state before the first.
        w_ms: `(m, s)`.
        w_ss: `(s, s)`.
        bias_s: `(s,)`.

    Returns:
        `(b, t, s)`; the state before the first word is not among them.
    """
    states_tbs = []
    for x_bm in np.swapaxes(x_btm, 0, 1):
        state_bs = rnn_step(x_bm, state_bs, w_ms, w_ss, bias_s)
        states_tbs.append(state_bs)
    return np.stack(states_tbs, axis=1)


def rnn_jacobians(states_ts: np.ndarray, w_ss: np.ndarray) -> np.ndarray:
    """How each state of a plain recurrent network moves with the one before it.

    Args:
        states_ts: `(t, s)`.
        w_ss: `(s, s)`.

    Returns:
        `(t, s, s)`: at t the matrix J with J[i, j] = ∂state_t[i] / ∂state_{t-1}[j].
    """
    return (1 - states_ts**2)[:, :, np.newaxis] * w_ss.T


def product_norms(jacobians_tss: np.ndarray) -> np.ndarray:
    """Frobenius norms of J_T … J_{t+1} for each t; the last is that of the identity.

    Args:
        jacobians_tss: `(t, s, s)`. The first is not used: it belongs to the state
            before the first.

    Returns:
        `(t,)`.
    """
    product_ss = np.eye(jacobians_tss.shape[-1])
    norms = [np.linalg.norm(product_ss)]
    for jacobian_ss in jacobians_tss[:0:-1]:
        product_ss = product_ss @ jacobian_ss
        norms.append(np.linalg.norm(product_ss))
    return np.array(norms[::-1])


def gradient_norms(states_ts: np.ndarray, w_ss: np.ndarray) -> np.ndarray:
    """Frobenius norms of ∂state_T / ∂state_t in a plain recurrent network.

    Args:
        states_ts: `(t, s)`, the states after each word of one sentence.
        w_ss: `(s, s)`.

    Returns:
        `(t,)`, one norm for each state; the last is √s.
    """
    return product_norms(rnn_jacobians(states_ts, w_ss))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), between 0 and 1, without overflow: `(...)` to `(...)`."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def gru_step(
    x_bm: np.ndarray,
    state_bs: np.ndarray,
    w_mg: np.ndarray,
    w_sg: np.ndarray,
    bias_g: np.ndarray,
) -> np.ndarray:
    """One step of a gated recurrent unit: the new state.

    Three blocks stand side by side along g: update z, reset r, candidate c.

    Args:
        x_bm: `(b, m)`.
        state_bs: `(b, s)`.
        w_mg: `(m, g)`, where g = 3 s.
        w_sg: `(s, g)`.
        bias_g: `(g,)`.

    Returns:
        `(b, s)`: z · state + (1 - z) · candidate.

    Source: Cho et al. 2014, section 2.3.
    """
    return gru_parts(x_bm, state_bs, w_mg, w_sg, bias_g)[-1]


def gru_parts(
    x_bm: np.ndarray,
    state_bs: np.ndarray,
    w_mg: np.ndarray,
    w_sg: np.ndarray,
    bias_g: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Update z, reset r, candidate and new state of `gru_step`, each `(b, s)`."""
    w_z, w_r, w_c = np.split(w_mg, 3, axis=1)
    u_z, u_r, u_c = np.split(w_sg, 3, axis=1)
    b_z, b_r, b_c = np.split(bias_g, 3)
    update_bs = sigmoid(x_bm @ w_z + state_bs @ u_z + b_z)
    reset_bs = sigmoid(x_bm @ w_r + state_bs @ u_r + b_r)
    candidate_bs = np.tanh(x_bm @ w_c + (reset_bs * state_bs) @ u_c + b_c)
    new_bs = update_bs * state_bs + (1 - update_bs) * candidate_bs
    return update_bs, reset_bs, candidate_bs, new_bs


def gru_jacobian(
    x_m: np.ndarray,
    state_s: np.ndarray,
    w_mg: np.ndarray,
    w_sg: np.ndarray,
    bias_g: np.ndarray,
) -> np.ndarray:
    """How the new state of `gru_step` moves with the old one, for one sentence.

    Args:
        x_m: `(m,)`.
        state_s: `(s,)`; the others as in `gru_step`.

    Returns:
        `(s, s)`: J[i, j] = ∂new[i] / ∂state[j].
    """
    parts = gru_parts(x_m[np.newaxis], state_s[np.newaxis], w_mg, w_sg, bias_g)
    z, r, c, _ = (part[0] for part in parts)
    u_z, u_r, u_c = (block.T for block in np.split(w_sg, 3, axis=1))
    through_reset = u_c @ (np.diag(r) + np.diag(state_s * r * (1 - r)) @ u_r)
    return (
        np.diag(z)
        + np.diag((state_s - c) * z * (1 - z)) @ u_z
        + np.diag((1 - z) * (1 - c**2)) @ through_reset
    )


def lstm_step(
    x_bm: np.ndarray,
    state_bs: np.ndarray,
    cell_bs: np.ndarray,
    w_mg: np.ndarray,
    w_sg: np.ndarray,
    bias_g: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of a long short-term memory: the new state and the new cell.

    Four blocks stand side by side along g: input i, forget f, candidate c, output o.

    Args:
        x_bm: `(b, m)`.
        state_bs: `(b, s)`.
        cell_bs: `(b, s)`.
        w_mg: `(m, g)`, where g = 4 s.
        w_sg: `(s, g)`.
        bias_g: `(g,)`.

    Returns:
        State and cell, `(b, s)` each: cell = f · cell + i · candidate,
        state = o · tanh(cell).

    Source: Hochreiter and Schmidhuber 1997; the forget gate: Gers et al. 2000.
    """
    blocks = np.split(x_bm @ w_mg + state_bs @ w_sg + bias_g, 4, axis=1)
    entry, forget, output = sigmoid(blocks[0]), sigmoid(blocks[1]), sigmoid(blocks[3])
    cell_bs = forget * cell_bs + entry * np.tanh(blocks[2])
    return output * np.tanh(cell_bs), cell_bs


def lstm_jacobian(
    x_m: np.ndarray,
    state_s: np.ndarray,
    cell_s: np.ndarray,
    w_mg: np.ndarray,
    w_sg: np.ndarray,
    bias_g: np.ndarray,
) -> np.ndarray:
    """How new state and cell of `lstm_step` move with the old ones, for one sentence.

    Args:
        x_m: `(m,)`.
        state_s: `(s,)`.
        cell_s: `(s,)`; the others as in `lstm_step`.

    Returns:
        `(2 s, 2 s)`: state above cell in the rows (new) and before it in the columns
        (old).
    """
    blocks = np.split(x_m @ w_mg + state_s @ w_sg + bias_g, 4)
    i, f, o = sigmoid(blocks[0]), sigmoid(blocks[1]), sigmoid(blocks[3])
    c = np.tanh(blocks[2])
    u_i, u_f, u_c, u_o = (block.T for block in np.split(w_sg, 4, axis=1))
    told = np.tanh(f * cell_s + i * c)
    cell_by_state = (
        np.diag(cell_s * f * (1 - f)) @ u_f
        + np.diag(c * i * (1 - i)) @ u_i
        + np.diag(i * (1 - c**2)) @ u_c
    )
    cell_by_cell = np.diag(f)
    telling = np.diag(o * (1 - told**2))
    state_by_state = np.diag(told * o * (1 - o)) @ u_o + telling @ cell_by_state
    return np.block(
        [[state_by_state, telling @ cell_by_cell], [cell_by_state, cell_by_cell]]
    )


def count_parameters(cell: str, input_dim: int, state_dim: int) -> int:
    """How many numbers a recurrent cell learns, with one bias for each block.

    Args:
        cell: "rnn" (one block), "gru" (three) or "lstm" (four).
        input_dim: Width of a word.
        state_dim: Width of the state.
    """
    blocks = {"rnn": 1, "gru": 3, "lstm": 4}[cell]
    return blocks * (input_dim * state_dim + state_dim * state_dim + state_dim)


def sequential_steps(layer: str, length: int) -> int:
    """How many steps must wait for each other over `length` words.

    Args:
        layer: "recurrent" or "attention".
        length: Number of words.

    Source: Vaswani et al. 2017, table 1.
    """
    return {"recurrent": length, "attention": 1}[layer]


def multiplications(layer: str, length: int, model_dim: int) -> int:
    """The leading term of a layer's multiplications over `length` words.

    Args:
        layer: "recurrent", t · m², or "attention", t² · m.
        length: Number of words, t.
        model_dim: Width of a word and of the state, m.

    Source: Vaswani et al. 2017, table 1.
    """
    recurrent = length * model_dim**2
    return {"recurrent": recurrent, "attention": length**2 * model_dim}[layer]


# ------------------------------------------------------------- lesson 02: attention


def softmax(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    """Positive numbers that sum to 1 along `axis`, in proportion to exp(scores).

    Args:
        scores: `(...)`, of any size; 1e4 does not overflow.
        axis: The axis along which the result sums to 1.

    Returns:
        `(...)`, the shape of `scores`.
    """
    powers = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def project(
    x_tm: np.ndarray, w_query: np.ndarray, w_key: np.ndarray, w_value: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Query, key and value of each word.

    Args:
        x_tm: `(..., t, m)`, the words.
        w_query: `(m, d)`.
        w_key: `(m, d)`.
        w_value: `(m, v)`.

    Returns:
        `(..., t, d)`, `(..., t, d)`, `(..., t, v)`.
    """
    return x_tm @ w_query, x_tm @ w_key, x_tm @ w_value


def attend_one(
    query_d: np.ndarray, key_kd: np.ndarray, value_kv: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The new vector of one word, and its weights over the keys.

    Args:
        query_d: `(d,)`.
        key_kd: `(k, d)`.
        value_kv: `(k, v)`.

    Returns:
        `(v,)` and `(k,)`.
    """
    output_qv, weights_qk = attention(query_d[np.newaxis], key_kd, value_kv)
    return output_qv[0], weights_qk[0]


def attention(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Scaled dot-product attention.

    Args:
        query: `(..., q, d)`.
        key: `(..., k, d)`.
        value: `(..., k, v)`.
        mask: Boolean, broadcasts to `(..., q, k)`; True where the query may attend.

    Returns:
        The output `(..., q, v)` and the weights `(..., q, k)`. A query that may attend
        to nothing weighs all keys alike.

    Source: Vaswani et al. 2017, section 3.2.1.
    """
    scores = query @ np.swapaxes(key, -1, -2) / np.sqrt(query.shape[-1])
    if mask is not None:
        scores = np.where(mask, scores, BLOCKED)
    weights = softmax(scores)
    return weights @ value, weights


def self_attention(
    x_btm: np.ndarray,
    w_query: np.ndarray,
    w_key: np.ndarray,
    w_value: np.ndarray,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Attention of words to the words of their own sentence.

    Args:
        x_btm: `(b, t, m)`.
        w_query: `(m, d)`.
        w_key: `(m, d)`.
        w_value: `(m, v)`.
        mask: Boolean, broadcasts to `(b, t, t)`; True where the query may attend.

    Returns:
        The output `(b, t, v)` and the weights `(b, t, t)`.
    """
    return attention(*project(x_btm, w_query, w_key, w_value), mask)


# ----------------------------------------------------------------- lesson 03: heads

NAMES = ("query", "key", "value", "output")  # the four matrices of a layer


def split_heads(x_btm: np.ndarray, num_heads: int) -> np.ndarray:
    """Gives each head its own columns of every word.

    Args:
        x_btm: `(b, t, m)`.
        num_heads: How many heads; head i gets the columns from i·d on, with d = m / h.

    Returns:
        `(b, h, t, d)`.

    Raises:
        ValueError: If `num_heads` does not divide m.
    """
    words = np.asarray(x_btm)
    m = words.shape[-1]
    if m % num_heads:
        raise ValueError(f"num_heads ({num_heads}) must divide the width ({m}).")
    return np.stack(np.split(words, num_heads, axis=-1), axis=1)


def merge_heads(x_bhtd: np.ndarray) -> np.ndarray:
    """Puts the heads' columns side by side again: what `split_heads` undoes.

    Args:
        x_bhtd: `(b, h, t, d)`.

    Returns:
        `(b, t, m)` with m = h·d.
    """
    return np.concatenate(list(np.moveaxis(np.asarray(x_bhtd), 1, 0)), axis=-1)


def multi_head_attention(
    query_bqm: np.ndarray,
    context_bkm: np.ndarray,
    weights: dict[str, np.ndarray],
    num_heads: int,
    mask: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Several attentions at once, each on its own columns, and their results mixed.

    Args:
        query_bqm: `(b, q, m)`, the words that look.
        context_bkm: `(b, k, m)`, the words that are looked at.
        weights: `query`, `key`, `value`, `output`, each `(m, m)`.
        num_heads: How many heads; each has d = m / h columns.
        mask: Boolean, broadcasts to `(b, h, q, k)`; True where the query may attend.

    Returns:
        The output `(b, q, m)` and the weights `(b, h, q, k)`.

    Raises:
        ValueError: If `num_heads` does not divide m.

    Source: Vaswani et al. 2017, section 3.2.2.
    """
    w_query, w_key, w_value, w_output = (np.asarray(weights[name]) for name in NAMES)
    query_bhqd = split_heads(np.asarray(query_bqm) @ w_query, num_heads)
    key_bhkd = split_heads(np.asarray(context_bkm) @ w_key, num_heads)
    value_bhkd = split_heads(np.asarray(context_bkm) @ w_value, num_heads)
    output_bhqd, weights_bhqk = attention(query_bhqd, key_bhkd, value_bhkd, mask)
    return merge_heads(output_bhqd) @ w_output, weights_bhqk


def to_keras(
    weights: dict[str, np.ndarray], num_heads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The same matrices in the shapes of `keras.layers.MultiHeadAttention`.

    Args:
        weights: `query`, `key`, `value`, `output`, each `(m, m)`.
        num_heads: How many heads.

    Returns:
        Query, key and value `(m, h, d)`, output `(h, d, m)`.
    """
    w_query, w_key, w_value, w_output = (np.asarray(weights[name]) for name in NAMES)
    m = w_query.shape[0]
    shape = (m, num_heads, m // num_heads)
    return (
        w_query.reshape(shape),
        w_key.reshape(shape),
        w_value.reshape(shape),
        w_output.reshape(num_heads, m // num_heads, m),
    )


def attention_parameters(model_dim: int, num_heads: int, head_dim: int) -> int:
    """The numbers in the four matrices of multi-head attention, without biases.

    Three of them lead from `model_dim` to all heads, one leads back.
    """
    return 4 * model_dim * num_heads * head_dim


class Weight:
    """A matrix that can be assigned, as a weight of a Keras layer can."""

    def __init__(self, value: np.ndarray) -> None:
        self.value = value
        self.shape = value.shape

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return self.value

    def assign(self, value: object) -> None:
        self.value = np.array(value)


class MultiHeadAttention:
    """`multi_head_attention` in the form of a Keras layer, so that it needs no Keras.

    Args:
        num_heads: Must divide the width of the input.

    Call arguments:
        query: `(b, q, m)`.
        context: `(b, k, m)`.
        attention_mask: Boolean, broadcasts to `(b, h, q, k)`.

    Returns:
        `(b, q, m)`.
    """

    stands_for_a_layer = True

    def __init__(self, num_heads: int) -> None:
        self.num_heads = num_heads

    def __call__(
        self,
        query: np.ndarray,
        context: np.ndarray,
        attention_mask: np.ndarray | None = None,
    ) -> np.ndarray:
        if not hasattr(self, "w_query"):
            self.build(query.shape, context.shape)
        weights = dict(zip(NAMES, map(np.asarray, self.weights), strict=True))
        return multi_head_attention(
            query, context, weights, self.num_heads, attention_mask
        )[0]

    def build(self, query_shape: tuple, context_shape: tuple) -> None:
        m = query_shape[-1]
        self.w_query, self.w_key = Weight(np.eye(m)), Weight(np.eye(m))
        self.w_value, self.w_output = Weight(np.eye(m)), Weight(np.eye(m))

    @property
    def weights(self) -> list[Weight]:
        return [self.w_query, self.w_key, self.w_value, self.w_output]

    def get_config(self) -> dict[str, int]:
        return {"num_heads": self.num_heads}

    @classmethod
    def from_config(cls, config: dict[str, int]) -> MultiHeadAttention:
        return cls(**config)


# ------------------------------------------------------------- lesson 04: positions


def angles(length: int, model_dim: int) -> np.ndarray:
    """The angle of each column's clock hand at each position, in radians.

    Args:
        length: t, the number of positions, counted from 0.
        model_dim: m, the number of columns; odd is allowed.

    Returns:
        `(t, m)`: position / 10000^(2·pair/m), where columns 2·pair and 2·pair + 1 form
        a pair and turn together.

    Source: Vaswani et al. 2017, section 3.5, whose i is our pair.
    """
    angle_tm = np.empty((length, model_dim))
    for column in range(model_dim):
        pair = column // 2
        angle_tm[:, column] = np.arange(length) / 10_000 ** (2 * pair / model_dim)
    return angle_tm


def positional_encoding(length: int, model_dim: int) -> np.ndarray:
    """Sines of the angles in even columns, cosines in odd ones: `(t, m)`.

    Args:
        length: t, the number of positions, counted from 0.
        model_dim: m, the number of columns; odd is allowed.

    Source: Vaswani et al. 2017, section 3.5.
    """
    angle_tm = angles(length, model_dim)
    is_odd_m = np.arange(model_dim) % 2 == 1
    return np.where(is_odd_m, np.cos(angle_tm), np.sin(angle_tm))


def shift_matrix(offset: int, model_dim: int) -> np.ndarray:
    """M with encoding(p + offset) = M · encoding(p) for every position p.

    Args:
        offset: By how many positions M moves; negative moves back.
        model_dim: m, even, so that every sine has its cosine.

    Returns:
        `(m, m)`: one turn of two columns for each pair, by the addition theorems.

    Raises:
        ValueError: If m is odd.
    """
    if model_dim % 2:
        raise ValueError(f"model_dim ({model_dim}) must be even.")
    matrix_mm = np.zeros((model_dim, model_dim))
    for sine in range(0, model_dim, 2):
        turn = offset / 10_000 ** (sine / model_dim)
        cosine = sine + 1
        matrix_mm[sine, sine] = matrix_mm[cosine, cosine] = np.cos(turn)
        matrix_mm[sine, cosine] = np.sin(turn)
        matrix_mm[cosine, sine] = -np.sin(turn)
    return matrix_mm


class Rows:
    """Stands in for `keras.layers.Embedding`: rows that are set and looked up."""

    def __init__(self, vocab_size: int, model_dim: int) -> None:
        self.rows_nm = np.zeros((vocab_size, model_dim))

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Takes the one array `(n, m)` of the list."""
        (self.rows_nm,) = weights


class PositionalEmbedding:
    """Rows of words times the root of m, plus the encoding of their positions.

    In NumPy, with the face of the Keras layer: `embedding`, and a call.

    Args:
        vocab_size: n, the number of rows.
        max_length: The number of positions there are.
        model_dim: m.

    Call arguments:
        tokens: `(b, t)`, integers below n.
        offset: The position of the first token.

    Returns:
        `(b, t, m)`.

    Raises:
        ValueError: If the last position is not below `max_length`.

    Source: Vaswani et al. 2017, sections 3.4 and 3.5.
    """

    def __init__(self, vocab_size: int, max_length: int, model_dim: int) -> None:
        self.embedding = Rows(vocab_size, model_dim)
        self.encoding_tm = positional_encoding(max_length, model_dim)

    @property
    def trainable_variables(self) -> list[np.ndarray]:
        """The rows of the words; the encoding is not learned."""
        return [self.embedding.rows_nm]

    def __call__(self, tokens: np.ndarray, offset: int = 0) -> np.ndarray:
        max_length, model_dim = self.encoding_tm.shape
        end = offset + tokens.shape[1]
        if end > max_length:
            raise ValueError(f"position {end - 1} is beyond max_length ({max_length}).")
        word_btm = self.embedding.rows_nm[tokens] * np.sqrt(model_dim)
        return word_btm + self.encoding_tm[offset:end]


# ----------------------------------------------------------------- lesson 05: masks


def padding_mask(tokens_bt: np.ndarray, pad: int = 0) -> np.ndarray:
    """True at words, False at padding, for every head and every query.

    Args:
        tokens_bt: `(b, t)`, token ids; padding may stand anywhere.
        pad: The id of padding.

    Returns:
        Boolean `(b, 1, 1, t)`: the axes of weights `(b, h, q, k)`.
    """
    return (np.asarray(tokens_bt) != pad)[:, np.newaxis, np.newaxis, :]


def look_ahead_mask(length: int) -> np.ndarray:
    """True where the key is the query's own position or an earlier one.

    Args:
        length: Number of positions t.

    Returns:
        Boolean `(1, 1, t, t)`.

    Source: Vaswani et al. 2017, section 3.2.3.
    """
    place = np.arange(length)
    return (place <= place[:, np.newaxis])[np.newaxis, np.newaxis]


def decoder_mask(tokens_bt: np.ndarray, pad: int = 0) -> np.ndarray:
    """Both: True where the key is a word and not later than the query.

    Args:
        tokens_bt: `(b, t)`, the decoder's input.
        pad: The id of padding.

    Returns:
        Boolean `(b, 1, t, t)`.
    """
    return padding_mask(tokens_bt, pad) & look_ahead_mask(np.shape(tokens_bt)[1])


def cross_mask(
    source_bk: np.ndarray, target_bt: np.ndarray, pad: int = 0
) -> np.ndarray:
    """True at the source's words, in the row of every target position.

    Args:
        source_bk: `(b, k)`, the keys.
        target_bt: `(b, t)`, the queries; its padding plays no part.
        pad: The id of padding.

    Returns:
        Boolean `(b, 1, t, k)`.
    """
    t = np.shape(target_bt)[1]
    return np.repeat(padding_mask(source_bk, pad), t, axis=2)


def shift_right(target_bt: np.ndarray, start: int) -> np.ndarray:
    """The decoder's input when it is taught: before each word, the words until it.

    Args:
        target_bt: `(b, t)`, the labels.
        start: The id that stands for "nothing yet".

    Returns:
        `(b, t)`: start in front, the last column dropped.
    """
    inputs_bt = np.full_like(target_bt, start)
    inputs_bt[:, 1:] = target_bt[:, :-1]
    return inputs_bt


def sees_the_future(
    layer: Callable[[np.ndarray], np.ndarray], length: int, model_dim: int
) -> bool:
    """Does any output of a layer move when a later input moves?

    One sentence for each place: in sentence s all inputs after place s are moved by 1,
    so that its outputs up to s must be those of the sentence that was left alone.

    Args:
        layer: Deterministic, `(b, t, m)` to `(b, t, m)`, sentences independent.
        length: Number of positions t.
        model_dim: Width m.

    Returns:
        True if an output moves by more than 1e-5.
    """
    rng = np.random.default_rng(5)
    x_tm = rng.normal(size=(length, model_dim)).astype("float32")
    is_later_bt = look_ahead_mask(length)[0, 0] ^ True
    moved_btm = x_tm + is_later_bt[:, :, np.newaxis].astype("float32")
    moves_btm = np.abs(np.asarray(layer(moved_btm)) - np.asarray(layer(x_tm[None])))
    return bool(moves_btm[~is_later_bt].max() > 1e-5)


def to_scores(mask: np.ndarray) -> np.ndarray:
    """A boolean mask as numbers to add to scores: 0 where True, -1e9 where False."""
    return np.where(mask, 0.0, BLOCKED)
