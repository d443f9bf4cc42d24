"""The lecture's "Back to Fitted Policy Iteration": a fit is good where it was made, and nowhere else."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from hw4 import tabular
from hw4.lab.figures.drawing import COLOURS, LINES, MARKERS, panels
from hw4.lab.figures.exact import Exact
from hw4.lab.updates import FindFunction
from hw4.tabular import TabularMDP

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ITERATIONS, DELTA, DAMPING = 12, 0.3, 1e-3
REWARDS = (-6.0, 1.0, 2.0, 3.0, -6.0)
"""Of the five places of the walk: it pays to walk to the fourth, beside the slope."""
COLLAPSE = 1
"""The round in which fitted policy iteration fails: from π^1 to π^2."""


def draw(find_function: FindFunction) -> Figure:
    """Draw J of both, and the lemma's split of the loss: needs 1.1, 1.2, 2.4, 3.1 and 3.3."""
    mdp = ridge_walk()
    features = np.broadcast_to(mdp.features, (mdp.H, *mdp.features.shape))
    policies = [np.full((mdp.S, mdp.A), 0.5)]
    fits = []
    for fitted, policy in itertools.islice(
        tabular.fitted_policy_iteration(mdp, policies[0], features), ITERATIONS
    ):
        fits.append(fitted)
        policies.append(policy)
    figure, (left, right) = panels("A walk on a ridge, five places, six steps (all exact)", 2)
    curves = {
        "fitted policy iteration": [tabular.performance(mdp, policy) for policy in policies],
        rf"NPG, $\delta = {DELTA:g}$": _npg(find_function, mdp),
    }
    for place, (label, values) in enumerate(curves.items()):
        left.plot(values, color=COLOURS[place], linestyle=LINES[place], marker=MARKERS[place], label=label)
    left.set(xlabel="iteration $k$", ylabel=r"$J(\pi^k)$", ylim=(-25, 25))
    left.legend(loc="upper center")
    _draw_lemma(right, mdp, policies[COLLAPSE], policies[COLLAPSE + 1], fits[COLLAPSE])
    return figure


def _draw_lemma(
    axes: Axes, mdp: TabularMDP, policy: np.ndarray, new_policy: np.ndarray, fitted: np.ndarray
) -> None:
    """Draw what the fit promised of each step, and what the performance difference lemma says came."""
    every_step = np.broadcast_to(policy, fitted.shape)
    promised = fitted - (every_step * fitted).sum(axis=-1, keepdims=True)
    bars = {
        r"promised, $\hat A$": tabular.expected_at_each_step(mdp, new_policy, promised),
        "came, $A$": tabular.performance_difference(mdp, policy, new_policy),
    }
    steps = np.arange(mdp.H)
    for place, (label, heights) in enumerate(bars.items()):
        axes.bar(
            steps + 0.4 * place - 0.2,
            heights,
            width=0.4,
            color=("white", COLOURS[1])[place],
            edgecolor="black",
            hatch=("///", "")[place],
            label=f"{label}: {heights.sum():+.1f} in all",
        )
    axes.axhline(0.0, color="black", linewidth=0.8)
    title = f"from $k = {COLLAPSE}$ to $k = {COLLAPSE + 1}$"
    axes.set(title=title, xlabel="step $h$", ylabel=r"advantage over $\pi^k$, mean under $\pi^{k+1}$")
    axes.set_ylim(top=1.35 * axes.get_ylim()[1])
    axes.legend(loc="upper left")


def _npg(find_function: FindFunction, mdp: TabularMDP) -> list[float]:
    theta = np.zeros(mdp.d)
    values = []
    for _ in range(ITERATIONS + 1):
        at = Exact(find_function, mdp, theta)
        values.append(tabular.performance(mdp, at.policy))
        theta = at.npg_step(DELTA, DAMPING)
    return values


def ridge_walk() -> TabularMDP:
    """Five places in a row, with a slope at either end; a step goes astray with probability 0.1.

    The features of either action are a constant and the place x: they tell left from right, and no more.
    """
    places, horizon = len(REWARDS), 6
    transitions = np.zeros((places, 2, places + 1))
    for place, action in itertools.product(range(places), range(2)):
        ways = (max(place - 1, 0), min(place + 1, places - 1))
        transitions[place, action, ways[action]] += 0.9
        transitions[place, action, ways[1 - action]] += 0.1
    features = np.zeros((places, 2, 4))
    for action in range(2):
        features[:, action, 2 * action] = 1.0
        features[:, action, 2 * action + 1] = np.linspace(-1.0, 1.0, places)
    rewards = np.broadcast_to(np.array(REWARDS)[np.newaxis, :, np.newaxis], (horizon, places, 2))
    return TabularMDP(np.eye(places)[places // 2], transitions, rewards.copy(), features)
