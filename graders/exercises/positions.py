"""Lesson 04: how each answer is called, on which cases, and which laws hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graders.collect import as_value
from graders.exercise import Case, Choice, Exercise, Law

Generator = np.random.Generator
Values = Mapping[str, np.ndarray]

# ----------------------------------------------------------------------------- laws

SLACK = 1e-3  # a law speaks of what is plainly broken; the numbers are judged after it


def _first_row_has_no_angle(case: Case, values: Values) -> str | None:
    first = values["angles"][0]
    wrong = np.flatnonzero(np.abs(first) > SLACK)
    if not len(wrong):
        return None
    return f"angles[0, {wrong[0]}] is {first[wrong[0]]:.3g}"


def _within_one(case: Case, values: Values) -> str | None:
    size = np.abs(values["encoding"])
    if size.max() <= 1 + SLACK:
        return None
    at = np.unravel_index(size.argmax(), size.shape)
    return f"encoding[{at[0]}, {at[1]}] is {values['encoding'][at]:.3g}"


def _norm_is_kept(case: Case, values: Values) -> str | None:
    before = np.linalg.norm(case.encoding, axis=1)
    after = np.linalg.norm(values["moved"], axis=1)
    wrong = np.flatnonzero(np.abs(after - before) > SLACK)
    if not len(wrong):
        return None
    row = wrong[0]
    return (
        f"for p = {case.positions[row]} it goes from {before[row]:.3g} to "
        f"{after[row]:.3g}"
    )


STARTS = Law("every angle should be 0 at position 0", _first_row_has_no_angle)
WITHIN = Law("sines and cosines lie between -1 and 1", _within_one)
TURNS = Law("M only turns, so encoding(p) should keep its length √(m/2)", _norm_is_kept)

# ---------------------------------------------------------------------------- cases


def _even(rng: Generator, low: int, high: int) -> int:
    return 2 * int(rng.integers(low // 2, high // 2 + 1))


def _odd(rng: Generator, low: int, high: int) -> int:
    return _even(rng, low - 1, high - 1) + 1


def _size_cases(rng: Generator) -> list[Case]:
    square = _even(rng, 6, 12)
    return [
        Case("three positions, four columns", length=3, m=4),
        Case("more columns", length=int(rng.integers(5, 9)), m=_even(rng, 10, 20)),
        Case("more positions", length=int(rng.integers(13, 25)), m=_even(rng, 6, 10)),
        Case("a square", length=square, m=square),
    ]


def _odd_cases(rng: Generator) -> list[Case]:
    square = _odd(rng, 7, 13)
    return [
        Case("two positions, three columns", length=2, m=3),
        Case("an odd number of columns", length=_even(rng, 10, 20), m=_odd(rng, 5, 9)),
        Case("a square", length=square, m=square),
    ]


def _encodings(position_t: np.ndarray, m: int) -> np.ndarray:
    """Encodings of any positions, as points on circles: `(t,)` to `(t, m)`."""
    frequency_p = 10_000.0 ** (-np.arange(m // 2 + 1) * 2 / m)
    point_tp = np.exp(1j * np.multiply.outer(position_t, frequency_p))
    parts = np.stack([point_tp.imag, point_tp.real], axis=-1)
    return parts.reshape(len(position_t), -1)[:, :m]


def _shift(rng: Generator, name: str, offset: int, m: int) -> Case:
    """Positions p and p + offset from 0 to 30 as they come, no two the same."""
    start = max(0, -offset)
    position_t = start + rng.permutation(31 - abs(offset))[:12]
    encoding_tm = _encodings(position_t, m)
    return Case(name, offset=offset, m=m, positions=position_t, encoding=encoding_tm)


def _by_hand() -> Case:
    """Position 0 has the encoding (0, 1), position 1 has (sin 1, cos 1)."""
    place = np.array([0])
    return Case(
        "from position 0 to 1, one pair",
        offset=1,
        m=2,
        positions=place,
        encoding=np.array([[0.0, 1.0]]),
    )


def _shift_cases(rng: Generator) -> list[Case]:
    return [
        _by_hand(),
        _shift(rng, "one step", 1, 4),
        _shift(rng, "some steps ahead", int(rng.integers(2, 8)), _even(rng, 6, 10)),
        _shift(rng, "one step back", -1, 6),
        _shift(rng, "some steps back", -int(rng.integers(2, 8)), _even(rng, 8, 12)),
        _shift(rng, "no step at all", 0, 4),
        _shift(rng, "far", int(rng.integers(9, 15)), 16),
    ]


def _width(name: str, m: int, offset: int = 1) -> Case:
    return Case(name, offset=offset, m=m)


def _shift_odd_cases(rng: Generator) -> list[Case]:
    return [
        _width("an even width", _even(rng, 4, 30)),
        _width("three columns", 3),
        _width("an odd width", _odd(rng, 5, 15), -2),
        _width("another even width", _even(rng, 4, 30), 5),
    ]


def _tokens(
    rng: Generator,
    name: str,
    size: tuple[int, int, int],
    n: int,
    max_length: int,
    offset: int | None = None,
) -> Case:
    b, t, m = size
    tokens_bt = rng.integers(0, n, size=(b, t))
    tokens_bt[-1, t // 2] = 0  # padding in the middle is a token like any other here
    return Case(
        name,
        tokens=tokens_bt,
        weights=rng.normal(size=(n, m)) / 2,
        vocab_size=n,
        max_length=max_length,
        m=m,
        offset=offset,
    )


def _layer_cases(rng: Generator) -> list[Case]:
    two_words = Case(
        "two words",
        tokens=np.array([[2, 1]]),
        weights=np.array(
            [[0.0, 0.0, 0.0, 0.0], [0.5, 0.0, 1.0, 0.0], [1.0, 0.5, 0.0, -1.0]]
        ),
        vocab_size=3,
        max_length=5,
        m=4,
        offset=None,
    )
    return [
        two_words,
        _tokens(rng, "two sentences", (2, 5, 6), 7, 9),
        _tokens(rng, "an odd width", (3, 4, 5), 8, 11),
        _tokens(rng, "as many sentences as words", (4, 4, 8), 6, 4),
    ]


def _offset_cases(rng: Generator) -> list[Case]:
    first, second, third = (int(offset) for offset in 2 + rng.permutation(9)[:3])
    m = int(rng.integers(4, 10))
    return [
        _tokens(rng, "one word at position 3", (1, 1, 4), 5, 6, 3),
        _tokens(rng, "two sentences", (2, 4, m), 7, 16, first),
        _tokens(rng, "three sentences", (3, 5, m + 1), 8, 17, second),
        _tokens(rng, "from position 0", (2, 3, 8), 7, 5, 0),
        _tokens(rng, "as many sentences as words", (4, 4, 5), 6, 15, third),
    ]


def _length_cases(rng: Generator) -> list[Case]:
    longest = int(rng.integers(8, 20))
    b, m = (int(size) for size in rng.integers(2, 9, size=2))
    return [
        _tokens(rng, "with room to spare", (b, 3, m), 5, longest, 2),
        _tokens(rng, "exactly to the end", (b, 3, m), 5, longest, longest - 3),
        _tokens(rng, "one word too many", (b, 3, m), 5, longest, longest - 2),
        _tokens(rng, "a longer sentence", (2, 7, 4), 5, 5),
        _tokens(rng, "some words too many", (2, 5, m), 5, longest, longest - 2),
        _tokens(rng, "the word after the end", (b, 1, 6), 5, longest, longest),
        _tokens(rng, "the whole length", (3, longest, 4), 5, longest),
    ]


def _fixed_cases(rng: Generator) -> list[Case]:
    return [
        _tokens(rng, "two words", (1, 2, 4), int(rng.integers(3, 6)), 5),
        _tokens(rng, "two sentences", (2, 5, 6), int(rng.integers(9, 19)), 8),
        _tokens(rng, "an odd width", (3, 4, 7), int(rng.integers(20, 40)), 9),
    ]


# ---------------------------------------------------------------------------- calls


class ShapeError(Exception):
    """What came back is no matrix of the size that was asked for."""


def _call_shift(shift_matrix: Any, case: Case) -> Any:
    """Judged by what the matrix does: encodings in, moved encodings out."""
    matrix = shift_matrix(case.offset, case.m)
    if matrix is None or matrix is Ellipsis:
        return matrix
    matrix_mm = as_value(matrix)
    if not isinstance(matrix_mm, np.ndarray):
        raise ShapeError(f"M should be an array, but it is a {matrix_mm.type}")
    if matrix_mm.shape != (case.m, case.m):
        wanted = f"(m, m) = ({case.m}, {case.m})"
        raise ShapeError(f"M should be {wanted}, but it is {matrix_mm.shape}")
    return case.encoding @ matrix_mm.T


def _shape(value: Any) -> Any:
    """The shape of an array; what is no array stays as it is."""
    array = as_value(value)
    return np.array(array.shape) if isinstance(array, np.ndarray) else value


def _call_refusing(shift_matrix: Any, case: Case) -> Any:
    return _shape(shift_matrix(case.offset, case.m))


def _built(layer_class: Any, case: Case) -> Any:
    """The layer, called once so that it has its weights."""
    layer = layer_class(case.vocab_size, case.max_length, case.m)
    layer(case.tokens[:, :1])
    return layer


class EmbeddingError(Exception):
    """The layer keeps its words under another name."""


def _call_layer(layer_class: Any, case: Case) -> Any:
    layer = _built(layer_class, case)
    if not hasattr(layer, "embedding"):
        raise EmbeddingError(
            "the check gives the words their rows through `self.embedding`, and the "
            "layer has nothing of that name"
        )
    layer.embedding.set_weights([case.weights])
    return layer(case.tokens)


def _call_offset(layer_class: Any, case: Case) -> Any:
    """What the offset changes, so that it is judged whatever the words are made of."""
    layer = _built(layer_class, case)
    output = layer(case.tokens, offset=case.offset)
    moved, still = as_value(output), as_value(layer(case.tokens))
    if isinstance(moved, np.ndarray) and isinstance(still, np.ndarray):
        return moved - still if moved.shape == still.shape else moved
    return output


def _call_length(layer_class: Any, case: Case) -> Any:
    layer = _built(layer_class, case)
    if case.offset is None:
        return _shape(layer(case.tokens))
    return _shape(layer(case.tokens, offset=case.offset))


def _call_fixed(layer_class: Any, case: Case) -> Any:
    layer = _built(layer_class, case)
    sizes = [int(np.prod(v.shape)) for v in layer.trainable_variables]
    return np.array(sum(sizes))


# ------------------------------------------------------------------------ exercises

ANGLES = {"angles": "transformer.reference.positions:angles"}
ENCODING = {
    **ANGLES,
    "positional_encoding": "transformer.reference.positions:positional_encoding",
}
ALL = {**ENCODING, "shift_matrix": "transformer.reference.positions:shift_matrix"}


def _angles(name: str, cases: Any) -> Exercise:
    return Exercise(
        name=name,
        signature="angles(length, model_dim)",
        call=lambda angles, case: angles(case.length, case.m),
        cases=cases,
        oracle="transformer.reference.positions:angles",
        returns={"angles": "(t, m)"},
        laws=[STARTS],
    )


def _encoding(name: str, cases: Any) -> Exercise:
    return Exercise(
        name=name,
        signature="positional_encoding(length, model_dim)",
        call=lambda encoding, case: encoding(case.length, case.m),
        cases=cases,
        oracle="transformer.reference.positions:positional_encoding",
        returns={"encoding": "(t, m)"},
        laws=[WITHIN],
        uses=ANGLES,
    )


def _layer(
    name: str, cases: Any, call: Any = _call_layer, returns: Any = None
) -> Exercise:
    return Exercise(
        name=name,
        signature="class PositionalEmbedding(vocab_size, max_length, model_dim)",
        call=call,
        cases=cases,
        oracle="transformer.reference.positions:PositionalEmbedding",
        returns=returns or {"output": "(b, t, m)"},
        uses=ALL,
    )


FUNCTIONS: Sequence[Exercise] = [
    _angles("angles", _size_cases),
    _angles("angles-odd", _odd_cases),
    _encoding("positional-encoding", _size_cases),
    _encoding("positional-encoding-odd", _odd_cases),
    Exercise(
        name="shift-matrix",
        signature="shift_matrix(offset, model_dim)",
        call=_call_shift,
        cases=_shift_cases,
        oracle="transformer.reference.positions:shift_matrix",
        returns={"moved": "(t, m)"},
        laws=[TURNS],
        uses=ENCODING,
    ),
    Exercise(
        name="shift-matrix-odd",
        signature="shift_matrix(offset, model_dim)",
        call=_call_refusing,
        cases=_shift_odd_cases,
        oracle="transformer.reference.positions:shift_matrix",
        returns={"shape of M": "(2,)"},
        uses=ENCODING,
    ),
    _layer("positional-embedding", _layer_cases),
    _layer(
        "positional-embedding-offset",
        _offset_cases,
        _call_offset,
        {"change by the offset": "(b, t, m)"},
    ),
    _layer(
        "positional-embedding-length",
        _length_cases,
        _call_length,
        {"shape of the output": "(3,)"},
    ),
    _layer(
        "positional-embedding-fixed",
        _fixed_cases,
        _call_fixed,
        {"the count of trainable numbers": "()"},
    ),
]

# -------------------------------------------------- predictions and retrieval questions

CHOICES: Sequence[Choice] = [
    Choice(
        name="predict-louder",
        truth="the place",
        answer="louder_guess",
        question="A word's row in a new Keras embedding, 128 wide, and the number 1 in 128 columns. Which is longer?",
        options={
            "the word": "A trained row may be longer; a new one is not. 128 numbers between -0.05 and 0.05 have a norm of about 0.33, and 128 ones have √128 = 11.3.",
            "the place": "By a factor of 35: Keras draws the numbers of a new table from -0.05 to 0.05, so a row of 128 has a norm of about 0.33, and 128 ones have √128 = 11.3. Place 50 has 50 times that.",
            "about the same": "1 looks like a modest number, but it stands in every one of 128 columns: the norm is √128 = 11.3. A new word's row, numbers between -0.05 and 0.05, has about 0.33.",
        },
    ),
    Choice(
        name="predict-row-zero",
        truth="zeros and ones",
        answer="row_zero_guess",
        question="Position 0: every angle is 0. What is its row of the encoding?",
        options={
            "all zeros": "Half of it. The sine of 0 is 0, in the even columns; but the cosine of 0 is 1, so every odd column holds a 1. Position 0 adds something to its word too.",
            "all ones": "Half of it. The cosine of 0 is 1, in the odd columns; the sine of 0 is 0, in the even ones.",
            "zeros and ones": "sin 0 = 0 in the even columns and cos 0 = 1 in the odd ones. All clocks start with their hand in the same place, and that place is not the origin: every row has the norm √(m/2), the first one too.",
        },
    ),
    Choice(
        name="predict-same-gap",
        truth="they are the same",
        answer="same_gap_guess",
        question="Positions 3 and 8, positions 33 and 38. How do the two dot products compare?",
        options={
            "the first is larger": "It sounds plausible that early positions are special, and with 1, 2, 3, … the dot product does depend on where one stands. Here each pair gives cos(rate · 5), and only the gap of 5 is in it.",
            "the second is larger": "With 1, 2, 3, … it would be: larger numbers, larger products. But all rows of the encoding have the same norm, and each pair gives cos(rate · 5), whatever the two positions are.",
            "they are the same": "sin a sin b + cos a cos b = cos(a − b): each pair of columns gives the cosine of its rate times the distance. Where the two positions stand drops out.",
        },
    ),
    Choice(
        name="recall-order-recurrent",
        answer="order_recall",
        question="How does a recurrent network know the order of the words?",
        options={
            "by its steps": "It reads the words one after the other, and each state is made from the one before: other order, other states. It pays with a chain of t steps, each waiting for the last.",
            "by its gates": "Gates decide how much of the state is kept. A plain recurrent cell without any gate is just as sensitive to the order.",
            "not at all": "That is attention without positions. A recurrent state depends on which word came when, because each step starts from the state before.",
        },
        right="by its steps",
    ),
    Choice(
        name="recall-root-of-d",
        answer="root_recall",
        question="What does dividing by √d in attention achieve?",
        options={
            "scores between 0 and 1": "Softmax does that to the weights. Scores may have any size and sign.",
            "variance of a score stays 1": "A dot product adds d products of variance 1, so its variance is d. Divided by √d it is 1 for every width, and softmax stays where it has a gradient.",
            "words as long as positions": "That is the other root, √m on the embedding, and this lesson's business. √d acts on scores, inside attention.",
        },
        right="variance of a score stays 1",
    ),
    Choice(
        name="recall-more-heads",
        answer="more_heads_recall",
        question="m stays 512, with d = m / h. Eight heads become sixteen. What happens to the number of weights?",
        options={
            "it doubles": "It would if every head kept its width. But d = m / h halves when h doubles.",
            "it stays": "The four matrices are (m, m) whatever h is: more heads cut the same columns into narrower pieces.",
            "it halves": "Each head halves, and there are twice as many: the product h · d = m stays.",
        },
        right="it stays",
    ),
]

EXERCISES = [*FUNCTIONS, *CHOICES]
