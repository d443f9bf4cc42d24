"""Mistakes with the two batches, the returns and the baseline, which NPG's iteration and PPO's share.

Each hands other batches to the right iteration: what is updated from them is not looked at.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from autograder.misconceptions.mistake import Array, Right, mistake_of_iterations
from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.trajectories import TrajectoryBatch as Batch

BASELINE = "PG with a Learned Baseline"
ESTIMATING = "Estimating ℓ^k(θ) and its gradient"


def _with_returns(batch: Batch, returns: Array) -> Batch:
    """The batch with the rewards whose rewards to go are given."""
    returns = np.where(batch.mask, returns, 0.0)
    later = np.append(returns[:, 1:], np.zeros((len(returns), 1)), axis=1)
    return dataclasses.replace(batch, rewards=returns - later)


def _without_baseline(batch: Batch) -> Batch:
    """The batch with features of 0, from which every baseline predicts 0."""
    return dataclasses.replace(batch, baseline_features=np.zeros_like(batch.baseline_features))


def _negated(batch: Batch) -> Batch:
    return dataclasses.replace(batch, rewards=-batch.rewards)


def _place_of_ridge(rest: tuple[Any, ...]) -> int:
    """The second of NPG's three settings, the last of PPO's four."""
    return 1 if len(rest) == 3 else 3


@mistake_of_iterations(
    BASELINE,
    ESTIMATING,
    "You fit the baseline on the new trajectories, on the returns it is subtracted from: that is biased. "
    "Fit it on `baseline_batch`.",
)
def with_the_baseline_of_the_update_batch(
    right: Right, theta: Array, old: Batch, new: Batch, *rest: Any
) -> Array:
    """You fit the baseline on the update batch, on the very returns it is subtracted from: that is biased.

    Fit it on `baseline_batch`.
    """
    return right(theta, new, new, *rest)


@mistake_of_iterations(
    BASELINE,
    ESTIMATING,
    "You fit the baseline on the new trajectories and run SGD on the others: exchange the two batches.",
)
def with_the_batches_swapped(right: Right, theta: Array, old: Batch, new: Batch, *rest: Any) -> Array:
    """You fit the baseline on the update batch and update from the baseline batch: exchange the two."""
    return right(theta, new, old, *rest)


@mistake_of_iterations(
    BASELINE,
    ESTIMATING,
    "You run SGD on the trajectories the baseline was fitted on: ℓ̂^k is made of M new ones.",
)
def on_the_baseline_batch_alone(right: Right, theta: Array, old: Batch, new: Batch, *rest: Any) -> Array:
    """You use the baseline batch for everything: ĝ and F̂ come from the new trajectories, `update_batch`."""
    return right(theta, old, old, *rest)


@mistake_of_iterations(BASELINE, ESTIMATING)
def without_a_baseline(right: Right, theta: Array, old: Batch, new: Batch, *rest: Any) -> Array:
    """You do not subtract the baseline: the advantages are R_h − b̃(s_h, h)."""
    return right(theta, _without_baseline(old), _without_baseline(new), *rest)


@mistake_of_iterations(BASELINE, ESTIMATING)
def with_total_returns(right: Right, theta: Array, old: Batch, new: Batch, *rest: Any) -> Array:
    """You weigh every step by the whole trajectory's return: the advantage has the rewards to go, R_h."""
    totals = rewards_to_go(new.rewards, new.mask)[:, :1]
    return right(theta, old, _with_returns(new, totals), *rest)


@mistake_of_iterations(BASELINE, ESTIMATING)
def with_rewards(right: Right, theta: Array, old: Batch, new: Batch, *rest: Any) -> Array:
    """You subtract the baseline from the rewards r_h: it belongs to the rewards to go, R_h."""
    return right(theta, old, _with_returns(new, new.rewards), *rest)


@mistake_of_iterations(BASELINE, BASELINE)
def with_the_baseline_fitted_to_rewards(
    right: Right, theta: Array, old: Batch, new: Batch, *rest: Any
) -> Array:
    """You fit the baseline to the rewards r_h: it is to predict the rewards to go, R_h."""
    return right(theta, _with_returns(old, old.rewards), new, *rest)


@mistake_of_iterations(
    BASELINE,
    ESTIMATING,
    "Your advantages are b̃ − R_h: what went better than expected has to count as positive.",
)
def with_advantages_of_the_wrong_sign(
    right: Right, theta: Array, old: Batch, new: Batch, *rest: Any
) -> Array:
    """You go downhill: the advantage is R_h − b̃, and the step η F⁻¹ĝ is added to θ."""
    return right(theta, _negated(old), _negated(new), *rest)


@mistake_of_iterations(
    BASELINE,
    ESTIMATING,
    "You standardise the advantages: that is a trick from elsewhere, and λ is on their own scale.",
)
def with_standardised_advantages(right: Right, theta: Array, old: Batch, new: Batch, *rest: Any) -> Array:
    """You subtract the advantages' mean, or standardise them: that is a trick from elsewhere, and biased."""
    ridge = rest[_place_of_ridge(rest)]
    weights = fit_baseline(old.baseline_features, rewards_to_go(old.rewards, old.mask), old.mask, ridge)
    advantages = rewards_to_go(new.rewards, new.mask) - predict_baseline(weights, new.baseline_features)
    real = advantages[new.mask]
    standardised = _with_returns(new, (advantages - np.mean(real)) / (np.std(real) + 1e-8))
    return right(theta, _without_baseline(old), _without_baseline(standardised), *rest)


@mistake_of_iterations(BASELINE, BASELINE)
def without_ridge(right: Right, *arguments: Any) -> Array:
    """You do not hand `ridge` on to fit_baseline."""
    *data, rest = *arguments[:3], arguments[3:]
    place = _place_of_ridge(rest)
    return right(*data, *rest[:place], 0.0, *rest[place + 1 :])
