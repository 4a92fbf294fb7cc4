"""The texts of a lesson as slides need them: shorter, a sentence a line, no solutions.

All are functions from text to text; `slides.py` says where they are used.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator

from nbformat import NotebookNode

from graders.script import BEGIN, END

HINT = re.compile(
    r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.S | re.IGNORECASE
)
TABLE = re.compile(r"(?:^\|.*\n?)+", re.M)
TOLD = re.compile(r"\*(\d+) minutes, (difficulty)([^*]*)\*")
ENDS = re.compile(r"[.?!]\W*$")
SIGNATURE = re.compile(r"^( *)(def \w+\()\n((?: +[^\n]+,\n)+) *\):$", re.M)
STUB = "# YOUR CODE HERE"
# Lines that are laid out already: lists, tables, headings, quotes, HTML, indented code.
LAID_OUT = re.compile(r"\s|[-*+] |\d+\. |[|#><`]")


def title(cells: list[NotebookNode]) -> str:
    """The first heading of the first level."""
    headings = (re.search(r"^# (.+)$", cell.source, re.M) for cell in cells)
    return next((found[1] for found in headings if found), "Slides")


def sentences(markdown: str) -> str:
    """Makes a paragraph of each sentence, where the source ends a line with one."""
    lines: list[str] = []
    begun, fenced = "", False
    for line in markdown.split("\n"):
        lines.append(line)
        begun = begun + line if line else ""
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and _may_end(line) and _closed(begun):
            lines.append("")
            begun = ""
    return "\n".join(lines)


def _may_end(line: str) -> bool:
    """Whether a sentence ends with a line, and more than a title in bold."""
    bold = line.startswith("**") and line.find("**", 2) == len(line) - 2
    return bool(ENDS.search(line)) and not bold and not LAID_OUT.match(line)


def _closed(text: str) -> bool:
    """Whether a paragraph may end here: emphasis and brackets are closed."""
    return text.count("*") % 2 == 0 and text.count("(") == text.count(")")


def without_hints(markdown: str, tables: bool = False) -> tuple[str, str]:
    """A text without its folded hints (and tables), and these as notes."""
    hints = [
        f"**{found[1].strip()}.** {found[2].strip()}"
        for found in HINT.finditer(markdown)
    ]
    told = HINT.sub("", markdown)
    if tables:
        hints += [found[0] for found in TABLE.finditer(told)]
        told = TABLE.sub("", told)
    return told.strip(), "\n\n".join(hints)


def exercise(markdown: str) -> tuple[str, str, str]:
    """What stands before an exercise, its title and its text."""
    before, _, rest = markdown.partition("### Exercise")
    heading, _, task = rest.partition("\n")
    return before.strip(), heading.strip(": "), task.strip()


def is_heading(markdown: str) -> bool:
    """Whether a text is a heading and nothing more."""
    return markdown.startswith("#") and "\n" not in markdown


def minutes_told(markdown: str) -> int:
    """The minutes that an exercise names in its text, 5 if it names none."""
    found = TOLD.search(markdown)
    return int(found[1]) if found else 5


def without_minutes(markdown: str) -> str:
    """An exercise's text without the minutes, which the countdown shows."""
    return TOLD.sub(lambda found: found[2].capitalize() + found[3], markdown)


def timer(minutes: int, task: str) -> str:
    """A countdown of an exercise, which `deck.js` brings to life."""
    return (
        f'<button class="timer" type="button" data-minutes="{minutes}" '
        f'data-task="{task}" '
        f'aria-label="Countdown of {minutes} minutes">{minutes}:00</button>'
    )


def pace(minutes: int | None) -> str:
    """A note on how long a part takes."""
    plural = "" if minutes == 1 else "s"
    return f"*{minutes} minute{plural}.*" if minutes else ""


# --------------------------------------------------------------------------- answers


def stub(source: str) -> str:
    """An answer's cell as students get it."""
    lines, inside = [], False
    for line in source.split("\n"):
        if line.strip() == BEGIN:
            lines.append(line.replace(BEGIN, STUB))
        inside = line.strip() == BEGIN or (inside and line.strip() != END)
        if not inside and line.strip() != END:
            lines.append(line)
    return "\n".join(lines).strip("\n")


def solved(source: str) -> str:
    """An answer's cell with its solution, without the markers."""
    kept = (line for line in source.split("\n") if line.strip() not in (BEGIN, END))
    return "\n".join(kept).strip("\n")


def compact(source: str) -> str:
    """Code whose signatures take as few lines as they can, and not one an argument."""

    def joined(found: re.Match[str]) -> str:
        indent, begin, arguments = found.groups()
        text = f"{begin}{' '.join(arguments.split()).rstrip(',')}):"
        deeper = indent + " " * len(begin)
        return textwrap.fill(text, 84, initial_indent=indent, subsequent_indent=deeper)

    return SIGNATURE.sub(joined, source)


def outside(source: str) -> str:
    """An essay's question, without its model answer."""
    return stub(source).replace(STUB, "")


def options(source: str) -> list[str]:
    """What a choice offers, from the comment above it; nothing for other answers."""
    given = [line for line in stub(source).split("\n") if line.strip()]
    if not all(line.startswith("#") for line in given):
        return []
    return re.findall(r'"([^"]+)"', "\n".join(given))


def lists(markdown: str, choices: list[str]) -> bool:
    """Whether a text lists the choices already."""
    return all(re.search(rf'^- `"{re.escape(c)}"', markdown, re.M) for c in choices)


# ------------------------------------------------------------------------------ code


def shown(source: str) -> str:
    """Code without its asserts and imports: they are there for tests, not for a class.

    Code that does not parse is left as it is.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    lines = source.split("\n")
    for node in _unshown(tree):
        for number in range(node.lineno - 1, node.end_lineno or node.lineno):
            lines[number] = "\0"
    kept = "\n".join(line for line in lines if line != "\0")
    return re.sub(r"\n{3,}", "\n\n", kept).strip("\n")


def _unshown(tree: ast.Module) -> Iterator[ast.stmt]:
    for parent in ast.walk(tree):
        body = getattr(parent, "body", [])
        if isinstance(body, list) and (parent is tree or len(body) > 1):
            for node in body:
                imports = parent is tree and isinstance(
                    node, ast.Import | ast.ImportFrom
                )
                if isinstance(node, ast.Assert) or imports:
                    yield node
