"""Reads what was submitted and puts it into the frame of the release.

Nothing is run and nothing raises but `Unreadable`, with one sentence for people. Of a
submitted file only text is used: never its tags, points, flags or outputs.
"""

from __future__ import annotations

import ast
import codecs
import copy
import json
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

from graders import files
from graders.files import AnyPath, Unreadable

MOST_CELLS = 2000
MOST_PARTS = 300_000  # lists and objects in a file
CONFLICT = re.compile(r"^(<<<<<<< |>>>>>>> )", re.M)
CHECK_CALL = re.compile(r"\s*check\(")
IMAGES = ("image/png", "image/jpeg")
BYTE_ORDER = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Found:
    """What is used of one submitted cell."""

    kind: str
    source: str
    grade_id: str = ""
    ident: str = ""
    count: int = -1
    images: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """A submission in the frame of the release.

    Args:
        notebook: The release with the student's answers, essays and added cells.
        notes: What was repaired, a sentence each.
    """

    notebook: NotebookNode
    notes: tuple[str, ...]


def read(path: AnyPath) -> tuple[list[Found], str]:
    """The cells of a submitted file, and the lesson it says it belongs to.

    Raises:
        Unreadable: If it is no notebook.
    """
    document = _document(_text(path))
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("The file is JSON but no notebook: it has no cells.")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"The notebook has {len(cells)} cells; {MOST_CELLS} are read.")
    lesson = _get(document, "metadata", "course", "lesson")
    found = [_found(cell) for cell in cells if isinstance(cell, dict)]
    return found, lesson if isinstance(lesson, str) else ""


def accept(
    path: AnyPath, release: NotebookNode, names: Mapping[str, str]
) -> Submission:
    """Reads a submitted file and puts its cells into the frame of the release.

    Args:
        path: What was submitted.
        release: The lesson's release; not changed.
        names: The function or variable of each answer cell: `{"answer-softmax":
            "softmax"}`.

    Raises:
        Unreadable: If it cannot be graded.
    """
    cells, lesson = read(path)
    wanted = release.metadata.get("course", {}).get("lesson", "")
    frame = _Frame(release, names)
    frame.take(cells)
    # Lessons share cells, such as the one that imports; exercises they do not.
    if lesson not in ("", wanted) and not frame.has_exercises:
        raise Unreadable(f"The notebook is lesson {lesson}'s.")
    if not frame.matched:
        raise Unreadable("None of the notebook's cells belongs to this lesson.")
    return Submission(frame.notebook(), tuple(frame.notes))


# --------------------------------------------------------------------------- reading


def _text(path: AnyPath) -> str:
    data = files.read(path)
    if len(data) > files.LARGEST:
        raise Unreadable(f"The file has more than {files.LARGEST >> 20} MB.")
    if not data.strip():
        raise Unreadable("The file is empty.")
    codes = [code for mark, code in BYTE_ORDER.items() if data.startswith(mark)]
    try:
        return data.decode(codes[0] if codes else "utf-8")
    except UnicodeError:
        raise Unreadable("The file is no text, so it is no notebook.") from None


def _document(text: str) -> dict[str, Any]:
    if CONFLICT.search(text):
        raise Unreadable("The file holds the marks of a merge conflict (`<<<<<<<`).")
    if text.count("{") + text.count("[") > MOST_PARTS:
        raise Unreadable("The file is made of more parts than any notebook.")
    try:
        document = json.loads(text)
        if isinstance(document, dict) and isinstance(document.get("worksheets"), list):
            document = nbformat.convert(nbformat.from_dict(document), 4)
    except json.JSONDecodeError as error:
        whole = not text.lstrip().startswith("{")
        cut = "It is no notebook." if whole else "It is cut off or was damaged."
        raise Unreadable(f"The file breaks off at line {error.lineno}. {cut}") from None
    except Exception:  # too deep, or a notebook of an old kind that breaks its rules
        raise Unreadable("The file is built in a way no notebook is.") from None
    if not isinstance(document, dict):
        raise Unreadable("The file is JSON but no notebook.")
    return document


def _found(cell: Mapping[str, Any]) -> Found:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    count = cell.get("execution_count")
    return Found(
        kind=_string(cell.get("cell_type")),
        source=_clean(_string(source)),
        grade_id=_string(_get(cell, "metadata", "nbgrader", "grade_id")),
        ident=_string(cell.get("id")),
        count=count if type(count) is int else -1,
        images=_images(cell.get("attachments")),
    )


def _clean(text: str) -> str:
    """Without the halves of characters, which no file and no pipe can carry."""
    return text.encode(errors="replace").decode()


def _images(attachments: Any) -> dict[str, Any]:
    """Attached pictures. SVG is a program, not a picture."""
    items = attachments.items() if isinstance(attachments, dict) else ()
    kept = {}
    for name, bundle in items:
        pictures = {
            kind: bundle[kind]
            for kind in IMAGES
            if isinstance(bundle, dict) and isinstance(bundle.get(kind), str)
        }
        if pictures:
            kept[name] = pictures
    return kept


def _get(item: Any, *keys: str) -> Any:
    for key in keys:
        item = item.get(key) if isinstance(item, dict) else None
    return item


def _string(item: Any) -> str:
    return item if isinstance(item, str) else ""


# --------------------------------------------------------------------------- placing


