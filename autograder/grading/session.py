"""One grading, the whole story in order: settings, submission, box, hidden tests, results."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.grading.assignment import Assignment
from autograder.grading.errors import NotGraded, UnusableRequest
from autograder.grading.hidden_tests import run_hidden_tests
from autograder.grading.integrity import changed_since, fingerprints
from autograder.grading.lender import Lender
from autograder.grading.manifest import UnknownRows
from autograder.grading.page import write_page
from autograder.grading.platform import Platform
from autograder.grading.plugin import GradingPlugin
from autograder.grading.results import Explanation, Outcome, Results
from autograder.grading.settings import Settings, SettingsError, read_settings
from autograder.grading.stop import Stop
from autograder.grading.submission import Collected, UnreadableSubmission, collect
from autograder.grading.versions import versions
from autograder.grading.writer import ResultsWriter
from autograder.sandbox import isolation
from autograder.sandbox.box import Box
from autograder.sandbox.failures import GraderFault
from autograder.sandbox.limits import Deadline
from autograder.sandbox.proxy import Submission

GRADER_FAILED = "The grader itself failed; this is no mistake of yours. Tell the course staff."
STOPPED = "The grading was stopped from outside before its end: checks without a result count 0 points."
TAMPERED = (
    "The grader's own files changed while it ran, so its results mean nothing. Tell the course staff, who "
    "can grade it again."
)


@dataclass(frozen=True)
class Request:
    """What is to be graded, and how.

    Attributes:
        submission: the folder or zip that was handed in, or what was collected of it before.
        results_file: where results.json goes.
        only: the rows to grade, as `manifest.choose` takes them; empty for all.
        salt: draw the hidden inputs from this; empty for the settings' salt.
        salt_id: refuse unless the salt has this name; empty for any.
        required_isolation: refuse to grade below this mode, ``"A"`` to ``"D"``; empty for the settings'.
        platform: the platform's folders, where the grading runs there. Then nobody but a submission can
            change the grader's files meanwhile; elsewhere somebody may be at work on them.
    """

    submission: Path | Collected
    results_file: Path
    only: str = ""
    salt: str = ""
    salt_id: str = ""
    required_isolation: str = ""
    platform: Platform | None = None


def grade(assignment: Assignment, request: Request) -> Results:
    """Grade a submission. From the beginning there is a valid results.json, whatever happens later.

    Args:
        assignment: the homework.
        request: what is to be graded.

    Returns:
        The final results, which have been written. On the platform, a submission that cannot be read has
        results without rows: it scores 0, and its student is told why.

    Raises:
        NotGraded: the request cannot be met, the grader failed, or a signal stopped it.
    """
    writer = ResultsWriter(request.results_file, assignment.title)
    try:
        settings = read_settings(assignment.settings_file, assignment.numbers)
    except SettingsError:
        writer.provisional(GRADER_FAILED)
        raise
    settings = replace(settings, salt=request.salt or settings.salt)
    if request.salt_id not in ("", settings.salt_id):
        raise UnusableRequest(
            f"The salt's name is {settings.salt_id}, not {request.salt_id}: other inputs would be drawn. "
            "Give the salt of those results by --salt."
        )
    metadata = request.platform.metadata if request.platform else None
    staff = {"handed_in": metadata.for_staff()} if metadata else {}
    writer = ResultsWriter(request.results_file, assignment.title, settings, staff)
    writer.provisional("The grading did not finish.")
    with request.platform.closed_to_others() if request.platform else contextlib.nullcontext():
        return Session(assignment, request, settings, writer).run()


class Session:
    """One grading under way: it owns the settings, the time, the submission and the results file.

    Args:
        assignment: the homework.
        request: what is to be graded.
        settings: the staff's settings.
        writer: the results file.
    """

    def __init__(
        self, assignment: Assignment, request: Request, settings: Settings, writer: ResultsWriter
    ) -> None:
        self._assignment = assignment
        self._request = request
        self._settings = settings
        self._writer = writer
        self._deadline = Deadline(settings.budget_seconds)
        self._files = fingerprints(assignment)
        self._results = Results(assignment.title)

    def run(self) -> Results:
        """Collect and grade the submission, and write the results as rows end.

        Raises:
            NotGraded: as `grade` says.
        """
        try:
            submission = self._request.submission
            if isinstance(submission, Path):
                submission = collect(submission, self._assignment.package, self._assignment.modules)
            return self._grade(submission)
        except UnreadableSubmission as error:
            self._writer.provisional(str(error))
            if self._request.platform is None:
                raise
            return replace(self._results, summary=str(error))
        except UnknownRows as error:
            self._writer.provisional(str(error))
            raise
        except GraderFault as error:
            known = self._results
            if not known.rows and not known.summary:
                known = replace(known, summary=GRADER_FAILED)
            self._writer.finish(known)
            raise NotGraded(str(error)) from None

    def _grade(self, collected: Collected) -> Results:
        with Stop() as stop:
            with self._behind_the_wall(collected) as submission:
                plugin = GradingPlugin(
                    self._assignment,
                    submission,
                    self._settings,
                    collected.digest,
                    self._deadline,
                    self._update,
                    self._request.only,
                )
                was_stopped = run_hidden_tests(self._assignment, plugin, stop)
                confinement = dict(submission.confinement)
            # From here on no process of the submission is alive, and no file of it is left.
            tampered = changed_since(self._files, self._assignment)
            is_void = bool(tampered) and self._request.platform is not None
            problem = TAMPERED if is_void else STOPPED if was_stopped else ""
            graded = _without_points(plugin.results) if is_void else plugin.results
            self._results = replace(
                graded,
                summary=problem or self._page(graded, collected, plugin.problems),
                seconds=self._deadline.elapsed,
                staff={
                    "submission_sha256": collected.digest,
                    "salt_id": self._settings.salt_id,
                    "versions": versions(self._files),
                    "worker": confinement,
                    "grader_faults": plugin.problems,
                    "misconceptions": {name: said for name, said in plugin.diagnoses.items() if said},
                    "changed_files": tampered,
                },
            )
            if problem:
                raise GraderFault(f"{problem} Changed: {', '.join(tampered)}." if is_void else problem)
            self._writer.finish(self._results)
            return self._results

    @contextlib.contextmanager
    def _behind_the_wall(self, collected: Collected) -> Iterator[Submission]:
        package, modules = self._assignment.package, self._assignment.modules
        functions: dict[str, list[str]] = {module: [] for module in modules}
        for function in self._assignment.functions:
            functions[function.module].append(function.name)
        with (
            Box(package, self._assignment.template / package, modules, collected.sources) as box,
            Submission(
                box,
                functions,
                collected.missing,
                lend=Lender(self._assignment),
                order=[function.qualified_name for function in self._assignment.functions],
                deadline=self._deadline,
            ) as submission,
        ):
            required = self._request.required_isolation or self._settings.required_isolation
            if required:
                isolation.require(required, box)
            yield submission

    def _page(self, graded: Results, collected: Collected, faults: list[str]) -> str:
        notes = [*collected.notes, *collected.missing.values()]
        shown = self._settings.points_shown
        return write_page(graded, self._assignment, notes, faults, points_shown=shown)

    def _update(self, results: Results) -> None:
        self._results = results
        self._writer.update(results)


def _without_points(results: Results) -> Results:
    rows = [
        replace(row, outcome=Outcome.GRADER_FAULT, explanation=Explanation(TAMPERED)) for row in results.rows
    ]
    return replace(results, rows=tuple(rows))
