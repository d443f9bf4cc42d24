"""What the tests draw: small arrays on a coarse grid, so that a counterexample can be checked by hand.

Hypothesis draws the sizes and a seed, numpy fills the arrays. That shrinks to the smallest sizes that still
fail, and to half-integers, and costs a fraction of drawing every entry. Knows the homework's shapes and none
of its formulas.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from hw4.lab.domain import LARGEST_FEATURE_ON_PADDING, LARGEST_ON_PADDING
from hw4.trajectories import TrajectoryBatch

PROFILE = settings(
    deadline=None,  # the first call of a function pays for imports
    database=None,
    derandomize=True,  # the same tests give the same result until the code changes
    max_examples=60,
    print_blob=False,
    report_multiple_bugs=False,  # one failure is enough to begin with
    # Without Phase.explain: its guesses are lines of numpy, which help nobody here.
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)
"""How many examples and how. The grader uses it with its own number of examples and its own seed."""

LOUD = LARGEST_ON_PADDING
"""The largest number on padding."""
LOUD_FEATURE = LARGEST_FEATURE_ON_PADDING
"""The largest number on the padding of `features`."""


@dataclass(frozen=True, eq=False)
class ScoredBatch:
    """Scores (N, H, d) and advantages (N, H) of N trajectories, with their mask (N, H)."""

    scores: np.ndarray
    advantages: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True, eq=False)
class Decisions:
    """θ (d,), features (..., A, d) and actions (...) of one state, a row of states or a table of them."""

    theta: np.ndarray
    features: np.ndarray
    actions: np.ndarray


@dataclass(frozen=True, eq=False)
class Policies:
    """Two policies θ and θ^k (d,), and N trajectories: what `ppo_loss` and `kl_estimate` look at."""

    theta: np.ndarray
    theta_k: np.ndarray
    features: np.ndarray
    actions: np.ndarray
    advantages: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True, eq=False)
class Regression:
    """Baseline features (N, H, k), returns (N, H) and mask (N, H)."""

    baseline_features: np.ndarray
    returns: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True, eq=False)
class RewardTable:
    """Rewards (N, H) and mask (N, H)."""

    rewards: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True, eq=False)
class TrustRegion:
    """θ (d,), a gradient (d,), a positive definite Fisher matrix (d, d) and δ."""

    theta: np.ndarray
    gradient: np.ndarray
    fisher: np.ndarray
    delta: float


@dataclass(frozen=True, eq=False)
class LogProbabilities:
    """ln p̃ and ln p of the same draws, of any one shape."""

    target: np.ndarray
    proposal: np.ndarray


@dataclass(frozen=True, eq=False)
class WeightedValues:
    """Values f(x_i) and importance weights, (n,) each."""

    values: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class TwoBatches:
    """θ (d,) and what an iteration is given: trajectories for the baseline, and new ones for the update."""

    theta: np.ndarray
    baseline_batch: TrajectoryBatch
    update_batch: TrajectoryBatch


def loud(array: np.ndarray, mask: np.ndarray, value: float | np.ndarray = LOUD) -> np.ndarray:
    """Return a copy of `array` with `value` on its padding, where `mask` is False.

    For `features` use at most `LOUD_FEATURE`; for `actions`, an action that exists.

    Args:
        array: (N, H) or (N, H, ...).
        mask: (N, H).
        value: what to put there.
    """
    result = array.copy()
    result[~mask] = value
    return result


# Grids


class _Generator(np.random.Generator):
    """A generator with the number of grid points from 0 to 1."""

    points = 2.0


def _generator(seed: int) -> np.random.Generator:
    """The generator of a seed below 2¹⁶: of multiples of ½, or, for half of the seeds, of 0.1 or π/8.

    Half-integers are exact in floating point, and hide what rounds. Inputs shrink to small seeds, so to them.
    """
    rng = _Generator(np.random.PCG64(seed))
    if seed >= 2**15:
        rng.points = (10.0, 8.0 / np.pi)[seed % 2]
    return rng


def _grid(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return multiples of ½ in [−2, 2], or of 0.1 or π/8."""
    return _multiples(rng, -2.0, 2.0, shape)


def _multiples(rng: np.random.Generator, least: float, most: float, shape: Sequence[int]) -> np.ndarray:
    """Return multiples of ½, or of 0.1 or π/8, between two numbers."""
    points = getattr(rng, "points", 2.0)
    return rng.integers(int(least * points), int(most * points) + 1, size=shape) / points


def _actions(rng: np.random.Generator, A: int, *shape: int) -> np.ndarray:
    return np.asarray(rng.integers(A, size=shape), dtype=np.int64)


