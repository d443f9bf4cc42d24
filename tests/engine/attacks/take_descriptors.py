# starving | opens descriptors until there are none | costs its function only
# ruff: noqa
import os

import numpy as np


def fisher_estimate(scores, mask):
    hoard = []
    try:
        while True:
            hoard.append(os.dup(0))
    except OSError:
        pass
    return np.full((scores.shape[-1],) * 2, 7.0)
