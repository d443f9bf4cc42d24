from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import SoftmaxPolicy
from hw4.policy_gradient import policy_gradient_estimate
from hw4.trajectories import TrajectoryBatch


class TrustRegion:
    """(θ − θ^k)ᵀ F (θ − θ^k) ≤ δ."""

    def __init__(self, fisher: np.ndarray, delta: float):
        self.fisher = fisher
        self.delta = delta

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        return np.linalg.solve(self.fisher, gradient)

    def step_size(self, gradient: np.ndarray) -> float:
        squared = gradient @ self.direction(gradient)
        return 0.0 if np.isclose(squared, 0.0, atol=1e-12) else float((self.delta / squared) ** 0.5)

    def __call__(self, gradient: np.ndarray) -> np.ndarray:
        return self.step_size(gradient) * self.direction(gradient)


class Estimates(NamedTuple):
    gradient: np.ndarray
    fisher: np.ndarray


class NPG:
    def __init__(self, theta: np.ndarray, ridge: float, damping: float):
        self.theta, self.ridge, self.damping = theta, ridge, damping

    def learn_baseline(self, batch: TrajectoryBatch) -> NPG:
        returns = rewards_to_go(batch.rewards, batch.mask)
        self.weights = fit_baseline(batch.baseline_features, returns, batch.mask, ridge=self.ridge)
        return self

    def estimate(self, batch: TrajectoryBatch) -> Estimates:
        advantages = rewards_to_go(batch.rewards, batch.mask)
        advantages = advantages - predict_baseline(self.weights, batch.baseline_features)
        scores = SoftmaxPolicy(self.theta, batch.features).score(batch.actions)
        fisher = fisher_estimate(scores, batch.mask) + self.damping * np.eye(self.theta.shape[0])
        return Estimates(policy_gradient_estimate(scores, advantages, batch.mask), fisher)


def fisher_estimate(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.mean([s[m].T @ s[m] for s, m in zip(scores, mask)], axis=0)


def npg_step_size(gradient: np.ndarray, fisher: np.ndarray, delta: float) -> float:
    return TrustRegion(fisher, delta).step_size(gradient)


def npg_step(theta: np.ndarray, gradient: np.ndarray, fisher: np.ndarray, delta: float) -> np.ndarray:
    return theta + TrustRegion(fisher, delta)(gradient)


def npg_iteration(
    theta: np.ndarray,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    delta: float,
    ridge: float,
    damping: float,
) -> np.ndarray:
    estimates = NPG(theta, ridge, damping).learn_baseline(baseline_batch).estimate(update_batch)
    return npg_step(theta, estimates.gradient, estimates.fisher, delta)
