# lying | raises an exception with a hostile name and no text | earns nothing
# ruff: noqa
import numpy as np


def fisher_estimate(scores, mask):
    def __str__(self):
        raise self

    raise type("A\x1b[31m</b><script>" * 100, (Exception,), {"__str__": __str__})()
