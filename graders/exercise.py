"""The vocabulary of judging: what is asked, what came back, what is said about it.

Plain data and no behaviour beyond it. Imports numpy only, so that the same words serve
beside the student's code, in the comparer, and in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# ---------------------------------------------------------------- what is asked


class Case:
    """One call's inputs, by name: `case.query`, `case.mask`.

    Args:
        name: What the case is about, in words a student reads: "two keys".
        inputs: Arrays, numbers, strings, booleans or None.
    """

    def __init__(self, name: str, **inputs: Any) -> None:
        self.name = name
        self.inputs = inputs

    def __getattr__(self, key: str) -> Any:
        try:
            return self.__dict__["inputs"][key]
        except KeyError:
            raise AttributeError(f"the case has no input called {key!r}") from None

    def copy(self) -> Case:
        """A case whose arrays may be changed without changing this one's."""
        return Case(self.name, **{k: _copied(v) for k, v in self.inputs.items()})


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


@dataclass(frozen=True)
class Law:
    """Something every right answer obeys, whatever the numbers.

    Args:
        says: The law as a sentence: "each row of weights sums to 1 over the keys".
        broken: From the case and the returned values by name to what breaks the law
            ("row (0, 2) sums to 0.61"), or None where it holds.
    """

    says: str
    broken: Callable[[Case, Mapping[str, np.ndarray]], str | None]


@dataclass(frozen=True)
class Exercise:
    """One check: how an answer is called, on which cases, and what must hold.

    Args:
        name: The check's name, `noun-thing`; never changes once released.
        signature: How the answer is declared, for messages: `softmax(scores, axis=-1)`.
        call: From the answer and a case to what the answer returned.
        cases: From a random generator to the cases, simplest first. Called with a fixed
            seed for the notebook, and with the course's secret seed for the grade.
        oracle: The right answer, `"module:function"`. Only the comparer resolves it.
        returns: The values' names with their axes, in order:
            `{"weights": "(..., q, k)"}`.
        laws: Checked before the numbers, because they say more.
        uses: Earlier answers that this one may call, each with its finished part
            (`{"angles": "transformer.reference.positions:angles"}`), so that a wrong
            earlier answer costs its own points only.
        first: The value to look at first because others follow from it: "weights".
    """

    name: str
    signature: str
    call: Callable[[Any, Case], Any]
    cases: Callable[[np.random.Generator], Sequence[Case]]
    oracle: str
    returns: Mapping[str, str]
    laws: Sequence[Law] = ()
    uses: Mapping[str, str] = field(default_factory=dict)
    first: str = ""

    @property
    def answer(self) -> str:
        """The name the student's code gives the answer: `softmax`."""
        return self.signature.partition("(")[0].removeprefix("class ").strip()


@dataclass(frozen=True)
class Choice:
    """A recorded prediction, or a retrieval question when one option is `right`.

    Args:
        name: The check's name, `noun-thing`.
        answer: The variable the student sets.
        question: What is asked, in one sentence.
        options: Each option with what there is to say about it.
        right: The option that is right; None where any recorded option earns the point.
        truth: Of a prediction, the option that the lesson then shows to be so.
    """

    name: str
    answer: str
    question: str
    options: Mapping[str, str]
    right: str | None = None
    truth: str = ""
    uses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mistake:
    """A named wrong answer, and the sentence that helps whoever gave it.

    Args:
        exercise: The check whose inputs it answers.
        id: Its name in reports: `softmax-over-queries`.
        wrong: The wrong answer itself. Called as a student's answer is.
        says: What the numbers equal, and a question that leads on.
    """

    exercise: str
    id: str
    wrong: Any
    says: str


# ----------------------------------------------------------------- what came back


@dataclass(frozen=True)
class Odd:
    """A returned value that is no array of numbers: its type; its text if a string."""

    type: str
    text: str = ""


@dataclass(frozen=True)
class Problem:
    """An exception from inside the call.

    Args:
        types: The exception's class name and its bases', the most special first.
        text: Its message.
        line: The student's own line where it came from, "" if it came from elsewhere.
        where: Where that line stands: "line 3 of softmax".
        binding: True if the arguments did not fit the signature.
    """

    types: tuple[str, ...]
    text: str = ""
    line: str = ""
    where: str = ""
    binding: bool = False


@dataclass(frozen=True)
class Outcome:
    """What one call gave: values or a problem, and which inputs it changed.

    `values` holds one entry for each of the exercise's `returns`; an answer that gave
    another number of values leaves `values` empty and its count in `count`.
    """

    values: tuple[np.ndarray | Odd, ...] = ()
    count: int = 1
    problem: Problem | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Key:
    """What the cases should give, and what each named mistake gives on them."""

    expected: Sequence[Outcome]
    mistakes: Sequence[KnownMistake] = ()


@dataclass(frozen=True)
class KnownMistake:
    """A mistake as the judge knows it: by its outputs."""

    id: str
    says: str
    outcomes: Sequence[Outcome]


# -------------------------------------------------------------- what is said of it

PASSED = "passed"
WRONG = "wrong"
NOT_ATTEMPTED = "not attempted"
CRASHED = "crashed"
TIMED_OUT = "timed out"
NEEDS_GRADING = "needs grading"
GRADER_PROBLEM = "grader problem"


@dataclass(frozen=True)
class Picture:
    """Expected and got side by side: two arrays of at most two axes."""

    title: str
    expected: np.ndarray
    got: np.ndarray


@dataclass(frozen=True)
class Verdict:
    """The judgement of one check.

    Args:
        name: The check's name.
        status: One of the seven words above.
        message: One main message: expected, got, likely cause.
        mistake: The recognised mistake's id, or None.
        says: The recognised mistake's sentence, or "".
        case: The name of the case that decided, or "".
        picture: Expected and got, where arrays are concerned.
        word: What a panel says in place of the status: "recorded".
    """

    name: str
    status: str
    message: str = ""
    mistake: str | None = None
    says: str = ""
    case: str = ""
    picture: Picture | None = None
    word: str = ""

    @property
    def passed(self) -> bool:
        return self.status == PASSED
