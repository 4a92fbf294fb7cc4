"""The report on a class: who is where, which exercises were hard, which mistakes made.

Numbers come from `standing`, words from the lesson and its mistakes. Nothing is shown
that so few submissions cannot say.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from graders import registry
from graders.classroom import render, roster, whole
from graders.classroom.prose import Paragraph, Passage, passages, title_of
from graders.classroom.standing import Standing, standings
from graders.course import Course, CourseError, Lesson
from graders.exercise import (
    CRASHED,
    NOT_ATTEMPTED,
    PASSED,
    TIMED_OUT,
    Choice,
    Exercise,
)
from graders.grading import said_of_ungraded
from graders.record import Record
from graders.score import points_of, read_release

ENOUGH = 8  # submissions, below which a correlation says nothing
BINS = 8  # of the distribution of points
# When work came, against when it was due.
TIMES = (
    ("more than 3 days before", timedelta(days=-3)),
    ("1 to 3 days before", timedelta(days=-1)),
    ("2 to 24 hours before", timedelta(hours=-2)),
    ("in the last 2 hours", timedelta(0)),
    ("up to a day late", timedelta(days=1)),
    ("later", timedelta.max),
)


@dataclass(frozen=True)
class Item:
    """One check or essay, over everybody who started.

    Args:
        name: The check's name.
        title: In words.
        max: Its points; 0 where it is for practice.
        share: Of its points that were reached, or of passes where it has none.
        statuses: How many have each status.
        judged: How many it is a share of.
        discrimination: Its correlation with the rest of the points; None if unknown.
    """

    name: str
    title: str
    max: float
    share: float | None
    statuses: Mapping[str, int]
    judged: int
    discrimination: float | None = None

    @property
    def tried(self) -> bool:
        """True if anybody answered."""
        return set(self.statuses) != {NOT_ATTEMPTED}


@dataclass(frozen=True)
class Slip:
    """One named mistake, and what there is to teach.

    Args:
        words: Its name in words.
        students: How many made it.
        checks: The titles of the exercises in which it was recognised.
        section: The heading of the lesson's paragraph to go back to.
        paragraph: That paragraph, in Markdown.
        says: What the students were told.
        questions: Two to ask tomorrow.
    """

    words: str
    students: int
    checks: tuple[str, ...]
    section: str
    paragraph: str
    says: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class LessonReport:
    """What there is to say about a class and one lesson, without a name.

    Args:
        expected: How many the roster has; 0 without a roster.
        came: How many handed in, whatever it was.
        started: How many of them wrote something that could be graded.
        points: Of those who started, before lateness.
        bins: The distribution of these: from, to, how many.
        open: Points that wait for a person, in all.
        times: When work came, how often; empty where nothing says so.
    """

    number: str
    name: str
    title: str
    max: float
    expected: int
    came: int
    started: int
    blank: int
    broken: int
    excused: int
    missing: int
    ungraded: int
    late: int
    points: tuple[float, ...]
    bins: tuple[tuple[float, float, int], ...]
    open: float
    items: tuple[Item, ...]
    slips: tuple[Slip, ...]
    stopped: int
    times: tuple[tuple[str, int], ...]
    due: str = ""
    people: tuple[dict[str, Any], ...] = field(default=(), compare=False)

    @property
    def median(self) -> float | None:
        """The points that half of those who started have reached."""
        half = sorted(self.points)
        middle = half[len(half) // 2 :][:1] + half[(len(half) - 1) // 2 :][:1]
        return sum(middle) / 2 if middle else None

    @property
    def hardest(self) -> Item | None:
        """The exercise with points of which the smallest share was reached."""
        known = [
            item
            for item in self.items
            if item.max and item.share is not None and item.tried
        ]
        return min(known, key=lambda item: item.share or 0.0, default=None)


class LessonNumbers:
    """Works out the report on one lesson."""

    def __init__(self, lesson: Lesson, room: roster.Classroom) -> None:
        self.lesson, self.room = lesson, room
        release = read_release(lesson)
        self.title = title_of(release) or lesson.name
        self.passages = passages(release)
        cells = [
            c for c in release.cells if c.metadata.get("nbgrader", {}).get("grade")
        ]
        self.max = sum(map(points_of, cells))
        self.all = standings(lesson, room)
        self.started = {k: s for k, s in self.all.items() if s.started}

    def report(self) -> LessonReport:
        """Everything there is to say."""
        everybody, number = list(self.all.values()), self.lesson.number
        came = [s for s in everybody if s.entry or s.waiting]
        away = [s for s in everybody if not (s.entry or s.waiting)]
        points = tuple(s.reached for s in self.started.values())
        due = self.room.dates.get(number)
        return LessonReport(
            number=number,
            name=self.lesson.name,
            title=self.title,
            max=self.max,
            expected=len(self.room.people),
            came=len(came),
            started=len(self.started),
            blank=sum(s.blank for s in came),
            broken=sum(bool(s.problem) for s in came),
            excused=sum(s.excused for s in away),
            missing=sum(not s.excused for s in away),
            ungraded=sum(s.waiting for s in came),
            late=sum(bool(s.late) for s in came),
            points=points,
            bins=tuple(bins(points, self.max)),
            open=sum(s.open for s in self.started.values()),
            items=tuple(self._items()),
            slips=tuple(self._slips()),
            stopped=self._stopped(),
            times=tuple(self._times()),
            due=f"{due:%Y-%m-%d %H:%M} {self.room.zone}" if due else "",
            people=tuple(_person(s) for s in everybody),
        )

    # ------------------------------------------------------------------- exercises

    def _items(self) -> Iterator[Item]:
        statuses = self._table(lambda result: result.status)
        points = self._table(lambda r: None if r.waits else r.points)
        for name, passage in self.passages.items():
            if name not in points:
                continue
            mine = points[name].dropna()
            most = max(r.row.max for r in self._results(name))
            passed = (statuses[name] == PASSED).mean()
            share = float(mine.mean()) / most if most and len(mine) else None
            yield Item(
                name,
                passage.title,
                most,
                share if most else float(passed),
                dict(Counter(statuses[name].dropna()).most_common()),
                len(mine),
                discrimination(points, name),
            )

    def _results(self, name: str) -> Iterator[Any]:
        for standing in self.started.values():
            yield from (r for r in standing.results if r.row.name == name)

    def _table(self, value: Any) -> Any:
        """A value of each result: students down, checks across."""
        import pandas

        rows = {
            student: {r.row.name: value(r) for r in standing.results}
            for student, standing in self.started.items()
        }
        return pandas.DataFrame.from_dict(rows, orient="index")

    def _stopped(self) -> int:
        """How many have an answer that stopped with an error or ran too long."""
        odd = {CRASHED, TIMED_OUT}
        return sum(
            any(r.row.status in odd for r in standing.results)
            for standing in self.started.values()
        )

    # -------------------------------------------------------------------- mistakes

    def _slips(self) -> Iterator[Slip]:
        """The recognised mistakes, the most frequent first."""
        made: dict[tuple[str, str], dict[str, set[str]]] = {}
        for student, standing in self.started.items():
            for row in (r.row for r in standing.results):
                if row.mistake:
                    mistake = made.setdefault((row.mistake, row.says), {})
                    mistake.setdefault(row.name, set()).add(student)
        found = [self._slip(*key, checks) for key, checks in made.items()]
        yield from sorted(found, key=lambda slip: (-slip.students, slip.words))

    def _slip(self, ident: str, says: str, checks: Mapping[str, set[str]]) -> Slip:
        order = [name for name in self.passages if name in checks]
        first = self.passages.get([*order, *checks][0])
        told = first.closest(says) if first else Paragraph("", "")
        names = [self.passages[n].title if n in self.passages else n for n in checks]
        return Slip(
            ident.replace("-", " "),
            len(set().union(*checks.values())),
            tuple(names),
            told.section,
            told.text,
            says,
            tuple(q for q in (question_of(says), self._second(first)) if q),
        )

    def _second(self, passage: Passage | None) -> str:
        """A question of the lesson's own near the exercise, else its smallest case."""
        if not passage:
            return ""
        for name, other in self.passages.items():
            near = other.section == passage.section and name.startswith("predict-")
            if near and (asked := _question(name)):
                return asked
        return by_hand(passage.name)

    # ------------------------------------------------------------------------ time

    def _times(self) -> Iterator[tuple[str, int]]:
        """How many came when, against when it was due for them."""
        known = [s for s in self.all.values() if s.handed_in and s.due]
        if not known:
            return
        left = [s.handed_in - s.due for s in known if s.handed_in and s.due]
        before: timedelta = timedelta.min
        for words, until in TIMES:
            yield words, sum(before < time <= until for time in left)
            before = until


