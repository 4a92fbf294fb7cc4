"""Grades go out: as a table, and into the tables that platforms exported."""

import codecs
import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from textwrap import dedent

import pytest

from graders import cli
from graders.classroom.collected import take_in
from graders.classroom.export import write_table
from graders.classroom.papers import ESSAY
from graders.course import Course
from graders.files import ORIGIN
from graders.grade import grade_lesson
from graders.gradebook import Book
from graders.rebuild import rebuild
from graders.record import Record
from graders.regrade import regrade_lesson
from tests.classes import Knows, submit

ESSAY_CELL = "essay-attention-scale-why"
# ada waits for an essay; bo is late; carl is excused; dora handed in nothing; evil came
# in time. Each has 4 points.
ROSTER = """id,first_name,last_name,email,login
ada,Zoë,"Smith, John",ada@example.org,al1
bo,Bo,O'Brien,bo@example.org,bo2
carl,张伟,李,carl@example.org,cg3
dora,Dora,-2,dora@example.org,dd4
=1+1,=cmd|' /C calc'!A0,@x,evil@example.org,ee5
"""
CLASS = """
timezone: Europe/Paris
due: {02: 2026-10-12 23:59}
late: {grace: 15 minutes, per_day: 10, most: 50, closed: 7 days}
extensions:
  carl: {02: excused}
"""
STAMPS = {
    "ada": "2026-10-12 20:00:00 UTC",
    "bo": "2026-10-13 23:00:00 UTC",
    "=1+1": "2026-10-12 21:59:00 UTC",
}


@pytest.fixture(scope="module")
def graded_once(entered, tmp_path_factory):
    """A graded class with a roster, a due date and everything that may happen."""
    course = Course(tmp_path_factory.mktemp("export") / "course")
    shutil.copytree(entered, course.root)
    lesson = course.find("attention")
    for student, stamp in STAMPS.items():
        path = submit(lesson, student, ESSAY if student == "ada" else "")
        path.with_name("timestamp.txt").write_text(stamp)
    grade_lesson(lesson, Knows("softmax", "project"))
    (course.root / "students.csv").write_text(ROSTER, encoding="utf-8")
    (course.root / "class.yml").write_text(CLASS, encoding="utf-8")
    return course.root


@pytest.fixture
def course(graded_once, tmp_path, monkeypatch):
    """A copy of it, to be changed; it is the one that commands find."""
    shutil.copytree(graded_once, tmp_path / "course")
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path / "course"))
    return Course(tmp_path / "course")


@pytest.fixture
def export(course, tmp_path, capsys):
    """Runs `course export`: its summary as a program reads it, and what was written."""

    def run(*arguments):
        out = tmp_path / "out.csv"
        code = cli.main(["export", "--json", "--out", str(out), *map(str, arguments)])
        said = capsys.readouterr()
        assert code == 0, said.err
        told = json.loads(said.out)
        assert told["file"] == str(out)
        return told | {"notes": said.err, "bytes": out.read_bytes()}

    return run


@pytest.fixture
def refused(course, tmp_path, capsys):
    """Runs an export that cannot be right: what is said. Nothing may be written."""

    def run(*arguments):
        before = contents(tmp_path)
        assert cli.main(["export", *map(str, arguments)]) == 2
        assert contents(tmp_path) == before
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("course: ")
        assert said.err.count("\n") == 1
        return said.err

    return run


def contents(folder):
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path: hashlib.sha256(path.read_bytes()).digest() for path in files}


def rows(export, *arguments):
    text = export(*arguments)["bytes"].decode()
    found = list(csv.DictReader(io.StringIO(text, newline="")))
    return {row["student_id"].lstrip("'"): row for row in found}


def column(export, name, *arguments):
    return {who: row[name] for who, row in rows(export, *arguments).items()}


