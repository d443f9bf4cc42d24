import numpy as np

from hw4.npg import npg_step
from hw4.policy import action_log_probabilities


def kl_estimate(theta_k, theta, features, mask):
    lp, lq = action_log_probabilities(theta_k, features), action_log_probabilities(theta, features)
    return np.einsum("nha,nha,nh", np.exp(lp), lp - lq, mask) / len(mask)


def trpo_step(
    theta_k, gradient, fisher, features, actions, advantages, mask, delta, backtrack=0.5, max_backtracks=10
):
    one_hot = np.eye(features.shape[-2])[actions]

    def gain(theta):
        log_ratio = action_log_probabilities(theta, features) - action_log_probabilities(theta_k, features)
        ratio = np.exp(np.einsum("nha,nha->nh", log_ratio, one_hot))
        return np.einsum("nh,nh,nh", ratio - 1, advantages, mask) / len(mask)

    full = npg_step(theta_k, gradient, fisher, 2 * delta) - theta_k
    for j in range(max_backtracks + 1):
        theta = theta_k + full * backtrack**j
        if kl_estimate(theta_k, theta, features, mask) <= delta and gain(theta) >= 0:
            return theta
    return theta_k.copy()
