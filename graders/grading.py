"""A class's submissions to entries of the record: which stand, and which are graded."""

from __future__ import annotations

import hashlib
import platform
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import graders
from graders import files, intake, levels
from graders.course import Lesson
from graders.record import Entry, Record
from graders.score import Marker, Score
from graders.seeds import secret_seed
from graders.workers import Runner

HERE = Path(graders.__file__).parent
# What decides a grade besides the submission, the release and the seed.
DECIDING = "child collect files intake judge laws oracle parts score wire workers"
DECIDING += " kernel locked runners sandbox seccomp zygote"


@dataclass(frozen=True)
class Graded:
    """A submission's folder, its entry, and whether that is new."""

    folder: Path
    entry: Entry
    fresh: bool = True


# The entry that stands for a student and the digest of what was submitted, if any does.
Known = Callable[[str, str], Entry | None]


class Grading:
    """A lesson's submissions and everything that their grades are a function of.

    Args:
        lesson: The lesson; submissions stand in `.grading/submitted/STUDENT/LESSON`.
        runner: Where the students' code runs.
    """

    def __init__(self, lesson: Lesson, runner: Runner) -> None:
        self.lesson, self.runner = lesson, runner
        seed = secret_seed(lesson.course.grading, lesson.noun)
        self.marker = Marker(lesson, seed, runner)
        self.key = fingerprint(lesson, seed)
        self.record = Record.of(lesson)

    def entries(self, folders: Sequence[Path], known: Known) -> Generator[Graded]:
        """Each folder's entry: the known one, or a new one.

        Students' code runs ahead, some submissions at a time; all that is ours happens
        here, in one thread.
        """
        pool = ThreadPoolExecutor(self.runner.at_once)
        ahead: deque[Callable[[], Graded]] = deque()
        try:
            for folder in folders:
                ahead.append(self._begin(folder, known, pool))
                if len(ahead) > 2 * self.runner.at_once:
                    yield ahead.popleft()()
            while ahead:
                yield ahead.popleft()()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def stands(self, latest: Mapping[str, Entry]) -> Known:
        """Knows the entries that stay: what was submitted is still what was graded.

        A check that has changed since does not change a grade by itself
        (`graders.regrade`); a grade of unlocked code does not stand for a locked run.
        """

        def known(student: str, digest: str) -> Entry | None:
            entry = latest.get(student)
            if not entry or entry.sha256 != digest or entry.failed:
                return None
            weaker = self.runner.level == levels.FULL != entry.level
            return None if weaker else entry

        return known

    def is_current(self, entry: Entry) -> bool:
        """True if the checks of today are those that the entry was graded by."""
        return entry.key == self.key

    def frame(self, found: Graded) -> intake.NotebookNode:
        """The submission in the release's frame; the blank release if unreadable."""
        marker, entry = self.marker, found.entry
        if entry.problem:
            return marker.nothing(entry.problem).notebook
        file = files.at(found.folder, entry.file)
        return intake.accept(file, marker.release, marker.names).notebook

    def _begin(
        self, folder: Path, known: Known, pool: Executor
    ) -> Callable[[], Graded]:
        """Starts on a submission; what is returned waits for the entry."""
        file, digest, missing = _chosen(folder, self.lesson)
        entry = known(folder.parent.name, digest)
        if entry:
            return lambda: Graded(folder, entry, fresh=False)
        score = (
            self.marker.begin(file.path, pool)
            if file
            else lambda: self.marker.nothing(missing)
        )
        name = file.name if file else ""
        return lambda: Graded(folder, self._entry(folder, name, digest, score()))

    def _entry(self, folder: Path, name: str, digest: str, score: Score) -> Entry:
        return Entry(
            student=folder.parent.name,
            lesson=self.lesson.name,
            file=name,
            sha256=digest,
            key=self.key,
            level=self.runner.level,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=round(score.seconds, 2),
            rows=score.rows,
            notes=score.notes,
            problem=score.problem,
            versions=versions(),
        )


def submitted(lesson: Lesson) -> Iterator[Path]:
    """The folders of what was submitted for a lesson, by student."""
    root = lesson.course.grading / "submitted"
    for folder in sorted(root.glob(f"*/{lesson.name}")):
        if folder.is_dir() and not folder.is_symlink():
            yield folder


def ungraded(lesson: Lesson) -> list[str]:
    """The students of whom something is submitted that is not what was graded."""
    latest = Record.of(lesson).latest()
    return [
        folder.parent.name
        for folder in submitted(lesson)
        if (entry := latest.get(folder.parent.name)) is None
        or entry.sha256 != _chosen(folder, lesson)[1]
    ]


def said_of_ungraded(lesson: Lesson) -> Iterator[str]:
    """A sentence on who is not graded yet and what to do, if there is anybody."""
    if names := ungraded(lesson):
        count, few = len(names), ", ".join(map(files.printable, names[:10]))
        rest = " …" if count > 10 else ""
        text = f"work that was collected is not graded yet, of {count}: {few}{rest}"
        yield f"{lesson.name}: {text}. Do it: course grade {lesson.number}"


def _chosen(folder: Path, lesson: Lesson) -> tuple[files.File | None, str, str]:
    """A submission's notebook, its digest, and else why there is none."""
    try:
        file = files.choose(folder, lesson.noun)
    except files.Unreadable as reason:
        return None, "", str(reason)
    return file, files.sha256(file.path), ""


def fingerprint(lesson: Lesson, seed: int) -> str:
    """A digest of everything but the submission that can change a grade."""
    digest = hashlib.sha256(f"{seed} {code(lesson.noun)}".encode())
    digest.update(lesson.release.read_bytes())
    digest.update((HERE / "mistakes" / f"{lesson.noun}.py").read_bytes())
    return digest.hexdigest()[:16]


def code(noun: str) -> str:
    """A digest of the code that runs and judges a lesson's answers, and of versions."""
    paths = [
        HERE / "exercises" / f"{noun}.py",
        *(HERE / f"{name}.py" for name in DECIDING.split()),
        *sorted((HERE.parent / "transformer").rglob("*.py")),
    ]
    digest = hashlib.sha256(f"{versions()}".encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Of what computes."""
    return {"python": platform.python_version(), "numpy": np.__version__}
