"""`kill -9` in the middle of a class of 60: nothing lost, nothing counted twice."""

import os
import random
import shutil
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

from graders.classroom.papers import SLIPS, answered, solved_answers, with_slip
from graders.course import Course
from graders.gradebook import Book
from graders.record import Record
from graders.seeds import secret_seed
from tests.conftest import ROOT, locked_runner

STUDENTS = 60


@pytest.fixture(scope="module")
def undisturbed(entered, tmp_path_factory):
    """A class of 60, and a copy of it graded without a disturbance."""
    locked_runner().close()  # skips where nothing can lock code in
    course = Course(tmp_path_factory.mktemp("kill") / "course")
    shutil.copytree(entered, course.root)
    lesson = course.find("attention")
    right = solved_answers(lesson)
    kinds = [{}, right, *(with_slip(right, slip) for slip in SLIPS["attention"])]
    for number in range(STUDENTS):
        folder = course.grading / "submitted" / f"s{number:02}" / lesson.name
        folder.mkdir(parents=True)
        notebook = answered(lesson, kinds[number % len(kinds)])
        nbformat.write(notebook, folder / lesson.release.name)
    secret_seed(course.grading, lesson.noun)
    shutil.copytree(course.root, course.root.with_name("whole"))
    whole = Course(course.root.with_name("whole"))
    assert start(whole).wait(600) == 0
    return course.root, outcome(whole)


def start(course):
    """`course grade 02`, as a process that leads a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "graders.cli", "grade", "02"],
        cwd=ROOT,
        env={**os.environ, "COURSE_ROOT": str(course.root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def outcome(course):
    """Each student's rows, and their points in the gradebook."""
    entries = Record.of(course.find("attention")).entries()
    with Book(course).open() as book:
        found = book.assignment_submissions("02_attention")
        scores = {s.student.id: s.score for s in found}
    rows = sorted((entry.student, entry.rows) for entry in entries)
    return rows, scores


def lines(course):
    path = Record.of(course.find("attention")).path
    return path.read_bytes().count(b"\n") if path.exists() else 0


def killed(course, after):
    """Grades until so many lines more are on the disk, and then for a moment."""
    began, run = lines(course), start(course)
    while lines(course) < began + after and run.poll() is None:
        time.sleep(0.002)
    time.sleep(random.Random(after).random() / 20)
    family = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.wait()
    return family


def test_a_run_killed_again_and_again_ends_as_an_undisturbed_one(undisturbed, tmp_path):
    check(undisturbed, tmp_path, [7, 19, 11])


@pytest.mark.full
@pytest.mark.parametrize("number", range(20))
def test_a_run_killed_anywhere_ends_as_an_undisturbed_one(
    undisturbed, tmp_path, number
):
    check(undisturbed, tmp_path, [random.Random(number).randrange(STUDENTS)])


def check(undisturbed, tmp_path, kills):
    root, expected = undisturbed
    shutil.copytree(root, tmp_path / "course")
    course = Course(tmp_path / "course")
    families = [killed(course, after) for after in kills]
    assert start(course).wait(600) == 0
    assert outcome(course) == expected
    _, left = psutil.wait_procs([p for f in families for p in f], 10)
    assert left == []
