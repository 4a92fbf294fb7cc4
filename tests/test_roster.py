"""Who is in the class and when work is due."""

from datetime import UTC, datetime, timedelta

import pytest

from graders.classroom.roster import Late, read, span
from graders.course import Course, CourseError

TEXT = """
timezone: Europe/Paris
due:
  02: 2026-10-12 23:59
  08: 2026-11-01
late: {grace: 15 minutes, per_day: 10, most: 50, closed: 7 days}
extensions:
  ada:
    02: 3 days
  emmy: {02: excused, 08: 2026-11-05 12:00}
"""
DUE = datetime(2026, 10, 12, 21, 59, tzinfo=UTC)


@pytest.fixture
def course(tmp_path):
    for name in ("02_attention", "08_sampling"):
        (tmp_path / "notebooks" / name).mkdir(parents=True)
    return Course(tmp_path)


def written(course, text=TEXT, roster=None):
    (course.root / "class.yml").write_text(text, encoding="utf-8")
    if roster is not None:
        (course.root / "students.csv").write_text(roster, encoding="utf-8")
    return course


def test_without_files_the_class_is_empty_and_nobody_is_late(course):
    found = read(course)
    assert not found.people
    assert found.due("ada", "02") is None
    assert found.lost("ada", "02", DUE, 40) == 0


def test_a_date_means_the_time_zone_that_is_named(course):
    assert read(written(course)).due("carl", "02") == DUE


def test_a_day_alone_means_its_end(course):
    due = read(written(course)).due("carl", "08")
    assert due.isoformat() == "2026-11-01T23:59:59+01:00"


def test_an_extension_is_for_one_student(course):
    found = read(written(course))
    assert found.due("ada", "02") == DUE + timedelta(days=3)
    assert found.excused("emmy", "02")
    assert not found.excused("ada", "02")
    assert not found.excused("carl", "02")


def test_nbgraders_times_have_no_zone_and_mean_utc(course):
    found = read(written(course))
    late = found.late_by("carl", "02", datetime(2026, 10, 12, 22, 59))
    assert late == timedelta(hours=1)


@pytest.mark.parametrize(
    ("by", "lost"),
    [
        (timedelta(0), 0),
        (timedelta(minutes=15), 0),
        (timedelta(minutes=16), 4),
        (timedelta(days=1), 4),
        (timedelta(days=1, seconds=1), 8),
        (timedelta(days=6), 20),
        (timedelta(days=7), 20),
        (timedelta(days=7, seconds=1), 40),
    ],
)
def test_each_day_begun_costs_up_to_the_most(by, lost):
    late = Late(timedelta(minutes=15), 10, 50, timedelta(days=7))
    assert late.lost(by, 40) == pytest.approx(lost)


def test_a_roster_is_read_whatever_separates_its_columns(course):
    roster = "id;first_name;last_name;email;group\nada;Ada;Lovelace;a@b.c;1\nzoé;;;;\n"
    found = read(written(course, "", roster))
    assert found.person("ada").name == "Ada Lovelace"
    assert found.person("zoé").name == "zoé"
    assert found.person("nobody").id == "nobody"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("due: {09: 2026-10-12}", r"class.yml, due: There is no lesson '09'"),
        ("due: {02: Monday}", r"class.yml, due: 02: 'Monday' is no date. Write it"),
        ("due: {02: 2026-13-40}", r"'2026-13-40' is no date"),
        ("due: soon", r"class.yml, due: lines `name: value` belong here, not 'soon'"),
        ("dues: {}", r"class.yml: 'dues' is not known. There are: due, "),
        ("late: {per_day: 300}", r"late: per_day: '300'\? Write a percentage"),
        ("late: {grace: long}", r"late: grace: 'long' is no length of time"),
        ("late: {gracious: 1 day}", r"class.yml, late: 'gracious' is not known"),
        ("timezone: Paris", r"no time zone is called 'Paris'. Write one like"),
        ("due: [", r"class.yml, line \d+: "),
        ("- 1", r"lines `name: value` belong here"),
        ("students: class.csv", r"class.yml names class.csv, and .* is missing"),
        ("extensions: {ada: {08: 3 days}}", r"no due date to be extended"),
        ("extensions: {ada: later}", r"extensions: ada: lines"),
    ],
)
def test_what_is_not_understood_is_said_with_its_place(course, text, says):
    with pytest.raises(CourseError, match=says):
        read(written(course, text))


@pytest.mark.parametrize(
    ("roster", "says"),
    [
        ("name\nada\n", r"students.csv: its first line needs a column `id`"),
        ("id\nada\nbob\nada\n", r"line 4: the id 'ada' stands there twice"),
        ("id,email\n,a@b.c\n", r"line 2: the id is missing"),
    ],
)
def test_a_roster_that_cannot_be_right_is_refused(course, roster, says):
    with pytest.raises(CourseError, match=says):
        read(written(course, "", roster))


def test_an_extension_for_somebody_unknown_is_refused(course):
    with pytest.raises(CourseError, match="nobody is called 'emmy'"):
        read(written(course, roster="id\nada\n"))


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=26, minutes=5), "1 day 2 hours"),
        (timedelta(seconds=1), "1 minute"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_a_length_of_time_is_told_in_words(time, text):
    assert span(time) == text
