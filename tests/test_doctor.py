"""`course doctor` tells the states of an environment apart, and says what to do."""

import json
import os
import shutil
import subprocess
import sys
import venv
from importlib.metadata import version

import pytest

from graders import doctor
from graders.course import Course
from tests.conftest import ROOT


@pytest.fixture
def clone(tmp_path):
    """The course's files, a lock of one package; no lessons and no environment."""
    for name in ("course", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "requirements.lock").write_text(f"numpy=={version('numpy')}\n")
    return Course(tmp_path)


def finding(course, what):
    return next(one for one in doctor.examine(course) if one.what == what)


def test_a_package_as_locked_is_well(clone):
    assert finding(clone, "packages").state == doctor.OK


@pytest.mark.parametrize(
    ("lock", "state", "says"),
    [
        ("numpy==0.1", doctor.NOTE, f"numpy {version('numpy')} (0.1 locked)"),
        ("no-such-package==1.0", doctor.MISSING, "no-such-package missing (1.0"),
        ("", doctor.MISSING, "none installed"),
    ],
)
def test_a_package_that_differs_from_the_lock_is_named(clone, lock, state, says):
    (clone.root / "requirements.lock").write_text(lock)
    packages = finding(clone, "packages")
    assert packages.state == state
    assert says in packages.says


def test_a_package_of_another_platform_is_not_missed(clone):
    lock = clone.root / "requirements.lock"
    lock.write_text(lock.read_text() + "pywin32==1 ; sys_platform == 'amiga'\n")
    assert finding(clone, "packages").says.startswith("1, as in")


def test_an_environment_made_otherwise_is_well(clone):
    assert finding(clone, "environment").says.endswith("not made by ./course")


def test_an_environment_of_an_older_lock_is_noted(clone, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(clone.root / ".venv"))
    assert "an older lock" in finding(clone, "environment").says


def test_a_python_that_does_not_fit_is_told_which_ones_do(clone, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    assert finding(clone, "Python").do == "Install Python 3.11 to 3.13."


def test_a_course_without_releases_has_no_lessons(clone):
    assert finding(clone, "lessons").state == doctor.MISSING


def test_a_full_disk_is_said(clone, monkeypatch):
    disk = shutil.disk_usage(clone.root)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: disk)
    assert finding(clone, "disk").do.startswith("Make room")


@pytest.mark.parametrize("name", ["course", "pyproject.toml", "requirements.lock"])
def test_a_missing_file_of_the_course_is_named(clone, name):
    (clone.root / name).unlink()
    assert finding(clone, "course").do == f"`git checkout {name}`."


def test_everything_missing_has_something_to_do(clone):
    (clone.root / "requirements.lock").write_text("")
    wrong = [one for one in doctor.examine(clone) if one.state == doctor.MISSING]
    assert [one.do for one in wrong if not one.do] == []


def examined(python):
    """What a Python says of the real clone, as the launcher asks it."""
    command = [python, "-P", "-m", "graders.cli", "doctor", "--json"]
    done = subprocess.run(
        command,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    return done.returncode, {one["what"]: one for one in json.loads(done.stdout)}


def test_without_environment_the_exit_code_and_the_json_say_so():
    code, found = examined(sys._base_executable)
    assert (code, found["environment"]["state"]) == (1, doctor.MISSING)


def test_an_empty_environment_has_no_packages(tmp_path):
    venv.create(tmp_path / "empty")
    _, found = examined(tmp_path / "empty" / "bin" / "python")
    assert found["packages"]["says"] == "none installed"


def test_here_a_student_can_work():
    assert examined(sys.executable)[0] == 0


def test_the_table_needs_no_package(clone, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "rich.console", None)
    doctor.report(clone)
    assert "missing  lessons" in capsys.readouterr().out


def test_the_table_says_what_the_json_says(clone, capsys):
    doctor.report(clone)
    table = capsys.readouterr().out
    assert [one.what for one in doctor.examine(clone) if one.what not in table] == []
