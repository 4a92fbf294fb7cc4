"""The words of `words.py` as objects, and the numbers and names a grammar may use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from transformer.corpus import words
from transformer.corpus.morphology import (
    english_past,
    english_plural,
    english_third,
    french_plural,
)

SMALL_NUMBERS = list(range(2, 13))


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun of both languages; `kind` says what it may do and have done to it.

    `single` nouns have no plural here: nobody has two fathers.
    """

    french: str
    plural: str
    gender: str
    english: str
    english_plural: str
    kind: str
    single: bool = False


@dataclass(frozen=True, slots=True)
class Adjective:
    """An adjective of both languages; `comparative` is "" where English says more."""

    masculine: str
    feminine: str
    english: str
    comparative: str
    kinds: frozenset[str]
    before: bool = False
    predicate_only: bool = False

    def form(self, gender: str, plural: bool) -> str:
        """The French form that agrees: gender `"m"` or `"f"`."""
        word = self.feminine if gender == "f" else self.masculine
        return french_plural(word) if plural else word


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of both languages.

    `present` and `imperfect` hold the forms of je, il, nous, ils; `future` is the stem.
    `particle` is the English word before the object ("look *for*"). With `etre`, the
    past is made with être and its participle agrees with the subject.
    """

    infinitive: str
    present: tuple[str, ...]
    future: str
    participle: str
    english: str
    past: str
    particle: str = ""
    objects: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    etre: bool = False
    imperfect: tuple[str, ...] = ()

    @property
    def third(self) -> str:
        """The English third person singular."""
        return english_third(self.english)


@dataclass(frozen=True, slots=True)
class Country:
    """A country or continent, with its article; `gender` is `"m"`, `"f"` or `"p"`."""

    french: str
    gender: str
    english: tuple[str, ...]


def rows(text: str) -> list[list[str]]:
    """The entries of a comma-separated table, each a list of words."""
    return [entry.split() for entry in text.split(",")]


def read_nouns() -> dict[str, list[Noun]]:
    """The nouns by kind."""
    found: dict[str, list[Noun]] = {}
    for kind, text in words.NOUNS.items():
        found[kind] = []
        for french, gender, english in rows(text):
            one, single = english.rstrip("*"), english.endswith("*")
            many = english_plural(one)
            noun = Noun(french, french_plural(french), gender, one, many, kind, single)
            found[kind].append(noun)
    return found


def read_adjectives() -> list[Adjective]:
    """All adjectives: before the noun, after it, and only after "être"."""
    found = []
    tables = (words.BEFORE_NOUN, words.AFTER_NOUN, words.PREDICATE_ONLY)
    for place, text in enumerate(tables):
        for line in text.strip().split("\n"):
            masculine, feminine, english, comparative, *kinds = line.split()
            found.append(
                Adjective(
                    masculine,
                    feminine,
                    english,
                    comparative.strip("-"),
                    frozenset(kinds),
                    before=place == 0,
                    predicate_only=place == 2,
                )
            )
    return found


def present_er(infinitive: str) -> tuple[str, ...]:
    """The present of a regular verb in -er: je, il, nous, ils."""
    stem = infinitive[:-2]
    soft = "e" if stem.endswith("g") else ""
    return stem + "e", stem + "e", stem + soft + "ons", stem + "ent"


def imperfect(infinitive: str, present: tuple[str, ...]) -> tuple[str, ...]:
    """The imperfect: je, il, nous, ils."""
    stem = words.IMPERFECT.get(infinitive) or present[2].removesuffix("ons")
    return tuple(stem + ending for ending in ("ais", "ait", "ions", "aient"))


def read_verbs(text: str) -> dict[str, Verb]:
    """A table of verbs by infinitive; regular ones give no present."""
    found = {}
    for line in text.strip().split("\n"):
        french, present, future, participle, english, kinds, flags = line.split(";")
        base, *past = english.split()
        base, _, particle = base.partition("+")
        objects = frozenset(kinds.replace("people", " ".join(words.PEOPLE)).split())
        forms = tuple(present.split()) or present_er(french)
        marks = frozenset(flags.split())
        verb = Verb(
            french,
            forms,
            future.strip() or french,
            participle.strip() or french[:-2] + "é",
            base,
            past[0] if past else english_past(base),
            particle,
            objects,
            marks,
            etre="etre" in marks,
            imperfect=imperfect(french, forms) if "state" in marks else (),
        )
        found[verb.infinitive] = verb
    return found


def read_special() -> dict[str, Verb]:
    """The verbs with a frame of their own; "avoir (be)" is that of "to be hungry"."""
    found = read_verbs(words.SPECIAL_VERBS)
    be = replace(found["avoir"], english="be", past="was")
    return {**found, "avoir (be)": be}


def read_countries() -> list[Country]:
    """The countries."""
    return [
        Country(french, gender, tuple(english.split("+")))
        for french, gender, english in rows(words.COUNTRIES)
    ]


def spread_numbers(count: int) -> list[int]:
    """`count` numbers: 2 to 12, and the rest spread over 13 to 99.

    Raises:
        ValueError: If `count` is not from 20 to 98; with fewer, nobody is forty.
    """
    if not 20 <= count <= 98:
        raise ValueError(f"numbers ({count}) must be from 20 to 98.")
    rest, large = count - 11, range(13, 100)
    return SMALL_NUMBERS + [large[int(i * 87 / rest)] for i in range(rest)]


def first_names(count: int) -> dict[str, str]:
    """`count` first names to their gender, women and men in turn; Jane is the first.

    Raises:
        ValueError: If there are not so many names, or fewer than 10 are asked for.
    """
    both = zip(words.WOMEN.split(), words.MEN.split(), strict=False)
    names = [pair for she, he in both for pair in ((she, "f"), (he, "m"))]
    if not 10 <= count <= len(names):
        raise ValueError(f"names ({count}) must be from 10 to {len(names)}.")
    return dict(names[:count])


class Lexicon:
    """All words of a grammar; how many names and numbers is the only choice.

    Args:
        names: Number of first names, 10 to 400.
        numbers: Number of numbers, 20 to 98.
    """

    def __init__(self, names: int = 60, numbers: int = 30) -> None:
        self.genders = first_names(names)
        self.names = list(self.genders)
        self.numbers = spread_numbers(numbers)
        self.nouns = read_nouns()
        self.adjectives = read_adjectives()
        self.verbs = read_verbs(words.VERBS)
        self.motion = read_verbs(words.MOTION_VERBS)
        self.special = read_special()
        self.countries = read_countries()
        self.cities = rows(words.CITIES)
        self.attributes = self._attributes()

    @cached_property
    def transitive(self) -> list[Verb]:
        """The verbs with an object."""
        return [verb for verb in self.verbs.values() if verb.objects]

    @cached_property
    def intransitive(self) -> list[Verb]:
        """The verbs without one."""
        return [verb for verb in self.verbs.values() if not verb.objects]

    def _attributes(self) -> dict[str, list[Adjective]]:
        """The adjectives that may stand beside a noun, by the noun."""
        return {
            noun.french: [
                adjective
                for adjective in self.adjectives
                if noun.kind in adjective.kinds
                and not adjective.predicate_only
                and (adjective.masculine, noun.french) not in words.NOT_BESIDE
            ]
            for nouns in self.nouns.values()
            for noun in nouns
        }

    def combinations(self) -> list[tuple[str, str]]:
        """Every (verb, object) and (adjective, noun) that may be, sorted."""
        nouns = [noun for nouns in self.nouns.values() for noun in nouns]
        objects = {
            (verb.infinitive, noun.french)
            for verb in self.transitive
            for noun in nouns
            if noun.kind in verb.objects
        }
        described = {
            (adjective.masculine, noun)
            for noun, adjectives in self.attributes.items()
            for adjective in adjectives
        }
        return sorted(objects | described)


@lru_cache(maxsize=8)
def lexicon(names: int = 60, numbers: int = 30) -> Lexicon:
    """The lexicon of that size, made once."""
    return Lexicon(names, numbers)
