"""The checks of lesson 07 meet answers that end nowhere, or return nothing."""

import numpy as np

from graders import registry
from graders.collect import cases_for, collect
from graders.exercise import CRASHED, WRONG
from graders.judge import judge
from graders.keys import stored_key


def verdict(name, answer):
    exercise = registry.find(name)
    cases = cases_for(exercise)
    return judge(exercise, cases, collect(exercise, answer, cases), stored_key(name))


def schedule(**methods):
    import keras

    def made(self, model_dim, warmup_steps):
        self.model_dim, self.warmup_steps = model_dim, warmup_steps

    base = keras.optimizers.schedules.LearningRateSchedule
    return type("WarmUp", (base,), {"__init__": made, **methods})


def test_a_search_that_does_not_end_is_told_so():
    def greedy_decode(next_logits, start, end, max_length):
        tokens = [start]
        while len(tokens) <= max_length:
            if int(np.argmax(next_logits(tokens))) == end:
                break
        return tokens[1:]

    found = verdict("greedy-decode", greedy_decode)
    assert found.status == CRASHED
    assert "the search did not end" in found.message


def test_a_schedule_that_returns_nothing_is_told_so():
    for name in ("warm-up", "warm-up-zero", "warm-up-optimizer"):
        found = verdict(name, schedule(__call__=lambda self, step: None))
        assert found.status == WRONG
        assert "WarmUp returned None" in found.message


def test_a_config_that_is_none_is_told_so():
    wrong = schedule(__call__=lambda self, step: 0.1, get_config=lambda self: None)
    found = verdict("warm-up-optimizer", wrong)
    assert "`get_config` should return a dict" in found.message


def test_a_loss_that_returns_nothing_is_told_so_in_training_too():
    found = verdict("masked-loss-training", lambda labels_bt, logits_btn: None)
    assert "masked_loss returned None" in found.message
