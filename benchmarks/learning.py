"""How fast rollouts and trainings are, and how reliably the reference learns.

    python benchmarks/learning.py                    # everything, about a minute
    python benchmarks/learning.py rollout training   # some sections

Times depend on the machine and on what else it does. Ratios are of runs that took turns, so that a slow
moment slows both sides.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# The matrices are small: more BLAS threads only take time from one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions"))

import gymnasium
import numpy as np

from hw4.lab.cartpole import rollout
from hw4.lab.figures import gallery
from hw4.lab.learning import find_in_package as find_function
from hw4.lab.training import SETTINGS, LearningCurve, train
from hw4.lab.updates import UPDATES
from hw4.policy import action_log_probabilities

HORIZON = 500
REPEATS = 5
SEEDS = range(10)
BALANCING = np.array([0.0, 0.0, 0.0, 0.0, 0.4, 0.8, 8.0, 4.0])
"""Pushes the cart toward the side that the pole leans to; balances for nearly all of 500 steps."""


def naive_rollout(theta: np.ndarray, rng: np.random.Generator, trajectories: int) -> int:
    """Play episodes one by one and return how many steps were taken."""
    environment = gymnasium.make("CartPole-v1")
    np.random.seed(rng.integers(2**31))
    steps = 0
    for _ in range(trajectories):
        state, _ = environment.reset(seed=int(rng.integers(2**31)))
        done = False
        while not done:
            features = np.kron(np.eye(2), state)
            probabilities = np.exp(action_log_probabilities(theta, features))
            action = np.random.choice(2, p=probabilities)
            state, _, terminated, truncated, _ = environment.step(action)
            done = terminated or truncated
            steps += 1
    environment.close()
    return steps


def wide_rollout(theta: np.ndarray, rng: np.random.Generator, trajectories: int) -> int:
    """Sample the homework's rollout, features included, and return how many real steps it has."""
    return int(rollout(theta, rng, trajectories, HORIZON).mask.sum())


def steps_per_second(play: Callable[..., int], seed: int, trajectories: int) -> float:
    """Return how many steps a rollout takes per second."""
    rng = np.random.default_rng(seed)
    start = time.perf_counter()
    steps = play(BALANCING, rng, trajectories)
    return steps / (time.perf_counter() - start)


def report_rollout() -> None:
    """Compare the homework's rollout with the naive loop."""
    print(f"Rollout of CartPole-v1 with a policy that balances, H = {HORIZON}, median of {REPEATS} pairs")
    print("naive: gym.make and np.random.choice per step; wide: all trajectories at once, features included")
    print()
    print(f"{'N':>6}{'naive, steps/s':>18}{'wide, steps/s':>18}{'ratio':>9}")
    wide_rollout(BALANCING, np.random.default_rng(0), 8)  # the first call pays for gymnasium's registry
    for trajectories in (8, 32, 128, 512):
        pairs = [
            (
                # The naive rate does not depend on N: eight episodes measure it.
                steps_per_second(naive_rollout, seed, 8),
                steps_per_second(wide_rollout, seed, trajectories),
            )
            for seed in range(REPEATS)
        ]
        naive, wide = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(fast / slow for slow, fast in pairs)
        print(f"{trajectories:>6}{naive:>18,.0f}{wide:>18,.0f}{ratio:>8.1f}×")
    print()


def timed_training(algorithm: str, horizon: int, seed: int) -> tuple[LearningCurve, float]:
    """Train once with the reference and return the curve and the seconds."""
    settings = SETTINGS[algorithm][horizon]
    update = functools.partial(UPDATES[algorithm], settings, find_function)
    start = time.perf_counter()
    curve = train(update, settings, np.random.default_rng(seed))
    return curve, time.perf_counter() - start


def report_training() -> None:
    """Print how long training takes."""
    print("Training with the reference, 100 evaluation episodes included, median of 3 seeds")
    print()
    print(f"{'':>11}{'H':>6}{'iterations':>13}{'env steps':>13}{'seconds':>10}")
    for algorithm in ("npg", "ppo"):
        for horizon in (200, 500):
            runs = [timed_training(algorithm, horizon, seed) for seed in range(3)]
            seconds = statistics.median(seconds for _, seconds in runs)
            steps = statistics.median(int(curve.environment_steps[-1]) for curve, _ in runs)
            iterations = SETTINGS[algorithm][horizon].iterations
            print(f"{algorithm.upper():>11}{horizon:>6}{iterations:>13}{steps:>13,}{seconds:>10.2f}")
    print()


def report_seeds() -> None:
    """Print the final mean returns of ten seeds."""
    algorithms = ("npg", "ppo")
    bar = SETTINGS["npg"][HORIZON].bar
    print(f"Final mean return of the stochastic policy over 100 fresh episodes, H = {HORIZON}, bar {bar:g}")
    print()
    print(f"{'seed':>6}" + "".join(f"{algorithm.upper():>10}" for algorithm in algorithms))
    finals: dict[str, list[float]] = {algorithm: [] for algorithm in algorithms}
    for seed in SEEDS:
        for algorithm in algorithms:
            finals[algorithm].append(timed_training(algorithm, HORIZON, seed)[0].final_return)
        print(f"{seed:>6}" + "".join(f"{finals[algorithm][-1]:>10.1f}" for algorithm in algorithms))
    reached = {algorithm: sum(final >= bar for final in finals[algorithm]) for algorithm in algorithms}
    print(f"{'≥ ' + format(bar, 'g'):>6}" + "".join(f"{reached[a]:>7}/{len(SEEDS)}" for a in algorithms))
    print()


def report_figures() -> None:
    """Print how long the student's figures take, in processor time: one core."""
    print("Figures drawn with the reference, seconds of the processor")
    print()
    total = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in gallery.FIGURES:
            start = time.process_time()
            gallery.write(name, find_function, Path(folder))
            seconds = time.process_time() - start
            total += seconds
            print(f"{name:>26}{seconds:>8.1f}")
    print(f"{'all':>26}{total:>8.1f}")
    print()


SECTIONS = {
    "rollout": report_rollout,
    "training": report_training,
    "seeds": report_seeds,
    "figures": report_figures,
}


def main() -> None:
    """Run the sections asked for."""
    parser = argparse.ArgumentParser(description="Measure rollouts, training times and learning.")
    parser.add_argument(
        "sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; by default all"
    )
    sections = parser.parse_args().sections
    for name in sections:
        if name not in SECTIONS:
            parser.error(f'there is no section "{name}": choose from {", ".join(SECTIONS)}')
    for name in sections or SECTIONS:
        SECTIONS[name]()


if __name__ == "__main__":
    main()
