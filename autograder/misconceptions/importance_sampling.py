"""Mistakes with importance weights and the estimate made of them."""

from __future__ import annotations

import numpy as np

from autograder.misconceptions import fits
from autograder.misconceptions.mistake import Array, Right, mistake

WEIGHTS = "importance_sampling.importance_weights"
ESTIMATE = "importance_sampling.importance_sampling_estimate"
SLIDE = "Importance Sampling"
BACK = "Back to Estimating ℓ^k(θ)"


@mistake(WEIGHTS, SLIDE)
def weights_inverted(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """Your weights are p/p̃: the target p̃ is above, the proposal p that was sampled from below."""
    return right(proposal_log_probs, target_log_probs)


@mistake(WEIGHTS, SLIDE)
def weights_without_exp(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You return ln p̃ − ln p, the logarithm of the weight: take its exponential."""
    return target_log_probs - proposal_log_probs


@mistake(WEIGHTS, SLIDE)
def weights_as_a_ratio_of_logs(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You divide the log-probabilities: a ratio of probabilities is exp of the difference of their logs."""
    return target_log_probs / proposal_log_probs


@mistake(WEIGHTS, SLIDE)
def weights_as_a_difference(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You return p̃ − p: the weight is the ratio p̃/p."""
    return np.exp(target_log_probs) - np.exp(proposal_log_probs)


@mistake(WEIGHTS, SLIDE)
def weights_as_a_product(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You return p̃ · p: in log space a ratio is a difference, so subtract ln p."""
    return np.exp(target_log_probs + proposal_log_probs)


@mistake(WEIGHTS, SLIDE)
def weights_of_the_target_alone(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You return p̃: it is still to be divided by p, under which the samples were drawn."""
    return np.exp(target_log_probs)


@mistake(WEIGHTS, SLIDE, "4.1.2")
def weights_outside_log_space(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You take exp of each before dividing, and both may be 0 in floating point: subtract the logs first."""
    return np.exp(target_log_probs) / np.exp(proposal_log_probs)


@mistake(WEIGHTS, SLIDE, "4.1.2", fit=fits.weights_guard)
def weights_with_a_guard(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, *, guard: float = 1e-12
) -> Array:
    """A constant below the fraction is wrong where p is as small: subtract the logs, then take exp."""
    return np.exp(target_log_probs) / (np.exp(proposal_log_probs) + guard)


@mistake(WEIGHTS, SLIDE, "4.1.2")
def weights_in_float32(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You compute in float32: keep float64, whose exp overflows at 709 and not at 88."""
    weights = right(target_log_probs.astype(np.float32), proposal_log_probs.astype(np.float32))
    return np.asarray(weights, dtype=np.float64)


@mistake(WEIGHTS, SLIDE)
def weights_clipped_around_one(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You clip the weights to 0.8 … 1.2: that belongs to PPO-clip, and makes the estimate biased."""
    return np.clip(right(target_log_probs, proposal_log_probs), 0.8, 1.2)


@mistake(WEIGHTS, SLIDE, fit=fits.highest_above_one)
def weights_bounded(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, *, most: float = 100.0
) -> Array:
    """You cut large weights off: fewer large weights mean less variance, but the estimate is biased."""
    return np.minimum(right(target_log_probs, proposal_log_probs), most)


@mistake(WEIGHTS, SLIDE)
def weights_clipped_at_one(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You clip the weights at 1: an importance weight is no probability, and may be larger."""
    return np.minimum(right(target_log_probs, proposal_log_probs), 1.0)


@mistake(WEIGHTS, SLIDE, fit=fits.highest_log)
def weights_of_a_clipped_log_ratio(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, *, bound: float = 20.0
) -> Array:
    """You clip ln p̃ − ln p: the ratio may be that large, and exp holds it."""
    return np.exp(np.clip(target_log_probs - proposal_log_probs, -bound, bound))


@mistake(WEIGHTS, SLIDE)
def weights_that_add_up_to_one(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """Your weights are normalised to the sum 1: each is p̃(x)/p(x), whatever the others are."""
    weights = right(target_log_probs, proposal_log_probs)
    return weights / np.sum(weights)


@mistake(WEIGHTS, SLIDE)
def weights_of_mean_one(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """Your weights are normalised to the mean 1: each is p̃(x)/p(x), whatever the others are."""
    weights = right(target_log_probs, proposal_log_probs)
    return weights / np.mean(weights)


@mistake(WEIGHTS, BACK)
def weights_accumulated(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You multiply the ratios along the trajectory: in ℓ^k the states keep their distribution ρ_θk.

    So each step has its own action's ratio alone.
    """
    return np.cumprod(right(target_log_probs, proposal_log_probs), axis=-1)


@mistake(WEIGHTS, SLIDE, "4.1.3")
def weights_overwrite_the_target(right: Right, target_log_probs: Array, proposal_log_probs: Array) -> Array:
    """You change the caller's `target_log_probs` in place: work on a copy."""
    target_log_probs -= proposal_log_probs
    return np.exp(target_log_probs)


@mistake(ESTIMATE, SLIDE)
def estimate_self_normalised(right: Right, values: Array, weights: Array) -> float:
    """You divide by the sum of the weights: divide by n, which keeps the estimate unbiased."""
    return float(np.sum(values * weights) / np.sum(weights))


@mistake(ESTIMATE, SLIDE)
def estimate_not_averaged(right: Right, values: Array, weights: Array) -> float:
    """You return the sum of w·f: it is still to be divided by n."""
    return float(np.sum(values * weights))


@mistake(ESTIMATE, SLIDE)
def estimate_divided_by_one_less(right: Right, values: Array, weights: Array) -> float:
    """You divide by n − 1: a mean that is unbiased divides by n."""
    return float(np.sum(values * weights) / np.float64(len(values) - 1))


@mistake(ESTIMATE, SLIDE)
def estimate_divided_by_the_weights(right: Right, values: Array, weights: Array) -> float:
    """You divide each value by its weight: multiply by it."""
    return float(np.mean(values / weights))


@mistake(ESTIMATE, SLIDE)
def estimate_without_weights(right: Right, values: Array, weights: Array) -> float:
    """You average f without the weights: that estimates its mean under the proposal p."""
    return float(np.mean(values))


@mistake(ESTIMATE, SLIDE)
def estimate_of_separate_means(right: Right, values: Array, weights: Array) -> float:
    """You multiply the mean weight by the mean value: multiply draw by draw, then average."""
    return float(np.mean(values) * np.mean(weights))


@mistake(ESTIMATE, SLIDE, fit=fits.clipped_draws)
def estimate_of_clipped_weights(right: Right, values: Array, weights: Array, *, most: float = 10.0) -> float:
    """You clip the weights: that makes the estimate biased."""
    return right(values, np.minimum(weights, most))


@mistake(ESTIMATE, SLIDE)
def estimate_in_float32(right: Right, values: Array, weights: Array) -> float:
    """You compute in float32: keep float64, which has nine digits more."""
    return float(right(values.astype(np.float32), weights.astype(np.float32)))


@mistake(ESTIMATE, SLIDE)
def estimate_divided_by_the_draws_that_count(right: Right, values: Array, weights: Array) -> float:
    """You divide by the number of draws whose weight is not 0: those of weight 0 are draws as well."""
    return float(np.sum(values * weights) / np.float64(np.count_nonzero(weights)))


@mistake(ESTIMATE, SLIDE)
def estimate_of_weights_in_log_space(right: Right, values: Array, weights: Array) -> float:
    """You take exp of the weights: they are p̃/p already, not their logarithms."""
    return right(values, np.exp(weights))


@mistake(ESTIMATE, SLIDE)
def estimate_of_every_draw(right: Right, values: Array, weights: Array) -> Array:
    """You return w·f of every draw: their mean, one number, was asked for."""
    return values * weights


@mistake(ESTIMATE, SLIDE)
def estimate_of_the_weights(right: Right, values: Array, weights: Array) -> float:
    """You return the mean of the weights: each is multiplied by its value f(x)."""
    return float(np.mean(weights))


@mistake(ESTIMATE, SLIDE)
def estimate_overwrites_the_values(right: Right, values: Array, weights: Array) -> float:
    """You change the caller's `values` in place: work on a copy."""
    values *= weights
    return float(np.mean(values))
