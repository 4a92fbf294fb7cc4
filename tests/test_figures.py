"""Every figure has its sentence, its size and its numbers; none needs colour."""

import numpy as np
import pytest
from matplotlib.text import Text

from transformer import figures

WORDS = ["Jane", "visite", "l'Afrique"]
WEIGHTS = np.array([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])

DRAWN = {
    "heat map": lambda: figures.heatmap(WEIGHTS, WORDS, WORDS, "weights"),
    "signed heat map": lambda: figures.heatmap(
        WEIGHTS - 0.5, WORDS, WORDS, signed=True
    ),
    "tables": lambda: figures.tables(WORDS, [figures.Table("w", WEIGHTS, WORDS)]),
    "arrows": lambda: figures.arrows(WORDS, WEIGHTS[0], query=0),
    "curves": lambda: figures.curves(
        [1, 2, 4], {"a": [1, 2, 3], "b": [3, 2, 1]}, "x", "y"
    ),
    **{f"map {n}": lambda n=n: figures.course_map(n) for n in range(1, 8)},
}


@pytest.fixture(params=DRAWN)
def figure(request):
    return DRAWN[request.param]()


def texts(figure):
    return [text for text in figure.findobj(match=Text) if text.get_text()]


def test_a_figure_fits_the_page(figure):
    width, height = figure.get_size_inches()
    assert width <= 6.4
    assert height <= 3.6


def test_no_text_is_smaller_than_nine_points(figure):
    assert texts(figure)
    assert min(text.get_fontsize() for text in texts(figure)) >= 9


def test_the_same_figure_is_the_same_bytes(figure):
    assert figures.png(figure) == figures.png(figure)


def test_a_shown_figure_keeps_its_sentence_as_text_and_alt(monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "display", shown.append)
    figures.show(DRAWN["arrows"](), "Jane looks at visite with 0.70 <b>.")
    data, metadata = shown[0]._repr_mimebundle_()
    assert data["text/plain"] == "Jane looks at visite with 0.70 <b>."
    assert metadata["image/png"]["alt"] == "Jane looks at visite with 0.70 <b>."
    assert data["image/png"].startswith(b"\x89PNG")


def test_a_shown_figure_has_its_words_folded_below_it(monkeypatch):
    shown = []
    monkeypatch.setattr(figures, "display", shown.append)
    figures.show(DRAWN["arrows"](), "Jane looks at visite with 0.70 <b>.")
    folded = shown[1]._repr_html_()
    assert folded.startswith("<details><summary>In words</summary>Jane looks")
    assert "0.70 &lt;b&gt;" in folded


def test_tables_leave_zeros_blank_and_name_rows_once():
    table = figures.Table("x_tm", np.array([[1, 0], [0.5, 0], [0, 2.0]]), ["a", "b"])
    figure = figures.tables(WORDS, [table, table])
    written = {text.get_text() for text in texts(figure)}
    named = [[t.get_text() for t in axes.get_yticklabels()] for axes in figure.axes]
    assert written >= {"1", "0.5", "2", "a", "b", "x_tm"}
    assert "0" not in written
    assert named == [WORDS, ["", "", ""]]


def test_a_figure_without_a_sentence_is_refused():
    with pytest.raises(ValueError, match="needs a sentence"):
        figures.show(DRAWN["arrows"](), " ")


def test_a_figure_larger_than_the_page_is_refused():
    figure, _ = figures.canvas(7, 3)
    with pytest.raises(ValueError, match=r"7\.0 by 3\.0 inches"):
        figures.show(figure, "Too wide: 7 inches.")


def test_a_heat_map_writes_its_numbers_and_says_who_looks():
    written = {text.get_text() for text in texts(DRAWN["heat map"]())}
    assert {
        "0.20",
        "0.70",
        "0.10",
        "key: who is looked at",
        "query: who looks",
    } <= written


def test_lines_differ_by_dash_and_marker_and_are_named_at_their_end():
    (axes,) = DRAWN["curves"]().axes
    styles = {(line.get_linestyle(), line.get_marker()) for line in axes.lines}
    assert len(styles) == len(axes.lines) == 2
    assert {"a", "b"} <= {text.get_text() for text in axes.texts}


def test_a_logarithmic_axis_names_the_places_that_were_measured():
    figure = figures.curves([4, 16, 64], {"a": [1, 2, 3]}, "d", "y", log="x")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["4", "16", "64"]


@pytest.mark.parametrize("lesson", [2, 3, 4, 5, 6, 7])
def test_the_map_marks_a_lessons_blocks_without_colour_too(lesson):
    marked = [t for t in texts(figures.course_map(lesson)) if t.get_text()[0] == "●"]
    lit = [name for name, (lessons, *_) in figures.BLOCKS.items() if lesson in lessons]
    assert len(marked) == len(lit) > 0
