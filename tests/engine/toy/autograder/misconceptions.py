"""The mistakes of the toy, each a wrong twist of the right function, and the inputs that tell them apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.grading.assignment import Catalogue, Misconception
from toy import arithmetic
from toy.basket import Basket


def squared(right, number):
    return number * number


def quadrupled(right, number, scale=1.0):
    return right(number, scale) + number


def scaled(right, number, scale=1.0):
    return scale * right(number, scale)


def without_counts(right, basket):
    return basket.prices.sum()


def probes(function: str, rng: np.random.Generator) -> Sequence[tuple[object, ...]]:
    """Three inputs of the function."""
    if function == "arithmetic.total":
        return [(Basket(rng.uniform(1.0, 9.0, n), rng.integers(1, 9, n).astype(float)),) for n in (2, 3, 4)]
    numbers = rng.uniform(3.0, 9.0, size=(3, 2)).tolist()
    return [tuple(pair) if function == "arithmetic.triple" else (pair[0],) for pair in numbers]


CATALOGUE = Catalogue(
    (
        Misconception("squared", "arithmetic.double", squared, "Multiples", "You square the number."),
        Misconception(
            "quadrupled", "arithmetic.triple", quadrupled, "Multiples", "You add it four times.", ("1.2.1",)
        ),
        Misconception(
            "scaled", "arithmetic.triple", scaled, "Multiples", "The scale is left in it.", ("1.2.2",)
        ),
        Misconception("without_counts", "arithmetic.total", without_counts, "Sums", "You take one of each."),
    ),
    {f"arithmetic.{name}": getattr(arithmetic, name) for name in ("double", "triple", "total")},
    probes,
)
