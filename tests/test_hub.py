"""A class on the hub, in a real browser: from fetching to reading the feedback.

One hub and one class go through the module; each fixture takes the class one step on.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from graders import intake, levels
from graders.classroom.hub_plan import Plan
from graders.course import Course
from graders.gradebook import CONFIG, Book
from tests.conftest import ROOT
from tests.test_browser import RIGHT, WAIT, WRONG, active, answer, run_until
from tests.test_browser import browser as browser  # a fixture
from tests.test_hub_proxy import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LESSON = "02_attention"
KEPT = {
    "given-setup",
    "answer-softmax",
    "check-softmax",
    "check-softmax-large",
    "essay-attention-scale-why",
}
ESSAY = "The variance grows with d."
COMMENT = "And why does that hurt a softmax?"
ANSWERS = {"ada": RIGHT, "blaise": WRONG}


# ------------------------------------------------------------------------- the hub


def course_of(root, kept):
    """A course of lesson 02, or of these cells of it, released to the exchange."""
    course = Course(root)
    solved = course.root / "solutions" / LESSON / "attention.ipynb"
    solved.parent.mkdir(parents=True)
    notebook = nbformat.read(Course(ROOT).find("02").solved, as_version=4)
    notebook.cells = [
        c for c in notebook.cells if not kept or intake.grade_id(c) in kept
    ]
    nbformat.write(notebook, solved)
    shutil.copy(ROOT / CONFIG, root)
    (root / "students.csv").write_text("id\nada\nBlaise\n")
    (course.grading / "hub" / "exchange").mkdir(parents=True)
    book = Book(course)
    book.release(course.find("02"))
    assert book.api.release_assignment(LESSON)["success"]
    return course


class Hub:
    """A hub as a process that a person started in a terminal."""

    def __init__(self, course, port):
        self.course, self.port = course, port
        self.start()

    def start(self):
        ours = {"COURSE_ROOT": str(self.course.root), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "graders.cli", "hub", "--port", str(self.port)]
        self.log = self.course.root / "hub.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, **ours},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait_for("The hub is ready.")
        self.plan = Plan.read(self.course.grading / "hub" / "state" / "plan.json")
        return self.plan

    def wait_for(self, text):
        end = time.monotonic() + WAIT / 1000
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.2)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def address(self, name):
        """Where a user's server is."""
        host = f"//{name}.hub.localhost"
        return self.plan.address.replace("//hub.localhost", host) + f"/user/{name}"

    def family(self):
        """The commands of the proxy and the servers, which all know the exchange."""
        known = f"COURSE_EXCHANGE={self.plan.exchange}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if known in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder / "cmdline").read_bytes().decode())
        return found


@pytest.fixture(
    scope="module",
    params=["short", pytest.param("whole", marks=pytest.mark.full)],
)
def hub(request, tmp_path_factory):
    kept = KEPT if request.param == "short" else None
    course = course_of(tmp_path_factory.mktemp("hub"), kept)
    running = Hub(course, free_port())
    running.most = 10 if kept else 40  # points
    yield running
    running.stop()


@pytest.fixture(scope="module")
def log_in(browser, hub):
    """Logs somebody in with a browser of their own: the page after the form."""
    pages = {}

    def logged_in(name, password):
        if name not in pages:
            page = browser.new_context(
                viewport={"width": 1280, "height": 900}
            ).new_page()
            page.set_default_timeout(WAIT)
            fill_in(page, hub, name, password)
            pages[name] = page
        return pages[name]

    yield logged_in
    for page in pages.values():
        page.context.close()


def fill_in(page, hub, name, password):
    page.goto(hub.plan.address)
    page.fill("#username_input", name)
    page.fill("#password_input", password)
    page.click("#login_submit")


def look(page, name):
    """A screenshot, where a developer asks for them."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")


# ------------------------------------------------------------------ the class, in steps


@pytest.fixture(scope="module")
def students(hub, log_in):
    """Two students' pages, once they have fetched, solved and submitted."""
    pages = {}
    for name, source in ANSWERS.items():
        page = pages[name] = log_in(name, hub.plan.student_password)
        open_list(page)
        page.get_by_role("button", name="Fetch").click()
        page.get_by_role("button", name="Submit").wait_for()
        look(page, f"{name}-fetched")
        solve(page, hub.address(name), source)
        look(page, f"{name}-solved")
        open_list(page)
        page.get_by_role("button", name="Submit").click()
        page.get_by_role("button", name="Fetch Feedback").wait_for()
        look(page, f"{name}-submitted")
    return pages


def open_list(page):
    """Opens the list of assignments by the menu."""
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Assignment List").click()


def solve(page, address, source):
    """Answers in the notebook, by keyboard, and saves it."""
    page.goto(f"{address}/lab/tree/{LESSON}/attention.ipynb?reset")
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Escape")
    page.get_by_text("| Idle").first.wait_for()
    run_until(page, "def softmax")
    answer(page, source)
    page.get_by_role("group", name=re.compile("[✓✗] softmax: ")).wait_for()
    while "Your answer here" not in active(page).inner_text():
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(f"\n\n{ESSAY}")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Control+s")
    page.get_by_text("Saving completed").first.wait_for()


