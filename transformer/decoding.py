"""From logits to a sentence, and from sentences to a score: greedy, beam, BLEU.

`next_logits` stands for the model: given the tokens so far, a list that begins with
start, it returns the logits `(n,)` of the next one. Imports numpy only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

NextLogits = Callable[[list[int]], np.ndarray]
MAX_ORDER = 4


def greedy(next_logits: NextLogits, start: int, end: int, max_length: int) -> list[int]:
    """The likeliest token each time; of equals, the lower id.

    Args:
        next_logits: Tokens so far to the logits `(n,)` of the next.
        start: Id the tokens begin with.
        end: Id that ends the sentence.
        max_length: Most tokens generated.

    Returns:
        The generated ids without start and end, at most `max_length`.
    """
    tokens = [start]
    while len(tokens) <= max_length:
        best = int(np.argmax(next_logits(list(tokens))))
        if best == end:
            break
        tokens.append(best)
    return tokens[1:]


def log_probabilities(logits: np.ndarray) -> np.ndarray:
    """The logarithm of softmax, `(n,)` to `(n,)` in float64."""
    shifted = np.asarray(logits, dtype=np.float64) - np.max(logits)
    return shifted - np.log(np.sum(np.exp(shifted)))


def beam(
    next_logits: NextLogits,
    start: int,
    end: int,
    max_length: int,
    beam_width: int,
    length_penalty: float,
) -> list[int]:
    """The best of the sentences that a beam of that width meets.

    Each step extends the unfinished sentences by every token and keeps the `beam_width`
    likeliest; those that ended are set aside. At the end all compete, finished or not.

    Args:
        next_logits, start, end, max_length: As for `greedy`.
        beam_width: Sentences kept in each step, at least 1.
        length_penalty: The score is the sum of log probabilities divided by the number
            of generated tokens to this power; an end counts in both.

    Returns:
        The generated ids without start and end. Width 1 with penalty 0 is `greedy`.

    Raises:
        ValueError: If `beam_width` is below 1.

    Source: the score without coverage of Wu et al. 2016, with a plain power.
    """
    if beam_width < 1:
        raise ValueError(f"beam_width ({beam_width}) must be at least 1.")
    live: list[tuple[float, list[int]]] = [(0.0, [])]
    done: list[tuple[float, list[int]]] = []
    for _ in range(max_length):
        best = extend(live, next_logits, start, beam_width)
        done += [one for one in best if one[1][-1] == end]
        live = [one for one in best if one[1][-1] != end]
        if not live:
            break
    score = [total / max(1, len(ids)) ** length_penalty for total, ids in done + live]
    tokens = (done + live)[int(np.argmax(score))][1]
    return tokens[:-1] if tokens[-1:] == [end] else tokens


def extend(
    live: list[tuple[float, list[int]]],
    next_logits: NextLogits,
    start: int,
    beam_width: int,
) -> list[tuple[float, list[int]]]:
    """The `beam_width` likeliest one-token extensions; of equals, the lower id."""
    candidates = []
    for total, tokens in live:
        log_p_n = log_probabilities(next_logits([start, *tokens]))
        for token in np.argsort(-log_p_n, kind="stable")[:beam_width]:
            candidates.append((total + float(log_p_n[token]), [*tokens, int(token)]))
    return sorted(candidates, key=lambda one: -one[0])[:beam_width]


def ngrams(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    """How often each n-gram of that order stands in the words."""
    return Counter(
        tuple(words[at : at + order]) for at in range(len(words) - order + 1)
    )


def corpus_bleu(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """BLEU of a corpus, 0 to 100: how many n-grams, n from 1 to 4, are the reference's.

    Counts are summed over all sentences before anything is divided.

    Args:
        hypotheses: Translations, words split by spaces.
        references: One for each translation.

    Returns:
        The score; 0 when some order has no match at all.

    Raises:
        ValueError: If there are not as many references as hypotheses.

    Source: Papineni et al. 2002; the same as sacrebleu with `tokenize="none"` and
    `smooth_method="none"`.
    """
    if len(hypotheses) != len(references):
        raise ValueError(f"{len(hypotheses)} hypotheses, {len(references)} references.")
    matches, totals = np.zeros(MAX_ORDER), np.zeros(MAX_ORDER)
    said = meant = 0
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        ours, theirs = hypothesis.split(), reference.split()
        said, meant = said + len(ours), meant + len(theirs)
        for order in range(1, MAX_ORDER + 1):
            found = ngrams(ours, order)
            matches[order - 1] += (found & ngrams(theirs, order)).total()
            totals[order - 1] += found.total()
    if not matches.all():
        return 0.0
    brevity = min(0.0, 1 - meant / said)
    return float(100 * np.exp(np.mean(np.log(matches / totals)) + brevity))
