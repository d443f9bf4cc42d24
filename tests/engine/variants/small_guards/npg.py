import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate

EPSILON = 1e-6


def fisher_estimate(scores, mask):
    m = mask[..., None]
    return np.einsum("nhi,nhj->ij", scores * m, scores * m) / len(scores)


def npg_step_size(gradient, fisher, delta):
    if np.allclose(gradient, 0.0):
        return 0.0
    natural = np.linalg.solve(fisher, gradient)
    return float(np.sqrt(delta / (gradient @ natural + EPSILON)))


def npg_step(theta, gradient, fisher, delta):
    if np.allclose(gradient, 0.0):
        return theta.copy()
    return theta + npg_step_size(gradient, fisher, delta) * np.linalg.solve(fisher, gradient)


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    weights = fit_baseline(
        baseline_batch.baseline_features,
        rewards_to_go(baseline_batch.rewards, baseline_batch.mask),
        baseline_batch.mask,
        ridge=max(ridge, 1e-12),
    )
    returns = rewards_to_go(update_batch.rewards, update_batch.mask)
    advantages = returns - predict_baseline(weights, update_batch.baseline_features)
    scores = score(theta, update_batch.features, update_batch.actions)
    gradient = policy_gradient_estimate(scores, advantages, update_batch.mask)
    fisher = fisher_estimate(scores, update_batch.mask)
    return npg_step(theta, gradient, fisher + (damping + 1e-10) * np.eye(len(theta)), delta)
