# forging | sends its reply a byte a second | earns nothing
# ruff: noqa
import gc
import socket
import sys

import numpy as np

worker = sys.modules["__main__"]


def channel():
    for thing in gc.get_objects():
        if isinstance(thing, socket.socket):
            return thing


def fisher_estimate(scores, mask):
    import struct
    import time

    text = b'{"id": 1, "arrays": []}' + b" " * 1000
    for byte in struct.pack("<I", len(text)) + text:
        channel().sendall(bytes([byte]))
        time.sleep(1)
    return np.full((scores.shape[-1],) * 2, 7.0)
