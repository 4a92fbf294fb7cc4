"""Lesson 04: named wrong answers, and the sentence that helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graders.exercise import Mistake

Wrong = Mapping[str, tuple[Callable[..., Any], str]]


def _from(exercise: str, wrong: Wrong, leaving_out: tuple[str, ...] = ()) -> list:
    return [
        Mistake(exercise, ident, call, says)
        for ident, (call, says) in wrong.items()
        if ident not in leaving_out
    ]


# --------------------------------------------------------------------------- angles


def _angles(
    length: int,
    m: int,
    *,
    exponent: Callable[[np.ndarray, int], np.ndarray] = lambda c, m: 2 * (c // 2) / m,
    base: float = 10_000.0,
    first: int = 0,
) -> np.ndarray:
    """Angles with one of their parts replaced."""
    position_t = np.arange(first, first + length)
    return position_t[:, np.newaxis] / base ** exponent(np.arange(m), m)


def _with(**part: Any) -> Callable[[int, int], np.ndarray]:
    return lambda length, m: _angles(length, m, **part)


def _multiplied(length: int, m: int) -> np.ndarray:
    return _angles(length, m, base=1e-4)


def _one_angle(length: int, m: int) -> np.ndarray:
    return _angles(length, m, base=1.0)


def _rates_alone(length: int, m: int) -> np.ndarray:
    return _angles(1, m, first=1)[0]


# Angles that are wrong whatever the width, and a question that leads on.
TURNED: Wrong = {
    "column-instead-of-pair": (
        _with(exponent=lambda c, m: 2 * c / m),
        "Your exponent counts columns. A sine and the cosine beside it turn together: "
        "which number do columns 2 and 3 share?",
    ),
    "column-without-factor": (
        _with(exponent=lambda c, m: c / m),
        "Your exponent is column/m, so the two columns of a pair turn at two rates. "
        "Which whole number do columns 2 and 3 share?",
    ),
    "factor-two-missing": (
        _with(exponent=lambda c, m: c // 2 / m),
        "Your exponent is pair/m, which ends at one half. With which factor does it run "
        "over the whole range from 0 to nearly 1?",
    ),
    "positions-from-one": (
        _with(first=1),
        "Your positions start at 1. Which position does the first word have in this "
        "course?",
    ),
    "one-angle": (
        _one_angle,
        "All your columns have the same angle, the position itself. Where does the rate "
        "of a pair come in? (In Python, `//` before the power would make every "
        "exponent 0.)",
    ),
    "multiplied": (
        _multiplied,
        "Your angles grow with the pair: you multiply by the power of 10000. Should the "
        "last pair turn faster than the first, or more slowly?",
    ),
    "exponent-without-parentheses": (
        lambda length, m: _angles(length, m) * 0.0,
        "Your angles are all 0, or nearly. `**` binds before `*` and `/`: which part of "
        "the formula is the exponent?",
    ),
    "rounded-down": (
        lambda length, m: np.floor(_angles(length, m)),
        "Your angles are whole numbers: `//` rounds down. Which sign divides without "
        "rounding?",
    ),
    "base-one-thousand": (
        _with(base=1_000.0),
        "Your numbers equal those of the base 1000. How many zeros has the paper's?",
    ),
    "other-spacing": (
        _with(exponent=lambda c, m: c // 2 / max(m / 2 - 1, 1)),
        "Your rates are spaced by pair/(m/2 − 1), as in the code that came with the "
        "paper. The paper's formula divides by what?",
    ),
    "pairs-tiled": (
        _with(exponent=lambda c, m: 2 * (c % ((m + 1) // 2)) / m),
        "Your rates come once for the left half and once again for the right half. Which "
        "two columns share a rate in this course?",
    ),
    "pairs-shifted": (
        _with(exponent=lambda c, m: 2 * ((c + 1) // 2) / m),
        "Your pairs are columns 1 and 2, 3 and 4. With which column does column 0 turn?",
    ),
}
ANGLES_WRONG: Wrong = {
    **TURNED,
    "transposed": (
        lambda length, m: _angles(length, m).T,
        "Your table is transposed. Do rows stand for positions or for columns of the "
        "word?",
    ),
    "one-column-a-pair": (
        lambda length, m: _angles(length, m)[:, ::2],
        "You have a column for each pair. How many columns share the rate of a pair?",
    ),
    "rates-alone": (
        _rates_alone,
        "These are the rates of the columns. By what is each rate multiplied to give an "
        "angle?",
    ),
    "degrees": (
        lambda length, m: np.degrees(_angles(length, m)),
        "Your angles are in degrees. What do `np.sin` and the formula count in?",
    ),
}
ODD_WIDTH: Wrong = {
    "last-column-dropped": (
        lambda length, m: _angles(length, m)[:, : m - 1],
        "The last column of an odd width is missing: its pair has only one. How many "
        "columns should there be?",
    ),
    "one-column-too-many": (
        lambda length, m: np.repeat(_angles(length, m)[:, ::2], 2, axis=1),
        "There is one column too many: the last pair of an odd width has only one. How "
        "many columns should there be?",
    ),
    "width-rounded-down": (
        _with(exponent=lambda c, m: (c // 2) / (m // 2)),
        "Your exponent divides by m // 2, which rounds an odd m down. What does the "
        "formula divide by?",
    ),
    "width-rounded-up": (
        _with(exponent=lambda c, m: (c // 2) / ((m + 1) // 2)),
        "Your exponent divides by an odd m rounded up. What does the formula divide by?",
    ),
}

# ------------------------------------------------------------------------- encodings


def _encoded(angle_tm: np.ndarray) -> np.ndarray:
    encoding_tm = np.sin(angle_tm)
    encoding_tm[:, 1::2] = np.cos(angle_tm[:, 1::2])
    return encoding_tm


def _of(angles: Callable[[int, int], np.ndarray]) -> Callable[[int, int], np.ndarray]:
    return lambda length, m: _encoded(angles(length, m))


def _halves(length: int, m: int) -> np.ndarray:
    angle_tm = _angles(length, m)
    sines, cosines = np.sin(angle_tm[:, ::2]), np.cos(angle_tm[:, 1::2])
    return np.concatenate([sines, cosines], axis=1)


def _swapped(length: int, m: int) -> np.ndarray:
    angle_tm = _angles(length, m)
    is_odd_m = np.arange(m) % 2 == 1
    return np.where(is_odd_m, np.sin(angle_tm), np.cos(angle_tm))


def _cosine_of_sine(length: int, m: int) -> np.ndarray:
    encoding_tm = _angles(length, m)
    encoding_tm[:, ::2] = np.sin(encoding_tm[:, ::2])
    encoding_tm[:, 1::2] = np.cos(encoding_tm[:, : m - 1 : 2])
    return encoding_tm


def _by_rows(length: int, m: int) -> np.ndarray:
    angle_tm = _angles(length, m)
    is_odd_t1 = np.arange(length)[:, np.newaxis] % 2 == 1
    return np.where(is_odd_t1, np.cos(angle_tm), np.sin(angle_tm))


def _cosines_left_out(length: int, m: int) -> np.ndarray:
    encoding_tm = _angles(length, m)
    encoding_tm[:, ::2] = np.sin(encoding_tm[:, ::2])
    return encoding_tm


def _last_column(value: Callable[[np.ndarray], Any]) -> Callable[..., np.ndarray]:
    def encoding(length: int, m: int) -> np.ndarray:
        angle_tm = _angles(length, m)
        encoding_tm = _encoded(angle_tm)
        encoding_tm[:, -1] = value(angle_tm[:, -1])
        return encoding_tm

    return encoding


WAVES: Wrong = {
    "halves-concatenated": (
        _halves,
        "All your sines stand on the left and all cosines on the right. Other programs "
        "do so; here they take turns: which columns hold the sines?",
    ),
    "sine-and-cosine-swapped": (
        _swapped,
        "Your sines stand in the odd columns. What should row 0, column 0 be?",
    ),
    "cosine-of-the-sine": (
        _cosine_of_sine,
        "Your odd columns hold the cosine of a sine: the angles were overwritten before "
        "the cosine read them. Where can both read the same angles?",
    ),
    "sine-only": (
        lambda length, m: np.sin(_angles(length, m)),
        "Every column of yours is a sine. What do the odd columns hold?",
    ),
    "cosine-only": (
        lambda length, m: np.cos(_angles(length, m)),
        "Every column of yours is a cosine. What do the even columns hold?",
    ),
    "cosines-left-out": (
        _cosines_left_out,
        "Your odd columns still hold the angles. Which function have they not met yet?",
    ),
    "rows-instead-of-columns": (
        _by_rows,
        "Your sines stand in the even rows. Is it the position or the column that "
        "decides?",
    ),
    "not-turned": (
        _angles,
        "These are the angles themselves. Which function makes a point on a circle of "
        "each?",
    ),
}
ENCODING_WRONG: Wrong = {
    **WAVES,
    **{ident: (_of(wrong), says) for ident, (wrong, says) in TURNED.items()},
    "batch-axis": (
        lambda length, m: _encoded(_angles(length, m))[np.newaxis],
        "Your numbers are right and have a batch axis in front. The contract asks for "
        "(t, m).",
    ),
}
ENCODING_ODD: Wrong = {
    **WAVES,
    **{
        ident: (_of(wrong), says)
        for ident, (wrong, says) in {**TURNED, **ODD_WIDTH}.items()
    },
    "last-column-zero": (
        _last_column(np.zeros_like),
        "The last column of an odd width is all zeros. Its number is even: what do even "
        "columns hold?",
    ),
    "last-column-cosine": (
        _last_column(np.cos),
        "The last column of an odd width is a cosine. Its number is even: what do even "
        "columns hold?",
    ),
}

# --------------------------------------------------------------------- shift matrices


def _turns(
    offset: float,
    m: int,
    *,
    block: Callable[[float, float], list[list[float]]] = lambda s, c: [[c, s], [-s, c]],
    exponent: Callable[[int, int], float] = lambda pair, m: 2 * pair / m,
) -> np.ndarray:
    """One block of two by two for each pair, with one of its parts replaced."""
    matrix_mm = np.zeros((m, m))
    for pair in range(m // 2):
        turn = offset / 10_000 ** exponent(pair, m)
        here = slice(2 * pair, 2 * pair + 2)
        matrix_mm[here, here] = block(np.sin(turn), np.cos(turn))
    return matrix_mm


def _blocks(**part: Any) -> Callable[[int, int], np.ndarray]:
    return lambda offset, m: _turns(offset, m, **part)


def _in_halves(offset: int, m: int) -> np.ndarray:
    order = np.r_[0:m:2, 1:m:2]
    return _turns(offset, m)[np.ix_(order, order)]


def _for_position_zero(offset: int, m: int) -> np.ndarray:
    zero_m, there_m = _encoded(_angles(1, m))[0], _encoded(_moved_angles(offset, m))[0]
    return np.outer(there_m, zero_m) / (zero_m @ zero_m)


def _moved_angles(offset: int, m: int) -> np.ndarray:
    return _angles(1, m, first=offset)


SHIFT_WRONG: Wrong = {
    "turned-back": (
        _blocks(block=lambda s, c: [[c, -s], [s, c]]),
        "Your matrix moves by −offset: it is transposed, or its signs are. In which row "
        "does the minus stand?",
    ),
    "no-minus": (
        _blocks(block=lambda s, c: [[c, s], [s, c]]),
        "Your blocks hold no minus. How does cos(a + b) expand?",
    ),
    "sine-and-cosine-swapped": (
        _blocks(block=lambda s, c: [[s, c], [-c, s]]),
        "Sine and cosine have changed places in your blocks. What should the matrix of "
        "offset 0 be?",
    ),
    "cosines-only": (
        _blocks(block=lambda s, c: [[c, 0], [0, c]]),
        "Your matrix holds cosines on its diagonal and nothing beside it. Which second "
        "term has sin(a + b)?",
    ),
    "one-rate": (
        _blocks(exponent=lambda pair, m: 0.0),
        "Every pair of yours turns by the offset itself. Does the last pair turn as fast "
        "as the first?",
    ),
    "factor-two-missing": (
        _blocks(exponent=lambda pair, m: pair / m),
        "Your rates have the exponent pair/m. With which factor do the angles have it?",
    ),
    "halves": (
        _in_halves,
        "Your matrix fits an encoding with all sines on the left. Where does the cosine "
        "of the first pair stand?",
    ),
    "absolute-offset": (
        lambda offset, m: _turns(abs(offset), m),
        "Your matrix moves ahead for negative offsets too. Which of sine and cosine "
        "changes its sign with the angle?",
    ),
    "one-step-too-far": (
        lambda offset, m: _turns(offset + 1, m),
        "Your matrix moves by offset + 1. What should the matrix of offset 0 do?",
    ),
    "columns-moved": (
        lambda offset, m: np.eye(m, k=offset),
        "Your matrix moves numbers to other columns. The position is in the angles: what "
        "turns an angle?",
    ),
    "identity": (
        lambda offset, m: np.eye(m),
        "Your matrix leaves every encoding where it is. Where is `offset` used?",
    ),
    "position-zero-only": (
        _for_position_zero,
        "Your matrix is right for position 0 and wrong for the others. Which two terms "
        "has sin(a + b), for any a?",
    ),
    "reflected": (
        _blocks(block=lambda s, c: [[-c, s], [s, c]]),
        "Your blocks reflect, they do not turn: the sine comes out with the wrong sign. "
        "How does sin(a + b) expand?",
    ),
}


def _of_any_width(offset: int, m: int) -> np.ndarray:
    return np.zeros((m, m))


def _refusing(error: type[Exception], rest: int) -> Callable[[int, int], np.ndarray]:
    def shift_matrix(offset: int, m: int) -> np.ndarray:
        if m % 2 == rest:
            raise error
        return _of_any_width(offset, m)

    return shift_matrix


def _nothing_for_odd(offset: int, m: int) -> np.ndarray | None:
    return None if m % 2 else _turns(offset, m)


SHIFT_ODD: Wrong = {
    "odd-accepted": (
        _of_any_width,
        "You accept an odd width. A sine without its cosine cannot be turned: raise "
        "ValueError.",
    ),
    "odd-cut": (
        lambda offset, m: np.zeros((m - m % 2, m - m % 2)),
        "For an odd width your matrix is one smaller. A sine without its cosine cannot "
        "be turned: raise ValueError.",
    ),
    "odd-rounded-up": (
        lambda offset, m: np.zeros((m + m % 2, m + m % 2)),
        "For an odd width your matrix is one larger. A sine without its cosine cannot "
        "be turned: raise ValueError.",
    ),
    "odd-gives-none": (
        _nothing_for_odd,
        "You return None for an odd width. A caller sees an error only if you raise one: "
        "ValueError.",
    ),
    "another-error": (
        _refusing(AssertionError, 1),
        "You refuse an odd width by an assert. Asserts can be switched off, and callers "
        "wait for ValueError: `raise ValueError(...)`.",
    ),
    "even-refused": (
        _refusing(ValueError, 0),
        "You refuse even widths. Which remainder of `model_dim % 2` is the odd one?",
    ),
}

# ------------------------------------------------------------------------- the layer

Call = Callable[[np.ndarray, np.ndarray, int, int], Any]


class _Stand:
    """A layer's face in front of a wrong formula, so that no Keras is needed here."""

    def __init__(
        self, call: Call, trained: Callable[..., int], n: int, longest: int, m: int
    ) -> None:
        self.call, self.longest = call, longest
        self.trainable_variables = [np.zeros(trained(n, longest, m))]
        self.embedding = self
        self.rows_nm = np.zeros((n, m))

    def set_weights(self, weights: list[np.ndarray]) -> None:
        (self.rows_nm,) = weights

    def __call__(self, tokens: np.ndarray, offset: int = 0) -> Any:
        return self.call(self.rows_nm, tokens, offset, self.longest)


