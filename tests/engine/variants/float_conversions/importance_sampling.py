import numpy as np


def importance_weights(target_log_probs, proposal_log_probs):
    log_ratio = np.asarray(target_log_probs, dtype=float) - np.asarray(proposal_log_probs, dtype=float)
    return np.power(np.e, log_ratio)


def importance_sampling_estimate(values, weights):
    return (np.sum(values * weights) / float(len(values))).item()
