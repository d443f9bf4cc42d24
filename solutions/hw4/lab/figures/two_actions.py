"""The lecture's "Example of Natural Gradient on 1-d problem: 2 actions, 1 state"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hw4.lab.figures.drawing import COLOURS, LINES, MARKERS, panels
from hw4.lab.figures.exact import Exact
from hw4.lab.updates import FindFunction
from hw4.tabular import two_action_example

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEP_SIZE = 0.05
"""η of both."""
STEPS = 20


def draw(find_function: FindFunction) -> Figure:
    """Draw both directions against θ, and where 20 steps of the same η lead: needs 1.1, 1.2, 2.4 and 3.1."""
    mdp = two_action_example()

    def directions(theta: float) -> tuple[float, float]:
        at = Exact(find_function, mdp, np.array([theta]))
        gradient = at.gradient()[0]
        return float(gradient), float(gradient / at.fisher()[0, 0])

    places = np.linspace(-6, 6, 61)
    slopes = np.array([directions(theta) for theta in places])
    paths = np.zeros((STEPS + 1, 2))
    for k in range(STEPS):
        paths[k + 1] = [paths[k, way] + STEP_SIZE * directions(paths[k, way])[way] for way in (0, 1)]
    figure, (left, right) = panels("Two actions, rewards 100 and 1: exact PG and NPG", 2)
    names = (r"$\nabla J(\theta)$", r"$F^{-1}\nabla J(\theta)$")
    for way, label in enumerate(("PG", "NPG")):
        colour, line = COLOURS[way], LINES[way]
        left.plot(places, slopes[:, way], color=colour, linestyle=line, label=names[way])
        right.plot(paths[:, way], color=colour, linestyle=line, marker=MARKERS[way], markevery=4, label=label)
    left.annotate(r"99 at every $\theta$", (0, 102), ha="center")
    left.set(xlabel=r"$\theta$", ylabel="direction of the step", ylim=(0, 115))
    right.set(
        xlabel=rf"step $k$, $\eta = {STEP_SIZE:g}$", ylabel=r"$\theta^k$", xticks=range(0, STEPS + 1, 5)
    )
    left.legend(loc=(0.46, 0.5))
    right.legend()
    return figure
