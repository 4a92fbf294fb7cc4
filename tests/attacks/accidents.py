"""Honest accidents: what happens to notebooks without anybody meaning harm."""

import codecs
import copy
import json
import os
from pathlib import Path

import nbformat
from nbformat import v4

from graders import intake
from tests.attacks.paper import ALL, NOTHING, REST, Paper, attack

NO_NOTEBOOK = r"There is no \w+\.ipynb"


# --------------------------------------------------------------------------- the cells


@attack(ALL)
def an_answer_pasted_twice(paper: Paper) -> None:
    """An answer's cell copied and pasted, mark and all."""
    paper.cells.insert(paper.at(), copy.deepcopy(paper.cell))


@attack(ALL)
def a_check_pasted_twice(paper: Paper) -> None:
    """A check's cell copied and pasted, mark and all."""
    check = paper.marked("check")[0]
    paper.cells.insert(paper.cells.index(check), copy.deepcopy(check))


@attack(REST, "the cell is not in the notebook")
def an_answer_deleted(paper: Paper) -> None:
    """An answer's cell deleted."""
    paper.cells.remove(paper.cell)


@attack(ALL)
def all_checks_deleted(paper: Paper) -> None:
    """Right answers without the cells of their checks."""
    for cell in paper.marked("check"):
        paper.cells.remove(cell)


@attack(ALL)
def an_answer_moved_to_the_end(paper: Paper) -> None:
    """An answer's cell moved below everything that uses it."""
    paper.cells.append(paper.cells.pop(paper.at()))


@attack(ALL)
def the_cells_reversed(paper: Paper) -> None:
    """All cells in the opposite order."""
    paper.cells.reverse()


@attack(ALL)
def an_answer_split(paper: Paper) -> None:
    """An answer and its helper in two cells; the mark stayed with the helper."""
    helper = v4.new_code_cell(f"def helper():\n    return 0\n\n\n{paper.cell.source}")
    paper.cell.source = "ready = True"
    paper.cells.insert(paper.at() + 1, helper)


@attack(ALL)
def two_answers_merged(paper: Paper) -> None:
    """Two answers in one cell; the second one's own is gone."""
    first, second = list(paper.functions)[:2]
    other = paper.cells.pop(paper.at(second))
    paper.cells[paper.at(first)].source += "\n\n\n" + other.source


@attack(ALL)
def an_answer_turned_to_markdown(paper: Paper) -> None:
    """An answer's cell turned into a Markdown cell."""
    paper.cell.cell_type = "markdown"
    del paper.cell["outputs"], paper.cell["execution_count"]


@attack(ALL)
def all_metadata_lost(paper: Paper) -> None:
    """Saved by an editor that drops all metadata and every id."""
    for cell in paper.cells:
        cell.metadata = {}
        cell.pop("id", None)
    paper.notebook.metadata = {}
    paper.notebook.nbformat_minor = 4


@attack(ALL)
def one_id_for_all(paper: Paper) -> None:
    """Every cell has the same id."""
    for cell in paper.cells:
        cell.id = "same"


@attack(ALL)
def an_older_release(paper: Paper) -> None:
    """Written in an older release: other texts, no mark of the lesson, a cell less."""
    paper.notebook.metadata.pop("course", None)
    paper.cells.remove(paper.marked("check")[-1])
    for cell in paper.cells:
        if cell.cell_type == "markdown" and not intake.mark_of(cell):
            cell.source, cell.id = f"Before: {cell.source}", f"old-{id(cell)}"


@attack(ALL)
def cells_of_ones_own(paper: Paper) -> None:
    """Right answers between cells of trials, some of which stop with errors."""
    for source in ("1 / 0", f"{paper.name}()", "%time 1 + 1", "assert False"):
        paper.add(source)
        paper.add(source, at=len(paper.cells))


# ---------------------------------------------------------------------------- the file


@attack(ALL)
def renamed_by_a_platform(paper: Paper) -> None:
    """Handed in as `lovelace_123_4567_NOUN (1).ipynb`."""
    paper.filename = f"lovelace_123_4567_{paper.noun} (1).ipynb"


