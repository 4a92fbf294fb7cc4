"""The attack bank: whole submissions, graded in one class with honest students."""

import re
from dataclasses import replace

import pytest

from graders.course import Course
from graders.exercise import NEEDS_GRADING
from graders.locked import modules_of
from graders.workers import Limits
from tests.attacks import ATTACKS, NOTHING, SECTIONS
from tests.attacks.classroom import HONEST, deserved, grade, told
from tests.conftest import ROOT, locked_runner

LIMITS = Limits(cell=4, call=4, total=24, memory=512 << 20, file_size=16 << 20)
pytestmark = pytest.mark.slow


def runner_of(lesson):
    return locked_runner(
        limits=LIMITS, modules=modules_of(lesson), course=lesson.course
    )


@pytest.fixture(scope="module")
def lesson():
    return Course(ROOT).find("attention")


@pytest.fixture(scope="module")
def alone(lesson, tmp_path_factory):
    """The honest students, graded without attackers."""
    return grade(lesson, tmp_path_factory.mktemp("alone"), runner_of(lesson))


@pytest.fixture(scope="module")
def graded(lesson, tmp_path_factory):
    """The same students, graded with all attackers."""
    root = tmp_path_factory.mktemp("together")
    return grade(lesson, root, runner_of(lesson), ATTACKS)


def every(attacks=ATTACKS):
    return pytest.mark.parametrize("attack", attacks, ids=lambda a: a.student)


@every()
def test_an_attack_earns_what_its_answers_are_worth(graded, attack):
    entry = graded.entries[attack.student]
    assert entry.points == deserved(graded.lesson, attack), told(entry)


@every([attack for attack in ATTACKS if attack.told])
def test_why_points_are_lost_is_told(graded, attack):
    said = told(graded.entries[attack.student])
    assert any(re.search(attack.told, text) for text in said), said


@every()
def test_what_is_told_is_for_people(graded, attack):
    ours = (str(ROOT), str(graded.lesson.course.root), "site-packages", "Traceback")
    for text in told(graded.entries[attack.student]):
        assert not [word for word in ours if word in text]
        assert len(text) < 900


def test_honest_students_have_the_grades_of_a_class_without_attackers(alone, graded):
    for student in HONEST:
        assert graded.entries[student].rows == alone.entries[student].rows
        assert graded.entries[student].notes == ()


def test_the_run_goes_on_to_the_last(graded):
    assert {*graded.entries} == {*HONEST, *(attack.student for attack in ATTACKS)}


def test_no_row_is_the_graders_fault(graded):
    known = {"passed", "wrong", "not attempted", "crashed", "timed out", NEEDS_GRADING}
    rows = [row for entry in graded.entries.values() for row in entry.rows]
    assert {row.status for row in rows} <= known


def test_nothing_is_written_outside_the_work_folder(graded):
    assert graded.changed == []


def test_no_process_is_left(graded):
    assert graded.left == []


def test_the_graders_memory_stays_flat(graded):
    assert graded.grown < 150 << 20


def test_every_section_has_its_attacks_and_no_name_comes_twice():
    names = [attack.name for attack in ATTACKS]
    students = [attack.student for attack in ATTACKS]
    assert len({*names}) == len({*students, *HONEST}) - len(HONEST) == len(ATTACKS)
    sections = {module.__name__.rpartition(".")[2] for module in SECTIONS}
    assert {attack.section for attack in ATTACKS} == sections
    assert {attack.earns for attack in ATTACKS} > {NOTHING}
    assert replace(LIMITS, cell=LIMITS.call) == LIMITS
