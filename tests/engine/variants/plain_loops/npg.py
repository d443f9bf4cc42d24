"""NPG in plain Python, with Gaussian elimination."""

import math

import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate


def eliminate(matrix, right):
    """Solve by Gaussian elimination with pivots."""
    n = len(right)
    rows = [[float(x) for x in row] + [float(r)] for row, r in zip(matrix, right)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, n):
            factor = rows[r][i] / rows[i][i]
            for c in range(i, n + 1):
                rows[r][c] -= factor * rows[i][c]
    solution = [0.0] * n
    for i in reversed(range(n)):
        rest = sum(rows[i][j] * solution[j] for j in range(i + 1, n))
        solution[i] = (rows[i][n] - rest) / rows[i][i]
    return np.array(solution)


def fisher_estimate(scores, mask):
    N, H, d = scores.shape
    fisher = np.zeros((d, d))
    for n in range(N):
        for h in range(H):
            if mask[n, h]:
                for i in range(d):
                    for j in range(d):
                        fisher[i, j] += scores[n, h, i] * scores[n, h, j]
    return fisher / N


def npg_step_size(gradient, fisher, delta):
    if all(g == 0 for g in gradient):
        return 0.0
    direction = eliminate(fisher, gradient)
    return math.sqrt(delta / sum(g * x for g, x in zip(gradient, direction)))


def npg_step(theta, gradient, fisher, delta):
    step_size = npg_step_size(gradient, fisher, delta)
    if step_size == 0.0:
        return list(theta)
    direction = eliminate(fisher, gradient)
    return [t + step_size * x for t, x in zip(theta, direction)]


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    weights = fit_baseline(
        baseline_batch.baseline_features,
        rewards_to_go(baseline_batch.rewards, baseline_batch.mask),
        baseline_batch.mask,
        ridge,
    )
    returns = rewards_to_go(update_batch.rewards, update_batch.mask)
    predicted = predict_baseline(weights, update_batch.baseline_features)
    scores = score(theta, update_batch.features, update_batch.actions)
    g = policy_gradient_estimate(scores, returns - predicted, update_batch.mask)
    F = fisher_estimate(scores, update_batch.mask)
    for i in range(len(theta)):
        F[i, i] += damping
    return npg_step(theta, g, F, delta)
