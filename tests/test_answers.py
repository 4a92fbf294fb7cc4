"""Every named mistake is rejected and recognised; every right variant is accepted.

Both lists come from the registry and from `tests/answers/NOUN.py`. The table:
`pytest tests/test_answers.py -s -k table`.
"""

import importlib

import pytest
from rich.console import Console
from rich.table import Table

from graders import registry
from graders.collect import PUBLIC_SEED, cases_for, collect
from graders.exercise import NOT_ATTEMPTED, Choice, Exercise
from graders.judge import judge
from graders.keys import stored_key
from graders.oracle import key_for, resolve

SECRET_SEEDS = [101, 102, 103]

CHECKS = [
    exercise
    for noun in registry.nouns()
    for exercise in registry.exercises(noun).values()
    if isinstance(exercise, Exercise)
]
CHOICES = [
    choice
    for noun in registry.nouns()
    for choice in registry.exercises(noun).values()
    if isinstance(choice, Choice)
]
MISTAKES = [m for noun in registry.nouns() for m in registry.mistakes(noun)]
RIGHT = {
    name: variants
    for noun in registry.nouns()
    for name, variants in importlib.import_module(f"tests.answers.{noun}").RIGHT.items()
}
VARIANTS = [(name, variant) for name in RIGHT for variant in RIGHT[name]]


def verdicts(name, answer, seeds=(PUBLIC_SEED, *SECRET_SEEDS)):
    """The verdicts on the public cases, by the stored key, and on secret ones."""
    exercise = registry.find(name)
    for seed in seeds:
        cases = cases_for(exercise, seed)
        public = seed == PUBLIC_SEED
        key = stored_key(name) if public else key_for(exercise, cases)
        yield judge(exercise, cases, collect(exercise, answer, cases), key)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.exercise}:{m.id}")
def test_a_named_mistake_is_rejected_and_recognised(mistake):
    for verdict in verdicts(mistake.exercise, mistake.wrong):
        assert not verdict.passed
        assert verdict.mistake == mistake.id
        assert verdict.says == mistake.says


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_right_variant_is_accepted(name, variant):
    for verdict in verdicts(name, RIGHT[name][variant]):
        assert verdict.passed, verdict.message


@pytest.mark.parametrize("exercise", CHECKS, ids=lambda e: e.name)
def test_the_formula_itself_is_accepted(exercise):
    for verdict in verdicts(exercise.name, resolve(exercise.oracle)):
        assert verdict.passed, verdict.message


@pytest.mark.parametrize("exercise", CHECKS, ids=lambda e: e.name)
def test_a_blank_answer_is_not_attempted(exercise):
    def blank(*args, **kwargs):
        raise NotImplementedError

    for verdict in verdicts(exercise.name, blank):
        assert verdict.status == NOT_ATTEMPTED


@pytest.mark.parametrize("exercise", CHECKS, ids=lambda e: e.name)
def test_the_answers_to_the_public_cases_do_not_pass_the_secret_ones(exercise):
    remembered = stored_key(exercise.name).expected
    for seed in SECRET_SEEDS:
        cases = cases_for(exercise, seed)
        key = key_for(exercise, cases)
        assert not judge(exercise, cases, remembered, key).passed


def test_every_check_has_ten_right_variants_and_five_mistakes_or_says_why():
    few_mistakes = {
        "softmax-large": "only what overflows or vanishes is about large scores"
    }
    for exercise in CHECKS:
        assert len(RIGHT[exercise.name]) >= 10, exercise.name
        known = [m for m in MISTAKES if m.exercise == exercise.name]
        assert len(known) >= 5 or exercise.name in few_mistakes, exercise.name


def test_two_mistakes_of_one_check_have_two_ids():
    pairs = [(m.exercise, m.id) for m in MISTAKES]
    assert len(pairs) == len(set(pairs))


def test_every_mistake_belongs_to_a_check():
    assert {m.exercise for m in MISTAKES} <= {e.name for e in CHECKS}


@pytest.mark.parametrize("choice", CHOICES, ids=lambda c: c.name)
def test_every_option_of_a_choice_is_judged_and_explained(choice):
    for option, text in choice.options.items():
        assert len(text) > 20
        (verdict,) = verdicts(choice.name, option, [PUBLIC_SEED])
        assert verdict.passed == (choice.right in (None, option))


@pytest.mark.parametrize("choice", CHOICES, ids=lambda c: c.name)
def test_the_right_option_of_a_question_is_one_of_its_options(choice):
    assert choice.right is None or choice.right in choice.options


def test_the_table_of_wrong_and_right_answers_is_complete():
    table = Table("check", "wrong", "rejected", "recognised", "right", "accepted")
    for exercise in CHECKS:
        wrong = [m for m in MISTAKES if m.exercise == exercise.name]
        found = [next(verdicts(exercise.name, m.wrong)) for m in wrong]
        right = [
            next(verdicts(exercise.name, f)) for f in RIGHT[exercise.name].values()
        ]
        row = [
            len(wrong),
            sum(not verdict.passed for verdict in found),
            sum(v.mistake == m.id for v, m in zip(found, wrong, strict=True)),
            len(right),
            sum(verdict.passed for verdict in right),
        ]
        table.add_row(exercise.name, *map(str, row))
        assert row[0] == row[1] == row[2]
        assert row[3] == row[4]
    Console().print(table)
