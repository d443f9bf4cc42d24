import numpy as np


def policy_gradient_estimate(scores, advantages, mask):
    return np.einsum("nhd,nh,nh->d", scores, advantages, mask.astype(float)) / mask.shape[0]
