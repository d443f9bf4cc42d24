"""From what a test raised to what a student reads: plain sentences, no framework traceback."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.grading.results import Outcome
from autograder.sandbox import failures
from hw4.lab.compare import Mismatch

LONGEST_INPUT = 1500
GRADER_FAULT = (
    "The grader itself failed in this check; this is no mistake of yours. Tell the course staff, who can "
    "grade it again."
)

UNSTABLE = "The same input gave different results: a function must depend on its arguments alone."


@dataclass(frozen=True)
class Verdict:
    """How a row ended, in words.

    Attributes:
        outcome: how it ended.
        explanation: for the student.
        staff: a traceback, where the grader itself failed; else empty.
    """

    outcome: Outcome
    explanation: str = ""
    staff: str = ""


def judge(error: BaseException | None, checked: str, example: Mapping[str, object] | None) -> Verdict:
    """Turn what a test raised into a verdict.

    Args:
        error: what it raised, None where it passed.
        checked: what was checked and on which slide, from the test's docstring.
        example: the smallest failing input found, by argument, where the inputs were drawn.
    """
    if error is None:
        return Verdict(Outcome.PASSED)
    if isinstance(error, failures.NotAttempted):
        return Verdict(Outcome.NOT_ATTEMPTED, str(error))
    if isinstance(error, Mismatch | AssertionError):
        said = str(error) or "The property did not hold."
        return Verdict(Outcome.FAILED, _compose(checked, said, example))
    if isinstance(error, failures.CallRaised):
        return Verdict(Outcome.FAILED, _compose("", str(error), example))
    if isinstance(error, failures.SubmissionFault):
        return Verdict(Outcome.FAILED, str(error))
    if isinstance(error, failures.GraderFault):
        return Verdict(Outcome.GRADER_FAULT, GRADER_FAULT, str(error))
    return Verdict(Outcome.GRADER_FAULT, GRADER_FAULT, "".join(traceback.format_exception(error)))


def _compose(checked: str, said: str, example: Mapping[str, object] | None) -> str:
    pieces = [f"Checked: {checked}"] if checked else []
    pieces.append(said)
    if example:
        text = "\n".join(_write_input(name, value) for name, value in example.items())
        if len(text) <= LONGEST_INPUT:
            pieces.append(f"Smallest failing input found:\n{text}")
    return "\n".join(pieces)


def _write_input(name: str, value: object) -> str:
    return f"  {name} = {value!r}".replace("\n", "\n    ")
