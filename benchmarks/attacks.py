"""What each attack of the bank does to stock nbgrader and to this course's grader.

    python -m benchmarks.attacks [--only WORDS] [--seconds 120] [--to docs/attacks.md]

nbgrader grades the same answers in a plain assignment: each check is a cell of asserts,
all settings are nbgrader's own, but for the time of a cell in lesson 02. Every attack
meets a course of its own, in which one student is graded already and another one after
the attacker.
`--keep` names a file of what nbgrader made of earlier attacks: a stopped run goes on.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import nbformat
import psutil
from nbgrader.api import Gradebook, MissingEntry

from benchmarks.plain import plain
from graders import intake, levels
from graders.classroom.papers import solved_answers
from graders.course import Course, Lesson
from graders.gradebook import find_alembic
from graders.locked import SandboxRunner, modules_of
from graders.workers import Limits
from tests.attacks import (
    ATTACKS,
    NOTHING,
    REFUSED,
    REST,
    SECTIONS,
    Attack,
    Paper,
    classroom,
)
from tests.attacks.paper import FIRST

ROOT = Path(__file__).resolve().parents[1]
USUAL = "attention"
CELL = 10  # seconds for a cell of the usual lesson, which has most attacks, not 30
MOST = 3 << 30  # bytes of the grader, at which it is stopped
LIMITS = Limits(cell=4, call=4, total=24, memory=1 << 30, file_size=16 << 20)
ALONE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


@dataclass
class Seen:
    """What came of one attack.

    Args:
        points: What the attacker has, None if nothing.
        most: What everything was worth.
        deserved: What the answers were worth.
        remarks: What else happened, a few words each.
    """

    points: float | None
    most: float
    deserved: float
    remarks: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return (self.points or 0) == self.deserved and not self.remarks

    def __str__(self) -> str:
        got = "no grade" if self.points is None else f"{self.points:g} of {self.most:g}"
        text = "; ".join([got, *self.remarks])
        return text if self.good else f"**{text}**"


# ------------------------------------------------------------------- a plain assignment


def course_of(lesson: Lesson, root: Path) -> Course:
    """A course with the plain assignment, its release, and one student's grade."""
    course = Course(root)
    source = root / "source" / lesson.name
    source.mkdir(parents=True)
    seconds = CELL if lesson.noun == USUAL else 30  # Keras is imported in a cell
    config = f"c = get_config()\nc.Execute.timeout = {seconds}\n"
    (root / "nbgrader_config.py").write_text(config)
    nbformat.write(plain(lesson), source / lesson.solved.name)
    _nbgrader(root, "generate_assignment", lesson.name)
    _paper(lesson, root, 0).write(root / "submitted" / FIRST / lesson.name)
    _nbgrader(root, "autograde", lesson.name)
    assert _points(root, lesson, FIRST) == _most(root, lesson)
    return course