class _Frame:
    """The release's cells, each with what was submitted for it and added after it."""

    def __init__(self, release: NotebookNode, names: Mapping[str, str]) -> None:
        self.release, self.names = release, names
        self.places = {cell.id: i for i, cell in enumerate(release.cells)}
        grades = {grade_id(cell): i for i, cell in enumerate(release.cells)}
        self.places |= {ident: i for ident, i in grades.items() if ident}
        self.texts = {c.source.strip(): i for i, c in enumerate(release.cells)}
        self.matched: dict[int, list[tuple[int, Found]]] = {}
        self.added: dict[int, list[Found]] = {}
        self.cells: Sequence[Found] = ()
        self.notes: list[str] = []

    def take(self, cells: Sequence[Found]) -> None:
        """Matches cells by grade id, id or text, and else by the name they define."""
        self.cells, here = cells, -1
        places = [self._at(cell) for cell in cells]
        for number, (cell, at) in enumerate(zip(cells, places, strict=True)):
            if at is None:
                at = self._by_name(cell, {*places, *self.matched})
            if at is not None:
                here = at
                self.matched.setdefault(at, []).append((number, cell))
            elif cell.source.strip() and not CHECK_CALL.match(cell.source):
                self.added.setdefault(here, []).append(cell)

    @property
    def has_exercises(self) -> bool:
        """True if cells that no other lesson has marked are answers or checks."""
        return any(
            mark_of(self.release.cells[at]) in ("answer", "check")
            and any(not one.grade_id or one.grade_id in self.places for _, one in found)
            for at, found in self.matched.items()
        )

    def _at(self, cell: Found) -> int | None:
        keys = [key for key in (cell.grade_id, cell.ident) if key in self.places]
        return self.places[keys[0]] if keys else self.texts.get(cell.source.strip())

    def _by_name(self, cell: Found, taken: set[int | None]) -> int | None:
        """The answer whose function or variable an unmarked cell defines."""
        if cell.kind != "code":
            return None
        defined = _defined(cell.source)
        for ident, name in self.names.items():
            if name in defined and self.places[ident] not in taken:
                self.notes.append(f"{name}: found by its name; the cell's mark is lost")
                return self.places[ident]
        return None

    def notebook(self) -> NotebookNode:
        """The frame, filled."""
        cells = list(map(_new, self.added.get(-1, [])))
        for at, cell in enumerate(self.release.cells):
            filled, extra = self._fill(at, copy.deepcopy(cell))
            cells += [*map(_new, extra), filled, *map(_new, self.added.get(at, []))]
        for number, cell in enumerate(cells):
            cell.setdefault("id", f"added-{number}")
        return nbformat.v4.new_notebook(
            cells=cells, metadata=copy.deepcopy(self.release.metadata)
        )

    def _fill(self, at: int, cell: NotebookNode) -> tuple[NotebookNode, list[Found]]:
        """A cell of the release with what was submitted for it; what else there was."""
        found = self.matched.get(at, [])
        kind = mark_of(cell)
        if kind not in ("answer", "essay"):
            if found and not kind and cell.cell_type == "code":
                cell.source = found[-1][1].source
            return cell, []
        if not found:
            self._missing(cell)
            return cell, []
        blank = cell.source.strip()

        def rank(item: tuple[int, Found]) -> tuple[bool, int, int]:
            number, one = item
            return one.source.strip() != blank, one.count, number

        *others, (_, best) = sorted(found, key=rank)
        if others:
            used = "the one run last" if best.count >= 0 else "the last one"
            self.notes.append(f"{grade_id(cell)}: {len(found)} cells, {used} counts")
        if best.kind != cell.cell_type:
            self.notes.append(f"{grade_id(cell)}: was turned into a {best.kind} cell")
        cell.source = best.source
        if best.images and cell.cell_type == "markdown":
            cell.attachments = dict(best.images)
        return cell, [one for _, one in others if one.source.strip() != blank]

    def _missing(self, cell: NotebookNode) -> None:
        """A cell that is gone is blank, unless another one has its answer."""
        name = self.names.get(grade_id(cell), "")
        texts = [c.source for c in self.cells if c.kind == "code" and name in c.source]
        if name and any(name in _defined(text) for text in texts):
            self.notes.append(f"{name}: is in another cell; its own is gone")
            cell.source = ""
        else:
            self.notes.append(f"{grade_id(cell)}: the cell is not in the notebook")


def _new(cell: Found) -> NotebookNode:
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
    }.get(cell.kind, nbformat.v4.new_raw_cell)
    node = make(cell.source, metadata={"course": {"added": True}})
    del node["id"]
    return node


def grade_id(cell: Mapping[str, Any]) -> str:
    """nbgrader's name of a cell, "" if it has none."""
    return _string(_get(cell, "metadata", "nbgrader", "grade_id"))


def mark_of(cell: Mapping[str, Any]) -> str:
    """Which of the four marks a cell of a release carries, "" if none."""
    return grade_id(cell).partition("-")[0]


def was_added(cell: Mapping[str, Any]) -> bool:
    """True for a cell that the student added."""
    return bool(_get(cell, "metadata", "course", "added"))


def _parsed(source: str) -> list[ast.stmt] | None:
    """The statements of a cell, None if it is no plain Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a student's text
            return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _defined(source: str) -> set[str]:
    """The names a cell defines at top level; by pattern where it is no Python."""
    body = _parsed(source)
    if body is None:
        pairs = re.findall(r"^(?:def|class) (\w+)|^(\w+) *=", source, re.M)
        return {name for pair in pairs for name in pair if name}
    return {name for node in body for name in _names(node)}


def _names(node: ast.stmt) -> Iterable[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def definitions(source: str) -> str:
    """The imports, functions and classes of a cell, without what it does besides.

    "" if the cell is no plain Python.
    """
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    kept = [node for node in _parsed(source) or [] if isinstance(node, kinds)]
    lines = source.splitlines()
    return "\n".join(
        "\n".join(lines[_first_line(node) - 1 : node.end_lineno]) for node in kept
    )


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])
