"""Texts that are alike are shown side by side, as text, and nothing is concluded."""

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from graders import cli
from graders.classroom import render, similarity
from graders.classroom.similarity import Likeness, like_code, like_texts
from graders.gradebook import Book
from tests.classes import recorded
from tests.test_pages import EVIL, harm_of

ODD = '''
def odd(values):
    """A long way round."""
    total = 0
    for index, value in enumerate(values):
        if index % 3 == 1 and value > 7:
            total += value ** 2 - index * 5
        elif value < -2:
            total -= abs(value) // 2
    return {"sum": total, "mean": total / max(len(values), 1)}
'''
RENAMED = ODD.replace("total", "summe").replace("values", "liste").replace('"', "'")
OTHER = """
def odd(values):
    chosen = [v for v in values[1::3] if v >= 8]
    return sum(v * v for v in chosen), np.mean(values), sorted(set(values))[:3]
"""
LONG = "The variance of a dot product grows with the width because each of the terms is"
LONG += " independent of the others and so their variances add up to the width itself,"
LONG += " which a softmax then turns into a choice of one."


def marked(pair):
    return ["".join(p.text for p in text if p.shared) for text in pair.texts]


# ------------------------------------------------------------------------------ code


def test_a_copy_with_other_names_is_found_and_marked():
    left, pairs = like_code({"ada": ODD, "blaise": RENAMED, "carl": OTHER}, [])
    assert [pair.names for pair in pairs] == [("ada", "blaise")]
    assert pairs[0].shares == (1, 1)
    assert pairs[0].shared > 100
    one, other = marked(pairs[0])
    assert "total += value ** 2" in one
    assert "summe += value ** 2" in other
    assert len(left) == 3


def test_the_pieces_are_the_whole_text():
    _, (pair,) = like_code({"ada": ODD, "blaise": f"x = 1\n{RENAMED}y = 2\n"}, [])
    whole = ["".join(piece.text for piece in text) for text in pair.texts]
    assert whole == [ODD, f"x = 1\n{RENAMED}y = 2\n"]


def test_what_the_lesson_gives_is_not_alike():
    left, pairs = like_code({"ada": ODD, "blaise": ODD}, [f"import numpy\n{ODD}"])
    assert left == (0, 0)
    assert pairs == []


def test_what_many_wrote_is_not_alike():
    left, pairs = like_code(dict.fromkeys("abcd", ODD), [])
    assert (left, pairs) == ((0, 0, 0, 0), [])


def test_what_repeats_in_a_text_is_taken_out_whole():
    """copydetect's own subtraction loses some of what stands twice."""
    left, _ = like_code({"ada": ODD + ODD, "blaise": OTHER}, [ODD + ODD])
    assert left[0] == 0


@pytest.mark.parametrize("text", ["", "x", "def f(:\n\t'''", "\x00\ufffd"])
def test_text_that_is_no_code_is_compared_all_the_same(text):
    assert like_code({"ada": text, "blaise": text}, [])[1] == []


def test_short_likeness_is_not_shown():
    short = "def scale(x, y):\n    return x @ y / np.sqrt(4)\n"
    assert like_code({"ada": short, "blaise": short}, [])[1] == []


# ---------------------------------------------------------------------------- essays


def test_equal_essays_are_one_group_whatever_the_layout():
    texts = {"ada": LONG, "blaise": LONG.upper().replace(" ", "\n"), "carl": "No idea."}
    found = like_texts(texts)
    assert [names for names, _ in found.same] == [("ada", "blaise")]
    assert found.pairs == ()


def test_a_long_run_of_words_is_found_and_marked():
    found = like_texts({"ada": f"I think: {LONG}", "blaise": f"{LONG} So be it."})
    (pair,) = found.pairs
    assert marked(pair) == [LONG[:-1], LONG[:-1]]
    assert pair.shared == len(LONG.split())


def test_short_answers_and_quotes_of_the_lesson_are_not_alike():
    short = like_texts({"ada": "I do not know", "blaise": "I do not know"})
    quoted = like_texts({"ada": f"{LONG} Yes.", "blaise": f"{LONG} No."}, given=LONG)
    for found in (short, quoted):
        assert (found.same, found.pairs) == ((), ())


