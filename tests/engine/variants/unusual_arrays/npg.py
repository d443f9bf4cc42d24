import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate


def fisher_estimate(scores, mask):
    """With masked arrays, in Fortran order and long doubles."""
    hidden = np.ma.array(scores, mask=~np.repeat(mask[..., None], scores.shape[-1], axis=-1))
    flat = hidden.filled(0.0).reshape(-1, scores.shape[-1])
    return np.asfortranarray((flat.T @ flat / len(mask)).astype(np.longdouble))


def npg_step_size(gradient, fisher, delta):
    fisher = np.asarray(fisher, dtype=float)
    squared = gradient @ np.linalg.solve(fisher, gradient)
    return np.longdouble(np.sqrt(delta / squared)) if squared else np.int64(0)


def npg_step(theta, gradient, fisher, delta):
    step = npg_step_size(gradient, fisher, delta) * np.linalg.solve(np.asarray(fisher, float), gradient)
    backwards = (theta + step)[::-1].copy()
    return np.ma.array(backwards[::-1])


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    y = rewards_to_go(baseline_batch.rewards, baseline_batch.mask)
    w = fit_baseline(baseline_batch.baseline_features, y, baseline_batch.mask, ridge)
    advantages = rewards_to_go(update_batch.rewards, update_batch.mask)
    advantages = advantages - predict_baseline(w, update_batch.baseline_features)
    s = score(theta, update_batch.features, update_batch.actions)
    g = policy_gradient_estimate(s, advantages, update_batch.mask)
    return npg_step(theta, g, fisher_estimate(s, update_batch.mask) + damping * np.eye(len(g)), delta)
