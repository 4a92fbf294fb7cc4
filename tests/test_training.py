"""The loss, the schedules, the batches, and a loop that can be stopped and goes on."""

import keras
import numpy as np
import pytest

from transformer import layers, training
from transformer.baseline import Recurrent
from transformer.corpus import PAD, Vocabularies, draw

PAIRS = draw(60, seed=7, lengths=(4, 8), names=10, numbers=20)
VOCABULARIES = Vocabularies.of(PAIRS)
LABELS = np.array([[4, 2, 0, 0], [1, 3, 0, 5]])
LOGITS = np.random.default_rng(7).normal(size=(2, 4, 6)).astype("float32")


def model(dropout=0.0, width=8, norm_first=False):
    keras.utils.set_random_seed(7)
    return layers.Transformer(
        *map(len, VOCABULARIES),
        max_length=20,
        num_layers=1,
        model_dim=width,
        num_heads=2,
        hidden_dim=12,
        dropout=dropout,
        norm_first=norm_first,
    )


def train(made, **settings):
    settings = {"batch_size": 8, "every": 4, **settings}
    return training.train(made, PAIRS, VOCABULARIES, **settings)


def values(made):
    return [np.asarray(v).copy() for v in made.trainable_variables]


def same(these, those):
    return all(np.allclose(a, b, atol=1e-6) for a, b in zip(these, those, strict=True))


# ------------------------------------------------------------------- loss


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_the_loss_is_keras_s_over_the_words(label_smoothing):
    words = LABELS != PAD
    truth = keras.ops.one_hot(LABELS[words], 6)
    keras_s = keras.losses.CategoricalCrossentropy(
        from_logits=True, label_smoothing=label_smoothing
    )
    ours = training.masked_loss(LABELS, LOGITS, label_smoothing=label_smoothing)
    assert float(ours) == pytest.approx(float(keras_s(truth, LOGITS[words])), abs=1e-5)


def test_accuracy_counts_words_only():
    logits = np.zeros((1, 4, 6), np.float32)
    logits[0, range(4), [3, 1, 0, 0]] = 1
    assert training.masked_accuracy(np.array([[3, 2, 0, 0]]), logits) == 0.5


def test_without_a_word_loss_and_accuracy_are_0():
    nothing = np.zeros_like(LABELS)
    assert float(training.masked_loss(nothing, LOGITS, label_smoothing=0.1)) == 0
    assert float(training.masked_accuracy(nothing, LOGITS)) == 0


# ------------------------------------------------------------------- schedules


def test_warm_up_is_2017_s():
    schedule = training.WarmUp(512, 4000)
    rates = [float(schedule(step)) for step in (0, 1, 4000, 16000)]
    expected = [0, 512**-0.5 * 4000**-1.5, (512 * 4000) ** -0.5, (512 * 16000) ** -0.5]
    assert rates == pytest.approx(expected, rel=1e-5)


def test_warm_up_is_restored_from_its_config():
    schedule = training.WarmUp(64, 100)
    again = training.WarmUp.from_config(schedule.get_config())
    assert float(again(50)) == float(schedule(50)) > 0


def test_the_ramp_goes_up_stays_and_goes_down():
    shares = [0, 0.05, 0.1, 0.3, 0.5, 0.75, 1]
    expected = [0, 0.5, 1, 1, 1, 0.51, 0.02]
    assert [training.ramp(share) for share in shares] == pytest.approx(expected)


# ------------------------------------------------------------------- batches


