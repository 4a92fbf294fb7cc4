"""The plain assignment that stock nbgrader grades in `benchmarks.attacks`."""

import pytest

from benchmarks.plain import plain
from graders import intake
from graders.course import Course
from tests.attacks import ATTACKS
from tests.conftest import ROOT

NOUNS = sorted({attack.lesson or "attention" for attack in ATTACKS})
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("noun", NOUNS)]


def run(cells):
    names = {}
    for cell in cells:
        exec(cell.source, names)


def test_the_solved_assignment_passes_its_tests_without_this_course(noun):
    cells = plain(Course(ROOT).find(noun)).cells
    run(cells)
    assert not any("graders" in cell.source for cell in cells)
    assert sum("assert" in cell.source for cell in cells) > 2


def test_an_answer_that_is_not_there_is_noticed(noun):
    cells = plain(Course(ROOT).find(noun)).cells
    kept = [cell for cell in cells if intake.mark_of(cell) != "answer"]
    assert len(kept) < len(cells)
    with pytest.raises(NameError):
        run(kept)
