"""Greedy and beam search on tables, BLEU beside sacrebleu."""

import itertools

import numpy as np
import pytest
import sacrebleu

from transformer.decoding import beam, corpus_bleu, greedy

START, END, WORDS = 1, 0, 5


def table(seed: int, sharpness: float = 2.0):
    """A made-up model whose logits depend on all tokens so far."""
    cache: dict[tuple[int, ...], np.ndarray] = {}

    def next_logits(tokens):
        key = tuple(tokens)
        if key not in cache:
            rng = np.random.default_rng([seed, *key])
            cache[key] = rng.normal(size=WORDS) * sharpness
        return cache[key]

    return next_logits


def score(next_logits, tokens, length_penalty):
    """Log probability of generated tokens, end included, over length^penalty."""
    total = 0.0
    for at, token in enumerate(tokens):
        powers = np.exp(next_logits([START, *tokens[:at]]))
        total += np.log(powers[token] / powers.sum())
    return total / len(tokens) ** length_penalty


def every_sentence(max_length):
    """All finished sentences, and the unfinished ones of full length."""
    others = [word for word in range(WORDS) if word != END]
    for length in range(max_length):
        for words in itertools.product(others, repeat=length):
            yield [*words, END]
    for words in itertools.product(others, repeat=max_length):
        yield list(words)


def without_end(tokens):
    return tokens[:-1] if tokens[-1] == END else tokens


# ------------------------------------------------------------------- greedy


def test_greedy_follows_the_likeliest_token_until_the_end():
    rows = {(1,): [0, 0, 0, 9, 0], (1, 3): [0, 0, 9, 0, 0], (1, 3, 2): [9, 0, 0, 0, 0]}
    assert greedy(lambda tokens: np.array(rows[tuple(tokens)]), 1, 0, 9) == [3, 2]


def test_of_equals_the_lower_id_is_taken():
    logits = np.array([0.0, 1.0, 4.0, 4.0, 4.0])
    assert greedy(lambda tokens: logits, START, END, 2) == [2, 2]
    assert beam(lambda tokens: logits, START, END, 2, 1, 0.0) == [2, 2]


@pytest.mark.parametrize("max_length", [0, 1, 4])
def test_no_more_tokens_than_allowed(max_length):
    logits = np.array([0.0, 0.0, 0.0, 0.0, 7.0])
    assert greedy(lambda tokens: logits, START, END, max_length) == [4] * max_length
    found = beam(lambda tokens: logits, START, END, max_length, 2, 0.0)
    assert len(found) <= max_length


def test_an_end_at_once_is_an_empty_sentence():
    logits = np.array([7.0, 0.0, 0.0, 0.0, 0.0])
    assert greedy(lambda tokens: logits, START, END, 5) == []
    assert beam(lambda tokens: logits, START, END, 5, 3, 0.0) == []


def test_the_model_may_change_the_list_it_is_given():
    def careless(tokens):
        tokens.append(99)
        return np.array([0.0, 0.0, 5.0, 0.0, 0.0])

    assert greedy(careless, START, END, 3) == [2, 2, 2]
    assert beam(careless, START, END, 3, 1, 0.0) == [2, 2, 2]


# ------------------------------------------------------------------- beam


@pytest.mark.parametrize("seed", range(40))
def test_width_one_without_penalty_is_greedy(seed):
    model = table(seed)
    assert beam(model, START, END, 6, 1, 0.0) == greedy(model, START, END, 6)


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(8))
def test_a_beam_as_wide_as_the_tree_finds_the_best_sentence(seed, length_penalty):
    model = table(seed, sharpness=1.0)
    best = max(
        every_sentence(4), key=lambda tokens: score(model, tokens, length_penalty)
    )
    found = beam(model, START, END, 4, WORDS**4, length_penalty)
    assert found == without_end(best)


def test_a_beam_finds_what_greedy_misses():
    rows = {
        (1,): np.log([0.02, 0.02, 0.5, 0.44, 0.02]),
        (1, 2): np.log([0.3, 0.1, 0.2, 0.2, 0.2]),
        (1, 3): np.log([0.96, 0.01, 0.01, 0.01, 0.01]),
    }
    flat = np.log(np.full(5, 0.2))

    def model(tokens):
        return rows.get(tuple(tokens), flat)

    assert greedy(model, 1, 0, 2)[:1] == [2]
    assert beam(model, 1, 0, 2, 2, 0.0) == [3]


