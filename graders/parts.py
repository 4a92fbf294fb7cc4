"""Finished parts of the course as source, cut out of their module.

Only what a part needs travels: the module's other functions are answers to come.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
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
    kept = [ast.unparse(node) for node in _cut(module, {name})]
    imports = [line for line in kept if line.startswith(("import ", "from "))]
    lines = dict.fromkeys([*sorted(imports, key=_is_late), *kept])
    return ["\n\n".join(lines), name]


def _is_late(line: str) -> bool:
    """False of what Python wants before everything else."""
    return not line.startswith("from __future__")


def _cut(module: str, names: set[str]) -> list[ast.stmt]:
    """The statements of a module that these names need, those of its package first."""
    body = _body(module)
    needed = needed_by({key: node for node in body for key in defines(node)}, names)
    kept: list[ast.stmt] = []
    for node in body:
        if isinstance(node, ast.ImportFrom) and _is_sibling(node, module):
            theirs = needed & {alias.name for alias in node.names}
            kept += _cut(node.module or "", theirs)
        elif _is_import(node) or needed & {*defines(node)}:
            kept.append(node)
    return kept


def _body(module: str) -> list[ast.stmt]:
    spec = find_spec(module)
    if spec is None or not spec.origin:
        raise ImportError(f"{module} has no source to cut a part from.")
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body


def needed_by(defined: Mapping[str, ast.stmt], names: set[str]) -> set[str]:
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


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_sibling(node: ast.ImportFrom, module: str) -> bool:
    """True if a module of the same package is imported from."""
    return (node.module or "").rpartition(".")[0] == module.rpartition(".")[0]


def defines(node: ast.stmt) -> Iterable[str]:
    """The names that a statement of a module gives a meaning to."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def imported(tree: ast.Module) -> Iterator[str]:
    """The dotted names that a tree imports, modules or what is in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
