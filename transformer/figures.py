"""Figures of the lessons: one palette, readable without colour, each with its sentence.

Every figure passes through `show`, which puts the sentence beside the picture, so that
it can be read aloud and tested.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
PURPLE, GREY = "#CC79A7", "#767676"
LINES: list[dict[str, Any]] = [
    {"color": BLUE, "linestyle": "-", "marker": "o"},
    {"color": VERMILLION, "linestyle": "--", "marker": "s"},
    {"color": GREEN, "linestyle": "-.", "marker": "^"},
    {"color": PURPLE, "linestyle": ":", "marker": "D"},
    {"color": GREY, "linestyle": "-", "marker": "x"},
]
TINT = (0.81, 0.90, 0.95)  # light blue, for what is lit
WIDTH, HEIGHT = 6.4, 3.6  # inches, the largest a figure may be
STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


class Picture:
    """A figure as a notebook keeps it: the picture, and the sentence as its text."""

    def __init__(self, png: bytes, alt: str) -> None:
        self.png, self.alt = png, alt

    def _repr_mimebundle_(self, **_: object) -> tuple[dict, dict]:
        data = {"image/png": self.png, "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}

    def __repr__(self) -> str:
        return self.alt


class Words:
    """A figure's sentence for everybody: JupyterLab gives a picture no alt text."""

    def __init__(self, alt: str) -> None:
        self.alt = alt

    def _repr_html_(self) -> str:
        return f"<details><summary>In words</summary>{escape(self.alt)}</details>"

    def __repr__(self) -> str:
        return ""


def show(figure: Figure, alt: str) -> None:
    """Displays a figure with the sentence that says what it shows.

    Args:
        figure: At most 6.4 by 3.6 inches.
        alt: One sentence computed from the data. It is tested; pixels are not.

    Raises:
        ValueError: If the figure is too large or the sentence missing.
    """
    width, height = figure.get_size_inches()
    if width > WIDTH or height > HEIGHT:
        raise ValueError(
            f"the figure is {width} by {height} inches, over {WIDTH} by 3.6."
        )
    if not alt.strip():
        raise ValueError("a figure needs a sentence that says what it shows.")
    display(Picture(png(figure), alt))
    display(Words(alt))


def png(figure: Figure) -> bytes:
    """The picture's bytes, for `show` and for the values of image widgets."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
    return buffer.getvalue()


def canvas(width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, Axes]:
    """An empty figure that no global state holds, and its axes."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        return figure, figure.add_subplot()


# ------------------------------------------------------------------------- heat maps


def heatmap(
    array_qk: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
    signed: bool = False,
) -> Figure:
    """A table of numbers as colours, with the numbers in it; rows are queries.

    Args:
        array_qk: `(q, k)`: weights from 0 to 1, or any numbers if `signed`.
        rows: The queries' names, downwards.
        columns: The keys' names, from left to right.
        title: Stands above.
        signed: Centre the colours on 0 and let them end at the largest size.
    """
    figure, axes = canvas(min(WIDTH, 1.9 + 0.9 * len(columns)))
    draw_heatmap(axes, array_qk, rows, columns, title, signed)
    return figure