def epoch(seed, count=60, batch_size=8):
    rng = np.random.default_rng(1)
    source = [[number] * rng.integers(1, 9) for number in range(1, count + 1)]
    target = [[number] * rng.integers(1, 9) for number in range(1, count + 1)]
    order = training.batches(source, target, batch_size, seed)
    return source, target, [next(order) for _ in range(-(-count // batch_size))]


def test_an_epoch_holds_each_pair_once():
    source, target, found = epoch(seed=3)
    rows = [row for pair in found for row in zip(*pair, strict=True)]
    assert sorted(s[s > 0].tolist() for s, _ in rows) == sorted(source)
    assert all(t[t > 0].tolist() == target[s[0] - 1] for s, t in rows)


def test_sentences_of_a_batch_are_of_like_length():
    _, target, found = epoch(seed=3)
    padding = sum(int((target_bt == 0).sum()) for _, target_bt in found)
    assert padding < 0.1 * sum(map(len, target))


def test_batches_are_a_function_of_the_seed():
    first, again, other = (epoch(seed)[2] for seed in (3, 3, 4))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0][0], other[0][0])


# ------------------------------------------------------------------- the loop


@pytest.mark.parametrize("offset", [(0, 0), (0, 5)])
def test_the_loss_falls(offset):
    made = model()
    before, _ = training.evaluate(made, PAIRS, VOCABULARIES)
    history = train(made, steps=60, learning_rate=1e-2, offset=offset)
    after, accuracy = training.evaluate(made, PAIRS, VOCABULARIES)
    assert after < 0.8 * before
    assert history.steps[-1].loss < 0.8 * history.steps[0].loss
    assert 0 < accuracy <= 1


def test_the_recurrent_model_is_trained_by_the_same_call():
    made = Recurrent(*map(len, VOCABULARIES), state_dim=8)
    history = train(made, steps=60, learning_rate=1e-2, offset=(0, 5))
    assert history.steps[-1].loss < 0.8 * history.steps[0].loss


def test_evaluation_is_the_loss_of_all_words_together():
    made = model()
    sources, targets = zip(*PAIRS, strict=True)
    source_bk = VOCABULARIES.source.encode_batch(sources)
    target_bt = VOCABULARIES.target.encode_batch(targets, marks=True)
    logits_btn = made((source_bk, target_bt[:, :-1]))
    whole = float(training.masked_loss(target_bt[:, 1:], logits_btn))
    parts = training.evaluate(made, PAIRS, VOCABULARIES, batch_size=7)
    assert parts[0] == pytest.approx(whole, abs=1e-4)


def test_reports_say_how_far_it_is():
    seen = []
    history = train(model(), steps=10, report=seen.append)
    assert history.steps == seen
    assert [progress.step for progress in seen] == [4, 8, 10]
    assert [progress.share for progress in seen] == [0.4, 0.8, 1.0]
    assert seen[1].learning_rate == pytest.approx(2e-3 * training.ramp(0.7))
    assert seen[0].tokens < seen[1].tokens


def test_a_schedule_is_asked_for_each_step():
    schedule = training.WarmUp(8, 4)
    history = train(model(), steps=8, learning_rate=schedule, every=8)
    assert history.steps[-1].learning_rate == pytest.approx(float(schedule(7)))


def test_a_budget_of_seconds_is_kept_by_the_clock():
    now = iter(range(1000))
    history = train(model(), seconds=5, steps=50, clock=lambda: float(next(now)))
    assert history.steps[-1].step == 5
    assert history.steps[-1].share == 1


def test_without_a_budget_nothing_is_trained():
    with pytest.raises(ValueError, match="seconds, steps, or both"):
        train(model())


def test_without_pairs_nothing_is_trained():
    with pytest.raises(ValueError, match="no pair"):
        training.train(model(), [], VOCABULARIES, steps=1)


def test_a_sentence_and_its_offset_must_have_room():
    with pytest.raises(ValueError, match=r"position 15 is too long .* max_length 20"):
        train(model(), steps=1, offset=(0, 15))


# ------------------------------------------------------------------- stop, go on


def stop(progress):
    if progress.step == 8:
        raise KeyboardInterrupt


def test_an_interrupt_keeps_what_was_learnt():
    made = model()
    before = values(train_nothing(made))
    history = train(made, steps=40, report=stop)
    assert history.interrupted
    assert history.steps[-1].step == 8
    assert not same(values(made), before)


def train_nothing(made):
    made((np.ones((1, 2), np.int32), np.ones((1, 2), np.int32)))
    return made


def test_going_on_from_a_checkpoint_equals_never_having_stopped(tmp_path):
    settings = {"steps": 16, "offset": (0, 5), "learning_rate": 1e-2}
    whole = model(dropout=0.1)
    history = train(whole, **settings)
    path = tmp_path / "half.npz"
    train(model(dropout=0.1), **settings, report=stop, checkpoint=path)
    other = model(dropout=0.1)
    rest = train(other, **settings, checkpoint=path)
    assert same(values(other), values(whole))
    assert not rest.interrupted
    losses = [[one.loss for one in found.steps] for found in (rest, history)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)


def test_a_spent_budget_trains_no_more(tmp_path):
    path = tmp_path / "done.npz"
    made = model()
    train(made, steps=4, checkpoint=path)
    other = model()
    history = train(other, steps=4, checkpoint=path)
    assert same(values(other), values(made))
    assert len(history.steps) == 1


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    path = tmp_path / "narrow.npz"
    train(model(), steps=1, checkpoint=path)
    with pytest.raises(ValueError, match="of another model"):
        train(model(width=16), steps=1, checkpoint=path)
