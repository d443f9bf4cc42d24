"""How long student code may take: in one call, in a row, in the whole grading, and with all its hangs."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograder.sandbox import messages


@dataclass(frozen=True)
class Limits:
    """How long student code may take, in seconds as `Stopwatch` counts them.

    Attributes:
        import_seconds: for importing one module.
        call_seconds: for one call, whatever its input.
        call_seconds_per_mebibyte: for each MiB of arguments on top. Plain Python loops over a CartPole batch
            of 10 MiB take about 1 s.
        patience_seconds: what all hangs of a submission together may cost. Until then a hang is tried once
            more, since a core may run at a fraction of its speed for a while.
        impatient_seconds: the limit of a call once patience is used up.
        impatient_import_seconds: the same for an import; scipy alone takes a second on a slow machine.
        max_lent_hangs: once so many functions have hung by their own fault, with lent ones around them, no
            other one is tried with lent ones. A submission that hangs everywhere is then graded in 45 s on a
            full core.
        row_seconds: what the calls of one row together may take, with the same on top for each MiB; and again
            with lent functions.
    """

    import_seconds: float = 10.0
    call_seconds: float = 5.0
    call_seconds_per_mebibyte: float = 3.0
    patience_seconds: float = 10.0
    impatient_seconds: float = 1.0
    impatient_import_seconds: float = 3.0
    max_lent_hangs: int = 6
    row_seconds: float = 30.0


class Deadline:
    """When a grading ends, by the clock.

    Args:
        seconds: how long it may take from now.

    Attributes:
        ends: on `time.monotonic`.
    """

    def __init__(self, seconds: float = math.inf) -> None:
        self._start = time.monotonic()
        self.ends = self._start + seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    @property
    def is_over(self) -> bool:
        """Whether nothing further is to be started."""
        return time.monotonic() >= self.ends


class TimeLeft:
    """What is left of the limits, and which functions have hung.

    Args:
        limits: how long the submission's code may take.
        deadline: the whole grading's; afterwards every call fails at once.

    Attributes:
        limits: as given.
        ends: when the grading ends, on `time.monotonic`.
    """

    def __init__(self, limits: Limits, deadline: Deadline) -> None:
        self.limits = limits
        self.ends = deadline.ends
        self._row_left = math.inf
        self._seconds_hung = 0.0
        self._hung: dict[tuple[str, bool], float] = {}
        self._lent_hangs = 0

    def start_row(self) -> None:
        """Begin to count what the calls of one row take together."""
        self._row_left = self.limits.row_seconds

    def take(self, seconds: float) -> None:
        """Take from the row's time what a call or an import took."""
        self._row_left -= seconds

    def limit_of_call(self, name: str, arrays: Sequence[np.ndarray], *, is_lending: bool) -> float:
        """The seconds that a call may take, by the size of its arguments; the row gets as much more for them.

        Raises:
            CallTimedOut: the function has hung before, or so many functions have with lent ones around them
                that this one is not tried with them.
        """
        if (name, is_lending) in self._hung:
            raise messages.hung_before(name, seconds=self._hung[name, is_lending])
        if is_lending and self._lent_hangs >= self.limits.max_lent_hangs:
            raise messages.hung_before(name, seconds=self.limits.impatient_seconds)
        for_size = sum(array.nbytes for array in arrays) / 2**20 * self.limits.call_seconds_per_mebibyte
        self._row_left += for_size
        return self.limits.call_seconds + for_size

    def allowed(self, name: str, limit_seconds: float, impatient_seconds: float) -> float:
        """What of its limit is left to a call or an import, by our patience and by the row's time.

        Raises:
            OutOfTime: nothing is.
        """
        self._check(name)
        if self._seconds_hung >= self.limits.patience_seconds:
            limit_seconds = min(limit_seconds, impatient_seconds)
        return min(limit_seconds, self._row_left)

    def count_hang(self, name: str, seconds: float) -> None:
        """Count a call or an import that was given up after so many seconds.

        Raises:
            OutOfTime: it was given up for the time of the row or of the grading, so it may not hang at all.
        """
        self._check(name)
        self._seconds_hung += seconds

    def remember_hang(self, name: str, seconds: float, *, is_lending: bool) -> None:
        """Remember that a function hangs, so that it is not called again."""
        self._hung[name, is_lending] = seconds
        self._lent_hangs += is_lending

    def _check(self, name: str) -> None:
        if time.monotonic() >= self.ends:
            raise messages.out_of_time(name)
        if self._row_left <= 0:
            raise messages.too_slow(name, seconds=self.limits.row_seconds)
