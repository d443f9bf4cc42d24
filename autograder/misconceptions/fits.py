"""Recovers the number that students choose in a mistake, such as a discount, from their answers.

A fit only proposes: the diagnosis then holds the mistake, made with that number, against every answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograder.grading.assignment import Answers
from autograder.misconceptions.mistake import Array

Fit = Callable[[Answers], float | None]
WithNumber = Callable[..., Any]
"""What the mistaken function returns: called with the number, then its arguments, which it leaves alone."""

CLOSE = 1e-5


def among(of: WithNumber, numbers: Sequence[float]) -> Fit:
    """Try a few usual numbers, where the answers do not tell the number: the size of a chunk, say."""
    return lambda answers: _first(of, numbers, answers)


def linear(of: WithNumber, start: float, stop: float, *, above: float = -np.inf) -> Fit:
    """Go through the answers for `start` and `stop` in a straight line, probe by probe, to the student's.

    Numbers up to `above` are another mistake, or none.
    """

    def fit(answers: Answers) -> float | None:
        def candidates() -> Iterable[float]:
            for probe, found in answers:
                first, last = (_value(of, number, probe) for number in (start, stop))
                slope = last - first
                if (length := float(np.sum(slope * slope))) > 0.0 and np.isfinite(found).all():
                    yield start + (stop - start) * float(np.sum((found - first) * slope)) / length

        return _first(of, (number for number in candidates() if number > above), answers)

    return fit


def discount(answers: Answers) -> float | None:
    """The last but one step of a whole trajectory has the return r + γ r'."""
    for (rewards, mask), returns in answers:
        if mask.all() and mask.shape[1] > 1:
            return _between(0.0, (returns[0, -2] - rewards[0, -2]) / rewards[0, -1], 1.0)
    return None


def lowest(answers: Answers) -> float | None:
    """The smallest value anywhere, as a floor leaves it."""
    return min((float(np.min(found)) for _, found in answers), default=None)


def exp_of_lowest(answers: Answers) -> float | None:
    """Where π underflows, ln(π + ε) is ln ε."""
    least = lowest(answers)
    return None if least is None else _between(0.0, float(np.exp(least)), 0.1)


def spread(answers: Answers) -> float | None:
    """Clipped logits differ by no more than the bound, where the largest is 0 and the smallest far below."""
    for (theta, features), found in answers:
        logits = features @ theta
        is_far = (np.max(logits, axis=-1) == 0.0) & (np.min(logits, axis=-1) < -9000.0)
        if is_far.any():
            return float(np.max(np.ptp(found[is_far], axis=-1)))
    return None


def highest(answers: Answers) -> float | None:
    """The largest value anywhere, if two values have it: a bound leaves more than one there."""
    return _bound([float(value) for _, found in answers for value in np.ravel(found)])


def highest_above_one(answers: Answers) -> float | None:
    """The same where it is above 1: a bound of 1 is another mistake."""
    most = highest(answers)
    return None if most is None else _between(1.0 + 1e-9, most, np.inf)


def longest(answers: Answers) -> float | None:
    """The largest Euclidean length, if two answers have it."""
    return _bound([float(np.linalg.norm(found)) for _, found in answers])


def longest_step(answers: Answers) -> float | None:
    """The largest Euclidean distance from θ, the first argument, if two answers have it."""
    return _bound([float(np.linalg.norm(found - probe[0])) for probe, found in answers])


def shortened_gradient(answers: Answers) -> float | None:
    """The largest distance from θ^k in one SGD step, by the learning rate, if two answers have it."""
    return _bound(
        [
            float(np.linalg.norm(found - probe[0])) / probe[-2]
            for probe, found in answers
            if len(probe[-1]) == 1
        ]
    )


def hidden_ridge(answers: Answers) -> float | None:
    """At the minimum Ψᵀ(R − Ψw) = (ridge + ε) w; the probe without a ridge shows ε best."""
    return next(
        (_ridge_of(probe, weights) for probe, weights in answers if probe[3] == 0.0 and np.any(weights)),
        None,
    )


def _ridge_of(probe: Sequence[Any], weights: Array) -> float | None:
    features, returns, mask, _ = probe
    design = features[mask]
    left_over = design.T @ (returns[mask] - design @ weights)
    return _between(0.0, float(weights @ left_over / (weights @ weights)), np.inf)


def guard_at_zero(answers: Answers) -> float | None:
    """Where g = 0, η = √(δ/ε)."""
    for (gradient, _, delta), step_size in answers:
        if not gradient.any() and step_size > 0.0:
            return _between(0.0, delta / float(step_size) ** 2, np.inf)
    return None


def guard(answers: Answers) -> float | None:
    """From η = √(δ/(q + ε)) where q = gᵀF⁻¹g is smallest."""
    found = []
    for (gradient, fisher, delta), step_size in answers:
        if gradient.any() and step_size > 0.0:
            squared = float(gradient @ np.linalg.solve(fisher, gradient))
            found.append((squared, delta / float(step_size) ** 2 - squared))
    return _between(0.0, min(found)[1], np.inf) if found else None


