"""One grading, the whole story in order: collect, box, hidden tests, results."""

from __future__ import annotations

import contextlib
import functools
import os
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading.assignment import Assignment
from autograder.grading.budget import Budget
from autograder.grading.integrity import changed_since, fingerprints
from autograder.grading.lender import Lender
from autograder.grading.page import write_page
from autograder.grading.plugin import GradingPlugin
from autograder.grading.results import Explanation, Outcome, Results
from autograder.grading.settings import Settings
from autograder.grading.stop import Stop, Stopped
from autograder.grading.submission import Collected, collect
from autograder.grading.versions import versions
from autograder.sandbox import isolation
from autograder.sandbox.box import Box
from autograder.sandbox.failures import GraderFault
from autograder.sandbox.proxy import Submission

STOPPED = "The grading was stopped from outside before its end: checks without a result count 0 points."
TAMPERED = (
    "The grader's own files changed while it ran, so its results mean nothing. Tell the course staff, who "
    "can grade it again."
)


def grade(
    assignment: Assignment,
    submission: Path,
    settings: Settings,
    on_change: Callable[[Results], None],
    only: str = "",
    require_isolation: str = "",
    *,
    is_sealed: bool = False,
) -> Results:
    """Grade a submission.

    Args:
        assignment: the homework.
        submission: the folder or zip that was handed in.
        settings: the staff's settings.
        on_change: called with valid results from the manifest on, whenever they change.
        only: the rows to grade, as `manifest.choose` takes them; empty for all.
        require_isolation: refuse to grade below this mode, ``"A"`` to ``"D"``; empty for whatever there is.
        is_sealed: nobody but a submission could change the grader's files meanwhile, so that a change means
            that the results are worth nothing. Elsewhere it is noted: somebody may be at work on them.

    Returns:
        The final results; ``on_change`` has seen the same.

    Raises:
        UnknownRows: rows are asked for that do not exist.
        UnreadableSubmission: there is nothing to grade at that path.
        GraderFault: the hidden tests cannot be run, a signal stopped them, or isolation is too little.
    """
    files = fingerprints(assignment)
    budget = Budget(settings.budget_seconds)
    collected = collect(submission, assignment.package, assignment.modules)
    functions = {
        module: [function.name for function in assignment.functions if function.module == module]
        for module in assignment.modules
    }
    template = assignment.template / assignment.package
    with Stop() as stop:
        with (
            Box(assignment.package, template, assignment.modules, collected.sources) as box,
            Submission(
                box,
                functions,
                collected.missing,
                lend=Lender(assignment.package),
                order=[function.qualified_name for function in assignment.functions],
                seconds=settings.budget_seconds,
            ) as proxy,
        ):
            if require_isolation:
                isolation.require(require_isolation, box)
            seed = functools.partial(settings.seed, collected.digest)
            plugin = GradingPlugin(
                assignment,
                proxy,
                seed,
                budget,
                on_change,
                only,
                visibility_of=settings.visibility_of,
                prints_shown=settings.prints_shown,
            )
            was_stopped = run_hidden_tests(assignment, plugin, stop)
            confinement = dict(proxy.confinement)
        # From here on no process of the submission is alive, and no file of it is left.
        tampered = changed_since(files, assignment)
        is_void = bool(tampered) and is_sealed
        graded = _without_points(plugin.results) if is_void else plugin.results
        problem = TAMPERED if is_void else STOPPED if was_stopped else ""
        notes = _notes(collected)
        results = replace(
            graded,
            summary=problem
            or page(graded, assignment, notes, plugin.problems, points_shown=settings.points_shown),
            seconds=budget.elapsed,
            staff={
                "submission_sha256": collected.digest,
                "salt_id": settings.salt_id,
                "versions": versions(files),
                "worker": confinement,
                "grader_faults": plugin.problems,
                "misconceptions": {name: said for name, said in plugin.diagnoses.items() if said},
                "changed_files": tampered,
            },
        )
        on_change(results)
        if problem:
            raise GraderFault(f"{problem} Changed: {', '.join(tampered)}." if is_void else problem)
        return results


def page(
    results: Results,
    assignment: Assignment,
    notes: list[str],
    problems: list[str],
    *,
    points_shown: bool = True,
) -> str:
    """Write the page on top. What goes wrong in it costs the page, never a row.

    Args:
        results: the results.
        assignment: the homework.
        notes: sentences on the submission as a whole.
        problems: what went wrong is added here, for the staff.
        points_shown: whether it adds up points.
    """
    try:
        return write_page(results, assignment, notes, points_shown=points_shown)
    except Exception:
        problems.append(f"The page on top failed.\n{traceback.format_exc()}")
        return "The rows below say what was found."


def _without_points(results: Results) -> Results:
    rows = [
        replace(row, outcome=Outcome.GRADER_FAULT, explanation=Explanation(TAMPERED)) for row in results.rows
    ]
    return replace(results, rows=tuple(rows))


def run_hidden_tests(assignment: Assignment, plugin: GradingPlugin, stop: Stop | None = None) -> bool:
    """Run pytest in this process; only the repository's own files can reach it.

    Args:
        assignment: the homework.
        plugin: the grading.
        stop: ends the tests when it is asked to, if anybody listens.

    Returns:
        Whether it was asked to.

    Raises:
        UnknownRows: rows are asked for that do not exist.
        GraderFault: there are no rows, or pytest did not get through them.
    """
    try:
        with stop.ends(plugin) if stop else contextlib.nullcontext():
            status = run_pytest(assignment, plugin)
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


def run_pytest(assignment: Assignment, plugin: object, *options: str) -> int:
    """Run pytest on the hidden tests, with nothing of the caller's settings and nothing printed.

    Args:
        assignment: the homework.
        plugin: what hears of the tests.
        *options: pytest's, such as ``"--collect-only"``.

    Returns:
        Pytest's exit status.
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
        *options,
    ]
    with _clean_environment():
        return int(pytest.main(arguments, plugins=[plugin]))


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


def _notes(collected: Collected) -> list[str]:
    """What was passed over, and what is missing."""
    return [*collected.notes, *collected.missing.values()]
