"""The lecture's "Taylor Expansion on the Constraint": how good the quadratic form of the KL is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hw4 import tabular
from hw4.lab.figures.drawing import COLOURS, LINES, panels
from hw4.lab.figures.exact import Exact
from hw4.lab.figures.fitted_policy_iteration import ridge_walk
from hw4.lab.updates import FindFunction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DELTAS = (0.1, 3.0)


def draw(find_function: FindFunction) -> Figure:
    """Draw KL and quadratic form along the NPG direction: needs 1.1, 1.2, 2.4, 3.1 and 3.3."""
    figure, axes = panels("The KL along NPG's direction (exact, in a walk of six steps)", 2)
    for one, delta in zip(axes, DELTAS, strict=True):
        _draw_along(one, find_function, delta)
    axes[0].legend(loc="upper center")
    return figure


def _draw_along(axes: Axes, find_function: FindFunction, delta: float) -> None:
    mdp = ridge_walk()
    start = Exact(find_function, mdp, np.zeros(mdp.d))
    # A shift of all logits changes no policy, so that F is singular.
    step = start.npg_step(delta, damping=1e-6) - start.theta
    fractions = np.linspace(-1.5, 1.5, 61)

    def kl(fraction: float) -> float:
        moved = Exact(find_function, mdp, start.theta + fraction * step)
        log_ratio = np.broadcast_to(start.log_policy - moved.log_policy, mdp.rewards.shape)
        return float(tabular.expected_at_each_step(mdp, start.policy, log_ratio).sum())

    quadratic = 0.5 * fractions**2 * (step @ start.fisher() @ step)
    axes.plot(
        fractions,
        quadratic,
        color=COLOURS[0],
        linestyle=LINES[0],
        label=r"$\frac{1}{2}(\theta-\theta^k)^T F\,(\theta-\theta^k)$",
    )
    exact = [kl(fraction) for fraction in fractions]
    axes.plot(
        fractions, exact, color=COLOURS[1], linestyle=LINES[1], label=r"$KL(\rho_{\theta^k} | \rho_\theta)$"
    )
    for height, name in ((delta / 2, r"$\delta/2$"), (delta, r"$\delta$")):
        axes.axhline(height, color="0.4", linewidth=1.0, linestyle=(0, (1, 1)))
        axes.annotate(f"{name} ", (0, height), ha="center", va="bottom")
    axes.axvline(1.0, color="0.4", linewidth=1.0)
    axes.set(
        title=rf"$\delta = {delta:g}$",
        xlabel=r"multiples of NPG's step, $\eta F^{-1}\nabla J$",
        ylabel="nats for a trajectory",
        ylim=(0, 1.6 * delta),
    )
