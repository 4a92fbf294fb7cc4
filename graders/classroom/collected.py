"""`course collect`: what was handed in, to the folders that grading reads.

Each student has one file a lesson, with nbgrader's `timestamp.txt` beside it. What it
replaces is kept under `.grading/replaced/`. Who cannot be told for certain is listed
and never guessed.
"""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from dateutil import parser as dates

from graders import files, intake
from graders.classroom import roster, whole
from graders.classroom.collection import Collection, Row, Unmatched, said, show
from graders.classroom.downloads import Handed, is_unpacked, opened, safe
from graders.classroom.roster import Classroom, Roster
from graders.course import CourseError, Lesson
from graders.files import ORIGIN, OURS, STAMP
from graders.record import alone

KINDS = (".ipynb", ".zip")
MOST = 4 << 30  # bytes of one download, unpacked
# What a platform or a browser appends: `attention-1.ipynb`, `attention (2).ipynb`.
COPY = re.compile(r"(?:-| ?\()(\d+)\)?$")
UNPACKED = (
    "all files are of today, as after unpacking. "
    "Collect the zip itself, or set timestamp.txt right."
)


# ----------------------------------------------------------------------- whose files


def take_in(lesson: Lesson, source: Path) -> Collection:
    """Copies a download's files of a lesson into the course's submissions.

    It may be done again: what is the same stays, what is new replaces what is older.

    Raises:
        CourseError: If it cannot be read, or holds nothing of anybody, or another
            lesson's notebooks alone. Then nothing has been written.
    """
    room = roster.read(lesson.course)
    with alone(lesson.course), opened(source, room.zone) as handed:
        ours = [one for one in handed if _is_of(one, lesson)]
        theirs, unmatched = _by_student(ours, room)
        if not theirs and not unmatched:
            raise CourseError(f"{source} holds no student's notebook of {lesson.name}.")
        if source.is_dir() and is_unpacked([one for one in ours if is_work(one)]):
            print(f"Note: {UNPACKED}", file=sys.stderr)
        rows = _all_taken(lesson, room, theirs, source)
    return _collection(lesson, room, rows, unmatched)


def _all_taken(
    lesson: Lesson, room: Classroom, theirs: Mapping[str, list[Handed]], source: Path
) -> list[Row]:
    """Judges everybody's work, then puts it in place."""
    with TemporaryDirectory(dir=lesson.course.grading) as aside:
        shelf = _Shelf(lesson, room, Path(aside))
        taken = [shelf.take(student, theirs[student]) for student in sorted(theirs)]
        _demand(lesson, {new.lesson for new in taken if isinstance(new, _New)}, source)
        return [shelf.put(new) if isinstance(new, _New) else new for new in taken]


def _demand(lesson: Lesson, named: set[str], source: Path) -> None:
    """Raises CourseError if all notebooks that name a lesson name other ones."""
    others = sorted(named - {""})
    if not others or lesson.name in others:
        return
    names = " and ".join(files.printable(other) for other in others[:3])
    says = f"{source} holds notebooks of {names}, not of {lesson.name}."
    known = {other.name for other in lesson.course.lessons()}
    if len(others) == 1 and others[0] in known:
        says += f" Did you mean: course collect {others[0][:2]} {source}"
    raise CourseError(says)


def take_in_first(lesson: Lesson, source: Path) -> None:
    """`course grade --from`: takes a download in, and says what needs a look."""
    found = take_in(lesson, source)
    for row in found.handed_in:
        for sentence in said(row):
            print(f"Note: {row.student}: {sentence}", file=sys.stderr)
    for one in found.unmatched:
        print(f"Note: not taken: {one.file}: {one.says}", file=sys.stderr)


def _is_of(one: Handed, lesson: Lesson) -> bool:
    """False of another lesson's folder, and of a file that is called as another one's.

    What a platform hands out was handed in for one lesson, under whatever name.
    """
    others = {other.noun for other in lesson.course.lessons()} - {lesson.noun}
    stem = COPY.sub("", PurePosixPath(one.owner.file).stem).strip().lower()
    other = stem in others and not one.owner.platform
    return one.lesson in ("", lesson.name) and not other


