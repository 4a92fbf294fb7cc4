"""Who is in the class and when work is due: `students.csv` and `class.yml`.

Both stand in the course's folder, are written by the instructor and read each time
anew. A date that changes therefore changes no grade that is stored: what lateness costs
is worked out when grades are shown or exported.

    students: students.csv       # columns: id, and first_name, last_name, email, login
    timezone: Europe/Paris       # what the dates below mean; default: UTC
    due:
      02: 2026-10-12 23:59
    late:
      grace: 15 minutes
      per_day: 10                # percent of the points reached, each day begun
      most: 50                   # percent lost at most
      closed: 7 days             # after that nothing counts; default: never
    extensions:
      ada:
        02: 2026-10-19 23:59     # or `excused`, or `3 days`
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from dateutil import parser as dates

from graders.course import Course, CourseError

FILE, ROSTER = "class.yml", "students.csv"
EXCUSED = "excused"
UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(minute|hour|day|week)s?")
PARTS = {"students", "timezone", "due", "late", "extensions"}
LATE = {"grace", "per_day", "most", "closed"}


@dataclass(frozen=True)
class Person:
    """One student, as the roster has them."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    login: str = ""

    @property
    def name(self) -> str:
        """`Ada Lovelace`; the id where the roster has no name."""
        return f"{self.first_name} {self.last_name}".strip() or self.id


@dataclass(frozen=True)
class Late:
    """What lateness costs.

    Args:
        grace: How late costs nothing.
        per_day: Percent of the points reached, for each day begun after the due date.
        most: Percent that is lost at most, before work is closed.
        closed: How late is too late: nothing counts. None: never.
    """

    grace: timedelta = timedelta(0)
    per_day: float = 0.0
    most: float = 100.0
    closed: timedelta | None = None

    def lost(self, by: timedelta, points: float) -> float:
        """The points that work loses which came `by` too late."""
        if by <= self.grace:
            return 0.0
        if self.closed is not None and by > self.closed:
            return points
        days = math.ceil(by / timedelta(days=1))
        return points * min(days * self.per_day, self.most, 100.0) / 100


@dataclass(frozen=True)
class Classroom:
    """The class: its people by id, its dates by a lesson's number, its late policy.

    Args:
        people: By id; empty where there is no roster, and then anybody may hand in.
        dates: When each lesson is due, by its number ("02"), with a time zone.
        extensions: By (student, number): another date, or None for excused.
        zone: The time zone in which times are shown.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    dates: Mapping[str, datetime] = field(default_factory=dict)
    late: Late = Late()
    extensions: Mapping[tuple[str, str], datetime | None] = field(default_factory=dict)
    zone: tzinfo = UTC

    def person(self, student: str) -> Person:
        """The student of that id; one with the id alone, where the roster lacks it."""
        return self.people.get(student, Person(student))

    def excused(self, student: str, number: str) -> bool:
        """True if the student need not hand in the lesson of that number."""
        return self.extensions.get((student, number), ...) is None

    def due(self, student: str, number: str) -> datetime | None:
        """When it is due for this student; None without a date, or if excused."""
        return self.extensions.get((student, number), self.dates.get(number))

    def late_by(
        self, student: str, number: str, handed_in: datetime | None
    ) -> timedelta:
        """How much too late work came; zero if in time, or if a time is not known."""
        due = self.due(student, number)
        if due is None or handed_in is None:
            return timedelta(0)
        return max(aware(handed_in) - due, timedelta(0))

    def lost(
        self, student: str, number: str, handed_in: datetime | None, points: float
    ) -> float:
        """The points lost because work came late."""
        return self.late.lost(self.late_by(student, number, handed_in), points)


class Roster:
    """The class, to find people by what a platform calls them."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self.people = people
        self.known: dict[str, set[str]] = defaultdict(set)
        for person in people.values():
            for name in _names_of(person):
                self.known[name].add(person.id)

    def fits(self, names: Iterable[str]) -> set[str]:
        """The ids of those whom one of the names fits."""
        found: set[str] = set()
        for name in names:
            found |= self.known.get(folded(name), set())
        return found


