import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate


def solve(matrix, vector):
    U, S, Vt = np.linalg.svd(matrix)
    return Vt.T @ np.diag(1 / S) @ U.T @ vector


def fisher_estimate(scores, mask):
    real = scores[mask]
    return real.T @ real / len(mask)


def npg_step_size(gradient, fisher, delta):
    squared = gradient @ solve(fisher, gradient)
    return np.sqrt(delta / squared) if squared > 0 else 0.0


def npg_step(theta, gradient, fisher, delta):
    return theta + npg_step_size(gradient, fisher, delta) * solve(fisher, gradient)


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    targets = rewards_to_go(baseline_batch.rewards, baseline_batch.mask)
    weights = fit_baseline(baseline_batch.baseline_features, targets, baseline_batch.mask, ridge)
    advantages = rewards_to_go(update_batch.rewards, update_batch.mask) - predict_baseline(
        weights, update_batch.baseline_features
    )
    scores = score(theta, update_batch.features, update_batch.actions)
    gradient = policy_gradient_estimate(scores, advantages, update_batch.mask)
    fisher = fisher_estimate(scores, update_batch.mask) + damping * np.eye(len(theta))
    return npg_step(theta, gradient, fisher, delta)