@pytest.fixture(scope="module")
def collected(hub, log_in, students):
    """The instructor's page, once formgrader has collected."""
    page = log_in("instructor", hub.plan.instructor_password)
    press(page, ".collect a")
    look(page, "collected")
    return page


def press(page, button, row=""):
    """Presses a button of formgrader's, then its dialog away; what that said."""
    frame = page.frame_locator("iframe")
    frame.locator("tr", has_text=row).locator(button).click()
    dialog = frame.locator(".modal-dialog")
    dialog.get_by_text("Log Output").wait_for()
    said = dialog.inner_text()
    dialog.get_by_role("button", name="OK").click()
    dialog.wait_for(state="detached")
    assert "Success" in said, said
    return said


@pytest.fixture(scope="module")
def graded(hub, collected):
    """The course, once `course grade` has graded what formgrader collected."""
    ours = {"COURSE_ROOT": str(hub.course.root)}
    command = [sys.executable, "-m", "graders.cli", "grade", "02"]
    level = ["--level", levels.reach().level]
    subprocess.run([*command, *level], env={**os.environ, **ours}, check=True)
    return hub.course


@pytest.fixture(scope="module")
def returned(hub, collected, graded):
    """The instructor's page, once an essay is graded by hand and feedback is out."""
    frame = collected.frame_locator("iframe")
    collected.reload()
    frame.get_by_role("link", name="Manual Grading").click()
    frame.get_by_role("heading", name="Manual Grading").wait_for()
    for link in (LESSON, "attention"):
        frame.locator("table").get_by_role("link", name=link, exact=True).click()
    frame.locator("tr", has_text=f"4 / {hub.most - 6}").get_by_role(
        "link"
    ).first.click()
    for field, text in (("", "5"), ("-comment", COMMENT)):
        box = frame.locator(f"#essay-attention-scale-why{field}")
        box.fill(text)
        with collected.expect_response(lambda got: got.request.method == "PUT"):
            box.press("Tab")
    look(collected, "essay")
    collected.reload()
    press(collected, ".generate-feedback a")
    press(collected, ".release-feedback a")
    look(collected, "returned")
    return collected


# ------------------------------------------------------------------------- what is so


def points(course, student):
    with Book(course).open() as book:
        return book.find_submission(LESSON, student).score


def test_what_students_submit_waits_for_the_instructor_under_their_ids(hub, students):
    found = (hub.plan.exchange / "transformer" / "inbound").iterdir()
    assert {path.name.partition("+")[0] for path in found} == {"ada", "Blaise"}


def test_a_students_server_has_no_formgrader(hub, students):
    page = students["ada"].context.new_page()
    assert page.goto(f"{hub.address('ada')}/formgrader").status == 404
    page.goto(f"{hub.address('ada')}/lab")
    page.get_by_role("menuitem", name="Nbgrader").click()
    shown = page.locator(".lm-Menu-itemLabel:visible")
    assert shown.all_inner_texts() == ["Assignment List"]


@pytest.mark.parametrize("name", ["blaise", "instructor"])
def test_a_student_reads_nothing_on_anothers_server(hub, students, collected, name):
    page = students["ada"].context.new_page()
    assert page.goto(f"{hub.address(name)}/lab").status == 403
    assert page.goto(f"{hub.address(name)}/api/contents").status == 403


@pytest.mark.parametrize("name", ["instructor", "eve"])
def test_the_students_password_opens_no_other_door(hub, browser, name):
    page = browser.new_context().new_page()
    fill_in(page, hub, name, hub.plan.student_password)
    page.get_by_text("Invalid username or password").wait_for()
    page.context.close()


def test_the_trusted_grader_grades_what_formgrader_collected(graded):
    assert [points(graded, name) for name in ("ada", "Blaise")] == [4, 0]


def test_formgraders_own_button_grades_the_same(hub, collected, graded):
    collected.reload()
    frame = collected.frame_locator("iframe")
    frame.locator(".num-submissions a").click()
    press(collected, ".autograde a", "ada")
    look(collected, "autograded")
    assert points(graded, "ada") == 4


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ada", [COMMENT, "Score: 9.0 / {}.0"]),
        ("blaise", ["All your numbers"]),
    ],
)
def test_a_student_reads_the_feedback(hub, students, returned, name, told):
    page = students[name]
    page.get_by_role("button", name="Fetch Feedback").click()
    page.get_by_text("view feedback").first.click()
    page.get_by_text("attention.html").first.dblclick()
    shown = page.frame_locator(".jp-HTMLViewer iframe").locator("body")
    shown.get_by_text("Score:").first.wait_for()
    look(page, f"{name}-feedback")
    for text in told:
        assert text.format(hub.most) in shown.inner_text()


def test_ctrl_c_leaves_nothing_and_a_second_start_keeps_everything(hub, returned):
    before = hub.plan
    assert len(hub.family()) >= 5
    assert hub.stop() == 0
    assert hub.family() == []
    assert hub.start() == before
    assert [points(hub.course, name) for name in ("ada", "Blaise")] == [9, 0]
    assert (before.homes / "ada" / LESSON / "attention.ipynb").exists()
