"""A finished part travels as source: all that it needs, and no other answer."""

import ast

import pytest

from graders import registry
from graders.course import Course
from graders.oracle import resolve
from graders.parts import finished
from tests.conftest import ROOT

NOUNS = [lesson.noun for lesson in Course(ROOT).lessons()]
PARTS = {
    (name, path)
    for noun in NOUNS
    for exercise in registry.exercises(noun).values()
    for name, path in exercise.uses.items()
}


@pytest.mark.parametrize(("name", "path"), sorted(PARTS), ids=str)
def test_a_part_stands_alone(name, path):
    source, attribute = finished({name: path})[name]
    alone = {"__name__": "part"}
    exec(compile(source, name, "exec"), alone)
    free = [*ast.walk(ast.parse(source))]
    imported = {n.module for n in free if isinstance(n, ast.ImportFrom)}
    assert not {module for module in imported if module.startswith("transformer")}
    assert alone[attribute].__doc__ == resolve(path).__doc__
    names = alone[attribute].__code__.co_names
    assert set(names) & {*resolve(path).__globals__} <= {*alone}


def test_a_part_brings_no_other_answer():
    path = "transformer.reference.heads:split_heads"
    (source, _) = finished({"split_heads": path})["split_heads"]
    assert "def split_heads" in source
    assert "def merge_heads" not in source
    assert "def attention" not in source
