"""The tables of Canvas, Moodle and Blackboard: their rows, columns and people.

A person is found by id, e-mail or login, or by the platform's number in what it called
their work, never by a likeness of names; whoever fits two rows, or shares one, is an
error.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graders.classroom.grades import number as written_out
from graders.classroom.roster import Person, Roster
from graders.classroom.sheet import NUMBER, Sheet
from graders.course import CourseError, Lesson

TEST_STUDENT = "Student, Test"
READ_ONLY = "(read only)"
# A student's folder as a download names it: `Ada Lovelace_123`, `lovelaceada_123`.
NUMBERED = re.compile(r"(.+)_(\d+)")


@dataclass(frozen=True)
class Target:
    """Where a lesson's grades go.

    Args:
        column: Its place.
        name: As the platform calls it.
        max: Its points; None for a column that is new.
        comma: True if its numbers have a decimal comma.
    """

    column: int
    name: str
    max: float | None
    comma: bool = False


@dataclass(frozen=True)
class Matches:
    """Who is who: rows by a person's id, who is left on either side, and what helps."""

    rows: dict[str, int]
    persons: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    hint: str = ""


class Platform:
    """A platform's table, of which one knows the columns.

    Args:
        sheet: The table.

    Raises:
        CourseError: If it lacks a column that the platform's table has.
    """

    name = ""
    get = ""  # how an instructor gets the file
    needs: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    number = ""  # the column of the platform's own number for a person
    lasting = True  # that number is the same in every lesson
    # Name and number in what a download calls a file; its end may be cut off.
    download: re.Pattern[str] | None = None
    called: tuple[str, ...] = ()
    excused = ""
    several = True  # lessons in one file
    adds = False  # a column that the platform does not have yet
    fixed: frozenset[str] = frozenset()  # columns that are no assignment's

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.header = [cell.strip() for cell in sheet.rows[0]] if sheet.rows else []
        missing = [name for name in self.needs if name not in self.header]
        if missing:
            found = ", ".join(filter(None, self.header[:8])) or "nothing"
            raise CourseError(
                f"{sheet.path} has no column {missing[0]!r}, as a table of {self.name} "
                f"has; its first line has {found}. Download it: {self.get}."
            )
        for row, cells in enumerate(sheet.rows):
            if any(cells[len(self.header) :]):
                raise CourseError(
                    f"{sheet.path}, row {row + 1} has {len(cells)} cells, the first "
                    f"line {len(self.header)}: is a name without quotation marks?"
                )

    def cell(self, row: int, name: str) -> str:
        """What stands in a row below a name; "" without such a column."""
        found = self.header.index(name) if name in self.header else -1
        return self.sheet.at(row, found) if found >= 0 else ""

    def rows(self) -> list[int]:
        """The rows that are people."""
        return [row for row in range(1, len(self.sheet.rows)) if any(self._row(row))]

    def _row(self, row: int) -> list[str]:
        return [cell.strip() for cell in self.sheet.rows[row]]

    def called_in(self, row: int) -> str:
        """A row's person, for messages."""
        return ", ".join(filter(None, (self.cell(row, n) for n in self.called)))

    def may_fill(self, row: int) -> bool:
        """False if the platform would not take a grade for that row."""
        return True

    def comment(self, row: int, text: str) -> None:
        """Tells a student what lateness cost, where the table has a place for it."""

    def target(self, lesson: Lesson, column: str, points: float) -> Target:
        """The column of a lesson: the one that is named, else the one called like it.

        Raises:
            CourseError: If there is none, or more than one.
        """
        places = self._assignments()
        names = [self.header[place] for place in places]
        found = _named(names, column) if column else _called_like(names, lesson)
        if len(found) == 1:
            place = places[found[0]]
            return self._target(place, self._points(place))
        if self.adds and not found and not column:
            return self._new(lesson, points)
        has = f"{len(found)} columns" if found else "no column"
        raise CourseError(
            f"{self.sheet.path} has {has} for {column or lesson.name}. "
            f"{_listed([names[p] for p in found] or names)} "
            f"Name one: --lesson {lesson.number} --column NAME"
        )

    def _new(self, lesson: Lesson, points: float) -> Target:
        raise NotImplementedError

    def _assignments(self) -> list[int]:
        return [
            place
            for place, name in enumerate(self.header)
            if name and name not in self.fixed
        ]

    def _points(self, place: int) -> str:
        raise NotImplementedError

    def _target(self, place: int, points: str) -> Target:
        name = self.header[place]
        if not NUMBER.fullmatch(points):
            where = f"{self.sheet.path}, column {name!r}"
            raise CourseError(
                f"{where}: its points are {points!r}, no number. Set them in "
                f"{self.name} and download it again."
            )
        return Target(place, name, _number(points), self._has_commas(place, points))

    def _has_commas(self, place: int, points: str) -> bool:
        cells = (self.sheet.at(row, place) for row in self.rows())
        numbers = [text for text in (points, *cells) if NUMBER.fullmatch(text)]
        if any("," in text for text in numbers):
            return True
        return self.sheet.delimiter == ";" and not any("." in text for text in numbers)


