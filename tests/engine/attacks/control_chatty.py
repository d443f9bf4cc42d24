# control | prints, and is right | earns everything; what it prints is captured
# ruff: noqa
import sys

import numpy as np


def right(scores, mask):
    real = np.where(mask[..., None], scores, 0.0)
    return np.einsum("nhi,nhj->ij", real, real) / len(scores)


def fisher_estimate(scores, mask):
    print("CHATTY on stdout")
    print("CHATTY on stderr", file=sys.stderr)
    return right(scores, mask)
