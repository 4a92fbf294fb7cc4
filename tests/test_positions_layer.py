"""The checks of lesson 04's class meet real Keras layers that are wrong."""

import pytest

from graders.exercise import CRASHED, WRONG
from tests.answers.positions import in_slices
from tests.test_heads_layer import verdict


def layers(words="embedding", end=lambda tokens, offset: offset + tokens.shape[1]):
    """Layers that keep their words under a name, slice to `end`, and refuse nothing."""

    def build(n, longest, m):
        import keras

        class PositionalEmbedding(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                setattr(self, words, keras.layers.Embedding(n, m))
                self.table = in_slices(longest, m).astype("float32")

            def call(self, tokens, offset=0):
                rows = getattr(self, words)(tokens) * m**0.5
                return rows + self.table[offset : end(tokens, offset)]

        return PositionalEmbedding()

    return build


WRONG_LAYERS = {
    "sentences-counted": (
        "positional-embedding",
        layers(end=lambda tokens, offset: offset + len(tokens)),
        WRONG,
    ),
    "ends-at-t": (
        "positional-embedding-offset",
        layers(end=lambda tokens, offset: tokens.shape[1]),
        WRONG,
    ),
    "short-slice": ("positional-embedding-length", layers(), CRASHED),
}


@pytest.mark.parametrize("mistake", WRONG_LAYERS)
def test_a_wrong_layer_is_told_its_mistake_and_no_other_cause(mistake):
    name, layer, status = WRONG_LAYERS[mistake]
    found = verdict(name, layer)
    assert (found.status, found.mistake) == (status, mistake)
    assert "keepdims" not in found.message


def test_a_layer_that_keeps_its_words_elsewhere_is_told_the_name():
    found = verdict("positional-embedding", layers(words="table_of_words"))
    assert found.status == CRASHED
    assert "through `self.embedding`" in found.message
