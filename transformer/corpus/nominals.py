"""Noun phrases: determiners, adjectives, owners, coordination.

`room` is about how many French words a phrase may have: with more room, longer
constructions become likelier. Nothing here is longer than its room by much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from transformer.corpus import words
from transformer.corpus.conjugation import Nominal, Phrase
from transformer.corpus.lexicon import Adjective, Lexicon, Noun
from transformer.corpus.morphology import (
    before,
    english_number,
    french_number,
    starts_with_vowel,
)

T = TypeVar("T")
Options = list[tuple[float, int, T]]

# French masculine, feminine, plural; English singular, plural.
DETERMINERS = {
    "the": ("le", "la", "les", "the", "the"),
    "a": ("un", "une", "des", "a", ""),
    "any": ("de", "de", "de", "a", ""),
    "this": ("ce", "cette", "ces", "this", "these"),
    "my": ("mon", "ma", "mes", "my", "my"),
    "our": ("notre", "notre", "nos", "our", "our"),
    "every": ("chaque", "chaque", "", "every", ""),
    "all": ("", "", "tous les", "", "all the"),
    "many": ("", "", "beaucoup de", "", "many"),
    "several": ("", "", "plusieurs", "", "several"),
    "some": ("de le", "de la", "", "", ""),
    "no": ("de", "de", "", "", ""),
}
# Whose relative is odd: "the father of the son of Paul".
CLOSE = {"frère", "sœur", "oncle", "tante", "cousin", "cousine", "neveu", "nièce"}
CLOSE |= {"père", "mère", "grand-mère"}
MANY_OF = {"book", "letter", "picture", "plant"}
PRONOUNS = (
    *(("je", "I"), ("nous", "we"), ("il", "he"), ("elle", "she")),
    *(("ils", "they"), ("elles", "they")),
)


class Random(Protocol):
    """Anything with `random()` in [0, 1): `random.Random`, or NumPy's generator."""

    def random(self) -> float:
        """A number from 0 to below 1."""


