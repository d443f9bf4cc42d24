"""Runs the grader's command line with layers of the worker left out, or with shorter time limits.

    python weakened.py SOURCE LAYERS LIMITS VERB...     LAYERS: comma-separated; LIMITS: "short" or "usual"

So the tests see what a kernel without a layer would leave, and need not wait for every hang in full.
"""

from __future__ import annotations

import functools
import os
import sys


def main() -> int:
    source, layers, limits, *command = sys.argv[1:]
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.path[:0] = [source, os.path.join(source, "solutions")]
    from autograder.cli import main as run

    weaken(layers, limits)
    return run(command)


def weaken(layers: str, limits: str) -> None:
    """Have the gradings of this process leave out layers, or shorten limits."""
    from autograder.grading import session
    from autograder.sandbox.limits import Limits

    short = Limits(
        import_seconds=2.0,
        call_seconds=1.0,
        patience_seconds=2.0,
        impatient_seconds=0.3,
        impatient_import_seconds=1.5,
    )
    session.Box = functools.partial(session.Box, layers=frozenset(layers.split(",")) - {""})
    if limits == "short":
        session.Submission = functools.partial(session.Submission, limits=short)


if __name__ == "__main__":
    sys.exit(main())
