"""Gives the tests the code under test, and Hypothesis its one profile."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import settings

from hw4.lab.calls import CallLog, WatchedModule
from hw4.lab.signatures import SIGNATURES

from . import strategies


def pytest_configure(config: pytest.Config) -> None:
    """Use the tests' own Hypothesis profile."""
    config.addinivalue_line("markers", "function(name): the last of the functions that a test calls")
    settings.register_profile("hw4", strategies.PROFILE)
    settings.load_profile("hw4")


class Submission:
    """The package hw4, its modules imported when they are first asked for.

    A mistake that keeps one module from being imported costs the tests of that module, not all of them.

    Attributes:
        calls: the latest calls of your functions.
    """

    def __init__(self) -> None:
        self.calls = CallLog()

    def __getattr__(self, module: str) -> WatchedModule:
        # Hypothesis and pytest ask an object for names of their own; those are no modules.
        if all(function.partition(".")[0] != module for function in SIGNATURES):
            raise AttributeError(f"hw4 has no module {module} to fill in.")
        return self.calls.watch(importlib.import_module(f"hw4.{module}"))

    def __repr__(self) -> str:
        return "hw4"


@pytest.fixture(scope="session")
def submission() -> Submission:
    """Your code: `submission.npg.fisher_estimate` is the function of that name in hw4/npg.py."""
    return Submission()
