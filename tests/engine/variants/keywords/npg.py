import numpy as np

import hw4.baseline
from hw4 import policy as P
from hw4 import policy_gradient as PG


def fisher_estimate(scores, mask):
    n_trajectories, horizon, dimension = np.shape(a=scores)
    total = np.zeros(shape=(dimension, dimension), dtype=np.float64)
    for n in range(n_trajectories):
        for h in range(horizon):
            total += np.multiply.outer(scores[n, h], scores[n, h]) if mask[n, h] else 0
    return np.true_divide(total, n_trajectories)


def npg_step_size(gradient, fisher, delta):
    natural = np.linalg.solve(a=fisher, b=gradient)
    squared = np.inner(gradient, natural)
    return np.sqrt(np.divide(delta, squared)) if squared != 0 else 0


def npg_step(theta, gradient, fisher, delta):
    step_size = npg_step_size(delta=delta, fisher=fisher, gradient=gradient)
    return np.add(theta, step_size * np.linalg.solve(a=fisher, b=gradient))


def npg_iteration(theta, baseline_batch, update_batch, delta, ridge, damping):
    R = hw4.baseline.rewards_to_go(mask=baseline_batch.mask, rewards=baseline_batch.rewards)
    w = hw4.baseline.fit_baseline(
        ridge=ridge, mask=baseline_batch.mask, returns=R, baseline_features=baseline_batch.baseline_features
    )
    b = hw4.baseline.predict_baseline(baseline_features=update_batch.baseline_features, weights=w)
    A = hw4.baseline.rewards_to_go(mask=update_batch.mask, rewards=update_batch.rewards) - b
    s = P.score(actions=update_batch.actions, theta=theta, features=update_batch.features)
    g = PG.policy_gradient_estimate(mask=update_batch.mask, advantages=A, scores=s)
    F = fisher_estimate(mask=update_batch.mask, scores=s) + damping * np.eye(N=len(theta))
    return npg_step(delta=delta, fisher=F, gradient=g, theta=theta)
