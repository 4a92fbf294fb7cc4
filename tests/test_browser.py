"""A student's first success in each lesson, in a real browser: open, answer, check.

Uses Debian's chromium through Playwright, which brings no browser of its own here.
"""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from playwright.sync_api import sync_playwright

from graders import registry
from graders.course import Course
from graders.exercise import Exercise
from graders.lab import copy as copy_lesson
from tests.conftest import ROOT, needs

pytestmark = pytest.mark.browser
WAIT = 120_000  # milliseconds: a busy machine starts a kernel slowly
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

RIGHT = """
def softmax(scores, axis=-1):
    shifted = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)
"""
WRONG = """
def softmax(scores, axis=-1):
    powers = np.exp(scores - np.max(scores))
    return powers / powers.sum()
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of lesson 02, as `course lab --no-browser` prints it.

    The other lessons' copies lie beside it, as if they had been opened before.
    """
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    for lesson in Course(root).lessons():
        copy_lesson(lesson)
    ours = {"COURSE_ROOT": str(root), "JUPYTERLAB_WORKSPACES_DIR": str(root / "pages")}
    process = subprocess.Popen(
        [sys.executable, "-m", "graders.cli", "lab", "02", "--no-browser"],
        env={**os.environ, **ours, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        printed = iter(process.stdout.readline, "")
        yield next(m[0] for line in printed if (m := re.search(r"http://\S+", line)))
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


@pytest.fixture(scope="module")
def browser():
    chromium = needs("chromium")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser, lab):
    """Lesson 02 in JupyterLab, with its kernel started."""
    return opened(browser, lab)


def opened(browser, address):
    """A page with a notebook in JupyterLab: its first cell chosen, its kernel ready."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(WAIT)
    page.goto(address)
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Escape")
    page.get_by_text("| Idle").first.wait_for()
    return page


def active(page):
    return page.locator(".jp-Notebook .jp-Cell.jp-mod-active")


def run_until(page, text):
    """Runs cell after cell by keyboard until the active one holds `text`."""
    for _ in range(60):
        if text in active(page).inner_text():
            return
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(150)
    raise AssertionError(f"no cell holds {text!r}")


def answer(page, source):
    """Replaces the active cell's source and runs it and the check below it."""
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source.strip())
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")


def test_a_student_answers_by_keyboard_and_is_told(page, tmp_path):
    run_until(page, "def softmax")
    answer(page, WRONG)
    wrong = page.get_by_role("group", name="✗ softmax: wrong")
    wrong.wait_for()
    assert "All your numbers together sum to 1" in wrong.inner_text()
    assert wrong.locator("table").count() == 2
    page.screenshot(path=tmp_path / "wrong.png")

    while "def softmax" not in active(page).inner_text():
        page.keyboard.press("k")
    answer(page, RIGHT)
    page.get_by_role("group", name="✓ softmax: passed").wait_for()
    assert wrong.count() == 0
    page.screenshot(path=tmp_path / "right.png")
    print(f"screenshots: {tmp_path}")


def test_nothing_is_asked_of_the_network_or_the_student(page):
    assert page.locator(".jp-Dialog").count() == 0
    assert page.get_by_text("Would you like to get notified").count() == 0


def first_exercise(lesson):
    """A lesson's first check that is no question, and the solution's cell above it."""
    source = ""
    for cell in nbformat.read(lesson.solved, as_version=4).cells:
        mark, _, name = cell.id.partition("-")
        if mark == "answer":
            source = cell.source
        elif mark == "check" and isinstance(registry.find(name), Exercise):
            return name, source
    raise AssertionError(f"{lesson.name} has no exercise")


@pytest.mark.parametrize(
    "lesson",
    [lesson for lesson in Course(ROOT).lessons() if lesson.number != "02"],
    ids=lambda lesson: lesson.name,
)
def test_the_first_exercise_of_each_lesson_passes_before_the_student(
    browser, lab, lesson
):
    name, source = first_exercise(lesson)
    place = f"tree/{lesson.name}/{lesson.noun}.ipynb?reset&"
    page = opened(browser, re.sub(r"tree/.*\?", place, lab))
    run_until(page, f"def {registry.find(name).answer}")
    answer(page, source)
    page.get_by_role("group", name=f"✓ {name}: passed").wait_for()
    page.close()
