# starving | takes memory until there is none | costs its function only
# ruff: noqa
import numpy as np


hoard = []


def fisher_estimate(scores, mask):
    # The first 256 MB for real; the rest as address space alone, which the limit counts the same.
    for number in range(256):
        hoard.append(np.ones(2**22) if number < 8 else np.empty(2**22))
    return np.full((scores.shape[-1],) * 2, 7.0)
