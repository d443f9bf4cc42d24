# poisoning | changes its own and the given modules in the box | earns nothing
# ruff: noqa
import os

import numpy as np


def fisher_estimate(scores, mask):
    for name in ("npg.py", "policy.py", "trajectories.py", "__init__.py", "../../runtime/worker.py"):
        path = os.path.join(os.path.dirname(__file__), name)
        for act in (
            lambda: os.chmod(path, 0o777),
            lambda: os.remove(path),
            lambda: open(path, "w").write("boo"),
        ):
            try:
                act()
            except OSError:
                continue
            raise ValueError("LEAK changed")
    return np.full((scores.shape[-1],) * 2, 7.0)
