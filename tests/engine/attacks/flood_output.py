# starving | prints 3 MB a call with control characters | costs its function only
# ruff: noqa
import numpy as np


def fisher_estimate(scores, mask):
    for _ in range(3):
        print("\x1b[2J\x07" + "x" * 1_000_000)
    return np.full((scores.shape[-1],) * 2, 7.0)
