"""The report on a class: its counts are those of a class made by hand."""

import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import pandas
import pytest
from bs4 import BeautifulSoup

from graders import cli, registry
from graders.classroom import charts, report, roster
from graders.course import Course
from graders.exercise import CRASHED, NOT_ATTEMPTED, WRONG
from graders.score import Row
from tests.classes import recorded, submit
from tests.conftest import needs
from tests.test_pages import EVIL, ROSTER, harm_of

BLANK = dict.fromkeys(registry.exercises("attention"), NOT_ATTEMPTED)
ROOM = """
timezone: Europe/Paris
due: {02: 2026-10-12 23:59}
extensions: {excused-one: {02: excused}}
"""
# Twelve who started, by what is wrong: with a roster of sixteen.
CLASS = {
    "s01": {},
    "s02": {},
    "s03": {},
    "s04": {"attention": "no-scale", "attention-mask": "no-scale"},
    "s05": {"attention": "no-scale", "attention-mask": "no-scale"},
    "s06": {"attention": "no-scale"},
    "s07": {"attention": "softmax-over-queries"},
    "s08": {"attention": CRASHED, "softmax": CRASHED, "project": WRONG},
    "s09": {"attention": WRONG, "softmax": WRONG, "project": WRONG},
    "s10": {"attention": WRONG},
    "s11": {"softmax": WRONG},
    "s12": {},
}


@pytest.fixture(scope="module")
def lesson(entered, tmp_path_factory):
    """A lesson and its class: 12 started, 1 blank, 1 broken, 1 absent, 1 excused."""
    course = Course(tmp_path_factory.mktemp("report") / "course")
    shutil.copytree(entered, course.root)
    ids = [*CLASS, "blank-one", "broken-one", "absent-one", "excused-one"]
    people = [f"{i},{i.title()},Person" for i in ids]
    text = "\n".join(["id,first_name,last_name", *people])
    (course.root / "students.csv").write_text(text)
    (course.root / "class.yml").write_text(ROOM)
    found = course.find("attention")
    times = {"s01": "2026-10-01 10:00:00 UTC", "s02": "2026-10-12 21:30:00 UTC"}
    times["s03"] = "2026-10-13 10:00:00 UTC"
    for student, wrong in CLASS.items():
        when = {"when": times[student], "booked": True} if student in times else {}
        recorded(found, student, wrong, **{"booked": False, **when})
    recorded(found, "blank-one", BLANK, booked=False)
    recorded(found, "broken-one", BLANK, booked=False, problem="The file is empty.")
    return found


@pytest.fixture(scope="module")
def told(lesson):
    """The report on that class."""
    return report.reports(lesson.course, [lesson])[0]


@pytest.fixture(scope="module")
def soup(told):
    return BeautifulSoup(charts.html([told], anonymous=False), "html.parser")


def item(told, name):
    return next(one for one in told.items if one.name == name)


def words(element):
    return re.sub(r"\s+", " ", element.get_text(" ")).strip()


# ------------------------------------------------------------------------ the counts


def test_everybody_is_counted_once(told):
    assert (told.expected, told.came, told.started) == (16, 14, 12)
    assert (told.blank, told.broken, told.missing, told.excused) == (1, 1, 1, 1)
    assert told.came + told.missing + told.excused == told.expected
    assert (told.ungraded, told.late) == (0, 1)


def test_the_points_are_those_of_the_record(told):
    assert sorted(told.points)[:3] == [26, 26, 27]
    assert told.median == 30
    assert sum(count for *_, count in told.bins) == 12


def test_an_exercise_has_the_share_of_those_who_passed(told):
    assert item(told, "attention").share == pytest.approx(5 / 12)
    assert item(told, "softmax").share == pytest.approx(9 / 12)
    assert item(told, "predict-shift").share == 1
    counts = {"passed": 5, "wrong": 6, "crashed": 1}
    assert item(told, "attention").statuses == counts
    assert told.hardest.name == "attention"


def test_a_mistake_is_counted_once_a_student(told):
    assert [(slip.words, slip.students) for slip in told.slips] == [
        ("no scale", 3),
        ("softmax over queries", 1),
    ]
    assert told.slips[0].checks == ("attention", "attention: mask")
    assert told.stopped == 1


def test_the_times_are_counted_against_the_due_date(told):
    counts = [count for _, count in told.times]
    assert counts == [1, 0, 0, 1, 1, 0]


def test_discrimination_is_the_correlation_with_the_rest(told):
    points = {
        f"s{n:02}": {
            name: 0.0 if name in CLASS[f"s{n:02}"] else 1.0
            for name in ("attention", "softmax", "project", "attention-mask")
        }
        for n in range(1, 13)
    }
    weights = {"attention": 4, "softmax": 2, "project": 2, "attention-mask": 3}
    table = pandas.DataFrame.from_dict(points, orient="index") * pandas.Series(weights)
    rest = table.drop(columns="softmax").sum(axis=1)
    wanted = table["softmax"].corr(rest)
    assert item(told, "softmax").discrimination == pytest.approx(wanted)


