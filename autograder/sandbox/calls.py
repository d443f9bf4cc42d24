"""The calls made to a submission: arguments and return values, kept to explain a failure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

MAX_KEPT_BYTES = 32 * 2**20
"""What the arguments of the kept calls may take together; older calls are dropped for newer ones."""


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a function of the submission.

    Attributes:
        function: ``module.function``.
        arguments: its positional arguments: the objects that the test passed, not copies.
        keywords: its keyword arguments.
        returned: the array that the test got; None where the call raised or returned nothing usable.
    """

    function: str
    arguments: tuple[object, ...]
    keywords: Mapping[str, object]
    returned: np.ndarray | None = None

    @property
    def size_bytes(self) -> int:
        """The bytes of the arrays among its arguments."""
        return sum(array.nbytes for array in arrays_in([*self.arguments, *self.keywords.values()]))


class CallLog:
    """The latest calls, as many as fit into `MAX_KEPT_BYTES`, and at least one."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._size_bytes = 0

    def add(self, call: Call) -> None:
        """Keep a call, and drop the oldest ones where they have become too large."""
        self._calls.append(call)
        self._size_bytes += call.size_bytes
        while self._size_bytes > MAX_KEPT_BYTES and len(self._calls) > 1:
            self._size_bytes -= self._calls.pop(0).size_bytes

    def clear(self) -> None:
        """Forget every call, before another input is tried."""
        self._calls.clear()
        self._size_bytes = 0

    def latest(self) -> tuple[Call, ...]:
        """The calls that are kept, in the order in which they were made."""
        return tuple(self._calls)


def arrays_in(arguments: Iterable[object]) -> Iterator[np.ndarray]:
    """The arrays among some arguments and in their dataclasses, in the order of `wire.encode`."""
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            yield argument
        elif dataclasses.is_dataclass(argument):
            yield from arrays_in(getattr(argument, field.name) for field in dataclasses.fields(argument))
