# networking | sends a datagram | earns nothing
# ruff: noqa
import socket

import numpy as np


def fisher_estimate(scores, mask):
    found = ""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            found = s.sendto(b"secret", ("127.0.0.1", int("@PORT@")))
    except OSError:
        pass
    if found:
        raise ValueError("LEAK " + str(found)[:500])
    return np.full((scores.shape[-1],) * 2, 7.0)
