# surviving (dangerous) | leaves a daemon in a session of its own | earns nothing
# ruff: noqa
import os
import time

import numpy as np


def leave_behind(work):
    try:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                work()
            os._exit(0)
    except OSError:
        pass


def fisher_estimate(scores, mask):
    leave_behind(lambda: time.sleep(6))
    return np.full((scores.shape[-1],) * 2, 7.0)