def _nbgrader(root: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _paper(lesson: Lesson, root: Path, port: int) -> Paper:
    """An honest paper: nbgrader's release with right answers."""
    path = root / "release" / lesson.name / lesson.release.name
    notebook = nbformat.read(path, as_version=4)
    right = solved_answers(lesson)
    for cell in notebook.cells:
        cell.source = right.get(intake.grade_id(cell), cell.source)
    about = classroom.papers_of(lesson, port)
    return Paper(**{**copy.deepcopy(about), "notebook": notebook})


def _most(root: Path, lesson: Lesson, without: Sequence[str] = ()) -> float:
    path = root / "release" / lesson.name / lesson.release.name
    cells = nbformat.read(path, as_version=4).cells
    checks = [c for c in cells if intake.mark_of(c) == "check"]
    kept = (c for c in checks if intake.grade_id(c).partition("-")[2] not in without)
    return sum(float(cell.metadata.nbgrader.points) for cell in kept)


def _points(root: Path, lesson: Lesson, student: str) -> float | None:
    """A student's points in nbgrader's gradebook."""
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        try:
            found = book.find_submission(lesson.name, student)
        except MissingEntry:
            return None
        return None if found.needs_manual_grade else float(found.score)


# ------------------------------------------------------------------------ one attack


def stock(lesson: Lesson, course: Course, attack: Attack, seconds: float) -> Seen:
    """What `nbgrader autograde` makes of an attack."""
    with tempfile.TemporaryDirectory(prefix="course-") as place:
        root = Path(place, "course")
        shutil.copytree(course.root, root)
        with (
            classroom.decoys(lesson, Path(place, "home")) as home,
            classroom.server_of_answers(lesson) as port,
        ):
            paper = _paper(lesson, root, port)
            attack.change(paper)
            paper.write(root / "submitted" / attack.student / lesson.name)
            _paper(lesson, root, port).write(
                root / "submitted" / classroom.LAST / lesson.name
            )
            before = _files(root, home)
            remarks = _autograde(root, lesson, Path(place), seconds)
            after = _files(root, home)
        remarks += _harm(root, lesson, before, after)
        without = _lost(lesson, attack, paper)
        deserved = 0 if attack.earns == NOTHING else _most(root, lesson, without)
        found = _points(root, lesson, attack.student)
        if attack.earns == REFUSED:  # a rule of ours, not nbgrader's
            deserved = found or 0
        return Seen(found, _most(root, lesson), deserved, remarks)


def all_stock(
    lesson: Lesson, attacks: Sequence[Attack], seconds: float, keep: Path | None
) -> dict[str, Seen]:
    """What nbgrader makes of those that it can be given, by name."""
    found: dict[str, Seen] = {}
    if keep and keep.exists():
        kept = json.loads(keep.read_text(encoding="utf-8"))
        found = {name: Seen(**seen) for name, seen in kept.items()}
    todo = [a for a in attacks if not a.alone and a.name not in found]
    if not todo:
        return found
    with _place() as folder:
        course = course_of(lesson, folder / "course")
        for attack in todo:
            found[attack.name] = stock(lesson, course, attack, seconds)
            print(f"{attack.name}: {found[attack.name]}", flush=True)
            if keep:
                keep.write_text(json.dumps({n: asdict(s) for n, s in found.items()}))
    return found


def _lost(lesson: Lesson, attack: Attack, paper: Paper) -> list[str]:
    from graders import registry

    asked = registry.exercises(lesson.noun)
    lost = attack.earns == REST
    return [n for n in asked if lost and asked[n].answer == paper.name]


def _files(root: Path, home: Path) -> dict[str, bytes]:
    own = ("autograded", "gradebook.db", ".nbgrader")
    return classroom.files_in(root, *own) | classroom.files_in(home, *OF_TOOLS)


OF_TOOLS = (".ipython", ".local", ".cache", ".config", ".jupyter", ".keras", "tmp")
OF_TOOLS += (".rustup",)  # what programs put into a new home


def _harm(
    root: Path, lesson: Lesson, before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> list[str]:
    """What happened to others: their grades, their files."""
    most, found = _most(root, lesson), []
    if _points(root, lesson, FIRST) != most:
        found.append("an earlier student's grade changed")
    last = _points(root, lesson, classroom.LAST)
    if last is None:
        found.append("the next student ungraded")
    elif last != most:
        found.append("the next student's grade changed")
    changed = [n for n in {*before, *after} if before.get(n) != after.get(n)]
    if changed:
        found.append(f"{len(changed)} files outside changed")
    return found


def _autograde(root: Path, lesson: Lesson, place: Path, seconds: float) -> list[str]:
    """Runs `nbgrader autograde` to its end, or to ours; what was odd about it."""
    command = f"{sys.executable} -m nbgrader autograde {lesson.name} >../said 2>&1"
    command = f"{command}; echo $? >../code; sleep 600"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*ALONE, "sh", "-c", command],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    remarks, ends, most = [], time.monotonic() + seconds, 0
    try:
        while not (place / "code").exists():
            most = max(most, _held(process.pid))
            if most > MOST:
                return [f"nbgrader held {most / 2**30:.1f} GiB when it was stopped"]
            if time.monotonic() > ends:
                return [f"still running when stopped after {seconds:.0f} s"]
            time.sleep(0.1)
        if most > 1 << 30:
            remarks.append(f"nbgrader held {most / 2**30:.1f} GiB")
        if classroom.left_running():
            remarks.append("a process left running")
        return remarks
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _held(pid: int) -> int:
    """The bytes of the largest process of nbgrader itself, kernels left out."""
    sizes = [0]
    with suppress(psutil.Error):
        for one in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.Error):
                if "nbgrader" in one.cmdline():
                    sizes.append(one.memory_info().rss)
    return max(sizes)


# ----------------------------------------------------------------------------- ours


@contextmanager
def _place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        yield Path(folder)


