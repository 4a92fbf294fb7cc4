"""The formulas of lesson 03 against hand-worked numbers, laws and Keras."""

import numpy as np
import pytest

from transformer.reference import heads as reference

RNG = np.random.default_rng(6)
QUERY, CONTEXT = RNG.normal(size=(2, 3, 12)), RNG.normal(size=(2, 5, 12))
WEIGHTS = {
    name: RNG.normal(size=(12, 12)) / np.sqrt(12)
    for name in ("query", "key", "value", "output")
}
MAY = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]], dtype=bool)


def test_each_head_gets_its_columns_of_every_word():
    words = np.array([[[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]]])
    heads = reference.split_heads(words, 2)
    assert heads[0, 0].tolist() == [[0, 1], [10, 11], [20, 21]]
    assert heads[0, 1].tolist() == [[2, 3], [12, 13], [22, 23]]


@pytest.mark.parametrize("num_heads", [1, 2, 3, 4, 6, 12])
def test_merging_undoes_splitting(num_heads):
    heads = reference.split_heads(CONTEXT, num_heads)
    assert heads.shape == (2, num_heads, 5, 12 // num_heads)
    assert np.array_equal(reference.merge_heads(heads), CONTEXT)


@pytest.mark.parametrize("num_heads", [5, 7, 8, 24])
def test_a_width_that_does_not_divide_is_refused(num_heads):
    with pytest.raises(ValueError, match=rf"num_heads \({num_heads}\) must divide"):
        reference.split_heads(CONTEXT, num_heads)
    with pytest.raises(ValueError, match="must divide"):
        reference.multi_head_attention(QUERY, CONTEXT, WEIGHTS, num_heads)


def test_multi_head_attention_worked_by_hand():
    words = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    weights = {
        "query": np.array([[np.log(3.0), np.log(3.0)], [0.0, 0.0]]),
        "key": np.eye(2),
        "value": np.array([[4.0, 8.0], [0.0, 16.0]]),
        "output": np.array([[0.0, 1.0], [1.0, 0.0]]),
    }
    output, looks = reference.multi_head_attention(words[:, :1], words, weights, 2)
    np.testing.assert_allclose(looks, [[[[0.75, 0.25]], [[0.25, 0.75]]]])
    np.testing.assert_allclose(output, [[[14.0, 3.0]]])


@pytest.mark.parametrize("num_heads", [1, 3, 12])
def test_it_is_that_of_keras_mask_included(num_heads):
    import keras

    layer = keras.layers.MultiHeadAttention(
        num_heads, 12 // num_heads, use_bias=False, dtype="float64"
    )
    layer.build(QUERY.shape, CONTEXT.shape)
    layer.set_weights(reference.to_keras(WEIGHTS, num_heads))
    theirs, scores = layer(
        QUERY,
        CONTEXT,
        attention_mask=np.broadcast_to(MAY[:, np.newaxis], (2, 3, 5)),
        return_attention_scores=True,
    )
    output, looks = reference.multi_head_attention(
        QUERY, CONTEXT, WEIGHTS, num_heads, MAY[:, np.newaxis, np.newaxis]
    )
    # Keras scales by a root of d that it has rounded to float32.
    np.testing.assert_allclose(output, theirs, rtol=0, atol=1e-7)
    np.testing.assert_allclose(looks, scores, rtol=0, atol=1e-7)


@pytest.mark.parametrize(("heads", "width"), [(1, 12), (3, 4), (5, 7)])
def test_the_parameters_are_those_that_keras_counts(heads, width):
    import keras

    layer = keras.layers.MultiHeadAttention(heads, width, use_bias=False)
    layer.build(QUERY.shape, CONTEXT.shape)
    assert layer.count_params() == reference.attention_parameters(12, heads, width)


def test_heads_in_another_order_give_the_same_output():
    columns = np.arange(12).reshape(3, 4)[[2, 0, 1]].ravel()
    turned = {name: w[:, columns] for name, w in WEIGHTS.items()}
    turned["output"] = WEIGHTS["output"][columns]
    first, _ = reference.multi_head_attention(QUERY, CONTEXT, WEIGHTS, 3)
    second, _ = reference.multi_head_attention(QUERY, CONTEXT, turned, 3)
    np.testing.assert_allclose(first, second, atol=1e-12)


def test_what_stands_for_a_layer_gives_what_the_function_gives():
    layer = reference.MultiHeadAttention(3)
    layer(QUERY, CONTEXT)
    for name, weight in WEIGHTS.items():
        getattr(layer, f"w_{name}").assign(weight)
    mask = MAY[:, np.newaxis, np.newaxis]
    output, _ = reference.multi_head_attention(QUERY, CONTEXT, WEIGHTS, 3, mask)
    np.testing.assert_array_equal(layer(QUERY, CONTEXT, attention_mask=mask), output)


def test_finished_parts_take_tensors_as_a_layer_has_them():
    from keras import ops

    heads = reference.split_heads(ops.convert_to_tensor(CONTEXT), 3)
    merged = reference.merge_heads(ops.convert_to_tensor(heads))
    assert np.array_equal(merged, CONTEXT)
    weights = {name: ops.convert_to_tensor(w) for name, w in WEIGHTS.items()}
    inputs = ops.convert_to_tensor(QUERY), ops.convert_to_tensor(CONTEXT)
    output, _ = reference.multi_head_attention(*inputs, weights, 3)
    wanted, _ = reference.multi_head_attention(QUERY, CONTEXT, WEIGHTS, 3)
    np.testing.assert_allclose(output, wanted, atol=1e-12)
