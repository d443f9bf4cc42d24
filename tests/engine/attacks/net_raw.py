# networking | opens netlink, packet and vsock sockets | earns nothing
# ruff: noqa
import socket

import numpy as np


def fisher_estimate(scores, mask):
    found = ""
    try:
        for family in (16, 17, 40, 31, 38):
            for kind in (1, 2, 3):
                try:
                    socket.socket(family, kind)
                except OSError:
                    continue
                found += f"{family} "
    except OSError:
        pass
    if found:
        raise ValueError("LEAK " + str(found)[:500])
    return np.full((scores.shape[-1],) * 2, 7.0)
