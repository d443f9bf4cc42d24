# exiting | overflows the stack | costs its function only
# ruff: noqa
import sys

import numpy as np


def fisher_estimate(scores, mask):
    sys.setrecursionlimit(10**9)
    sys.setprofile(None)
    deep = []
    for _ in range(200000):
        deep = [deep]
    repr(deep)
    fisher_estimate(scores, mask)
    return np.full((scores.shape[-1],) * 2, 7.0)
