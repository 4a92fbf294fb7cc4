"""A made-up class, from release to exported grades, in a folder of its own.

Shows an instructor what a real class will look like: right, partly right, one named
mistake each, blank and broken. Touches nothing of the course it is called in.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from graders import intake, render
from graders.charts import html
from graders.course import Course, CourseError, Lesson
from graders.grade import grade_lesson
from graders.gradebook import CONFIG, Book
from graders.locked import runner_for
from graders.pages import write_pages
from graders.record import Entry
from graders.report import reports

LESSON = "attention"
NAMES = [
    "ada",
    "blaise",
    "carl",
    "daniel",
    "emmy",
    "fatima",
    "grace",
    "henri",
    "ivan",
    "jamal",
    "katherine",
    "leonhard",
]
MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")
ESSAY = (
    "\n\nThe variance of a dot product grows with d, so its size with the root of d."
)


@dataclass(frozen=True)
class Slip:
    """One line of the solved lesson that a student got wrong.

    Args:
        answer: The answer's name.
        right: Text of the solution.
        wrong: What the student wrote there.
    """

    answer: str
    right: str
    wrong: str


# By the mistake that the grader should recognise.
SLIPS = {
    "no-scale": Slip("attention", " / np.sqrt(query.shape[-1])", ""),
    "divides-by-d": Slip("attend-one", "np.sqrt(query_d.shape[-1])", "len(query_d)"),
    "softmax-over-queries": Slip("attention", "softmax(scores)", "softmax(scores, -2)"),
    "softmax-overflows": Slip("softmax", "np.exp(shifted)", "np.exp(scores)"),
    "mask-inverted": Slip("attention", "(mask, scores, -1e9)", "(mask, -1e9, scores)"),
    "scores-times-mask": Slip(
        "attention", "np.where(mask, scores, -1e9)", "scores * mask"
    ),
    "same-projection": Slip(
        "project",
        "w_query, x_tm @ w_key, x_tm @ w_value",
        "w_query, *[x_tm @ w_query] * 2",
    ),
}


@dataclass(frozen=True)
class Student:
    """One of the class, what is wrong with them, and what they got."""

    name: str
    kind: str
    points: float
    max: float
    recognised: tuple[str, ...]


def run_demo(
    course: Course,
    students: int = 12,
    folder: Path | None = None,
    as_json: bool = False,
) -> int:
    """`course demo`: plays the class, then prints a table and where things are.

    Raises:
        CourseError: If the folder is in use or the lesson has no solution here.
    """
    began = time.monotonic()
    say = (lambda text: None) if as_json else print
    copy = copy_course(course, folder)
    found = play(copy, students, say)
    seconds = round(time.monotonic() - began, 1)
    paths = {
        "grades": copy.root / "grades.csv",
        "feedback": copy.grading / "feedback",
        "report": copy.grading / "report.html",
        "gradebook": copy.grading / "gradebook.db",
        "record": copy.grading / "record",
    }
    if as_json:
        told = {name: str(path) for name, path in paths.items()}
        rows = [asdict(student) for student in found]
        json.dump({"seconds": seconds, "students": rows, **told}, sys.stdout, indent=1)
        print()
        return 0
    _print(found)
    print(f"{len(found)} students in {seconds:g} seconds.")
    for name, path in paths.items():
        print(f"{name:>9}: {path}")
    return 0


def copy_course(course: Course, folder: Path | None = None) -> Course:
    """A course with the demo's lesson alone, in a folder that was empty.

    Raises:
        CourseError: If it was not, or if the lesson has no solution here.
    """
    lesson = course.find(LESSON)
    if not lesson.solved.exists():
        raise CourseError(f"{lesson.solved} is missing: course build {lesson.number}")
    if folder and folder.exists() and (folder.is_file() or any(folder.iterdir())):
        raise CourseError(f"{folder} is in use. Name a new folder.")
    root = (folder or Path(tempfile.mkdtemp(prefix="course-demo-"))).resolve()
    target = root / "solutions" / lesson.name
    target.mkdir(parents=True)
    shutil.copy(lesson.solved, target)
    shutil.copy(course.root / CONFIG, root)
    return Course(root)


def play(course: Course, students: int, say: Callable[[str], None]) -> list[Student]:
    """Releases, submits, grades, writes pages, exports, in a course of its own."""
    lesson, book = course.find(LESSON), Book(course)
    say(f"Releasing {lesson.name} …")
    book.release(lesson)
    kinds = _class_of(students)
    for name, kind in kinds.items():
        _submit(lesson, name, kind)
    say(f"Grading {students} submissions …")
    with closing(runner_for(lesson)) as runner:
        entries = grade_lesson(
            lesson, runner, lambda done, total, text: say(f"  {text}")
        )
    if runner.note:
        say(f"  Note: {runner.note}")
    say("Writing feedback, report and grades …")
    write_pages(lesson)
    render.write(course.grading / "report.html", html(reports(course, [lesson])))
    book.export(course.root / "grades.csv")
    return [_student(entry, kinds[entry.student]) for entry in entries]


def _class_of(students: int) -> dict[str, str]:
    """Each student's kind; all kinds occur before one comes twice."""
    kinds = ["right", "right, other names", "half done", *SLIPS, "blank", "broken file"]
    rounds = [f"-{n + 1}" if n else "" for n in range(students // len(NAMES) + 1)]
    names = [name + number for number in rounds for name in NAMES][:students]
    return {name: kinds[i % len(kinds)] for i, name in enumerate(names)}


def _student(entry: Entry, kind: str) -> Student:
    known = tuple(dict.fromkeys(row.mistake for row in entry.rows if row.mistake))
    return Student(entry.student, kind, entry.points, entry.max, known)


def _submit(lesson: Lesson, student: str, kind: str) -> None:
    folder = lesson.course.grading / "submitted" / student / lesson.name
    folder.mkdir(parents=True)
    target = folder / lesson.release.name
    nbformat.write(_notebook(lesson, kind), target)
    if kind == "broken file":
        text = target.read_text(encoding="utf-8")
        target.write_text(text[: len(text) // 2], encoding="utf-8")


def _notebook(lesson: Lesson, kind: str) -> NotebookNode:
    """A student's notebook: the release, with what this kind of student wrote."""
    answers = solved_answers(lesson)
    if kind in SLIPS:
        answers = with_slip(answers, SLIPS[kind])
    if kind == "right, other names":
        answers = {i: s.replace("scores", "how_alike") for i, s in answers.items()}
    if kind == "half done":
        answers = dict(list(answers.items())[: len(answers) // 2])
    if kind in ("blank", "broken file"):
        answers = {}
    return answered(lesson, answers, essay=ESSAY if answers else "")


def solved_answers(lesson: Lesson) -> dict[str, str]:
    """The lesson's own answers by grade id, without the marks around solutions."""
    notebook = nbformat.read(lesson.solved, as_version=4)
    return {
        intake.grade_id(cell): _unmarked(cell.source)
        for cell in notebook.cells
        if intake.mark_of(cell) == "answer"
    }


def _unmarked(source: str) -> str:
    lines = source.split("\n")
    return "\n".join(line for line in lines if line.strip() not in MARKERS)


def with_slip(answers: Mapping[str, str], slip: Slip) -> dict[str, str]:
    """The answers with one mistake in them.

    Raises:
        ValueError: If the lesson has changed and the slip's line is not in it.
    """
    ident = f"answer-{slip.answer}"
    if slip.right not in answers[ident]:
        raise ValueError(f"{ident} does not hold {slip.right!r}: renew SLIPS.")
    return {**answers, ident: answers[ident].replace(slip.right, slip.wrong)}


def answered(
    lesson: Lesson, answers: Mapping[str, str], essay: str = ""
) -> NotebookNode:
    """The release with answers by grade id, and `essay` after each essay's text."""
    notebook: NotebookNode = nbformat.read(lesson.release, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(intake.grade_id(cell), cell.source)
        if intake.mark_of(cell) == "essay":
            cell.source += essay
    return notebook


def _print(students: list[Student]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("student", "kind", "points", "recognised")
    for one in students:
        points = f"{one.points:g} of {one.max:g}"
        table.add_row(one.name, one.kind, points, ", ".join(one.recognised))
    Console().print(table)
