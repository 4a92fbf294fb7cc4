"""Finished parts of the course as source, cut out of their module.

Only what a part needs travels: the module's other functions are answers to come.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

FIRST = "from __future__ import annotations"  # of several modules' lines, the first


def finished(uses: Mapping[str, str]) -> dict[str, list[str]]:
    """Source and attribute of each part: from `{"softmax": "module:softmax"}`.

    Raises:
        ImportError: If a part's module has no source.
    """
    return {name: _part(*path.split(":")) for name, path in uses.items()}


@cache
def _part(module: str, name: str) -> list[str]:
    kept = _cut(module, {name})
    return ["\n\n".join([FIRST, *map(ast.unparse, kept)]), name]


def _cut(module: str, names: set[str]) -> list[ast.stmt]:
    """The statements of a module that these names need, those of its package first."""
    body = _body(module)
    needed = _needed({key: node for node in body for key in _defines(node)}, names)
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    imports = [node for node in imports if ast.unparse(node) != FIRST]
    ours = {_sibling(node, module): node for node in imports}
    ours.pop("", None)
    kept: list[ast.stmt] = [node for node in imports if node not in ours.values()]
    for other, node in ours.items():
        kept += _cut(other, needed & {alias.name for alias in node.names})
    return kept + [node for node in body if needed & {*_defines(node)}]


def _body(module: str) -> list[ast.stmt]:
    spec = find_spec(module)
    if spec is None or not spec.origin:
        raise ImportError(f"{module} has no source to cut a part from.")
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body


def _needed(defined: Mapping[str, ast.stmt], names: set[str]) -> set[str]:
    """These names and all that their definitions mention."""
    needed: set[str] = set()
    todo = [*names]
    while todo:
        key = todo.pop()
        if key not in needed:
            needed.add(key)
            nodes = ast.walk(defined[key]) if key in defined else ()
            todo += [node.id for node in nodes if isinstance(node, ast.Name)]
    return needed


def _sibling(node: ast.Import | ast.ImportFrom, module: str) -> str:
    """The module of the same package that is imported from, else nothing."""
    package = module.rpartition(".")[0]
    other = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
    return other if other.rpartition(".")[0] == package else ""


def _defines(node: ast.stmt) -> Iterable[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []
