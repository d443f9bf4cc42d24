"""Lends the reference's functions to a submission whose own earlier ones are missing or wrong.

They run in the grader's process, on arguments that a hostile worker may have chosen: sizes are bounded first.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence

import numpy as np

from autograder.grading.assignment import Assignment

MAX_ELEMENTS = 1_000_000
"""Of one array; the largest that the hidden tests send has 400,000."""
MAX_STEPS = 32_000_000
"""Of the sizes of all axes multiplied: SGD picks B trajectories in each of its S steps, whatever M is."""
MAX_AXIS = 320
"""Of every axis but N and H: the Fisher matrix has d × d entries, and SGD takes S steps."""


class Lender:
    """Calls the reference's function of a name.

    Args:
        assignment: the homework, whose package holds the reference.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._package = assignment.package
        self._signatures = assignment.signatures

    def __call__(self, name: str, arguments: Sequence[object], keywords: Mapping[str, object]) -> np.ndarray:
        """Return what the reference returns.

        Args:
            name: ``module.function``.
            arguments: its positional arguments.
            keywords: its keyword arguments.

        Raises:
            ValueError: there is no such function, or the arguments do not fit it; a sentence for the student.
        """
        signature = self._signatures.get(name)
        if signature is None:
            raise ValueError(f"{name} is no function of the homework.")
        names = [argument.name for argument in signature.arguments]
        if len(arguments) > len(names):
            raise ValueError(f"{name} takes {len(names)} arguments, but {len(arguments)} were given.")
        given = dict(zip(names, arguments, strict=False)) | dict(keywords)
        unknown = sorted(set(given) - set(names))
        lacking = [a.name for a in signature.arguments if a.default is None and a.name not in given]
        if unknown or lacking:
            raise ValueError(f"{name} was called without {lacking} and with unknown {unknown}.")
        dtypes = {argument.name: argument.dtype for argument in signature.arguments if argument.axes}
        fitting = {key: _bounded(value, dtypes.get(key)) for key, value in given.items()}
        sizes = signature.check_arguments(fitting)
        if any(size > MAX_AXIS for axis, size in sizes.items() if axis not in ("N", "M", "H", "n", "B")):
            raise ValueError(f"{name} was called with sizes {sizes}, larger than any that are asked for.")
        steps = math.prod(size for axis, size in sizes.items() if axis != "M" or "B" not in sizes)
        if steps > MAX_STEPS:
            raise ValueError(f"{name} was called with sizes {sizes}, larger than any that are asked for.")
        module, _, function = name.partition(".")
        reference = getattr(importlib.import_module(f"{self._package}.{module}"), function)
        try:
            with np.errstate(all="ignore"):
                return np.asarray(reference(**fitting), dtype=np.float64)
        except (np.linalg.LinAlgError, IndexError, TypeError) as error:
            raise ValueError(f"{name} cannot be computed for these arguments: {error}.") from None


def _bounded(value: object, dtype: type | None) -> object:
    if dtype is None:
        return value
    array: np.ndarray = np.asarray(value)
    if array.size > MAX_ELEMENTS:
        raise ValueError(f"an array of {array.size} entries is larger than any that is asked for.")
    return array.astype(dtype)