# ------------------------------------------------------------------------ the report


def add(lesson, student, code):
    """A cell of a student's own in their graded notebook."""
    path = Book(lesson.course).graded(lesson, student)
    document = json.loads(path.read_text(encoding="utf-8"))
    cell = {
        "cell_type": "code",
        "source": code,
        "metadata": {"course": {"added": True}},
    }
    document["cells"].append({**cell, "outputs": [], "execution_count": None})
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.fixture
def lesson(course):
    """Three students, two of whom added the same function and wrote the same."""
    found = course.find("attention")
    for student in ("ada", "blaise", "carl"):
        recorded(found, student, essay=f" {EVIL} {LONG}" if student < "c" else " Why.")
    add(found, "ada", ODD + EVIL)
    add(found, "blaise", RENAMED + EVIL)
    return found


def run(lesson, monkeypatch, *arguments):
    monkeypatch.setenv("COURSE_ROOT", str(lesson.course.root))
    return cli.main(["similarity", *arguments])


def test_the_page_shows_both_texts_as_text(lesson, monkeypatch, capsys):
    assert run(lesson, monkeypatch, "02") == 0
    line, path = capsys.readouterr().out.splitlines()
    counts = "1 pair of code, 0 pairs of essays alike in part, 1 group of equal essays"
    assert line.startswith(f"02_attention: {counts}; ")
    html = Path(path).read_text(encoding="utf-8")
    soup = BeautifulSoup(html, "html.parser")
    assert harm_of(html) == []
    assert "<script>alert(1)</script>" in soup.get_text()
    assert "summe += value ** 2" in soup.get_text()
    assert "2 wrote the same words" in soup.get_text()
    assert "YOUR CODE HERE" not in soup.get_text()


@pytest.mark.parametrize(("left", "few"), [((0, 40, 400), True), ((130, 140), False)])
def test_the_page_says_what_it_cannot_say(left, few):
    like = Likeness("02", "Attention", len(left), left, (), 0, {}, ())
    limits = dict.fromkeys(("gram", "least", "share", "run", "few"), 1)
    text = render.page("similarity.html", like=like, limits=limits)
    assert "This is no score and no proof." in text
    assert "It cannot say who copied from whom" in text
    assert ("That is too little to mean anything" in text) == few


def test_essays_alike_in_part_are_counted(course, monkeypatch, capsys):
    mine = course.find("attention")
    for student, mark in {"ada": "First", "blaise": "Second", "carl": "Third"}.items():
        recorded(mine, student, essay=f" {mark}: {LONG}" if student < "c" else " Why.")
    assert run(mine, monkeypatch, "02") == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "02_attention: 0 pairs of code, 1 pair of essays alike in part, 0 groups of "
        "equal essays; little code is left to compare, look before you judge."
    )


def test_two_of_one_name_are_told_apart(lesson):
    (lesson.course.root / "students.csv").write_text(
        "id,first_name\nada,Kim\nblaise,Kim\ncarl,Carl\n"
    )
    (pair,) = similarity.compare(lesson).pairs
    assert pair.names == ("Kim (ada)", "Kim (blaise)")


def test_nobody_or_one_alone_is_a_sentence(course, monkeypatch, capsys):
    mine = course.find("attention")
    assert run(mine, monkeypatch, "02") == 2
    assert "Nothing of 02_attention is graded yet." in capsys.readouterr().err
    recorded(mine, "ada", booked=False)
    assert run(mine, monkeypatch, "02") == 2
    assert "there is nothing to compare" in capsys.readouterr().err
    assert not [*course.grading.glob("similarity*")]


def test_a_notebook_that_is_gone_leaves_nothing_of_it(lesson, monkeypatch, capsys):
    Book(lesson.course).graded(lesson, "ada").write_text("{")
    assert run(lesson, monkeypatch, "02") == 0
    assert "0 pairs of code" in capsys.readouterr().out
