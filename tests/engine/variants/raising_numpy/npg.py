import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate

np.seterr(all="raise")


def fisher_estimate(scores, mask):
    scores = np.where(mask[..., None], scores, 0.0)
    return np.tensordot(scores, scores, axes=([0, 1], [0, 1])) / len(scores)


def npg_step_size(gradient, fisher, delta):
    try:
        return np.sqrt(delta / (gradient @ np.linalg.solve(fisher, gradient)))
    except FloatingPointError:
        return 0.0


def npg_step(theta, gradient, fisher, delta):
    return theta + npg_step_size(gradient, fisher, delta) * np.linalg.solve(fisher, gradient)


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    y = rewards_to_go(baseline_batch.rewards, baseline_batch.mask)
    w = fit_baseline(baseline_batch.baseline_features, y, baseline_batch.mask, ridge)
    returns = rewards_to_go(update_batch.rewards, update_batch.mask)
    advantages = returns - predict_baseline(w, update_batch.baseline_features)
    s = score(theta, update_batch.features, update_batch.actions)
    g = policy_gradient_estimate(s, advantages, update_batch.mask)
    F = fisher_estimate(s, update_batch.mask)
    F[np.diag_indices_from(F)] += damping
    return npg_step(theta, g, F, delta)
