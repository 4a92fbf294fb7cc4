"""Vocabularies, tokens of real text, files of the Tatoeba kind."""

import json

import numpy as np
import pytest

from transformer.corpus import (
    END,
    PAD,
    START,
    UNKNOWN,
    Pair,
    Vocabulary,
    as_in_corpus,
    detokenise_english,
    detokenise_french,
    draw,
    normalise,
    read_pairs,
    split_pairs,
    tokenise_english,
    tokenise_french,
)

# ------------------------------------------------------------------- vocabulary


def test_the_marks_have_the_first_ids():
    vocabulary = Vocabulary.from_sentences(["b a b"])
    assert (PAD, START, END, UNKNOWN) == (0, 1, 2, 3)
    assert vocabulary.words[4:] == ["b", "a"]
    assert len(vocabulary) == 6


def test_equally_frequent_words_stand_in_order_of_the_alphabet():
    assert Vocabulary.from_sentences(["c b a", "c"]).words[4:] == ["c", "a", "b"]


def test_decoding_gives_back_what_was_encoded():
    pairs = draw(300, seed=2)
    vocabulary = Vocabulary.from_sentences(pair.french for pair in pairs)
    for pair in pairs:
        assert vocabulary.decode(vocabulary.encode(pair.french, marks=True)) == pair[0]


def test_a_new_word_is_unknown():
    vocabulary = Vocabulary(["a"])
    assert vocabulary.encode("a z") == [4, UNKNOWN]
    assert vocabulary.decode([4, UNKNOWN]) == "a [unknown]"


def test_decoding_stops_at_the_first_end():
    assert Vocabulary(["a", "b"]).decode([START, 4, PAD, END, 5, END]) == "a"


def test_a_batch_is_padded_on_the_right():
    batch = Vocabulary(["a", "b"]).encode_batch(["a", "b a b", ""], marks=True)
    assert batch.tolist() == [[1, 4, 2, 0, 0], [1, 5, 4, 5, 2], [1, 2, 0, 0, 0]]
    assert batch.dtype == np.int32


def test_a_batch_may_be_wider_but_not_narrower():
    vocabulary = Vocabulary(["a"])
    assert vocabulary.encode_batch(["a"], length=3).shape == (1, 3)
    assert vocabulary.encode_batch([]).shape == (0, 0)
    with pytest.raises(ValueError, match="2 ids"):
        vocabulary.encode_batch(["a a"], length=1)


def test_a_batch_decodes_to_its_sentences():
    vocabulary = Vocabulary(["a", "b"])
    sentences = ["a", "b a"]
    batch = vocabulary.encode_batch(sentences, marks=True)
    assert vocabulary.decode_batch(batch) == sentences


def test_rare_words_and_large_vocabularies_are_cut():
    sentences = ["a a a b b c"]
    assert Vocabulary.from_sentences(sentences, min_count=2).words[4:] == ["a", "b"]
    assert Vocabulary.from_sentences(sentences, max_size=5).words[4:] == ["a"]
    with pytest.raises(ValueError, match="at least 4"):
        Vocabulary.from_sentences(sentences, max_size=3)


def test_saved_and_loaded_it_is_the_same(tmp_path):
    vocabulary = Vocabulary(["l'", "Égypte", '"'])
    vocabulary.save(tmp_path / "words.json")
    assert Vocabulary.load(tmp_path / "words.json").words == vocabulary.words
    text = (tmp_path / "words.json").read_text(encoding="utf-8")
    assert json.loads(text) == ["l'", "Égypte", '"']
    assert "É" in text


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "words.json").write_text('{"a": 1}', encoding="utf-8")
    with pytest.raises(ValueError, match="not a JSON list"):
        Vocabulary.load(tmp_path / "words.json")


@pytest.mark.parametrize("words", [["a", "a"], ["[pad]"]])
def test_a_word_comes_once(words):
    with pytest.raises(ValueError, match="once"):
        Vocabulary(words)


# ------------------------------------------------------------------- text


def test_spaces_apostrophes_and_quotation_marks_have_one_spelling():
    text = "\ufeff«\u202fL’été\u00a0» :\u2009e\u0301te\u0301\u200b … ‘a‑b’"
    assert normalise(text) == "\" L'été \" : été ... 'a-b'"


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Jane visite l’Afrique.", "Jane visite l' Afrique ."),
        ("Qu'est-ce que c'est ?", "Qu' est-ce que c' est ?"),
        ("Aujourd'hui, j'ai lu.", "Aujourd'hui , j' ai lu ."),
        ("Jusqu'à 10:30 lorsqu’il pleut…", "Jusqu' à 10:30 lorsqu' il pleut ..."),
        ("Y a-t-il du pain\u202f?", "Y a-t-il du pain ?"),
        ("Dis-m'en plus !", "Dis-m' en plus !"),
        ("", ""),
    ],
)
def test_french_tokens(text, tokens):
    assert tokenise_french(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Paul's car isn't red.", "Paul 's car is n't red ."),
        ("It’s nine o'clock.", "It 's nine o'clock ."),
        ("The neighbours' house", "The neighbours ' house"),
        ("I can't: I'm 3,000 years old!", "I ca n't : I 'm 3,000 years old !"),
        ("At 8:30 a.m.", "At 8:30 a.m."),
    ],
)
def test_english_tokens(text, tokens):
    assert tokenise_english(text) == tokens


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("l' Afrique est-elle grande ?", "L'Afrique est-elle grande\u202f?"),
        ('il dit : " non " .', 'Il dit\u202f: "non".'),
        ("s' il pleut , j' ai froid .", "S'il pleut, j'ai froid."),
    ],
)
def test_french_is_displayed_as_it_is_printed(tokens, text):
    assert detokenise_french(tokens) == text


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("Paul 's car is n't red .", "Paul's car isn't red."),
        ("the neighbours ' house .", "The neighbours' house."),
        ('" look , " she said ( twice ) .', '"Look," she said (twice).'),
    ],
)
def test_english_is_displayed_as_it_is_printed(tokens, text):
    assert detokenise_english(tokens).lower() == text.lower()


