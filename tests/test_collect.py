"""What runs beside the student's code writes down what came back, and nothing else."""

import sys
import warnings

import numpy as np
import pytest

from graders.collect import cases_for, collect
from graders.exercise import Case, Odd
from tests.toy import DOUBLE, doubled


def test_the_same_seed_gives_the_same_cases():
    first, second = cases_for(DOUBLE, 11), cases_for(DOUBLE, 11)
    assert np.array_equal(first[1].scores, second[1].scores)


def test_another_seed_gives_other_cases():
    assert not np.array_equal(
        cases_for(DOUBLE, 11)[1].scores, cases_for(DOUBLE)[1].scores
    )


def test_an_unknown_input_is_named():
    with pytest.raises(AttributeError, match="no input called 'query'"):
        _ = Case("one", key=1).query


def test_an_answer_cannot_change_the_cases():
    cases = cases_for(DOUBLE)

    def spoil(scores):
        scores[:] = 0
        return scores

    assert collect(DOUBLE, spoil, cases)[0].changed == ("scores",)
    assert cases[0].scores.tolist() == [[1.0, 2.0]]


def test_a_warning_and_a_line_on_stderr_cost_nothing():
    def loud(scores):
        warnings.warn("careful", stacklevel=1)
        print("careful", file=sys.stderr)
        return doubled(scores)

    outcome = collect(DOUBLE, loud, cases_for(DOUBLE))[0]
    assert outcome.problem is None


def test_an_interrupt_reaches_the_person_who_pressed_it():
    def endless(scores):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(DOUBLE, endless, cases_for(DOUBLE))


def test_an_error_names_the_students_own_line():
    source = "def double_scores(scores):\n    a = 1\n    return scores @ scores\n"
    import linecache

    linecache.cache["<cell>"] = (len(source), None, source.splitlines(True), "<cell>")
    namespace = {}
    exec(compile(source, "<cell>", "exec"), namespace)
    problem = collect(DOUBLE, namespace["double_scores"], cases_for(DOUBLE))[0].problem
    assert problem.line == "return scores @ scores"
    assert problem.where == "line 3 of double_scores"


def test_a_lying_object_is_reduced_to_its_numbers():
    class Liar(np.ndarray):
        def __eq__(self, other):
            return np.ones(self.shape, bool)

    value = collect(DOUBLE, lambda s: s.view(Liar), cases_for(DOUBLE))[0].values[0]
    assert type(value) is np.ndarray


@pytest.mark.parametrize("value", [object(), {"a": 1}, [[1], [1, 2]], 1 + 2j, "text"])
def test_what_is_no_array_is_kept_by_its_type_only(value):
    assert isinstance(
        collect(DOUBLE, lambda s: value, cases_for(DOUBLE))[0].values[0], Odd
    )


def test_the_name_of_an_exception_is_cut_short():
    def answer(scores_tm):
        raise type("E" * 10_000, (ValueError,), {})

    (first, *_) = collect(DOUBLE, answer, cases_for(DOUBLE))
    assert first.problem.types[:2] == ("E" * 100, "ValueError")


def test_what_keras_puts_around_an_exception_is_taken_off():
    wrapped = (
        "Exception encountered when calling Doubling.call().\n\n\x1b[1m"
        "{{function_node AddV2}} Incompatible shapes: [2,3] vs. [4]\x1b[0m\n\n"
        "Arguments received by Doubling.call():\n  • scores=tf.Tensor(shape=(2, 3))"
    )

    def raising(scores):
        raise ValueError(wrapped)

    outcome = collect(DOUBLE, raising, cases_for(DOUBLE))[0]
    assert outcome.problem.text == "Incompatible shapes: [2,3] vs. [4]"


def test_the_advice_of_tensorflow_to_use_its_numpy_is_taken_off():
    def raising(scores):
        raise AttributeError(
            "EagerTensor object has no attribute 'reshape'. \n"
            "        If you are looking for numpy-related methods, please run the "
            "following:\n        tf.experimental.numpy"
        )

    outcome = collect(DOUBLE, raising, cases_for(DOUBLE))[0]
    assert outcome.problem.text == "EagerTensor object has no attribute 'reshape'."
