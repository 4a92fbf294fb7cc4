"""A class in nbgrader's gradebook: grades, feedback, the table and the formgrader."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from bs4 import BeautifulSoup

from graders import cli
from graders.classroom.export import write_table
from graders.classroom.grades import Rules
from graders.classroom.papers import ESSAY, SLIPS, answered, solved_answers, with_slip
from graders.course import Course, CourseError
from graders.grade import grade_lesson
from graders.gradebook import CONFIG, Book
from graders.record import Record
from tests.classes import Idle, submit

EVIL = """
<script>alert(1)</script> <img src=x onerror=alert(1)> <a href="javascript:x()">a</a>
[b](javascript:alert(1)) [c](data:text/html,alert(1)) <style>body{display:none}</style>
![d](x) <svg onload=alert(1)></svg> <iframe src="//x"></iframe> `<script>` $a<b$
"""
HALF = "def softmax(scores, axis=-1):\n    raise ValueError('\\ud83d <script>alert(1)')"
RIGHT, WRONG, PAINTER, FORMULA = "ada", "blaise", "Zoë van+Dijk 2", "=1+1"


def class_of(lesson):
    """Notebooks by student."""
    right = solved_answers(lesson)
    painted = answered(lesson, {**right, "answer-softmax": HALF}, EVIL)
    painted.cells.append(nbformat.v4.new_markdown_cell(EVIL))
    wrong = with_slip(right, SLIPS["attention"][0])
    return {
        RIGHT: answered(lesson, right, ESSAY),
        WRONG: answered(lesson, wrong),
        PAINTER: painted,
        FORMULA: answered(lesson, {}),
    }


@pytest.fixture(scope="module")
def graded(entered, tmp_path_factory):
    """A lesson whose class is graded, with nbgrader's own feedback and a table."""
    course = Course(tmp_path_factory.mktemp("graded") / "course")
    shutil.copytree(entered, course.root)
    lesson, book = course.find("attention"), Book(course)
    for student, notebook in class_of(lesson).items():
        folder = course.grading / "submitted" / student / lesson.name
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / lesson.release.name)
    grade_lesson(lesson)
    assert book.api.generate_feedback(lesson.name)["success"]
    write_table(course, course.grading / "grades.csv", Rules(unfinished=True))
    return lesson


def entries(lesson):
    path = lesson.course.grading / "record" / f"{lesson.name}.jsonl"
    return Record(path).latest()


def page(lesson, student):
    folder = lesson.course.grading / "feedback" / student / lesson.name
    return (folder / f"{lesson.noun}.html").read_text(encoding="utf-8")


def text_of(html):
    return re.sub(r"\s+", " ", BeautifulSoup(html, "html.parser").get_text())


# ------------------------------------------------------------------------ the gradebook


def test_the_gradebook_has_the_points_of_the_record(graded):
    recorded = {name: entry.points for name, entry in entries(graded).items()}
    with Book(graded.course).open() as book:
        found = book.assignment_submissions(graded.name)
        assert {s.student.id: s.score for s in found} == recorded
    assert recorded == {RIGHT: 34, WRONG: 24, PAINTER: 30, FORMULA: 0}


def test_a_written_essay_waits_for_a_person_and_a_blank_one_is_0(graded):
    with Book(graded.course).open() as book:
        for student, waits in ((RIGHT, True), (WRONG, False)):
            name = ("essay-attention-scale-why", graded.noun, graded.name, student)
            grade = book.find_grade(*name)
            assert grade.needs_manual_grade == waits
            assert grade.auto_score == (None if waits else 0)


def test_points_given_by_hand_count_and_outlive_another_run(graded, tmp_path):
    shutil.copytree(graded.course.root, tmp_path / "course")
    lesson = Course(tmp_path / "course").find("attention")
    essay = ("essay-attention-scale-why", lesson.noun, lesson.name, RIGHT)
    with Book(lesson.course).open() as book:
        book.find_grade(*essay).manual_score = 5
        book.find_grade(*essay).needs_manual_grade = False
        book.db.commit()
    grade_lesson(lesson)
    with Book(lesson.course).open() as book:
        assert book.find_submission(lesson.name, RIGHT).score == 39
        assert not book.find_grade(*essay).needs_manual_grade


def test_what_the_exchange_asks_for_lies_beside_the_graded_notebook(course):
    lesson = course.find("attention")
    folder = submit(lesson, "ada").parent
    (folder / "timestamp.txt").write_text("2026-10-12 21:03:11.000000 UTC")
    (folder / "submission_secret.txt").symlink_to(course.root / CONFIG)
    grade_lesson(lesson, Idle())
    beside = Book(course).graded(lesson, "ada").parent
    assert (beside / "timestamp.txt").read_text().startswith("2026-10-12")
    assert not (beside / "submission_secret.txt").exists()


# ------------------------------------------------------------------------- the feedback


def test_the_feedback_shows_the_verdict_and_names_the_mistake(graded):
    text = text_of(page(graded, WRONG))
    assert "✗ attention: wrong" in text
    says = next(r.says for r in entries(graded)[WRONG].rows if r.mistake)
    assert text_of(says) in text
    assert "attention (Score: 24.0 / 40.0)" in text


def test_the_feedback_shows_the_model_answer_below_the_essay(graded):
    text = text_of(page(graded, RIGHT))
    assert text.index(text_of(ESSAY).strip()) < text.index("Model answer.")
    assert "Marking." in text


