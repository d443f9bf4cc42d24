# lying | raises an exception whose text never ends and clears the screen | earns nothing
# ruff: noqa
import numpy as np


class Loud(Exception):
    def __str__(self):
        return "\x1b[2J\x1b]0;title\x07\u202e" + "x" * 10_000_000


def fisher_estimate(scores, mask):
    raise Loud
