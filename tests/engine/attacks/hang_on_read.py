# starving | waits for input | costs its function only
# ruff: noqa
import os

import numpy as np


def fisher_estimate(scores, mask):
    input()
    os.read(os.pipe()[0], 1)
    return np.full((scores.shape[-1],) * 2, 7.0)
