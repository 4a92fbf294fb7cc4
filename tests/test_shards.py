"""A class on several machines: parts that add up, and a merge that takes each once."""

import json
import shutil

import pytest

import graders.shards
from graders import cli
from graders.classroom.papers import ESSAY
from graders.course import Course, CourseError
from graders.grade import grade_lesson
from graders.gradebook import Book
from graders.record import Record
from graders.seeds import secret_seed
from graders.shards import Shard, grade_shard
from tests.classes import Idle, Knows, submit

CLASS = ("ada", "blaise", "carl", "daniel", "emmy")


@pytest.fixture
def lesson(course):
    lesson = course.find("attention")
    for student in CLASS:
        submit(lesson, student)
    secret_seed(course.grading, lesson.noun)
    return lesson


@pytest.fixture
def command(lesson, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(lesson.course.root))
    monkeypatch.setattr(graders.shards, "runner_for", lambda *_: Knows("softmax"))

    def run(*arguments):
        code = cli.main(list(map(str, arguments)))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def parts(command, tmp_path):
    """The files of a class graded in three parts."""
    files = [tmp_path / f"part{n}.jsonl" for n in (1, 2, 3)]
    for n, file in enumerate(files, 1):
        code, _, err = command("grade", "02", "--shard", f"{n}/3", "--out", file)
        assert code == 0, err
    return [file for file in files if file.exists()]


def rows(lesson):
    return {e.student: e.rows for e in Record.of(lesson).latest().values()}


def test_parts_are_disjoint_and_leave_nobody_out(lesson, tmp_path):
    found = []
    for n in (1, 2, 3):
        out = tmp_path / f"{n}.jsonl"
        found += [
            e.student for e in grade_shard(lesson, Shard(n, 3), out, Knows("softmax"))
        ]
    assert sorted(found) == list(CLASS)


def test_a_part_writes_no_gradebook_and_no_record(lesson, parts):
    assert not Record.of(lesson).path.exists()
    with Book(lesson.course).open() as book:
        assert not book.assignment_submissions(lesson.name)


def test_a_part_that_was_begun_goes_on(lesson, tmp_path):
    whole, out = Shard(1, 1), tmp_path / "part.jsonl"
    grade_shard(lesson, whole, out, Idle())
    lines = out.read_text().splitlines(keepends=True)
    out.write_text("".join(lines[:3]) + lines[3][:50])
    again = Idle()
    assert len(grade_shard(lesson, whole, out, again)) == len(CLASS)
    assert again.jobs == 2


def test_merged_parts_are_a_class_graded_at_once(lesson, parts, command, tmp_path):
    code, out, _ = command("merge", *parts)
    assert (code, out) == (0, "5 of 5 entries are merged.\n")
    other = Course(tmp_path / "other")
    shutil.copytree(lesson.course.root, other.root)
    shutil.rmtree(other.grading / "record")
    grade_lesson(other.find("attention"), Knows("softmax"))
    assert rows(lesson) == rows(other.find("attention"))
    with Book(lesson.course).open() as book:
        scores = {s.score for s in book.assignment_submissions(lesson.name)}
    assert scores == {2}


def test_merged_twice_is_merged_once(lesson, parts, command):
    command("merge", *parts)
    before = Record.of(lesson).path.read_bytes()
    assert command("merge", *parts, *parts)[0] == 0
    assert Record.of(lesson).path.read_bytes() == before


def test_after_a_merge_nothing_is_left_to_grade(lesson, parts, command):
    command("merge", *parts)
    again = Idle()
    grade_lesson(lesson, again)
    assert again.jobs == 0


# ---------------------------------------------------------------------- what is refused


def test_what_was_handed_in_since_is_not_merged_and_the_rest_is(lesson, parts, command):
    submit(lesson, "carl", ESSAY)
    code, out, _ = command("merge", *parts)
    assert code == 1
    assert out == (
        "4 of 5 entries are merged.\ncarl: handed in again since. Grade it again.\n"
    )
    assert sorted(rows(lesson)) == sorted({*CLASS} - {"carl"})


def test_parts_of_another_seed_are_not_merged(lesson, parts, command):
    secret_seed(lesson.course.grading, lesson.noun, new=True)
    code, out, _ = command("merge", *parts)
    assert code == 1
    assert "0 of 5 entries are merged" in out
    assert "ada: graded by other checks, another seed or another Python." in out


def test_a_student_who_is_not_here_is_named(lesson, parts, command):
    shutil.rmtree(lesson.course.grading / "submitted" / "emmy")
    out = command("merge", *parts)[1]
    assert "emmy: nothing is submitted here for 02_attention." in out


@pytest.mark.parametrize(
    ("text", "says"),
    [(None, "there is no such file"), ("", "holds no entries"), ("{", "no entries")],
    ids=["missing", "empty", "broken"],
)
def test_a_file_that_holds_nothing_stops_the_merge_before_it_begins(
    lesson, parts, command, tmp_path, text, says
):
    file = tmp_path / "odd.jsonl"
    if text is not None:
        file.write_text(text)
    code, _, err = command("merge", *parts, file)
    assert (code, says in err) == (2, True)
    assert not Record.of(lesson).path.exists()


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"])
def test_a_part_that_there_is_not_is_refused(text):
    with pytest.raises(CourseError, match=r"name a part of how many, as in 2/5"):
        Shard.parse(text)


def test_without_a_file_to_write_it_is_refused(command):
    code, _, err = command("grade", "02", "--shard", "1/2")
    assert code == 2
    assert "--shard needs --out FILE" in err


def test_without_a_seed_the_parts_would_not_fit_together(command, lesson, tmp_path):
    (lesson.course.grading / "seeds.json").unlink()
    out = tmp_path / "part.jsonl"
    code, _, err = command("grade", "02", "--shard", "1/2", "--out", out)
    assert code == 2
    assert "`course seed 02` draws it; copy .grading/seeds.json" in err
    assert command("seed", "02")[1] == "02_attention: drawn.\n"
    assert command("seed", "02")[1] == "02_attention: already there.\n"
    assert command("grade", "02", "--shard", "1/2", "--out", out)[0] == 0


def test_a_seed_is_replaced_when_told_to_and_never_printed(command, lesson):
    seeds = lesson.course.grading / "seeds.json"
    before = json.loads(seeds.read_text())["attention"]
    assert command("seed", "02", "--new")[1] == "02_attention: drawn.\n"
    assert json.loads(seeds.read_text())["attention"] != before
