"""Copies a source as somebody does who hides that it is one: other names, another order, dead code."""

from __future__ import annotations

import ast
import random

_NEW_NAMES = ("tmp", "res", "val", "arr", "out", "acc", "cur", "aux", "buf", "item")


def disguise(source: str, rng: random.Random) -> str:
    """Copy a source in disguise; what it computes is the same.

    Comments and docstrings are gone, local names are new, functions stand in another order where nothing
    calls them while the file is imported, and each begins with a line of dead code.

    Args:
        source: the source of a module.
        rng: draws the order and the dead code.
    """
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            _drop_docstring(function)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        _rename_locals(function)
        function.body.insert(0, ast.parse(f"unused_{rng.randrange(100)} = {rng.randrange(1000)}").body[0])
    others = [node for node in tree.body if node not in functions]
    if not any(isinstance(node, ast.Call) for other in others for node in ast.walk(other)):
        rng.shuffle(functions)
        tree.body = [*others, *functions]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _drop_docstring(function: ast.FunctionDef) -> None:
    if ast.get_docstring(function) is not None:
        function.body[:1] = [] if len(function.body) > 1 else [ast.Pass()]


def _rename_locals(function: ast.FunctionDef) -> None:
    """Give new names to what is assigned in a function; arguments keep theirs, callers may use them."""
    nodes = list(ast.walk(function))
    kept = {node.arg for node in nodes if isinstance(node, ast.arg)}
    kept |= {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    assigned = dict.fromkeys(
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    free = (f"{name}{number or ''}" for number in range(1000) for name in _NEW_NAMES)
    fresh = (name for name in free if name not in used | kept)
    names = {name: next(fresh) for name in assigned if name not in kept}
    for node in nodes:
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
