"""Lesson 06's formulas against numbers worked by hand, laws, and Keras."""

import keras
import numpy as np
import pytest

from transformer import layers, weights
from transformer.reference import transformer as reference

SIZES = {
    "source_vocab_size": 11,
    "target_vocab_size": 13,
    "max_length": 9,
    "num_layers": 2,
    "model_dim": 12,
    "num_heads": 3,
    "hidden_dim": 10,
}
SOURCE = np.array([[3, 0, 5, 7, 0, 0], [10, 2, 4, 1, 0, 0], [1, 1, 9, 8, 6, 2]])
TARGET = np.array([[1, 4, 0, 12, 0], [1, 5, 6, 8, 0], [1, 2, 3, 4, 9]])
RNG = np.random.default_rng(6)
WORDS = RNG.normal(size=(2, 5, 12)).astype("float32")
CONTEXT = RNG.normal(size=(2, 4, 12)).astype("float32")
SELF = np.tri(5, dtype=bool)[np.newaxis, np.newaxis]
CROSS = np.array([[1, 0, 1, 1], [1, 1, 1, 0]], dtype=bool)[:, np.newaxis, np.newaxis]


def both(keras_one, numpy_one, *inputs):
    """Random weights in both, the same: the two, called once."""
    keras_one(*inputs)
    rng = np.random.default_rng(7)
    arrays = {
        name: (array + 0.3 * rng.normal(size=array.shape)).astype("float32")
        for name, array in weights.take(keras_one).items()
    }
    weights.put(keras_one, arrays)
    weights.put(numpy_one, arrays)
    return keras_one, numpy_one


def close(theirs, ours):
    np.testing.assert_allclose(np.asarray(theirs), ours, rtol=0, atol=1e-5)


# -------------------------------------------------------------------------- by hand


def test_layer_norm_worked_by_hand():
    word = np.array([0.0, 0.0, 4.0, 4.0])  # mean 2, deviation 2
    plain = reference.layer_norm(word, np.ones(4), np.zeros(4), epsilon=0)
    assert plain.tolist() == [-1, -1, 1, 1]
    moved = reference.layer_norm(word, np.arange(4), np.full(4, 10), epsilon=0)
    assert moved.tolist() == [10, 9, 12, 13]


def test_epsilon_stands_under_the_root():
    word = np.array([0.0, 2.0])  # mean 1, variance 1
    normalised = reference.layer_norm(word, np.ones(2), np.zeros(2), epsilon=3)
    assert normalised.tolist() == [-0.5, 0.5]


def test_a_word_of_equal_numbers_becomes_beta():
    beta = np.array([1.0, 2.0, 3.0])
    normalised = reference.layer_norm(np.full((2, 3), 7.0), np.ones(3), beta)
    assert normalised.tolist() == [[1, 2, 3]] * 2


def test_feed_forward_worked_by_hand():
    layer = reference.FeedForward(2, 3)
    layer.expand.kernel.assign([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    layer.expand.bias.assign([0.0, -1.0, 0.0])
    layer.project.kernel.assign([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
    layer.project.bias.assign([0.0, 10.0])
    assert layer(np.array([2.0, 4.0])).tolist() == [2, 13]


def test_sublayers_that_say_nothing_leave_the_normalised_word():
    layer = reference.EncoderLayer(4, 2, 3)
    output = layer(np.array([[[0.0, 0.0, 4.0, 4.0]]]))
    np.testing.assert_allclose(output, [[[-1, -1, 1, 1]]], atol=1e-5)


# ----------------------------------------------------------------------------- Keras


def test_layer_norm_is_that_of_keras():
    gamma, beta = RNG.normal(size=(2, 12))
    layer = keras.layers.LayerNormalization(epsilon=1e-6)
    layer.build(WORDS.shape)
    layer.set_weights([gamma, beta])
    close(layer(WORDS), reference.layer_norm(WORDS, gamma, beta))


def test_an_encoder_layer_is_that_of_keras():
    theirs = layers.EncoderLayer(12, 3, 10)
    theirs, ours = both(theirs, reference.EncoderLayer(12, 3, 10), WORDS)
    close(theirs(WORDS, attention_mask=SELF), ours(WORDS, attention_mask=SELF))


def test_a_decoder_layer_is_that_of_keras():
    theirs, ours = both(
        layers.DecoderLayer(12, 3, 10),
        reference.DecoderLayer(12, 3, 10),
        WORDS,
        CONTEXT,
    )
    outputs = theirs(WORDS, CONTEXT, self_mask=SELF, cross_mask=CROSS)
    for their, our in zip(outputs, ours(WORDS, CONTEXT, SELF, CROSS), strict=True):
        close(their, our)


@pytest.fixture(scope="module")
def models():
    theirs, ours = layers.Transformer(**SIZES), reference.Transformer(**SIZES)
    return both(theirs, ours, (SOURCE, TARGET))


def test_the_transformer_is_that_of_keras(models):
    theirs, ours = models
    close(theirs((SOURCE, TARGET)), ours((SOURCE, TARGET)))


def test_the_decoder_and_its_weights_are_those_of_keras(models):
    theirs, ours = models
    context = RNG.normal(size=(3, 6, 12))
    their_output, their_weights = theirs.decoder(TARGET, context)
    our_output, our_weights = ours.decoder(TARGET, context)
    close(their_output, our_output)
    for their, our in zip(their_weights, our_weights, strict=True):
        close(their, our)


def test_both_name_their_weights_alike(models):
    theirs, ours = map(weights.take, models)
    assert {n: a.shape for n, a in theirs.items()} == {
        n: a.shape for n, a in ours.items()
    }


# ------------------------------------------------------------------------------ laws


def test_normalising_forgets_size_and_offset():
    plain = np.ones(12), np.zeros(12)
    first = reference.layer_norm(WORDS, *plain)
    other = reference.layer_norm(100 * WORDS + 7, *plain)
    np.testing.assert_allclose(first, other, atol=1e-5)


def test_a_later_word_of_the_target_does_not_change_the_past(models):
    changed = TARGET.copy()
    changed[:, 3] = 7
    move = np.abs(models[1]((SOURCE, changed)) - models[1]((SOURCE, TARGET)))
    assert move[:, :3].max() == 0
    assert move[:, 3].min() > 0


def test_padding_appended_changes_nothing(models):
    longer = np.pad(SOURCE, ((0, 0), (0, 2))), np.pad(TARGET, ((0, 0), (0, 3)))
    logits = models[1](longer)[:, :5]
    np.testing.assert_allclose(logits, models[1]((SOURCE, TARGET)), atol=1e-12)


def test_a_sentence_too_long_is_refused(models):
    with pytest.raises(ValueError, match=r"position 9 is beyond max_length \(9\)"):
        models[1]((np.ones((1, 10), int), TARGET[:1]))


def test_dropout_acts_in_training_alone():
    layer = reference.EncoderLayer(12, 3, 10, dropout=0.5)
    layer.feed_forward.project.bias.assign(RNG.normal(size=12))
    assert np.array_equal(layer(WORDS), layer(WORDS))
    assert not np.array_equal(layer(WORDS, training=True), layer(WORDS))


def test_a_model_made_again_from_its_config_has_the_same_sizes(models):
    again = reference.Transformer.from_config(models[1].get_config())
    assert [w.shape for w in again.trainable_variables] == [
        w.shape for w in models[1].trainable_variables
    ]
