"""Lesson 01: recurrent cells, and how far back their gradients reach."""

from __future__ import annotations

import numpy as np


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
