"""What the worker gives up before it meets student code. Each layer says whether it took."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

try:
    import resource
except ImportError:  # Windows has no resource module; the grader does not run there, the house test does.
    resource = None  # type: ignore[assignment]


def apply_limits(limits: Mapping[str, int]) -> dict[str, str]:
    """Set resource limits for this process and whatever it starts.

    Args:
        limits: the value by name without the prefix, such as ``{"AS": 2**30}``; both soft and hard.

    Returns:
        By limit, ``"on"`` or why it is not.
    """
    report = {}
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name}", None)
        if number is None:
            report[name] = "unknown on this system"
            continue
        with contextlib.suppress(OSError, ValueError):
            _, hard = resource.getrlimit(number)
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(number, (value, value))
        report[name] = "on" if resource.getrlimit(number)[0] == value else "refused by the system"
    return report
