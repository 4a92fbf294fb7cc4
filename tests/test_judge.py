"""Each way to be wrong has its own message, and no way to be right is refused."""

from dataclasses import replace

import numpy as np
import pytest

from graders.exercise import CRASHED, NOT_ATTEMPTED, PASSED, WRONG, Case, Choice
from graders.judge import missing
from graders.laws import SUMS
from tests.toy import DOUBLE, doubled, tripled, verdict


def not_written(scores):
    raise NotImplementedError


def in_place(scores):
    scores *= 2
    return scores


RIGHT = {
    "float64": doubled,
    "float32": lambda s: (s * 2).astype("f4"),
    "lists": lambda s: (s * 2).tolist(),
    "a tuple of one": lambda s: (s * 2,),
    "a subclass of array": lambda s: np.ma.masked_array(s * 2),
    "another memory order": lambda s: np.asfortranarray(s * 2),
}

FAULTS = {
    "nothing returned": (lambda s: None, WRONG, "returned None"),
    "a text": (lambda s: "no", WRONG, "it is a str"),
    "complex": (lambda s: s * 2 + 0j, WRONG, "an array of complex128"),
    "two values": (lambda s: (s * 2, s), WRONG, "but it returned 2 values"),
    "transposed": (lambda s: (s * 2).T, WRONG, "The axes are there, in another order"),
    "one row": (
        lambda s: s[:1, :1] * 2,
        WRONG,
        "should have the shape (t, m) = (1, 2)",
    ),
    "booleans": (lambda s: s > 0, WRONG, "its dtype is bool"),
    "float16": (lambda s: (s * 2).astype("f2"), WRONG, "keeps three digits"),
    "integers": (lambda s: (s * 2).astype(int), WRONG, "the fractions are lost"),
    "nan": (lambda s: s * np.nan, WRONG, "should be finite everywhere"),
    "a broken law": (lambda s: -s, WRONG, "every sign, but 2 numbers have another"),
    "values": (lambda s: s * 2.5, WRONG, "doubled[0, 0] should be 2, but it is 2.5"),
    "in place": (in_place, WRONG, "changes its argument 'scores'"),
    "two arguments": (lambda a, b: a, WRONG, "declared as `double_scores(scores_tm)`"),
    "no function": (3, WRONG, "should be a function or class"),
    "an error": (lambda s: s[9], CRASHED, "raised IndexError: index 9"),
    "an exit": (lambda s: exit(), CRASHED, "raised SystemExit"),
    "the stub": (not_written, NOT_ATTEMPTED, "is not written yet"),
    "a bare ellipsis": (lambda s: ..., NOT_ATTEMPTED, "is not written yet"),
    "an unset name": (None, NOT_ATTEMPTED, "is not written yet"),
}


@pytest.mark.parametrize("answer", RIGHT.values(), ids=RIGHT)
def test_a_right_answer_passes_in_any_form(answer):
    assert verdict(answer).status == PASSED


@pytest.mark.parametrize(("answer", "status", "words"), FAULTS.values(), ids=FAULTS)
def test_each_fault_has_its_own_status_and_words(answer, status, words):
    found = verdict(answer)
    assert found.status == status
    assert words in found.message


def test_of_a_secret_case_no_expected_number_is_told():
    public, secret = (verdict(tripled, secret=one).message for one in (False, True))
    assert public == ("doubled[0, 0] should be 2, but it is 3 (2 of 2 numbers differ).")
    assert secret == "doubled[0, 0] should not be 3 (2 of 2 numbers differ)."


def test_a_sum_that_is_nearly_1_is_not_told_as_1():
    weights = np.array([[0.5, 0.5], [0.5, 0.501]])
    assert SUMS.broken(Case("rows"), {"weights": weights}) == (
        "weights[1, :] sums to 1.001"
    )


def test_the_simplest_failing_case_is_the_one_told_about():
    assert verdict(tripled).case == "one word"


def test_a_known_mistake_is_recognised_from_its_outputs():
    assert verdict(lambda s: s + s + s).mistake == "tripled"


def test_a_known_mistake_is_recognised_in_float32():
    assert verdict(lambda s: (s * 3).astype("f4")).says == "You tripled."


def test_another_wrong_answer_is_not_taken_for_the_known_mistake():
    assert verdict(lambda s: s * 3 + (s.size > 2)).mistake is None


def refusing(*words):
    """Doubles one row, and refuses more with an exception that may have words."""

    def double_scores(scores):
        if len(scores) > 1:
            raise OverflowError(*words)
        return scores * 3

    return double_scores


