import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate


def fisher_estimate(scores, mask):
    total = 0.0
    for s, m in zip(scores, mask):
        total = total + (s * m[:, None]).T @ (s * m[:, None])
    return total / len(scores)


def npg_step_size(gradient, fisher, delta):
    quadratic = float(gradient.T @ np.linalg.solve(fisher, gradient))
    if quadratic < 1e-16:
        return 0.0
    return np.sqrt(delta / max(quadratic, 1e-8))


def npg_step(theta, gradient, fisher, delta):
    # Without a test for g = 0: there, the direction is 0 whatever the step size.
    direction = np.linalg.solve(fisher, gradient)
    return theta + np.sqrt(delta / (gradient @ direction + 1e-8)) * direction


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    bf, mask = baseline_batch.baseline_features, baseline_batch.mask
    weights = fit_baseline(bf, rewards_to_go(baseline_batch.rewards, mask), mask, ridge)
    returns = rewards_to_go(update_batch.rewards, update_batch.mask)
    scores = score(theta, update_batch.features, update_batch.actions)
    baseline = predict_baseline(weights, update_batch.baseline_features)
    gradient = policy_gradient_estimate(scores, returns - baseline, update_batch.mask)
    fisher = fisher_estimate(scores, update_batch.mask)
    fisher += damping * np.eye(*fisher.shape)
    return npg_step(theta, gradient, fisher, delta)
