"""Mistakes with the policy gradient estimate."""

from __future__ import annotations

import numpy as np

from autograder.misconceptions import fits
from autograder.misconceptions.mistake import Array, Right, mistake
from hw4.policy_gradient import policy_gradient_estimate as reference

ESTIMATE = "policy_gradient.policy_gradient_estimate"
SLIDE = "PG with a Learned Baseline"


@mistake(ESTIMATE, SLIDE)
def gradient_averaged_over_the_horizon(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """Your ĝ is the lecture's divided by the horizon H: sum over the steps, average over the trajectories."""
    return right(scores, advantages, mask) / mask.shape[1]


@mistake(ESTIMATE, SLIDE)
def gradient_averaged_over_all_steps(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """Your ĝ is divided by the number of steps, Σ mask: divide by the number of trajectories, N."""
    return right(scores, advantages, mask) * len(mask) / np.sum(mask)


@mistake(ESTIMATE, SLIDE)
def gradient_averaged_within_trajectories(
    right: Right, scores: Array, advantages: Array, mask: Array
) -> Array:
    """You average over the steps of each trajectory: g' is their sum, so long trajectories weigh more."""
    return right(scores, advantages / np.sum(mask, axis=1, keepdims=True), mask)


@mistake(ESTIMATE, SLIDE)
def gradient_divided_by_the_horizon_alone(
    right: Right, scores: Array, advantages: Array, mask: Array
) -> Array:
    """You divide by the horizon H, the wrong axis: divide by the number of trajectories, N."""
    return right(scores, advantages, mask) * len(mask) / mask.shape[1]


@mistake(ESTIMATE, SLIDE)
def gradient_not_averaged(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """Your ĝ is N times the lecture's: the factor 1/N is missing."""
    return right(scores, advantages, mask) * len(mask)


@mistake(ESTIMATE, SLIDE)
def gradient_divided_by_one_less(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You divide by N − 1: a mean that is unbiased divides by N."""
    return right(scores, advantages, mask) * len(mask) / np.float64(len(mask) - 1)


@mistake(ESTIMATE, SLIDE, "2.4.2")
def gradient_counts_padding(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You count steps that never happened: leave out those where `mask` is False."""
    return right(scores, advantages, np.ones_like(mask))


@mistake(ESTIMATE, SLIDE)
def gradient_downhill(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """Your ĝ is minus the lecture's: it is the gradient of J, which is to be climbed."""
    return -right(scores, advantages, mask)


@mistake(ESTIMATE, SLIDE)
def gradient_of_standardised_advantages(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You standardise the advantages: that is a trick from elsewhere, and ĝ is no longer unbiased."""
    real = advantages[mask]
    return right(scores, (advantages - np.mean(real)) / np.std(real), mask)


@mistake(ESTIMATE, SLIDE)
def gradient_of_standardised_advantages_with_a_guard(
    right: Right, scores: Array, advantages: Array, mask: Array
) -> Array:
    """You standardise the advantages: that is a trick from elsewhere, and ĝ is no longer unbiased."""
    real = advantages[mask]
    return right(scores, (advantages - np.mean(real)) / (np.std(real) + 1e-8), mask)


@mistake(ESTIMATE, SLIDE)
def gradient_of_centred_advantages(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You subtract a sample mean, of the advantages or of the scores: ĝ is no longer unbiased."""
    return right(scores, advantages - np.mean(advantages[mask]), mask)


@mistake(ESTIMATE, SLIDE)
def gradient_of_centred_scores(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You subtract a sample mean, of the advantages or of the scores: ĝ is no longer unbiased."""
    return right(scores - np.mean(scores[mask], axis=0), advantages, mask)


@mistake(ESTIMATE, SLIDE)
def gradient_of_summed_factors(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You multiply the sum of the scores by the sum of the advantages: multiply step by step, then sum."""
    total = np.sum(advantages, axis=1, keepdims=True, where=mask)
    return right(scores, np.broadcast_to(total, mask.shape), mask)


@mistake(ESTIMATE, SLIDE)
def gradient_with_the_first_advantage(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You weigh every step by the advantage of step 0: each score has its own step's advantage."""
    return right(scores, np.broadcast_to(advantages[:, :1], mask.shape), mask)


@mistake(ESTIMATE, SLIDE)
def gradient_with_advantages_shifted(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You weigh each score by the next step's advantage: both belong to the same h."""
    later = np.concatenate([np.where(mask, advantages, 0.0)[:, 1:], np.zeros((len(mask), 1))], axis=1)
    return right(scores, later, mask)


@mistake(ESTIMATE, SLIDE)
def gradient_without_advantages(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You sum the scores alone: each is multiplied by its step's advantage R_h − b."""
    return right(scores, np.ones_like(advantages), mask)


@mistake(ESTIMATE, SLIDE)
def gradient_of_absolute_advantages(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You drop the advantages' signs: a step that went worse than the baseline must be made less likely."""
    return right(scores, np.abs(advantages), mask)


@mistake(ESTIMATE, SLIDE)
def gradient_of_positive_advantages(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You drop negative advantages: a step that went worse than the baseline must be made less likely."""
    return right(scores, np.maximum(advantages, 0.0), mask)


@mistake(ESTIMATE, SLIDE)
def gradient_of_unit_length(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You scale ĝ to length 1: its length carries information, so leave it as it is."""
    gradient = right(scores, advantages, mask)
    return gradient / np.linalg.norm(gradient)


@mistake(ESTIMATE, SLIDE, "2.4.4")
def gradient_overwrites_the_scores(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You change the caller's `scores` in place: work on a copy."""
    result = right(scores, advantages, mask)
    scores *= advantages[..., np.newaxis]
    return result


@mistake(ESTIMATE, SLIDE, "2.4.4")
def gradient_overwrites_the_advantages(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You change the caller's `advantages` in place: work on a copy."""
    result = right(scores, advantages, mask)
    advantages *= 0.5 * mask
    return result


@mistake(ESTIMATE, SLIDE, "2.4.4")
def gradient_clears_the_padding_of_the_scores(
    right: Right, scores: Array, advantages: Array, mask: Array
) -> Array:
    """You change the caller's `scores` in place: work on a copy."""
    scores[~mask] = 0.0
    return right(scores, advantages, mask)


@mistake(ESTIMATE, SLIDE, "2.4.4")
def gradient_clears_the_padding_of_the_advantages(
    right: Right, scores: Array, advantages: Array, mask: Array
) -> Array:
    """You change the caller's `advantages` in place: work on a copy."""
    advantages[~mask] = 0.0
    return right(scores, advantages, mask)


@mistake(ESTIMATE, SLIDE, fit=fits.longest)
def gradient_clipped(
    right: Right, scores: Array, advantages: Array, mask: Array, *, bound: float = 10.0
) -> Array:
    """You shorten a long ĝ: its length carries information, so leave it as it is."""
    gradient = right(scores, advantages, mask)
    return gradient * np.minimum(1.0, bound / np.maximum(np.linalg.norm(gradient), 1e-300))


def _of_clipped_advantages(bound: float, scores: Array, advantages: Array, mask: Array) -> Array:
    return reference(scores, np.clip(advantages, -bound, bound), mask)


@mistake(ESTIMATE, SLIDE, fit=fits.linear(_of_clipped_advantages, 10.0, 20.0))
def gradient_of_clipped_advantages(
    right: Right, scores: Array, advantages: Array, mask: Array, *, bound: float = 10.0
) -> Array:
    """You clip the advantages: a return may be as large as it likes, and ĝ is no longer unbiased."""
    return right(scores, np.clip(advantages, -bound, bound), mask)


@mistake(ESTIMATE, SLIDE)
def gradient_in_float32(right: Right, scores: Array, advantages: Array, mask: Array) -> Array:
    """You compute in float32: keep float64, which has nine digits more."""
    return np.asarray(right(scores.astype(np.float32), advantages.astype(np.float32), mask), dtype=np.float64)


def _in_groups(size: float, scores: Array, advantages: Array, mask: Array) -> Array:
    return reference(scores, advantages, _of_whole_groups(mask, size))


def _of_whole_groups(mask: Array, size: float) -> Array:
    """The steps of trajectories that whole groups of a size cover; all where there is one group only."""
    number = len(mask)
    covered = number if number <= size else number // size * size
    return mask & (np.arange(number) < covered)[:, np.newaxis]


@mistake(ESTIMATE, SLIDE, fit=fits.among(_in_groups, (64, 100, 128, 32, 16, 50, 10, 20)))
def gradient_without_the_last_chunk(
    right: Right, scores: Array, advantages: Array, mask: Array, *, size: float = 64
) -> Array:
    """You work in chunks, and drop the last, which is not full: every trajectory counts."""
    return right(scores, advantages, _of_whole_groups(mask, size))
