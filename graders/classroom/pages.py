"""A page of feedback for each student: made from the record, safe to open, offline.

Everything on it that a student wrote is text. Its pictures show the notebook's public
cases alone: what a recognised mistake gives there, which needs nobody's code.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from graders import feedback, intake, registry
from graders.classroom import render, roster, whole
from graders.classroom.grades import counted
from graders.classroom.prose import Hint, Passage, own_words, passages, title_of
from graders.classroom.standing import GRADED, Result, Standing, graded
from graders.collect import cases_for
from graders.course import Course, CourseError, Lesson
from graders.exercise import (
    GRADER_PROBLEM,
    NEEDS_GRADING,
    NOT_ATTEMPTED,
    PASSED,
    Choice,
    Exercise,
)
from graders.grading import said_of_ungraded
from graders.judge import judge
from graders.keys import stored_key
from graders.nbgrader_parts import model_answers
from graders.score import Row, read_release

# What a status is called where a panel's word alone would leave a question.
WORDS = {
    NEEDS_GRADING: "to be graded by a person",
    GRADER_PROBLEM: "our grader failed; it will be graded again",
}
SIGNS = {**feedback.SIGNS, GRADED: feedback.SIGNS[NEEDS_GRADING]}
TONES = {
    GRADED: "open",
    NOT_ATTEMPTED: "quiet",
    PASSED: "passed",
    NEEDS_GRADING: "open",
    GRADER_PROBLEM: "open",
}
LONGEST = 50_000  # letters of an essay that are shown
LARGEST_PICTURE = 2_000_000  # letters of an attachment that is shown


@dataclass(frozen=True)
class Image:
    """A picture that a student attached to an essay: its name, and itself."""

    name: str
    source: str


@dataclass(frozen=True)
class Line:
    """One check or essay as a page shows it; texts are a student's unless `Markup`."""

    anchor: str
    title: str
    status: str
    points: float
    max: float
    waits: bool = False
    by_hand: bool = False
    asked: str = ""
    message: str = ""
    says: str = ""
    picture: str = ""
    hint: Hint | None = None
    hints: int = 0
    section: str = ""
    comment: str = ""
    text: str = ""
    pictures: tuple[Image, ...] = ()
    model: str = ""

    @property
    def sign(self) -> str:
        return SIGNS.get(self.status, feedback.WRONG_SIGN)

    @property
    def word(self) -> str:
        return WORDS.get(self.status, self.status)

    @property
    def tone(self) -> str:
        return TONES.get(self.status, "wrong")

    @property
    def hint_html(self) -> Markup:
        return render.markdown(self.hint.text) if self.hint else Markup()

    @property
    def told(self) -> bool:
        """True if there is more to say than its row in the table."""
        said = (self.message or self.says) and self.status != PASSED
        return bool(said or self.comment or self.text or self.model)


