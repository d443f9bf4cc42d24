"""The end that is asked for from outside: by the platform, by Ctrl-C, by a terminal that is closed."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Protocol

_HANG_UP = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none


class Stopped(KeyboardInterrupt):
    """Ends the tests; pytest and hypothesis let a KeyboardInterrupt through.

    Not a KeyboardInterrupt itself: where one passes through `exec` of a string, as in the making of a
    dataclass, Python ends by SIGINT in place of the exit status that it is given later.
    """


class Stoppable(Protocol):
    """Whom a `Stop` is told to: what is raised may be lost in a library, or in the collection of garbage."""

    is_stopped: bool


class Stop:
    """Handles signals, as a context manager: the first one ends the tests, further ones nothing.

    Before and after the tests they are only remembered: there is a box to make, or to remove. Once a stop
    was asked for they stay ignored until this process ends, and its exit status is what it decides.

    Attributes:
        is_asked: whether a signal came.
    """

    def __init__(self) -> None:
        self.is_asked = False
        self._running: Stoppable | None = None

    def __enter__(self) -> Stop:
        self._usual_hook, sys.unraisablehook = sys.unraisablehook, self._hear_unraisable
        self._before = {}
        if threading.current_thread() is threading.main_thread():  # no other thread may
            for number in {signal.SIGTERM, signal.SIGINT, _HANG_UP}:
                # nohup has it ignored, and so it stays.
                if number is not _HANG_UP or signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_IGN if self.is_asked else handler)
        sys.unraisablehook = self._usual_hook

    @contextlib.contextmanager
    def ends(self, running: Stoppable) -> Iterator[None]:
        """Raise `Stopped` in here when a signal comes, or at once where one has come before."""
        self._running = running
        try:
            if self.is_asked:
                self._raise()
            yield
        finally:
            self._running = None

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if not self.is_asked:
            self.is_asked = True
            if self._running is not None:
                self._raise()

    def _raise(self) -> None:
        if self._running is not None:
            self._running.is_stopped = True
        raise Stopped

    def _hear_unraisable(self, problem: sys.UnraisableHookArgs) -> None:
        # Python cannot pass on what is raised while it collects garbage, and would print a traceback.
        if not isinstance(problem.exc_value, Stopped):
            self._usual_hook(problem)
