"""Lesson 01: how each answer is called, on which cases, and which laws hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graders.exercise import Case, Choice, Exercise, Law

Generator = np.random.Generator
Values = Mapping[str, np.ndarray]

# ----------------------------------------------------------------------------- laws

SLACK = 1e-4  # a law speaks of what is plainly broken; the numbers are judged after it


def _within_one(case: Case, values: Values) -> str | None:
    (state,) = values.values()
    largest = np.abs(state).max()
    return f"one number has the size {largest:.3g}" if largest > 1 + SLACK else None


def _ends_at_identity(case: Case, values: Values) -> str | None:
    last, wanted = values["norms"][-1], np.sqrt(case.w.shape[0])
    if abs(last - wanted) <= SLACK:
        return None
    return f"it is {last:.4g}, and √{case.w.shape[0]} is {wanted:.4g}"


def _not_negative(case: Case, values: Values) -> str | None:
    lowest = values["norms"].min()
    return f"the smallest is {lowest:.3g}" if lowest < -SLACK else None


TANH = Law("tanh keeps every number of a state between -1 and 1", _within_one)
POSITIVE = Law("a norm is never negative", _not_negative)
IDENTITY = Law(
    "nothing lies between the last state and itself, so the last norm is that of the "
    "identity, √s",
    _ends_at_identity,
)

# ---------------------------------------------------------------------------- cases


def _cell(rng: Generator, m: int, s: int, blocks: int = 1) -> dict[str, np.ndarray]:
    """Weights and bias of a cell; sums of size 1, so that nothing saturates."""
    g = blocks * s
    return {
        "w_input": rng.normal(size=(m, g)) / np.sqrt(m),
        "w_state": rng.normal(size=(s, g)) / np.sqrt(s),
        "bias": rng.normal(size=g) / 2,
    }


def _step(
    rng: Generator, name: str, b: int, m: int, s: int, blocks: int = 1, **more: Any
) -> Case:
    return Case(
        name,
        x=rng.normal(size=(b, m)),
        state=rng.normal(size=(b, s)) / 2,
        **more,
        **_cell(rng, m, s, blocks),
    )


def _step_cases(rng: Generator) -> list[Case]:
    by_hand = Case(
        "one word, two numbers wide",
        x=np.array([[1.0, 0.0]]),
        state=np.array([[1.0, 0.0]]),
        w_input=np.diag(np.log([2.0, 3.0])),
        w_state=np.array([[0.0, np.log(3.0)], [0.0, 0.0]]),
        bias=np.zeros(2),
    )
    return [
        by_hand,
        _step(rng, "five sentences", 5, 3, 4),
        _step(rng, "a square", 3, 3, 3),
    ]


def _run(
    rng: Generator, name: str, shape: tuple[int, int, int, int], start: float
) -> Case:
    b, t, m, s = shape
    return Case(
        name,
        x=rng.normal(size=(b, t, m)),
        state=start * rng.normal(size=(b, s)),
        **_cell(rng, m, s),
    )


def _run_cases(rng: Generator) -> list[Case]:
    two_words = Case(
        "two words, one number wide",
        x=np.array([[[1.0], [0.0]]]),
        state=np.zeros((1, 1)),
        w_input=np.array([[np.log(2.0)]]),
        w_state=np.array([[np.log(3.0) / 0.6]]),
        bias=np.zeros(1),
    )
    return [
        two_words,
        _run(rng, "two sentences of five words", (2, 5, 3, 4), 0.0),
        _run(rng, "a square", (3, 3, 3, 3), 0.0),
    ]


def _start_cases(rng: Generator) -> list[Case]:
    one_word = Case(
        "one word after a state that is not zero",
        x=np.zeros((1, 1, 1)),
        state=np.array([[0.5]]),
        w_input=np.ones((1, 1)),
        w_state=np.array([[2 * np.log(3.0)]]),
        bias=np.zeros(1),
    )
    return [
        one_word,
        _run(rng, "a start for each of three sentences", (3, 4, 2, 5), 0.5),
        _run(rng, "a square", (4, 4, 4, 4), 0.5),
    ]


def _chain_cases(rng: Generator) -> list[Case]:
    by_hand = Case(
        "three states, one number wide",
        states=np.array([[0.9], [0.6], [0.8]]),
        w=np.array([[1.0]]),
    )
    return [
        by_hand,
        Case(
            "six states, one number wide",
            states=np.tanh(rng.normal(size=(6, 1))),
            w=-1 - rng.random(size=(1, 1)) / 2,
        ),
        Case("one state", states=np.array([[0.3]]), w=np.array([[2.0]])),
        Case(
            "twenty states, one number wide",
            states=np.tanh(rng.normal(size=(20, 1)) / 2),
            w=np.array([[1.25]]),
        ),
    ]


def _norm_cases(rng: Generator) -> list[Case]:
    by_hand = Case(
        "three states at zero, two numbers wide",
        states=np.zeros((3, 2)),
        w=np.array([[0.0, 1.0], [2.0, 0.0]]),
    )

    def case(name: str, t: int, s: int) -> Case:
        states = np.tanh(rng.normal(size=(t, s)))
        return Case(name, states=states, w=1.5 * rng.normal(size=(s, s)) / np.sqrt(s))

    return [by_hand, case("six states, three wide", 6, 3), case("a square", 4, 4)]


def _gru_cases(rng: Generator) -> list[Case]:
    half_open = Case(
        "one number wide, both gates at one half",
        x=np.array([[1.0]]),
        state=np.array([[0.5]]),
        w_input=np.array([[0.0, 0.0, np.log(2.0)]]),
        w_state=np.array([[0.0, 0.0, 4 * np.log(1.5)]]),
        bias=np.zeros(3),
    )
    return [
        half_open,
        _step(rng, "five sentences", 5, 3, 4, 3),
        _step(rng, "a square", 3, 3, 3, 3),
    ]


def _lstm_cases(rng: Generator) -> list[Case]:
    half_open = Case(
        "one number wide, all gates at one half",
        x=np.array([[1.0]]),
        state=np.array([[0.0]]),
        cell=np.array([[1.0]]),
        w_input=np.array([[0.0, 0.0, np.log(2.0), 0.0]]),
        w_state=np.zeros((1, 4)),
        bias=np.zeros(4),
    )
    return [
        half_open,
        _step(rng, "five sentences", 5, 3, 4, 4, cell=rng.normal(size=(5, 4))),
        _step(rng, "a square", 3, 3, 3, 4, cell=rng.normal(size=(3, 3))),
    ]


def _sizes(rng: Generator) -> tuple[int, int]:
    """Two different sizes, neither a power of the other."""
    small = int(rng.integers(20, 40))
    return small, small + int(rng.integers(5, 40))


def _parameter_cases(rng: Generator) -> list[Case]:
    narrow, wide = _sizes(rng)
    sizes = [(2, 3), (wide, narrow), (narrow, narrow)]
    return [
        Case(
            f"{cell}, {m} numbers in, {s} in the state",
            cell=cell,
            input_dim=m,
            state_dim=s,
        )
        for m, s in sizes
        for cell in ("rnn", "gru", "lstm")
    ]


def _length_cases(rng: Generator) -> list[Case]:
    lengths = [5, *(int(n) for n in rng.integers(20, 2_000, size=3))]
    return [
        Case(f"{layer}, {length} words", layer=layer, length=length)
        for length in lengths
        for layer in ("recurrent", "attention")
    ]


def _work_cases(rng: Generator) -> list[Case]:
    t, m = _sizes(rng)
    return [
        Case(
            f"{layer}, {length} words of width {width}",
            layer=layer,
            length=length,
            model_dim=width,
        )
        for length, width in [(3, 5), (t, m), (m, t)]
        for layer in ("recurrent", "attention")
    ]


# ------------------------------------------------------------------------ exercises


def _call_step(step: Any, c: Case) -> Any:
    return step(c.x, c.state, c.w_input, c.w_state, c.bias)


def _call_lstm(step: Any, c: Case) -> Any:
    return step(c.x, c.state, c.cell, c.w_input, c.w_state, c.bias)


def _run_rnn(name: str, cases: Any) -> Exercise:
    return Exercise(
        name=name,
        signature="run_rnn(x_btm, state_bs, w_ms, w_ss, bias_s)",
        call=_call_step,
        cases=cases,
        oracle="transformer.reference.recurrence:run_rnn",
        returns={"states": "(b, t, s)"},
        laws=[TANH],
        uses={"rnn_step": "transformer.reference.recurrence:rnn_step"},
    )


def _gradient(name: str, cases: Any, laws: Sequence[Law]) -> Exercise:
    return Exercise(
        name=name,
        signature="gradient_norms(states_ts, w_ss)",
        call=lambda gradient_norms, c: gradient_norms(c.states, c.w),
        cases=cases,
        oracle="transformer.reference.recurrence:gradient_norms",
        returns={"norms": "(t,)"},
        laws=laws,
    )


FUNCTIONS: list[Exercise] = [
    Exercise(
        name="rnn-step",
        signature="rnn_step(x_bm, state_bs, w_ms, w_ss, bias_s)",
        call=_call_step,
        cases=_step_cases,
        oracle="transformer.reference.recurrence:rnn_step",
        returns={"new_state": "(b, s)"},
        laws=[TANH],
    ),
    _run_rnn("run-rnn", _run_cases),
    _run_rnn("run-rnn-start", _start_cases),
    _gradient("gradient-chain", _chain_cases, [POSITIVE, IDENTITY]),
    _gradient("gradient-norms", _norm_cases, [POSITIVE, IDENTITY]),
    Exercise(
        name="gru-step",
        signature="gru_step(x_bm, state_bs, w_mg, w_sg, bias_g)",
        call=_call_step,
        cases=_gru_cases,
        oracle="transformer.reference.recurrence:gru_step",
        returns={"new_state": "(b, s)"},
    ),
    Exercise(
        name="count-parameters",
        signature="count_parameters(cell, input_dim, state_dim)",
        call=lambda count, c: count(c.cell, c.input_dim, c.state_dim),
        cases=_parameter_cases,
        oracle="transformer.reference.recurrence:count_parameters",
        returns={"count": "()"},
    ),
    Exercise(
        name="sequential-steps",
        signature="sequential_steps(layer, length)",
        call=lambda steps, c: steps(c.layer, c.length),
        cases=_length_cases,
        oracle="transformer.reference.recurrence:sequential_steps",
        returns={"steps": "()"},
    ),
    Exercise(
        name="lstm-step",
        signature="lstm_step(x_bm, state_bs, cell_bs, w_mg, w_sg, bias_g)",
        call=_call_lstm,
        cases=_lstm_cases,
        oracle="transformer.reference.recurrence:lstm_step",
        returns={"new_state": "(b, s)", "new_cell": "(b, s)"},
    ),
    Exercise(
        name="multiplications",
        signature="multiplications(layer, length, model_dim)",
        call=lambda count, c: count(c.layer, c.length, c.model_dim),
        cases=_work_cases,
        oracle="transformer.reference.recurrence:multiplications",
        returns={"multiplications": "()"},
    ),
]

# -------------------------------------------------- predictions and retrieval questions

CHOICES: list[Choice] = [
    Choice(
        name="recall-matrix-product",
        answer="shape_recall",
        question="x has the shape (2, 3) and w the shape (3, 5). Which shape has x @ w?",
        options={
            "(2, 5)": "Rows of x meet columns of w: 2 rows, 5 columns. The 3 that both share is summed over and gone.",
            "(3, 3)": "3 is the axis that both share. It is summed over, so it is not in the result; the outer two, 2 and 5, are.",
            "(5, 2)": "These are the right two numbers in the other order. x stands on the left, so its rows are the rows of the result.",
        },
        right="(2, 5)",
    ),
    Choice(
        name="recall-chain-rule",
        answer="chain_recall",
        question="y = f(g(x)). What is the slope of y at x?",
        options={
            "f'(g(x)) · g'(x)": "Each function multiplies a small change by its own slope, so the slopes multiply. With many functions in a row it is a product of many slopes, and this lesson is about that.",
            "f'(g(x)) + g'(x)": "Slopes add up for a sum of functions, f(x) + g(x). For one function inside another the change goes through both, and each multiplies it.",
            "f'(x) · g'(x)": "The slopes do multiply. But f never sees x: it sees g(x), so its slope is taken there.",
        },
        right="f'(g(x)) · g'(x)",
    ),
    Choice(
        name="recall-tanh-slope",
        answer="slope_recall",
        question="h = tanh(a). What is the slope of tanh at a, written with h?",
        options={
            "1 - h²": "At h = 0 the slope is 1, its largest; where h comes near 1 or -1, tanh is flat and the slope is near 0.",
            "1 - h": "At h = -1 this would be 2, but tanh is flat there. The slope must be the same for h and -h: that is what the square does.",
            "h · (1 - h)": "That is the slope of the logistic sigmoid, whose values lie between 0 and 1. For tanh it is 1 - h².",
        },
        right="1 - h²",
    ),
    Choice(
        name="predict-distance",
        truth="less than 0.9^50",
        answer="distance_guess",
        question="The largest singular value is 0.9. What is left of the gradient after 50 steps?",
        options={
            "about 0.9": "It would be so if one step were all. The gradient passes through 50 of them, and each multiplies what the one before left.",
            "about 0.9^50": "The right idea: a product of 50 factors, 0.9^50 = 0.005. It is an upper bound only; each step also multiplies by the slopes of tanh, 1 - h², which are below 1.",
            "less than 0.9^50": "Each Jacobian is the matrix, which shrinks by 0.9 at best, times the slopes of tanh, which are below 1. So 0.9^50 = 0.005 is an upper bound, and the measured value lies far below it.",
        },
    ),
    Choice(
        name="predict-recall",
        truth="all but the plain one",
        answer="recall_guess",
        question="Four layers, one budget: which of them recall a name 60 words later?",
        options={
            "all four": "A layer that can store a name need not find out how: learning to store it needs a gradient that reaches back to the name. The table shows for which layers it did.",
            "all but the plain one": "The gated cells and attention have a path along which a gradient survives; the plain cell has none of that kind. Compare with the last column of the table.",
            "only attention": "Attention reaches every word in one step, so distance costs it nothing. But gates that have learned to stay open carry a name over 60 words too: look at their rows.",
        },
    ),
    Choice(
        name="predict-faster",
        truth="it depends on length and batch",
        answer="faster_guess",
        question="On this machine's processor, which layer is faster: recurrent or attention?",
        options={
            "recurrent": "It does less work once the sentence is longer than the layer is wide: t·m² against t²·m. What it cannot do is start step t before step t − 1 has ended. Compare the two figures.",
            "attention": "It has a chain of one step, and where the sentence is short that decides. But its table of t² weights grows faster than the chain, and a processor with few cores must work through it. Compare the two figures.",
            "it depends on length and batch": "Two costs compete: waiting, which grows with t for the recurrent layer alone, and work, which grows with t² for attention. Length and batch decide which is larger, and so does the machine.",
        },
    ),
]

EXERCISES = [*FUNCTIONS, *CHOICES]
