"""From what a test raised to what a student reads: plain sentences, no framework traceback."""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

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
    lines = [line for name, value in (example or {}).items() for line in _write_input(name, value)]
    if lines and sum(map(len, lines)) <= LONGEST_INPUT:
        pieces.append("\n  ".join(["Smallest failing input found:", *lines]))
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
        for entry in value:
            yield from _write_input(name, entry)
    elif isinstance(value, np.ndarray):
        yield f"{name} = {value.tolist()}"
    elif isinstance(value, bool | int | float | str):
        yield f"{name} = {value}"
