"""Mistakes with PPO's loss, its gradient, the SGD on it and the iteration around that."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograder.misconceptions import fits
from autograder.misconceptions.mistake import Array, Right, mistake
from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.importance_sampling import importance_weights
from hw4.policy import action_log_probabilities, score
from hw4.ppo import ppo_gradient, ppo_iteration, ppo_loss, ppo_update
from hw4.trajectories import TrajectoryBatch

LOSS = "ppo.ppo_loss"
GRADIENT = "ppo.ppo_gradient"
UPDATE = "ppo.ppo_update"
ITERATION = "ppo.ppo_iteration"
CLIP = "ppo.clip_penalty_weights"
PPO = "Proximal Policy Optimization (PPO)"
ESTIMATING = "Estimating ℓ^k(θ) and its gradient"
PENALTY = "The regularization term"
BASELINE = "PG with a Learned Baseline"


def _taken(theta: Array, features: Array, actions: Array) -> Array:
    """Return ln π_θ(a_h|s_h) of the actions taken."""
    log_probabilities = action_log_probabilities(theta, features)
    return np.take_along_axis(log_probabilities, actions[..., np.newaxis], axis=-1)[..., 0]


def _ratio(theta: Array, theta_k: Array, features: Array, actions: Array) -> Array:
    return importance_weights(_taken(theta, features, actions), _taken(theta_k, features, actions))


def _mean(terms: Array, mask: Array) -> float:
    """The sum over real steps, averaged over the trajectories."""
    return float(np.sum(np.where(mask, terms, 0.0)) / len(mask))


def _mean_score(
    factors: Array, theta: Array, theta_k: Array, features: Array, actions: Array, mask: Array
) -> Array:
    """The scores times factors, summed over real steps and averaged over the trajectories."""
    factors = np.where(mask, factors, 0.0)
    return np.einsum("mh,mhd->d", factors, score(theta, features, actions)) / len(mask)


# The loss


@mistake(LOSS, PPO)
def loss_of_the_wrong_sign(right: Right, *arguments: Any) -> float:
    """You return ℓ̂^k, which the lecture maximises: the loss is its negative, so that SGD minimises."""
    return -right(*arguments)


@mistake(LOSS, PENALTY)
def loss_with_the_penalty_of_the_wrong_sign(right: Right, *arguments: Any) -> float:
    """Your KL penalty has the wrong sign: it rewards moving away from θ^k. It adds λ ln 1/π_θ to the loss."""
    *data, kl_weight = arguments
    return right(*data, -kl_weight)


@mistake(LOSS, PENALTY)
def loss_without_the_penalty(right: Right, *arguments: Any) -> float:
    """Your KL penalty is missing: λ ln 1/π_θ(a_h|s_h) is added to the loss of every step."""
    *data, _ = arguments
    return right(*data, 0.0)


@mistake(LOSS, PENALTY)
def loss_with_half_the_penalty(right: Right, *arguments: Any) -> float:
    """Your KL penalty counts half: it is λ ln 1/π_θ, without a factor ½."""
    *data, kl_weight = arguments
    return right(*data, 0.5 * kl_weight)


@mistake(LOSS, ESTIMATING)
def loss_with_the_penalty_weighted(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """You multiply the KL penalty by the importance weight: it multiplies the advantage only."""
    features, actions, advantages, mask, kl_weight = data
    target, ratio = _taken(theta, features, actions), _ratio(theta, theta_k, features, actions)
    return -_mean(ratio * (advantages + kl_weight * target), mask)


@mistake(LOSS, PENALTY)
def loss_with_the_entropy_as_penalty(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """Your penalty is the entropy −Σ π ln π of all actions: the lecture's has the action taken, ln 1/π_θ."""
    features, actions, advantages, mask, kl_weight = data
    log_probabilities = action_log_probabilities(theta, features)
    entropy = -np.sum(np.exp(log_probabilities) * log_probabilities, axis=-1)
    return right(theta, theta_k, features, actions, advantages, mask, 0.0) + kl_weight * _mean(entropy, mask)


