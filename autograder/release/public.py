"""Runs the public tests on trusted submissions: what would their authors have seen at home?

For the catalogue of mistakes and the right styles, in several processes and without isolation. Never for a
submission that somebody handed in.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from autograder.grading.assignment import Assignment, Misconception
from autograder.grading.batch import cores
from autograder.grading.hidden_tests import run_pytest
from autograder.grading.mixed import MixedPackage
from autograder.release import known


def unseen_mistakes(
    assignment: Assignment, mistakes: Sequence[Misconception], workers: int | None = None
) -> list[Misconception]:
    """Return the mistakes that no public test of their function fails.

    Args:
        assignment: the homework; its functions must be importable by another process.
        mistakes: those to try.
        workers: how many processes; by default one a core.
    """
    with tempfile.TemporaryDirectory(prefix="public-") as folder:
        functions = {
            known.write_mistaken(assignment, mistake, Path(folder) / mistake.name): mistake.function
            for mistake in mistakes
        }
        failed = first_failures(assignment, functions, workers)
        return [mistake for mistake in mistakes if not failed[Path(folder) / mistake.name]]


def first_failures(
    assignment: Assignment, submissions: Mapping[Path, str], workers: int | None = None
) -> dict[Path, str]:
    """Return the first public test that each submission fails, an empty text where it passes all.

    Args:
        assignment: the homework; its functions must be importable by another process.
        submissions: the function, ``module.function``, whose tests a submission's folder is tried with; an
            empty text for every test.
        workers: how many processes; by default one a core.
    """
    count = workers or cores()
    shares = [dict(list(submissions.items())[place::count]) for place in range(count)]
    # Not forked: a process with threads, such as a progress bar's, is not safe to fork.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=spawn, initializer=print_nothing) as pool:
        found = pool.map(_first_failures, [assignment] * count, shares)
        return {folder: test for share in found for folder, test in share.items()}


def print_nothing() -> None:
    """Discard what this process prints, also below Python's ``sys.stdout``: submissions may."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def _first_failures(assignment: Assignment, submissions: Mapping[Path, str]) -> dict[Path, str]:
    """The same in this process, whose package is another one afterwards."""
    runner = _Runner(assignment, submissions)
    run_pytest(assignment.public_tests, runner, "-Wignore")
    if runner.problem or len(runner.failed) < len(submissions):
        raise RuntimeError(f"The public tests cannot be run: {runner.problem or 'pytest ended early.'}")
    return runner.failed


class _Runner:
    """A plugin of pytest that runs the tests on one submission after the other."""

    def __init__(self, assignment: Assignment, submissions: Mapping[Path, str]) -> None:
        self._assignment = assignment
        self._submissions = submissions
        self._has_failed = False
        self.failed: dict[Path, str] = {}
        self.problem = ""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep why a file of tests cannot be imported."""
        if report.failed:
            self.problem = str(report.longrepr)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests submission by submission, in place of pytest's own loop."""
        for folder, function in self._submissions.items():
            items = [item for item in session.items if function in ("", _function_of(item))]
            with np.errstate():  # a submission may change numpy's settings
                _use(self._assignment, folder)
                self.failed[folder] = next(self._failures(items), "")
        return True

    def _failures(self, items: Sequence[pytest.Item]) -> Iterator[str]:
        for item in items:
            self._has_failed = False
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if self._has_failed:
                yield item.name

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep whether the test that runs has failed."""
        self._has_failed |= report.failed


def _function_of(item: pytest.Item) -> str:
    """The function that a test is of, as its mark says: ``@pytest.mark.function("npg.npg_step")``."""
    mark = item.get_closest_marker("function")
    return str(mark.args[0]) if mark and mark.args else ""


def _use(assignment: Assignment, folder: Path) -> None:
    """Put a submission's functions in place of the package's modules that students fill in."""
    package = MixedPackage(
        assignment, [folder / assignment.package, assignment.solutions / assignment.package]
    )
    for module in assignment.modules:
        filled_in = ModuleType(f"{assignment.package}.{module}")
        for function in assignment.functions:
            if function.module == module and function.qualified_name in package.functions:
                setattr(filled_in, function.name, package.functions[function.qualified_name])
        sys.modules[filled_in.__name__] = filled_in
        setattr(importlib.import_module(assignment.package), module, filled_in)
