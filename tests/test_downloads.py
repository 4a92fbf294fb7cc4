"""Whose a file of a download is, and when it came."""

import os
import stat
import zipfile
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from graders.classroom.downloads import opened, whose
from graders.course import CourseError
from graders.files import LARGEST, Unreadable

NAMES = {
    "Ada Lovelace_123_assignsubmission_file_/attention.ipynb": "Ada Lovelace_123",
    "Ada Lovelace_123_assignsubmission_file/attention.ipynb": "Ada Lovelace_123",
    "02/Ada Lovelace_123_assignsubmission_file_/a/attention.ipynb": "Ada Lovelace_123",
    "Ada Lovelace_123_assignsubmission_file_attention.ipynb": "Ada Lovelace_123",
    "lovelaceada_123_4567_attention-1.ipynb": "lovelaceada_123",
    "lovelaceada_LATE_123_4567_attention.ipynb": "lovelaceada_123",
    "submissions/lovelaceada_123_4567_attention (1).ipynb": "lovelaceada_123",
    "02_adal_attempt_2026-10-12-21-03-11_attention.ipynb": "adal",
    "gradebook/02_adal_attempt_2026-10-12-21-03-11_x_1.ipynb": "adal",
    "ada/attention.ipynb": "ada",
    "submitted/ada/02_attention/attention.ipynb": "ada",
    "attention.ipynb": "",
    "Jos\u00e9 O'Neil_7_assignsubmission_file_/x.ipynb": "Jos\u00e9 O'Neil_7",
    "../../evil/attention.ipynb": "evil",
    "a/../x.ipynb": "_",
    "a\nb/x.ipynb": "a_b",
}


def zip_of(path, names):
    with zipfile.ZipFile(path, "w") as made:
        for name in names:
            made.writestr(name, f"it is {name}")
    return path


@pytest.mark.parametrize(("path", "student"), NAMES.items())
def test_a_file_is_its_students(path, student):
    assert whose(path).student == student


def listed(source, zone=UTC):
    with opened(source, zone) as handed:
        return [(one, _read(one)) for one in handed]


def _read(one):
    try:
        return one.read()
    except Unreadable as reason:
        return str(reason)


def test_a_name_tells_what_may_be_a_student():
    moodle = whose("Ada Lovelace_123_assignsubmission_file_/attention.ipynb")
    assert (moodle.names, moodle.file) == (("Ada Lovelace",), "attention.ipynb")
    canvas = whose("lovelaceada_LATE_123_4567_attention-1.ipynb")
    assert canvas.names == ("lovelaceada", "123")
    assert canvas.late
    assert not whose("lovelaceada_123_4567_attention-1.ipynb").late
    plain = whose("submitted/ada/02_attention/attention.ipynb")
    assert plain.names == ("ada", "submitted")


def test_a_blackboard_name_may_have_underscores_anywhere():
    found = whose("Week_2_ada_l_attempt_2026-10-12-21-03-11_my_work.ipynb")
    assert found.file == "my_work.ipynb"
    assert found.names == ("l", "ada_l", "2_ada_l")


def test_blackboards_own_text_says_whose_attempt_it_is(tmp_path):
    base = "Week_2_ada_l_attempt_2026-10-12-21-03-11"
    (tmp_path / f"{base}.txt").write_text(
        "Name: Ada (the first) Lovelace (ada_l)\nAssignment: Week_2\n"
        "Date Submitted: Monday, October 12, 2026 9:03:11 PM CEST\n"
    )
    (tmp_path / f"{base}_attention.ipynb").write_text("{}")
    (about, _), (work, _) = listed(tmp_path)
    assert about.owner.about
    assert work.owner.names == ("ada_l",)


def test_blackboards_time_is_in_the_classes_zone(tmp_path):
    (tmp_path / "x_adal_attempt_2026-10-12-21-03-11_a.ipynb").touch()
    [(one, _)] = listed(tmp_path, ZoneInfo("Europe/Paris"))
    assert one.when.astimezone(UTC) == datetime(2026, 10, 12, 19, 3, 11, tzinfo=UTC)


