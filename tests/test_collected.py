"""What was handed in ends up with the right student, once, and nothing is lost."""

import json
import os
import shutil
import stat
import zipfile
from datetime import UTC, datetime

import pytest

from graders import cli
from graders.classroom import collected
from graders.classroom.collected import handed_in, take_in
from graders.classroom.papers import answered
from graders.classroom.roster import Person, Roster, folded, read
from graders.course import Course, CourseError
from graders.files import LARGEST, ORIGIN
from graders.gradebook import Book
from graders.record import Entry
from tests.classes import Idle

ROSTER = """id,first_name,last_name,email,login
1001,Ada,Lovelace,ada.lovelace@example.org,adal
1002,Blaise,Pascal,blaise@example.org,ada_l
1003,José,de la Cruz,,jose
1004,Emmy,Noether,,
1005,Emmy,Noether,,
1006,Carl,Gauss,carl@example.org,carlg
"""
CLASS = """
timezone: Europe/Paris
due: {02: 2026-10-12 23:59}
extensions:
  1002: {02: 3 days}
  1006: {02: excused}
"""
IN_TIME, LATE = (2026, 10, 12, 20, 0, 0), (2026, 10, 14, 1, 59, 0)
NOTEBOOK = json.dumps({"cells": [], "metadata": {"course": {"lesson": "02_attention"}}})


@pytest.fixture
def lesson(tmp_path):
    """A lesson of a class of six, without anything that takes long to make."""
    root = tmp_path / "class"
    for name in ("02_attention", "03_heads"):
        (root / "notebooks" / name).mkdir(parents=True)
    (root / "students.csv").write_text(ROSTER, encoding="utf-8")
    (root / "class.yml").write_text(CLASS, encoding="utf-8")
    return Course(root).find("02")


@pytest.fixture
def nobody(lesson):
    """The same without a roster."""
    (lesson.course.root / "students.csv").unlink()
    (lesson.course.root / "class.yml").unlink()
    return lesson


@pytest.fixture
def command(lesson, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(lesson.course.root))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        code = cli.main(list(map(str, arguments)))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def zip_of(path, *names, when=IN_TIME, data=NOTEBOOK):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(zipfile.ZipInfo(name, when), data)
    return path


def folder_of(path, *names, data=NOTEBOOK):
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(data)
    return path


def there(lesson):
    """What lies in the course's submissions, by student."""
    root = lesson.course.grading / "submitted"
    paths = [path for path in root.rglob("*") if path.is_file()]
    paths = [path for path in paths if path.name != ORIGIN]
    return sorted(path.relative_to(root).as_posix() for path in paths)


def origin_of(lesson, student):
    """What the platform called somebody's work."""
    path = collected.place(lesson, student) / ORIGIN
    return path.read_text(encoding="utf-8") if path.exists() else None


def rows(found):
    return {row.student: row for row in found.handed_in}


# ------------------------------------------------------------------------- whose it is


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("Ada Lovelace_77_assignsubmission_file_/attention.ipynb", "1001"),
        ("ada  LOVELACE_77_assignsubmission_file_attention.ipynb", "1001"),
        ("José de la Cruz_5_assignsubmission_file_/a.ipynb", "1003"),
        ("lovelaceada_123_4567_attention-1.ipynb", "1001"),
        ("delacruzjose_LATE_9_4567_attention.ipynb", "1003"),
        ("pascalblaise_1002_4567_attention.ipynb", "1002"),
        ("whoever_1002_4567_attention.ipynb", "1002"),
        ("Week 2_adal_attempt_2026-10-12-21-03-11_attention.ipynb", "1001"),
        ("Week_2_ada_l_attempt_2026-10-12-21-03-11_attention.ipynb", "1002"),
        ("1001/attention.ipynb", "1001"),
        ("carlg/attention.ipynb", "1006"),
        ("ada.lovelace/attention.ipynb", "1001"),
        ("Blaise Pascal/02_attention/attention.ipynb", "1002"),
        ("submitted/1001/02_attention/a.ipynb", "1001"),
        ("all/carl@example.org/deep/er/attention.ipynb", "1006"),
    ],
)
def test_a_file_is_its_students(lesson, tmp_path, name, student):
    found = take_in(lesson, zip_of(tmp_path / "all.zip", name))
    assert [row.student for row in found.handed_in] == [student]
    assert found.unmatched == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Emmy Noether_7_assignsubmission_file_/a.ipynb", "fits more than one"),
        ("Kurt Gödel_7_assignsubmission_file_/a.ipynb", "Nobody on the roster has 'Ku"),
        ("1001_7_assignsubmission_file_/a.ipynb", None),
        (
            "Participant 9_1001_assignsubmission_file_/a.ipynb",
            "Nobody on the roster",
        ),
        ("pascalblaise_1001_4567_attention.ipynb", "It may be 1001 and 1002's"),
        ("attention.ipynb", "Whose is it?"),
        ("adal/carlg/attention.ipynb", "It may be 1001 and 1006's"),
        ("../../1001/attention.ipynb", "Its name leads out of the zip."),
        ("/1001/attention.ipynb", "Its name leads out of the zip."),
        ("stran\nger/attention.ipynb", "Nobody on the roster has 'stran?ger'"),
    ],
)
def test_who_cannot_be_told_is_listed_and_not_guessed(lesson, tmp_path, name, says):
    found = take_in(lesson, zip_of(tmp_path / "all.zip", name))
    if says is None:  # Moodle's field for a name holds what the roster has as id
        assert [row.student for row in found.handed_in] == ["1001"]
        return
    assert found.handed_in == []
    assert says in found.unmatched[0].says
    assert "\n" not in found.unmatched[0].file + found.unmatched[0].says
    assert there(lesson) == []


