"""`course slides`: a solved lesson as slides, which open from a folder without network.

The lesson's `slideshow` marks say where a slide begins. What stands on a slide is less
than in the notebook: exercises become "Your turn" with a countdown, choices and essays
become questions, explanations and hints become speaker's notes, and checks are left
out. nbconvert makes the page; `deck/` holds its template, its look, and a script that
shares each part out over slides of 1280 by 720, because only a browser knows how high a
text is. reveal.js lies there too.
"""

from __future__ import annotations

import html
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from graders.classroom import formulas, slide_text
from graders.course import Course, CourseError, Lesson

DECK = Path(__file__).parent / "deck"
ASSETS = ("deck.css", "deck.js", "reveal")
WIDGET = "application/vnd.jupyter.widget-view+json"
LONGEST_CODE = 44  # lines; longer code is read in the notebook, not on a wall
LIVE = "<p class='live'>Live, in the notebook.</p>"


def make_slides(course: Course, wanted: str, out: Path | None = None) -> int:
    """Writes a lesson's slides and says where they are.

    Args:
        course: Where the lessons are.
        wanted: The lesson by number, name or noun.
        out: The folder; `.grading/slides/NN_noun` if None.

    Raises:
        CourseError: If there is no such lesson, it is not solved yet, or the folder
            cannot be written.
    """
    lesson = course.find(wanted)
    page = render(lesson)
    folder = out or course.grading / "slides" / lesson.name
    _write(page, folder)
    print(f"Slides:  {folder / 'index.html'}")
    print("Open it in a browser. Space goes on, S shows your notes, T starts a timer.")
    return 0


def render(lesson: Lesson) -> str:
    """A lesson's slides as one page of HTML.

    Raises:
        CourseError: If the lesson has not been executed.
    """
    from nbconvert import SlidesExporter  # takes a second to import

    notebook = _solved(lesson)
    deck = Deck()
    for cell, following in zip(
        notebook.cells, [*notebook.cells[1:], None], strict=True
    ):
        deck.add(cell, following)
    notebook.cells = deck.cells
    notebook.metadata["title"] = slide_text.title(deck.cells)
    exporter = SlidesExporter(
        template_name=DECK.name,
        extra_template_basedirs=[str(DECK.parent)],
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    page, _ = exporter.from_notebook_node(notebook)
    return formulas.put_back(page, deck.drawn)


def _solved(lesson: Lesson) -> NotebookNode:
    advice = f"`course build {lesson.number}` makes it."
    try:
        notebook = nbformat.read(lesson.solved, as_version=4)
    except FileNotFoundError:
        raise CourseError(f"{lesson.name} has no solved notebook; {advice}") from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError):
        raise CourseError(f"{lesson.solved} is no notebook; {advice}") from None
    if not any(cell.get("outputs") for cell in notebook.cells):
        raise CourseError(f"{lesson.solved} has no outputs to show; {advice}")
    return notebook


def _write(page: str, folder: Path) -> None:
    try:
        (folder / "deck").mkdir(parents=True, exist_ok=True)
        for name in ASSETS:
            source, target = DECK / name, folder / "deck" / name
            if source.is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copyfile(source, target)
        (folder / "index.html").write_text(page, encoding="utf-8")
    except OSError as error:
        why = error.strerror or "it failed"
        raise CourseError(
            f"Slides cannot be written to {folder} ({why}). "
            f"Name a folder of yours with --out."
        ) from None


# ------------------------------------------------------------------ cells to slides


