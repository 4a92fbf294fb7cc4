"""`course export`: grades as a table, or into the table that a platform exported.

Scores are worked out anew each time (see `graders.classroom.grades`); nothing that is
stored changes. A file is written whole or not at all, never over the platform's own.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from nbgrader.plugins import ExportPlugin
from sqlalchemy.orm import Session

from graders.classroom import grades, whole
from graders.classroom.grades import (
    EXCUSED,
    MISSING,
    WAITING,
    Grade,
    Rules,
    counted,
    number,
)
from graders.classroom.platforms import (
    PLATFORMS,
    Matches,
    Platform,
    Target,
    match,
    same,
    written,
)
from graders.classroom.roster import Classroom, Person, read, span
from graders.classroom.sheet import Sheet, harmless
from graders.course import Course, CourseError, Lesson
from graders.files import ORIGIN, printable
from graders.grading import said_of_ungraded

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
    "needs_manual_grade",
    "status",
)


@dataclass(frozen=True)
class Wish:
    """What to export, as it is asked for on the command line.

    Args:
        to: "csv", "canvas", "moodle" or "blackboard".
        file: The table that the platform exported.
        lessons: As a person names them; all that are in the gradebook if left out.
        column: The platform's column, if it is not called like the lesson.
        out: Where to write.
        scale: True if points are to be scaled to those of the platform.
        rules: What counts as a score.
    """

    to: str = "csv"
    file: Path | None = None
    lessons: Sequence[str] = ()
    column: str = ""
    out: Path | None = None
    scale: bool = False
    rules: Rules = field(default_factory=Rules)


@dataclass
class Class:
    """A class's grades, by lesson.

    Args:
        room: Its dates and late policy.
        persons: Everybody.
        found: Each lesson's grades.
        notes: What an instructor should know.
    """

    room: Classroom
    persons: list[Person]
    found: dict[Lesson, list[Grade]]
    notes: list[str] = field(default_factory=list)


@dataclass
class Told:
    """What was done with one lesson's grades."""

    grades: Sequence[Grade]
    column: str = ""
    new: bool = False
    written: int = 0
    kept: list[str] = field(default_factory=list)
    locked: list[str] = field(default_factory=list)


# ------------------------------------------------------------------------ what there is


def grades_of(
    course: Course,
    session: Session,
    wanted: Sequence[str] = (),
    rules: Rules | None = None,
) -> Class:
    """The grades of the lessons that are wanted, else of all in the gradebook.

    Raises:
        CourseError: If a lesson is unknown, or nothing of it is in the gradebook.
    """
    room, entered = read(course), grades.assignments(course, session)
    mine = [lesson for lesson in course.lessons() if lesson.name in entered]
    lessons = [course.find(name) for name in wanted] or mine
    persons = grades.people(session, room)
    found = {}
    for lesson in lessons:
        if lesson.name not in entered:
            hint = f"Do it first: course grade {lesson.number}"
            raise CourseError(f"Nothing of {lesson.name} is graded yet. {hint}")
        one = entered[lesson.name]
        found[lesson] = grades.of_lesson(lesson, one, persons, room, rules or Rules())
    notes = [*_ignored(course, room, entered), *_strangers(room, persons)]
    for lesson in found:
        notes += said_of_ungraded(lesson)
    return Class(room, persons, found, notes)


def _ignored(
    course: Course, room: Classroom, entered: Mapping[str, Any]
) -> Iterator[str]:
    """What stands in the gradebook and does not count."""
    lessons = {lesson.name: lesson.number for lesson in course.lessons()}
    for name, one in entered.items():
        if name not in lessons:
            yield f"{name}, in the gradebook, is no lesson of this course: left out."
        elif one.duedate and lessons[name] not in room.dates:
            text = "the due date in nbgrader's gradebook does not count"
            yield f"{name}: {text}. Write it in class.yml."


def _strangers(room: Classroom, persons: Sequence[Person]) -> Iterator[str]:
    names = [one.id for one in persons if room.people and one.id not in room.people]
    if names:
        yield f"Graded, but not in the roster: {', '.join(map(printable, names))}."


