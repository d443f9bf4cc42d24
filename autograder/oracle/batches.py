"""The batch that is a distribution: every trajectory as often as its probability says."""

from __future__ import annotations

import numpy as np

from autograder.oracle.enumeration import Enumeration
from autograder.oracle.mdp import FloatArray
from hw4.tabular import whole_batch
from hw4.trajectories import TrajectoryBatch

MAX_CENSUS = 2048


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
