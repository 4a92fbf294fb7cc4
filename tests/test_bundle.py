"""What students get: everything that works there, and nothing that answers a lesson."""

import ast
import json
import os
import re
import subprocess
import sys
import zipfile

import nbformat
import pytest

from graders import cli, registry
from graders.classroom import bundle
from graders.classroom.exchange import Exchange
from graders.classroom.papers import SLIPS, answered, solved_answers, with_slip
from graders.classroom.student_copy import (
    ANSWERS,
    ROOT,
    contents,
    notebook_source,
    uses,
)
from graders.course import Course, CourseError
from graders.gradebook import Book
from graders.locked import OURS
from graders.seeds import secret_seed

CLONE = Course(ROOT)
LESSONS = CLONE.lessons()
SHORTEST = 12  # characters of a line that is looked for
# Where lines of solutions reach students all the same, and why.
EXCEPTIONS = {
    "graders/exercises/attention.py": "explains a recall's options, to whoever chose",
    "transformer/layers.py": "06 compares its model with the finished one",
    "transformer/decoding.py": "06 translates, with `greedy` alone",
    "transformer/training.py": "07 trains with the finished loop, which has a loss",
    "transformer/baseline.py": "07's recurrent model ends in a Dense layer too",
}
COMMON = {"return False"}  # in any program
MODULES = {name.replace(".", "/") + ".py": name for name in ANSWERS}


def copy_of(*numbers):
    return contents(CLONE, [CLONE.find(number) for number in numbers])


@pytest.fixture(scope="module")
def everything():
    return contents(CLONE, LESSONS)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """A student's copy of lesson 02, out of the zip, in an empty folder."""
    made = tmp_path_factory.mktemp("made") / "transformer-course"
    bundle.write_bundle(made, copy_of("02"), ["02_attention"])
    home = tmp_path_factory.mktemp("home")
    with zipfile.ZipFile(bundle.zip_of(made)) as archive:
        archive.extractall(home)
    return home / made.name


def started(folder, *command, **settings):
    """A command as in a student's environment: only their copy is to be found."""
    theirs = {"PYTHONPATH": str(folder), "COURSE_ROOT": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", *command],
        env=os.environ | theirs,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **settings,
    )


def ran(folder, *command):
    process = started(folder, *command)
    out, err = process.communicate(timeout=1200)
    return process.returncode, out, err


# ------------------------------------------------------------- nothing answers a lesson


