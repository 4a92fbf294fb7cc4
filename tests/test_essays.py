"""Essays to a spreadsheet and back: nothing runs there, nothing is half written."""

import csv
import io
import re
import shutil

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell

from graders import cli, intake
from graders.classroom import essays
from graders.classroom.essays import (
    Essays,
    guarded,
    number,
    read_table,
    texts,
    unguarded,
)
from graders.classroom.papers import ESSAY, answered
from graders.course import Course
from graders.grade import grade_lesson
from graders.gradebook import Book
from graders.rebuild import rebuild
from graders.record import Record
from tests.classes import Knows, submit

NAME, CELL = "attention-scale-why", "essay-attention-scale-why"
FORMULA = "\n\n=HYPERLINK(1) and ; a, b\nover two lines"


@pytest.fixture(scope="module")
def graded(entered, tmp_path_factory):
    """A class of four: two essays, one that looks like a formula, and one blank."""
    root = tmp_path_factory.mktemp("graded") / "course"
    shutil.copytree(entered, root)
    lesson = Course(root).find("attention")
    for student, essay in {"ada": ESSAY, "blaise": "", "007": FORMULA}.items():
        submit(lesson, student, essay)
    notebook = answered(lesson, {}, "")
    at = [intake.grade_id(cell) for cell in notebook.cells].index(CELL)
    notebook.cells.insert(at + 1, new_markdown_cell("In a cell of my own.", id="own"))
    nbformat.write(notebook, submit(lesson, "=1+1"))
    grade_lesson(lesson, Knows("softmax"))
    return root


@pytest.fixture
def lesson(graded, tmp_path):
    """A copy of that class, to be changed."""
    shutil.copytree(graded, tmp_path / "course")
    return Course(tmp_path / "course").find("attention")


@pytest.fixture
def command(lesson, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(lesson.course.root))

    def run(*arguments):
        code = cli.main(["essays", "02", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def rows_of(path, delimiter=","):
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def given(lesson, student):
    """What the gradebook holds of a student's essay."""
    with Book(lesson.course).open() as book:
        name = (CELL, lesson.noun, lesson.name, student)
        grade, comment = book.find_grade(*name), book.find_comment(*name)
        points = grade.manual_score, comment.manual_comment
        return *points, bool(grade.needs_manual_grade)


def table_of(path, *rows, first="student,essay,points,comment"):
    path.write_text("\n".join([first, *rows]) + "\n", encoding="utf-8")
    return path


def filled(path, marks):
    """The written table with points and comments, as an instructor fills it in."""
    rows = rows_of(path)
    for row in rows:
        row["points"], row["comment"] = marks.get(row["student"], ("", ""))
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, essays.COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


# ------------------------------------------------------------------------------ writing


def test_each_student_and_essay_has_a_row(lesson, command):
    code, out, err = command()
    path = lesson.course.grading / "essays" / "02_attention.csv"
    assert (code, err) == (0, "")
    assert f"{path}: 4 essays, 2 to be graded." in out
    rows = {row["student"]: row for row in rows_of(path)}
    assert rows.keys() == {"ada", "blaise", "007", "'=1+1"}
    assert {row["essay"] for row in rows.values()} == {NAME}
    assert {row["possible"] for row in rows.values()} == {"6"}
    assert {(row["points"], row["comment"]) for row in rows.values()} == {("", "")}
    assert rows["ada"]["text"] == ESSAY.strip()
    assert rows["blaise"]["text"] == ""
    assert rows["'=1+1"]["text"] == "In a cell of my own."


def test_no_cell_is_a_formula_and_excel_reads_the_accents(lesson, command):
    command()
    path = lesson.course.grading / "essays" / "02_attention.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    cells = [value for row in rows_of(path) for value in row.values()]
    assert "'=HYPERLINK(1) and ; a, b\nover two lines" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_the_marking_stands_in_a_text_beside_it(lesson, command):
    command()
    scheme = lesson.course.grading / "essays" / "02_attention-scheme.txt"
    text = scheme.read_text(encoding="utf-8-sig")
    assert text.startswith(f"{NAME}: 6 points\n\n### Essay: why the root of d")
    assert "**Marking.** 2 points" in text
    assert "Your answer here" not in text


@pytest.mark.parametrize(
    "text", ["", "plain", "=1", "'=1", "''@x", "-", "'quoted'", "＝1"]
)
def test_what_is_guarded_comes_back(text):
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "-", "@", "＝"))


