# starving (dangerous) | forks until it is stopped, 40 times at most | costs its function only
# ruff: noqa
import os
import time

import numpy as np


def fisher_estimate(scores, mask):
    for _ in range(40):
        try:
            if os.fork() == 0:
                time.sleep(3)
                os._exit(0)
        except OSError:
            break
    return np.full((scores.shape[-1],) * 2, 7.0)
