import numpy as np


def policy_gradient_estimate(scores, advantages, mask):
    scores, advantages = np.asarray(scores), np.asarray(advantages)
    terms = [
        sum((s * a for s, a, m in zip(*trajectory) if m), start=np.zeros(scores.shape[-1]))
        for trajectory in zip(scores, advantages, mask)
    ]
    return list(np.mean(terms, axis=0))
