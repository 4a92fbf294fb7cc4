"""What Moodle and Canvas hand out ends up with the right student, and nowhere else."""

import os
import zipfile

import pytest

from graders import cli, downloads
from graders.course import Course, CourseError
from graders.downloads import owner, take_in

NAMES = {
    "Ada Lovelace_123_assignsubmission_file_/attention.ipynb": "Ada Lovelace_123",
    "Ada Lovelace_123_assignsubmission_file/attention.ipynb": "Ada Lovelace_123",
    "02/Ada Lovelace_123_assignsubmission_file_/a/attention.ipynb": "Ada Lovelace_123",
    "Ada Lovelace_123_assignsubmission_file_attention.ipynb": "Ada Lovelace_123",
    "lovelaceada_123_4567_attention-1.ipynb": "lovelaceada_123",
    "lovelaceada_LATE_123_4567_attention.ipynb": "lovelaceada_123",
    "submissions/lovelaceada_123_4567_attention (1).ipynb": "lovelaceada_123",
    "ada/attention.ipynb": "ada",
    "submitted/ada/02_attention/attention.ipynb": "ada",
    "attention.ipynb": "",
    "Jos\u00e9 O'Neil_7_assignsubmission_file_/x.ipynb": "Jos\u00e9 O'Neil_7",
    "../../evil/attention.ipynb": "evil",
    "a/../x.ipynb": "_",
    "a\nb/x.ipynb": "a_b",
}


@pytest.fixture
def lesson(tmp_path):
    (tmp_path / "notebooks" / "02_attention").mkdir(parents=True)
    return Course(tmp_path).find("02")


def zip_of(path, names):
    with zipfile.ZipFile(path, "w") as made:
        for name in names:
            made.writestr(name, f"it is {name}")
    return path


@pytest.mark.parametrize(("path", "student"), NAMES.items())
def test_a_file_is_its_students(path, student):
    assert owner(path)[0] == student


def test_a_zip_is_taken_in_by_student(lesson, tmp_path, capsys):
    source = zip_of(tmp_path / "all.zip", NAMES)
    students = take_in(lesson, source)
    inside = {student for path, student in NAMES.items() if ".." not in path}
    assert students == sorted(inside - {""})
    assert capsys.readouterr().err == "Note: attention.ipynb: whose is it?\n"
    mine = lesson.course.grading / "submitted" / "Ada Lovelace_123" / lesson.name
    assert sorted(os.listdir(mine)) == ["attention.ipynb"]
    assert sorted(os.listdir(tmp_path)) == [".grading", "all.zip", "notebooks"]


def test_a_folder_is_taken_in_and_may_be_again(lesson, tmp_path):
    path = tmp_path / "all" / "lovelaceada_123_4567_attention-1.ipynb"
    path.parent.mkdir()
    for text in ("{}", "[]"):
        path.write_text(text)
        assert take_in(lesson, path.parent) == ["lovelaceada_123"]
    mine = lesson.course.grading / "submitted" / "lovelaceada_123" / lesson.name
    assert (mine / "attention-1.ipynb").read_text() == "[]"


def test_a_students_own_zip_stays_one(lesson, tmp_path):
    zip_of(tmp_path / "mine.zip", ["attention.ipynb"])
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as made:
        made.write(tmp_path / "mine.zip", "ada_1_assignsubmission_file_/mine.zip")
    take_in(lesson, tmp_path / "all.zip")
    mine = lesson.course.grading / "submitted" / "ada_1" / lesson.name / "mine.zip"
    assert mine.read_bytes() == (tmp_path / "mine.zip").read_bytes()


@pytest.mark.parametrize("data", [b"", b"no zip"])
def test_what_holds_nothing_is_refused_in_a_sentence(lesson, tmp_path, data):
    (tmp_path / "all.zip").write_bytes(data)
    with pytest.raises(CourseError, match="no zip, or a damaged one"):
        take_in(lesson, tmp_path / "all.zip")
    with pytest.raises(CourseError, match="holds no student's notebook"):
        take_in(lesson, zip_of(tmp_path / "all.zip", ["readme.txt"]).parent / "all.zip")
    with pytest.raises(CourseError, match="cannot be opened: No such file"):
        take_in(lesson, tmp_path / "none.zip")


def test_the_command_takes_in_before_it_grades(lesson, tmp_path, monkeypatch):
    taken = []
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.setattr(downloads, "take_in", lambda *given: taken.append(given))
    monkeypatch.setattr("graders.grade.grade_lessons", lambda *given, **how: 0)
    assert cli.main(["grade", "02", "--from", "all.zip"]) == 0
    assert [(one.name, str(path)) for one, path in taken] == [(lesson.name, "all.zip")]


@pytest.mark.usefixtures("lesson")
def test_the_command_takes_in_one_lesson_at_a_time(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    assert cli.main(["grade", "02", "02", "--from", "all.zip"]) == 2
    assert "--from takes in one lesson" in capsys.readouterr().err
