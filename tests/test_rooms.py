"""The import table: who may know whom. Read from the sources, nothing is imported."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULES = sorted([*ROOT.glob("graders/**/*.py"), *ROOT.glob("transformer/**/*.py")])

# What runs beside the student's code, or lies in a student's copy.
STUDENT_SIDE = [
    "check",
    "child",
    "collect",
    "exercise",
    "feedback",
    "judge",
    "keys",
    "laws",
    "registry",
    "wire",
]
COMPARER_ONLY = {"graders.oracle", "graders.mistakes", "graders.gradebook"}
NUMPY_ONLY = [
    "graders/exercise.py",
    "graders/collect.py",
    "graders/wire.py",
    "graders/judge.py",
    "graders/laws.py",
    *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("transformer/reference/*.py")),
]
HEAVY = {"keras", "tensorflow", "matplotlib", "pandas", "jupyterlab"}


def imports(path: Path, top_level: bool = False) -> set[str]:
    """The dotted names a module imports; with `top_level`, on being imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return found


def roots(path: Path, top_level: bool = False) -> set[str]:
    return {name.partition(".")[0] for name in imports(path, top_level)}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", sorted(ROOT.glob("transformer/**/*.py")), ids=name)
def test_the_subject_knows_nothing_of_the_graders(path):
    assert "graders" not in roots(path)


@pytest.mark.parametrize("module", NUMPY_ONLY)
def test_what_judges_needs_numpy_only(module):
    import sys

    allowed = {*sys.stdlib_module_names, "numpy", module.partition("/")[0]}
    assert roots(ROOT / module) <= allowed


@pytest.mark.parametrize("module", STUDENT_SIDE)
def test_the_students_side_starts_without_the_comparers_modules(module):
    path = ROOT / "graders" / f"{module}.py"
    assert not imports(path, top_level=True) & COMPARER_ONLY


@pytest.mark.parametrize("path", sorted(ROOT.glob("graders/exercises/*.py")), ids=name)
def test_exercises_name_oracle_and_mistakes_by_string_only(path):
    found = imports(path)
    assert not found & COMPARER_ONLY
    subject = {name for name in found if name.partition(".")[0] == "transformer"}
    assert subject <= {"transformer.weights", "transformer.weights.put"}


def test_the_judge_runs_nobodys_code():
    source = (ROOT / "graders" / "judge.py").read_text(encoding="utf-8")
    called = {
        node.func.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not called & {"call", "wrong", "cases", "oracle"}


def test_only_the_command_line_knows_every_module():
    assert not any("graders.cli" in imports(path) for path in MODULES)


def test_the_command_line_starts_without_anything_heavy():
    assert not roots(ROOT / "graders" / "cli.py", top_level=True) & HEAVY


def test_no_lessons_script_would_be_imported_in_the_place_of_a_package():
    """A notebook imports from its own folder first."""
    scripts = {path.stem for path in ROOT.glob("solutions/*/*.py")}
    assert not scripts & {"graders", "transformer"}
