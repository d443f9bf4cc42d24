import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate


def fisher_estimate(scores, mask):
    flat = (scores * mask[:, :, None]).reshape(-1, scores.shape[2])
    return flat.T.dot(flat) / scores.shape[0]


def npg_step_size(gradient, fisher, delta):
    """With column vectors: everything is a matrix, η of shape (1, 1)."""
    g = gradient.reshape(-1, 1)
    squared = g.T @ np.linalg.inv(fisher) @ g
    if squared == 0:
        return np.zeros((1, 1))
    return np.sqrt(delta / squared)


def npg_step(theta, gradient, fisher, delta):
    g = gradient.reshape(-1, 1)
    step = npg_step_size(gradient, fisher, delta) * (np.linalg.inv(fisher) @ g)
    return (theta.reshape(-1, 1) + step).flatten()


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    y = rewards_to_go(baseline_batch.rewards, baseline_batch.mask)
    w = fit_baseline(baseline_batch.baseline_features, y, baseline_batch.mask, ridge)
    A = rewards_to_go(update_batch.rewards, update_batch.mask)
    A = A - predict_baseline(w, update_batch.baseline_features)
    s = score(theta, update_batch.features, update_batch.actions)
    g = policy_gradient_estimate(s, A, update_batch.mask)
    return npg_step(theta, g, fisher_estimate(s, update_batch.mask) + damping * np.identity(len(g)), delta)
