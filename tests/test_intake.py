"""What students hand in is put in order or refused, and is never trusted."""

import codecs
import copy
import json

import nbformat
import pytest
from nbformat import v4

from graders import files, intake

BLANK = "def double(x):\n    raise NotImplementedError()"
ANSWER = "def double(x):\n    return 2 * x"
NAMES = {"answer-double": "double", "answer-guess": "guess"}
PNG = {"image/png": "aGVsbG8="}


def _cell(make, source, grade_id="", **mark):
    about = {"grade_id": grade_id, "locked": True, "points": 2, **mark}
    cell = make(source, metadata={"nbgrader": about} if grade_id else {})
    cell.id = grade_id or f"text-{len(source)}"
    return cell


RELEASE = v4.new_notebook(
    metadata={"course": {"lesson": "09_double"}},
    cells=[
        _cell(v4.new_markdown_cell, "# Double"),
        _cell(v4.new_code_cell, "import math", "given-setup"),
        _cell(v4.new_code_cell, BLANK, "answer-double"),
        _cell(v4.new_code_cell, 'check("double", double)', "check-double", grade=True),
        _cell(v4.new_code_cell, "print(double(2))"),
        _cell(v4.new_code_cell, "guess = ...", "answer-guess"),
        _cell(v4.new_markdown_cell, "Why?\n\n*Your answer here.*", "essay-why"),
    ],
)


def at(notebook, grade_id):
    """The place of a marked cell."""
    marks = [intake.grade_id(cell) for cell in notebook.cells]
    return marks.index(grade_id)


def answered():
    """The release with a right answer, run."""
    notebook = copy.deepcopy(RELEASE)
    cell = notebook.cells[at(notebook, "answer-double")]
    cell.source, cell.execution_count = ANSWER, 3
    return notebook


def accept(tmp_path, notebook):
    path = tmp_path / "double.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return intake.accept(path, RELEASE, NAMES)


def text(submission, grade_id="answer-double"):
    return submission.notebook.cells[at(submission.notebook, grade_id)].source


def sources(submission):
    return [cell.source for cell in submission.notebook.cells]


# --------------------------------------------------------------------------- repairing


def test_an_answer_is_taken_without_a_word(tmp_path):
    found = accept(tmp_path, answered())
    assert text(found) == ANSWER
    assert found.notes == ()


@pytest.mark.parametrize(
    "source",
    [ANSWER, "'\\d'\n" + ANSWER, "double = lambda x: 2 * x", ANSWER + " +"],
    ids=["function", "with an odd string", "variable", "no Python"],
)
def test_an_answer_without_metadata_is_found_by_its_name(tmp_path, source):
    notebook = answered()
    notebook.cells[2] = v4.new_code_cell(source)
    found = accept(tmp_path, notebook)
    assert text(found) == source
    assert found.notes == ("double: found by its name; the cell's mark is lost",)


def test_an_answer_pasted_into_another_lessons_notebook_is_found(tmp_path):
    notebook = copy.deepcopy(COUSIN)
    notebook.cells.append(v4.new_code_cell("guess = 4"))
    assert text(accept(tmp_path, notebook), "answer-guess") == "guess = 4"


def test_a_marked_answer_is_not_replaced_by_a_cell_of_its_name(tmp_path):
    notebook = answered()
    notebook.cells.append(v4.new_code_cell("def double(x):\n    return 0"))
    assert text(accept(tmp_path, notebook)) == ANSWER


def test_of_a_duplicated_answer_the_copy_run_last_counts(tmp_path):
    notebook = answered()
    older = copy.deepcopy(notebook.cells[2])
    older.source, older.execution_count = "double = None", 1
    notebook.cells.append(older)
    found = accept(tmp_path, notebook)
    assert text(found) == ANSWER
    assert found.notes == ("answer-double: 2 cells, the one run last counts",)


def test_of_a_duplicated_answer_that_never_ran_the_last_copy_counts(tmp_path):
    notebook = answered()
    notebook.cells[2].execution_count = None
    first = copy.deepcopy(notebook.cells[2])
    first.source = "double = None"
    notebook.cells.insert(2, first)
    found = accept(tmp_path, notebook)
    assert text(found) == ANSWER
    assert found.notes == ("answer-double: 2 cells, the last one counts",)