@attack(ALL)
def renamed_by_hand(paper: Paper) -> None:
    """Handed in as `my homework.ipynb`."""
    paper.filename = "my homework.ipynb"


@attack(ALL)
def in_a_folder(paper: Paper) -> None:
    """Handed in within a folder of one's own."""
    name, paper.filename = paper.filename, ""
    data = json.dumps(paper.notebook)

    def place(folder: Path) -> None:
        (folder / "homework").mkdir()
        (folder / "homework" / name).write_text(data, encoding="utf-8")

    paper.place = place


@attack(ALL)
def in_a_zip(paper: Paper) -> None:
    """Handed in as a zip."""
    paper.zip("homework/")


@attack(NOTHING, NO_NOTEBOOK)
def nothing_there(paper: Paper) -> None:
    """An empty folder."""
    paper.filename = ""


@attack(NOTHING, rf"{NO_NOTEBOOK} in the submitted folder, only \w+\.py")
def a_script(paper: Paper) -> None:
    """A `.py` instead of a notebook."""
    codes = [cell.source for cell in paper.cells if cell.cell_type == "code"]
    paper.files[f"{paper.noun}.py"], paper.filename = "\n\n".join(codes), ""


@attack(ALL)
def handed_in_twice(paper: Paper) -> None:
    """An older notebook, blank, beside the right one."""
    old = copy.deepcopy(paper.notebook)
    for cell in old.cells:
        if intake.mark_of(cell) == "answer":
            cell.source = "..."
    name = f"{paper.noun} (1).ipynb"
    paper.files[name] = json.dumps(old)
    paper.place = lambda folder: os.utime(folder / name, (1e9, 1e9))


@attack(ALL)
def other_notebooks_beside(paper: Paper) -> None:
    """Right answers beside notes and a notebook that is none."""
    notes = v4.new_notebook(cells=[v4.new_code_cell("1")])
    paper.files |= {"notes.ipynb": json.dumps(notes), "old.ipynb": "{"}


@attack(NOTHING, "The notebook is lesson 09_other's")
def the_wrong_lesson(paper: Paper) -> None:
    """Another lesson's notebook under this one's name."""
    paper.notebook = v4.new_notebook(
        metadata={"course": {"lesson": "09_other"}},
        cells=[v4.new_code_cell("def other():\n    return 1")],
    )


@attack(NOTHING, "The file is empty")
def an_empty_file(paper: Paper) -> None:
    """A file of no bytes."""
    paper.raw = lambda data: b""


