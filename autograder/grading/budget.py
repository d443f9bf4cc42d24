"""The time a grading may take as a whole, and how many inputs a failing row may still try."""

from __future__ import annotations

import time

EXAMPLES = 25
"""Inputs a property is tried on; a wrong formula differs from the right one on nearly every one of them."""
EXAMPLES_AFTER_FAILURE = 80
"""Inputs tried to make a failing one smaller. A count, not a time: results must not depend on speed."""


class Budget:
    """The seconds a grading has left.

    Args:
        seconds: how long it may take from now.
    """

    def __init__(self, seconds: float) -> None:
        self._start = time.monotonic()
        self._seconds = seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    @property
    def is_used_up(self) -> bool:
        """Whether no further row is to be started."""
        return self.elapsed >= self._seconds
