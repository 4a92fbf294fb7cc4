"""Damage: what is written where nothing should be, or runs when it is looked at."""

import os
from pathlib import Path

from nbformat import v4

from tests.attacks.paper import ALL, FIRST, NOTHING, REST, Paper, attack
from tests.attacks.theft import TAKE

GRADEBOOK = """
import sqlite3
for top in tops():
    for path in [_os.path.join(top, x, "gradebook.db") for x in ("", ".grading")]:
        if not _os.path.exists(path): continue
        book = sqlite3.connect(path, timeout=2)
        book.execute("UPDATE grade SET auto_score = 300, manual_score = 300")
        book.commit()
"""
SCRIBBLE = """
def scribble(path):
    try:
        with open(path, "a") as file:
            file.write(" ")
    except OSError:
        pass
"""
EVIL = """
<script>alert(1)</script> <img src=x onerror=alert(1)> <a href="javascript:x()">a</a>
[b](javascript:alert(1)) [c](data:text/html,alert(1)) <style>body{display:none}</style>
![d](x) <svg onload=alert(1)></svg> <iframe src="//x"></iframe>
<meta http-equiv="refresh" content="0;url=//x"> <link rel="stylesheet" href="//x">
<form action="//x"><button>grade</button></form> <base href="//x">
"""
SVG = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


@attack(ALL)
def the_gradebook_opened(paper: Paper) -> None:
    """Right answers, and 300 points for everybody written into `gradebook.db`."""
    paper.add(TAKE + GRADEBOOK)


@attack(ALL)
def other_files_overwritten(paper: Paper) -> None:
    """Right answers; solutions, submissions and settings above are scribbled on."""
    deep = ("nbgrader_config.py", "s*/*/*", ".*/*/*/*/*", "s*/*/*/*", ".*/seeds.json")
    paper.add(
        TAKE + SCRIBBLE + "for top in tops():\n"
        f"    for deep in {deep}:\n"
        "        for path in _glob.glob(_os.path.join(top, deep)):\n"
        "            if _os.getcwd() not in path and 'zzz' not in path: scribble(path)"
    )


@attack(ALL)
def the_home_written(paper: Paper) -> None:
    """Right answers; start-up files are left in the home and the temporary folder."""
    paper.add(
        "import os, tempfile\n"
        "for top in (os.path.expanduser('~'), tempfile.gettempdir()):\n"
        "    for name in ('.bashrc', '.pythonrc', 'sitecustomize.py'):\n"
        "        try: open(os.path.join(top, name), 'a').write('# been here')\n"
        "        except OSError: pass"
    )


@attack(ALL)
def settings_left_in_the_work_folder(paper: Paper) -> None:
    """Right answers beside an `nbgrader_config.py` and a `jupyter_config.py`."""
    text = "import os\nos._exit(9)\n"
    names = ("nbgrader_config.py", "jupyter_config.py", "ipython_config.py")
    paper.files |= dict.fromkeys(names, text)


@attack(NOTHING, "There is no .*ipynb")
def a_link_to_a_neighbours(paper: Paper) -> None:
    """Instead of a notebook, a symbolic link to another student's."""
    name, paper.filename = paper.filename, ""
    other = f"../../{FIRST}"
    paper.place = lambda folder: (folder / name).symlink_to(
        os.path.join(other, folder.name, name)
    )


@attack(NOTHING, "There is no .*ipynb")
def a_link_to_a_device(paper: Paper) -> None:
    """Instead of a notebook, a symbolic link to a device that never ends."""
    name, paper.filename = paper.filename, ""
    paper.place = lambda folder: (folder / name).symlink_to("/dev/zero")


@attack(NOTHING, "There is no .*ipynb", alone=True)
def a_pipe(paper: Paper) -> None:
    """Instead of a notebook, a FIFO: who opens it waits for ever."""
    name, paper.filename = paper.filename, ""
    paper.place = lambda folder: os.mkfifo(folder / name)


@attack(NOTHING, "There is no .*ipynb")
def a_folder_of_that_name(paper: Paper) -> None:
    """Instead of a notebook, a folder that has its name."""
    name, paper.filename = paper.filename, ""
    paper.place = lambda folder: (folder / name).mkdir()


