import numpy as np


def importance_weights(target_log_probs, proposal_log_probs):
    return np.exp(target_log_probs - proposal_log_probs)


def importance_sampling_estimate(values, weights):
    return np.array([values @ weights / values.shape[0]])
