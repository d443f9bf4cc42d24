"""What holds for every test: numpy's linear algebra runs in one thread, as it does in a grading.

The matrices are small, and threads that wait for each other cost more processor time than they save.
"""

from __future__ import annotations

import os

# Before numpy is imported; the processes that tests start inherit it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
