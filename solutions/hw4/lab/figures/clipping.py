"""PPO-clip against the lecture's KL penalty: what one sample pulls θ with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hw4.lab.figures.drawing import COLOURS, LINES, panels
from hw4.lab.updates import FindFunction, call_function

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLIP, KL_WEIGHT = 0.2, 0.5


def draw(find_function: FindFunction) -> Figure:
    """Draw the coefficient of ∇ln π_θ in a sample's gradient: needs 4.1 and 4.7."""
    ratios = np.linspace(0.5, 1.5, 401)
    log_ratios = np.log(ratios)
    proposal = np.full(ratios.shape, -2.0)
    pair = (log_ratios + proposal, proposal)
    shape = ratios.shape
    weights = call_function(find_function, "importance_sampling.importance_weights", shape, *pair)
    figure, axes = panels(
        r"What a sample pulls with: the factor of $\nabla\ln\pi_\theta$ in its gradient (exact)", 2
    )
    for one, advantage in zip(axes, (1.0, -1.0), strict=True):
        own = call_function(
            find_function, "ppo.clip_penalty_weights", shape, *pair, np.full(shape, advantage), CLIP
        )
        curves = {
            r"$w\hat A$ (no penalty)": weights * advantage,
            rf"$w\hat A + \lambda$, $\lambda = {KL_WEIGHT:g}$ (lecture)": weights * advantage + KL_WEIGHT,
            r"$w\hat A + \lambda$ of the sample (PPO-clip)": weights * advantage + own,
        }
        for place, (label, values) in enumerate(curves.items()):
            width = 3.2 if place == 2 else 1.6
            one.plot(
                ratios, values, color=COLOURS[place], linestyle=LINES[place], label=label, linewidth=width
            )
        for bound in (1 - CLIP, 1 + CLIP):
            one.axvline(bound, color="0.5", linewidth=1.0, linestyle=(0, (1, 1)))
        one.axhline(0.0, color="black", linewidth=0.8)
        one.set(
            title=rf"$\hat A = {advantage:+g}$",
            xlabel=r"$w = \pi_\theta(a|s)\, / \,\pi_{\theta^k}(a|s)$",
            ylim=(-1.7, 3.6),
        )
    axes[0].set_ylabel(r"factor of $\nabla\ln\pi_\theta$")
    axes[0].legend(loc="upper left", fontsize=9)
    axes[1].annotate(f"clip = {CLIP:g}: dotted lines", (0.97, 0.93), xycoords="axes fraction", ha="right")
    return figure