def by_hand(course, student, points):
    with Book(course).open() as book:
        grade = book.find_grade(ESSAY_CELL, "attention", "02_attention", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


# ------------------------------------------------------------------ what a score is


def test_each_has_what_class_yml_says(export):
    assert column(export, "score") == {
        "=1+1": "4.0",
        "ada": "",
        "bo": "3.2",
        "carl": "",
        "dora": "",
    }


def test_each_has_a_status(export):
    assert column(export, "status") == {
        "=1+1": "graded",
        "ada": "waiting",
        "bo": "graded",
        "carl": "excused",
        "dora": "missing",
    }


def test_what_lateness_costs_is_told_with_the_points_before(export):
    row = rows(export)["bo"]
    assert (row["raw_score"], row["late_submission_penalty"]) == ("4.0", "0.8")
    assert row["duedate"] == "2026-10-12 23:59:00+02:00"
    assert row["timestamp"] == "2026-10-14 01:00:00+02:00"


def test_unfinished_writes_the_points_so_far(export):
    assert column(export, "score", "--unfinished")["ada"] == "4.0"


def test_missing_is_0_if_asked_for_and_excused_never(export):
    found = column(export, "score", "--missing-zero")
    assert (found["dora"], found["carl"]) == ("0.0", "")


def test_missing_is_not_0_while_it_may_still_be_handed_in(course, export):
    text = CLASS + "  dora: {02: 2999-01-01}\n"
    (course.root / "class.yml").write_text(text)
    assert column(export, "score", "--missing-zero")["dora"] == ""


@pytest.mark.parametrize(
    ("old", "new", "score"),
    [
        ("per_day: 10", "per_day: 20", "2.4"),
        ("grace: 15 minutes", "grace: 2 days", "4.0"),
        ("closed: 7 days", "closed: 1 day", "0.0"),
        ("2026-10-12 23:59", "2026-10-14 23:59", "4.0"),
        ("  carl:", "  bo: {02: 3 days}\n  carl:", "4.0"),
        ("  carl:", "  bo: {02: 1 day}\n  carl:", "3.6"),
    ],
)
def test_another_class_yml_gives_other_numbers_at_once(course, export, old, new, score):
    assert old in CLASS
    (course.root / "class.yml").write_text(CLASS.replace(old, new))
    assert column(export, "score")["bo"] == score


def test_nothing_that_is_stored_changes(course, export, tmp_path):
    before = contents(course.root)
    canvas = put(tmp_path, CANVAS)
    export("--missing-zero", "--unfinished")
    export("--to", "canvas", "--file", canvas)
    assert contents(course.root) == before


def test_points_by_hand_are_in_and_lateness_costs_of_them_too(course, export):
    by_hand(course, "ada", 5)
    by_hand(course, "bo", 6)
    found = column(export, "score")
    assert (found["ada"], found["bo"]) == ("9.0", "8.0")


def test_after_a_regrade_the_new_grade_is_out(course, export, monkeypatch):
    lesson = course.find("attention")
    monkeypatch.setattr("graders.grading.Grading.is_current", lambda *given: False)
    regrade_lesson(lesson, Knows("softmax"), write=True, lower=True)
    assert Record.of(lesson).latest()["bo"].points == 2
    assert column(export, "score")["bo"] == "1.6"


def with_penalty(course):
    with Book(course).open() as book:
        found = book.find_submission("02_attention", "bo")
        found.notebooks[0].late_submission_penalty = 3
        book.db.commit()


def test_a_penalty_in_an_older_gradebook_is_ignored(course, export):
    with_penalty(course)
    assert column(export, "score")["bo"] == "3.2"


def test_a_penalty_in_an_older_gradebook_is_gone_when_it_is_rebuilt(course):
    with_penalty(course)
    rebuild(course)
    with Book(course).open() as book:
        found = book.find_submission("02_attention", "bo")
        assert found.late_submission_penalty == 0


def test_grading_enters_no_penalty(course):
    with Book(course).open() as book:
        assert book.find_submission("02_attention", "bo").late_submission_penalty == 0


def test_without_class_yml_nobody_is_late(course, export):
    (course.root / "class.yml").unlink()
    (course.root / "students.csv").unlink()
    found = column(export, "score")
    assert found == {"=1+1": "4.0", "ada": "", "bo": "4.0"}


# ------------------------------------------------------------------------ the summary


def test_the_summary_says_who(export):
    told = export()
    (lesson,) = told["lessons"]
    assert lesson["written"] == 2
    late = {"student": "bo", "seconds": 90060.0, "by": "1 day 1 hour", "lost": 0.8}
    assert lesson["late"] == [late]
    for name, who in {"excused": "carl", "missing": "dora", "waiting": "ada"}.items():
        assert lesson[name] == [who]
    by_hand = "1 waits for points by hand (course essays 02, or nbgrader's formgrader)"
    assert by_hand in told["notes"]


def test_a_person_reads_the_same(course, capsys):
    assert cli.main(["export"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:-1] == [
        "02_attention: 2 written, 1 late, 1 excused, 1 missing, 1 waiting for a person",
        "  late: bo by 1 day 1 hour, 0.8 points lost",
        "  excused: carl",
        "  missing: dora",
        "  waiting for a person: ada",
    ]
    assert lines[-1].startswith(str(course.grading / "export" / "csv-"))
    assert lines[-1].endswith(".csv")


def test_one_point_is_no_points(course, capsys):
    (course.root / "class.yml").write_text(
        CLASS.replace("per_day: 10", "per_day: 12.5")
    )
    assert cli.main(["export"]) == 0
    assert "late: bo by 1 day 1 hour, 1 point lost\n" in capsys.readouterr().out


def test_work_whose_time_is_not_known_is_told(course, export):
    with Book(course).open() as book:
        book.find_submission("02_attention", "bo").timestamp = None
        book.db.commit()
    told = export()
    assert told["lessons"][0]["without_time"] == ["bo"]
    assert "when it came is not known, so in time: bo" in told["notes"]


def test_a_due_date_that_does_not_count_is_told(course, export):
    (course.root / "class.yml").unlink()
    with Book(course).open() as book:
        book.find_assignment("02_attention").duedate = datetime(2026, 1, 2)
        book.db.commit()
    assert "Write it in class.yml" in export()["notes"]


def test_who_is_not_in_the_roster_is_told_and_exported(course, export):
    text = ROSTER.replace("bo,", "bob,", 1)
    (course.root / "students.csv").write_text(text, encoding="utf-8")
    told = export()
    assert "Graded, but not in the roster: bo." in told["notes"]
    assert b",bo,,,,4.0,0.8,3.2," in told["bytes"]


def test_the_class_yml_that_is_explained_is_understood(course, export, root):
    text = (root / "docs" / "grades.md").read_text(encoding="utf-8")
    lines = text.partition("    students:")[1:]
    block = "".join(lines).partition("\n\n")[0]
    (course.root / "class.yml").write_text(dedent(block), encoding="utf-8")
    assert column(export, "score")["bo"] == "3.2"


# ------------------------------------------------------------------------- the table


def test_no_cell_of_the_table_is_a_formula(export):
    for row in rows(export).values():
        for text in row.values():
            assert not text.startswith(("=", "+", "@"))
            assert not text.startswith("-") or float(text)


def test_names_are_as_they_are_written(export):
    found = rows(export)
    assert (found["ada"]["first_name"], found["ada"]["last_name"]) == (
        "Zoë",
        "Smith, John",
    )
    assert found["bo"]["last_name"] == "O'Brien"
    assert found["carl"]["first_name"] == "张伟"


def test_a_number_stays_a_number(export):
    assert rows(export)["dora"]["last_name"] == "-2"


def test_nbgraders_own_command_writes_the_same_table(course, export, tmp_path):
    ours, theirs = export()["bytes"], tmp_path / "theirs.csv"
    command = [sys.executable, "-m", "nbgrader", "export", "--to", str(theirs)]
    # A program of its own: nbgrader's, within pytest, takes pytest's streams along.
    done = subprocess.run(
        command, cwd=course.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert theirs.read_bytes() == ours


# ------------------------------------------------------------------------- a platform

CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Attention (12345),"
    "Essay (7),Current Score,Final Score\r\n"
    ",,,,,Manual Posting,,,\r\n"
    "    Points Possible,,,,,40.00,10.00,(read only),(read only)\r\n"
    '"Smith, Zoë",1048,ADA,al1,"Group 1, Tue",,7.00,70.0,70.0\r\n'
    "O'Brien,1049,u49,bo@example.org,G1,,,,\r\n"
    "李 张伟,1050,carl,,G1,,,,\r\n"
    '"=Dora ""D""",1051,dora,,G1,12,,,\r\n'
    "-1,1052,=1+1,ee5,G1,4.00,,,\r\n"
    "Stranger,1053,u53,s@example.org,G2,9,,,\r\n"
    '"Student, Test",1099,,abcdef,G1,,,,\r\n'
)
MOODLE = (
    "\ufeffIdentifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,"
    "Grade can be changed,Last modified (submission),Last modified (grade),"
    "Feedback comments\n"
    '"Participant 101","Zoë Smith",,ADA@example.org,"Submitted, late",,40.00,Yes,'
    '"Monday, 12 October 2026, 8:00 PM",-,\n'
    '"Participant 102",O\'Brien,bo,x@example.org,"No submission",,40.00,Yes,-,-,\n'
    '"Participant 103",张伟,carl,c@example.org,"No submission",17.00,40.00,Yes,-,-,'
    '"Good ""start"",\nbut"\n'
    '"Participant 105",=evil,=1+1,e@example.org,-,,40.00,No,-,-,\n'
)
BLACKBOARD = (
    '"Last Name","First Name","Username","Student ID","Last Access","Availability",'
    '"Attention [Total Pts: 40 Score] |123456","Total [Total Pts: 80 Score] |99"\r\n'
    '"Smith, John","Zoë","al1","","2026-10-12 20:00:00","Yes","","0.00"\r\n'
    '"O\'Brien","Bo","xx","bo","","Yes","","0.00"\r\n'
    '"李","张伟","carl","c3","","Yes","17.00","0.00"\r\n'
    '"Stranger","Sue","sue","s9","","Yes","","0.00"\r\n'
)


def put(folder, text, name="theirs.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def replaced(text, *changes):
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


CANVAS_FILLED = (
    ("bo@example.org,G1,,", "bo@example.org,G1,3.2,"),
    ("carl,,G1,,", "carl,,G1,EX,"),
)


def test_canvas_gets_its_table_back_with_our_column_filled(export, tmp_path):
    told = export("--to", "canvas", "--file", put(tmp_path, CANVAS))
    assert told["bytes"].decode() == replaced(CANVAS, *CANVAS_FILLED)
    assert told["lessons"][0]["column"] == "Attention (12345)"
    assert told["lessons"][0]["kept"] == ["dora"]
    assert told["unmatched"] == {"class": [], "file": ["Stranger"]}


def test_canvas_reads_the_same_when_it_is_filled_again(export, tmp_path):
    once = export("--to", "canvas", "--file", put(tmp_path, CANVAS))["bytes"]
    path = tmp_path / "once.csv"
    path.write_bytes(once)
    assert export("--to", "canvas", "--file", path)["bytes"] == once


def test_canvas_gets_a_new_column_with_its_points(export, tmp_path):
    text = CANVAS.replace("Attention (12345)", "Quiz (12345)")
    told = export("--to", "canvas", "--file", put(tmp_path, text))
    lines = told["bytes"].decode().split("\r\n")
    assert lines[0].endswith("Final Score,02_attention")
    assert lines[2].endswith("(read only),40")
    assert [line.rpartition(",")[2] for line in lines[3:10]] == [
        "",
        "3.2",
        "EX",
        "",
        "4",
        "",
        "",
    ]
    assert told["lessons"][0]["new"]
    before = [line.rpartition(",")[0] for line in lines]
    assert "\r\n".join(before) == text


@pytest.mark.parametrize(
    "name",
    [
        "02_attention (9)",
        "Lesson 02 (9)",
        "Week 02: looking (9)",
        "Let every word look at every other (9)",
        "HW: attention (9)",
    ],
)
def test_a_column_is_found_by_number_noun_or_title(export, tmp_path, name):
    text = CANVAS.replace("Attention (12345)", name)
    told = export("--to", "canvas", "--file", put(tmp_path, text))
    assert told["lessons"][0]["column"] == name


@pytest.mark.parametrize(
    "name", ["2026-02-03 (9)", "Quiz of 03.02 (9)", "Inattention (9)", "102_x (02)"]
)
def test_no_column_is_guessed(export, tmp_path, name):
    text = CANVAS.replace("Attention (12345)", name)
    assert export("--to", "canvas", "--file", put(tmp_path, text))["lessons"][0]["new"]


def test_a_column_may_be_named(export, tmp_path):
    text = CANVAS.replace("Attention (12345)", "Quiz (1)")
    file = put(tmp_path, text)
    told = export("--to", "canvas", "--file", file, "--column", "quiz")
    assert told["lessons"][0]["column"] == "Quiz (1)"


def test_moodle_gets_its_worksheet_back(export, tmp_path):
    text = MOODLE.replace("ADA@", "nobody@").replace("101", "999")
    told = export("--to", "moodle", "--file", put(tmp_path, text))
    late = "3.2,40.00,Yes,-,-,Late by 1 day 1 hour: 0.8 of 4 points lost."
    assert told["bytes"].decode() == replaced(
        text,
        (
            'bo,x@example.org,"No submission",,40.00,Yes,-,-,',
            'bo,x@example.org,"No submission",' + late,
        ),
        ("17.00,", ","),
    )
    assert told["lessons"][0]["locked"] == ["=1+1"]
    assert told["unmatched"] == {"class": ["ada", "dora"], "file": ["Zoë Smith"]}


def test_moodles_semicolons_and_decimal_commas_stay(export, tmp_path):
    rows = list(csv.reader(io.StringIO(MOODLE.replace("40.00", '"40,00"'))))
    text = "\r\n".join(";".join(row).replace("\n", " ") for row in rows) + "\r\n"
    told = export("--to", "moodle", "--file", put(tmp_path, text))
    line = told["bytes"].decode().split("\r\n")[2]
    assert line.split(";")[5:7] == ["3,2", "40,00"]
    assert line.endswith(";Late by 1 day 1 hour: 0.8 of 4 points lost.")


def test_a_decimal_comma_between_commas_is_quoted(export, tmp_path):
    text = MOODLE.replace("40.00", '"40,00"')
    told = export("--to", "moodle", "--file", put(tmp_path, text))
    assert '"No submission","3,2","40,00",Yes' in told["bytes"].decode()


def test_our_comment_is_renewed_and_a_persons_stays(course, export, tmp_path):
    first = export("--to", "moodle", "--file", put(tmp_path, MOODLE))["bytes"].decode()
    (course.root / "class.yml").write_text(CLASS.replace("per_day: 10", "per_day: 0"))
    again = export("--to", "moodle", "--file", put(tmp_path, first, "again.csv"))
    assert "Late by" in first
    assert "Late by" not in again["bytes"].decode()
    text = MOODLE.replace("Yes,-,-,\n", "Yes,-,-,See me.\n", 1)
    told = export("--to", "moodle", "--file", put(tmp_path, text, "mine.csv"))
    assert "See me." in told["bytes"].decode()


@pytest.mark.parametrize(
    ("encoding", "mark", "name", "delimiter"),
    [
        ("utf-16-le", codecs.BOM_UTF16_LE, "gc.xls", "\t"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "gc.xls", "\t"),
        ("utf-8", b"", "gc.csv", ","),
        ("utf-8", codecs.BOM_UTF8, "gc.csv", ","),
    ],
)
def test_blackboard_gets_its_table_back(
    course, capsys, tmp_path, encoding, mark, name, delimiter
):
    text = BLACKBOARD.replace('","', f'"{delimiter}"')
    path = tmp_path / name
    path.write_bytes(mark + text.encode(encoding))
    assert cli.main(["export", "--to", "blackboard", "--file", str(path)]) == 0
    said = capsys.readouterr()
    (out,) = (course.grading / "export").iterdir()
    assert out.name.startswith("blackboard-")
    assert out.suffix == path.suffix
    filled = replaced(
        text,
        (
            delimiter.join(['"Yes"', '""', '"0.00"\r\n"李']),
            delimiter.join(['"Yes"', '"3.2"', '"0.00"\r\n"李']),
        ),
        ("17.00", ""),
    )
    assert out.read_bytes() == mark + filled.encode(encoding)
    assert "In the class, not in" in said.err


def test_students_of_a_download_are_found_by_the_platforms_number(course, tmp_path):
    from graders.classroom.platforms import Canvas, Moodle, match
    from graders.classroom.roster import Person
    from graders.classroom.sheet import Sheet

    canvas = Canvas(Sheet(tmp_path, CANVAS.encode()))
    assert match(canvas, [Person("smithzoë_1048")]).rows == {"smithzoë_1048": 3}
    moodle = Moodle(Sheet(tmp_path, MOODLE.encode()))
    assert match(moodle, [Person("Zoë Smith_101")]).rows == {"Zoë Smith_101": 1}
    both = [Person("Other Name_101"), Person("bo")]
    assert match(moodle, both).persons == ["Other Name_101"]


# ------------------------------------------------- by what the platform called the work

PEOPLE = """id,first_name,last_name,email
ada,Ada,Lovelace,ada@example.org
bo,Zoë,O'Brien,bo@example.org
"""
# What tells nothing of a person but the platform's own number.
BARE_CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Attention (12345)\r\n"
    "    Points Possible,,,,,40.00\r\n"
    '"Lovelace, Ada",1001,,,G1,\r\n'
    '"O\'Brien, Zoë",1002,,,G1,\r\n'
)
BARE_MOODLE = (
    "Identifier,Full name,Status,Grade,Maximum Grade,Grade can be changed\n"
    "Participant 201,Ada Lovelace,-,,40.00,Yes\n"
    "Participant 202,Zoë O'Brien,-,,40.00,Yes\n"
)
OF_CANVAS = {
    "ada": "lovelaceada_LATE_1001_5001_attention.ipynb",
    "bo": "download/obrienzoe_1002_5002_attention-1.ipynb",
}
OF_MOODLE = {
    "ada": "Ada Lovelace_201_assignsubmission_file_/attention.ipynb",
    "bo": "all/Zoë O'Brien_202_assignsubmission_fi",  # as far as it was kept
}


@pytest.fixture
def collected(course):
    """Lays beside each one's work what a platform called it."""
    (course.root / "students.csv").write_text(PEOPLE, encoding="utf-8")
    dates = CLASS.partition("extensions")[0]
    (course.root / "class.yml").write_text(dates, encoding="utf-8")

    def lay(origins, lesson="02_attention"):
        for student, origin in origins.items():
            folder = course.grading / "submitted" / student / lesson
            folder.mkdir(parents=True, exist_ok=True)
            (folder / ORIGIN).write_text(f"{origin}\n", encoding="utf-8")

    return lay


@pytest.mark.parametrize(
    ("to", "text", "origins", "filled"),
    [
        ("canvas", BARE_CANVAS, OF_CANVAS, 'Zoë",1002,,,G1,3.2'),
        ("moodle", BARE_MOODLE, OF_MOODLE, "O'Brien,-,3.2,40.00"),
    ],
)
def test_a_table_without_ids_is_filled_by_the_number_of_the_work(
    collected, export, tmp_path, to, text, origins, filled
):
    collected(origins)
    told = export("--to", to, "--file", put(tmp_path, text))
    assert told["unmatched"] == {"class": ["=1+1"], "file": []}
    assert told["lessons"][0]["written"] == 1
    assert filled in told["bytes"].decode()


@pytest.mark.parametrize(
    ("to", "text", "origins"),
    [("canvas", BARE_CANVAS, OF_CANVAS), ("moodle", BARE_MOODLE, OF_MOODLE)],
)
def test_work_that_was_collected_finds_its_row(
    collected, course, export, tmp_path, to, text, origins
):
    lesson = course.find("attention")
    file = tmp_path / "download" / origins["ada"]
    file.parent.mkdir(parents=True)
    shutil.copyfile(lesson.release, file)
    take_in(lesson, tmp_path / "download")
    told = export("--to", to, "--file", put(tmp_path, text))
    assert told["unmatched"]["class"] == ["=1+1", "bo"]


def test_canvass_number_holds_in_every_lesson_and_moodles_in_its_own(
    collected, export, refused, tmp_path
):
    collected(OF_CANVAS, "03_heads")
    told = export("--to", "canvas", "--file", put(tmp_path, BARE_CANVAS))
    assert told["unmatched"]["file"] == []
    collected(OF_MOODLE, "03_heads")
    says = refused("--to", "moodle", "--file", put(tmp_path, BARE_MOODLE))
    assert "nobody of this class" in says


@pytest.mark.parametrize(
    "origin",
    [
        "lovelaceada_1002_5002_attention.ipynb",  # another's number
        "obrienzoe_1002_5002_attention.ipynb",  # another's name: no platform's file
        "lovelaceada_9999_5002_attention.ipynb",
        "lovelaceada_1001_50",  # cut off: it may be another number
        "Ada Lovelace_1001_assignsubmission_file_/lovelaceada_1001_5_a.ipynb",
        "attention.ipynb",
        "",
    ],
)
def test_a_number_beside_which_a_name_does_not_fit_finds_nobody(
    collected, export, tmp_path, origin
):
    collected({"ada": origin, "bo": OF_CANVAS["bo"]})
    told = export("--to", "canvas", "--file", put(tmp_path, BARE_CANVAS))
    assert told["unmatched"] == {"class": ["=1+1", "ada"], "file": ["Lovelace, Ada"]}


def test_two_of_one_name_are_not_found_by_the_number_of_their_work(
    collected, course, export, tmp_path
):
    with (course.root / "students.csv").open("a", encoding="utf-8") as file:
        file.write("ada2,Ada,Lovelace,\n")
    collected(OF_CANVAS)
    told = export("--to", "canvas", "--file", put(tmp_path, BARE_CANVAS))
    assert "ada" in told["unmatched"]["class"]


def test_a_number_that_says_another_row_than_the_id_is_refused(
    collected, refused, tmp_path
):
    collected(OF_CANVAS)
    twice = BARE_CANVAS + '"Lovelace, Ada",1003,ada,,G1,\r\n'
    says = refused("--to", "canvas", "--file", put(tmp_path, twice))
    assert "ada fits two rows: row 3 (Lovelace, Ada) and row 5 (Lovelace, Ada)" in says
    assert "collected from Canvas" in says


def test_who_is_not_found_is_told_what_to_do(collected, export, refused, tmp_path):
    says = refused("--to", "canvas", "--file", put(tmp_path, BARE_CANVAS))
    collect = "collect the work from Canvas's download (course collect)"
    assert says.endswith(f"Else {collect}.\n")
    says = refused("--to", "moodle", "--file", put(tmp_path, BARE_MOODLE))
    assert says.endswith(
        "collect this lesson's work from Moodle's download (course collect).\n"
    )
    filled = BARE_CANVAS.replace("1002,,,", "1002,,bo@example.org,")
    notes = export("--to", "canvas", "--file", put(tmp_path, filled))["notes"]
    assert "If some of these are the same person, collect the work" in notes
    assert "stands there: SIS Login ID as email or login.\n" in notes


def test_other_points_are_scaled_if_asked_for(export, refused, tmp_path):
    file = put(tmp_path, CANVAS.replace("40.00", "100.00"))
    says = refused("--to", "canvas", "--file", file)
    assert "'Attention (12345)' has 100 points, 02_attention has 40." in says
    told = export("--to", "canvas", "--file", file, "--scale")
    assert "bo@example.org,G1,8," in told["bytes"].decode()


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_every_byte_is_kept_where_nothing_is_filled(tmp_path, ends, mark, last):
    from graders.classroom.sheet import Sheet

    text = mark + CANVAS.lstrip("\ufeff").replace("\r\n", ends)
    data = (text if last else text.removesuffix(ends)).encode()
    assert Sheet(tmp_path, data).encoded() == data


# ------------------------------------------------------------------- what is not right


@pytest.mark.parametrize(
    ("text", "arguments", "says"),
    [
        (CANVAS, ["--lesson", "99"], "There is no lesson '99'"),
        (CANVAS, ["--lesson", "03"], "Nothing of 03_heads is graded yet"),
        (CANVAS, ["--column", "Quiz"], "no column for Quiz. There are: Attention (1"),
        (CANVAS.replace("Essay", "Attention"), [], "2 columns for 02_attention"),
        (CANVAS.replace("u53", "ada"), [], "ada fits two rows: row 4 (Smith, Zoë) and"),
        (CANVAS.replace("ee5", "al1"), [], "fits two rows"),
        (
            CANVAS.replace("SIS User ID", "x").replace("SIS Login ID", "y"),
            [],
            "nobody of this class",
        ),
        (MOODLE, [], "theirs.csv has no column 'Student'"),
        (BLACKBOARD, [], "theirs.csv has no column 'Student'"),
        ("", [], "its first line has nothing"),
        (CANVAS.replace("Points Poss", "P"), [], "has no row 'Points Possible'"),
        (CANVAS.replace("40.00", ""), [], "its points are '', no number"),
        (CANVAS + '"open', [], "a quotation mark is not closed"),
        (CANVAS.replace('"Smith, Zoë"', "Smith, Zoë"), [], "row 4 has 10 cells, the"),
    ],
)
def test_a_table_of_canvas_that_cannot_be_right_is_refused(
    refused, tmp_path, text, arguments, says
):
    file = put(tmp_path, text)
    assert says in refused("--to", "canvas", "--file", file, *arguments)


@pytest.mark.parametrize(
    ("to", "text", "says"),
    [
        ("moodle", CANVAS, "no column 'Identifier'"),
        (
            "moodle",
            MOODLE.replace("40.00,No", "20.00,No"),
            "Maximum Grade is '20.00' and",
        ),
        ("moodle", MOODLE.replace("40.00", "Good"), "its points are 'Good', no number"),
        ("blackboard", CANVAS, "no column 'Last Name'"),
        ("blackboard", BLACKBOARD.replace("Attention", "Masks"), "no column for 02_at"),
        ("blackboard", BLACKBOARD.replace('"carl"', '"bo"'), "bo fits two rows"),
    ],
)
def test_another_platforms_table_is_refused(refused, tmp_path, to, text, says):
    assert says in refused("--to", to, "--file", put(tmp_path, text))


def test_a_wrong_courses_table_is_named_with_its_people(refused, tmp_path):
    text = "\r\n".join([*CANVAS.split("\r\n")[:3], "Noether,1,em1,em@x.org,G,,,,", ""])
    says = refused("--to", "canvas", "--file", put(tmp_path, text))
    assert "it has Noether; the class has =1+1; ada; bo; … (5 in all)." in says


def test_two_people_in_one_row_are_refused(course, refused, tmp_path):
    text = ROSTER + "zed,Zed,Z,bo@example.org,\n"
    (course.root / "students.csv").write_text(text, encoding="utf-8")
    says = refused("--to", "canvas", "--file", put(tmp_path, CANVAS))
    assert "bo and zed: row 5 (O'Brien)" in says


def test_an_id_that_stands_twice_in_the_roster_is_refused(course, refused):
    with (course.root / "students.csv").open("a", encoding="utf-8") as file:
        file.write("bo,,,,\n")
    assert "the id 'bo' stands there twice" in refused()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--to", "canvas"], "Name it: --file FILE, as Canvas exports it"),
        (["--file", "x.csv"], "go with a platform's table"),
        (["--to", "canvas", "--file", "none.csv"], "cannot be read: No such file"),
        (["--lesson", "ninety"], "There is no lesson 'ninety'"),
    ],
)
def test_what_cannot_be_meant_is_refused(refused, arguments, says):
    assert says in refused(*arguments)


