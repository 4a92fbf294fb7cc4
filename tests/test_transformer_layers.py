"""The checks of lesson 06 meet real Keras classes, right, wrong and misshapen."""

import numpy as np
import pytest

from graders import locked, registry
from graders.collect import cases_for, collect
from graders.course import Course
from graders.exercise import CRASHED, NOT_ATTEMPTED, WRONG
from graders.judge import judge
from graders.keys import stored_key
from tests.answers.transformer import parts
from tests.conftest import ROOT


def verdict(name, answer):
    exercise = registry.find(name)
    cases = cases_for(exercise)
    return judge(exercise, cases, collect(exercise, answer, cases), stored_key(name))


def other(name, **methods):
    """The right Keras class with some methods of its own."""
    return type(name, (parts()[name],), methods)


def with_parts(name, change):
    """The right Keras class whose parts are changed once they are made."""
    base = parts()[name]

    def made(self, *args, **kwargs):
        base.__init__(self, *args, **kwargs)
        change(self)

    return type(name, (base,), {"__init__": made})


# ------------------------------------------------------------------- named mistakes


def x_plus_norm():
    def call(self, inputs, attention_mask=None):
        looked = self.attention(inputs, inputs, attention_mask=attention_mask)
        x = inputs + self.norm_attention(looked)
        return x + self.norm_feed_forward(self.feed_forward(x))

    return other("EncoderLayer", call=call)


def second_residual_from_the_start():
    def call(self, inputs, attention_mask=None):
        looked = self.attention(inputs, inputs, attention_mask=attention_mask)
        x = self.norm_attention(inputs + looked)
        return self.norm_feed_forward(inputs + self.feed_forward(x))

    return other("EncoderLayer", call=call)


def one_norm_shared():
    def change(self):
        self.norm_feed_forward = self.norm_attention

    return with_parts("EncoderLayer", change)


def mask_ignored():
    def call(self, inputs, attention_mask=None):
        return parts()["EncoderLayer"].call(self, inputs)

    return other("EncoderLayer", call=call)


def dropout_always_on():
    def call(self, inputs, attention_mask=None):
        looked = self.attention(inputs, inputs, attention_mask=attention_mask)
        x = self.norm_attention(inputs + self.dropout(looked, training=True))
        return self.norm_feed_forward(x + self.feed_forward(x))

    return other("EncoderLayer", call=call)


def dropout_of(attention=False, sums=False):
    """What attention says is dropped, or the sums are, in place of all that is said."""

    def call(self, inputs, attention_mask=None):
        def drop(x, is_dropped):
            return self.dropout(x) if is_dropped else x

        looked = self.attention(inputs, inputs, attention_mask=attention_mask)
        x = self.norm_attention(drop(inputs + drop(looked, attention), sums))
        return self.norm_feed_forward(drop(x + self.feed_forward(x), sums))

    return other("EncoderLayer", call=call)


def dropout_of_attention_alone():
    return dropout_of(attention=True)


def dropout_of_the_sum():
    return dropout_of(sums=True)


def asked_by_the_start():
    def call(self, inputs, context, self_mask=None, cross_mask=None):
        looked = self.self_attention(inputs, inputs, attention_mask=self_mask)
        x = self.norm_self(inputs + looked)
        found, weights = self.cross_attention(
            inputs, context, attention_mask=cross_mask, return_attention_scores=True
        )
        x = self.norm_cross(x + found)
        return self.norm_feed_forward(x + self.feed_forward(x)), weights

    return other("DecoderLayer", call=call)


def epsilon_of_keras():
    def change(self):
        self.norm_attention.epsilon = self.norm_feed_forward.epsilon = 1e-3

    return with_parts("EncoderLayer", change)


def one_layer_reused():
    def change(self):
        self.blocks = [self.blocks[0]] * len(self.blocks)

    return with_parts("Encoder", change)


def keys_from_the_decoder():
    def call(self, inputs, context, self_mask=None, cross_mask=None):
        looked = self.self_attention(inputs, inputs, attention_mask=self_mask)
        x = self.norm_self(inputs + looked)
        found, weights = self.cross_attention(x, x, return_attention_scores=True)
        x = self.norm_cross(x + found)
        return self.norm_feed_forward(x + self.feed_forward(x)), weights

    return other("DecoderLayer", call=call)


def masked(masks):
    return other("Transformer", masks=masks)


def no_look_ahead():
    return masked(lambda self, s, t: ((s != 0)[:, None], (t != 0)[:, None]))


def encoders_embeddings():
    def call(self, inputs):
        source, target = inputs
        cross, own = self.masks(source, target)
        self.encoder(source, attention_mask=cross)
        context = self.encoder.embedding(source)
        return self.to_logits(self.decoder(target, context, own, cross)[0])

    return other("Transformer", call=call)


