"""The numbers in the docstrings that students read: worked examples, and the assignment's values."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re

import pytest

from hw4.lab.signatures import SIGNATURES
from hw4.lab.training import SETTINGS

HYPERPARAMETERS = [
    (name, argument.name)
    for name, signature in SIGNATURES.items()
    for argument in signature.arguments
    if argument.name in ("delta", "damping", "ridge", "kl_weight", "learning_rate")
]


def implementation(name):
    module, _, function = name.partition(".")
    return getattr(importlib.import_module(f"hw4.{module}"), function)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_docstring_works_an_example_and_its_numbers_are_right(name):
    function = implementation(name)
    globs = vars(inspect.getmodule(function))
    (found,) = doctest.DocTestFinder(recurse=False).find(function, function.__name__, globs=globs)
    printed: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(found, out=printed.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(printed)


@pytest.mark.parametrize(("name", "argument"), HYPERPARAMETERS)
def test_a_docstring_names_the_assignments_value_of_a_hyperparameter(name, argument):
    line = rf"^    {argument}: (.*(?:\n {{8}}.*)*)"
    text = re.search(line, inspect.getdoc(implementation(name)), re.MULTILINE).group(1)
    numbers = {float(number) for number in re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", text)}
    settings = SETTINGS.get(name.partition(".")[0], SETTINGS["npg"])
    assert {getattr(one, argument) for one in settings.values()} <= numbers
