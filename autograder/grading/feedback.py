"""From what a test raised to what a student reads: plain sentences, no framework traceback."""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from autograder.grading.results import Outcome
from autograder.sandbox import failures

LONGEST_INPUT = 1500
GRADER_FAULT = (
    "The grader itself failed in this check; this is no mistake of yours. Tell the course staff, who can "
    "grade it again."
)

FAILED = "This check failed."
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


def judge(
    error: BaseException | None,
    checked: str,
    example: Mapping[str, object] | None,
    diagnosis: str | None = None,
    level: str = "full",
) -> Verdict:
    """Turn what a test raised into a verdict.

    Args:
        error: what it raised, None where it passed.
        checked: what was checked and on which slide, from the test's docstring.
        example: the smallest failing input found, by argument, where the inputs were drawn.
        diagnosis: the known mistake that the function makes, where there is one.
        level: ``"full"``; ``"hints"`` holds back inputs and numbers; ``"names"`` says only that a row failed.
    """
    if error is None:
        return Verdict(Outcome.PASSED)
    if isinstance(error, failures.NotAttempted):
        return Verdict(Outcome.NOT_ATTEMPTED, str(error))
    if isinstance(error, AssertionError | failures.SubmissionFault):
        if level == "names":
            return Verdict(Outcome.FAILED, FAILED)
        return Verdict(Outcome.FAILED, _explain(error, checked, example, diagnosis, is_full=level == "full"))
    if isinstance(error, failures.GraderFault):
        return Verdict(Outcome.GRADER_FAULT, GRADER_FAULT, str(error))
    return Verdict(Outcome.GRADER_FAULT, GRADER_FAULT, "".join(traceback.format_exception(error)))


def _explain(
    error: BaseException,
    checked: str,
    example: Mapping[str, object] | None,
    diagnosis: str | None,
    *,
    is_full: bool,
) -> str:
    """What was checked, the smallest failing input, what was expected and found, and the diagnosis."""
    if isinstance(error, failures.SubmissionFault) and not isinstance(error, failures.CallRaised):
        return str(error)  # the same for every input
    pieces = [f"Checked: {checked}"] if checked else []
    lines = [line for name, value in (example or {}).items() for line in _write_input(name, value)]
    if is_full and lines and sum(map(len, lines)) <= LONGEST_INPUT:
        pieces.append("\n  ".join(["Smallest failing input found:", *lines]))
    tells_numbers = isinstance(error, AssertionError) and getattr(error, "kind", "value") == "value"
    if is_full or not tells_numbers:
        pieces.append(str(error) or "The property did not hold.")
    elif not diagnosis:
        pieces.append("What came back is not what was expected.")
    if diagnosis:
        pieces.append(f"Diagnosis: {diagnosis}")
    return "\n".join(pieces)


def _write_input(name: str, value: object) -> Iterator[str]:
    """Write an input as one would type it, a line an array; records and tuples are taken apart."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            entry = getattr(value, field.name)
            inner = f"{field.name}." if dataclasses.is_dataclass(entry) else ""
            for line in _write_input(field.name, entry):
                yield inner + line
    elif isinstance(value, tuple):
        for field, entry in zip(getattr(value, "_fields", (name,) * len(value)), value, strict=True):
            yield from _write_input(field, entry)
    elif isinstance(value, np.ndarray):
        yield f"{name} = {value.tolist()}"
    elif isinstance(value, bool | int | float | str):
        yield f"{name} = {value}"
