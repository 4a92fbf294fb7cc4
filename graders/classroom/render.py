"""Values to a page of HTML that nothing runs in, and that needs no network.

Every template escapes by itself. What may stand as HTML is marked so here, and only
here: sentences with code between backticks, a lesson's own Markdown, formulas.
"""

from __future__ import annotations

import base64
import io
import re
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from graders.feedback import prose

TEMPLATES = Path(__file__).with_name("templates")
# What the browser is told to refuse, whatever has found its way into a page.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
CODE = re.compile(r"(<(code|pre)\b.*?</\2>)", re.S)
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+?)\$", re.S)
# What matplotlib's formulas lack, and what they have for it.
SYNONYMS = [
    (r"\\t?frac\s*(\w)", r"\\frac{\1}"),
    (r"(\\frac\{\w\})\s*(\w)", r"\1{\2}"),
    (r"\\sqrt\s+(\w)", r"\\sqrt{\1}"),
    (r"\\(left|right|bigl|bigr|!)(?![a-z])", ""),
    (r"\\text(?![a-z])", r"\\mathrm"),
    (r"\\(l|r)Vert(?![a-z])", r"\\Vert"),
    (r"\\(l|g)e(?![a-z])", r"\\\1eq"),
]
SIZE = 12  # points of a formula's letters


def page(template: str, **values: Any) -> str:
    """A template of `graders/classroom/templates` with values in it."""
    found: str = _environment().get_template(template).render(policy=POLICY, **values)
    return found


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["sentence"] = sentence
    made.filters["number"] = number
    made.filters["lesson"] = markdown
    return made


def number(value: float) -> str:
    """Points as people write them: `3`, `2.5`."""
    return f"{round(value, 2):g}"


def sentence(text: str) -> Markup:
    """Words of anybody's, with what stands between backticks as code."""
    return Markup(prose(text))


def markdown(text: str) -> Markup:
    """A lesson's own Markdown: what could run is taken out, formulas are drawn."""
    from graders.nbgrader_parts import harmless_markdown

    html = harmless_markdown({}, text)  # type: ignore[arg-type]
    parts = CODE.split(html)  # text, code, the code's tag, text, …
    drawn = [FORMULA.sub(_drawn, part) for part in parts[::3]]
    kept = [*parts[1::3], ""]
    return Markup("".join(a + b for a, b in zip(drawn, kept, strict=True)))


def _drawn(found: re.Match[str]) -> str:
    return formula(unescape(found[1] or found[2]), block=bool(found[1]))


@cache
def formula(tex: str, block: bool = False) -> Markup:
    """A formula as a picture; as it was typed where it cannot be drawn."""
    text = re.sub(r"\s+", " ", tex).strip()
    for pattern, other in SYNONYMS:
        text = re.sub(pattern, other, text)
    try:
        svg, depth = _svg(f"${text}$")
    except ValueError:
        return Markup("<code>{}</code>").format(tex.strip())
    style = "display:block" if block else f"vertical-align:{-depth / SIZE:.2f}em"
    shown = Markup('<img class="formula" style="{}" alt="{}" src="{}">')
    return shown.format(style, tex.strip(), data_of(svg, "image/svg+xml"))


def _svg(text: str) -> tuple[bytes, float]:
    """The drawing of a formula, and how many points of it are below the line."""
    import matplotlib
    from matplotlib import mathtext
    from matplotlib.font_manager import FontProperties

    font, buffer = FontProperties(size=SIZE), io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "formula", "mathtext.fontset": "cm"}):
        depth = mathtext.math_to_image(text, buffer, prop=font, dpi=72, format="svg")
    return buffer.getvalue(), float(depth)


def picture_of(figure: Any) -> str:
    """A figure of matplotlib's as the address of a picture in the page itself."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "report"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return data_of(buffer.getvalue(), "image/svg+xml")


def data_of(content: bytes, kind: str) -> str:
    """Bytes as an address that holds them."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
