"""A report's page: its figures, each with its sentence and its numbers as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from matplotlib.figure import Figure

from graders.classroom import render
from graders.classroom.report import LessonReport, summary
from transformer.figures import BLUE, VERMILLION, canvas

MOST_BARS = 10


@dataclass(frozen=True)
class Chart:
    """A figure, its sentence, and its numbers.

    Args:
        title: Stands above.
        alt: The sentence, computed from the numbers.
        source: The picture's address.
        columns: Of the table.
        rows: Of the table.
    """

    title: str
    alt: str
    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def html(found: Sequence[LessonReport], anonymous: bool = False) -> str:
    """The page of some reports."""
    lessons = [(one, summary(one), list(_charts(one))) for one in found]
    people = {} if anonymous else _people(found)
    made = f"{datetime.now():%Y-%m-%d %H:%M}"
    groups = {} if anonymous else {one.number: _groups(one) for one in found}
    values = {"lessons": lessons, "people": people, "groups": groups, "made": made}
    return render.page("report.html", anonymous=anonymous, **values)


def _groups(lesson: LessonReport) -> dict[str, list[str]]:
    """Who made each mistake, the most frequent first."""
    return {
        slip.words: [p["name"] for p in lesson.people if slip.words in p["mistakes"]]
        for slip in lesson.slips
    }


def _people(found: Sequence[LessonReport]) -> dict[str, tuple[str, list[Any]]]:
    """By id: the name, and for each lesson that student's row or None."""
    rows = [{person["id"]: person for person in one.people} for one in found]
    ids = dict.fromkeys(ident for lesson in rows for ident in lesson)
    return {
        ident: (
            next(lesson[ident]["name"] for lesson in rows if ident in lesson),
            [lesson.get(ident) for lesson in rows],
        )
        for ident in ids
    }


def _charts(lesson: LessonReport) -> Iterator[Chart]:
    if lesson.bins:
        yield points_chart(lesson)
    if lesson.slips:
        yield slips_chart(lesson)
    if lesson.times:
        yield times_chart(lesson)


def points_chart(lesson: LessonReport) -> Chart:
    """How many reached how many points."""
    names = [f"{a:g} to {b:g}" for a, b, _ in lesson.bins]
    counts = [count for *_, count in lesson.bins]
    low, high = render.number(min(lesson.points)), render.number(max(lesson.points))
    alt = (
        f"Columns: the points of {len(lesson.points)} students, from {low} to {high} "
        f"of {render.number(lesson.max)}; most, {max(counts)}, have "
        f"{names[counts.index(max(counts))]}."
    )
    figure = _columns(names, counts, "points reached", "students")
    return _chart("Points", alt, figure, ("Points", "Students"), names, counts)


def slips_chart(lesson: LessonReport) -> Chart:
    """Which mistakes were made by how many."""
    shown = lesson.slips[:MOST_BARS]
    names, counts = [s.words for s in shown], [s.students for s in shown]
    more = len(lesson.slips) - len(shown)
    rest = f" {more} rarer ones are in the list below." if more else ""
    alt = (
        f"Bars: {len(shown)} named mistakes; the commonest, {names[0]}, was made by "
        f"{counts[0]} of {lesson.started} students.{rest}"
    )
    figure = _bars(names, counts)
    return _chart("Mistakes", alt, figure, ("Mistake", "Students"), names, counts)


def times_chart(lesson: LessonReport) -> Chart:
    """When work came."""
    names, counts = [n for n, _ in lesson.times], [c for _, c in lesson.times]
    alt = (
        f"Bars: when {sum(counts)} submissions came; {counts[3]} in the last 2 hours "
        f"before the due date and {sum(counts[4:])} after it."
    )
    figure = _bars(names, counts)
    return _chart(
        "Time", alt, figure, ("Against the due date", "Students"), names, counts
    )


def _chart(
    title: str,
    alt: str,
    figure: Figure,
    columns: tuple[str, ...],
    names: Sequence[str],
    counts: Sequence[int],
) -> Chart:
    rows = tuple((name, str(count)) for name, count in zip(names, counts, strict=True))
    return Chart(title, alt, render.picture_of(figure), columns, rows)


def _columns(
    names: Sequence[str], counts: Sequence[int], x_label: str, y_label: str
) -> Figure:
    figure, axes = canvas(height=2.8)
    drawn = axes.bar(range(len(names)), counts, color=BLUE, width=0.85)
    axes.bar_label(drawn)
    axes.set_xticks(range(len(names)), names, fontsize=9, rotation=30, ha="right")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_yticks(_whole(counts))
    return figure


def _bars(names: Sequence[str], counts: Sequence[int]) -> Figure:
    figure, axes = canvas(height=min(3.6, 0.9 + 0.3 * len(names)))
    drawn = axes.barh(range(len(names)), counts, color=VERMILLION, height=0.7)
    axes.bar_label(drawn, padding=3)
    short = [name if len(name) < 40 else f"{name[:38]} …" for name in names]
    axes.set_yticks(range(len(names)), short)
    axes.invert_yaxis()
    axes.set_xlabel("students")
    axes.set_xticks(_whole(counts))
    return figure


def _whole(counts: Sequence[int]) -> list[int]:
    """A few whole numbers from 0 to the largest count: there are no half students."""
    top = max([1, *counts])
    step = max(1, -(-top // 5))
    return list(range(0, top + step, step))
