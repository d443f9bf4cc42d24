# exiting | reads address 0 | costs its function only
# ruff: noqa
import ctypes

import numpy as np


def fisher_estimate(scores, mask):
    ctypes.string_at(0)
    return np.full((scores.shape[-1],) * 2, 7.0)
