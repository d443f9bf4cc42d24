"""Every trajectory an MDP can produce, with its probability and its scores under any θ.

Knows trajectories one by one; what their sums mean is said in ``exact``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.oracle.mdp import FloatArray, SoftmaxMDP
from hw4 import tabular


@dataclass(frozen=True, eq=False)
class Enumeration(tabular.Enumeration):
    """All trajectories of an MDP whose policy has parameters θ."""

    mdp: SoftmaxMDP

    def returns(self) -> FloatArray:
        """Return R_h(τ) = Σ_{h' ≥ h} r_{h'} of every trajectory.

        Returns:
            (N, H), 0 on padding.
        """
        return np.asarray(np.cumsum(self.rewards()[:, ::-1], axis=1)[:, ::-1])

    def action_log_probabilities(self, theta: FloatArray) -> FloatArray:
        """Return ln π_θ(a_h|s_h) of every step taken.

        Args:
            theta: (d,).

        Returns:
            (N, H), 0 on padding.
        """
        return self._silence(self.mdp.log_policy(theta)[self.states, self.actions])

    def scores(self, theta: FloatArray) -> FloatArray:
        """Return ∇_θ ln π_θ(a_h|s_h) of every step taken.

        Args:
            theta: (d,).

        Returns:
            (N, H, d), 0 on padding. Its sum over steps is ∇_θ ln ρ_θ(τ).
        """
        return self._silence(self.mdp.scores(theta)[self.states, self.actions])

    def probabilities(self, theta: FloatArray) -> FloatArray:
        """Return ρ_θ(τ) of every trajectory.

        Args:
            theta: (d,).

        Returns:
            (N,), all positive, of sum 1.
        """
        return self.probabilities_under(self.mdp.policy(theta))


def enumerate_trajectories(mdp: SoftmaxMDP) -> Enumeration:
    """List every trajectory, as ``tabular.enumerate_trajectories`` does."""
    return Enumeration(**vars(tabular.enumerate_trajectories(mdp)))
