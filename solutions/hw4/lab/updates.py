"""One iteration of each algorithm, put together from the functions that students fill in.

Imports none of these functions: a callable that is passed in finds them when they are needed, so that a
missing one stops only the algorithms built on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from hw4.lab.compare import as_returned
from hw4.lab.training import NPGSettings, PPOSettings, ReinforceSettings, TRPOSettings
from hw4.trajectories import TrajectoryBatch

FindFunction = Callable[[str], Callable[..., Any]]
"""Finds a function by its name as in ``SIGNATURES``, such as ``"npg.npg_iteration"``."""


def reinforce(
    settings: ReinforceSettings,
    find_function: FindFunction,
    theta: np.ndarray,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    rng: np.random.Generator,
) -> object:
    """Run one iteration of REINFORCE with a learned baseline: θ + learning_rate · ĝ."""
    _, _, gradient = _estimates(find_function, theta, baseline_batch, update_batch, settings.ridge)
    return theta + settings.learning_rate * gradient


def trpo(
    settings: TRPOSettings,
    find_function: FindFunction,
    theta: np.ndarray,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    rng: np.random.Generator,
) -> object:
    """Run one iteration of TRPO: `trpo_step` along the damped natural gradient."""
    advantages, scores, gradient = _estimates(
        find_function, theta, baseline_batch, update_batch, settings.ridge
    )
    fisher = call_function(find_function, "npg.fisher_estimate", 2 * theta.shape, scores, update_batch.mask)
    return find_function("trpo.trpo_step")(
        theta,
        gradient,
        fisher + settings.damping * np.eye(theta.size),
        update_batch.features,
        update_batch.actions,
        advantages,
        update_batch.mask,
        settings.delta,
    )


def npg_hyperparameters(settings: NPGSettings, rng: np.random.Generator) -> tuple[object, ...]:
    """Return what `npg_iteration` takes after θ and the two batches."""
    return settings.delta, settings.ridge, settings.damping


def ppo_hyperparameters(settings: PPOSettings, rng: np.random.Generator) -> tuple[object, ...]:
    """Return what `ppo_iteration` takes after θ and the two batches."""
    return settings.kl_weight, settings.learning_rate, minibatches(settings, rng), settings.ridge


def minibatches(settings: PPOSettings, rng: np.random.Generator) -> np.ndarray:
    """Draw the minibatches of SGD: each step takes B of the M trajectories, none twice.

    Args:
        settings: S, M and B. Where B = M, nothing is drawn: every step takes all trajectories, in order.
        rng: the source of randomness.

    Returns:
        (S, B) int64, indices below M.
    """
    trajectories, size = settings.update_trajectories, settings.minibatch_trajectories
    if size == trajectories:
        return np.tile(np.arange(trajectories, dtype=np.int64), (settings.sgd_steps, 1))
    steps = [rng.permutation(trajectories)[:size] for _ in range(settings.sgd_steps)]
    return np.array(steps, dtype=np.int64)


def _whole(
    function: str,
    hyperparameters: Callable[[Any, np.random.Generator], tuple[object, ...]],
    settings: NPGSettings | PPOSettings,
    find_function: FindFunction,
    theta: np.ndarray,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    rng: np.random.Generator,
) -> object:
    """Run an iteration that students fill in as a whole: sample-based NPG, or PPO."""
    return find_function(function)(theta, baseline_batch, update_batch, *hyperparameters(settings, rng))


UPDATES: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "npg": partial(_whole, "npg.npg_iteration", npg_hyperparameters),
        "ppo": partial(_whole, "ppo.ppo_iteration", ppo_hyperparameters),
        "reinforce": reinforce,
        "trpo": trpo,
    }
)
"""By algorithm, as in ``SETTINGS``. With settings and `find_function` bound, each is an ``Update``."""


def _estimates(
    find_function: FindFunction,
    theta: np.ndarray,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    ridge: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimate the policy gradient with a learned baseline: advantages (M, H), scores (M, H, d), ĝ (d,)."""

    def call(name: str, shape: tuple[int, ...], *arguments: object) -> np.ndarray:
        return call_function(find_function, name, shape, *arguments)

    first, new = baseline_batch, update_batch
    first_returns = call("baseline.rewards_to_go", first.mask.shape, first.rewards, first.mask)
    fit = (first.baseline_features, first_returns, first.mask, ridge)
    weights = call("baseline.fit_baseline", first.baseline_features.shape[-1:], *fit)
    returns = call("baseline.rewards_to_go", new.mask.shape, new.rewards, new.mask)
    baseline = call("baseline.predict_baseline", new.mask.shape, weights, new.baseline_features)
    scores = call("policy.score", (*new.mask.shape, theta.size), theta, new.features, new.actions)
    estimate = (scores, returns - baseline, new.mask)
    gradient = call("policy_gradient.policy_gradient_estimate", theta.shape, *estimate)
    return returns - baseline, scores, gradient


def call_function(
    find_function: FindFunction, name: str, shape: tuple[int, ...], *arguments: object
) -> np.ndarray:
    """Call a function, and check what it returns against the shape it should have."""
    return as_returned(name, find_function(name)(*arguments), shape)
