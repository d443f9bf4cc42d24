"""Calls everything in the catalogue of mistakes once: a slip must not wait for the student it concerns."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograder.grading.assignment import Answers, Catalogue, Misconception

SEED = 1
"""The probes are drawn from it; any other would do."""


def check_catalogue(catalogue: Catalogue) -> list[str]:
    """Call every right function and every mistake on every probe and edge of its function.

    Args:
        catalogue: the known mistakes.

    Returns:
        A sentence for each function without probes, for each that raises on one, and for each mistake that
        raises what is not its own; none where all is well.
    """
    return [problem for function in catalogue.right for problem in _problems(catalogue, function)]


def _problems(catalogue: Catalogue, function: str) -> Iterator[str]:
    rng = np.random.default_rng(SEED)
    try:
        probes = [*catalogue.probes(function, rng), *catalogue.edges(function, rng)]
    except Exception as error:  # whatever it is: the sentence names it
        yield f"The probes of {function} cannot be drawn: {_describe(error)}"
        return
    if not probes:
        yield f"{function} has no probes: its mistakes cannot be told apart."
    right = catalogue.right[function]
    try:
        answers = [(probe, _call(right, probe)) for probe in probes]
    except Exception as error:
        yield f"The right {function} fails on a probe: {_describe(error)}"
        return
    for mistake in catalogue.of(function):
        try:
            _check(mistake, right, answers)
        except Exception as error:
            yield f"The mistake {mistake.name} of {function} fails on a probe: {_describe(error)}"


def _check(mistake: Misconception, right: Callable[..., Any], answers: Answers) -> None:
    """Make the mistake on every probe, and look for its number in the right answers and in its own."""
    own = []
    for probe, expected in answers:
        try:
            value = _call(mistake.twist, [right, *probe])
        except mistake.raises:
            continue
        if value.shape == expected.shape:
            own.append((probe, value))
    if mistake.fit is not None:
        for given in (answers, own):
            with np.errstate(all="ignore"):
                number = mistake.fit(given)
            if number is not None:
                mistake.with_number(number)


def _call(function: Callable[..., Any], arguments: Sequence[object]) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.array(function(*copy.deepcopy(list(arguments))), dtype=np.float64)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
