"""PPO's objective ℓ^k: its slope, its relation to J and to the KL, and its importance-weighted estimate."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.oracle import exact
from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.mdp import random_theta
from tests.engine import lecture

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True, database=None)
SEEDS = st.integers(0, 2**32 - 1)
KL_WEIGHT = 0.7


def draw(seed):
    rng = np.random.default_rng(seed)
    mdp = lecture.random_mdp_of_any_size(rng)
    return rng, mdp, random_theta(rng, mdp), random_theta(rng, mdp, spread=1.0)


def weighted_estimates(every, theta_k, theta, advantages):
    """Σ_h [π_θ/π_θk · advantage − λ ln 1/π_θ] of every trajectory: (N,)."""
    old, new = every.action_log_probabilities(theta_k), every.action_log_probabilities(theta)
    return (np.exp(new - old) * advantages + KL_WEIGHT * new).sum(axis=1)


@EXAMPLES
@given(seed=SEEDS)
def test_the_surrogate_gradient_is_the_slope_of_the_surrogate(seed):
    _, mdp, theta_k, theta = draw(seed)
    step = 1e-5
    slopes = [
        lecture.surrogate(mdp, theta_k, theta + step * axis, KL_WEIGHT)
        - lecture.surrogate(mdp, theta_k, theta - step * axis, KL_WEIGHT)
        for axis in np.eye(mdp.d)
    ]
    np.testing.assert_allclose(
        exact.surrogate_gradient(mdp, theta_k, theta, KL_WEIGHT), np.array(slopes) / (2 * step), atol=1e-7
    )


@EXAMPLES
@given(seed=SEEDS)
def test_at_theta_k_the_surrogate_climbs_like_the_performance_whatever_the_kl_weight(seed):
    _, mdp, theta_k, _ = draw(seed)
    gradient = exact.performance_gradient(mdp, theta_k)
    for kl_weight in (0.0, KL_WEIGHT):
        np.testing.assert_allclose(
            exact.surrogate_gradient(mdp, theta_k, theta_k, kl_weight), gradient, atol=1e-11
        )


@EXAMPLES
@given(seed=SEEDS)
def test_the_penalty_is_the_kl_up_to_a_constant(seed):
    rng, mdp, theta_k, theta = draw(seed)
    another = random_theta(rng, mdp, spread=1.0)
    penalties = [
        lecture.surrogate(mdp, theta_k, at, 0.0) - lecture.surrogate(mdp, theta_k, at, 1.0)
        for at in (theta, another)
    ]
    divergences = [lecture.trajectory_kl(mdp, theta_k, at) for at in (theta, another)]
    np.testing.assert_allclose(penalties[0] - penalties[1], divergences[0] - divergences[1], atol=1e-11)


@EXAMPLES
@given(seed=SEEDS)
def test_the_importance_weighted_surrogate_is_the_surrogate(seed):
    _, mdp, theta_k, theta = draw(seed)
    every = enumerate_trajectories(mdp)
    advantages = every.along_actions(exact.advantages(mdp, theta_k))
    mean = every.probabilities(theta_k) @ weighted_estimates(every, theta_k, theta, advantages)
    np.testing.assert_allclose(lecture.surrogate(mdp, theta_k, theta, KL_WEIGHT), mean, atol=1e-10)


@EXAMPLES
@given(seed=SEEDS)
def test_with_sampled_returns_and_any_baseline_the_estimate_has_the_stated_mean(seed):
    rng, mdp, theta_k, theta = draw(seed)
    every = enumerate_trajectories(mdp)
    baseline = 3.0 * rng.normal(size=(mdp.H, mdp.S))
    estimates = weighted_estimates(every, theta_k, theta, every.returns() - every.along(baseline))
    expected = lecture.surrogate_estimate_mean(mdp, theta_k, theta, KL_WEIGHT, baseline)
    np.testing.assert_allclose(every.probabilities(theta_k) @ estimates, expected, atol=1e-10)


@EXAMPLES
@given(seed=SEEDS)
def test_the_estimate_is_off_by_the_same_constant_at_every_theta(seed):
    rng, mdp, theta_k, theta = draw(seed)
    baseline = 3.0 * rng.normal(size=(mdp.H, mdp.S))
    offsets = [
        lecture.surrogate_estimate_mean(mdp, theta_k, at, KL_WEIGHT, baseline)
        - lecture.surrogate(mdp, theta_k, at, KL_WEIGHT)
        for at in (theta_k, theta)
    ]
    np.testing.assert_allclose(offsets[0], offsets[1], atol=1e-11)


@EXAMPLES
@given(seed=SEEDS)
def test_with_the_true_values_as_baseline_the_estimate_is_not_off(seed):
    _, mdp, theta_k, theta = draw(seed)
    mean = lecture.surrogate_estimate_mean(mdp, theta_k, theta, KL_WEIGHT, exact.state_values(mdp, theta_k))
    np.testing.assert_allclose(mean, lecture.surrogate(mdp, theta_k, theta, KL_WEIGHT), atol=1e-12)


@EXAMPLES
@given(seed=SEEDS)
def test_the_estimates_gradient_is_unbiased_away_from_theta_k_too(seed):
    rng, mdp, theta_k, theta = draw(seed)
    every = enumerate_trajectories(mdp)
    advantages = every.returns() - every.along(3.0 * rng.normal(size=(mdp.H, mdp.S)))
    old, new = every.action_log_probabilities(theta_k), every.action_log_probabilities(theta)
    factors = np.exp(new - old) * advantages + KL_WEIGHT
    mean = np.einsum("n,nh,nhd->d", every.probabilities(theta_k), factors, every.scores(theta))
    np.testing.assert_allclose(exact.surrogate_gradient(mdp, theta_k, theta, KL_WEIGHT), mean, atol=1e-10)
