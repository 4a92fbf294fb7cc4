"""The formulas of lesson 07 against hand-worked numbers, laws, Keras and sacrebleu."""

import keras
import numpy as np
import pytest
import sacrebleu

from transformer.decoding import corpus_bleu, greedy
from transformer.reference import translation as reference

RNG = np.random.default_rng(7)
LABELS = np.array([[3, 0, 5, 1], [2, 6, 0, 0], [4, 1, 1, 0]])  # padding in the middle
LOGITS = RNG.normal(size=(3, 4, 7))


def test_the_loss_worked_by_hand():
    # Shares 1/2, 1/4, 1/4: the label's is 1/2, the second place is padding.
    logits = np.log([[[1.0, 2.0, 1.0], [5.0, 1.0, 2.0]]])
    loss = reference.masked_loss(np.array([[1, 0]]), logits)
    assert loss == pytest.approx(np.log(2))


def test_the_smoothed_loss_worked_by_hand():
    # Targets 0.1, 0.8, 0.1 against shares 1/4, 1/2, 1/4: 0.8 log 2 + 0.2 log 4.
    logits = np.log([[[1.0, 2.0, 1.0]]])
    loss = reference.masked_loss(np.array([[1]]), logits, label_smoothing=0.3)
    assert loss == pytest.approx(1.2 * np.log(2))


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.35])
def test_it_is_kerass_loss_on_the_real_tokens(smoothing):
    theirs = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=smoothing, dtype="float64"
    )
    is_word = LABELS != 0
    want = float(theirs(np.eye(7)[LABELS][is_word], LOGITS[is_word]))
    got = reference.masked_loss(LABELS, LOGITS, smoothing)
    assert got == pytest.approx(want, abs=1e-10)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_what_stands_at_padding_plays_no_part(smoothing):
    changed = np.where((LABELS == 0)[..., np.newaxis], 9 * LOGITS + 1, LOGITS)
    before = reference.masked_loss(LABELS, LOGITS, smoothing)
    assert reference.masked_loss(LABELS, changed, smoothing) == pytest.approx(before)
    accuracy = reference.masked_accuracy(LABELS, LOGITS)
    assert reference.masked_accuracy(LABELS, changed) == accuracy


def test_a_constant_added_to_all_logits_changes_nothing():
    loss = reference.masked_loss(LABELS, LOGITS)
    assert reference.masked_loss(LABELS, LOGITS + 1e4) == pytest.approx(loss)


def test_equal_logits_cost_the_logarithm_of_the_vocabulary():
    loss = reference.masked_loss(LABELS, np.zeros((3, 4, 7)))
    assert loss == pytest.approx(np.log(7))


def test_nothing_but_padding_is_nothing():
    nothing = np.zeros((3, 4), dtype=int)
    assert reference.masked_loss(nothing, LOGITS, 0.1) == 0
    assert reference.masked_accuracy(nothing, LOGITS) == 0


def test_accuracy_counts_real_tokens_only():
    logits = np.zeros((1, 4, 3))
    logits[0, range(4), [2, 1, 0, 0]] = 1.0  # right, wrong, padding, padding
    assert reference.masked_accuracy(np.array([[2, 2, 0, 0]]), logits) == 0.5


def test_the_rate_worked_by_hand():
    schedule = reference.WarmUp(4, 4)  # 1/2 times 1/8, 2/8, 1/2, then 1/4
    rates = [schedule(step) for step in (0, 1, 2, 4, 16)]
    assert rates == pytest.approx([0, 1 / 16, 1 / 8, 1 / 4, 1 / 8])


def test_the_two_terms_meet_at_the_end_of_the_warm_up():
    schedule = reference.WarmUp(512, 4000)
    rates = np.array([schedule(step) for step in range(1, 20_000)])
    assert rates.argmax() == 3999
    assert rates.max() == pytest.approx((512 * 4000) ** -0.5)


def test_a_schedule_made_again_is_the_same():
    schedule = reference.WarmUp(64, 30)
    again = reference.WarmUp.from_config(schedule.get_config())
    assert again(17) == schedule(17)


def test_in_a_buffer_it_is_greedy_search():
    table = RNG.normal(size=(13, 6))
    table[:, 0] -= 1.0

    def next_logits(tokens):
        return table[sum(i * t for i, t in enumerate(tokens, 1)) % 13]

    def all_logits(tokens_t):
        ids = tokens_t.tolist()
        return np.stack([next_logits(ids[: at + 1]) for at in range(len(ids))])

    for start in range(1, 6):
        want = greedy(next_logits, start, 0, 8)
        assert reference.decode_in_buffer(all_logits, start, 0, 8) == want


def test_the_lessons_bleu_is_sacrebleus():
    ours = ["Jane visits Africa in May .", "he does not love the red car ."]
    theirs = ["Jane visits Africa in June .", "he does not like the red car ."]
    options = {"tokenize": "none", "smooth_method": "none", "force": True}
    want = sacrebleu.corpus_bleu(ours, [theirs], **options).score
    assert corpus_bleu(ours, theirs) == pytest.approx(want)
