"""The checks of lesson 03's class meet real Keras layers, right and wrong."""

import numpy as np
import pytest

from graders import registry
from graders.collect import cases_for, collect
from graders.exercise import CRASHED, NOT_ATTEMPTED, WRONG
from graders.judge import judge
from graders.keys import stored_key
from tests.answers.heads import layers


def verdict(name, answer):
    exercise = registry.find(name)
    cases = cases_for(exercise)
    return judge(exercise, cases, collect(exercise, answer, cases), stored_key(name))


def reshaped(plain, ops):
    def split(self, x):
        b, t, m = ops.shape(x)
        return ops.reshape(x, (b, self.num_heads, t, m // self.num_heads))

    return {"split": split}


def keys_from_the_query(plain, ops):
    def call(self, query, context, attention_mask=None):
        return plain.call(self, query, query)

    return {"call": call}


def keras_order(plain, ops):
    def call(self, query, context, attention_mask=None):
        swapped = plain(self.num_heads)
        swapped.w_query, swapped.w_output = self.w_query, self.w_output
        swapped.w_key, swapped.w_value = self.w_value, self.w_key
        return plain.call(swapped, query, context, attention_mask)

    return {"call": call}


def no_output_projection(plain, ops):
    def call(self, query, context, attention_mask=None):
        bare = plain(self.num_heads)
        bare.w_query, bare.w_key, bare.w_value = self.w_query, self.w_key, self.w_value
        bare.w_output = ops.eye(query.shape[-1])
        return plain.call(bare, query, context, attention_mask)

    return {"call": call}


def ignored_mask(plain, ops):
    def call(self, query, context, attention_mask=None):
        return plain.call(self, query, context)

    return {"call": call}


def one_head_again(plain, ops):
    def get_config(self):
        return {**plain.get_config(self), "num_heads": 1}

    return {"get_config": get_config}


WRONG_LAYERS = [
    ("heads-layer", reshaped, "split-without-transpose"),
    ("heads-layer", keys_from_the_query, "keys-from-the-query"),
    ("heads-layer", keras_order, "key-and-value-swapped"),
    ("heads-layer", no_output_projection, "no-output-projection"),
    ("heads-layer-mask", ignored_mask, "mask-ignored"),
    ("heads-layer-config", one_head_again, "config-forgets-heads"),
]


@pytest.mark.parametrize(("name", "change", "ident"), WRONG_LAYERS)
def test_a_mistake_in_a_keras_layer_is_recognised(name, change, ident):
    from keras import ops

    plain = layers()["plain"]
    wrong = type("MultiHeadAttention", (plain,), change(plain, ops))
    found = verdict(name, wrong)
    assert (found.status, found.mistake) == (WRONG, ident)


def blank():
    """The class as it is released: three gaps."""
    import keras

    class MultiHeadAttention(keras.layers.Layer):
        def __init__(self, num_heads, **kwargs):
            super().__init__(**kwargs)
            self.num_heads = num_heads

        def build(self, query_shape, context_shape):
            raise NotImplementedError()

        def call(self, query, context, attention_mask=None):
            raise NotImplementedError()

        def get_config(self):
            raise NotImplementedError()

    return MultiHeadAttention


CHECKS = ["heads-layer", "heads-layer-mask", "heads-layer-config", "heads-layer-model"]


@pytest.mark.parametrize("name", CHECKS)
def test_a_released_class_is_not_attempted(name):
    assert verdict(name, blank()).status == NOT_ATTEMPTED


def test_numpy_inside_is_right_on_numbers_and_told_of_models():
    numpy = layers()["numpy"]
    assert verdict("heads-layer", numpy).passed
    found = verdict("heads-layer-model", numpy)
    assert found.status == CRASHED
    assert "Does `call` use NumPy" in found.message


def test_a_batch_size_taken_as_a_number_is_told_of_models():
    from keras import ops

    plain = layers()["plain"]

    class Fixed(plain):
        def split(self, x):
            cut = ops.reshape(x, (x.shape[0], x.shape[1], self.num_heads, -1))
            return ops.transpose(cut, (0, 2, 1, 3))

    assert verdict("heads-layer", Fixed).passed
    assert not verdict("heads-layer-model", Fixed).passed


def test_a_weight_without_its_name_is_asked_for():
    plain = layers()["plain"]

    class Nameless(plain):
        def build(self, query_shape, context_shape):
            super().build(query_shape, context_shape)
            self.w_out = self.w_output
            del self.w_output

        def call(self, query, context, attention_mask=None):
            return query

    found = verdict("heads-layer", Nameless)
    assert "no weight 'w_output' that can be set" in found.message


def test_what_is_no_layer_is_refused():
    class Bare:
        def __init__(self, num_heads):
            self.num_heads = num_heads

        def __call__(self, query, context):
            return np.zeros_like(query)

    found = verdict("heads-layer", Bare)
    assert "class MultiHeadAttention(keras.layers.Layer)" in found.message


def test_weights_that_keras_does_not_know_of_do_not_survive():
    import keras

    plain = layers()["plain"]

    class Hidden(plain):
        def build(self, query_shape, context_shape):
            super().build(query_shape, context_shape)
            object.__setattr__(
                self, "w_value", keras.Variable(np.ones((query_shape[-1],) * 2, "f4"))
            )

    assert not verdict("heads-layer-config", Hidden).passed