def code_lines(path):
    """The lines of functions' bodies and of lambdas in a module, without docstrings."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[ast.get_docstring(node) is not None :]
            for part in body:
                yield from lines[part.lineno - 1 : part.end_lineno]
        elif isinstance(node, ast.Lambda):
            yield ast.get_source_segment(text, node.body)


def solution_lines(lesson):
    text = lesson.script.read_text(encoding="utf-8")
    for region in re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", text, re.S):
        for line in region.splitlines():
            yield line.strip().removeprefix("# ")


def telling(lines, shortest=SHORTEST):
    """The lines that say something which no release says."""
    given = "\n".join(lesson.release.read_text("utf-8") for lesson in LESSONS)
    stripped = {line.strip() for line in lines}
    kept = {line for line in stripped if len(line) >= shortest} - COMMON
    return {
        line for line in kept if json.dumps(line, ensure_ascii=False)[1:-1] not in given
    }


def holders(files, lines):
    """The files that hold any of these lines."""
    texts = {name: data.decode("utf-8", "replace") for name, data in files.items()}
    return {n for n, text in texts.items() for line in lines if line in text}


SOLUTIONS = telling(line for lesson in LESSONS for line in solution_lines(lesson))


def test_no_line_of_a_solution_reaches_students(everything):
    assert len(SOLUTIONS) > 250
    assert holders(everything, SOLUTIONS) == EXCEPTIONS.keys()


@pytest.mark.parametrize("number", ["01", "02", "03", "04", "05"])
def test_before_the_model_is_assembled_no_finished_part_is_there(number):
    earlier = [one.number for one in LESSONS if one.number <= number]
    files = copy_of(*earlier)
    assert holders(files, SOLUTIONS) <= {"graders/exercises/attention.py"}
    assert not files.keys() & MODULES.keys()


def test_of_finished_answers_only_what_lessons_work_with_is_there(everything):
    def defined(name, files):
        parts = ast.parse(files[name]).body
        return {part.name for part in parts if hasattr(part, "name")}

    assert defined("transformer/decoding.py", copy_of("06")) == {"greedy"}
    assert defined("transformer/decoding.py", everything) == {"greedy"}
    assert "WarmUp" not in defined("transformer/training.py", everything)
    assert "train" in defined("transformer/training.py", everything)


def test_no_line_of_the_oracle_or_of_a_mistake_reaches_students(everything):
    for folder in ("transformer/reference", "graders/mistakes"):
        paths = (ROOT / folder).glob("*.py")
        lines = telling((line for p in paths for line in code_lines(p)), 32)
        assert len(lines) > 100
        # The finished model is built as the oracle is; see EXCEPTIONS.
        assert holders(everything, lines) <= {"transformer/layers.py", *EXCEPTIONS}
        told = {n for n in holders(everything, lines) if n.startswith("graders/")}
        assert not told - {"graders/exercises/attention.py"}


def test_no_module_of_the_comparers_is_there(everything):
    modules = {path.stem for path in ROOT.glob("graders/*.py")}
    theirs = {"cli", "course", "doctor", "lab", "keys", *OURS.split()}
    names = "|".join(sorted(modules - theirs - {"__init__"}))
    secret = re.compile(
        rf"graders/({names})\.py|graders/mistakes|transformer/reference"
        r"|solutions/|tests/|\.grading/|nbgrader_config"
    )
    assert len(modules - theirs) > 25
    assert [name for name in everything if secret.search(name)] == []


def test_no_seed_is_there(course):
    lesson = course.find("02")
    seed = str(secret_seed(course.grading, lesson.noun))
    files = contents(course, [lesson])
    assert not holders(files, {seed})


def test_every_module_that_is_imported_at_the_start_is_there(everything):
    ours = {"graders", "transformer"}
    for name, data in everything.items():
        for node in ast.parse(data).body if name.endswith(".py") else ():
            module = node.module if isinstance(node, ast.ImportFrom) else None
            if module and module.partition(".")[0] in ours:
                place = module.replace(".", "/")
                assert {f"{place}.py", f"{place}/__init__.py"} & everything.keys(), name


def test_only_released_lessons_are_there():
    names = "\n".join(copy_of("02"))
    assert "keys/attention/softmax.key" in names
    for other in ("heads", "recurrence", "translation", "corpus", "weights"):
        assert other not in names


@pytest.mark.parametrize("numbers", [["06"], ["07"], ["06", "07"]], ids=" ".join)
def test_what_is_left_of_a_cut_module_has_all_the_names_it_uses(tmp_path, numbers):
    for name, data in copy_of(*numbers).items():
        if name in MODULES:
            (tmp_path / name.replace("/", "_")).write_bytes(data)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821"]
    done = subprocess.run([*command, tmp_path], capture_output=True, text=True)
    assert done.stdout.strip() == "All checks passed!", done.stdout


def test_a_module_that_may_be_used_whole_is_given_whole():
    source = "from transformer import decoding\n{}"
    for text, found in {
        "decoding.greedy(f)": {"greedy"},
        "print(decoding)": None,
        "from transformer.decoding import beam\ndecoding.greedy": {"beam", "greedy"},
        "import transformer.decoding": None,
    }.items():
        assert uses(ast.parse(source.format(text)), ANSWERS[0]) == found


def test_a_lesson_that_needs_a_secret_module_is_refused(tmp_path, monkeypatch):
    release = tmp_path / "notebooks" / "02_attention" / "attention.ipynb"
    release.parent.mkdir(parents=True)
    cell = nbformat.v4.new_code_cell("%matplotlib inline\nimport transformer.reference")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), release)
    assert ast.unparse(notebook_source(release)) == "import transformer.reference"
    with pytest.raises(CourseError, match="must not reach students"):
        contents(Course(tmp_path), Course(tmp_path).lessons())


# ---------------------------------------------------------------- it works for students


def test_the_readme_is_the_courses_own_and_names_what_is_there(everything):
    text = copy_of("02", "06")["README.md"].decode()
    rows = re.findall(r"^\| (\d\d) ", text, re.M)
    assert rows == ["02", "06"]
    assert "course grade" not in text
    for link in re.findall(r"\]\((.+?)\)", text):
        assert link in everything


def test_only_students_commands_are_offered(unpacked):
    code, out, _ = ran(unpacked, "graders.cli")
    assert code == 0
    assert re.findall(r"^(\w+):$", out, re.M) == ["students", "options"]
    code, _, err = ran(unpacked, "graders.cli", "grade", "02")
    assert code == 2
    assert "`course grade` is for the instructor's copy of the course" in err
    assert "`course lab`" in err


def test_the_doctor_looks_at_what_a_student_needs(unpacked):
    code, out, err = ran(unpacked, "graders.cli", "doctor", "--json")
    found = {one["what"]: one["state"] for one in json.loads(out)}
    assert (code, err) == (0, "")
    assert found["lessons"] == "ok"
    assert not {"grading sandbox", "browser for tests"} & found.keys()


def test_a_lesson_opens(unpacked):
    process = started(unpacked, "graders.cli", "lab", "02", "--no-browser")
    try:
        line = process.stdout.readline()
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert line.strip().endswith("work/02_attention/attention.ipynb")
    assert (unpacked / "work" / "02_attention" / "attention.ipynb").exists()


def executed(folder, notebook):
    """A notebook's cells after its run in a student's copy."""
    path = folder / "work" / "tried.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    command = ("nbconvert", "--to", "notebook", "--execute", "--allow-errors")
    code, _, err = ran(folder, *command, "--inplace", str(path))
    assert code == 0, err
    return nbformat.read(path, as_version=4).cells


def failed_checks(cells):
    """What the checks say that do not pass, of at least eight."""
    checks = [c for c in cells if c.get("id", "").startswith("check-")]
    said = ["".join(_texts(cell)) for cell in checks]
    assert len(said) > 8
    return [text for text in said if not text.startswith("✓")]


@pytest.mark.slow
def test_right_answers_pass_and_a_wrong_one_is_named(unpacked):
    """The solved lesson, then one answer with a mistake in it."""
    right = solved_answers(CLONE.find("02"))
    notebook = answered(Course(unpacked).find("02"), right)
    wrong = with_slip(right, SLIPS["attention"][0])["answer-attention"]
    for source in (wrong, 'check("attention", attention)'):
        notebook.cells.append(nbformat.v4.new_code_cell(source))
    *cells, last = executed(unpacked, notebook)
    assert failed_checks(cells) == []
    says = next(m.says for m in registry.mistakes("attention") if m.id == "no-scale")
    assert says in "".join(_texts(last))
    assert last.outputs[-1].ename == "CheckError"


@pytest.mark.full
@pytest.mark.parametrize("number", [one.number for one in LESSONS])
def test_a_lesson_alone_has_all_that_its_cells_need(tmp_path, number):
    lesson = CLONE.find(number)
    bundle.write_bundle(tmp_path / "out", copy_of(number), [lesson.name])
    theirs = Course(tmp_path / "out").find(number)
    cells = executed(tmp_path / "out", answered(theirs, solved_answers(lesson)))
    assert failed_checks(cells) == []
    wrong = [o for c in cells for o in c.get("outputs", ()) if o.output_type == "error"]
    assert wrong == []


def _texts(cell):
    return [
        o.data["text/plain"] for o in cell.outputs if o.output_type == "display_data"
    ]


# --------------------------------------------------------------------- folder and zip


def inside(folder):
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in paths}


def test_the_zip_holds_the_folder(tmp_path):
    files = {"course": b"1", "a/b.txt": b"2"}
    bundle.write_bundle(tmp_path / "out", files, ["02_attention"])
    with zipfile.ZipFile(tmp_path / "out.zip") as made:
        assert made.namelist() == ["out/a/b.txt", "out/course"]
        assert made.read("out/course") == b"1"
        assert made.getinfo("out/course").external_attr >> 16 & 0o777 == 0o755
    first = (tmp_path / "out.zip").read_bytes()
    bundle.write_bundle(tmp_path / "out", files, ["02_attention"])
    assert (tmp_path / "out.zip").read_bytes() == first
    assert os.access(tmp_path / "out" / "course", os.X_OK)


def test_what_is_no_longer_needed_goes_and_a_strangers_files_stay(tmp_path):
    out = tmp_path / "out"
    (out / ".git").mkdir(parents=True)
    bundle.write_bundle(out, {"a": b"1", "b/c": b"2"}, ["02_attention"])
    (out / "syllabus.md").write_text("mine")
    bundle.write_bundle(out, {"a": b"3"}, ["02_attention"])
    assert inside(out) == {".bundle.json", "a", "syllabus.md"}
    assert (out / ".git").is_dir()


def test_a_killed_release_is_put_right_by_the_next(tmp_path, monkeypatch):
    out, write = tmp_path / "out", bundle._write
    bundle.write_bundle(out, {"a": b"1"}, ["01_recurrence"])

    def killed(path, data, program=False):
        if path.name == "c":
            raise KeyboardInterrupt
        write(path, data, program)

    with monkeypatch.context() as patch:
        patch.setattr(bundle, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            bundle.write_bundle(out, {"b": b"1", "c": b"1"}, ["02_attention"])
    assert json.loads((out / ".bundle.json").read_text())["lessons"] == [
        "01_recurrence"
    ]
    bundle.write_bundle(out, {"d": b"1"}, ["02_attention"])
    assert inside(out) == {".bundle.json", "d"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, r"is no bundle: it holds thesis\.tex\. Name an empty folder"),
        ("{", "is damaged. Empty the folder"),
        ('{"lessons": [], "files": ["../../x"]}', "is damaged"),
        ('{"lessons": [], "files": ["/etc/x"]}', "is damaged"),
    ],
)
def test_a_folder_that_is_no_bundle_is_refused(tmp_path, text, says):
    (tmp_path / "thesis.tex").write_text("mine")
    if text:
        (tmp_path / ".bundle.json").write_text(text)
    with pytest.raises(CourseError, match=says):
        bundle.write_bundle(tmp_path, {"a": b""}, [])
    assert "a" not in inside(tmp_path)


# ------------------------------------------------------------------------ the command


@pytest.fixture
def command(course, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ROOT", str(course.root))

    def run(*arguments):
        code = cli.main(list(map(str, arguments)))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.slow
def test_a_release_adds_to_an_earlier_one(course, command):
    code, out, err = command("release", "05")
    assert (code, err) == (0, "")
    assert "The bundle holds 05_masks." in out
    code, out, _ = command("release", "02")
    assert "The bundle holds 02_attention, 05_masks." in out
    folder = course.grading / "bundle" / "transformer-course"
    assert f"folder: {folder}" in out
    assert (folder / "notebooks" / "05_masks" / "masks.ipynb").exists()
    with Book(course).open() as book:
        assert {one.name for one in book.assignments} >= {"02_attention", "05_masks"}


def test_without_an_exchange_nothing_is_released(course, command, tmp_path):
    code, _, err = command("release", "02", "--exchange")
    assert code == 2
    assert "names no exchange. Set c.Exchange.root there" in err
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.Exchange.root = '{tmp_path / 'no'}'\n")
    code, _, err = command("release", "02", "--exchange")
    assert code == 2
    assert "is missing. Make that folder first." in err
    assert not (course.grading / "bundle").exists()


@pytest.mark.slow
def test_a_lesson_goes_to_the_exchange_and_may_go_again(course, command, tmp_path):
    root = tmp_path / "exchange"
    root.mkdir()
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.Exchange.root = '{root}'\n")
    code, out, _ = command("release", "02", "--exchange")
    assert code == 0
    assert f"exchange: {root}" in out
    where = root / "transformer" / "outbound" / "02_attention"
    assert inside(where) == {"attention.ipynb"}
    Exchange(Book(course)).release(course.find("02"))
