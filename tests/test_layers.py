"""The finished layers, and weights that are found by name."""

import keras
import numpy as np
import pytest

from transformer import layers, weights

SIZES = {
    "source_vocab_size": 11,
    "target_vocab_size": 13,
    "max_length": 9,
    "num_layers": 2,
    "model_dim": 8,
    "num_heads": 2,
    "hidden_dim": 12,
}
SOURCE = np.array([[3, 0, 5, 7, 0], [10, 2, 4, 0, 0], [1, 1, 9, 8, 6]])
TARGET = np.array([[1, 4, 0, 12], [1, 5, 6, 0], [1, 2, 3, 4]])


@pytest.fixture(scope="module", params=[False, True], ids=["post-norm", "pre-norm"])
def model(request):
    keras.utils.set_random_seed(7)
    made = layers.Transformer(**SIZES, norm_first=request.param)
    made((SOURCE, TARGET))
    rng = np.random.default_rng(7)
    for variable in made.trainable_variables:
        variable.assign(variable + 0.3 * rng.normal(size=variable.shape))
    return made


def logits(model, source=SOURCE, target=TARGET, **more):
    return np.asarray(model((source, target), **more))


def test_logits_have_one_number_for_each_word_of_the_target(model):
    assert logits(model).shape == (3, 4, 13)


def test_a_later_word_of_the_target_does_not_change_the_past(model):
    changed = TARGET.copy()
    changed[:, 3] = 7
    difference = np.abs(logits(model) - logits(model, target=changed))
    assert difference[:, :3].max() < 1e-5
    assert difference[:, 3].min(axis=-1).max() > 1e-4


def test_padding_appended_to_either_side_changes_nothing(model):
    longer = np.pad(SOURCE, ((0, 0), (0, 2))), np.pad(TARGET, ((0, 0), (0, 3)))
    assert np.allclose(logits(model, *longer)[:, :4], logits(model), atol=1e-5)


def test_the_last_word_of_the_source_reaches_every_position(model):
    changed = SOURCE.copy()
    changed[2, 4] = 2
    difference = np.abs(logits(model) - logits(model, source=changed))
    assert difference[2].max(axis=-1).min() > 1e-4
    assert difference[:2].max() == 0


def test_every_variable_is_used(model):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model((SOURCE, TARGET)) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.path
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path


def test_an_offset_is_the_sentence_further_on(model):
    moved = logits(model, offset=2)
    assert not np.allclose(moved, logits(model), atol=1e-3)
    assert np.allclose(moved, logits(model, offset=keras.ops.array(2)), atol=1e-5)


def test_a_sentence_too_long_is_refused(model):
    with pytest.raises(ValueError, match=r"position 9 is beyond max_length \(9\)"):
        model((np.ones((1, 10), int), TARGET[:1]))


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ValueError, match=r"num_heads \(3\) must divide"):
        layers.EncoderLayer(8, 3, hidden_dim=12)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_saved_model_is_the_same_model(model, tmp_path):
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(logits(again), logits(model))


# ---------------------------------------------------------------------------- weights


def test_weights_go_from_one_model_to_another_by_name(model):
    other = layers.Transformer(**SIZES, norm_first=model.made_with["norm_first"])
    other((SOURCE, TARGET))
    assert not np.allclose(logits(other), logits(model), atol=1e-3)
    weights.put(other, weights.take(model))
    assert np.array_equal(logits(other), logits(model))


def test_every_weight_has_a_name(model):
    sizes = [array.size for array in weights.take(model).values()]
    assert sum(sizes) == model.count_params()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda arrays: arrays.update({"encoder.blocks.2.norm_attention.gamma": 1}),
            r"2\.norm_attention\.gamma: encoder\.blocks has no number 2",
        ),
        (
            lambda arrays: arrays.update({"decoder.attention.gamma": 1}),
            r"decoder has no 'attention'",
        ),
        (
            lambda arrays: arrays.update({"to_logits.bias": np.ones(12)}),
            r"bias should have the shape \(12,\), but the model's is \(13,\)",
        ),
        (
            lambda arrays: arrays.pop("to_logits.bias"),
            r"no weights are given for .*bias",
        ),
        (
            lambda arrays: arrays.update({"encoder.blocks": 1}),
            r"encoder\.blocks is no weight",
        ),
    ],
    ids=["block", "layer", "shape", "left", "list"],
)
def test_weights_that_do_not_fit_are_named_and_none_is_set(model, change, says):
    before = logits(model)
    arrays = {name: array + 1 for name, array in weights.take(model).items()}
    change(arrays)
    with pytest.raises(ValueError, match=says):
        weights.put(model, arrays)
    assert np.array_equal(logits(model), before)


def test_a_file_of_arrays_is_read_as_float32(tmp_path):
    np.savez(tmp_path / "some.npz", **{"to_logits.bias": np.ones(3, "float16")})
    (array,) = weights.read(tmp_path / "some.npz").values()
    assert array.dtype == "float32"
