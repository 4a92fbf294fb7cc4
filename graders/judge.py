"""Outcomes in, verdict out. Runs nobody's code and imports numpy only.

The order is the one a person would follow: is it there, callable, does it run, shape,
dtype, finite, laws, values. The first case that fails is the one that is told about,
because cases go from the simplest to the general.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from graders.exercise import (
    CRASHED,
    NOT_ATTEMPTED,
    PASSED,
    WRONG,
    Case,
    Choice,
    Exercise,
    Key,
    KnownMistake,
    Odd,
    Outcome,
    Picture,
    Problem,
    Verdict,
)
from graders.plain_words import plain_words

# One tolerance for float32 and float64: a float32 step inside an answer may come back
# as float64, because NumPy's scalars (`np.sqrt(4)`) are float64 and win.
TOLERANCE = 1e-5
COARSE = {np.dtype("f2"): "float16 keeps three digits only"}
FULL_ROWS = 8  # a picture shows at most this many rows and columns


Triple = tuple[str, np.ndarray, np.ndarray]  # a value's name, got, expected


class Fault(NamedTuple):
    """What is wrong with one outcome; in `secret`, without what should have come."""

    message: str
    picture: Picture | None = None
    cause: str = ""  # the likely one, where no mistake is recognised
    secret: str = ""

    def told(self, is_known: bool, secret: bool) -> str:
        if secret and self.secret:
            return self.secret
        return self.message if is_known else self.message + self.cause


def judge(
    exercise: Exercise | Choice,
    cases: Sequence[Case],
    outcomes: Sequence[Outcome],
    key: Key,
    secret: bool = False,
) -> Verdict:
    """The verdict on an answer's outcomes, one for each case.

    Args:
        exercise: What was asked.
        cases: What it was called with.
        outcomes: What came back.
        key: What should have come, and what the known mistakes give.
        secret: Tell no number that is expected.

    Raises:
        ValueError: If the outcomes are not as many as the cases.
    """
    if isinstance(exercise, Choice):
        return _judge_choice(exercise, outcomes[0])
    if len(outcomes) != len(cases) or len(key.expected) != len(cases):
        raise ValueError(
            f"{exercise.name}: {len(cases)} cases, {len(outcomes)} outcomes, "
            f"{len(key.expected)} expected."
        )
    if reason := _not_attempted(exercise, outcomes):
        return Verdict(exercise.name, NOT_ATTEMPTED, reason)
    for case, outcome, expected in zip(cases, outcomes, key.expected, strict=True):
        if fault := _fault(exercise, case, outcome, expected):
            known = recognise(outcomes, key)
            status = CRASHED if _died(outcome) else WRONG
            says = known.says if known else ""
            ident = known.id if known else None
            return Verdict(
                exercise.name,
                status,
                fault.told(bool(known), secret),
                ident,
                says,
                case.name,
                fault.picture,
            )
    return Verdict(exercise.name, PASSED)


# -------------------------------------------------------------------------- choices


def _judge_choice(choice: Choice, outcome: Outcome) -> Verdict:
    value = outcome.values[0] if outcome.values else Odd("NoneType")
    options = ", ".join(repr(option) for option in choice.options)
    if isinstance(value, Odd) and value.type in ("NoneType", "ellipsis"):
        ask = f"{choice.answer} is not set yet. Choose one of {options}."
        return Verdict(choice.name, NOT_ATTEMPTED, ask)
    is_text = isinstance(value, Odd) and value.type == "str"
    text = value.text if isinstance(value, Odd) else ""
    if not is_text or text not in choice.options:
        found = repr(text) if is_text else _type_of(value)
        message = (
            f"{choice.answer} should be one of {options}, quotes included, "
            f"but it is {found}."
        )
        return Verdict(choice.name, WRONG, message)
    if choice.right is None:
        said = f"You chose {text!r}. Run on and see."
        return Verdict(choice.name, PASSED, said, word="recorded")
    why = choice.options[text]
    if text == choice.right:
        return Verdict(choice.name, PASSED, why)
    return Verdict(choice.name, WRONG, f"{text!r}: {why}")


# -------------------------------------------------------------------- not attempted


def _not_attempted(exercise: Exercise, outcomes: Sequence[Outcome]) -> str:
    if all(_raised(o, "NotImplementedError") for o in outcomes):
        return f"{exercise.answer} is not written yet: it raises NotImplementedError."
    if all(_is_odd(o, "ellipsis") or _is_unset(o) for o in outcomes):
        return f"{exercise.answer} is not written yet: it still is or returns `...`."
    if all(_raised(o, "Missing") for o in outcomes):
        return f"There is no {exercise.answer} in the notebook: run or write its cell."
    return ""


def missing(count: int) -> list[Outcome]:
    """The outcomes of an answer that is not in the notebook at all."""
    return [Outcome(problem=Problem(("Missing",)))] * count


def _raised(outcome: Outcome, name: str) -> bool:
    return outcome.problem is not None and name in outcome.problem.types


def _is_unset(outcome: Outcome) -> bool:
    return _raised(outcome, "NotCallable") and _text(outcome) in (
        "ellipsis",
        "NoneType",
    )


def _text(outcome: Outcome) -> str:
    return outcome.problem.text if outcome.problem else ""


def _is_odd(outcome: Outcome, name: str) -> bool:
    return bool(outcome.values) and all(
        isinstance(value, Odd) and value.type == name for value in outcome.values
    )


def _died(outcome: Outcome) -> bool:
    problem = outcome.problem
    return bool(problem and not problem.binding and "NotCallable" not in problem.types)


# ------------------------------------------------------------------------- one case


def _fault(
    exercise: Exercise, case: Case, outcome: Outcome, expected: Outcome
) -> Fault | None:
    """The first thing wrong with one outcome, or None."""
    return next(_faults(exercise, case, outcome, expected), None)


def _faults(
    exercise: Exercise, case: Case, outcome: Outcome, expected: Outcome
) -> Iterator[Fault]:
    if outcome.problem or expected.problem:
        yield from _problem(exercise, outcome.problem, expected.problem)
        return
    names = list(exercise.returns)
    if len(outcome.values) != len(names):
        yield Fault(_count(exercise, outcome))
        return
    triples: list[Triple] = []
    for name, got, want in zip(names, outcome.values, expected.values, strict=True):
        assert isinstance(want, np.ndarray)  # an oracle returns arrays
        if isinstance(got, Odd):
            yield _odd(exercise, name, got)
            return
        triples.append((name, got, want))
    for check in (_shape, _dtype, _finite):
        for name, got, want in triples:
            if fault := check(exercise, name, got, want):
                yield fault
    yield from _broken_laws(exercise, case, triples)
    right = [name for name, got, want in triples if not _differ(got, want).any()]
    for name, got, want in sorted(triples, key=lambda t: t[0] != exercise.first):
        if fault := _values(name, got, want, right):
            yield fault
    if outcome.changed:
        yield Fault(
            f"{exercise.answer} changes its argument {outcome.changed[0]!r}, which its "
            "caller still needs. Make a new array: `a = a + b`, not `a += b`."
        )


def _problem(
    exercise: Exercise, got: Problem | None, want: Problem | None
) -> Iterator[Fault]:
    if got and want and want.types[0] in got.types:
        return
    if got and "NotCallable" in got.types:
        yield Fault(
            f"{exercise.answer} should be a function or class, `{exercise.signature}`, "
            f"but it is {_a(got.text)}."
        )
    elif got and got.binding:
        yield Fault(
            f"{exercise.answer} should be declared as `{exercise.signature}`, "
            f"but the call failed: {got.text}."
        )
    elif got:
        place = f" in {got.where}: `{got.line}`" if got.line else ""
        text = f": {got.text}" if got.text else ""
        yield Fault(
            f"{exercise.answer} raised {got.types[0]}{text}{place}",
            cause=plain_words(got.text),
        )
    elif want:
        reason = f" ({want.text})" if want.text else ""
        yield Fault(
            f"{exercise.answer} should raise {want.types[0]}{reason}, but it returned."
        )


def _count(exercise: Exercise, outcome: Outcome) -> str:
    names = " and ".join(", ".join(exercise.returns).rsplit(", ", 1))
    wanted = len(exercise.returns)
    things = "one value" if outcome.count == 1 else f"{outcome.count} values"
    return (
        f"{exercise.answer} should return {wanted} value{'s'[: wanted > 1]} ({names}), "
        f"but it returned {things}."
    )


def _odd(exercise: Exercise, name: str, got: Odd) -> Fault:
    if got.type == "NoneType":
        return Fault(
            f"{exercise.answer} returned None. Does every path end in a `return`?"
        )
    axes = exercise.returns[name]
    wanted = f"an array {axes}" if axes != "()" else "a number"
    return Fault(f"{name} should be {wanted}, but it is {_type_of(got)}.")


def _shape(
    exercise: Exercise, name: str, got: np.ndarray, want: np.ndarray
) -> Fault | None:
    if got.shape == want.shape:
        return None
    axes = exercise.returns[name]
    same = sorted(got.shape) == sorted(want.shape)
    cause = " The axes are there, in another order." if same else ""
    if axes == "()":
        return Fault(f"{name} should be one number, but it has the shape {got.shape}.")
    return Fault(
        f"{name} should have the shape {axes} = {want.shape}, "
        f"but it has {got.shape}.{cause}"
    )


def _dtype(
    exercise: Exercise, name: str, got: np.ndarray, want: np.ndarray
) -> Fault | None:
    if want.dtype.kind == "b" and got.dtype.kind != "b":
        return Fault(f"{name} should hold booleans, but its dtype is {got.dtype}.")
    if want.dtype.kind != "b" and got.dtype.kind == "b":
        return Fault(f"{name} should hold numbers, but its dtype is bool.")
    if got.dtype in COARSE and want.dtype.kind == "f":
        return Fault(f"{name} should be float64 or float32: {COARSE[got.dtype]}.")
    has_fractions = want.dtype.kind == "f" and (want != np.round(want)).any()
    if got.dtype.kind in "iu" and has_fractions and _differ(got, want).any():
        return Fault(f"{name} holds integers ({got.dtype}): the fractions are lost.")
    return None


def _finite(
    exercise: Exercise, name: str, got: np.ndarray, want: np.ndarray
) -> Fault | None:
    wrong = ~np.isfinite(got) & np.isfinite(want)
    if not wrong.any():
        return None
    at = _first(wrong)
    share = f"finite in only {wrong.size - wrong.sum()} of {wrong.size} places"
    cause = "an overflow, or a division by zero" if np.isnan(got[at]) else "an overflow"
    return Fault(
        f"{name} should be finite everywhere, but it is {share}: "
        f"{name}{_place(at)} is {got[at]}. The usual cause is {cause}.",
        _picture(name, want, got, at),
    )


def _broken_laws(
    exercise: Exercise, case: Case, triples: Sequence[Triple]
) -> Iterator[Fault]:
    values = {name: got for name, got, _ in triples}
    for law in exercise.laws:
        if detail := law.broken(case, values):
            yield Fault(f"{law.says}, but {detail}.", _first_picture(triples))


def _values(
    name: str, got: np.ndarray, want: np.ndarray, right: Sequence[str]
) -> Fault | None:
    wrong = _differ(got, want)
    if not wrong.any():
        return None
    at = _first(wrong)
    where, share = name, ""
    if wrong.size > 1:
        where = f"{name}{_place(at)}"
        share = f" ({wrong.sum()} of {wrong.size} numbers differ)"
    rest = f"{share}." + (f" Right already: {', '.join(right)}." if right else "")
    text = f"{where} should be {_number(want[at])}, but it is {_number(got[at])}{rest}"
    secret = f"{where} should not be {_number(got[at])}{rest}"
    return Fault(text, _picture(name, want, got, at), secret=secret)


# ------------------------------------------------------------------------ comparing


def _differ(got: np.ndarray, want: np.ndarray, slack: float = 1.0) -> np.ndarray:
    """Where two arrays of one shape differ, beyond the tolerance."""
    if want.dtype.kind != "f" and got.dtype.kind != "f":
        return got != want
    tolerance = slack * TOLERANCE
    return ~np.isclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)


def recognise(outcomes: Sequence[Outcome], key: Key) -> KnownMistake | None:
    """The first known mistake that gives the same outcomes on every case, or None.

    Some of them must be values: that two answers only ever fail alike says nothing.
    Where an exception is asked for, its words are the student's own.
    """
    for known in key.mistakes:
        values = any(outcome.problem is None for outcome in known.outcomes)
        rows = zip(outcomes, known.outcomes, key.expected, strict=True)
        if values and all(alike(o, k) or _as_asked(o, k, e) for o, k, e in rows):
            return known
    return None


def _as_asked(got: Outcome, known: Outcome, expected: Outcome) -> bool:
    if not expected.problem:
        return False
    asked = expected.problem.types[0]
    return all(p is not None and asked in p.types for p in (got.problem, known.problem))


def alike(got: Outcome, known: Outcome) -> bool:
    """True if two outcomes are the same but for rounding.

    A known exception without words stands for any words of its kind.
    """
    if got.problem or known.problem:
        one, other = got.problem, known.problem
        if one is None or other is None or one.types != other.types:
            return False
        return other.text in ("", one.text)
    if len(got.values) != len(known.values) or got.count != known.count:
        return False
    if got.changed != known.changed:
        return False
    return all(map(_alike_values, got.values, known.values))


def _alike_values(got: np.ndarray | Odd, known: np.ndarray | Odd) -> bool:
    if isinstance(got, Odd) or isinstance(known, Odd):
        return got == known if type(got) is type(known) else False
    kinds = (got.dtype.kind == "b") == (known.dtype.kind == "b")
    return kinds and got.shape == known.shape and not _differ(got, known, 10.0).any()


# ---------------------------------------------------------------------------- words


def _first(wrong: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0])


def _place(at: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, at))}]" if at else ""


def _number(value: np.generic) -> str:
    return str(value) if value.dtype.kind == "b" else f"{value:.6g}"


def _type_of(value: np.ndarray | Odd) -> str:
    if isinstance(value, Odd):
        return _a(value.type)
    if value.ndim:
        return "an array"
    return str(value) if value.dtype.kind == "b" else f"the number {value:g}"


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1] in "aeiou" else f"a {noun}"


def _first_picture(triples: Sequence[Triple]) -> Picture | None:
    """The picture of the first value that differs."""
    for name, got, want in triples:
        if (wrong := _differ(got, want)).any():
            return _picture(name, want, got, _first(wrong))
    return None


def _picture(
    name: str, want: np.ndarray, got: np.ndarray, at: tuple[int, ...]
) -> Picture | None:
    """The two-dimensional slice that holds the first difference, cut small."""
    if want.ndim == 0:
        return None
    lead = at[:-2]
    index: tuple[int | slice, ...] = lead
    if want.ndim >= 2:
        top = max(0, min(at[-2] - FULL_ROWS // 2, want.shape[-2] - FULL_ROWS))
        index = (*lead, slice(top, top + FULL_ROWS))
    left = max(0, min(at[-1] - FULL_ROWS // 2, want.shape[-1] - FULL_ROWS))
    index = (*index, slice(left, left + FULL_ROWS))
    title = f"{name}[{', '.join([*map(str, lead), ':', ':'])}]" if lead else name
    return Picture(title, want[index], got[index])