def bins(points: Sequence[float], most: float) -> Iterator[tuple[float, float, int]]:
    """The distribution of points: from, to (without), and how many; the last with."""
    if not points or not most:
        return
    width = most / BINS
    for number in range(BINS):
        low, high = number * width, (number + 1) * width
        last = number == BINS - 1
        yield low, high, sum(low <= p < high or (last and p >= high) for p in points)


def discrimination(points: Any, name: str) -> float | None:
    """The correlation of a check's points with the sum of all others'.

    Of those whose points of it are known, and of the others that are known of them
    all. None where they are fewer than 8 or where all have the same.
    """
    known = points[points[name].notna()]
    mine = known[name].astype(float)
    rest = known.drop(columns=name).dropna(axis=1).astype(float).sum(axis=1)
    if len(known) < ENOUGH or mine.nunique() < 2 or rest.nunique() < 2:
        return None
    return float(mine.corr(rest))


def question_of(says: str) -> str:
    """The question that a mistake's sentence ends in; all of it if it ends in none."""
    parts = says.replace("? ", "?\n").replace(". ", ".\n").splitlines()
    asked = [part for part in parts if part.endswith("?")]
    return asked[-1] if asked else says


def _question(name: str) -> str:
    try:
        found = registry.find(name)
    except KeyError:
        return ""
    return found.question if isinstance(found, Choice) else ""


