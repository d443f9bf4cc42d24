"""The lecture's "PG with a Learned Baseline": which ĝ occur, under no, a fitted and the true baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hw4 import tabular
from hw4.lab.figures.drawing import COLOURS, LINES, panels
from hw4.lab.figures.exact import Exact
from hw4.lab.updates import FindFunction, call_function
from hw4.tabular import TabularMDP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED, FITTED_ON = 0, 20


def draw(find_function: FindFunction) -> Figure:
    """Draw the exact distribution of ĝ from one trajectory: needs 1.1, 1.2 and Part 2."""
    at = Exact(find_function, _shifted(), np.array([0.5]))
    batch, name = at.batch, "policy_gradient.policy_gradient_estimate"
    returns = _call_rewards_to_go(find_function, batch.rewards, batch.mask)
    scores = at.scores()
    tables = {
        "no baseline": np.zeros((at.mdp.H, at.mdp.S)),
        f"fitted on {FITTED_ON} trajectories": _fitted(find_function, at, returns),
        "the true V": tabular.state_values(at.mdp, at.policy),
    }
    figure, (axes,) = panels(rf"$\hat g$ of one trajectory (exact; baseline fitted with seed {SEED})")
    for place, (label, table) in enumerate(tables.items()):
        advantages = returns - at.every.along(table)
        one = np.array(
            [
                call_function(find_function, name, (1,), scores[[n]], advantages[[n]], batch.mask[[n]])[0]
                for n in range(len(batch))
            ]
        )
        mean = at.probabilities @ one
        deviation = np.sqrt(at.probabilities @ (one - mean) ** 2)
        order = np.argsort(one)
        axes.step(
            np.concatenate([[-60], one[order], [60]]),
            np.concatenate([[0], np.cumsum(at.probabilities[order]), [1]]),
            where="post",
            color=COLOURS[place],
            linestyle=LINES[place],
            label=f"{label}:\nmean {mean:.2f}, deviation {deviation:.1f}",
        )
    slope = at.gradient()[0]
    axes.axvline(slope, color="0.4", linewidth=1.0)
    axes.annotate(rf" $\nabla J = {slope:.2f}$", (slope, 1.04), ha="left")
    axes.set(xlabel=r"$\hat g$", ylabel=r"probability of at most $\hat g$", xlim=(-32, 32), ylim=(0, 1.12))
    axes.legend(loc="lower right", fontsize=9)
    return figure


def _fitted(find_function: FindFunction, at: Exact, returns: np.ndarray) -> np.ndarray:
    """Fit the student's baseline on sampled trajectories, and return its table (H, S)."""
    rng = np.random.default_rng(SEED)
    chances = at.probabilities / at.probabilities.sum()
    drawn = rng.choice(len(at.every), size=FITTED_ON, p=chances)
    sample = at.batch.select(drawn)
    features = tabular.one_hot_features(at.mdp)
    size = features.shape[-1]
    fit = (sample.baseline_features, returns[drawn], sample.mask, 1e-6)
    weights = call_function(find_function, "baseline.fit_baseline", (size,), *fit)
    arguments = (weights, features)
    return call_function(find_function, "baseline.predict_baseline", features.shape[:2], *arguments)


def _call_rewards_to_go(find_function: FindFunction, rewards: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return call_function(find_function, "baseline.rewards_to_go", mask.shape, rewards, mask)


def _shifted() -> TabularMDP:
    """Two states, two actions, three steps; all rewards are near 5, which a baseline takes away."""
    return TabularMDP(
        start=np.array([0.5, 0.5]),
        transitions=np.array([[[0.7, 0.2, 0.1], [0.2, 0.7, 0.1]], [[0.5, 0.4, 0.1], [0.1, 0.8, 0.1]]]),
        rewards=5.0
        + np.array([[[1.0, -1.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, -1.0]], [[1.0, 0.0], [-1.0, 1.0]]]),
        features=np.array([[[1.0], [-1.0]], [[-0.5], [0.5]]]),
    )
