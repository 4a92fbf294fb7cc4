"""A student's page of feedback: what it says, and that nothing on it runs."""

import json
import re
import shutil
import zipfile
from itertools import pairwise

import numpy as np
import pytest
from bs4 import BeautifulSoup

from graders import cli, registry
from graders.classroom import hand_back, pages, render, whole
from graders.classroom.prose import own_words, passages, title_of
from graders.classroom.report import reports
from graders.collect import cases_for
from graders.course import Course, CourseError
from graders.exercise import CRASHED, GRADER_PROBLEM, NOT_ATTEMPTED, WRONG, Exercise
from graders.gradebook import Book
from graders.oracle import key_for
from graders.score import Row, read_release
from graders.seeds import secret_seed
from tests.classes import recorded, submit
from tests.conftest import needs

EVIL = """
<script>alert(1)</script> <img src=x onerror=alert(1)> <a href="javascript:x()">a</a>
[b](javascript:alert(1)) [c](https://example.org/x) ![d](https://example.org/d.png)
<style>body{display:none}</style> <meta http-equiv="refresh" content="0;url=//x">
<svg onload=alert(1)></svg> <iframe src="//x"></iframe> <base href="//x"> `<script>`
</pre></blockquote><form action="//x"><input autofocus onfocus=alert(1)></form>
{{ 7 * 7 }} {% raw %} "' onmouseover="alert(1)
"""
ESSAY = "\n\nThe variance grows with d."
RIGHT, WRONG_ONE, PAINTER, BROKEN = "ada", "blaise", "zoë", "carl"
ROSTER = 'id,first_name,last_name\nada,Ada,Lovelace\nzoë,"<img src=x onerror=x>",Evil\n'
CLASS = """
timezone: Europe/Paris
due: {02: 2026-10-12 23:59}
late: {grace: 15 minutes, per_day: 10, most: 50}
"""


@pytest.fixture(scope="module")
def lesson(entered, tmp_path_factory):
    """A lesson with four of a class in its record, and their pages."""
    course = Course(tmp_path_factory.mktemp("pages") / "course")
    shutil.copytree(entered, course.root)
    (course.root / "students.csv").write_text(ROSTER + "blaise,,\ncarl,,\n")
    (course.root / "class.yml").write_text(CLASS)
    found = course.find("attention")
    recorded(found, RIGHT, essay=ESSAY, when="2026-10-12 12:00:00 UTC")
    wrong = {"attention": "no-scale", "attention-mask": "no-scale", "softmax": CRASHED}
    late = "2026-10-14 12:00:00 UTC"
    notes = ("softmax: found by its name",)
    recorded(found, WRONG_ONE, wrong, when=late, notes=notes)
    recorded(found, PAINTER, essay=EVIL, notes=(EVIL,), problem="")
    broken = dict.fromkeys(registry.exercises("attention"), NOT_ATTEMPTED)
    recorded(found, BROKEN, broken, problem="The file is `empty`.")
    pages.write_pages(found)
    return found


def page(lesson, student):
    folder = lesson.course.grading / "feedback" / student / lesson.name
    return (folder / f"{lesson.noun}.html").read_text(encoding="utf-8")


def soup(lesson, student):
    return BeautifulSoup(page(lesson, student), "html.parser")


def words(element):
    return re.sub(r"\s+", " ", element.get_text(" ")).strip()


def harm_of(html):
    """What would run, load, send or restyle, of the whole page."""
    tags = BeautifulSoup(html, "html.parser")
    kinds = ["script", "svg", "iframe", "object", "embed", "form", "input", "base"]
    kinds += ["link", "video", "audio"]
    found = tags.find_all(kinds)
    found += tags.find_all("style")[1:]
    refresh = [t for t in tags.find_all("meta") if t.get("http-equiv") == "refresh"]
    for tag in tags.find_all(True):
        found += [name for name in tag.attrs if name.startswith("on")]
        links = [tag.attrs[n] for n in ("href", "src", "action") if n in tag.attrs]
        found += [link for link in links if not link.startswith(("#", "data:image/"))]
        if "url(" in tag.attrs.get("style", ""):
            found.append(tag)
    return found + refresh


# ---------------------------------------------------------------------- what it says


