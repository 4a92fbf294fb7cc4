"""Sentences: statements, questions, two clauses joined, and a sentence of given length.

English is a function of the French: every rule writes both sides at once, and no rule
offers English a choice that French does not make. Where both languages are vague, one
reading holds throughout: the present is "visits", "ce" is "this", the passé composé is
the simple past. What French leaves open is not said: no "tu" or "vous", no "son" or
"lui", no pronoun "l'" that might be a person of either sex.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from transformer.corpus import words
from transformer.corpus.clauses import Clauses
from transformer.corpus.conjugation import (
    Nominal,
    Phrase,
    Predicate,
    clause,
    english_clause,
    french_predicate,
)
from transformer.corpus.lexicon import Verb, lexicon
from transformer.corpus.morphology import join_english, join_french
from transformer.corpus.nominals import Options, Random

# What there can be somewhere.
PRESENT = ("child", "animal", "furniture", "bag", "book", "drink", "staple")
WEATHER = (
    ("il pleut", "it rains"),
    ("il neige", "it snows"),
    ("il fait froid", "it is cold"),
    ("il fait chaud", "it is hot"),
)
QUESTION = ["est-ce", "que"]
# How many draws `sample` makes before it gives up on a length.
PATIENCE = 1000


class Pair(NamedTuple):
    """A sentence in French and in English, words and punctuation split by spaces."""

    french: str
    english: str

    @property
    def length(self) -> int:
        """Number of French tokens, the full stop included."""
        return self.french.count(" ") + 1


class Drawn(NamedTuple):
    """A pair and its combinations: (verb, object) and (adjective, noun), in French."""

    pair: Pair
    combinations: frozenset[tuple[str, str]]


class Sentences(Clauses):
    """Draws one sentence."""

    def sentence(self, room: int) -> Pair:
        """A sentence of about `room` tokens, its full stop included."""
        kinds: Options[Callable[[int], Pair]] = [
            (6, min(room, 13), self.statement),
            (1.5, min(room, 11), self.question),
            (1, min(room, 10), self.about_things),
            (0.5, min(room, 9), self.there_is),
        ]
        if room >= 9:
            kinds += [
                (2, room, self.joined),
                (2, min(room, 20), self.contrast),
                (1.5, min(room, 16), self.because),
                (1.5, min(room, 18), self.thinks),
                (1.5, room, self.provided),
                (1.5, min(room, 16), self.sequence),
                (0.7, min(room, 14), self.weather),
            ]
        return self.choose(kinds, room)(room - 1)

    def odd(self) -> bool:
        """Whether a verb and an adjective do not go together: "build an old …"."""
        return any(
            first == verb and (adjective, noun) in self.combinations
            for verb, adjective in words.ODD
            for first, noun in self.combinations
        )

    def finish(self, found: Phrase, mark: str = ".") -> Pair:
        """Elision, contraction, a or an, and the punctuation mark."""
        french = join_french([*found.french, mark])
        return Pair(" ".join(french), " ".join(join_english([*found.english, mark])))

    def join(self, first: Phrase, french: str, english: str, second: Phrase) -> Phrase:
        """Two clauses and the words between them."""
        return Phrase(
            [*first.french, *french.split(), *second.french],
            [*first.english, *english.split(), *second.english],
        )

    # ------------------------------------------------------------------- one clause

    def statement(self, room: int) -> Pair:
        """People do or are something."""
        return self.finish(self.people_clause(room))

    def about_things(self, room: int) -> Pair:
        """A thing is something."""
        return self.finish(self.thing_clause(room))

    def there_is(self, room: int) -> Pair:
        """As in "il y a trois chats dans le jardin"."""
        noun = self.noun(PRESENT)
        home = noun.kind not in ("child", "animal")
        place = self.inside(min(8, max(3, room - 6)), home)
        negative, mass = self.chance(0.2), noun.kind in words.MASS
        plural = not mass and self.chance(0.5)
        if negative and not mass and noun.french == noun.plural:
            negative = False
        determiner = "some" if mass else self.pick(("number", "a")) if plural else "a"
        if negative:
            determiner = "no" if mass else "any"
        adjective = self.attribute(noun) if room >= 8 and self.chance(0.7) else None
        found = self.describe(noun, determiner, plural, adjective)
        french = "il ne y a pas" if negative else "il y a"
        english = found.english
        if negative:
            english = ["no", *english[1:]]
        be = "are" if plural else "is"
        return self.finish(
            Phrase(
                [*french.split(), *found.french, *place.french],
                ["there", be, *english, *place.english],
            )
        )

    # ------------------------------------------------------------------- questions

    def question(self, room: int) -> Pair:
        """A question with "est-ce que", with or without a question word."""
        kinds = [self.whether, self.whether, self.why, self.what, self.who_did]
        kinds += [self.how_many, self.where_to]
        return self.finish(self.pick(kinds)(room), "?")

    def asked(self, room: int) -> tuple[Nominal, Predicate]:
        """Subject and predicate of a question: definite, affirmative."""
        subject = self.subject(self.share(room), definite=True)
        return subject, self.predicate(subject, room - len(subject.french), "", "")

    def ask(self, french: str, english: str, subject: Nominal, p: Predicate) -> Phrase:
        """The question word, "est-ce que" and the clause."""
        return Phrase(
            [
                *french.split(),
                *QUESTION,
                *subject.french,
                *french_predicate(subject, p),
            ],
            [*english.split(), *english_clause(subject, p, question=True)],
        )

    def whether(self, room: int) -> Phrase:
        """As in "est-ce que Jane visite l' Afrique"."""
        subject, p = self.asked(room - 2)
        if not p.clause and not p.adverb and not self.timeless(p) and self.chance(0.3):
            p.complements.append(self.time(p.verb, p.tense))
        return self.ask("", "", subject, p)

    def why(self, room: int) -> Phrase:
        """As in "pourquoi", "quand"."""
        subject, p = self.asked(room - 3)
        if not self.timeless(p) and not p.adverb and self.chance(0.4):
            return self.ask("quand", "when", subject, p)
        return self.ask("pourquoi", "why", subject, p)

    def thing_verb(self, kinds: set[str] | None = None) -> Verb:
        """A verb with things for objects and nothing else."""
        return self.pick(
            [
                verb
                for verb in self.lexicon.transitive
                if not verb.objects & set(words.PEOPLE)
                and "needs" not in verb.flags
                and verb.infinitive != "visiter"
                and (kinds is None or verb.objects & kinds)
            ]
        )

    def what(self, room: int) -> Phrase:
        """As in "que est-ce que Jane achète"."""
        subject = self.subject(self.share(room), definite=True)
        p = Predicate(self.thing_verb(), self.tense(subject))
        self.surround(p, room - 5 - len(subject.french))
        if not p.clause and self.chance(0.4):
            p.complements.append(self.time(p.verb, p.tense))
        return self.ask("que", "what", subject, p)

    def who_did(self, room: int) -> Phrase:
        """As in "qui a acheté le livre"."""
        subject = Nominal(["qui"], ["who"], kind="pronoun")
        p = Predicate(self.thing_verb(), self.tense(subject))
        p.complements.append(self.object_of(p.verb, room - 3, "", ends=True))
        self.surround(p, room - 3 - len(p.complements[0].french))
        return clause(subject, p)

    def how_many(self, room: int) -> Phrase:
        """As in "combien de livres est-ce que Jane a achetés"."""
        noun = self.noun(("food", "book", "letter", "picture", "plant", "clothes"))
        subject = self.subject(self.share(room), definite=True)
        verb = self.thing_verb({noun.kind})
        counted = Nominal([noun.plural], [], noun.gender, True, heads=(noun.french,))
        self.note(verb, counted)
        p = Predicate(verb, self.tense(subject), agree=counted)
        self.surround(p, room - 6 - len(subject.french))
        if not p.clause and self.chance(0.4):
            p.complements.append(self.time(p.verb, p.tense))
        plural = f"how many {noun.english_plural}"
        return self.ask(f"combien de {noun.plural}", plural, subject, p)

    def where_to(self, room: int) -> Phrase:
        """As in "où est-ce que Jane habite"."""
        subject = self.subject(self.share(room), definite=True)
        name = self.pick(("habiter", "travailler", "dormir", "danser", "aller"))
        verb = self.lexicon.motion.get(name) or self.lexicon.verbs[name]
        tense = "present" if name == "habiter" else self.tense(subject)
        p = Predicate(verb, tense)
        if "with" in verb.flags and room - len(subject.french) >= 6:
            p.complements.append(self.with_person("avec", "with", 4))
        return self.ask("où", "where", subject, p)

    # ------------------------------------------------------------------- two clauses

    def joined(self, room: int) -> Pair:
        """Two things happen: "…, et …", in the present also "… pendant que …"."""
        tense = self.pick(("present", "past", "past", "future"))
        link = (", et", ", and")
        if tense == "present" and self.chance(0.5):
            link = ("pendant que", "while")
        first = self.event(int(room * (0.35 + 0.3 * self.rng.random())), tense)
        second = self.event(room - 2 - len(first.french), tense)
        return self.finish(self.join(first, *link, second))

    def contrast(self, room: int) -> Pair:
        """As in "Paul a acheté la table , mais Jane a acheté le lit"."""
        tense = self.pick(("present", "past", "past", "future"))
        again = self.chance(0.3)
        verbs = [v for v in self.lexicon.transitive if "needs" not in v.flags]
        if again:
            verbs = [v for v in verbs if v.infinitive in words.AGAIN]
        verb = self.pick(verbs)
        if "state" in verb.flags and tense == "future":
            tense = "past"
        one, other = (self.person(self.share(room // 2), True) for _ in range(2))
        left = room - 4 - len(one.french) - len(other.french)
        limit = "definite" if again else ""
        first, second = Predicate(verb, tense), Predicate(verb, tense)
        thing = self.direct_object(first, left - 3 if again else left // 2, limit)
        if again:
            self.negate_with_pronoun(second, thing)
        else:
            self.direct_object(second, left - len(thing.french), "", thing.kind)
        clauses = clause(one, first), clause(other, second)
        return self.finish(self.join(clauses[0], ", mais", ", but", clauses[1]))

    def direct_object(
        self, p: Predicate, room: int, limit: str, kind: str = ""
    ) -> Nominal:
        """Give the predicate an object, of that kind if there is one, and return it."""
        kind = "kin" if kind == "name" else kind
        kind = kind if kind in p.verb.objects else ""
        found = self.object_of(p.verb, room, limit, False, kind)
        indirect = "indirect" in p.verb.flags
        words_of = found.after("à") if indirect else found.french
        p.complements.append(replace(found, french=words_of))
        return found

    def negate_with_pronoun(self, p: Predicate, thing: Nominal) -> None:
        """As in "ne la a pas achetée": the pronoun stands for the thing."""
        clitic, p.polarity = "la" if thing.gender == "f" else "le", "pas"
        p.clitics = ["les" if thing.plural else clitic]
        p.pronouns = ["them" if thing.plural else "it"]
        p.agree = thing

    def echo(self, subject: Nominal) -> Nominal:
        """The pronoun that takes up a subject."""
        if subject.kind == "pronoun":
            return subject
        french = ("elle" if subject.gender == "f" else "il") + "s" * subject.plural
        she = "she" if subject.gender == "f" else "he"
        english = "they" if subject.plural else she
        return replace(subject, french=[french], english=[english], clause=False)

    def because(self, room: int) -> Pair:
        """As in "Jane reste à Rome parce que elle est fatiguée", or "…, donc …"."""
        tense = self.pick(("present", "past"))
        subject = self.subject(self.share(room))
        again = self.echo(subject)
        p = Predicate(self.lexicon.special["être"], tense)
        left = room - len(subject.french) - 6
        if self.chance(0.5):
            tired = self.pick(
                [a for a in self.lexicon.adjectives if a.masculine in MOODS]
            )
            french = tired.form(subject.gender, subject.plural)
            p.complements.append(Phrase([french], [tired.english]))
            effect = self.effect(subject, tense, left, tired.masculine)
        else:
            p.verb = self.lexicon.special["avoir (be)"]
            french, english = self.pick(words.STATES)
            p.complements.append(Phrase([french], [english]))
            effect = self.effect(subject, tense, left, french)
        if self.chance(0.5):
            first, reason = clause(subject, effect), clause(again, p)
            return self.finish(self.join(first, "parce que", "because", reason))
        first, then = clause(subject, p), clause(again, effect)
        return self.finish(self.join(first, ", donc", ", so", then))

    def effect(self, subject: Nominal, tense: str, room: int, state: str) -> Predicate:
        """What somebody does who is hungry, tired, …"""
        name = self.pick(EFFECTS[state].split())
        verb = self.lexicon.verbs.get(name) or self.lexicon.motion[name]
        p = Predicate(verb, tense)
        if verb.objects:
            p.complements.append(self.object_of(verb, min(room, 5), "", ends=False))
        elif name == "rester":
            p.complements.append(self.inside(room, home=True))
        self.surround(p, room - sum(len(c.french) for c in p.complements))
        return p

    def thinks(self, room: int) -> Pair:
        """As in "Jane pense que Paul …": the first verb in the present."""
        subject = self.subject(self.share(room - 4), definite=True)
        name = self.pick(("penser", "savoir", "dire", "croire"))
        p = Predicate(self.lexicon.special[name])
        if name == "savoir" and self.chance(0.3):
            p.polarity = "pas"
        left = room - len(subject.french) - 2 - 2 * bool(p.polarity)
        first = clause(subject, p)
        if self.chance(0.3):
            inner = self.thing_clause(left)
        else:
            inner = self.people_clause(left, front=False)
        return self.finish(self.join(first, "que", "that", inner))

    def provided(self, room: int) -> Pair:
        """As in "si Jane arrive demain , Paul restera à Rome"."""
        left = int((room - 2) * (0.35 + 0.3 * self.rng.random()))
        condition = self.event(left, "present", pronoun=True)
        then = self.event(room - 2 - len(condition.french), "future")
        first = self.join(Phrase([], []), "si", "if", condition)
        return self.finish(self.join(first, ",", ",", then))

    def event(self, room: int, tense: str, pronoun: bool = False) -> Phrase:
        """Somebody does something, once: no state, no habit, perhaps a pronoun."""
        self.alone = True
        if pronoun and self.chance(0.3):
            subject = self.pronoun()
        else:
            subject = self.person(self.share(room), True)
        p = Predicate(self.lexicon.special["être"], tense)
        p.polarity = "pas" if self.chance(0.15) else ""
        frames: Options[Callable[[Nominal, Predicate, int], None]] = [
            (1, min(room, 7), self.act_alone),
            (4, min(room, 9), self.act_on),
            (2, min(room, 8), self.move),
        ]
        left = room - len(subject.french) - 2 * bool(p.polarity)
        self.choose(frames, left)(subject, p, left - 1)
        if "state" in p.verb.flags:
            return self.event(room, tense, pronoun)
        p.adverb = p.modal = None
        return clause(subject, p)

    def sequence(self, room: int) -> Pair:
        """As in "Jane a acheté une robe et l' a portée"."""
        tense = self.pick(("present", "past", "past"))
        subject = self.subject(self.share(room - 6))
        name = self.pick(list(words.NEXT))
        first = Predicate(self.lexicon.verbs[name], tense)
        nexts = [self.lexicon.verbs[verb] for verb in words.NEXT[name].split()]
        then = self.pick(nexts)
        kind = self.pick(sorted(first.verb.objects & then.objects))
        thing = self.thing((kind,), min(4, room - 6), "", plain=True)
        first.complements.append(thing)
        self.note(first.verb, thing)
        self.note(then, thing)
        clitic = "les" if thing.plural else "la" if thing.gender == "f" else "le"
        pronoun = "them" if thing.plural else "it"
        second = Predicate(
            then, tense, clitics=[clitic], pronouns=[pronoun], agree=thing
        )
        left = room - len(subject.french) - len(thing.french) - 4
        if "to" in then.flags:
            second.complements.append(self.with_person("à", "to", max(2, left)))
        self.surround(second, left)
        again = Phrase(
            french_predicate(subject, second),
            english_clause(subject, second, silent=True),
        )
        return self.finish(self.join(clause(subject, first), "et", "and", again))

    def weather(self, room: int) -> Pair:
        """As in "quand il pleut , Jane lit un livre"."""
        french, english = self.pick(WEATHER)
        found = self.event(room - 4, "present")
        first = Phrase(["quand", *french.split()], ["when", *english.split()])
        return self.finish(self.join(first, ",", ",", found))


MOODS = ("fatigué", "malade", "triste", "heureux")
EFFECTS = {
    "fatigué": "dormir rester",
    "malade": "rester appeler",
    "triste": "pleurer appeler",
    "heureux": "chanter danser",
    "faim": "manger manger préparer",
    "soif": "boire",
    "froid": "rester porter",
}


def draw_one(
    rng: Random, min_words: int, max_words: int, names: int = 60, numbers: int = 30
) -> Drawn:
    """A pair and its combinations; arguments as those of `sample`."""
    words_of = lexicon(names, numbers)
    for _ in range(PATIENCE):
        room = min_words + int(rng.random() * (max_words - min_words + 6))
        writer = Sentences(words_of, rng)
        pair = writer.sentence(room)
        fits = min_words <= pair.length <= max_words
        fits = fits and pair.english.count(" ") < max_words
        if fits and not writer.odd():
            return Drawn(pair, frozenset(writer.combinations))
    raise ValueError(f"No sentence of {min_words} to {max_words} words was found.")


def sample(
    rng: Random,
    min_words: int = 4,
    max_words: int = 24,
    names: int = 60,
    numbers: int = 30,
) -> Pair:
    """A sentence drawn by the grammar, in both languages.

    Args:
        rng: `random.Random(7)`, or any other source of `random()`.
        min_words: Fewest tokens of the French, punctuation included.
        max_words: Most tokens of either language.
        names: Number of first names in use, 10 to 400.
        numbers: Number of numbers in use, 20 to 98.

    Returns:
        The pair.

    Raises:
        ValueError: If no sentence has such a length.
    """
    return draw_one(rng, min_words, max_words, names, numbers).pair