def _names_of(person: Person) -> set[str]:
    """What a platform may call somebody: id, login, e-mail, name, Canvas's name."""
    names = {person.id, person.login, person.email, person.email.partition("@")[0]}
    if person.first_name or person.last_name:
        names.add(f"{person.first_name} {person.last_name}")
        squashed = re.sub(r"\W|_", "", person.last_name + person.first_name)
        plain = unicodedata.normalize("NFKD", squashed)
        names |= {squashed, "".join(c for c in plain if not unicodedata.combining(c))}
    return {folded(name) for name in names} - {""}


def folded(name: str) -> str:
    """A name without what does not tell people apart: case, spaces, ways to write é."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def span(by: timedelta) -> str:
    """A length of time in its two largest units: `2 days 3 hours`.

    A minute begun is one.
    """
    minutes = -(-by // timedelta(minutes=1))
    sizes = (minutes // 1440, minutes // 60 % 24, minutes % 60)
    names = zip(sizes, ("day", "hour", "minute"), strict=True)
    parts = [f"{size} {name}{'s'[: size != 1]}" for size, name in names if size]
    return " ".join(parts[:2]) or "0 minutes"


def aware(when: datetime) -> datetime:
    """The time with a zone: nbgrader's have none and mean UTC."""
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def read(course: Course) -> Classroom:
    """The class of a course; an empty one if nothing is written about it.

    Raises:
        CourseError: If a file cannot be read, or says something that is not understood:
            names the file, the place and what was found.
    """
    path = course.root / FILE
    told = _yaml(path) if path.exists() else {}
    _only(told, PARTS, FILE, "")
    zone = _zone(told.get("timezone", "UTC"))
    people = _people(course, told)
    due = {
        _number(course, name, "due"): _when(value, zone, f"due: {name}")
        for name, value in _table(told, "due").items()
    }
    extensions = {
        (_student(people, student), _number(course, name, f"extensions: {student}")): (
            _extension(value, zone, due.get(_digits(name)), f"{student}: {name}")
        )
        for student, table in _table(told, "extensions").items()
        for name, value in _table({"": table}, "", f"extensions: {student}").items()
    }
    return Classroom(people, due, _late(_table(told, "late")), extensions, zone)


