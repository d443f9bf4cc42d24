# reading | imports the reference, the tests and the grader | earns nothing
# ruff: noqa
import sys

import numpy as np

sys.path[:0] = ["@SOURCE@", "@SOURCE@/solutions", "@SOURCE@/tests"]
for name in [name for name in sys.modules if name == "hw4.policy"]:
    del sys.modules[name]


def fisher_estimate(scores, mask):
    for name in (
        "tests.hidden.test_npg",
        "hidden.test_npg",
        "autograder.homework",
        "autograder.oracle.exact",
    ):
        try:
            __import__(name)
        except ImportError:
            continue
        raise ValueError("LEAK " + name)
    return np.full((scores.shape[-1],) * 2, 7.0)
