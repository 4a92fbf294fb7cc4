"""Clauses: subject and predicate, and relative clauses about a noun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from transformer.corpus import words
from transformer.corpus.conjugation import Nominal, Phrase, Predicate, clause
from transformer.corpus.morphology import english_number, french_number
from transformer.corpus.predicates import Predicates

# Things of which something can be said.
SUBJECTS = (
    *("car", "cycle", "house", "clothes", "device", "book", "letter", "bag"),
    *("picture", "opening"),
)


class Clauses(Predicates):
    """Draws clauses for one sentence."""

    # ------------------------------------------------------------------- clauses

    def subject(self, room: int, definite: bool = False) -> Nominal:
        """Who does it: a pronoun or a person."""
        if self.chance(0.25 / max(1, room - 1)):
            return self.pronoun()
        return self.person(room, definite)

    def people_clause(
        self,
        room: int,
        tense: str = "",
        polarity: str | None = None,
        front: bool = True,
    ) -> Phrase:
        """A statement about people; with `front`, a time may stand before it."""
        definite = polarity is None and self.chance(0.5)
        subject = self.subject(self.share(room), definite)
        if not definite and subject.person == 3 and polarity is None:
            polarity = ""
        p = self.predicate(subject, room - len(subject.french), tense, polarity)
        found = clause(subject, p)
        left = room - len(found.french)
        if p.adverb or p.polarity in ("jamais", "plus") or p.modal:
            return found
        if not self.timeless(p) and (left >= 2 or self.chance(0.1)):
            return self.add_time(found, p, front)
        return found

    def share(self, room: int) -> int:
        """How many words of a clause its subject may take."""
        return max(1, int(room * (0.1 + 0.45 * self.rng.random())))

    def timeless(self, p: Predicate) -> bool:
        """Whether a time beside the predicate would be odd."""
        return p.verb in self.lexicon.special.values() or "state" in p.verb.flags

    def add_time(self, found: Phrase, p: Predicate, front: bool) -> Phrase:
        """The clause with a time in front or at its end."""
        if p.clause and not front:
            return found
        time = self.time(p.verb, p.tense)
        if p.clause or (front and self.chance(0.3)):
            return Phrase(
                [*time.french, ",", *found.french], [*time.english, ",", *found.english]
            )
        return Phrase([*found.french, *time.french], [*found.english, *time.english])

    def thing_clause(self, room: int) -> Phrase:
        """A statement about a thing: its quality, price, or beside another."""
        noun = self.noun(SUBJECTS)
        share = self.share(room + 3)
        if noun.kind == "opening":
            subject = self.opening(share)
        else:
            subject = self.thing((noun.kind,), share, "definite")
        p = Predicate(self.lexicon.special["être"], self.pick(("present", "past")))
        left = room - len(subject.french)
        if noun.kind in ("clothes", "book", "bag") and self.chance(0.4):
            self.cost(p)
        else:
            p.polarity = "pas" if self.chance(0.2) else ""
            roomy = left >= 5 and noun.kind not in ("opening", "house")
            frame = self.compare if roomy and self.chance(0.6) else self.be_so
            frame(subject, p, left - 1)
        return clause(subject, p)

    def cost(self, p: Predicate) -> None:
        """As in "coûte douze euros"."""
        p.verb, p.tense = self.lexicon.special["coûter"], "present"
        number = self.pick(self.lexicon.numbers)
        words_of = [french_number(number), "euros"], [english_number(number), "euros"]
        p.complements.append(Phrase(*words_of))

    # ------------------------------------------------------------------- relatives

    def with_clause(self, head: Nominal, room: int) -> Nominal:
        """The noun phrase with a relative clause of about `room` words."""
        relatives, self.relatives = self.relatives, 0
        people = head.kind in words.PEOPLE
        tense = self.pick(("present", "past", "past"))
        ways: list[Callable[[Nominal, int, str], Phrase]] = [
            self.that,
            self.that,
        ]
        if people:
            ways += [self.who, self.who, self.whose, self.with_whom, self.to_whom]
        elif head.kind in ("house", "public"):
            ways += [self.where, self.where]
        else:
            ways += [self.which]
        found = self.pick(ways)(head, room, tense)
        self.relatives = relatives
        return replace(
            head,
            french=[*head.french, *found.french],
            english=[*head.english, *found.english],
            clause=True,
        )

    def who(self, head: Nominal, room: int, tense: str) -> Phrase:
        """As in "qui habite à Paris"."""
        subject = replace(head, french=["qui"], english=["who"])
        p = self.predicate(subject, room - 1, tense)
        lasting = p.modal or self.timeless(p) or "habit" in p.verb.flags
        if p.tense == "present" and not lasting:
            p.tense, p.polarity = "past", p.polarity.replace("plus", "pas")
        return clause(subject, p)

    def which(self, head: Nominal, room: int, tense: str) -> Phrase:
        """As in "qui est rouge", "qui coûte douze euros", "qui dort dans le jardin"."""
        subject = replace(head, french=["qui"], english=["that"])
        p = Predicate(self.lexicon.special["être"], tense)
        if head.kind in ("clothes", "book", "bag", "plant"):
            self.cost(p)
        elif head.kind == "animal":
            p.verb = self.lexicon.verbs["dormir"]
            p.complements.append(self.inside(room - 2))
        elif head.kind in ("car", "device", "picture"):
            p.verb = self.lexicon.motion["venir"]
            p.tense = "present"
            p.complements.append(self.origin())
        else:
            return self.that(head, room, tense)
        return clause(subject, p)

    def origin(self) -> Phrase:
        """As in "de Rome", "du Japon"."""
        return self.destination(self.lexicon.motion["venir"])

    def someone(self, room: int) -> Nominal:
        """The subject inside a relative clause or a question: short and definite."""
        if self.chance(0.25):
            return self.pronoun()
        return self.name() if room < 4 or self.chance(0.6) else self.related(room - 3)

    def that(self, head: Nominal, room: int, tense: str) -> Phrase:
        """As in "que Jane a achetée": the participle agrees with what precedes."""
        subject = self.someone(room - 3)
        verbs = [
            verb
            for verb in self.lexicon.transitive
            if head.kind in verb.objects and "indirect" not in verb.flags
        ]
        verb = self.pick(verbs)
        self.note(verb, head)
        p = Predicate(verb, tense, agree=head)
        self.temper(p)
        left = room - len(subject.french) - 2 - (tense == "past")
        given = "to" in verb.flags and left >= 2 and self.chance(0.5)
        if given or "needs" in verb.flags:
            p.complements.append(self.with_person("à", "to", left))
        else:
            self.surround(p, left)
        return self.after("que", "that", clause(subject, p))

    def temper(self, p: Predicate) -> None:
        """A single event in the present is wished, possible or necessary."""
        if p.tense == "present" and p.verb.flags & {"sudden"}:
            p.tense = "past"
        elif p.tense == "present" and not p.verb.flags & {"state", "habit"}:
            p.modal = self.lexicon.special[self.pick(("vouloir", "pouvoir", "devoir"))]

    def after(self, french: str, english: str, found: Phrase) -> Phrase:
        """The words that open a relative clause, and the clause."""
        return Phrase(
            [*french.split(), *found.french], [*english.split(), *found.english]
        )

    def whose(self, head: Nominal, room: int, tense: str) -> Phrase:
        """As in "dont le frère habite à Rome"."""
        noun = self.noun(("kin",))
        named = self.describe(noun, "the")
        subject = replace(
            named, french=["dont", *named.french], english=["whose", *named.english[1:]]
        )
        return clause(subject, self.predicate(subject, room - 3, tense))

    def with_whom(self, head: Nominal, room: int, tense: str) -> Phrase:
        """As in "avec qui Jane travaille"."""
        subject = self.someone(room - 3)
        verbs = [verb for verb in self.lexicon.intransitive if "with" in verb.flags]
        p = Predicate(self.pick(verbs), tense)
        left = room - len(subject.french) - 3 - (tense == "past")
        if "place" in p.verb.flags and left >= 2:
            p.complements.append(self.place(left))
        return self.after("avec qui", "with whom", clause(subject, p))

    def to_whom(self, head: Nominal, room: int, tense: str) -> Phrase:
        """As in "à qui Jane a donné un livre"."""
        subject = self.someone(room - 5)
        verbs = [verb for verb in self.lexicon.transitive if "to" in verb.flags]
        p = Predicate(self.pick(verbs), tense)
        self.temper(p)
        left = room - len(subject.french) - 3 - (tense == "past")
        p.complements.append(self.object_of(p.verb, left, "", ends=False))
        return self.after("à qui", "to whom", clause(subject, p))

    def where(self, head: Nominal, room: int, tense: str) -> Phrase:
        """As in "où Jane travaille"."""
        subject = self.someone(room - 3)
        verbs = [verb for verb in self.lexicon.intransitive if "place" in verb.flags]
        if head.kind == "house":
            verbs.append(self.lexicon.motion["habiter"])
        p = Predicate(self.pick(verbs), tense)
        left = room - len(subject.french) - 2 - (tense == "past")
        if "with" in p.verb.flags and left >= 2:
            p.complements.append(self.with_person("avec", "with", left))
        return self.after("où", "where", clause(subject, p))
