# exiting | sends itself SIGKILL | costs its function only
# ruff: noqa
import os

import numpy as np


def fisher_estimate(scores, mask):
    os.kill(os.getpid(), 9)
    return np.full((scores.shape[-1],) * 2, 7.0)
