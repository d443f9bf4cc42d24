"""Mistakes with the KL estimate and TRPO's line search."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograder.misconceptions import fits
from autograder.misconceptions.mistake import Array, Right, mistake
from hw4.importance_sampling import importance_weights
from hw4.npg import npg_step_size
from hw4.policy import action_log_probabilities
from hw4.trpo import kl_estimate, trpo_step

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


@mistake(KL, DIVERGENCE)
def kl_outside_log_space(right: Right, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    """You divide two probabilities, and one may be 0 in floating point: subtract their logarithms."""
    p, q = (np.exp(action_log_probabilities(parameters, features)) for parameters in (theta_k, theta))
    with np.errstate(all="ignore"):
        return float(np.sum(np.sum(p * np.log(p / q), axis=-1), where=mask) / len(mask))


def _kl_with_a_constant(constant: float, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    p, q = (np.exp(action_log_probabilities(parameters, features)) for parameters in (theta_k, theta))
    terms = p * np.log((p + constant) / (q + constant))
    return float(np.sum(np.sum(terms, axis=-1), where=mask) / len(mask))


CONSTANTS = (1e-8, 1e-10, 1e-12, 1e-6, 1e-9, 1e-5, 1e-15, 1e-300)


@mistake(KL, DIVERGENCE, fit=fits.among(_kl_with_a_constant, CONSTANTS))
def kl_with_a_constant(
    right: Right, theta_k: Array, theta: Array, features: Array, mask: Array, *, constant: float = 1e-12
) -> float:
    """A small constant beside a probability is wrong where that is as small: subtract the logs instead."""
    return _kl_with_a_constant(constant, theta_k, theta, features, mask)


@mistake(KL, DIVERGENCE)
def kl_of_a_softmax_that_overflows(
    right: Right, theta_k: Array, theta: Array, features: Array, mask: Array
) -> float:
    """Your softmax overflows at large logits: use action_log_probabilities, which is stable."""
    with np.errstate(all="ignore"):
        p, q = (np.exp(features @ parameters) for parameters in (theta_k, theta))
        p, q = p / np.sum(p, axis=-1, keepdims=True), q / np.sum(q, axis=-1, keepdims=True)
        return float(np.sum(np.sum(p * np.log(p / q), axis=-1), where=mask) / len(mask))


def _kl_bounded(most: float, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    log_p, log_q = action_log_probabilities(theta_k, features), action_log_probabilities(theta, features)
    divergences = np.minimum(np.sum(np.exp(log_p) * (log_p - log_q), axis=-1), most)
    return float(np.sum(divergences, where=mask) / len(mask))


@mistake(KL, DIVERGENCE, fit=fits.among(_kl_bounded, (10, 100, 20, 50, 1000)))
def kl_bounded(
    right: Right, theta_k: Array, theta: Array, features: Array, mask: Array, *, most: float = 100
) -> float:
    """You cut the KL of a state off: a divergence may be as large as it likes."""
    return _kl_bounded(most, theta_k, theta, features, mask)


@mistake(KL, DIVERGENCE)
def kl_to_second_order(right: Right, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    """You return ½ (θ − θ^k)ᵀF(θ − θ^k), which is the KL near θ^k alone: sum P ln(P/Q) over the actions."""
    p = np.exp(action_log_probabilities(theta_k, features))
    logits = features @ (theta - theta_k)
    mean = np.sum(p * logits, axis=-1, keepdims=True)
    return float(np.sum(np.sum(p * (logits - mean) ** 2, axis=-1) / 2.0, where=mask) / len(mask))


def _kl_in_groups(
    of: Right, size: float, theta_k: Array, theta: Array, features: Array, mask: Array
) -> float:
    number = len(mask)
    covered = number if number <= size else number // size * size
    return float(of(theta_k, theta, features, mask & (np.arange(number) < covered)[:, np.newaxis]))


@mistake(KL, TRPO, fit=fits.among(functools.partial(_kl_in_groups, kl_estimate), (64, 32, 16, 50, 20)))
def kl_without_the_last_chunk(
    right: Right, theta_k: Array, theta: Array, features: Array, mask: Array, *, size: float = 64
) -> float:
    """You work in chunks, and drop the last, which is not full: every trajectory counts."""
    return _kl_in_groups(right, size, theta_k, theta, features, mask)


@mistake(KL, TRPO)
def kl_clears_the_padding(right: Right, theta_k: Array, theta: Array, features: Array, mask: Array) -> float:
    """You change the caller's `features` in place: work on a copy."""
    features[~mask] = 0.0
    return right(theta_k, theta, features, mask)


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
    rise: float = 0.0,
) -> Array:
    """Search; the surrogate of the whole step must rise by `rise`, that of a shorter one by as much less."""
    features, _, _, mask = data
    start = _surrogate(theta_k, theta_k, *data) if start is None else start
    theta = theta_k
    for backtracks in range(max_backtracks + 1):
        theta = theta_k + backtrack**backtracks * direction
        first, second = (theta, theta_k) if is_reversed else (theta_k, theta)
        is_near = not with_kl or kl_estimate(first, second, features, mask) <= delta
        least = start + rise * backtrack**backtracks
        if is_near and (not with_surrogate or _surrogate(theta, theta_k, *data) >= least):
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


def _step_with_a_looser_kl(factor: float, *arguments: Any) -> Array:
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), factor * delta, backtrack, max_backtracks)


@mistake(STEP, TRPO, fit=fits.among(_step_with_a_looser_kl, (1.5, 2.0, 1.2, 1.1, 3.0, 1.05)))
def trpo_step_with_a_looser_kl(right: Right, *arguments: Any, factor: float = 1.5) -> Array:
    """You accept a KL above δ, up to a multiple of it: the trust region is kl_estimate ≤ δ itself."""
    return _step_with_a_looser_kl(factor, *arguments)


