"""Calls an answer on cases and writes down what came back.

Runs beside the student's code: knows no right answer, judges nothing, and imports
numpy only.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import linecache
import os
import re
import traceback
import warnings
import zlib
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from graders.exercise import Case, Choice, Exercise, Odd, Outcome, Problem

PUBLIC_SEED = 7
LONGEST = 10_000  # letters that are looked at of an exception's text
ARRAY_KINDS = "biuf"  # booleans, integers, floats: what an answer may return
# Keras wraps what a layer raises: where, in colours, the text, and the arguments.
WRAPPED = re.compile(
    r"Exception encountered when calling .*?\n\n(.*)\n\nArguments", re.S
)
# TensorFlow adds advice that would lead away from the course.
DECORATION = re.compile(
    r"\x1b\[[0-9;]*m|\{\{.*?\}\} |\s+If you are looking for numpy[\s\S]*"
)


def cases_for(exercise: Exercise | Choice, seed: int = PUBLIC_SEED) -> list[Case]:
    """The cases of an exercise: the same for the same seed."""
    if isinstance(exercise, Choice):
        return [Case("your choice")]
    name = zlib.crc32(exercise.name.encode())
    return list(exercise.cases(np.random.default_rng([seed, name])))


def collect(
    exercise: Exercise | Choice, answer: Any, cases: Sequence[Case]
) -> list[Outcome]:
    """Calls `answer` on each case. Never raises what the answer raises.

    KeyboardInterrupt is let through: the person at the notebook asked for it.
    """
    if isinstance(exercise, Choice):
        return [Outcome((as_value(answer),)) for _ in cases]
    if not callable(answer):
        odd = Problem(("NotCallable",), type(answer).__name__)
        return [Outcome(problem=odd) for _ in cases]
    return [_call(exercise, answer, case) for case in cases]


def _call(exercise: Exercise, answer: Any, case: Case) -> Outcome:
    given = case.copy()
    try:
        with quiet():
            returned = exercise.call(answer, given)
            values = _split(returned, len(exercise.returns))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: an answer may raise anything
        return Outcome(problem=_problem(error, exercise))
    changed = tuple(k for k, v in case.inputs.items() if not _same(v, given.inputs[k]))
    if values is None:
        count = len(returned) if isinstance(returned, tuple | list) else 1
        return Outcome(count=count, changed=changed)
    return Outcome(tuple(as_value(v) for v in values), len(values), changed=changed)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No warning and nothing on stderr: neither ever costs a point."""
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        contextlib.redirect_stderr(io.StringIO()),
        _silent_descriptor(),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _silent_descriptor() -> Iterator[None]:
    """Also what compiled libraries write, past Python, to descriptor 2."""
    try:
        kept = os.dup(2)
    except OSError:  # there is none, so nothing is written
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _split(returned: Any, wanted: int) -> tuple[Any, ...] | None:
    """The returned values, or None if their number is not the one asked for."""
    if returned is None or returned is Ellipsis:
        return (returned,) * wanted
    if wanted == 1:
        # A list may be the array itself; a tuple of one is read as its content.
        one = isinstance(returned, tuple) and len(returned) == 1
        several = isinstance(returned, tuple) and _are_arrays(returned)
        return (returned[0],) if one else None if several else (returned,)
    if isinstance(returned, tuple | list) and len(returned) == wanted:
        return tuple(returned)
    return None


def _are_arrays(values: tuple[Any, ...]) -> bool:
    return len(values) > 1 and all(hasattr(value, "shape") for value in values)


def as_value(value: Any) -> np.ndarray | Odd:
    """An array of numbers or booleans if `value` is or holds one, else what it is."""
    if isinstance(value, str):
        return Odd("str", value[:200])
    try:
        with quiet():
            if callable(getattr(value, "numpy", None)):
                value = value.numpy()
            array = np.asarray(value)
    except Exception:
        return Odd(type(value).__name__)
    if array.dtype.kind not in ARRAY_KINDS or array.dtype.itemsize > 8:
        name = type(value).__name__
        return Odd(name if array.dtype.kind == "O" else f"array of {array.dtype}")
    return np.array(array, order="C", subok=False)


def _same(before: Any, after: Any) -> bool:
    if not isinstance(before, np.ndarray):
        return True
    if not isinstance(after, np.ndarray) or before.shape != after.shape:
        return False
    return np.array_equal(before, after, equal_nan=before.dtype.kind == "f")


def _problem(error: BaseException, exercise: Exercise) -> Problem:
    frame = _students_frame(error.__traceback__)
    try:
        text = _bare(str(error)[:LONGEST])
    except Exception:
        text = ""
    return Problem(
        types=tuple(t.__name__[:100] for t in type(error).__mro__[:-1])[:20],
        text=text[:500],
        line=(frame.line or "").strip()[:200] if frame else "",
        where=f"line {_line_in_cell(frame)} of {frame.name}" if frame else "",
        binding=isinstance(error, TypeError) and _misfit(error, exercise),
    )


def _bare(text: str) -> str:
    """The text of an exception without what Keras and TensorFlow put around it."""
    wrapped = WRAPPED.match(text)
    return DECORATION.sub("", wrapped[1] if wrapped else text)


def _misfit(error: BaseException, exercise: Exercise) -> bool:
    """True if the arguments did not fit: the exercise's own call raised."""
    deepest = traceback.extract_tb(error.__traceback__)[-1]
    return deepest.filename == exercise.call.__code__.co_filename


def _students_frame(trace: TracebackType | None) -> traceback.FrameSummary | None:
    """The deepest frame that stands in a notebook cell, not in a library or in ours."""
    for frame in reversed(traceback.extract_tb(trace)):
        if _is_cell(frame.filename):
            return frame
    return None


def _is_cell(filename: str) -> bool:
    """True for the names that notebook kernels and our own child give to cells."""
    return filename.startswith("<") or "ipykernel_" in filename


def _line_in_cell(frame: traceback.FrameSummary) -> int:
    """The line counted from the answer's `def`, which is what a reader can find."""
    lines = linecache.getlines(frame.filename)
    number = frame.lineno or 1
    for start in range(number, 0, -1):
        text = lines[start - 1].lstrip() if start <= len(lines) else ""
        if text.startswith((f"def {frame.name}(", f"async def {frame.name}(")):
            return number - start + 1
    return number


def signature_of(answer: Any) -> str:
    """How the answer is declared, as the student wrote it: `(scores, axis=-1)`."""
    try:
        return str(inspect.signature(answer))
    except (TypeError, ValueError):
        return "(…)"