class Canvas(Platform):
    """Canvas: one table of all assignments, their points in a row of its own."""

    name = "Canvas"
    get = "Grades, Export, Export Entire Gradebook"
    needs = ("Student", "ID")
    ids = ("SIS User ID", "Integration ID")
    emails = logins = ("SIS Login ID",)
    number = "ID"
    # `lovelaceada_LATE_123_4567_a.ipynb`: the second number is the submission's.
    download = re.compile(
        r"(?!.*_assignsubmission)(?:.*/)?([^_/]+)(?:_LATE)?_(\d+)_\d+_[^/]*"
    )
    called = ("Student",)
    excused = "EX"
    adds = True
    fixed = frozenset(
        {"Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID"}
        | {"Section", "Root Account", "Group Name", "Notes"}
    )

    def rows(self) -> list[int]:
        """The rows that are people: they have a number."""
        return [
            row
            for row in super().rows()
            if self.cell(row, "ID") and self.cell(row, "Student") != TEST_STUDENT
        ]

    def _points_row(self) -> int:
        """The last row above the people; `Manual Posting` may stand above it."""
        above = range(1, min(self.rows(), default=len(self.sheet.rows)))
        named = [row for row in above if self.called_in(row) == "Points Possible"]
        if not named:
            hint = f"Download it anew: {self.get}."
            raise CourseError(f"{self.sheet.path} has no row 'Points Possible'. {hint}")
        return named[-1]

    def _assignments(self) -> list[int]:
        row = self._points_row()
        places = super()._assignments()
        return [p for p in places if READ_ONLY not in self.sheet.at(row, p)]

    def _points(self, place: int) -> str:
        return self.sheet.at(self._points_row(), place)

    def _new(self, lesson: Lesson, points: float) -> Target:
        row, place = self._points_row(), self.sheet.widen()
        self.header += [""] * (place - len(self.header)) + [lesson.name]
        self.sheet.put(0, place, lesson.name)
        comma = self.sheet.delimiter == ";"
        self.sheet.put(row, place, written(points, comma))
        return Target(place, lesson.name, None, comma)


class Moodle(Platform):
    """Moodle: an assignment's grading worksheet."""

    name = "Moodle"
    get = "the assignment, Submissions, Actions, Download grading worksheet"
    needs = ("Identifier", "Grade", "Maximum Grade")
    ids = ("ID number",)
    emails = ("Email address",)
    logins = ("Username",)
    number = "Identifier"
    lasting = False
    # `Ada Lovelace_123_assignsubmission_file_/a.ipynb`
    download = re.compile(r"(?:.*?/)??([^/]+?)_(\d+)_assignsubmission(?:_.*)?")
    called = ("Full name",)
    several = False

    def called_in(self, row: int) -> str:
        """A row's person; their number where grading is blind."""
        return super().called_in(row) or self.cell(row, "Identifier")

    def may_fill(self, row: int) -> bool:
        """False where `Grade can be changed` says No."""
        return self.cell(row, "Grade can be changed") != "No"

    def comment(self, row: int, text: str) -> None:
        """Writes or renews our line about lateness; what a person wrote stays."""
        if "Feedback comments" in self.header:
            was = re.sub("<[^>]*>", "", self.cell(row, "Feedback comments")).strip()
            if not was or was.startswith("Late by "):
                self.sheet.put(row, self.header.index("Feedback comments"), text)

    def target(self, lesson: Lesson, column: str, points: float) -> Target:
        """The worksheet's column `Grade`.

        Raises:
            CourseError: If its rows differ in their points.
        """
        if column not in ("", "Grade"):
            raise CourseError("Moodle's worksheet has one column `Grade`: no --column.")
        found = sorted({self.cell(row, "Maximum Grade") for row in self.rows()})
        if len(found) > 1:
            several = " and ".join(map(repr, found))
            raise CourseError(f"{self.sheet.path}: its Maximum Grade is {several}.")
        return self._target(self.header.index("Grade"), "".join(found))


