# forging | borrows again and again without an answer | earns nothing
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
    while True:
        header = {
            "borrow": "policy.score",
            "arguments": [{"array": 0}, {"array": 1}, {"array": 2}],
            "keywords": {},
        }
        worker.wire.send(channel(), header, [np.ones(2), np.ones((1, 2, 2)), np.zeros(1, dtype=np.int64)])
        worker.wire.receive(channel())