def _layer(
    call: Call, trained: Callable[..., int] = lambda n, longest, m: n * m
) -> Callable[..., _Stand]:
    return lambda n, longest, m: _Stand(call, trained, n, longest, m)


def _table(length: int, m: int) -> np.ndarray:
    return _encoded(_angles(length, m))


class OpError(Exception):
    """As TensorFlow calls what goes wrong in an operation."""


class InvalidArgumentError(OpError):
    """As TensorFlow calls two shapes that cannot be added."""


def _added(word_btm: np.ndarray, place_tm: np.ndarray) -> np.ndarray:
    try:
        return word_btm + place_tm
    except ValueError:
        raise InvalidArgumentError from None


def _summed(
    rows_nm: np.ndarray,
    tokens_bt: np.ndarray,
    offset: int,
    longest: int,
    *,
    words: Callable[[np.ndarray], np.ndarray] = lambda x: x * np.sqrt(x.shape[-1]),
    places: Callable[..., np.ndarray] = lambda table, offset, t: table[
        offset : offset + t
    ],
    join: Callable[[np.ndarray, np.ndarray], np.ndarray] = _added,
    encoding: Callable[[int, int], np.ndarray] = _table,
) -> np.ndarray:
    """The layer with one of its steps replaced, and without a longest sentence."""
    word_btm = words(rows_nm[tokens_bt])
    table_tm = encoding(100, word_btm.shape[-1])
    return join(word_btm, places(table_tm, offset, tokens_bt.shape[1]))


