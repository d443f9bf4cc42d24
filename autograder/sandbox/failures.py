"""The exceptions for what can go wrong with a submission's code. `messages` makes most of them.

Knows nothing of points or tests. A `GraderFault` is not the submission's and never costs points.
"""

from __future__ import annotations


class GraderFault(Exception):
    """The grader itself failed, which never counts as the student's mistake."""


class SubmissionFault(Exception):
    """Something in the submission kept a call from returning a usable value.

    Attributes:
        function: ``module.function`` that was called.
        ends_row: whether other inputs would end in the same fault, so that trying them only costs time.
    """

    ends_row = True

    def __init__(self, function: str, message: str) -> None:
        super().__init__(message)
        self.function = function


class NotAttempted(SubmissionFault):
    """The function still raises the template's NotImplementedError."""


class MissingModule(SubmissionFault):
    """The submission has no such file."""


class MissingFunction(SubmissionFault):
    """The module has no such function."""


class ImportFailed(SubmissionFault):
    """The module cannot be imported: a syntax error, an exception, an exit or a hang at its top level."""


class CallRaised(SubmissionFault):
    """The function raised an exception."""

    ends_row = False


class OutOfMemory(CallRaised):
    """The function raised MemoryError: what it keeps may leave too little memory for later calls."""

    ends_row = True


class CallExited(SubmissionFault):
    """The function called sys.exit (or raised SystemExit or KeyboardInterrupt)."""


class UnusableReturn(SubmissionFault):
    """The function returned something that is not an array of real numbers, or far too large a one."""

    ends_row = False


class NotComposable(SubmissionFault):
    """The submission's pieces do not show what a function on top of them would return."""


class CallTimedOut(SubmissionFault):
    """The function did not return in time."""


class OutOfTime(SubmissionFault):
    """The calls of a check, or of the whole grading, took too long together."""


class WorkerDied(SubmissionFault):
    """The process that ran the function ended without an answer."""


class BadReply(SubmissionFault):
    """What came back over the wire was not a reply."""
