"""Small finite-horizon tabular MDPs with a softmax-linear policy class, and where they come from.

Knows the policy and one step of the environment; no trajectory and no expectation. In this package ``S``
counts states (in the homework's functions it counts SGD steps).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from hw4.tabular import TabularMDP

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
FeatureKind: TypeAlias = Literal["dense", "tabular", "rank-deficient"]

MAX_SIZE = 3
"""Of S, A and H each. At 3, 3, 3 an MDP has up to 819 trajectories; at 4, 4, 4 it has 69 904."""


@dataclass(frozen=True, eq=False)
class SoftmaxMDP(TabularMDP):
    """An MDP together with the softmax-linear policies of its features, π_θ(a|s) ∝ exp(θ·φ(s, a))."""

    def log_policy(self, theta: FloatArray) -> FloatArray:
        """Return ln π_θ(a|s) for every state and action.

        Args:
            theta: (d,).

        Returns:
            (S, A).
        """
        logits = self.features @ theta
        logits = logits - logits.max(axis=-1, keepdims=True)
        return np.asarray(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))

    def policy(self, theta: FloatArray) -> FloatArray:
        """Return π_θ(a|s) for every state and action.

        Args:
            theta: (d,).

        Returns:
            (S, A).
        """
        return np.asarray(np.exp(self.log_policy(theta)))

    def scores(self, theta: FloatArray) -> FloatArray:
        """Return ∇_θ ln π_θ(a|s) = φ(s, a) − E_{a' ~ π_θ(·|s)}[φ(s, a')] for every state and action.

        Args:
            theta: (d,).

        Returns:
            (S, A, d).
        """
        mean = np.einsum("sa,sad->sd", self.policy(theta), self.features)
        return np.asarray(self.features - mean[:, np.newaxis, :])


def random_mdp(
    rng: np.random.Generator,
    *,
    n_states: int = 2,
    n_actions: int = 2,
    horizon: int = 2,
    n_features: int = 2,
    n_outcomes: int = 2,
    kind: FeatureKind = "dense",
) -> SoftmaxMDP:
    """Draw an MDP that can be read and checked by hand.

    Probabilities are multiples of 0.1 and at least 0.2 where they are not zero; rewards and features are
    multiples of 0.5. An episode can start in any state, and from at least one state and action it may end
    early. With the default sizes there are 12 to 15 trajectories, so at most 225 ordered pairs of them.

    Args:
        rng: the source of randomness.
        n_states: S, 1 to 3.
        n_actions: A, 2 to 3.
        horizon: H, 1 to 3.
        n_features: d; with dense features at most S·(A − 1), or F could not be regular. Ignored by "tabular".
        n_outcomes: how many of the S + 1 outcomes (a next state or the end) a state and action have, from 2.
        kind: "dense": F is regular, its condition below about 100 for moderate θ. "tabular": φ(s, a) is
            one-hot, so d = S·A and F is singular. "rank-deficient": d − 1 dense features and the first again.

    Returns:
        The MDP.

    Raises:
        ValueError: when a size is outside its range.
    """
    _require_sizes(n_states, n_actions, horizon, n_outcomes)
    transitions = np.zeros((n_states, n_actions, n_states + 1))
    for possible, (state, action) in zip(
        _possible_outcomes(rng, n_states, n_actions, n_outcomes), np.ndindex(n_states, n_actions), strict=True
    ):
        transitions[state, action, possible] = _round_chances(rng, n_outcomes)
    return SoftmaxMDP(
        start=_round_chances(rng, n_states),
        transitions=transitions,
        rewards=_half_steps(rng, 3.0, (horizon, n_states, n_actions)),
        features=_random_features(rng, n_states, n_actions, n_features, kind),
    )


def random_theta(rng: np.random.Generator, mdp: SoftmaxMDP, spread: float = 0.5) -> FloatArray:
    """Draw policy parameters at which every action keeps a fair chance.

    Args:
        rng: the source of randomness.
        mdp: whose policy.
        spread: the standard deviation of each entry.

    Returns:
        (d,).
    """
    return rng.normal(scale=spread, size=mdp.d)


def random_census_mdp(
    rng: np.random.Generator,
    *,
    n_states: int = 2,
    n_actions: int = 2,
    horizon: int = 2,
    n_features: int = 2,
) -> tuple[SoftmaxMDP, FloatArray]:
    """Draw an MDP and a θ under which every trajectory's probability is a multiple of one small 1/N.

    A batch of N trajectories, each as often as its probability says, then *is* the distribution (see
    ``batches.census_batch``): a sample mean over it is the exact expectation, in one call. μ and π_θ are
    multiples of ¼, a transition has two outcomes of ½ each; so N ≤ 4·4·8^(H−1): 128 at H = 2, 1024 at H = 3.

    Args:
        rng: the source of randomness.
        n_states: S, 2 to 3.
        n_actions: A, 2 to 3.
        horizon: H, 1 to 3.
        n_features: d, at most S·(A − 1).

    Returns:
        The MDP, its dense features well-conditioned but not round, and θ (d,).

    Raises:
        ValueError: when a size is outside its range.
    """
    _require_sizes(n_states, n_actions, horizon, 2)
    transitions = np.zeros((n_states, n_actions, n_states + 1))
    for possible, (state, action) in zip(
        _possible_outcomes(rng, n_states, n_actions, 2), np.ndindex(n_states, n_actions), strict=True
    ):
        transitions[state, action, possible] = 0.5
    while True:
        # θ is short: a policy in quarters is mild, so along a long θ the features would hardly vary.
        theta = rng.choice([-0.5, -0.25, 0.25, 0.5], size=n_features)
        features = _random_features(rng, n_states, n_actions, n_features, "dense")
        log_policy = np.log([_quarters(rng, n_actions) for _ in range(n_states)])
        # Only differences of logits within a state matter, so the shift needed is made as small as it can be.
        missing = log_policy - features @ theta
        missing -= missing.mean(axis=-1, keepdims=True)
        features = features + missing[..., np.newaxis] * theta / (theta @ theta)
        if _is_well_conditioned(features):
            break
    mdp = SoftmaxMDP(
        start=_quarters(rng, n_states),
        transitions=transitions,
        rewards=_half_steps(rng, 3.0, (horizon, n_states, n_actions)),
        features=features,
    )
    return mdp, theta


def _require_sizes(n_states: int, n_actions: int, horizon: int, n_outcomes: int) -> None:
    for name, size, least, most in (
        ("n_states", n_states, 1, MAX_SIZE),
        ("n_actions", n_actions, 2, MAX_SIZE),
        ("horizon", horizon, 1, MAX_SIZE),
        ("n_outcomes", n_outcomes, 2, n_states + 1),
    ):
        if not least <= size <= most:
            raise ValueError(f"{name} is {size}, but {least} to {most} was expected.")


def _possible_outcomes(
    rng: np.random.Generator, n_states: int, n_actions: int, n_outcomes: int
) -> list[npt.NDArray[np.intp]]:
    """Choose the outcomes that each state and action can have; at least one of them can end the episode."""
    end = n_states
    chosen = [np.sort(rng.permutation(n_states + 1)[:n_outcomes]) for _ in range(n_states * n_actions)]
    if not any(end in possible for possible in chosen):
        chosen[int(rng.integers(len(chosen)))][-1] = end
    return chosen


def _round_chances(rng: np.random.Generator, n: int) -> FloatArray:
    """Draw n probabilities: multiples of 0.1, at least 0.2 each (n ≤ 4)."""
    return np.asarray((2 + rng.multinomial(10 - 2 * n, np.full(n, 1.0 / n))) / 10.0)


def _quarters(rng: np.random.Generator, n: int) -> FloatArray:
    """Draw n positive probabilities that are multiples of ¼ (n ≤ 4)."""
    return np.asarray((1 + rng.multinomial(4 - n, np.full(n, 1.0 / n))) / 4.0)


def _half_steps(rng: np.random.Generator, largest: float, shape: tuple[int, ...]) -> FloatArray:
    steps = round(2 * largest)
    return rng.integers(-steps, steps, size=shape, endpoint=True) / 2.0


def _random_features(
    rng: np.random.Generator, n_states: int, n_actions: int, n_features: int, kind: FeatureKind
) -> FloatArray:
    if kind == "tabular":
        return np.eye(n_states * n_actions).reshape(n_states, n_actions, n_states * n_actions)
    free = n_features if kind == "dense" else n_features - 1
    if not 1 <= free <= n_states * (n_actions - 1):
        raise ValueError(
            f"n_features is {n_features}, but with {n_states} states and {n_actions} actions the policy has "
            f"only {n_states * (n_actions - 1)} degrees of freedom, S·(A − 1): ask for 1 to that many, or up "
            'to one more when they are "rank-deficient".'
        )
    features = _half_steps(rng, 2.0, (n_states, n_actions, free))
    while not _is_well_conditioned(features):
        features = _half_steps(rng, 2.0, (n_states, n_actions, free))
    return features if kind == "dense" else np.concatenate([features, features[..., :1]], axis=-1)


def _is_well_conditioned(features: FloatArray) -> bool:
    """Answer whether the uniform policy's Fisher matrix, every state counted once, is far from singular."""
    centred = features - features.mean(axis=1, keepdims=True)
    eigenvalues = np.linalg.eigvalsh(np.einsum("sai,saj->ij", centred, centred) / features.shape[1])
    return bool(eigenvalues[0] >= 0.25 and eigenvalues[-1] <= 40.0 * eigenvalues[0])