def test_a_zips_time_is_in_the_classes_zone_and_1980_is_none(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as made:
        made.writestr(zipfile.ZipInfo("ada/a.ipynb", (2026, 1, 2, 13, 0, 0)), "{}")
        made.writestr(zipfile.ZipInfo("bob/a.ipynb"), "{}")
    (ada, _), (bob, _) = listed(tmp_path / "all.zip", ZoneInfo("Europe/Paris"))
    assert ada.when.isoformat() == "2026-01-02T13:00:00+01:00"
    assert bob.when is None


def test_a_folders_time_is_the_files(tmp_path):
    (tmp_path / "a.ipynb").touch()
    os.utime(tmp_path / "a.ipynb", (86400, 86400))
    [(one, _)] = listed(tmp_path)
    assert one.when == datetime(1970, 1, 2, tzinfo=UTC)


def test_names_in_utf_8_without_a_flag_and_with_backslashes_are_read(tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("Jose O_1_assignsubmission_file_/a.ipynb", "{}")
    data = path.read_bytes().replace(b"Jose O", "Jos\u00e9X".encode())
    path.write_bytes(data.replace(b"file_/a", b"file_\\a"))
    [(one, _)] = listed(path)
    assert one.owner.names == ("Jos\u00e9X",)
    assert one.owner.file == "a.ipynb"


@pytest.mark.parametrize(
    "name", ["../../a.ipynb", "/etc/a.ipynb", "C:\\a.ipynb", "x/../../a.ipynb"]
)
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    [(one, _)] = listed(zip_of(tmp_path / "all.zip", [name]))
    assert one.refused == "Its name leads out of the zip."


def test_links_are_refused_in_a_zip_and_in_a_folder(tmp_path):
    link = zipfile.ZipInfo("ada/a.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as made:
        made.writestr(link, "/etc/passwd")
    folder = tmp_path / "all" / "ada"
    folder.mkdir(parents=True)
    (folder / "a.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(folder / "b.ipynb")
    for source in (tmp_path / "all.zip", tmp_path / "all"):
        assert listed_refusals(source)[0] == "It is a link, and links are not followed."
    assert listed_refusals(tmp_path / "all")[1] == "It is no file."


def listed_refusals(source):
    with opened(source) as handed:
        return [one.refused for one in handed]


def test_of_a_member_without_end_only_the_beginning_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("ada/a.ipynb", bytes(1 << 26))
    [(_, data)] = listed(tmp_path / "all.zip")
    assert len(data) == LARGEST + 1


def test_a_damaged_member_is_told_and_the_others_are_read(tmp_path):
    path = zip_of(tmp_path / "all.zip", ["ada/a.ipynb", "bob/a.ipynb"])
    path.write_bytes(path.read_bytes().replace(b"it is ada", b"it is bob", 1))
    (_, damaged), (_, whole) = listed(path)
    assert damaged == "It is damaged in the zip, or locked."
    assert whole == b"it is bob/a.ipynb"


def test_what_programs_leave_behind_is_not_listed(tmp_path):
    names = [
        "__MACOSX/ada/._a.ipynb",
        "ada/.ipynb_checkpoints/a-checkpoint.ipynb",
        "a/",
    ]
    assert listed(zip_of(tmp_path / "all.zip", names)) == []


@pytest.mark.parametrize("data", [b"", b"no zip"])
def test_what_is_no_zip_is_refused_in_a_sentence(tmp_path, data):
    (tmp_path / "all.zip").write_bytes(data)
    with pytest.raises(CourseError, match="no zip, or a damaged one"):
        listed(tmp_path / "all.zip")
    with pytest.raises(CourseError, match="cannot be opened: No such file"):
        listed(tmp_path / "none.zip")


def test_a_zip_of_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("graders.classroom.downloads.MOST_MEMBERS", 1)
    with pytest.raises(CourseError, match="holds more than 1 files"):
        listed(zip_of(tmp_path / "all.zip", ["a/a.ipynb", "b/a.ipynb"]))