def table(found: Class) -> bytes:
    """All grades as a table with nbgrader's columns, safe to open."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in found.found.values():
        writer.writerows(_line(grade, found.room) for grade in each)
    return text.getvalue().encode()


def _line(grade: Grade, room: Classroom) -> list[str]:
    person, blank = grade.person, grade.raw is None
    values = (
        grade.lesson,
        _when(grade.due, room),
        _when(grade.handed_in, room),
        person.id,
        person.last_name,
        person.first_name,
        person.email,
        grade.raw,
        None if blank else round(grade.lost, 2),
        None if grade.score is None else round(grade.score, 2),
        grade.max,
        grade.status == WAITING,
        grade.status,
    )
    return ["" if value is None else harmless(str(value)) for value in values]


def _when(time: datetime | None, room: Classroom) -> str:
    return time.astimezone(room.zone).isoformat(" ", "seconds") if time else ""


def write_table(course: Course, to: Path, rules: Rules | None = None) -> None:
    """Writes the table of all grades.

    Raises:
        CourseError: If there are none, or `to` cannot be written.
    """
    with grades.opened(course) as session:
        found = grades_of(course, session, rules=rules)
    whole.write(to, table(found))


class CourseTable(ExportPlugin):
    """The same table for `nbgrader export`, which else knows no class.yml."""

    def export(self, gradebook: Any) -> None:
        """Writes it where `--to` says, of those whom `--student` names."""
        try:
            self._export(gradebook)
        except CourseError as error:
            raise SystemExit(f"nbgrader: {error}") from None

    def _export(self, gradebook: Any) -> None:
        course = Course(Path(self.parent.coursedir.root))
        found = grades_of(course, gradebook.db, list(map(str, self.assignment)))
        wanted = set(map(str, self.student))
        for lesson, each in found.found.items():
            mine = [one for one in each if not wanted or one.person.id in wanted]
            found.found[lesson] = mine
        whole.write(Path(self.to or "grades.csv"), table(found))


# ------------------------------------------------------------ into a platform's table


def fill(
    platform: Platform, found: Class, wish: Wish, matches: Matches
) -> dict[Lesson, Told]:
    """Fills the columns of all lessons.

    Raises:
        CourseError: If a lesson has no column, or one with other points.
    """
    done: dict[Lesson, Told] = {}
    taken: dict[int, Lesson] = {}
    for lesson, each in found.found.items():
        points = each[0].max if each else 0.0
        target = platform.target(lesson, wish.column, points)
        other = taken.setdefault(target.column, lesson)
        if other != lesson:
            two = f"{other.name} and {lesson.name} both fit the column {target.name!r}"
            raise CourseError(f"{wish.file}: {two}. Export one alone: --lesson")
        factor = _factor(wish, lesson, target, points)
        done[lesson] = Told(each, target.name, target.max is None)
        _fill_column(platform, target, matches, factor, done[lesson])
    return done


def _factor(wish: Wish, lesson: Lesson, target: Target, points: float) -> float:
    if target.max is None or abs(target.max - points) < 0.005:
        return 1.0
    if wish.scale and points:
        return target.max / points
    theirs, ours = counted(target.max, "point"), number(points)
    raise CourseError(
        f"{wish.file}: {target.name!r} has {theirs}, {lesson.name} has {ours}. "
        "Make them equal there, or have grades scaled: --scale"
    )


def _fill_column(
    platform: Platform, target: Target, matches: Matches, factor: float, told: Told
) -> None:
    for grade in told.grades:
        name, row = grade.person.id, matches.rows.get(grade.person.id)
        if row is None:
            continue
        if not platform.may_fill(row):
            told.locked.append(name)
            continue
        was = platform.sheet.at(row, target.column)
        # What stands there for somebody who handed in nothing is a person's.
        if grade.status == MISSING and was and not same(was, grade.score or 0.0):
            told.kept.append(name)
            continue
        told.written += _put(platform, target, row, grade, factor)


def _put(
    platform: Platform, target: Target, row: int, grade: Grade, factor: float
) -> bool:
    """Fills one cell; True if with a score."""
    if grade.score is None:
        if grade.status != MISSING:
            text = platform.excused if grade.status == EXCUSED else ""
            platform.sheet.put(row, target.column, text)
            platform.comment(row, "")
        return False
    score = grade.score * factor
    if not same(platform.sheet.at(row, target.column), score):
        platform.sheet.put(row, target.column, written(score, target.comma))
    platform.comment(row, grade.comment)
    return True


# ------------------------------------------------------------------------ the command


def export_grades(course: Course, wish: Wish, as_json: bool = False) -> int:
    """`course export`: writes a table and says who is in it and who is not.

    Raises:
        CourseError: If something is wrong; then nothing is written.
    """
    _check(wish)
    with grades.opened(course) as session:
        found = grades_of(course, session, wish.lessons, wish.rules)
    if not wish.file:
        data, matches = table(found), Matches({})
        told = {lesson: _told_of_table(each) for lesson, each in found.found.items()}
    else:
        if not wish.lessons:
            _graded_only(found)
        platform = PLATFORMS[wish.to](Sheet.read(wish.file))
        _one_alone(platform, wish, found)
        matches = match(platform, found.persons, _origins(course, platform, found))
        told = fill(platform, found, wish, matches)
        data = platform.sheet.encoded()
    out = _out(course, wish, list(told))
    whole.write(out, data)
    _say(found, told, matches, out, wish, as_json)
    return 0


def _check(wish: Wish) -> None:
    if wish.to == "csv":
        if wish.file or wish.column or wish.scale:
            text = "--file, --column and --scale go with a platform's table"
            raise CourseError(f"{text}: --to canvas, moodle or blackboard.")
    elif not wish.file:
        platform = PLATFORMS[wish.to]
        hint = f"--file FILE, as {platform.name} exports it: {platform.get}."
        raise CourseError(
            f"The grades go into the platform's own table. Name it: {hint}"
        )


def _graded_only(found: Class) -> None:
    """Leaves out the lessons of which nothing was handed in, unless they are named."""
    for lesson, each in list(found.found.items()):
        if all(grade.status in (MISSING, EXCUSED) for grade in each):
            del found.found[lesson]


def _one_alone(platform: Platform, wish: Wish, found: Class) -> None:
    names = ", ".join(lesson.name for lesson in found.found)
    if not names:
        raise CourseError("Nobody has handed in anything: there is nothing to export.")
    if len(found.found) > 1 and (wish.column or not platform.several):
        what = "--column names" if wish.column else f"{platform.name}'s table holds"
        raise CourseError(f"{what} one lesson, not {names}. Say which: --lesson 02")


def _origins(course: Course, platform: Platform, found: Class) -> dict[str, list[str]]:
    """By a person's id, what a platform called the files that were collected.

    Only of the lessons in which the platform's number for a person holds.
    """
    lessons = course.lessons() if platform.lasting else found.found
    return {
        one.id: [origin for each in lessons if (origin := _origin(each, one.id))]
        for one in found.persons
    }


def _origin(lesson: Lesson, student: str) -> str:
    """What a platform called a student's file, "" if it is not known."""
    path = lesson.course.grading / "submitted" / student / lesson.name / ORIGIN
    if not path.is_file():
        return ""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(1000).strip()
    except OSError:
        return ""


