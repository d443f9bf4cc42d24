import numpy as np

from hw4.npg import npg_step_size
from hw4.policy import action_log_probabilities
from hw4.ppo import ppo_loss


def kl_estimate(theta_k, theta, features, mask):
    p = np.array(action_log_probabilities(theta_k, features))
    q = np.array(action_log_probabilities(theta, features))
    return [[float((np.exp(p) * (p - q))[mask].sum() / len(mask))]]


def trpo_step(
    theta_k, gradient, fisher, features, actions, advantages, mask, delta, backtrack=0.5, max_backtracks=10
):
    eta = np.ravel(npg_step_size(gradient, fisher, delta))[0]
    step = np.sqrt(2) * eta * np.linalg.solve(fisher, gradient)

    def surrogate(theta):
        return -np.ravel(ppo_loss(theta, theta_k, features, actions, advantages, mask, 0.0))[0]

    for _ in range(max_backtracks + 1):
        theta = theta_k + step
        kl = kl_estimate(theta_k, theta, features, mask)[0][0]
        if kl <= delta and surrogate(theta) >= surrogate(theta_k):
            return theta.tolist()
        step *= backtrack
    return theta_k.tolist()
