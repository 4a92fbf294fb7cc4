"""Finished parts of the course as source, cut out of their module.

Only what a part needs travels: the module's other functions are answers to come.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path


def finished(uses: Mapping[str, str]) -> dict[str, list[str]]:
    """Source and attribute of each part: from `{"softmax": "module:softmax"}`.

    Raises:
        ImportError: If a part's module has no source.
    """
    return {name: _part(*path.split(":")) for name, path in uses.items()}


@cache
def _part(module: str, name: str) -> list[str]:
    spec = find_spec(module)
    if spec is None or not spec.origin:
        raise ImportError(f"{module} has no source to cut a part from.")
    body = ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body
    defined = {key: node for node in body for key in _defines(node)}
    needed: set[str] = set()
    todo = [name]
    while todo:
        key = todo.pop()
        if key in defined and key not in needed:
            needed.add(key)
            todo += [n.id for n in ast.walk(defined[key]) if isinstance(n, ast.Name)]
    kept = [node for node in body if _is_import(node) or needed & {*_defines(node)}]
    return ["\n\n".join(ast.unparse(node) for node in kept), name]


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _defines(node: ast.stmt) -> Iterable[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []
