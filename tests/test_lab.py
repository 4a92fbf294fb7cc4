"""`course lab`: the copy is the student's, and the server is quiet and ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import nbformat
import pytest

from graders import lab
from graders.course import Course, CourseError


def write_release(course, name, text):
    """A release whose only cell says a text."""
    path = course.find(name).release
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [nbformat.v4.new_markdown_cell(text, id="only")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


@pytest.fixture
def course(tmp_path):
    """Two released lessons, and one that is not released."""
    return a_course(tmp_path)


def a_course(folder):
    course = Course(folder)
    for name in ("01_memory", "02_attention", "03_layers"):
        (course.solutions / name).mkdir(parents=True)
    write_release(course, "01", "first")
    write_release(course, "02", "first")
    (course.notebooks / "02_attention" / "words.txt").write_text("given")
    return course


@pytest.fixture
def lesson(course):
    return course.find("02")


# ------------------------------------------------------------------ which lesson


@pytest.mark.parametrize("wanted", ["02", "02_attention", "attention"])
def test_a_lesson_is_chosen_by_number_name_or_noun(course, wanted):
    assert lab.choose(course, wanted).name == "02_attention"


def test_without_a_choice_the_first_released_lesson_opens(course):
    course.find("01").release.unlink()
    assert lab.choose(course, None).name == "02_attention"


def test_an_unknown_lesson_is_told_which_there_are(course):
    with pytest.raises(CourseError, match=r"no lesson '9'\. There are: 01_memory,"):
        lab.choose(course, "9")


def test_a_lesson_without_release_says_how_to_make_it(course):
    with pytest.raises(CourseError, match="no release yet; `course build 03`"):
        lab.choose(course, "layers")


def test_a_course_without_releases_says_so(tmp_path):
    with pytest.raises(CourseError, match="No lesson is released yet"):
        lab.choose(Course(tmp_path), None)


# ------------------------------------------------------------------ the copy


def test_the_first_copy_is_the_release(lesson):
    assert lab.copy(lesson).read_bytes() == lesson.release.read_bytes()


def test_a_lessons_other_files_come_along(lesson):
    assert (lab.copy(lesson).parent / "words.txt").read_text() == "given"


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("name", ["attention.ipynb", "words.txt", "attention-2.ipynb"])
def test_what_the_student_wrote_stays(lesson, name, fresh):
    mine = lab.copy(lesson).parent / name
    mine.write_text("mine")
    write_release(lesson.course, "02", "second")
    lab.copy(lesson, fresh)
    assert mine.read_text() == "mine"


def test_a_copy_may_be_written_where_the_release_may_not(lesson):
    lesson.release.chmod(0o444)
    assert lab.copy(lesson).stat().st_mode & 0o200


def test_a_fresh_copy_stands_beside_the_old_one(lesson):
    lab.copy(lesson).write_text("mine")
    fresh = lab.copy(lesson, fresh=True)
    assert fresh.name == "attention-2.ipynb"
    assert fresh.read_bytes() == lesson.release.read_bytes()


def test_a_fresh_copy_is_the_one_that_opens_though_one_before_it_is_gone(lesson):
    lab.copy(lesson)
    second, third = (lab.copy(lesson, fresh=True) for _ in range(2))
    second.unlink()
    third.write_text("mine")
    assert lab.copy(lesson, fresh=True).read_text() != "mine"


def test_the_tenth_copy_is_newer_than_the_ninth(lesson):
    lab.copy(lesson)
    made = [lab.copy(lesson, fresh=True) for _ in range(9)]
    assert lab.copy(lesson) == made[-1]


def test_a_copy_that_jupyterlab_made_is_not_the_newest(lesson):
    lab.copy(lesson)
    fresh = lab.copy(lesson, fresh=True)
    fresh.with_stem("attention-2-Copy1").touch()
    assert lab.copy(lesson) == fresh


def test_a_newer_release_is_told(lesson, capsys):
    lab.copy(lesson)
    write_release(lesson.course, "02", "second")
    lab.copy(lesson)
    assert (
        "`course lab 02 --fresh` puts the new one beside it" in capsys.readouterr().out
    )


def test_a_release_the_student_has_is_not_told(lesson, capsys):
    lab.copy(lesson)
    write_release(lesson.course, "02", "second")
    lab.copy(lesson, fresh=True)
    lab.copy(lesson)
    assert capsys.readouterr().out == ""


def test_a_damaged_record_of_releases_costs_no_copy(lesson):
    lab.copy(lesson).write_text("mine")
    (lesson.course.work / ".releases.json").write_text("{")
    assert lab.copy(lesson).read_text() == "mine"


def test_a_copy_the_disk_has_no_room_for_is_not_left_half(lesson):
    folder = lesson.course.work / lesson.name
    folder.mkdir(parents=True)
    (folder / ".attention.ipynb.copying").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        lab.copy(lesson)
    assert not (folder / "attention.ipynb").exists()


# ------------------------------------------------------------------ the server


@pytest.fixture
def taken():
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_wanted_port_that_is_taken_is_refused(course, taken):
    with pytest.raises(CourseError, match=f"Port {taken} is taken. Leave out --port"):
        lab.open_lesson(course, port=taken)


def test_a_port_nobody_has_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert lab.is_free(port)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """One session of `course lab 02 --no-browser`, from its start to Ctrl-C."""
    course = a_course(tmp_path_factory.mktemp("session"))
    own = {name: str(course.root / "home") for name in ("HOME", "JUPYTER_CONFIG_DIR")}
    with (
        hold(lab.FIRST_PORT),
        subprocess.Popen(
            [sys.executable, "-m", "graders.cli", "lab", "02", "--no-browser"],
            env=os.environ | own | {"COURSE_ROOT": str(course.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            seen = visit([process.stdout.readline() for _ in range(3)][1].split()[-1])
            os.killpg(process.pid, signal.SIGINT)
            rest, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    return seen | {"said": rest + errors, "code": process.returncode}


def visit(address):
    """What a browser finds at the address that is printed."""
    contents = address.replace("lab/tree/", "api/contents/")
    cells = json.loads(fetch(contents))["content"]["cells"]
    return {"address": address, "page": fetch(address), "cells": cells}


def hold(port):
    """Somebody who listens on a port, ours or, if it is taken, the one who has it."""
    return socket.create_server(("127.0.0.1", port if lab.is_free(port) else 0))


def fetch(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read().decode()


def config(session):
    data = r'id="jupyter-config-data"[^>]*>(.*?)</script>'
    return json.loads(re.search(data, session["page"], re.DOTALL)[1])


def test_the_address_opens_the_lesson_in_jupyterlab(session):
    assert config(session)["treePath"] == "02_attention/attention.ipynb"


def test_the_server_has_the_students_copy(session):
    assert session["cells"][0]["source"] == "first"


def test_a_free_port_is_found(session):
    assert f":{lab.FIRST_PORT}/" not in session["address"]


def test_the_address_alone_lets_in(session):
    with pytest.raises(urllib.error.URLError):
        fetch(session["address"].partition("?")[0])


def test_a_student_sees_no_instructors_tools(session):
    disabled = config(session)["disabledExtensions"]
    tools = ["assignment-list", "course-list", "create-assignment", "formgrader"]
    assert {f"@jupyter/nbgrader:{tool}" for tool in tools} <= set(disabled)


def test_a_student_is_asked_about_no_news(session):
    extension = "@jupyterlab/apputils-extension:announcements"
    assert extension in config(session)["disabledExtensions"]


def test_extensions_are_listed_without_asking_the_network(session):
    assert config(session)["extensionManager"]["can_install"] is False


def test_ctrl_c_ends_the_server_without_another_word(session):
    assert session["said"] == ""


def test_ctrl_c_ends_the_server_with_a_clean_exit_code(session):
    assert session["code"] == 0
