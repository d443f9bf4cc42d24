"""One grading, the whole story in order: collect, box, hidden tests, results."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading.assignment import Assignment
from autograder.grading.budget import Budget
from autograder.grading.lender import Lender
from autograder.grading.plugin import GradingPlugin
from autograder.grading.results import Outcome, Results
from autograder.grading.settings import Settings
from autograder.grading.submission import Collected, collect
from autograder.sandbox.box import Box
from autograder.sandbox.failures import GraderFault
from autograder.sandbox.proxy import Submission


def grade(
    assignment: Assignment,
    submission: Path,
    settings: Settings,
    on_change: Callable[[Results], None],
    only: str = "",
) -> Results:
    """Grade a submission.

    Args:
        assignment: the homework.
        submission: the folder or zip that was handed in.
        settings: the staff's settings.
        on_change: called with valid results from the manifest on, whenever they change.
        only: grade the rows below this number alone; empty for all.

    Returns:
        The final results; ``on_change`` has seen the same.

    Raises:
        UnreadableSubmission: there is nothing to grade at that path.
        GraderFault: the hidden tests cannot be run.
    """
    budget = Budget(settings.budget_seconds)
    collected = collect(submission, assignment.package, assignment.modules)
    functions = {
        module: [function.name for function in assignment.functions if function.module == module]
        for module in assignment.modules
    }
    template = assignment.template / assignment.package
    with (
        Box(assignment.package, template, assignment.modules, collected.sources) as box,
        Submission(
            box,
            functions,
            collected.missing,
            lend=Lender(assignment.package),
            order=[function.qualified_name for function in assignment.functions],
        ) as proxy,
    ):
        seed = functools.partial(settings.seed, collected.digest)
        plugin = GradingPlugin(assignment, proxy, seed, budget, on_change, only)
        _run_hidden_tests(assignment, plugin)
        confinement = dict(proxy.confinement)
    results = replace(
        plugin.results,
        summary=_summary(plugin.results, collected),
        seconds=budget.elapsed,
        staff={
            "submission_sha256": collected.digest,
            "salt_id": settings.salt_id,
            "python": platform.python_version(),
            "worker": confinement,
            "grader_faults": plugin.problems,
        },
    )
    on_change(results)
    return results


def _run_hidden_tests(assignment: Assignment, plugin: GradingPlugin) -> None:
    """Run pytest in this process; only the repository's own files can reach it.

    Raises:
        GraderFault: there are no rows, or pytest did not get through them.
    """
    arguments = [
        str(assignment.hidden_tests),
        f"--rootdir={assignment.root}",
        "-c",
        os.devnull,
        # Plain asserts: rewriting costs time and shows what the hidden tests compare.
        "--assert=plain",
        "--capture=no",
        *(
            f"-pno:{name}"
            for name in (
                "terminal",
                "cacheprovider",
                "logging",
                "faulthandler",
                "junitxml",
                "unraisableexception",
                "threadexception",
            )
        ),
    ]
    with _clean_environment():
        status = pytest.main(arguments, plugins=[plugin])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        why = "; ".join(plugin.problems) or f"pytest ended with status {int(status)}"
        raise GraderFault(f"The hidden tests cannot be run: {why}")


@contextlib.contextmanager
def _clean_environment() -> Iterator[None]:
    """Keep the caller's pytest settings out of the grading."""
    kept = dict(os.environ)
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _summary(results: Results, collected: Collected) -> str:
    """The first lines a student reads: the total, what to do first, and what was passed over."""
    lines = [f"{results.points:g} of {results.possible_points:g} points" + _bonus(results) + "."]
    not_passed = [row for row in results.rows if row.outcome is not Outcome.PASSED and not row.is_bonus]
    if not_passed:
        lines.append(f"Look first at {not_passed[0].number} {not_passed[0].title}.")
    if any(row.outcome is Outcome.GRADER_FAULT for row in results.rows):
        lines.append("In some checks the grader itself failed: tell the course staff.")
    return "\n".join([*lines, *collected.notes, *collected.missing.values()])


def _bonus(results: Results) -> str:
    return f" and {results.bonus:g} bonus points" if results.bonus else ""
