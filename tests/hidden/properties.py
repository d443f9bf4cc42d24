"""What several graded tests ask of a function, each as one assertion that speaks to the student."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from hw4.lab.compare import STEP_TOLERANCE, Mismatch, assert_close
from hw4.trajectories import TrajectoryBatch
from tests.public.strategies import LOUD_FEATURE, TwoBatches, loud, trajectory_batch

FEW = 10
"""Examples of the rows whose property nearly any input shows, or that others hold to more."""
MAGNITUDES = st.sampled_from([1.0, 64.0, 1.0 / 64.0])
"""What an input is multiplied by: nothing may be clipped, and nothing small be rounded away."""
LOUDNESS = st.sampled_from([7.0, -1e6, 1e12])
"""What stands on padding. 7 shows a forgotten mask as well as 1e12 does, and reads better."""


UNEQUAL = np.array([[True, False], [True, False], [True, True]])
"""A mask with which a mean over steps is none over trajectories: the first two are shorter."""


def telling_batches() -> TwoBatches:
    """Two batches on which every known mistake of an iteration moves θ: always the same.

    Whether a function is a constant is asked of these; asked of every draw, it would be luck which wrong
    function fails.
    """
    rng = np.random.default_rng(0)
    old, new = trajectory_batch(rng, (4, 5), 3, 3, 2), trajectory_batch(rng, (5, 4), 3, 3, 2)
    return TwoBatches(np.array([0.5, -1.0, 1.5]), old, new)


def quiet_mask(mask: np.ndarray) -> np.ndarray:
    """Every step of every trajectory really happened."""
    return np.ones_like(mask)


def loud_features(features: np.ndarray, mask: np.ndarray, value: float) -> np.ndarray:
    """Features with numbers on their padding, as large as the contract allows there.

    They differ between actions: where all are alike, scores and divergences are 0, and a mask may be
    forgotten unseen.
    """
    A, d = features.shape[-2:]
    pattern = ((7 * np.arange(A)[:, np.newaxis] + 3 * np.arange(d)) % 5 - 2) / 2
    return loud(features, mask, np.clip(value, -LOUD_FEATURE, LOUD_FEATURE) * pattern)


def loud_batch(batch: TrajectoryBatch, value: float) -> TrajectoryBatch:
    """A batch with numbers on its padding, as large as the contract allows there."""
    return TrajectoryBatch(
        features=loud_features(batch.features, batch.mask, value),
        baseline_features=loud(batch.baseline_features, batch.mask, value),
        actions=batch.actions,
        rewards=loud(batch.rewards, batch.mask, value),
        mask=batch.mask,
    )


def assert_responds(function: str, one: np.ndarray, other: np.ndarray) -> None:
    """Assert that two different inputs gave different results: a constant has no property to be credited."""
    if np.array_equal(one, other):
        raise Mismatch(function, "relation", f"{function} returned the same for two different inputs.")


def assert_repeats(function: str, one: np.ndarray, again: np.ndarray) -> None:
    """Assert that the same input gave the same result: random numbers have no property to be credited."""
    if not are_close(one, again):
        raise Mismatch(function, "relation", f"{function} returned two different results for the same input.")


def assert_moves(function: str, returned: np.ndarray, theta: np.ndarray, expected: np.ndarray) -> None:
    """Assert that a step leads away from θ, where the right one does."""
    if np.array_equal(returned, theta):
        message = f"{function} returned θ^k itself, but the slope is not 0 there: θ has to move."
        raise Mismatch(function, "value", message, expected, returned)


def assert_averages(
    function: str,
    evaluate: Callable[[np.ndarray], np.ndarray],
    N: int,
    scale: float,
    *,
    is_telling: bool,
) -> None:
    """Assert that trajectories are averaged: a batch put together of two gives their weighted mean.

    Args:
        function: ``module.function``.
        evaluate: what the student's function returns for the trajectories of some indices below N.
        N: the number of trajectories.
        scale: the size of what is summed.
        is_telling: whether different trajectories must give different results, none of them 0. Asked of every
            input, it would be luck which wrong function fails.
    """
    # One index twice, and the order reversed: neither order nor novelty matters to a mean.
    first, second = np.arange(N), np.arange(N // 2 + 1)
    together = np.concatenate([second, first])[::-1]
    one, other = evaluate(first), evaluate(second)
    mean = (len(first) * one + len(second) * other) / len(together)
    assert_close(
        function,
        evaluate(together),
        mean,
        scale=scale,
        relation=(
            f"What comes back for two batches together has to be the mean of what comes back for each, "
            f"weighted by their {len(first)} and {len(second)} trajectories."
        ),
    )
    if is_telling:
        assert_responds(function, one, other)


def assert_step(
    function: str, returned: object, theta: np.ndarray, expected: np.ndarray, relation: str = ""
) -> None:
    """Assert that a step from θ ends where it has to.

    Args:
        function: ``module.function``.
        returned: the student's θ'.
        theta: where the step starts.
        expected: the right θ'.
        relation: where `expected` was computed from another call's result: what has to hold.
    """
    # Relative to the step: a large θ must not hide a wrong one, and a θ' of exactly 0 leaves it as much room.
    step = float(np.max(np.abs(expected - theta)))
    size = max(float(np.max(np.abs(expected))), step, np.finfo(float).tiny)
    assert_close(
        function, returned, expected, tolerance=STEP_TOLERANCE * step / size, scale=size, relation=relation
    )


def are_close(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two results are the same but for rounding."""
    return bool(np.allclose(one, other, rtol=1e-6, atol=1e-9))
