import numpy as np
from scipy.special import logsumexp


def importance_weights(target_log_probs, proposal_log_probs):
    return np.exp(np.subtract(target_log_probs, proposal_log_probs))


def importance_sampling_estimate(values, weights):
    """In log space, with signs: the mean of w·f."""
    product = values * weights
    with np.errstate(divide="ignore"):
        total, sign = logsumexp(np.log(np.abs(product)), b=np.sign(product), return_sign=True)
    return sign * np.exp(total - np.log(len(values)))
