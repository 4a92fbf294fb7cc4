"""Each submission is graded once, whatever happens, and what is recorded stays."""

import json
import os
import subprocess
import sys
import threading

import pytest

import graders.grade
from graders import cli, gradebook
from graders.classroom.papers import ESSAY
from graders.course import CourseError
from graders.exercise import GRADER_PROBLEM, NOT_ATTEMPTED
from graders.grade import grade_lesson, line
from graders.gradebook import Book
from graders.grading import said_of_ungraded, ungraded
from graders.record import Entry, Record, alone
from graders.score import Row
from graders.seeds import secret_seed
from graders.workers import RunnerError
from tests.classes import Idle, submit
from tests.conftest import ROOT


class Broken(Idle):
    """A runner on a machine that fails."""

    def run(self, job):
        raise RunnerError("no room")


@pytest.fixture
def lesson(course):
    return course.find("attention")


@pytest.fixture
def record(lesson):
    return Record(lesson.course.grading / "record" / f"{lesson.name}.jsonl")


@pytest.fixture
def command(course, monkeypatch, capsys):
    """Runs `course …` in a course of the tests: its exit code and what it said."""
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    monkeypatch.setattr(graders.grade, "runner_for", lambda lesson, level: Idle())

    def run(*arguments):
        code = cli.main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def waiting(lesson, student="ada"):
    """True if the gradebook says that a person must look at a submission."""
    with Book(lesson.course).open() as book:
        return book.find_submission(lesson.name, student).needs_manual_grade


# --------------------------------------------------------------------------- the record


def test_an_entry_is_read_as_it_was_written(lesson, record):
    submit(lesson, "ada", ESSAY)
    graded = grade_lesson(lesson, Idle())
    assert record.entries() == graded


def test_how_far_the_code_was_kept_apart_stands_in_every_entry(lesson):
    submit(lesson, "ada")
    assert [entry.level for entry in grade_lesson(lesson, Idle())] == ["idle"]


def test_the_record_is_only_appended_to(lesson, record):
    submit(lesson, "ada")
    grade_lesson(lesson, Idle())
    before = record.path.read_bytes()
    submit(lesson, "ada", ESSAY)
    grade_lesson(lesson, Idle())
    assert record.path.read_bytes().startswith(before)
    assert len(record.entries()) == 2
    assert all(map(json.loads, record.path.read_text().splitlines()))


def test_a_line_that_was_cut_short_harms_no_other(lesson, record):
    for student in ("ada", "blaise"):
        submit(lesson, student)
    grade_lesson(lesson, Idle())
    text = record.path.read_bytes()
    record.path.write_bytes(text[: len(text) - 40])
    again = Idle()
    grade_lesson(lesson, again)
    assert again.jobs == 1
    assert [e.student for e in record.entries()] == ["ada", "blaise"]


def test_what_a_later_version_added_to_an_entry_is_passed_over(lesson, record):
    submit(lesson, "ada")
    (entry,) = grade_lesson(lesson, Idle())
    item = json.loads(record.path.read_text()) | {"more": 1}
    record.path.write_text(json.dumps(item) + "\n")
    assert record.entries() == [entry]


def test_a_record_of_a_later_version_is_refused_in_a_sentence(command, record):
    record.path.parent.mkdir()
    record.path.write_text('{"version": 99}\n')
    code, _, err = command("grade", "02")
    assert code == 2
    assert "was written by a later version of the course" in err


# ---------------------------------------------------------------------------- once each


def test_what_is_graded_is_not_graded_again(lesson):
    submit(lesson, "ada")
    first = grade_lesson(lesson, Idle())
    again = Idle()
    assert grade_lesson(lesson, again) == first
    assert again.jobs == 0


def test_a_new_submission_is_graded_again(lesson):
    submit(lesson, "ada")
    grade_lesson(lesson, Idle())
    assert not waiting(lesson)
    submit(lesson, "ada", ESSAY)
    again = Idle()
    grade_lesson(lesson, again)
    assert again.jobs == 1
    assert waiting(lesson)


def test_other_cases_alone_change_no_grade_and_it_is_said(lesson):
    submit(lesson, "ada")
    first = grade_lesson(lesson, Idle())
    secret_seed(lesson.course.grading, lesson.noun, new=True)
    again, said = Idle(), []
    assert grade_lesson(lesson, again, lambda *told: said.append(told[-1])) == first
    assert again.jobs == 0
    assert said == ["ada: 0 of 40 points; graded before, by earlier checks"]


def test_a_grade_of_code_that_was_not_locked_in_does_not_stand_for_one_that_is(lesson):
    submit(lesson, "ada")
    grade_lesson(lesson, Idle())
    locked = Idle()
    locked.level = "full"
    grade_lesson(lesson, locked)
    assert locked.jobs == 1
    grade_lesson(lesson, Idle())
    again = Idle()
    grade_lesson(lesson, again)
    assert again.jobs == 0


