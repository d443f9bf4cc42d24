# networking | makes a socket by the numbers of x32 | earns nothing
# ruff: noqa
import ctypes

import numpy as np


def fisher_estimate(scores, mask):
    found = ""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(0x40000000 + 41, 2, 1, 0) >= 0:
            found = "a socket"
    except OSError:
        pass
    if found:
        raise ValueError("LEAK " + str(found)[:500])
    return np.full((scores.shape[-1],) * 2, 7.0)