@dataclass
class Deck:
    """The cells of a deck, made one after the other from a notebook's.

    Args:
        cells: What nbconvert will show, with its `slideshow` metadata.
        drawn: The formulas' pictures by the words that stand for them.
    """

    cells: list[NotebookNode] = field(default_factory=list)
    drawn: dict[str, str] = field(default_factory=dict)
    skipping: bool = False  # an optional part, until the next slide begins
    fresh: str = ""  # how the next cell must begin, "" if it may go on
    after_figure: bool = False
    task: str = ""  # the present exercise
    said: str = ""  # the last text

    def add(self, cell: NotebookNode, following: NotebookNode | None = None) -> None:
        """Adds what a class should see of a cell of the solved notebook.

        Args:
            cell: The cell.
            following: The one below it: what introduces a check is for the speaker.
        """
        begins = cell.metadata.get("slideshow", {}).get("slide_type", "")
        mark, name = _mark(cell)
        if begins in ("slide", "subslide", "skip"):
            self.skipping = begins == "skip"
            self.fresh = "" if self.skipping else begins
            self.after_figure = False
        if mark == "essay":
            self._essay(cell.source)
        elif self.skipping or mark == "check" or name == "setup":
            return
        elif cell.cell_type == "markdown":
            aside = self.after_figure or (following and _mark(following)[0] == "check")
            self._prose(cell, begins or ("notes" if aside else ""))
        elif mark == "answer":
            self._answer(cell.source)
        elif "explain(" in cell.source:
            self._explanations(cell)
        else:
            self._code(cell)

    # -------------------------------------------------------------------- what is shown

    def _prose(self, cell: NotebookNode, begins: str) -> None:
        minutes = cell.metadata.get("minutes")
        if begins == "notes":
            self._note(cell.source)
        elif "### Exercise" in cell.source:
            self._exercise(cell.source, minutes)
        else:
            told, hints = slide_text.without_hints(cell.source)
            self._text(told)
            self._note(slide_text.pace(minutes), hints)

    def _exercise(self, source: str, minutes: int | None) -> None:
        before, title, task = slide_text.exercise(source)
        heading = before if slide_text.is_heading(before) else ""
        if before and not heading:
            self._text(before)
            self.fresh = "subslide"
        told, hints = slide_text.without_hints(task, tables=True)
        minutes = minutes or slide_text.minutes_told(task)
        self.fresh = self.fresh or "subslide"
        timer = slide_text.timer(minutes, title)
        told = slide_text.without_minutes(told)
        self._text(f"{heading}\n\n### Your turn: {title}\n\n{timer}\n\n{told}", "turn")
        self.task = title
        self._note(slide_text.pace(minutes), hints)

    def _answer(self, source: str) -> None:
        if options := slide_text.options(source):
            if not slide_text.lists(self.said, options):
                items = "".join(f"<li>{html.escape(one)}</li>" for one in options)
                self._text(f'<ul class="options">{items}</ul>')
            self._kind("question")
            self.fresh = "subslide"
            return
        self._put(new_code_cell(slide_text.compact(slide_text.stub(source))))
        self.fresh = "subslide"
        self._text(f"### One answer: {self.task}", "answer")
        self._put(new_code_cell(slide_text.compact(slide_text.solved(source))))
        self.fresh = "subslide"

    def _explanations(self, cell: NotebookNode) -> None:
        for output in cell.outputs:
            text = output.get("data", {}).get("text/html", "")
            if text:
                self.fresh = "subslide"
                shown = new_code_cell("", outputs=[output.copy()])
                shown.outputs[0].data = {
                    "text/html": text.replace(" (your choice)", "")
                }
                self._put(_without_source(shown), "explained")
        self.fresh = "subslide"

    def _essay(self, source: str) -> None:
        self.fresh = "subslide"
        told = slide_text.outside(source).strip()
        self._text(slide_text.without_hints(told)[0], "question")
        self._note("The model answer and the marking stand in the solved notebook.")

    def _code(self, cell: NotebookNode) -> None:
        shown = new_code_cell(slide_text.shown(cell.source))
        live = any(WIDGET in one.get("data", {}) for one in cell.outputs)
        outputs = _outputs(cell)
        pictures = [one for one in outputs if "image/png" in one.get("data", {})]
        shown.outputs = [one for one in outputs if one not in pictures]
        lines = shown.source.count("\n") + 1
        folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        if folded or live or (outputs and lines > LONGEST_CODE):
            _without_source(shown)
        if shown.outputs or (_tells(shown) and not pictures):
            self._put(shown)
        if live:
            self._text(LIVE)
        for picture in pictures:
            self._figure(picture)

    def _figure(self, output: NotebookNode) -> None:
        self.fresh = self.fresh or "subslide"
        self._put(_without_source(new_code_cell("", outputs=[output])), "figure")
        self._note(output.data["text/plain"])
        self.fresh, self.after_figure = "subslide", True

    # ------------------------------------------------------------------------ the cells

    def _text(self, source: str, kind: str = "") -> None:
        self.said = source
        if source.strip():
            self._put(new_markdown_cell(self._markdown(source)), kind)

    def _markdown(self, source: str) -> str:
        return slide_text.sentences(formulas.put_aside(source, self.drawn))

    def _note(self, *texts: str) -> None:
        for text in filter(None, texts):
            note = new_markdown_cell(formulas.put_aside(text, self.drawn))
            note.metadata["slideshow"] = {"slide_type": "notes"}
            self.cells.append(note)

    def _put(self, cell: NotebookNode, kind: str = "") -> None:
        slideshow: dict[str, Any] = {"slide_type": self.fresh or "-"}
        if self.fresh:
            slideshow["data"] = {"kind": kind or "text"}
        cell.metadata["slideshow"] = slideshow
        self.cells.append(cell)
        self.fresh, self.after_figure = "", False

    def _kind(self, kind: str) -> None:
        """Says of the present slide what it is."""
        for cell in reversed(self.cells):
            if "data" in cell.metadata.slideshow:
                cell.metadata.slideshow["data"]["kind"] = kind
                return


def _mark(cell: NotebookNode) -> tuple[str, str]:
    """An exercise's mark and name, such as `answer` and `softmax`, else nothing."""
    if "nbgrader" not in cell.metadata:
        return "", ""
    mark, _, name = cell.id.partition("-")
    return mark, name


def _outputs(cell: NotebookNode) -> list[NotebookNode]:
    """Outputs to show: no widgets, no sentence beside a figure, prints joined."""
    found: list[NotebookNode] = []
    for one in cell.outputs:
        data = one.get("data", {})
        if WIDGET in data or data.get("text/html", "").startswith("<details"):
            continue
        before = found[-1] if found else {}
        if one.get("name") and one.get("name") == before.get("name"):
            before["text"] += one.text
        else:
            found.append(one.copy())
    return found


def _without_source(cell: NotebookNode) -> NotebookNode:
    cell.metadata["transient"] = {"remove_source": True}
    return cell


def _tells(cell: NotebookNode) -> bool:
    """Whether code without an output is worth a place: it defines something."""
    return bool(
        re.search(r"^(def|class) ", cell.source, re.M)
        and "transient" not in cell.metadata
    )
