"""Mistakes with the Fisher matrix, the natural-gradient step and the iteration built on them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.misconceptions import fits
from autograder.misconceptions.mistake import Array, Right, mistake
from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.npg import fisher_estimate, npg_iteration, npg_step, npg_step_size
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


@mistake(FISHER, NPG, fit=fits.added_to_diagonal)
def fisher_with_damping(right: Right, scores: Array, mask: Array, *, damping: float = 1e-6) -> Array:
    """You add a number to the diagonal: damping is the caller's decision, F̂ has none."""
    return right(scores, mask) + damping * np.eye(scores.shape[-1])


def _of_whole_groups(mask: Array, size: float) -> Array:
    """The steps of trajectories that whole groups of a size cover; all where there is one group only."""
    number = len(mask)
    covered = number if number <= size else number // size * size
    return mask & (np.arange(number) < covered)[:, np.newaxis]


def _fisher_in_groups(size: float, scores: Array, mask: Array) -> Array:
    return fisher_estimate(scores, _of_whole_groups(mask, size))


@mistake(FISHER, NPG, fit=fits.among(_fisher_in_groups, (64, 100, 128, 32, 16, 50, 10, 20)))
def fisher_without_the_last_chunk(right: Right, scores: Array, mask: Array, *, size: float = 64) -> Array:
    """You work in chunks, and drop the last, which is not full: every trajectory counts."""
    return right(scores, _of_whole_groups(mask, size))


@mistake(FISHER, NPG)
def fisher_of_clipped_scores(right: Right, scores: Array, mask: Array) -> Array:
    """You clip the scores at ±10: they may be as large as the features are."""
    return right(np.clip(scores, -10.0, 10.0), mask)


@mistake(FISHER, NPG, "3.1.4")
def fisher_clears_the_padding(right: Right, scores: Array, mask: Array) -> Array:
    """You change the caller's `scores` in place: work on a copy."""
    scores[~mask] = 0.0
    return right(scores, mask)


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


def _conjugate_gradient(steps: float, gradient: Array, fisher: Array) -> Array:
    """Solve F x = g by a number of steps: exact after d of them, but for rounding."""
    solution, residual = np.zeros_like(gradient), gradient.copy()
    direction, length = residual.copy(), float(residual @ residual)
    for _ in range(int(steps)):
        if length == 0.0:
            break
        along = fisher @ direction
        rate = length / float(direction @ along)
        solution, residual = solution + rate * direction, residual - rate * along
        length, before = float(residual @ residual), length
        direction = residual + length / before * direction
    return solution


def _cut_off_solution(cut_off: float, gradient: Array, fisher: Array) -> Array:
    return np.linalg.pinv(fisher, rcond=cut_off) @ gradient


def _solution_of_large_eigenvalues(least: float, gradient: Array, fisher: Array) -> Array:
    values, vectors = np.linalg.eigh(fisher)
    kept = vectors[:, values > least]
    return kept @ (kept.T @ gradient / values[values > least])


def _floored_solution(floor: float, gradient: Array, fisher: Array) -> Array:
    values, vectors = np.linalg.eigh(fisher)
    return vectors @ (vectors.T @ gradient / np.maximum(values, floor))


def _diagonal_solution(size: float, gradient: Array, fisher: Array) -> Array:
    """Use the diagonal alone in more dimensions than `size`."""
    return gradient / np.diag(fisher) if len(gradient) > size else np.linalg.solve(fisher, gradient)


def _step_size_along(
    solution: Callable[[float, Array, Array], Array],
    number: float,
    gradient: Array,
    fisher: Array,
    delta: float,
) -> float:
    squared = float(gradient @ solution(number, gradient, fisher))
    return _root(delta / squared) if squared > 0.0 else 0.0


def _step_along(
    solution: Callable[[float, Array, Array], Array],
    number: float,
    theta: Array,
    gradient: Array,
    fisher: Array,
    delta: float,
) -> Array:
    direction = solution(number, gradient, fisher)
    squared = float(gradient @ direction)
    return theta + (_root(delta / squared) if squared > 0.0 else 0.0) * direction


STEPS = (10, 5, 3, 4, 2, 6, 8, 12, 15, 20)
CUT_OFFS = (1e-3, 1e-2, 0.1, 3e-3)
FLOORS = (1e-3, 1e-4, 1e-2, 0.1, 1e-6, 1e-5)
DIMENSIONS = (10, 5, 8, 4, 3, 6, 7, 15)


