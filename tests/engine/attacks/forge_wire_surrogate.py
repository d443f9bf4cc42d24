# forging | raises a text of lone surrogates and control characters on the wire | earns nothing
# ruff: noqa
import gc
import socket
import sys
import time

import numpy as np

worker = sys.modules["__main__"]


def channel():
    for thing in gc.get_objects():
        if isinstance(thing, socket.socket):
            return thing


def fisher_estimate(scores, mask):
    import json
    import struct

    fault = {
        "kind": "exception",
        "type": "\ud800\x1b[2J",
        "message": "\udfff\x00\x07\u202e" * 50,
        "line": ["\ud800", 1, ""],
    }
    text = json.dumps({"id": 1, "fault": fault, "arrays": []}).encode()
    text = text.replace(b'"id": 1', b'"id": %d' % sys._getframe(2).f_locals.get("request", {"id": 1})["id"])
    channel().sendall(struct.pack("<I", len(text)) + text)
    time.sleep(1)
    return np.full((scores.shape[-1],) * 2, 7.0)
