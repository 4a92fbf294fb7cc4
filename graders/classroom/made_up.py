"""A made-up class: its people, what they hand in, and what platforms hold of them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import nbformat

from graders.classroom import papers, roster
from graders.classroom.roster import Person
from graders.course import Course, Lesson

PEOPLE = [
    *("Ada Lovelace", "Blaise Pascal", "Carl Gauß", "Daniel Bernoulli"),
    *("Emmy Noether", "Fatima al-Fihri", "Grace Hopper", "Henri Poincaré"),
    *("Ivan Sutherland", "Jamal Khan", "Katherine Johnson", "Leonhard Euler"),
    *("Maryam Mirzakhani", "Niels Abel", "Olga Ladýženskaja", "Pierre de Fermat"),
    *("Qin Jiushao", "René Descartes", "Sofja Kovalevskaja", "Terence Tao"),
    *("Ugo Bertolotti", "Vera Rubin", "William O'Brien", "Xu Guangqi"),
    *("Yutaka Taniyama", "Zoë Brontë", "Alonzo Church", "Barbara Liskov"),
    *("Claude Shannon", "Dorothy Vaughan", "Évariste Galois", "Frances Allen"),
    *("Gladys West", "Hedy Lamarr", "Ingrid Daubechies", "John McCarthy"),
    *("Karen Uhlenbeck", "Lotfi Zadeh", "Mary Somerville", "Noor Inayat"),
]
FIRST_DUE = datetime(2026, 10, 5, 23, 59)
WEEK, EARLY, LATE = timedelta(weeks=1), timedelta(hours=30), timedelta(hours=26)
CLASS = """\
# Who is late, and what that costs; `graders/classroom/roster.py` explains each line.
students: students.csv
timezone: Europe/Paris
late:
  grace: 15 minutes
  per_day: 10
  most: 50
due:
"""
# Kinds of hand-ins beside one for each slip of the lesson.
RIGHT, RENAMED, HALF = "right", "right, other names", "half done"
BLANK, BROKEN = "blank", "broken file"
IN_LATE, TWICE, MISSING = "late", "twice", "missing"


def people_of(count: int) -> list[Person]:
    """So many people; from the 41st on the names come again, with a number."""
    found = []
    for i in range(count):
        first, _, last = PEOPLE[i % len(PEOPLE)].partition(" ")
        again = f"-{i // len(PEOPLE) + 1}" if i >= len(PEOPLE) else ""
        name = f"{first.lower()}{again}"
        found.append(Person(name, first, last + again, f"{name}@school.example", name))
    return found


def kind_of(lesson: Lesson, index: int, student: int) -> str:
    """What a student hands in: each lesson goes round its kinds, from another start."""
    slips = [slip.mistake for slip in papers.SLIPS[lesson.noun]]
    kinds = [RIGHT, RENAMED, HALF, *slips, BLANK, BROKEN, IN_LATE, TWICE, MISSING]
    return kinds[(student + 5 * index) % len(kinds)]


def notebook_of(lesson: Lesson, kind: str) -> bytes:
    """What this kind of student wrote, as a file."""
    answers = papers.solved_answers(lesson)
    for slip in papers.SLIPS[lesson.noun]:
        if slip.mistake == kind:
            answers = papers.with_slip(answers, slip)
            break
    if kind == RENAMED:
        answers = {ident: papers.renamed(text) for ident, text in answers.items()}
    if kind == HALF:
        answers = dict(list(answers.items())[: len(answers) // 2])
    if kind in (BLANK, BROKEN):
        answers = {}
    written = papers.answered(lesson, answers, papers.ESSAY if answers else "")
    text = nbformat.writes(written)
    return text[: len(text) // 2 if kind == BROKEN else None].encode()


def write_class(course: Course, people: Sequence[Person]) -> None:
    """Writes students.csv and class.yml."""
    columns = ("id", "first_name", "last_name", "email", "login")
    rows = [[getattr(person, column) for column in columns] for person in people]
    write_csv(course.root / roster.ROSTER, [columns, *rows])
    due = "".join(
        f"  {lesson.number}: {FIRST_DUE + i * WEEK:%Y-%m-%d %H:%M}\n"
        for i, lesson in enumerate(course.lessons())
    )
    (course.root / roster.FILE).write_text(CLASS + due, encoding="utf-8")


def write_csv(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """Writes a table as programs do: UTF-8, commas."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


