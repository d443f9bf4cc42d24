"""The iterations put together rightly from the student's own pieces, for follow-through.

A wrong piece has lost its points in its own rows; an iteration that uses it rightly is not to pay again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.sandbox.failures import SubmissionFault
from hw4.lab.compare import Mismatch, as_returned
from hw4.policy import action_log_probabilities
from hw4.trajectories import TrajectoryBatch
from tests.hidden.properties import are_close

Compose = Callable[[TrajectoryBatch, TrajectoryBatch], np.ndarray]


def own_npg_iteration(
    submission: Any,
    theta: np.ndarray,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    delta: float,
    ridge: float,
    damping: float,
) -> np.ndarray | None:
    """Sample-based NPG from the student's own pieces, or None where they cannot show the composition."""

    def compose(first: TrajectoryBatch, second: TrajectoryBatch) -> np.ndarray:
        d = len(theta)
        advantages = _own_advantages(submission, first, second, ridge)
        scores = _own(
            submission.policy, "score", (*second.mask.shape, d), theta, second.features, second.actions
        )
        gradient = _own(
            submission.policy_gradient, "policy_gradient_estimate", (d,), scores, advantages, second.mask
        )
        fisher = _own(submission.npg, "fisher_estimate", (d, d), scores, second.mask) + damping * np.eye(d)
        return _own(submission.npg, "npg_step", (d,), theta, gradient, fisher, delta)

    return _if_telling(compose, theta, baseline_batch, update_batch)


def own_ppo_iteration(
    submission: Any,
    theta_k: np.ndarray,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    kl_weight: float,
    learning_rate: float,
    minibatches: np.ndarray,
    ridge: float,
) -> np.ndarray | None:
    """PPO's iteration from the student's own pieces, or None where they cannot show the composition."""

    def compose(first: TrajectoryBatch, second: TrajectoryBatch) -> np.ndarray:
        advantages = _own_advantages(submission, first, second, ridge)
        data = (second.features, second.actions, advantages, second.mask)
        steps = minibatches % len(second)
        return _own(
            submission.ppo, "ppo_update", theta_k.shape, theta_k, *data, kl_weight, learning_rate, steps
        )

    return _if_telling(compose, theta_k, baseline_batch, update_batch)


def own_ppo_update(
    submission: Any,
    theta_k: np.ndarray,
    features: np.ndarray,
    actions: np.ndarray,
    advantages: np.ndarray,
    mask: np.ndarray,
    kl_weight: float,
    learning_rate: float,
    minibatches: np.ndarray,
) -> np.ndarray | None:
    """SGD along the student's own gradient, or None where that gradient cannot show the loop."""
    theta = theta_k
    try:
        for t in minibatches:
            data = (features[t], actions[t], advantages[t], mask[t])
            gradient = _own(submission.ppo, "ppo_gradient", theta_k.shape, theta, theta_k, *data, kl_weight)
            theta = theta - learning_rate * gradient
    except (Mismatch, SubmissionFault):
        return None
    return None if are_close(theta, theta_k) else theta


def own_npg_step(
    submission: Any, theta: np.ndarray, gradient: np.ndarray, fisher: np.ndarray, delta: float
) -> np.ndarray | None:
    """The natural-gradient step with the student's own step size, or None where that is no length."""
    try:
        step_size = _own(submission.npg, "npg_step_size", (), gradient, fisher, delta)
    except (Mismatch, SubmissionFault):
        return None
    return theta + step_size * np.linalg.solve(fisher, gradient) if step_size > 0 else None


def _own_advantages(
    submission: Any, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, ridge: float
) -> np.ndarray:
    rewards_to_go = "rewards_to_go"
    old, new, baseline = baseline_batch, update_batch, submission.baseline
    old_returns = _own(baseline, rewards_to_go, old.mask.shape, old.rewards, old.mask)
    number_of_features = old.baseline_features.shape[-1:]
    data = (old.baseline_features, old_returns, old.mask, ridge)
    weights = _own(baseline, "fit_baseline", number_of_features, *data)
    returns = _own(baseline, rewards_to_go, new.mask.shape, new.rewards, new.mask)
    return returns - _own(baseline, "predict_baseline", new.mask.shape, weights, new.baseline_features)


def _own(module: Any, name: str, shape: tuple[int, ...], *arguments: object) -> np.ndarray:
    function = getattr(module, name)
    return as_returned(f"{function.module}.{name}", function(*arguments), shape)


def _if_telling(
    compose: Compose, theta: np.ndarray, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch
) -> np.ndarray | None:
    """The composition; None where all pieces return constants: a wrong one could not be told from it."""
    try:
        composed = compose(baseline_batch, update_batch)
        swapped = compose(update_batch, baseline_batch)
    except (Mismatch, SubmissionFault):
        return None
    is_telling = not are_close(composed, theta) and not are_close(composed, swapped)
    return composed if is_telling else None


def own_trpo_step(
    submission: Any,
    theta_k: np.ndarray,
    gradient: np.ndarray,
    fisher: np.ndarray,
    features: np.ndarray,
    actions: np.ndarray,
    advantages: np.ndarray,
    mask: np.ndarray,
    delta: float,
    backtrack: float = 0.5,
    max_backtracks: int = 10,
) -> np.ndarray | None:
    """TRPO's line search with the student's own step size and KL estimate, or None where these are no use."""
    chosen = actions[..., np.newaxis]
    proposal = np.take_along_axis(action_log_probabilities(theta_k, features), chosen, axis=-1)
    try:
        step_size = _own(submission.npg, "npg_step_size", (), gradient, fisher, delta)
        full_step = np.sqrt(2.0) * step_size * np.linalg.solve(fisher, gradient)
        for backtracks in range(max_backtracks + 1):
            theta = theta_k + backtrack**backtracks * full_step
            target = np.take_along_axis(action_log_probabilities(theta, features), chosen, axis=-1)
            gains = (np.exp(target - proposal) - 1.0)[..., 0] * advantages
            kl = _own(submission.trpo, "kl_estimate", (), theta_k, theta, features, mask)
            if kl <= delta and np.sum(gains, where=mask) >= 0:
                return None if are_close(theta, theta_k) else theta
    except (Mismatch, SubmissionFault):
        return None
    return None