def test_who_is_nobody_is_told_by_all_that_was_looked_for(lesson, tmp_path):
    name = "strangerdoctor_1099_5_x.ipynb"
    found = take_in(lesson, zip_of(tmp_path / "all.zip", name))
    assert found.unmatched[0].says == (
        "Nobody on the roster has 'strangerdoctor' or '1099' as id, login, e-mail or "
        "name. Correct the roster, or rename the file."
    )


def test_an_id_that_is_no_folders_name_is_refused(lesson, tmp_path):
    (lesson.course.root / "class.yml").unlink()
    (lesson.course.root / "students.csv").write_text("id,login\n../x,ada\n")
    found = take_in(lesson, zip_of(tmp_path / "all.zip", "ada/attention.ipynb"))
    assert "cannot be a folder's name" in found.unmatched[0].says
    assert os.listdir(lesson.course.grading) == ["lock"]


def test_names_are_told_apart_by_what_counts():
    assert folded("  JOSÉ  x ") == folded("jose\u0301 x")
    roster = Roster({"a": Person("a", "Ada", ""), "b": Person("b", login="ADA")})
    assert roster.fits(["ada"]) == {"a", "b"}
    assert roster.fits([""]) == set()


def test_without_a_roster_the_platforms_own_name_is_the_student(nobody, tmp_path):
    names = (
        "Ada Lovelace_77_assignsubmission_file_/attention.ipynb",
        "pascalblaise_LATE_12_4567_attention.ipynb",
        "Week 2_carlg_attempt_2026-10-12-21-03-11_attention.ipynb",
        "emmy/attention.ipynb",
        "readme/readme.pdf",
    )
    found = take_in(nobody, zip_of(tmp_path / "all.zip", *names))
    students = {"Ada Lovelace_77", "pascalblaise_12", "carlg", "emmy"}
    assert rows(found).keys() == students
    assert found.missing == []
    assert rows(found)["pascalblaise_12"].marked_late


# ------------------------------------------------------------------------ when it came


def test_the_time_is_written_as_nbgrader_reads_it(course, tmp_path):
    lesson = course.find("02")
    source = tmp_path / "all.zip"
    zip_of(source, "ada/attention.ipynb")
    take_in(lesson, source)
    folder = course.grading / "submitted" / "ada" / lesson.name
    found = Book(course).folders.get_existing_timestamp(str(folder))
    assert found == datetime(*IN_TIME)
    assert handed_in(folder) == datetime(*IN_TIME, tzinfo=UTC)


def test_late_is_by_the_classes_zone_and_with_extensions(lesson, tmp_path):
    names = [f"{who}/attention.ipynb" for who in ("adal", "blaise", "carlg")]
    found = rows(take_in(lesson, zip_of(tmp_path / "all.zip", *names, when=LATE)))
    assert found["1001"].late == 26 * 3600  # LATE is a time in Paris
    assert found["1001"].when == "2026-10-13T23:59:00Z"
    assert found["1002"].late == found["1006"].late == 0
    assert "Late by 1 day 2 hours." in collected.said(found["1001"])


