"""Runs beside a template, in a process of its own: imports every module and calls every stub.

Started by path (``python -I probe.py``), so it imports nothing of the project but the template in question.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Arguments = dict[str, tuple[list[int] | None, str]]
"""The shape and the dtype of each argument, by name; no shape for a record."""


def main(folder: str, package: str, functions: dict[str, Arguments]) -> dict[str, list[str]]:
    """Import a template's package and call its stubs.

    Args:
        folder: the folder that holds the package.
        package: the package's name.
        functions: the arguments of every stub, by ``module.function``; empty where they are not declared.

    Returns:
        The exception's name, its message and ``file:line`` by ``module.function`` for every stub, with ``""``
        and the value where it returned; and the same by module name for every module that does not import.
    """
    sys.path.insert(0, folder)
    report: dict[str, list[str]] = {}
    modules = [package]
    # One by one instead of walk_packages, which imports sub-packages itself and hides their errors.
    while modules:
        name = modules.pop()
        try:
            module = importlib.import_module(name)
        except Exception as error:
            report[name] = [type(error).__name__, str(error), _place(error, Path(folder))]
            continue
        found = pkgutil.iter_modules(getattr(module, "__path__", []), name + ".")
        # __main__ is a program: importing it would run it.
        modules += [info.name for info in found if not info.name.endswith(".__main__")]
    for function, arguments in functions.items():
        module_name, _, name = function.rpartition(".")
        if f"{package}.{module_name}" in sys.modules:
            stub = getattr(sys.modules[f"{package}.{module_name}"], name)
            known = arguments or {parameter: (None, "") for parameter in inspect.signature(stub).parameters}
            values = {parameter: _value(*one) for parameter, one in known.items()}
            report[function] = _call(stub, values, Path(folder))
    return report


def _call(stub: Callable[..., Any], arguments: dict[str, Any], folder: Path) -> list[str]:
    try:
        returned = stub(**arguments)
    except Exception as error:
        return [type(error).__name__, str(error), _place(error, folder)]
    code = inspect.unwrap(stub).__code__
    return ["", repr(returned)[:100], f"{_relative(code.co_filename, folder)}:{code.co_firstlineno}"]


def _place(error: Exception, folder: Path) -> str:
    """The innermost line of the template that an error passed through, as ``file:line``."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if str(folder) in frame.filename]
    return f"{_relative(frames[-1].filename, folder)}:{frames[-1].lineno}" if frames else "?"


def _relative(file: str, folder: Path) -> str:
    return Path(file).relative_to(folder).as_posix()


def _value(shape: list[int] | None, dtype: str) -> Any:
    """Zeros, so that integers are valid actions and indices; 1 for a number, and None for a record."""
    import numpy as np

    if shape is None:
        return None
    return np.zeros(shape, dtype) if shape else 1


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))))