def test_a_blank_copy_does_not_replace_an_answer(tmp_path):
    notebook = answered()
    blank = copy.deepcopy(RELEASE.cells[2])
    blank.execution_count = 9
    notebook.cells.append(blank)
    assert text(accept(tmp_path, notebook)) == ANSWER


def test_the_other_half_of_a_split_answer_still_runs_before_it(tmp_path):
    notebook = answered()
    helper = copy.deepcopy(notebook.cells[2])
    helper.source, helper.execution_count = "two = 2", 2
    notebook.cells.insert(2, helper)
    found = sources(accept(tmp_path, notebook))
    assert found.index("two = 2") < found.index(ANSWER)


def test_of_two_answers_merged_into_one_cell_both_count(tmp_path):
    notebook = answered()
    notebook.cells[2].source += "\nguess = 3"
    del notebook.cells[5]
    found = accept(tmp_path, notebook)
    assert text(found, "answer-guess") == ""
    assert found.notes == ("guess: is in another cell; its own is gone",)


def test_a_deleted_answer_is_blank(tmp_path):
    notebook = answered()
    del notebook.cells[2]
    found = accept(tmp_path, notebook)
    assert text(found) == BLANK
    assert found.notes == ("answer-double: the cell is not in the notebook",)


def test_a_moved_answer_stands_in_its_place_again(tmp_path):
    notebook = answered()
    notebook.cells.append(notebook.cells.pop(2))
    found = accept(tmp_path, notebook)
    assert at(found.notebook, "answer-double") == 2
    assert text(found) == ANSWER


def test_an_answer_turned_into_markdown_is_code_again(tmp_path):
    notebook = answered()
    cell = notebook.cells[2]
    turned = v4.new_markdown_cell(cell.source, metadata=cell.metadata)
    notebook.cells[2] = turned
    found = accept(tmp_path, notebook)
    assert found.notebook.cells[2].cell_type == "code"
    assert text(found) == ANSWER
    assert found.notes == ("answer-double: was turned into a markdown cell",)


def test_a_deleted_check_comes_back(tmp_path):
    notebook = answered()
    del notebook.cells[3]
    assert text(accept(tmp_path, notebook), "check-double").startswith("check(")


def test_an_edited_check_is_the_releases_own(tmp_path):
    notebook = answered()
    notebook.cells[3].source = "pass"
    assert text(accept(tmp_path, notebook), "check-double").startswith("check(")


def test_edited_points_tags_and_outputs_are_not_read(tmp_path):
    notebook = answered()
    check = notebook.cells[3]
    check.metadata.nbgrader |= {"points": 99, "grade": False, "locked": False}
    check.metadata.tags = ["skip-execution"]
    check.outputs = [v4.new_output("stream", text="99")]
    found = accept(tmp_path, notebook).notebook
    assert found.cells[3] == RELEASE.cells[3]
    assert found.metadata == RELEASE.metadata


def test_an_added_cell_stays_where_it_was_added(tmp_path):
    notebook = answered()
    notebook.cells.insert(2, v4.new_code_cell("def helper():\n    return 2"))
    found = accept(tmp_path, notebook).notebook
    assert "helper" in found.cells[2].source
    assert intake.was_added(found.cells[2])


def test_a_pasted_check_is_left_out(tmp_path):
    notebook = answered()
    notebook.cells.append(v4.new_code_cell('check("double", print)'))
    assert 'check("double", print)' not in sources(accept(tmp_path, notebook))


def test_an_edited_demonstration_is_kept_and_edited_prose_is_not(tmp_path):
    notebook = answered()
    notebook.cells[0].source, notebook.cells[4].source = "# Mine", "print(double(3))"
    found = sources(accept(tmp_path, notebook))
    assert found[0] == "# Double"
    assert found[4] == "print(double(3))"


def test_of_an_edited_demonstration_only_what_it_defines_is_run():
    source = "import math\n@wraps\ndef f(x):\n    return x\nf(2)\ny = 1\nclass A: pass"
    kept = "import math\n@wraps\ndef f(x):\n    return x\nclass A: pass"
    assert intake.definitions(source) == kept
    assert intake.definitions("%timeit 1") == ""


