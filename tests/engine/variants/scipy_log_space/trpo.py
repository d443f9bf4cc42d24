import numpy as np
from scipy.special import rel_entr

from .npg import npg_step_size
from .policy import action_log_probabilities


def kl_estimate(theta_k, theta, features, mask):
    log_p, log_q = (action_log_probabilities(t, features) for t in (theta_k, theta))
    # rel_entr underflows to inf where q is 0; p (ln p − ln q) does not.
    terms = np.where(log_q > -700, rel_entr(np.exp(log_p), np.exp(log_q)), np.exp(log_p) * (log_p - log_q))
    return terms.sum(axis=-1)[mask].sum() / mask.shape[0]


def trpo_step(
    theta_k, gradient, fisher, features, actions, advantages, mask, delta, backtrack=0.5, max_backtracks=10
):
    old = np.take_along_axis(action_log_probabilities(theta_k, features), actions[..., None], -1)[..., 0]

    def surrogate(theta):
        new = np.take_along_axis(action_log_probabilities(theta, features), actions[..., None], -1)[..., 0]
        return (np.exp(new - old) * advantages)[mask].sum() / len(mask)

    direction = np.linalg.solve(fisher, gradient)
    steps = np.sqrt(2) * npg_step_size(gradient, fisher, delta) * backtrack ** np.arange(max_backtracks + 1)
    for candidate in theta_k + steps[:, None] * direction:
        if kl_estimate(theta_k, candidate, features, mask) > delta:
            continue
        if surrogate(candidate) < surrogate(theta_k):
            continue
        return candidate
    return theta_k