@attack(NOTHING, r"There is no \w+\.ipynb")
def a_zip_that_leads_out(paper: Paper) -> None:
    """A zip whose notebook is called `../../../` and would be unpacked above."""
    paper.zip("../../../")


@attack(NOTHING, "The file has more than 20 MB")
def a_zip_without_end(paper: Paper) -> None:
    """A zip of 200 KB whose notebook has 200 MB."""
    paper.zip("", bytes(200 << 20))


@attack(ALL)
def links_made_by_code(paper: Paper) -> None:
    """Right answers, and a cell that writes through links to wherever it can."""
    paper.add(
        "import glob, os\nos.symlink('/', 'up')\n"
        "for path in glob.glob('up/*/*')[:999]:\n"
        "    try:\n"
        "        os.link(path, 'linked')\n        open('linked', 'a').write(' ')\n"
        "    except OSError: pass"
    )


@attack(ALL)
def links_beside(paper: Paper) -> None:
    """Right answers beside links to `/`, to itself and out of the folder."""

    def place(folder: Path) -> None:
        (folder / "root").symlink_to("/")
        (folder / "loop").symlink_to("loop")
        (folder / "up").symlink_to("../../..")

    paper.place = place


@attack(ALL)
def names_of_every_kind(paper: Paper) -> None:
    """Right answers beside files called `-rf`, `a\\nb`, `..ipynb` and `$(reboot)`."""
    names = ("-rf", "a\nb", " ", "..ipynb", "$(reboot)", "é" * 60, "\x1b[31m")
    paper.files |= dict.fromkeys(names, "")


@attack(ALL, student="=HYPERLINK(1)")
def a_formula_for_a_name(paper: Paper) -> None:
    """Right answers of a student whose name a spreadsheet computes."""


@attack(ALL, student="<img src=x onerror=alert(1)>")
def a_tag_for_a_name(paper: Paper) -> None:
    """Right answers of a student whose name is HTML that runs."""


@attack(ALL, student="Zoë\nvan + Dijk\t2")
def a_name_of_two_lines(paper: Paper) -> None:
    """Right answers of a student in whose name a line breaks."""


@attack(ALL)
def html_in_the_text(paper: Paper) -> None:
    """Right answers; cells, essay and pictures hold HTML, SVG and JavaScript."""
    for cell in paper.marked("essay"):
        cell.source += EVIL
        cell.attachments = {
            "a.svg": {"image/svg+xml": SVG},
            "b.png": {"text/html": SVG},
        }
    paper.cells.insert(0, v4.new_markdown_cell(EVIL))
    paper.cells.append(v4.new_raw_cell(EVIL, metadata={"format": "text/html"}))
    paper.notebook.metadata.title = EVIL
    paper.notebook.metadata.authors = [{"name": EVIL}]


@attack(ALL)
def html_in_the_outputs(paper: Paper) -> None:
    """Right answers; cells display HTML and JavaScript, and the file holds more."""
    paper.add(
        "from IPython.display import HTML, SVG, Javascript, display\n"
        f"display(HTML({EVIL!r}), Javascript('alert(1)'))"
    )
    paper.cells[paper.at() - 1].outputs = [
        v4.new_output("display_data", {"text/html": EVIL, "image/svg+xml": SVG})
    ]


@attack(REST, "alert")
def html_in_an_error(paper: Paper) -> None:
    """An answer whose error has HTML for a message and for its type's name."""
    paper.begin(
        "kind = type('<script>alert(1)</script>', (Exception,), {})\n"
        f"raise kind({EVIL!r})"
    )


@attack(NOTHING, "should be an array|should return|it is a")
def pickles(paper: Paper) -> None:
    """Answers that return objects which run a command where they are unpickled."""
    paper.add(
        "import os\nclass Runs:\n"
        "    def __reduce__(self): return os.system, ('touch ~/been-here',)",
        at=0,
    )
    paper.answer_all("lambda *args, **kwargs: np.array([Runs(), Runs()], dtype=object)")