def _by_student(
    handed: Iterable[Handed], room: Classroom
) -> tuple[dict[str, list[Handed]], list[Unmatched]]:
    """Each student's files, and those that are nobody's."""
    roster = Roster(room.people)
    theirs: dict[str, list[Handed]] = defaultdict(list)
    unmatched = []
    for one in handed:
        student, says = _student(one, roster)
        if student and not one.refused:
            theirs[student].append(one)
        elif is_work(one):
            says = f"{says} {one.refused}".strip()
            unmatched.append(Unmatched(one.where, says))
    # What is no notebook tells something only of somebody who handed it in.
    known = {s: fs for s, fs in theirs.items() if any(_counts(f, room) for f in fs)}
    return known, unmatched


def is_work(one: Handed) -> bool:
    """True of what may be a notebook or hold one."""
    return one.where.lower().endswith(KINDS) or one.owner.file.lower().endswith(KINDS)


def _counts(one: Handed, room: Classroom) -> bool:
    return is_work(one) or one.owner.platform or bool(room.people)


def _student(one: Handed, roster: Roster) -> tuple[str, str]:
    """Whose a file is; "" and why if that cannot be told."""
    owner = one.owner
    if not owner.names:
        return "", "Whose is it? Put it into a folder that is called as its student."
    if not roster.people:
        return owner.student, ""
    fit = sorted(roster.fits(owner.names))
    if not fit:
        return "", _nobody(owner.names)
    if len(fit) > 1:
        who, called = " and ".join(fit[:3]), files.printable(owner.names[-1])
        return "", f"It may be {who}'s: {called!r} fits more than one of the roster."
    if safe(fit[0]) != fit[0]:
        return "", f"The id {fit[0]!r} cannot be a folder's name: change the roster."
    return fit[0], ""


def _nobody(names: Sequence[str]) -> str:
    """Says that no name fits, and what to do. Canvas's files have two that may."""
    called = " or ".join(repr(files.printable(name)) for name in names[-2:])
    nobody = f"Nobody on the roster has {called} as id, login, e-mail or name."
    return f"{nobody} Correct the roster, or rename the file."


# --------------------------------------------------------------------- which, and where


@dataclass(frozen=True)
class _New:
    """Work that was read and judged, and lies aside.

    Args:
        student: Whose it is.
        one: What was handed in.
        left_out: Their other files.
        folder: Where it lies, as it is to be submitted.
        lesson: The lesson that the notebook says it is of, or "".
        problem: Why it cannot be graded, or "".
    """

    student: str
    one: Handed
    left_out: tuple[str, ...]
    folder: Path
    lesson: str
    problem: str

    @property
    def data(self) -> bytes:
        return _work_in(self.folder)[0].read_bytes()


