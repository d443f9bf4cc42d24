"""The pytest plugin that turns the hidden tests into rows: the manifest first, then a row after every test.

It gives the tests their ``submission``, draws their inputs from the seed and records what they raise.
Valid results exist from before the first line of student code until the end, whatever happens in between.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import textwrap
import time
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import hypothesis
import hypothesis.errors
import pytest
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from autograder.grading.assignment import Assignment, Mismatch
from autograder.grading.curve import Curve, TrainingRun
from autograder.grading.explainer import Explainer
from autograder.grading.feedback import UNSTABLE, Verdict, judge, tells_more
from autograder.grading.follow_through import FAILED_LENT, FollowThrough, Retrial
from autograder.grading.manifest import UnknownRows, choose, read_manifest
from autograder.grading.recorder import Recorder, RowEnded
from autograder.grading.results import Explanation, Outcome, Results, Row
from autograder.grading.settings import Settings
from autograder.sandbox.calls import Call
from autograder.sandbox.failures import SubmissionFault
from autograder.sandbox.limits import Deadline
from autograder.sandbox.proxy import Submission

EXAMPLES = 25
"""Inputs a property is tried on; a wrong formula differs from the right one on nearly every one of them."""
OUT_OF_TIME = (
    "This check was not run: the time for the whole grading was used up before. Look at the slow rows."
)

CUT = (
    "This check did not finish: the time for the whole grading was used up during it. Look at the slow rows."
)
MAX_PRINTED_CHARS = 2000
"""Of a row's prints: a function is called many times, and one message says as much as all."""


_NO_CONSTANTS = Constants()


