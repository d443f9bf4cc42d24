"""The one judge of this homework, whose exception has the attributes that the engine asks for."""

from __future__ import annotations

import numpy as np

TOLERANCE = 1e-9


class Wrong(AssertionError):
    """An answer is wrong; see `autograder.grading.assignment.Mismatch`."""

    def __init__(self, function: str, expected: np.ndarray, found: np.ndarray) -> None:
        super().__init__(f"{function} returned {found}, but {expected} was expected.")
        self.function, self.kind, self.related = function, "value", ()
        self.expected, self.found = expected, found


def assert_equal(function: str, found: np.ndarray, expected: float) -> None:
    """Raise `Wrong` unless the answer is the number expected."""
    if found.shape != () or not abs(found - expected) <= TOLERANCE * abs(expected):
        raise Wrong(function, np.asarray(expected), found)