def test_a_text_that_no_cell_holds_is_cut_and_says_so():
    assert essays.shortened("x" * 32_000) == "x" * 32_000
    assert len(essays.shortened("x" * 40_000)) < 32_767
    assert essays.shortened("x" * 40_000).endswith("student's notebook]")


def test_a_question_that_was_edited_is_shown_with_the_answer():
    cell = new_markdown_cell("My question\n\nMy answer", id=CELL)
    cell.metadata["nbgrader"] = {"grade_id": CELL}
    shown = nbformat.v4.new_notebook(cells=[cell])
    asked = {CELL: "Question\n\n*Your answer here.*"}
    assert dict(texts(shown, asked)) == {CELL: "My question\n\nMy answer"}


def test_points_that_were_not_read_in_are_not_written_over(lesson, command):
    command()
    path = lesson.course.grading / "essays" / "02_attention.csv"
    filled(path, {"ada": ("4", "")})
    before = path.read_bytes()
    code, _, err = command()
    assert code == 2
    assert "its points are not in the gradebook yet" in err
    assert path.read_bytes() == before
    assert command("--from", path)[0] == 0
    assert command()[0] == 0
    assert [r["points"] for r in rows_of(path) if r["student"] == "ada"] == ["4"]


def test_without_anything_graded_there_is_nothing_to_write(course, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    assert cli.main(["essays", "02"]) == 2
    err = capsys.readouterr().err
    assert err == (
        "course: Nothing of 02_attention is graded yet. Do it first: course grade 02\n"
    )
    assert cli.main(["essays", "02", "--from", "a", "--to", "b"]) == 2


# ------------------------------------------------------------------------------ reading


def test_points_and_comments_go_into_the_gradebook(lesson, command):
    path = lesson.course.root / "mine.csv"
    command("--to", path)
    filled(path, {"ada": ("4.5", "-1 for no reason\nÀ bientôt"), "'=1+1": ("2", "")})
    code, out, err = command("--from", path)
    assert (code, err) == (0, "")
    assert "02_attention: points for 2, comments for 1." in out
    assert "1 more wait for points." in out
    assert given(lesson, "ada") == (4.5, "-1 for no reason\nÀ bientôt", False)
    assert given(lesson, "=1+1") == (2, None, False)
    assert given(lesson, "007")[0] is None


@pytest.mark.parametrize(
    "text",
    [
        "student;essay;points;comment\nada;{};2,5;ok\n",
        "sep=;\r\nStudent;Essay;Points;Comment\r\nada;{};2.5;ok\r\n",
        "\ufeffcomment,points,essay,student\nok,2.5,{},ada\n\n,,,\n",
        "student\tessay\tpoints\tcomment\nada\t{}\t2.50\tok\n",
        "student,essay,points,comment,,\nada,{}, 2.5 ,ok,,\n",
    ],
)
def test_a_table_is_read_however_a_spreadsheet_writes_it(lesson, command, text):
    path = lesson.course.root / "mine.csv"
    path.write_text(text.format(NAME), encoding="utf-8", newline="")
    assert command("--from", path)[0] == 0
    assert given(lesson, "ada") == (2.5, "ok", False)


def test_excels_unicode_text_is_read(lesson, command):
    path = lesson.course.root / "mine.txt"
    text = f"student\tessay\tpoints\tcomment\nada\t{NAME}\t2\té\n"
    path.write_text(text, encoding="utf-16")
    assert command("--from", path)[0] == 0
    assert given(lesson, "ada") == (2, "é", False)


def test_an_empty_cell_changes_nothing(lesson, command):
    path = lesson.course.root / "mine.csv"
    command("--from", table_of(path, f"ada,{NAME},3,good"))
    command("--from", table_of(path, f"ada,{NAME},,", f"007,{NAME},,later"))
    assert given(lesson, "ada") == (3, "good", False)
    assert given(lesson, "007") == (None, "later", True)


def test_everything_that_is_wrong_is_named_and_nothing_is_written(lesson, command):
    rows = (
        f"ada,{NAME},5,fine",
        f"nobody,{NAME},5,",
        "ada,other,5,",
        f"blaise,{NAME},7,",
        f"007,{NAME},many,",
        f"'=1+1,{NAME},-1,",
        f"ada,{NAME},4,again",
        f"7,{NAME},4,",
    )
    path = table_of(lesson.course.root / "mine.csv", *rows)
    code, _, err = command("--from", path)
    assert code == 2
    assert err.splitlines() == [
        f"course: {path}: 7 things are wrong, and nothing is written.",
        "  line 3: the student 'nobody' is not known: nothing of 02_attention is "
        "graded for such an id.",
        f"  line 4: no essay of 02_attention is called 'other'. There are: {NAME}.",
        "  line 5: 7 points, and there are from 0 to 6.",
        "  line 6: the points 'many' are no number.",
        "  line 7: -1 points, and there are from 0 to 6.",
        f"  line 8: ada's {NAME} stands at line 2 already.",
        "  line 9: the student '7' is not known: nothing of 02_attention is "
        "graded for such an id. A spreadsheet drops zeros: make the column text.",
    ]
    assert given(lesson, "ada") == (None, None, True)


def test_a_row_behind_a_text_of_many_lines_is_found(lesson, command):
    row = f'ada,{NAME},5,"one\ntwo\nthree"'
    path = table_of(lesson.course.root / "mine.csv", row, f"nobody,{NAME},5,")
    assert "  line 5 (row 3): the student 'nobody'" in command("--from", path)[2]


@pytest.mark.parametrize(
    "text", ["nan", "inf", "1e1", "1,000.5", "5 points", "٣x", "--1"]
)
def test_what_is_no_number_is_none(text):
    with pytest.raises(ValueError, match=re.escape(text)):
        number(text)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (
            b"id,points\nada,1\n",
            "first line has no column comment, essay, student.",
        ),
        (b"", "its first line has no column"),
        (
            b"student,essay,points,comment\nada,x,1,\xe9\n",
            "is no UTF-8 text. Save it",
        ),
        (b"PK\3\4\xff\xfe", "is no UTF-8 text"),
        (b'student,essay,points,comment\nada,"' + b"x" * 200_000, "field larger"),
    ],
)
def test_what_is_no_table_is_refused(lesson, command, data, says):
    path = lesson.course.root / "mine.csv"
    path.write_bytes(data)
    code, _, err = command("--from", path)
    assert code == 2
    assert says in err
    assert "cannot be read: No such file" in command("--from", path.with_name("x"))[2]


