"""The program: puts the project and its reference on the path (the only place that does), then runs a verb.

Run as ``python -m autograder`` in this folder's parent, or as a file from anywhere.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    # Read when numpy is imported. On arrays this small, threads of linear algebra only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.path[:0] = [str(ROOT / "solutions"), str(ROOT)]
    from autograder.cli import main

    sys.exit(main(sys.argv[1:]))
