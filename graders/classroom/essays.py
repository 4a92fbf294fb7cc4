"""`course essays`: essays to a spreadsheet, and its points and comments back.

One row for each student and essay. What is read back goes into nbgrader's gradebook as
formgrader would write it: all of it, or nothing if anything is wrong. The marking
scheme stands in a text beside the table, where no sorting of rows can move it.
"""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from graders import intake
from graders.classroom import whole
from graders.classroom.grades import counted
from graders.course import CourseError, Lesson
from graders.gradebook import Book
from graders.nbgrader_parts import model_answers
from graders.record import alone
from graders.score import name_of, points_of, read_release

COLUMNS = ("student", "essay", "possible", "points", "comment", "text")
NEEDED = {"student", "essay", "points", "comment"}
STUB = "*Your answer here.*"
# What a spreadsheet takes for a formula; an apostrophe before it makes it text.
FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
LONGEST = 32_000  # characters; Excel breaks a cell in two behind 32,767
CUT = "\n[… cut here; the whole text is in the student's notebook]"


@dataclass(frozen=True)
class Essay:
    """An essay of a lesson: its name, its cell's, its most points and its question."""

    name: str
    grade_id: str
    max: float
    question: str


@dataclass(frozen=True)
class Mark:
    """What a person gave: points or None, a comment or ""."""

    student: str
    essay: Essay
    points: float | None
    comment: str


@dataclass(frozen=True)
class Line:
    """A row of a table that is read: where it stands, and its cells by column."""

    where: str
    cells: Mapping[str, str]


class Essays:
    """The essays of a lesson, in a course's gradebook."""

    def __init__(self, lesson: Lesson) -> None:
        """Raises CourseError if the lesson has none, or nothing of it is graded."""
        self.lesson, self.book = lesson, Book(lesson.course)
        cells = read_release(lesson).cells
        self.essays = {
            name_of(cell): Essay(
                name_of(cell), intake.grade_id(cell), points_of(cell), cell.source
            )
            for cell in cells
            if intake.mark_of(cell) == "essay"
        }
        if not self.essays:
            raise CourseError(f"{lesson.name} has no essay.")
        if not self.students:
            hint = f"Do it first: course grade {lesson.number}"
            raise CourseError(f"Nothing of {lesson.name} is graded yet. {hint}")

    @cached_property
    def students(self) -> list[str]:
        """Those of whom something is graded."""
        with self.book.open() as book:
            names = {one.name for one in book.assignments}
            if self.lesson.name not in names:
                return []
            found = book.assignment_submissions(self.lesson.name)
            return sorted(one.student_id for one in found)

    def rows(self) -> Iterator[dict[str, str]]:
        """The table's rows: the texts, and the points and comments given so far."""
        with self.book.open() as book:
            for student in self.students:
                texts = self._texts(student)
                for essay in self.essays.values():
                    grade, comment = self._entries(book, student, essay)
                    points = grade.manual_score
                    yield {
                        "student": student,
                        "essay": essay.name,
                        "possible": f"{essay.max:g}",
                        "points": "" if points is None else f"{points:g}",
                        "comment": comment.manual_comment or "",
                        "text": shortened(texts.get(essay.grade_id, "")),
                    }

    def enter(self, marks: list[Mark]) -> None:
        """Writes points and comments, all at once."""
        with alone(self.lesson.course), self.book.open() as book:
            for mark in marks:
                grade, comment = self._entries(book, mark.student, mark.essay)
                if mark.points is not None:
                    grade.manual_score, grade.needs_manual_grade = mark.points, False
                if mark.comment:
                    comment.manual_comment = mark.comment
            book.db.commit()

    def waiting(self) -> int:
        """How many essays still need a person."""
        with self.book.open() as book:
            return sum(
                bool(self._entries(book, student, essay)[0].needs_manual_grade)
                for student in self.students
                for essay in self.essays.values()
            )

    def _entries(self, book: Any, student: str, essay: Essay) -> tuple[Any, Any]:
        name = (essay.grade_id, self.lesson.noun, self.lesson.name, student)
        return book.find_grade(*name), book.find_comment(*name)

    def _texts(self, student: str) -> dict[str, str]:
        path = self.book.graded(self.lesson, student)
        if not path.exists():
            return {}
        shown = nbformat.read(path, as_version=4)
        questions = {one.grade_id: one.question for one in self.essays.values()}
        return dict(texts(shown, questions))

    def scheme(self) -> str:
        """The question, model answer and marking of each essay."""
        answers = model_answers(self.lesson.solved)
        parts = []
        for one in self.essays.values():
            question = one.question.replace(STUB, "").strip()
            answer = answers.get(one.grade_id, "The lesson has no model answer here.")
            parts.append(f"{one.name}: {one.max:g} points\n\n{question}\n\n{answer}\n")
        return f"\n{'-' * 72}\n\n".join(parts)