def guard_of_step(answers: Answers) -> float | None:
    """The step x = √(δ/(q + ε)) F⁻¹g has xᵀFx = δ q/(q + ε)."""
    found = []
    for (theta, gradient, fisher, delta), stepped in answers:
        length = float((stepped - theta) @ fisher @ (stepped - theta))
        if gradient.any() and length > 0.0:
            squared = float(gradient @ np.linalg.solve(fisher, gradient))
            found.append((squared, squared * (delta / length - 1.0)))
    return _between(0.0, min(found)[1], np.inf) if found else None


def damping_of_step(answers: Answers) -> float | None:
    """The step x satisfies (F + c·I) x = η g: linear in c and η. The smallest F shows c best."""
    found = []
    for (theta, gradient, fisher, _), stepped in answers:
        step = stepped - theta
        if len(step) > 1 and step.any() and np.isfinite(step).all():
            columns = np.stack([step, -gradient], axis=1)
            number = float(np.linalg.lstsq(columns, -fisher @ step, rcond=None)[0][0])
            found.append((float(np.trace(fisher)), number))
    return _between(0.0, min(found)[1], np.inf) if found else None


def damping_of_step_size(answers: Answers) -> float | None:
    """gᵀ(F + c·I)⁻¹g = δ/η² falls as c grows: by bisection, where F is smallest."""
    found = [
        (float(np.trace(fisher)), gradient, fisher, delta / float(step_size) ** 2)
        for (gradient, fisher, delta), step_size in answers
        if gradient.any() and step_size > 0.0
    ]
    if not found:
        return None
    _, gradient, fisher, wanted = min(found, key=lambda case: case[0])
    values, vectors = np.linalg.eigh(fisher)
    squares = (vectors.T @ gradient) ** 2
    low, high = 1e-18, 1e12
    for _ in range(100):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if np.sum(squares / (values + middle)) > wanted else (low, middle)
    return _between(2e-18, low, 5e11)


def added_to_diagonal(answers: Answers) -> float | None:
    """What the smallest matrix has too much on its diagonal."""
    found = []
    for (scores, mask), fisher in answers:
        real = scores[mask]
        found.append((float(np.sum(real**2)), float(np.mean(np.diag(fisher - real.T @ real / len(mask))))))
    return _between(0.0, min(found)[1], np.inf) if found else None


def small_gradient(where: int) -> Fit:
    """The longest g, the argument at `where`, that moves nothing: η is 0, or θ stays."""

    def fit(answers: Answers) -> float | None:
        still = [
            float(np.linalg.norm(probe[where]))
            for probe, found in answers
            if not np.any(found if where == 0 else found - probe[0])
        ]
        return _between(0.0, max(still) * (1.0 + 1e-9), np.inf) if still else None

    return fit


def weights_guard(answers: Answers) -> float | None:
    """p̃/(p + ε) = w, where p is smallest beside p̃."""
    found = [
        (float(q - p), float(np.exp(p) / w - np.exp(q)))
        for (target, proposal), weights in answers
        for p, q, w in zip(np.ravel(target), np.ravel(proposal), np.ravel(weights), strict=True)
        if w > 0.0 and p > -30.0
    ]
    return _between(0.0, min(found)[1], np.inf) if found else None


def clipped_draws(answers: Answers) -> float | None:
    """Σ min(w, c) f = n · estimate is linear in c between two neighbouring weights."""

    def candidates() -> Iterable[float]:
        for (values, weights), estimate in answers:
            edges = np.append(0.0, np.sort(weights))
            for low, high in itertools.pairwise(edges):
                is_clipped = weights >= high
                slope = float(np.sum(values[is_clipped]))
                number = (float(estimate) * len(values) - float(weights @ (values * ~is_clipped))) / slope
                if low < number < high:
                    yield number

    return _first(
        lambda most, values, weights: np.mean(np.minimum(weights, most) * values), candidates(), answers
    )


def highest_log(answers: Answers) -> float | None:
    """The logarithm of the largest value, if two values have it."""
    most = highest(answers)
    return None if most is None or most <= 1.0 else float(np.log(most))


def _bound(values: Sequence[float]) -> float | None:
    most = max(values, default=0.0)
    return most if most > 0.0 and sum(value > most * (1.0 - 1e-9) for value in values) > 1 else None


def _between(low: float, number: float, high: float) -> float | None:
    return float(number) if low < number < high else None


def _value(of: WithNumber, number: float, probe: Sequence[Any]) -> Array:
    return np.asarray(of(number, *probe), dtype=np.float64)


def _first(of: WithNumber, numbers: Iterable[float], answers: Answers) -> float | None:
    """The first number that explains every answer, and that not every number would."""
    for number in numbers:
        # The edges, which come last, tell numbers apart best.
        if all(_is_close(_value(of, number, probe), found) for probe, found in reversed(answers)):
            return number
    return None


def _is_close(value: Array, found: Array) -> bool:
    size = float(np.max(np.abs(found), initial=0.0))
    return value.shape == found.shape and bool(
        np.allclose(value, found, rtol=0.0, atol=CLOSE * size, equal_nan=True)
    )