def test_killed_while_writing_nothing_is_half_written(lesson, monkeypatch, tmp_path):
    rows = [f"{student},{NAME},5,fine" for student in ("ada", "007")]
    path, found = table_of(tmp_path / "mine.csv", *rows), Essays(lesson)
    marks, wrong = essays.checked(read_table(path), found)
    assert wrong == []
    entries, calls = Essays._entries, []

    def killed(self, book, student, essay):
        calls.append(student)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return entries(self, book, student, essay)

    with monkeypatch.context() as patch:
        patch.setattr(Essays, "_entries", killed)
        with pytest.raises(KeyboardInterrupt):
            found.enter(marks)
    assert given(lesson, "ada") == given(lesson, "007") == (None, None, True)


# --------------------------------------------------------------------------- it stays


def test_points_stay_when_graded_again_and_when_the_gradebook_is_rebuilt(
    lesson, command, tmp_path
):
    command("--from", table_of(tmp_path / "mine.csv", f"ada,{NAME},5,Well argued."))
    grade_lesson(lesson, Knows("softmax"))
    assert given(lesson, "ada") == (5, "Well argued.", False)
    rebuild(lesson.course)
    assert given(lesson, "ada") == (5, "Well argued.", False)


def again(lesson, student, essay):
    """Hands in once more, something else, and grades that."""
    path = submit(lesson, student, essay)
    path.write_text(path.read_text() + " ")
    grade_lesson(lesson, Knows("softmax"))
    return len(Record.of(lesson).entries())


def test_only_an_essay_that_changed_needs_a_second_look(lesson, command, tmp_path):
    command("--from", table_of(tmp_path / "mine.csv", f"ada,{NAME},5,Well argued."))
    count = len(Record.of(lesson).entries())
    assert again(lesson, "ada", ESSAY) == count + 1
    assert given(lesson, "ada") == (5, "Well argued.", False)
    again(lesson, "ada", ESSAY + " And more.")
    assert given(lesson, "ada") == (5, "Well argued.", True)
    Book(lesson.course).graded(lesson, "ada").write_text("{}")  # entered once more
    grade_lesson(lesson, Knows("softmax"))
    assert given(lesson, "ada") == (5, "Well argued.", True)
