"""A made-up class, from the release to the grades, in a folder of its own.

Shows an instructor what a real class will look like: right, partly right, one named
mistake each, blank, broken, late, twice and missing. The steps are those of a person
who types the commands. Touches nothing of the course it is called in.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path

from graders.classroom import made_up, papers
from graders.classroom.bundle import release_lessons
from graders.classroom.collected import collect_lesson
from graders.classroom.essays import read_essays, write_essays
from graders.classroom.export import Wish, export_grades
from graders.classroom.grades import Rules
from graders.classroom.pages import write_feedback
from graders.classroom.report import write_report
from graders.classroom.roster import Person
from graders.classroom.similarity import write_similarity
from graders.classroom.slides import make_slides
from graders.course import Course, CourseError, Lesson
from graders.grade import grade_lessons
from graders.gradebook import CONFIG
from graders.record import Record

ESSAY_SHARE, COMMENT = 2 / 3, "The size is right; say for which inputs."


@dataclass(frozen=True)
class Student:
    """One of the class in one lesson: what is wrong with them, and what they got.

    Args:
        name, lesson: Who, and which lesson.
        kind: What was made up.
        points, max: What the checks gave, of all points of the lesson.
        recognised: The mistakes that were named.
        grade: What was exported, essays and lateness counted; None if nothing.
    """

    name: str
    lesson: str
    kind: str
    points: float
    max: float
    recognised: tuple[str, ...]
    grade: float | None


def run_demo(
    course: Course,
    students: int = 12,
    folder: Path | None = None,
    lessons: str = "02",
    as_json: bool = False,
) -> int:
    """`course demo`: plays the class, then prints a table and where things are.

    Raises:
        CourseError: If the folder is in use or a lesson has no solution here.
    """
    began = time.monotonic()
    copy = copy_course(course, folder, lessons)
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        found = play(copy, students)
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        told = {name: str(path) for name, path in _places(copy)}
        rows = [asdict(student) for student in found]
        json.dump({"seconds": seconds, "students": rows, **told}, sys.stdout, indent=1)
        print()
        return 0
    _print(found)
    print(f"{students} students, {len(copy.lessons())} lessons, {seconds:g} seconds.")
    for name, path in _places(copy):
        print(f"{name:>10}: {path}")
    return 0


def _places(course: Course) -> Iterator[tuple[str, Path]]:
    """What there is to look at, and where."""
    grading = course.grading
    yield "grades", course.root / "grades.csv"
    yield "platforms", grading / "export"
    yield "report", grading / "report.html"
    yield "feedback", grading / "feedback"
    yield "slides", grading / "slides"
    yield "bundle", grading / "bundle"
    yield "gradebook", grading / "gradebook.db"
    yield "record", grading / "record"


def copy_course(
    course: Course, folder: Path | None = None, lessons: str = "02"
) -> Course:
    """A course with some lessons, in a folder that was empty.

    Raises:
        CourseError: If it was not, or if a lesson has no solution here.
    """
    everything = lessons == "all"
    wanted = (
        course.lessons() if everything else [course.find(n) for n in lessons.split(",")]
    )
    for lesson in wanted:
        papers.solved_answers(lesson)
    if folder and folder.exists() and (folder.is_file() or any(folder.iterdir())):
        raise CourseError(f"{folder} is in use. Name a new folder.")
    root = (folder or Path(tempfile.mkdtemp(prefix="course-demo-"))).resolve()
    for lesson in wanted:
        target = root / "solutions" / lesson.name
        target.mkdir(parents=True)
        shutil.copy(lesson.solved, target)
    shutil.copy(course.root / CONFIG, root)
    return Course(root)


# ------------------------------------------------------------------------- the term


def play(course: Course, students: int) -> list[Student]:
    """A term: each command as an instructor types it, and what it prints."""
    people, lessons = made_up.people_of(students), course.lessons()
    made_up.write_class(course, people)
    numbers = [lesson.number for lesson in lessons]
    _type("release", *numbers)
    release_lessons(course, lessons)
    for i, lesson in enumerate(lessons):
        zipped = made_up.download(lesson, i, people)
        _type("collect", lesson.number, zipped.name)
        collect_lesson(lesson, zipped)
    _type("grade", *numbers)
    grade_lessons(course, lessons)
    for lesson in lessons:
        _essays(lesson)
        _type("feedback", lesson.number, "--zip", "plain")
        write_feedback(course, lesson, (), "plain")
    _look_back(course, lessons, students)
    _grades_out(course, people)
    return list(_results(course, people))


def _type(*words: str) -> None:
    print(f"\n$ course {' '.join(words)}", flush=True)


def _essays(lesson: Lesson) -> None:
    """Essays to a table, points by hand, and back."""
    _type("essays", lesson.number)
    write_essays(lesson)
    table = lesson.course.grading / "essays" / f"{lesson.name}.csv"
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        written = papers.ESSAY.strip() in row["text"]
        points = round(ESSAY_SHARE * float(row["possible"])) if written else 0
        row |= {"points": str(points), "comment": COMMENT if written else ""}
    filled = table.with_name(f"{lesson.name}-graded.csv")
    made_up.write_csv(filled, [list(rows[0]), *(list(row.values()) for row in rows)])
    _type("essays", lesson.number, "--from", filled.name)
    read_essays(lesson, filled)


def _look_back(course: Course, lessons: Sequence[Lesson], students: int) -> None:
    """What an instructor reads and shows after a lesson."""
    last = lessons[-1]
    _type("report")
    write_report(course, lessons)
    if students > 1:
        _type("similarity", last.number)
        write_similarity(course, last)
    _type("slides", last.number)
    make_slides(course, last.number)


def _grades_out(course: Course, people: Sequence[Person]) -> None:
    """The grades as a table, and in the tables of three platforms."""
    made_up.write_platform_tables(course, people)
    rules, root, first = Rules(unfinished=True), course.root, course.lessons()[0].number
    _type("export", "--out", "grades.csv")
    export_grades(course, Wish(out=root / "grades.csv", rules=rules))
    for to, name, which in (
        ("canvas", "canvas.csv", ()),
        ("blackboard", "blackboard.csv", ()),
        ("moodle", f"moodle-{first}.csv", (first,)),
    ):
        _type("export", "--to", to, "--file", name, *(f"--lesson {n}" for n in which))
        export_grades(course, Wish(to, root / name, which, rules=rules))


def _results(course: Course, people: Sequence[Person]) -> Iterator[Student]:
    """What came of each hand-in, by lesson and student."""
    with (course.root / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        scores = {
            (row["assignment"], row["student_id"]): row["score"]
            for row in csv.DictReader(file)
        }
    for index, lesson in enumerate(course.lessons()):
        record = Record(course.grading / "record" / f"{lesson.name}.jsonl")
        entries = {entry.student: entry for entry in record.entries()}
        for i, person in enumerate(people):
            if person.id not in entries:
                continue
            entry, kind = entries[person.id], made_up.kind_of(lesson, index, i)
            known = dict.fromkeys(row.mistake for row in entry.rows if row.mistake)
            score = scores.get((lesson.name, person.id), "")
            yield Student(
                *(person.id, lesson.name, kind, entry.points, entry.max),
                tuple(known),
                float(score) if score else None,
            )


def _print(students: Sequence[Student]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("lesson", "student", "kind", "checks", "recognised", "grade")
    for one in students:
        points = f"{one.points:g} of {one.max:g}"
        grade = "" if one.grade is None else f"{one.grade:g}"
        known = ", ".join(one.recognised)
        table.add_row(one.lesson, one.name, one.kind, points, known, grade)
    Console().print(table)