def test_a_folder_that_lost_its_times_is_noted(lesson, tmp_path, capsys):
    names = ("1001/attention.ipynb", "1002/attention.ipynb")
    source = folder_of(tmp_path / "all", *names)
    take_in(lesson, source)
    note = "Note: all files are of today, as after unpacking. Collect the zip itself, "
    assert capsys.readouterr().err == f"{note}or set timestamp.txt right.\n"
    os.utime(source / names[0], (1e9, 1e9))
    take_in(lesson, source)
    attempt = "W_adal_attempt_2026-10-12-21-03-11_attention.ipynb"
    take_in(lesson, folder_of(tmp_path / "other", attempt))
    assert capsys.readouterr().err == ""


def test_a_time_that_nobody_knows_is_none(lesson, tmp_path):
    source = zip_of(tmp_path / "all.zip", "adal/a.ipynb", when=(1980, 1, 1, 0, 0, 0))
    assert rows(take_in(lesson, source))["1001"].when == ""
    assert there(lesson) == ["1001/02_attention/a.ipynb"]


# -------------------------------------------------------------------- which of several


def test_of_several_files_the_lessons_own_counts(lesson, tmp_path):
    names = [f"adal/{n}.ipynb" for n in ("zzz", "my attention", "attention", "heads")]
    names += ["adal/attention.zip", "adal/notes.pdf"]
    row = rows(take_in(lesson, zip_of(tmp_path / "all.zip", *names)))["1001"]
    assert row.file == "attention.ipynb"
    left = ("adal/attention.zip", "adal/my attention.ipynb", "adal/zzz.ipynb")
    assert row.left_out == left
    assert there(lesson) == [
        "1001/02_attention/attention.ipynb",
        "1001/02_attention/timestamp.txt",
    ]


def test_of_two_attempts_the_newest_counts_whatever_its_name(lesson, tmp_path):
    names = (
        "W_adal_attempt_2026-10-12-21-03-11.txt",
        "W_adal_attempt_2026-10-12-21-03-11_homework.ipynb",
        "W_adal_attempt_2026-10-11-08-00-00_attention.ipynb",
    )
    row = rows(take_in(lesson, zip_of(tmp_path / "all.zip", *names)))["1001"]
    assert (row.file, row.when) == ("homework.ipynb", "2026-10-12T19:03:11Z")
    assert row.left_out == ("W_adal_attempt_2026-10-11-08-00-00_attention.ipynb",)


def test_of_canvas_copies_the_last_counts(lesson, tmp_path):
    names = [f"lovelaceada_1_2{n}_attention{c}.ipynb" for n, c in enumerate(("-2", ""))]
    row = rows(take_in(lesson, zip_of(tmp_path / "all.zip", *names)))["1001"]
    assert row.file == "attention-2.ipynb"


def test_what_the_platform_called_it_is_kept_for_the_way_back(lesson, tmp_path):
    long = "my-homework-" * 6
    first, again = (f"lovelaceada_1_{n}_{long}.ipynb" for n in (7, 8))
    take_in(lesson, zip_of(tmp_path / "first.zip", first, "1002/attention.ipynb"))
    assert origin_of(lesson, "1001") == f"{first}\n"
    assert origin_of(lesson, "1002") is None
    take_in(lesson, zip_of(tmp_path / "again.zip", again))
    assert origin_of(lesson, "1001") == f"{again}\n"


def test_another_lessons_files_are_left_alone(lesson, tmp_path):
    names = ("1001/02_attention/x.ipynb", "1001/03_heads/x.ipynb", "1002/heads.ipynb")
    found = take_in(lesson, zip_of(tmp_path / "all.zip", *names))
    assert rows(found).keys() == {"1001"}
    assert rows(found)["1001"].left_out == ()
    assert "1002" in found.missing


# --------------------------------------------------------------------- again, and kept


def test_what_is_replaced_is_kept(lesson, tmp_path):
    source = folder_of(tmp_path / "all", "adal/attention.ipynb")
    assert not rows(take_in(lesson, source))["1001"].replaced
    for text in (f"{NOTEBOOK} ", f"{NOTEBOOK}  "):
        (source / "adal" / "attention.ipynb").write_text(text)
        assert rows(take_in(lesson, source))["1001"].replaced
    kept = (lesson.course.grading / "replaced" / "1001" / lesson.name).glob("*/*.ipynb")
    assert sorted(path.read_text() for path in kept) == [NOTEBOOK, f"{NOTEBOOK} "]
    now = lesson.course.grading / "submitted" / "1001" / lesson.name
    assert (now / "attention.ipynb").read_text() == f"{NOTEBOOK}  "


