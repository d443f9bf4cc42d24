"""Mistakes with PPO's loss, its gradient, the SGD on it and the iteration around that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.misconceptions.mistake import Array, Right, mistake
from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.importance_sampling import importance_weights
from hw4.policy import action_log_probabilities, score
from hw4.ppo import ppo_gradient, ppo_update
from hw4.trajectories import TrajectoryBatch

LOSS = "ppo.ppo_loss"
GRADIENT = "ppo.ppo_gradient"
UPDATE = "ppo.ppo_update"
ITERATION = "ppo.ppo_iteration"
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


@mistake(LOSS, ESTIMATING)
def loss_clipped(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """You clip the ratio, which is PPO-clip: the lecture's PPO has a KL penalty in its place."""
    features, actions, advantages, mask, kl_weight = data
    ratio = _ratio(theta, theta_k, features, actions)
    gains = np.minimum(ratio * advantages, np.clip(ratio, 0.8, 1.2) * advantages)
    return -_mean(gains + kl_weight * _taken(theta, features, actions), mask)


@mistake(LOSS, ESTIMATING)
def loss_clipped_without_penalty(right: Right, theta: Array, theta_k: Array, *data: Any) -> float:
    """This is PPO-clip: the lecture's PPO does not clip, and adds the penalty λ ln 1/π_θ."""
    features, actions, advantages, mask, _kl_weight = data
    ratio = _ratio(theta, theta_k, features, actions)
    return -_mean(np.minimum(ratio * advantages, np.clip(ratio, 0.8, 1.2) * advantages), mask)


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
    """You multiply the advantages in place: they belong to the caller, so work on a copy."""
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


@mistake(GRADIENT, ESTIMATING)
def ppo_gradient_clipped(right: Right, theta: Array, theta_k: Array, *data: Any) -> Array:
    """You clip the ratio, which is PPO-clip: the lecture's PPO has a KL penalty in its place."""
    features, actions, advantages, mask, kl_weight = data
    ratio = _ratio(theta, theta_k, features, actions)
    is_clipped = np.where(advantages > 0, ratio > 1.2, ratio < 0.8)
    factors = np.where(is_clipped, 0.0, ratio * advantages) + kl_weight
    return -_mean_score(factors, theta, theta_k, features, actions, mask)


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
    """You multiply the advantages in place: they belong to the caller, so work on a copy."""
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
    theta_k: Array, data: Sequence[Array], kl_weight: float, learning_rate: float, minibatches: Array
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


@mistake(ITERATION, ESTIMATING)
def ppo_iteration_with_the_baseline_of_the_update_batch(
    right: Right, theta_k: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: Any
) -> Array:
    """You fit the baseline on the new trajectories, on the returns it is subtracted from: that is biased.

    Fit it on `baseline_batch`.
    """
    return right(theta_k, update_batch, update_batch, *rest)


@mistake(ITERATION, ESTIMATING)
def ppo_iteration_with_the_batches_swapped(
    right: Right, theta_k: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: Any
) -> Array:
    """You fit the baseline on the new trajectories and run SGD on the others: exchange the two batches."""
    return right(theta_k, update_batch, baseline_batch, *rest)


@mistake(ITERATION, ESTIMATING)
def ppo_iteration_on_the_baseline_batch_alone(
    right: Right, theta_k: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: Any
) -> Array:
    """You run SGD on the trajectories the baseline was fitted on: ℓ̂^k is made of M new ones."""
    return right(theta_k, baseline_batch, baseline_batch, *rest)


@mistake(ITERATION, ESTIMATING)
def ppo_iteration_without_a_baseline(
    right: Right, theta_k: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: Any
) -> Array:
    """You do not subtract the baseline: the advantages are R_h − b̃(s_h, h)."""
    *settings, ridge = rest
    returns, _ = _advantages(baseline_batch, update_batch, ridge)
    return _finish(theta_k, update_batch, returns, settings)


@mistake(ITERATION, ESTIMATING)
def ppo_iteration_with_total_returns(
    right: Right, theta_k: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: Any
) -> Array:
    """You weigh every step by the whole trajectory's return: the advantage has the rewards to go, R_h."""
    *settings, ridge = rest
    returns, baseline = _advantages(baseline_batch, update_batch, ridge)
    return _finish(theta_k, update_batch, returns[:, :1] - baseline, settings)


@mistake(ITERATION, ESTIMATING)
def ppo_iteration_with_rewards(
    right: Right, theta_k: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: Any
) -> Array:
    """You subtract the baseline from the rewards r_h: it belongs to the rewards to go, R_h."""
    *settings, ridge = rest
    _, baseline = _advantages(baseline_batch, update_batch, ridge)
    return _finish(theta_k, update_batch, update_batch.rewards - baseline, settings)


@mistake(ITERATION, BASELINE)
def ppo_iteration_with_the_baseline_fitted_to_rewards(
    right: Right, theta_k: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: Any
) -> Array:
    """You fit the baseline to the rewards r_h: it is to predict the rewards to go, R_h."""
    *settings, ridge = rest
    old, new = baseline_batch, update_batch
    weights = fit_baseline(old.baseline_features, old.rewards, old.mask, ridge)
    advantages = rewards_to_go(new.rewards, new.mask) - predict_baseline(weights, new.baseline_features)
    return _finish(theta_k, new, advantages, settings)


@mistake(ITERATION, ESTIMATING)
def ppo_iteration_with_advantages_of_the_wrong_sign(
    right: Right, theta_k: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: Any
) -> Array:
    """Your advantages are b̃ − R_h: what went better than expected has to count as positive."""
    *settings, ridge = rest
    returns, baseline = _advantages(baseline_batch, update_batch, ridge)
    return _finish(theta_k, update_batch, baseline - returns, settings)


@mistake(ITERATION, ESTIMATING)
def ppo_iteration_with_standardised_advantages(
    right: Right, theta_k: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: Any
) -> Array:
    """You standardise the advantages: that is a trick from elsewhere, and λ is on their own scale."""
    *settings, ridge = rest
    returns, baseline = _advantages(baseline_batch, update_batch, ridge)
    real = (returns - baseline)[update_batch.mask]
    advantages = (returns - baseline - np.mean(real)) / (np.std(real) + 1e-8)
    return _finish(theta_k, update_batch, advantages, settings)


@mistake(ITERATION, BASELINE)
def ppo_iteration_without_ridge(right: Right, *arguments: Any) -> Array:
    """You do not hand `ridge` on to fit_baseline."""
    *data, _ = arguments
    return right(*data, 0.0)


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