@mistake(LOSS, PENALTY)
def loss_with_an_entropy_bonus(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """You reward entropy, as other PPOs do: the lecture's penalty is λ ln 1/π_θ of the action taken."""
    features, actions, advantages, mask, kl_weight = data
    log_probabilities = action_log_probabilities(theta, features)
    entropy = -np.sum(np.exp(log_probabilities) * log_probabilities, axis=-1)
    return right(theta, theta_k, features, actions, advantages, mask, 0.0) - kl_weight * _mean(entropy, mask)


@mistake(LOSS, PENALTY)
def loss_with_the_whole_kl(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """Your penalty is KL(π_θk | π_θ) over all actions: the lecture's has the action taken, ln 1/π_θ.

    The term that does not depend on θ is left out.
    """
    features, actions, advantages, mask, kl_weight = data
    log_p, log_q = action_log_probabilities(theta_k, features), action_log_probabilities(theta, features)
    kl = np.sum(np.exp(log_p) * (log_p - log_q), axis=-1)
    return right(theta, theta_k, features, actions, advantages, mask, 0.0) + kl_weight * _mean(kl, mask)


@mistake(LOSS, PENALTY)
def loss_with_the_reversed_kl(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """Your penalty is KL(π_θ | π_θk), the other way round: the lecture's is ln 1/π_θ of the action taken."""
    features, actions, advantages, mask, kl_weight = data
    log_p, log_q = action_log_probabilities(theta_k, features), action_log_probabilities(theta, features)
    kl = np.sum(np.exp(log_q) * (log_q - log_p), axis=-1)
    return right(theta, theta_k, features, actions, advantages, mask, 0.0) + kl_weight * _mean(kl, mask)


@mistake(LOSS, PENALTY)
def loss_with_the_log_ratio_as_penalty(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """You keep ln π_θk in the penalty: it does not depend on θ, and the lecture's ℓ^k leaves it out."""
    features, actions, advantages, mask, kl_weight = data
    constant = _mean(_taken(theta_k, features, actions), mask)
    return right(theta, theta_k, features, actions, advantages, mask, kl_weight) + kl_weight * constant


@mistake(LOSS, PENALTY)
def loss_with_the_penalty_of_theta_k(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """Your penalty is λ ln 1/π_θk, which no θ changes: it is λ ln 1/π_θ."""
    features, actions, advantages, mask, kl_weight = data
    plain = right(theta, theta_k, features, actions, advantages, mask, 0.0)
    return plain - kl_weight * _mean(_taken(theta_k, features, actions), mask)


@mistake(LOSS, PENALTY)
def loss_with_the_penalty_without_the_log(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """Your penalty is λ/π_θ: the logarithm is missing, λ ln 1/π_θ."""
    features, actions, advantages, mask, kl_weight = data
    plain = right(theta, theta_k, features, actions, advantages, mask, 0.0)
    return plain + kl_weight * _mean(np.exp(-_taken(theta, features, actions)), mask)


@mistake(LOSS, ESTIMATING)
def loss_without_the_ratio(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """You multiply the advantage by ln π_θ, as REINFORCE does: its factor is the ratio π_θ/π_θk."""
    features, actions, advantages, mask, kl_weight = data
    return -_mean((advantages + kl_weight) * _taken(theta, features, actions), mask)


@mistake(LOSS, ESTIMATING)
def loss_with_a_ratio_of_one(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """Your advantages have no importance weight: they are multiplied by π_θ/π_θk."""
    features, actions, advantages, mask, kl_weight = data
    return -_mean(advantages + kl_weight * _taken(theta, features, actions), mask)


@mistake(LOSS, ESTIMATING)
def loss_with_the_log_of_the_ratio(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """You multiply the advantage by ln(π_θ/π_θk): its factor is the ratio itself."""
    features, actions, advantages, mask, kl_weight = data
    target, proposal = _taken(theta, features, actions), _taken(theta_k, features, actions)
    return -_mean((target - proposal) * advantages + kl_weight * target, mask)


@mistake(LOSS, ESTIMATING)
def loss_with_the_ratio_inverted(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """Your ratio is π_θk/π_θ: the target π_θ is above, the proposal π_θk that was sampled from below."""
    features, actions, advantages, mask, kl_weight = data
    ratio, target = _ratio(theta_k, theta, features, actions), _taken(theta, features, actions)
    return -_mean(ratio * advantages + kl_weight * target, mask)


@mistake(LOSS, ESTIMATING)
def loss_with_the_ratio_accumulated(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """You multiply the ratios along the trajectory: in ℓ^k the states keep their distribution ρ_θk.

    So each step has its own action's ratio alone.
    """
    features, actions, advantages, mask, kl_weight = data
    ratio = np.cumprod(_ratio(theta, theta_k, features, actions), axis=1)
    return -_mean(ratio * advantages + kl_weight * _taken(theta, features, actions), mask)


def _clipped_gains(clip: float, ratio: Array, advantages: Array) -> Array:
    return np.minimum(ratio * advantages, np.clip(ratio, 1.0 - clip, 1.0 + clip) * advantages)


def _loss_clipped(clip: float, theta: Array, theta_k: Array, *data: Any) -> float:
    features, actions, advantages, mask, kl_weight = data
    gains = _clipped_gains(clip, _ratio(theta, theta_k, features, actions), advantages)
    return -_mean(gains + kl_weight * _taken(theta, features, actions), mask)


@mistake(LOSS, ESTIMATING, fit=fits.linear(_loss_clipped, 0.1, 0.2))
def loss_clipped(right: Right, *arguments: Any, clip: float = 0.2) -> float:
    """You clip the ratio, which is PPO-clip: the lecture's PPO has a KL penalty in its place."""
    return _loss_clipped(clip, *arguments)


def _loss_clipped_without_penalty(clip: float, *arguments: Any) -> float:
    return _loss_clipped(clip, *arguments[:-1], 0.0)


@mistake(LOSS, ESTIMATING, fit=fits.linear(_loss_clipped_without_penalty, 0.1, 0.2))
def loss_clipped_without_penalty(right: Right, *arguments: Any, clip: float = 0.2) -> float:
    """This is PPO-clip: the lecture's PPO does not clip, and adds the penalty λ ln 1/π_θ."""
    return _loss_clipped_without_penalty(clip, *arguments)


def _mean_entropy(theta: Array, features: Array, mask: Array) -> float:
    log_probabilities = action_log_probabilities(theta, features)
    return _mean(-np.sum(np.exp(log_probabilities) * log_probabilities, axis=-1), mask)


def _loss_clipped_with_entropy(bonus: float, *arguments: Any) -> float:
    entropy = _mean_entropy(arguments[0], arguments[2], arguments[5])
    return _loss_clipped_without_penalty(0.2, *arguments) - bonus * entropy


@mistake(LOSS, PPO, fit=fits.linear(_loss_clipped_with_entropy, 0.0, 1.0, above=1e-6))
def loss_clipped_with_an_entropy_bonus(right: Right, *arguments: Any, bonus: float = 0.01) -> float:
    """This is PPO-clip with an entropy bonus: the lecture's PPO has neither, but the penalty λ ln 1/π_θ."""
    return _loss_clipped_with_entropy(bonus, *arguments)


def _standardised(advantages: Array, mask: Array) -> Array:
    real = advantages[mask]
    return (advantages - np.mean(real)) / (np.std(real) + 1e-8)


@mistake(LOSS, PPO)
def loss_clipped_of_standardised_advantages(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """This is PPO-clip with standardised advantages: the lecture's PPO does neither, but has a penalty."""
    features, actions, advantages, mask, _kl_weight = data
    standardised = _standardised(advantages, mask)
    return _loss_clipped(0.2, theta, theta_k, features, actions, standardised, mask, 0.0)


def _loss_clipped_and_standardised_with_entropy(bonus: float, *arguments: Any) -> float:
    *others, advantages, mask, kl_weight = arguments
    return _loss_clipped_with_entropy(bonus, *others, _standardised(advantages, mask), mask, kl_weight)


@mistake(LOSS, PPO, fit=fits.linear(_loss_clipped_and_standardised_with_entropy, 0.0, 1.0, above=1e-6))
def loss_clipped_and_standardised_with_entropy(right: Right, *arguments: Any, bonus: float = 0.01) -> float:
    """This is PPO-clip with an entropy bonus and standardised advantages, none of which the lecture's has."""
    return _loss_clipped_and_standardised_with_entropy(bonus, *arguments)


@mistake(LOSS, ESTIMATING)
def loss_with_the_ratio_outside_log_space(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """Your ratio divides two probabilities, and both may be 0 in floating point: subtract their logs."""
    features, actions, advantages, mask, kl_weight = data
    target, proposal = _taken(theta, features, actions), _taken(theta_k, features, actions)
    with np.errstate(all="ignore"):
        ratio = np.exp(target) / np.exp(proposal)
    return -_mean(ratio * advantages + kl_weight * target, mask)


def _naive_probabilities(theta: Array, features: Array) -> Array:
    with np.errstate(all="ignore"):
        exponentials = np.exp(features @ theta)
        return exponentials / np.sum(exponentials, axis=-1, keepdims=True)


def _naive_taken(theta: Array, features: Array, actions: Array) -> Array:
    return np.take_along_axis(_naive_probabilities(theta, features), actions[..., np.newaxis], axis=-1)[
        ..., 0
    ]


@mistake(LOSS, ESTIMATING)
def loss_of_a_softmax_that_overflows(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """Your softmax overflows at large logits: use action_log_probabilities, which is stable."""
    features, actions, advantages, mask, kl_weight = data
    target, proposal = _naive_taken(theta, features, actions), _naive_taken(theta_k, features, actions)
    with np.errstate(all="ignore"):
        return -_mean(target / proposal * advantages + kl_weight * np.log(target), mask)


def _loss_with_the_log_ratio_clipped(bound: float, theta: Array, theta_k: Array, *data: Any) -> float:
    features, actions, advantages, mask, kl_weight = data
    target, proposal = _taken(theta, features, actions), _taken(theta_k, features, actions)
    ratio = np.exp(np.clip(target - proposal, -bound, bound))
    return -_mean(ratio * advantages + kl_weight * target, mask)


BOUNDS = (20, 10, 5, 50, 15, 30, 3, 2)


@mistake(LOSS, ESTIMATING, fit=fits.among(_loss_with_the_log_ratio_clipped, BOUNDS))
def loss_with_the_log_ratio_clipped(right: Right, *arguments: Any, bound: float = 20) -> float:
    """You clip ln π_θ − ln π_θk: the ratio may be that large, and exp holds it."""
    return _loss_with_the_log_ratio_clipped(bound, *arguments)


def _loss_with_the_ratio_bounded(most: float, theta: Array, theta_k: Array, *data: Any) -> float:
    features, actions, advantages, mask, kl_weight = data
    ratio = np.minimum(_ratio(theta, theta_k, features, actions), most)
    return -_mean(ratio * advantages + kl_weight * _taken(theta, features, actions), mask)


@mistake(LOSS, ESTIMATING, fit=fits.linear(_loss_with_the_ratio_bounded, 90.0, 100.0))
def loss_with_the_ratio_bounded(right: Right, *arguments: Any, most: float = 10.0) -> float:
    """You cut large ratios off: that makes ℓ̂^k biased, and the lecture bounds the KL instead."""
    return _loss_with_the_ratio_bounded(most, *arguments)


def _single(arguments: Sequence[Any]) -> list[Any]:
    is_float = [isinstance(value, np.ndarray) and value.dtype == np.float64 for value in arguments]
    return [
        value.astype(np.float32) if given else value for value, given in zip(arguments, is_float, strict=True)
    ]


def _with_clipped_advantages(of: Callable[..., Any], bound: float, *arguments: Any) -> Any:
    *others, advantages, mask, kl_weight = arguments
    return of(*others, np.clip(advantages, -bound, bound), mask, kl_weight)


@mistake(
    LOSS,
    ESTIMATING,
    fit=fits.linear(functools.partial(_with_clipped_advantages, ppo_loss), 20.0, 30.0, above=1e-6),
)
def loss_with_clipped_advantages(right: Right, *arguments: Any, bound: float = 10.0) -> float:
    """You clip the advantages: they may be as large as the rewards are, and λ is on their own scale."""
    return _with_clipped_advantages(right, bound, *arguments)


@mistake(LOSS, ESTIMATING)
def loss_in_float32(right: Right, *arguments: Any) -> float:
    """You compute in float32: keep float64, which has nine digits more."""
    return float(right(*_single(arguments)))


def _with_a_default_penalty(
    of: Callable[..., Any], default: float, *arguments: Any
) -> Any:  # a number or an array, as `of` returns
    *others, kl_weight = arguments
    return of(*others, kl_weight or default)


@mistake(LOSS, PENALTY, fit=fits.linear(functools.partial(_with_a_default_penalty, ppo_loss), 0.5, 1.0))
def loss_with_a_default_penalty(right: Right, *arguments: Any, default: float = 1.0) -> float:
    """You take λ = 0 for one that was not given, and put a number in its place: 0 is a value."""
    return _with_a_default_penalty(right, default, *arguments)


def _in_whole_groups(of: Callable[..., Any], size: float, *arguments: Any) -> Any:
    *others, mask, kl_weight = arguments
    number = len(mask)
    covered = number if number <= size else number // size * size
    return of(*others, mask & (np.arange(number) < covered)[:, np.newaxis], kl_weight)


CHUNKS = (64, 32, 16, 50, 20)


@mistake(LOSS, ESTIMATING, fit=fits.among(functools.partial(_in_whole_groups, ppo_loss), CHUNKS))
def loss_without_the_last_chunk(right: Right, *arguments: Any, size: float = 64) -> float:
    """You work in chunks, and drop the last, which is not full: every trajectory counts."""
    return _in_whole_groups(right, size, *arguments)


@mistake(LOSS, ESTIMATING, "4.3.4")
def loss_clears_the_padding(right: Right, *arguments: Any) -> float:
    """You change the caller's `advantages` in place: work on a copy."""
    *_, advantages, mask, _ = arguments
    advantages[~mask] = 0.0
    return right(*arguments)


@mistake(LOSS, ESTIMATING, "4.3.4")
def loss_clears_the_padding_of_the_features(right: Right, *arguments: Any) -> float:
    """You change the caller's `features` in place: work on a copy."""
    _, _, features, _, _, mask, _ = arguments
    features[~mask] = 0.0
    return right(*arguments)


@mistake(LOSS, ESTIMATING)
def loss_averaged_over_the_horizon(right: Right, *arguments: Any) -> float:
    """Your loss is the lecture's divided by the horizon H: sum over the steps, average over M."""
    return right(*arguments) / arguments[5].shape[1]


@mistake(LOSS, ESTIMATING)
def loss_averaged_over_all_steps(right: Right, *arguments: Any) -> float:
    """Your loss is a mean over the steps: sum over the steps, and divide by the number of trajectories, M."""
    mask = arguments[5]
    return right(*arguments) * len(mask) / np.sum(mask)


@mistake(LOSS, ESTIMATING)
def loss_averaged_within_trajectories(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """You average over the steps of each trajectory: sum them, and average over the trajectories."""
    features, actions, advantages, mask, kl_weight = data
    lengths = np.sum(mask, axis=1, keepdims=True)
    gains = _ratio(theta, theta_k, features, actions) * advantages
    return -_mean((gains + kl_weight * _taken(theta, features, actions)) / lengths, mask)


@mistake(LOSS, ESTIMATING)
def loss_not_averaged(right: Right, *arguments: Any) -> float:
    """Your loss is M times the lecture's: the factor 1/M is missing."""
    return right(*arguments) * len(arguments[5])


@mistake(LOSS, ESTIMATING, "4.3.3")
def loss_counts_padding(right: Right, *arguments: Any) -> float:
    """You count steps that never happened: leave out those where `mask` is False."""
    *data, mask, kl_weight = arguments
    return right(*data, np.ones_like(mask), kl_weight)


@mistake(LOSS, ESTIMATING, "4.3.3")
def loss_counts_padding_in_the_penalty(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """Your penalty counts steps that never happened: `mask` belongs to both terms."""
    features, actions, advantages, mask, kl_weight = data
    plain = right(theta, theta_k, features, actions, advantages, mask, 0.0)
    return plain - kl_weight * float(np.sum(_taken(theta, features, actions))) / len(mask)


@mistake(LOSS, ESTIMATING)
def loss_of_standardised_advantages(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """You standardise the advantages: that is a trick from elsewhere, and λ is on their own scale."""
    features, actions, advantages, mask, kl_weight = data
    real = advantages[mask]
    standardised = (advantages - np.mean(real)) / (np.std(real) + 1e-8)
    return right(theta, theta_k, features, actions, standardised, mask, kl_weight)


@mistake(LOSS, ESTIMATING, "4.3.4")
def loss_overwrites_the_advantages(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """You change the caller's `advantages` in place: work on a copy."""
    features, actions, advantages, mask, kl_weight = data
    result = right(theta, theta_k, features, actions, advantages, mask, kl_weight)
    advantages *= 2.0 * _ratio(theta, theta_k, features, actions)
    return result


# Its gradient


@mistake(GRADIENT, PPO)
def ppo_gradient_of_the_wrong_sign(right: Right, *arguments: Any) -> Array:
    """You return ∇ℓ̂^k: the loss is −ℓ̂^k, so its gradient has the other sign."""
    return -right(*arguments)


@mistake(GRADIENT, PENALTY)
def ppo_gradient_with_the_penalty_of_the_wrong_sign(right: Right, *arguments: Any) -> Array:
    """Your KL penalty's gradient has the wrong sign: inside ℓ̂^k the score is multiplied by + λ."""
    *data, kl_weight = arguments
    return right(*data, -kl_weight)


@mistake(GRADIENT, PENALTY)
def ppo_gradient_without_the_penalty(right: Right, *arguments: Any) -> Array:
    """Your gradient lacks the KL penalty: λ ∇ln π_θ is added to every step of ∇ℓ̂^k."""
    *data, _ = arguments
    return right(*data, 0.0)


@mistake(GRADIENT, PENALTY)
def ppo_gradient_with_the_penalty_not_averaged(right: Right, *arguments: Any) -> Array:
    """Your KL penalty is summed over the trajectories: both terms are averaged, 1/M."""
    *data, kl_weight = arguments
    return right(*data, kl_weight * len(arguments[5]))


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_with_the_penalty_weighted(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """You multiply the KL penalty by the importance weight: it multiplies the advantage only."""
    features, actions, advantages, mask, kl_weight = data
    return right(theta, theta_k, features, actions, advantages + kl_weight, mask, 0.0)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_without_the_ratio(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """The ratio is missing from your gradient: ∇(π_θ/π_θk) = π_θ/π_θk · ∇ln π_θ."""
    features, actions, advantages, mask, kl_weight = data
    return -_mean_score(advantages + kl_weight, theta, theta_k, features, actions, mask)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_at_theta_k(right: Right, *arguments: Any) -> Array:
    """You evaluate everything at θ^k: the gradient is taken at θ, θ^k is only the proposal."""
    _, theta_k, *data = arguments
    return right(theta_k, theta_k, *data)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_with_scores_of_theta_k(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """Your scores are those of θ^k: the gradient is taken at θ."""
    features, actions, advantages, mask, kl_weight = data
    factors = _ratio(theta, theta_k, features, actions) * advantages + kl_weight
    return -_mean_score(factors, theta_k, theta_k, features, actions, mask)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_with_the_ratio_inverted(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """Your ratio is π_θk/π_θ: the target π_θ is above, the proposal π_θk that was sampled from below."""
    features, actions, advantages, mask, kl_weight = data
    factors = _ratio(theta_k, theta, features, actions) * advantages + kl_weight
    return -_mean_score(factors, theta, theta_k, features, actions, mask)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_with_the_ratio_accumulated(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """You multiply the ratios along the trajectory: in ℓ^k the states keep their distribution ρ_θk.

    So each step has its own action's ratio alone.
    """
    features, actions, advantages, mask, kl_weight = data
    ratio = np.cumprod(_ratio(theta, theta_k, features, actions), axis=1)
    return -_mean_score(ratio * advantages + kl_weight, theta, theta_k, features, actions, mask)


def _gradient_clipped(clip: float, theta: Array, theta_k: Array, *data: Any) -> Array:
    features, actions, advantages, mask, kl_weight = data
    ratio = _ratio(theta, theta_k, features, actions)
    is_clipped = np.where(advantages > 0, ratio > 1.0 + clip, ratio < 1.0 - clip)
    factors = np.where(is_clipped, 0.0, ratio * advantages) + kl_weight
    return -_mean_score(factors, theta, theta_k, features, actions, mask)


CLIPS = (0.2, 0.1, 0.3, 0.15, 0.25, 0.05, 0.4, 0.5)


@mistake(GRADIENT, ESTIMATING, fit=fits.among(_gradient_clipped, CLIPS))
def ppo_gradient_clipped(right: Right, *arguments: Any, clip: float = 0.2) -> Array:
    """You clip the ratio, which is PPO-clip: the lecture's PPO has a KL penalty in its place."""
    return _gradient_clipped(clip, *arguments)


def _gradient_clipped_without_penalty(clip: float, *arguments: Any) -> Array:
    return _gradient_clipped(clip, *arguments[:-1], 0.0)


@mistake(GRADIENT, ESTIMATING, fit=fits.among(_gradient_clipped_without_penalty, CLIPS))
def ppo_gradient_clipped_without_penalty(right: Right, *arguments: Any, clip: float = 0.2) -> Array:
    """This is PPO-clip: the lecture's PPO does not clip, and adds the penalty λ ln 1/π_θ."""
    return _gradient_clipped_without_penalty(clip, *arguments)


def _entropy_slope(theta: Array, features: Array, mask: Array) -> Array:
    log_q = action_log_probabilities(theta, features)
    q = np.exp(log_q)
    factors = -q * (log_q - np.sum(q * log_q, axis=-1, keepdims=True))
    slopes = np.einsum("mha,mhad->mhd", factors, features)
    return np.einsum("mh,mhd->d", mask.astype(float), slopes) / len(mask)


def _gradient_clipped_with_entropy(bonus: float, *arguments: Any) -> Array:
    slope = _entropy_slope(arguments[0], arguments[2], arguments[5])
    return _gradient_clipped_without_penalty(0.2, *arguments) - bonus * slope


@mistake(GRADIENT, PPO, fit=fits.linear(_gradient_clipped_with_entropy, 0.0, 1.0, above=1e-6))
def ppo_gradient_clipped_with_an_entropy_bonus(right: Right, *arguments: Any, bonus: float = 0.01) -> Array:
    """This is PPO-clip with an entropy bonus: the lecture's PPO has neither, but the penalty λ ln 1/π_θ."""
    return _gradient_clipped_with_entropy(bonus, *arguments)


@mistake(GRADIENT, PPO)
def ppo_gradient_clipped_of_standardised_advantages(
    right: Right, theta: Array, theta_k: Array, *data: Any
) -> Array:
    """This is PPO-clip with standardised advantages: the lecture's PPO does neither, but has a penalty."""
    features, actions, advantages, mask, _kl_weight = data
    standardised = _standardised(advantages, mask)
    return _gradient_clipped(0.2, theta, theta_k, features, actions, standardised, mask, 0.0)


def _gradient_clipped_and_standardised_with_entropy(bonus: float, *arguments: Any) -> Array:
    *others, advantages, mask, kl_weight = arguments
    return _gradient_clipped_with_entropy(bonus, *others, _standardised(advantages, mask), mask, kl_weight)


@mistake(
    GRADIENT, PPO, fit=fits.linear(_gradient_clipped_and_standardised_with_entropy, 0.0, 1.0, above=1e-6)
)
def ppo_gradient_clipped_and_standardised_with_entropy(
    right: Right, *arguments: Any, bonus: float = 0.01
) -> Array:
    """This is PPO-clip with an entropy bonus and standardised advantages, none of which the lecture's has."""
    return _gradient_clipped_and_standardised_with_entropy(bonus, *arguments)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_with_the_ratio_outside_log_space(
    right: Right, theta: Array, theta_k: Array, *data: Any
) -> Array:
    """Your ratio divides two probabilities, and both may be 0 in floating point: subtract their logs."""
    features, actions, advantages, mask, kl_weight = data
    with np.errstate(all="ignore"):
        ratio = np.exp(_taken(theta, features, actions)) / np.exp(_taken(theta_k, features, actions))
    return -_mean_score(ratio * advantages + kl_weight, theta, theta_k, features, actions, mask)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_of_a_softmax_that_overflows(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """Your softmax overflows at large logits: use action_log_probabilities and score, which are stable."""
    features, actions, advantages, mask, kl_weight = data
    with np.errstate(all="ignore"):
        ratio = _naive_taken(theta, features, actions) / _naive_taken(theta_k, features, actions)
        is_taken = np.arange(features.shape[-2]) == actions[..., np.newaxis]
        scores = np.einsum("mha,mhad->mhd", is_taken - _naive_probabilities(theta, features), features)
    factors = np.where(mask, ratio * advantages + kl_weight, 0.0)
    return -np.einsum("mh,mhd->d", factors, scores) / len(mask)


def _gradient_with_the_log_ratio_clipped(bound: float, theta: Array, theta_k: Array, *data: Any) -> Array:
    features, actions, advantages, mask, kl_weight = data
    target, proposal = _taken(theta, features, actions), _taken(theta_k, features, actions)
    factors = np.exp(np.clip(target - proposal, -bound, bound)) * advantages + kl_weight
    return -_mean_score(factors, theta, theta_k, features, actions, mask)


@mistake(GRADIENT, ESTIMATING, fit=fits.among(_gradient_with_the_log_ratio_clipped, BOUNDS))
def ppo_gradient_with_the_log_ratio_clipped(right: Right, *arguments: Any, bound: float = 20) -> Array:
    """You clip ln π_θ − ln π_θk: the ratio may be that large, and exp holds it."""
    return _gradient_with_the_log_ratio_clipped(bound, *arguments)


def _gradient_with_the_ratio_bounded(most: float, theta: Array, theta_k: Array, *data: Any) -> Array:
    features, actions, advantages, mask, kl_weight = data
    factors = np.minimum(_ratio(theta, theta_k, features, actions), most) * advantages + kl_weight
    return -_mean_score(factors, theta, theta_k, features, actions, mask)


@mistake(GRADIENT, ESTIMATING, fit=fits.linear(_gradient_with_the_ratio_bounded, 90.0, 100.0))
def ppo_gradient_with_the_ratio_bounded(right: Right, *arguments: Any, most: float = 10.0) -> Array:
    """You cut large ratios off: that makes ∇ℓ̂^k biased, and the lecture bounds the KL instead."""
    return _gradient_with_the_ratio_bounded(most, *arguments)


@mistake(GRADIENT, ESTIMATING, fit=fits.longest)
def ppo_gradient_shortened(right: Right, *arguments: Any, most: float = 10.0) -> Array:
    """You shorten a long gradient: its length carries information, so leave it as it is."""
    gradient = right(*arguments)
    return gradient * np.minimum(1.0, most / np.maximum(np.linalg.norm(gradient), 1e-300))


@mistake(
    GRADIENT,
    ESTIMATING,
    fit=fits.linear(functools.partial(_with_clipped_advantages, ppo_gradient), 20.0, 30.0, above=1e-6),
)
def ppo_gradient_with_clipped_advantages(right: Right, *arguments: Any, bound: float = 10.0) -> Array:
    """You clip the advantages: they may be as large as the rewards are, and λ is on their own scale."""
    return _with_clipped_advantages(right, bound, *arguments)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_in_float32(right: Right, *arguments: Any) -> Array:
    """You compute in float32: keep float64, which has nine digits more."""
    return np.asarray(right(*_single(arguments)), dtype=np.float64)


@mistake(
    GRADIENT, PENALTY, fit=fits.linear(functools.partial(_with_a_default_penalty, ppo_gradient), 0.5, 1.0)
)
def ppo_gradient_with_a_default_penalty(right: Right, *arguments: Any, default: float = 1.0) -> Array:
    """You take λ = 0 for one that was not given, and put a number in its place: 0 is a value."""
    return _with_a_default_penalty(right, default, *arguments)


@mistake(GRADIENT, ESTIMATING, fit=fits.among(functools.partial(_in_whole_groups, ppo_gradient), CHUNKS))
def ppo_gradient_without_the_last_chunk(right: Right, *arguments: Any, size: float = 64) -> Array:
    """You work in chunks, and drop the last, which is not full: every trajectory counts."""
    return _in_whole_groups(right, size, *arguments)


@mistake(GRADIENT, ESTIMATING, "4.4.5")
def ppo_gradient_clears_the_padding(right: Right, *arguments: Any) -> Array:
    """You change the caller's `advantages` in place: work on a copy."""
    *_, advantages, mask, _ = arguments
    advantages[~mask] = 0.0
    return right(*arguments)


@mistake(GRADIENT, ESTIMATING, "4.4.5")
def ppo_gradient_clears_the_padding_of_the_features(right: Right, *arguments: Any) -> Array:
    """You change the caller's `features` in place: work on a copy."""
    _, _, features, _, _, mask, _ = arguments
    features[~mask] = 0.0
    return right(*arguments)


@mistake(GRADIENT, PENALTY)
def ppo_gradient_of_the_whole_kl(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """Your penalty is KL(π_θk | π_θ) over all actions: the lecture's has the action taken, ln 1/π_θ."""
    features, actions, advantages, mask, kl_weight = data
    plain = right(theta, theta_k, features, actions, advantages, mask, 0.0)
    p, q = (np.exp(action_log_probabilities(parameters, features)) for parameters in (theta_k, theta))
    slopes = np.einsum("mha,mhad->mhd", q - p, features)
    return plain + kl_weight * np.einsum("mh,mhd->d", mask.astype(float), slopes) / len(mask)


@mistake(GRADIENT, PENALTY)
def ppo_gradient_with_an_entropy_bonus(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """You reward entropy, as other PPOs do: the lecture's penalty is λ ln 1/π_θ of the action taken."""
    features, actions, advantages, mask, kl_weight = data
    plain = right(theta, theta_k, features, actions, advantages, mask, 0.0)
    log_q = action_log_probabilities(theta, features)
    q = np.exp(log_q)
    factors = q * (log_q - np.sum(q * log_q, axis=-1, keepdims=True))
    slopes = np.einsum("mha,mhad->mhd", factors, features)
    return plain + kl_weight * np.einsum("mh,mhd->d", mask.astype(float), slopes) / len(mask)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_averaged_over_the_horizon(right: Right, *arguments: Any) -> Array:
    """Your gradient is the lecture's divided by the horizon H: sum over the steps, average over M."""
    return right(*arguments) / arguments[5].shape[1]


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_averaged_over_all_steps(right: Right, *arguments: Any) -> Array:
    """Your gradient is a mean over the steps: divide by the number of trajectories, M."""
    mask = arguments[5]
    return right(*arguments) * len(mask) / np.sum(mask)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_averaged_in_trajectories(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """You average over the steps of each trajectory: sum them, and average over the trajectories."""
    features, actions, advantages, mask, kl_weight = data
    factors = _ratio(theta, theta_k, features, actions) * advantages + kl_weight
    lengths = np.sum(mask, axis=1, keepdims=True)
    return -_mean_score(factors / lengths, theta, theta_k, features, actions, mask)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_not_averaged(right: Right, *arguments: Any) -> Array:
    """Your gradient is M times the lecture's: the factor 1/M is missing."""
    return right(*arguments) * len(arguments[5])


@mistake(GRADIENT, ESTIMATING, "4.4.3")
def ppo_gradient_counts_padding(right: Right, *arguments: Any) -> Array:
    """You count steps that never happened: leave out those where `mask` is False."""
    *data, mask, kl_weight = arguments
    return right(*data, np.ones_like(mask), kl_weight)


@mistake(GRADIENT, ESTIMATING, "4.4.3")
def ppo_gradient_counts_penalty_on_padding(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """Your penalty counts steps that never happened: `mask` belongs to both terms."""
    features, actions, advantages, mask, kl_weight = data
    real = np.where(mask, advantages, 0.0)
    return right(theta, theta_k, features, actions, real, np.ones_like(mask), kl_weight)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_of_standardised_advantages(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """You standardise the advantages: that is a trick from elsewhere, and λ is on their own scale."""
    features, actions, advantages, mask, kl_weight = data
    real = advantages[mask]
    standardised = (advantages - np.mean(real)) / (np.std(real) + 1e-8)
    return right(theta, theta_k, features, actions, standardised, mask, kl_weight)


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_overwrites_the_advantages(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """You change the caller's `advantages` in place: work on a copy."""
    features, actions, advantages, mask, kl_weight = data
    result = right(theta, theta_k, features, actions, advantages, mask, kl_weight)
    advantages *= 2.0 * _ratio(theta, theta_k, features, actions)
    return result


# SGD on it: theta_k, (features, actions, advantages, mask), kl_weight, learning_rate, minibatches


def _slope(theta: Array, theta_k: Array, data: Sequence[Array], chosen: Array, kl_weight: float) -> Array:
    """The loss's gradient on one minibatch."""
    features, actions, advantages, mask = (array[chosen] for array in data)
    return ppo_gradient(theta, theta_k, features, actions, advantages, mask, kl_weight)


def _descend(
    theta_k: Array,
    data: Sequence[Array],
    kl_weight: float,
    learning_rate: float,
    minibatches: Iterable[Array],
) -> list[Array]:
    """Every θ on the way, θ^k first."""
    way = [theta_k]
    for chosen in minibatches:
        gradient = _slope(way[-1], theta_k, data, chosen, kl_weight)
        way.append(way[-1] - learning_rate * gradient)
    return way


@mistake(UPDATE, PPO)
def update_uphill(right: Right, *arguments: Any) -> Array:
    """You climb the loss: SGD subtracts learning_rate times its gradient."""
    *data, learning_rate, minibatches = arguments
    return right(*data, -learning_rate, minibatches)


@mistake(UPDATE, PPO)
def update_averaged_over_all_trajectories(right: Right, *arguments: Any) -> Array:
    """Your average is over all M trajectories: a step's is over the B of its minibatch alone."""
    *data, learning_rate, minibatches = arguments
    return right(*data, learning_rate * minibatches.shape[1] / len(data[4]), minibatches)


@mistake(UPDATE, PPO)
def update_summed_over_the_minibatch(right: Right, *arguments: Any) -> Array:
    """You sum over the minibatch: average over its B trajectories."""
    *data, learning_rate, minibatches = arguments
    return right(*data, learning_rate * minibatches.shape[1], minibatches)


@mistake(UPDATE, ESTIMATING)
def update_with_a_moving_proposal(right: Right, *arguments: Any) -> Array:
    """You move θ^k along with θ: the trajectories were sampled under θ^k, which stays the proposal."""
    theta, *data, kl_weight, learning_rate, minibatches = arguments
    for chosen in minibatches:
        gradient = _slope(theta, theta, data, chosen, kl_weight)
        theta = theta - learning_rate * gradient
    return theta


@mistake(UPDATE, PPO, "4.5.2")
def update_overwrites_theta_k(right: Right, *arguments: Any) -> Array:
    """θ -= … changes the caller's θ^k, and with it the proposal: write θ = θ − …, a new array."""
    theta, *data, kl_weight, learning_rate, minibatches = arguments
    for chosen in minibatches:
        theta -= learning_rate * _slope(theta, theta, data, chosen, kl_weight)
    return theta


@mistake(UPDATE, PPO)
def update_with_the_first_minibatch_alone(right: Right, *arguments: Any) -> Array:
    """You take one step, on the first minibatch: `minibatches` has a row for each of the S steps."""
    *data, minibatches = arguments
    return right(*data, minibatches[:1])


@mistake(UPDATE, PPO)
def update_with_the_last_minibatch_alone(right: Right, *arguments: Any) -> Array:
    """Only the last minibatch counts: every step goes on from the θ of the one before."""
    *data, minibatches = arguments
    return right(*data, minibatches[-1:])


@mistake(UPDATE, PPO)
def update_without_the_last_step(right: Right, *arguments: Any) -> Array:
    """You leave out the last step, or return the θ before it: there are S of them."""
    *data, minibatches = arguments
    return right(*data, minibatches[:-1])


@mistake(UPDATE, PPO)
def update_with_gradients_at_theta_k(right: Right, *arguments: Any) -> Array:
    """You take every gradient at θ^k: a step's is taken at the θ of the step before."""
    theta_k, *data, kl_weight, learning_rate, minibatches = arguments
    theta = theta_k
    for chosen in minibatches:
        gradient = _slope(theta_k, theta_k, data, chosen, kl_weight)
        theta = theta - learning_rate * gradient
    return theta


@mistake(UPDATE, PPO)
def update_with_all_trajectories(right: Right, *arguments: Any) -> Array:
    """You use all trajectories in every step: step t has those of minibatches[t] alone."""
    *data, minibatches = arguments
    return right(*data, np.tile(np.arange(len(data[1])), (len(minibatches), 1)))


@mistake(UPDATE, PPO)
def update_with_the_minibatches_transposed(right: Right, *arguments: Any) -> Array:
    """You read the minibatches column by column: each row of `minibatches` is a step."""
    *data, minibatches = arguments
    return right(*data, minibatches.T)


@mistake(UPDATE, PPO)
def update_in_reverse_order(right: Right, *arguments: Any) -> Array:
    """You go through the minibatches from the last to the first: step t uses row t."""
    *data, minibatches = arguments
    return right(*data, minibatches[::-1])


@mistake(UPDATE, PPO)
def update_with_single_trajectories(right: Right, *arguments: Any) -> Array:
    """You take a step for every trajectory of a minibatch: it is one step, along their average gradient."""
    *data, minibatches = arguments
    return right(*data, minibatches.reshape(-1, 1))


@mistake(UPDATE, PPO)
def update_with_a_falling_learning_rate(right: Right, *arguments: Any) -> Array:
    """You divide the learning rate by the step's number: it stays the same."""
    theta, *data, kl_weight, learning_rate, minibatches = arguments
    theta_k = theta
    for number, chosen in enumerate(minibatches, start=1):
        gradient = _slope(theta, theta_k, data, chosen, kl_weight)
        theta = theta - learning_rate / number * gradient
    return theta


@mistake(UPDATE, PPO)
def update_with_the_learning_rate_divided(right: Right, *arguments: Any) -> Array:
    """You divide the learning rate by the number of steps S: each step has the whole of it."""
    *data, learning_rate, minibatches = arguments
    return right(*data, learning_rate / max(len(minibatches), 1), minibatches)


@mistake(UPDATE, PPO)
def update_averaged_over_the_way(right: Right, *arguments: Any) -> Array:
    """You average θ over the steps: the θ after the last step was asked for."""
    theta_k, *data, kl_weight, learning_rate, minibatches = arguments
    way = _descend(theta_k, data, kl_weight, learning_rate, minibatches)
    return np.mean(way[1:] or way, axis=0)


@mistake(UPDATE, PENALTY)
def update_without_the_penalty(right: Right, *arguments: Any) -> Array:
    """You do not hand `kl_weight` on to ppo_gradient: the penalty is missing."""
    *data, _, learning_rate, minibatches = arguments
    return right(*data, 0.0, learning_rate, minibatches)


@mistake(UPDATE, PPO)
def update_without_theta_k(right: Right, *arguments: Any) -> Array:
    """You return the change alone: SGD starts at θ^k and returns where it ends."""
    return right(*arguments) - arguments[0]


@mistake(UPDATE, PPO)
def update_from_zero(right: Right, *arguments: Any) -> Array:
    """SGD starts at 0 here: it starts at θ^k."""
    theta_k, *data, kl_weight, learning_rate, minibatches = arguments
    theta = np.zeros_like(theta_k)
    for chosen in minibatches:
        gradient = _slope(theta, theta_k, data, chosen, kl_weight)
        theta = theta - learning_rate * gradient
    return theta


@mistake(UPDATE, PPO)
def update_that_standardises_each_minibatch(right: Right, *arguments: Any) -> Array:
    """You standardise the advantages: that is a trick from elsewhere, and λ is on their own scale."""
    theta_k, features, actions, advantages, mask, *rest = arguments
    real = advantages[mask]
    standardised = (advantages - np.mean(real)) / (np.std(real) + 1e-8)
    return right(theta_k, features, actions, standardised, mask, *rest)


@mistake(UPDATE, PPO, raises=(IndexError,))
def update_that_needs_a_minibatch(right: Right, *arguments: Any) -> Array:
    """You fail where there are no minibatches: S may be 0, and then θ^k is returned."""
    *data, minibatches = arguments
    minibatches[0]
    return right(*data, minibatches)


@mistake(UPDATE, PPO)
def update_of_one_step_at_least(right: Right, *arguments: Any) -> Array:
    """You take a step where there are no minibatches: S may be 0, and then θ^k is returned."""
    *data, minibatches = arguments
    every = np.arange(len(data[1]))[np.newaxis]
    return right(*data, minibatches if len(minibatches) else every)


@mistake(UPDATE, PPO)
def update_without_repeated_trajectories(right: Right, *arguments: Any) -> Array:
    """You drop an index that stands twice in a minibatch: it counts twice, and B stays the same."""
    theta_k, *data, kl_weight, learning_rate, minibatches = arguments
    distinct = [np.unique(chosen) for chosen in minibatches]
    return _descend(theta_k, data, kl_weight, learning_rate, distinct)[-1]


def _update_with_a_default_penalty(of: Right, default: float, *arguments: Any) -> Array:
    *data, kl_weight, learning_rate, minibatches = arguments
    return np.asarray(of(*data, kl_weight or default, learning_rate, minibatches))


@mistake(
    UPDATE, PENALTY, fit=fits.linear(functools.partial(_update_with_a_default_penalty, ppo_update), 0.5, 1.0)
)
def update_with_a_default_penalty(right: Right, *arguments: Any, default: float = 1.0) -> Array:
    """You take λ = 0 for one that was not given, and put a number in its place: 0 is a value."""
    return _update_with_a_default_penalty(right, default, *arguments)


def _update_with_short_gradients(most: float, *arguments: Any) -> Array:
    theta, *data, kl_weight, learning_rate, minibatches = arguments
    theta_k = theta
    for chosen in minibatches:
        gradient = _slope(theta, theta_k, data, chosen, kl_weight)
        length = np.maximum(np.linalg.norm(gradient), 1e-300)
        theta = theta - learning_rate * gradient * np.minimum(1.0, most / length)
    return theta


@mistake(UPDATE, PPO, fit=fits.shortened_gradient)
def update_with_short_gradients(right: Right, *arguments: Any, most: float = 10.0) -> Array:
    """You shorten long gradients: SGD takes them as they are."""
    return _update_with_short_gradients(most, *arguments)


def _update_that_stops_early(least: float, *arguments: Any) -> Array:
    theta, *data, kl_weight, learning_rate, minibatches = arguments
    theta_k = theta
    for chosen in minibatches:
        gradient = _slope(theta, theta_k, data, chosen, kl_weight)
        if np.linalg.norm(gradient) < least:
            break
        theta = theta - learning_rate * gradient
    return theta


@mistake(UPDATE, PPO, fit=fits.among(_update_that_stops_early, (1e-3, 1e-2, 1e-4, 1e-5, 1e-6)))
def update_that_stops_early(right: Right, *arguments: Any, least: float = 1e-3) -> Array:
    """You stop where the gradient is small: there are S steps, however small they are."""
    return _update_that_stops_early(least, *arguments)


def _update_within_a_kl(most: float, *arguments: Any) -> Array:
    theta, *data, kl_weight, learning_rate, minibatches = arguments
    theta_k, (features, _, _, mask) = theta, data
    for chosen in minibatches:
        log_p, log_q = (action_log_probabilities(parameters, features) for parameters in (theta_k, theta))
        if np.mean(np.sum(np.exp(log_p) * (log_p - log_q), axis=-1)[mask]) > most:
            break
        theta = theta - learning_rate * _slope(theta, theta_k, data, chosen, kl_weight)
    return theta


@mistake(UPDATE, PPO, fit=fits.among(_update_within_a_kl, (0.015, 0.01, 0.02, 0.05, 0.03, 0.1)))
def update_within_a_kl(right: Right, *arguments: Any, most: float = 0.015) -> Array:
    """You stop where the KL is large: there are S steps, and the penalty alone keeps θ near θ^k."""
    return _update_within_a_kl(most, *arguments)


def _update_with_momentum(momentum: float, *arguments: Any) -> Array:
    theta, *data, kl_weight, learning_rate, minibatches = arguments
    theta_k, velocity = theta, np.zeros_like(theta)
    for chosen in minibatches:
        velocity = momentum * velocity + _slope(theta, theta_k, data, chosen, kl_weight)
        theta = theta - learning_rate * velocity
    return theta


@mistake(UPDATE, PPO, fit=fits.among(_update_with_momentum, (0.9, 0.99, 0.5, 0.95, 0.8)))
def update_with_momentum(right: Right, *arguments: Any, momentum: float = 0.9) -> Array:
    """You keep a momentum: each step follows its own minibatch's gradient alone."""
    return _update_with_momentum(momentum, *arguments)


@mistake(UPDATE, PPO)
def update_by_adam(right: Right, *arguments: Any) -> Array:
    """You use Adam: a step of plain SGD is the learning rate times the gradient."""
    theta, *data, kl_weight, learning_rate, minibatches = arguments
    theta_k, first, second = theta, np.zeros_like(theta), np.zeros_like(theta)
    for number, chosen in enumerate(minibatches, start=1):
        gradient = _slope(theta, theta_k, data, chosen, kl_weight)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        scale = np.sqrt(second / (1.0 - 0.999**number)) + 1e-8
        theta = theta - learning_rate * first / (1.0 - 0.9**number) / scale
    return theta


@mistake(UPDATE, PPO, "4.5.2")
def update_clears_the_padding(right: Right, *arguments: Any) -> Array:
    """You change the caller's `advantages` in place: work on a copy."""
    _, _, _, advantages, mask, *_ = arguments
    advantages[~mask] = 0.0
    return right(*arguments)


@mistake(UPDATE, PPO, "4.5.2")
def update_clears_the_padding_of_the_features(right: Right, *arguments: Any) -> Array:
    """You change the caller's `features` in place: work on a copy."""
    _, features, _, _, mask, *_ = arguments
    features[~mask] = 0.0
    return right(*arguments)


# The iteration


def _advantages(
    baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, ridge: float
) -> tuple[Array, Array]:
    """Rewards to go and fitted baseline of the update batch."""
    old, new = baseline_batch, update_batch
    weights = fit_baseline(old.baseline_features, rewards_to_go(old.rewards, old.mask), old.mask, ridge)
    return rewards_to_go(new.rewards, new.mask), predict_baseline(weights, new.baseline_features)


def _finish(theta_k: Array, batch: TrajectoryBatch, advantages: Array, settings: list[Any]) -> Array:
    return ppo_update(theta_k, batch.features, batch.actions, advantages, batch.mask, *settings)


@mistake(ITERATION, PENALTY)
def ppo_iteration_without_the_penalty(right: Right, *arguments: Any) -> Array:
    """You do not hand `kl_weight` on: the penalty is missing."""
    *data, _, learning_rate, minibatches, ridge = arguments
    return right(*data, 0.0, learning_rate, minibatches, ridge)


@mistake(ITERATION, PPO)
def ppo_iteration_with_weight_and_rate_swapped(right: Right, *arguments: Any) -> Array:
    """You exchange `kl_weight` and `learning_rate` on the way to ppo_update."""
    *data, kl_weight, learning_rate, minibatches, ridge = arguments
    return right(*data, learning_rate, kl_weight, minibatches, ridge)


@mistake(ITERATION, PPO)
def ppo_iteration_with_one_step(right: Right, *arguments: Any) -> Array:
    """You take one SGD step: `minibatches` has a row for each of the S steps."""
    *data, minibatches, ridge = arguments
    return right(*data, minibatches[:1], ridge)


@mistake(ITERATION, PPO)
def ppo_iteration_with_all_trajectories(right: Right, *arguments: Any) -> Array:
    """You use all trajectories in every step: step t has those of minibatches[t] alone."""
    *data, minibatches, ridge = arguments
    every = np.tile(np.arange(len(data[2])), (len(minibatches), 1))
    return right(*data, every, ridge)


@mistake(ITERATION, PPO)
def ppo_iteration_uphill(right: Right, *arguments: Any) -> Array:
    """You climb the loss: SGD subtracts learning_rate times its gradient."""
    *data, learning_rate, minibatches, ridge = arguments
    return right(*data, -learning_rate, minibatches, ridge)


@mistake(ITERATION, PPO, "4.6.3")
def ppo_iteration_overwrites_theta_k(right: Right, *arguments: Any) -> Array:
    """You write into the caller's θ^k: return a new array."""
    theta_k = arguments[0]
    theta_k += right(*arguments) - theta_k
    return theta_k


@mistake(ITERATION, PPO, raises=(IndexError,))
def ppo_iteration_that_needs_a_minibatch(right: Right, *arguments: Any) -> Array:
    """You fail where there are no minibatches: S may be 0, and then θ^k is returned."""
    arguments[5][0]
    return right(*arguments)


def _iteration_with_a_default_penalty(of: Right, default: float, *arguments: Any) -> Array:
    *data, kl_weight, learning_rate, minibatches, ridge = arguments
    return np.asarray(of(*data, kl_weight or default, learning_rate, minibatches, ridge))


@mistake(
    ITERATION,
    PENALTY,
    fit=fits.linear(functools.partial(_iteration_with_a_default_penalty, ppo_iteration), 0.5, 1.0),
)
def ppo_iteration_with_a_default_penalty(right: Right, *arguments: Any, default: float = 1.0) -> Array:
    """You take λ = 0 for one that was not given, and put a number in its place: 0 is a value."""
    return _iteration_with_a_default_penalty(right, default, *arguments)


def _iteration_with_a_default_ridge(of: Right, default: float, *arguments: Any) -> Array:
    *data, ridge = arguments
    return np.asarray(of(*data, ridge or default))


DEFAULTS = (1e-3, 1e-2, 0.1, 1.0, 1e-4, 1e-5, 1e-6)


@mistake(
    ITERATION,
    BASELINE,
    fit=fits.among(functools.partial(_iteration_with_a_default_ridge, ppo_iteration), DEFAULTS),
)
def ppo_iteration_with_a_default_ridge(right: Right, *arguments: Any, default: float = 0.1) -> Array:
    """You take ridge = 0 for one that was not given, and put a number in its place: 0 is a value."""
    return _iteration_with_a_default_ridge(right, default, *arguments)


@mistake(ITERATION, PPO)
def ppo_iteration_without_repeated_trajectories(right: Right, *arguments: Any) -> Array:
    """You drop an index that stands twice in a minibatch: it counts twice, and B stays the same."""
    theta_k, old, new, kl_weight, learning_rate, minibatches, ridge = arguments
    returns, baseline = _advantages(old, new, ridge)
    data = (new.features, new.actions, returns - baseline, new.mask)
    distinct = [np.unique(chosen) for chosen in minibatches]
    return _descend(theta_k, data, kl_weight, learning_rate, distinct)[-1]


@mistake(ITERATION, ESTIMATING)
def ppo_iteration_with_clipped_advantages(right: Right, theta_k: Array, *data: Any) -> Array:
    """You clip the advantages: a return may be as large as it likes, and so may R_h − b̃."""
    old, new, *settings, ridge = data
    returns, baseline = _advantages(old, new, ridge)
    return _finish(theta_k, new, np.clip(returns - baseline, -10.0, 10.0), settings)


# The clip as a penalty


def _beyond(weights: Array, advantages: Array, clip: float) -> Array:
    """Where PPO-clip's clip is active."""
    return np.where(advantages > 0, weights > 1 + clip, (advantages < 0) & (weights < 1 - clip))


@mistake(CLIP, ESTIMATING)
def clip_weights_of_the_wrong_sign(right: Right, *arguments: Any) -> Array:
    """Your λ has the wrong sign: w·Â + λ has to be 0 where the clip is active."""
    return -right(*arguments)


@mistake(CLIP, ESTIMATING)
def clip_weights_on_both_sides(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You clip every weight outside [1 − ε, 1 + ε]: the sign of the advantage says which side counts."""
    weights = importance_weights(target_log_probs, proposal_log_probs)
    return np.where(np.abs(weights - 1) > clip, -weights * advantages, 0.0)


@mistake(CLIP, ESTIMATING)
def clip_weights_on_the_other_side(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You clip on the wrong side: for Â > 0 the clip is active above 1 + ε, for Â < 0 below 1 − ε."""
    weights = importance_weights(target_log_probs, proposal_log_probs)
    return np.where(_beyond(weights, -advantages, clip), -weights * advantages, 0.0)


@mistake(CLIP, ESTIMATING)
def clip_weights_above_alone(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You clip above 1 + ε alone: where Â < 0, the clip is active below 1 − ε."""
    return np.where(advantages > 0, right(target_log_probs, proposal_log_probs, advantages, clip), 0.0)


@mistake(CLIP, ESTIMATING)
def clip_weights_whatever_the_sign(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You ask for w > 1 + ε whatever the advantage: where Â < 0, the clip is active below 1 − ε."""
    weights = importance_weights(target_log_probs, proposal_log_probs)
    return np.where(weights > 1 + clip, -weights * advantages, 0.0)


@mistake(CLIP, ESTIMATING)
def clip_weights_without_the_ratio(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You return −Â where the clip is active: the advantage counts w times there, so λ = −w·Â."""
    weights = importance_weights(target_log_probs, proposal_log_probs)
    return np.where(_beyond(weights, advantages, clip), -advantages, 0.0)


@mistake(CLIP, ESTIMATING)
def clip_weights_of_the_clipped_ratio(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You multiply by the clipped ratio: λ has to cancel w·Â, with w itself."""
    weights = importance_weights(target_log_probs, proposal_log_probs)
    clipped = np.clip(weights, 1 - clip, 1 + clip)
    return np.where(_beyond(weights, advantages, clip), -clipped * advantages, 0.0)


@mistake(CLIP, ESTIMATING)
def clip_weights_as_what_is_left(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You return w·Â + λ, the factor of the score that is left: λ alone was asked for."""
    weights = importance_weights(target_log_probs, proposal_log_probs)
    return np.where(_beyond(weights, advantages, clip), 0.0, weights * advantages)


@mistake(CLIP, ESTIMATING)
def clip_weights_everywhere(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You return −w·Â everywhere: where the clip is not active, λ is 0."""
    return -importance_weights(target_log_probs, proposal_log_probs) * advantages


@mistake(CLIP, ESTIMATING)
def clip_weights_where_it_is_not_active(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You have the two cases the wrong way round: −w·Â belongs where the clip is active, 0 elsewhere."""
    weights = importance_weights(target_log_probs, proposal_log_probs)
    return np.where(_beyond(weights, advantages, clip), 0.0, -weights * advantages)


@mistake(CLIP, ESTIMATING)
def clip_weights_of_the_inverted_ratio(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """Your ratio is upside down: w = π_θ/π_θk, the target above and the proposal below."""
    return right(proposal_log_probs, target_log_probs, advantages, clip)


@mistake(CLIP, ESTIMATING)
def clip_weights_of_the_log_ratio(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You compare ln w with ±ε: the clip is active where w itself leaves [1 − ε, 1 + ε]."""
    log_ratio = target_log_probs - proposal_log_probs
    return np.where(_beyond(log_ratio + 1, advantages, clip), -np.exp(log_ratio) * advantages, 0.0)


@mistake(CLIP, ESTIMATING)
def clip_weights_below_the_inverse(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """Your lower end is 1/(1 + ε): PPO-clip's is 1 − ε."""
    weights = importance_weights(target_log_probs, proposal_log_probs)
    is_active = np.where(advantages > 0, weights > 1 + clip, (advantages < 0) & (weights < 1 / (1 + clip)))
    return np.where(is_active, -weights * advantages, 0.0)


@mistake(CLIP, ESTIMATING)
def clip_weights_with_a_fixed_clip(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """Your ε is 0.2 whatever was asked for: use `clip`."""
    return right(target_log_probs, proposal_log_probs, advantages, 0.2)


@mistake(CLIP, ESTIMATING, "4.7.4")
def clip_weights_outside_log_space(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You take exp of each before dividing, and both may be 0 in floating point: subtract the logs first."""
    weights = np.exp(target_log_probs) / np.exp(proposal_log_probs)
    return np.where(_beyond(weights, advantages, clip), -weights * advantages, 0.0)


@mistake(CLIP, ESTIMATING, "4.7.3")
def clip_weights_overwrite_the_advantages(
    right: Right, target_log_probs: Array, proposal_log_probs: Array, advantages: Array, clip: float
) -> Array:
    """You change the caller's `advantages` in place: work on a copy."""
    result = right(target_log_probs, proposal_log_probs, advantages, clip)
    advantages *= importance_weights(target_log_probs, proposal_log_probs)
    return result
