# control | raises a text | earns nothing; the text arrives, so that leaks would be seen
# ruff: noqa
import numpy as np


def fisher_estimate(scores, mask):
    raise ValueError("ARRIVED: this channel works")
