"""A class graded by the workers of a dask cluster over loopback, one of them killed."""

import os
import subprocess
import sys
import time

import nbformat
import pytest

from graders import cli
from graders.classroom.papers import answered, solved_answers
from graders.cluster import ClusterRunner, run_there
from graders.course import CourseError
from graders.grade import grade_lesson
from graders.levels import FULL
from graders.locked import runner_for
from graders.record import Record
from tests.conftest import ROOT, locked_runner

STUDENTS = 12


def dask(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        cwd=ROOT,
        env={**os.environ, "DASK_DISTRIBUTED__WORKER__DAEMON": "False"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def cluster(tmp_path):
    """The address of a scheduler, and its two workers."""
    locked_runner().close()  # skips where nothing can lock code in
    told = tmp_path / "scheduler.json"
    quiet = ("--no-dashboard", "--host", "127.0.0.1")
    scheduler = dask("scheduler", *quiet, "--port", "0", "--scheduler-file", str(told))
    where = ("--scheduler-file", str(told), "--local-directory", str(tmp_path))
    alone = ("--nthreads", "1", "--no-nanny", *quiet)
    workers = [dask("worker", *where, *alone) for _ in range(2)]
    try:
        yield address(told), workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def address(told):
    import json

    from distributed import Client

    for _ in range(600):
        if told.exists() and told.stat().st_size:
            found = json.loads(told.read_text())["address"]
            with Client(found, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=120)
            return found
        time.sleep(0.1)
    raise TimeoutError("the scheduler does not start")


@pytest.fixture
def lesson(course):
    lesson = course.find("attention")
    right = solved_answers(lesson)
    for number in range(STUDENTS):
        folder = course.grading / "submitted" / f"s{number:02}" / lesson.name
        folder.mkdir(parents=True)
        notebook = answered(lesson, dict(list(right.items())[:number]))
        nbformat.write(notebook, folder / lesson.release.name)
    return lesson


def rows(entries):
    return {entry.student: entry.rows for entry in entries}


@pytest.mark.slow
def test_with_a_worker_killed_on_the_way_each_is_graded_once_and_alike(cluster, lesson):
    where, workers = cluster
    runner = ClusterRunner(lesson, where)

    def tell(done, total, text):
        if done == 3:
            workers[0].kill()

    try:
        found = grade_lesson(lesson, runner, tell)
    finally:
        runner.close()
    assert workers[0].wait(60) != 0
    assert [e.student for e in Record.of(lesson).entries()] == sorted(rows(found))
    assert {entry.level for entry in found} == {FULL}
    Record.of(lesson).path.unlink()
    own = runner_for(lesson)
    assert rows(grade_lesson(lesson, own)) == rows(found)
    own.close()


@pytest.mark.slow
def test_a_worker_with_another_version_of_the_course_is_refused(
    cluster, lesson, monkeypatch
):
    monkeypatch.setattr("graders.cluster.code", lambda noun: "another")
    with pytest.raises(CourseError, match="it has another version of the course"):
        ClusterRunner(lesson, cluster[0])


def test_a_job_that_arrives_with_another_version_is_refused():
    with pytest.raises(CourseError, match="another version of the course"):
        run_there(None, (), "attention", "another", None, FULL)


def test_where_no_scheduler_answers_that_is_said(lesson, monkeypatch, capsys):
    monkeypatch.setattr("graders.cluster.WAIT", 1)
    monkeypatch.setenv("COURSE_ROOT", str(lesson.course.root))
    assert cli.main(["grade", "02", "--cluster", "tcp://127.0.0.1:9"]) == 2
    assert "No scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err


def test_without_dask_it_says_what_to_install(lesson, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CourseError, match=r"course\[cluster\]"):
        ClusterRunner(lesson, "tcp://127.0.0.1:9")
