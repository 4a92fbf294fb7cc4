"""Sentences as people write them, to tokens split by spaces, and back.

In both languages punctuation is a token of its own. French: an elided word is a token
with its apostrophe ("l' Afrique"). English: "'s" is one ("Paul 's car"), "n't" too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from transformer.corpus import words

APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼ´`′"), "'")
QUOTES = dict.fromkeys(map(ord, "«»“”„"), '"')
DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u00ad\u200b\u200c\u200d\u2060"))
PLAIN = {**APOSTROPHES, **QUOTES, **DASHES, **INVISIBLE, ord("…"): "..."}

# Longest first. A word may hold hyphens, a number what is written with it ("10:30",
# "1950s"); "aujourd'hui" is one word, and "dis-m' en" two.
NUMBER = r"\d[\w.,:/-]*\w|\d"
ABBREVIATION = r"(?:[^\W\d_]\.){2,}"
REST = r"\.\.\.|[^\w\s]"
FRENCH = re.compile(
    r"aujourd'hui|prud'hom\w+|quelqu'une?s?"
    r"|(?:[cdjlmnst]|(?:jus|lors|puis|quoi|quel)?qu)'(?=\w)"
    rf"|{NUMBER}|{ABBREVIATION}|\w+(?:-\w+)*(?:(?<=-[mt])')?|{REST}",
    re.IGNORECASE,
)
ENGLISH = re.compile(
    r"o'clock|\w+(?=n't\b)|n't\b|'(?:s|m|re|ve|ll|d)\b"
    rf"|{NUMBER}|{ABBREVIATION}|\w+(?:-\w+)*|{REST}",
    re.IGNORECASE,
)
CLOSING = frozenset(".,;:!?)]}%") | {"..."}
SPACED_IN_FRENCH = frozenset(";:!?")
OPENING = frozenset("([{$€")
NARROW_SPACE = "\u202f"


def normalise(text: str) -> str:
    """One spelling of what looks alike: spaces, apostrophes, quotation marks, dashes.

    Composed characters (NFC); every kind of space, narrow and no-break ones included,
    becomes one plain space; invisible characters go.
    """
    text = unicodedata.normalize("NFC", text).translate(PLAIN)
    return " ".join(text.split())


def tokenise_french(text: str) -> str:
    """French text as tokens split by spaces: "l' Afrique est-elle grande ?"."""
    return " ".join(FRENCH.findall(normalise(text)))


def tokenise_english(text: str) -> str:
    """English text as tokens split by spaces: "Paul 's car is n't red ."."""
    return " ".join(ENGLISH.findall(normalise(text)))


def proper_names() -> frozenset[str]:
    """The French words of the built-in corpus that always have a capital."""
    countries = {country.split()[0] for country in words.COUNTRIES.split(", ")}
    cities = {city.split()[0] for city in words.CITIES.split(", ")}
    return frozenset(words.WOMEN.split() + words.MEN.split()) | countries | cities


def as_in_corpus(text: str) -> str:
    """French as somebody types it, as the built-in corpus has it: its first word small.

    "L'enfant dort." becomes "l' enfant dort ."; a name stays as it is.
    """
    first, space, rest = tokenise_french(text).partition(" ")
    if first not in proper_names():
        first = first[:1].lower() + first[1:]
    return first + space + rest


def join_words(
    sentence: str, glued: Callable[[str, str], bool], spaced: frozenset[str]
) -> str:
    """Tokens with the right spaces and a capital; quotation marks open and close.

    Args:
        sentence: Tokens split by spaces.
        glued: Whether a token follows the one before it without a space.
        spaced: Marks that follow a narrow no-break space.
    """
    text, before, opened = "", "", False
    for word in sentence.split():
        if word in spaced:
            text += NARROW_SPACE
        elif before and before not in OPENING and not glued(before, word):
            text += "" if word == '"' and opened else " "
        text += word
        if word == '"':
            opened = not opened
        before = "(" if word == '"' and opened else word
    return text[:1].upper() + text[1:]


def detokenise_french(sentence: str) -> str:
    """Tokens as one prints them: "L'Afrique est grande."

    "?", "!", ";" and ":" follow a narrow no-break space.
    """

    def glued(before: str, word: str) -> bool:
        return word in CLOSING or (before[-1] == "'" and len(before) > 1)

    return join_words(sentence, glued, SPACED_IN_FRENCH)


def detokenise_english(sentence: str) -> str:
    """Tokens as one prints them: "Paul's car isn't red."."""

    def glued(before: str, word: str) -> bool:
        return word in CLOSING or word[0] == "'" or word == "n't"

    return join_words(sentence, glued, frozenset())
