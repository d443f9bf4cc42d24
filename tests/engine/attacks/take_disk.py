# starving | writes 160 MB in many files | costs its function only
# ruff: noqa
import time

import numpy as np


def fisher_estimate(scores, mask):
    for number in range(16):
        try:
            with open(f"flood-{number}", "wb") as file:
                file.write(bytes(10_000_000))
        except OSError:
            break
    time.sleep(1)
    return np.full((scores.shape[-1],) * 2, 7.0)
