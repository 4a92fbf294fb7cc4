"""Lesson 05's formulas against numbers worked by hand, laws, and Keras."""

import keras
import numpy as np
import pytest

from graders import registry
from graders.collect import cases_for
from graders.exercises import masks
from transformer.reference import masks as reference
from transformer.reference.attention import softmax

TOKENS = np.array([[4, 0, 6, 0], [7, 8, 0, 9]])  # padding in the middle


def test_padding_is_false_wherever_it_stands():
    mask = reference.padding_mask(TOKENS)
    assert mask.tolist() == [
        [[[True, False, True, False]]],
        [[[True, True, False, True]]],
    ]


def test_padding_may_have_another_id():
    assert reference.padding_mask(np.array([[0, 3]]), pad=3).tolist() == [
        [[[True, False]]]
    ]


def test_position_sees_itself_and_the_past():
    assert reference.look_ahead_mask(3)[0, 0].astype(int).tolist() == [
        [1, 0, 0],
        [1, 1, 0],
        [1, 1, 1],
    ]


def test_decoder_mask_is_both():
    assert reference.decoder_mask(TOKENS)[0, 0].astype(int).tolist() == [
        [1, 0, 0, 0],
        [1, 0, 0, 0],
        [1, 0, 1, 0],
        [1, 0, 1, 0],
    ]


def test_cross_mask_has_a_row_for_each_target_position():
    mask = reference.cross_mask(TOKENS, np.array([[1, 2, 3], [1, 0, 0]]))
    assert mask.shape == (2, 1, 3, 4)
    assert mask[1, 0].tolist() == [[True, True, False, True]] * 3


def test_shifted_input_begins_with_start_and_keeps_its_shape():
    shifted = reference.shift_right(TOKENS, 1)
    assert shifted.tolist() == [[1, 4, 0, 6], [1, 7, 8, 0]]


def test_scores_added_are_weights_masked():
    scores = np.random.default_rng(0).normal(size=(2, 1, 4, 4))
    mask = reference.decoder_mask(TOKENS)
    added = softmax(scores + reference.to_scores(mask))
    powers = np.exp(scores) * mask
    assert np.allclose(added, powers / powers.sum(axis=-1, keepdims=True))


def test_look_ahead_mask_is_keras_causal_mask():
    x = np.random.default_rng(1).normal(size=(2, 5, 6)).astype("float32")
    layer = keras.layers.MultiHeadAttention(2, 3, use_bias=False)
    own = layer(x, x, attention_mask=reference.look_ahead_mask(5))
    theirs = layer(x, x, use_causal_mask=True)
    assert np.allclose(own, theirs, atol=1e-6)


def test_decoder_mask_is_keras_masks_together():
    """Keras blocks the rows of padding queries too: compare the words' rows."""
    tokens = np.array([[3, 4, 5, 0, 0], [3, 4, 5, 6, 0]])
    x = keras.layers.Embedding(7, 6, mask_zero=True)(tokens)
    bare = np.asarray(x)  # without the mask that rides along
    layer = keras.layers.MultiHeadAttention(2, 3, use_bias=False)
    own = layer(bare, bare, attention_mask=reference.decoder_mask(tokens))
    theirs = layer(x, x, use_causal_mask=True)
    is_word = tokens != 0
    gap = np.asarray(own)[is_word] - np.asarray(theirs)[is_word]
    assert np.abs(gap).max() < 1e-6


# Layers of Keras whose reach is known from their definition.
KERAS = {
    "causal convolution": (lambda: keras.layers.Conv1D(4, 3, padding="causal"), False),
    "convolution": (lambda: keras.layers.Conv1D(4, 3, padding="same"), True),
    "GRU": (lambda: keras.layers.GRU(4, return_sequences=True), False),
    "GRU backwards": (
        lambda: keras.layers.Bidirectional(
            keras.layers.GRU(2, return_sequences=True), merge_mode="concat"
        ),
        True,
    ),
    "norm of a word": (lambda: keras.layers.LayerNormalization(axis=-1), False),
    "norm over time": (lambda: keras.layers.LayerNormalization(axis=1), True),
}


@pytest.mark.parametrize("name", KERAS)
def test_verdicts_on_layers_of_keras(name):
    make, leaks = KERAS[name]
    assert reference.sees_the_future(make(), 6, 4) is leaks


def truth(case, row):
    """From the arrays: does a mixture or a mean reach ahead?"""
    t = case.length
    mixes = [
        case.left[row, head] @ case.right[row, head]
        for head in range(case.heads[row])
        if np.any(case.w[row, head])
    ]
    mixes.append(case.centre[row] * case.mean[row])
    return any(np.abs(np.triu(mix[:t, :t], k=1)).max() > 1e-9 for mix in mixes)


def layer_cases():
    exercises = registry.exercises("masks")
    for name in ("sees-the-future", "sees-the-future-hidden"):
        for seed in (7, 11, 12, 13):
            yield from cases_for(exercises[name], seed)


def test_verdicts_are_what_the_arrays_say():
    for case in layer_cases():
        for row, layer in enumerate(masks._layers(case)):
            found = reference.sees_the_future(layer, case.length, case.model_dim)
            assert found == truth(case, row), (case.name, row)


def test_a_sound_layer_moves_less_than_the_contract_says():
    """Also when an input moves by a million: rounding stays below 1e-5."""
    for case in layer_cases():
        t, m = case.length, case.model_dim
        x = np.random.default_rng(3).normal(size=(1, t, m))
        for row, layer in enumerate(masks._layers(case)):
            if truth(case, row):
                continue
            for cut in range(1, t):
                moved = x.copy()
                moved[:, cut:] += 1e6
                assert np.abs(layer(moved) - layer(x))[:, :cut].max() < 8e-6


def test_a_leak_answers_any_change_of_one_by_a_hundredth():
    """One number moves by 1, from anywhere between -10 and 10."""
    for case in layer_cases():
        t, m = case.length, case.model_dim
        x = np.random.default_rng(4).uniform(-10, 9, size=(1, t, m))
        for row, layer in enumerate(masks._layers(case)):
            answers = []
            for place, feature in np.ndindex(t, m):
                moved = x.copy()
                moved[0, place, feature] += 1
                moves = np.abs(layer(moved) - layer(x))[0, :place]
                answers.append(moves.max(initial=0))
            answers = np.array(answers)
            assert not ((answers > 1e-5) & (answers < 1e-2)).any()
            assert truth(case, row) == bool((answers >= 1e-2).any())


def test_layers_take_tensors_and_give_them_back():
    case = next(layer_cases())
    layer = masks._layers(case)[0]
    x = np.ones((3, case.length, case.model_dim), dtype="float32")
    given = layer(keras.ops.convert_to_tensor(x))
    assert keras.ops.is_tensor(given)
    assert np.array_equal(given, layer(x))


def test_layers_look_alike_from_outside():
    """Neutral names, one code: what they do is in the numbers only."""
    made = [layer for case in layer_cases() for layer in masks._layers(case)]
    assert {layer.__name__ for layer in made} == {"layer"}
    assert len({layer.__code__ for layer in made}) == 1


def test_layers_refuse_what_the_contract_does_not_promise():
    case = next(layer_cases())
    layer = masks._layers(case)[0]
    with pytest.raises(ValueError, match="t from 1 to 16"):
        layer(np.zeros((1, 17, case.model_dim)))