@mistake(STEP_SIZE, CLOSED_FORM, fit=fits.damping_of_step_size)
def step_size_with_damping(
    right: Right, gradient: Array, fisher: Array, delta: float, *, damping: float = 1e-3
) -> float:
    """You add a number to the diagonal of F: damping is the caller's decision."""
    return right(gradient, fisher + damping * np.eye(len(gradient)), delta)


@mistake(STEP_SIZE, CLOSED_FORM, fit=fits.guard)
def step_size_with_a_large_guard(
    right: Right, gradient: Array, fisher: Array, delta: float, *, guard: float = 1e-2
) -> float:
    """You add a number to gᵀF⁻¹g that shortens the step: ask whether g is 0 instead."""
    return _root(delta / (_squared_length(gradient, fisher) + guard)) if gradient.any() else 0.0


@mistake(STEP_SIZE, CLOSED_FORM, fit=fits.highest)
def step_size_bounded(
    right: Right, gradient: Array, fisher: Array, delta: float, *, most: float = 100.0
) -> float:
    """You cut η off: it takes the step to the edge of the trust region, however large it has to be."""
    return min(right(gradient, fisher, delta), most)


@mistake(STEP_SIZE, CLOSED_FORM, fit=fits.small_gradient(0))
def step_size_zero_for_a_small_gradient(
    right: Right, gradient: Array, fisher: Array, delta: float, *, least: float = 1e-3
) -> float:
    """You return 0 for a small g: η = 0 belongs to g = 0 alone, and F may be as small as g is."""
    return 0.0 if np.linalg.norm(gradient) <= least else right(gradient, fisher, delta)


@mistake(
    STEP_SIZE, CLOSED_FORM, fit=fits.among(functools.partial(_step_size_along, _conjugate_gradient), STEPS)
)
def step_size_of_a_few_steps(
    right: Right, gradient: Array, fisher: Array, delta: float, *, steps: float = 10
) -> float:
    """You solve F x = g by a few steps of conjugate gradient: that is exact for small d alone."""
    return _step_size_along(_conjugate_gradient, steps, gradient, fisher, delta)


@mistake(
    STEP_SIZE, CLOSED_FORM, fit=fits.among(functools.partial(_step_size_along, _cut_off_solution), CUT_OFFS)
)
def step_size_with_a_coarse_cut_off(
    right: Right, gradient: Array, fisher: Array, delta: float, *, cut_off: float = 1e-3
) -> float:
    """Your cut-off takes small eigenvalues of F for 0: they are where F⁻¹ is large."""
    return _step_size_along(_cut_off_solution, cut_off, gradient, fisher, delta)


@mistake(
    STEP_SIZE, CLOSED_FORM, fit=fits.among(functools.partial(_step_size_along, _floored_solution), FLOORS)
)
def step_size_with_eigenvalues_raised(
    right: Right, gradient: Array, fisher: Array, delta: float, *, floor: float = 1e-3
) -> float:
    """You raise small eigenvalues of F to a floor: F may be small, and its inverse large."""
    return _step_size_along(_floored_solution, floor, gradient, fisher, delta)


@mistake(
    STEP_SIZE,
    CLOSED_FORM,
    fit=fits.among(functools.partial(_step_size_along, _diagonal_solution), DIMENSIONS),
)
def step_size_of_the_diagonal_in_many_dimensions(
    right: Right, gradient: Array, fisher: Array, delta: float, *, size: float = 10
) -> float:
    """Where d is large you use the diagonal of F alone: its other entries count for every d."""
    return _step_size_along(_diagonal_solution, size, gradient, fisher, delta)


@mistake(STEP_SIZE, CLOSED_FORM, "3.2.3")
def step_size_divides_by_zero(right: Right, gradient: Array, fisher: Array, delta: float) -> float:
    """You divide by zero where g = 0: return 0 there."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(delta / np.float64(_squared_length(gradient, fisher))))


@mistake(STEP_SIZE, CLOSED_FORM, "3.2.3", fit=fits.guard_at_zero)
def step_size_with_a_guard_alone(
    right: Right, gradient: Array, fisher: Array, delta: float, *, guard: float = 1e-8
) -> float:
    """A small number below the fraction makes η huge where g = 0: return 0 there."""
    return _root(delta / (_squared_length(gradient, fisher) + guard))


@mistake(STEP_SIZE, CLOSED_FORM, "3.2.3", fit=fits.guard_at_zero)
def step_size_with_a_floor_alone(
    right: Right, gradient: Array, fisher: Array, delta: float, *, guard: float = 1e-8
) -> float:
    """A small number below the fraction makes η huge where g = 0: return 0 there."""
    return _root(delta / max(_squared_length(gradient, fisher), guard))


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


@mistake(STEP, CLOSED_FORM, fit=fits.damping_of_step)
def step_with_damping(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float, *, damping: float = 1e-3
) -> Array:
    """You add a number to the diagonal of F: damping is the caller's decision."""
    return right(theta, gradient, fisher + damping * np.eye(len(theta)), delta)


