# starving | never returns | costs its function only
# ruff: noqa
import numpy as np


def fisher_estimate(scores, mask):
    while True:
        pass
    return np.full((scores.shape[-1],) * 2, 7.0)
