"""nbgrader's gradebook in step with our grades, and what nbgrader makes of it.

nbgrader's own parts do the work: the assignment is entered by generate_assignment, the
points by SaveAutoGrades, feedback and formgrader read the notebooks written here.
"""

from __future__ import annotations

import copy
import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from graders import feedback, intake
from graders.classroom import roster
from graders.course import Course, CourseError, Lesson
from graders.exercise import GRADER_PROBLEM, PASSED, Verdict
from graders.nbgrader_parts import SaveGradesAtOnce, ShowModelAnswers
from graders.record import Entry
from graders.score import Row, name_of

CONFIG = "nbgrader_config.py"
# What nbgrader's exchange asks for beside a page, and the most that is read of each.
EXCHANGED, LONGEST = ("timestamp.txt", "submission_secret.txt"), 1000


class Book:
    """The gradebook of a course."""

    def __init__(self, course: Course) -> None:
        """Raises CourseError if the course has no settings for nbgrader."""
        if not (course.root / CONFIG).exists():
            raise CourseError(f"{course.root} has no {CONFIG}: it is no course.")
        find_alembic()
        self.course = course
        self.config: Config = PyFileConfigLoader(CONFIG, str(course.root)).load_config()
        self.folders = CourseDirectory(config=self.config)
        self.api = NbGraderAPI(config=self.config, coursedir=self.folders)

    def open(self) -> Gradebook:
        """nbgrader's gradebook, for a `with`."""
        return Gradebook(self.folders.db_url, self.folders.course_id)

    def prepare(self, lesson: Lesson) -> None:
        """Enters the lesson if the gradebook does not have this release of it.

        Raises:
            CourseError: If nbgrader cannot enter it.
        """
        made = self.course.grading / "release"
        copy_of = made / lesson.name / lesson.release.name
        if not self._knows(lesson) or not _same_bytes(copy_of, lesson.release):
            self._generate(lesson, made)

    def release(self, lesson: Lesson) -> None:
        """Has nbgrader make the release and enter the lesson.

        Raises:
            CourseError: If nbgrader cannot.
        """
        self._generate(lesson, self.course.notebooks)

    def _generate(self, lesson: Lesson, into: Path) -> None:
        config = Config(self.config)
        config.CourseDirectory.release_directory = str(into)
        folders = CourseDirectory(config=config)
        api = NbGraderAPI(config=config, coursedir=folders)
        must(api.generate_assignment(lesson.name), f"cannot enter {lesson.name}")

    def _knows(self, lesson: Lesson) -> bool:
        with self.open() as book:
            return any(found.name == lesson.name for found in book.assignments)

    def holds(self, lesson: Lesson) -> Callable[[Entry], bool]:
        """Tells whether the gradebook holds this very entry of a lesson."""
        with self.open() as book:
            found = book.assignment_submissions(lesson.name)
            known = {
                submission.student_id: submission.timestamp for submission in found
            }

        def holds(entry: Entry) -> bool:
            if entry.student not in known:
                return False
            when = self._handed_in(lesson, entry.student)
            same = when in (None, known[entry.student])
            return same and _mark_in(self.graded(lesson, entry.student)) == entry.mark

        return holds

    def graded(self, lesson: Lesson, student: str) -> Path:
        """Where a student's graded notebook stands."""
        folder = self.course.grading / "autograded" / student / lesson.name
        return folder / lesson.release.name

    def enter(self, lesson: Lesson, entry: Entry, notebook: NotebookNode) -> None:
        """Writes the points of an entry, then the notebook that shows them."""
        resources = self._resources(lesson, entry.student)
        shown = with_verdicts(notebook, entry)
        settled = self._settled(lesson, entry.student)
        self._submission(lesson, entry.student)
        SaveGradesAtOnce(config=self.config).preprocess(shown, resources)
        ShowModelAnswers(config=self.config).preprocess(shown, resources)
        self._ungraded(lesson, entry)
        same = settled.items() & _essays(shown).items()
        self._settle(lesson, entry.student, dict(same))
        _write(self.graded(lesson, entry.student), shown)
        self._carry(lesson, entry.student)

    def _resources(self, lesson: Lesson, student: str) -> dict[str, Any]:
        about = {
            "student": student,
            "assignment": lesson.name,
            "notebook": lesson.noun,
            "db_url": self.folders.db_url,
        }
        return {"nbgrader": about}

    def _handed_in(self, lesson: Lesson, student: str) -> datetime | None:
        """When work came, by its timestamp.txt, as nbgrader reads it."""
        folder = self.course.grading / "submitted" / student / lesson.name
        try:
            return self.folders.get_existing_timestamp(str(folder))
        except Exception:  # a student's file may hold anything
            return None

    @cached_property
    def room(self) -> roster.Classroom:
        """The class, as its roster names it."""
        return roster.read(self.course)

    def _about(self, student: str) -> dict[str, str]:
        """What formgrader shows of a student, where the roster knows it."""
        person = self.room.person(student)
        names = ("first_name", "last_name", "email")
        return {name: getattr(person, name) for name in names if getattr(person, name)}

    def _submission(self, lesson: Lesson, student: str) -> None:
        when = self._handed_in(lesson, student)
        stamp = {"timestamp": when} if when else {}
        with self.open() as book, warnings.catch_warnings():
            # nbgrader adds a row before its session has it; it is stored all right.
            warnings.simplefilter("ignore", SAWarning)
            book.update_or_create_student(student, **self._about(student))
            found = book.update_or_create_submission(lesson.name, student, **stamp)
            # What lateness costs is worked out at export; what stands here is older.
            if found.late_submission_penalty:
                for notebook in found.notebooks:
                    notebook.late_submission_penalty = None
                book.db.commit()

    def _ungraded(self, lesson: Lesson, entry: Entry) -> None:
        """What the grader itself failed on has no points yet, not none."""
        with self.open() as book:
            for row in entry.rows:
                if row.status == GRADER_PROBLEM:
                    name = (f"check-{row.name}", lesson.noun, lesson.name)
                    grade = book.find_grade(*name, entry.student)
                    grade.auto_score, grade.needs_manual_grade = None, True
            book.db.commit()

    def _settled(self, lesson: Lesson, student: str) -> dict[str, str]:
        """The essays that a person has graded, by their cells' names: their texts."""
        graded = self.graded(lesson, student)
        if not graded.exists():
            return {}
        with self.open() as book, suppress(MissingEntry):
            found = book.find_submission_notebook(lesson.noun, lesson.name, student)
            done = {
                grade.name
                for grade in found.grades
                if grade.manual_score is not None and not grade.needs_manual_grade
            }
            essays = _essays(nbformat.read(graded, as_version=4)) if done else {}
            return {name: text for name, text in essays.items() if name in done}
        return {}

    def _settle(self, lesson: Lesson, student: str, names: Iterable[str]) -> None:
        """What has not changed since a person graded it needs no second look."""
        with self.open() as book:
            for name in names:
                grade = book.find_grade(name, lesson.noun, lesson.name, student)
                grade.needs_manual_grade = False
            book.db.commit()

    def _carry(self, lesson: Lesson, student: str) -> None:
        """Lays beside the graded notebook what the exchange asks to return feedback."""
        folder = self.course.grading / "submitted" / student / lesson.name
        for name in EXCHANGED:
            if (folder / name).is_file() and not (folder / name).is_symlink():
                with (folder / name).open("rb") as file:
                    text = file.read(LONGEST)  # a student may hand in anything
                self.graded(lesson, student).with_name(name).write_bytes(text)

    def remove(self, lesson: Lesson, student: str) -> None:
        """Forgets a submission, if there is one."""
        with self.open() as book, suppress(MissingEntry):
            book.remove_submission(lesson.name, student)

    def release_feedback(self, lesson: Lesson, student: str) -> None:
        """Has nbgrader put a student's page of feedback into its exchange.

        Raises:
            CourseError: If nbgrader cannot.
        """
        with warnings.catch_warnings():
            # nbgrader misspells an argument of its own, and leaves a file open.
            warnings.simplefilter("ignore")
            done = self.api.release_feedback(lesson.name, student)
        must(done, f"returns no feedback to {student}")


