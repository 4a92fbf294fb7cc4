"""Every named mistake is rejected and recognised; every right variant is accepted.

Both lists come from the registry and from `tests/answers/NOUN.py`. The table:
`pytest tests/test_answers.py -s -k table`.
"""

import importlib
from functools import cache

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


def seeds_of(name):
    """Public and secret ones. A Keras class takes long to make: one secret seed."""
    is_class = getattr(registry.find(name), "signature", "").startswith("class ")
    return (PUBLIC_SEED, *SECRET_SEEDS[: 1 if is_class else None])


@cache
def key_of(name, seed):
    return key_for(registry.find(name), cases_for(registry.find(name), seed))


@cache
def verdict(name, answer, seed):
    """The verdict on the public cases, by the stored key, or on secret ones."""
    exercise = registry.find(name)
    cases = cases_for(exercise, seed)
    key = stored_key(name) if seed == PUBLIC_SEED else key_of(name, seed)
    return judge(exercise, cases, collect(exercise, answer, cases), key)


def verdicts(name, answer, seeds=(PUBLIC_SEED, *SECRET_SEEDS)):
    return (verdict(name, answer, seed) for seed in seeds)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.exercise}:{m.id}")
def test_a_named_mistake_is_rejected_and_recognised(mistake):
    for found in verdicts(mistake.exercise, mistake.wrong):
        assert not found.passed
        assert found.mistake == mistake.id
        assert found.says == mistake.says


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_a_right_variant_is_accepted(name, variant):
    for found in verdicts(name, RIGHT[name][variant], seeds_of(name)):
        assert found.passed, found.message


@pytest.mark.parametrize("exercise", CHECKS, ids=lambda e: e.name)
def test_the_formula_itself_is_accepted(exercise):
    for found in verdicts(exercise.name, resolve(exercise.oracle)):
        assert found.passed, found.message


@pytest.mark.parametrize("exercise", CHECKS, ids=lambda e: e.name)
def test_a_blank_answer_is_not_attempted(exercise):
    def blank(*args, **kwargs):
        raise NotImplementedError

    for found in verdicts(exercise.name, blank):
        assert found.status == NOT_ATTEMPTED


@pytest.mark.parametrize("exercise", CHECKS, ids=lambda e: e.name)
def test_the_answers_to_the_public_cases_do_not_pass_the_secret_ones(exercise):
    remembered = stored_key(exercise.name).expected
    for seed in SECRET_SEEDS:
        cases = cases_for(exercise, seed)
        key = key_of(exercise.name, seed)
        assert not judge(exercise, cases, remembered, key).passed


def test_every_check_has_ten_right_variants_and_five_mistakes_or_says_why():
    few_mistakes = {
        "softmax-large": "only what overflows or vanishes is about large scores",
        "heads-layer-config": "what a config lacks shows as an exception",
        "heads-layer-model": "what a model cannot hold shows as an exception",
        "transformer-save": "what a config lacks shows as an exception",
    }
    few_right = {"transformer-save": "a model is loaded from its config alone"}
    for exercise in CHECKS:
        many = len(RIGHT[exercise.name]) >= 10
        assert many or exercise.name in few_right, exercise.name
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
        (found,) = verdicts(choice.name, option, [PUBLIC_SEED])
        assert found.passed == (choice.right in (None, option))


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
            sum(not v.passed for v in found),
            sum(v.mistake == m.id for v, m in zip(found, wrong, strict=True)),
            len(right),
            sum(v.passed for v in right),
        ]
        table.add_row(exercise.name, *map(str, row))
        assert row[0] == row[1] == row[2]
        assert row[3] == row[4]
    Console().print(table)