@mistake(STEP, TRPO)
def trpo_step_with_the_kl_of_a_step(right: Right, *arguments: Any) -> Array:
    """You bound the KL averaged over the steps: kl_estimate adds up a trajectory's, and that is at most δ."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    mask, direction = data[-1], _direction(gradient, fisher, delta)
    delta = delta * np.sum(mask) / len(mask)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks)


@mistake(STEP, TRPO)
def trpo_step_with_a_start_that_is_a_sum(right: Right, *arguments: Any) -> Array:
    """You compare the surrogate with the sum of all advantages: at θ^k it is that sum divided by N."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    start = float(np.sum(data[2], where=data[3]))
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks, start=start)


def _step_with_a_least_rise(share: float, *arguments: Any) -> Array:
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    rise = share * float(gradient @ direction)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks, rise=rise)


@mistake(STEP, TRPO, fit=fits.among(_step_with_a_least_rise, (0.1, 0.5, 0.25, 0.2, 0.05)))
def trpo_step_with_a_least_rise(right: Right, *arguments: Any, share: float = 0.1) -> Array:
    """You ask the surrogate to rise by a share of what its slope foretells: it is enough not to fall."""
    return _step_with_a_least_rise(share, *arguments)


@mistake(STEP, TRPO)
def trpo_step_divides_by_zero(right: Right, *arguments: Any) -> Array:
    """You divide by zero where g = 0: θ^k stays there."""
    theta_k, gradient, *_ = arguments
    return right(*arguments) if gradient.any() else np.full_like(theta_k, np.nan)


@mistake(STEP, TRPO)
def trpo_step_with_a_default_number_of_tries(right: Right, *arguments: Any) -> Array:
    """You take max_backtracks = 0 for one that was not given: 0 is a value, the whole step alone."""
    return right(*arguments[:-1], arguments[-1] or 10)


def _step_with_a_surrogate_that_may_fall(by: float, *arguments: Any) -> Array:
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    start = _surrogate(theta_k, theta_k, *data) - by
    direction = _direction(gradient, fisher, delta)
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks, start=start)


@mistake(STEP, TRPO, fit=fits.among(_step_with_a_surrogate_that_may_fall, (0.01, 0.1, 1.0, 1e-3)))
def trpo_step_with_a_surrogate_that_may_fall(right: Right, *arguments: Any, by: float = 0.1) -> Array:
    """You accept a surrogate that falls by a little: it must not fall at all."""
    return _step_with_a_surrogate_that_may_fall(by, *arguments)


def _step_with_damping(of: Right, damping: float, *arguments: Any) -> Array:
    theta_k, gradient, fisher, *rest = arguments
    return np.asarray(of(theta_k, gradient, fisher + damping * np.eye(len(gradient)), *rest))


@mistake(
    STEP,
    TRPO,
    fit=fits.among(functools.partial(_step_with_damping, trpo_step), (1e-3, 1e-2, 0.1, 1e-4, 1e-5)),
)
def trpo_step_with_damping(right: Right, *arguments: Any, damping: float = 1e-2) -> Array:
    """You add a number to the diagonal of F: damping is the caller's decision."""
    return _step_with_damping(right, damping, *arguments)


def _step_bounded(most: float, *arguments: Any) -> Array:
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    direction = direction * np.minimum(1.0, most / np.maximum(np.linalg.norm(direction), 1e-300))
    return _search(theta_k, direction, tuple(data), delta, backtrack, max_backtracks)


@mistake(STEP, TRPO, fit=fits.among(_step_bounded, (10, 1, 5, 2, 0.5, 100)))
def trpo_step_shortened(right: Right, *arguments: Any, most: float = 1) -> Array:
    """You shorten a long step before the search: F alone measures it, and the search shortens it."""
    return _step_bounded(most, *arguments)


def _naive_surrogate(theta: Array, theta_k: Array, *data: Array) -> float:
    features, actions, advantages, mask = data
    chosen = actions[..., np.newaxis]
    with np.errstate(all="ignore"):
        p, q = (
            np.take_along_axis(np.exp(action_log_probabilities(parameters, features)), chosen, axis=-1)[
                ..., 0
            ]
            for parameters in (theta_k, theta)
        )
        return float(np.sum(np.where(mask, q / p * advantages, 0.0)) / len(mask))


@mistake(STEP, TRPO)
def trpo_step_with_the_ratio_outside_log_space(right: Right, *arguments: Any) -> Array:
    """Your ratio divides two probabilities, and both may be 0 in floating point: subtract their logs."""
    theta_k, gradient, fisher, *data, delta, backtrack, max_backtracks = arguments
    direction = _direction(gradient, fisher, delta)
    start = _naive_surrogate(theta_k, theta_k, *data)
    for backtracks in range(max_backtracks + 1):
        theta = theta_k + backtrack**backtracks * direction
        is_near = kl_estimate(theta_k, theta, data[0], data[3]) <= delta
        if is_near and _naive_surrogate(theta, theta_k, *data) >= start:
            return theta
    return theta_k


@mistake(STEP, TRPO, "6.2.3")
def trpo_step_clears_the_padding(right: Right, *arguments: Any) -> Array:
    """You change the caller's `advantages` in place: work on a copy."""
    _, _, _, _, _, advantages, mask, *_ = arguments
    advantages[~mask] = 0.0
    return right(*arguments)


@mistake(STEP, TRPO, "6.2.3")
def trpo_step_clears_the_padding_of_the_features(right: Right, *arguments: Any) -> Array:
    """You change the caller's `features` in place: work on a copy."""
    _, _, _, features, _, _, mask, *_ = arguments
    features[~mask] = 0.0
    return right(*arguments)