def test_the_penalty_prefers_longer_sentences_and_counts_the_end():
    # Two tokens of probability 1/2 and 1/2, or four of 1/2, 1/2, 2/3 and 2/3.
    rows = {
        (1,): np.log([0.5, 0.001, 0.497, 0.001, 0.001]),
        (1, 2): np.log([0.01, 0.01, 0.01, 0.96, 0.01]),
        (1, 2, 3): np.log([0.96, 0.01, 0.01, 0.01, 0.01]),
    }

    def model(tokens):
        return rows[tuple(tokens)]

    assert beam(model, 1, 0, 3, 2, 0.0) == []
    assert beam(model, 1, 0, 3, 2, 1.0) == [2, 3]


def test_an_unfinished_sentence_may_win():
    # The end costs much at each step: the two tokens without it are likelier.
    logits = np.log([0.2, 0.01, 0.77, 0.01, 0.01])
    assert beam(lambda tokens: logits, 1, 0, 2, 3, 0.0) == [2, 2]


def test_a_finished_sentence_is_not_extended():
    seen = []

    def model(tokens):
        seen.append(tuple(tokens))
        return np.array([3.0, 0.0, 2.9, 0.0, 0.0])

    beam(model, START, END, 4, 3, 0.0)
    assert all(END not in tokens for tokens in seen)


def test_large_logits_do_not_overflow():
    logits = np.array([0.0, 0.0, 1e4, -1e4, 0.0])
    assert beam(lambda tokens: logits, START, END, 2, 2, 0.5) == [2, 2]


def test_a_beam_of_no_width_is_refused():
    with pytest.raises(ValueError, match="beam_width"):
        beam(lambda tokens: np.zeros(3), START, END, 3, 0, 0.0)


# ------------------------------------------------------------------- BLEU


def theirs(hypotheses, references):
    bleu = sacrebleu.corpus_bleu(
        hypotheses, [references], tokenize="none", smooth_method="none", force=True
    )
    return bleu.score


CRAFTED = {
    "the same": (["a b c d e"], ["a b c d e"]),
    "clipped": (["the the the the the the the"], ["the cat is on the mat today"]),
    "too short": (["a b c d"], ["a b c d e f"]),
    "too long": (["a b c d e f g h"], ["a b c d e f"]),
    "no four words match": (["a b c x d e f"], ["a b c d e f"]),
    "shorter than four": (["a b c"], ["a b c"]),
    "one empty": (["", "a b c d e"], ["x y", "a b c d e"]),
    "an empty reference": (["a b", "a b c d e"], ["", "a b c d e"]),
    "all empty": (["", ""], ["a b c d", "e"]),
    "spaces": (["  a b  c d e "], ["a b c d e"]),
    "orders summed over sentences": (["a b c d", "e f"], ["a b c d", "e g"]),
    "punctuation is a word": (["Jane visits Africa ."], ["Jane visits Africa !"]),
    "repeated": (["a b a b a b a b"], ["a b a b c a b a"]),
}


@pytest.mark.parametrize("name", CRAFTED)
def test_bleu_is_sacrebleus_on_crafted_cases(name):
    hypotheses, references = CRAFTED[name]
    assert corpus_bleu(hypotheses, references) == pytest.approx(
        theirs(hypotheses, references), abs=1e-9
    )


def noisy(rng, words):
    """A copy with words replaced, dropped and doubled."""
    found = []
    for word in words:
        kind = rng.random()
        if kind < 0.1:
            continue
        found.append(rng.choice(list("abcdefgh")) if kind < 0.25 else word)
        if kind > 0.95:
            found.append(word)
    return found


def test_bleu_is_sacrebleus_on_thousands_of_random_pairs():
    rng = np.random.default_rng(7)
    for _ in range(400):
        lines = [
            rng.choice(list("abcdefgh"), size=rng.integers(0, 14)).tolist()
            for _ in range(rng.integers(1, 15))
        ]
        references = [" ".join(line) for line in lines]
        hypotheses = [" ".join(noisy(rng, line)) for line in lines]
        assert corpus_bleu(hypotheses, references) == pytest.approx(
            theirs(hypotheses, references), abs=1e-9
        )


def test_bleu_of_one_wrong_word_in_five_by_hand():
    # 4 of 5 words, 3 of 4 pairs, 2 of 3 triples, 1 of 2 fours: the root is 0.2 ^ (1/4).
    found = corpus_bleu(["a b c d x"], ["a b c d e"])
    assert found == pytest.approx(100 * 0.2**0.25)


def test_no_sentences_score_nothing():
    assert corpus_bleu([], []) == 0.0


def test_unequal_numbers_are_refused():
    with pytest.raises(ValueError, match="2 hypotheses, 1 references"):
        corpus_bleu(["a", "b"], ["a"])