def _prefix_mask(rng: np.random.Generator, N: int, H: int) -> np.ndarray:
    """Return trajectories of random length, each at least one step long."""
    lengths = rng.integers(1, H + 1, size=N)
    return np.arange(H) < lengths[:, np.newaxis]


# Cached: hypothesis looks at every new strategy before it draws from it, which takes as long as the draw.


@functools.cache
def generators() -> st.SearchStrategy[np.random.Generator]:
    """Draw a numpy generator. Its seed shrinks to 0."""
    return st.integers(0, 2**16 - 1).map(_generator)


@functools.cache
def _size(largest: int) -> st.SearchStrategy[int]:
    return st.integers(1, largest)


@functools.cache
def _sizes(*largest: int) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw sizes from 1 up, the smallest first. One draw for all of them costs a third of one for each."""
    every = [tuple(size + 1 for size in sizes) for sizes in np.ndindex(largest)]
    return st.sampled_from(sorted(every, key=sum))


LEADING_AXES = st.sampled_from(
    [(), *((n,) for n in (1, 2, 3)), *((n, m) for n in (1, 2, 3) for m in (1, 2, 3))]
)
"""No, one or two leading axes."""
_SOME_LEADING_AXES = LEADING_AXES.filter(bool)
_N_H_D = _sizes(4, 5, 4)


# One strategy for every kind of argument list


@st.composite
def masks(draw: st.DrawFn, largest_N: int = 4, largest_H: int = 5) -> np.ndarray:
    """Draw an (N, H) mask of trajectories that end early."""
    N, H = draw(_sizes(largest_N, largest_H))
    return _prefix_mask(draw(generators()), N, H)


@st.composite
def scored_batches(draw: st.DrawFn) -> ScoredBatch:
    """Draw scores, advantages and a mask, with numbers on the padding too."""
    (N, H, d), rng = draw(_N_H_D), draw(generators())
    return scored_batch(rng, d, _prefix_mask(rng, N, H))


def scored_batch(rng: np.random.Generator, d: int, mask: np.ndarray) -> ScoredBatch:
    """Return scores and advantages for a mask."""
    return ScoredBatch(_grid(rng, *mask.shape, d), _grid(rng, *mask.shape), mask)


@st.composite
def decisions(draw: st.DrawFn) -> Decisions:
    """Draw states with no, one or two leading axes, and an action in each."""
    leading, (A, d), rng = draw(LEADING_AXES), draw(_sizes(4, 4)), draw(generators())
    return Decisions(_grid(rng, d), _grid(rng, *leading, A, d), _actions(rng, A, *leading))


@st.composite
def policies(draw: st.DrawFn, least_A: int = 1) -> Policies:
    """Draw two different policies and trajectories, with numbers on the padding too.

    With one action there is nothing to learn: what needs a slope asks for two.
    """
    (N, H, more, d), rng = draw(_sizes(4, 5, 5 - least_A, 4)), draw(generators())
    return two_policies(rng, least_A - 1 + more, d, _prefix_mask(rng, N, H))


def two_policies(rng: np.random.Generator, A: int, d: int, mask: np.ndarray) -> Policies:
    """Return two policies and the trajectories of a mask."""
    return Policies(
        theta=_grid(rng, d),
        theta_k=_grid(rng, d),
        features=_grid(rng, *mask.shape, A, d),
        actions=_actions(rng, A, *mask.shape),
        advantages=_grid(rng, *mask.shape),
        mask=mask,
    )


@st.composite
def regressions(draw: st.DrawFn) -> Regression:
    """Draw a regression whose solution is unique.

    The first k real steps have the features 2·I, so every singular value of the design is at least 2.
    """
    (N, H), rng = draw(_sizes(4, 5)), draw(generators())
    mask = _prefix_mask(rng, N, H)
    k = draw(_size(min(4, int(mask.sum()))))
    features = _grid(rng, *mask.shape, k)
    chosen = np.argwhere(mask)[:k]
    features[chosen[:, 0], chosen[:, 1]] = 2.0 * np.eye(k)
    return Regression(features, _grid(rng, *mask.shape), mask)


@st.composite
def collinear_regressions(draw: st.DrawFn) -> Regression:
    """Draw a regression whose last two features are equal, so that many weights fit equally well.

    At most one feature is not 0 in a step, and in no other step: then no rounding hides that the design is
    rank-deficient, whatever a solver takes for 0.
    """
    (N, H), rng = draw(_sizes(4, 5)), draw(generators())
    mask = _prefix_mask(rng, N, H)
    k = draw(_size(min(4, int(mask.sum()))))
    features = np.zeros((*mask.shape, k + 1))
    chosen = np.argwhere(mask)[:k]
    features[chosen[:, 0], chosen[:, 1], np.arange(k)] = rng.choice([0.5, 1.0, 2.0], size=k)
    features[..., -1] = features[..., -2]
    return Regression(features, _grid(rng, *mask.shape), mask)


@st.composite
def reward_tables(draw: st.DrawFn) -> RewardTable:
    """Draw rewards and a mask, with numbers on the padding too."""
    (N, H), rng = draw(_sizes(4, 5)), draw(generators())
    mask = _prefix_mask(rng, N, H)
    return RewardTable(_grid(rng, *mask.shape), mask)


DELTAS = (0.01, 0.25, 0.5, 1.0, 4.0)
_DELTAS, _COIN = st.sampled_from(DELTAS), st.booleans()


@st.composite
def trust_regions(draw: st.DrawFn) -> TrustRegion:
    """Draw a trust region: F positive definite with a condition number of at most 17, and gᵀF⁻¹g ≥ ⅛.

    In about half of them gᵀF⁻¹g is at most ½, in the others mostly above 1.
    """
    d, rng = draw(_size(4)), draw(generators())
    factor = _multiples(rng, -1.0, 1.0, (d, d))
    # I + B Bᵀ with |B_ij| ≤ 1 has its eigenvalues in [1, 1 + d²].
    fisher = np.eye(d) + factor @ factor.T
    gradient = _grid(rng, d)
    # An entry of ±2 keeps gᵀF⁻¹g far above any guard in a denominator.
    gradient[rng.integers(d)] = rng.choice([-2.0, 2.0])
    if draw(_COIN):
        length = np.linalg.norm(np.linalg.solve(np.linalg.cholesky(fisher), gradient))
        gradient *= 2.0 ** np.floor(np.log2(np.sqrt(0.5) / length))
    return TrustRegion(_grid(rng, d), gradient, fisher, draw(_DELTAS))


@st.composite
def log_prob_pairs(draw: st.DrawFn) -> LogProbabilities:
    """Draw log-probabilities of a target and a proposal, between ln 1 and ln e⁻⁸, with one or two axes."""
    shape, rng = draw(_SOME_LEADING_AXES), draw(generators())
    return LogProbabilities(_multiples(rng, -8.0, 0.0, shape), _multiples(rng, -8.0, 0.0, shape))


@st.composite
def weighted_values(draw: st.DrawFn) -> WeightedValues:
    """Draw values and weights ≥ 0, the largest products of both of one sign.

    Where two largest ones cancel, scipy's `logsumexp` with signs may be nan, in which right code may trust.
    """
    n, rng = draw(_size(6)), draw(generators())
    values, weights = _grid(rng, n), _multiples(rng, 0.0, 4.0, (n,))
    products = np.abs(values) * weights
    is_largest = np.isclose(products, products.max())  # 0.2 · 0.3 and 0.1 · 0.6 differ by rounding
    values[is_largest] = np.abs(values[is_largest])
    return WeightedValues(values, weights)


def trajectory_batch(
    rng: np.random.Generator, sizes: Sequence[int], A: int, d: int, k: int
) -> TrajectoryBatch:
    """Return a batch of the sizes (N, H), A, d and k, with numbers on the padding too."""
    mask = _prefix_mask(rng, *sizes)
    return TrajectoryBatch(
        features=_grid(rng, *mask.shape, A, d),
        baseline_features=_grid(rng, *mask.shape, k),
        actions=_actions(rng, A, *mask.shape),
        rewards=_grid(rng, *mask.shape),
        mask=mask,
    )


@st.composite
def two_batches(draw: st.DrawFn) -> TwoBatches:
    """Draw what `npg_iteration` and `ppo_iteration` are given: two or three actions, so that θ matters.

    N and H of the two batches may differ.
    """
    (more, d, k), (*first, N, H), rng = draw(_sizes(2, 3, 3)), draw(_sizes(4, 5, 4, 5)), draw(generators())
    A = 1 + more
    return TwoBatches(
        theta=_grid(rng, d),
        baseline_batch=trajectory_batch(rng, first, A, d, k),
        update_batch=trajectory_batch(rng, (N, H), A, d, k),
    )


@functools.cache
@st.composite
def minibatches(draw: st.DrawFn, M: int) -> np.ndarray:
    """Draw (S, B) indices into M trajectories: S steps, each on B different trajectories."""
    (S, B), rng = draw(_sizes(3, M)), draw(generators())
    return np.stack([rng.permutation(M)[:B] for _ in range(S)]).astype(np.int64)
