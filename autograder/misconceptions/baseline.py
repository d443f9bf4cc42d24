"""Mistakes with rewards to go and with the learned baseline."""

from __future__ import annotations

import numpy as np

from autograder.misconceptions import fits
from autograder.misconceptions.mistake import Array, Right, mistake

REWARDS_TO_GO = "baseline.rewards_to_go"
FIT = "baseline.fit_baseline"
PREDICT = "baseline.predict_baseline"
SLIDE = "PG with a Learned Baseline"


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_are_the_total(right: Right, rewards: Array, mask: Array) -> Array:
    """You give every step the whole trajectory's return: R_h counts the rewards from step h on."""
    return np.where(mask, right(rewards, mask)[:, :1], 0.0)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_are_those_so_far(right: Right, rewards: Array, mask: Array) -> Array:
    """You add up the rewards until step h: R_h adds up those from step h on."""
    return np.where(mask, np.cumsum(np.where(mask, rewards, 0.0), axis=1), 0.0)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_leave_out_their_own(right: Right, rewards: Array, mask: Array) -> Array:
    """Your sum starts at h + 1: the reward r_h of step h itself counts."""
    return right(rewards, mask) - np.where(mask, rewards, 0.0)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_leave_out_the_last(right: Right, rewards: Array, mask: Array) -> Array:
    """Your sum stops one step early: the last reward of the trajectory counts."""
    last = mask & ~np.concatenate([mask[:, 1:], np.zeros((len(mask), 1), dtype=bool)], axis=1)
    return right(np.where(last, 0.0, rewards), mask)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_are_those_before(right: Right, rewards: Array, mask: Array) -> Array:
    """You subtract the rewards from step h on, or count those before it: R_h = r_h + r_{h+1} + …."""
    real = np.where(mask, rewards, 0.0)
    return np.where(mask, np.cumsum(real, axis=1) - real, 0.0)


def _discounted(rewards: Array, mask: Array, discount: float) -> Array:
    returns: Array = np.zeros(mask.shape)
    later: Array = np.zeros(len(mask))
    for h in reversed(range(mask.shape[1])):
        later = np.where(mask[:, h], rewards[:, h] + discount * later, 0.0)
        returns[:, h] = later
    return returns


@mistake(REWARDS_TO_GO, SLIDE, fit=fits.discount)
def rewards_to_go_discounted(right: Right, rewards: Array, mask: Array, *, discount: float = 0.99) -> Array:
    """You discount the rewards: the lecture's return has a finite horizon and no discount γ."""
    return _discounted(rewards, mask, discount)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_of_the_wrong_sign(right: Right, rewards: Array, mask: Array) -> Array:
    """Your returns have the wrong sign: R_h adds up the rewards, it does not subtract them."""
    return -right(rewards, mask)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_as_whole_numbers(right: Right, rewards: Array, mask: Array) -> Array:
    """You fill an array of integers, which cuts off what is behind the point: use floats."""
    return right(rewards, mask).astype(np.int64)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_of_whole_rewards(right: Right, rewards: Array, mask: Array) -> Array:
    """You turn the rewards into integers, which cuts off what is behind the point: use floats."""
    return right(np.trunc(rewards), mask)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_less_the_padding(right: Right, rewards: Array, mask: Array) -> Array:
    """You sum the padding too and take it off again: beside large numbers the small ones lose their digits.

    Leave padding out before you sum.
    """
    everything = np.cumsum(rewards[:, ::-1], axis=1)[:, ::-1]
    padding = np.cumsum(np.where(mask, 0.0, rewards)[:, ::-1], axis=1)[:, ::-1]
    return np.where(mask, everything - padding, 0.0)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_from_the_start(right: Right, rewards: Array, mask: Array) -> Array:
    """You sum the padding too and take it off again: beside large numbers the small ones lose their digits.

    Leave padding out before you sum.
    """
    total = np.sum(rewards, axis=1, keepdims=True)
    before = np.cumsum(rewards, axis=1) - rewards
    padding = np.sum(np.where(mask, 0.0, rewards), axis=1, keepdims=True)
    return np.where(mask, total - before - padding, 0.0)


def _windowed(size: float, rewards: Array, mask: Array) -> Array:
    sums = np.zeros((mask.shape[0], mask.shape[1] + int(size)))
    sums[:, : mask.shape[1]] = np.cumsum(np.where(mask, rewards, 0.0)[:, ::-1], axis=1)[:, ::-1]
    return np.where(mask, (sums - np.roll(sums, -int(size), axis=1))[:, : mask.shape[1]], 0.0)