@mistake(STEP, CLOSED_FORM, fit=fits.guard_of_step)
def step_with_a_large_guard(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float, *, guard: float = 1e-2
) -> Array:
    """You add a number to gᵀF⁻¹g that shortens the step: ask whether g is 0 instead."""
    direction = np.linalg.solve(fisher, gradient)
    return theta + _root(delta / (float(gradient @ direction) + guard)) * direction


@mistake(STEP, CLOSED_FORM, fit=fits.longest_step)
def step_shortened(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float, *, most: float = 10.0
) -> Array:
    """You shorten a long step: F alone measures it, and it ends at the edge of the trust region."""
    step = right(theta, gradient, fisher, delta) - theta
    return theta + step * np.minimum(1.0, most / np.maximum(np.linalg.norm(step), 1e-300))


def _with_step_size_bounded(most: float, theta: Array, gradient: Array, fisher: Array, delta: float) -> Array:
    direction = np.linalg.solve(fisher, gradient)
    return theta + min(npg_step_size(gradient, fisher, delta), most) * direction


@mistake(STEP, CLOSED_FORM, fit=fits.linear(_with_step_size_bounded, 1e-3, 2e-3))
def step_with_step_size_bounded(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float, *, most: float = 100.0
) -> Array:
    """You cut η off: it takes the step to the edge of the trust region, however large it has to be."""
    return _with_step_size_bounded(most, theta, gradient, fisher, delta)


@mistake(STEP, CLOSED_FORM, fit=fits.small_gradient(1))
def step_that_stays_for_a_small_gradient(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float, *, least: float = 1e-3
) -> Array:
    """You return θ for a small g: it stays for g = 0 alone, and F may be as small as g is."""
    return theta if np.linalg.norm(gradient) <= least else right(theta, gradient, fisher, delta)


@mistake(STEP, CLOSED_FORM, fit=fits.among(functools.partial(_step_along, _conjugate_gradient), STEPS))
def step_by_a_few_steps_of_conjugate_gradient(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float, *, steps: float = 10
) -> Array:
    """You solve F x = g by a few steps of conjugate gradient: that is exact for small d alone."""
    return _step_along(_conjugate_gradient, steps, theta, gradient, fisher, delta)


@mistake(STEP, CLOSED_FORM, fit=fits.among(functools.partial(_step_along, _cut_off_solution), CUT_OFFS))
def step_with_a_coarse_cut_off(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float, *, cut_off: float = 1e-3
) -> Array:
    """Your cut-off takes small eigenvalues of F for 0: they are where F⁻¹ is large."""
    return _step_along(_cut_off_solution, cut_off, theta, gradient, fisher, delta)


@mistake(
    STEP, CLOSED_FORM, fit=fits.among(functools.partial(_step_along, _solution_of_large_eigenvalues), FLOORS)
)
def step_without_small_eigenvalues(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float, *, least: float = 1e-4
) -> Array:
    """You leave out eigenvalues of F below a number: F may be as small as g is, and all of it counts."""
    return _step_along(_solution_of_large_eigenvalues, least, theta, gradient, fisher, delta)


@mistake(STEP, CLOSED_FORM, fit=fits.among(functools.partial(_step_along, _floored_solution), FLOORS))
def step_with_eigenvalues_raised(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float, *, floor: float = 1e-3
) -> Array:
    """You raise small eigenvalues of F to a floor: F may be small, and its inverse large."""
    return _step_along(_floored_solution, floor, theta, gradient, fisher, delta)


@mistake(STEP, CLOSED_FORM, fit=fits.among(functools.partial(_step_along, _diagonal_solution), DIMENSIONS))
def step_by_the_diagonal_in_many_dimensions(
    right: Right, theta: Array, gradient: Array, fisher: Array, delta: float, *, size: float = 10
) -> Array:
    """Where d is large you use the diagonal of F alone: its other entries count for every d."""
    return _step_along(_diagonal_solution, size, theta, gradient, fisher, delta)


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