def _mark_in(graded: Path) -> str | None:
    """The mark of the entry that a graded notebook shows; None if it shows none."""
    try:
        metadata = json.loads(graded.read_text(encoding="utf-8"))["metadata"]
        return str(metadata["course"]["graded"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def must(result: Mapping[str, Any], failed: str) -> None:
    """Raises CourseError with nbgrader's own reason, out of its tracebacks."""
    if not result["success"]:
        said = f"{result.get('error')}\n{result.get('log')}"
        reasons = re.findall(r"^ *[\w.]+(?:Error|Exception): (.+)", said, re.M)
        known = [text for text in reasons if not text.startswith("Please see")]
        raise CourseError(f"nbgrader {failed}: {(known or ['no reason given'])[-1]}")


def find_alembic() -> None:
    """nbgrader makes a database with a program that stands beside this Python."""
    here, path = os.path.dirname(sys.executable), os.environ.get("PATH", "")
    if here not in path.split(os.pathsep):
        os.environ["PATH"] = here + os.pathsep + path


# ------------------------------------------------------------- the graded notebook


def with_verdicts(notebook: NotebookNode, entry: Entry) -> NotebookNode:
    """The notebook with verdicts as its checks' outputs, and no other outputs."""
    shown = copy.deepcopy(notebook)
    rows = {row.name: row for row in entry.rows}
    for cell in shown.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if intake.mark_of(cell) == "check":
            cell.outputs = _outputs(rows[name_of(cell)])
    remarks = [text for text in (entry.problem, *entry.notes) if text]
    if remarks:
        text = "**From the grader.**\n" + "".join(f"\n- {_quoted(r)}" for r in remarks)
        shown.cells.insert(0, new_markdown_cell(text, id="grader-notes"))
    shown.metadata.setdefault("course", {})["graded"] = entry.mark
    return shown


def _essays(notebook: NotebookNode) -> dict[str, str]:
    """The texts of a notebook's essays, by the names of their cells."""
    essays = (cell for cell in notebook.cells if intake.mark_of(cell) == "essay")
    return {intake.grade_id(cell): cell.source for cell in essays}


def _quoted(text: str) -> str:
    """Words as Markdown code, so that nothing in them is markup."""
    return f"`{text.replace('`', chr(39))}`"


def _outputs(row: Row) -> list[NotebookNode]:
    """The verdict as a check cell shows it: nbgrader reads an error as no points."""
    said = Verdict(row.name, row.status, row.message, row.mistake, row.says)
    data = {"text/html": feedback.as_html(said), "text/plain": feedback.as_text(said)}
    outputs = [new_output("display_data", data)]
    if row.status != PASSED:
        line = f"{row.name}: {row.status}."
        failed = {"ename": "CheckError", "evalue": line, "traceback": [line]}
        outputs.append(new_output("error", **failed))
    return outputs


def _write(path: Path, notebook: NotebookNode) -> None:
    """Writes a notebook whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    nbformat.write(notebook, fresh)
    os.replace(fresh, path)


def _same_bytes(one: Path, other: Path) -> bool:
    return one.exists() and one.read_bytes() == other.read_bytes()
