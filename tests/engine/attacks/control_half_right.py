# control | averages over steps, so that one of the rows is still right | earns some
# ruff: noqa
import numpy as np


def fisher_estimate(scores, mask):
    real = np.where(mask[..., None], scores, 0.0)
    return np.einsum("nhi,nhj->ij", real, real) / max(mask.sum(), 1)