@attack(NOTHING, "breaks off at line|cut off or was damaged")
def half_a_file(paper: Paper) -> None:
    """The first half of a notebook, as after a full disk."""
    paper.raw = lambda data: data[: len(data) // 2]


@attack(NOTHING, "the marks of a merge conflict")
def a_merge_conflict(paper: Paper) -> None:
    """A notebook with git's marks of a conflict."""
    paper.raw = lambda data: b"<<<<<<< HEAD\n" + data + b"\n=======\n>>>>>>> main\n"


@attack(NOTHING, "The file is no text")
def a_picture(paper: Paper) -> None:
    """A picture under the notebook's name."""
    paper.raw = lambda data: b"\x89PNG\r\n\x1a\n\xff\xfe" * 99


@attack(ALL)
def utf_8_with_a_mark(paper: Paper) -> None:
    """Saved as UTF-8 with a byte order mark, as some editors do."""
    paper.raw = lambda data: codecs.BOM_UTF8 + data


@attack(ALL)
def utf_16(paper: Paper) -> None:
    """Saved as UTF-16."""
    paper.raw = lambda data: data.decode().encode("utf-16")


@attack(ALL)
def nbformat_3(paper: Paper) -> None:
    """Saved in the format of IPython notebooks before 2015."""
    old = nbformat.convert(copy.deepcopy(paper.notebook), 3)
    paper.raw = lambda data: json.dumps(old).encode()


@attack(ALL)
def a_timestamp_of_the_future(paper: Paper) -> None:
    """Right answers with a time of submission in the year 9999."""
    paper.files["timestamp.txt"] = "9999-12-31 23:59:59 UTC"


@attack(ALL)
def a_timestamp_of_no_kind(paper: Paper) -> None:
    """Right answers with a time of submission that is none."""
    paper.files["timestamp.txt"] = "yesterday, I think"


@attack(ALL, student="José María + 1")
def a_name_with_spaces(paper: Paper) -> None:
    """Right answers of a student whose name has spaces, accents and a plus."""


# ---------------------------------------------------------------------------- the code


@attack(NOTHING, "is not written yet")
def not_attempted(paper: Paper) -> None:
    """Every answer as it was released: blank."""
    blank = "def {name}(*args, **kwargs):\n    raise NotImplementedError()"
    for cell in paper.marked("answer"):
        name = paper.functions.get(intake.grade_id(cell))
        cell.source = blank.format(name=name) if name else "..."


@attack(REST, "SyntaxError")
def a_syntax_error(paper: Paper) -> None:
    """One answer that is no Python."""
    paper.cell.source = f"def {paper.name}(:\n    return"


@attack(REST, "NameError")
def a_misspelt_name(paper: Paper) -> None:
    """One answer that uses a name there is not."""
    paper.begin("return nmpy.zeros(3)")


@attack(ALL)
def an_early_error(paper: Paper) -> None:
    """Right answers after a cell that stops with an error."""
    paper.add("raise RuntimeError('not finished')", at=0)


@attack(ALL)
def a_question(paper: Paper) -> None:
    """Right answers, and a cell that waits for `input()`."""
    paper.add("name = input('Your name? ')")


@attack(ALL)
def magics(paper: Paper) -> None:
    """Right answers among `%pip`, `!`, `%%time` and magics that there are not."""
    paper.add("%pip install --quiet --no-index no-such-package")
    paper.add("!echo hello\n%nosuchmagic 1")
    paper.add("%%nosuchcellmagic\n1")
    paper.cell.source = f"%matplotlib inline\n{paper.cell.source}"


@attack(ALL)
def widgets(paper: Paper) -> None:
    """Right answers below a slider, a progress bar and an `interact`."""
    paper.add(
        "import ipywidgets\nfrom IPython.display import display\n"
        "display(ipywidgets.IntSlider(), ipywidgets.IntProgress())\n"
        "ipywidgets.interact(lambda x: x, x=3)"
    )


@attack(ALL)
def figures_shown(paper: Paper) -> None:
    """Right answers, and a cell that draws with matplotlib and shows it."""
    paper.add("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")


@attack(ALL)
def warnings_printed(paper: Paper) -> None:
    """Right answers that warn and print to stderr."""
    paper.begin(
        "import os, sys, warnings\nwarnings.warn('this is old')\n"
        "print('careful', file=sys.stderr)\nos.write(2, b'careful')\n"
        "np.log(np.zeros(1))"
    )


@attack(ALL)
def random_numbers_drawn(paper: Paper) -> None:
    """Right answers that draw random numbers from NumPy's one generator."""
    paper.begin("np.random.seed(0)\nnp.random.rand(3)")


@attack(ALL)
def a_slow_answer(paper: Paper) -> None:
    """A right answer that takes a fifth of a second a call."""
    paper.begin("import time\ntime.sleep(0.2)")


@attack(ALL)
def values_in_float32(paper: Paper) -> None:
    """A right answer that returns float32."""
    paper.begin(
        "def narrow(x):\n"
        "    x = np.asarray(x)\n"
        "    return x.astype('f4') if x.dtype == float else x\n"
        "found = _right(*args, **kwargs)\n"
        "several = isinstance(found, tuple)\n"
        "return tuple(map(narrow, found)) if several else narrow(found)"
    )


@attack(ALL)
def numpy_settings_changed(paper: Paper) -> None:
    """Right answers after settings that print shorter and turn warnings into errors."""
    paper.add(
        "import warnings\nwarnings.simplefilter('error')\n"
        "np.set_printoptions(precision=1)\nnp.seterr(all='raise')"
    )


@attack(ALL)
def the_check_shadowed(paper: Paper) -> None:
    """Right answers in a notebook that uses `check`, `list` and `np` for its own."""
    paper.add("check = list = print = 3", at=len(paper.cells))
