"""Exact expectations in a tabular MDP with the student's functions: π_θ, ∇J and F."""

from __future__ import annotations

import numpy as np

from hw4 import tabular
from hw4.lab.updates import FindFunction, call_function
from hw4.tabular import TabularMDP


class Exact:
    """A policy in an MDP, and the sums over all trajectories that the estimates stand for.

    An estimate is a mean over N trajectories. Given every trajectory once, with its share multiplied by N
    times its probability, it returns the expectation.

    Args:
        find_function: finds the student's functions.
        mdp: the MDP.
        theta: (d,), θ.
    """

    def __init__(self, find_function: FindFunction, mdp: TabularMDP, theta: np.ndarray) -> None:
        self._find_function, self.mdp, self.theta = find_function, mdp, theta
        log_probabilities = call_function(
            find_function, "policy.action_log_probabilities", (mdp.S, mdp.A), theta, mdp.features
        )
        self.log_policy = log_probabilities
        self.policy = np.exp(log_probabilities)
        self.every = tabular.enumerate_trajectories(mdp)
        self.batch = tabular.whole_batch(self.every)
        self.probabilities = self.every.probabilities_under(self.policy)

    def scores(self) -> np.ndarray:
        """Return ∇ ln π_θ(a_h|s_h) of every trajectory, (N, H, d)."""
        shape = (*self.batch.mask.shape, self.mdp.d)
        arguments = (self.theta, self.batch.features, self.batch.actions)
        return call_function(self._find_function, "policy.score", shape, *arguments)

    def gradient(self) -> np.ndarray:
        """Return ∇J(θ), (d,)."""
        advantages = self.every.along_actions(tabular.advantages(self.mdp, self.policy))
        weighted = len(self.every) * self.probabilities[:, np.newaxis] * advantages
        arguments = (self.scores(), weighted, self.batch.mask)
        name = "policy_gradient.policy_gradient_estimate"
        return call_function(self._find_function, name, self.theta.shape, *arguments)

    def fisher(self) -> np.ndarray:
        """Return F_θ, (d, d)."""
        root = np.sqrt(len(self.every) * self.probabilities)
        arguments = (root[:, np.newaxis, np.newaxis] * self.scores(), self.batch.mask)
        return call_function(self._find_function, "npg.fisher_estimate", 2 * self.theta.shape, *arguments)

    def npg_step(self, delta: float, damping: float = 0.0) -> np.ndarray:
        """Return the NPG iterate from θ, (d,)."""
        fisher = self.fisher() + damping * np.eye(self.mdp.d)
        arguments = (self.theta, self.gradient(), fisher, delta)
        return call_function(self._find_function, "npg.npg_step", self.theta.shape, *arguments)
