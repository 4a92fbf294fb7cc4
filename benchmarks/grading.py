"""How fast `course grade` is beside stock `nbgrader autograde`, in the same minutes.

    python benchmarks/grading.py [LESSON] [--ours 24] [--stock 3] [--keras]
    python benchmarks/grading.py [LESSON] --sizes 20 100 500

The same made-up submissions, in a course of their own, with the full sandbox and the
gradebook written. Prints ratios; asserts nothing, because machines differ. The second
form shows whether a submission costs the same in a small class and in a large one.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

import nbformat
import psutil

from graders import levels
from graders.classroom.papers import ESSAY, answered, solved_answers
from graders.course import Course, Lesson
from graders.grade import grade_lesson
from graders.gradebook import CONFIG, Book, find_alembic
from graders.locked import SandboxRunner, runner_for

KERAS = """
import keras
import numpy as np

attend = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)
assert attend(np.ones((2, 5, 8)), np.ones((2, 5, 8))).shape == (2, 5, 8)
"""


class Peak:
    """The most memory that this process and all below it hold at once, in bytes."""

    def __init__(self) -> None:
        self.most, self.over = 0, threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Peak:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.thread.join()

    def _look(self) -> None:
        while not self.over.wait(0.2):
            self.most = max(self.most, sum(_shares(psutil.Process())))


def _shares(process: psutil.Process) -> Iterator[int]:
    """The bytes of each process, those that several share divided among them."""
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error, OSError):
            yield one.memory_full_info().pss


def course_of(lesson: Lesson, students: Sequence[str], keras: bool) -> Lesson:
    """The lesson in a course of its own, answered rightly by each student."""
    mine = Course(Path(tempfile.mkdtemp(prefix="course-benchmark-")))
    target = mine.solutions / lesson.name
    target.mkdir(parents=True)
    shutil.copy(lesson.solved, target)
    shutil.copy(lesson.course.root / CONFIG, mine.root)
    copy = mine.find(lesson.name)
    Book(mine).release(copy)
    notebook = answered(copy, solved_answers(copy), ESSAY)
    if keras:
        notebook.cells.insert(2, nbformat.v4.new_code_cell(KERAS, id="trains"))
    for student in students:
        folder = mine.grading / "submitted" / student / lesson.name
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / copy.release.name)
    return copy


def ours(lesson: Lesson, keras: bool) -> float:
    """Grades everybody, the start of the sandbox and of the gradebook included."""
    moments = [time.monotonic()]

    def tell(*_: object) -> None:
        moments.append(time.monotonic())

    with closing(runner_for(lesson)) as runner, Peak() as peak:
        if keras and isinstance(runner, SandboxRunner):
            runner.modules += ("keras",)
        found = grade_lesson(lesson, runner, tell)
    gaps = [after - before for before, after in pairwise(moments[1:])]
    half = len(gaps) // 2
    first, last = statistics.mean(gaps[:half]), statistics.mean(gaps[half:])
    whole, start = moments[-1] - moments[0], moments[1] - moments[0]
    earned = {entry.points for entry in found}
    print(f"ours       level {runner.level}, {runner.at_once} at a time. {runner.note}")
    print(f"           {len(found)} in {whole:.1f} s: the first after {start:.1f} s,")
    print(f"           then {first:.2f} s each, in the second half {last:.2f} s")
    print(f"           peak memory {peak.most / 2**30:.2f} GiB; points {earned}")
    return whole / len(found)


def stock(lesson: Lesson, students: int) -> float:
    began = time.monotonic()
    command = [sys.executable, "-m", "nbgrader", "autograde", lesson.name]
    subprocess.run(command, cwd=lesson.course.root, capture_output=True, check=True)
    each = (time.monotonic() - began) / students
    print(f"nbgrader   {students} submissions, {each:.1f} s each")
    return each


def grow(lesson: Lesson, sizes: Sequence[int], keras: bool) -> None:
    """Grades classes of several sizes, and what one costs in each."""
    for size in sizes:
        mine = course_of(lesson, [f"s{n}" for n in range(size)], keras)
        print(f"{size:<10} {ours(mine, keras):.2f} s a submission, all included")
        shutil.rmtree(mine.course.root)


def main() -> None:
    """Prints both and how they compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lesson", nargs="?", default="02")
    parser.add_argument("--ours", type=int, default=24, help="submissions, default 24")
    parser.add_argument("--stock", type=int, default=3, help="submissions, default 3")
    parser.add_argument(
        "--keras", action="store_true", help="each calls a layer of Keras too"
    )
    parser.add_argument("--sizes", type=int, nargs="+", metavar="N")
    args = parser.parse_args()
    levels.demand(levels.FULL)
    find_alembic()
    lesson = Course.here().find(args.lesson)
    if args.sizes:
        grow(lesson, args.sizes, args.keras)
        return
    counts = (args.stock, args.ours)
    names = ([f"s{n}" for n in range(count)] for count in counts)
    few, many = (course_of(lesson, students, args.keras) for students in names)
    ratio = stock(few, args.stock) / ours(many, args.keras)
    print(f"ratio      {ratio:.1f}")


if __name__ == "__main__":
    main()