def test_the_same_again_changes_nothing(lesson, tmp_path):
    source = zip_of(tmp_path / "all.zip", "adal/attention.ipynb")
    first = take_in(lesson, source)
    zip_of(source, "adal/attention.ipynb", when=LATE)
    assert take_in(lesson, source) == first
    zip_of(source, "lovelaceada_1_2_attention-1.ipynb", when=LATE)
    assert take_in(lesson, source) == first
    assert not (lesson.course.grading / "replaced").exists()


def test_the_same_work_came_when_it_came_first(lesson, tmp_path):
    for when in ((1980, 1, 1, 0, 0, 0), LATE, IN_TIME, LATE):
        source = zip_of(tmp_path / "all.zip", "adal/attention.ipynb", when=when)
        row = rows(take_in(lesson, source))["1001"]
    assert (row.when, row.late) == ("2026-10-12T18:00:00Z", 0)


def test_killed_on_the_way_nothing_is_half_written(lesson, tmp_path, monkeypatch):
    source = folder_of(tmp_path / "all", "adal/attention.ipynb")
    take_in(lesson, source)
    (source / "adal" / "attention.ipynb").write_text(f"{NOTEBOOK} ")
    with monkeypatch.context() as patch:
        patch.setattr(collected.os, "rename", lambda *_: (_ for _ in ()).throw(OSError))
        with pytest.raises(OSError):  # noqa: PT011  made up
            take_in(lesson, source)
    take_in(lesson, source)
    assert there(lesson) == [
        "1001/02_attention/attention.ipynb",
        "1001/02_attention/timestamp.txt",
    ]
    kept = (lesson.course.grading / "replaced").rglob("*.ipynb")
    assert [path.read_text() for path in kept] == [NOTEBOOK]


DAYS = {day: (2026, 10, day, 18, 0, 0) for day in (10, 11, 14)}
BROKEN, OTHERS = NOTEBOOK[:20], NOTEBOOK.replace("02_attention", "03_heads")


def of_day(path, day, data=NOTEBOOK, student="1001"):
    """A download of a day, with one student's work."""
    name = f"{student}/attention.ipynb"
    return zip_of(path / f"{day}.zip", name, when=DAYS[day], data=data)


def lies(lesson, student="1001"):
    """The one notebook in a student's folder."""
    [path] = collected.place(lesson, student).glob("*.ipynb")
    return path.read_text()


def test_an_older_download_does_not_replace_newer_work(lesson, command, tmp_path):
    older = of_day(tmp_path, 10)
    take_in(lesson, older)
    newer = take_in(lesson, of_day(tmp_path, 14, f"{NOTEBOOK} "))
    assert "Replaced an older one." in collected.said(rows(newer)["1001"])
    code, out, err = command("collect", "02", older)
    assert (code, err) == (0, "")
    assert "What is there is newer (2026-10-14 18:00): not taken." in out
    assert "Replaced" not in out
    assert lies(lesson) == f"{NOTEBOOK} "
    assert len(list((lesson.course.grading / "replaced").rglob("*.ipynb"))) == 1
    assert os.listdir(collected.place(lesson, "1001").parent) == [lesson.name]


def test_a_row_that_stays_tells_of_what_is_there(lesson, tmp_path):
    take_in(lesson, of_day(tmp_path, 14))
    late = "lovelaceada_LATE_1_2_attention.ipynb"
    source = zip_of(tmp_path / "a.zip", late, when=DAYS[10], data=f"{NOTEBOOK} ")
    row = rows(take_in(lesson, source))["1001"]
    assert (row.when, row.late) == ("2026-10-14T16:00:00Z", 42 * 3600 + 60)
    assert not row.marked_late
    assert not row.replaced
    assert origin_of(lesson, "1001") is None


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", "The file is empty. What was there stays."),
        (BROKEN, "It is cut off or was damaged. What was there stays."),
        (OTHERS, "The notebook is lesson 03_heads's. What was there stays."),
    ],
)
def test_work_with_a_problem_does_not_replace_a_good_one(
    lesson, command, tmp_path, data, says
):
    take_in(lesson, of_day(tmp_path, 11))
    source = folder_of(tmp_path / "all", "1002/attention.ipynb")
    code, out, _ = command(
        "collect", "02", folder_of(source, "1001/x.ipynb", data=data)
    )
    assert code == 1
    assert says in out
    assert "Replaced" not in out
    assert lies(lesson) == NOTEBOOK
    assert not (lesson.course.grading / "replaced").exists()


