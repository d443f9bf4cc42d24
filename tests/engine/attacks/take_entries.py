# starving | makes 3000 files | costs its function only
# ruff: noqa
import time

import numpy as np


def fisher_estimate(scores, mask):
    for number in range(3000):
        open(f"entry-{number}", "w").close()
    time.sleep(1)
    return np.full((scores.shape[-1],) * 2, 7.0)
