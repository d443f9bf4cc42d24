# forging | leaves a daemon that writes the results after the grader | earns nothing
# ruff: noqa
import json
import os
import time

import numpy as np

FORGED = json.dumps(
    {"score": 100, "tests": [{"number": "3.1.1", "name": "forged", "score": 4, "max_score": 4}]}
)


def forge(path="@RESULTS@"):
    try:
        os.chmod(os.path.dirname(path), 0o777)
    except OSError:
        pass
    try:
        with open(path, "w") as file:
            file.write(FORGED)
    except OSError:
        pass


def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for _ in range(40):
                time.sleep(0.1)
                forge()
        os._exit(0)


try:
    daemon()
except OSError:
    pass


def fisher_estimate(scores, mask):
    return np.full((scores.shape[-1],) * 2, 7.0)