def test_bytes_that_are_no_text_are_refused(refused, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"PK\x03\x04\xff\xfe\x00\xd8")
    assert "is no text in UTF-8" in refused("--to", "canvas", "--file", path)


def test_the_platforms_own_file_is_not_written_over(refused, tmp_path):
    file = put(tmp_path, CANVAS)
    says = refused("--to", "canvas", "--file", file, "--out", file)
    assert "is the platform's own file" in says


def test_a_folder_in_the_place_of_the_table_is_refused(refused, tmp_path):
    assert "is a folder" in refused("--out", tmp_path)


def test_a_place_that_cannot_be_written_is_told(refused, tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused("--out", tmp_path / "file" / "out.csv")


def test_a_write_that_fails_leaves_nothing(refused, tmp_path, monkeypatch):
    def fails(*given):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", fails)
    says = refused("--out", tmp_path / "out.csv")
    assert "out.csv cannot be written: Permission denied" in says


def test_without_a_gradebook_none_is_made(course, refused):
    (course.grading / "gradebook.db").unlink()
    assert "nothing is graded" in refused()


def test_another_courses_gradebook_is_refused_and_stays(course, refused):
    from nbgrader.api import Gradebook

    path = course.grading / "gradebook.db"
    path.unlink()
    with Gradebook(f"sqlite:///{path}", "biology") as book:
        book.add_assignment("cells")
    assert "is the gradebook of 'biology'" in refused()


def test_a_gradebook_without_a_lesson_of_this_course_is_refused(course, refused):
    path = course.grading / "gradebook.db"
    path.unlink()
    with Book(course).open() as book:
        book.add_assignment("cells")
    assert "holds cells, and no lesson of this course" in refused()


@pytest.mark.parametrize("data", [b"", b"no database at all, but some bytes" * 9])
def test_what_is_no_gradebook_is_refused(course, refused, data):
    (course.grading / "gradebook.db").write_bytes(data)
    assert "gradebook --rebuild" in refused()


def test_something_else_in_the_gradebook_is_left_out_and_told(course, export):
    with Book(course).open() as book:
        book.add_assignment("midterm")
    told = export()
    assert "midterm, in the gradebook, is no lesson" in told["notes"]
    assert b"midterm" not in told["bytes"]


def test_the_table_may_be_written_by_a_program(course, tmp_path):
    write_table(course, tmp_path / "grades.csv")
    assert (tmp_path / "grades.csv").read_bytes().startswith(b"assignment,duedate,")
