# networking | connects by IPv6 | earns nothing
# ruff: noqa
import socket

import numpy as np


def fisher_estimate(scores, mask):
    found = ""
    try:
        socket.create_connection(("::1", int("@PORT@")), 1)
        found = "connected"
    except OSError:
        pass
    if found:
        raise ValueError("LEAK " + str(found)[:500])
    return np.full((scores.shape[-1],) * 2, 7.0)
