"""The oracle and the reference solution, written apart, agree: each is evidence for the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograder.oracle import batches, exact
from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.mdp import random_census_mdp, random_mdp, random_theta
from hw4 import baseline, npg, policy, policy_gradient, ppo, tabular, trpo
from tests.engine import lecture

EXAMPLES = settings(max_examples=10, deadline=None, derandomize=True, database=None)
SEEDS = st.integers(0, 2**32 - 1)
DRAWS = pytest.mark.parametrize("size", [1, 2])
KL_WEIGHT = 0.4


class Instance:
    """A small MDP, two policies, any baseline, and every trajectory with loud padding."""

    def __init__(self, seed, size):
        rng = np.random.default_rng(seed)
        self.mdp = random_mdp(rng)
        self.theta_k, self.theta = random_theta(rng, self.mdp), random_theta(rng, self.mdp, spread=1.0)
        every = enumerate_trajectories(self.mdp)
        self.batch = lecture.with_large_padding(tabular.whole_batch(every), rng)
        self.baseline = 3.0 * rng.normal(size=(self.mdp.H, self.mdp.S))
        self.advantages = every.returns() - every.along(self.baseline)
        self.scores = policy.score(self.theta_k, self.batch.features, self.batch.actions)
        self.draws = tabular.independent_draws(every.probabilities(self.theta_k), size)

    def ppo_arguments(self, i):
        chosen = self.batch.select(i)
        return (
            self.theta,
            self.theta_k,
            chosen.features,
            chosen.actions,
            self.advantages[i],
            chosen.mask,
            KL_WEIGHT,
        )


@DRAWS
@EXAMPLES
@given(seed=SEEDS)
def test_the_policy_gradient_estimate_is_unbiased(seed, size):
    at = Instance(seed, size)
    mean = tabular.expectation(
        lambda i: policy_gradient.policy_gradient_estimate(at.scores[i], at.advantages[i], at.batch.mask[i]),
        *at.draws,
    )
    np.testing.assert_allclose(mean, exact.performance_gradient(at.mdp, at.theta_k), atol=1e-9)


@DRAWS
@EXAMPLES
@given(seed=SEEDS)
def test_the_fisher_estimate_is_unbiased(seed, size):
    at = Instance(seed, size)
    mean = tabular.expectation(lambda i: npg.fisher_estimate(at.scores[i], at.batch.mask[i]), *at.draws)
    np.testing.assert_allclose(mean, exact.fisher(at.mdp, at.theta_k), atol=1e-9)


@DRAWS
@EXAMPLES
@given(seed=SEEDS)
def test_the_fitted_baseline_has_the_oracles_mean(seed, size):
    at = Instance(seed, size)
    returns = baseline.rewards_to_go(at.batch.rewards, at.batch.mask)
    mean = tabular.expectation(
        lambda i: baseline.fit_baseline(at.batch.baseline_features[i], returns[i], at.batch.mask[i]),
        *at.draws,
    )
    expected = lecture.one_hot_baseline_mean(at.mdp, at.theta_k, size).ravel()
    np.testing.assert_allclose(mean, expected, atol=1e-9)


@DRAWS
@EXAMPLES
@given(seed=SEEDS)
def test_the_ppo_loss_has_the_oracles_mean(seed, size):
    at = Instance(seed, size)
    mean = tabular.expectation(lambda i: ppo.ppo_loss(*at.ppo_arguments(i)), *at.draws)
    expected = -lecture.surrogate_estimate_mean(at.mdp, at.theta_k, at.theta, KL_WEIGHT, at.baseline)
    np.testing.assert_allclose(mean, expected, atol=1e-9)


@DRAWS
@EXAMPLES
@given(seed=SEEDS)
def test_the_ppo_gradient_is_unbiased_away_from_theta_k(seed, size):
    at = Instance(seed, size)
    mean = tabular.expectation(lambda i: ppo.ppo_gradient(*at.ppo_arguments(i)), *at.draws)
    expected = -exact.surrogate_gradient(at.mdp, at.theta_k, at.theta, KL_WEIGHT)
    np.testing.assert_allclose(mean, expected, atol=1e-9)


@DRAWS
@EXAMPLES
@given(seed=SEEDS)
def test_the_kl_estimate_is_unbiased(seed, size):
    at = Instance(seed, size)
    mean = tabular.expectation(
        lambda i: trpo.kl_estimate(at.theta_k, at.theta, at.batch.features[i], at.batch.mask[i]), *at.draws
    )
    np.testing.assert_allclose(mean, lecture.trajectory_kl(at.mdp, at.theta_k, at.theta), atol=1e-9)


@EXAMPLES
@given(seed=SEEDS)
def test_npgs_iteration_on_a_census_is_the_exact_natural_step(seed):
    mdp, theta = random_census_mdp(np.random.default_rng(seed))
    gradient, fisher = exact.performance_gradient(mdp, theta), exact.fisher(mdp, theta)
    assume(gradient @ np.linalg.solve(fisher, gradient) > 0.1)
    census = batches.census_batch(enumerate_trajectories(mdp), theta)
    new = npg.npg_iteration(theta, census, census, 0.05, 0.0, 0.0)
    np.testing.assert_allclose(new, lecture.natural_gradient_step(mdp, theta, 0.05), atol=1e-9)


@EXAMPLES
@given(seed=SEEDS)
def test_ppos_iteration_on_a_census_is_exact_gradient_ascent(seed):
    mdp, theta_k = random_census_mdp(np.random.default_rng(seed))
    census = batches.census_batch(enumerate_trajectories(mdp), theta_k)
    full = np.tile(np.arange(len(census)), (3, 1))
    theta = theta_k
    for _ in full:
        theta = theta + 0.05 * exact.surrogate_gradient(mdp, theta_k, theta, KL_WEIGHT)
    new = ppo.ppo_iteration(theta_k, census, census, KL_WEIGHT, 0.05, full, 0.0)
    np.testing.assert_allclose(new, theta, atol=1e-9)
