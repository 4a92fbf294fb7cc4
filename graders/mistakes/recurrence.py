"""Lesson 01: named wrong answers, and the sentence that helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graders.exercise import Mistake

Wrong = dict[str, tuple[Callable[..., Any], str]]


def _from(exercise: str, wrong: Wrong) -> list[Mistake]:
    return [
        Mistake(exercise, ident, call, says) for ident, (call, says) in wrong.items()
    ]


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


# ------------------------------------------------------------------------- one step

STEP: Wrong = {
    "no-tanh": (
        lambda x, h, w, u, b: x @ w + h @ u + b,
        "Your numbers equal the sum without tanh. What keeps a state between -1 and 1?",
    ),
    "recurrent-transposed": (
        lambda x, h, w, u, b: np.tanh(x @ w + h @ u.T + b),
        "Your recurrent matrix is transposed: that is W·h, for states as columns. Here "
        "states are rows: which side does the matrix stand on?",
    ),
    "both-transposed": (
        lambda x, h, w, u, b: np.tanh(x @ w.T + h @ u.T + b),
        "Both matrices are transposed: that is W·x, for words as columns. Here words are "
        "rows: which side does the matrix stand on?",
    ),
    "state-ignored": (
        lambda x, h, w, u, b: np.tanh(x @ w + b),
        "Your new state does not depend on the old one. Where does `state_bs` come in?",
    ),
    "word-ignored": (
        lambda x, h, w, u, b: np.tanh(h @ u + b),
        "Your new state does not depend on the word. Where does `x_bm` come in?",
    ),
    "no-bias": (
        lambda x, h, w, u, b: np.tanh(x @ w + h @ u),
        "Your numbers equal the step without its bias. Which argument is not used?",
    ),
    "bias-twice": (
        lambda x, h, w, u, b: np.tanh(x @ w + h @ u + 2 * b),
        "The bias is added twice. Does `seen_bs` hold it already?",
    ),
    "word-squeezed-first": (
        lambda x, h, w, u, b: np.tanh(np.tanh(x @ w + b) + h @ u),
        "What the word brings passes through tanh twice. How many tanhs stand in the "
        "formula, and around what?",
    ),
    "word-matrix-twice": (
        lambda x, h, w, u, b: np.tanh(x @ w + h @ w + b),
        "The old state passes through the word's matrix. Which matrix leads from `s` "
        "numbers to `s` numbers?",
    ),
    "two-tanhs": (
        lambda x, h, w, u, b: np.tanh(x @ w + b) + np.tanh(h @ u),
        "You apply tanh to each part and then add. How many tanhs stand in the formula, "
        "and around what?",
    ),
    "sigmoid": (
        lambda x, h, w, u, b: _sigmoid(x @ w + h @ u + b),
        "Your numbers equal the logistic sigmoid of the sum, between 0 and 1. Which "
        "function reaches from -1 to 1?",
    ),
    "state-not-multiplied": (
        lambda x, h, w, u, b: np.tanh(x @ w + h + b),
        "The old state is added as it is. Which matrix does it pass through?",
    ),
    "state-added-outside": (
        lambda x, h, w, u, b: h + np.tanh(x @ w + h @ u + b),
        "You add the old state once more, outside of tanh. Where alone does it stand in "
        "the formula?",
    ),
    "matrices-swapped": (
        lambda x, h, w, u, b: np.tanh(x @ u + h @ w + b),
        "The word passes through the state's matrix and the state through the word's. "
        "Which matrix begins with the axis m?",
    ),
}

# -------------------------------------------------------------------- a whole sentence


def _step(x: np.ndarray, h: np.ndarray, w: Any, u: Any, b: Any) -> np.ndarray:
    return np.tanh(x @ w + h @ u + b)


def _run(
    x: np.ndarray,
    h: np.ndarray,
    w: np.ndarray,
    u: np.ndarray,
    b: np.ndarray,
    step: Callable[..., np.ndarray] = _step,
) -> np.ndarray:
    states = []
    for t in range(x.shape[1]):
        h = step(x[:, t], h, w, u, b)
        states.append(h)
    return np.stack(states, axis=1)


def _reset(x: np.ndarray, h: np.ndarray, w: Any, u: Any, b: Any) -> np.ndarray:
    return np.stack([_step(x[:, t], h, w, u, b) for t in range(x.shape[1])], axis=1)


def _with_step(ident: str) -> Callable[..., np.ndarray]:
    return lambda x, h, w, u, b: _run(x, h, w, u, b, step=STEP[ident][0])


def _shifted(x: np.ndarray, h: np.ndarray, w: Any, u: Any, b: Any) -> np.ndarray:
    later = _run(x, h, w, u, b)[:, :-1]
    return np.concatenate([h[:, np.newaxis], later], axis=1)


def _with_the_first(x: np.ndarray, h: np.ndarray, w: Any, u: Any, b: Any) -> np.ndarray:
    return np.concatenate([h[:, np.newaxis], _run(x, h, w, u, b)], axis=1)


def _sentence_for_position(
    x: np.ndarray, h: np.ndarray, w: Any, u: Any, b: Any
) -> np.ndarray:
    return _run(np.stack([x[t] for t in range(x.shape[1])], axis=1), h, w, u, b)


def _last_everywhere(
    x: np.ndarray, h: np.ndarray, w: Any, u: Any, b: Any
) -> np.ndarray:
    states = _run(x, h, w, u, b)
    return np.repeat(states[:, -1:], states.shape[1], axis=1)


RUN: Wrong = {
    "state-reset": (
        _reset,
        "Every step starts from the initial state. Which state should step t start from?",
    ),
    "sequence-reversed": (
        lambda x, h, w, u, b: _run(x[:, ::-1], h, w, u, b),
        "You read the sentence from its end. Which word is read first?",
    ),
    "read-and-listed-backwards": (
        lambda x, h, w, u, b: _run(x[:, ::-1], h, w, u, b)[:, ::-1],
        "You read the sentence from its end, as the backward half of a bidirectional "
        "network does. Which word is read first?",
    ),
    "listed-backwards": (
        lambda x, h, w, u, b: _run(x, h, w, u, b)[:, ::-1],
        "The states are right and listed from the last to the first. Where does the "
        "first word's state belong?",
    ),
    "one-step-late": (
        _shifted,
        "Your states are one step late: the first is the initial one, the last is "
        "missing. At which moment of a step is its state noted?",
    ),
    "initial-state-listed": (
        _with_the_first,
        "You return one state too many. Is the state before the first word the state "
        "after a word?",
    ),
    "only-the-last": (
        lambda x, h, w, u, b: _run(x, h, w, u, b)[:, -1],
        "You return the last state only. How many states does a sentence of t words "
        "have?",
    ),
    "last-everywhere": (
        _last_everywhere,
        "All your states are the last one. Does the list hold t arrays, or t times the "
        "same array?",
    ),
    "position-first": (
        lambda x, h, w, u, b: np.swapaxes(_run(x, h, w, u, b), 0, 1),
        "Your states are `(t, b, s)`. At which axis are they stacked?",
    ),
    "sentence-for-position": (
        _sentence_for_position,
        "`x_btm[t]` is sentence t, with all of its words. Which axis are the positions?",
    ),
    "no-tanh": (_with_step("no-tanh"), STEP["no-tanh"][1]),
    "recurrent-transposed": (
        _with_step("recurrent-transposed"),
        STEP["recurrent-transposed"][1],
    ),
    "no-bias": (_with_step("no-bias"), STEP["no-bias"][1]),
}
START: Wrong = {
    "initial-state-ignored": (
        lambda x, h, w, u, b: _run(x, np.zeros_like(h), w, u, b),
        "You start from zeros, whatever `state_bs` says. Which state does the first step "
        "start from?",
    ),
}
# In one dimension a transposed matrix is itself, and one word has no order: the larger
# cases tell these apart.
RUN_START = {ident: RUN[ident] for ident in RUN}

# ------------------------------------------------------------------------- gradients


def _norms(
    states: np.ndarray,
    u: np.ndarray,
    jacobian: Callable[..., np.ndarray] = lambda h, u: np.diag(1 - h**2) @ u.T,
    size: Callable[..., Any] = np.linalg.norm,
    grow: Callable[..., np.ndarray] = lambda product, new: product @ new,
) -> np.ndarray:
    """Norms of the product of Jacobians, with one of its parts replaced."""
    product = np.eye(u.shape[0])
    norms = [np.linalg.norm(product)]  # given
    for h in states[:0:-1]:
        product = grow(product, jacobian(h, u))
        norms.append(size(product))
    return np.array(norms[::-1])


def _with(**part: Any) -> Callable[..., np.ndarray]:
    return lambda states, u: _norms(states, u, **part)


def _of_the_earlier_state(states: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Slopes at state_t where those at state_{t+1} are asked for."""
    return _norms(np.roll(states, 1, axis=0), u)


