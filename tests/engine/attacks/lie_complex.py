# lying | returns complex numbers | earns nothing
# ruff: noqa
import numpy as np


def fisher_estimate(scores, mask):
    return np.full((scores.shape[-1],) * 2, 7j)