@mistake(REWARDS_TO_GO, SLIDE, fit=fits.among(_windowed, (100, 50, 64, 32, 20, 10, 5)))
def rewards_to_go_of_the_next_steps(right: Right, rewards: Array, mask: Array, *, size: float = 100) -> Array:
    """You stop after a fixed number of steps: R_h adds up all rewards that are left, however many."""
    return _windowed(size, rewards, mask)


@mistake(REWARDS_TO_GO, SLIDE, fit=fits.highest)
def rewards_to_go_clipped(right: Right, rewards: Array, mask: Array, *, bound: float = 1e4) -> Array:
    """You clip the returns: they may be as large as the rewards make them."""
    return np.clip(right(rewards, mask), -bound, bound)


@mistake(REWARDS_TO_GO, SLIDE, "2.1.3")
def rewards_to_go_clear_the_padding(right: Right, rewards: Array, mask: Array) -> Array:
    """You change the caller's `rewards` in place: work on a copy."""
    rewards[~mask] = 0.0
    return right(rewards, mask)


@mistake(REWARDS_TO_GO, SLIDE, "2.1.2")
def rewards_to_go_count_padding(right: Right, rewards: Array, mask: Array) -> Array:
    """You add what stands on padding: leave out the steps where `mask` is False."""
    return right(rewards, np.ones_like(mask))


@mistake(REWARDS_TO_GO, SLIDE, "2.1.2")
def rewards_to_go_hide_padding_afterwards(right: Right, rewards: Array, mask: Array) -> Array:
    """You set padding to 0 after summing: its rewards are in the sums by then, so do it before."""
    return np.where(mask, right(rewards, np.ones_like(mask)), 0.0)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_averaged(right: Right, rewards: Array, mask: Array) -> Array:
    """You average the rewards that are left: R_h is their sum."""
    left = np.cumsum(mask[:, ::-1], axis=1)[:, ::-1]
    return right(rewards, mask) / np.maximum(left, 1)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_standardised(right: Right, rewards: Array, mask: Array) -> Array:
    """You standardise the returns: that is a trick from elsewhere; R_h is the plain sum."""
    returns = right(rewards, mask)
    return np.where(mask, (returns - np.mean(returns[mask])) / np.std(returns[mask]), 0.0)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_standardised_with_a_guard(right: Right, rewards: Array, mask: Array) -> Array:
    """You standardise the returns: that is a trick from elsewhere; R_h is the plain sum."""
    returns = right(rewards, mask)
    return np.where(mask, (returns - np.mean(returns[mask])) / (np.std(returns[mask]) + 1e-8), 0.0)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_not_summed(right: Right, rewards: Array, mask: Array) -> Array:
    """You return the reward of each step alone: R_h adds up all rewards from step h on."""
    return np.where(mask, rewards, 0.0)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_across_trajectories(right: Right, rewards: Array, mask: Array) -> Array:
    """You sum along axis 0, over the trajectories: the steps are on axis 1."""
    return np.where(mask, right(rewards.T, mask.T).T, 0.0)


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_in_reverse_order(right: Right, rewards: Array, mask: Array) -> Array:
    """You turn the rewards round for the sum, but not the result back: it starts at the last step."""
    return right(rewards, mask)[:, ::-1]


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_as_booleans(right: Right, rewards: Array, mask: Array) -> Array:
    """You fill an array of booleans, as np.zeros_like(mask) makes: take np.zeros(mask.shape)."""
    return right(rewards, mask) != 0.0


@mistake(REWARDS_TO_GO, SLIDE)
def rewards_to_go_of_the_first_step(right: Right, rewards: Array, mask: Array) -> Array:
    """You return one number for each trajectory: every step has its own R_h, (N, H) in all."""
    return right(rewards, mask)[:, 0]


@mistake(REWARDS_TO_GO, SLIDE, "2.1.3")
def rewards_to_go_overwrite_the_rewards(right: Right, rewards: Array, mask: Array) -> Array:
    """You change the caller's `rewards` in place: work on a copy."""
    rewards[:] = right(rewards, mask)
    return rewards


