# exiting (dangerous) | asks whether it may send signals to all processes | costs its function only
# ruff: noqa
import os

import numpy as np


def fisher_estimate(scores, mask):
    try:
        os.kill(-1, 0)  # 0: nothing is sent, and only asked whether it could be
    except OSError:
        return np.full((scores.shape[-1],) * 2, 7.0)
    raise ValueError("LEAK all of its user's processes could be reached")