def _told_of_table(each: Sequence[Grade]) -> Told:
    return Told(each, written=sum(grade.score is not None for grade in each))


def _out(course: Course, wish: Wish, lessons: Sequence[Lesson]) -> Path:
    """Where to write; never the platform's own file."""
    many = not wish.file or PLATFORMS[wish.to].several
    parts = [wish.to, *([] if many else [lessons[0].name]), date.today().isoformat()]
    suffix = wish.file.suffix if wish.file else ".csv"
    out = wish.out or course.grading / "export" / f"{'-'.join(parts)}{suffix}"
    if wish.file and out.resolve() == wish.file.resolve():
        raise CourseError(f"{out} is the platform's own file. Name another: --out FILE")
    return out


# ----------------------------------------------------------------------- what it says

LISTS = {
    "late": "late",
    "excused": "excused",
    "missing": "missing",
    "waiting": "waiting for a person",
    "kept": "kept as graded there",
    "locked": "locked there",
}


def _say(
    found: Class,
    told: Mapping[Lesson, Told],
    matches: Matches,
    out: Path,
    wish: Wish,
    as_json: bool,
) -> None:
    summaries = [_summary(lesson, one, found.room) for lesson, one in told.items()]
    for note in (*found.notes, *_notes(summaries, matches, wish)):
        print(f"Note: {note}", file=sys.stderr)
    if as_json:
        unmatched = {"class": matches.persons, "file": matches.others}
        whole = {"file": str(out), "lessons": summaries, "unmatched": unmatched}
        json.dump(whole, sys.stdout, indent=1)
        print()
        return
    for summary in summaries:
        print("\n".join(_lines(summary)))
    print(out)


