"""One core for the grader and its worker, where a container's share is no larger than that.

The two take turns, so they never need two cores at once. On one core, the next turn begins with a context
switch; on two, it waits until an idle core has woken up, and that time counts against the container's share.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_CHOICE_SECONDS = 0.5
"""How long a core is kept before a new choice: by then, another container may be running on it."""
_GROUPS = Path("/sys/fs/cgroup")


class SharedCore:
    """The core that this thread and its workers run on, where they may use no more than one.

    Args:
        share: how many cores all of them together may use.
    """

    def __init__(self, share: float) -> None:
        can_choose = sys.platform == "linux" and share <= 1.0
        self._allowed = os.sched_getaffinity(0) if can_choose else set()
        self._core = -1
        self._until = -1.0
        self._placed: set[int] = set()

    def take(self, pid: int) -> None:
        """Move a worker to the core of this thread, which moves to an idle one every half second.

        Args:
            pid: the worker's process. Threads that it has already started stay where they are.
        """
        if len(self._allowed) < 2 or (pid in self._placed and time.monotonic() < self._until):
            return
        try:
            if time.monotonic() >= self._until:
                self._choose()
            with contextlib.suppress(ProcessLookupError):  # it has ended: the request to it will show that
                os.sched_setaffinity(pid, {self._core})
            self._placed.add(pid)
        except OSError:  # this system does not allow it
            self._leave()

    def _leave(self) -> None:
        """Go back to all cores for good."""
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, self._allowed)
        self._allowed = set()

    def _choose(self) -> None:
        os.sched_setaffinity(0, self._allowed)
        time.sleep(1e-5)  # a thread that wakes up is placed on an idle core, if there is one
        self._core = int(ctypes.CDLL(None).sched_getcpu())
        os.sched_setaffinity(0, {self._core})
        self._placed.clear()
        self._until = time.monotonic() + _CHOICE_SECONDS


def share_of_cores(processes: Path = Path("/proc/self/cgroup"), groups: Path = _GROUPS) -> float:
    """How many cores the control groups that this process is in let it use; infinity for no limit.

    Args:
        processes: the file that names the groups, of version 1 or 2.
        groups: where the groups' folders are.
    """
    return min(_quotas(processes, groups), default=float("inf"))


def _quotas(processes: Path, groups: Path) -> Iterator[float]:
    try:
        lines = processes.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = groups / "cpu" if controllers else groups
        # In a container, its own group may be mounted as the root while the path is the one outside of it.
        for folder in [path, *map(str, Path(path).parents)]:
            group = base / folder.lstrip("/")
            with contextlib.suppress(OSError, ValueError):
                if controllers:
                    quota = float((group / "cpu.cfs_quota_us").read_text())
                    period = float((group / "cpu.cfs_period_us").read_text())
                else:
                    quota, period = map(float, (group / "cpu.max").read_text().split())
                if quota > 0 and period > 0:
                    yield quota / period