def _step(**step: Any) -> Callable[..., _Stand]:
    return _layer(
        lambda rows_nm, tokens_bt, offset, longest: _summed(
            rows_nm, tokens_bt, offset, longest, **step
        )
    )


def _side_by_side(word_btm: np.ndarray, place_tm: np.ndarray) -> np.ndarray:
    there = np.broadcast_to(place_tm, word_btm.shape)
    return np.concatenate([word_btm, there], axis=-1)


def _along_the_batch(word_btm: np.ndarray, place_tm: np.ndarray) -> np.ndarray:
    table_tm = _table(100, word_btm.shape[-1])
    return word_btm + table_tm[: len(word_btm), np.newaxis]


def _as_many_as_sentences(word_btm: np.ndarray, place_tm: np.ndarray) -> np.ndarray:
    return _added(word_btm, _table(100, word_btm.shape[-1])[: len(word_btm)])


def _root(word_btm: np.ndarray) -> np.ndarray:
    return np.full_like(word_btm, np.sqrt(word_btm.shape[-1]))


LAYER_WRONG: Wrong = {
    "root-forgotten": (
        _step(words=lambda x: x),
        "Your numbers equal those without √m. What makes the word as large as its "
        "position?",
    ),
    "root-of-both": (
        _step(words=lambda x: x, join=lambda x, p: (x + p) * np.sqrt(x.shape[-1])),
        "You multiply the sum by √m, the position too. Which of the two is too small?",
    ),
    "root-of-the-position": (
        _step(words=lambda x: x, join=lambda x, p: x + p * np.sqrt(x.shape[-1])),
        "You multiply the position by √m, not the word. Which of the two is too small?",
    ),
    "divided-by-root": (
        _step(words=lambda x: x / np.sqrt(x.shape[-1])),
        "You divide the word by √m, as attention divides scores by √d. That was another "
        "root: should the word become smaller, or larger?",
    ),
    "times-m": (
        _step(words=lambda x: x * x.shape[-1]),
        "You multiply by m. Norms grow with its root: which of the two is asked for?",
    ),
    "encoding-along-the-batch": (
        _step(join=_along_the_batch),
        "Each sentence of yours has one position for all its words: the encoding runs "
        "along the batch. Which axis is the position's?",
    ),
    "sentences-counted": (
        _step(join=_as_many_as_sentences),
        "You add as many positions as there are sentences. Which axis of `tokens` counts "
        "the words?",
    ),
    "positions-from-one": (
        _step(places=lambda table, offset, t: table[offset + 1 : offset + t + 1]),
        "Your first word stands at position 1. Which position does it have in this "
        "course?",
    ),
    "row-instead-of-slice": (
        _step(places=lambda table, offset, t: table[offset]),
        "All your words have the position of the first: a row was taken, not a slice of "
        "t rows. What does `[a:b]` give that `[a]` does not?",
    ),
    "no-positions": (
        _step(places=lambda table, offset, t: np.zeros(1)),
        "Your words do not know where they are. Where is the encoding added?",
    ),
    "positions-only": (
        _step(words=np.zeros_like),
        "Only the encoding comes out. Where are the rows of the words?",
    ),
    "multiplied": (
        _step(join=np.multiply),
        "You multiply word and position. Which operation joins them?",
    ),
    "concatenated": (
        _step(join=_side_by_side),
        "Your result is twice as wide: the encoding stands beside the word. In the "
        "Transformer it is added, so that the width stays m.",
    ),
    "halves-concatenated": (
        _step(encoding=_halves),
        "Your positions have all sines on the left. Where does `positional_encoding` put "
        "them?",
    ),
    "positions-counted": (
        _step(encoding=lambda t, m: np.arange(t)[:, np.newaxis] + np.zeros(m)),
        "You add the position itself, 0, 1, 2, … What did the encoding do better?",
    ),
    "words-after-the-root": (
        _step(words=_root),
        "Every word comes out as √m. What is √m multiplied with?",
    ),
}
OFFSET_WRONG: Wrong = {
    "offset-ignored": (
        _step(places=lambda table, offset, t: table[:t]),
        "Your offset changes nothing: positions always start at 0, or are not those of "
        "the words. Where is `offset` used?",
    ),
    "ends-at-offset": (
        _step(places=lambda table, offset, t: np.roll(table, -offset + t, 0)[:t]),
        "Your positions end before `offset`. Is it the position of the first word, or "
        "the one after the last?",
    ),
    "ends-at-t": (
        _step(places=lambda table, offset, t: table[offset:t]),
        "Your slice ends at t, where a sentence ends that begins at 0. Where does one end "
        "that begins at `offset`?",
    ),
    "offset-as-a-number": (
        _step(
            places=lambda table, offset, t: table[:t] + offset,
        ),
        "You add the offset to the encoding as a number. Which rows of the encoding does "
        "it choose?",
    ),
    "offset-times-length": (
        _step(places=lambda table, offset, t: table[offset * t : offset * t + t]),
        "Your offset counts pieces of t words. What does it count in the contract?",
    ),
    "root-of-the-position": (
        _step(join=lambda x, p: x + p * np.sqrt(x.shape[-1])),
        "You multiply the position by √m too. Which of the two is too small?",
    ),
    **{
        ident: LAYER_WRONG[ident]
        for ident in (
            "positions-from-one",
            "row-instead-of-slice",
            "halves-concatenated",
            "concatenated",
        )
    },
}


