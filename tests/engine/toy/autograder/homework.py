"""The toy as data: one module, two functions and a bonus. The engine's command line reads `ASSIGNMENT`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder.grading.assignment import Assignment, Catalogue, Function, Part


@dataclass(frozen=True)
class Argument:
    """A number, unless its axes say otherwise; None for a record."""

    name: str
    axes: tuple[str, ...] | None = ()
    default: str | None = None
    dtype: type = np.float64


@dataclass(frozen=True)
class Signature:
    """Arguments without shapes that could be wrong."""

    arguments: tuple[Argument, ...]

    def check_arguments(self, arguments: Mapping[str, object]) -> dict[str, int]:
        return {}


def _catalogue() -> Catalogue:
    from autograder.misconceptions import CATALOGUE  # here, because it imports the reference

    return CATALOGUE


NUMBER = Argument("number")
DOUBLE = Function("1.1", "arithmetic", "double", "Double", Signature((NUMBER,)))
TRIPLE = Function(
    "1.2", "arithmetic", "triple", "Triple", Signature((NUMBER, Argument("scale", default="1.0")))
)
TOTAL = Function(
    "1.3", "arithmetic", "total", "Total", Signature((Argument("basket", axes=None),)), bonus_points=1.0
)

ASSIGNMENT = Assignment(
    title="Toy",
    package="toy",
    root=Path(__file__).resolve().parent.parent,
    modules=("arithmetic",),
    parts=(Part("1", "Multiples", 3, (DOUBLE, TRIPLE, TOTAL)),),
    catalogue=_catalogue,
)