def test_the_page_has_name_lesson_and_points(lesson):
    text = words(soup(lesson, RIGHT))
    assert "Let every word look at every other" in text
    assert "Ada Lovelace" in text
    assert "34 of 40 points" in text
    assert "6 more are still to be decided by a person" in text


def test_each_exercise_has_a_row_with_sign_word_and_points(lesson):
    table = soup(lesson, WRONG_ONE).find("table", class_="plain")
    rows = [words(row) for row in table.tbody.find_all("tr")]
    assert len(rows) == 17
    assert "attention ✗ wrong 0 of 4" in rows
    assert "softmax ✗ crashed 0 of 2" in rows
    assert "softmax: large ✓ passed 2 of 2" in rows
    assert all(row.th["scope"] == "row" for row in table.tbody.find_all("tr"))


def test_a_mistake_is_named_with_a_hint_and_a_picture_of_public_numbers(lesson):
    article = soup(lesson, WRONG_ONE).find(id="check-attention").find_parent("article")
    text = words(article)
    assert "What does the formula divide every score by?" in text
    assert "Hint 1: the idea" in text
    assert "2 more, folded, stand above the exercise" in text
    assert 'example("attention", "one query, two keys")' in text
    assert "weights expected" in text
    assert "≠ 0.9" in text


def test_the_same_mistake_is_explained_once(lesson):
    again = soup(lesson, WRONG_ONE).find(id="check-attention-mask")
    text = words(again.find_parent("article"))
    assert "The same mistake as in attention" in text
    assert "Hint 1" not in text


def test_an_essay_stands_beside_the_lessons_own_answer(lesson):
    text = words(soup(lesson, RIGHT).find("section", {"aria-labelledby": "essays"}))
    assert text.index("The variance grows with d.") < text.index("Model answer.")
    assert "A friend proposes" not in text
    assert "Your answer here" not in text
    assert "Marking." in text


def test_a_blank_essay_says_so(lesson):
    assert "Nothing was written here." in words(soup(lesson, WRONG_ONE))


def test_lateness_is_told_with_what_it_costs(lesson):
    text = words(soup(lesson, WRONG_ONE))
    assert "Handed in Wednesday, 14 October 2026, 14:00 (Europe/Paris)." in text
    assert "It came 1 day 14 hours late; that costs 5 points." in text
    assert "Reached 25 of 40 Lost by lateness −5 Counted 20 of 40" in text


def test_work_in_time_costs_nothing(lesson):
    assert "late" not in words(soup(lesson, RIGHT).find(id="points").parent)


def test_the_graders_repairs_are_told(lesson):
    assert "softmax: found by its name" in words(soup(lesson, WRONG_ONE))


def test_a_broken_file_has_a_page_that_says_what_was_wrong(lesson):
    found = soup(lesson, BROKEN)
    text = words(found)
    assert "What you handed in could not be graded. The file is empty ." in text
    assert "Look at these again" not in text
    assert not found.table.find_all("a")


def test_points_and_comment_of_a_person_are_shown(lesson, tmp_path):
    shutil.copytree(lesson.course.root, tmp_path / "course")
    mine = Course(tmp_path / "course").find("attention")
    essay = ("essay-attention-scale-why", mine.noun, mine.name, RIGHT)
    with Book(mine.course).open() as book:
        grade = book.find_grade(*essay)
        grade.manual_score, grade.needs_manual_grade = 4.5, False
        book.find_comment(*essay).manual_comment = "Good. <b>Why</b> d?"
        answer = ("answer-softmax", *essay[1:])
        book.find_comment(*answer).manual_comment = "Elegant."
        book.db.commit()
    pages.write_pages(mine, [RIGHT])
    text = words(soup(mine, RIGHT))
    assert "38.5 of 40 points" in text
    assert "✎ graded by a person 4.5 of 6" in text
    assert "Good. <b>Why</b> d?" in text
    assert text.count("Elegant.") == 1
    (report,) = reports(mine.course, [mine])
    (item,) = (one for one in report.items if one.name == "attention-scale-why")
    assert item.statuses["graded by a person"] == 1


def test_no_comment_of_nbgraders_own_is_shown(lesson):
    assert "No response" not in page(lesson, RIGHT)


