# lying | returns something else every time it is looked at | earns less than everything
# ruff: noqa
import numpy as np


class Shifting:
    looks = 0

    def __init__(self, size):
        self.size = size

    def __array__(self, dtype=None, copy=None):
        Shifting.looks += 1
        return np.full((self.size,) * 2, float(Shifting.looks))


def fisher_estimate(scores, mask):
    return Shifting(scores.shape[-1])
