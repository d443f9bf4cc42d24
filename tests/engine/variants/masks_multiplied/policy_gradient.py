import numpy as np


def policy_gradient_estimate(scores, advantages, mask):
    weighted = scores * (advantages * mask)[..., np.newaxis] * mask[..., np.newaxis]
    return weighted.sum(axis=1).mean(axis=0)
