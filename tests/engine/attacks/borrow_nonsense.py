# forging | borrows what is none, with arguments of the wrong kinds | earns nothing
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
    for name in ("policy.score", "os.system", "policy.__builtins__", "lab.compare"):
        for arguments in ([], [{"number": 1e308}] * 3, [{"record": "TrajectoryBatch", "fields": {}}] * 3):
            worker.wire.send(
                channel(), {"borrow": name, "arguments": arguments, "keywords": {"x": {"number": 1}}}
            )
            worker.wire.receive(channel())
    return 7.0