def test_what_the_grader_failed_on_is_not_the_students_fault(course):
    mine = course.find("attention")
    recorded(mine, "ada", {"softmax": GRADER_PROBLEM})
    pages.write_pages(mine)
    assert "our grader failed; it will be graded again" in words(soup(mine, "ada"))


def test_somebody_excused_is_told(course):
    mine = course.find("attention")
    told = "due: {02: 2026-10-12}\nextensions: {ada: {02: excused}}\n"
    (course.root / "class.yml").write_text(told)
    recorded(mine, "ada", when="2026-12-01 12:00:00 UTC")
    pages.write_pages(mine)
    text = words(soup(mine, "ada"))
    assert "You are excused from this lesson" in text
    assert "late;" not in text


# ------------------------------------------------------------------- what it is not


@pytest.mark.parametrize("student", [RIGHT, WRONG_ONE, PAINTER, BROKEN])
def test_nothing_on_a_page_runs_loads_or_restyles(lesson, student):
    html = page(lesson, student)
    assert harm_of(html) == []
    assert "default-src &#39;none&#39;" in html


def test_what_a_student_wrote_is_text(lesson):
    text = soup(lesson, PAINTER).get_text()
    for part in ("<script>alert(1)</script>", "{{ 7 * 7 }}", "<meta http-equiv"):
        assert part in text
    assert "<img src=x onerror=x> Evil" in text


def test_hostile_messages_are_text(course):
    mine = course.find("attention")
    made = recorded(mine, "ada")
    rows = tuple(
        Row(row.name, 0, row.max, WRONG, None, EVIL, EVIL) for row in made.rows
    )
    recorded(mine, "ada", rows=rows)
    pages.write_pages(mine)
    assert harm_of(page(mine, "ada")) == []
    assert "{{ 7 * 7 }}" in soup(mine, "ada").get_text()


def test_an_attached_picture_is_shown_and_an_svg_is_not(course):
    mine = course.find("attention")
    recorded(mine, "ada", essay=ESSAY)
    path = Book(course).graded(mine, "ada")
    document = json.loads(path.read_text())
    for cell in document["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("essay"):
            svg = {"image/svg+xml": "<svg onload=alert(1)>"}
            bad = {"image/png": "no base64 at all\u20ac"}
            cell["attachments"] = {
                '"><script>': {"image/png": "aGVsbG8="},
                "b": svg,
                "c": bad,
            }
    path.write_text(json.dumps(document))
    pages.write_pages(mine)
    html = page(mine, "ada")
    assert html.count("data:image/png;base64,aGVsbG8=") == 1
    assert "svg onload" not in html
    assert harm_of(html) == []


def secret_numbers(lesson):
    """What the secret cases should give, as a message would write it."""
    seed = secret_seed(lesson.course.grading, lesson.noun)
    for exercise in registry.exercises(lesson.noun).values():
        if isinstance(exercise, Exercise):
            cases = cases_for(exercise, seed)
            for outcome in key_for(exercise, cases).expected:
                for value in outcome.values:
                    numbers = np.ravel(value)
                    odd = numbers[np.abs(numbers * 1000 % 1) > 0.01]
                    yield from (f"{number:.6g}" for number in odd)


def test_no_number_of_a_secret_case_is_on_a_page(lesson):
    public = {
        f"{n:.6g}"
        for e in registry.exercises("attention").values()
        if isinstance(e, Exercise)
        for o in key_for(e, cases_for(e)).expected
        for v in o.values
        for n in np.ravel(v)
    }
    secret = {n for n in secret_numbers(lesson) if len(n) > 6} - public
    assert len(secret) > 100
    text = page(lesson, WRONG_ONE)
    assert not [number for number in secret if number in text]


# ------------------------------------------------------------------ headings and tables


@pytest.mark.parametrize("student", [RIGHT, WRONG_ONE, PAINTER, BROKEN])
def test_a_page_has_language_landmarks_and_headings_in_order(lesson, student):
    found = soup(lesson, student)
    assert found.html["lang"] == "en"
    assert len(found.find_all("main")) == len(found.find_all("h1")) == 1
    levels = [int(h.name[1]) for h in found.find_all(re.compile(r"^h\d$"))]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [tag["id"] for tag in found.find_all(id=True)]
    assert len({*ids}) == len(ids)
    targets = {a["href"][1:] for a in found.find_all("a")}
    assert targets <= {*ids}
    assert all(image.get("alt") for image in found.find_all("img"))


def test_a_formula_is_drawn_with_its_text_beside_it():
    html = render.markdown(r"The scale is $\sqrt d$, code is `$x$`.")
    image = BeautifulSoup(html, "html.parser").img
    assert image["alt"] == r"\sqrt d"
    assert image["src"].startswith("data:image/svg+xml;base64,")
    assert "<code>$x$</code>" in html


def test_a_formula_that_cannot_be_drawn_is_shown_as_typed():
    assert render.formula(r"\nosuch{<b>}") == r"<code>\nosuch{&lt;b&gt;}</code>"


def test_the_lessons_titles_hints_and_prompts_are_found(root):
    for lesson in Course(root).lessons():
        release = read_release(lesson)
        assert title_of(release)
        found = passages(release)
        assert {*registry.exercises(lesson.noun)} <= {*found}
        functions = [
            e for e in registry.exercises(lesson.noun).values() if hasattr(e, "call")
        ]
        assert all(len(found[e.name].hints) == 3 for e in functions), lesson.name
        titles = [passage.title for passage in found.values()]
        assert len({*titles}) == len(titles)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("# Why?\nSay it.\n\n*Here.*", ""),
        ("# Why?\nSay it.\n\n*Here.*So.", "So."),
        ("Because.\n\n*Here.*\nYes.", "Because.\n\nYes."),
    ],
)
def test_the_words_of_a_student_are_what_was_not_asked(text, left):
    assert own_words(text, "# Why?\nSay it.\n\n*Here.*") == left