@pytest.mark.parametrize("student", [RIGHT, WRONG])
def test_the_feedback_shows_no_hidden_test_and_no_secret_case(graded, student):
    text = text_of(page(graded, student))
    for secret in ("HIDDEN TESTS", "secret=True", "The inputs: "):
        assert secret not in text


def test_what_a_student_wrote_does_not_run_in_the_feedback(graded):
    assert harm_in(page(graded, PAINTER)) == []


def harm_in(html):
    """What of a student's would run, load or restyle the page."""
    soup = BeautifulSoup(html, "html.parser").find(id="notebook")
    found = soup.find_all(["script", "style", "svg", "iframe"])
    for tag in soup.find_all(True):
        found += [name for name in tag.attrs if name.startswith("on")]
        links = [str(tag.attrs.get(name, "")) for name in ("href", "src")]
        found += [
            link for link in links if link.startswith(("javascript:", "data:text"))
        ]
    return found


def test_formulas_and_code_in_an_essay_are_shown_as_written(graded):
    text = text_of(page(graded, PAINTER))
    assert "$a<b$" in text
    assert "<script>alert(1)</script>" in text


# ---------------------------------------------------------------------------- the table


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_table_has_each_students_points(graded):
    rows = rows_of(graded.course.grading / "grades.csv")
    assert {row["student_id"]: float(row["score"]) for row in rows} == {
        RIGHT: 34,
        WRONG: 24,
        PAINTER: 30,
        f"'{FORMULA}": 0,
    }
    assert {row["max_score"] for row in rows} == {"40.0"}


def test_the_table_says_who_is_not_finished(graded):
    rows = rows_of(graded.course.grading / "grades.csv")
    waits = {row["student_id"]: row["needs_manual_grade"] for row in rows}
    assert (waits[RIGHT], waits[WRONG]) == ("True", "False")


@pytest.mark.parametrize(
    "evil", ["=1+1", "+1+1", "-1-1", "@SUM(A1)", "\t=1", 'a",=1\n=2']
)
def test_no_cell_of_the_table_is_a_formula(course, tmp_path, evil):
    with Book(course).open() as book:
        book.update_or_create_student("ada", first_name=evil, last_name=evil)
    write_table(course, tmp_path / "grades.csv")
    (row,) = rows_of(tmp_path / "grades.csv")
    for name in ("first_name", "last_name"):
        assert row[name].lstrip("'") == evil
        assert row[name][0] not in "=+-@\t"


def test_the_commands_say_where_feedback_and_table_are(
    graded, tmp_path, monkeypatch, capsys
):
    course = Course(tmp_path / "course")
    shutil.copytree(graded.course.root, course.root)
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    assert cli.main(["feedback", "02"]) == cli.main(["export"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("02_attention: 4 pages of feedback in ")
    assert last.startswith(str(course.grading / "export" / "csv-"))


def test_feedback_before_grading_says_what_to_do_first(course, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    assert cli.main(["feedback", "02"]) == 2
    assert capsys.readouterr().err == (
        "course: Nothing of 02_attention is graded yet. Do it first: course grade 02\n"
    )


def test_a_table_in_the_place_of_a_folder_is_refused(course):
    with pytest.raises(CourseError, match="is a folder"):
        write_table(course, course.root)


def test_what_nbgrader_cannot_enter_is_told_in_a_sentence_of_its_own(course):
    lesson = course.find("attention")
    lesson.solved.write_text("{")
    told = "nbgrader cannot enter 02_attention: Notebook does not appear to be JSON"
    with pytest.raises(CourseError, match=told):
        Book(course).release(lesson)


# ----------------------------------------------------------------------- the formgrader


@pytest.fixture(scope="module")
def formgrader(graded, tmp_path_factory):
    """Opens a page of nbgrader's formgrader, on a Jupyter server in the course."""
    runtime = tmp_path_factory.mktemp("runtime")
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "server",
        "--no-browser",
        "--allow-root",
    ]
    server = subprocess.Popen(
        [*command, "--port=0", "--IdentityProvider.token=word"],
        cwd=graded.course.root,
        env={**os.environ, "JUPYTER_RUNTIME_DIR": str(runtime)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = _address(runtime)
        yield lambda path: _page(f"{address}formgrader/{path}?token=word")
    finally:
        server.terminate()
        server.wait(20)


def _address(runtime):
    """Of the server, which writes it down when it is ready."""
    for _ in range(300):
        if found := list(runtime.glob("jpserver-*.json")):
            return json.loads(found[0].read_text())["url"]
        time.sleep(0.2)
    pytest.fail("the server did not start in a minute")


def _page(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert answer.status == 200
        return answer.read().decode()


def submitted(lesson, student):
    """The address of a student's notebook in the formgrader."""
    with Book(lesson.course).open() as book:
        found = book.find_submission_notebook(lesson.noun, lesson.name, student)
        return f"submissions/{found.id}/"


def test_the_formgrader_shows_an_essay_and_how_to_mark_it(graded, formgrader):
    text = text_of(formgrader(submitted(graded, RIGHT)))
    assert text.index(text_of(ESSAY).strip()) < text.index("Model answer.")
    assert "Marking." in text


def test_the_formgrader_shows_each_checks_verdict(graded, formgrader):
    assert "✗ attention: wrong" in text_of(formgrader(submitted(graded, WRONG)))


def test_what_a_student_wrote_does_not_run_in_the_formgrader(graded, formgrader):
    assert harm_in(formgrader(submitted(graded, PAINTER))) == []


def test_the_formgrader_lists_the_lesson(graded, formgrader):
    assert "Manual Grading" in formgrader("gradebook")
