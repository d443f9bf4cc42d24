"""Small MDPs in which every expectation is a finite sum: a playground to check formulas in, exactly.

Given to students whole, and used by the grader. A policy is a table of probabilities here, (S, A) or, where
it depends on the step, (H, S, A): with your own functions it is
``np.exp(action_log_probabilities(theta, mdp.features))``. Whether an estimate is unbiased is seen from

    every = enumerate_trajectories(mdp)
    batches = [whole_batch(every).select([n]) for n in range(len(every))]
    expectation(your_estimate, batches, every.probabilities_under(policy))

which for the policy gradient is the slope of `performance`, whatever the baseline.

In this module ``S`` counts states (in the homework's functions it counts SGD steps).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from hw4.trajectories import TrajectoryBatch

Sample = TypeVar("Sample")


@dataclass(frozen=True, eq=False)
class TabularMDP:
    """A finite-horizon MDP whose states, actions and steps can be counted on one hand.

    Attributes:
        start: (S,), μ(s_0).
        transitions: (S, A, S + 1), P(s'|s, a); the last entry is the chance that the episode ends after this
            step. After step H − 1 it ends in any case.
        rewards: (H, S, A), r(s, a, h).
        features: (S, A, d), the policy's φ(s, a).

    Raises:
        ValueError: when shapes do not fit, or probabilities are negative or do not sum to one.
    """

    start: np.ndarray
    transitions: np.ndarray
    rewards: np.ndarray
    features: np.ndarray

    def __post_init__(self) -> None:
        S, A, H = self.S, self.A, self.H
        for name, expected in (
            ("start", (S,)),
            ("transitions", (S, A, S + 1)),
            ("rewards", (H, S, A)),
            ("features", (S, A, self.d)),
        ):
            if getattr(self, name).shape != expected:
                raise ValueError(
                    f"TabularMDP.{name} has shape {getattr(self, name).shape}, but {expected} was expected."
                )
        for name in ("start", "transitions"):
            chances = getattr(self, name)
            if (chances < 0).any() or not np.allclose(chances.sum(axis=-1), 1.0, rtol=0.0, atol=1e-12):
                raise ValueError(f"TabularMDP.{name} must be non-negative and sum to 1 along its last axis.")

    @property
    def S(self) -> int:
        """The number of states."""
        return int(self.features.shape[0])

    @property
    def A(self) -> int:
        """The number of actions."""
        return int(self.features.shape[1])

    @property
    def H(self) -> int:
        """The horizon: the most steps an episode can have."""
        return int(self.rewards.shape[0])

    @property
    def d(self) -> int:
        """The number of policy features."""
        return int(self.features.shape[2])


def two_action_example() -> TabularMDP:
    """Return the lecture's "Example of Natural Gradient on 1-d problem: 2 actions, 1 state".

    φ is 1 for the first action and 0 for the second, so π_θ(a_1) = e^θ/(1 + e^θ); the rewards are 100 and 1.
    Hence ∇J(θ) = 99 e^θ/(1 + e^θ)² and F_θ = e^θ/(1 + e^θ)², and F⁻¹∇J = 99 wherever θ is.
    """
    return TabularMDP(
        start=np.array([1.0]),
        transitions=np.array([[[0.0, 1.0], [0.0, 1.0]]]),
        rewards=np.array([[[100.0, 1.0]]]),
        features=np.array([[[1.0], [0.0]]]),
    )


# Sums over states and actions


def occupancy(mdp: TabularMDP, policy: np.ndarray) -> np.ndarray:
    """Return the chance to be in each state at each step.

    Args:
        mdp: the MDP.
        policy: (S, A) or (H, S, A), π(a|s).

    Returns:
        (H, S), Pr(s_h = s and the episode has not ended); a row sums to the chance that step h happens.
    """
    policies = _every_step(mdp, policy)
    visits = np.empty((mdp.H, mdp.S))
    visits[0] = mdp.start
    for h in range(1, mdp.H):
        visits[h] = np.einsum("s,sa,sat->t", visits[h - 1], policies[h - 1], mdp.transitions[:, :, : mdp.S])
    return visits


def action_values(mdp: TabularMDP, policy: np.ndarray) -> np.ndarray:
    """Return Q_h(s, a) = r(s, a, h) + Σ_s' P(s'|s, a) V_{h+1}(s'), by Bellman's recursion.

    Args:
        mdp: the MDP.
        policy: (S, A) or (H, S, A), π(a|s).

    Returns:
        (H, S, A).
    """
    policies = _every_step(mdp, policy)
    values = mdp.rewards.astype(np.float64)
    for h in reversed(range(mdp.H - 1)):
        values[h] += mdp.transitions[:, :, : mdp.S] @ (policies[h + 1] * values[h + 1]).sum(axis=-1)
    return values


def state_values(mdp: TabularMDP, policy: np.ndarray) -> np.ndarray:
    """Return V_h(s) = E_{a ~ π(·|s)}[Q_h(s, a)].

    Args:
        mdp: the MDP.
        policy: (S, A) or (H, S, A), π(a|s).

    Returns:
        (H, S).
    """
    return (_every_step(mdp, policy) * action_values(mdp, policy)).sum(axis=-1)


def advantages(mdp: TabularMDP, policy: np.ndarray) -> np.ndarray:
    """Return A_h(s, a) = Q_h(s, a) − V_h(s).

    Args:
        mdp: the MDP.
        policy: (S, A) or (H, S, A), π(a|s).

    Returns:
        (H, S, A).
    """
    return action_values(mdp, policy) - state_values(mdp, policy)[:, :, np.newaxis]


def performance(mdp: TabularMDP, policy: np.ndarray) -> float:
    """Return J(π) = E_{s_0 ~ μ}[V_0(s_0)], the expected undiscounted return.

    Args:
        mdp: the MDP.
        policy: (S, A) or (H, S, A), π(a|s).

    Example:
        >>> performance(two_action_example(), np.array([[0.5, 0.5]]))
        50.5
    """
    return float(mdp.start @ state_values(mdp, policy)[0])


def performance_difference(mdp: TabularMDP, policy: np.ndarray, new_policy: np.ndarray) -> np.ndarray:
    """Split J(π̃) − J(π) into steps, by the performance difference lemma.

        J(π̃) − J(π) = E_{τ ~ ρ_π̃}[Σ_h A^π(s_h, a_h, h)]

    (lecture, "The Performance Difference Lemma (PDL)"). The states are those that the *new* policy visits.

    Args:
        mdp: the MDP.
        policy: (S, A) or (H, S, A), π.
        new_policy: (S, A) or (H, S, A), π̃.

    Returns:
        (H,), the lemma's term of each step; their sum is J(π̃) − J(π).

    Example:
        >>> mdp = two_action_example()
        >>> performance_difference(mdp, np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])).tolist()
        [49.5]
    """
    return expected_at_each_step(mdp, new_policy, advantages(mdp, policy))


def expected_at_each_step(mdp: TabularMDP, policy: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return E_{τ ~ ρ_π}[f(s_h, a_h, h)] for every step h.

    Args:
        mdp: the MDP.
        policy: (S, A) or (H, S, A), π.
        table: (H, S, A), f: rewards, advantages, or what was fitted to them.

    Returns:
        (H,); steps after the end of an episode count as 0.
    """
    chances = occupancy(mdp, policy)[:, :, np.newaxis] * _every_step(mdp, policy)
    return (chances * table).sum(axis=(1, 2))


