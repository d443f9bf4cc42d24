"""Mistakes with the Fisher matrix, the natural-gradient step and the iteration built on them."""

from __future__ import annotations

import numpy as np

from autograder.misconceptions.mistake import Array, Right, mistake
from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.npg import fisher_estimate, npg_step, npg_step_size
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate
from hw4.trajectories import TrajectoryBatch

FISHER = "npg.fisher_estimate"
STEP_SIZE = "npg.npg_step_size"
STEP = "npg.npg_step"
ITERATION = "npg.npg_iteration"
NPG = "Natural Policy Gradient (NPG)"
CLOSED_FORM = "NPG has a closed form update!"
SAMPLE_BASED = "An Implementation: Sample Based NPG"
BASELINE = "PG with a Learned Baseline"


@mistake(FISHER, NPG)
def fisher_averaged_over_the_horizon(right: Right, scores: Array, mask: Array) -> Array:
    """Your F is the lecture's divided by the horizon H: sum over h, average over the trajectories."""
    return right(scores, mask) / mask.shape[1]


@mistake(FISHER, NPG)
def fisher_averaged_over_all_steps(right: Right, scores: Array, mask: Array) -> Array:
    """Your F is the lecture's divided by the mean episode length: divide by N, not by the number of steps."""
    return right(scores, mask) * len(mask) / np.sum(mask)


@mistake(FISHER, NPG)
def fisher_averaged_within_trajectories(right: Right, scores: Array, mask: Array) -> Array:
    """You average over the steps of each trajectory: sum over h, average over the trajectories."""
    return right(scores / np.sqrt(np.sum(mask, axis=1))[:, np.newaxis, np.newaxis], mask)


@mistake(FISHER, NPG)
def fisher_divided_by_the_horizon_alone(right: Right, scores: Array, mask: Array) -> Array:
    """You divide by the horizon H, the wrong axis: divide by the number of trajectories, N."""
    return right(scores, mask) * len(mask) / mask.shape[1]


@mistake(FISHER, NPG)
def fisher_not_averaged(right: Right, scores: Array, mask: Array) -> Array:
    """Your F is N times the lecture's: the factor 1/N is missing."""
    return right(scores, mask) * len(mask)


@mistake(FISHER, NPG)
def fisher_divided_by_one_less(right: Right, scores: Array, mask: Array) -> Array:
    """You divide by N − 1: F is an expectation, and a mean that is unbiased divides by N."""
    return right(scores, mask) * len(mask) / np.float64(len(mask) - 1)


@mistake(FISHER, NPG, "3.1.2")
def fisher_counts_padding(right: Right, scores: Array, mask: Array) -> Array:
    """You count steps that never happened: leave out those where `mask` is False."""
    return right(scores, np.ones_like(mask))


def _sums(scores: Array, mask: Array) -> Array:
    return np.sum(np.where(mask[..., np.newaxis], scores, 0.0), axis=1)


@mistake(FISHER, NPG, "3.1.1")
def fisher_of_summed_scores(right: Right, scores: Array, mask: Array) -> Array:
    """You take the outer product of the summed scores, the slide's first form.

    Asked for is the second, Σ_h ∇ln π ∇ln πᵀ: the same expectation, without the cross terms' noise.
    """
    totals = _sums(scores, mask)
    return totals.T @ totals / len(mask)


@mistake(FISHER, NPG)
def fisher_of_the_mean_score(right: Right, scores: Array, mask: Array) -> Array:
    """You take the outer product of the mean: first the outer products, step by step, then their mean."""
    mean = np.mean(_sums(scores, mask), axis=0)
    return np.outer(mean, mean)


@mistake(FISHER, NPG)
def fisher_of_centred_scores(right: Right, scores: Array, mask: Array) -> Array:
    """You subtract the scores' mean, as a covariance does: F is made of the scores as they are."""
    return right(scores - np.mean(scores[mask], axis=0), mask)


@mistake(FISHER, NPG)
def fisher_as_a_covariance(right: Right, scores: Array, mask: Array) -> Array:
    """You return np.cov of the scores: it subtracts the mean and averages over the steps, F does neither."""
    return np.cov(scores[mask].T)


@mistake(FISHER, NPG)
def fisher_with_a_thousandth_added(right: Right, scores: Array, mask: Array) -> Array:
    """You add 0.001 to the diagonal: damping is the caller's decision, F̂ has none."""
    return right(scores, mask) + 1e-3 * np.eye(scores.shape[-1])


