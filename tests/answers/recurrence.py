"""Lesson 01: equally right answers, by check, independent of the lesson's own."""

import math
import sys
import warnings

import numpy as np

# -------------------------------------------------------------------------- one step


def plain(x, state, w, u, bias):
    return np.tanh(x @ w + state @ u + bias)


def by_einsum(x, state, w, u, bias):
    sums = np.einsum("bm,ms->bs", x, w) + np.einsum("bs,su->bu", state, u)
    return np.tanh(sums + bias)


def side_by_side(x, state, w, u, bias):
    both = np.concatenate([x, state, np.ones((len(x), 1))], axis=1)
    return np.tanh(both @ np.concatenate([w, u, bias[None]]))


def by_loops(x, state, w, u, bias):
    new = np.zeros(state.shape)
    for b in range(len(x)):
        for j in range(u.shape[1]):
            total = bias[j]
            total += sum(x[b, i] * w[i, j] for i in range(w.shape[0]))
            total += sum(state[b, i] * u[i, j] for i in range(u.shape[0]))
            new[b, j] = math.tanh(total)
    return new


def by_exponentials(x, state, w, u, bias):
    powers = np.exp(2 * (x @ w + state @ u + bias))
    return (powers - 1) / (powers + 1)


def as_columns(x, state, w, u, bias):
    return np.tanh(w.T @ x.T + u.T @ state.T + bias[:, None]).T


def in_single(x, state, w, u, bias):
    return plain(*(np.asarray(a, np.float32) for a in (x, state, w, u, bias)))


def in_lists(*given):
    return plain(*given).tolist()


def by_tensorflow(x, state, w, u, bias):
    import tensorflow as tf

    return tf.tanh(tf.matmul(x, w) + tf.matmul(state, u) + bias)


def by_keras(x, state, w, u, bias):
    import keras

    cell = keras.layers.SimpleRNNCell(u.shape[0], dtype="float64")
    cell.build(x.shape)
    cell.set_weights([w, u, bias])
    return cell(x, state)[0]


def loud(*given):
    warnings.warn("careful", stacklevel=1)
    print("a note", file=sys.stderr)
    return plain(*given)


def on_copies(x, state, w, u, bias):
    state = state.copy()
    state[:] = state @ u
    state += x @ w
    state += bias
    return np.tanh(state)


STEP = {
    "plain": plain,
    "einsum": by_einsum,
    "side by side": side_by_side,
    "loops": by_loops,
    "exponentials": by_exponentials,
    "columns": as_columns,
    "float32": in_single,
    "lists": in_lists,
    "tensorflow": by_tensorflow,
    "keras": by_keras,
    "loud": loud,
    "on copies": on_copies,
    "dot": lambda x, h, w, u, b: np.tanh(np.dot(x, w) + np.dot(h, u) + b),
}

# --------------------------------------------------------------------- a whole sentence


def looped(step):
    def run(x, state, *weights):
        states = []
        for t in range(x.shape[1]):
            state = np.asarray(step(x[:, t], state, *weights))
            states.append(state)
        return np.stack(states, axis=1)

    return run


def filled(x, state, w, u, bias):
    states = np.zeros((*x.shape[:2], u.shape[0]))
    for t in range(x.shape[1]):
        before = state if t == 0 else states[:, t - 1]
        states[:, t] = plain(x[:, t], before, w, u, bias)
    return states


def projected_first(x, state, w, u, bias):
    words = x @ w + bias
    states = []
    for t in range(x.shape[1]):
        state = np.tanh(words[:, t] + state @ u)
        states.append(state)
    return np.moveaxis(np.array(states), 0, 1)


def sentence_by_sentence(x, state, w, u, bias):
    result = []
    for words, start in zip(x, state, strict=True):
        rows = []
        for word in words:
            start = np.tanh(word @ w + start @ u + bias)
            rows.append(start)
        result.append(rows)
    return np.array(result)