def _yaml(path: Path) -> dict[str, Any]:
    try:
        # Every plain word stays text: 02 is a lesson, no number.
        told = yaml.load(path.read_text(encoding="utf-8-sig"), yaml.BaseLoader)
    except UnicodeDecodeError:
        raise CourseError(f"{FILE} is no UTF-8 text. Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it is no YAML"
        raise CourseError(f"{FILE}{where}: {problem}.") from None
    if told in (None, ""):
        return {}
    return _table({"": told}, "", FILE)


def _table(told: Mapping[str, Any], name: str, where: str = "") -> dict[str, Any]:
    found = told.get(name) or {}
    if not isinstance(found, dict):
        place = where or f"{FILE}, {name}"
        raise CourseError(f"{place}: lines `name: value` belong here, not {found!r}.")
    return found


def _only(told: Mapping[str, Any], known: set[str], file: str, part: str) -> None:
    for name in told:
        if name not in known:
            where = f"{file}, {part}" if part else file
            may = ", ".join(sorted(known))
            raise CourseError(f"{where}: {name!r} is not known. There are: {may}.")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        hint = "Write one like Europe/Paris."
        raise CourseError(f"{FILE}: no time zone is called {name!r}. {hint}") from None


def _digits(name: str) -> str:
    return name[:2].rjust(2, "0")


def _number(course: Course, name: str, where: str) -> str:
    try:
        return course.find(name if not name.isdigit() else name.rjust(2, "0")).number
    except CourseError as error:
        raise CourseError(f"{FILE}, {where}: {error}") from None


def _when(value: Any, zone: ZoneInfo, where: str) -> datetime:
    """A date as written; without a time of day it means the end of that day."""
    try:
        if not re.match(r"\d{4}-\d\d-\d\d", value):
            raise ValueError
        found = dates.isoparse(value.replace(" ", "T", 1))
    except (TypeError, ValueError):
        hint = "Write it like 2026-10-12 23:59."
        raise CourseError(f"{FILE}, {where}: {value!r} is no date. {hint}") from None
    if len(value.strip()) == len(date.min.isoformat()):
        found = datetime.combine(found.date(), time(23, 59, 59))
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _extension(
    value: Any, zone: ZoneInfo, due: datetime | None, where: str
) -> datetime | None:
    """Another date, a date and so many days, or None for excused."""
    if value == EXCUSED:
        return None
    if isinstance(value, str) and SPAN.fullmatch(value.strip()):
        if due is None:
            hint = "It has no due date to be extended."
            raise CourseError(f"{FILE}, extensions: {where}: {value}? {hint}")
        return due + _span(value, where)
    return _when(value, zone, f"extensions: {where}")


def _span(value: Any, where: str) -> timedelta:
    found = SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        hint = "Write it like 15 minutes or 7 days."
        raise CourseError(f"{FILE}, {where}: {value!r} is no length of time. {hint}")
    return timedelta(seconds=float(found[1]) * UNITS[found[2]])


def _percent(value: Any, where: str) -> float:
    try:
        found = float(str(value).removesuffix("%"))
    except ValueError:
        found = math.nan
    if not 0 <= found <= 100:
        hint = "Write a percentage from 0 to 100."
        raise CourseError(f"{FILE}, {where}: {value!r}? {hint}")
    return found


def _late(told: Mapping[str, Any]) -> Late:
    _only(told, LATE, FILE, "late")
    closed = told.get("closed")
    return Late(
        _span(told.get("grace", "0 minutes"), "late: grace"),
        _percent(told.get("per_day", 0), "late: per_day"),
        _percent(told.get("most", 100), "late: most"),
        None if closed is None else _span(closed, "late: closed"),
    )


def _student(people: Mapping[str, Person], student: str) -> str:
    if people and student not in people:
        hint = "Their id there must be one of the roster's."
        raise CourseError(f"{FILE}, extensions: nobody is called {student!r}. {hint}")
    return student


def _people(course: Course, told: Mapping[str, Any]) -> dict[str, Person]:
    """The roster, by id: the file that class.yml names, else students.csv if it exists.

    Raises:
        CourseError: If a file that is named is missing, a column or an id is, or an id
            stands twice.
    """
    path = course.root / str(told.get("students", ROSTER))
    if not path.exists():
        if "students" in told:
            raise CourseError(f"{FILE} names {path.name}, and {path} is missing.")
        return {}
    return read_roster(path)


def read_roster(path: Path) -> dict[str, Person]:
    """The people of a roster in CSV, with a column `id`; other columns are ignored.

    Raises:
        CourseError: As `_people`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CourseError(f"{path} is no UTF-8 text. Save it as UTF-8.") from None
    first = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(), delimiter=";" if ";" in first else ",")
    if "id" not in (rows.fieldnames or ()):
        raise CourseError(f"{path}: its first line needs a column `id`, not {first!r}.")
    people: dict[str, Person] = {}
    wanted = [part.name for part in fields(Person)]
    for row in rows:
        person = Person(**{name: (row.get(name) or "").strip() for name in wanted})
        if not person.id:
            raise CourseError(f"{path}, line {rows.line_num}: the id is missing.")
        if person.id in people:
            where = f"{path}, line {rows.line_num}"
            raise CourseError(f"{where}: the id {person.id!r} stands there twice.")
        people[person.id] = person
    return people