def test_a_second_run_waits_for_the_first_and_says_so(lesson, capfd):
    submit(lesson, "ada")
    waits = threading.Thread(target=grade_lesson, args=(lesson, Idle()))
    with alone(lesson.course):
        waits.start()
        waits.join(1)
        assert waits.is_alive()
    waits.join(60)
    assert not waits.is_alive()
    assert "Another run is at work in" in capfd.readouterr().err
    assert len(Record.of(lesson).entries()) == 1


def test_damaged_seeds_are_told_and_never_drawn_anew_in_silence(command, lesson):
    seeds = lesson.course.grading / "seeds.json"
    seeds.write_text("{")
    code, _, err = command("grade", "02")
    assert code == 2
    assert "seeds.json is damaged. Restore it, or delete it" in err
    assert seeds.read_text() == "{"


@pytest.mark.parametrize("killed_in", ["SaveGradesAtOnce", "_write"])
def test_killed_after_the_record_the_next_run_goes_on(
    lesson, record, monkeypatch, killed_in
):
    for student in ("ada", "blaise"):
        submit(lesson, student, ESSAY)
    with monkeypatch.context() as patch:
        patch.setattr(gradebook, killed_in, _killed)
        with pytest.raises(KeyboardInterrupt):
            grade_lesson(lesson, Idle())
    again = Idle()
    grade_lesson(lesson, again)
    assert again.jobs == 1
    assert [e.student for e in record.entries()] == ["ada", "blaise"]
    assert waiting(lesson, "ada")
    with Book(lesson.course).open() as book:
        assert len(book.assignment_submissions(lesson.name)) == 2


def _killed(*args, **kwargs):
    raise KeyboardInterrupt


def test_a_gradebook_that_was_lost_is_filled_from_the_record(lesson):
    submit(lesson, "ada", ESSAY)
    grade_lesson(lesson, Idle())
    (lesson.course.grading / "gradebook.db").unlink()
    again = Idle()
    grade_lesson(lesson, again)
    assert again.jobs == 0
    assert waiting(lesson)


def test_what_the_grader_failed_on_has_no_points_yet_and_is_tried_again(lesson):
    submit(lesson, "ada")
    (entry,) = grade_lesson(lesson, Broken())
    assert GRADER_PROBLEM in {row.status for row in entry.rows}
    assert waiting(lesson)
    (entry,) = grade_lesson(lesson, Idle())
    assert {row.status for row in entry.rows} == {NOT_ATTEMPTED}
    assert not waiting(lesson)


# -------------------------------------------------------------------- what is handed in


def test_an_unreadable_submission_stops_nobody_and_says_why(lesson):
    submit(lesson, "ada").write_text("{")
    submit(lesson, "blaise", ESSAY)
    ada, blaise = grade_lesson(lesson, Idle())
    assert "It is cut off" in ada.problem
    assert blaise.problem == ""
    assert not waiting(lesson, "ada")


def test_a_folder_without_a_notebook_has_no_points_and_a_reason(lesson):
    submit(lesson, "ada").unlink()
    (entry,) = grade_lesson(lesson, Idle())
    assert entry.problem == "There is no attention.ipynb in the submitted folder."


def test_a_renamed_notebook_is_graded(lesson):
    path = submit(lesson, "ada")
    path.rename(path.with_name("attention (1).ipynb"))
    (entry,) = grade_lesson(lesson, Idle())
    assert (entry.file, entry.problem) == ("attention (1).ipynb", "")


def test_a_link_to_anothers_folder_is_not_graded(lesson):
    folder = submit(lesson, "ada").parent
    other = lesson.course.grading / "submitted" / "blaise"
    other.mkdir()
    os.symlink(folder, other / lesson.name)
    assert [e.student for e in grade_lesson(lesson, Idle())] == ["ada"]


@pytest.mark.parametrize("student", ["Zoë van+Dijk 2", "=1+1", "o'neil; --"])
def test_a_name_of_any_letters_is_graded_under_that_name(lesson, student):
    submit(lesson, student, ESSAY)
    assert [e.student for e in grade_lesson(lesson, Idle())] == [student]
    assert waiting(lesson, student)


@pytest.mark.parametrize("stamp", ["2026-01-02 03:04:05 UTC", "yesterday?", "", "\x00"])
def test_a_timestamp_of_any_kind_does_no_harm(lesson, stamp):
    (submit(lesson, "ada").parent / "timestamp.txt").write_text(stamp)
    grade_lesson(lesson, Idle())
    with Book(lesson.course).open() as book:
        found = book.find_submission(lesson.name, "ada").timestamp
    assert (found is not None) == stamp.startswith("2026")


# -------------------------------------------------------------------------- the command


def row(status, points=0.0, most=2.0, mistake=None):
    return Row("softmax", points, most, status, mistake)


