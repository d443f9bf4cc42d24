import numpy as np
from numpy.linalg import solve

from . import baseline as b
from .policy import *  # noqa: F403
from .policy_gradient import policy_gradient_estimate as estimate


def fisher_estimate(scores, mask):
    return np.sum(scores[mask][:, :, None] * scores[mask][:, None, :], axis=0) / np.shape(mask)[0]


def npg_step_size(gradient, fisher, delta):
    return 0.0 if np.linalg.norm(gradient) == 0 else (delta / gradient.dot(solve(fisher, gradient))) ** 0.5


def npg_step(theta, gradient, fisher, delta):
    if np.linalg.norm(gradient) == 0:
        return theta
    x = solve(fisher, gradient)
    return theta + np.sqrt(delta / np.dot(x, fisher @ x)) * x


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    def R(batch):
        return b.rewards_to_go(batch.rewards, batch.mask)

    w = b.fit_baseline(baseline_batch.baseline_features, R(baseline_batch), baseline_batch.mask, ridge)
    advantages = R(update_batch) - b.predict_baseline(w, update_batch.baseline_features)
    scores = score(theta, update_batch.features, update_batch.actions)  # noqa: F405
    F = fisher_estimate(scores, update_batch.mask) + np.diag([damping] * theta.shape[0])
    return npg_step(theta, estimate(scores, advantages, update_batch.mask), F, delta)
