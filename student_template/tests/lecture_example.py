"""The lecture's "Example of Natural Gradient on 1-d problem: 2 actions, 1 state", in numbers.

One step, one state. The first action pays 100 and the second 1; π_θ(first) = e^θ / (1 + e^θ) =: p. Then

    J(θ) = 100 p + 1 (1 − p),   ∇J(θ) = 99 p (1 − p),   F = p (1 − p),   F⁻¹ ∇J = 99 at every θ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hw4.trajectories import TrajectoryBatch

LN_3 = np.log(3.0)
"""The θ at which the first action has probability ¾, as a number."""

SAMPLES = [(1, 2), (3, 4), (1, 4), (9, 10), (99, 100)]
"""How often the first action was taken, out of how many trajectories."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A sample that takes each action exactly as often as π_θ does: its averages are the expectations.

    Attributes:
        p: the probability of the first action.
        theta: (1,), the θ with that probability.
        scores: (N, 1, 1), 1 − p where the first action was taken and −p where the second was.
        batch: the trajectories. Their one baseline feature is 1.
    """

    p: float
    theta: np.ndarray
    scores: np.ndarray
    batch: TrajectoryBatch


def half() -> np.ndarray:
    """The θ at which the first action has probability ½."""
    return np.array([0.0])


def three_quarters() -> np.ndarray:
    """The θ at which the first action has probability ¾."""
    return np.array([LN_3])


def sample(first: int, of: int) -> Sample:
    """Return `of` trajectories, `first` of which take the first action."""
    p = first / of
    actions = np.array([[0]] * first + [[1]] * (of - first), dtype=np.int64)
    return Sample(
        p=p,
        theta=np.array([np.log(first / (of - first))]),
        scores=np.array([[[1 - p]]] * first + [[[-p]]] * (of - first)),
        batch=one_step_batch(actions, np.array([100.0, 1.0])[actions]),
    )


def one_step_batch(actions: np.ndarray, rewards: np.ndarray) -> TrajectoryBatch:
    """Return one-step trajectories of the two-action problem with these actions and rewards, (N, 1) each.

    The first action's feature is 1 and the second's is 0; the baseline's one feature is 1.
    """
    N = len(actions)
    return TrajectoryBatch(
        features=np.array([[[[1.0], [0.0]]]] * N),
        baseline_features=np.ones((N, 1, 1)),
        actions=actions,
        rewards=rewards,
        mask=np.ones((N, 1), dtype=np.bool_),
    )
