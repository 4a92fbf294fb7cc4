"""A verdict as text and as HTML with a small picture. Everything is escaped.

The picture is a table of shaded numbers: it needs no image, can be read aloud, and
marks each number that differs by a sign and a frame, not by colour alone.
"""

from __future__ import annotations

import re
from html import escape

import numpy as np

from graders.exercise import NEEDS_GRADING, NOT_ATTEMPTED, PASSED, Picture, Verdict

SIGNS = {PASSED: "✓", NOT_ATTEMPTED: "○", NEEDS_GRADING: "✎"}
COLOURS = {PASSED: "#009E73", NOT_ATTEMPTED: "#767676", NEEDS_GRADING: "#0072B2"}
WRONG_SIGN, WRONG_COLOUR = "✗", "#D55E00"
BLUE = np.array([0, 114, 178])


def as_text(verdict: Verdict) -> str:
    """The verdict in a few lines of plain text."""
    lines = [_title(verdict), verdict.message, verdict.says, _case(verdict)]
    return "\n  ".join(line for line in lines if line)


def as_html(verdict: Verdict) -> str:
    """The verdict as a panel."""
    colour = COLOURS.get(verdict.status, WRONG_COLOUR)
    says = f"<strong>{prose(verdict.says)}</strong>" if verdict.says else ""
    parts = [prose(verdict.message), says, prose(_case(verdict))]
    body = "".join(f'<p style="margin:.4em 0 0">{part}</p>' for part in parts if part)
    picture = _picture(verdict.picture) if verdict.picture else ""
    return (
        f'<div role="group" aria-label="{escape(_title(verdict))}" style="border-left:'
        f'6px solid {colour};padding:.3em .8em;margin:.2em 0;max-width:44em">'
        f'<strong style="font-size:1.05em">{escape(_title(verdict))}</strong>'
        f"{body}{picture}</div>"
    )


def prose(text: str) -> str:
    """Text as HTML: escaped, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


class Panel:
    """What a notebook displays: HTML where it can, text where it cannot."""

    def __init__(self, text: str, html: str) -> None:
        self.text, self.html = text, html

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def panel(verdict: Verdict) -> Panel:
    """The verdict, ready for `IPython.display.display`."""
    return Panel(as_text(verdict), as_html(verdict))


def _title(verdict: Verdict) -> str:
    sign = SIGNS.get(verdict.status, WRONG_SIGN)
    return f"{sign} {verdict.name}: {verdict.word or verdict.status}"


def _case(verdict: Verdict) -> str:
    if not verdict.case:
        return ""
    return f'The inputs: `example("{verdict.name}", "{verdict.case}")`'


# ------------------------------------------------------------------------- pictures


def _picture(picture: Picture) -> str:
    expected, got = np.atleast_2d(picture.expected), np.atleast_2d(picture.got)
    differs = ~np.isclose(expected, got, rtol=1e-4, atol=1e-6, equal_nan=True)
    finite = expected[np.isfinite(expected)].astype(float)
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    tables = [
        _table(
            f"{picture.title} expected", expected, low, high, np.zeros_like(differs)
        ),
        _table(f"{picture.title} yours", got, low, high, differs),
    ]
    style = "display:flex;flex-wrap:wrap;gap:1.5em;margin-top:.5em"
    return f'<div style="{style}">{"".join(tables)}</div>'


def _table(
    title: str, array: np.ndarray, low: float, high: float, differs: np.ndarray
) -> str:
    rows = "".join(
        f"<tr>{''.join(map(_cell, row, _shades(row, low, high), marks))}</tr>"
        for row, marks in zip(array, differs, strict=True)
    )
    caption = f'<caption style="text-align:left">{escape(title)}</caption>'
    return f'<table style="border-collapse:collapse;margin:0">{caption}{rows}</table>'


def _shades(row: np.ndarray, low: float, high: float) -> np.ndarray:
    """From 0, the smallest expected number, to 1, the largest."""
    row = np.nan_to_num(row.astype(float), nan=low, posinf=high, neginf=low)
    return np.clip((row - low) / (high - low if high > low else 1.0), 0, 1)


def _cell(value: np.generic, shade: float, differs: bool) -> str:
    red, green, blue = (255 - (255 - BLUE) * 0.85 * shade).astype(int)
    frame = f"3px solid {WRONG_COLOUR}" if differs else "1px solid #999"
    text = ("≠ " if differs else "") + short(value)
    return (
        f'<td style="background:rgb({red},{green},{blue});color:#000;border:{frame};'
        f'padding:.2em .5em;text-align:right">{escape(text)}</td>'
    )


def short(value: np.generic) -> str:
    """A number in a few characters."""
    if value.dtype.kind in "bui":
        return str(value)
    return f"{value:.3g}"