class Blackboard(Platform):
    """Blackboard: all columns, each with its points in its name."""

    name = "Blackboard"
    get = "Grade Center, Work Offline, Download"
    needs = ("Last Name", "First Name", "Username")
    ids = ("Student ID",)
    logins = ("Username",)
    called = ("Last Name", "First Name")
    fixed = frozenset(
        {"Last Name", "First Name", "Username", "Student ID", "Last Access"}
        | {"Availability", "Child Course ID"}
    )

    def _assignments(self) -> list[int]:
        return [p for p in super()._assignments() if "|" in self.header[p]]

    def _points(self, place: int) -> str:
        points = r"\[[^\[\]]*?(\d+(?:[.,]\d+)?)[^\[\]]*\]"
        return (re.findall(points, self.header[place]) or [""])[-1]


PLATFORMS = {one.name.lower(): one for one in (Canvas, Moodle, Blackboard)}


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def written(value: float, comma: bool) -> str:
    """Points as a table writes them."""
    text = written_out(value)
    return text.replace(".", ",") if comma else text


def same(text: str, value: float) -> bool:
    """True if a cell says that number already, as `34.00` says 34."""
    return bool(NUMBER.fullmatch(text)) and abs(_number(text) - value) < 0.005


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12]) + ", …" * (len(names) > 12)
    return f"There are: {shown}." if names else "It has no assignment at all."


def _bare(name: str) -> str:
    """A column's name without number and points: `Attention (12345)`."""
    return re.sub(r"\s*(\(\d+\)|\[[^\[\]]*\]\s*(\|\d+)?|\|\d+)$", "", name).casefold()


def _named(names: Sequence[str], wanted: str) -> list[int]:
    """The columns of that name, with or without number and points."""
    exact = [place for place, name in enumerate(names) if name == wanted.strip()]
    like = [p for p, name in enumerate(names) if _bare(name) == _bare(wanted.strip())]
    return exact or like


def _called_like(names: Sequence[str], lesson: Lesson) -> list[int]:
    """The columns called like a lesson, by the first of these that any is called by.

    Its full name, its name within another, its title, its noun or its number (02) as a
    word of its own.
    """
    title = re.escape(_title(lesson))
    ways = (
        rf"^{lesson.name}$",
        rf"(?<![a-z0-9]){lesson.name}(?![a-z0-9])",
        title,
        rf"(?<![a-z]){lesson.noun}(?![a-z])",
        rf"(?<![\w/-])(?<!\d[.:]){lesson.number}(?![\w/-]|[.:]\d)",  # no date, no time
    )
    for way in filter(None, ways):
        found = [p for p, name in enumerate(names) if re.search(way, _bare(name))]
        if found:
            return found
    return []


def _title(lesson: Lesson) -> str:
    """The lesson's heading, in small letters; "" if it cannot be read."""
    try:
        cells = json.loads(lesson.release.read_text(encoding="utf-8"))["cells"]
        text = "".join(cells[0]["source"])
    except (OSError, ValueError, KeyError, IndexError):
        return ""
    found = re.search(r"^# (.+)$", text, re.M)
    return found[1].strip().casefold() if found else ""


# ------------------------------------------------------------------------ the people


def match(
    table: Platform,
    persons: Sequence[Person],
    origins: Mapping[str, Sequence[str]] | None = None,
) -> Matches:
    """Finds each person's row.

    Args:
        table: The platform's table.
        persons: The class.
        origins: By a person's id, what a platform called the files they handed in.

    Raises:
        CourseError: If a person fits two rows, two people fit one, or nobody fits any.
    """
    rows = table.rows()
    finds = _Finds(table, rows, Roster({one.id: one for one in persons}), origins or {})
    found = {person.id: finds.rows(person) for person in persons}
    for name, places in found.items():
        if len(places) > 1:
            where = " and ".join(map(finds.line, sorted(places)))
            raise CourseError(_twice(table, f"{name} fits two rows", where))
    mine = {name: min(places) for name, places in found.items() if places}
    _no_row_twice(table, mine, finds)
    if not mine:
        raise CourseError(_wrong(table, rows, persons))
    left = [table.called_in(row) for row in rows if row not in {*mine.values()}]
    lost = [name for name in found if name not in mine]
    return Matches(mine, lost, left, _hint(table, rows) if lost and left else "")