def texts(
    shown: NotebookNode, questions: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """What a student wrote for each essay, without its question.

    Some write into a cell of their own below it: that is part of it.
    """
    current, parts = "", list[str]()
    for cell in shown.cells:
        name = intake.grade_id(cell)
        is_more = intake.was_added(cell) and cell.cell_type == "markdown"
        if name in questions:
            if current:
                yield current, "\n\n".join(filter(None, parts))
            current, parts = name, [_answer(cell.source, questions[name])]
        elif current and is_more:
            parts.append(cell.source.strip())
        elif current and not str(cell.get("id", "")).startswith("model-"):
            yield current, "\n\n".join(filter(None, parts))
            current = ""
    if current:
        yield current, "\n\n".join(filter(None, parts))


def _answer(source: str, question: str) -> str:
    asked = question.partition(STUB)[0]
    return source.removeprefix(asked).replace(STUB, "").strip()


def shortened(text: str) -> str:
    """A text that fits into one cell."""
    return text if len(text) <= LONGEST else text[:LONGEST] + CUT


# ----------------------------------------------------------------------------- writing


def write_essays(lesson: Lesson, to: Path | None = None) -> int:
    """`course essays`: the table, and the marking scheme beside it.

    Raises:
        CourseError: If there is nothing to write, or the file holds points or comments
            that were not read in yet.
    """
    found = Essays(lesson)
    to = to or lesson.course.grading / "essays" / f"{lesson.name}.csv"
    rows = list(found.rows())
    _refuse_loss(to, rows, lesson)
    whole.write(to, table(rows).encode("utf-8-sig"))
    scheme = to.with_name(f"{to.stem}-scheme.txt")
    whole.write(scheme, found.scheme().encode("utf-8-sig"))
    print(f"{to}: {counted(len(rows), 'essay')}, {found.waiting()} to be graded.")
    print(f"{scheme}: how to mark them.")
    print(f"Then: course essays {lesson.number} --from {to}")
    return 0


def table(rows: list[dict[str, str]]) -> str:
    """Rows as CSV that no spreadsheet runs."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: guarded(value) for name, value in row.items()})
    return text.getvalue()


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula; `unguarded` gives it back."""
    plain = text.replace("\0", "")
    return f"'{plain}" if FORMULA.match(plain) else plain


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    is_ours = text.startswith("'") and FORMULA.match(text)
    return text[1:] if is_ours else text


def _refuse_loss(to: Path, rows: list[dict[str, str]], lesson: Lesson) -> None:
    """Raises CourseError rather than write over a person's work."""
    if to.is_dir():
        raise CourseError(f"{to} is a folder. Name a file in it: --to ESSAYS.csv")
    if not to.exists():
        return
    known = {(row["student"], row["essay"]): row for row in rows}
    for line in read_table(to):
        cells = line.cells
        row = known.get((cells["student"], cells["essay"]), {})
        for name in ("points", "comment"):
            if cells[name] and not _is_same(cells[name], row.get(name, "")):
                hint = f"course essays {lesson.number} --from {to}"
                says = f"{to}, {line.where}: its {name} are not in the gradebook yet."
                raise CourseError(f"{says} Read it first, {hint}, or name another --to")


def _is_same(one: str, other: str) -> bool:
    try:
        return one == other or number(one) == number(other)
    except ValueError:
        return False


# ----------------------------------------------------------------------------- reading


def read_essays(lesson: Lesson, source: Path) -> int:
    """`course essays --from`: points and comments into the gradebook.

    An empty cell changes nothing.

    Raises:
        CourseError: If anything is wrong: all of it, a line each, and nothing written.
    """
    found = Essays(lesson)
    marks, wrong = checked(read_table(source), found)
    if wrong:
        what = "1 thing is" if len(wrong) == 1 else f"{len(wrong)} things are"
        lines = "\n  ".join(wrong)
        raise CourseError(f"{source}: {what} wrong, and nothing is written.\n  {lines}")
    found.enter(marks)
    points = sum(mark.points is not None for mark in marks)
    comments = sum(bool(mark.comment) for mark in marks)
    print(f"{lesson.name}: points for {points}, comments for {comments}.")
    if waiting := found.waiting():
        print(f"{waiting} more wait for points.")
    return 0


def checked(lines: list[Line], essays: Essays) -> tuple[list[Mark], list[str]]:
    """The marks that a table gives, and what is wrong in it, a sentence each."""
    marks, wrong, seen = list[Mark](), list[str](), dict[tuple[str, str], str]()
    students = set(essays.students)
    for line in lines:
        student, name = line.cells["student"], line.cells["essay"]
        says = _wrong_row(line, students, essays)
        if (student, name) in seen:
            says = f"{student}'s {name} stands at {seen[student, name]} already."
        seen.setdefault((student, name), line.where)
        if says:
            wrong.append(f"{line.where}: {says}")
            continue
        points = line.cells["points"]
        comment = line.cells["comment"]
        if points or comment:
            given = number(points) if points else None
            marks.append(Mark(student, essays.essays[name], given, comment))
    return marks, wrong


def _wrong_row(line: Line, students: set[str], essays: Essays) -> str:
    """What is wrong with a row, "" if nothing."""
    student, name, points = (line.cells[n] for n in ("student", "essay", "points"))
    if student not in students:
        known = f"nothing of {essays.lesson.name} is graded for such an id"
        zeros = student.isdigit() and any(s.lstrip("0") == student for s in students)
        hint = ". A spreadsheet drops zeros: make the column text" if zeros else ""
        return f"the student {student!r} is not known: {known}{hint}."
    if name not in essays.essays:
        known = ", ".join(essays.essays)
        return (
            f"no essay of {essays.lesson.name} is called {name!r}. There are: {known}."
        )

    most = essays.essays[name].max
    try:
        given = number(points) if points else 0.0
    except ValueError:
        return f"the points {points!r} are no number."
    if not 0 <= given <= most:
        return f"{points} points, and there are from 0 to {most:g}."
    return ""


def number(text: str) -> float:
    """A number as a spreadsheet writes it, also `2,5`.

    Raises:
        ValueError: If it is none.
    """
    if not re.fullmatch(r"[+-]?\d*[.,]?\d*", text.strip()):
        raise ValueError(text)
    found = float(text.strip().replace(",", "."))
    if not math.isfinite(found):
        raise ValueError(text)
    return found


def read_table(path: Path) -> list[Line]:
    """The rows of a table of essays, separated by commas, semicolons or tabs.

    Raises:
        CourseError: If it is no such table.
    """
    text = _decoded(path)
    first, _, rest = text.partition("\n")
    skipped = re.fullmatch(r"sep=.\r?", first) is not None
    text, first = (rest, rest.partition("\n")[0]) if skipped else (text, first)
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if lost := NEEDED - {*header}:
            names = ", ".join(sorted(lost))
            raise CourseError(f"{path}: its first line has no column {names}.")
        return list(_lines(reader, header, 1 + skipped))
    except csv.Error as error:
        where = f"{path}, line {reader.line_num}"
        raise CourseError(f"{where}: {error}. Save it once more as CSV.") from None


def _lines(reader: Any, header: list[str], before: int) -> Iterator[Line]:
    """The rows, each with its number in a spreadsheet and its line in the file."""
    begins = reader.line_num
    for row, values in enumerate(reader, before + 1):
        line, begins = begins + before, reader.line_num
        cells = dict.fromkeys(NEEDED, "") | dict(zip(header, values, strict=False))
        plain = {
            n: unguarded(v).replace("\r\n", "\n").strip() for n, v in cells.items()
        }
        if any(plain.values()):
            yield Line(f"line {line}" + f" (row {row})" * (line != row), plain)


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}.") from None
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        return data.decode("utf-16" if data.startswith(marks) else "utf-8-sig")
    except UnicodeDecodeError:
        hint = "Save it as `CSV UTF-8`"
        raise CourseError(f"{path} is no UTF-8 text. {hint}.") from None
