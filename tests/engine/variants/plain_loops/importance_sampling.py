import math

import numpy as np


def importance_weights(target_log_probs, proposal_log_probs):
    weights = np.empty(target_log_probs.shape)
    for index in np.ndindex(*weights.shape):
        weights[index] = math.exp(target_log_probs[index] - proposal_log_probs[index])
    return weights


def importance_sampling_estimate(values, weights):
    total = 0
    for value, weight in zip(values, weights):
        total += value * weight
    return total / len(values)
