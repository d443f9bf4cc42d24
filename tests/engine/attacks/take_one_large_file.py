# starving | writes one file of 64 MB | costs its function only
# ruff: noqa
import numpy as np


def fisher_estimate(scores, mask):
    with open("flood", "wb") as file:
        for _ in range(64):
            file.write(bytes(1_000_000))
    return np.full((scores.shape[-1],) * 2, 7.0)
