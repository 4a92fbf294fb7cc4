"""A submission in the making, and how an attack on the grader is written down.

An attack is a function that changes an honest paper. Its docstring says what was
submitted; its decorator says what that deserves, and what its author must be told.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

from nbformat import NotebookNode, v4

from graders import intake

ALL, REST, NOTHING = "everything", "all but the first function", "nothing"
REFUSED = "no grade: too large"  # here; another grader may have other limits
FIRST = "Ada"  # an honest student, whose folder comes before all others
WRONG = "lambda *args, **kwargs: 7"
BEFORE = """
_right = {name}

def {name}(*args, **kwargs):
{lines}
    return _right(*args, **kwargs)
"""


@dataclass
class Paper:
    """What one student hands in: an honest notebook, until an attack changes it.

    Args:
        notebook: The release with right answers.
        functions: The names of the functions and classes asked for, by grade id.
        ident: The grade id of the first function.
        noun: The lesson's.
        port: Where a server of this computer hands out the answers.
        mark: So many seconds sleeps no process of anybody else.
        filename: The notebook's.
        files: What lies beside the notebook, by name.
        raw: From the notebook's bytes to those that are handed in.
        place: What else is done in the folder, once it is written.
    """

    notebook: NotebookNode
    functions: Mapping[str, str]
    ident: str
    noun: str
    port: int
    mark: str
    filename: str
    files: dict[str, str | bytes] = field(default_factory=dict)
    raw: Callable[[bytes], bytes] = bytes
    place: Callable[[Path], object] = str

    @property
    def name(self) -> str:
        """The first function that the lesson asks for: most attacks are about it."""
        return self.functions[self.ident]

    @property
    def cells(self) -> list[NotebookNode]:
        return self.notebook.cells

    def at(self, ident: str = "") -> int:
        """The place of a marked cell; of the first function's if left out."""
        marks = [intake.grade_id(cell) for cell in self.cells]
        return marks.index(ident or self.ident)

    @property
    def cell(self) -> NotebookNode:
        """The first function's."""
        return self.cells[self.at()]

    def marked(self, mark: str) -> list[NotebookNode]:
        """The cells of a mark: `check`, `answer`, `essay`, `given`."""
        return [cell for cell in self.cells if intake.mark_of(cell) == mark]

    def add(self, source: str, at: int | None = None) -> None:
        """A code cell of the student's, before the first function or elsewhere."""
        cell = v4.new_code_cell(source)
        self.cells.insert(self.at() if at is None else at, cell)

    def answer_all(self, source: str = WRONG) -> None:
        """Nothing is answered but functions, all of them by one expression."""
        for cell in self.marked("answer"):
            name = self.functions.get(intake.grade_id(cell))
            cell.source = f"{name} = {source.format(name=name)}" if name else "..."

    def begin(self, lines: str) -> None:
        """Lines at the beginning of the first function, which then goes on rightly."""
        own = {"name": self.name, "lines": indent(lines, "    ")}
        self.cell.source += BEFORE.format(**own)

    def zip(self, before: str, data: bytes | None = None) -> None:
        """Is handed in as a zip, in which the notebook's name begins with `before`."""
        stream, whole = io.BytesIO(), json.dumps(self.notebook)
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr(before + self.filename, data or whole)
        self.files["homework.zip"], self.filename = stream.getvalue(), ""

    def write(self, folder: Path) -> None:
        """Hands it in."""
        folder.mkdir(parents=True)
        for name, data in self.files.items():
            data = data.encode() if isinstance(data, str) else data
            (folder / name).write_bytes(data)
        whole = self.raw(json.dumps(self.notebook).encode())
        if self.filename:
            (folder / self.filename).write_bytes(whole)
        self.place(folder)


@dataclass(frozen=True)
class Attack:
    """One line of the bank.

    Args:
        name: Its function's name, in words.
        section: Its module's.
        says: What was submitted.
        change: From an honest paper to this one.
        earns: ALL, REST or NOTHING of the points, or REFUSED.
        told: A pattern of what the student reads, where points are lost.
        alone: True where nothing but a sandbox keeps it from harming a computer.
        student: The name it is handed in under.
        lesson: The noun of the one lesson that it is about, "" for any.
    """

    name: str
    section: str
    says: str
    change: Callable[[Paper], None]
    earns: str
    told: str = ""
    alone: bool = False
    student: str = ""
    lesson: str = ""


ENTERED: dict[str, list[Attack]] = {}  # by module


def attack(
    earns: str,
    told: str = "",
    alone: bool = False,
    student: str = "",
    lesson: str = "",
) -> Callable[[Callable[[Paper], None]], Callable[[Paper], None]]:
    """Enters a function among the attacks."""

    def enter(change: Callable[[Paper], None]) -> Callable[[Paper], None]:
        assert change.__doc__
        name = change.__name__.replace("_", " ")
        section, says = change.__module__.rpartition(".")[2], change.__doc__
        who = student or name.replace(" ", "-")
        one = Attack(name, section, says, change, earns, told, alone, who, lesson)
        ENTERED.setdefault(change.__module__, []).append(one)
        return change

    return enter
