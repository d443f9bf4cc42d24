"""How often the reference reaches the CartPole bars: the numbers behind part 5 (docs/bars.md).

    .venv/bin/python benchmarks/bars.py [--seeds 1000] [--workers 2]

Trains as the grader does: H = 500, features rotated by an orthogonal matrix drawn for each seed, until 100
fresh trajectories of the stochastic policy have a mean return of 475. The last column is the probability that
right code fails a row (the first run misses, and fewer than 4 of 7 reach the bar), at the 95 % upper bound of
the miss rate.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions"))

import numpy as np
from scipy import stats

from hw4.lab.learning import find_in_package as find_function
from hw4.lab.training import Update, train
from hw4.lab.updates import UPDATES
from tests.hidden.trainings import HORIZON, NPG, PPO

SETTINGS = {"npg": NPG, "ppo": PPO}
"""Of the graded trainings."""


def iterations_to_the_bar(algorithm: str, seed: int) -> int | None:
    """Train once and return how many iterations the bar took, or None where it was missed."""
    settings = SETTINGS[algorithm]
    rng = np.random.default_rng([seed, HORIZON])
    rotation = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    curve = train(graded_update(algorithm), settings, rng, rotation=rotation, stop_at=settings.bar)
    return len(curve.returns) if curve.final_return >= settings.bar else None


def graded_update(algorithm: str) -> Update:
    """Return the reference's update as the graded rows run it."""
    return functools.partial(UPDATES[algorithm], SETTINGS[algorithm], find_function)


def row(algorithm: str, taken: list[int | None]) -> str:
    """Write the table's row of one algorithm."""
    reached = np.array([iterations for iterations in taken if iterations is not None])
    misses = len(taken) - len(reached)
    # Clopper-Pearson, one-sided.
    bound = stats.binomtest(misses, len(taken), alternative="less").proportion_ci(0.95).high
    failure = bound * stats.binom.sf(2, 6, bound)  # the first run misses, and at least 3 of 6 more
    settings = SETTINGS[algorithm]
    slow, median, slowest = np.quantile(reached, (0.99, 0.5, 1.0))
    return (
        f"| {algorithm.upper()} | {len(taken)} | {settings.iterations} | {median:.0f} | {slow:.0f} "
        f"| {slowest:.0f} | {misses} | {bound:.2%} | {failure:.0e} |"
    )


def main() -> None:
    """Run the seeds and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1000, help="trainings of each algorithm")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="trainings at once")
    arguments = parser.parse_args()
    print(
        "| algorithm | seeds | iterations allowed | to 475: median | 99 % | slowest | missed "
        "| miss rate below | right code fails |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with ProcessPoolExecutor(arguments.workers) as pool:
        for algorithm in SETTINGS:
            names = [algorithm] * arguments.seeds
            taken = pool.map(iterations_to_the_bar, names, range(arguments.seeds), chunksize=4)
            print(row(algorithm, list(taken)), flush=True)


if __name__ == "__main__":
    main()
