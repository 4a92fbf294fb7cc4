"""Lessons' scripts to notebooks: solved and executed, released, and the stored keys.

    solutions/NN_noun/noun.py  ->  solutions/NN_noun/noun.ipynb    with outputs
                               ->  notebooks/NN_noun/noun.ipynb    nbgrader's release
    exercises and mistakes     ->  graders/keys/noun/*.key

Releases, ids and metadata are the same bytes whenever they are made. A solved notebook
holds the hash of what it was made from, which is how `--check` knows what is stale.
"""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import SaveCells
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from graders import keys, registry, script
from graders.course import Course, CourseError, Lesson

PACKAGES = Path(__file__).resolve().parents[1]
WIDGET = "application/vnd.jupyter.widget-view+json"
TIMEOUT = 600  # seconds a cell of a solved lesson may take


def build(course: Course, wanted: list[str], everything: bool = False) -> list[str]:
    """Builds what is stale, or everything that is wanted.

    Args:
        course: Where the lessons are.
        wanted: Lessons by number, name or noun; all if empty.
        everything: Build also what is fresh.

    Returns:
        A line for each lesson on what was done.

    Raises:
        CourseError: If a script or its execution is wrong; the files stay as they were.
    """
    lessons = [course.find(name) for name in wanted] or course.lessons()
    lines = []
    for lesson in lessons:
        if stale := (["everything"] if everything else check(lesson)):
            _build(lesson)
        lines.append(f"{lesson.name}: {'built' if stale else 'fresh'}")
    return lines


def check(lesson: Lesson) -> list[str]:
    """What is stale or was edited by hand, in words; writes nothing.

    Raises:
        CourseError: If the script is wrong.
    """
    source = _source(lesson)
    found = []
    if not _same_source(lesson, source):
        found.append(f"{lesson.solved}: not made from the present script and modules.")
    if not lesson.release.exists() or lesson.release.read_text("utf-8") != release_text(
        source, lesson.course
    ):
        found.append(f"{lesson.release}: not what the script gives.")
    found += [f"{path}: not what the exercise gives." for path in _stale_keys(lesson)]
    found += [f"{path}: made from nothing." for path in _left_over(lesson)]
    return found


def _build(lesson: Lesson) -> None:
    source = _source(lesson)
    release = release_text(source, lesson.course)
    _refuse_survivors(lesson, release)
    keys.write_keys(lesson.noun)
    solved = execute(lesson, source)
    _write(lesson.solved, nbformat.writes(solved) + "\n")
    _write(lesson.release, release)
    for path in _companions(lesson):
        shutil.copyfile(path, lesson.release.parent / path.name)
    for path in _left_over(lesson):
        path.unlink()


def _source(lesson: Lesson) -> NotebookNode:
    exercises = registry.exercises(lesson.noun)
    return script.expand(script.read(lesson.script, exercises), lesson.name)


# --------------------------------------------------------------------------- releases


def release_text(source: NotebookNode, course: Course) -> str:
    """The release as nbgrader makes it from the source, without a gradebook."""
    config = _nbgrader_config(course)
    notebook = nbformat.from_dict(source)
    resources: dict[str, Any] = {"nbgrader": {}}
    for part in config.GenerateAssignment.get(
        "preprocessors", GenerateAssignment.preprocessors.default_args[0]
    ):
        if part is not SaveCells:
            notebook, resources = part(config=config).preprocess(notebook, resources)
    return str(nbformat.writes(notebook)) + "\n"


def _nbgrader_config(course: Course) -> Config:
    name = "nbgrader_config.py"
    home = course.root if (course.root / name).exists() else PACKAGES
    return PyFileConfigLoader(name, path=str(home)).load_config()


def _refuse_survivors(lesson: Lesson, release: str) -> None:
    """Raises if a line of a solution, or a hidden test, would reach a student."""
    exercises = registry.exercises(lesson.noun)
    secret = script.read(lesson.script, exercises).solution_lines()
    for cell in nbformat.reads(release, as_version=4).cells:
        for line in map(str.strip, cell.source.split("\n")):
            if line in secret or "HIDDEN TESTS" in line:
                place = _line_of(lesson.script, line)
                raise CourseError(
                    f"{lesson.script}:{place}: {line!r} would stand in the release."
                )


