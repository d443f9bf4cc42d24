import math

import numpy as np

from hw4.npg import npg_step_size
from hw4.policy import action_log_probabilities


def kl_estimate(theta_k, theta, features, mask):
    N, H, A, _ = features.shape
    p, q = action_log_probabilities(theta_k, features), action_log_probabilities(theta, features)
    total = 0.0
    for n in range(N):
        for h in range(H):
            if mask[n, h]:
                for a in range(A):
                    total += math.exp(p[n, h, a]) * (p[n, h, a] - q[n, h, a])
    return total / N


def trpo_step(
    theta_k,
    gradient,
    fisher,
    features,
    actions,
    advantages,
    mask,
    delta,
    backtrack=0.5,
    max_backtracks=10,
):
    def surrogate(theta):
        new, old = action_log_probabilities(theta, features), action_log_probabilities(theta_k, features)
        total = 0.0
        for n in range(len(actions)):
            for h in range(actions.shape[1]):
                if mask[n, h]:
                    a = actions[n, h]
                    total += math.exp(new[n, h, a] - old[n, h, a]) * advantages[n, h]
        return total / len(actions)

    step = math.sqrt(2) * npg_step_size(gradient, fisher, delta) * np.linalg.solve(fisher, gradient)
    before = surrogate(theta_k)
    j = 0
    while j <= max_backtracks:
        candidate = theta_k + step
        if kl_estimate(theta_k, candidate, features, mask) <= delta and surrogate(candidate) >= before:
            return candidate
        step = step * backtrack
        j += 1
    return theta_k
