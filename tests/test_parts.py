"""A finished part travels as source: all that it needs, and no other answer."""

import ast
import importlib

import pytest

from graders import registry
from graders.oracle import resolve
from graders.parts import finished

PARTS = {
    (name, path)
    for noun in registry.nouns()
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
    tree = ast.walk(ast.parse(source))
    names = {node.id for node in tree if isinstance(node, ast.Name)}
    module = importlib.import_module(path.partition(":")[0])
    assert names & {*vars(module)} <= {*alone}


def test_a_part_brings_no_other_answer():
    path = "transformer.reference.heads:split_heads"
    (source, _) = finished({"split_heads": path})["split_heads"]
    assert "def split_heads" in source
    assert "def merge_heads" not in source
    assert "def attention" not in source