def test_work_with_a_problem_makes_way(lesson, tmp_path):
    take_in(lesson, of_day(tmp_path, 10, BROKEN))
    row = rows(take_in(lesson, of_day(tmp_path, 11, "")))["1001"]
    assert (row.problem, row.replaced) == ("The file is empty.", True)
    row = rows(take_in(lesson, of_day(tmp_path, 14)))["1001"]
    assert (row.problem, row.told) == ("", "Replaced an older one.")


def test_where_no_time_is_known_nothing_is_called_older(lesson, tmp_path):
    unknown = (1980, 1, 1, 0, 0, 0)
    source = tmp_path / "all.zip"
    take_in(lesson, zip_of(source, "1001/a.ipynb", when=unknown))
    zip_of(source, "1001/a.ipynb", when=unknown, data=f"{NOTEBOOK} ")
    row = rows(take_in(lesson, source))["1001"]
    assert row.replaced
    assert collected.said(row) == ["Replaced what was there."]


def test_a_folder_without_work_is_no_newer_work(lesson, tmp_path):
    take_in(lesson, of_day(tmp_path, 14))
    (collected.place(lesson, "1001") / "attention.ipynb").unlink()
    take_in(lesson, of_day(tmp_path, 10))
    assert lies(lesson) == NOTEBOOK


# ---------------------------------------------------------------- the wrong download


@pytest.mark.parametrize("arguments", [("collect", "02"), ("grade", "02", "--from")])
def test_a_whole_class_of_another_lesson_is_refused(
    lesson, command, tmp_path, arguments
):
    names = [f"lovelaceada_1_{n}_homework.ipynb" for n in (1, 2)]
    source = zip_of(tmp_path / "a.zip", *names, "1002/x.ipynb", data=OTHERS)
    code, _, err = command(*arguments, source)
    assert code == 2
    says = "a.zip holds notebooks of 03_heads, not of 02_attention. Did you mean: "
    assert f"{says}course collect 03 {source}" in err
    assert os.listdir(lesson.course.grading) == ["lock"]


def test_notebooks_of_several_other_lessons_are_all_named(lesson, tmp_path):
    source = folder_of(tmp_path / "all", "1001/x.ipynb", data=OTHERS)
    folder_of(source, "1002/x.ipynb", data=OTHERS.replace("03_heads", "no\\nne"))
    with pytest.raises(
        CourseError, match=r"of 03_heads and no.ne, not of 02_att"
    ) as told:
        take_in(lesson, source)
    assert "Did you mean" not in str(told.value)
    assert there(lesson) == []


def test_a_mixed_download_is_taken_and_each_row_told(lesson, tmp_path):
    source = folder_of(tmp_path / "all", "1001/x.ipynb", data=OTHERS)
    folder_of(source, "1002/attention.ipynb")
    found = rows(take_in(lesson, source))
    assert found["1001"].problem == "The notebook is lesson 03_heads's."
    assert found["1002"].problem == ""
    assert len(there(lesson)) == 4


def test_notebooks_that_name_no_lesson_are_taken(lesson, tmp_path):
    source = zip_of(tmp_path / "a.zip", "1001/x.ipynb", data='{"cells": []}')
    assert rows(take_in(lesson, source))["1001"].problem == ""


# --------------------------------------------------------------------------- bad input


