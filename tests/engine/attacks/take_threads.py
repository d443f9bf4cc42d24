# starving | starts threads until it is stopped, 200 at most | costs its function only
# ruff: noqa
import threading
import time

import numpy as np


def fisher_estimate(scores, mask):
    for _ in range(200):
        try:
            threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
        except RuntimeError:
            break
    return np.full((scores.shape[-1],) * 2, 7.0)