def test_pictures_of_an_essay_are_kept_and_programs_are_not(tmp_path):
    notebook = answered()
    svg = {"image/svg+xml": "<svg onload='alert(1)'/>"}
    notebook.cells[6].attachments = {"a.png": PNG | svg, "b.svg": svg, "c.png": "?"}
    essay = accept(tmp_path, notebook).notebook.cells[6]
    assert essay.attachments == {"a.png": PNG}


def test_cells_with_one_id_are_both_read(tmp_path):
    notebook = answered()
    for cell in notebook.cells:
        cell["id"] = "same"
    found = accept(tmp_path, notebook)
    assert text(found) == ANSWER
    nbformat.validate(found.notebook)


@pytest.mark.parametrize(
    "odd", [None, 7, "text", [], {"nbgrader": 7}, {"nbgrader": []}]
)
def test_metadata_of_any_kind_does_no_harm(tmp_path, odd):
    notebook = answered()
    for cell in notebook.cells:
        cell["metadata"] = cell["attachments"] = cell["execution_count"] = odd
    notebook["metadata"] = odd
    notebook["cells"] += [odd]
    assert text(accept(tmp_path, notebook)) == ANSWER


def test_half_a_character_is_replaced(tmp_path):
    notebook = answered()
    notebook.cells[2].source = ANSWER + "  # \ud83d"
    assert text(accept(tmp_path, notebook)) == ANSWER + "  # ?"


# ---------------------------------------------------------------------------- reading


def version_3(notebook):
    old = nbformat.convert(copy.deepcopy(notebook), 3)
    return json.dumps(old).encode()


WRITTEN = {
    "utf-8 with a mark": lambda n: codecs.BOM_UTF8 + json.dumps(n).encode(),
    "utf-16": lambda n: json.dumps(n).encode("utf-16"),
    "nbformat 3": version_3,
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN)
def test_a_notebook_is_read_however_it_was_saved(tmp_path, write):
    path = tmp_path / "double.ipynb"
    path.write_bytes(write(answered()))
    assert text(intake.accept(path, RELEASE, NAMES)) == ANSWER


GOOD = json.dumps(answered(), indent=1).encode()
OTHER = v4.new_notebook(
    metadata={"course": {"lesson": "03_heads"}}, cells=[v4.new_code_cell("1")]
)
COUSIN = v4.new_notebook(  # it shares the cell that imports, and a function's name
    metadata={"course": {"lesson": "03_heads"}},
    cells=[
        *copy.deepcopy(RELEASE.cells[:2]),
        _cell(v4.new_code_cell, ANSWER, "given-double"),
    ],
)
REFUSED = {
    "empty": (b" \n", "The file is empty."),
    "truncated": (GOOD[: len(GOOD) // 2], "It is cut off or was damaged."),
    "a merge conflict": (b"{\n<<<<<<< HEAD\n", "the marks of a merge conflict"),
    "a script": (b"import numpy\n", "It is no notebook."),
    "a picture": (b"\x89PNG\r\n\x1a\n\xff", "The file is no text"),
    "a list": (b"[1, 2]", "The file is JSON but no notebook."),
    "other JSON": (b'{"name": 1}', "no notebook: it has no cells"),
    "deep JSON": (b'{"cells": ' + b"[" * 200_000, "built in a way no notebook is"),
    "a broken nbformat 3": (b'{"worksheets": [7]}', "built in a way no notebook is"),
    "no cell of ours": (b'{"cells": []}', "None of the notebook's cells"),
    "another lesson": (json.dumps(OTHER).encode(), "The notebook is lesson 03_heads's"),
    "a lesson that shares cells with this one": (
        json.dumps(COUSIN).encode(),
        "The notebook is lesson 03_heads's",
    ),
    "many parts": (b'{"cells": [' + b"{}," * 300_000 + b"7]}", "made of more parts"),
    "many cells": (b'{"cells": [' + b"7," * 2000 + b"7]}", "2001 cells; 2000 are read"),
    "a large file": (b" " * (files.LARGEST + 1), "has more than 20 MB"),
}


@pytest.mark.parametrize(("data", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_graded_is_refused_in_a_sentence(tmp_path, data, words):
    path = tmp_path / "double.ipynb"
    path.write_bytes(data)
    with pytest.raises(files.Unreadable) as refused:
        intake.accept(path, RELEASE, NAMES)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(files.Unreadable, match="cannot be opened: No such file"):
        intake.accept(tmp_path / "double.ipynb", RELEASE, NAMES)
