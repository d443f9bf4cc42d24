"""Mistakes with the softmax policy and its score."""

from __future__ import annotations

import numpy as np

from autograder.misconceptions import fits
from autograder.misconceptions.mistake import Array, Right, mistake
from hw4.policy import action_log_probabilities, score

LOG_PROBABILITIES = "policy.action_log_probabilities"
SCORE = "policy.score"
EXAMPLE = "Example of Natural Gradient on 1-d problem: 2 actions, 1 state"
BASELINE = "PG with a Learned Baseline"


@mistake(LOG_PROBABILITIES, EXAMPLE, "1.1.2")
def log_probabilities_without_maximum_subtracted(right: Right, theta: Array, features: Array) -> Array:
    """Your exp overflows or underflows at large logits: subtract each state's largest logit first."""
    logits = features @ theta
    return logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))


@mistake(LOG_PROBABILITIES, EXAMPLE, "1.1.2")
def log_probabilities_as_the_log_of_a_softmax(right: Right, theta: Array, features: Array) -> Array:
    """You take ln of a softmax, and an unlikely action's probability is 0 in floating point.

    Stay in log space: logits − max − ln Σ exp(logits − max).
    """
    return np.log(np.exp(right(theta, features)))


@mistake(LOG_PROBABILITIES, EXAMPLE, "1.1.2", fit=fits.exp_of_lowest)
def log_probabilities_with_a_constant_in_the_log(
    right: Right, theta: Array, features: Array, *, constant: float = 1e-12
) -> Array:
    """A small constant inside ln keeps it finite, but ln(π + ε) is wrong for small π: stay in log space."""
    return np.log(np.exp(right(theta, features)) + constant)


@mistake(LOG_PROBABILITIES, EXAMPLE, "1.1.2", fit=fits.lowest)
def log_probabilities_cut_off(right: Right, theta: Array, features: Array, *, least: float = -700.0) -> Array:
    """Probabilities clipped from below are no longer those of the softmax: stay in log space instead."""
    return np.maximum(right(theta, features), least)


@mistake(LOG_PROBABILITIES, EXAMPLE, "1.1.2", fit=fits.spread)
def log_probabilities_with_clipped_logits(
    right: Right, theta: Array, features: Array, *, bound: float = 500.0
) -> Array:
    """Clipped logits are another policy's: subtract each state's largest logit, which changes nothing."""
    logits = np.clip(features @ theta, -bound, bound)
    logits = logits - np.max(logits, axis=-1, keepdims=True)
    return logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))


@mistake(LOG_PROBABILITIES, EXAMPLE, "1.1.2")
def log_probabilities_with_the_mean_subtracted(right: Right, theta: Array, features: Array) -> Array:
    """You subtract the mean logit: exp overflows where one lies far above it. Subtract the largest."""
    logits = features @ theta
    logits = logits - np.mean(logits, axis=-1, keepdims=True)
    return logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))


@mistake(LOG_PROBABILITIES, EXAMPLE)
def log_probabilities_in_float32(right: Right, theta: Array, features: Array) -> Array:
    """You compute in float32: keep float64, which has nine digits more."""
    return np.asarray(right(theta.astype(np.float32), features.astype(np.float32)), dtype=np.float64)


def _groups(number_of_states: int, size: float) -> int:
    """How many states whole groups of a size cover; all of them where there is one group only."""
    return number_of_states if number_of_states <= size else int(number_of_states // size * size)


def _log_probabilities_in_groups(size: float, theta: Array, features: Array) -> Array:
    states = features.reshape(-1, *features.shape[-2:])
    result = np.zeros(states.shape[:-1])
    covered = _groups(len(states), size)
    result[:covered] = action_log_probabilities(theta, states[:covered])
    return result.reshape(features.shape[:-1])


CHUNKS = (64, 100, 128, 32, 16, 50, 10, 20, 256)


@mistake(LOG_PROBABILITIES, EXAMPLE, fit=fits.among(_log_probabilities_in_groups, CHUNKS))
def log_probabilities_without_the_last_chunk(
    right: Right, theta: Array, features: Array, *, size: float = 64
) -> Array:
    """You work in chunks, and drop the last, which is not full: every state counts."""
    states = features.reshape(-1, *features.shape[-2:])
    result = np.zeros(states.shape[:-1])
    covered = _groups(len(states), size)
    result[:covered] = right(theta, states[:covered])
    return result.reshape(features.shape[:-1])


@mistake(LOG_PROBABILITIES, EXAMPLE, "1.1.2")
def log_probabilities_with_one_maximum_for_all_states(right: Right, theta: Array, features: Array) -> Array:
    """You subtract the largest logit of all states; where a state's own are far below, exp gives only zeros.

    Subtract each state's own maximum, along the axis of the actions.
    """
    logits = features @ theta
    logits = logits - np.max(logits)
    return logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))


