"""Every trajectory an MDP can produce, with its probability under any θ.

Knows trajectories one by one; what their sums mean is said in ``exact``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.oracle.mdp import BoolArray, FloatArray, IntArray, TabularMDP


@dataclass(frozen=True, eq=False)
class Enumeration:
    """All N trajectories of an MDP, the short ones first, each exactly once.

    Attributes:
        mdp: whose trajectories.
        states: (N, H), s_h; 0 on padding.
        actions: (N, H), a_h; 0 on padding.
        mask: (N, H), True where the step really happened.
        environment_chances: (N,), μ(s_0) Π P(s_{h+1}|s_h, a_h), the end of the episode included: the part of
            ρ_θ(τ) that θ does not reach.
    """

    mdp: TabularMDP
    states: IntArray
    actions: IntArray
    mask: BoolArray
    environment_chances: FloatArray

    def __len__(self) -> int:
        """N, the number of trajectories."""
        return len(self.mask)

    def along(self, table: FloatArray) -> FloatArray:
        """Read a table at the (h, s_h) of every trajectory: a baseline, V, or ψ.

        Args:
            table: (H, S, ...), any function of step and state.

        Returns:
            (N, H, ...), 0 on padding.
        """
        return self._silence(table[np.arange(self.mdp.H), self.states])

    def along_actions(self, table: FloatArray) -> FloatArray:
        """Read a table at the (h, s_h, a_h) of every trajectory: rewards, Q, or A.

        Args:
            table: (H, S, A, ...), any function of step, state and action.

        Returns:
            (N, H, ...), 0 on padding.
        """
        return self._silence(table[np.arange(self.mdp.H), self.states, self.actions])

    def rewards(self) -> FloatArray:
        """Return r_h of every trajectory.

        Returns:
            (N, H), 0 on padding.
        """
        return self.along_actions(self.mdp.rewards)

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
        """Return ρ_θ(τ) = μ(s_0) π_θ(a_0|s_0) P(s_1|s_0, a_0) … of every trajectory.

        Args:
            theta: (d,).

        Returns:
            (N,), all positive, of sum 1.
        """
        log_chances = self.action_log_probabilities(theta).sum(axis=1)
        return np.asarray(self.environment_chances * np.exp(log_chances))

    def _silence(self, values: FloatArray) -> FloatArray:
        """Put 0 on padding."""
        return np.asarray(
            np.where(self.mask.reshape(self.mask.shape + (1,) * (values.ndim - 2)), values, 0.0)
        )


def enumerate_trajectories(mdp: TabularMDP) -> Enumeration:
    """List every trajectory that has positive probability.

    Prefixes grow by one step at a time, all of them at once; those that can end are set aside on the way.

    Args:
        mdp: the MDP. With S = A = H = 3 there are at most 819 trajectories, found in about 0.2 ms.

    Returns:
        The trajectories, by length, and in lexicographic order (s_0, a_0, s_1, …) within a length.
    """
    end = mdp.S
    states: IntArray = np.flatnonzero(mdp.start)[:, np.newaxis].astype(np.int64)
    actions: IntArray = np.empty((len(states), 0), dtype=np.int64)
    chances: FloatArray = mdp.start[states[:, 0]]
    finished: list[tuple[IntArray, IntArray, FloatArray]] = []
    for h in range(mdp.H):
        prefix = np.repeat(np.arange(len(states)), mdp.A)
        chosen = np.tile(np.arange(mdp.A), len(states))
        states, chances = states[prefix], chances[prefix]
        actions = np.column_stack([actions[prefix], chosen])
        if h == mdp.H - 1:
            finished.append((states, actions, chances))
            break
        outcomes = mdp.transitions[states[:, -1], chosen]
        ended = outcomes[:, end] > 0
        finished.append((states[ended], actions[ended], chances[ended] * outcomes[ended, end]))
        prefix, following = np.nonzero(outcomes[:, :end])
        states = np.column_stack([states[prefix], following])
        actions, chances = actions[prefix], chances[prefix] * outcomes[prefix, following]
    return Enumeration(
        mdp=mdp,
        states=np.concatenate([_pad(piece[0], mdp.H) for piece in finished]),
        actions=np.concatenate([_pad(piece[1], mdp.H) for piece in finished]),
        mask=np.concatenate([_pad(np.ones_like(piece[1]), mdp.H) for piece in finished]).astype(np.bool_),
        environment_chances=np.concatenate([piece[2] for piece in finished]),
    )


def _pad(steps: IntArray, horizon: int) -> IntArray:
    return np.pad(steps, ((0, 0), (0, horizon - steps.shape[1])))