@mistake(FISHER, NPG)
def fisher_with_a_hundredth_added(right: Right, scores: Array, mask: Array) -> Array:
    """You add 0.01 to the diagonal: damping is the caller's decision, F̂ has none."""
    return right(scores, mask) + 1e-2 * np.eye(scores.shape[-1])


@mistake(FISHER, NPG)
def fisher_with_a_tenth_added(right: Right, scores: Array, mask: Array) -> Array:
    """You add 0.1 to the diagonal: damping is the caller's decision, F̂ has none."""
    return right(scores, mask) + 0.1 * np.eye(scores.shape[-1])


@mistake(FISHER, NPG)
def fisher_with_the_identity_added(right: Right, scores: Array, mask: Array) -> Array:
    """You add 1 to the diagonal: damping is the caller's decision, F̂ has none."""
    return right(scores, mask) + np.eye(scores.shape[-1])


@mistake(FISHER, NPG)
def fisher_with_only_the_diagonal(right: Right, scores: Array, mask: Array) -> Array:
    """Only the diagonal is left: F is a sum of outer products ∇ln π ∇ln πᵀ, whose other entries count."""
    return np.diag(np.diag(right(scores, mask)))


@mistake(FISHER, NPG)
def fisher_as_a_vector(right: Right, scores: Array, mask: Array) -> Array:
    """Only the diagonal came back: F is a sum of outer products ∇ln π ∇ln πᵀ, (d, d)."""
    return np.diag(right(scores, mask)).copy()


@mistake(FISHER, NPG)
def fisher_as_a_number(right: Right, scores: Array, mask: Array) -> float:
    """You return the mean of ∇ln πᵀ ∇ln π, a number: F is made of outer products ∇ln π ∇ln πᵀ, (d, d)."""
    return float(np.trace(right(scores, mask)))


@mistake(FISHER, NPG)
def fisher_of_each_step(right: Right, scores: Array, mask: Array) -> Array:
    """You return the outer product of every step: F̂ is their sum over h, averaged over the trajectories."""
    real = np.where(mask[..., np.newaxis], scores, 0.0)
    return real[..., :, np.newaxis] * real[..., np.newaxis, :]


@mistake(FISHER, NPG)
def fisher_halved(right: Right, scores: Array, mask: Array) -> Array:
    """Your F is half the lecture's: the ½ stands in the Taylor expansion, not in F."""
    return 0.5 * right(scores, mask)


@mistake(FISHER, NPG)
def fisher_of_the_wrong_sign(right: Right, scores: Array, mask: Array) -> Array:
    """Your F is minus the lecture's: it is a mean of squares, and so positive semi-definite."""
    return -right(scores, mask)


@mistake(FISHER, NPG)
def fisher_inverted(right: Right, scores: Array, mask: Array) -> Array:
    """You return F⁻¹: F itself was asked for, the step inverts it."""
    return np.linalg.pinv(right(scores, mask))


@mistake(FISHER, NPG, "3.1.4")
def fisher_overwrites_the_scores(right: Right, scores: Array, mask: Array) -> Array:
    """You change the caller's `scores` in place: work on a copy."""
    result = right(scores, mask)
    scores *= 0.5 * mask[..., np.newaxis]
    return result


def _squared_length(gradient: Array, fisher: Array) -> float:
    return float(gradient @ np.linalg.solve(fisher, gradient))


