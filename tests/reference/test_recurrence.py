"""The formulas of lesson 01 against hand-worked numbers, laws, Keras and autodiff."""

import numpy as np
import pytest

from transformer.reference import recurrence as reference

CELLS = ["rnn", "gru", "lstm"]
BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}


def weights(cell, m=3, s=4, seed=7):
    """Input weights, recurrent weights and bias of a cell, in float64."""
    rng = np.random.default_rng(seed)
    g = BLOCKS[cell] * s
    return (
        rng.normal(size=(m, g)),
        rng.normal(size=(s, g)) / np.sqrt(s),
        rng.normal(size=g) / 2,
    )


def keras_cell(cell, s=4):
    import keras

    return {
        "rnn": lambda: keras.layers.SimpleRNNCell(s, dtype="float64"),
        "gru": lambda: keras.layers.GRUCell(s, dtype="float64", reset_after=False),
        "lstm": lambda: keras.layers.LSTMCell(s, dtype="float64"),
    }[cell]()


def start(cell, b, s=4, seed=8):
    """Random states: one array, two for the LSTM."""
    rng = np.random.default_rng(seed)
    return list(rng.normal(size=(2 if cell == "lstm" else 1, b, s)) / 2)


def own_step(cell, x_bm, states, matrices):
    """One step by our formula: the list of new states."""
    if cell == "lstm":
        return list(reference.lstm_step(x_bm, *states, *matrices))
    step = {"rnn": reference.rnn_step, "gru": reference.gru_step}[cell]
    return [step(x_bm, *states, *matrices)]


# ---------------------------------------------------------------------------- steps


def test_a_step_by_hand():
    state = reference.rnn_step(
        np.array([[1.0, 0.0]]),
        np.array([[1.0, 0.0]]),
        np.diag(np.log([2.0, 3.0])),
        np.array([[0.0, np.log(3.0)], [0.0, 0.0]]),
        np.zeros(2),
    )
    assert np.allclose(state, [[0.6, 0.8]])


@pytest.mark.parametrize("cell", CELLS)
def test_a_step_is_that_of_keras(cell):
    matrices, x_bm = weights(cell), np.random.default_rng(9).normal(size=(5, 3))
    theirs = keras_cell(cell)
    theirs.build((5, 3))
    theirs.set_weights(matrices)
    states = start(cell, 5)
    _, expected = theirs(x_bm, states)
    for ours, keras_state in zip(
        own_step(cell, x_bm, states, matrices), expected, strict=True
    ):
        assert np.allclose(ours, keras_state, atol=1e-10)


def test_a_run_is_that_of_keras():
    import keras

    matrices, x_btm = weights("rnn"), np.random.default_rng(9).normal(size=(2, 5, 3))
    layer = keras.layers.SimpleRNN(4, return_sequences=True, dtype="float64")
    layer.build(x_btm.shape)
    layer.set_weights(matrices)
    (state_bs,) = start("rnn", 2)
    expected = layer(x_btm, initial_state=state_bs)
    ours = reference.run_rnn(x_btm, state_bs, *matrices)
    assert np.allclose(ours, expected, atol=1e-10)


def test_an_open_update_gate_keeps_the_state():
    w_mg, w_sg, bias_g = weights("gru")
    bias_g[:4] = 100
    (state_bs,) = start("gru", 2)
    new_bs = reference.gru_step(np.ones((2, 3)), state_bs, w_mg, w_sg, bias_g)
    assert np.allclose(new_bs, state_bs, atol=1e-10)


def test_an_open_forget_gate_and_a_closed_input_gate_keep_the_cell():
    w_mg, w_sg, bias_g = weights("lstm")
    bias_g[:8] = [-100.0] * 4 + [100.0] * 4
    state_bs, cell_bs = start("lstm", 2)
    step = reference.lstm_step(np.ones((2, 3)), state_bs, cell_bs, w_mg, w_sg, bias_g)
    assert np.allclose(step[1], cell_bs, atol=1e-10)


# ------------------------------------------------------------------------ gradients


def test_norms_of_a_product_by_hand():
    w_ss = np.array([[0.0, 1.0], [2.0, 0.0]])
    norms = reference.gradient_norms(np.zeros((3, 2)), w_ss)
    assert np.allclose(norms, np.sqrt([8.0, 5.0, 2.0]))


def test_a_chain_of_numbers_by_hand():
    states_ts = np.array([[0.9], [0.6], [0.8]])
    norms = reference.gradient_norms(states_ts, np.array([[-1.0]]))
    assert np.allclose(norms, [0.64 * 0.36, 0.36, 1.0])


