"""One submission to a row per check: the comparer.

Holds the secret cases and what they should give. Sees of a submission only its text and
the outcomes that a runner brings back.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from graders import files, intake, registry
from graders.collect import cases_for
from graders.course import Course, CourseError, Lesson
from graders.exercise import (
    CRASHED,
    GRADER_PROBLEM,
    NEEDS_GRADING,
    NOT_ATTEMPTED,
    PASSED,
    TIMED_OUT,
    Verdict,
)
from graders.judge import judge
from graders.locked import runner_for
from graders.oracle import key_for
from graders.parts import finished
from graders.seeds import secret_seed
from graders.workers import (
    Ask,
    Attempt,
    Job,
    Ran,
    Runner,
    RunnerError,
    Step,
)


@dataclass(frozen=True)
class Row:
    """The result of one check or essay, as it stands in the record."""

    name: str
    points: float
    max: float
    status: str
    mistake: str | None = None
    message: str = ""
    says: str = ""


@dataclass(frozen=True)
class Score:
    """A submission's rows, its notebook in the release's frame, and what was odd.

    Args:
        rows: In the order of the lesson.
        notebook: The release with the student's cells in it.
        notes: What was repaired, a sentence each.
        problem: Why the file could not be graded, or "".
        seconds: How long its code ran.
    """

    rows: tuple[Row, ...]
    notebook: NotebookNode
    notes: tuple[str, ...] = ()
    problem: str = ""
    seconds: float = 0

    @property
    def points(self) -> float:
        return sum(row.points for row in self.rows)

    @property
    def max(self) -> float:
        return sum(row.max for row in self.rows)


class Marker:
    """Grades submissions of one lesson, all on the same secret cases."""

    def __init__(self, lesson: Lesson, seed: int, runner: Runner) -> None:
        self.lesson, self.runner = lesson, runner
        self.release = read_release(lesson)
        self.names = answer_names(self.release)
        self.graded = [c for c in self.release.cells if _graded(c)]
        self.asked = {
            name_of(cell): registry.find(name_of(cell))
            for cell in self.graded
            if intake.mark_of(cell) == "check"
        }
        self.cases = {n: cases_for(e, seed) for n, e in self.asked.items()}
        self.keys = {n: key_for(e, self.cases[n]) for n, e in self.asked.items()}

    def score(self, path: files.AnyPath) -> Score:
        """Grades one file. A file that cannot be read has no points and a problem."""
        with ThreadPoolExecutor(1) as pool:
            return self.begin(path, pool)()

    def begin(self, path: files.AnyPath, pool: Executor) -> Callable[[], Score]:
        """Has a file's code run in `pool`; what is returned waits for it and judges."""
        try:
            submission = intake.accept(path, self.release, self.names)
        except files.Unreadable as reason:
            problem = str(reason)
            return lambda: self.nothing(problem)
        notebook = submission.notebook
        running = pool.submit(self._run, self._job(notebook))

        def end() -> Score:
            ran, seconds = running.result()
            verdicts = self._verdicts(ran)
            rows = tuple(self._row(c, notebook, verdicts) for c in self.graded)
            return Score(rows, notebook, submission.notes, seconds=seconds)

        return end

    def nothing(self, problem: str) -> Score:
        """The score of what cannot be graded."""
        rows = [
            Row(name_of(c), 0, points_of(c), NOT_ATTEMPTED, None, problem)
            for c in self.graded
        ]
        return Score(tuple(rows), nbformat.from_dict(self.release), (), problem)

    def _run(self, job: Job) -> tuple[Ran | RunnerError, float]:
        """What ran, or why nothing could, and in how many seconds."""
        began = time.monotonic()
        try:
            ran: Ran | RunnerError = self.runner.run(job)
        except RunnerError as error:
            ran = error
        return ran, time.monotonic() - began

    def _verdicts(self, ran: Ran | RunnerError) -> dict[str, Verdict]:
        if isinstance(ran, RunnerError):
            return {n: Verdict(n, GRADER_PROBLEM, str(ran)) for n in self.asked}
        return {name: self._verdict(name, ran) for name in self.asked}

    def _job(self, notebook: NotebookNode) -> Job:
        asks = {
            name: Ask(exercise.answer, self.cases[name], finished(exercise.uses))
            for name, exercise in self.asked.items()
        }
        return Job(list(steps(notebook, self.release)), asks, self._passes)

    def _passes(self, name: str, attempt: Attempt) -> bool:
        try:
            return self._judged(name, attempt).passed
        except Exception:  # told when the verdict is made
            return False

    def _verdict(self, name: str, ran: Ran) -> Verdict:
        """The best of the verdicts on an exercise's attempts."""
        try:
            found = [self._judged(name, attempt) for attempt in ran.attempts[name]]
        except Exception as error:  # an oracle or a law that breaks: never a student's
            return Verdict(name, GRADER_PROBLEM, f"{type(error).__name__}: {error}")
        best = min(found, key=_rank)
        answer = self.asked[name].answer
        cell = next(ident for ident, n in self.names.items() if n == answer)
        stopped = ran.errors.get(cell, "NotImplementedError")
        if best.status != NOT_ATTEMPTED or stopped.startswith("NotImplementedError"):
            return best
        return Verdict(name, CRASHED, f"The cell of {answer} stops with {stopped}")

    def _judged(self, name: str, attempt: Attempt) -> Verdict:
        if attempt.status:
            text = f"{self.asked[name].answer}: {attempt.message}"
            return Verdict(name, attempt.status, text)
        key, cases = self.keys[name], self.cases[name]
        return judge(self.asked[name], cases, attempt.outcomes, key, secret=True)

    def _row(
        self, cell: NotebookNode, notebook: NotebookNode, verdicts: dict[str, Verdict]
    ) -> Row:
        name, most = name_of(cell), points_of(cell)
        if intake.mark_of(cell) == "essay":
            text = next(c.source for c in notebook.cells if c.id == cell.id)
            blank = text.strip() == cell.source.strip()
            return Row(name, 0, most, NOT_ATTEMPTED if blank else NEEDS_GRADING)
        v = verdicts[name]
        earned = most if v.passed else 0
        return Row(name, earned, most, v.status, v.mistake, v.message, v.says)


