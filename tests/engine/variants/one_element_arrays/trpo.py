import numpy as np

from hw4.npg import npg_step_size
from hw4.policy import action_log_probabilities
from hw4.ppo import ppo_loss


def kl_estimate(theta_k, theta, features, mask):
    log_p = action_log_probabilities(theta_k, features)
    log_q = action_log_probabilities(theta, features)
    per_step = (np.exp(log_p) * (log_p - log_q)).sum(axis=2)
    return np.array((per_step * mask).sum(axis=1).mean())


def trpo_step(
    theta_k, gradient, fisher, features, actions, advantages, mask, delta, backtrack=0.5, max_backtracks=10
):
    step = np.sqrt(2) * npg_step_size(gradient, fisher, delta).item() * np.linalg.inv(fisher) @ gradient
    data = (features, actions, advantages, mask, 0.0)
    start = ppo_loss(theta_k, theta_k, *data)
    for _ in range(max_backtracks + 1):
        theta = theta_k + step
        if kl_estimate(theta_k, theta, features, mask) <= delta and ppo_loss(theta, theta_k, *data) <= start:
            return theta
        step = backtrack * step
    return theta_k