def load_profile() -> None:
    """Load the one profile that decides how inputs are drawn."""
    hypothesis.settings.register_profile(
        "grading",
        deadline=None,
        database=None,
        max_examples=EXAMPLES,
        # Explicit examples are tried by the recorder, after the search.
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        suppress_health_check=list(hypothesis.HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=hypothesis.Verbosity.quiet,
    )
    hypothesis.settings.load_profile("grading")
    # Hypothesis also draws constants of the modules that are imported by then: a row graded alone, or by a
    # process that has imported more, would get other inputs. There is no setting against it.
    providers.HypothesisProvider._local_constants = _NO_CONSTANTS  # type: ignore[assignment]


@dataclass(frozen=True)
class Failure:
    """How a row failed.

    Attributes:
        error: what its test raised, on the smallest input that failed.
        raised: what reached pytest: the same, or how hypothesis ended its search.
        calls: the calls that the test made on that input.
        retrial: how the row was judged then; None where all functions were the submission's own.
    """

    error: Any
    raised: BaseException
    calls: tuple[Call, ...]
    retrial: Retrial | None = None


class GradingPlugin:
    """One grading, as pytest sees it.

    Args:
        assignment: the homework.
        submission: the submission in its sandbox.
        settings: the staff's settings.
        digest: of the submission's content; inputs are drawn from it and the salt.
        deadline: when no further row is started.
        on_change: called with the results so far, first with the manifest.
        only: the rows to grade, as `choose` takes them; empty for all.

    Attributes:
        results: the results so far.
        problems: for the staff, where the grader itself failed.
        diagnoses: the known mistakes that were found, by function.
        unknown_rows: where rows were asked for that do not exist.
        is_stopped: set by a signal; the row under way is then no longer judged.
    """

    def __init__(
        self,
        assignment: Assignment,
        submission: Submission,
        settings: Settings,
        digest: str,
        deadline: Deadline,
        on_change: Callable[[Results], None],
        only: str = "",
    ) -> None:
        self.results = Results(assignment.title)
        self.unknown_rows: UnknownRows | None = None
        self.is_stopped = False
        self._assignment = assignment
        self._submission = submission
        self._settings = settings
        self._seed = functools.partial(settings.seed, digest)
        self._deadline = deadline
        self._on_change = on_change
        self._only = only
        self._explainer = Explainer(assignment, submission, self._seed)
        self.problems = self._explainer.faults
        self.diagnoses = self._explainer.diagnoses
        self._part = ""
        self._recorders: dict[str, Recorder] = {}
        self._seeds: dict[str, int] = {}
        self._curves: dict[TrainingRun, Curve | None] = {}
        self._follow_through = FollowThrough(assignment, submission)

    @pytest.fixture(scope="session")
    def submission(self) -> Submission:
        """The submission, one attribute a module."""
        return self._submission

    @pytest.fixture(scope="session")
    def lecture(self) -> SimpleNamespace:
        """The functions to hold the submission's against, one attribute a module.

        The lecture's; where a row is judged again, with the submission's own earlier functions inside. For
        drawing inputs, tests import the reference: it stays the same.
        """
        return self._follow_through.lecture

    @pytest.fixture(scope="session")
    def kept(self) -> dict[str, Any]:
        """What a test keeps for later ones, by name; each way of judging a row has its own."""
        return {}

    @pytest.fixture(scope="session")
    def draw_seed(self) -> Callable[[str], int]:
        """Give a seed for a purpose, the same in every grading of the same submission."""

        def draw(purpose: str) -> int:
            self._seeds[purpose] = self._seed(purpose)
            return self._seeds[purpose]

        return draw

    @pytest.fixture
    def show_curve(self, request: pytest.FixtureRequest) -> Callable[[TrainingRun], None]:
        """Show a run's learning curve in the row of the test that asks; the last one counts."""

        def show(run: TrainingRun) -> None:
            request.node.stash[_RUN] = run

        return show

    def pytest_configure(self, config: pytest.Config) -> None:
        """Load the profile; it counts for tests that are imported from now on."""
        load_profile()
        # Nobody reads pytest's own tracebacks of rows: quoting the source in each costs 0.1 s.
        config.option.tbstyle = "native"

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that somebody stopped the tests. Files that cannot be collected interrupt them, too."""
        self.is_stopped |= not isinstance(excinfo.value, pytest.Session.Interrupted)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember why a file could not be collected."""
        if report.failed:
            self.problems.append(str(report.longrepr))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Make the manifest: one row a test, sorted; write it before any student code runs."""
        tests = {item.nodeid: getattr(item, "obj", None) for item in items}
        manifest = read_manifest(tests, self._assignment, self._settings.visibility_of)
        if manifest.problems:
            self.problems.extend(manifest.problems)
            items.clear()
            return
        rows = {}
        for item in items:
            check = manifest.checks[item.nodeid]
            rows[check.row.number] = check.row
            item.stash[_ROW], item.stash[_CHECKED] = check.row.number, check.checked
        try:
            chosen = choose(self._only, rows, self._assignment)
        except UnknownRows as error:
            self.unknown_rows = error
            items.clear()
            return
        items[:] = [item for item in items if item.stash[_ROW] in chosen]
        items.sort(key=lambda item: rows[item.stash[_ROW]].sort_key)
        for item in items:
            self._prepare(item, rows[item.stash[_ROW]])
        ordered = sorted((rows[number] for number in chosen), key=lambda row: row.sort_key)
        self.results = replace(self.results, rows=tuple(ordered), is_whole=len(chosen) == len(rows))
        self._on_change(self.results)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Start each part with a new worker, and no row once the time is used up."""
        if self.is_stopped:
            raise KeyboardInterrupt
        number = item.stash[_ROW]
        if self._deadline.is_over:
            self._report(number, Verdict(Outcome.DID_NOT_FINISH, Explanation(OUT_OF_TIME)), 0.0)
            return True
        part = number.split(".")[0]
        if part != self._part:
            self._part = part
            self._seeds.clear()
            self._submission.renew()
        self._submission.start_row()
        self._submission.calls.clear()
        if self._settings.prints_shown:
            self._submission.take_printed()  # what the row before left behind
        item.stash[_STARTED] = time.monotonic()
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Judge a row, and one that fails again, apart from the pieces it is built on.

        A wrong or missing piece has lost its points in its own rows.
        """
        first = self._run(pyfuncitem)
        if first is None:
            return True
        found = first
        if isinstance(first.error, Mismatch | SubmissionFault):
            number, fixtures = pyfuncitem.stash[_ROW], pyfuncitem.funcargs
            for retrial in self._follow_through.retrials(number, fixtures, first.error):
                again = self._run(pyfuncitem, retrial)
                if again is None:
                    pyfuncitem.stash[_NOTE] = retrial.note
                    return True
                found = again if tells_more(again.error, found.error) else found
        pyfuncitem.stash[_FAILURE] = found
        raise first.raised

    def _run(self, item: pytest.Function, retrial: Retrial | None = None) -> Failure | None:
        """How a row fails, by itself or in a retrial; None where it passes."""
        fixtures = item.funcargs if retrial is None else {**item.funcargs, **retrial.fixtures}
        arguments = {name: fixtures[name] for name in inspect.signature(item.obj).parameters}
        recorder = self._recorders.get(item.stash[_ROW])
        with contextlib.ExitStack() as stack:
            if retrial is not None:
                stack.enter_context(retrial.begun())
                if recorder is not None:
                    stack.enter_context(recorder.from_the_start())
            try:
                item.obj(**arguments)
                if recorder is not None:
                    recorder.try_examples(arguments)
            except (Exception, RowEnded) as error:
                if not _is_failure(error):
                    raise
                if self.is_stopped:
                    raise KeyboardInterrupt from None
                if recorder is None or recorder.failure is None:
                    return Failure(error, error, self._submission.calls.latest(), retrial)
                return Failure(recorder.failure, error, recorder.calls, retrial)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn what the test (or its set-up) raised into the row."""
        is_cut = self._deadline.is_over
        report = yield
        if call.when == "call" or call.excinfo is not None:
            verdict = self._verdict(item, call.excinfo.value if call.excinfo else None)
            if is_cut and verdict.outcome is Outcome.FAILED:
                # Perhaps it failed for want of time alone, or would have passed with lent functions.
                told = f"{CUT}\n{verdict.explanation.mismatch}"
                explanation = replace(verdict.explanation, mismatch=told)
                verdict = replace(verdict, outcome=Outcome.DID_NOT_FINISH, explanation=explanation)
            seconds = time.monotonic() - item.stash[_STARTED]
            self._report(item.stash[_ROW], verdict, seconds, item.stash.get(_RUN, None))
        return report

    def _verdict(self, item: pytest.Item, raised: BaseException | None) -> Verdict:
        number = item.stash[_ROW]
        failure = item.stash.get(_FAILURE, None)
        error = raised if failure is None else failure.error
        verdict = judge(error)
        if failure is not None and verdict.outcome is Outcome.FAILED:
            verdict = replace(verdict, explanation=self._explain(item, failure))
        if error is None and (note := item.stash.get(_NOTE, "")):
            verdict = replace(verdict, explanation=Explanation(note))
        if isinstance(raised, hypothesis.errors.Flaky):
            verdict = _with_note(verdict, UNSTABLE)
        if verdict.staff:
            self.problems.append(f"{number}: {verdict.staff}")
        return _with_note(verdict, self._prints()) if self._settings.prints_shown else verdict

    def _prints(self) -> str:
        printed = self._submission.take_printed().strip()
        if len(printed) > MAX_PRINTED_CHARS:
            printed = printed[:MAX_PRINTED_CHARS] + "\n[The rest was too long to show.]"
        return "Your code printed:\n" + textwrap.indent(printed, "  ") if printed else ""

    def _explain(self, item: pytest.Item, failure: Failure) -> Explanation:
        number = item.stash[_ROW]
        told = (number, self.results.row(number).visibility, item.stash[_CHECKED])
        if failure.retrial is None:
            return self._explainer.explain(*told, failure.error, failure.calls)
        with failure.retrial.begun():
            explanation = self._explainer.explain(*told, failure.error, failure.calls)
        notes = explanation.notes if explanation.lead else (*explanation.notes, FAILED_LENT)
        return replace(explanation, notes=notes)

    def _draw(self, number: str, run: TrainingRun) -> Curve | None:
        """Draw a run once for all its rows. What goes wrong costs the picture, never a row."""
        if run not in self._curves:
            self._curves[run] = None
            try:
                self._curves[run] = curve = run.curve
                self._curves[run] = replace(curve, html=run.html)
            except Exception:
                self.problems.append(
                    f"{number}: the learning curve could not be drawn.\n{traceback.format_exc()}"
                )
        return self._curves[run]

    def _report(self, number: str, verdict: Verdict, seconds: float, run: TrainingRun | None = None) -> None:
        row = self.results.row(number)
        seeds = {} if verdict.outcome is Outcome.PASSED else {number: self._seed(number), **self._seeds}
        done = replace(
            row,
            outcome=verdict.outcome,
            explanation=verdict.explanation,
            seconds=seconds,
            curve=self._draw(number, run) if run else None,
            seeds=seeds,
        )
        self.results = replace(self.results.with_row(done), seconds=self._deadline.elapsed)
        self._on_change(self.results)

    def _prepare(self, item: pytest.Item, row: Row) -> None:
        """Seed a property test, and record its examples."""
        test = getattr(item, "obj", None)
        if test is None or not hypothesis.is_hypothesis_test(test):
            return
        hypothesis.seed(self._seed(row.number))(test)
        # No database keeps its inputs: no key has to be computed from the test's source.
        test._hypothesis_internal_database_key = b""
        examples = [example.kwargs for example in reversed(getattr(test, "hypothesis_explicit_examples", ()))]
        recorder = Recorder(test.hypothesis.inner_test, self._submission.calls, examples)
        self._recorders[row.number] = recorder
        test.hypothesis.inner_test = recorder.as_test()


_ROW = pytest.StashKey[str]()
_CHECKED = pytest.StashKey[str]()
_RUN = pytest.StashKey[TrainingRun]()
_NOTE = pytest.StashKey[str]()
_FAILURE = pytest.StashKey[Failure]()
_STARTED = pytest.StashKey[float]()


def _is_failure(error: BaseException) -> bool:
    """Whether a test ended because of what the submission did, or hypothesis ended its search."""
    return isinstance(error, Mismatch | SubmissionFault | RowEnded | hypothesis.errors.HypothesisException)


def _with_note(verdict: Verdict, note: str) -> Verdict:
    if not note:
        return verdict
    explanation = verdict.explanation
    return replace(verdict, explanation=replace(explanation, notes=(*explanation.notes, note)))