def hostile(path):
    """A zip with everything that may go wrong, and two honest students."""
    link = zipfile.ZipInfo("carlg/attention.ipynb", IN_TIME)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    inner = zip_of(path.with_name("inner.zip"), "attention.ipynb")
    outer = path.with_name("outer.zip")
    with zipfile.ZipFile(outer, "w") as made:
        made.write(inner, "inner.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(zipfile.ZipInfo("1001/attention.ipynb", IN_TIME), NOTEBOOK)
        made.writestr("../../../1002/attention.ipynb", "slip")
        made.writestr("/1002/attention.ipynb", "absolute")
        made.writestr(link, "/etc/passwd")
        made.write(outer, "1003/work.zip")
        made.writestr("1004/attention.ipynb", bytes(LARGEST + 5))
        made.writestr("1005/../1005/attention.ipynb", "{}")
        made.writestr("1006/at\ntention\x1b[31m.ipynb", NOTEBOOK)
    return path


def test_nothing_leads_out_and_the_run_goes_on(lesson, tmp_path):
    source = hostile(tmp_path / "all.zip")
    before = sorted(os.listdir(tmp_path))
    found = take_in(lesson, source)
    assert sorted(os.listdir(tmp_path)) == before
    assert sorted(os.listdir(lesson.course.root)) == [
        ".grading",
        "class.yml",
        "notebooks",
        "students.csv",
    ]
    assert rows(found).keys() == {"1001", "1003", "1004", "1006"}
    assert rows(found)["1001"].problem == ""
    assert "only work.zip" in rows(found)["1003"].problem
    assert rows(found)["1004"].problem == "It has more than 20 MB. Not taken."
    assert rows(found)["1006"].file == "at_tention_[31m.ipynb"
    told = sorted(one.says.split(". ")[-1] for one in found.unmatched)
    assert told == ["It is a link, and links are not followed."] + (
        ["Its name leads out of the zip."] * 3
    )
    assert all(os.path.islink(p) is False for p in lesson.course.grading.rglob("*"))


def test_a_file_that_cannot_be_taken_leaves_the_older_one(lesson, tmp_path):
    take_in(lesson, zip_of(tmp_path / "all.zip", "1001/attention.ipynb"))
    bomb = zip_of(tmp_path / "all.zip", "1001/attention.ipynb", data=bytes(LARGEST + 1))
    row = rows(take_in(lesson, bomb))["1001"]
    assert row.problem.endswith("Not taken.")
    now = lesson.course.grading / "submitted" / "1001" / lesson.name
    assert (now / "attention.ipynb").read_text() == NOTEBOOK


def test_a_download_without_end_has_an_end(lesson, tmp_path, monkeypatch):
    monkeypatch.setattr(collected, "MOST", 3 * len(NOTEBOOK) // 2)
    names = [f"{n}/attention.ipynb" for n in (1001, 1002, 1003)]
    found = rows(take_in(lesson, zip_of(tmp_path / "all.zip", *names)))
    assert [bool(row.problem) for row in found.values()] == [False, True, True]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("attention.ipynb", "", "The file is empty."),
        ("attention.ipynb", NOTEBOOK[:20], "It is cut off or was damaged."),
        ("attention.ipynb", NOTEBOOK.replace("02", "03"), "is lesson 03_attention's."),
        ("attention.html", "<p>", "There is no attention.ipynb, only attention.html."),
        ("work.zip", "no zip", "There is no attention.ipynb in the submitted folder"),
    ],
)
def test_what_cannot_be_read_is_told(lesson, tmp_path, name, data, says):
    source = folder_of(tmp_path / "all", "1002/attention.ipynb")
    folder_of(source, f"1001/{name}", data=data)
    found = take_in(lesson, source)
    assert says in rows(found)["1001"].problem
    assert not rows(found)["1002"].problem
    assert "1001" not in found.missing
    assert found.needs_a_look


def test_a_notebook_in_capitals_and_one_in_a_zip_are_found(lesson, tmp_path):
    zip_of(tmp_path / "mine.zip", "folder/attention.ipynb")
    source = folder_of(tmp_path / "all", "1001/ATTENTION.IPYNB")
    (source / "1002").mkdir()
    shutil.move(tmp_path / "mine.zip", source / "1002")
    found = rows(take_in(lesson, source))
    assert [row.problem for row in found.values()] == ["", ""]
    assert found["1002"].file == "mine.zip/folder/attention.ipynb"


def test_what_holds_nothing_is_refused(lesson, tmp_path):
    with pytest.raises(CourseError, match="no student's notebook of 02_attention"):
        take_in(lesson, zip_of(tmp_path / "all.zip", "readme.txt"))
    assert there(lesson) == []


# ------------------------------------------------------------------------- the command


