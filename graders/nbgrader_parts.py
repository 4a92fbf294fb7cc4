"""What nbgrader lacks, as its own kind of parts: preprocessors named in its config."""

from __future__ import annotations

import ast
from textwrap import dedent
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor

Resources = dict[str, Any]


class ClearAnswers(ClearSolutions):
    """Clears solutions. At top level a region leaves `name = ...` for what it assigned.

    Elsewhere it leaves nbgrader's stub. Run All then passes an unanswered prediction
    without an error, and its check says that it is not answered yet.
    """

    code_stub: Any  # the trait of nbgrader's class

    def preprocess(
        self, nb: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        nb.metadata.get("course", {}).pop("made_from", None)
        return super().preprocess(nb, resources)

    def _replace_solution_region(self, cell: NotebookNode, language: str) -> bool:
        names = self._assigned_at_top_level(cell)
        if not names:
            return bool(super()._replace_solution_region(cell, language))
        usual = self.code_stub
        try:
            stub = "\n".join(f"{name} = ..." for name in names)
            self.code_stub = {**usual, language: stub}
            return bool(super()._replace_solution_region(cell, language))
        finally:
            self.code_stub = usual

    def _assigned_at_top_level(self, cell: NotebookNode) -> list[str]:
        """The names that an unindented solution assigns, in order."""
        if cell.cell_type != "code":
            return []
        _, begin, rest = cell.source.partition(f"### {self.begin_solution_delimeter}\n")
        region = rest.partition(f"### {self.end_solution_delimeter}")[0]
        if not begin or region[:1].isspace():
            return []
        tree = ast.parse(dedent(region))
        targets = [
            t
            for node in tree.body
            if isinstance(node, ast.Assign)
            for t in node.targets
        ]
        return [target.id for target in targets if isinstance(target, ast.Name)]


class DropNotes(NbGraderPreprocessor):
    """Drops the speaker's notes, which are for the class's screen, from a release."""

    def preprocess(
        self, nb: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        nb.cells = [
            cell
            for cell in nb.cells
            if cell.metadata.get("slideshow", {}).get("slide_type") != "notes"
        ]
        return nb, resources


class DropStderr(NbGraderPreprocessor):
    """Removes what cells wrote to stderr, which nbgrader would count as a failure."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        if cell.cell_type == "code":
            cell.outputs = [
                output
                for output in cell.outputs
                if not (output.output_type == "stream" and output.name == "stderr")
            ]
        return cell, resources
