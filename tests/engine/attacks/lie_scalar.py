# lying | returns a number where a matrix is asked for | earns nothing
# ruff: noqa
import numpy as np


def fisher_estimate(scores, mask):
    return 0.0
