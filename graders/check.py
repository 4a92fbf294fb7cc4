"""What a student calls: `check`, `explain`, `example`.

A check compares with stored keys, so that a student's copy needs no right answer. It
shows a panel; one that does not pass raises, in one line, so that nbgrader sees it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from IPython.display import display

from graders import feedback, registry
from graders.collect import cases_for, collect
from graders.exercise import NOT_ATTEMPTED, Choice, Exercise, Verdict
from graders.judge import judge
from graders.keys import stored_key

# The checks whose last run in this session did not pass.
_failed: set[str] = set()


class CheckError(AssertionError):
    """A check that did not pass. Notebooks show its one line and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def check(name: str, answer: Any, secret: bool = False) -> None:
    """Judges an answer, shows the verdict, and raises if it did not pass.

    Args:
        name: The check's name.
        answer: The function, class or value to judge.
        secret: Judge on the course's secret cases. Needs the comparer's modules; it is
            what the hidden line of a check cell does under plain `nbgrader autograde`.

    Raises:
        CheckError: If the answer did not pass.
        KeyError: If there is no check of that name.
    """
    exercise = registry.find(name)
    if secret:
        verdict = _secret_verdict(exercise, answer)
    else:
        verdict = _verdict(exercise, answer)
        display(feedback.panel(verdict))
    if not verdict.passed:
        raise CheckError(f"{name}: {verdict.status}.")


def explain(name: str, answer: Any) -> None:
    """Shows what there is to say about every option, once one has been chosen."""
    choice = registry.find(name)
    if not isinstance(choice, Choice):
        raise ValueError(f"{name!r} has no options to explain.")
    if not isinstance(answer, str) or answer not in choice.options:
        ask = f"Choose first: {choice.answer} is not one of the options yet."
        display(feedback.Panel(ask, f"<p>{feedback.prose(ask)}</p>"))
        return
    lines, items = [choice.question], []
    for option, text in choice.options.items():
        so = " ✓" if option in (choice.right, choice.truth) else ""
        mark = so + (" (your choice)" if option == answer else "")
        lines.append(f"{option}{mark}: {text}")
        said = feedback.prose(text)
        items.append(f"<li><b>{feedback.prose(option)}</b>{mark}: {said}</li>")
    html = f"<p>{feedback.prose(choice.question)}</p><ul>{''.join(items)}</ul>"
    display(feedback.Panel("\n  ".join(lines), html))


def example(name: str, case: str | None = None) -> dict[str, Any]:
    """The inputs of one of a check's cases, in order, to try by hand.

    `attend_one(*example("attend-one").values())` is the call that the check makes.

    Args:
        name: The check's name.
        case: The case's name, as a verdict gives it; the first case if left out.

    Raises:
        KeyError: If there is no such check or case.
    """
    cases = {c.name: c for c in cases_for(registry.find(name))}
    if case is not None and case not in cases:
        raise KeyError(f"{name!r} has no case {case!r}. It has: {', '.join(cases)}.")
    return cases[case or next(iter(cases))].copy().inputs


def _verdict(exercise: Exercise | Choice, answer: Any) -> Verdict:
    cases = cases_for(exercise)
    outcomes = collect(exercise, answer, cases)
    verdict = judge(exercise, cases, outcomes, stored_key(exercise.name))
    if verdict.passed:
        _failed.discard(exercise.name)
        return verdict
    _failed.add(exercise.name)
    called = exercise.uses.keys() & _names_in(answer)
    earlier = [n for n in sorted(_failed) if registry.find(n).answer in called]
    if verdict.status == NOT_ATTEMPTED or not earlier:
        return verdict
    before = registry.find(earlier[0]).answer
    note = f" It calls {before}, whose check {earlier[0]!r} has not passed yet."
    return replace(verdict, message=verdict.message + note)


def _names_in(answer: Any) -> set[str]:
    """The global names that a function, or a class's methods, speak of."""
    parts = vars(answer).values() if isinstance(answer, type) else [answer]
    codes = [getattr(part, "__code__", None) for part in parts]
    return {name for code in codes if code for name in code.co_names}


def _secret_verdict(exercise: Exercise | Choice, answer: Any) -> Verdict:
    # The comparer's modules, which a student's copy lacks.
    from graders.oracle import key_for
    from graders.seeds import secret_seed

    seed = secret_seed(_grading_folder(), registry.lesson_of(exercise.name))
    cases = cases_for(exercise, seed)
    outcomes = collect(exercise, answer, cases)
    return judge(exercise, cases, outcomes, key_for(exercise, cases))


def _grading_folder() -> Path:
    """The course's `.grading`: above the working folder, else beside the packages."""
    here = Path.cwd().resolve()
    roots = [p for p in (here, *here.parents) if (p / "nbgrader_config.py").exists()]
    return (roots[0] if roots else Path(__file__).parents[1]) / ".grading"
