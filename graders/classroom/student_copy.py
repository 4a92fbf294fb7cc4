"""What a student's copy holds, worked out from what the released lessons import.

Of `graders`: what `check` and the students' commands import when they start, and the
released lessons' exercises and keys. What is imported later, inside a function, is the
comparer's. Of `transformer`: what released notebooks import, and what that imports.
A finished part that answers a lesson is there only where a released lesson works with
it, and of its module only what is used.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from graders.course import Course, CourseError, Lesson
from graders.parts import defines, imported, needed_by

ROOT = Path(__file__).resolve().parents[2]
GRADERS, SUBJECT = "graders", "transformer"
# Where students enter: what their notebooks import, and the command.
ENTRIES = ("graders", "graders.check", "graders.cli", "graders.exercises")
# Never in a student's copy, whoever imports it.
SECRET = (
    "graders.oracle",
    "graders.mistakes",
    "graders.seeds",
    "transformer.reference",
)
# Finished answers: of these modules, only what released lessons use is given out.
ANSWERS = ("transformer.decoding", "transformer.layers", "transformer.training")
ENVIRONMENT = (
    ".gitignore",
    "LICENSE",
    "course",
    "environment.yml",
    "postBuild",
    "pyproject.toml",
    "requirements.lock",
)
PROGRAMS = ("course", "postBuild")
README_END = "\n## For instructors"
HAND_IN = """
## Hand in

Your notebook of a lesson is `work/NN_noun/noun.ipynb`. Save it, then hand in that file,
under whatever name; only the text of your answers counts.

"""


def contents(course: Course, lessons: Sequence[Lesson]) -> dict[str, bytes]:
    """Everything that a student's copy of these lessons holds, by its path in it.

    Raises:
        CourseError: If a lesson has no release, or a module that is needed is secret.
    """
    found = {name: (ROOT / name).read_bytes() for name in ENVIRONMENT}
    found["README.md"] = readme(lessons).encode()
    for lesson in lessons:
        found |= _lesson(course, lesson)
    sources = {lesson.name: notebook_source(lesson.release) for lesson in lessons}
    return found | _modules(sources, lessons)


def _lesson(course: Course, lesson: Lesson) -> dict[str, bytes]:
    """A lesson's released folder, its exercises and keys."""
    if not lesson.release.exists():
        where = f"{lesson.release} is missing"
        raise CourseError(f"{where}. Release it: course release {lesson.number}")
    folder = lesson.release.parent
    found = {
        path.relative_to(course.root).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.relative_to(folder).as_posix().startswith(".")
    }
    keys = (ROOT / GRADERS / "keys" / lesson.noun).glob("*.key")
    return found | {_name(path): path.read_bytes() for path in keys}


def readme(lessons: Sequence[Lesson]) -> str:
    """README.md for students: its part for them, with the rows of these lessons."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    ours, end, rest = text.partition(README_END)
    if not end:
        raise CourseError(
            f"README.md has no line {README_END.strip()!r} to end before."
        )
    numbers = {lesson.number for lesson in lessons}
    lines = [
        line
        for line in ours.splitlines()
        if not line[2:4].isdigit() or line[2:4] in numbers
    ]
    licence = rest.rstrip().splitlines()[-1]
    return "\n".join(lines).rstrip() + "\n" + HAND_IN + licence + "\n"


# ------------------------------------------------------------------------- modules


def _modules(
    sources: Mapping[str, ast.Module], lessons: Sequence[Lesson]
) -> dict[str, bytes]:
    """The files of all modules that are needed, cut where they hold answers."""
    entries = [*ENTRIES, *(f"{GRADERS}.exercises.{one.noun}" for one in lessons)]
    names = dict.fromkeys(entries)
    for source in sources.values():
        names |= dict.fromkeys(imported(source))
    paths = _closure(names)
    users = [*sources.values(), *(_parsed(path) for path in paths.values())]
    found = {}
    for name, path in paths.items():
        cut = name in ANSWERS
        found[_name(path)] = _cut(name, path, users) if cut else path.read_bytes()
        found |= {_name(data): data.read_bytes() for data in _data(path)}
    return found


def _closure(names: Iterable[str]) -> dict[str, Path]:
    """The files of these modules and of what they import, by module."""
    todo, found = [*names], dict[str, Path]()
    while todo:
        name = todo.pop()
        path = _file(name)
        if name in found or path is None:
            continue
        if any(name == one or name.startswith(f"{one}.") for one in SECRET):
            raise CourseError(f"{name} must not reach students, and a lesson needs it.")
        found[name] = path
        todo += [name.rpartition(".")[0], *imported(_needed_at_start(name, path))]
    return dict(sorted(found.items()))


def _needed_at_start(name: str, path: Path) -> ast.Module:
    """What of a module is looked at for imports."""
    tree = _parsed(path)
    if name == "graders.cli":
        return ast.Module([*_top(tree), *filter(_is_students, tree.body)], [])
    return ast.Module(_top(tree), []) if name.startswith(GRADERS) else tree


def _top(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]


def _is_students(node: ast.stmt) -> bool:
    """True for the function of a students' command: `@command(STUDENTS, ...)`."""
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(mark, ast.Call) and ast.unparse(mark.args[:1][0]) == "STUDENTS"
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and mark.args
    )