def _refuses(
    too_long: Callable[[int, int, int], bool], error: type[Exception] = ValueError
) -> Callable[..., _Stand]:
    """A layer that raises by another rule, or another exception."""

    def call(rows_nm: Any, tokens_bt: Any, offset: int, longest: int) -> np.ndarray:
        if too_long(offset, tokens_bt.shape[1], longest):
            raise error
        return _summed(rows_nm, tokens_bt, offset, longest)

    return _layer(call)


def _beyond(offset: int, t: int, longest: int) -> bool:
    return offset + t > longest


FITS_REFUSED: Wrong = {
    "last-position-refused": (
        _refuses(lambda offset, t, longest: offset + t >= longest),
        "Your layer refuses a sentence that fits exactly. The last position is "
        "offset + t − 1: which is the largest that exists?",
    ),
}
LENGTH_WRONG: Wrong = {
    "goes-on": (
        _refuses(lambda offset, t, longest: False),
        "Your layer goes on beyond `max_length`; starting again at 0 or staying at the "
        "last position would put two words in one place. When should it raise "
        "ValueError?",
    ),
    "short-slice": (
        _layer(
            lambda rows_nm, tokens_bt, offset, longest: _short_slice(
                rows_nm, tokens_bt, offset, longest
            )
        ),
        "Beyond the end a slice gives fewer rows and no error of its own: the sum then "
        "fails, or comes out empty. Compare `offset + t` with `max_length` first.",
    ),
    **FITS_REFUSED,
    "one-too-many-accepted": (
        _refuses(lambda offset, t, longest: offset + t > longest + 1),
        "Your layer accepts one position too many. The last position is offset + t − 1: "
        "which is the largest that exists?",
    ),
    "offset-not-counted": (
        _refuses(lambda offset, t, longest: t > longest),
        "Your layer compares the length alone. Where does a sentence end that starts at "
        "`offset`?",
    ),
    "start-only": (
        _refuses(lambda offset, t, longest: offset >= longest),
        "Your layer compares only the first position. Where does the sentence end?",
    ),
    "another-error": (
        _refuses(_beyond, AssertionError),
        "You refuse by an assert. Asserts can be switched off, and callers wait for "
        "ValueError: `raise ValueError(...)`.",
    ),
    "index-error": (
        _refuses(_beyond, IndexError),
        "You raise IndexError. The contract, and callers with it, wait for ValueError.",
    ),
}


