"""Counts the time that a worker takes, but not the time that a busy machine takes from it.

Two things count: the worker's processor time, and the time in which it waits for input, a lock or the end of
a sleep. Waiting is seen by looking at the worker every 50 ms. When the machine holds up this process as well,
no look happens, and the time does not count.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import time
from collections.abc import Iterator

_LOOK_SECONDS, _MIN_SECONDS = 0.05, 0.001
_MAX_SEEN_SECONDS = 2 * _LOOK_SECONDS
"""What may count between two looks; when more has passed, this process was itself stopped or starved."""
_HELD_UP_SHARE = 0.1
"""The part that counts of the time in which a worker is ready to run, or reads a disk, and does not get on.

It ends what nothing else would, and is so small that right code is safe on a twentieth of a core.
"""
_CPUCLOCK_SCHED = 2
"""Of the kernel's linux/posix-timers.h: the processor time that the scheduler counts."""


class Stopwatch:
    """Counts the seconds that a worker takes for a request.

    Args:
        pid: the worker's process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        # What clock_getcpuclockid(3), which Python does not have, makes of a process's number.
        self._clock = ~pid << 3 | _CPUCLOCK_SCHED
        self.start(0.0)

    def start(self, limit_seconds: float, ends: float = math.inf) -> None:
        """Begin to count anew.

        Args:
            limit_seconds: how much may be counted.
            ends: when time is up whatever was counted, on `time.monotonic`.
        """
        self._limit_seconds = limit_seconds
        self._ends = ends
        self._counted = 0.0
        self._go_on()

    def left(self) -> float:
        """The seconds to wait before this is called again; 0 once time is up."""
        now = time.monotonic()
        if now >= self._ends:
            return 0.0
        if now >= self._next_look:
            seen = min(now - self._last_look, _MAX_SEEN_SECONDS)
            self._counted += max(self._ran(), seen * self._share_of_wait())
            self._go_on()
        is_up = self._counted >= self._limit_seconds
        return 0.0 if is_up else max(self._next_look - now, _MIN_SECONDS)

    def taken(self) -> float:
        """The seconds that were counted since the start."""
        return self._counted + self._ran()

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """While this process computes something for the worker, count its own processor time."""
        self._counted += self._ran()
        start = time.thread_time()
        try:
            yield
        finally:
            self._counted += time.thread_time() - start
            self._go_on()

    def _go_on(self) -> None:
        self._last_look = time.monotonic()
        rest = max(self._limit_seconds - self._counted, _MIN_SECONDS)
        self._next_look = self._last_look + min(_LOOK_SECONDS, rest)
        self._used = self._processor_seconds()

    def _ran(self) -> float:
        """The processor time since the last look; no more than has passed, so that threads count once."""
        used = self._processor_seconds()
        if self._used is None or used is None:
            return 0.0
        return min(used - self._used, time.monotonic() - self._last_look)

    def _processor_seconds(self) -> float | None:
        """The processor time of all threads of the worker; None where the system does not tell."""
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                return time.clock_gettime(self._clock)
        return None

    def _share_of_wait(self) -> float:
        """How much counts of the time in which the worker did not run, by its present state.

        A worker that was stopped (SIGSTOP, by anybody) is sent SIGCONT.
        """
        state = self._state()
        if state == b"T":
            with contextlib.suppress(OSError):
                os.kill(self._pid, signal.SIGCONT)
        return _HELD_UP_SHARE if state in (b"R", b"D") and self._used is not None else 1.0

    def _state(self) -> bytes:
        """The state of its main thread, a letter of proc_pid_stat(5); empty where it is not told."""
        with contextlib.suppress(OSError), open(f"/proc/{self._pid}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2][:1]
        return b""