def softmax_in_the_model():
    def call(self, inputs):
        import keras

        return keras.ops.softmax(parts()["Transformer"].call(self, inputs))

    return other("Transformer", call=call)


MISTAKES = [
    ("encoder-layer", x_plus_norm, "x-plus-norm"),
    (
        "encoder-layer",
        second_residual_from_the_start,
        "second-residual-from-the-start",
    ),
    ("encoder-layer", one_norm_shared, "one-norm-shared"),
    ("encoder-layer-mask", mask_ignored, "mask-ignored"),
    ("encoder-layer-dropout", dropout_always_on, "dropout-always-on"),
    (
        "encoder-layer-dropout",
        dropout_of_attention_alone,
        "dropout-of-attention-alone",
    ),
    ("encoder-layer-dropout", dropout_of_the_sum, "dropout-of-the-sum"),
    ("encoder-layer", epsilon_of_keras, "epsilon-of-keras"),
    ("decoder-layer", asked_by_the_start, "cross-attention-asked-by-the-start"),
    ("encoder", one_layer_reused, "one-layer-reused"),
    ("decoder-layer", keys_from_the_decoder, "keys-from-the-decoder"),
    ("transformer", no_look_ahead, "no-look-ahead"),
    ("transformer", encoders_embeddings, "encoders-embeddings"),
    ("transformer", softmax_in_the_model, "softmax-in-the-model"),
]


@pytest.mark.parametrize(
    ("name", "wrong", "ident"), MISTAKES, ids=[f"{n}:{i}" for n, _, i in MISTAKES]
)
def test_a_mistake_in_a_keras_class_is_recognised(name, wrong, ident):
    found = verdict(name, wrong())
    assert (found.status, found.mistake) == (WRONG, ident)


def one_norm_for_both():
    def call(self, inputs, attention_mask=None):
        looked = self.attention(inputs, inputs, attention_mask=attention_mask)
        x = self.norm_attention(inputs + looked)
        return self.norm_attention(x + self.feed_forward(x))

    return other("EncoderLayer", call=call)


@pytest.mark.parametrize(
    "wrong", [x_plus_norm, one_norm_shared, one_norm_for_both, dropout_of_the_sum]
)
def test_a_wrong_encoder_layer_keeps_the_point_of_its_mask(wrong):
    assert verdict("encoder-layer-mask", wrong()).passed


@pytest.mark.parametrize("wrong", [asked_by_the_start])
def test_a_wrong_decoder_layer_keeps_the_point_of_its_masks(wrong):
    assert verdict("decoder-layer-mask", wrong()).passed


def test_a_model_whose_config_lacks_dropout_is_told():
    def get_config(self):
        config = parts()["Transformer"].get_config(self)
        del config["dropout"]
        return config

    found = verdict("transformer-save", other("Transformer", get_config=get_config))
    assert found.mistake == "dropout-not-in-the-config"


def test_a_model_that_returns_a_pair_is_told_what_it_is():
    def call(self, inputs):
        return parts()["Transformer"].call(self, inputs), []

    found = verdict("transformer", other("Transformer", call=call))
    assert found.message == "logits should be an array (b, t, n), but it is a tuple."


# ------------------------------------------------------------------------------ laws


def test_a_word_that_hears_what_its_mask_hides_is_named():
    found = verdict("encoder-layer-mask", mask_ignored())
    assert "hears word" in found.message
    assert "which `attention_mask` hides" in found.message


def test_a_decoder_that_sees_the_future_is_told_which_position_moves():
    found = verdict("transformer", no_look_ahead())
    assert "yours at position 0 move by" in found.message
    assert "when word 3 of the target changes: the decoder sees the future" in (
        found.message
    )


def test_a_dropout_that_is_always_on_breaks_a_law_of_the_whole():
    def change(self):
        for block in self.encoder.blocks:
            block.__class__ = dropout_always_on()

    found = verdict("transformer", with_parts("Transformer", change))
    assert "the same logits at every call" in found.message


def test_sentences_that_touch_break_a_law_of_the_whole():
    def call(self, inputs):
        import keras

        logits = parts()["Transformer"].call(self, inputs)
        return logits - keras.ops.mean(logits, axis=0, keepdims=True) / 2

    found = verdict("transformer", other("Transformer", call=call))
    assert "the sentences of a batch should not touch" in found.message


# --------------------------------------------------------------- weights do not fit


def test_a_weight_without_its_name_is_asked_for():
    def change(self):
        self.norm_one = self.norm_attention
        del self.norm_attention

    def call(self, inputs, attention_mask=None):
        looked = self.attention(inputs, inputs, attention_mask=attention_mask)
        x = self.norm_one(inputs + looked)
        return self.norm_feed_forward(x + self.feed_forward(x))

    named = with_parts("EncoderLayer", change)
    named.call = call
    found = verdict("encoder-layer", named)
    assert found.status == CRASHED
    assert "norm_attention.gamma: the model has no 'norm_attention'" in found.message


