"""Mistakes with the KL estimate and TRPO's line search."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.misconceptions.mistake import Array, Right, mistake
from hw4.importance_sampling import importance_weights
from hw4.npg import npg_step_size
from hw4.policy import action_log_probabilities
from hw4.trpo import kl_estimate

KL = "trpo.kl_estimate"
STEP = "trpo.trpo_step"
DIVERGENCE = "KL-divergence: measures the distance between two distributions"
TRPO = "Trust Region Policy Optimization (TRPO)"


@mistake(KL, DIVERGENCE)
def kl_reversed(right: Right, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    """Your KL is KL(π_θ | π_θk): the expectation is under π_θk, the policy that was sampled."""
    return right(theta, theta_k, features, mask)


@mistake(KL, DIVERGENCE)
def kl_of_the_wrong_sign(right: Right, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    """Your KL has the wrong sign: it is at least 0."""
    return -right(theta_k, theta, features, mask)


@mistake(KL, DIVERGENCE)
def kl_symmetric(right: Right, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    """You average the KL and its reverse: the lecture's is KL(π_θk | π_θ) alone."""
    return 0.5 * (right(theta_k, theta, features, mask) + right(theta, theta_k, features, mask))


@mistake(KL, DIVERGENCE)
def kl_without_probabilities(
    right: Right, theta_k: Array, theta: Array, features: Array, mask: Array
) -> float:
    """You sum the log-ratios without weights: each action counts with its probability π_θk(a|s)."""
    log_p, log_q = action_log_probabilities(theta_k, features), action_log_probabilities(theta, features)
    return float(np.sum(np.sum(log_p - log_q, axis=-1), where=mask) / len(mask))


