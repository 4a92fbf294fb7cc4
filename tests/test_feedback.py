"""A verdict reads well as text, and is safe as HTML."""

import numpy as np

from graders.exercise import PASSED, WRONG, Picture, Verdict
from graders.feedback import as_html, as_text, panel

PICTURE = Picture("weights", np.array([[0.25, 0.75]]), np.array([[0.25, 0.5]]))
FAILED = Verdict("softmax", WRONG, "Off by `1`.", "m", "Why?", "two keys", PICTURE)


def test_the_text_holds_status_message_hint_and_case():
    text = as_text(FAILED)
    assert text.startswith("✗ softmax: wrong")
    for part in ("Off by `1`.", "Why?", 'example("softmax", "two keys")'):
        assert part in text


def test_a_passed_check_is_one_line():
    assert as_text(Verdict("softmax", PASSED)) == "✓ softmax: passed"


def test_the_html_escapes_what_the_student_wrote():
    html = as_html(Verdict("softmax", WRONG, "<script>alert(1)</script> `<b>`"))
    assert "<script>" not in html
    assert "<code>&lt;b&gt;</code>" in html


def test_the_picture_marks_what_differs_by_a_sign():
    html = as_html(FAILED)
    assert html.count("≠") == 1
    assert "≠ 0.5" in html


def test_the_picture_holds_expected_and_got():
    html = as_html(FAILED)
    assert "weights expected" in html
    assert "weights yours" in html
    assert "0.75" in html


def test_a_picture_of_what_is_not_finite_is_drawn():
    odd = Picture("w", np.array([1.0, np.nan]), np.array([np.inf, np.nan]))
    assert "inf" in as_html(Verdict("softmax", WRONG, picture=odd))


def test_a_panel_is_text_where_no_html_is_shown():
    assert repr(panel(FAILED)) == as_text(FAILED)
    assert panel(FAILED)._repr_html_() == as_html(FAILED)