def test_the_corpus_survives_display_and_typing():
    for pair in draw(2000, seed=8):
        assert as_in_corpus(detokenise_french(pair.french)) == pair.french
        shown = detokenise_english(pair.english)
        assert tokenise_english(shown).lower() == pair.english.lower()


# ------------------------------------------------------------------- files


def write(tmp_path, content):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content)
    return path


def test_pairs_are_read_and_tokenised(tmp_path):
    path = write(tmp_path, "Go.\tVa !\nI'm OK.\tÇa va.\n".encode())
    reading = read_pairs(path)
    assert reading.pairs == [Pair("va !", "go ."), Pair("ça va .", "i 'm ok .")]
    assert reading.report() == "2 pairs; no line skipped."


def test_capitals_may_stay(tmp_path):
    path = write(tmp_path, "Ask Tom.\tDemande à Tom.\n".encode())
    assert read_pairs(path, lower=False).pairs == [Pair("Demande à Tom .", "Ask Tom .")]


def test_marks_line_ends_columns_and_odd_spaces_do_not_matter(tmp_path):
    text = "\ufeffGo.\tVa\u202f!\tCC-BY 2.0\tx\r\n\r\nHe’s in.\tIl y est.\tCC"
    reading = read_pairs(write(tmp_path, text.encode()))
    assert reading.pairs == [Pair("va !", "go ."), Pair("il y est .", "he 's in .")]
    assert reading.skipped == []


def test_bad_lines_are_counted_and_never_fatal(tmp_path):
    content = (
        b"Go.\tVa !\nno tab\n\tVide.\nHi.\t \nBad.\t\xff\xfe\n\x00\nRun.\tCours.\n"
    )
    reading = read_pairs(write(tmp_path, content))
    assert len(reading.pairs) == 2
    assert [number for number, _ in reading.skipped] == [2, 3, 4, 5, 6]
    assert reading.report() == (
        "2 pairs; skipped: 1 not UTF-8, 2 with an empty side, 2 without a tab "
        "(the first in line 2)."
    )


def test_long_pairs_can_be_left_out(tmp_path):
    path = write(tmp_path, b"One two three.\tUn.\nOne.\tUn.\n")
    reading = read_pairs(path, max_words=3)
    assert reading.pairs == [Pair("un .", "one .")]
    assert reading.skipped == [(1, "too long")]


def test_an_empty_file_has_no_pairs(tmp_path):
    assert read_pairs(write(tmp_path, b"")).pairs == []


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_pairs(tmp_path / "none.tsv")


# ------------------------------------------------------------------- split of files


def tangled(count=3000):
    """Pairs in which every sentence of either side tends to come several times."""
    rng = np.random.default_rng(3)
    return [
        Pair(f"f{french}", f"e{english}")
        for french, english in rng.integers(0, 2 * count, size=(count, 2))
    ]


def test_no_sentence_of_a_file_stands_in_two_parts():
    parts = split_pairs(tangled(), seed=1, validation=200, test=200)
    for side in (0, 1):
        sets = [{pair[side] for pair in part} for part in parts]
        assert not sets[0] & sets[1]
        assert not sets[0] & sets[2]
        assert not sets[1] & sets[2]


def test_a_split_keeps_every_pair_once():
    pairs = tangled()
    parts = split_pairs([*pairs, *pairs[:50]], seed=1, validation=200, test=200)
    found = [pair for part in parts for pair in part]
    assert len(found) == len(set(found))
    assert set(found) == set(pairs)


def test_the_parts_are_about_as_large_as_asked():
    parts = split_pairs(tangled(), seed=1, validation=200, test=100)
    assert 190 <= len(parts.validation) <= 200
    assert 90 <= len(parts.test) <= 100


def test_chains_of_shared_sentences_stay_together():
    chain = [Pair("a", "1"), Pair("b", "1"), Pair("b", "2"), Pair("c", "2")]
    others = [Pair(f"x{n}", f"y{n}") for n in range(60)]
    for seed in range(20):
        parts = split_pairs([*chain, *others], seed=seed, validation=20, test=20)
        assert sum(bool(set(part) & set(chain)) for part in parts) == 1


def test_a_seed_decides_the_split_of_a_file():
    pairs = tangled()
    first = split_pairs(pairs, 1, 100, 100)
    assert split_pairs(pairs, 1, 100, 100) == first
    assert split_pairs(pairs, 2, 100, 100) != first


def test_too_few_pairs_are_refused():
    with pytest.raises(ValueError, match="too few"):
        split_pairs([Pair("a", "b")], seed=1, validation=1, test=1)
