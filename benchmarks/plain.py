"""A lesson as an assignment of nbgrader's own kind, for `benchmarks.attacks`."""

from __future__ import annotations

import ast
import re

import nbformat
from nbformat import NotebookNode, v4

from graders import intake
from graders.course import Lesson

HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS\n?", re.S)
COURSES_OWN = ("from graders", "from transformer", "import graders", "check(")


def plain(lesson: Lesson) -> NotebookNode:
    """The lesson as an assignment of nbgrader's: answers, and asserts that test."""
    made, cells = v4.new_notebook(cells=[]), _without_course(lesson)
    used = {
        name
        for cell in cells
        if intake.mark_of(cell) == "check"
        for name in _names(cell.source, ast.Load)
    }
    for cell in cells:
        kept = intake.mark_of(cell) in ("given", "check", "answer")
        if kept or used & _names(cell.source, ast.Store):
            cell.update(outputs=[], execution_count=None)
            made.cells.append(cell)
    return made


def _without_course(lesson: Lesson) -> list[NotebookNode]:
    """The solved lesson's cells of code, without what only this course has."""
    cells = nbformat.read(lesson.solved, as_version=4).cells
    found = [cell for cell in cells if cell.cell_type == "code"]
    for cell in found:
        lines = HIDDEN.sub("", cell.source).split("\n")
        cell.source = "\n".join(x for x in lines if not x.startswith(COURSES_OWN))
    return [cell for cell in found if cell.source.strip()]


def _names(source: str, context: type[ast.expr_context]) -> set[str]:
    """The names that top-level statements load, or give a value."""
    nodes = ast.walk(ast.Module(_statements(source), []))
    named = (node for node in nodes if isinstance(node, ast.Name))
    return {node.id for node in named if isinstance(node.ctx, context)}


def _statements(source: str) -> list[ast.stmt]:
    inner = (ast.FunctionDef, ast.ClassDef)
    return [one for one in ast.parse(source).body if not isinstance(one, inner)]