def _short_slice(
    rows_nm: np.ndarray, tokens_bt: np.ndarray, offset: int, longest: int
) -> np.ndarray:
    word_btm = rows_nm[tokens_bt] * np.sqrt(rows_nm.shape[1])
    place_tm = _table(longest, rows_nm.shape[1])[offset : offset + tokens_bt.shape[1]]
    return _added(word_btm, place_tm)


def _training(count: Callable[..., int]) -> Callable[..., _Stand]:
    return _layer(_summed, count)


FIXED_WRONG: Wrong = {
    "positions-learned": (
        _training(lambda n, longest, m: (n + longest) * m),
        "Your layer would train the positions too, one row for each. Here the encoding "
        "is a constant: no variable, or one with trainable=False.",
    ),
    "words-frozen": (
        _training(lambda n, longest, m: 0),
        "Nothing of your layer can be trained. The rows of the words must be: where was "
        "trainable set to False?",
    ),
    "scale-learned": (
        _training(lambda n, longest, m: n * m + 1),
        "Your layer would train one number more than the rows of the words. √m is a "
        "constant.",
    ),
    "two-tables": (
        _training(lambda n, longest, m: 2 * n * m),
        "Your layer has two tables of words. Which one does `call` look words up in?",
    ),
    "one-row-too-many": (
        _training(lambda n, longest, m: (n + 1) * m),
        "Your table has one row more than there are words: ids go from 0 to "
        "vocab_size − 1.",
    ),
    "rows-for-positions": (
        _training(lambda n, longest, m: longest * m),
        "Your table has a row for each position, not for each word. Which size belongs "
        "to the words?",
    ),
    "projected": (
        _training(lambda n, longest, m: n * m + m * m + m),
        "Your layer has a Dense layer besides the table of words. The encoding is only "
        "added.",
    ),
}

MISTAKES: list[Mistake] = [
    *_from("angles", ANGLES_WRONG),
    *_from("angles-odd", {**TURNED, **ODD_WIDTH}),
    *_from("positional-encoding", ENCODING_WRONG),
    *_from("positional-encoding-odd", ENCODING_ODD),
    *_from("shift-matrix", SHIFT_WRONG),
    *_from("shift-matrix-odd", SHIFT_ODD),
    *_from("positional-embedding", {**LAYER_WRONG, **FITS_REFUSED}),
    *_from("positional-embedding-offset", OFFSET_WRONG),
    *_from("positional-embedding-length", LENGTH_WRONG),
    *_from("positional-embedding-fixed", FIXED_WRONG),
]