def test_weights_that_nobody_asked_for_are_named():
    import keras

    def change(self):
        self.attention = keras.layers.MultiHeadAttention(1, 4)

    found = verdict("encoder-layer", with_parts("EncoderLayer", change))
    assert "no weights are given for" in found.message
    assert "bias" in found.message


def test_a_weight_of_another_shape_is_named():
    def change(self):
        self.feed_forward = parts()["FeedForward"](self.feed_forward.project.units, 99)

    found = verdict("encoder-layer", with_parts("EncoderLayer", change))
    assert "feed_forward.expand.kernel should have the shape" in found.message


def test_a_part_that_is_never_called_is_named():
    def call(self, inputs, attention_mask=None):
        looked = self.attention(inputs, inputs, attention_mask=attention_mask)
        x = self.norm_attention(inputs + looked)
        return self.norm_attention(x + self.feed_forward(x))

    found = verdict("encoder-layer", other("EncoderLayer", call=call))
    assert "norm_feed_forward.gamma" in found.message
    assert "used in `call`?" in found.message


def test_what_is_no_layer_is_refused():
    class FeedForward:
        def __init__(self, model_dim, hidden_dim):
            self.model_dim = model_dim

        def __call__(self, inputs):
            return np.zeros_like(inputs)

    assert "is no keras.layers.Layer" in verdict("feed-forward", FeedForward).message


def test_a_model_whose_config_lacks_a_size_cannot_be_loaded():
    def get_config(self):
        config = parts()["Transformer"].get_config(self)
        del config["num_heads"]
        return config

    found = verdict("transformer-save", other("Transformer", get_config=get_config))
    assert found.status == CRASHED


# --------------------------------------------------------------------------- blanks

CLASSES = {
    "feed-forward": "FeedForward",
    "encoder-layer": "EncoderLayer",
    "encoder-layer-mask": "EncoderLayer",
    "encoder-layer-dropout": "EncoderLayer",
    "encoder": "Encoder",
    "decoder-layer": "DecoderLayer",
    "decoder-layer-mask": "DecoderLayer",
    "decoder": "Decoder",
    "transformer": "Transformer",
    "transformer-save": "Transformer",
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_released_class_is_not_attempted(name):
    """Its `call` raises NotImplementedError, and Keras wraps it."""

    def call(self, *args, **kwargs):
        raise NotImplementedError()

    assert verdict(name, other(CLASSES[name], call=call)).status == NOT_ATTEMPTED


# ---------------------------------------------------------------------- finished parts


@pytest.mark.parametrize(
    "name", ["encoder-layer", "encoder", "decoder-layer", "decoder", "transformer"]
)
def test_finished_parts_serve_where_the_students_own_stood(name):
    """The finished layers take what the lesson's classes are made and called with."""
    from graders.parts import finished

    exercise = registry.find(name)
    found = {}
    for part, (source, attribute) in finished(exercise.uses).items():
        room = {"__name__": "finished"}
        exec(compile(source, "finished.py", "exec"), room)
        found[part] = room[attribute]
    inner = {
        "encoder-layer": ("feed_forward", lambda m, h, f: found["FeedForward"](m, f)),
        "decoder-layer": ("feed_forward", lambda m, h, f: found["FeedForward"](m, f)),
    }
    base = parts()[exercise.answer]

    def made(self, *sizes, dropout=0.0):
        base.__init__(self, *sizes, dropout=dropout)
        if name in inner:
            setattr(self, inner[name][0], inner[name][1](*sizes))
        elif name == "transformer":
            source, target, *rest = sizes
            self.encoder = found["Encoder"](source, *rest, dropout)
            self.decoder = found["Decoder"](target, *rest, dropout)
        else:
            _, _, count, *rest = sizes
            block = found[{"encoder": "EncoderLayer", "decoder": "DecoderLayer"}[name]]
            self.blocks = [block(*rest, dropout) for _ in range(count)]

    answer = type(exercise.answer, (base,), {"__init__": made})
    assert verdict(name, answer).passed


def test_the_child_is_shown_no_finished_layer():
    lesson = Course(ROOT).find("transformer")
    view = locked.view(Course(ROOT), locked.modules_of(lesson))
    shown = {path.removeprefix(f"{ROOT}/") for path in view.copied}
    assert "transformer/weights/__init__.py" in shown
    hidden = ("layers", "translate", "training", "baseline", "reference")
    assert not [
        p for p in shown if p.startswith(tuple(f"transformer/{h}" for h in hidden))
    ]
