"""Predicates: a verb that fits its subject, its objects, and being and having.

A frame is one way to say something about somebody: to act, to move, to be so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from transformer.corpus import words
from transformer.corpus.circumstances import Circumstances
from transformer.corpus.conjugation import Nominal, Phrase, Predicate
from transformer.corpus.lexicon import Adjective, Verb, rows
from transformer.corpus.morphology import (
    english_number,
    french_number,
    starts_with_vowel,
)
from transformer.corpus.nominals import Options

ADVERBS = (("souvent", "often"), ("parfois", "sometimes"), ("rarement", "rarely"))
OCCUPATIONS = rows(words.OCCUPATIONS)
TENSES = (*("present",) * 4, *("past",) * 4, "future", "near")
ADULT = ("role", "adult", "friend")


class Predicates(Circumstances):
    """Draws predicates for one sentence."""

    # ------------------------------------------------------------------- objects

    def tense(self, subject: Nominal, verb: Verb | None = None) -> str:
        """A tense for that subject; the simple future is for the third person."""
        if verb and "state" in verb.flags:
            return self.pick(("present", "present", "past"))
        tense = self.pick(TENSES)
        return "near" if tense == "future" and subject.person == 1 else tense

    def polarity(self, tense: str) -> str:
        """Mostly affirmative."""
        if self.chance(0.78):
            return ""
        polarity = self.pick(("pas", "pas", "pas", "jamais", "plus"))
        return "pas" if polarity == "plus" and tense != "present" else polarity

    def object_of(
        self, verb: Verb, room: int, limit: str, ends: bool, kind: str = ""
    ) -> Nominal:
        """What a verb acts on; with `ends`, it may end in a relative clause."""
        relatives, self.relatives = self.relatives, self.relatives if ends else 0
        kind = kind or self.pick(sorted(verb.objects))
        if kind in words.PEOPLE:
            found = self.person(room, definite=bool(limit))
        elif kind == "country":
            plain = self.country()[1]
            found = Nominal(plain.french, plain.english, kind=kind)
        elif kind == "city":
            city = self.city()
            found = Nominal(city.french, city.english, kind=kind)
        elif kind == "opening" and room >= 5 and self.chance(0.6):
            found = self.opening(room)
        else:
            found = self.thing((kind,), room, limit)
        if not ends:
            self.relatives = relatives
        self.note(verb, found)
        return found

    def note(self, verb: Verb, found: Nominal) -> None:
        """Remember the verb and its objects as combinations."""
        self.combinations.update((verb.infinitive, head) for head in found.heads)

    def me(self) -> tuple[str, str, Nominal]:
        """As in "me" or "nous", in English, and whom it means."""
        if self.chance(0.5):
            return "me", "me", Nominal([], [], self.speaker, person=1)
        return "nous", "us", Nominal([], [], self.company, True, 1)

    def third(self, thing: bool) -> tuple[str, str, Nominal]:
        """As in "le", "la" or "les", in English, and whom it means."""
        clitic = self.pick(("le", "la", "les", "les"))
        gender = self.pick("mf") if clitic == "les" else "f" if clitic == "la" else "m"
        english = {"le": "him", "la": "her", "les": "them"}[clitic]
        english = "it" if thing and clitic != "les" else english
        return clitic, english, Nominal([], [], gender, clitic == "les")

    def use_pronoun(self, subject: Nominal, p: Predicate) -> bool:
        """Give the predicate a pronoun for its object; False where none is clear."""
        people = p.verb.objects <= set(words.PEOPLE)
        if self.alone and not (people and subject.person == 3):
            return False
        mixed = not people and p.verb.objects & set(words.PEOPLE)
        if people and subject.person == 3 and (self.alone or self.chance(0.4)):
            clitic, english, agree = self.me()
        elif "indirect" in p.verb.flags:
            clitic, english, agree = "leur", "them", Nominal([], [])
        else:
            clitic, english, agree = self.third(thing=not people)
            compound = p.tense == "past" and not p.verb.imperfect
            elided = starts_with_vowel(p.verb.infinitive) and not compound
            if clitic != "les" and (mixed or (people and elided)):
                return False  # "l'" may be him or her, "le" him or it
        p.clitics, p.pronouns = [clitic], [english]
        p.agree = None if "indirect" in p.verb.flags else agree
        return True

    def give(self, subject: Nominal, p: Predicate, room: int) -> None:
        """The thing given and whom to: "me le", "leur … un livre", "… à Paul"."""
        verb, kind = p.verb, self.pick(("noun", "noun", "noun", "noun", "one", "both"))
        if self.alone and kind == "both":
            kind = "one"
        if kind == "noun" or (subject.person == 1 and (self.alone or self.chance(0.5))):
            p.complements.append(self.object_of(verb, room - 3, p.polarity, False))
            p.complements.append(self.with_person("à", "to", max(2, room // 2)))
            return
        first = subject.person == 3 and (self.alone or self.chance(0.6))
        to, english = self.me()[:2] if first else ("leur", "them")
        if kind == "one":
            p.clitics, p.pronouns = [to], [english]
            p.complements.append(self.object_of(verb, room, p.polarity, True))
            return
        clitic, thing, p.agree = self.third(thing=True)
        p.clitics = [to, clitic] if first else [clitic, to]
        p.pronouns = [thing, "to", english]

    # ------------------------------------------------------------------- predicates

    def predicate(
        self, subject: Nominal, room: int, tense: str = "", polarity: str | None = None
    ) -> Predicate:
        """What somebody does or is, in about `room` words.

        Args:
            subject: Who.
            room: About how many words.
            tense: The tense, or "" for any.
            polarity: `""` for an affirmative, None for any.
        """
        frames: Options[Callable[[Nominal, Predicate, int], None]] = [
            (1.5, min(room, 7), self.act_alone),
            (5, min(room, 9), self.act_on),
            (2, min(room, 8), self.move),
            (0.8, 2, self.be_so),
            (0.7, 4, self.be_aged),
            (0.4, 2, self.be_in_a_state),
            (0.5, 4, self.like),
            (0.9, 4, self.have),
        ]
        if room >= 4:
            frames.append((0.8, 5, self.compare))
        if subject.kind in ("name", "pronoun", "kin", "friend"):
            frames.append((0.5, 2, self.be_by_trade))
        frame = self.choose(frames, room)
        p = Predicate(self.lexicon.special["être"], tense)
        if not tense:
            p.tense = self.tense(subject)
        p.polarity = self.polarity(p.tense) if polarity is None else polarity
        frame(subject, p, room - bool(p.polarity) - (p.tense in ("past", "near")) - 1)
        return p

    def settle(self, p: Predicate, verb: Verb) -> None:
        """Give the predicate its verb, perhaps with a modal and an adverb."""
        p.verb = verb
        if "state" in verb.flags and p.tense in ("future", "near"):
            p.tense = "present"
        planned = p.tense == "present" and not verb.flags & {"state", "sudden"}
        if planned and self.chance(0.18):
            modal = self.pick(("vouloir", "pouvoir", "devoir"))
            p.modal = self.lexicon.special[modal]
            p.polarity = "pas" if p.polarity == "plus" else p.polarity
        simple = p.tense != "near" and not p.modal and p.polarity in ("", "pas")
        if simple and "well" in verb.flags and self.chance(0.2):
            p.adverb = ("bien", "well")
        elif simple and "habit" in verb.flags and self.chance(0.12):
            p.adverb = ADVERBS[0] if p.polarity else self.pick(ADVERBS)

    def act_alone(self, subject: Nominal, p: Predicate, room: int) -> None:
        """A verb without an object."""
        self.settle(p, self.pick(self.lexicon.intransitive))
        self.surround(p, room)

    def act_on(self, subject: Nominal, p: Predicate, room: int) -> None:
        """A verb with an object, or a pronoun in its place."""
        verb = self.pick(self.lexicon.transitive)
        if "needs" in verb.flags and room < 4:
            verb = self.lexicon.verbs["aider"]
        self.settle(p, verb)
        if "to" in p.verb.flags and room >= 4:
            self.give(subject, p, room)
        elif self.chance(0.15) and self.use_pronoun(subject, p):
            pass
        else:
            share = max(1, int(room * (0.4 + 0.6 * self.rng.random())))
            found = self.object_of(p.verb, share, p.polarity, ends=True)
            if "indirect" in p.verb.flags:
                found.french = found.after("à")
            p.complements.append(found)
        self.surround(p, room - sum(len(c.french) for c in p.complements))

    def surround(self, p: Predicate, room: int) -> None:
        """Company, beneficiary and place, as the verb allows and the room."""
        flags = p.verb.flags
        people = p.verb.objects & set(words.PEOPLE)
        eager = 0.1 + 0.08 * room
        if "for" in flags and room >= 2 and not p.clause and self.chance(eager / 2):
            p.complements.append(self.with_person("pour", "for", min(room, 6)))
        elif "with" in flags and not people and not p.clause and self.chance(eager):
            p.complements.append(self.with_person("avec", "with", min(room, 6)))
        room -= sum(len(c.french) for c in p.complements[-1:])
        if "home" in flags and room >= 3 and not p.clause and self.chance(eager):
            p.complements.append(self.inside(min(room, 7), home=True))
        elif "place" in flags and room >= 2 and not p.clause and self.chance(eager):
            p.complements.append(self.place(min(room, 7)))

    def move(self, subject: Nominal, p: Predicate, room: int) -> None:
        """A verb of motion or rest, and where to."""
        self.settle(p, self.pick(list(self.lexicon.motion.values())))
        name = p.verb.infinitive
        if name in ("habiter", "rester") and room >= 4 and self.chance(0.5):
            p.complements.append(self.dwelling(room))
        elif name not in ("arriver", "partir") or (room >= 2 and self.chance(0.7)):
            p.complements.append(self.destination(p.verb))
        left = room - sum(len(c.french) for c in p.complements)
        if name in ("aller", "revenir", "rester") and left >= 4 and self.chance(0.6):
            abroad = p.complements[-1:] and p.complements[-1].english[-2:-1] != ["the"]
            p.complements.append(self.purpose(left, bool(abroad)))
        else:
            self.surround(p, left)

    def dwelling(self, room: int) -> Phrase:
        """As in "dans la vieille maison de Paul"."""
        noun = self.noun(("house",))
        if room >= 8 and self.relatives and self.chance(0.4):
            self.relatives -= 1
            found = self.with_clause(self.describe(noun, "the"), room - 3)
        else:
            owner = self.owner(room - 4) if room >= 5 and self.chance(0.5) else None
            determiner = "the" if owner else self.pick(("the", "this", "my"))
            adjective = self.attribute(noun) if self.chance(0.4) else None
            found = self.describe(noun, determiner, False, adjective, owner)
        return replace(
            found, french=["dans", *found.french], english=["in", *found.english]
        )

    def purpose(self, room: int, abroad: bool) -> Phrase:
        """As in "pour visiter le musée": `abroad`, in a city or country."""
        verb = self.lexicon.verbs[self.pick(words.PURPOSES[0 if abroad else 1 :])]
        found = self.object_of(verb, room - 2, "", ends=True)
        indirect = "indirect" in verb.flags
        object_words = found.after("à") if indirect else found.french
        french = ["pour", verb.infinitive, *object_words]
        particle = [verb.particle] if verb.particle else []
        english = ["to", verb.english, *particle, *found.english]
        return replace(found, french=french, english=english)

    # ------------------------------------------------------------------- to be, to have

    def quality(self, kind: str, compared: bool = False) -> Adjective:
        """An adjective that may be said of somebody or something of that kind."""
        adjectives = self.lexicon.adjectives
        if kind in ("name", "pronoun", "kin", "friend"):
            fitting = [a for a in adjectives if a.masculine in words.OF_PEOPLE]
        else:
            fitting = [a for a in adjectives if kind in a.kinds]
        never = words.NOT_COMPARED if compared else words.ATTRIBUTE_ONLY
        return self.pick([a for a in fitting if a.masculine not in never])

    def be_so(self, subject: Nominal, p: Predicate, room: int) -> None:
        """As in "Jane est fatiguée"."""
        adjective = self.quality(subject.kind)
        french = adjective.form(subject.gender, subject.plural)
        p.complements.append(Phrase([french], [adjective.english]))

    def compare(self, subject: Nominal, p: Predicate, room: int) -> None:
        """As in "Jane est plus jeune que la sœur de Paul"."""
        adjective = self.quality(subject.kind, compared=True)
        word = adjective.form(subject.gender, subject.plural)
        english = adjective.english
        p.polarity = "pas" if p.polarity else ""
        if subject.kind in (*words.PEOPLE, "name", "pronoun"):
            other = self.person(room - 3, definite=True)
        else:
            other = self.thing((subject.kind,), room - 3, "definite")
        if self.chance(0.3):
            first, last = ["as", english], "as"
        else:
            more = adjective.comparative
            first, last = [more] if more else ["more", english], "than"
        degree = "aussi" if last == "as" else "plus"
        french = [degree, word, "que", *other.french]
        p.complements.append(
            replace(other, french=french, english=[*first, last, *other.english])
        )

    def be_aged(self, subject: Nominal, p: Predicate, room: int) -> None:
        """As in "Jane a vingt ans", "Jane is twenty years old"."""
        p.verb = self.lexicon.special["avoir (be)"]
        p.polarity = "pas" if p.polarity else ""
        low, high = 2, 99
        if subject.kind == "child":
            high = 12
        elif subject.kind in ADULT or set(subject.heads) & set(words.OLDER):
            low = 40 if "grand-mère" in subject.heads else 20
        ages = [n for n in self.lexicon.numbers if low <= n <= high]
        number = self.pick(ages)
        english = [english_number(number), "years", "old"]
        p.complements.append(Phrase([french_number(number), "ans"], english))

    def be_in_a_state(self, subject: Nominal, p: Predicate, room: int) -> None:
        """As in "Jane a faim", "Jane is hungry"."""
        p.verb = self.lexicon.special["avoir (be)"]
        french, english = self.pick(words.STATES)
        p.complements.append(Phrase([french], [english]))

    def be_by_trade(self, subject: Nominal, p: Predicate, room: int) -> None:
        """As in "Jane est avocate", "Jane is a lawyer"."""
        masculine, feminine, english = self.pick(OCCUPATIONS)
        french = feminine if subject.gender == "f" else masculine
        if subject.plural:
            p.complements.append(Phrase([french + "s"], [english + "s"]))
        else:
            p.complements.append(Phrase([french], ["a", english]))

    def like(self, subject: Nominal, p: Predicate, room: int) -> None:
        """As in "Jane aime le café", "Jane likes coffee": things in general."""
        p.verb, p.tense = self.lexicon.special["aimer"], "present"
        p.polarity = p.polarity and self.pick(("pas", "plus"))
        first = self.in_general()
        if room >= 5 and not p.polarity and self.chance(0.5):
            second = self.in_general()
            first = Phrase(
                [*first.french, "et", *second.french],
                [*first.english, "and", *second.english],
            )
        p.complements.append(first)

    def in_general(self) -> Phrase:
        """As in "le café", "coffee"; "les pommes", "apples"."""
        noun = self.noun(("staple", "drink", "food", "animal", "dish"))
        if noun.kind in words.MASS:
            article = "le" if noun.gender == "m" else "la"
            return Phrase([article, noun.french], [noun.english])
        return Phrase(["les", noun.plural], [noun.english_plural])

    def have(self, subject: Nominal, p: Predicate, room: int) -> None:
        """As in "Jane a trois sœurs", "Paul n'a pas de voiture"."""
        p.verb = self.lexicon.special["avoir"]
        if p.tense in ("future", "near"):
            p.tense = "present"
        noun = self.noun(("kin", "animal", "car", "cycle", "house", "bag", "book"))
        plural = not noun.single and self.chance(0.5)
        if noun.single or (p.polarity and noun.french == noun.plural):
            noun, plural = self.noun(("animal", "house")), False
        determiner = "number" if plural else "a"
        if plural and noun.kind != "kin":
            determiner = self.pick(("number", "number", "a"))
        if p.polarity:
            determiner = "any"
        adjective = self.attribute(noun) if room >= 3 and self.chance(0.6) else None
        p.complements.append(self.describe(noun, determiner, plural, adjective))
