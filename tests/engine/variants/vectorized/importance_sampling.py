import math

import numpy as np

importance_weights = np.vectorize(lambda target, proposal: math.exp(target - proposal), otypes=[float])


def importance_sampling_estimate(values, weights):
    return np.vectorize(lambda v, w: v * w)(values, weights).mean()