def recursive(x, state, w, u, bias):
    first = plain(x[:, 0], state, w, u, bias)
    if x.shape[1] == 1:
        return first[:, None]
    rest = recursive(x[:, 1:], first, w, u, bias)
    return np.concatenate([first[:, None], rest], axis=1)


def list_of_lists(*given):
    return filled(*given).tolist()


def run_by_keras(x, state, w, u, bias):
    import keras

    layer = keras.layers.SimpleRNN(u.shape[0], return_sequences=True, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([w, u, bias])
    return layer(x, initial_state=state)


RUN = {
    "filled in": filled,
    "projected first": projected_first,
    "sentence by sentence": sentence_by_sentence,
    "recursive": recursive,
    "lists": list_of_lists,
    "keras": run_by_keras,
    "float32": lambda *given: filled(*given).astype("f4"),
    "plain steps": looped(plain),
    "einsum steps": looped(by_einsum),
    "side by side": looped(side_by_side),
    "tensorflow steps": looped(by_tensorflow),
    "loud steps": looped(loud),
    "single steps": looped(in_single),
}

# -------------------------------------------------------------------------- gradients


def product_from_the_end(states, w):
    product = np.eye(w.shape[0])
    norms = [np.linalg.norm(product)]
    for h in states[:0:-1]:
        product = product @ np.diag(1 - h**2) @ w.T
        norms.append(np.linalg.norm(product))
    return norms[::-1]


def transposed_rows(states, w):
    """The row convention: ∂new[j] / ∂old[i] at [i, j]."""
    product = np.eye(w.shape[0])
    norms = [np.sqrt(w.shape[0])]
    for h in reversed(states[1:]):
        product = (w * (1 - h**2)) @ product
        norms.insert(0, np.sqrt((product**2).sum()))
    return np.array(norms)


def each_from_scratch(states, w):
    norms = []
    for t in range(len(states)):
        product = np.eye(w.shape[0])
        for later in range(t + 1, len(states)):
            product = np.diag(1 - states[later] ** 2) @ w.T @ product
        norms.append(np.linalg.norm(product, "fro"))
    return np.array(norms)


def backwards_pass(states, w):
    """As a framework does it: one row of the Jacobian at a time."""
    t, s = states.shape
    squares = np.zeros(t)
    for row in np.eye(s):
        grad = row
        squares[-1] += grad @ grad
        for place in range(t - 1, 0, -1):
            grad = (grad * (1 - states[place] ** 2)) @ w.T
            squares[place - 1] += grad @ grad
    return np.sqrt(squares)


def by_singular_values(states, w):
    product, norms = np.eye(len(w)), [np.sqrt(len(w))]
    for h in states[:0:-1]:
        product = product @ ((1 - h**2)[:, None] * w.T)
        values = np.linalg.svd(product, compute_uv=False)
        norms.append(np.sqrt(np.sum(values**2)))
    return np.flip(norms)


def by_multi_dot(states, w):
    factors = [np.diag(1 - h**2) @ w.T for h in states]
    norms = []
    for t in range(len(states)):
        chain = [np.eye(len(w)), np.eye(len(w)), *factors[:t:-1]]
        norms.append(np.linalg.norm(np.linalg.multi_dot(chain)))
    return norms


def by_trace(states, w):
    product, norms = np.eye(len(w)), [len(w) ** 0.5]
    for h in states[:0:-1]:
        product = product @ np.diag((1 - h) * (1 + h)) @ w.T
        norms.append(np.trace(product.T @ product) ** 0.5)
    return np.array(norms)[::-1]


def by_tape(states, w):
    import tensorflow as tf

    before = np.arctanh(states[1:]) - states[:-1] @ w  # what the words brought in
    reached = [tf.constant(states[0])]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(reached[0])
        for words in before:
            reached.append(tf.tanh(words + tf.linalg.matvec(w.T, reached[-1])))
        numbers = tf.unstack(reached[-1])
    rows = [tape.gradient(number, reached) for number in numbers]
    array = np.array([[g.numpy() for g in row] for row in rows])
    return np.linalg.norm(np.swapaxes(array, 0, 1), axis=(1, 2))


def in_float32(states, w):
    return np.array(product_from_the_end(states, w), np.float32)


GRADIENT = {
    "from the end": product_from_the_end,
    "row convention": transposed_rows,
    "each from scratch": each_from_scratch,
    "a backward pass": backwards_pass,
    "singular values": by_singular_values,
    "multi_dot": by_multi_dot,
    "trace": by_trace,
    "tape": by_tape,
    "float32": in_float32,
    "an array": lambda states, w: np.array(product_from_the_end(states, w)),
    "a loud one": lambda states, w: (
        warnings.warn("careful", stacklevel=1) or product_from_the_end(states, w)
    ),
    "tensor": lambda states, w: _tensor(product_from_the_end(states, w)),
}


def _tensor(values):
    import tensorflow as tf

    return tf.constant(values)


# ------------------------------------------------------------------------ gated cells


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gru(x, state, w, u, bias):
    s = state.shape[1]
    z = sigmoid(x @ w[:, :s] + state @ u[:, :s] + bias[:s])
    r = sigmoid(x @ w[:, s : 2 * s] + state @ u[:, s : 2 * s] + bias[s : 2 * s])
    c = np.tanh(x @ w[:, 2 * s :] + (r * state) @ u[:, 2 * s :] + bias[2 * s :])
    return z * state + (1 - z) * c


def gru_by_split(x, state, w, u, bias):
    words = np.split(x @ w + bias, 3, axis=-1)
    u_z, u_r, u_c = np.split(u, 3, axis=-1)
    z, r = sigmoid(words[0] + state @ u_z), sigmoid(words[1] + state @ u_r)
    return z * state + (1 - z) * np.tanh(words[2] + (r * state) @ u_c)


def gru_as_a_move(x, state, w, u, bias):
    """Written as a step from the state towards the candidate."""
    s = state.shape[1]
    gates = sigmoid((x @ w + bias)[:, : 2 * s] + state @ u[:, : 2 * s])
    z, r = gates[:, :s], gates[:, s:]
    c = np.tanh(x @ w[:, -s:] + (r * state) @ u[:, -s:] + bias[-s:])
    return state + (1 - z) * (c - state)


def gru_by_tanh(x, state, w, u, bias):
    def gate(a):
        return 0.5 + 0.5 * np.tanh(a / 2)

    (w_z, w_r, w_c), (u_z, u_r, u_c) = np.hsplit(w, 3), np.hsplit(u, 3)
    b_z, b_r, b_c = np.split(bias, 3)
    z, r = gate(x @ w_z + state @ u_z + b_z), gate(x @ w_r + state @ u_r + b_r)
    return z * state + (1 - z) * np.tanh(x @ w_c + (state * r) @ u_c + b_c)


def gru_by_reshape(x, state, w, u, bias):
    m, s = x.shape[1], state.shape[1]
    w, u, bias = w.reshape(m, 3, s), u.reshape(s, 3, s), bias.reshape(3, s)
    words = np.einsum("bm,mks->bks", x, w) + bias
    z = sigmoid(words[:, 0] + state @ u[:, 0])
    r = sigmoid(words[:, 1] + state @ u[:, 1])
    return z * state + (1 - z) * np.tanh(words[:, 2] + (r * state) @ u[:, 2])


def gru_one_by_one(x, state, w, u, bias):
    return np.concatenate(
        [gru(x[[b]], state[[b]], w, u, bias) for b in range(len(x))], axis=0
    )


def gru_by_tensorflow(x, state, w, u, bias):
    import tensorflow as tf

    words = tf.split(tf.matmul(x, w) + bias, 3, axis=1)
    u_z, u_r, u_c = tf.split(tf.constant(u), 3, axis=1)
    z = tf.sigmoid(words[0] + tf.matmul(state, u_z))
    r = tf.sigmoid(words[1] + tf.matmul(state, u_r))
    return z * state + (1 - z) * tf.tanh(words[2] + tf.matmul(r * state, u_c))


def gru_by_keras(x, state, w, u, bias):
    import keras

    cell = keras.layers.GRUCell(state.shape[1], reset_after=False, dtype="float64")
    cell.build(x.shape)
    cell.set_weights([w, u, bias])
    return cell(x, state)[0]


GRU = {
    "slices": gru,
    "split": gru_by_split,
    "a move": gru_as_a_move,
    "tanh for sigmoid": gru_by_tanh,
    "reshape": gru_by_reshape,
    "one by one": gru_one_by_one,
    "tensorflow": gru_by_tensorflow,
    "keras": gru_by_keras,
    "lists": lambda *given: gru(*given).tolist(),
    "float32": lambda *given: gru(*(np.asarray(a, np.float32) for a in given)),
    "loud": lambda *given: warnings.warn("careful", stacklevel=1) or gru(*given),
    "on copies": lambda *given: gru(*(np.array(a) for a in given)),
}


def lstm(x, state, cell, w, u, bias):
    sums = x @ w + state @ u + bias
    s = state.shape[1]
    i, f = sigmoid(sums[:, :s]), sigmoid(sums[:, s : 2 * s])
    c, o = np.tanh(sums[:, 2 * s : 3 * s]), sigmoid(sums[:, 3 * s :])
    cell = f * cell + i * c
    return o * np.tanh(cell), cell


def lstm_by_split(x, state, cell, w, u, bias):
    i, f, c, o = np.split(x @ w + state @ u + bias, 4, axis=1)
    kept = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
    return sigmoid(o) * np.tanh(kept), kept


def lstm_by_blocks(x, state, cell, w, u, bias):
    def part(k):
        s = state.shape[1]
        at = slice(k * s, (k + 1) * s)
        return x @ w[:, at] + state @ u[:, at] + bias[at]

    new = cell * sigmoid(part(1))
    new = new + sigmoid(part(0)) * np.tanh(part(2))
    return np.tanh(new) * sigmoid(part(3)), new


def lstm_one_by_one(x, state, cell, w, u, bias):
    rows = [lstm(x[[b]], state[[b]], cell[[b]], w, u, bias) for b in range(x.shape[0])]
    return tuple(np.concatenate(parts) for parts in zip(*rows, strict=True))


def lstm_by_tensorflow(x, state, cell, w, u, bias):
    import tensorflow as tf

    i, f, c, o = tf.split(tf.matmul(x, w) + tf.matmul(state, u) + bias, 4, axis=1)
    new = tf.sigmoid(f) * cell + tf.sigmoid(i) * tf.tanh(c)
    return tf.sigmoid(o) * tf.tanh(new), new


def lstm_by_keras(x, state, cell, w, u, bias):
    import keras

    layer = keras.layers.LSTMCell(state.shape[1], dtype="float64")
    layer.build(x.shape)
    layer.set_weights([w, u, bias])
    return layer(x, [state, cell])[1]


def lstm_by_reshape(x, state, cell, w, u, bias):
    sums = (x @ w + state @ u + bias).reshape(len(x), 4, -1)
    gates, c = sigmoid(sums), np.tanh(sums[:, 2])
    new = gates[:, 1] * cell + gates[:, 0] * c
    return gates[:, 3] * np.tanh(new), new


LSTM = {
    "slices": lstm,
    "split": lstm_by_split,
    "blocks": lstm_by_blocks,
    "one by one": lstm_one_by_one,
    "tensorflow": lstm_by_tensorflow,
    "keras": lstm_by_keras,
    "reshape": lstm_by_reshape,
    "a list": lambda *given: list(lstm(*given)),
    "lists": lambda *given: tuple(part.tolist() for part in lstm(*given)),
    "float32": lambda *given: lstm(*(np.asarray(a, np.float32) for a in given)),
    "an array of two": lambda *given: tuple(np.stack(lstm(*given))),
    "loud": lambda *given: warnings.warn("careful", stacklevel=1) or lstm(*given),
}

# ----------------------------------------------------------------------------- counts


def parameters(cell, m, s):
    return {"rnn": 1, "gru": 3, "lstm": 4}[cell] * s * (m + s + 1)


def by_branches(cell, m, s):
    if cell == "rnn":
        return m * s + s * s + s
    if cell == "gru":
        return 3 * (m * s + s * s + s)
    return 4 * (m * s + s * s + s)


def by_match(cell, input_dim, state_dim):
    match cell:
        case "rnn":
            blocks = 1
        case "gru":
            blocks = 3
        case _:
            blocks = 4
    kernel, recurrent = input_dim * state_dim, state_dim**2
    return blocks * kernel + blocks * recurrent + blocks * state_dim


def by_shapes(cell, m, s):
    g = s * [1, 3, 4][["rnn", "gru", "lstm"].index(cell)]
    return sum(math.prod(shape) for shape in [(m, g), (s, g), (g,)])


def by_arrays(cell, m, s):
    g = s * {"r": 1, "g": 3, "l": 4}[cell[0]]
    return np.zeros((m, g)).size + np.zeros((s, g)).size + np.zeros(g).size


def counted_by_keras(cell, m, s):
    import keras

    layer = {
        "rnn": lambda: keras.layers.SimpleRNNCell(s),
        "gru": lambda: keras.layers.GRUCell(s, reset_after=False),
        "lstm": lambda: keras.layers.LSTMCell(s),
    }[cell]()
    layer.build((1, m))
    return layer.count_params()


PARAMETERS = {
    "factored": parameters,
    "branches": by_branches,
    "match": by_match,
    "shapes": by_shapes,
    "arrays": by_arrays,
    "keras": counted_by_keras,
    "a float": lambda *given: float(parameters(*given)),
    "a NumPy integer": lambda *given: np.int64(parameters(*given)),
    "an array": lambda *given: np.array(parameters(*given)),
    "a tensor": lambda *given: _tensor(parameters(*given)),
    "a product of arrays": lambda *given: np.prod([parameters(*given)]),
}


def by_layer(recurrent, attention):
    return {
        "a branch": lambda layer, *n: (
            recurrent(*n) if layer == "recurrent" else attention(*n)
        ),
        "the other branch": lambda layer, *n: (
            attention(*n) if layer == "attention" else recurrent(*n)
        ),
        "a dictionary": lambda layer, *n: {
            "recurrent": recurrent(*n),
            "attention": attention(*n),
        }[layer],
        "functions": lambda layer, *n: {"r": recurrent, "a": attention}[layer[0]](*n),
        "a list": lambda layer, *n: [attention(*n), recurrent(*n)][
            layer == "recurrent"
        ],
        "a float": lambda layer, *n: float(
            (recurrent if layer == "recurrent" else attention)(*n)
        ),
        "a NumPy integer": lambda layer, *n: np.int64(
            (recurrent if layer == "recurrent" else attention)(*n)
        ),
        "an array": lambda layer, *n: np.array(
            (recurrent if layer == "recurrent" else attention)(*n)
        ),
        "a tensor": lambda layer, *n: _tensor(
            (recurrent if layer == "recurrent" else attention)(*n)
        ),
        "where": lambda layer, *n: np.where(
            layer == "recurrent", recurrent(*n), attention(*n)
        ),
    }


RIGHT = {
    "rnn-step": STEP,
    "run-rnn": RUN,
    "run-rnn-start": RUN,
    "gradient-chain": GRADIENT,
    "gradient-norms": GRADIENT,
    "gru-step": GRU,
    "count-parameters": PARAMETERS,
    "sequential-steps": by_layer(lambda t: t, lambda t: 1),
    "lstm-step": LSTM,
    "multiplications": by_layer(lambda t, m: t * m**2, lambda t, m: t**2 * m),
}