LINES = {
    "ada: 2 of 2 points": {"rows": (row("passed", 2.0),)},
    "ada: 0 of 2 points; recognised no-scale": {
        "rows": (row("wrong", 0, 2, "no-scale"),)
    },
    "ada: 0 of 2 points; 2 are given by hand": {"rows": (row("needs grading"),)},
    "ada: 0 of 2 points; timed out": {"rows": (row("timed out"),)},
    "ada: 0 of 2 points; crashed; x: 2 cells": {
        "rows": (row("crashed"),),
        "notes": ("x: 2 cells",),
    },
    "ada: 0 points. The file is empty.": {"problem": "The file is empty."},
}


@pytest.mark.parametrize(("text", "facts"), LINES.items(), ids=LINES)
def test_a_line_says_what_happened(lesson, text, facts):
    about = dict.fromkeys(("lesson", "file", "sha256", "key", "level", "time"), "")
    entry = Entry("ada", seconds=0, **about, **{"rows": ()} | facts)
    assert line(entry) == text
    if "problem" not in facts:
        assert line(entry, fresh=False) == f"{text}; graded before"


def test_a_run_prints_a_line_for_each_student(command, lesson):
    submit(lesson, "ada")
    code, out, _ = command("grade", "attention")
    assert (code, out) == (0, "ada: 0 of 40 points\n")
    assert command("grade", "02")[1] == "ada: 0 of 40 points; graded before\n"


def test_json_is_all_that_is_printed(command, lesson):
    submit(lesson, "ada")
    code, out, _ = command("grade", "02", "--json")
    (entry,) = json.loads(out)
    assert code == 0
    assert (entry["student"], len(entry["rows"])) == ("ada", 17)


def test_with_nothing_submitted_it_says_what_to_do_first(command):
    code, _, err = command("grade", "02")
    assert code == 2
    assert "Nothing is submitted for 02_attention. Take it in first: course col" in err


def test_an_unknown_lesson_is_one_sentence_and_exit_2(command):
    code, out, err = command("grade", "77")
    assert (code, out) == (2, "")
    assert err.startswith("course: There is no lesson '77'. There are: 01_")
    assert err.count("\n") == 1


def test_a_grader_that_failed_is_exit_1(command, lesson, monkeypatch):
    monkeypatch.setattr(graders.grade, "runner_for", lambda lesson, level: Broken())
    submit(lesson, "ada")
    code, out, _ = command("grade", "02")
    assert code == 1
    assert out == "ada: 0 of 40 points; grader problem\n"


def test_a_folder_that_is_no_course_is_refused(tmp_path, lesson):
    (lesson.course.root / gradebook.CONFIG).unlink()
    with pytest.raises(CourseError, match=r"has no nbgrader_config\.py"):
        grade_lesson(lesson, Idle())


def test_a_second_is_not_lost_on_a_grammar_of_web_addresses(lesson):
    program = (
        "import sys; from graders import cli; cli.main(['grade', '02']); "
        "print(sys.modules['rfc3987_syntax'], 'nbformat' in sys.modules)"
    )
    environment = {**os.environ, "COURSE_ROOT": str(lesson.course.root)}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == "None True"


def test_formgrader_finds_the_names_of_the_roster(lesson):
    roster = "id,first_name,last_name,email\nada,Ada,Lovelace,a@b.example\n"
    (lesson.course.root / "students.csv").write_text(roster, encoding="utf-8")
    for student in ("ada", "blaise"):
        submit(lesson, student)
    grade_lesson(lesson, Idle())
    with Book(lesson.course).open() as book:
        found = {s.id: (s.first_name, s.last_name, s.email) for s in book.students}
    assert found["ada"] == ("Ada", "Lovelace", "a@b.example")
    assert found["blaise"] == (None, None, None)


# ----------------------------------------------------------- what is not graded (yet)


def test_what_is_graded_is_not_said_to_wait(lesson):
    for student in ("ada", "blaise"):
        submit(lesson, student)
    (lesson.course.grading / "submitted" / "carl" / lesson.name).mkdir(parents=True)
    grade_lesson(lesson, Idle())
    assert ungraded(lesson) == []
    assert list(said_of_ungraded(lesson)) == []


def test_who_came_or_changed_after_the_grading_is_named(lesson):
    for student in ("ada", "blaise"):
        submit(lesson, student)
    grade_lesson(lesson, Idle())
    submit(lesson, "blaise", ESSAY)
    submit(lesson, "carl")
    assert ungraded(lesson) == ["blaise", "carl"]
    (said,) = said_of_ungraded(lesson)
    assert said.endswith("of 2: blaise, carl. Do it: course grade 02")


@pytest.mark.parametrize("name", ["export", "feedback 02", "report 02"])
def test_grades_are_not_given_out_without_a_word_on_who_waits(command, lesson, name):
    submit(lesson, "ada")
    grade_lesson(lesson, Idle())
    assert "not graded yet" not in command(*name.split())[2]
    submit(lesson, "blaise")
    code, _, said = command(*name.split())
    assert code == 0
    assert "02_attention: work that was collected is not graded yet, of 1: bla" in said
