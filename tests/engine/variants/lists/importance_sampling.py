from statistics import fmean

import numpy as np


def importance_weights(target_log_probs, proposal_log_probs):
    return np.exp(np.asarray(target_log_probs) - np.asarray(proposal_log_probs)).tolist()


def importance_sampling_estimate(values, weights):
    return fmean(v * w for v, w in zip(values, weights))
