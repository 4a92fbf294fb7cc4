"""The attack bank: whole submissions, graded in one class with honest students."""

import csv
import re
from functools import cache

import pytest

from graders.classroom.export import write_table
from graders.classroom.pages import write_pages
from graders.classroom.sheet import FORMULA
from graders.course import Course
from graders.exercise import NEEDS_GRADING
from graders.gradebook import Book
from graders.locked import modules_of
from graders.workers import Limits
from tests.attacks import ALL, ATTACKS, NOTHING, REFUSED, REST, SECTIONS
from tests.attacks.classroom import HONEST, deserved, grade, told
from tests.conftest import ROOT, locked_runner
from tests.test_gradebook import harm_in
from tests.test_pages import harm_of

MEMORY, FOR_KERAS = 512 << 20, 1 << 30
ANY = [attack for attack in ATTACKS if not attack.lesson]
NOUNS = [lesson.noun for lesson in Course(ROOT).lessons()]
# The classes by name, which begins with the lesson's noun; the first is always graded.
CLASSES = {
    "attention": ANY,
    "heads with Keras": [attack for attack in ATTACKS if attack.lesson == "heads"],
} | {f"{noun} in full": ANY for noun in NOUNS if noun != "attention"}
pytestmark = pytest.mark.slow


def mark(name):
    return [pytest.mark.full] if name.endswith("in full") else []


each_class = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=mark(name)) for name in CLASSES]
)
each_attack = pytest.mark.parametrize(
    ("name", "attack"),
    [
        pytest.param(name, attack, marks=mark(name), id=f"{name}: {attack.name}")
        for name, attacks in CLASSES.items()
        for attack in attacks
    ],
)


@pytest.fixture(scope="module")
def grading(tmp_path_factory):
    """Grades a lesson's honest students, with the attackers of a class or without."""

    @cache
    def of(noun, name=""):
        lesson = Course(ROOT).find(noun)
        modules = modules_of(lesson)
        memory = FOR_KERAS if "keras" in modules else MEMORY
        limits = Limits(cell=4, call=4, total=24, memory=memory, file_size=16 << 20)
        runner = locked_runner(limits=limits, modules=modules, course=lesson.course)
        return grade(lesson, tmp_path_factory.mktemp(noun), runner, CLASSES.get(name))

    return of


@pytest.fixture
def graded(grading, name):
    """A class with its attackers, graded."""
    return grading(name.split()[0], name)


@each_attack
def test_an_attack_earns_what_its_answers_are_worth(graded, attack):
    entry = graded.entries[attack.student]
    assert entry.points == deserved(graded.lesson, attack), told(entry)


@each_attack
def test_what_is_told_is_for_people(graded, attack):
    said = told(graded.entries[attack.student])
    ours = (str(ROOT), str(graded.lesson.course.root), "site-packages", "Traceback")
    for text in said:
        assert not [word for word in ours if word in text]
        assert len(text) < 900
    if attack.told:
        assert any(re.search(attack.told, text) for text in said), said
    assert said or attack.earns == ALL


@each_class
def test_honest_students_have_the_grades_of_a_class_without_attackers(
    grading, graded, name
):
    alone = grading(name.split()[0])
    for student in HONEST:
        assert graded.entries[student].rows == alone.entries[student].rows
        assert graded.entries[student].notes == ()


@each_class
def test_the_run_goes_on_to_the_last(graded, name):
    students = {attack.student for attack in CLASSES[name]}
    assert graded.entries.keys() == {*HONEST, *students}


@each_class
def test_no_row_is_the_graders_fault(graded):
    known = {"passed", "wrong", "not attempted", "crashed", "timed out", NEEDS_GRADING}
    rows = [row for entry in graded.entries.values() for row in entry.rows]
    assert {row.status for row in rows} <= known


@each_class
def test_nothing_is_written_outside_the_work_folder(graded):
    assert graded.changed == []


@each_class
def test_no_process_is_left(graded):
    assert graded.left == []


@each_class
def test_the_graders_memory_stays_flat(graded):
    assert graded.grown < 150 << 20


# ----------------------------------------------------------- what the instructor opens


def test_nothing_of_an_attacker_runs_in_the_feedback(grading):
    lesson = grading("attention", "attention").lesson
    pages = [page.read_text(encoding="utf-8") for page in write_pages(lesson)]
    assert len(pages) == len(CLASSES["attention"]) + len(HONEST)
    assert [harm for page in pages for harm in harm_of(page)] == []


@pytest.mark.parametrize("student", ["html*", "<img*"])
def test_nothing_of_an_attacker_runs_in_nbgraders_own_feedback(grading, student):
    lesson = grading("attention", "attention").lesson
    book = Book(lesson.course)
    book.folders.student_id = student
    assert book.api.generate_feedback(lesson.name)["success"]
    found = lesson.course.grading.glob(f"feedback/{student}/{lesson.name}/*.html")
    pages = [page.read_text(encoding="utf-8") for page in found]
    assert pages
    assert [harm for page in pages for harm in harm_in(page)] == []
    assert not any("<img src=x onerror" in page for page in pages)


def test_no_cell_of_the_table_is_a_formula(grading, tmp_path):
    lesson = grading("attention", "attention").lesson
    write_table(lesson.course, tmp_path / "grades.csv")
    with (tmp_path / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert len(rows) == len(CLASSES["attention"]) + len(HONEST) + 1
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULA)]


# ------------------------------------------------------------------------- the registry


def test_every_section_has_its_attacks_and_no_name_comes_twice():
    for names in (
        [attack.name for attack in ATTACKS],
        [attack.says for attack in ATTACKS],
        [*HONEST, *(attack.student for attack in ATTACKS)],
    ):
        assert len({*names}) == len(names)
    sections = {module.__name__.rpartition(".")[2] for module in SECTIONS}
    assert {attack.section for attack in ATTACKS} == sections
    assert {attack.earns for attack in ATTACKS} == {ALL, REST, NOTHING, REFUSED}