def test_the_report_names_everybody(command, tmp_path):
    names = ("Ada Lovelace_1_assignsubmission_file_/attention.ipynb", "x/a.ipynb")
    code, out, err = command("collect", "02", zip_of(tmp_path / "a.zip", *names))
    assert (code, err) == (1, "")
    assert "1001     2026-10-12 20:00  attention.ipynb" in out
    assert "02_attention: 1 handed in\n" in out
    missing = "Missing (4): Blaise Pascal (1002), José de la Cruz (1003), "
    assert missing in " ".join(out.split())
    assert "Excused (1): Carl Gauss (1006)" in out
    assert "Not taken: x/a.ipynb: Nobody on the roster has 'x'" in out


def test_the_report_is_data_as_well(command, tmp_path):
    source = zip_of(tmp_path / "a.zip", "adal/attention.ipynb", when=LATE)
    code, out, _ = command("collect", "02", source, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["lesson"] == "02_attention"
    assert found["handed_in"][0]["late"] == 26 * 3600
    assert found["missing"] == ["1002", "1003", "1004", "1005"]
    assert found["excused"] == ["1006"]


def test_the_command_wants_one_source(command, tmp_path):
    for arguments in ((), (tmp_path, "--exchange")):
        code, _, err = command("collect", "02", *arguments)
        assert code == 2
        assert "Name a zip or a folder, or --exchange" in err
    code, _, err = command("collect", "02", tmp_path / "none.zip")
    assert code == 2
    assert "none.zip cannot be opened: No such file" in err


def test_grading_takes_in_first_and_says_who_is_missing(command, tmp_path, monkeypatch):
    monkeypatch.setattr("graders.grade.runner_for", lambda *_: Idle())
    monkeypatch.setattr("graders.levels.demand", lambda *_: None)
    graded = Entry("1001", "02_attention", "", "", "", "idle", "", 0.0, ())
    monkeypatch.setattr("graders.grade.grade_lesson", lambda *_: [graded])
    names = ("adal/attention.ipynb", "adal/b.ipynb", "x/a.ipynb")
    source = zip_of(tmp_path / "a.zip", *names)
    code, _, err = command("grade", "02", "--from", source)
    assert code == 0
    assert "Note: 1001: Left out: adal/b.ipynb.\n" in err
    assert "Note: not taken: x/a.ipynb: Nobody on the roster" in err
    says = "02_attention: nothing from 4 of the roster: 1002, 1003, 1004, 1005"
    assert says in " ".join(err.split())
    code, _, err = command("grade", "02", "03", "--from", source)
    assert code == 2
    assert "--from takes in one lesson" in err


def test_grading_says_who_is_not_on_the_roster(lesson):
    from graders.grade import absent

    for student in ("1001", "stranger"):
        (lesson.course.grading / "submitted" / student / lesson.name).mkdir(
            parents=True
        )
    lines = list(absent([lesson, lesson.course.find("03")], read(lesson.course)))
    assert lines[1] == "02_attention: not on the roster: stranger"
    assert lines[2].startswith("03_heads: nothing from 6 of the roster: 1001, ")


# ----------------------------------------------------------------- nbgrader's exchange


@pytest.mark.slow
def test_what_the_exchange_holds_is_collected(course, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    lesson, root = course.find("02"), tmp_path / "exchange"
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.Exchange.root = '{root}'\n")
    inbound = root / "transformer" / "inbound"
    submit(inbound, lesson, "ada", "2026-10-11 10:00:00.000000 UTC")
    submit(inbound, lesson, "blaise", "2026-10-12 10:00:00.000000 UTC")
    (course.root / "students.csv").write_text("id\nada\ncarl\n")
    assert cli.main(["collect", "02", "--exchange", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [row["student"] for row in found["handed_in"]] == ["ada", "blaise"]
    assert found["handed_in"][0]["when"] == "2026-10-11T10:00:00Z"
    assert found["missing"] == ["carl"]
    assert found["unmatched"][0]["file"] == "blaise/02_attention"
    submit(inbound, lesson, "ada", "2026-10-13 10:00:00.000000 UTC")
    cli.main(["collect", "02", "--exchange", "--json"])
    rows = json.loads(capsys.readouterr().out)["handed_in"]
    assert [row["replaced"] for row in rows] == [True, False]
    [kept] = (course.grading / "replaced").rglob("timestamp.txt")
    assert kept.read_text() == "2026-10-11 10:00:00.000000 UTC"


def submit(inbound, lesson, student, when):
    """What nbgrader's `submit` leaves in the exchange."""
    import nbformat

    folder = inbound / f"{student}+{lesson.name}+{when}+abc"
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(when)
    nbformat.write(answered(lesson, {}), folder / lesson.release.name)
