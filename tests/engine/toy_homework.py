"""A homework of two functions, small enough to read beside the tests of `release`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder.grading.assignment import Assignment, Function, Part


@dataclass(frozen=True)
class Number:
    """An argument that is a number."""

    name: str
    default: str | None = None
    axes: tuple[str, ...] = ()
    dtype: type = np.float64


@dataclass(frozen=True)
class Numbers:
    """The signature of a function of numbers: there are no shapes to hold them against."""

    arguments: tuple[Number, ...]

    def check_arguments(self, arguments: Mapping[str, object]) -> dict[str, int]:
        return {}


DOUBLE = Function("1.1", "arithmetic", "double", "Double", Numbers((Number("number"),)))
TRIPLE = Function(
    "1.2", "arithmetic", "triple", "Triple", Numbers((Number("number"), Number("scale", "1.0")))
)

ARITHMETIC = '''"""Part 1: multiples."""

from __future__ import annotations

import math

# BEGIN SOLUTION
from functools import cache, partial, reduce


def _add(left: float, right: float) -> float:
    """Return the sum of two numbers that the caller has checked before."""
    return left + right


# END SOLUTION


def double(number: float) -> float:
    """Return twice the number.

    The markers "# BEGIN SOLUTION" may be named in a string.
    """
    # Hint: add.
    # BEGIN SOLUTION
    # The sum is exact for every number that floats can hold.
    doubled = reduce(_add, [number, number], 0.0 * number)
    return doubled
    # END SOLUTION


def triple(number: float, scale: float = 1.0) -> float:
    """Return three times the number."""
    # BEGIN SOLUTION
    # Scaled against an underflow.
    return scale * math.fsum([double(number), number]) / scale
    # END SOLUTION
'''

ARITHMETIC_TEMPLATE = '''"""Part 1: multiples."""

from __future__ import annotations

import math


def double(number: float) -> float:
    """Return twice the number.

    The markers "# BEGIN SOLUTION" may be named in a string.
    """
    # Hint: add.
    # Part 1.1: your code replaces this comment and the line below.
    raise NotImplementedError("Part 1.1: double")


def triple(number: float, scale: float = 1.0) -> float:
    """Return three times the number."""
    # Part 1.2: your code replaces this comment and the line below.
    raise NotImplementedError("Part 1.2: triple")
'''

FILES = {
    "solutions/README.md": "Fill in toy/arithmetic.py.\n",
    "solutions/toy/__init__.py": "",
    "solutions/toy/__main__.py": 'raise SystemExit("importing a template must not run it")\n',
    "solutions/toy/arithmetic.py": ARITHMETIC,
    "tests/public/test_arithmetic.py": "def test_double():\n    assert True\n",
}


def make(root: Path, **changed: str) -> Assignment:
    """Write the homework to a folder; a keyword replaces the file of that stem, such as ``README=...``."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(changed.get(path.stem, text).encode())
    return Assignment("Toy", "toy", root, ("arithmetic",), (Part("1", "Multiples", 1, (DOUBLE, TRIPLE)),))
