"""The homework's package imported once more, with the functions before the one under test replaced.

For code that the grader trusts: the reference, and submissions that nobody handed in.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.grading.assignment import Assignment

Replacement = Callable[[str, Sequence[Any], Mapping[str, Any]], Any]
"""Calls another function of a name, ``module.function``."""


class MixedPackage:
    """A second copy of the modules students fill in, beside the one that is imported.

    Args:
        assignment: the homework.
        folders: where the modules are looked for, in order.
        earlier: answers for the functions before the one under test; None where these are the copy's own.

    Attributes:
        functions: the copy's functions, by ``module.function``.
        under_test: the function that is under test; it and later ones are the copy's own.
    """

    def __init__(
        self, assignment: Assignment, folders: Sequence[Path], earlier: Replacement | None = None
    ) -> None:
        self.under_test = ""
        self._earlier = earlier
        self._places = {one.qualified_name: place for place, one in enumerate(assignment.functions)}
        modules = self._load(assignment, folders)
        found = {
            function.qualified_name: getattr(modules[function.module], function.name, None)
            for function in assignment.functions
        }
        self.functions: dict[str, Callable[..., Any]] = {
            name: function for name, function in found.items() if function is not None
        }

    def is_earlier(self, name: str) -> bool:
        """Whether a function comes before the one under test."""
        return self._places[name] < self._places[self.under_test]

    def _load(self, assignment: Assignment, folders: Sequence[Path]) -> dict[str, ModuleType]:
        """Import the modules under the package's name; the given ones are those that are imported already."""
        name = assignment.package
        before = {key: module for key, module in sys.modules.items() if key.partition(".")[0] == name}
        filled_in = {f"{name}.{module}" for module in assignment.modules}
        given = {key: module for key, module in before.items() if key not in filled_in}
        copied = ModuleType(name)
        copied.__path__ = [str(folder) for folder in folders]
        modules: dict[str, ModuleType] = {}
        for key in before:
            del sys.modules[key]
        sys.modules.update({**given, name: copied})
        writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            importlib.invalidate_caches()
            for module in assignment.modules:
                modules[module] = importlib.import_module(f"{name}.{module}")
                if self._earlier is not None:
                    # Now, before a later module imports a function by name.
                    self._replace_functions(modules[module], module, self._earlier)
        finally:
            sys.dont_write_bytecode = writes_bytecode
            for key in [key for key in sys.modules if key.partition(".")[0] == name]:
                del sys.modules[key]
            sys.modules.update(before)
        return modules

    def _replace_functions(self, module: ModuleType, module_name: str, earlier: Replacement) -> None:
        for name in self._places:
            home, _, function = name.partition(".")
            if home == module_name and hasattr(module, function):
                setattr(module, function, self._dispatcher(name, getattr(module, function), earlier))

    def _dispatcher(self, name: str, own: Callable[..., Any], earlier: Replacement) -> Callable[..., Any]:
        @functools.wraps(own)
        def dispatch(*arguments: Any, **keywords: Any) -> Any:
            return (
                earlier(name, arguments, keywords) if self.is_earlier(name) else own(*arguments, **keywords)
            )

        return dispatch