@mistake(ITERATION, SAMPLE_BASED)
def iteration_with_ridge_and_damping_swapped(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You exchange `ridge` and `damping`: ridge belongs to the baseline's fit, damping to F̂."""
    delta, ridge, damping = rest
    return right(theta, baseline_batch, update_batch, delta, damping, ridge)


def _with_a_default_damping(of: Right, default: float, *arguments: Any) -> Array:
    *others, damping = arguments
    return np.asarray(of(*others, damping or default))


def _with_a_default_ridge(of: Right, default: float, *arguments: Any) -> Array:
    *others, ridge, damping = arguments
    return np.asarray(of(*others, ridge or default, damping))


DEFAULTS = (1e-3, 1e-2, 0.1, 1.0, 1e-4, 1e-5, 1e-6, 1e-8)


@mistake(
    ITERATION,
    SAMPLE_BASED,
    fit=fits.among(functools.partial(_with_a_default_damping, npg_iteration), DEFAULTS),
)
def iteration_with_a_default_damping(
    right: Right,
    theta: Array,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    *rest: float,
    default: float = 1e-2,
) -> Array:
    """You take damping = 0 for one that was not given, and put a number in its place: 0 is a value."""
    return _with_a_default_damping(right, default, theta, baseline_batch, update_batch, *rest)


@mistake(
    ITERATION, BASELINE, fit=fits.among(functools.partial(_with_a_default_ridge, npg_iteration), DEFAULTS)
)
def iteration_with_a_default_ridge(
    right: Right,
    theta: Array,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    *rest: float,
    default: float = 0.1,
) -> Array:
    """You take ridge = 0 for one that was not given, and put a number in its place: 0 is a value."""
    return _with_a_default_ridge(right, default, theta, baseline_batch, update_batch, *rest)


@mistake(ITERATION, SAMPLE_BASED)
def iteration_with_a_short_gradient(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You shorten a long ĝ after η was computed: η belongs to the ĝ that is stepped along."""
    delta, ridge, damping = rest
    returns, baseline, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    gradient = policy_gradient_estimate(scores, returns - baseline, update_batch.mask)
    fisher = fisher_estimate(scores, update_batch.mask) + damping * np.eye(len(theta))
    short = gradient * np.minimum(1.0, 1.0 / np.linalg.norm(gradient))
    return theta + npg_step_size(gradient, fisher, delta) * np.linalg.solve(fisher, short)


@mistake(ITERATION, SAMPLE_BASED, fit=fits.longest_step)
def iteration_with_a_shortened_step(
    right: Right,
    theta: Array,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    *rest: float,
    most: float = 10.0,
) -> Array:
    """You shorten a long step: F̂ alone measures it, and it ends at the edge of the trust region."""
    step = right(theta, baseline_batch, update_batch, *rest) - theta
    return theta + step * np.minimum(1.0, most / np.maximum(np.linalg.norm(step), 1e-300))


@mistake(ITERATION, SAMPLE_BASED)
def iteration_along_the_diagonal(
    right: Right, theta: Array, baseline_batch: TrajectoryBatch, update_batch: TrajectoryBatch, *rest: float
) -> Array:
    """You keep only the diagonal of F̂: its other entries count."""
    delta, ridge, damping = rest
    returns, baseline, scores = _pieces(theta, baseline_batch, update_batch, ridge)
    gradient = policy_gradient_estimate(scores, returns - baseline, update_batch.mask)
    fisher = np.diag(np.diag(fisher_estimate(scores, update_batch.mask))) + damping * np.eye(len(theta))
    return npg_step(theta, gradient, fisher, delta)


def _discounted(batch: TrajectoryBatch, discount: float) -> Array:
    returns: Array = np.zeros(batch.mask.shape)
    later: Array = np.zeros(len(batch.mask))
    for h in reversed(range(batch.mask.shape[1])):
        later = np.where(batch.mask[:, h], batch.rewards[:, h] + discount * later, 0.0)
        returns[:, h] = later
    return returns


def _iteration_discounted(
    discount: float,
    theta: Array,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    delta: float,
    ridge: float,
    damping: float,
) -> Array:
    old, new = baseline_batch, update_batch
    weights = fit_baseline(old.baseline_features, _discounted(old, discount), old.mask, ridge)
    advantages = _discounted(new, discount) - predict_baseline(weights, new.baseline_features)
    return _finish(theta, score(theta, new.features, new.actions), advantages, new, delta, damping)


@mistake(
    ITERATION,
    BASELINE,
    fit=fits.among(_iteration_discounted, (0.99, 0.95, 0.9, 0.999, 0.98, 0.995, 0.97, 0.8, 0.5)),
)
def iteration_with_discounted_returns(
    right: Right,
    theta: Array,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    *rest: float,
    discount: float = 0.99,
) -> Array:
    """You discount the rewards: the lecture's return has a finite horizon and no discount γ."""
    delta, ridge, damping = rest
    return _iteration_discounted(discount, theta, baseline_batch, update_batch, delta, ridge, damping)


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