def _line_of(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").split("\n")
    return next((n for n, line in enumerate(lines, 1) if line.strip() == text), 1)


def _companions(lesson: Lesson) -> list[Path]:
    """Files that stand beside the script and belong in the release."""
    mine = {lesson.script, lesson.solved}
    files = [path for path in lesson.script.parent.iterdir() if path.is_file()]
    return sorted(path for path in files if path not in mine and path.suffix != ".py")


def _left_over(lesson: Lesson) -> list[Path]:
    """Files in the release's folder that nothing stands behind."""
    wanted = {lesson.release.name, *(path.name for path in _companions(lesson))}
    if not lesson.release.parent.exists():
        return []
    files = [path for path in lesson.release.parent.iterdir() if path.is_file()]
    return sorted(path for path in files if path.name not in wanted)


# ------------------------------------------------------------------------ solved ones


def execute(lesson: Lesson, source: NotebookNode) -> NotebookNode:
    """The source with outputs, from a fresh kernel in the lesson's folder.

    Raises:
        CourseError: If a cell raises; says which line of the script.
    """
    notebook = nbformat.from_dict(source)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # no word about encryption
        store_widget_state=True,
        resources={"metadata": {"path": str(lesson.script.parent)}},
    )
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    try:
        client.execute()
    except CellExecutionError as error:
        raise CourseError(_failure(lesson, notebook) or str(error)) from None
    if failure := _failure(lesson, notebook):
        raise CourseError(failure)
    _settle(notebook, source)
    notebook.metadata["course"]["made_from"] = made_from(lesson)
    return notebook


def _failure(lesson: Lesson, notebook: NotebookNode) -> str:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                line = _line_of(
                    lesson.script, cell.source.strip().split("\n")[0].strip()
                )
                what = f"{output.ename}: {output.evalue}"
                return f"{lesson.script}:{line}: the solved cell raises {what}"
    return ""


def _settle(notebook: NotebookNode, source: NotebookNode) -> None:
    """Takes out what differs from run to run: widget ids and state, kernel details."""
    ids: dict[str, str] = {}
    notebook.metadata = nbformat.from_dict(source).metadata
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            view = output.get("data", {}).get(WIDGET)
            if view:
                model = view["model_id"]
                view["model_id"] = ids.setdefault(model, f"widget-{len(ids) + 1}")


def _same_source(lesson: Lesson, source: NotebookNode) -> bool:
    if not lesson.solved.exists():
        return False
    try:
        solved = nbformat.read(lesson.solved, as_version=4)
    except nbformat.reader.NotJSONError:  # such as the marks of a merge conflict
        return False
    if solved.metadata.get("course", {}).pop("made_from", "") != made_from(lesson):
        return False
    return _bare(solved) == _bare(source)


def _bare(notebook: NotebookNode) -> Any:
    cells = [
        (cell.id, cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells
    ]
    return cells, notebook.metadata


def made_from(lesson: Lesson) -> str:
    """The hash of a lesson's script, the project's modules it reaches, and the lock."""
    digest = hashlib.sha256()
    files = [lesson.script, *_modules(lesson), PACKAGES / "requirements.lock"]
    for path in files:
        if path.exists():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _modules(lesson: Lesson) -> list[Path]:
    """The files in `transformer` and `graders` that the lesson imports, in the end."""
    names = ["graders.oracle", f"graders.exercises.{lesson.noun}"]
    names += [f"graders.mistakes.{lesson.noun}", *_imports(lesson.script)]
    for exercise in registry.exercises(lesson.noun).values():
        oracle = getattr(exercise, "oracle", "")
        names += [path.partition(":")[0] for path in (oracle, *exercise.uses.values())]
    found: set[Path] = set()
    while names:
        path = PACKAGES / (names.pop().replace(".", "/") + ".py")
        if path.exists() and path not in found:
            found.add(path)
            names += _imports(path)
    return sorted(found)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


# ------------------------------------------------------------------------------ files


def _stale_keys(lesson: Lesson) -> list[Path]:
    return keys.stale_keys(lesson.noun)


def _write(path: Path, text: str) -> None:
    """All or nothing: a build that is killed leaves the old file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, path)
