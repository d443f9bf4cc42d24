"""Explains the failed rows of a grading: the rejected call, the known mistake, the row of the same cause."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

import numpy as np

from autograder.grading.assignment import Assignment, Mismatch
from autograder.grading.diagnosis import diagnose
from autograder.grading.feedback import explain, is_without_padding
from autograder.grading.results import Explanation
from autograder.sandbox.calls import Call
from autograder.sandbox.failures import CallRaised, SubmissionFault
from autograder.sandbox.proxy import Submission

REMEMBERS = (
    "Called alone, with nothing called before, it returns something else: a function must depend on its "
    "arguments alone, and not on earlier calls."
)


class Explainer:
    """Explains failed rows. What goes wrong meanwhile costs a piece of the explanation, never the row.

    Args:
        assignment: the homework.
        submission: the submission in its sandbox, which is called for the diagnosis.
        seed: gives the seed for a purpose.

    Attributes:
        diagnoses: the known mistakes that were found, by function.
        faults: for the staff, where the grader itself failed.
    """

    def __init__(self, assignment: Assignment, submission: Submission, seed: Callable[[str], int]) -> None:
        self.diagnoses: dict[str, str | None] = {}
        self.faults: list[str] = []
        self._assignment = assignment
        self._submission = submission
        self._seed = seed
        self._first_rows: dict[Hashable, str] = {}

    def explain(
        self,
        number: str,
        visibility: str,
        checked: str,
        error: Mismatch | SubmissionFault,
        calls: Sequence[Call],
    ) -> Explanation:
        """Say why a row failed.

        Args:
            number: the row's.
            visibility: when the row is shown.
            checked: what the row checks and on which slide.
            error: what its test raised.
            calls: the calls that the test made on the input that failed.
        """
        explanation = Explanation(str(error), checked=checked)
        try:
            explanation = explain(error, checked, calls, self._assignment)
            if isinstance(error, Mismatch | CallRaised):
                explanation = replace(explanation, diagnosis=self._diagnose(error.function) or "")
            if not explanation.diagnosis and self._answers_otherwise_alone(explanation):
                explanation = replace(explanation, notes=(REMEMBERS,))
        except Exception:
            self.faults.append(f"{number}: a piece of the explanation failed.\n{traceback.format_exc()}")
        return replace(explanation, lead=self._lead(number, visibility, error, explanation))

    def _diagnose(self, function: str) -> str | None:
        """The known mistake in a function of which a row has failed; looked for once."""
        if function not in self.diagnoses:
            self._submission.start_row()
            catalogue = self._assignment.catalogue()
            diagnosis = diagnose(function, self._submission, catalogue, self._seed(function))
            self.faults += diagnosis.faults
            self.diagnoses[function] = diagnosis.sentence
        return self.diagnoses[function]

    def _answers_otherwise_alone(self, explanation: Explanation) -> bool:
        """Whether the call that was rejected has another answer where nothing was called before it."""
        if explanation.kind != "value" or explanation.number_of_calls != 1:
            return False
        (call,) = explanation.calls
        module, _, name = call.function.partition(".")
        self._submission.renew()
        self._submission.start_row()
        try:
            again = getattr(getattr(self._submission, module), name)(**call.arguments)
        except SubmissionFault:
            return True
        returned = call.returned
        return returned is not None and not (
            again.shape == returned.shape and np.allclose(again, returned, equal_nan=True)
        )

    def _lead(
        self, number: str, visibility: str, error: Mismatch | SubmissionFault, explanation: Explanation
    ) -> str:
        """The earlier row that failed for the same cause, or an empty text where this row is the first."""
        causes: list[Hashable] = [(error.function, explanation.diagnosis or explanation.mismatch)]
        if isinstance(error, Mismatch) and error.kind != "argument":
            # A function that is wrong on whole trajectories is wrong for another reason than its mask.
            if is_without_padding(explanation):
                causes.append(error.function)
        elif not isinstance(error, Mismatch | CallRaised):
            causes = [str(error)]
        # A row that is shown later is no help: rows point to those that are seen when they are.
        keys = [(visibility, cause) for cause in causes]
        lead = next((self._first_rows[key] for key in keys if key in self._first_rows), "")
        for key in keys:
            self._first_rows.setdefault(key, lead or number)
        return lead
