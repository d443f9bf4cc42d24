import numpy as np


def policy_gradient_estimate(scores, advantages, mask):
    per_trajectory = (s[m].T @ a[m] for s, a, m in zip(scores, advantages, mask))
    return sum(per_trajectory, start=np.zeros(scores.shape[-1])) / len(mask)