@mistake(LOG_PROBABILITIES, EXAMPLE)
def log_probabilities_not_normalised(right: Right, theta: Array, features: Array) -> Array:
    """You return the logits θ·φ themselves: ln Σ exp(θ·φ) is still to be subtracted."""
    return features @ theta


@mistake(LOG_PROBABILITIES, EXAMPLE)
def log_probabilities_less_the_maximum_only(right: Right, theta: Array, features: Array) -> Array:
    """You subtract the largest logit in place of ln Σ exp: the probabilities do not add up to 1."""
    logits = features @ theta
    return logits - np.max(logits, axis=-1, keepdims=True)


@mistake(LOG_PROBABILITIES, EXAMPLE)
def log_probabilities_with_the_maximum_not_added_back(right: Right, theta: Array, features: Array) -> Array:
    """Your ln Σ exp is that of the shifted logits, taken from logits that are not shifted.

    ln Σ exp(z) = max + ln Σ exp(z − max): add the maximum back.
    """
    logits = features @ theta
    return right(theta, features) + np.max(logits, axis=-1, keepdims=True)


@mistake(LOG_PROBABILITIES, EXAMPLE)
def log_probabilities_without_the_log(right: Right, theta: Array, features: Array) -> Array:
    """You return probabilities; their logarithms were asked for."""
    return np.exp(right(theta, features))


@mistake(LOG_PROBABILITIES, EXAMPLE)
def log_probabilities_of_the_opposite_policy(right: Right, theta: Array, features: Array) -> Array:
    """Your policy prefers small θ·φ: π is proportional to exp(+θ·φ)."""
    return right(-theta, features)


@mistake(LOG_PROBABILITIES, EXAMPLE)
def log_probabilities_of_the_wrong_sign(right: Right, theta: Array, features: Array) -> Array:
    """You return −ln π: a log-probability is at most 0."""
    return -right(theta, features)


@mistake(LOG_PROBABILITIES, EXAMPLE)
def log_probabilities_normalised_over_everything(right: Right, theta: Array, features: Array) -> Array:
    """You normalise over all states at once: each state's probabilities add up to 1, so sum over axis −1."""
    logits = features @ theta
    largest = np.max(logits)
    return logits - largest - np.log(np.sum(np.exp(logits - largest)))


@mistake(LOG_PROBABILITIES, EXAMPLE)
def log_probabilities_normalised_over_the_first_axis(right: Right, theta: Array, features: Array) -> Array:
    """You normalise over axis 0, which is that of the states: the actions are on the last axis, −1."""
    logits = features @ theta
    logits = logits - np.max(logits, axis=0)
    return logits - np.log(np.sum(np.exp(logits), axis=0))


@mistake(LOG_PROBABILITIES, EXAMPLE)
def log_probabilities_normalised_linearly(right: Right, theta: Array, features: Array) -> Array:
    """You divide the logits by their sum: π is proportional to exp(θ·φ), so the exponential comes first."""
    logits = features @ theta
    return logits / np.sum(logits, axis=-1, keepdims=True)


@mistake(LOG_PROBABILITIES, EXAMPLE, "1.1.3")
def log_probabilities_overwrite_the_features(right: Right, theta: Array, features: Array) -> Array:
    """You write into `features`, which belongs to the caller: work on a copy."""
    result = right(theta, features)
    features *= theta
    return result


