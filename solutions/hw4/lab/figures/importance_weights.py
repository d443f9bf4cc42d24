"""The lecture's "Importance Sampling & Variance": what the weights do as π_θ leaves π_θk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hw4 import tabular
from hw4.lab.figures.drawing import COLOURS, LINES, MARKERS, panels
from hw4.lab.figures.exact import Exact
from hw4.lab.updates import FindFunction, call_function
from hw4.tabular import TabularMDP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HORIZONS = (1, 2, 4, 8)


def draw(find_function: FindFunction) -> Figure:
    """Draw the variance of the weights of whole trajectories, exactly: needs 1.1 and 4.1."""
    thetas = np.linspace(0.0, 2.0, 21)
    figure, (axes,) = panels(
        "Importance weights of trajectories of H steps\n" r"(exact; two actions, proposal $\theta^k = 0$)"
    )
    for place, horizon in enumerate(HORIZONS):
        variances = [_variance(find_function, _same_choice(horizon), theta) for theta in thetas[1:]]
        axes.semilogy(
            thetas[1:],
            variances,
            color=COLOURS[place],
            linestyle=LINES[place],
            marker=MARKERS[place],
            markevery=4,
            label=f"H = {horizon}",
        )
    axes.set(xlabel=r"$\theta$ of the target", ylabel=r"variance of $\prod_h\, \pi_\theta / \pi_{\theta^k}$")
    axes.legend()
    return figure


def _variance(find_function: FindFunction, mdp: TabularMDP, theta: float) -> float:
    old, new = (Exact(find_function, mdp, np.array([value])) for value in (0.0, theta))
    summed = [_summed_log_probabilities(one.log_policy, old.every) for one in (new, old)]
    name = "importance_sampling.importance_weights"
    weights = call_function(find_function, name, old.probabilities.shape, *summed)
    return float(old.probabilities @ (weights - 1.0) ** 2)  # the weights' mean is 1


def _summed_log_probabilities(log_policy: np.ndarray, every: tabular.Enumeration) -> np.ndarray:
    return every.along_actions(np.broadcast_to(log_policy, every.mdp.rewards.shape)).sum(axis=1)


def _same_choice(horizon: int) -> TabularMDP:
    """Two actions, one state, H times: φ is 1 for the first action and 0 for the second."""
    return TabularMDP(
        start=np.array([1.0]),
        transitions=np.array([[[1.0, 0.0], [1.0, 0.0]]]),
        rewards=np.zeros((horizon, 1, 2)),
        features=np.array([[[1.0], [0.0]]]),
    )