def _no_row_twice(table: Platform, mine: dict[str, int], finds: _Finds) -> None:
    owners: dict[int, str] = {}
    for name, row in mine.items():
        other = owners.setdefault(row, name)
        if other != name:
            raise CourseError(_twice(table, f"{other} and {name}", finds.line(row)))


def _twice(table: Platform, what: str, where: str) -> str:
    hint = "Make ids, e-mails and logins unique, here or in students.csv"
    if table.download:
        hint += f", and see that each one's work was collected from {table.name}"
    return f"{table.sheet.path}: {what}: {where}. {hint}."


def _wrong(table: Platform, rows: Sequence[int], persons: Sequence[Person]) -> str:
    theirs = _few(table.called_in(row) for row in rows) or "nobody"
    ours = _few(person.id for person in persons) or "nobody"
    return (
        f"{table.sheet.path} holds nobody of this class: it has {theirs}; the class "
        f"has {ours}. Is it another course's? Else {_hint(table, rows)}"
    )


def _hint(table: Platform, rows: Sequence[int]) -> str:
    """What to do that people be found: by columns in which something stands."""
    parts = {"id": table.ids, "email": table.emails, "login": table.logins}
    filled = [
        f"{name} as {' or '.join(part for part in parts if name in parts[part])}"
        for name in dict.fromkeys(table.ids + table.emails + table.logins)
        if any(table.cell(row, name) for row in rows)
    ]
    ways = []
    if table.download:
        work = "the work" if table.lasting else "this lesson's work"
        ways += [f"collect {work} from {table.name}'s download (course collect)"]
    if filled:
        ways += [f"give students.csv what stands there: {', '.join(filled)}"]
    return f"{', or '.join(ways) or 'download it anew: ' + table.get}."


def _few(names: Iterable[str]) -> str:
    found = list(names)
    return "; ".join(found[:3]) + f"; … ({len(found)} in all)" * (len(found) > 3)


class _Finds:
    """Rows by what identifies a person."""

    def __init__(
        self,
        table: Platform,
        rows: Sequence[int],
        roster: Roster,
        origins: Mapping[str, Sequence[str]],
    ) -> None:
        self.table, self.roster, self.origins = table, roster, origins
        self.ids = self._by((*table.ids, *table.emails, *table.logins), rows)
        self.emails = self._by((*table.emails, *table.logins), rows)
        self.logins = self._by(table.logins, rows)
        self.numbers = self._by((table.number,), rows)

    def _by(self, columns: Iterable[str], rows: Sequence[int]) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for name in filter(None, columns):
            for row in rows:
                text = self.table.cell(row, name).casefold()
                found.setdefault(text, set()).add(row)
        found.pop("", None)
        return found

    def rows(self, person: Person) -> set[int]:
        """The rows that fit a person by id, e-mail, login or work, else by number."""
        found = self.ids.get(person.id.casefold(), set())
        found = found | self.emails.get(person.email.casefold(), set())
        found |= self.logins.get(person.login.casefold(), set())
        found |= set(self._collected(person))
        return found or set(self._numbered(person))

    def _collected(self, person: Person) -> Iterator[int]:
        """By what the platform called their work.

        The name in it must fit nobody else of the class, as it must to be collected:
        what came in by another way may hold a file that only looks like ours.
        """
        for origin in self.origins.get(person.id, ()):
            parts = self.table.download and self.table.download.fullmatch(origin)
            if parts and self.roster.fits([parts[1]]) == {person.id}:
                yield from self._named(parts[1], parts[2])

    def _numbered(self, person: Person) -> Iterator[int]:
        """By the platform's own number: alone, or in the name that a download gave.

        There the name beside it must be the row's, too.
        """
        yield from self.numbers.get(person.id.casefold(), ())
        if parts := NUMBERED.fullmatch(person.id):
            yield from self._named(parts[1], parts[2])

    def _named(self, name: str, number: str) -> Iterator[int]:
        """The rows of a number, if the name is theirs, too."""
        numbers = (number, f"participant {number}")
        for row in {row for n in numbers for row in self.numbers.get(n, ())}:
            if _letters(name) == _letters(self.table.called_in(row)):
                yield row

    def line(self, row: int) -> str:
        """A row, for messages."""
        return f"row {row + 1} ({self.table.called_in(row)})"


def _letters(name: str) -> str:
    """A name's letters alone, however an é in it is written."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(filter(str.isalpha, plain))