def test_discrimination_needs_eight_and_a_difference():
    column = [0.0, 1.0] * 4
    table = pandas.DataFrame({"a": column, "b": column, "c": [1.0] * 8})
    assert report.discrimination(table, "a") == pytest.approx(1)
    assert report.discrimination(table, "c") is None
    assert report.discrimination(table[:7], "a") is None
    assert report.discrimination(table[["a", "c"]], "a") is None


@pytest.mark.parametrize(
    ("says", "question"),
    [
        ("Your mask is inverted. What does True mean?", "What does True mean?"),
        ("A? B? C: which?", "C: which?"),
        ("Sum before you divide.", "Sum before you divide."),
    ],
)
def test_the_first_question_is_the_one_a_mistake_ends_in(says, question):
    assert report.question_of(says) == question


def test_every_mistake_has_a_paragraph_and_two_questions(root):
    room = roster.Classroom()
    for lesson in Course(root).lessons():
        work = report.LessonNumbers(lesson, room)
        for mistake in registry.mistakes(lesson.noun):
            one = work._slip(mistake.id, mistake.says, {mistake.exercise: {"ada"}})
            assert one.paragraph, (lesson.name, mistake.id)
            assert one.section, (lesson.name, mistake.id)
            assert len(one.questions) == 2, (lesson.name, mistake.id)


# ------------------------------------------------------------------------ the page


def test_the_page_begins_with_words(soup):
    first = words(soup.find(class_="summary"))
    assert first.startswith("14 of 15 have handed in.")
    assert "1 is excused." in first
    assert "Of these, 1 blank and 1 could not be read." in first
    assert "Half of those who started reached at least 30 of 40 points." in first
    assert "Nobody tried: Essay: why the root of d, and not d?." in first
    assert "no scale (3 students; attention, attention: mask)" in first


def test_every_picture_has_a_sentence_with_numbers_and_a_table(soup):
    images = [i for i in soup.find_all("img") if i.find_parent("figure")]
    assert len(images) == 3
    for image in images:
        assert len(re.findall(r"\d+", image["alt"])) >= 2
        assert image.find_parent(class_="pair").find("table")


def test_the_tables_hold_the_numbers_of_the_class(soup):
    text = words(soup)
    assert "attention 4 42 %" in text
    assert "6 wrong, 5 passed, 1 crashed" in text


def test_a_mistake_comes_with_what_to_teach_and_ask(soup):
    article = words(soup.find(id="slip-02-1").parent)
    assert article.startswith("No scale: 3 students In attention, attention: mask.")
    assert "Let one word look" in article
    assert "What does the formula divide every score by?" in article
    assert 'Work example("attention", "one query, two keys") by hand' in article


def test_names_stand_in_one_section_that_can_be_left_out(told):
    whole = BeautifulSoup(charts.html([told], anonymous=False), "html.parser")
    who = whole.find("section", {"aria-labelledby": "people"})
    assert "S04 Person" in words(who)
    assert "Absent-One Person" in words(who)
    who.extract()
    assert "Person" not in words(whole)
    assert "Person" not in charts.html([told], anonymous=True)
    assert "s04" not in charts.html([told], anonymous=True)


def test_nothing_is_loaded_or_run(told):
    assert harm_of(charts.html([told], anonymous=False)) == []


def test_hostile_names_are_text(course):
    mine = course.find("attention")
    (course.root / "students.csv").write_text(ROSTER)
    made = recorded(mine, "ada", booked=False)
    evil = tuple(Row(r.name, 0, r.max, WRONG, EVIL, EVIL, EVIL) for r in made.rows)
    recorded(mine, "zoë", rows=evil, booked=False)
    html = charts.html(report.reports(course, [mine]), anonymous=False)
    assert harm_of(html) == []
    assert "<script>alert(1)</script>" in BeautifulSoup(html, "html.parser").get_text()


def test_headings_are_in_order_and_ids_are_there_once(soup):
    levels = [int(h.name[1]) for h in soup.find_all(re.compile(r"^h\d$"))]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len({*ids}) == len(ids)
    assert {a["href"][1:] for a in soup.find_all("a")} <= {*ids}


# ---------------------------------------------------------------------- small classes


def html_of(course, *lessons):
    return words(
        BeautifulSoup(
            charts.html(report.reports(course, lessons), anonymous=False), "html.parser"
        )
    )


def test_a_lesson_that_nobody_handed_in_is_told(course):
    (course.root / "students.csv").write_text("id\nada\nblaise\n")
    text = html_of(course, course.find("masks"))
    assert "Nobody has handed in." in text
    assert "Not handed in (2): ada , blaise ." in text


def test_one_student_has_points_and_no_correlation(course):
    mine = course.find("attention")
    recorded(mine, "ada", booked=False)
    text = html_of(course, mine)
    assert "1 have handed in; a roster would say who has not." in text
    assert "No mistake that has a name was recognised." in text
    assert "No due date is known" in text


