"""The formulas of lesson 02 against hand-worked numbers, laws and Keras."""

import numpy as np
import pytest

from transformer.reference import attention as reference

RNG = np.random.default_rng(5)
QUERY, KEY, VALUE = (RNG.normal(size=s) for s in ((2, 3, 4), (2, 5, 4), (2, 5, 6)))
MAY = np.array([[[1, 1, 0, 1, 0]], [[0, 1, 1, 1, 1]]], dtype=bool)


def test_softmax_of_zero_and_log_three_is_a_quarter_and_three():
    np.testing.assert_allclose(reference.softmax(np.log([1.0, 3.0])), [0.25, 0.75])


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_sums_to_one_along_its_axis(axis):
    sums = reference.softmax(QUERY, axis).sum(axis)
    np.testing.assert_allclose(sums, np.ones_like(sums))


def test_softmax_sees_differences_only():
    np.testing.assert_allclose(
        reference.softmax(QUERY), reference.softmax(QUERY + 1e4), rtol=1e-10
    )


def test_attention_worked_by_hand():
    query = np.array([[2 * np.log(3.0), 0, 0, 0]])
    output, weights = reference.attention(query, np.eye(4)[:2], [[0, 4], [8, 0]])
    np.testing.assert_allclose(weights, [[0.75, 0.25]])
    np.testing.assert_allclose(output, [[2.0, 3.0]])


def test_attention_is_that_of_keras_mask_included():
    import keras

    layer = keras.layers.Attention(dtype="float64")
    scaled = QUERY / np.sqrt(QUERY.shape[-1])
    # Keras's own mask is one per key; both say the same of every query.
    theirs, scores = layer(
        [scaled, VALUE, KEY], mask=[None, MAY[:, 0]], return_attention_scores=True
    )
    output, weights = reference.attention(QUERY, KEY, VALUE, MAY)
    np.testing.assert_allclose(output, theirs, atol=1e-10)
    np.testing.assert_allclose(weights, scores, atol=1e-10)


def test_a_blocked_key_cannot_change_the_output():
    other = np.where(MAY.swapaxes(1, 2), KEY, 100.0)
    before, _ = reference.attention(QUERY, KEY, VALUE, MAY)
    after, _ = reference.attention(QUERY, other, VALUE, MAY)
    np.testing.assert_allclose(before, after)


def test_a_fully_blocked_query_weighs_all_keys_alike():
    _, weights = reference.attention(QUERY, KEY, VALUE, np.zeros((3, 5), bool))
    np.testing.assert_allclose(weights, np.full((2, 3, 5), 1 / 5))


def test_any_leading_axes_are_so_many_attentions_apart():
    both, _ = reference.attention(QUERY, KEY, VALUE)
    one, _ = reference.attention(QUERY[1], KEY[1], VALUE[1])
    np.testing.assert_allclose(both[1], one)


def test_one_word_attends_as_it_does_among_others():
    output, weights = reference.attention(QUERY[0], KEY[0], VALUE[0])
    alone, its_weights = reference.attend_one(QUERY[0, 2], KEY[0], VALUE[0])
    np.testing.assert_allclose(alone, output[2])
    np.testing.assert_allclose(its_weights, weights[2])


def test_permuted_words_have_permuted_outputs():
    words, order = RNG.normal(size=(1, 4, 3)), [2, 0, 3, 1]
    matrices = RNG.normal(size=(3, 3, 5))
    output, _ = reference.self_attention(words, *matrices)
    shuffled, _ = reference.self_attention(words[:, order], *matrices)
    np.testing.assert_allclose(shuffled, output[:, order])


def test_projections_stand_on_the_right_of_the_words():
    x, w = np.array([[1.0, 2.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]])
    query, key, value = reference.project(x, w, 2 * w, 3 * w)
    assert query.tolist() == [[201.0, 2010.0]]
    assert key.tolist() == [[402.0, 4020.0]]
    assert value.tolist() == [[603.0, 6030.0]]
