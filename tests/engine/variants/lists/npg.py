import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate


def fisher_estimate(scores, mask):
    scores = np.asarray(scores)
    return sum(np.outer(s, s) for s in scores[mask]).tolist() / np.float64(len(mask))


def npg_step_size(gradient, fisher, delta):
    gradient, fisher = np.asarray(gradient), np.asarray(fisher)
    if gradient.any():
        return [np.sqrt(delta / (gradient @ np.linalg.solve(fisher, gradient)))]
    return [0]


def npg_step(theta, gradient, fisher, delta):
    eta = npg_step_size(gradient, fisher, delta)[0]
    return (np.asarray(theta) + eta * np.linalg.solve(fisher, gradient)).tolist()


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    old, new = baseline_batch, update_batch
    w = fit_baseline(old.baseline_features, rewards_to_go(old.rewards, old.mask), old.mask, ridge)
    advantages = np.subtract(rewards_to_go(new.rewards, new.mask), predict_baseline(w, new.baseline_features))
    scores = score(theta, new.features, new.actions)
    fisher = np.asarray(fisher_estimate(scores, new.mask)) + damping * np.eye(len(theta))
    return npg_step(theta, policy_gradient_estimate(scores, advantages, new.mask), fisher, delta)
