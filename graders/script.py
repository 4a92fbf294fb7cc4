"""A lesson's script, read: cells with their marks, and everything wrong with them.

Four short marks on a cell become nbgrader's metadata: `answer=`, `check=` and `essay=`
with `points=`, `given=`. What is wrong is told with file and line, all at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from graders.course import CourseError
from graders.exercise import Choice, Exercise

MARKS = ("answer", "check", "essay", "given")
PLAIN = {"points", "tags", "minutes", "slideshow"}
FOLDED = "folded"  # a tag: the cell only draws, so that its code is folded away
NAME = re.compile(r"[a-z]+[0-9]*(-[a-z0-9]+)*")
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
MARKER = re.compile(r"#*\s*(begin|end)[\s_-]*(solution|hidden[\s_-]*tests?)s?\b", re.I)
CHECK = re.compile(r'check\("([^"]+)", (\w+)\)')
DOWNLOAD = re.compile(r"urlopen|urlretrieve|requests\.get|get_file\(|keras\.datasets")
PATH = re.compile(r"""["'](/[\w.]|~/|[A-Za-z]:\\)""")
LONGEST_ANSWER = 15
TELLING = 12  # characters from which a solution's line gives something away

HIDDEN = """
### BEGIN HIDDEN TESTS
check("{name}", {answer}, secret=True)
### END HIDDEN TESTS"""

NBGRADER = {
    "answer": {"grade": False, "solution": True, "locked": False},
    "check": {"grade": True, "solution": False, "locked": True},
    "essay": {"grade": True, "solution": True, "locked": False},
    "given": {"grade": False, "solution": False, "locked": True},
}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


@dataclass
class Cell:
    """One cell of a script, with the line its mark stands on."""

    line: int
    node: NotebookNode
    mark: str = ""
    name: str = ""

    @property
    def code(self) -> bool:
        return bool(self.node.cell_type == "code")

    @property
    def lines(self) -> list[str]:
        return list(self.node.source.split("\n"))

    def region(self) -> list[str]:
        """The lines between the solution markers."""
        return [line for line, inside in _regions(self.lines) if inside]

    def outside(self) -> list[str]:
        """The lines that students are given."""
        return [line for line, inside in _regions(self.lines) if not inside]


def _regions(lines: list[str]) -> Iterator[tuple[str, bool]]:
    inside = False
    for line in lines:
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        else:
            yield line, inside


@dataclass
class Script:
    """A lesson's script as cells."""

    path: Path
    cells: list[Cell] = field(default_factory=list)

    def solution_lines(self) -> set[str]:
        """Stripped lines that must not reach a student."""
        given = {line.strip() for cell in self.cells for line in cell.outside()}
        solved = {line.strip() for cell in self.cells for line in cell.region()}
        return {line for line in solved - given if len(line) >= TELLING}


def read(path: Path, exercises: Mapping[str, Exercise | Choice]) -> Script:
    """Reads a script and refuses what is wrong with it.

    Raises:
        CourseError: With one line for each problem: file, line, what was found.
    """
    script = _parse(path)
    problems = [*_problems(script), *_registry_problems(script, exercises)]
    if problems:
        lines = [f"{path}:{line}: {text}" for line, text in sorted(problems)]
        raise CourseError("\n".join(lines))
    return script


def _parse(path: Path) -> Script:
    text = path.read_text(encoding="utf-8")
    marks = [n for n, t in enumerate(text.split("\n"), 1) if t.startswith("# %%")]
    nodes = jupytext.reads(text, fmt="py:percent").cells
    if len(marks) != len(nodes):
        raise CourseError(f"{path}:1: text stands before the first `# %%`.")
    cells = []
    for line, node in zip(marks, nodes, strict=True):
        for key in ("lines_to_next_cell", "cell_marker"):  # jupytext's own notes
            node.metadata.pop(key, None)
        mark = next((m for m in MARKS if m in node.metadata), "")
        cells.append(Cell(line, node, mark, str(node.metadata.get(mark, ""))))
    return Script(path, cells)


# ------------------------------------------------------------------- what is refused

Problems = Iterator[tuple[int, str]]


def _problems(script: Script) -> Problems:
    seen: dict[tuple[str, str], int] = {}
    for cell in script.cells:
        yield from _mark_problems(cell)
        yield from _marker_problems(cell)
        if cell.code:
            yield from _code_problems(cell)
        first = seen.setdefault((cell.mark, cell.name), cell.line)
        if cell.mark and first != cell.line:
            yield cell.line, f"{cell.mark}={cell.name!r} stands at line {first} too."
    yield from _order_problems(script)


def _mark_problems(cell: Cell) -> Problems:
    data = cell.node.metadata
    for key in data:
        if key not in (*MARKS, *PLAIN):
            yield cell.line, f"unknown mark {key!r}. Marks are {', '.join(MARKS)}."
    if len([mark for mark in MARKS if mark in data]) > 1:
        yield cell.line, "a cell carries one mark, and here are two."
    if cell.mark and not NAME.fullmatch(cell.name):
        yield cell.line, f"the name {cell.name!r} is not like noun-thing."
    if cell.mark in ("answer", "check") and not cell.code:
        yield cell.line, f"{cell.mark}= belongs on a code cell."
    if cell.mark == "essay" and cell.code:
        yield cell.line, "essay= belongs on a markdown cell."
    graded = cell.mark in ("check", "essay")
    points = data.get("points")
    if graded and (type(points) is not int or points < 0):
        yield cell.line, f"{cell.mark}={cell.name!r} needs points=N, found {points!r}."
    if not graded and points is not None:
        yield cell.line, "points= belongs to check= or essay=."


