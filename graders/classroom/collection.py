"""What a collecting found, and how that is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from graders import files
from graders.classroom.roster import Classroom, span


@dataclass(frozen=True)
class Row:
    """What one student handed in for a lesson.

    Args:
        student: Their id.
        name: What people call them.
        file: The file that was taken, "" if none could be.
        when: When it was handed in, ISO 8601 in UTC, "" if nothing tells.
        late: How many seconds too late, with their extension.
        marked_late: True if the platform calls it late.
        left_out: Their other files, which were not taken.
        replaced: True if other work made way.
        problem: Why it cannot be graded, or was not taken, or "".
        told: What became of it and of what was there, a sentence, or "".
    """

    student: str
    name: str
    file: str = ""
    when: str = ""
    late: float = 0.0
    marked_late: bool = False
    left_out: tuple[str, ...] = ()
    replaced: bool = False
    problem: str = ""
    told: str = ""


@dataclass(frozen=True)
class Unmatched:
    """A file that is nobody's, or might be that of two people."""

    file: str
    says: str


@dataclass
class Collection:
    """What a collecting found: the rows, who is missing, and what belongs to nobody."""

    lesson: str
    handed_in: list[Row] = field(default_factory=list)
    unmatched: list[Unmatched] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)

    @property
    def needs_a_look(self) -> bool:
        return bool(self.unmatched) or any(row.problem for row in self.handed_in)


def show(found: Collection, room: Classroom) -> None:
    """Prints a table of what came, then who is missing and what is nobody's."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        "student", "handed in", "file", "to be said", box=None, pad_edge=False
    )
    for row in found.handed_in:
        when = datetime.fromisoformat(row.when) if row.when else None
        local = f"{when.astimezone(room.zone):%Y-%m-%d %H:%M}" if when else "?"
        words = (row.student, local, files.printable(row.file), " ".join(said(row)))
        table.add_row(*map(Text, words))
    console = Console(highlight=False)
    console.print(table)
    for line in summary(found, room):
        console.print(Text(line))


def said(row: Row) -> list[str]:
    """What there is to say about a row, a sentence each."""
    lines = [row.problem] if row.problem else []
    if row.late:
        lines.append(f"Late by {span(timedelta(seconds=row.late))}.")
    elif row.marked_late:
        lines.append("Late, says the platform.")
    if row.left_out:
        names = ", ".join(row.left_out[:3])
        more = f" and {len(row.left_out) - 3} more" if len(row.left_out) > 3 else ""
        lines.append(f"Left out: {names}{more}.")
    replaced = "Replaced an older one." if row.replaced else ""
    return lines + [line for line in [row.told or replaced] if line]


def summary(found: Collection, room: Classroom) -> list[str]:
    """The lines below the table."""
    good = sum(not row.problem for row in found.handed_in)
    late = sum(bool(row.late or row.marked_late) for row in found.handed_in)
    twice = sum(bool(row.left_out) for row in found.handed_in)
    bad = len(found.handed_in) - good
    counts = {"late": late, "with several files": twice, "that cannot be read": bad}
    told = [f"{number} {what}" for what, number in counts.items() if number]
    lines = [", ".join([f"{found.lesson}: {len(found.handed_in)} handed in", *told])]
    for what, students in (("Missing", found.missing), ("Excused", found.excused)):
        if students:
            names = ", ".join(_called(room, student) for student in students)
            lines.append(f"{what} ({len(students)}): {names}")
    for one in found.unmatched:
        lines.append(f"Not taken: {one.file}: {one.says}")
    return lines


def _called(room: Classroom, student: str) -> str:
    name = room.person(student).name
    return student if name == student else f"{name} ({student})"
