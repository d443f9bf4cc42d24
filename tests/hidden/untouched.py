"""Whether a function leaves its arguments as they were."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograder.sandbox.calls import arrays_in
from autograder.sandbox.failures import CallRaised, UnusableReturn
from hw4.lab.compare import Mismatch, as_returned
from hw4.lab.signatures import SIGNATURES
from tests.hidden.domain import DOMAINS, arguments_of
from tests.hidden.properties import assert_repeats, assert_responds

MAX_NUMBERS = 2000
"""In the arguments of one call of the list."""


def assert_leaves_arguments(
    function: str,
    submission: Any,
    arguments: Sequence[object],
    changed: Sequence[Sequence[object]],
    shape: tuple[int, ...],
) -> np.ndarray:
    """Assert that a function leaves its arguments as they were, and answers the same to them again.

    It is called with the arguments given, and then with the smaller ones of its list in `domain.py`: code may
    work on a copy for some sizes, masks and memory orders alone.

    Args:
        function: ``module.function``.
        submission: the submission.
        arguments: what to call it with: numbers, arrays and batches.
        changed: other arguments of the same shapes, for each of which the result must be another.
        shape: the shape it must return.

    Returns:
        What it returned for `arguments`.
    """
    module, _, name = function.partition(".")
    call = getattr(getattr(submission, module), name)
    one = as_returned(function, _call_untouched(function, call, arguments), shape)
    assert_repeats(function, one, as_returned(function, call(*arguments), shape))
    for others in changed:
        assert_responds(function, one, as_returned(function, call(*others), shape))
    for place, case in enumerate(DOMAINS[function].cases):
        listed = arguments_of(function, case, place)
        if sum(map(np.size, arrays_in(listed))) <= MAX_NUMBERS:
            with contextlib.suppress(CallRaised, UnusableReturn):  # these cost the row of every size
                _call_untouched(function, call, listed)
    return one


def _call_untouched(function: str, call: Any, arguments: Sequence[object]) -> np.ndarray:
    """Call a function, and assert that it leaves its arguments as they were."""
    before = [(name, np.copy(array)) for name, array in _named_arrays(function, arguments)]
    returned, after = call.with_arguments(*arguments)
    for (name, old), new in zip(before, after, strict=True):
        if not np.array_equal(old, new):
            raise Mismatch(
                function,
                "argument",
                f"{function} changed its argument {name} in place: work on a copy "
                "(x = x.copy(), or x = x + y in place of x += y).\n"
                f"  before {_write(old)}\n  after  {_write(new)}",
                found=returned,
            )
    return np.asarray(returned)


def _named_arrays(function: str, arguments: Sequence[object]) -> Iterator[tuple[str, np.ndarray]]:
    """Every array that a call is given, those of batches included, in the order in which they come back."""
    for known, argument in zip(SIGNATURES[function].arguments, arguments, strict=False):
        if isinstance(argument, np.ndarray):
            yield known.name, argument
        elif dataclasses.is_dataclass(argument):
            for name, array in vars(argument).items():
                yield f"{known.name}.{name}", array


def _write(array: np.ndarray) -> str:
    return np.array2string(array, precision=6, separator=", ", threshold=24).replace("\n", "\n         ")
