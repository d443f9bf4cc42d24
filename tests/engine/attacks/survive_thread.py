# surviving | leaves threads that are no daemons | earns nothing
# ruff: noqa
import threading
import time

import numpy as np

threading.Thread(target=lambda: time.sleep(30)).start()


def fisher_estimate(scores, mask):
    return np.full((scores.shape[-1],) * 2, 7.0)