def _marker_problems(cell: Cell) -> Problems:
    open_at = 0
    for number, text in enumerate(cell.lines, cell.line + 1):
        if not MARKER.match(text.strip()):
            continue
        marker = text.strip()
        if marker not in (BEGIN, END):
            yield number, f"misspelt marker {marker!r}: write {BEGIN!r} or {END!r}."
        elif cell.mark not in ("answer", "essay"):
            yield number, "a solution stands in a cell that is no answer= or essay=."
        elif (marker == BEGIN) == bool(open_at):
            yield number, f"{marker!r} does not alternate with the other marker."
        else:
            open_at = number if marker == BEGIN else 0
    if open_at:
        yield open_at, f"{BEGIN!r} without {END!r}."
    if cell.mark in ("answer", "essay"):
        size = len(cell.region())
        if not size:
            yield cell.line, f"{cell.mark}={cell.name!r} has no solution."
        elif cell.mark == "answer" and size > LONGEST_ANSWER:
            yield cell.line, f"a solution of {size} lines; {LONGEST_ANSWER} are enough."


def _code_problems(cell: Cell) -> Problems:
    for number, text in enumerate(cell.lines, cell.line + 1):
        stripped = text.strip()
        if stripped.startswith(("!", "%")) and not stripped.startswith("%matplotlib"):
            yield number, f"no magics but %matplotlib, no shell: {stripped!r}."
        if DOWNLOAD.search(text):
            yield number, "a lesson downloads nothing."
        if PATH.search(text):
            yield number, "a path outside the lesson's folder."


def _order_problems(script: Script) -> Problems:
    code = [cell for cell in script.cells if cell.code]
    if code and code[0].mark != "given":
        yield code[0].line, 'the first code cell is the setup: mark it given="setup".'
    for cell in code[1:]:
        late = "late-import" in cell.node.metadata.get("tags", [])
        if not late and re.search(r"^(import|from) ", cell.node.source, re.M):
            yield (
                cell.line,
                'imports stand in the first code cell, or tag "late-import".',
            )
    waiting: Cell | None = None
    for cell in script.cells:
        if cell.mark == "answer":
            if waiting:
                yield waiting.line, f"answer={waiting.name!r} has no check below it."
            waiting = cell
        if cell.mark == "check":
            waiting = None
    if waiting:
        yield waiting.line, f"answer={waiting.name!r} has no check below it."


def _registry_problems(
    script: Script, exercises: Mapping[str, Exercise | Choice]
) -> Problems:
    checks = {cell.name: cell for cell in script.cells if cell.mark == "check"}
    for name, cell in checks.items():
        first = CHECK.fullmatch(cell.lines[0].strip())
        if name not in exercises:
            yield cell.line, f"check={name!r} is no exercise of this lesson's registry."
        elif not first or first.groups() != (name, exercises[name].answer):
            want = f'check("{name}", {exercises[name].answer})'
            yield cell.line + 1, f"a check begins with {want}, found {cell.lines[0]!r}."
    for name in exercises.keys() - checks.keys():
        yield 1, f"the exercise {name!r} of the registry has no check in the script."


# ------------------------------------------------------------------------- expanding


def expand(script: Script, lesson: str) -> NotebookNode:
    """The source notebook: nbgrader's metadata, steady ids, the hidden lines."""
    taken: set[str] = set()
    cells = [_expanded(cell, taken) for cell in script.cells]
    about = {"lesson": lesson}
    language = {"name": "python"}
    return new_notebook(
        cells=cells,
        metadata={"course": about, "kernelspec": KERNEL, "language_info": language},
    )


def _expanded(cell: Cell, taken: set[str]) -> NotebookNode:
    node = cell.node.copy()
    data = dict(node.metadata)
    tags = [tag for tag in data.get("tags", []) if tag != FOLDED]
    ident = f"{cell.mark}-{cell.name}" if cell.mark else _hashed(cell, taken)
    taken.add(ident)
    extra: dict[str, Any] = {k: data[k] for k in ("minutes", "slideshow") if k in data}
    if cell.mark:
        extra["nbgrader"] = {
            **NBGRADER[cell.mark],
            "grade_id": ident,
            "schema_version": 3,
            "task": False,
        }
    if cell.mark in ("check", "essay"):
        extra["nbgrader"]["points"] = data["points"]
    if cell.code and cell.name != "setup":  # Run All goes on to the next
        tags.append("raises-exception")
    if cell.mark == "check":
        name, answer = CHECK.match(node.source).groups()  # type: ignore[union-attr]
        node.source += HIDDEN.format(name=name, answer=answer)
    if tags:
        extra["tags"] = tags
    if FOLDED in data.get("tags", []):
        extra["jupyter"] = {"source_hidden": True}
    node.metadata = NotebookNode(extra)
    node.id = ident
    return node


def _hashed(cell: Cell, taken: set[str]) -> str:
    ident = hashlib.sha256(cell.node.source.encode()).hexdigest()[:12]
    while ident in taken:
        ident = hashlib.sha256(ident.encode()).hexdigest()[:12]
    return ident
