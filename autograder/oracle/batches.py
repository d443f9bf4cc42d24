"""Batches of trajectories with their probabilities: what an estimator's exact expectation is made of.

Turns enumerated trajectories into ``TrajectoryBatch`` objects; knows no formula of the lecture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from autograder.oracle.enumeration import Enumeration
from autograder.oracle.mdp import FloatArray, IntArray, TabularMDP
from hw4.trajectories import TrajectoryBatch

Sample = TypeVar("Sample")

MAX_CENSUS = 2048


def one_hot_features(mdp: TabularMDP) -> FloatArray:
    """Return baseline features ψ(s, h) that are one-hot: any baseline is linear in them.

    Args:
        mdp: the MDP.

    Returns:
        (H, S, H·S); weight h·S + s belongs to (s, h), so ``weights.reshape(H, S)`` is the baseline's table.
    """
    return np.eye(mdp.H * mdp.S).reshape(mdp.H, mdp.S, mdp.H * mdp.S)


def whole_batch(every: Enumeration, baseline_features: FloatArray | None = None) -> TrajectoryBatch:
    """Return the batch that holds every trajectory exactly once. Its members are *not* equally likely.

    Args:
        every: the trajectories.
        baseline_features: (H, S, k), ψ(s, h); one-hot by default.

    Returns:
        A batch of N = len(every) trajectories, in the same order, 0 on padding.
    """
    mdp = every.mdp
    table = one_hot_features(mdp) if baseline_features is None else baseline_features
    return TrajectoryBatch(
        features=np.where(every.mask[..., np.newaxis, np.newaxis], mdp.features[every.states], 0.0),
        baseline_features=every.along(table),
        actions=every.actions,
        rewards=every.rewards(),
        mask=every.mask,
    )


def independent_draws(probabilities: FloatArray, size: int) -> tuple[IntArray, FloatArray]:
    """List every ordered draw of ``size`` independent items from a finite set, with its probability.

    The items are indices, so arrays computed once for all trajectories serve every batch:
    ``scores[members[i]]`` and ``batch.select(members[i])`` belong to batch i. The points of any finite sample
    space can be drawn so as well.

    Args:
        probabilities: (n,), of the single items.
        size: 1 for single trajectories, 2 for ordered pairs, and so on: the list has n^size rows.

    Returns:
        The members (n^size, size) and the draws' probabilities (n^size,), of sum 1.
    """
    n = len(probabilities)
    members = np.indices((n,) * size, dtype=np.int64).reshape(size, -1).T.copy()
    return members, np.asarray(probabilities[members].prod(axis=1))


def expectation(
    estimator: Callable[[Sample], npt.ArrayLike], samples: Iterable[Sample], probabilities: FloatArray
) -> FloatArray:
    """Return Σ_i p_i · estimator(sample_i): an exact expectation when the samples are all there are.

    Args:
        estimator: called once for each sample, in order.
        samples: n of anything; often the rows of ``independent_draws``.
        probabilities: (n,).

    Returns:
        An array of the shape the estimator returns; () for a number.

    Raises:
        ValueError: when there are not as many samples as probabilities.
    """
    estimates = np.array([estimator(sample) for sample in samples], dtype=np.float64)
    if len(estimates) != len(probabilities):
        raise ValueError(f"There are {len(estimates)} samples, but {len(probabilities)} probabilities.")
    return np.asarray(np.tensordot(probabilities, estimates, axes=1))


def census_batch(
    every: Enumeration, theta: FloatArray, baseline_features: FloatArray | None = None
) -> TrajectoryBatch:
    """Return the smallest batch in which every trajectory stands exactly as often as its probability says.

    A sample mean over it is the exact expectation, a least-squares baseline on one-hot features is V, and a
    whole iteration from it is the lecture's exact iteration: one call instead of one for each trajectory.

    Args:
        every: the trajectories of a ``mdp.random_census_mdp``.
        theta: (d,), the θ that came with it.
        baseline_features: (H, S, k), ψ(s, h); one-hot by default.

    Returns:
        A batch of N trajectories, 0 on padding; shuffle it with ``select`` where the order could matter.

    Raises:
        ValueError: when no N up to 2048 makes every N·ρ_θ(τ) a whole number.
    """
    probabilities = every.probabilities(theta)
    sizes = np.arange(1, MAX_CENSUS + 1)
    counts = sizes[:, np.newaxis] * probabilities
    whole = (np.abs(counts - np.rint(counts)) < 1e-9).all(axis=1)
    if not whole.any():
        raise ValueError(
            f"No batch of up to {MAX_CENSUS} trajectories has exactly these probabilities: "
            "take the MDP and the θ that random_census_mdp returns."
        )
    repeats = np.rint(counts[int(np.argmax(whole))]).astype(np.int64)
    return whole_batch(every, baseline_features).select(np.repeat(np.arange(len(every)), repeats))