def ours(lesson: Lesson, attacks: Sequence[Attack]) -> dict[str, Seen]:
    """What this course's grader makes of all attacks in one class, by attack."""
    runner = SandboxRunner(LIMITS, modules_of(lesson), lesson.course)
    with closing(runner), _place() as first, _place() as second:
        alone = classroom.grade(lesson, first, runner)
        runner = SandboxRunner(LIMITS, modules_of(lesson), lesson.course)
        graded = classroom.grade(lesson, second, runner, attacks)
        remarks = []
        for student in classroom.HONEST:
            if graded.entries[student].rows != alone.entries[student].rows:
                remarks.append("another student's grade changed")
        if graded.changed:
            remarks.append(f"{len(graded.changed)} files outside changed")
        if graded.left:
            remarks.append("a process left running")
        if graded.grown > 1 << 30:
            remarks.append(f"the grader held {graded.grown / 2**30:.1f} GiB")
        found = {}
        for attack in attacks:
            entry = graded.entries[attack.student]
            most = sum(r.max for r in entry.rows if not r.name.endswith("-why"))
            worth = classroom.deserved(graded.lesson, attack)
            found[attack.name] = Seen(entry.points, most, worth, [*remarks])
    return found


# ----------------------------------------------------------------------- the document


def document(
    attacks: Sequence[Attack],
    theirs: Mapping[str, Seen],
    own: Mapping[str, Seen],
) -> str:
    """The table, section by section."""
    well = [sum(seen.good for seen in found.values()) for found in (own, theirs)]
    lines = [
        "# Attacks and accidents: what came of each",
        "",
        f"Made by `python -m benchmarks.attacks` with "
        f"nbgrader {version('nbgrader')}, Python {platform.python_version()}, "
        f"{platform.system()}; never edited by hand.",
        f"Of {len(own)} submissions this course graded {well[0]} as their answers "
        f"deserve and without harm to anybody; of the {len(theirs)} that were given to "
        f"nbgrader, it graded {well[1]} so.",
        "",
        "nbgrader graded a plain assignment: the same answers with asserts as tests, "
        f"all settings its own, but {CELL} s for a cell of lesson 02, not 30. "
        "Fewer points are to be had there, and an answer that calls a wrong one is "
        "wrong, where this course hands out finished parts.",
        "Bold: other points than the answers deserve, or harm to others. "
        "A dash: not given to nbgrader, because nothing would have kept it from "
        "harming the computer.",
        f"Here a cell may take {LIMITS.cell:g} s, a notebook {LIMITS.total:g} s; the "
        "usual limits are longer ([grading.md](grading.md)).",
    ]
    for module in SECTIONS:
        section = module.__name__.rpartition(".")[2]
        title, _, about = str(module.__doc__).strip().partition(": ")
        lines += ["", f"## {title}", "", about[:1].upper() + about[1:], ""]
        lines += ["| what was submitted | deserves | nbgrader | this |"]
        lines += ["| --- | --- | --- | --- |"]
        for attack in attacks:
            if attack.section == section:
                nothing = "—" if attack.alone else "not measured"
                seen = theirs.get(attack.name, nothing)
                cells = (attack.earns, seen, own[attack.name])
                lines.append(f"| {said(attack)} | {' | '.join(map(str, cells))} |")
    return "\n".join([*lines, ""])


def said(attack: Attack) -> str:
    """What was submitted, as a table's cell."""
    return " ".join(attack.says.split()).replace("|", "\\|")


def main() -> None:
    """Runs both, writes the document."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", help="attacks whose name has these words")
    parser.add_argument("--seconds", type=float, default=120, help="for nbgrader, each")
    parser.add_argument("--to", type=Path, help="a file; else it is printed")
    parser.add_argument("--keep", type=Path, help="what nbgrader made of them so far")
    args = parser.parse_args()
    levels.demand(levels.FULL)
    find_alembic()
    attacks = [attack for attack in ATTACKS if args.only in attack.name]
    own: dict[str, Seen] = {}
    theirs: dict[str, Seen] = {}
    for noun in dict.fromkeys(attack.lesson or USUAL for attack in attacks):
        lesson = Course(ROOT).find(noun)
        some = [attack for attack in attacks if (attack.lesson or USUAL) == noun]
        theirs |= all_stock(lesson, some, args.seconds, args.keep)
        own |= ours(lesson, some)
    text = document(attacks, theirs, own)
    if args.to:
        args.to.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