def _root(number: float) -> float:
    return float(np.sqrt(number))


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_with_fisher_not_inverted(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """Your η has gᵀFg below the fraction: it is gᵀF⁻¹g."""
    return _root(delta / float(gradient @ fisher @ gradient)) if gradient.any() else 0.0


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_without_fisher(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """Your η has gᵀg below the fraction: it is gᵀF⁻¹g."""
    return right(gradient, np.eye(len(gradient)), delta)


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_without_the_root(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """Your η is δ / gᵀF⁻¹g: its root is missing."""
    return right(gradient, fisher, delta) ** 2


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_with_the_root_of_delta_alone(
    right: Right, gradient: Array, fisher: Array, delta: float
) -> float:
    """Your η is √δ / gᵀF⁻¹g: the root is taken of the whole fraction."""
    return right(gradient, fisher, 1.0) ** 2 * _root(delta)


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_with_the_root_below_alone(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """Your η is δ / √(gᵀF⁻¹g): the root is taken of the whole fraction."""
    return right(gradient, fisher, 1.0) * delta


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_for_twice_delta(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """Your η has 2δ above: the lecture's trust region is (θ − θ^k)ᵀF(θ − θ^k) ≤ δ, without ½."""
    return right(gradient, fisher, 2.0 * delta)


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_for_half_delta(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """Your η has δ/2 above: the lecture's trust region is (θ − θ^k)ᵀF(θ − θ^k) ≤ δ."""
    return right(gradient, fisher, 0.5 * delta)


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_upside_down(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """Your η is √(gᵀF⁻¹g / δ), the lecture's upside down."""
    return 1.0 / right(gradient, fisher, delta) if gradient.any() else 0.0


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_without_delta(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """Your η does not depend on δ: it is √(δ / gᵀF⁻¹g)."""
    return right(gradient, fisher, 1.0)


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_is_delta(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """You return δ, the size of the trust region: η = √(δ / gᵀF⁻¹g) is the step that reaches its edge."""
    return delta if gradient.any() else 0.0


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_of_the_wrong_sign(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """Your η is negative: J is climbed, so η > 0."""
    return -right(gradient, fisher, delta)


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_for_a_ball(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """Your step has the Euclidean length √δ: the trust region measures it by F, so gᵀF⁻¹g stands below."""
    direction = np.linalg.solve(fisher, gradient)
    return right(direction, np.eye(len(gradient)), delta)


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_of_the_diagonal(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """You invert only the diagonal of F: its other entries count, so solve F x = g."""
    return right(gradient, np.diag(np.diag(fisher)), delta)


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_of_entrywise_inverses(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """You invert F entry by entry: F⁻¹ is the matrix inverse, so solve F x = g."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(delta / (gradient @ (1.0 / fisher) @ gradient)))


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_with_a_thousandth_added_to_fisher(
    right: Right, gradient: Array, fisher: Array, delta: float
) -> float:
    """You add 0.001 to the diagonal of F: damping is the caller's decision."""
    return right(gradient, fisher + 1e-3 * np.eye(len(gradient)), delta)


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_with_a_hundredth_added_to_fisher(
    right: Right, gradient: Array, fisher: Array, delta: float
) -> float:
    """You add 0.01 to the diagonal of F: damping is the caller's decision."""
    return right(gradient, fisher + 1e-2 * np.eye(len(gradient)), delta)


@mistake(STEP_SIZE, CLOSED_FORM)
def step_size_with_a_large_guard(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """You add 0.01 to gᵀF⁻¹g, which shortens the step: ask whether g is 0 instead."""
    return _root(delta / (_squared_length(gradient, fisher) + 1e-2)) if gradient.any() else 0.0


@mistake(STEP_SIZE, CLOSED_FORM, "3.2.3")
def step_size_divides_by_zero(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """You divide by zero where g = 0: return 0 there."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(delta / np.float64(_squared_length(gradient, fisher))))


@mistake(STEP_SIZE, CLOSED_FORM, "3.2.3")
def step_size_with_a_guard_alone(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """A small number below the fraction makes η huge where g = 0: return 0 there."""
    return _root(delta / (_squared_length(gradient, fisher) + 1e-8))


@mistake(STEP_SIZE, CLOSED_FORM, "3.2.4")
def step_size_overwrites_fisher(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """You change the caller's `fisher` in place: work on a copy."""
    result = right(gradient, fisher, delta)
    fisher[...] = np.linalg.inv(fisher)
    return result


@mistake(STEP_SIZE, CLOSED_FORM, "3.2.4")
def step_size_overwrites_the_gradient(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """You change the caller's `gradient` in place: work on a copy."""
    result = right(gradient, fisher, delta)
    gradient /= 2.0
    return result


@mistake(STEP, CLOSED_FORM)
def step_downhill(right: Right, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    """You step downhill: J is climbed, so η F⁻¹g is added."""
    return right(theta, -gradient, fisher, delta)


@mistake(STEP, CLOSED_FORM)
def step_with_step_size_twice(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float
) -> Array:
    """Your step is η² F⁻¹g: η stands in it twice, or its root is missing."""
    return theta + npg_step_size(gradient, fisher, delta) * (right(theta, gradient, fisher, delta) - theta)


@mistake(STEP, CLOSED_FORM)
def step_without_step_size(right: Right, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    """You step by F⁻¹g: it is still to be multiplied by η, which takes it to the edge of the trust region."""
    return theta + np.linalg.solve(fisher, gradient)


@mistake(STEP, CLOSED_FORM)
def step_along_the_plain_gradient(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float
) -> Array:
    """You step by η g: the natural gradient is F⁻¹g."""
    return theta + npg_step_size(gradient, fisher, delta) * gradient


@mistake(STEP, CLOSED_FORM)
def step_along_fisher_times_gradient(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float
) -> Array:
    """You step by η F g: the natural gradient is F⁻¹g, the solution x of F x = g."""
    return theta + npg_step_size(gradient, fisher, delta) * (fisher @ gradient)


@mistake(STEP, CLOSED_FORM)
def step_without_theta(right: Right, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    """You return the step alone: it is to be added to θ^k."""
    return right(np.zeros_like(theta), gradient, fisher, delta)


@mistake(STEP, CLOSED_FORM)
def step_with_delta_as_step_size(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float
) -> Array:
    """You step by δ F⁻¹g: δ is the size of the trust region, the step size is η = √(δ / gᵀF⁻¹g)."""
    return theta + delta * np.linalg.solve(fisher, gradient)


@mistake(STEP, CLOSED_FORM)
def step_with_the_root_of_delta_as_step_size(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float
) -> Array:
    """You step by √δ F⁻¹g: η = √(δ / gᵀF⁻¹g) has gᵀF⁻¹g below."""
    return theta + np.sqrt(delta) * np.linalg.solve(fisher, gradient)


@mistake(STEP, CLOSED_FORM)
def step_without_the_root(right: Right, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    """Your step is η² F⁻¹g: η stands in it twice, or its root is missing."""
    return theta + npg_step_size(gradient, fisher, delta) ** 2 * np.linalg.solve(fisher, gradient)


@mistake(STEP, CLOSED_FORM)
def step_of_twice_delta(right: Right, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    """Your step ends where xᵀFx = 2δ: the lecture's trust region has no ½, so it is to end at δ."""
    return right(theta, gradient, fisher, 2.0 * delta)


@mistake(STEP, CLOSED_FORM)
def step_of_half_delta(right: Right, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    """Your step ends where xᵀFx = δ/2: it is to end at δ."""
    return right(theta, gradient, fisher, 0.5 * delta)


@mistake(STEP, CLOSED_FORM)
def step_to_a_ball(right: Right, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    """Your step has the Euclidean length √δ: the trust region measures its length by F."""
    direction = np.linalg.solve(fisher, gradient)
    return right(theta, direction, np.eye(len(theta)), delta)


@mistake(STEP, CLOSED_FORM)
def step_of_the_plain_gradient_to_a_ball(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float
) -> Array:
    """You leave F out: this is a gradient step of the Euclidean length √δ."""
    return right(theta, gradient, np.eye(len(theta)), delta)


@mistake(STEP, CLOSED_FORM)
def step_with_the_diagonal(right: Right, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    """You use only the diagonal of F: its other entries count, so solve F x = g."""
    return right(theta, gradient, np.diag(np.diag(fisher)), delta)


@mistake(STEP, CLOSED_FORM)
def step_along_the_diagonal_natural_gradient(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float
) -> Array:
    """You divide g by the diagonal of F: its other entries count, so solve F x = g."""
    return theta + npg_step_size(gradient, fisher, delta) * gradient / np.diag(fisher)


@mistake(STEP, CLOSED_FORM)
def step_with_a_thousandth_added_to_fisher(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float
) -> Array:
    """You add 0.001 to the diagonal of F: damping is the caller's decision."""
    return right(theta, gradient, fisher + 1e-3 * np.eye(len(theta)), delta)


@mistake(STEP, CLOSED_FORM)
def step_with_a_hundredth_added_to_fisher(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float
) -> Array:
    """You add 0.01 to the diagonal of F: damping is the caller's decision."""
    return right(theta, gradient, fisher + 1e-2 * np.eye(len(theta)), delta)


@mistake(STEP, CLOSED_FORM, "3.3.3")
def step_divides_by_zero(right: Right, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    """You divide by zero where g = 0: θ stays there."""
    direction = np.linalg.solve(fisher, gradient)
    with np.errstate(all="ignore"):
        return theta + np.sqrt(delta / np.float64(gradient @ direction)) * direction


@mistake(STEP, CLOSED_FORM, "3.3.4")
def step_overwrites_theta(right: Right, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    """θ += … changes the caller's θ^k: return θ + …, a new array."""
    theta += right(theta, gradient, fisher, delta) - theta
    return theta


def _pieces(
    theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, ridge: float
) -> tuple[Array, Array, Array]:
    """Returns, fitted baseline and scores of the update batch."""
    old, new = baseline_batch, update_batch
    weights = fit_baseline(old.baseline_features, rewards_to_go(old.rewards, old.mask), old.mask, ridge)
    returns = rewards_to_go(new.rewards, new.mask)
    baseline = predict_baseline(weights, new.baseline_features)
    return returns, baseline, score(theta, new.features, new.actions)


def _finish(
    theta: Array, scores: Array, advantages: Array, batch: TrajectoryBatch, delta: float, damping: float
) -> Array:
    gradient = policy_gradient_estimate(scores, advantages, batch.mask)
    fisher = fisher_estimate(scores, batch.mask) + damping * np.eye(len(theta))
    return npg_step(theta, gradient, fisher, delta)


@mistake(ITERATION, BASELINE)
def iteration_with_the_baseline_of_the_update_batch(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You fit the baseline on the update batch, on the very returns it is subtracted from: that is biased.

    Fit it on `baseline_batch`.
    """
    return right(theta, update_batch, update_batch, *rest)


@mistake(ITERATION, BASELINE)
def iteration_with_the_batches_swapped(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You fit the baseline on the update batch and update from the baseline batch: exchange the two."""
    return right(theta, update_batch, baseline_batch, *rest)


@mistake(ITERATION, BASELINE)
def iteration_on_the_baseline_batch_alone(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You use the baseline batch for everything: ĝ and F̂ come from the new trajectories, `update_batch`."""
    return right(theta, baseline_batch, baseline_batch, *rest)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_with_fisher_of_the_baseline_batch(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You estimate F̂ on the baseline batch: ĝ and F̂ both come from `update_batch`."""
    delta, ridge, damping = rest
    returns, baseline, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    gradient = policy_gradient_estimate(scores, returns - baseline, update_batch.mask)
    others = score(theta, baseline_batch.features, baseline_batch.actions)
    fisher = fisher_estimate(others, baseline_batch.mask) + damping * np.eye(len(theta))
    return npg_step(theta, gradient, fisher, delta)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_without_damping(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You leave the damping out: the step is taken with F̂ + damping · I."""
    delta, ridge, _damping = rest
    return right(theta, baseline_batch, update_batch, delta, ridge, 0.0)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_with_damping_twice(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You add the damping twice: the step is taken with F̂ + damping · I."""
    delta, ridge, damping = rest
    return right(theta, baseline_batch, update_batch, delta, ridge, 2.0 * damping)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_with_damping_times_trajectories(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """Your damping is multiplied by N: it is added to F̂, which is a mean over the trajectories already."""
    delta, ridge, damping = rest
    return right(theta, baseline_batch, update_batch, delta, ridge, damping * len(update_batch))


@mistake(ITERATION, SAMPLE_BASED)
def iteration_with_damping_divided_by_trajectories(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """Your damping is divided by N: it is added to F̂ as it is."""
    delta, ridge, damping = rest
    return right(theta, baseline_batch, update_batch, delta, ridge, damping / len(update_batch))


@mistake(ITERATION, SAMPLE_BASED)
def iteration_with_damping_of_every_entry(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You add the damping to every entry of F̂: it belongs on the diagonal, damping · I."""
    delta, ridge, damping = rest
    returns, baseline, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    gradient = policy_gradient_estimate(scores, returns - baseline, update_batch.mask)
    return npg_step(theta, gradient, fisher_estimate(scores, update_batch.mask) + damping, delta)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_with_damping_of_the_direction_alone(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """Your η is computed without the damping, your direction with it: both use F̂ + damping · I."""
    delta, ridge, damping = rest
    returns, baseline, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    gradient = policy_gradient_estimate(scores, returns - baseline, update_batch.mask)
    fisher = fisher_estimate(scores, update_batch.mask)
    direction = np.linalg.solve(fisher + damping * np.eye(len(theta)), gradient)
    return theta + npg_step_size(gradient, fisher, delta) * direction


@mistake(ITERATION, BASELINE)
def iteration_without_ridge(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You do not hand `ridge` on to fit_baseline."""
    delta, _ridge, damping = rest
    return right(theta, baseline_batch, update_batch, delta, 0.0, damping)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_with_ridge_and_damping_swapped(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You exchange `ridge` and `damping`: ridge belongs to the baseline's fit, damping to F̂."""
    delta, ridge, damping = rest
    return right(theta, baseline_batch, update_batch, delta, damping, ridge)


@mistake(ITERATION, BASELINE)
def iteration_without_a_baseline(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You do not subtract the baseline: the advantages are R_h − b̃(s_h, h)."""
    delta, ridge, damping = rest
    returns, _, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    return _finish(theta, scores, returns, update_batch, delta, damping)


@mistake(ITERATION, BASELINE)
def iteration_with_total_returns(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You weigh every step by the whole trajectory's return: the advantage has the rewards to go, R_h."""
    delta, ridge, damping = rest
    returns, baseline, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    return _finish(theta, scores, returns[:, :1] - baseline, update_batch, delta, damping)


@mistake(ITERATION, BASELINE)
def iteration_with_rewards(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You subtract the baseline from the rewards r_h: it belongs to the rewards to go, R_h."""
    delta, ridge, damping = rest
    _, baseline, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    return _finish(theta, scores, update_batch.rewards - baseline, update_batch, delta, damping)


@mistake(ITERATION, BASELINE)
def iteration_with_the_baseline_fitted_to_rewards(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You fit the baseline to the rewards r_h: it is to predict the rewards to go, R_h."""
    delta, ridge, damping = rest
    old, new = baseline_batch, update_batch
    weights = fit_baseline(old.baseline_features, old.rewards, old.mask, ridge)
    advantages = rewards_to_go(new.rewards, new.mask) - predict_baseline(weights, new.baseline_features)
    scores = score(theta, new.features, new.actions)
    return _finish(theta, scores, advantages, new, delta, damping)


@mistake(ITERATION, BASELINE)
def iteration_with_advantages_of_the_wrong_sign(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You go downhill: the advantage is R_h − b̃, and the step η F⁻¹ĝ is added to θ."""
    delta, ridge, damping = rest
    returns, baseline, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    return _finish(theta, scores, baseline - returns, update_batch, delta, damping)


@mistake(ITERATION, BASELINE)
def iteration_with_standardised_advantages(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You subtract the advantages' mean, or standardise them: that is a trick from elsewhere, and biased."""
    delta, ridge, damping = rest
    returns, baseline, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    advantages = returns - baseline
    real = advantages[update_batch.mask]
    advantages = (advantages - np.mean(real)) / np.std(real)
    return _finish(theta, scores, advantages, update_batch, delta, damping)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_along_the_plain_gradient(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You leave F̂ out: this is a plain gradient step of the length √δ."""
    delta, ridge, _damping = rest
    returns, baseline, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    gradient = policy_gradient_estimate(scores, returns - baseline, update_batch.mask)
    return npg_step(theta, gradient, np.eye(len(theta)), delta)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_of_twice_delta(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """Your step ends where xᵀFx = 2δ: the lecture's trust region has no ½, so hand on δ itself."""
    delta, ridge, damping = rest
    return right(theta, baseline_batch, update_batch, 2.0 * delta, ridge, damping)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_of_half_delta(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """Your step ends where xᵀFx = δ/2: hand on δ itself."""
    delta, ridge, damping = rest
    return right(theta, baseline_batch, update_batch, 0.5 * delta, ridge, damping)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_without_theta(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You return the step alone: θ^{k+1} = θ^k + η F̂⁻¹ĝ."""
    return right(theta, baseline_batch, update_batch, *rest) - theta


@mistake(ITERATION, SAMPLE_BASED, "3.4.3")
def iteration_overwrites_theta(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """θ += … changes the caller's θ^k: return θ + …, a new array."""
    theta += right(theta, baseline_batch, update_batch, *rest) - theta
    return theta


@mistake(ITERATION, SAMPLE_BASED, "3.4.3")
def iteration_overwrites_the_rewards(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You change the batches' `rewards` in place: they belong to the caller, so work on copies."""
    result = right(theta, baseline_batch, update_batch, *rest)
    for batch in (baseline_batch, update_batch):
        batch.rewards[:] = rewards_to_go(batch.rewards, batch.mask) + 1.0
    return result