def _summary(lesson: Lesson, told: Told, room: Classroom) -> dict[str, Any]:
    def of(status: str) -> list[str]:
        return [one.person.id for one in told.grades if one.status == status]

    unknown = (g for g in told.grades if g.due and not g.handed_in)
    return {
        "lesson": lesson.name,
        "column": told.column,
        "new": told.new,
        "written": told.written,
        "late": [_late(one) for one in told.grades if one.late > room.late.grace],
        "excused": of(EXCUSED),
        "missing": of(MISSING),
        "waiting": of(WAITING),
        "kept": told.kept,
        "locked": told.locked,
        "without_time": [g.person.id for g in unknown if g.status != MISSING],
    }


def _late(grade: Grade) -> dict[str, Any]:
    return {
        "student": grade.person.id,
        "seconds": grade.late.total_seconds(),
        "by": span(grade.late),
        "lost": round(grade.lost, 2),
    }


def _lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """A lesson's summary, for a person."""
    to = f" to {'a new column ' * summary['new']}{summary['column']!r}"
    counts = [f"{summary['written']} written{to * bool(summary['column'])}"]
    for name, text in LISTS.items():
        if summary[name]:
            counts.append(f"{len(summary[name])} {text}")
    yield f"{summary['lesson']}: {', '.join(counts)}"
    for one in summary["late"]:
        lost = f"{counted(one['lost'], 'point')} lost"
        yield f"  late: {printable(one['student'])} by {one['by']}, {lost}"
    for name, text in LISTS.items():
        if name != "late" and summary[name]:
            yield f"  {text}: {', '.join(map(printable, summary[name]))}"


def _notes(
    summaries: Sequence[Mapping[str, Any]], matches: Matches, wish: Wish
) -> Iterator[str]:
    for one in summaries:
        if one["waiting"]:
            yield _waiting(one, wish)
        if one["without_time"]:
            names = ", ".join(map(printable, one["without_time"]))
            yield f"{one['lesson']}: when it came is not known, so in time: {names}."
    if matches.persons:
        names = ", ".join(map(printable, matches.persons))
        yield f"In the class, not in {wish.file}: {names}."
    if matches.others:
        names = "; ".join(map(printable, matches.others))
        yield f"In {wish.file}, not in the class: {names}."
    if matches.hint:
        yield f"If some of these are the same person, {matches.hint}"


def _waiting(summary: Mapping[str, Any], wish: Wish) -> str:
    """Who has no points yet for what a person grades, and where to give them."""
    how = "their cells are blank; --unfinished writes the points so far"
    if wish.rules.unfinished:
        how = "the points so far are written"
    count, name = len(summary["waiting"]), summary["lesson"]
    wait = f"{count} wait{'s' * (count == 1)} for points by hand"
    where = f"course essays {name.partition('_')[0]}, or nbgrader's formgrader"
    return f"{name}: {wait} ({where}): {how}."
