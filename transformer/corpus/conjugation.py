"""Phrases of both languages, and a predicate put into words beside its subject.

French: "ne", clitics, verb, "pas", adverb, participle. English: auxiliary, subject,
"not", adverb, verb. Everything that English orders otherwise is ordered here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from transformer.corpus.lexicon import Verb

FUTURE_ENDINGS = ("ai", "a", "ons", "ont")
AVOIR = ("ai", "a", "avons", "ont")
ETRE = ("suis", "est", "sommes", "sont")
ALLER = ("vais", "va", "allons", "vont")
NEVER = {"jamais": "never", "plus": "no longer"}


@dataclass(slots=True)
class Phrase:
    """The same words in both languages, French with articles in full."""

    french: list[str]
    english: list[str]


@dataclass(slots=True)
class Nominal(Phrase):
    """A noun phrase, and what its neighbours must know of it.

    `joint` is the place of the "et" between two people or things, or 0.
    `heads` are its French nouns or names; `person` is 1 or 3; with `clause`, it ends in
    a relative clause, after which nothing is attached.
    """

    gender: str = "m"
    plural: bool = False
    person: int = 3
    kind: str = "adult"
    heads: tuple[str, ...] = ()
    clause: bool = False
    joint: int = 0

    def after(self, preposition: str) -> list[str]:
        """The French words after "à", which is said again after "et"."""
        if self.joint and preposition == "à":
            first, second = self.french[: self.joint + 1], self.french[self.joint + 1 :]
            return [preposition, *first, preposition, *second]
        return [preposition, *self.french]

    @property
    def form(self) -> int:
        """Which of the four forms of a verb agrees: je 0, il 1, nous 2, ils 3."""
        return 2 * self.plural + (self.person == 3)

    @property
    def possessive(self) -> list[str]:
        """English: "Paul 's", "the neighbours '"."""
        silent = self.plural and self.english[-1].endswith("s")
        return [*self.english, "'" if silent else "'s"]


@dataclass(slots=True)
class Predicate:
    """A verb and all that goes with it, but not yet its subject.

    Attributes:
        verb: The verb.
        tense: `"present"`, `"past"`, `"future"` or `"near"` ("va visiter").
        polarity: `""`, `"pas"`, `"jamais"` or `"plus"`.
        adverb: French and English, or None: "souvent", "often".
        modal: The verb before an infinitive, or None; then the tense is the present.
        clitics: French pronouns before the verb, in their order.
        pronouns: The same in English, after the verb and its particle.
        complements: What follows, in the same order in both languages.
        agree: The direct object, if it precedes: the participle agrees with it.
    """

    verb: Verb
    tense: str = "present"
    polarity: str = ""
    adverb: tuple[str, str] | None = None
    modal: Verb | None = None
    clitics: list[str] = field(default_factory=list)
    pronouns: list[str] = field(default_factory=list)
    complements: list[Phrase] = field(default_factory=list)
    agree: Nominal | None = None

    @property
    def clause(self) -> bool:
        """Whether it ends in a relative clause."""
        last = self.complements[-1:]
        return bool(last) and isinstance(last[0], Nominal) and last[0].clause


def participle(verb: Verb, agree: Nominal | None) -> str:
    """The past participle: "achetée" after "la voiture que"."""
    if agree is None:
        return verb.participle
    word = verb.participle + ("e" if agree.gender == "f" else "")
    return word + ("s" if agree.plural else "")


def french_verb(subject: Nominal, p: Predicate) -> tuple[str, list[str], bool]:
    """The finite verb, what follows it, and whether the clitics stand before it."""
    form = subject.form
    if p.modal:
        return p.modal.present[form], [p.verb.infinitive], False
    if p.tense == "near":
        return ALLER[form], [p.verb.infinitive], False
    if p.tense == "future":
        return p.verb.future + FUTURE_ENDINGS[form], [], True
    if p.tense == "present":
        return p.verb.present[form], [], True
    if p.verb.imperfect:
        return p.verb.imperfect[form], [], True
    agree = subject if p.verb.etre else p.agree
    auxiliary = ETRE if p.verb.etre else AVOIR
    return auxiliary[form], [participle(p.verb, agree)], True


def french_predicate(subject: Nominal, p: Predicate) -> list[str]:
    """The French words of a predicate that agrees with `subject`."""
    finite, rest, clitics_first = french_verb(subject, p)
    words = ["ne"] if p.polarity else []
    words += [*p.clitics, finite] if clitics_first else [finite]
    words += [p.polarity] if p.polarity else []
    words += [p.adverb[0]] if p.adverb else []
    words += [] if clitics_first else p.clitics
    return words + rest + [word for c in p.complements for word in c.french]


def english_be(subject: Nominal, past: bool) -> str:
    """The form of "to be"."""
    if subject.plural:
        return "were" if past else "are"
    if subject.person == 1:
        return "was" if past else "am"
    return "was" if past else "is"


def english_finite(subject: Nominal, verb: Verb, tense: str) -> str:
    """The one-word present or past: visits, visited."""
    if tense == "past":
        return verb.past
    third = subject.person == 3 and not subject.plural
    return verb.third if third else verb.english


def english_verb(
    subject: Nominal, p: Predicate, needs_auxiliary: bool
) -> tuple[str, list[str]]:
    """The auxiliary, or "" where there is none, and the words of the verb."""
    verb = p.verb
    if p.modal and p.modal.english != "want":
        return p.modal.english, [verb.english]
    if p.tense == "near":
        return english_be(subject, past=False), ["going", "to", verb.english]
    if p.tense == "future":
        return "will", [verb.english]
    if verb.english == "be" and not p.modal:
        return english_be(subject, p.tense == "past"), []
    finite, tail = (p.modal, ["to", verb.english]) if p.modal else (verb, [])
    if needs_auxiliary:
        third = subject.person == 3 and not subject.plural
        do = "did" if p.tense == "past" else "does" if third else "do"
        return do, [finite.english, *tail]
    return "", [english_finite(subject, finite, p.tense), *tail]


def english_clause(
    subject: Nominal, p: Predicate, question: bool = False, silent: bool = False
) -> list[str]:
    """Subject and predicate in English words.

    Args:
        subject: Whom the verb agrees with.
        p: The predicate.
        question: The auxiliary stands before the subject.
        silent: The subject is not repeated: "… and wears it".
    """
    negated = p.polarity == "pas"
    auxiliary, verb = english_verb(subject, p, question or negated)
    never = NEVER.get(p.polarity, "").split()
    front = [auxiliary] if auxiliary else []
    shown = [] if silent else subject.english
    words = [*front, *shown] if question else [*shown, *front]
    if negated and auxiliary == "can" and not question:
        words[-1] = "cannot"
    elif negated:
        words.append("not")
    words += never
    after = p.adverb is not None and p.adverb[1] == "well"
    words += [p.adverb[1]] if p.adverb and not after else []
    words += verb + ([p.verb.particle] if p.verb.particle else []) + p.pronouns
    words += ["well"] if after else []
    return words + [word for c in p.complements for word in c.english]


def clause(subject: Nominal, p: Predicate) -> Phrase:
    """A statement in both languages, without its full stop."""
    french = [*subject.french, *french_predicate(subject, p)]
    return Phrase(french, english_clause(subject, p))
