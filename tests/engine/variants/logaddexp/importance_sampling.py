import numpy as np


def importance_weights(target_log_probs, proposal_log_probs):
    log_ratio = target_log_probs - proposal_log_probs
    return np.exp2(log_ratio / np.log(2.0))


def importance_sampling_estimate(values, weights):
    return np.dot(values, weights) / values.size
