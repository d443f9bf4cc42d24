"""Why a grading has no results that count."""

from __future__ import annotations


class NotGraded(Exception):
    """There are no results that count; the message says why and what to do.

    Args:
        message: sentences for the person at the terminal.
        status: the exit status: 2 for a request that cannot be met, 1 where the grader itself failed.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class UnusableRequest(NotGraded):
    """What was asked for cannot be graded."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 2)
