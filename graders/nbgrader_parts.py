"""What nbgrader lacks, as its own kind of parts: preprocessors named in its config."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent
from typing import Any

import bleach
import nbformat
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    ClearSolutions,
    NbGraderPreprocessor,
    SaveAutoGrades,
)

Resources = dict[str, Any]


class SaveGradesAtOnce(SaveAutoGrades):
    """Saves a submission's points in one transaction.

    nbgrader's own part commits after every cell, and waits for the disk each time.
    """

    def preprocess(
        self, nb: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        about = resources["nbgrader"]
        self.notebook_id, self.student_id = about["notebook"], about["student"]
        self.assignment_id = about["assignment"]
        with Gradebook(about["db_url"]) as self.gradebook:
            session = self.gradebook.db
            commit, session.commit = session.commit, session.flush
            for index, cell in enumerate(nb.cells):
                self.preprocess_cell(cell, resources, index)
            commit()
        return nb, resources


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


class ShowModelAnswers(NbGraderPreprocessor):
    """Shows an essay's model answer and its marking below what the student wrote.

    For whoever grades it, and in the feedback. They stand in the solved lesson.
    """

    def preprocess(
        self, nb: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        shown = model_answers(self._solved(resources["nbgrader"]))
        cells = []
        for cell in nb.cells:
            cells.append(cell)
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in shown:
                text = f"#### The lesson's own answer\n\n{shown[name]}"
                ident = name.replace("essay-", "model-", 1)
                cells.append(nbformat.v4.new_markdown_cell(text, id=ident))
        nb.cells = cells
        return nb, resources

    def _solved(self, about: dict[str, str]) -> Path:
        folders = CourseDirectory(config=self.config)
        step = folders.source_directory
        folder = folders.format_path(step, ".", about["assignment"])
        return Path(folder) / f"{about['notebook']}.ipynb"


def model_answers(solved: Path) -> dict[str, str]:
    """The solution regions of a lesson's essays, by grade id."""
    if not solved.exists():
        return {}
    found = {}
    for cell in nbformat.read(solved, as_version=4).cells:
        region = cell.source.partition("### BEGIN SOLUTION\n")[2]
        if cell.cell_type == "markdown" and region:
            text = region.partition("### END SOLUTION")[0]
            found[cell.metadata.nbgrader.grade_id] = text.strip()
    return found


# What Markdown may become in a page that an instructor or a student opens.
HEADINGS = {f"h{size}" for size in range(1, 7)}
TABLES = {"table", "tbody", "td", "th", "thead", "tr"}
BLOCKS = {"br", "details", "div", "hr", "img", "p", "pre", "span", "summary"}
TAGS = bleach.ALLOWED_TAGS | HEADINGS | TABLES | BLOCKS | {"del", "sub", "sup"}
LINKS = ("https:", "http:", "mailto:", "#")
PICTURES = ("https:", "http:", "data:image/")


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if name in ("href", "src"):
        return value.startswith(LINKS if name == "href" else PICTURES)
    return name in ("alt", "class", "title")


@pass_context
def harmless_markdown(context: Context, source: str) -> str:
    """Markdown as HTML without anything that runs: most of it is a student's."""
    pictures = context.get("cell", {}).get("attachments", {})
    renderer = IPythonRenderer(
        escape=False, attachments=pictures, exclude_anchor_links=True
    )
    html = MarkdownWithMath(renderer=renderer).render(source)
    kept = ["https", "http", "mailto", "data"]
    return str(bleach.clean(html, TAGS, _is_harmless, protocols=kept))
