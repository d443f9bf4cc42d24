"""What the worker gives up before it runs student code. Each layer is tried out and reported.

The worker starts even where a layer is missing: the grader judges the report.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from . import landlock, seccomp
from .kernel import (
    PR_GET_DUMPABLE,
    PR_GET_NO_NEW_PRIVS,
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    prctl,
)

try:
    import resource
except ImportError:  # Windows has no resource module; the grader does not run there, the house test does.
    resource = None  # type: ignore[assignment]


def confine(options: Mapping[str, object]) -> dict[str, str]:
    """Give up what student code does not need.

    Args:
        options: ``limits`` (value by name without the prefix), ``readable`` and ``writable`` (paths),
            ``layers`` (which of limits, privileges, landlock and seccomp to use), ``uid`` (the user this
            process must have, or null), ``grader`` (the process that started this one) and ``channel`` (the
            descriptor to keep).

    Returns:
        By layer, ``"on"`` or why it is not.
    """
    layers, limits, uid = options["layers"], options["limits"], options["uid"]
    readable, writable = options["readable"], options["writable"]
    assert isinstance(layers, Sequence)
    assert isinstance(limits, Mapping)
    assert isinstance(readable, Sequence)
    assert isinstance(writable, Sequence)
    is_linux = sys.platform == "linux"
    report = {"own uid": _check_uid(uid), "descriptors": _check_descriptors(options["channel"])}
    if is_linux:
        _go_first_when_memory_is_short()
    if "limits" in layers:
        report["limits"] = _apply_limits(limits)
    if is_linux and "privileges" in layers:
        report |= _drop_privileges(options["grader"])
    if is_linux and "landlock" in layers:
        report |= landlock.restrict(readable, writable)
    if is_linux and "seccomp" in layers:
        report["seccomp"] = seccomp.install()
    return report


def _check_uid(uid: object) -> str:
    if uid is None:
        return "the grader is not root"
    if {os.getuid(), os.geteuid(), os.getgid(), os.getegid()} & {0}:
        return "still root"
    return "on" if os.getuid() == os.geteuid() == uid else f"the user is {os.getuid()}"


def _check_descriptors(channel: object) -> str:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError):
            kept = {int(name) for name in os.listdir(folder)}
            # The descriptor of the listing itself was among them, and is closed by now.
            more = {number for number in kept - {0, 1, 2, channel} if _is_open(number)}
            return f"more are open: {sorted(more)}" if more else "on"
    return "cannot be listed"


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _go_first_when_memory_is_short() -> None:
    """Have the kernel end this process, not the grader, when memory runs out (proc_pid_oom_score_adj(5))."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def _apply_limits(limits: Mapping[str, int]) -> str:
    refused = []
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:
            refused.append(name)
            continue
        with contextlib.suppress(OSError, ValueError):
            _, hard = resource.getrlimit(number)
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(number, (value, value))
        if resource.getrlimit(number) != (value, value):
            refused.append(name)
    return f"refused by the system: {', '.join(refused)}" if refused else "on"


def _drop_privileges(grader: object) -> dict[str, str]:
    # Not before the change of user, which clears it (PR_SET_PDEATHSIG(2const)).
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != grader:
        os._exit(1)  # the grader ended before it was set
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    # Its memory and descriptors are closed to other processes of the same user (ptrace(2)).
    prctl(PR_SET_DUMPABLE, 0)
    return {
        "no new privileges": "on" if prctl(PR_GET_NO_NEW_PRIVS) == 1 else "refused by the system",
        "not dumpable": "on" if prctl(PR_GET_DUMPABLE) == 0 else "refused by the system",
    }
