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


def main(folder: str, package: str, functions: list[str]) -> dict[str, list[str]]:
    """Import a template's package and call its stubs.

    Args:
        folder: the folder that holds the package.
        package: the package's name.
        functions: ``module.function`` of every stub.

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
    for function in functions:
        module_name, _, name = function.rpartition(".")
        if f"{package}.{module_name}" in sys.modules:
            stub = getattr(sys.modules[f"{package}.{module_name}"], name)
            report[function] = _call(stub, _arguments(package, function, stub), Path(folder))
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


def _arguments(package: str, function: str, stub: Callable[..., Any]) -> dict[str, Any]:
    """Arguments of the right shapes where the template knows them (2 of everything), else None for each."""
    signatures = getattr(sys.modules.get(f"{package}.lab.signatures"), "SIGNATURES", {})
    if function not in signatures:
        return dict.fromkeys(inspect.signature(stub).parameters)
    return {argument.name: _value(package, argument) for argument in signatures[function].arguments}


def _value(package: str, argument: Any) -> Any:
    import numpy as np

    if argument.axes is None:
        batch = sys.modules[f"{package}.trajectories"].TrajectoryBatch
        shape = (2, 2)
        features, actions = np.ones((*shape, 2, 2)), np.zeros(shape, dtype=np.int64)
        return batch(features, np.ones((*shape, 2)), actions, np.ones(shape), np.ones(shape, dtype=np.bool_))
    if argument.axes == ():
        return 1 if argument.name.startswith("max_") else 0.5
    # Zeros, so that integers are valid actions and indices; `...` stands for one leading axis.
    return np.zeros([2] * len(argument.axes), dtype=argument.dtype)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], sys.argv[3:])))
