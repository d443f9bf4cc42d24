"""Trainings on CartPole as figures: four algorithms, the KL of their steps, and how few steps are enough."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np

from hw4.lab import learning, plots
from hw4.lab.cartpole import mean_return, rollout
from hw4.lab.figures.drawing import COLOURS, LINES, MARKERS, panels
from hw4.lab.training import GRADED, SETTINGS, Iteration, TrainingSettings, train
from hw4.lab.updates import UPDATES, FindFunction

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HORIZON = 500
SEEDS = range(3)
RECORD_SEEDS = range(15)
RECORD_ITERATIONS = {10: 30, 50: 14}
"""By N = M. With 50 the slowest of 1000 seeds makes 14 (docs/bars.md)."""
EPISODES = 100


def draw(find_function: FindFunction) -> Figure:
    """Draw the learning curves against iterations and environment steps: needs all but the bonus 4.7."""
    groups = {
        name.upper(): learning.run(name, SETTINGS[name][HORIZON], SEEDS, find_function=find_function)
        for name in ("reinforce", "npg", "trpo", "ppo")
    }
    title = "CartPole-v1, H = 500, N = M = 50: interquartile mean, 95 % interval, seeds 0 to 2"
    figure, axes = panels(title, 2)
    for one, against in zip(axes, plots.AXES, strict=True):
        plots.draw_groups(one, groups, against)
    axes[0].legend().remove()
    axes[1].set(xlabel="thousands of environment steps", ylabel="")
    axes[1].xaxis.set_major_formatter(lambda steps, _: f"{steps / 1000:,.0f}")
    return figure


def draw_kl_of_steps(find_function: FindFunction) -> Figure:
    """Draw the KL of each step, estimated on its 100 trajectories: NPG needs Parts 1 to 3, TRPO also 6.2."""
    figure, (axes,) = panels("The KL of each step on CartPole-v1, H = 500, seed 0")
    for place, name in enumerate(("npg", "trpo")):
        settings = SETTINGS[name][HORIZON]
        (run,) = learning.run(name, settings, [0], find_function=find_function)
        axes.plot(
            np.arange(1, len(run.kl) + 1),
            run.kl,
            color=COLOURS[place],
            linestyle=LINES[place],
            marker=MARKERS[place],
            label=f"{name.upper()}, {learning.write(settings, 2)}",
        )
    for height, symbol in ((0.5, r"$\delta/2$"), (1.0, r"$\delta$")):
        axes.axhline(height, color="0.4", linewidth=1.0, linestyle=(0, (1, 1)))
        axes.annotate(f" {symbol}", (0, height), xycoords=("axes fraction", "data"), va="bottom")
    label = r"$KL(\rho_{\theta^k} | \rho_{\theta^{k+1}})$, estimated"
    axes.set(xlabel="iteration", ylabel=label, ylim=(0, 1.5))
    axes.legend(loc="upper right")
    return figure


def draw_record(find_function: FindFunction) -> Figure:
    """Draw how many environment steps NPG needs with N = M = 10 and δ = 8: needs Parts 1 to 3."""
    title = "NPG with $\\delta = 8$: steps until 100 fresh episodes\nhave mean return 475 (CartPole-v1, {})"
    figure, (axes,) = panels(title.format(f"seeds 0 to {RECORD_SEEDS[-1]}"))
    for place, (size, iterations) in enumerate(RECORD_ITERATIONS.items()):
        settings = dataclasses.replace(
            GRADED["npg"],
            baseline_trajectories=size,
            update_trajectories=size,
            iterations=iterations,
            evaluation_episodes=1,
        )
        needed = np.sort([_steps_to_the_bar(find_function, settings, seed) for seed in RECORD_SEEDS])
        reached = needed[np.isfinite(needed)]
        axes.step(
            np.concatenate([[1000], reached]),
            np.arange(len(reached) + 1) / len(needed),
            where="post",
            color=COLOURS[place],
            linestyle=LINES[place],
            label=f"N = M = {size}: median {np.median(needed):,.0f}, {len(reached)} of {len(needed)} seeds",
        )
    axes.set_xscale("log")
    axes.set(
        xlabel="environment steps",
        ylabel="share of the seeds",
        xlim=(10_000, 400_000),
        ylim=(0, 1.3),
        yticks=(0, 0.5, 1),
    )
    axes.legend(loc="upper left")
    return figure


class _Reached(Exception):
    """Ends a training whose policy is at the bar."""

    def __init__(self, steps: int) -> None:
        super().__init__(steps)
        self.steps = steps


def _steps_to_the_bar(find_function: FindFunction, settings: TrainingSettings, seed: int) -> float:
    """Train, and return the environment steps behind the first θ^k at the bar; inf where there is none.

    The episodes that θ^k is judged by are not counted: no algorithm sees them.
    """
    judging = np.random.default_rng([seed, 1])

    def judge(iteration: Iteration) -> None:
        if mean_return(rollout(iteration.theta, judging, EPISODES, settings.horizon)) >= settings.bar:
            raise _Reached(iteration.environment_steps)

    update = functools.partial(UPDATES["npg"], settings, find_function)
    try:
        train(update, settings, np.random.default_rng(seed), on_iteration=judge)
    except _Reached as reached:
        return float(reached.steps)
    return np.inf
