"""Draws learning curves: seeds thin, their interquartile mean thick, and its bootstrap interval.

Needs matplotlib and scipy.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hw4.lab.runs import Run, reference_band

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXES = ("iterations", "steps")
"""What a learning curve may be drawn against."""
LABELS = {"iterations": "iterations made", "steps": "environment steps"}
GRID = 80
"""Points of a curve against environment steps."""
STYLES = (
    ("#0072B2", "-", "o"),
    ("#D55E00", "--", "s"),
    ("#117733", "-.", "^"),
    ("#000000", ":", "D"),
    ("#AA4499", (0, (5, 1, 1, 1, 1, 1)), "v"),
)
"""Colour, line and marker: told apart in grey, too."""


def interquartile_mean(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """Return the mean of the middle half: one lucky or unlucky seed moves it little."""
    from scipy import stats

    return np.asarray(stats.trim_mean(values, 0.25, axis=axis))


def interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % bootstrap interval of the interquartile mean over seeds.

    Args:
        values: (seeds, points), at least two seeds.

    Returns:
        Its ends, (points,) each. The same values give the same interval.
    """
    from scipy import stats

    found = stats.bootstrap(
        (values,),
        interquartile_mean,
        n_resamples=1000,
        method="percentile",
        vectorized=True,
        batch=100,
        random_state=np.random.default_rng(0),
    ).confidence_interval
    return np.asarray(found.low), np.asarray(found.high)


def align(runs: Sequence[Run], against: str) -> tuple[np.ndarray, np.ndarray]:
    """Put the mean returns of several runs at the same places.

    A run that ended keeps its final return from there on. Between two policies it is interpolated.

    Args:
        runs: at least one.
        against: "iterations" or "steps".

    Returns:
        The places (points,) and the mean returns (runs, points).
    """
    curves = [run.points() for run in runs]
    if against == "iterations":
        curves = [(np.arange(len(returns)), returns) for _, returns in curves]
        places = np.arange(max(len(returns) for _, returns in curves))
    else:
        places = np.linspace(0, max(steps[-1] for steps, _ in curves), GRID)
    return places, np.array([np.interp(places, steps, returns) for steps, returns in curves])


def learning_curves(
    groups: Mapping[str, Sequence[Run]], against: str, title: str, *, with_reference: bool = False
) -> Figure:
    """Draw the learning curves of one or more groups of runs.

    Args:
        groups: runs by the name that the legend has.
        against: "iterations" or "steps".
        title: what stands above.
        with_reference: also draw the reference's band of each group, where its settings have one.
    """
    # Not pyplot: it looks for a screen, and takes half a second to import.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.4), layout="constrained")
    axes = figure.subplots()
    draw_groups(axes, groups, against, with_reference=with_reference)
    axes.set_title(title)
    return figure


def draw_groups(
    axes: Axes, groups: Mapping[str, Sequence[Run]], against: str, *, with_reference: bool = False
) -> None:
    """Draw the learning curves of one or more groups of runs into given axes; see `learning_curves`."""
    everyone = [run for runs in groups.values() for run in runs]
    horizon = max(run.settings.horizon for run in everyone)
    for bar in sorted({run.settings.bar for run in everyone}):
        axes.axhline(bar, color="0.45", linestyle=(0, (1, 1)), linewidth=1.0)
        axes.annotate(f" bar {bar:g}", (0, bar), xycoords=("axes fraction", "data"), va="bottom")
    for (label, runs), (colour, line, marker) in zip(groups.items(), itertools.cycle(STYLES), strict=False):
        band = reference_band(runs[0].algorithm, runs[0].settings) if with_reference else None
        if band is not None:
            places, low, high = band[against]
            name = f"reference {runs[0].algorithm.upper()}, 5 to 95 % of seeds"
            axes.fill_between(
                places,
                low,
                high,
                facecolor="none",
                edgecolor=colour,
                alpha=0.6,
                hatch="////",
                label=name,
                lw=0.5,
            )
        places, returns = align(runs, against)
        if len(runs) > 1:
            axes.plot(places, returns.T, color=colour, linewidth=0.5, alpha=0.35)
            axes.fill_between(places, *interval(returns), color=colour, alpha=0.22, linewidth=0)
        seeds = f"{len(runs)} seeds" if len(runs) > 1 else f"seed {runs[0].seed}"
        every = max(len(places) // 12, 1)
        axes.plot(
            places,
            interquartile_mean(returns),
            color=colour,
            linestyle=line,
            marker=marker,
            markevery=every,
            markersize=4.5,
            linewidth=1.8,
            label=f"{label}, {seeds}",
        )
    axes.set_xlabel(LABELS[against])
    axes.set_ylabel("mean return")
    axes.set_ylim(0.0, 1.06 * horizon)
    axes.set_xlim(left=0)
    if against == "steps":
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(alpha=0.25)
    axes.legend(loc="lower right")