# ------------------------------------------------------------------------ the command


def run(lesson, monkeypatch, *arguments):
    monkeypatch.setenv("COURSE_ROOT", str(lesson.course.root))
    return cli.main(["feedback", *arguments])


def test_the_command_writes_the_pages_of_those_named(course, monkeypatch, capsys):
    mine = course.find("attention")
    recorded(mine, "ada")
    recorded(mine, "blaise")
    assert run(mine, monkeypatch, "02", "blaise") == 0
    assert "02_attention: 1 page of feedback in " in capsys.readouterr().out
    found = course.grading.glob("feedback/*/02_attention/attention.html")
    assert [path.parts[-3] for path in found] == ["blaise"]


def test_somebody_unknown_is_a_sentence_and_nothing_is_written(
    course, monkeypatch, capsys
):
    mine = course.find("attention")
    recorded(mine, "ada")
    assert run(mine, monkeypatch, "02", "ada", "nobody") == 2
    told = "Nothing of 'nobody' is graded in 02_attention. There are: ada.\n"
    assert capsys.readouterr().err == f"course: {told}"
    assert not [*course.grading.glob("feedback/*")]


def test_a_roster_with_an_id_twice_is_a_sentence(course, monkeypatch, capsys):
    mine = course.find("attention")
    recorded(mine, "ada")
    (course.root / "students.csv").write_text("id\nada\nada\n")
    assert run(mine, monkeypatch, "02") == 2
    assert "'ada' stands there twice" in capsys.readouterr().err
    assert not [*course.grading.glob("feedback/*")]


def test_without_a_gradebook_the_points_are_the_records(course):
    mine = course.find("attention")
    recorded(mine, "ada", booked=False)
    book = course.grading / "gradebook.db"
    book.unlink()
    pages.write_pages(mine)
    assert "34 of 40 points" in words(soup(mine, "ada"))
    assert not book.exists()