def _one_too_many(states: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Each product also holds the Jacobian of the step into state_t."""
    first = np.concatenate([states[:1], states])
    return _norms(first, u)[:-1]


def _from_the_first(states: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Norms of ∂state_t / ∂state_1."""
    product = np.eye(u.shape[0])
    norms = [np.linalg.norm(product)]
    for h in states[1:]:
        product = np.diag(1 - h**2) @ u.T @ product
        norms.append(np.linalg.norm(product))
    return np.array(norms)


def _every_state(states: np.ndarray, u: np.ndarray) -> np.ndarray:
    """A walk that takes the first state in, so that there is one norm too many."""
    return _norms(np.concatenate([states[:1], states]), u)


def _walked_forwards(states: np.ndarray, u: np.ndarray) -> np.ndarray:
    """A product that begins with the first step, listed as the right one is."""
    return _norms(np.concatenate([states[:1], states[:0:-1]]), u)


def _product_of_norms(first: float) -> Callable[..., np.ndarray]:
    def norms(states: np.ndarray, u: np.ndarray) -> np.ndarray:
        sizes = [np.linalg.norm(np.diag(1 - h**2) @ u.T) for h in states[:0:-1]]
        running = first * np.cumprod([1.0, *sizes])
        return np.array([np.sqrt(u.shape[0]), *running[1:]][::-1])

    return norms


def _single_steps(states: np.ndarray, u: np.ndarray) -> np.ndarray:
    norms = [np.linalg.norm(np.diag(1 - h**2) @ u.T) for h in states[1:]]
    return np.array([*norms, np.sqrt(u.shape[0])])


def _without_the_last(states: np.ndarray, u: np.ndarray) -> np.ndarray:
    return _norms(states, u)[:-1]


GRADIENT: Wrong = {
    "derivative-forgotten": (
        _with(jacobian=lambda h, u: u.T),
        "Your numbers equal the product of the matrices alone. By what does each tanh "
        "multiply a small change?",
    ),
    "one-minus-h": (
        _with(jacobian=lambda h, u: np.diag(1 - h) @ u.T),
        "Your slopes equal 1 − h. The slope of tanh is the same for h and −h: what is "
        "missing?",
    ),
    "squared-too-late": (
        _with(jacobian=lambda h, u: np.diag((1 - h) ** 2) @ u.T),
        "Your slopes equal (1 − h)². The slope is 1 − h²: what is squared?",
    ),
    "h-squared": (
        _with(jacobian=lambda h, u: np.diag(h**2) @ u.T),
        "Your slopes equal h². Where tanh is steepest, h is 0: what is the slope there?",
    ),
    "sigmoid-slope": (
        _with(jacobian=lambda h, u: np.diag(h * (1 - h)) @ u.T),
        "Your slopes equal h · (1 − h), which is the slope of the logistic sigmoid. What "
        "is that of tanh?",
    ),
    "tanh-twice": (
        _with(jacobian=lambda h, u: np.diag(1 - np.tanh(h) ** 2) @ u.T),
        "You apply tanh to the states once more. They are its outputs already: what is "
        "the slope, written with h?",
    ),
    "slope-of-the-earlier-state": (
        _of_the_earlier_state,
        "The slopes belong to the state that a step starts from. Which of a step's two "
        "states comes out of tanh?",
    ),
    "one-step-too-many": (
        _one_too_many,
        "Each of your products holds one Jacobian too many. Which steps lie between "
        "state t and the last one?",
    ),
    "every-state-walked": (
        _every_state,
        "Your walk takes in the first state, so there is one norm too many. Whose slope "
        "belongs to no step between two of the states?",
    ),
    "walked-forwards": (
        _walked_forwards,
        "Your product begins with the first step and grows towards the last. From which "
        "state does the walk start?",
    ),
    "from-the-first-state": (
        _from_the_first,
        "Your numbers equal the norms of ∂state_t/∂state_1. Which state is it whose "
        "change we ask about?",
    ),
    "listed-by-distance": (
        lambda states, u: _norms(states, u)[::-1],
        "Your norms are right and listed by distance from the end. Which of them belongs "
        "to the first word?",
    ),
    "single-steps": (
        _single_steps,
        "Each of your norms is that of a single step. Through how many steps does the "
        "gradient of the first word pass?",
    ),
    "last-left-out": (
        _without_the_last,
        "Your last state has no norm. What is the derivative of a thing with respect to "
        "itself?",
    ),
    "norm-squared": (
        _with(size=lambda product: np.sum(product**2)),
        "Your numbers are the squares of the norms. What stands around the sum of "
        "squares?",
    ),
}
# A number has no transpose, no order of factors and one kind of norm.
MATRIX: Wrong = {
    "recurrent-transposed": (
        _with(jacobian=lambda h, u: np.diag(1 - h**2) @ u),
        "Your Jacobian has w where its transpose belongs. Row i of J asks how number i "
        "of the new state moves: which column of w feeds it?",
    ),
    "slope-on-the-other-side": (
        _with(jacobian=lambda h, u: u.T @ np.diag(1 - h**2)),
        "The slopes stand on the other side of the matrix, as if tanh came before it. "
        "What happens last in a step?",
    ),
    "reversed-order": (
        _with(grow=lambda product, new: new @ product),
        "Your product has its factors in reversed order, J_{t+1} first. Which step is "
        "the last one, and on which side does it stand?",
    ),
    "product-of-norms": (
        _product_of_norms(1.0),
        "Your numbers equal products of norms. That is an upper bound: is the norm of a "
        "product the product of the norms?",
    ),
    "product-of-norms-from-the-identity": (
        lambda states, u: _product_of_norms(np.sqrt(u.shape[0]))(states, u),
        "Your numbers equal products of norms. That is an upper bound: is the norm of a "
        "product the product of the norms?",
    ),
    "largest-singular-value": (
        _with(size=lambda product: np.linalg.norm(product, 2)),
        "Your norm is the largest singular value. Frobenius's is the root of the sum of "
        "all squares: what does `np.linalg.norm` of a matrix give without more "
        "arguments?",
    ),
    "trace": (
        _with(size=lambda product: np.sqrt(np.sum(np.diag(product) ** 2))),
        "Your norm looks at the diagonal alone. Which entries does Frobenius's sum over?",
    ),
    "elementwise": (
        _with(grow=lambda product, new: product * new),
        "You multiply entry by entry. Which product does the chain rule ask for?",
    ),
}

# ------------------------------------------------------------------------ gated cells

Gates = tuple[np.ndarray, np.ndarray, np.ndarray]


def _gru(
    x: np.ndarray,
    h: np.ndarray,
    w: np.ndarray,
    u: np.ndarray,
    b: np.ndarray,
    order: str = "zrc",
    gate: Callable[..., np.ndarray] = _sigmoid,
    squash: Callable[..., np.ndarray] = np.tanh,
    recall: Callable[..., np.ndarray] = lambda r, h, u: (r * h) @ u,
    mix: Callable[..., np.ndarray] = lambda z, h, c: z * h + (1 - z) * c,
) -> np.ndarray:
    """A GRU's step with one of its parts replaced."""
    blocks = [np.split(a, 3, axis=-1) for a in (w, u, b)]
    named = dict(zip(order, zip(*blocks, strict=True), strict=True))

    def sums(name: str) -> np.ndarray:
        w_one, u_one, b_one = named[name]
        return x @ w_one + h @ u_one + b_one

    z, r = gate(sums("z")), gate(sums("r"))
    w_c, u_c, b_c = named["c"]
    return mix(z, h, squash(x @ w_c + recall(r, h, u_c) + b_c))


def _gru_with(**part: Any) -> Callable[..., np.ndarray]:
    return lambda x, h, w, u, b: _gru(x, h, w, u, b, **part)


def _reshaped(weights: np.ndarray) -> np.ndarray:
    """The blocks that `reshape` would cut, side by side."""
    return np.hstack(list(weights.reshape(3, len(weights), -1)))


GRU: Wrong = {
    "update-gate-mirrored": (
        _gru_with(mix=lambda z, h, c: (1 - z) * h + z * c),
        "Your numbers equal (1 − z)·state + z·candidate. That is sound, and printed so in "
        "some papers and books; this course follows Keras, where z is the share of the "
        "old state.",
    ),
    "reset-gate-first": (
        _gru_with(order="rzc"),
        "Your gates stand in the order reset, update, candidate, as in PyTorch. This "
        "course follows Keras: which block comes first?",
    ),
    "candidate-first": (
        _gru_with(order="czr"),
        "You take the candidate from the first block. In which order do update, reset "
        "and candidate stand?",
    ),
    "candidate-in-the-middle": (
        _gru_with(order="zcr"),
        "You take the candidate from the middle block. In which order do update, reset "
        "and candidate stand?",
    ),
    "reset-after": (
        _gru_with(recall=lambda r, h, u: r * (h @ u)),
        "Your reset gate acts after the product with the matrix, as in Keras's default, "
        "`reset_after=True`. Here it acts on the state before it.",
    ),
    "blocks-by-reshape": (
        lambda x, h, w, u, b: _gru(x, h, _reshaped(w), _reshaped(u), b),
        "Your blocks are cut by rows of memory: `reshape` does not know that they stand "
        "side by side. Which function splits an axis into three?",
    ),
    "share-not-in-parentheses": (
        _gru_with(mix=lambda z, h, c: z * h + 1 - z * c),
        "You add z·h + 1 − z·c. What stands in parentheses in the formula?",
    ),
    "reset-ignored": (
        _gru_with(recall=lambda r, h, u: h @ u),
        "Your candidate sees the whole old state. Where does the reset gate come in?",
    ),
    "candidate-without-state": (
        _gru_with(recall=lambda r, h, u: 0.0),
        "Your candidate does not see the old state at all. What does it get beside the "
        "word?",
    ),
    "candidate-without-tanh": (
        _gru_with(squash=lambda a: a),
        "Your candidate is not passed through tanh. What keeps a state between -1 and 1?",
    ),
    "candidate-through-sigmoid": (
        _gru_with(squash=_sigmoid),
        "Your candidate is passed through the sigmoid like a gate. Can it then be "
        "negative?",
    ),
    "gates-through-tanh": (
        _gru_with(gate=np.tanh),
        "Your gates are passed through tanh. A gate is a share between 0 and 1: which "
        "function gives one?",
    ),
    "gates-not-squashed": (
        _gru_with(gate=lambda a: a),
        "Your gates are plain sums. A gate is a share between 0 and 1: which function "
        "gives one?",
    ),
    "only-the-candidate": (
        _gru_with(mix=lambda z, h, c: c),
        "You return the candidate. What does the update gate mix it with?",
    ),
    "state-not-shared-out": (
        _gru_with(mix=lambda z, h, c: z * h + c),
        "You add the whole candidate to the kept part of the state. How large is the "
        "candidate's share, if the state's is z?",
    ),
    "recurrent-blocks-transposed": (
        lambda x, h, w, u, b: _gru(
            x, h, w, np.hstack([block.T for block in np.split(u, 3, axis=1)]), b
        ),
        "Each recurrent block is transposed: that is W·h, for states as columns. Here "
        "states are rows: which side does the matrix stand on?",
    ),
    "no-bias": (
        lambda x, h, w, u, b: _gru(x, h, w, u, np.zeros_like(b)),
        "Your numbers equal the step without its biases. Which argument is not used?",
    ),
}


def _lstm(
    x: np.ndarray,
    h: np.ndarray,
    cell: np.ndarray,
    w: np.ndarray,
    u: np.ndarray,
    b: np.ndarray,
    order: str = "ifco",
    gate: Callable[..., np.ndarray] = _sigmoid,
    squash: Callable[..., np.ndarray] = np.tanh,
    keep: Callable[..., np.ndarray] = lambda i, f, cell, c: f * cell + i * c,
    tell: Callable[..., np.ndarray] = lambda o, cell: o * np.tanh(cell),
) -> tuple[np.ndarray, np.ndarray]:
    """An LSTM's step with one of its parts replaced."""
    sums = dict(zip(order, np.split(x @ w + h @ u + b, 4, axis=-1), strict=True))
    i, f, o = (gate(sums[name]) for name in "ifo")
    cell = keep(i, f, cell, squash(sums["c"]))
    return tell(o, cell), cell


def _lstm_with(**part: Any) -> Callable[..., Any]:
    return lambda x, h, cell, w, u, b: _lstm(x, h, cell, w, u, b, **part)


LSTM: Wrong = {
    "forget-gate-first": (
        _lstm_with(order="fico"),
        "Your gates stand in the order forget, input, candidate, output. That order is "
        "in use elsewhere; this course follows Keras: which block comes first?",
    ),
    "candidate-last": (
        _lstm_with(order="ifoc"),
        "You take the candidate from the last block. In which order do input, forget, "
        "candidate and output stand?",
    ),
    "candidate-second": (
        _lstm_with(order="icfo"),
        "You take the candidate from the second block. In which order do input, forget, "
        "candidate and output stand?",
    ),
    "forget-gate-mirrored": (
        _lstm_with(keep=lambda i, f, cell, c: (1 - f) * cell + i * c),
        "You keep 1 − f of the cell. Despite its name, the forget gate says what is "
        "kept.",
    ),
    "gates-coupled": (
        _lstm_with(keep=lambda i, f, cell, c: f * cell + (1 - f) * c),
        "You let in 1 − f of the candidate, as a GRU would. Which gate of an LSTM says "
        "how much comes in?",
    ),
    "forget-gate-ignored": (
        _lstm_with(keep=lambda i, f, cell, c: cell + i * c),
        "You keep the whole cell. Which gate says how much is kept?",
    ),
    "cell-ignored": (
        _lstm_with(keep=lambda i, f, cell, c: i * c),
        "Your new cell does not depend on the old one. What does the forget gate "
        "multiply?",
    ),
    "cell-told-without-tanh": (
        _lstm_with(tell=lambda o, cell: o * cell),
        "Your cell is right, and the state is told without tanh. A cell may grow: what "
        "keeps the state between -1 and 1?",
    ),
    "output-gate-ignored": (
        _lstm_with(tell=lambda o, cell: np.tanh(cell)),
        "Your cell is right, and the state is all of tanh(cell). Which gate says how "
        "much is told?",
    ),
    "candidate-through-sigmoid": (
        _lstm_with(squash=_sigmoid),
        "Your candidate is passed through the sigmoid like a gate. Can it then be "
        "negative?",
    ),
    "candidate-without-tanh": (
        _lstm_with(squash=lambda a: a),
        "Your candidate is not passed through tanh. What squeezes it from -1 to 1?",
    ),
    "gates-not-squashed": (
        _lstm_with(gate=lambda a: a),
        "Your gates are plain sums. A gate is a share between 0 and 1: which function "
        "gives one?",
    ),
    "state-for-cell": (
        lambda x, h, cell, w, u, b: _lstm(
            x, h, cell, w, u, b, keep=lambda i, f, old, c: f * h + i * c
        ),
        "You keep f of the old state. Which of the two rows does the forget gate keep?",
    ),
    "state-ignored": (
        lambda x, h, cell, w, u, b: _lstm(x, 0 * h, cell, w, u, b),
        "Your four sums do not depend on the old state. Where does `state_bs` come in?",
    ),
    "state-and-cell-swapped": (
        lambda *given: _lstm(*given)[::-1],
        "You return the cell first. The contract asks for the state, then the cell.",
    ),
    "old-cell-told": (
        lambda x, h, cell, w, u, b: _lstm(
            x, h, cell, w, u, b, tell=lambda o, new: o * np.tanh(cell)
        ),
        "Your state tells of the old cell. Which cell does the output gate look at?",
    ),
}

# ----------------------------------------------------------------------------- counts


def _count(
    blocks: dict[str, int] | None = None,
    each: Callable[[int, int], int] = lambda m, s: m * s + s * s + s,
) -> Callable[[str, int, int], int]:
    used = blocks or {"rnn": 1, "gru": 3, "lstm": 4}
    return lambda cell, m, s: used[cell] * each(m, s)


def _keras_gru(cell: str, m: int, s: int) -> int:
    return _count()(cell, m, s) + (3 * s if cell == "gru" else 0)


PARAMETERS: Wrong = {
    "no-bias": (
        _count(each=lambda m, s: m * s + s * s),
        "Your numbers equal the matrices alone. Which array of a cell is missing?",
    ),
    "one-bias-a-block": (
        _count(each=lambda m, s: m * s + s * s + 1),
        "You count one bias for each block. How many numbers does a bias hold?",
    ),
    "two-biases": (
        _count(each=lambda m, s: m * s + s * s + 2 * s),
        "You count a bias for the word and one for the state, as PyTorch has them. How "
        "many does the formula add?",
    ),
    "first-matrix-alone-times-blocks": (
        lambda cell, m, s: _count(each=lambda m, s: m * s)(cell, m, s) + s * s + s,
        "You multiply the word's matrix alone by the number of blocks. Which terms does "
        "each block hold?",
    ),
    "bias-outside-the-blocks": (
        lambda cell, m, s: _count(each=lambda m, s: m * s + s * s)(cell, m, s) + s,
        "You count one bias for all blocks together. Which terms does each block hold?",
    ),
    "state-as-wide-as-a-word": (
        _count(each=lambda m, s: m * s + m * m + m),
        "Your recurrent matrix and bias are as wide as a word. How wide is the state?",
    ),
    "state-doubled": (
        _count(each=lambda m, s: m * s + 2 * s + s),
        "Your recurrent matrix holds 2 s numbers. How many does an `(s, s)` matrix hold?",
    ),
    "no-recurrent-matrix": (
        _count(each=lambda m, s: m * s + s),
        "Your numbers equal those of a layer without recurrence. Which matrix does the "
        "old state pass through?",
    ),
    "input-squared": (
        _count(each=lambda m, s: m * s + m * m + s),
        "Your recurrent matrix is as wide as a word. From which width to which does it "
        "lead?",
    ),
    "bias-of-the-input": (
        _count(each=lambda m, s: m * s + s * s + m),
        "Your bias is as wide as a word. To what is it added?",
    ),
    "keras-default-gru": (
        _keras_gru,
        "Your GRU has a second bias, as Keras's default with `reset_after=True` has. "
        "Here each block has one.",
    ),
    "gru-with-two-blocks": (
        _count({"rnn": 1, "gru": 2, "lstm": 4}),
        "Your GRU has two blocks. Update, reset, and what else has weights?",
    ),
    "gates-only": (
        _count({"rnn": 1, "gru": 2, "lstm": 3}),
        "You count the gates alone. What else of a GRU or an LSTM has weights?",
    ),
    "lstm-with-three-blocks": (
        _count({"rnn": 1, "gru": 3, "lstm": 3}),
        "Your LSTM has three blocks. Input, forget, output, and what else has weights?",
    ),
    "all-alike": (
        _count({"rnn": 1, "gru": 1, "lstm": 1}),
        "Your three cells have equally many weights. How many blocks stand side by side "
        "in each?",
    ),
}


def _by_layer(recurrent: Callable[..., int], attention: Callable[..., int]) -> Any:
    def count(layer: str, *sizes: int) -> int:
        return recurrent(*sizes) if layer == "recurrent" else attention(*sizes)

    return count


STEPS: Wrong = {
    "both-wait": (
        _by_layer(lambda t: t, lambda t: t),
        "Your attention takes a step for each word. Does one word's look need the result "
        "of another's?",
    ),
    "none-waits": (
        _by_layer(lambda t: 1, lambda t: 1),
        "Your recurrent layer does all in one step. What does step t need before it can "
        "begin?",
    ),
    "the-other-way-round": (
        _by_layer(lambda t: 1, lambda t: t),
        "Your two layers have changed places. Which of them hands a state from step to "
        "step?",
    ),
    "work-not-steps": (
        _by_layer(lambda t: t, lambda t: t * t),
        "For attention you count its t² pairs. That is work: how much of it must wait "
        "for other work?",
    ),
    "first-step-not-counted": (
        _by_layer(lambda t: t - 1, lambda t: 1),
        "You count the waits between the steps of the recurrent layer. How many steps "
        "are there, the first one too?",
    ),
    "attention-without-a-step": (
        _by_layer(lambda t: t, lambda t: 0),
        "Your attention takes no step. How long is a chain that holds one thing to do?",
    ),
}
WORK: Wrong = {
    "the-other-way-round": (
        _by_layer(lambda t, m: t * t * m, lambda t, m: t * m * m),
        "Your two layers have changed places. Which of them compares every pair of "
        "words?",
    ),
    "width-forgotten": (
        _by_layer(lambda t, m: t, lambda t, m: t * t),
        "You count steps and pairs. How many multiplications does one of them take?",
    ),
    "pairs-without-width": (
        _by_layer(lambda t, m: t * m * m, lambda t, m: t * t),
        "For attention you count the pairs. How many multiplications does one dot "
        "product take?",
    ),
    "one-step-alone": (
        _by_layer(lambda t, m: m * m, lambda t, m: t * t * m),
        "For the recurrent layer you count one step. How many are there?",
    ),
    "matrix-as-vector": (
        _by_layer(lambda t, m: t * m, lambda t, m: t * t * m),
        "For a recurrent step you count m multiplications. A row of m numbers meets an "
        "`(m, m)` matrix: how many are there?",
    ),
    "pairs-as-matrices": (
        _by_layer(lambda t, m: t * m * m, lambda t, m: t * t * m * m),
        "For each pair of words you count m² multiplications. How many does a dot "
        "product of two rows of m take?",
    ),
    "no-pairs": (
        _by_layer(lambda t, m: t * m * m, lambda t, m: t * m),
        "For attention you count one dot product a word. With how many words does each "
        "word compare itself?",
    ),
    "projections-counted": (
        _by_layer(lambda t, m: t * m * m, lambda t, m: t * t * m + 3 * t * m * m),
        "You count the three projections too, and they do cost that. The table of the "
        "paper names the leading term alone.",
    ),
    "sums-over-values-counted": (
        _by_layer(lambda t, m: t * m * m, lambda t, m: 2 * t * t * m),
        "You count scores and averages, and both do cost t²·m. A leading term leaves "
        "constant factors out.",
    ),
    "both-matrices-counted": (
        _by_layer(lambda t, m: 2 * t * m * m, lambda t, m: t * t * m),
        "You count the word's matrix and the state's, and both do cost m². A leading "
        "term leaves constant factors out.",
    ),
}

MISTAKES: list[Mistake] = [
    *_from("rnn-step", STEP),
    *_from("run-rnn", RUN),
    *_from("run-rnn-start", {**START, **RUN_START}),
    *_from("gradient-chain", GRADIENT),
    *_from("gradient-norms", {**MATRIX, **GRADIENT}),
    *_from("gru-step", GRU),
    *_from("count-parameters", PARAMETERS),
    *_from("sequential-steps", STEPS),
    *_from("lstm-step", LSTM),
    *_from("multiplications", WORK),
]
