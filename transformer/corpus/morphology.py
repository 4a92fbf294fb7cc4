"""The rules of single words and of neighbours: plurals, elision, contraction, a or an.

Source: for French, Grevisse, *Le bon usage* (elision, contraction, plural of nouns);
for numbers, the spelling of 1990.
"""

from __future__ import annotations

VOWELS = frozenset("aàâeéèêëiîïoôuùûœ")
# Words before which "le", "de" and "que" stay whole, whatever the spelling.
ASPIRATED = frozenset({"héros", "Hongrie", "huit", "onze"})
ELIDED = frozenset({"le", "la", "je", "me", "ne", "de", "que"})
CONTRACTED = {
    ("à", "le"): "au",
    ("à", "les"): "aux",
    ("de", "le"): "du",
    ("de", "les"): "des",
}
BEFORE_VOWEL = {"beau": "bel", "nouveau": "nouvel", "vieux": "vieil", "ce": "cet"}

IRREGULAR_PLURALS = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "scarf": "scarves",
    "hero": "heroes",
    "tomato": "tomatoes",
}
# Written with a vowel and spoken with a consonant, and the other way round.
A_NOT_AN = frozenset({"university", "useful"})
AN_NOT_A = frozenset({"honest"})

UNITS = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    *("dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept"),
    *("dix-huit", "dix-neuf"),
)
TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante"}
ENGLISH_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
    *("seventeen", "eighteen", "nineteen"),
)
ENGLISH_TENS = {2: "twenty", 3: "thirty", 4: "forty", 5: "fifty", 6: "sixty"}
ENGLISH_TENS |= {7: "seventy", 8: "eighty", 9: "ninety"}
ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
    "twenty": "twentieth",
    "thirty": "thirtieth",
}


def starts_with_vowel(word: str) -> bool:
    """Whether a French word begins with a vowel sound: elision happens before it."""
    if word in ASPIRATED:
        return False
    first = word[0].lower()
    return first in VOWELS or first == "h" or word == "y"


def french_plural(word: str) -> str:
    """The plural of a French noun or adjective of the lexicon."""
    if word[-1] in "sxz":
        return word
    if word.endswith("al"):
        return word[:-1] + "ux"
    return word + ("x" if word.endswith(("eau", "eu")) and word != "bleu" else "s")


def english_plural(word: str) -> str:
    """The plural of an English noun of the lexicon."""
    return IRREGULAR_PLURALS.get(word) or with_s(word)


def with_s(word: str) -> str:
    """An English word with the s of the plural or of the third person."""
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def english_third(base: str) -> str:
    """The third person singular: go, goes; have, has."""
    return {"be": "is", "have": "has", "go": "goes"}.get(base) or with_s(base)


def english_past(base: str) -> str:
    """The past of a regular English verb: visit, visited; cry, cried."""
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ied"
    return base + ("d" if base.endswith("e") else "ed")


def join_french(words: list[str]) -> list[str]:
    """Elision and contraction over a whole sentence: "de le ami" becomes "de l' ami".

    Args:
        words: French words, each article and preposition in full.

    Returns:
        The words as they are written, an elided word a token of its own.
    """
    found: list[str] = []
    for word, following in zip(words, [*words[1:], "."], strict=True):
        if word in ELIDED and starts_with_vowel(following):
            word = word[:-1] + "'"
        elif word == "si" and following in ("il", "ils"):
            word = "s'"
        if found and (found[-1], word) in CONTRACTED:
            found[-1] = CONTRACTED[found[-1], word]
        else:
            found.append(word)
    return found


def before(word: str, following: str) -> str:
    """A masculine singular as it is before `following`: "beau", "ami" to "bel"."""
    return BEFORE_VOWEL.get(word, word) if starts_with_vowel(following) else word


def join_english(words: list[str]) -> list[str]:
    """The article "a" as it is before the next word: "an apple", "a university"."""
    return [
        "an" if word == "a" and takes_an(following) else word
        for word, following in zip(words, [*words[1:], "."], strict=True)
    ]


def takes_an(word: str) -> bool:
    """Whether the English article before `word` is "an"."""
    return word in AN_NOT_A or (word[0].lower() in "aeiou" and word not in A_NOT_AN)


def french_number(number: int, gender: str = "m") -> str:
    """A number from 2 to 99 before a noun of that gender: "quatre-vingts" included."""
    tens, unit = divmod(number, 10)
    if tens in (7, 9):
        tens, unit = tens - 1, unit + 10
    if tens < 2:
        return UNITS[number]
    word = "quatre-vingt" if tens == 8 else TENS[tens]
    if unit == 0:
        return word + "s" if tens == 8 else word
    link = "-et-" if unit in (1, 11) and tens != 8 else "-"
    return word + link + ("une" if unit == 1 and gender == "f" else UNITS[unit])


def english_number(number: int) -> str:
    """A number from 2 to 99 in English words."""
    tens, unit = divmod(number, 10)
    if tens < 2:
        return ENGLISH_UNITS[number]
    return ENGLISH_TENS[tens] + (f"-{ENGLISH_UNITS[unit]}" if unit else "")


def english_ordinal(number: int) -> str:
    """The ordinal of a number from 1 to 31: "twenty-first"."""
    head, dash, last = english_number(number).rpartition("-")
    return head + dash + ORDINALS.get(last, last + "th")
