# starving | never returns | costs its function only
# ruff: noqa
import time

import numpy as np


def fisher_estimate(scores, mask):
    # Waiting, not computing: those of patch_time and patch_signals compute.
    while True:
        time.sleep(60)
    return np.full((scores.shape[-1],) * 2, 7.0)
