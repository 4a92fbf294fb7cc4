"""Translating with a model: fast equals slow, and what does not fit is refused."""

import keras
import numpy as np
import pytest

from transformer import decoding, layers, translate
from transformer.baseline import Recurrent
from transformer.corpus import END, START, Vocabularies, Vocabulary, draw, padded

PAIRS = draw(24, seed=7, lengths=(4, 12), names=10, numbers=20)
VOCABULARIES = Vocabularies.of(PAIRS)
SENTENCES = [french for french, _ in PAIRS]


def transformer(norm_first=False):
    keras.utils.set_random_seed(7)
    made = layers.Transformer(
        *map(len, VOCABULARIES),
        max_length=20,
        num_layers=2,
        model_dim=8,
        num_heads=2,
        hidden_dim=12,
        norm_first=norm_first,
    )
    shaken(made)
    words = made.decoder.embedding.embedding.embeddings
    words.assign(0.1 * words)  # else each word's own row brings the same word again
    return made


def shaken(made):
    """Weights far enough from zero that translations differ."""
    made((np.ones((1, 2), np.int32), np.ones((1, 2), np.int32)))
    rng = np.random.default_rng(7)
    for variable in made.trainable_variables:
        size = 0.1 if len(variable.shape) == 1 else 0.6
        variable.assign(variable + size * rng.normal(size=variable.shape))
    return made


@pytest.fixture(scope="module", params=[False, True], ids=["post-norm", "pre-norm"])
def model(request):
    return transformer(request.param)


@pytest.fixture(scope="module")
def recurrent():
    keras.utils.set_random_seed(7)
    return shaken(Recurrent(*map(len, VOCABULARIES), state_dim=8))


def logits_of(says, source_bk, target_bt):
    """The logits behind each word, one word at a time."""
    state, found = says.begin(source_bk), []
    for at in range(target_bt.shape[1]):
        logits_btn, state = says.advance(target_bt[:, at : at + 1], state)
        found.append(np.array(logits_btn)[:, 0])
    return np.stack(found, axis=1)


def a_batch():
    source_bk = padded([VOCABULARIES.source.encode(s) for s in SENTENCES])
    rng = np.random.default_rng(7)
    words = rng.integers(4, len(VOCABULARIES.target), size=(len(SENTENCES), 6))
    return source_bk, np.insert(words, 0, START, axis=1).astype(np.int32)


def test_cached_keys_and_values_change_no_logit(model):
    source_bk, target_bt = a_batch()
    whole = np.array(model((source_bk, target_bt)))
    cached = logits_of(translate.speaker(model), source_bk, target_bt)
    assert cached == pytest.approx(whole, abs=1e-4)  # sums in another order, float32


def test_going_over_all_words_again_changes_no_logit(model):
    source_bk, target_bt = a_batch()
    whole = np.array(model((source_bk, target_bt)))
    again = logits_of(translate.again(model), source_bk, target_bt)
    assert again == pytest.approx(whole, abs=1e-4)


def test_a_recurrent_model_says_word_by_word_what_it_says_at_once(recurrent):
    source_bk, target_bt = a_batch()
    whole = np.array(recurrent((source_bk, target_bt)))
    stepwise = logits_of(translate.speaker(recurrent), source_bk, target_bt)
    assert stepwise == pytest.approx(whole, abs=1e-4)


def test_padding_of_a_source_changes_no_word_of_a_recurrent_model(recurrent):
    source_bk, target_bt = a_batch()
    longer = np.pad(source_bk, ((0, 0), (0, 3)))
    whole, same = (np.array(recurrent((s, target_bt))) for s in (source_bk, longer))
    assert same == pytest.approx(whole, abs=1e-5)


def test_a_batch_is_translated_like_its_sentences_alone(model):
    together = translate.translate(model, SENTENCES, VOCABULARIES, batch_size=10)
    alone = [translate.translate(model, [s], VOCABULARIES)[0] for s in SENTENCES[:4]]
    assert together[:4] == alone
    assert len(set(together)) > 3


def test_next_logits_serve_the_decoding_of_lesson_07(model):
    source_bk, target_bt = a_batch()
    following = translate.next_logits(model, SENTENCES[3], VOCABULARIES)
    expected = np.array(model((source_bk[3:4], target_bt[3:4])))[0]
    tokens = target_bt[3].tolist()
    assert following(tokens[:1]) == pytest.approx(expected[0], abs=1e-4)
    assert following(tokens) == pytest.approx(expected[-1], abs=1e-4)
    said = decoding.greedy(following, START, END, max_length=5)
    assert len(said) <= 5


def test_looking_gives_a_row_of_weights_for_each_word_said(model):
    found = translate.look(model, SENTENCES[0], VOCABULARIES)
    assert found.source == SENTENCES[0].split()
    assert found.target[-1] == "[end]"
    for weights_hqk in found.weights:
        assert weights_hqk.shape == (2, len(found.target), len(found.source))
        assert weights_hqk.sum(axis=-1) == pytest.approx(1, abs=1e-5)


def test_right_translations_are_counted_by_length():
    pairs = [("a b", ""), ("a b c", ""), ("a b c d", ""), ("a", "")]
    right = [True, False, True, True]
    shares = translate.by_length(pairs, right, [(1, 2), (3, 4), (5, 9)])
    assert shares == pytest.approx([1.0, 0.5, float("nan")], nan_ok=True)


def test_exact_compares_word_for_word(model):
    said = translate.translate(model, SENTENCES[:2], VOCABULARIES)
    pairs = [(SENTENCES[0], said[0]), (SENTENCES[1], said[1] + " more")]
    assert translate.exact(model, pairs, VOCABULARIES) == [True, False]


def test_an_empty_sentence_is_refused(model):
    with pytest.raises(ValueError, match="empty"):
        translate.translate(model, ["Jane dort .", " "], VOCABULARIES)


def test_a_sentence_longer_than_the_model_is_refused(model):
    with pytest.raises(ValueError, match="21 tokens, the model has positions for 20"):
        translate.translate(model, ["dort " * 21], VOCABULARIES)


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_vocabulary_of_other_weights_is_refused(model, side):
    other = VOCABULARIES._replace(**{side: Vocabulary(["one", "two"])})
    with pytest.raises(ValueError, match=f"{side} vocabulary has 6 words, but"):
        translate.translate(model, SENTENCES[:1], other)


def test_unknown_words_are_named_once_each():
    known = Vocabulary(["Jane", "dort", "."])
    sentence = "Jane zigzague et zigzague ."
    assert translate.unknown(sentence, known) == ["zigzague", "et"]


def test_a_translator_says_what_it_does_not_know(model):
    translator = translate.Translator(model, VOCABULARIES)
    said = translator("Jane zigzague.")
    assert said.unknown == ["zigzague"]
    assert translator.say("Jane zigzague.").endswith(
        "(Not in the vocabulary: zigzague.)"
    )
    assert "empty" in translator.say("  ")