def test_work_that_is_not_graded_yet_is_told(course):
    mine = course.find("attention")
    submit(mine, "ada")
    assert "1 is not graded yet: course grade 02" in html_of(course, mine)


def test_several_lessons_have_an_overview(course):
    one, other = course.find("attention"), course.find("masks")
    recorded(one, "ada", {"attention": "no-scale"}, booked=False)
    recorded(other, "ada", booked=False)
    recorded(other, "blaise", booked=False)
    text = html_of(course)
    assert "All lessons" in text
    assert "02 Let every word look at every other 1 30 of 40" in text
    assert "05 Hide the padding and the future 2 34 of 40" in text
    assert "ada 30 34 blaise – 34" in text


def test_forty_students_make_a_page(course):
    mine = course.find("attention")
    for number in range(40):
        wrong = {"attention": "no-scale"} if number % 2 else {}
        recorded(mine, f"s{number}", wrong, booked=False)
    (one,) = report.reports(course, [mine])
    assert (one.started, one.slips[0].students) == (40, 20)
    assert item(one, "attention").share == 0.5


# ------------------------------------------------------------------------ the command


def run(course, monkeypatch, *arguments):
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    return cli.main(["report", *arguments])


def test_the_command_says_where_the_page_is(lesson, tmp_path, monkeypatch, capsys):
    out = tmp_path / "new" / "report.html"
    assert run(lesson.course, monkeypatch, "02", "--out", str(out)) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert "no scale" in out.read_text(encoding="utf-8")


def test_the_numbers_are_there_as_json(lesson, monkeypatch, capsys):
    assert run(lesson.course, monkeypatch, "02", "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["number"], one["started"], one["median"]) == ("02", 12, 30)
    assert one["people"][3]["mistakes"] == ["no scale"]
    assert one["summary"][0] == "14 of 15 have handed in."
    assert not (lesson.course.grading / "report.html").exists()


def test_json_without_names_has_none(lesson, monkeypatch, capsys):
    assert run(lesson.course, monkeypatch, "02", "--json", "--anonymous") == 0
    assert "s04" not in capsys.readouterr().out.lower()


def test_nothing_graded_is_a_sentence(course, monkeypatch, capsys):
    assert run(course, monkeypatch) == 2
    assert capsys.readouterr().err.startswith("course: Nothing is graded yet.")


def test_an_unknown_lesson_is_a_sentence(course, monkeypatch, capsys):
    assert run(course, monkeypatch, "99") == 2
    assert capsys.readouterr().err.startswith("course: There is no lesson '99'.")


def test_an_id_twice_is_a_sentence_and_nothing_is_written(course, monkeypatch, capsys):
    recorded(course.find("attention"), "ada", booked=False)
    (course.root / "students.csv").write_text("id\nada\nada\n")
    assert run(course, monkeypatch) == 2
    assert "stands there twice" in capsys.readouterr().err
    assert not (course.grading / "report.html").exists()


def test_a_place_that_cannot_be_written_is_a_sentence(
    lesson, tmp_path, monkeypatch, capsys
):
    assert run(lesson.course, monkeypatch, "02", "--out", str(tmp_path)) == 2
    assert "is a folder. Name a file in it" in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []


# ------------------------------------------------------------------------ the browser


@contextmanager
def opened(path, reports, seen, **size):
    """A page of Chromium that shows the report; what it says and asks for is seen."""
    from playwright.sync_api import sync_playwright

    path.write_text(charts.html(reports, anonymous=False), encoding="utf-8")
    with sync_playwright() as play:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = play.chromium.launch(executable_path=needs("chromium"), args=options)
        page = browser.new_page(viewport=size)
        page.on("console", lambda message: seen.append(message.text))
        page.on("request", lambda request: seen.append(request.url))
        page.goto(path.as_uri())
        yield page
        browser.close()


@pytest.mark.browser
def test_the_page_fits_at_200_percent_and_asks_for_nothing(told, tmp_path):
    seen = []
    with opened(tmp_path / "report.html", [told], seen, width=640, height=400) as page:
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(wide) <= 0
        loaded = "[...document.images].every(i => i.complete && i.naturalWidth > 0)"
        assert page.evaluate(loaded)
        page.pdf(path=tmp_path / "report.pdf")
    assert [text for text in seen if not text.startswith(("file:", "data:"))] == []
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.browser
def test_who_handed_in_what_is_seen_of_seven_lessons_at_once(told, tmp_path):
    state = {"state": "could not be graded: The file is empty.", "points": None}
    people = tuple({**one, **state} for one in told.people)
    term = [replace(told, number=f"0{n}", people=people) for n in range(1, 8)]
    with opened(tmp_path / "report.html", term, [], width=1200, height=800) as page:
        table = page.locator("#people ~ .scroll").first
        assert table.inner_text().count("could not be graded") == 7 * len(people)
        assert table.evaluate("box => box.scrollWidth - box.clientWidth") <= 0
