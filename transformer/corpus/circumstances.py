"""Where, when, with whom: what stands beside a verb whatever the verb."""

from __future__ import annotations

from dataclasses import replace

from transformer.corpus import words
from transformer.corpus.conjugation import Nominal, Phrase
from transformer.corpus.lexicon import Noun, Verb, rows
from transformer.corpus.morphology import (
    english_number,
    english_ordinal,
    french_number,
)
from transformer.corpus.nominals import Nominals

MONTHS, DAYS, SITES, ROOMS = (
    rows(table) for table in (words.MONTHS, words.DAYS, words.SITES, words.ROOMS)
)
HOME = ("maison", "jardin", "cuisine")
# Adverbials of one tense, French and English.
MOMENTS = {
    "present": (("aujourd'hui", "today"), ("ce matin", "this morning")),
    "habit": (("tous les jours", "every day"), ("chaque semaine", "every week")),
    "past": (
        ("hier", "yesterday"),
        ("la semaine dernière", "last week"),
        ("l' année dernière", "last year"),
        ("hier soir", "last night"),
    ),
    "future": (
        ("demain", "tomorrow"),
        ("la semaine prochaine", "next week"),
        ("l' année prochaine", "next year"),
        ("ce soir", "this evening"),
    ),
}
LAST_DAY = {"habit": ("", "on {}s"), "past": (" dernier", "last {}")}
LAST_DAY["future"] = (" prochain", "next {}")
TO_PLACE = {"aller": "to", "venir": "from", "revenir": "from", "partir": "for"}


def phrase(french: str, english: str) -> Phrase:
    """A phrase given as two strings."""
    return Phrase(french.split(), english.split())


class Circumstances(Nominals):
    """Draws places, times and company for one sentence."""

    def site(self) -> tuple[list[str], Phrase]:
        """A place with a definite article: words after "de", and "à" with "at"."""
        french, gender, english = self.unused(SITES, lambda row: row[0])
        article = "le" if gender == "m" else "la"
        at = Phrase(["à", article, french], ["at", "the", english])
        return ["de", article, french], at

    def inside(self, room: int, home: bool = False) -> Phrase:
        """As in "dans le jardin", with room for an owner "dans le jardin de Paul"."""
        table = [row for row in ROOMS if row[0] in HOME] if home else ROOMS
        french, gender, english = self.unused(table, lambda row: row[0])
        noun = Noun(french, "", gender, english, "", "room")
        owned = french in ("jardin", "cuisine", "bureau", "maison", "chambre")
        owner = self.owner(room - 4) if owned and room >= 5 else None
        place = self.describe(noun, "the", owner=owner)
        return Phrase(["dans", *place.french], ["in", *place.english])

    def place(self, room: int) -> Phrase:
        """Where something happens."""
        if room >= 4 or self.chance(0.4):
            return self.inside(room)
        kind = self.pick("ssc")
        return self.site()[1] if kind == "s" else self.in_country_or_city()

    def in_country_or_city(self) -> Phrase:
        """As in "en Italie", "au Japon", "à Rome": all of them "in"."""
        if self.chance(0.5):
            into = self.country()[2]
            return Phrase(into.french, ["in", *into.english])
        city = self.city()
        return Phrase(["à", *city.french], ["in", *city.english])

    def destination(self, verb: Verb) -> Phrase:
        """The place that a verb of motion leads to or from, with its prepositions."""
        to = TO_PLACE.get(verb.infinitive, "")
        kind = self.pick(("site", "country", "country", "city", "city"))
        if kind == "site" and verb.infinitive not in ("habiter", "partir"):
            origin, at = self.site()
            if to == "from":
                return Phrase(origin, ["from", *at.english[1:]])
            return Phrase(at.french, [to, *at.english[1:]] if to else at.english)
        if kind == "country":
            origin, plain, into = self.country()
            french = {"from": origin, "for": ["pour", *plain.french]}.get(to)
            return Phrase(french or into.french, [to or "in", *plain.english])
        city = self.city()
        preposition = {"from": "de", "for": "pour"}.get(to, "à")
        return Phrase([preposition, *city.french], [to or "in", *city.english])

    def date(self) -> Phrase:
        """As in "en septembre", "le douze septembre", "à neuf heures"."""
        month, english = self.pick(MONTHS)
        kind = self.pick(("month", "month", "date", "hour"))
        if kind == "month":
            return Phrase(["en", month], ["in", english])
        if kind == "hour":
            number = self.pick([n for n in self.lexicon.numbers if n <= 12])
            return Phrase(
                ["à", french_number(number, "f"), "heures"],
                ["at", english_number(number), "o'clock"],
            )
        last = 29 if month == "février" else 30
        day = self.pick([1] + [n for n in self.lexicon.numbers if n <= last])
        ordinal = "first" if day == 1 else english_ordinal(day)
        first = "premier" if day == 1 else french_number(day)
        return Phrase(["le", first, month], ["on", "the", ordinal, "of", english])

    def time(self, verb: Verb, tense: str) -> Phrase:
        """When something happens, as suits verb and tense."""
        tense = "future" if tense == "near" else tense
        if tense == "present" and "daily" in verb.flags:
            tense = "habit"
        kind = self.pick(("date", "date", "day", "moment"))
        if kind == "date" or (kind == "day" and tense == "present"):
            return self.date()
        if kind == "moment":
            return phrase(*self.pick(MOMENTS[tense]))
        day, english = self.pick(DAYS)
        after, pattern = LAST_DAY[tense]
        return phrase(f"{'' if after else 'le '}{day}{after}", pattern.format(english))

    def with_person(self, french: str, english: str, room: int) -> Nominal:
        """As in "avec Paul", "pour la sœur de Paul"; keeps what the person is."""
        person = self.person(room - 1, definite=True)
        both = person.after(french), [english, *person.english]
        return replace(person, french=both[0], english=both[1])
