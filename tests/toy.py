"""A small exercise of the tests' own: doubling, with a law and a known mistake."""

import numpy as np

from graders.collect import cases_for, collect
from graders.exercise import Case, Exercise, Key, KnownMistake, Law, Verdict
from graders.judge import judge


def doubled(scores_tm):
    return scores_tm * 2.0


def tripled(scores_tm):
    return scores_tm * 3.0


def _negative(case, values):
    lost = (np.sign(values["doubled"]) != np.sign(case.scores)).sum()
    return f"{lost} numbers have another sign" if lost else None


DOUBLE = Exercise(
    name="double-scores",
    signature="double_scores(scores_tm)",
    call=lambda double_scores, case: double_scores(case.scores),
    cases=lambda rng: [
        Case("one word", scores=np.array([[1.0, 2.0]])),
        Case("three words", scores=rng.normal(size=(3, 5))),
    ],
    oracle="tests.toy:doubled",
    returns={"doubled": "(t, m)"},
    laws=[Law("doubling should keep every sign", _negative)],
)


def verdict(answer, exercise=DOUBLE, right=doubled, wrong=tripled, **how) -> Verdict:
    """What the judge says of an answer to an exercise of the tests' own."""
    cases = cases_for(exercise)
    known = KnownMistake("tripled", "You tripled.", collect(exercise, wrong, cases))
    key = Key(collect(exercise, right, cases), [known])
    return judge(exercise, cases, collect(exercise, answer, cases), key, **how)
