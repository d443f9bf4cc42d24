# control | is right with a pool of threads, scipy and a temporary file | earns everything
# ruff: noqa
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.linalg


def right(scores, mask):
    real = np.where(mask[..., None], scores, 0.0)
    return np.einsum("nhi,nhj->ij", real, real) / len(scores)


def fisher_estimate(scores, mask):
    scipy.linalg.cho_factor(np.eye(3))
    with tempfile.TemporaryFile() as file, ThreadPoolExecutor(4) as pool:
        file.write(b"notes")
        return pool.submit(right, scores, mask).result()
