"""From what a test raised to the record of why a row did not pass. `wording` turns that into text."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.grading.assignment import Assignment, Mismatch
from autograder.grading.results import Explanation, Outcome, RejectedCall
from autograder.sandbox import failures
from autograder.sandbox.calls import Call

GRADER_FAULT = (
    "The grader itself failed in this check; this is no mistake of yours. Tell the course staff, who can "
    "grade it again."
)
UNSTABLE = "The same input gave different results: a function must depend on its arguments alone."
MAX_RELATED_CALLS = 4
"""So many calls that were held against one another are shown; of more, such as those of a mean, the first."""


@dataclass(frozen=True)
class Verdict:
    """How a row ended.

    Attributes:
        outcome: how it ended.
        explanation: why it did not pass.
        staff: a traceback, where the grader itself failed; else empty.
    """

    outcome: Outcome
    explanation: Explanation = field(default_factory=Explanation)
    staff: str = ""


def judge(error: BaseException | None) -> Verdict:
    """Say how a row ended, from what its test raised.

    Only a mismatch or a fault of the submission is a failure of the student's; anything else, a bare
    AssertionError included, is the grader's own fault.

    Args:
        error: what the test raised, None where it passed.
    """
    if error is None:
        return Verdict(Outcome.PASSED)
    if isinstance(error, failures.NotAttempted):
        return Verdict(Outcome.NOT_ATTEMPTED, Explanation(str(error)))
    if isinstance(error, Mismatch | failures.SubmissionFault):
        return Verdict(Outcome.FAILED, Explanation(str(error)))
    said = str(error) if isinstance(error, failures.GraderFault) else ""
    staff = said or "".join(traceback.format_exception(error))
    return Verdict(Outcome.GRADER_FAULT, Explanation(GRADER_FAULT), staff)


def tells_more(error: BaseException, other: BaseException) -> bool:
    """Whether one failure of a row says more of the row's own function than another one does.

    A wrong value does, and that there is no such function, against an exception, which may come from an
    earlier function; and these against a function that is not attempted or never returned, and against a
    module that is missing.
    """
    return _rank(error) > _rank(other)


def _rank(error: BaseException) -> int:
    if isinstance(error, Mismatch | failures.MissingFunction):
        return 2
    return 1 if isinstance(error, failures.CallRaised | failures.UnusableReturn) else 0


def explain(
    error: Mismatch | failures.SubmissionFault,
    checked: str,
    calls: Sequence[Call],
    assignment: Assignment,
) -> Explanation:
    """Say why a row failed: what was checked, the call that was rejected, what was expected and found.

    Args:
        error: what the test raised.
        checked: what was checked and on which slide, from the test's docstring.
        calls: the calls that the test made on the input that failed.
        assignment: the homework.
    """
    kind = error.kind if isinstance(error, Mismatch) else type(error).__name__
    if not isinstance(error, Mismatch | failures.CallRaised | failures.UnusableReturn):
        return Explanation(str(error), kind)  # the same for every input
    chosen = _rejected(error, calls)
    shown = chosen if len(chosen) <= MAX_RELATED_CALLS else chosen[:1]
    is_single = len(chosen) == 1
    return Explanation(
        str(error),
        kind,
        checked,
        tuple(_write_down(call, error, assignment, is_single=is_single) for call in shown),
        len(chosen),
        tells_numbers=kind in ("value", "relation"),
    )


def is_without_padding(explanation: Explanation) -> bool:
    """Whether no call that was rejected has padding: then a forgotten mask is not what is wrong."""
    values = [pair for call in explanation.calls for pair in call.values()]
    return all(bool(np.all(np.asarray(value))) for name, value in values if name == "mask")


def _rejected(error: Mismatch | failures.SubmissionFault, calls: Sequence[Call]) -> list[Call]:
    """The call whose answer was rejected, or all that were held against one another."""
    if not isinstance(error, Mismatch):
        return [call for call in calls if call.function == error.function and call.returned is None][-1:]
    if error.kind != "relation" and error.found is not None:
        for call in reversed(calls):
            # The array that was rejected is the one that the proxy returned, or a view of it.
            if call.returned is not None and np.may_share_memory(call.returned, error.found):
                return [call]
    functions = (error.function, *error.related)
    return [call for call in calls if call.function in functions]


def _write_down(
    call: Call,
    error: Mismatch | failures.SubmissionFault,
    assignment: Assignment,
    *,
    is_single: bool,
) -> RejectedCall:
    names = [argument.name for argument in assignment.signatures[call.function].arguments]
    arguments = dict(zip(names, call.arguments, strict=False)) | dict(call.keywords)
    expected = error.expected if isinstance(error, Mismatch) and error.kind == "value" else None
    if not is_single or expected is None:
        expected = _right_value(call, assignment.catalogue().right[call.function])
    return RejectedCall(call.function, assignment.package, arguments, call.returned, expected)


def _right_value(call: Call, right: Callable[..., Any]) -> np.ndarray | None:
    arguments, keywords = copy.deepcopy((call.arguments, dict(call.keywords)))
    with np.errstate(all="ignore"):
        return np.array(right(*arguments, **keywords), dtype=np.float64)
