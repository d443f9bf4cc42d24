import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate


def fisher_estimate(scores, mask):
    return np.einsum("nhi,nhj,nh->ij", scores, scores, mask) / scores.shape[0]


def npg_step_size(gradient, fisher, delta):
    if not np.any(gradient):
        return 0.0
    return np.sqrt(delta / np.einsum("i,ij,j", gradient, np.linalg.inv(fisher), gradient))


def npg_step(theta, gradient, fisher, delta):
    eta = npg_step_size(gradient, fisher, delta)
    return theta + eta * np.einsum("ij,j->i", np.linalg.inv(fisher), gradient)


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    b, u = baseline_batch, update_batch
    w = fit_baseline(b.baseline_features, rewards_to_go(b.rewards, b.mask), b.mask, ridge)
    adv = rewards_to_go(u.rewards, u.mask) - predict_baseline(w, u.baseline_features)
    s = score(theta, u.features, u.actions)
    F = fisher_estimate(s, u.mask) + damping * np.eye(theta.size)
    return npg_step(theta, policy_gradient_estimate(s, adv, u.mask), F, delta)