class Nominals:
    """Draws noun phrases for one sentence; no noun and no name comes twice.

    Args:
        lexicon: The words.
        rng: The source of chance.
    """

    def __init__(self, lexicon: Lexicon, rng: Random) -> None:
        self.lexicon = lexicon
        self.rng = rng
        self.used: set[str] = set()
        self.combinations: set[tuple[str, str]] = set()
        self.speaker = self.pick("mf")
        self.company = self.pick("mf")
        self.relatives = 2
        self.alone = False  # With True, nothing is said of "le" or "leur".

    # ------------------------------------------------------------------- chance

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, all alike."""
        return items[int(self.rng.random() * len(items))]

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.rng.random() < probability

    def choose(self, options: Options[T], room: int) -> T:
        """One of (weight, usual size, value): likelier the better its size fits."""
        weights = [weight / (1 + abs(room - size)) for weight, size, _ in options]
        point = self.rng.random() * sum(weights)
        for weight, (_, _, value) in zip(weights, options, strict=True):
            point -= weight
            if point < 0:
                return value
        return options[-1][2]

    def unused(self, items: Sequence[T], key: Callable[[T], str]) -> T:
        """One of the items that the sentence does not hold yet, if there is one."""
        item = self.pick(items)
        if key(item) in self.used:
            fresh = [other for other in items if key(other) not in self.used]
            item = self.pick(fresh or items)
        self.used.add(key(item))
        return item

    def noun(self, kinds: Iterable[str]) -> Noun:
        """A noun of one of these kinds that the sentence does not hold yet."""
        nouns = [n for kind in kinds for n in self.lexicon.nouns.get(kind, ())]
        return self.unused(nouns, lambda noun: noun.french)

    def attribute(self, noun: Noun) -> Adjective | None:
        """An adjective for the noun, or None where none fits."""
        fitting = self.lexicon.attributes[noun.french]
        if not fitting:
            return None
        adjective = self.pick(fitting)
        self.combinations.add((adjective.masculine, noun.french))
        return adjective

    def number(self, kind: str) -> int:
        """A sensible number of things of that kind, at least two."""
        if kind in MANY_OF:
            return self.pick(self.lexicon.numbers)
        return 2 + int(self.rng.random() * 5)

    # ------------------------------------------------------------- noun phrases

    def determiner(
        self, name: str, noun: Noun, plural: bool, following: str
    ) -> tuple[list[str], list[str]]:
        """A determiner in both languages, in the form before `following`."""
        if name == "number":
            number = self.number(noun.kind)
            return [french_number(number, noun.gender)], [english_number(number)]
        masculine, feminine, many, one_english, many_english = DETERMINERS[name]
        if plural:
            if name == "all" and noun.gender == "f":
                many = "toutes les"
            if name == "a" and noun.kind in words.PEOPLE:
                many_english = "some"
            return many.split(), many_english.split()
        french = feminine if noun.gender == "f" else before(masculine, following)
        if french == "ma" and starts_with_vowel(following):
            french = "mon"
        return french.split(), one_english.split()

    def describe(
        self,
        noun: Noun,
        determiner: str,
        plural: bool = False,
        adjective: Adjective | None = None,
        owner: Nominal | None = None,
    ) -> Nominal:
        """A noun with its determiner, adjective and owner.

        An owner that is a person stands before the noun in English ("Paul 's car"),
        a thing after it ("the door of the house").
        """
        french = [noun.plural if plural else noun.french]
        english = [noun.english_plural if plural else noun.english]
        if adjective:
            word = adjective.form(noun.gender, plural)
            if adjective.before and noun.gender == "m" and not plural:
                word = before(word, french[0])
            french = [word, *french] if adjective.before else [*french, word]
            english = [adjective.english, *english]
        first, second = self.determiner(determiner, noun, plural, french[0])
        if first == ["des"] and adjective and adjective.before:
            first = ["de"]
        french = first + french
        if owner and owner.kind in (*words.PEOPLE, "name"):
            second = owner.possessive
        elif owner:
            english += ["of", *owner.english]
        english = second + english
        if owner:
            french += ["de", *owner.french]
        return Nominal(
            french, english, noun.gender, plural, 3, noun.kind, (noun.french,)
        )

    def name(self, gender: str = "") -> Nominal:
        """A first name, of that gender if one is given."""
        names, genders = self.lexicon.names, self.lexicon.genders
        if gender:
            names = [name for name in names if genders[name] == gender]
        name = self.unused(names, str)
        return Nominal([name], [name], genders[name], kind="name", heads=(name,))

    def pronoun(self) -> Nominal:
        """A subject pronoun: je, nous, il, elle, ils, elles."""
        french, english = self.pick(PRONOUNS)
        gender = {"je": self.speaker, "nous": self.company}.get(
            french, "f" if french.startswith("elle") else "m"
        )
        plural = french in ("nous", "ils", "elles")
        person = 1 if english in ("I", "we") else 3
        return Nominal(
            [french], [english], gender, plural, person, "pronoun", (french,)
        )

    # ------------------------------------------------------------------- people

    def owner(self, room: int, relation: str = "") -> Nominal:
        """Somebody who owns something, or whose relative (`relation`) is meant."""
        gender = "f" if relation == "mari" else ""
        room = min(room, 7)
        if room < 2 or (room < 5 and self.chance(0.5)):
            return self.name(gender)
        kinds = ["role", "friend"] + ["kin"] * 2 * (relation not in CLOSE)
        pool = [
            noun
            for kind in kinds
            for noun in self.lexicon.nouns[kind]
            if noun.gender == (gender or noun.gender)
        ]
        noun = self.unused(pool, lambda each: each.french)
        return self.relation(noun, room)

    def relation(self, noun: Noun, room: int, plural: bool = False) -> Nominal:
        """A relative or neighbour of somebody: "my sister", "Paul's sister"."""
        if room < 4:
            adjective = None
            if room >= 3 and noun.kind != "kin" and self.chance(0.5):
                adjective = self.attribute(noun)
            whose = "my" if noun.french == "mari" else self.pick(("my", "my", "our"))
            return self.describe(noun, whose, plural, adjective)
        owner = self.owner(room - 3, noun.french)
        return self.describe(noun, "the", plural, owner=owner)

    def related(self, room: int) -> Nominal:
        """A relative, friend or neighbour of somebody."""
        noun = self.noun(("kin", "kin", "friend", "role"))
        return self.relation(noun, room, not noun.single and self.chance(0.2))

    def somebody(self, room: int, definite: bool = False) -> Nominal:
        """The boy, a famous king, these doctors."""
        noun = self.noun(("child", "adult", "role"))
        plural = self.chance(0.35)
        if definite:
            determiner = self.pick(("the", "the", "this"))
        elif plural:
            determiner = self.pick(
                ("the", "the", "the", "this", "a", "number", "all", "several", "many")
            )
        else:
            determiner = self.pick(("the", "the", "the", "a", "a", "this", "every"))
        described = room >= 3 and self.chance(0.6)
        adjective = self.attribute(noun) if described else None
        return self.describe(noun, determiner, plural, adjective)

    def couple(self, room: int) -> Nominal:
        """Two people, the longer one last: "Jane et la sœur de Paul"."""
        first = self.name()
        room -= 2
        second = self.name() if room < 3 else self.related(room)
        return self.both(first, second)

    def both(self, first: Nominal, second: Nominal) -> Nominal:
        """Two noun phrases joined by "et"; feminine if both are."""
        gender = "f" if first.gender == second.gender == "f" else "m"
        return Nominal(
            [*first.french, "et", *second.french],
            [*first.english, "and", *second.english],
            gender,
            True,
            3,
            first.kind,
            first.heads + second.heads,
            joint=len(first.french),
        )

    def person(self, room: int, definite: bool = False) -> Nominal:
        """A person in about `room` words; `definite` after "pas" and in questions."""
        options: Options[Callable[[], Nominal]] = [(4, 1, self.name)]
        if room >= 2:
            options.append((3, 3, lambda: self.somebody(room, definite)))
            options.append((3, min(room, 6), lambda: self.related(room)))
        if room >= 3:
            options.append((1.5, min(room, 7), lambda: self.couple(room)))
        if room >= 6 and self.relatives:
            options.append((3, room, lambda: self.person_with_clause(room)))
        return self.choose(options, room)()

    def person_with_clause(self, room: int) -> Nominal:
        """A person and a relative clause about them."""
        self.relatives -= 1
        head = self.describe(
            self.noun(("child", "adult", "role")),
            self.pick(("the", "the", "the", "this")),
            self.chance(0.3),
        )
        return self.with_clause(head, room - 2)

    # ------------------------------------------------------------------- things

    def thing(
        self, kinds: Iterable[str], room: int, limit: str = "", plain: bool = False
    ) -> Nominal:
        """A thing of one of these kinds.

        Args:
            kinds: The kinds a verb allows.
            room: About how many words.
            limit: `"pas"`, `"jamais"` or `"plus"`: "de" in place of "un" and "du";
                `"definite"`: no "un" at all.
            plain: Without owner, coordination or clause.
        """
        noun = self.noun(kinds)
        if noun.kind in words.MASS:
            return self.stuff(noun, room, limit)
        options: Options[Callable[[], Nominal]] = [
            (3, 3, lambda: self.item(noun, room, limit))
        ]
        if room >= 4 and not plain:
            if noun.kind in words.OWNED:
                options.append((3, min(room, 8), lambda: self.possession(noun, room)))
            if not limit and room >= 5:
                both = self.pair_of_things
                options.append((1.5, min(room, 6), lambda: both(noun, room)))
            if room >= 6 and self.relatives:
                clause = self.thing_with_clause
                options.append((3, room, lambda: clause(noun, room)))
        return self.choose(options, room)()

    def stuff(self, noun: Noun, room: int, limit: str = "") -> Nominal:
        """Something without plural: "du pain", "le bon vin"."""
        adjective = self.attribute(noun) if room >= 4 and self.chance(0.4) else None
        determiner = self.pick(("some", "some", "some", "the"))
        if limit and determiner == "some":
            determiner = "the" if limit == "definite" else "no"
        return self.describe(noun, determiner, False, adjective)

    def item(self, noun: Noun, room: int, limit: str = "") -> Nominal:
        """A thing with its determiner and perhaps an adjective."""
        plural = self.chance(0.35)
        determiners = ["the", "the", "the", "a", "a", "a", "this"]
        if plural and not limit:
            determiners += ["number", "number", "number", "several", "many", "all"]
        if noun.kind in words.OWNED:
            determiners += ["my", "our"]
        determiner = self.pick(determiners)
        if limit and determiner == "a":
            determiner = self.indefinite_after(limit, noun, plural)
        adjective = self.attribute(noun) if room >= 3 and self.chance(0.55) else None
        return self.describe(noun, determiner, plural, adjective)

    def indefinite_after(self, limit: str, noun: Noun, plural: bool) -> str:
        """The determiner after "pas": "de", unless it would not say how many."""
        unclear = noun.french == noun.plural  # "pas d' autobus": one or several?
        odd = limit == "plus" and not plural  # "no longer buys a car"
        return "the" if limit == "definite" or unclear or odd else "any"

    def possession(self, noun: Noun, room: int) -> Nominal:
        """Somebody's thing: "la voiture rouge de la sœur de Paul"."""
        adjective = self.attribute(noun) if room >= 5 and self.chance(0.3) else None
        owner = self.owner(room - 3 - bool(adjective))
        plural = self.chance(0.25)
        return self.describe(noun, "the", plural, adjective, owner)

    def pair_of_things(self, noun: Noun, room: int) -> Nominal:
        """Two things of a kind, an adjective only where it can mean but one."""
        first = self.item(noun, 2)
        other = self.noun((noun.kind,))
        if other == noun:
            return first
        adjective = self.attribute(other) if room >= 6 and self.chance(0.4) else None
        second = self.describe(other, self.pick(("the", "a", "a")), False, adjective)
        return self.both(first, second)

    def thing_with_clause(self, noun: Noun, room: int) -> Nominal:
        """A thing and a relative clause about it."""
        self.relatives -= 1
        determiner = self.pick(("the", "the", "the", "this"))
        head = self.describe(noun, determiner, self.chance(0.3))
        return self.with_clause(head, room - 2)

    def opening(self, room: int) -> Nominal:
        """A door or window of a house, or of what somebody owns."""
        noun, whole = self.noun(("opening",)), self.noun(("house", "house", "car"))
        if room >= 7 and self.chance(0.7):
            of = self.describe(whole, "the", owner=self.owner(room - 5))
        else:
            of = self.describe(whole, self.pick(("the", "this", "my")))
        return self.describe(noun, "the", self.chance(0.3), owner=of)

    def with_clause(self, head: Nominal, room: int) -> Nominal:
        """The noun phrase with a relative clause of about `room` words."""
        raise NotImplementedError

    # ------------------------------------------------------------------- places

    def country(self) -> tuple[list[str], Phrase, Phrase]:
        """A country: "Italie" after "de", "l' Italie", "en Italie"."""
        country = self.unused(self.lexicon.countries, lambda each: each.french)
        article = {"m": "le", "f": "la", "p": "les"}[country.gender]
        english, french = list(country.english), [article, country.french]
        vowel = starts_with_vowel(country.french)
        into = ["à", *french]
        origin = ["de", *french]
        if country.gender == "f" or (vowel and country.gender == "m"):
            into, origin = ["en", country.french], ["de", country.french]
        return origin, Phrase(french, english), Phrase(into, english)

    def city(self) -> Phrase:
        """A city, a bare name in both languages."""
        french, english = self.unused(self.lexicon.cities, lambda each: each[0])
        return Phrase([french], [english])
