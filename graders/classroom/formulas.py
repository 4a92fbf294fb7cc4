"""TeX formulas as pictures, drawn by matplotlib when the slides are made.

A page then needs no script, no font and no network to show them. Each is an inline SVG
as large as the text around it, which stands on its line and reads its TeX aloud.
"""

from __future__ import annotations

import html
import re
from functools import cache
from typing import Any

# Code first, so that a dollar in it is none of ours; then $$...$$, then $...$.
FORMULA = re.compile(r"```.*?```|`[^`\n]*`|\$\$(.+?)\$\$|\$([^$]+?)\$", re.S)
SIZE = 10  # of the drawing; what comes out is measured in this
SPELLINGS = (  # what matplotlib's TeX lacks, as what it has
    (r"\\tfrac", r"\\frac"),
    (r"frac\s*(\w)\s*(\w)", r"frac{\1}{\2}"),
    (r"frac\s*(\w)\s*\{", r"frac{\1}{"),
    (r"\\sqrt\s*(\w)", r"\\sqrt{\1}"),
    (r"\\le(?![a-zA-Z])", r"\\leq"),
    (r"\\ge(?![a-zA-Z])", r"\\geq"),
    (r"\\begin\{cases\}", r"\\left\\{\\substack{"),
    (r"\\end\{cases\}", r"}\\right."),
    (r"&", r"\\quad "),
    (r"(?<=[\w}])\s+\\(sin|cos|log|tanh)", r"\\,\\\1"),  # sin a sin b
    (r"\\top(?![a-zA-Z])", r"\\mathsf{T}"),
)
MOVES = {1: "M", 2: "L", 3: "Q", 4: "C", 79: "Z"}  # matplotlib's codes, SVG's letters
POINTS = {1: 1, 2: 1, 3: 2, 4: 3, 79: 1}


def put_aside(text: str, drawn: dict[str, str]) -> str:
    """Takes the formulas out of Markdown, which would misread them.

    Args:
        text: Markdown with `$...$` and `$$...$$`.
        drawn: Gets for each formula a word that Markdown leaves alone, and its picture.

    Returns:
        The text with those words.
    """

    def word(found: re.Match[str]) -> str:
        display, inline = found.groups()
        if not (display or inline):
            return found[0]
        name = f"formula{len(drawn)}elumrof"
        drawn[name] = draw(display or inline, display=bool(display))
        return name

    return FORMULA.sub(word, text)


def put_back(page: str, drawn: dict[str, str]) -> str:
    """The page with the pictures in the place of their words."""
    return re.sub(r"formula\d+elumrof", lambda word: drawn.get(word[0], word[0]), page)


@cache
def draw(tex: str, display: bool = False) -> str:
    """A formula as HTML: a picture, or its TeX where matplotlib cannot draw it."""
    tex = " ".join(tex.split())
    kind = "formula display" if display else "formula"
    try:
        picture = _svg(re.sub(r"\\frac(?=\W|\d)", r"\\dfrac", tex) if display else tex)
    except ValueError:
        picture = f"<code>{html.escape(tex)}</code>"
    return f'<span class="{kind}">{picture}</span>'


def _svg(tex: str) -> str:
    from matplotlib import rc_context
    from matplotlib.textpath import TextPath

    with rc_context({"mathtext.fontset": "dejavusans"}):
        path = TextPath((0, 0), f"${_spelled(tex)}$", size=SIZE)
    box = path.get_extents()
    left, width = round(box.x0, 2), round(box.width, 2)
    view = f"{left} {-box.y1:.2f} {width} {box.height:.2f}"
    low = min(box.y0, 0.0)
    style = (
        f"width:{width / SIZE:.3f}em;height:{box.height / SIZE:.3f}em;"
        f"vertical-align:{low / SIZE:.3f}em"
    )
    return (
        f'<svg role="img" aria-label="{html.escape(tex)}" viewBox="{view}" '
        f'style="{style}"><path transform="scale(1,-1)" d="{_outline(path)}"/></svg>'
    )


def _spelled(tex: str) -> str:
    for pattern, replacement in SPELLINGS:
        tex = re.sub(pattern, replacement, tex)
    return tex


def _outline(path: Any) -> str:
    """A matplotlib path as the `d` of an SVG path."""
    steps, place = [], 0
    while place < len(path.codes):
        code = int(path.codes[place])
        points = path.vertices[place : place + POINTS[code]]
        numbers = " ".join(f"{x:.2f} {y:.2f}" for x, y in points)
        steps.append(MOVES[code] + ("" if code == 79 else numbers))
        place += POINTS[code]
    return "".join(steps)