def draw_heatmap(
    axes: Axes,
    array_qk: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
    signed: bool = False,
) -> None:
    """Draws a heat map into axes that exist; the arguments as in `heatmap`."""
    size = float(np.abs(array_qk).max()) if signed else 1.0
    low, colours = (-size, "PuOr") if signed else (0.0, "cividis")
    image = axes.imshow(array_qk, cmap=colours, vmin=low, vmax=size, aspect="auto")
    for (row, column), value in np.ndenumerate(array_qk):
        red, green, blue, _ = image.cmap(image.norm(value))
        bright = 0.3 * red + 0.59 * green + 0.11 * blue > 0.5
        ink = "black" if bright else "white"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink)
    axes.set_xticks(range(len(columns)), columns, rotation=30, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel("key: who is looked at")
    axes.set_ylabel("query: who looks")
    axes.set_title(title)


# ---------------------------------------------------------------- tables of numbers


class Table(NamedTuple):
    """Numbers to be drawn as they stand: `(t, m)`, with the names of their columns."""

    name: str
    array: np.ndarray
    columns: Sequence[str]


def tables(rows: Sequence[str], parts: Sequence[Table]) -> Figure:
    """Tables side by side whose rows are the same words; zeros are left blank.

    Args:
        rows: The words, downwards.
        parts: From left to right, about twenty columns in all.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 0.9 + 0.28 * len(rows)), layout="constrained")
        widths = [len(part.columns) for part in parts]
        grid = figure.subplots(1, len(parts), width_ratios=widths, squeeze=False)[0]
    for place, (axes, part) in enumerate(zip(grid, parts, strict=True)):
        _draw_table(axes, part)
        axes.set_yticks(range(len(rows)), rows if place == 0 else [""] * len(rows))
    return figure


def _draw_table(axes: Axes, part: Table) -> None:
    size = float(np.abs(part.array).max()) or 1.0
    axes.imshow(np.abs(part.array), cmap="Blues", vmin=0, vmax=2 * size, aspect="auto")
    for (row, column), value in np.ndenumerate(part.array):
        text = f"{value:.2f}".rstrip("0").rstrip(".") if value else ""
        axes.text(column, row, text, ha="center", va="center", fontsize=9)
    names = range(len(part.columns))
    axes.set_xticks(names, part.columns, rotation=60, ha="right", fontsize=9)
    axes.set_xticks(np.arange(len(part.columns) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(part.array) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(part.name, fontsize=10)


# ----------------------------------------------------------------------------- masks


def mask(
    may_attend_qk: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
    lit: int | None = None,
) -> Figure:
    """A boolean mask as a table of ticks and crosses; rows are queries.

    Args:
        may_attend_qk: Boolean `(q, k)`, True where the query may attend.
        rows: The queries' names, downwards.
        columns: The keys' names, from left to right.
        title: Stands above.
        lit: A row to frame.
    """
    figure, axes = canvas(min(WIDTH, 2.2 + 0.7 * len(columns)))
    draw_mask(axes, may_attend_qk, rows, columns, title)
    if lit is not None:
        frame = (-0.5, lit - 0.5), len(columns), 1
        axes.add_patch(
            Rectangle(*frame, fill=False, lw=3, edgecolor=VERMILLION, clip_on=False)
        )
    return figure


def draw_mask(
    axes: Axes,
    may_attend_qk: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
) -> None:
    """Draws a mask into axes that exist; the arguments as in `mask`."""
    tinted = np.where(np.asarray(may_attend_qk)[..., np.newaxis], TINT, 1.0)
    axes.imshow(tinted, aspect="auto")
    for (row, column), allowed in np.ndenumerate(may_attend_qk):
        text, ink = ("✓", "black") if allowed else ("×", GREY)
        axes.text(column, row, text, ha="center", va="center", color=ink)
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel("key: who is looked at")
    axes.set_ylabel("query: who looks")
    axes.set_title(title)


# ---------------------------------------------------------------------------- arrows


def arrows(
    words: Sequence[str], weights_k: np.ndarray, query: int, title: str = ""
) -> Figure:
    """One word looking at all words, with arrows as thick as the weights.

    Args:
        words: The sentence.
        weights_k: `(k,)`, from 0 to 1.
        query: The place of the word that looks.
        title: Stands above.
    """
    figure, axes = canvas(height=2.6)
    axes.set_axis_off()
    axes.set_title(title)
    axes.set_xlim(-0.6, len(words) - 0.4)
    axes.set_ylim(-0.45, 1.3)
    box = {"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": GREY}
    lit = {**box, "edgecolor": BLUE, "linewidth": 2.5}
    for place, word in enumerate(words):
        axes.text(place, 0, word, ha="center", va="center", bbox=box)
        label = f"{weights_k[place]:.2f}"
        axes.text(place, -0.33, label, ha="center", va="center", color="black")
        arrow = FancyArrowPatch(
            (query, 0.92),
            (place, 0.17),
            arrowstyle="-|>",
            mutation_scale=6 + 12 * weights_k[place],
            linewidth=0.4 + 9 * weights_k[place],
            color=BLUE,
            alpha=0.75,
            shrinkA=6,
            shrinkB=2,
        )
        axes.add_patch(arrow)
    axes.text(query, 1.08, words[query], ha="center", va="center", bbox=lit)
    return figure


# ---------------------------------------------------------------------------- curves


def curves(
    x: Sequence[float] | np.ndarray,
    lines: Mapping[str, Sequence[float] | np.ndarray],
    x_label: str,
    y_label: str,
    title: str = "",
    log: str = "",
) -> Figure:
    """Lines, each with its own dash and marker, named at its end.

    Args:
        x: The horizontal places; on a logarithmic axis each one is named.
        lines: Each line's name with its values.
        x_label: With its unit.
        y_label: With its unit.
        title: Stands above.
        log: "x", "y" or "xy": the axes with a logarithmic scale.
    """
    figure, axes = canvas()
    for (name, values), style in zip(lines.items(), LINES, strict=False):
        axes.plot(x, values, markersize=5, label=name, **style)
        axes.annotate(
            name,
            (x[-1], values[-1]),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=style["color"],
        )
    if "x" in log:
        x_label += ", log scale"
        axes.set_xscale("log")
        axes.set_xticks(x, [f"{place:g}" for place in x])
        axes.minorticks_off()
    if "y" in log:
        y_label += ", log scale"
        axes.set_yscale("log")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_title(title)
    return figure


# ------------------------------------------------------------------------ course map

COLUMN, STEP = 2.3, 0.62
BLOCKS = {  # name: the lessons that build it, column, height
    "embedding + positions": ((4,), 0, 0),
    "self-attention": ((2, 3, 5), 0, 1),
    "feed-forward": ((6,), 0, 2),
    "embedding + positions ": ((4,), 1, 0),
    "masked self-attention": ((2, 3, 5), 1, 1),
    "cross-attention": ((2, 3, 5), 1, 2),
    "feed-forward ": ((6,), 1, 3),
    "next word": ((7,), 1, 4),
}


def course_map(lesson: int) -> Figure:
    """The whole Transformer with the parts of one lesson lit.

    Args:
        lesson: 1 to 7. Lit blocks have a thick frame and a dot as well as colour.
    """
    figure, axes = canvas(5.2, 3.2)
    axes.set_axis_off()
    axes.set_xlim(-0.15, 2 * COLUMN + 0.35)
    axes.set_ylim(-0.75, 4 * STEP + 0.75)
    for name, (lessons, column, height) in BLOCKS.items():
        _block(axes, name.strip(), column, height, lesson in lessons)
    for column, top in ((0, 2), (1, 4)):
        for height in range(top):
            _link(axes, (column, height), (column, height + 1))
    axes.annotate(
        "",
        xy=(COLUMN + 0.5, 2 * STEP),
        xytext=(2.0, 2 * STEP),
        arrowprops={"arrowstyle": "-|>", "color": GREY},
    )
    axes.text(1.0, -0.6, "encoder: French", ha="center")
    axes.text(COLUMN + 1.5, -0.6, "decoder: English", ha="center")
    return figure


def _block(axes: Axes, name: str, column: int, height: int, lit: bool) -> None:
    x, y = column * (COLUMN + 0.5), height * STEP - 0.2
    frame: dict[str, Any] = {
        "linewidth": 2.5 if lit else 1,
        "edgecolor": BLUE if lit else GREY,
    }
    fill = "#cfe5f2" if lit else "white"
    box = FancyBboxPatch((x, y), 2.0, 0.4, "round,pad=0.02", facecolor=fill, **frame)
    axes.add_patch(box)
    text = f"● {name}" if lit else name
    axes.text(x + 1.0, y + 0.2, text, ha="center", va="center", fontsize=9)


def _link(axes: Axes, below: tuple[int, int], above: tuple[int, int]) -> None:
    x = below[0] * (COLUMN + 0.5) + 1.0
    axes.annotate(
        "",
        xy=(x, above[1] * STEP - 0.2),
        xytext=(x, below[1] * STEP + 0.22),
        arrowprops={"arrowstyle": "-|>", "color": GREY},
    )