# ---------------------------------------------------------------------- the platforms


def download(lesson: Lesson, index: int, people: Sequence[Person]) -> Path:
    """The zip that a platform would hand out: each lesson comes from another one."""
    made, due = io.BytesIO(), FIRST_DUE + index * WEEK
    name = PLATFORM_FILES[index % len(PLATFORM_FILES)]
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, person in enumerate(people):
            kind = kind_of(lesson, index, i)
            if kind == MISSING:
                continue
            when = due + LATE if kind == IN_LATE else due - EARLY
            if kind == TWICE:
                first = name(lesson, person, i, when - EARLY, "draft")
                _add(archive, first, when - EARLY, notebook_of(lesson, HALF))
            path = name(lesson, person, i, when, lesson.noun)
            _add(archive, path, when, notebook_of(lesson, kind))
    zipped = lesson.course.root / f"download-{lesson.number}.zip"
    zipped.write_bytes(made.getvalue())
    return zipped


def _add(archive: zipfile.ZipFile, path: str, when: datetime, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(path, when.timetuple()[:6]), data)


def _moodle(lesson: Lesson, who: Person, i: int, when: datetime, stem: str) -> str:
    return f"{who.name}_{2000 + i}_assignsubmission_file_/{stem}.ipynb"


def _canvas(lesson: Lesson, who: Person, i: int, when: datetime, stem: str) -> str:
    squashed = "".join(c for c in who.last_name + who.first_name if c.isalnum())
    due = FIRST_DUE + lesson.course.lessons().index(lesson) * WEEK
    late = "_LATE" if when > due else ""
    return f"{squashed.lower()}{late}_{3000 + i}_{9000 + i}_{stem}.ipynb"


def _blackboard(lesson: Lesson, who: Person, i: int, when: datetime, stem: str) -> str:
    attempt = f"{when:%Y-%m-%d-%H-%M-%S}"
    return f"{lesson.noun.title()}_{who.login}_attempt_{attempt}_{stem}.ipynb"


PLATFORM_FILES = (_moodle, _canvas, _blackboard)


def write_platform_tables(course: Course, people: Sequence[Person]) -> None:
    """The tables that the platforms export, still without grades."""
    root, lessons = course.root, course.lessons()
    names = [lesson.name for lesson in lessons]
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    rows = [[*head, *(f"{name} ({500 + i})" for i, name in enumerate(names))]]
    rows += [["    Points Possible", "", "", "", "", *("40" for _ in names)]]
    for i, one in enumerate(people):
        called = f"{one.last_name}, {one.first_name}"
        rows.append(
            [called, str(3000 + i), one.id, one.login, "A", *("" for _ in names)]
        )
    write_csv(root / "canvas.csv", rows)
    head = ["Last Name", "First Name", "Username", "Student ID"]
    rows = [
        [*head, *(f"{n} [Total Pts: 40 Score] |{7 + i}" for i, n in enumerate(names))]
    ]
    for one in people:
        rows.append(
            [one.last_name, one.first_name, one.login, one.id, *("" for _ in names)]
        )
    write_csv(root / "blackboard.csv", rows)
    for lesson in lessons:
        rows = [list(WORKSHEET)]
        for i, one in enumerate(people):
            about = [
                f"Participant {2000 + i}",
                one.name,
                one.id,
                one.email,
                "Submitted",
            ]
            rows.append([*about, "", "40.00", "Yes", "-", "-", ""])
        write_csv(root / f"moodle-{lesson.number}.csv", rows)


WORKSHEET = (
    *("Identifier", "Full name", "ID number", "Email address", "Status", "Grade"),
    *("Maximum Grade", "Grade can be changed", "Last modified (submission)"),
    *("Last modified (grade)", "Feedback comments"),
)