@mistake(SCORE, BASELINE)
def score_of_the_wrong_sign(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """Your score points the other way: it is φ(s,a) minus the mean of φ, not the mean minus φ(s,a)."""
    return -right(theta, features, actions)


@mistake(SCORE, BASELINE)
def score_without_the_mean(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You return φ(s,a): the gradient of ln Σ exp, which is Σ π(a'|s) φ(s,a'), is still to be subtracted."""
    return np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]


@mistake(SCORE, BASELINE)
def score_less_the_plain_mean(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You subtract the plain mean of φ over the actions: weigh each action by its probability π(a'|s)."""
    return right(np.zeros_like(theta), features, actions)


@mistake(SCORE, BASELINE)
def score_less_the_sum(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You subtract Σ φ(s,a') over the actions: weigh each action by its probability π(a'|s)."""
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    return chosen - np.sum(features, axis=-2)


@mistake(SCORE, BASELINE)
def score_less_the_mean_over_actions(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You average π(a'|s) φ(s,a') over the actions: the weights π add up to 1 already, so sum."""
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    return chosen - (chosen - right(theta, features, actions)) / features.shape[-2]


@mistake(SCORE, BASELINE)
def score_less_the_likeliest(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You subtract φ of the likeliest action alone: the mean runs over all actions, weighted by π(a'|s)."""
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    best = np.argmax(features @ theta, axis=-1)
    return chosen - np.take_along_axis(features, best[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]


@mistake(SCORE, BASELINE)
def score_less_the_largest_features(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You subtract the largest features over the actions: it is their mean under π that is subtracted."""
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    return chosen - np.max(features, axis=-2)


@mistake(SCORE, BASELINE)
def score_less_its_own_share(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You return (1 − π(a|s)) φ(s,a): the mean runs over every action, not only over the one taken."""
    index = actions[..., np.newaxis]
    chosen = np.take_along_axis(features, index[..., np.newaxis], axis=-2)[..., 0, :]
    return chosen * (1.0 - np.exp(np.take_along_axis(action_log_probabilities(theta, features), index, -1)))


@mistake(SCORE, BASELINE)
def score_weighted_by_log_probabilities(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """Your mean of φ is weighted by ln π(a'|s): the weights are the probabilities, exp of these."""
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    return chosen - np.einsum("...a,...ad->...d", action_log_probabilities(theta, features), features)


@mistake(SCORE, BASELINE)
def score_weighted_by_logits(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """Your mean of φ is weighted by the logits θ·φ: the weights are the probabilities π(a'|s)."""
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    return chosen - np.einsum("...a,...ad->...d", features @ theta, features)


@mistake(SCORE, BASELINE)
def score_of_the_probability(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You return ∇π, which is π ∇ln π: the score is the gradient of the logarithm, without the factor π."""
    log_probabilities = action_log_probabilities(theta, features)
    return right(theta, features, actions) * np.exp(
        np.take_along_axis(log_probabilities, actions[..., np.newaxis], axis=-1)
    )


@mistake(SCORE, BASELINE)
def score_by_the_logits(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You return one-hot(a) − π, the gradient by the logits, (..., A): by θ it is that times φ, (..., d)."""
    probabilities = np.exp(action_log_probabilities(theta, features))
    return (np.arange(features.shape[-2]) == actions[..., np.newaxis]) - probabilities


@mistake(SCORE, BASELINE)
def score_of_every_action(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You return the score of every action, (..., A, d): pick that of the action taken, (..., d)."""
    probabilities = np.exp(action_log_probabilities(theta, features))
    return features - np.einsum("...a,...ad->...d", probabilities, features)[..., np.newaxis, :]


@mistake(SCORE, BASELINE)
def score_of_the_first_action(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You return the score of action 0 in every state: the first term is φ of the action taken."""
    return right(theta, features, np.zeros_like(actions))


@mistake(SCORE, BASELINE, "1.2.2")
def score_that_overflows(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """Your probabilities overflow at large logits: take exp of the stable log-probabilities."""
    exponentials = np.exp(features @ theta)
    probabilities = exponentials / np.sum(exponentials, axis=-1, keepdims=True)
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    return chosen - np.einsum("...a,...ad->...d", probabilities, features)


@mistake(SCORE, BASELINE, "1.2.2")
def score_of_overflowing_log_probabilities(
    right: Right, theta: Array, features: Array, actions: Array
) -> Array:
    """Your probabilities overflow at large logits: take exp of the stable log-probabilities."""
    logits = features @ theta
    probabilities = np.exp(logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True)))
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    return chosen - np.einsum("...a,...ad->...d", probabilities, features)


@mistake(SCORE, BASELINE, "1.2.2")
def score_of_a_guarded_softmax(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """Your probabilities overflow at large logits: take exp of the stable log-probabilities."""
    exponentials = np.exp(features @ theta)
    probabilities = exponentials / (np.sum(exponentials, axis=-1, keepdims=True) + 1e-8)
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    return chosen - np.einsum("...a,...ad->...d", probabilities, features)


@mistake(SCORE, BASELINE)
def score_with_one_maximum_for_all_states(
    right: Right, theta: Array, features: Array, actions: Array
) -> Array:
    """Where a state's logits are far below those of another, your exp gives only zeros.

    Subtract each state's own maximum, along the axis of the actions.
    """
    logits = features @ theta
    exponentials = np.exp(logits - np.max(logits))
    probabilities = exponentials / np.sum(exponentials, axis=-1, keepdims=True)
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    return chosen - np.einsum("...a,...ad->...d", probabilities, features)


def _score_with_clipped_logits(bound: float, theta: Array, features: Array, actions: Array) -> Array:
    logits = np.clip(features @ theta, -bound, bound)
    exponentials = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    probabilities = exponentials / np.sum(exponentials, axis=-1, keepdims=True)
    chosen = np.take_along_axis(features, actions[..., np.newaxis, np.newaxis], axis=-2)[..., 0, :]
    return chosen - np.einsum("...a,...ad->...d", probabilities, features)


@mistake(SCORE, BASELINE, fit=fits.among(_score_with_clipped_logits, (500, 50, 30, 20, 10, 100, 700)))
def score_with_clipped_logits(
    right: Right, theta: Array, features: Array, actions: Array, *, bound: float = 500
) -> Array:
    """Clipped logits are another policy's: take exp of the stable log-probabilities."""
    return _score_with_clipped_logits(bound, theta, features, actions)


@mistake(SCORE, BASELINE)
def score_in_float32(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You compute in float32: keep float64, which has nine digits more."""
    return np.asarray(right(theta.astype(np.float32), features.astype(np.float32), actions), dtype=np.float64)


def _score_in_groups(size: float, theta: Array, features: Array, actions: Array) -> Array:
    covered = _groups(actions.size, size)
    states = features.reshape(-1, *features.shape[-2:])
    result = np.zeros((len(states), features.shape[-1]))
    result[:covered] = score(theta, states[:covered], actions.reshape(-1)[:covered])
    return result.reshape(*actions.shape, features.shape[-1])


@mistake(SCORE, BASELINE, fit=fits.among(_score_in_groups, CHUNKS))
def score_without_the_last_chunk(
    right: Right, theta: Array, features: Array, actions: Array, *, size: float = 64
) -> Array:
    """You work in chunks, and drop the last, which is not full: every state counts."""
    covered = _groups(actions.size, size)
    states = features.reshape(-1, *features.shape[-2:])
    result = np.zeros((len(states), features.shape[-1]))
    result[:covered] = right(theta, states[:covered], actions.reshape(-1)[:covered])
    return result.reshape(*actions.shape, features.shape[-1])


@mistake(SCORE, BASELINE, "1.2.3")
def score_overwrites_the_features(right: Right, theta: Array, features: Array, actions: Array) -> Array:
    """You write into `features`, which belongs to the caller: work on a copy."""
    result = right(theta, features, actions)
    probabilities = np.exp(action_log_probabilities(theta, features))
    features -= np.einsum("...a,...ad->...d", probabilities, features)[..., np.newaxis, :]
    return result
