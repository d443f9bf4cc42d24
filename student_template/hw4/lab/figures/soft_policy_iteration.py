"""NPG with a tabular softmax is soft policy iteration: F⁺∇J is the advantage, and π^{k+1} ∝ π^k exp(η A)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hw4 import tabular
from hw4.lab.figures.drawing import COLOURS, MARKERS, panels
from hw4.lab.figures.exact import Exact
from hw4.lab.updates import FindFunction, call_function
from hw4.tabular import TabularMDP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED, STATES, ACTIONS, HORIZON, DELTA = 4, 2, 3, 3, 1.0


def draw(find_function: FindFunction) -> Figure:
    """Draw F⁺∇J against A, and an NPG step against π exp(η A): needs 1.1, 1.2, 2.4, 3.1 and 3.2."""
    rng = np.random.default_rng(SEED)
    mdp = _layered(rng)
    at = Exact(find_function, mdp, rng.normal(scale=0.7, size=mdp.d))
    gradient, fisher = at.gradient(), at.fisher()
    natural = np.linalg.pinv(fisher, rcond=1e-10, hermitian=True) @ gradient
    # Each state occurs at one step alone: the advantage is that of its step.
    advantages = tabular.advantages(mdp, at.policy)[np.arange(mdp.S) // STATES, np.arange(mdp.S)]
    centred = advantages - advantages.mean(axis=1, keepdims=True)

    figure, (left, right) = panels(f"Tabular softmax, three steps (exact; MDP of seed {SEED})", 2)
    ends = [1.15 * np.min(centred), 1.15 * np.max(centred)]
    left.plot(ends, ends, color="0.5", linewidth=1.0, label="equal")
    for h in range(HORIZON):
        rows = slice(STATES * h, STATES * (h + 1))
        points = (centred[rows].ravel(), natural.reshape(centred.shape)[rows].ravel())
        left.plot(
            *points, color=COLOURS[h], marker=MARKERS[h], markersize=7, linestyle="none", label=f"$h = {h}$"
        )
    left.set(xlabel=r"$A(s, a) -$ mean of $A(s, \cdot)$", ylabel=r"$F^{+}\nabla J$ at $(s, a)$")
    left.legend()

    regular = fisher + 1e-9 * np.eye(mdp.d)
    step_size = call_function(find_function, "npg.npg_step_size", (), gradient, regular, DELTA)
    soft = at.policy * np.exp(float(step_size) * advantages)
    soft /= soft.sum(axis=1, keepdims=True)
    stepped = Exact(find_function, mdp, at.theta + float(step_size) * natural).policy
    bars = {
        r"$\pi^k$": at.policy[0],
        r"$\pi^{k+1}$ of NPG": stepped[0],
        r"$\propto \pi^k \exp(\eta A)$": soft[0],
    }
    for place, (label, heights) in enumerate(bars.items()):
        right.bar(
            np.arange(ACTIONS) + 0.27 * (place - 1),
            heights,
            width=0.27,
            color=("white", COLOURS[0], COLOURS[1])[place],
            edgecolor="black",
            hatch=("", "", "///")[place],
            label=label,
        )
    right.set(xlabel="action in the first state", ylabel="probability", xticks=range(ACTIONS), ylim=(0, 1.25))
    right.set_title(rf"one step, $\delta = {DELTA:g}$, $\eta = {float(step_size):.2f}$")
    right.legend()
    return figure


def _layered(rng: np.random.Generator) -> TabularMDP:
    """A state occurs at one step alone, and has a feature for each of its actions."""
    size = STATES * HORIZON
    transitions = np.zeros((size, ACTIONS, size + 1))
    for state in range(size):
        following = STATES * (state // STATES + 1)
        if following < size:
            transitions[state, :, following : following + STATES] = rng.dirichlet(
                np.ones(STATES), size=ACTIONS
            )
        else:
            transitions[state, :, size] = 1.0
    start = np.zeros(size)
    start[:STATES] = 1.0 / STATES
    rewards = np.broadcast_to(rng.normal(scale=2.0, size=(size, ACTIONS)), (HORIZON, size, ACTIONS))
    features = np.eye(size * ACTIONS).reshape(size, ACTIONS, size * ACTIONS)
    return TabularMDP(start, transitions, rewards.copy(), features)
