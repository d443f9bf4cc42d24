# networking | listens on a port | earns nothing
# ruff: noqa
import socket

import numpy as np


def fisher_estimate(scores, mask):
    found = ""
    try:
        found = socket.create_server(("127.0.0.1", 0)).getsockname()
    except OSError:
        pass
    if found:
        raise ValueError("LEAK " + str(found)[:500])
    return np.full((scores.shape[-1],) * 2, 7.0)
