"""The mode that a worker's layers add up to, from A (all of them) to D (only a process of its own)."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.sandbox.box import Box
from autograder.sandbox.failures import GraderFault
from autograder.sandbox.process import Worker

MODES = {
    "A": "a user of its own, Landlock and a system-call filter",
    "B": "a user of its own",
    "C": "Landlock and a system-call filter, but the grader's own user",
    "D": "a process of its own",
}
"""The strongest first."""
_USER = ("own uid",)
_KERNEL = ("no new privileges", "Landlock files", "seccomp")
_NEEDED = {"A": (*_USER, *_KERNEL), "B": _USER, "C": _KERNEL, "D": ()}


class TooLittleIsolation(GraderFault):
    """Student code cannot be confined as strictly as was asked for; the message names what is missing."""


def mode_of(report: Mapping[str, str]) -> str:
    """The strongest mode that a worker's report of its layers allows."""
    return next(mode for mode in MODES if not _missing(report, mode))


def require(mode: str, box: Box) -> None:
    """Start a worker to see which layers this machine has, and refuse a mode weaker than the one asked for.

    Args:
        mode: ``"A"`` to ``"D"``.
        box: a box to start it in.

    Raises:
        TooLittleIsolation: this machine does not have what the mode needs.
        GraderFault: the worker did not start.
    """
    worker = Worker(box)
    worker.close()
    found = mode_of(worker.confinement)
    if found > mode:
        lacking = _missing(worker.confinement, mode)
        reasons = "; ".join(f"{layer}: {worker.confinement.get(layer, 'not there')}" for layer in lacking)
        raise TooLittleIsolation(
            f"Isolation {mode} was asked for ({MODES[mode]}), but here there is {found}, since a layer is "
            f"missing ({reasons}): grade where it is there, or ask for {found}."
        )


def _missing(report: Mapping[str, str], mode: str) -> list[str]:
    return [layer for layer in _NEEDED[mode] if report.get(layer) != "on"]