def by_hand(name: str) -> str:
    """A question that every exercise has: its smallest case, worked by hand."""
    try:
        exercise = registry.find(name)
    except KeyError:
        return ""
    if not isinstance(exercise, Exercise):
        return exercise.question
    from graders.collect import cases_for

    case = cases_for(exercise)[0].name
    values = " and ".join(exercise.returns)
    return (
        f'Work `example("{name}", "{case}")` by hand: what should {values} be, '
        f"and how can you tell before you run `{exercise.answer}`?"
    )


def _person(standing: Standing) -> dict[str, Any]:
    """One of the class, for the one section that has names."""
    made = dict.fromkeys(r.row.mistake for r in standing.results if r.row.mistake)
    return {
        "id": standing.person.id,
        "name": standing.person.name,
        "state": state_of(standing),
        "points": standing.points if standing.entry else None,
        "reached": standing.reached if standing.entry else None,
        "max": standing.max,
        "open": standing.open,
        "late": roster.span(standing.late) if standing.late else "",
        "mistakes": [name.replace("-", " ") for name in made],
    }


def state_of(standing: Standing) -> str:
    """Where a student is, in a few words."""
    if standing.problem:
        return f"could not be graded: {standing.problem}"
    if standing.blank:
        return "blank"
    if standing.entry:
        return "handed in"
    if standing.waiting:
        return "handed in, not graded yet"
    return "excused" if standing.excused else "not handed in"


# ------------------------------------------------------------------------ in words


def summary(lesson: LessonReport) -> list[str]:
    """What a person would say first of a lesson, a sentence each."""
    return [line for line in (*_who(lesson), *_what(lesson)) if line]


def _who(lesson: LessonReport) -> Iterator[str]:
    if not lesson.came:
        yield "Nobody has handed in."
    elif lesson.expected:
        yield f"{lesson.came} of {lesson.came + lesson.missing} have handed in."
    else:
        yield f"{lesson.came} have handed in; a roster would say who has not."
    if lesson.excused:
        yield f"{_are(lesson.excused)} excused."
    odd = [f"{lesson.blank} blank"] if lesson.blank else []
    odd += [f"{lesson.broken} could not be read"] if lesson.broken else []
    if odd:
        yield f"Of these, {' and '.join(odd)}."
    if lesson.ungraded:
        yield f"{_are(lesson.ungraded)} not graded yet: course grade {lesson.number}"
    if lesson.late:
        yield f"{lesson.late} came late."


def _are(count: int) -> str:
    return f"{count} {'is' if count == 1 else 'are'}"


def _what(lesson: LessonReport) -> Iterator[str]:
    if lesson.median is not None:
        half = render.number(lesson.median)
        most = render.number(lesson.max)
        yield f"Half of those who started reached at least {half} of {most} points."
    if lesson.open:
        yield f"{render.number(lesson.open)} points wait for a person to grade essays."
    if (hard := lesson.hardest) and hard.share is not None and hard.share < 1:
        share = f"{100 * hard.share:.0f} % of its points were reached"
        yield f"Hardest was {hard.title}: {share}."
    if left := [item.title for item in lesson.items if not item.tried]:
        yield f"Nobody tried: {', '.join(left)}."
    if lesson.slips:
        top = lesson.slips[0]
        made = "student" if top.students == 1 else "students"
        checks = ", ".join(top.checks)
        yield f"The commonest mistake: {top.words} ({top.students} {made}; {checks})."
    elif lesson.started:
        yield "No mistake that has a name was recognised."


# --------------------------------------------------------------------- the command


def reports(course: Course, lessons: Sequence[Lesson]) -> list[LessonReport]:
    """The reports on some lessons, or on all of which something is graded.

    Raises:
        CourseError: If none is named and nothing is graded, or the class is unclear.
    """
    room = roster.read(course)
    chosen = list(lessons) or [
        lesson for lesson in course.lessons() if Record.of(lesson).path.exists()
    ]
    if not chosen:
        hint = "Do it first, for example: course grade 02"
        raise CourseError(f"Nothing is graded yet. {hint}")
    return [LessonNumbers(lesson, room).report() for lesson in chosen]


def write_report(
    course: Course,
    lessons: Sequence[Lesson],
    out: Path | None = None,
    anonymous: bool = False,
    as_json: bool = False,
) -> int:
    """`course report`: one page, or its numbers."""
    found = reports(course, lessons)
    for one in found:
        for note in said_of_ungraded(course.find(one.name)):
            print(f"Note: {note}", file=sys.stderr)
    if as_json:
        json.dump(numbers(found, anonymous), sys.stdout, indent=1)
        print()
    if out or not as_json:
        from graders.classroom.charts import html

        path = out or course.grading / "report.html"
        whole.write(path, html(found, anonymous))
        print(path, file=sys.stderr if as_json else sys.stdout)
    return 0


def numbers(found: Sequence[LessonReport], anonymous: bool) -> list[dict[str, Any]]:
    """The reports as plain data, each with its summary in words."""
    told = [
        {**asdict(one), "median": one.median, "summary": summary(one)} for one in found
    ]
    for one in told:
        one.pop("people") if anonymous else None
    return told
