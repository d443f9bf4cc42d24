"""Found in place of the package where a file of this folder is run by itself: says how to run it instead."""

import os
import sys

if __name__ in ("hw4", "__main__"):
    sys.exit(
        "The files of hw4 are not run by themselves: run python -m hw4 check in the folder %s."  # noqa: UP031
        % os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    )
