"""How long a call to a worker takes, with small and large arguments, and a worker's start and end.

    python benchmarks/isolation.py [--cpu 0]

With ``--cpu`` both processes run on one core, as in a small container; otherwise each call also waits twice
for an idle core to wake up. The exit status is 1 when a median is above its target: 0.1 ms for a call with
6 kB, 1 ms with 640 kB, and 10 ms for what the layers of isolation add to a worker's start.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = b"def fisher_estimate(scores, mask):\n    return scores\n"
TARGETS = {"call, 6 kB": 0.1, "call, 640 kB": 1.0, "layers, at the start": 10.0}


def median_ms(action: Callable[[], object], times: int) -> float:
    """Return how many milliseconds an action takes, the median of some times."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append((time.perf_counter() - start) * 1e3)
    return statistics.median(taken)


def main() -> int:
    """Measure and print; return 1 when a target was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cpu", type=int, default=None, help="run both processes on this core")
    arguments = parser.parse_args()
    if arguments.cpu is not None:
        os.sched_setaffinity(0, {arguments.cpu})
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.path[:0] = [str(ROOT), str(ROOT / "solutions")]
    import numpy as np

    from autograder.sandbox import isolation
    from autograder.sandbox.box import Box
    from autograder.sandbox.process import Worker
    from autograder.sandbox.proxy import Submission

    found = {}
    contents = ("hw4", ROOT / "student_template" / "hw4", ("npg",), {"npg": SOURCE})
    with (
        Box(*contents) as box,
        Box(*contents, layers=frozenset()) as box_without_layers,
        Submission(box, {"npg": ["fisher_estimate"]}, {}) as submission,
    ):
        mask = np.ones((1, 1), dtype=bool)
        for name, size, times in (("call, 6 kB", 750, 2000), ("call, 640 kB", 80_000, 500)):
            scores = np.zeros((size, 1, 1))
            submission.npg.fisher_estimate(scores, mask)
            found[name] = median_ms(lambda scores=scores: submission.npg.fisher_estimate(scores, mask), times)
        mode = submission.confinement["mode"]

        starts: dict[Box, list[float]] = {box: [], box_without_layers: []}
        ends: list[float] = []
        for place in [*starts] * 15:  # in turn, so that a busy machine slows both
            begin = time.perf_counter()
            worker = Worker(place)
            starts[place].append((time.perf_counter() - begin) * 1e3)
            begin = time.perf_counter()
            worker.close()
            ends.append((time.perf_counter() - begin) * 1e3)
    with_layers, without = map(statistics.median, starts.values())
    found["worker's start, all layers"] = with_layers
    found["worker's start, none"] = without
    found["layers, at the start"] = with_layers - without
    found["worker's end, with the sweep"] = statistics.median(ends)
    print(f"Mode {mode}: {isolation.MODES[mode]}.")
    for name, value in found.items():
        target = f"   (target: {TARGETS[name]:g})" if name in TARGETS else ""
        print(f"  {name:<30} {value:8.3f} ms{target}")
    return int(any(found[name] > target for name, target in TARGETS.items()))


if __name__ == "__main__":
    sys.exit(main())
