"""What a lesson says about each of its exercises: title, hints, the text that explains.

Read from the release, so that no second list is kept: the feedback quotes an exercise's
hints, the class's report the paragraph to teach once more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbformat import NotebookNode

from graders import intake

DETAILS = re.compile(r"<details><summary>(.*?)</summary>(.*?)</details>", re.S)
HEADING = re.compile(r"^(#+) (.+)$", re.M)
WORD = re.compile(r"[^\W\d_]{4,}")
# Words of a mistake's sentence that lead to no paragraph.
COMMON = {"your", "what", "which", "that", "this", "where", "with", "does", "from"}
KINDS = {"predict": "Prediction", "recall": "Question"}
SKIPPED = re.compile(r"#|\|")  # headings and tables
# How long an exercise takes and what to do with a prediction: nothing to teach.
TOLD = re.compile(r"^\*\d+ minutes?.*?\*(?=\s|$)|^\*\*Predict, .*", re.S)
FOLLOWS = re.compile(r"\$\$|[-*] |\d+\. |```")  # a formula or a list


@dataclass(frozen=True)
class Hint:
    """A folded hint of an exercise, in Markdown."""

    title: str
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a lesson, in Markdown, and the heading of its section."""

    section: str
    text: str


@dataclass(frozen=True)
class Passage:
    """What a lesson says about one check or essay.

    Args:
        name: The check's or the essay's name.
        title: In words: the exercise's heading, and what this check adds to it.
        section: The heading of the section it stands in.
        paragraphs: Of the lesson, above the answer.
        hints: Of its exercise.
        asked: The whole text of an essay's cell; "" for a check.
        cell: nbgrader's name of the cell that a student answers in.
    """

    name: str
    title: str
    section: str
    paragraphs: tuple[Paragraph, ...] = ()
    hints: tuple[Hint, ...] = ()
    asked: str = ""
    cell: str = ""

    def closest(self, sentence: str) -> Paragraph:
        """The paragraph that shares most with a sentence, of its own section if it can.

        Where none shares anything, the first of its section.
        """
        wanted = _words(sentence)

        def shared(paragraph: Paragraph) -> tuple[float, bool]:
            words, own = _words(paragraph.text), paragraph.section == self.section
            return len(wanted & words) / (20 + len(words)) * (1 + own), own

        return max(self.paragraphs, key=shared, default=Paragraph(self.section, ""))


def _words(text: str) -> set[str]:
    """The stems of a text's longer words, so that `scaled` and `scale` are one."""
    return {word[:5] for word in WORD.findall(text.lower()) if word not in COMMON}


@dataclass
class _Walk:
    """Where reading a release has come to."""

    section: str = ""
    exercise: str = ""
    first: str = ""
    answer: str = ""
    paragraphs: list[Paragraph] = field(default_factory=list)
    hints: tuple[Hint, ...] = ()
    found: dict[str, Passage] = field(default_factory=dict)

    def read(self, source: str) -> None:
        """Takes in a cell of prose."""
        for marks, title in HEADING.findall(source):
            self.exercise, self.first, self.hints = "", "", ()
            if len(marks) <= 2:
                self.section = title.strip()
            else:
                self.exercise = title.partition(": ")[2] or title
        if hints := DETAILS.findall(source):
            self.hints = tuple(Hint(title, text.strip()) for title, text in hints)
        texts = _paragraphs(source)
        self.paragraphs += [Paragraph(self.section, text) for text in texts]

    def check(self, name: str) -> None:
        """Meets a check."""
        title = self._title(name)
        self.first = self.first or name
        told = tuple(self.paragraphs), self.hints, "", self.answer
        self.found[name] = Passage(name, title, self.section, *told)

    def essay(self, name: str, source: str) -> None:
        """Meets an essay."""
        _, title = (HEADING.findall(source) or [("", name)])[0]
        told = tuple(self.paragraphs), (), source, f"essay-{name}"
        self.found[name] = Passage(name, title, self.section, *told)

    def _title(self, name: str) -> str:
        """`attention: mask` of `attention-mask`, the second below its heading."""
        kind, _, rest = name.partition("-")
        if kind in KINDS:
            return f"{KINDS[kind]}: {rest.replace('-', ' ')}"
        if not self.exercise:
            return name.replace("-", " ")
        if not self.first:
            return self.exercise
        stem = self.exercise.replace("_", "-").lower()
        extra = name.removeprefix(self.first).removeprefix(stem).strip("-")
        return f"{self.exercise}: {(extra or name).replace('-', ' ')}"


def _paragraphs(source: str) -> list[str]:
    """The paragraphs that explain, each with the formula or the list that ends it."""
    found: list[str] = []
    for part in re.split(r"\n\s*\n", DETAILS.sub("", source)):
        lines = [line for line in part.splitlines() if not SKIPPED.match(line)]
        text = TOLD.sub("", "\n".join(lines).strip()).strip()
        if text and found and FOLLOWS.match(text) and found[-1].endswith((":", ",")):
            found[-1] += f"\n\n{text}"
        elif text:
            found.append(text)
    return found


def passages(release: NotebookNode) -> dict[str, Passage]:
    """What a release says about each check and essay, in the lesson's order."""
    walk = _Walk()
    for cell in release.cells:
        mark, name = intake.mark_of(cell), intake.grade_id(cell).partition("-")[2]
        if mark == "essay":
            walk.essay(name, cell.source)
        elif mark == "check":
            walk.check(name)
        elif mark == "answer":
            walk.answer = intake.grade_id(cell)
        elif cell.cell_type == "markdown":
            walk.read(cell.source)
    return walk.found


def title_of(release: NotebookNode) -> str:
    """The lesson's own title, its first heading."""
    for cell in release.cells:
        if cell.cell_type == "markdown" and (found := HEADING.search(cell.source)):
            return str(found[2]).strip()
    return ""


def own_words(text: str, asked: str) -> str:
    """What a student wrote in an essay's cell: its text without what was asked."""
    given = {line.strip() for line in asked.splitlines()} - {""}
    stub = asked.strip().rpartition("\n")[2]  # many write on behind it
    lines = [line for line in text.splitlines() if line.strip() not in given]
    return "\n".join(line.removeprefix(stub) for line in lines).strip()