def _file(name: str) -> Path | None:
    """The file of one of our modules; None of others, and of what is no module."""
    first, *rest = name.split(".")
    if first not in (GRADERS, SUBJECT):
        return None
    place = ROOT.joinpath(first, *rest)
    for path in (place / "__init__.py", place.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def _data(path: Path) -> Iterator[Path]:
    """What lies beside a module and belongs to it: weights, JupyterLab's settings."""
    folder = path.parent
    if path.name == "__init__.py" and folder != ROOT / GRADERS:
        yield from (p for p in folder.glob("*") if p.is_file() and p.suffix != ".py")
    if path == ROOT / GRADERS / "lab.py":
        # Those of `course lab`; the hub's lie in other folders there.
        for place in ("*.json", "labconfig/*.json"):
            yield from (folder / "jupyter").glob(place)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def notebook_source(path: Path) -> ast.Module:
    """A notebook's code as one tree; cells that are no Python alone are left out."""
    body: list[ast.stmt] = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        lines = "".join(cell["source"]).splitlines()
        code = [line for line in lines if not line.lstrip().startswith(("%", "!"))]
        if cell["cell_type"] == "code":
            body += ast.parse("\n".join(code)).body
    return ast.Module(body, [])


# --------------------------------------------------- of a module, only what is used


def _cut(module: str, path: Path, users: Iterable[ast.Module]) -> bytes:
    """A module's source without what nobody uses; whole if that cannot be seen."""
    text, tree = path.read_text(encoding="utf-8"), _parsed(path)
    used: set[str] = set()
    for user in users:
        names = uses(user, module)
        if names is None:
            return text.encode()
        used |= names
    defined = {name: node for node in tree.body for name in defines(node)}
    kept = needed_by(defined, used)
    lines, begins, left = text.splitlines(keepends=True), 0, []
    for node in tree.body:
        ends = node.end_lineno or 0
        names = {*defines(node)}
        if not names or names & kept:
            left += lines[begins:ends]
        begins = ends
    return "".join(left).encode()


def uses(tree: ast.Module, module: str) -> set[str] | None:
    """The names of a module that a tree uses; None if it may be any of them."""
    package, _, own = module.rpartition(".")
    called, found = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == module:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == package:
            called |= {a.asname or a.name for a in node.names if a.name == own}
        elif isinstance(node, ast.Import) and module in {a.name for a in node.names}:
            return None
    if not called:
        return found
    reached = [n for n in ast.walk(tree) if _is_part_of(n, called)]
    mentioned = [
        n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in called
    ]
    if len(reached) != len(mentioned):  # handed on whole, or another thing's name
        return None
    return found | {node.attr for node in reached if isinstance(node, ast.Attribute)}


def _is_part_of(node: ast.AST, names: set[str]) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
    )
