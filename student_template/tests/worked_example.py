"""Trajectories with d = 2, H = 2 and an early end, small enough to follow on paper.

There are two actions, and the features of the second are 0. The 9s are padding. θ^k = (¼ ln 3, 0).

The new trajectories, M = 2:

    m  h   features of the first action   θ^k·φ   π_θk(first)   action   score     r    R_h   b̃    R_h − b̃
    0  0   (4, 4)                         ln 3    ¾             first    (1, 1)    4    5     4     1
    0  1   (0, 2)                         0       ½             second   (0, −1)   1    1     2    −1
    1  0   (4, 0)                         ln 3    ¾             first    (1, 0)   −3   −3     4    −7

The baseline's features are (1, 0) at h = 0 and (0, 1) at h = 1, so each of its weights belongs to one time.
Its N = 3 trajectories have R_0 = 9, 4, 5 and one R_1 = 5. With ridge = 1½ the weights are 18 / (3 + 1½) = 4
and 5 / (1 + 1½) = 2.
"""

from __future__ import annotations

import numpy as np

from hw4.trajectories import TrajectoryBatch

RIDGE = 1.5


def theta_k() -> np.ndarray:
    """θ^k, (2,)."""
    return np.array([np.log(3.0) / 4, 0.0])


def baseline_batch() -> TrajectoryBatch:
    """The N = 3 trajectories that the baseline is fitted on, with `RIDGE`."""
    rewards = np.array([[4.0, 5.0], [4.0, 9.0], [5.0, 9.0]])
    return _batch(np.ones((3, 2, 2)), rewards, np.array([[True, True], [True, False], [True, False]]))


def baseline_batch_without_ridge() -> TrajectoryBatch:
    """R_0 = 5, 3, 4 and R_1 = 2: their means, 4 and 2, are the weights of a fit with ridge = 0."""
    rewards = np.array([[3.0, 2.0], [3.0, 9.0], [4.0, 9.0]])
    return _batch(np.ones((3, 2, 2)), rewards, np.array([[True, True], [True, False], [True, False]]))


def update_batch() -> TrajectoryBatch:
    """The M = 2 new trajectories."""
    first_action = np.array([[[4.0, 4.0], [0.0, 2.0]], [[4.0, 0.0], [9.0, -9.0]]])
    rewards = np.array([[4.0, 1.0], [-3.0, 9.0]])
    return _batch(first_action, rewards, np.array([[True, True], [True, False]]))


def advantages() -> np.ndarray:
    """R_h − b̃ of the new trajectories, (2, 2)."""
    return np.array([[1.0, -1.0], [-7.0, 9.0]])


def _batch(first_action: np.ndarray, rewards: np.ndarray, mask: np.ndarray) -> TrajectoryBatch:
    """A batch in which the second action is taken at h = 1."""
    N = len(mask)
    return TrajectoryBatch(
        features=np.stack([first_action, np.zeros_like(first_action)], axis=2),
        baseline_features=np.array([np.eye(2)] * N),
        actions=np.array([[0, 1]] * N),
        rewards=rewards,
        mask=mask,
    )