def _every_step(mdp: TabularMDP, policy: np.ndarray) -> np.ndarray:
    """The policy of each step, (H, S, A)."""
    if policy.shape not in ((mdp.S, mdp.A), (mdp.H, mdp.S, mdp.A)):
        raise ValueError(
            f"The policy has shape {policy.shape}, but (S, A) = {(mdp.S, mdp.A)} or "
            f"(H, S, A) = {(mdp.H, mdp.S, mdp.A)} was expected."
        )
    return np.broadcast_to(policy, (mdp.H, mdp.S, mdp.A))


# Fitted policy iteration


def fit_action_values(mdp: TabularMDP, policy: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Fit Q^π by least squares where π goes, as if from infinitely many of its trajectories.

        Q̂_h(s, a) = ψ(s, a, h)·w,   w = argmin_w E_{τ ~ ρ_π}[Σ_h (ψ(s_h, a_h, h)·w − Q^π(s_h, a_h, h))²]

    (lecture, "Back to Fitted Policy Iteration"). Where π never goes, nothing holds Q̂ to Q^π.

    Args:
        mdp: the MDP.
        policy: (S, A) or (H, S, A), π.
        features: (H, S, A, k), ψ(s, a, h).

    Returns:
        (H, S, A), Q̂; of all minimisers w the shortest.
    """
    chances = occupancy(mdp, policy)[:, :, np.newaxis] * _every_step(mdp, policy)
    scale = np.sqrt(chances).reshape(-1, 1)
    design = features.reshape(len(scale), -1)
    targets = action_values(mdp, policy).reshape(-1, 1)
    weights, *_ = np.linalg.lstsq(scale * design, scale * targets, rcond=None)
    return (design @ weights).reshape(mdp.rewards.shape)


def greedy_policy(values: np.ndarray) -> np.ndarray:
    """Return the policy that takes the action of the largest value; of equal ones, the first.

    Args:
        values: (H, S, A), such as Q̂.

    Returns:
        (H, S, A), of zeros and ones.
    """
    return np.eye(values.shape[-1])[values.argmax(axis=-1)]


def fitted_policy_iteration(
    mdp: TabularMDP, policy: np.ndarray, features: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Run fitted policy iteration without end: fit Q̂ where π^k goes, then let π^{k+1} be greedy in it.

    Nothing keeps π^{k+1} near π^k, where Q̂ was fitted (lecture, "Back to Fitted Policy Iteration").

    Args:
        mdp: the MDP.
        policy: (S, A) or (H, S, A), π^0.
        features: (H, S, A, k), ψ(s, a, h).

    Yields:
        Q̂^k (H, S, A), and π^{k+1} (H, S, A).
    """
    while True:
        fitted = fit_action_values(mdp, policy, features)
        policy = greedy_policy(fitted)
        yield fitted, policy


# Sums over trajectories


@dataclass(frozen=True, eq=False)
class Enumeration:
    """All N trajectories of an MDP, the short ones first, each exactly once.

    Attributes:
        mdp: whose trajectories.
        states: (N, H), s_h; 0 on padding.
        actions: (N, H), a_h; 0 on padding.
        mask: (N, H), True where the step really happened.
        environment_chances: (N,), μ(s_0) Π P(s_{h+1}|s_h, a_h), the end of the episode included: the part of
            ρ_π(τ) that the policy does not reach.
    """

    mdp: TabularMDP
    states: np.ndarray
    actions: np.ndarray
    mask: np.ndarray
    environment_chances: np.ndarray

    def __len__(self) -> int:
        """N, the number of trajectories."""
        return len(self.mask)

    def along(self, table: np.ndarray) -> np.ndarray:
        """Read a table at the (h, s_h) of every trajectory: a baseline, V, or ψ.

        Args:
            table: (H, S, ...), any function of step and state.

        Returns:
            (N, H, ...), 0 on padding.
        """
        return self._silence(table[np.arange(self.mdp.H), self.states])

    def along_actions(self, table: np.ndarray) -> np.ndarray:
        """Read a table at the (h, s_h, a_h) of every trajectory: rewards, Q, or A.

        Args:
            table: (H, S, A, ...), any function of step, state and action.

        Returns:
            (N, H, ...), 0 on padding.
        """
        return self._silence(table[np.arange(self.mdp.H), self.states, self.actions])

    def rewards(self) -> np.ndarray:
        """Return r_h of every trajectory.

        Returns:
            (N, H), 0 on padding.
        """
        return self.along_actions(self.mdp.rewards)

    def probabilities_under(self, policy: np.ndarray) -> np.ndarray:
        """Return ρ_π(τ) = μ(s_0) π(a_0|s_0) P(s_1|s_0, a_0) … of every trajectory.

        Args:
            policy: (S, A) or (H, S, A), π(a|s).

        Returns:
            (N,), of sum 1.
        """
        chosen = self.along_actions(_every_step(self.mdp, policy))
        return self.environment_chances * np.prod(chosen, axis=1, where=self.mask)

    def _silence(self, values: np.ndarray) -> np.ndarray:
        """Put 0 on padding."""
        return np.where(self.mask.reshape(self.mask.shape + (1,) * (values.ndim - 2)), values, 0.0)


def enumerate_trajectories(mdp: TabularMDP) -> Enumeration:
    """List every trajectory that has positive probability under a policy that tries every action.

    Prefixes grow by one step at a time, all of them at once; those that can end are set aside on the way.

    Args:
        mdp: the MDP. With S = A = H = 3 there are at most 819 trajectories, found in about 0.2 ms.

    Returns:
        The trajectories, by length, and in lexicographic order (s_0, a_0, s_1, …) within a length.
    """
    end = mdp.S
    states: np.ndarray = np.flatnonzero(mdp.start)[:, np.newaxis].astype(np.int64)
    actions: np.ndarray = np.empty((len(states), 0), dtype=np.int64)
    chances = mdp.start[states[:, 0]]
    finished: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
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


def _pad(steps: np.ndarray, horizon: int) -> np.ndarray:
    return np.pad(steps, ((0, 0), (0, horizon - steps.shape[1])))


def one_hot_features(mdp: TabularMDP) -> np.ndarray:
    """Return baseline features ψ(s, h) that are one-hot: any baseline is linear in them.

    Args:
        mdp: the MDP.

    Returns:
        (H, S, H·S); weight h·S + s belongs to (s, h), so ``weights.reshape(H, S)`` is the baseline's table.
    """
    return np.eye(mdp.H * mdp.S).reshape(mdp.H, mdp.S, mdp.H * mdp.S)


def whole_batch(every: Enumeration, baseline_features: np.ndarray | None = None) -> TrajectoryBatch:
    """Return the batch that holds every trajectory exactly once. Its members are *not* equally likely.

    Args:
        every: the trajectories.
        baseline_features: (H, S, k), ψ(s, h); one-hot by default.

    Returns:
        A batch of N = len(every) trajectories, in the same order, 0 on padding.
    """
    mdp = every.mdp
    table = one_hot_features(mdp) if baseline_features is None else baseline_features
    return TrajectoryBatch(
        features=np.where(every.mask[..., np.newaxis, np.newaxis], mdp.features[every.states], 0.0),
        baseline_features=every.along(table),
        actions=every.actions,
        rewards=every.rewards(),
        mask=every.mask,
    )


def independent_draws(probabilities: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """List every ordered draw of ``size`` independent items from a finite set, with its probability.

    The items are indices, so arrays computed once for all trajectories serve every batch:
    ``scores[members[i]]`` and ``batch.select(members[i])`` belong to batch i. The points of any finite sample
    space can be drawn so as well.

    Args:
        probabilities: (n,), of the single items.
        size: 1 for single trajectories, 2 for ordered pairs, and so on: the list has n^size rows.

    Returns:
        The members (n^size, size) and the draws' probabilities (n^size,), of sum 1.
    """
    n = len(probabilities)
    members = np.indices((n,) * size, dtype=np.int64).reshape(size, -1).T.copy()
    return members, probabilities[members].prod(axis=1)


def expectation(
    estimator: Callable[[Sample], npt.ArrayLike], samples: Iterable[Sample], probabilities: np.ndarray
) -> np.ndarray:
    """Return Σ_i p_i · estimator(sample_i): an exact expectation when the samples are all there are.

    Args:
        estimator: called once for each sample, in order.
        samples: n of anything; often the rows of ``independent_draws``.
        probabilities: (n,).

    Returns:
        An array of the shape the estimator returns; () for a number.

    Raises:
        ValueError: when there are not as many samples as probabilities.
    """
    estimates = np.array([estimator(sample) for sample in samples], dtype=np.float64)
    if len(estimates) != len(probabilities):
        raise ValueError(f"There are {len(estimates)} samples, but {len(probabilities)} probabilities.")
    return np.asarray(np.tensordot(probabilities, estimates, axes=1))
