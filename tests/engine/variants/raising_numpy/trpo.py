import numpy as np

from hw4.npg import npg_step_size
from hw4.policy import action_log_probabilities


def kl_estimate(theta_k, theta, features, mask):
    log_p, log_q = (action_log_probabilities(x, features) for x in (theta_k, theta))
    with np.errstate(under="ignore"):  # an action that is never taken has probability 0
        return ((np.exp(log_p) * (log_p - log_q)).sum(axis=-1) * mask).sum() / len(mask)


def trpo_step(
    theta_k, gradient, fisher, features, actions, advantages, mask, delta, backtrack=0.5, max_backtracks=10
):
    def gain(theta):
        new, old = (
            np.take_along_axis(action_log_probabilities(x, features), actions[..., None], axis=-1)[..., 0]
            for x in (theta, theta_k)
        )
        with np.errstate(under="ignore"):
            return np.sum(((np.exp(new - old) - 1.0) * advantages)[mask])

    step = np.sqrt(2.0) * npg_step_size(gradient, fisher, delta) * np.linalg.solve(fisher, gradient)
    for _ in range(max_backtracks + 1):
        if kl_estimate(theta_k, theta_k + step, features, mask) <= delta and gain(theta_k + step) >= 0.0:
            return theta_k + step
        step = backtrack * step
    return theta_k