class _Shelf:
    """Where a lesson's submissions are put."""

    def __init__(self, lesson: Lesson, room: Classroom, aside: Path) -> None:
        self.lesson, self.room, self.aside, self.left = lesson, room, aside, MOST

    def take(self, student: str, handed: Sequence[Handed]) -> Row | _New:
        """Judges the file that counts; a row if there is none that can be taken."""
        work = [one for one in handed if is_work(one)]
        name = self.room.person(student).name
        if not work:
            only = " and ".join(sorted({one.owner.file for one in handed})[:2])
            noun = self.lesson.noun
            says = f"There is no {noun}.ipynb, only {files.printable(only)}."
            return Row(student, name, problem=says)
        best = max(work, key=lambda one: _rank(one, self.lesson.noun))
        others = tuple(sorted(one.where for one in work if one is not best))
        try:
            fresh = self._laid(best, self._bytes(best))
        except files.Unreadable as reason:
            return Row(student, name, left_out=others, problem=f"{reason} Not taken.")
        return _New(student, best, others, fresh, *judged(self.lesson, fresh)[1:])

    def put(self, new: _New) -> Row:
        """Puts work in place, if it may be; the row of what lies there then."""
        folder = place(self.lesson, new.student)
        told, problem = self._stays(folder, new)
        stays = bool(told or problem)
        made_way = "" if stays else self._swapped(folder, new)
        row = look(self.lesson, self.room, new.student)
        return replace(
            row,
            file=row.file or new.one.owner.file,
            marked_late=new.one.owner.late and not stays,
            left_out=new.left_out,
            replaced=bool(made_way),
            problem=problem or row.problem,
            told=told or made_way,
        )

    def _bytes(self, one: Handed) -> bytes:
        data = one.read()
        if len(data) > files.LARGEST:
            raise files.Unreadable(f"It has more than {files.LARGEST >> 20} MB.")
        self.left -= len(data)
        if self.left < 0:
            raise files.Unreadable(f"The download has more than {MOST >> 30} GB.")
        return data

    def _laid(self, one: Handed, data: bytes) -> Path:
        """Lays a file aside, in a folder as it is to be submitted."""
        folder = Path(mkdtemp(dir=self.aside)) / self.lesson.name
        folder.mkdir()
        path = PurePosixPath(one.owner.file)
        # `.IPYNB` is one as well.
        (folder / f"{path.stem}{path.suffix.lower()}").write_bytes(data)
        if one.when:
            (folder / STAMP).write_text(stamp(one.when), encoding="utf-8")
        _name(folder, one)
        return folder

    def _stays(self, folder: Path, new: _New) -> tuple[str, str]:
        """Why what is there stays: it is newer, or the new work has a problem."""
        if not _work_in(folder) or _holds(folder, new.data):
            return "", ""
        then, when = handed_in(folder), new.one.when
        if then and when and when < then:
            local = f"{then.astimezone(self.room.zone):%Y-%m-%d %H:%M}"
            return f"What is there is newer ({local}): not taken.", ""
        if new.problem and not judged(self.lesson, folder)[2]:
            return "", f"{new.problem} What was there stays."
        return "", ""

    def _swapped(self, folder: Path, new: _New) -> str:
        """Puts work in place, whole or not at all; says what made way, if anything."""
        if _holds(folder, new.data):
            _earlier(folder, new.one.when)
            _name(folder, new.one)
            return ""
        says = ""
        if os.path.lexists(folder):
            then, when = handed_in(folder), new.one.when
            older = then and when and then < when
            says = "Replaced an older one." if older else "Replaced what was there."
            keep(self.lesson, new.student, folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.rename(new.folder, folder)
        return says


def _rank(one: Handed, noun: str) -> tuple[Any, ...]:
    """What counts of several: the last attempt, the lesson's name, the last saved."""
    path = PurePosixPath(one.owner.file)
    copy = COPY.search(path.stem)
    plain = COPY.sub("", path.stem).strip().lower()
    named = 2 if plain == noun and path.suffix.lower() == ".ipynb" else noun in plain
    when = one.when.timestamp() if one.when else 0.0
    return one.owner.attempt, named, when, int(copy[1]) if copy else 0, one.where


def place(lesson: Lesson, student: str) -> Path:
    """Where a student's submission of a lesson belongs."""
    return lesson.course.grading / "submitted" / student / lesson.name


def _work_in(folder: Path) -> list[Path]:
    """What lies in a submitted folder and is not ours; nothing behind a link."""
    if not folder.is_dir() or folder.is_symlink():
        return []
    return [path for path in folder.iterdir() if path.name not in OURS]


def _holds(folder: Path, data: bytes) -> bool:
    """True if a folder holds this very work, under any name, and no other."""
    there = _work_in(folder)
    return len(there) == 1 and there[0].is_file() and there[0].read_bytes() == data


def _earlier(folder: Path, when: datetime | None) -> None:
    """The same work was there already: it came when it came first."""
    known = handed_in(folder)
    if when and (known is None or when < known):
        whole.write(folder / STAMP, stamp(when))


def _name(folder: Path, one: Handed) -> None:
    """Lays beside work what the platform called it, if a platform did."""
    if one.owner.platform:
        (folder / ORIGIN).write_text(f"{one.name}\n", encoding="utf-8")


def keep(lesson: Lesson, student: str, folder: Path) -> None:
    """Moves a folder that makes way to where nothing is lost."""
    shelf = lesson.course.grading / "replaced" / student / lesson.name
    shelf.mkdir(parents=True, exist_ok=True)
    now, count = f"{datetime.now(UTC):%Y-%m-%d-%H-%M-%S}", 1
    target = shelf / now
    while os.path.lexists(target):
        count += 1
        target = shelf / f"{now}-{count}"
    shutil.move(folder, target)


def stamp(when: datetime) -> str:
    """A time as nbgrader writes it."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"


def handed_in(folder: Path) -> datetime | None:
    """When a submitted folder was handed in, by its `timestamp.txt`."""
    with suppress(OSError, ValueError, OverflowError):
        return roster.aware(dates.parse((folder / STAMP).read_text("utf-8").strip()))
    return None


def judged(lesson: Lesson, folder: Path) -> tuple[str, str, str]:
    """A folder's notebook, the lesson it says it is of, and what is wrong with it."""
    file = problem = theirs = ""
    try:
        found = files.choose(folder, lesson.noun)
        file = found.name
        theirs = intake.read(found.path)[1]
        if theirs and theirs != lesson.name:
            problem = f"The notebook is lesson {files.printable(theirs)}'s."
    except files.Unreadable as reason:
        problem = str(reason)
    return file, theirs, problem


def look(lesson: Lesson, room: Classroom, student: str) -> Row:
    """The row of what lies in a student's folder: what, when, and what is wrong."""
    folder = place(lesson, student)
    when = handed_in(folder)
    file, _, problem = judged(lesson, folder)
    return Row(
        student,
        room.person(student).name,
        file,
        f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if when else "",
        room.late_by(student, lesson.number, when).total_seconds(),
        problem=problem,
    )


def _collection(
    lesson: Lesson,
    room: Classroom,
    rows: Sequence[Row],
    unmatched: Sequence[Unmatched] = (),
) -> Collection:
    there = {row.student for row in rows}
    absent = [s for s in absentees(lesson, room) if s not in there]
    excused = [s for s in absent if room.excused(s, lesson.number)]
    missing = [s for s in absent if s not in excused]
    return Collection(lesson.name, [*rows], [*unmatched], missing, excused)


def absentees(lesson: Lesson, room: Classroom) -> Iterator[str]:
    """Those of the roster from whom nothing of a lesson is there."""
    yield from (s for s in room.people if not place(lesson, s).is_dir())


# ---------------------------------------------------------------- nbgrader's exchange


def from_exchange(lesson: Lesson) -> Collection:
    """Has nbgrader collect what students submitted; what it replaces is kept.

    Raises:
        CourseError: If there is no exchange, or nbgrader cannot.
    """
    from graders.classroom.exchange import Exchange  # nbgrader takes seconds to import
    from graders.gradebook import Book

    room = roster.read(lesson.course)
    exchange = Exchange(Book(lesson.course))
    with alone(lesson.course), TemporaryDirectory(dir=lesson.course.grading) as aside:
        before = _copies(lesson, Path(aside))
        exchange.collect(lesson)
        changed = {s for s, copy in before.items() if _differs(copy, place(lesson, s))}
        for student in changed:
            keep(lesson, student, before[student])
    students = sorted(path.parent.name for path in _submitted(lesson))
    rows = [replace(look(lesson, room, s), replaced=s in changed) for s in students]
    unmatched = [
        Unmatched(f"{s}/{lesson.name}", f"Nobody on the roster has the id {s!r}.")
        for s in students
        if room.people and s not in room.people
    ]
    return _collection(lesson, room, rows, unmatched)


def _submitted(lesson: Lesson) -> Iterator[Path]:
    found = (lesson.course.grading / "submitted").glob(f"*/{lesson.name}")
    return (path for path in found if path.is_dir() and not path.is_symlink())


def _copies(lesson: Lesson, aside: Path) -> dict[str, Path]:
    """Copies of what is submitted so far, by student."""
    copies = {}
    for folder in _submitted(lesson):
        copies[folder.parent.name] = aside / folder.parent.name
        shutil.copytree(folder, aside / folder.parent.name, symlinks=True)
    return copies


def _differs(one: Path, other: Path) -> bool:
    seen = filecmp.dircmp(one, other, ignore=[])
    odd = [seen.left_only, seen.right_only, seen.diff_files, seen.funny_files]
    return any(odd) or any(_differs(one / n, other / n) for n in seen.common_dirs)


# -------------------------------------------------------------------------- the command


def collect_lesson(
    lesson: Lesson, source: Path | None, exchange: bool = False, as_json: bool = False
) -> int:
    """`course collect`: 1 if something needs a look.

    Raises:
        CourseError: If nothing can be collected.
    """
    if (source is None) != exchange:
        hint = f"course collect {lesson.number} FROM.zip"
        raise CourseError(f"Name a zip or a folder, or --exchange: {hint}")
    found = take_in(lesson, source) if source else from_exchange(lesson)
    if as_json:
        json.dump(asdict(found), sys.stdout, indent=1)
        print()
    else:
        show(found, roster.read(lesson.course))
    return int(found.needs_a_look)