@pytest.mark.parametrize(("known", "mistake"), [((), "tripled"), (("too many",), None)])
def test_a_known_exception_without_words_stands_for_any_words(known, mistake):
    found = verdict(refusing("more than one row"), wrong=refusing(*known))
    assert found.mistake == mistake


def test_a_mistake_on_the_first_case_only_is_not_recognised():
    assert verdict(lambda s: s * 3 if s.size == 2 else s * 2).mistake is None


def test_of_integers_only_lost_fractions_are_said_to_be_lost():
    whole = verdict(lambda s: np.sign(s).astype(int), right=lambda s: np.round(s) * 9)
    assert "should be 9, but it is 1" in whole.message


def crashing(scores):
    """Fails on one row in NumPy's words, and triples more."""
    if len(scores) == 1:
        raise ValueError("operands could not be broadcast together")
    return scores * 3


def test_a_crash_is_told_one_cause_and_the_recognised_one_if_there_is():
    assert "`keepdims=True`" in verdict(crashing).message
    known = verdict(crashing, wrong=crashing)
    assert "`keepdims=True`" not in known.message
    assert known.says == "You tripled."


def test_a_picture_shows_the_slice_that_differs():
    deep = replace(
        DOUBLE,
        cases=lambda rng: [Case("deep", scores=rng.normal(size=(2, 3, 20)))],
        laws=(),
    )

    def late(scores):
        result = scores * 2
        result[1, 2, 17] += 1
        return result

    picture = verdict(late, deep).picture
    assert picture.title == "doubled[1, :, :]"
    assert picture.expected.shape == (3, 8)
    assert (picture.expected != picture.got).sum() == 1


def test_where_a_number_is_asked_for_no_array_is_spoken_of():
    count = replace(DOUBLE, returns={"count": "()"}, laws=())
    found = verdict(lambda scores: "3", count, right=np.size, wrong=np.ndim)
    assert found.message == "count should be a number, but it is a str."
    found = verdict(lambda scores: scores, count, right=np.size, wrong=np.ndim)
    says = "count should be one number, but it has the shape (1, 2)."
    assert found.message == says


def test_an_expected_error_must_be_raised():
    strict = replace(DOUBLE, laws=())

    def refuses(scores):
        raise ValueError("m must be even")

    found = verdict(doubled, strict, right=refuses)
    assert "should raise ValueError (m must be even), but it returned" in found.message


def test_an_expected_error_may_have_another_text():
    def refuses(scores):
        raise ValueError("m must be even")

    def also_refuses(scores):
        raise ValueError

    assert verdict(also_refuses, right=refuses).passed


def test_an_absent_answer_is_not_attempted():
    from graders.collect import cases_for, collect
    from graders.exercise import Key
    from graders.judge import judge

    cases = cases_for(DOUBLE)
    key = Key(collect(DOUBLE, doubled, cases))
    found = judge(DOUBLE, cases, missing(len(cases)), key)
    assert found.status == NOT_ATTEMPTED
    assert "There is no double_scores in the notebook" in found.message


PREDICTION = Choice("predict-it", "guess", "More?", {"more": "No.", "less": "Yes."})
QUESTION = replace(PREDICTION, right="less")


@pytest.mark.parametrize("option", ["more", "less"])
def test_any_option_of_a_prediction_passes(option):
    assert verdict(option, PREDICTION).passed


def test_a_number_in_the_place_of_an_option_is_told_as_it_was_written():
    assert verdict(5, PREDICTION).message.endswith("but it is the number 5.")
    assert verdict(True, PREDICTION).message.endswith("but it is True.")


@pytest.mark.parametrize("unset", [None, ...])
def test_an_unset_choice_is_not_attempted(unset):
    assert verdict(unset, PREDICTION).status == NOT_ATTEMPTED


@pytest.mark.parametrize("odd", ["maybe", 3, ["more"], lambda: "more"])
def test_what_is_no_option_is_refused_with_the_options(odd):
    found = verdict(odd, PREDICTION)
    assert found.status == WRONG
    assert "should be one of 'more', 'less'" in found.message
    assert "quotes included" in found.message


def test_only_the_right_option_of_a_question_passes():
    assert verdict("less", QUESTION).passed
    assert verdict("more", QUESTION).status == WRONG


def test_a_wrong_option_is_explained():
    assert verdict("more", QUESTION).message == "'more': No."