@mistake(FIT, SLIDE, "2.2.4")
def fit_to_padding(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You fit the padding as well: it is no data, so leave out the steps where `mask` is False."""
    return right(baseline_features, returns, np.ones_like(mask), ridge)


@mistake(FIT, SLIDE)
def fit_without_ridge(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You leave `ridge` out: ridge · ‖w‖² is added to the sum of squares."""
    return right(baseline_features, returns, mask, 0.0)


@mistake(FIT, SLIDE)
def fit_with_ridge_times_steps(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """Your ridge is multiplied by the number of steps: it is added to the squares' sum, not their mean."""
    return right(baseline_features, returns, mask, ridge * int(np.sum(mask)))


@mistake(FIT, SLIDE)
def fit_with_ridge_times_trajectories(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """Your ridge is multiplied by N: it is added to the sum of squares, not to a mean over trajectories."""
    return right(baseline_features, returns, mask, ridge * len(mask))


@mistake(FIT, SLIDE)
def fit_with_ridge_divided_by_steps(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """Your ridge is divided by the number of steps: it is added to the sum of squares as it is."""
    return right(baseline_features, returns, mask, ridge / int(np.sum(mask)))


@mistake(FIT, SLIDE)
def fit_with_ridge_doubled(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """Your ridge counts twice, as if the sum of squares had a factor ½: there is none."""
    return right(baseline_features, returns, mask, 2.0 * ridge)


@mistake(FIT, SLIDE)
def fit_with_half_the_ridge(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """Your ridge counts half: it is ridge · ‖w‖², without a factor ½."""
    return right(baseline_features, returns, mask, 0.5 * ridge)


@mistake(FIT, SLIDE)
def fit_with_ridge_squared(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """Your ridge counts squared: the rows to add to the design are √ridge · I, since rows are squared."""
    return right(baseline_features, returns, mask, ridge**2)


@mistake(FIT, SLIDE)
def fit_with_the_root_of_ridge(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """Your ridge counts by its root: the matrix ΨᵀΨ gets ridge · I added."""
    return right(baseline_features, returns, mask, np.sqrt(ridge))


def _penalised(baseline_features: Array, returns: Array, mask: Array, penalties: Array) -> Array:
    design = np.concatenate([baseline_features[mask], np.diag(np.sqrt(penalties))])
    targets = np.concatenate([returns[mask], np.zeros(len(penalties))])
    return np.linalg.lstsq(design, targets, rcond=None)[0]


@mistake(FIT, SLIDE)
def fit_with_the_first_weight_free(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You do not penalise the first weight, as if it were an intercept: ridge · ‖w‖² has every weight."""
    penalties = np.full(baseline_features.shape[-1], ridge)
    penalties[0] = 0.0
    return _penalised(baseline_features, returns, mask, penalties)


@mistake(FIT, SLIDE)
def fit_with_the_last_weight_free(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You do not penalise the last weight, as if it were an intercept: ridge · ‖w‖² has every weight."""
    penalties = np.full(baseline_features.shape[-1], ridge)
    penalties[-1] = 0.0
    return _penalised(baseline_features, returns, mask, penalties)


@mistake(FIT, SLIDE)
def fit_with_an_intercept(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You add an intercept to the features: ψ holds one if there is to be one."""
    ones = np.ones((*mask.shape, 1))
    return right(np.concatenate([baseline_features, ones], axis=-1), returns, mask, ridge)[:-1]


@mistake(FIT, SLIDE)
def fit_with_an_intercept_returned_last(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You add an intercept and return its weight as well: there are k weights, one for each feature in ψ."""
    ones = np.ones((*mask.shape, 1))
    return right(np.concatenate([baseline_features, ones], axis=-1), returns, mask, ridge)


@mistake(FIT, SLIDE)
def fit_with_an_intercept_returned_first(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You add an intercept and return its weight as well: there are k weights, one for each feature in ψ."""
    ones = np.ones((*mask.shape, 1))
    return right(np.concatenate([ones, baseline_features], axis=-1), returns, mask, ridge)


@mistake(FIT, SLIDE)
def fit_to_centred_returns(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You subtract the returns' mean before the fit: the baseline has to predict the returns themselves."""
    return right(baseline_features, returns - np.mean(returns[mask]), mask, ridge)


@mistake(FIT, SLIDE)
def fit_to_standardised_returns(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You standardise the returns before the fit: the baseline has to predict the returns themselves."""
    real = returns[mask]
    return right(baseline_features, (returns - np.mean(real)) / np.std(real), mask, ridge)


@mistake(FIT, SLIDE, fit=fits.hidden_ridge)
def fit_with_a_hidden_ridge(
    right: Right,
    baseline_features: Array,
    returns: Array,
    mask: Array,
    ridge: float = 0.0,
    *,
    extra: float = 1e-3,
) -> Array:
    """You add a constant to the ridge that was asked for: with ridge = 0 there is none."""
    return right(baseline_features, returns, mask, ridge + extra)


@mistake(FIT, SLIDE, fit=fits.hidden_ridge)
def fit_with_a_default_ridge(
    right: Right,
    baseline_features: Array,
    returns: Array,
    mask: Array,
    ridge: float = 0.0,
    *,
    default: float = 1e-3,
) -> Array:
    """You take ridge = 0 for a ridge that was not given, and put a number in its place: 0 is a value."""
    return right(baseline_features, returns, mask, ridge or default)


@mistake(FIT, SLIDE)
def fit_without_ridge_where_rank_is_missing(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You forget the ridge where the features are dependent, or the steps few: it belongs to every fit."""
    design = baseline_features[mask]
    is_whole = np.linalg.matrix_rank(design) == design.shape[1]
    return right(baseline_features, returns, mask, ridge if is_whole else 0.0)


def _fit_with_cut_off(
    cut_off: float, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    k = baseline_features.shape[-1]
    design = np.concatenate([baseline_features[mask], np.sqrt(ridge) * np.eye(k)])
    return np.linalg.pinv(design, rcond=cut_off) @ np.concatenate([returns[mask], np.zeros(k)])


@mistake(FIT, SLIDE, fit=fits.among(_fit_with_cut_off, (1e-3, 1e-2, 0.1, 3e-3)))
def fit_with_a_coarse_cut_off(
    right: Right,
    baseline_features: Array,
    returns: Array,
    mask: Array,
    ridge: float = 0.0,
    *,
    cut_off: float = 1e-2,
) -> Array:
    """Your cut-off takes small singular values for 0: features of different sizes are not dependent."""
    return _fit_with_cut_off(cut_off, baseline_features, returns, mask, ridge)


@mistake(FIT, SLIDE, raises=(np.linalg.LinAlgError,))
def fit_by_solving_a_singular_system(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """ΨᵀΨ has no inverse where the features are dependent, or the steps few: lstsq and pinv need none."""
    design = baseline_features[mask]
    k = design.shape[1]
    if ridge == 0.0 and np.linalg.matrix_rank(design) < k:
        raise np.linalg.LinAlgError("Singular matrix")
    return np.linalg.solve(design.T @ design + ridge * np.eye(k), design.T @ returns[mask])


@mistake(FIT, SLIDE)
def fit_in_float32(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You compute in float32: keep float64, which has nine digits more."""
    k = baseline_features.shape[-1]
    design = np.concatenate([baseline_features[mask], np.sqrt(ridge) * np.eye(k)]).astype(np.float32)
    targets = np.concatenate([returns[mask], np.zeros(k)]).astype(np.float32)
    return np.linalg.lstsq(design, targets, rcond=None)[0].astype(np.float64)


@mistake(FIT, SLIDE, "2.2.5")
def fit_clears_the_padding_of_the_features(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You change the caller's `baseline_features` in place: work on a copy."""
    baseline_features[~mask] = 0.0
    return right(baseline_features, returns, mask, ridge)


@mistake(FIT, SLIDE, "2.2.5")
def fit_clears_the_padding_of_the_returns(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You change the caller's `returns` in place: work on a copy."""
    returns *= mask
    return right(baseline_features, returns, mask, ridge)


@mistake(FIT, SLIDE)
def fit_to_the_first_step(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You fit the returns of step 0 alone: every step (s_h, h) is an example."""
    return right(baseline_features[:, :1], returns[:, :1], mask[:, :1], ridge)


@mistake(FIT, SLIDE)
def fit_that_weighs_trajectories_alike(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You average the squares within each trajectory: every step counts the same, so sum them."""
    root = 1.0 / np.sqrt(np.sum(mask, axis=1, keepdims=True))
    return right(baseline_features * root[..., np.newaxis], returns * root, mask, ridge)


@mistake(FIT, SLIDE)
def fit_without_the_inverse(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You return Ψᵀ R: the normal equations (ΨᵀΨ + ridge · I) w = Ψᵀ R are still to be solved."""
    return baseline_features[mask].T @ returns[mask]


@mistake(FIT, SLIDE, "2.2.3")
def fit_not_of_least_norm(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """With dependent features you give some of them the weight 0: of all minimisers, return the shortest."""
    design = baseline_features[mask]
    kept: list[int] = []
    for column in range(design.shape[1]):
        if np.linalg.matrix_rank(design[:, [*kept, column]]) > len(kept):
            kept.append(column)
    weights = right(baseline_features, returns, mask, ridge)
    if ridge == 0.0:
        weights = np.zeros(design.shape[1])
        weights[kept] = right(baseline_features[..., kept], returns, mask, 0.0)
    return weights


@mistake(FIT, SLIDE, "2.2.5")
def fit_overwrites_the_returns(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You change the caller's `returns` in place: work on a copy."""
    weights = right(baseline_features, returns, mask, ridge)
    returns -= baseline_features @ weights
    return weights


@mistake(FIT, SLIDE, "2.2.5")
def fit_overwrites_the_features(
    right: Right, baseline_features: Array, returns: Array, mask: Array, ridge: float = 0.0
) -> Array:
    """You change the caller's `baseline_features` in place: work on a copy."""
    weights = right(baseline_features, returns, mask, ridge)
    baseline_features -= np.mean(baseline_features[mask], axis=0)
    return weights


@mistake(PREDICT, SLIDE)
def prediction_averaged_over_features(right: Right, weights: Array, baseline_features: Array) -> Array:
    """You average over the features: ψ·w is their weighted sum."""
    return right(weights, baseline_features) / len(weights)


@mistake(PREDICT, SLIDE)
def prediction_with_an_intercept(right: Right, weights: Array, baseline_features: Array) -> Array:
    """You take the last weight as an intercept: every weight belongs to its feature in ψ."""
    return baseline_features[..., :-1] @ weights[:-1] + weights[-1]


@mistake(PREDICT, SLIDE)
def prediction_with_an_intercept_in_front(right: Right, weights: Array, baseline_features: Array) -> Array:
    """You take the first weight as an intercept: every weight belongs to its feature in ψ."""
    return baseline_features[..., 1:] @ weights[1:] + weights[0]


@mistake(PREDICT, SLIDE)
def prediction_plus_one(right: Right, weights: Array, baseline_features: Array) -> Array:
    """You add 1 to every prediction: b̃ is ψ·w and nothing else."""
    return right(weights, baseline_features) + 1.0


@mistake(PREDICT, SLIDE)
def prediction_not_summed(right: Right, weights: Array, baseline_features: Array) -> Array:
    """You return each feature times its weight, (N, H, k): their sum, (N, H), was asked for."""
    return baseline_features * weights


@mistake(PREDICT, SLIDE)
def prediction_never_negative(right: Right, weights: Array, baseline_features: Array) -> Array:
    """You cut negative predictions off at 0: returns may be negative, and so may b̃."""
    return np.maximum(right(weights, baseline_features), 0.0)


@mistake(PREDICT, SLIDE)
def prediction_of_the_mean_trajectory(right: Right, weights: Array, baseline_features: Array) -> Array:
    """You average the predictions over the trajectories: b̃ depends on the state s_h as well as on h."""
    predictions = right(weights, baseline_features)
    return np.broadcast_to(np.mean(predictions, axis=0), predictions.shape)


@mistake(PREDICT, SLIDE)
def prediction_summed_over_steps(right: Right, weights: Array, baseline_features: Array) -> Array:
    """You add up the predictions from step h on: b̃ predicts R_h, which is such a sum already."""
    return np.cumsum(right(weights, baseline_features)[:, ::-1], axis=1)[:, ::-1]


@mistake(PREDICT, SLIDE)
def prediction_of_the_wrong_sign(right: Right, weights: Array, baseline_features: Array) -> Array:
    """Your predictions have the wrong sign: b̃ = ψ·w."""
    return -right(weights, baseline_features)


@mistake(PREDICT, SLIDE)
def prediction_in_float32(right: Right, weights: Array, baseline_features: Array) -> Array:
    """You compute in float32: keep float64, which has nine digits more."""
    return np.asarray(right(weights.astype(np.float32), baseline_features.astype(np.float32)), dtype=float)


@mistake(PREDICT, SLIDE, fit=fits.highest)
def prediction_clipped(
    right: Right, weights: Array, baseline_features: Array, *, bound: float = 100.0
) -> Array:
    """You clip the predictions: returns may be as large as they like, and so may b̃."""
    return np.clip(right(weights, baseline_features), -bound, bound)


@mistake(PREDICT, SLIDE, "2.3.2")
def prediction_overwrites_the_features(right: Right, weights: Array, baseline_features: Array) -> Array:
    """You multiply the features in place: they belong to the caller, so work on a copy."""
    result = right(weights, baseline_features)
    baseline_features *= weights
    return result