@mistake(KL, DIVERGENCE)
def kl_as_a_cross_entropy(right: Right, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    """You return −Σ π_θk ln π_θ, the cross-entropy: Σ π_θk ln π_θk is missing, so it is not 0 at θ = θ^k."""
    log_p, log_q = action_log_probabilities(theta_k, features), action_log_probabilities(theta, features)
    return float(-np.sum(np.sum(np.exp(log_p) * log_q, axis=-1), where=mask) / len(mask))


@mistake(KL, DIVERGENCE)
def kl_averaged_over_actions(
    right: Right, theta_k: Array, theta: Array, features: Array, mask: Array
) -> float:
    """You average over the actions: the probabilities add up to 1 already, so sum."""
    return right(theta_k, theta, features, mask) / features.shape[-2]


@mistake(KL, TRPO)
def kl_averaged_over_the_horizon(
    right: Right, theta_k: Array, theta: Array, features: Array, mask: Array
) -> float:
    """You divide by the horizon H: sum over the steps, average over the trajectories."""
    return right(theta_k, theta, features, mask) / mask.shape[1]


@mistake(KL, TRPO)
def kl_averaged_over_all_steps(
    right: Right, theta_k: Array, theta: Array, features: Array, mask: Array
) -> float:
    """You average over the steps: sum over them, and divide by the number of trajectories, N."""
    return right(theta_k, theta, features, mask) * len(mask) / np.sum(mask)


@mistake(KL, TRPO)
def kl_not_averaged(right: Right, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    """Your KL is N times the lecture's: the factor 1/N is missing."""
    return right(theta_k, theta, features, mask) * len(mask)


@mistake(KL, TRPO, "6.1.2")
def kl_counts_padding(right: Right, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    """You count steps that never happened: leave out those where `mask` is False."""
    return right(theta_k, theta, features, np.ones_like(mask))


def _surrogate(
    theta: Array, theta_k: Array, features: Array, actions: Array, advantages: Array, mask: Array
) -> float:
    chosen = actions[..., np.newaxis]
    target = np.take_along_axis(action_log_probabilities(theta, features), chosen, axis=-1)
    proposal = np.take_along_axis(action_log_probabilities(theta_k, features), chosen, axis=-1)
    weights = importance_weights(target, proposal)[..., 0]
    return float(np.sum(np.where(mask, weights * advantages, 0.0)) / len(mask))


def _search(
    theta_k: Array,
    direction: Array,
    data: tuple[Array, ...],
    delta: float,
    backtrack: float,
    max_backtracks: int,
    *,
    with_kl: bool = True,
    with_surrogate: bool = True,
    is_reversed: bool = False,
    keeps_last: bool = False,
    start: float | None = None,
) -> Array:
    features, _, _, mask = data
    start = _surrogate(theta_k, theta_k, *data) if start is None else start
    theta = theta_k
    for backtracks in range(max_backtracks + 1):
        theta = theta_k + backtrack**backtracks * direction
        first, second = (theta, theta_k) if is_reversed else (theta_k, theta)
        is_near = not with_kl or kl_estimate(first, second, features, mask) <= delta
        if is_near and (not with_surrogate or _surrogate(theta, theta_k, *data) >= start):
            return theta
    return theta if keeps_last else theta_k


def _direction(gradient: Array, fisher: Array, delta: float) -> Array:
    full = np.sqrt(2.0) * npg_step_size(gradient, fisher, delta)
    return np.asarray(full * np.linalg.solve(fisher, gradient))


@mistake(STEP, TRPO)
def trpo_step_without_root_two(right: Right, *arguments: Any) -> Array:
    """Your longest step is η F⁻¹g: the search starts at √2 times that, whose KL is about δ."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta) / np.sqrt(2.0)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks)


@mistake(STEP, TRPO)
def trpo_step_without_the_kl(right: Right, *arguments: Any) -> Array:
    """You do not look at the KL: a step is acceptable only if kl_estimate ≤ δ."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks, with_kl=False)


@mistake(STEP, TRPO)
def trpo_step_without_the_surrogate(right: Right, *arguments: Any) -> Array:
    """You do not look at the surrogate: a step is acceptable only if it does not fall."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks, with_surrogate=False)


@mistake(STEP, TRPO)
def trpo_step_without_a_search(right: Right, *arguments: Any) -> Array:
    """You take the longest step whatever it does: shorten it until KL and surrogate are acceptable."""
    theta_k, gradient, fisher, *_, delta, _, _ = arguments
    return theta_k + _direction(gradient, fisher, delta)


@mistake(STEP, DIVERGENCE)
def trpo_step_with_the_kl_reversed(right: Right, *arguments: Any) -> Array:
    """You bound KL(π_θ | π_θk): the trust region is KL(π_θk | π_θ) ≤ δ."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks, is_reversed=True)


@mistake(STEP, TRPO)
def trpo_step_with_a_surrogate_above_zero(right: Right, *arguments: Any) -> Array:
    """You ask for a surrogate above 0: it must not fall below its value at θ^k, the mean advantage sum."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks, start=0.0)


@mistake(STEP, TRPO, "6.2.2")
def trpo_step_keeps_the_last_try(right: Right, *arguments: Any) -> Array:
    """When no step is acceptable you return the last one tried: return θ^k."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks, keeps_last=True)


@mistake(STEP, TRPO)
def trpo_step_shortened_before_the_first_try(right: Right, *arguments: Any) -> Array:
    """You shorten the step before the first try: j starts at 0, with the whole step."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = backtrack * _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks)


@mistake(STEP, TRPO, "6.2.4")
def trpo_step_with_one_try_too_few(right: Right, *arguments: Any) -> Array:
    """You try max_backtracks lengths: the whole step comes first, and is shortened max_backtracks times."""
    return right(*arguments[:-1], arguments[-1] - 1)


@mistake(STEP, TRPO, "6.2.1")
def trpo_step_that_asks_for_a_rise(right: Right, *arguments: Any) -> Array:
    """You ask for a surrogate above its value at θ^k: it is enough that it does not fall."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    start = np.nextafter(_surrogate(theta_k, theta_k, *data), np.inf)
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks, start=start)


@mistake(STEP, TRPO)
def trpo_step_that_always_halves(right: Right, *arguments: Any) -> Array:
    """You halve the step whatever `backtrack` says: multiply it by `backtrack`."""
    theta_k, gradient, fisher, *data, delta, _, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), delta, 0.5, max_backtracks)


@mistake(STEP, TRPO)
def trpo_step_along_the_plain_gradient(right: Right, *arguments: Any) -> Array:
    """You search along g: the direction is the natural gradient F⁻¹g."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = np.sqrt(2.0) * npg_step_size(gradient, fisher, delta) * gradient
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks)


@mistake(STEP, TRPO)
def trpo_step_downhill(right: Right, *arguments: Any) -> Array:
    """You search downhill: the step η F⁻¹g is added to θ^k."""
    theta_k, gradient, *data = arguments
    return right(theta_k, -gradient, *data)


@mistake(STEP, TRPO)
def trpo_step_within_half_delta(right: Right, *arguments: Any) -> Array:
    """You bound the KL by δ/2: here it is δ itself that bounds kl_estimate."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), 0.5 * delta, backtrack, max_backtracks)


@mistake(STEP, TRPO, "6.2.3")
def trpo_step_overwrites_theta_k(right: Right, *arguments: Any) -> Array:
    """You write into the caller's θ^k: return a new array."""
    theta_k = arguments[0]
    theta_k += right(*arguments) - theta_k
    return theta_k