def _rank(verdict: Verdict) -> int:
    """Passed is best; then what says most."""
    if verdict.passed:
        return 0
    if verdict.mistake:
        return 1
    return {CRASHED: 3, NOT_ATTEMPTED: 4, TIMED_OUT: 5}.get(verdict.status, 2)


# ----------------------------------------------------------------------- the release


def read_release(lesson: Lesson) -> NotebookNode:
    """The lesson's release.

    Raises:
        CourseError: If it has not been built.
    """
    try:
        return nbformat.read(lesson.release, as_version=4)
    except FileNotFoundError:
        hint = f"Build it: course build {lesson.number}"
        raise CourseError(f"{lesson.name} has no release yet. {hint}") from None


def name_of(cell: NotebookNode) -> str:
    """A cell's name without its mark: `softmax` of `check-softmax`."""
    return intake.grade_id(cell).partition("-")[2]


def points_of(cell: NotebookNode) -> float:
    return float(cell.metadata.nbgrader.points)


def _graded(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def answer_names(release: NotebookNode) -> dict[str, str]:
    """The function or variable of each answer cell: that of the checks below it."""
    names: dict[str, str] = {}
    current = ""
    for cell in release.cells:
        mark = intake.mark_of(cell)
        if mark == "answer":
            current = intake.grade_id(cell)
        elif mark == "check" and current:
            names[current] = registry.find(name_of(cell)).answer
    return names


def steps(notebook: NotebookNode, release: NotebookNode) -> Iterator[Step]:
    """What runs of a submission: given cells, answers, and what the student added.

    Of a demonstration that the student changed, only its functions and imports. A check
    marks where its answer's value is kept, as the student's own check met it.
    """
    original = {cell.id: cell.source for cell in release.cells}
    waiting: Step | None = None
    for cell in notebook.cells:
        mark = intake.mark_of(cell)
        if mark == "check" and waiting:
            answer = registry.find(name_of(cell)).answer
            kept = (*waiting.keep, answer)
            waiting = Step(waiting.name, waiting.source, kept)
        elif cell.cell_type == "code" and mark != "check":
            source = cell.source
            if not mark and not intake.was_added(cell):
                changed = source != original.get(cell.id)
                source = intake.definitions(source) if changed else ""
            if source.strip():
                if waiting:
                    yield waiting
                waiting = Step(intake.grade_id(cell) or cell.id, source)
    if waiting:
        yield waiting


# ----------------------------------------------------------------------- one notebook


def lesson_of_file(course: Course, path: files.AnyPath) -> Lesson:
    """The lesson a notebook belongs to: by what it says, its cells, or its name.

    Raises:
        CourseError: If the file cannot be read or belongs to no lesson.
    """
    try:
        cells, said = intake.read(path)
    except files.Unreadable as reason:
        raise CourseError(f"{path}: {reason}") from None
    lessons = [lesson for lesson in course.lessons() if lesson.release.exists()]
    for lesson in lessons:
        if lesson.name == said:
            return lesson
    ids = {cell.grade_id for cell in cells} - {""}
    for lesson in lessons:
        if len(ids & set(map(intake.grade_id, read_release(lesson).cells))) > 1:
            return lesson
    for lesson in lessons:
        if lesson.noun in path.stem.lower():
            return lesson
    known = ", ".join(lesson.name for lesson in lessons)
    raise CourseError(f"{path}: belongs to none of the lessons: {known}.")


def score_file(course: Course, path: Path, runner: Runner | None = None) -> Score:
    """Grades one notebook through the trusted path.

    Raises:
        CourseError: If it cannot be read.
    """
    file = _only_one(path)
    lesson = lesson_of_file(course, file)
    seed = secret_seed(course.grading, lesson.noun)
    with closing(runner or runner_for(lesson)) as used:
        found = Marker(lesson, seed, used).score(file)
    if found.problem:
        raise CourseError(f"{path}: {found.problem}")
    return replace(found, notes=(*found.notes, used.note)) if used.note else found


def _only_one(path: Path) -> files.AnyPath:
    """The file itself, or the one notebook in a folder or a zip."""
    if not path.is_dir() and path.suffix != ".zip":
        return path
    try:
        inside = files.notebooks(path) if path.is_dir() else files.zipped(path, "")
        found = list(inside)
    except files.Unreadable as reason:
        raise CourseError(f"{path}: {reason}") from None
    if len(found) != 1:
        names = ", ".join(files.printable(file.name) for file in found) or "none"
        raise CourseError(f"{path}: one notebook is wanted in there; it holds {names}.")
    return found[0].path


def print_score(course: Course, path: Path, as_json: bool = False) -> int:
    """`course score`: a table for people, or JSON; 0 when graded, 1 if we failed.

    Raises:
        CourseError: If the file cannot be read.
    """
    found = score_file(course, path)
    failed = int(any(row.status == GRADER_PROBLEM for row in found.rows))
    if as_json:
        rows = [asdict(row) for row in found.rows]
        whole = {"points": found.points, "max": found.max, "notes": found.notes}
        json.dump({**whole, "rows": rows}, sys.stdout, indent=1)
        print()
        return failed
    _print_table(found.rows)
    automatic = sum(row.max for row in found.rows if row.status != NEEDS_GRADING)
    by_hand = found.max - automatic
    rest = f", {by_hand:g} more to be graded by hand" if by_hand else ""
    print(f"{found.points:g} of {automatic:g} points{rest}.")
    for note in found.notes:
        print(f"Note: {note}.")
    return failed


def _print_table(rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for title in ("check", "points", "status", "mistake"):
        table.add_column(title, no_wrap=True)
    table.add_column("message")
    for row in rows:
        text = "" if row.status == PASSED else f"{row.message} {row.says}".strip()
        points = f"{row.points:g} of {row.max:g}"
        cells = (row.name, points, row.status, row.mistake or "", text)
        table.add_row(*map(Text, cells))
    Console().print(table)
