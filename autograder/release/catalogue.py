"""Calls everything in the catalogue of mistakes once, so that an error in it is found before the term."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograder.grading.assignment import Answers, Catalogue, Misconception

SEED = 0
"""The probes are drawn from it; any other would do."""


def check_catalogue(catalogue: Catalogue) -> Iterator[str]:
    """Call every right function and every mistake on every probe and edge of its function.

    Args:
        catalogue: the known mistakes.

    Yields:
        A sentence for each function without probes, for each that raises on one, and for each mistake that
        raises what is not its own.
    """
    for name, right in catalogue.right.items():
        rng = np.random.default_rng(SEED)
        try:
            probes = [*catalogue.probes(name, rng), *catalogue.edges(name, rng)]
        except Exception as error:  # whatever it is: the sentence names it
            yield f"The probes of {name} cannot be drawn: {_said(error)}"
            continue
        if not probes:
            yield f"{name} has no probes, so no mistake in it can be told: draw some in the catalogue."
        answers: list[tuple[Sequence[Any], np.ndarray]] = []
        try:
            answers.extend((probe, _call(right, probe)) for probe in probes)
        except Exception as error:
            yield f"{name} of the solutions raises on its probe {len(answers) + 1}: {_said(error)}"
        for mistake in catalogue.of(name):
            yield from _errors(mistake, right, answers)


def _errors(mistake: Misconception, right: Callable[..., Any], answers: Answers) -> Iterator[str]:
    """Make the mistake on every probe, and fit its number to the right answers and to its own."""
    own = []
    for place, (probe, expected) in enumerate(answers, start=1):
        try:
            value = _call(mistake.twist, [right, *probe])
        except mistake.raises:
            continue
        except Exception as error:
            yield f"{mistake.name} raises on probe {place} of {mistake.function}: {_said(error)}"
            return
        if value.shape == expected.shape:
            own.append((probe, value))
    try:
        with np.errstate(all="ignore"):
            numbers = [mistake.fit(given) for given in (answers, own)] if mistake.fit else []
        for number in numbers:
            if number is not None:
                mistake.with_number(number)
    except Exception as error:
        yield f"The number of {mistake.name} in {mistake.function} cannot be looked for: {_said(error)}"


def _call(function: Callable[..., Any], arguments: Sequence[object]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.array(function(*copy.deepcopy(list(arguments))), dtype=np.float64)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(".") + "."
