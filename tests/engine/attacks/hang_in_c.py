# starving | hangs in a regular expression, where Python hears no signal | costs its function only
# ruff: noqa
import re

import numpy as np


def fisher_estimate(scores, mask):
    re.match(r"(a+)+$", "a" * 64 + "b")
    return np.full((scores.shape[-1],) * 2, 7.0)