def own_jacobians(cell, x_tm, states, matrices):
    """Our Jacobian of each step along a sentence."""
    jacobians = []
    for x_m in x_tm:
        new = own_step(cell, x_m[np.newaxis], states, matrices)
        rows = [state[0] for state in states]
        if cell == "rnn":
            (jacobian,) = reference.rnn_jacobians(new[0], matrices[1])
        elif cell == "gru":
            jacobian = reference.gru_jacobian(x_m, *rows, *matrices)
        else:
            jacobian = reference.lstm_jacobian(x_m, *rows, *matrices)
        jacobians.append(jacobian)
        states = new
    return np.array(jacobians)


def autodiff_norms(cell, x_tm, states, matrices):
    """Norms of d(last state) / d(state t) by tf.GradientTape through Keras's cell."""
    import tensorflow as tf

    layer = keras_cell(cell)
    layer.build((1, x_tm.shape[1]))
    layer.set_weights(matrices)
    joined = []
    with tf.GradientTape(persistent=True) as tape:
        states = [tf.constant(state) for state in states]
        for x_m in x_tm:
            _, states = layer(tf.constant(x_m[np.newaxis]), list(states))
            joined.append(tf.concat(list(states), axis=1))
            tape.watch(joined[-1])
            states = tf.split(joined[-1], len(list(states)), axis=1)
        last = tf.unstack(joined[-1][0])
    rows = [[g.numpy()[0] for g in tape.gradient(number, joined)] for number in last]
    return np.linalg.norm(np.swapaxes(np.array(rows), 0, 1), axis=(1, 2))


@pytest.mark.parametrize("cell", CELLS)
def test_the_norms_of_the_product_are_those_of_automatic_differentiation(cell):
    matrices, x_tm = weights(cell), np.random.default_rng(9).normal(size=(12, 3))
    states = start(cell, 1)
    ours = reference.product_norms(own_jacobians(cell, x_tm, states, matrices))
    theirs = autodiff_norms(cell, x_tm, states, matrices)
    assert np.allclose(ours, theirs, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_a_jacobian_is_that_of_finite_differences(cell):
    matrices, x_tm = weights(cell), np.random.default_rng(9).normal(size=(1, 3))
    states = start(cell, 1)
    (ours,) = own_jacobians(cell, x_tm, states, matrices)
    joined = np.concatenate([state[0] for state in states])
    size, parts = len(joined), len(states)

    def step(rows):
        split = np.split(rows, parts, axis=1)
        words = np.repeat(x_tm, len(rows), axis=0)
        return np.concatenate(own_step(cell, words, split, matrices), axis=1)

    nudge = 1e-6 * np.eye(size)
    slopes = (step(joined + nudge) - step(joined - nudge)).T / 2e-6
    assert np.allclose(ours, slopes, atol=1e-8)


def test_gradient_norms_are_those_of_its_own_jacobians():
    matrices, x_tm = weights("rnn"), np.random.default_rng(9).normal(size=(6, 3))
    states = start("rnn", 1)
    states_ts = reference.run_rnn(x_tm[np.newaxis], states[0], *matrices)[0]
    expected = autodiff_norms("rnn", x_tm, states, matrices)
    ours = reference.gradient_norms(states_ts, matrices[1])
    assert np.allclose(ours, expected, atol=1e-10)


def test_a_product_is_no_larger_than_the_power_of_the_largest_singular_value():
    rng = np.random.default_rng(3)
    w_ss, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    states_ts = np.tanh(rng.normal(size=(20, 5)))
    norms = reference.gradient_norms(states_ts, 0.9 * w_ss)
    bound = np.sqrt(5) * 0.9 ** np.arange(20)[::-1]
    assert (norms <= bound + 1e-12).all()


# --------------------------------------------------------------------------- counts


@pytest.mark.parametrize("cell", CELLS)
def test_parameters_are_counted_as_keras_counts_them(cell):
    theirs = keras_cell(cell, s=5)
    theirs.build((1, 3))
    assert reference.count_parameters(cell, 3, 5) == theirs.count_params()


def test_keras_default_gru_has_one_more_bias():
    import keras

    theirs = keras.layers.GRUCell(5)
    theirs.build((1, 3))
    more = theirs.count_params() - reference.count_parameters("gru", 3, 5)
    assert more == 3 * 5


def test_only_the_recurrent_chain_grows():
    assert [reference.sequential_steps("recurrent", t) for t in (5, 60)] == [5, 60]
    assert [reference.sequential_steps("attention", t) for t in (5, 60)] == [1, 1]


def test_the_work_is_equal_where_the_length_is_the_width():
    shape = {"length": 64, "model_dim": 64}
    work = [reference.multiplications(x, **shape) for x in ("recurrent", "attention")]
    assert work == [64**3, 64**3]
    assert reference.multiplications("recurrent", 3, 5) == 75
    assert reference.multiplications("attention", 3, 5) == 45