def test_a_damaged_gradebook_is_a_sentence(course, monkeypatch, capsys):
    mine = course.find("attention")
    recorded(mine, "ada", booked=False)
    (course.grading / "gradebook.db").write_text("no database at all " * 100)
    assert run(mine, monkeypatch, "02") == 2
    assert "course gradebook --rebuild" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CourseError, match="Nothing was written"):
        whole.write(tmp_path / "file" / "page.html", "x")
    with pytest.raises(CourseError, match="is a folder"):
        whole.write(tmp_path, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# -------------------------------------------------------------------- back to students


def names_in(path):
    with zipfile.ZipFile(path) as archive:
        return sorted(archive.namelist())


def origin(lesson, student, text):
    folder = lesson.course.grading / "submitted" / student / lesson.name
    (folder / hand_back.ORIGIN).write_text(text, encoding="utf-8")


def test_a_zip_for_moodle_has_the_folders_of_its_download(course, capsys):
    mine = course.find("attention")
    for student in ("Ada Lovelace_123", "blaise", "carl"):
        recorded(mine, student)
    origin(mine, "blaise", "work/Blaise P_7_assignsubmission_file/a.ipynb\n")
    made = hand_back.pack(mine, pages.write_pages(mine), "moodle")
    assert names_in(made) == [
        "Ada Lovelace_123_assignsubmission_file_/attention.html",
        "Blaise P_7_assignsubmission_file_/attention.html",
        "carl/attention.html",
    ]
    told = capsys.readouterr().err
    assert "named by their id: carl." in told
    assert "`course collect 02`" in told


def test_a_zip_for_canvas_has_the_names_of_its_download(course, capsys):
    mine = course.find("attention")
    recorded(mine, "lovelaceada_123")
    recorded(mine, "pascalblaise_4")
    origin(mine, "lovelaceada_123", "lovelaceada_LATE_123_4567_attention-1.ipynb")
    made = hand_back.pack(mine, pages.write_pages(mine), "canvas")
    assert names_in(made) == [
        "lovelaceada_LATE_123_4567_attention-1.html",
        "pascalblaise_4/attention.html",
    ]
    assert "named by their id: pascalblaise_4." in capsys.readouterr().err


def test_a_plain_zip_has_a_folder_for_each_student(course, monkeypatch, capsys):
    mine = course.find("attention")
    recorded(mine, "ada")
    assert run(mine, monkeypatch, "02", "--zip", "plain") == 0
    made = capsys.readouterr().out.splitlines()[1]
    assert names_in(made) == ["ada/attention.html"]


def test_pages_go_back_through_nbgraders_exchange(course, tmp_path):
    mine = course.find("attention")
    recorded(mine, "ada", when="2026-10-12 12:00:00 UTC")
    recorded(mine, "blaise")
    folder = course.grading / "submitted" / "ada" / mine.name
    (folder / "submission_secret.txt").write_text("word")
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"\nc.Exchange.root = '{tmp_path / 'x'}'\n")
    (tmp_path / "x").mkdir(mode=0o777)
    (tmp_path / "x").chmod(0o777)
    lines = hand_back.release(mine, pages.write_pages(mine))
    assert lines == [
        "02_attention: 1 page in nbgrader's exchange.",
        "Not through the exchange: blaise.",
    ]
    (sent,) = (tmp_path / "x").rglob("*.html")
    assert sent.read_text(encoding="utf-8") == page(mine, "ada")


def test_without_work_of_the_exchange_nothing_goes_there(course):
    mine = course.find("attention")
    submit(mine, "ada")
    recorded(mine, "ada")
    with pytest.raises(CourseError, match="nbgrader collect 02_attention"):
        hand_back.release(mine, pages.write_pages(mine))


# ------------------------------------------------------------------------ the browser


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_hostile_page_opens_without_dialog_request_or_complaint(lesson, scheme):
    from playwright.sync_api import sync_playwright

    folder = lesson.course.grading / "feedback" / PAINTER / lesson.name
    seen = []
    with sync_playwright() as play:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = {"executable_path": needs("chromium"), "args": options}
        browser = play.chromium.launch(**chromium)
        opened = browser.new_page(
            color_scheme=scheme, viewport={"width": 640, "height": 900}
        )
        opened.on("dialog", lambda dialog: (seen.append(dialog), dialog.dismiss()))
        opened.on("console", lambda message: seen.append(message.text))
        opened.on("pageerror", lambda error: seen.append(error))
        opened.on("request", lambda request: seen.append(request.url))
        opened.goto((folder / f"{lesson.noun}.html").as_uri())
        opened.wait_for_timeout(300)
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert opened.evaluate(wide) <= 0
        browser.close()
    assert [url for url in seen if not str(url).startswith(("file:", "data:"))] == []
