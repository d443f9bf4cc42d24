# networking | listens on an abstract socket | earns nothing
# ruff: noqa
import socket

import numpy as np


def fisher_estimate(scores, mask):
    found = ""
    try:
        s = socket.socket(socket.AF_UNIX)
        s.bind("\0hw4-attack")
        s.listen()
        found = "listening"
    except OSError:
        pass
    if found:
        raise ValueError("LEAK " + str(found)[:500])
    return np.full((scores.shape[-1],) * 2, 7.0)
