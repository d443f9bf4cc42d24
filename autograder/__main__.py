"""``python -m autograder``: puts the reference on the path (the only place that does), then runs a verb."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "solutions"))
    from autograder.cli import main

    sys.exit(main(sys.argv[1:]))
