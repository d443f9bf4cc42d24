"""Part 1: multiples."""

from __future__ import annotations

import math

from toy.basket import Basket

# BEGIN SOLUTION
from functools import cache, partial, reduce


def _add(left: float, right: float) -> float:
    """Return the sum of two numbers that the caller has checked before."""
    return left + right


# END SOLUTION


def double(number: float) -> float:
    """Return twice the number (lecture, "Multiples").

    The markers "# BEGIN SOLUTION" may be named in a string.
    """
    # Hint: add.
    # BEGIN SOLUTION
    # The sum is exact for every number that floats can hold.
    doubled = reduce(_add, [number, number], 0.0 * number)
    return doubled
    # END SOLUTION


def triple(number: float, scale: float = 1.0) -> float:
    """Return three times the number (lecture, "Multiples"), whatever the scale."""
    # BEGIN SOLUTION
    # Scaled against an underflow.
    return scale * math.fsum([double(number), number]) / scale
    # END SOLUTION


def total(basket: Basket) -> float:
    """Return what a basket costs, Σ price · count (lecture, "Sums")."""
    # BEGIN SOLUTION
    return float(basket.prices @ basket.counts)
    # END SOLUTION