@dataclass(frozen=True)
class Page:
    """A student's page, as the template reads it."""

    number: str
    title: str
    standing: Standing
    rows: tuple[Line, ...]
    essays: tuple[Line, ...]
    time: tuple[str, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        return self.standing.entry.notes if self.standing.entry else ()

    @property
    def told(self) -> list[Line]:
        """What is explained below the table; essays have a place of their own."""
        if self.standing.problem:
            return []
        return [row for row in self.rows if row.told and row not in self.essays]

    def explains(self, row: Line) -> bool:
        """True if the page says more of a row below the table."""
        return row in self.told or row in self.essays

    def before(self, row: Line) -> Line | None:
        """The first exercise above one with the same mistake in it."""
        alike = [one for one in self.told if row.says and one.says == row.says]
        return alike[0] if alike and alike[0] != row else None

    @property
    def all_passed(self) -> bool:
        return all(row.status == PASSED for row in self.told)


class Pages:
    """Makes the pages of one lesson."""

    def __init__(self, lesson: Lesson) -> None:
        """Raises CourseError if the lesson has no release, or the class is unclear."""
        self.lesson = lesson
        self.room = roster.read(lesson.course)
        release = read_release(lesson)
        self.title = title_of(release) or lesson.name
        self.passages = passages(release)
        self.models = model_answers(lesson.solved)

    def html(self, standing: Standing) -> str:
        """A student's page."""
        written = dict(_written(self._graded(standing)))
        rows = tuple(self._line(r, standing, written) for r in standing.results)
        names = [result.row.name for result in standing.results]
        essays = tuple(
            row
            for name, row in zip(names, rows, strict=True)
            if self._passage(name).asked and not standing.problem
        )
        time = tuple(self._time(standing))
        page = Page(self.lesson.number, self.title, standing, rows, essays, time)
        return render.page("feedback.html", page=page, standing=standing)

    def _graded(self, standing: Standing) -> Path:
        folder = self.lesson.course.grading / "autograded" / standing.person.id
        return folder / self.lesson.name / self.lesson.release.name

    def _passage(self, name: str) -> Passage:
        return self.passages.get(name, Passage(name, name.replace("-", " "), ""))

    def _line(
        self, result: Result, standing: Standing, written: Mapping[str, _Written]
    ) -> Line:
        row, passage = result.row, self._passage(result.row.name)
        line = Line(
            f"check-{row.name}",
            passage.title,
            result.status,
            result.points,
            row.max,
            result.waits,
            result.mark.by_hand,
            message=row.message,
            says=row.says,
            section=passage.section,
            comment=self._comment(passage, standing),
        )
        if passage.asked:
            return self._essay(line, passage, written.get(passage.cell, _Written()))
        if line.status == PASSED or standing.problem:
            return line
        return replace(
            line,
            asked=_asked(row.name),
            picture=example_of(row),
            hint=passage.hints[0] if passage.hints else None,
            hints=len(passage.hints),
        )

    def _comment(self, passage: Passage, standing: Standing) -> str:
        """What a person said about an answer, at the first of its checks."""
        checks = [p.name for p in self.passages.values() if p.cell == passage.cell]
        first = not checks or checks[0] == passage.name
        return standing.comments.get(passage.cell, "") if first else ""

    def _essay(self, line: Line, passage: Passage, written: _Written) -> Line:
        model = self.models.get(passage.cell, "")
        return replace(
            line,
            text=_cut(own_words(written.text, passage.asked)),
            pictures=written.pictures,
            model=render.markdown(model) if model else "",
        )

    def _time(self, standing: Standing) -> Iterator[str]:
        """When it came, when it was due, and what the difference costs."""
        if standing.handed_in:
            yield f"Handed in {self._when(standing.handed_in)}."
        if standing.due:
            yield f"It was due {self._when(standing.due)}."
        if standing.late:
            cost = f"that costs {render.number(standing.lost)} points"
            cost = cost if standing.lost else "that costs nothing"
            yield f"It came {roster.span(standing.late)} late; {cost}."

    def _when(self, time: datetime) -> str:
        here = time.astimezone(self.room.zone)
        return f"{here:%A}, {here.day} {here:%B %Y, %H:%M} ({self.room.zone})"


def example_of(row: Row) -> str:
    """What a recognised mistake gives on the notebook's own inputs, as a panel.

    Nobody's code runs: the key holds what the mistake gives on the public cases.
    """
    with suppress(KeyError, FileNotFoundError):
        exercise, key = registry.find(row.name), stored_key(row.name)
        known = [mistake for mistake in key.mistakes if mistake.id == row.mistake]
        if known and isinstance(exercise, Exercise):
            cases, outcomes = cases_for(exercise), known[0].outcomes
            verdict = judge(exercise, cases, outcomes, key)
            if not verdict.passed:
                return Markup(feedback.as_html(replace(verdict, says="")))
    return ""


def _asked(name: str) -> str:
    """The question of a prediction or a retrieval question."""
    with suppress(KeyError):
        exercise = registry.find(name)
        return exercise.question if isinstance(exercise, Choice) else ""
    return ""


# ------------------------------------------------------------- what a student wrote


@dataclass(frozen=True)
class _Written:
    """An essay's cell of a graded notebook: its text and its pictures."""

    text: str = ""
    pictures: tuple[Image, ...] = ()


def _written(path: Path) -> Iterator[tuple[str, _Written]]:
    """The essays of a graded notebook, by nbgrader's name of the cell."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return
    for cell in cells:
        if intake.mark_of(cell) == "essay":
            text = "".join(cell["source"])
            yield intake.grade_id(cell), _Written(text, tuple(_images(cell)))


def _cut(text: str) -> str:
    """A text as long as a page bears."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … (cut here)"


def _images(cell: Mapping[str, Any]) -> Iterator[Image]:
    for name, bundle in cell.get("attachments", {}).items():
        for kind, content in bundle.items():
            text = "".join(content)
            if kind in intake.IMAGES and len(text) <= LARGEST_PICTURE:
                with suppress(ValueError):
                    data = base64.b64decode(text)
                    yield Image(name, render.data_of(data, kind))


# --------------------------------------------------------------------- the command


def write_pages(lesson: Lesson, students: Sequence[str] = ()) -> list[Path]:
    """Writes the pages of everybody graded, or of some; where they are.

    Raises:
        CourseError: If nobody is graded, or not one of those named.
    """
    pages = Pages(lesson)
    found = graded(lesson, pages.room)
    if unknown := [student for student in students if student not in found]:
        text = f"Nothing of {unknown[0]!r} is graded in {lesson.name}."
        known = ", ".join(list(found)[:10]) + (" …" if len(found) > 10 else "")
        raise CourseError(f"{text} There are: {known}.")
    made = {s: pages.html(found[s]) for s in students or found}
    folder = lesson.course.grading / "feedback"
    paths = {s: folder / s / lesson.name / f"{lesson.noun}.html" for s in made}
    for student, path in paths.items():
        whole.write(path, made[student])
    return list(paths.values())


def write_feedback(
    course: Course,
    lesson: Lesson,
    students: Sequence[str] = (),
    platform: str = "",
    exchange: bool = False,
) -> int:
    """`course feedback`: the pages, and how they reach the students."""
    paths = write_pages(lesson, students)
    where = course.grading / "feedback"
    print(f"{lesson.name}: {counted(len(paths), 'page')} of feedback in {where}")
    for note in said_of_ungraded(lesson):
        print(f"Note: {note}", file=sys.stderr)
    if platform or exchange:
        from graders.classroom import hand_back

        if platform:
            print(hand_back.pack(lesson, paths, platform))
        if exchange:
            for line in hand_back.release(lesson, paths):
                print(line)
    return 0
