"""Runs pytest on the hidden tests in this process; only the repository's own files can reach it."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.grading.assignment import Assignment
from autograder.grading.plugin import GradingPlugin
from autograder.grading.stop import Stop, Stopped
from autograder.sandbox.failures import GraderFault

_UNUSED_PLUGINS = (
    "terminal",
    "cacheprovider",
    "logging",
    "faulthandler",
    "junitxml",
    "unraisableexception",
    "threadexception",
)


def run_hidden_tests(assignment: Assignment, plugin: GradingPlugin, stop: Stop | None = None) -> bool:
    """Grade the rows that the plugin was asked for.

    Args:
        assignment: the homework.
        plugin: the grading.
        stop: ends the tests on a signal, if signals are handled.

    Returns:
        Whether it was asked to.

    Raises:
        UnknownRows: rows are asked for that do not exist.
        GraderFault: there are no rows, or pytest did not get through them.
    """
    # What is imported stays: a collection need not look at it, nor come as often as by default.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    try:
        with stop.ends(plugin) if stop else contextlib.nullcontext():
            status = run_pytest(assignment.hidden_tests, plugin)
    except Stopped:
        return True
    if plugin.is_stopped:
        return True
    if plugin.unknown_rows is not None:
        raise plugin.unknown_rows
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        why = "\n".join(plugin.problems) or f"pytest ended with status {status}"
        raise GraderFault(f"The hidden tests cannot be run: {why}")
    return False


def run_pytest(tests: Path, plugin: object, *options: str) -> int:
    """Run pytest on a folder of tests, with nothing of the caller's settings and nothing printed.

    Args:
        tests: the hidden or the public tests of a homework.
        plugin: what records the tests.
        *options: pytest's, such as ``"--collect-only"``.

    Returns:
        Pytest's exit status.
    """
    arguments = [
        str(tests),
        f"--rootdir={tests.parent.parent}",
        "-c",
        os.devnull,
        # Plain asserts: rewriting costs time and shows what the hidden tests compare.
        "--assert=plain",
        "--capture=no",
        *(f"-pno:{name}" for name in _UNUSED_PLUGINS),
        *options,
    ]
    with _clean_environment():
        return int(pytest.main(arguments, plugins=[plugin]))


class _Collector:
    """Keeps the hidden tests that pytest finds."""

    def __init__(self) -> None:
        self.tests: dict[str, object] = {}
        self.problems: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(f"{report.nodeid} cannot be imported:\n{report.longrepr}")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.tests = {item.nodeid: getattr(item, "obj", None) for item in items}


def collect_tests(assignment: Assignment) -> tuple[dict[str, object], list[str]]:
    """The hidden tests by their pytest ids, and a sentence for each file that cannot be imported."""
    collector = _Collector()
    run_pytest(assignment.hidden_tests, collector, "--collect-only")
    return collector.tests, collector.problems


@contextlib.contextmanager
def _clean_environment() -> Iterator[None]:
    """Keep the caller's pytest settings out of the grading."""
    kept = dict(os.environ)
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # Hypothesis keeps what it reads of the source files; by default in the folder that it is started from.
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(Path(sys.prefix) / "hypothesis")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
