"""The tabular playground: policies that depend on the step, the lemma, fitted policy iteration."""

from __future__ import annotations

import dataclasses
import doctest
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.oracle.mdp import random_mdp
from hw4 import baseline, policy, policy_gradient, tabular

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True, database=None)
SEEDS = st.integers(0, 2**32 - 1)


def draw(seed):
    """An MDP, and two policies that depend on the step."""
    rng = np.random.default_rng(seed)
    mdp = random_mdp(rng, n_states=3, n_actions=2, horizon=3, n_features=3)
    return mdp, *rng.dirichlet(np.ones(mdp.A), size=(2, mdp.H, mdp.S))


@EXAMPLES
@given(seed=SEEDS)
def test_performance_is_the_mean_return_of_all_trajectories(seed):
    mdp, one, _ = draw(seed)
    every = tabular.enumerate_trajectories(mdp)
    probabilities = every.probabilities_under(one)
    np.testing.assert_allclose(probabilities.sum(), 1.0, rtol=1e-12)
    mean = probabilities @ every.rewards().sum(axis=1)
    np.testing.assert_allclose(tabular.performance(mdp, one), mean, atol=1e-11)


@EXAMPLES
@given(seed=SEEDS)
def test_the_performance_difference_lemma_splits_the_difference(seed):
    mdp, one, other = draw(seed)
    terms = tabular.performance_difference(mdp, one, other)
    assert terms.shape == (mdp.H,)
    difference = tabular.performance(mdp, other) - tabular.performance(mdp, one)
    np.testing.assert_allclose(terms.sum(), difference, atol=1e-11)


def test_a_policy_may_be_the_same_at_every_step():
    mdp, one, _ = draw(0)
    repeated = np.stack([one[0]] * mdp.H)
    for function in (tabular.occupancy, tabular.action_values, tabular.state_values, tabular.advantages):
        np.testing.assert_array_equal(function(mdp, one[0]), function(mdp, repeated))


def test_a_policy_of_another_shape_is_refused_with_both_shapes():
    mdp, one, _ = draw(0)
    with pytest.raises(ValueError, match=r"shape \(3, 2, 3\), but \(S, A\) = \(3, 2\) or"):
        tabular.occupancy(mdp, one.swapaxes(1, 2))


@EXAMPLES
@given(seed=SEEDS)
def test_a_fit_with_every_feature_is_exact_where_the_policy_goes(seed):
    mdp, one, _ = draw(seed)
    size = mdp.rewards.size
    fitted = tabular.fit_action_values(mdp, one, np.eye(size).reshape(*mdp.rewards.shape, size))
    visited = tabular.occupancy(mdp, one) > 1e-9
    np.testing.assert_allclose(fitted[visited], tabular.action_values(mdp, one)[visited], atol=1e-7)


@EXAMPLES
@given(seed=SEEDS)
def test_a_fit_leaves_no_residual_along_a_feature(seed):
    """The normal equations, in expectation over the policy's trajectories."""
    mdp, one, _ = draw(seed)
    features = np.random.default_rng(seed).normal(size=(*mdp.rewards.shape, 2))
    residual = tabular.fit_action_values(mdp, one, features) - tabular.action_values(mdp, one)
    for k in range(2):
        along = tabular.expected_at_each_step(mdp, one, residual * features[..., k]).sum()
        np.testing.assert_allclose(along, 0.0, atol=1e-9)


def test_policy_iteration_forgets_the_action_that_it_does_not_take():
    """By hand: rewards −1 and −100. What is not taken is not fitted, and its 0 looks better than −1."""
    mdp = dataclasses.replace(tabular.two_action_example(), rewards=np.array([[[-1.0, -100.0]]]))
    rounds = tabular.fitted_policy_iteration(mdp, np.array([[0.5, 0.5]]), np.eye(2).reshape(1, 1, 2, 2))
    fitted, policies = zip(*itertools.islice(rounds, 3), strict=True)
    np.testing.assert_allclose(np.ravel(fitted), [-1, -100, -1, 0, 0, -100], atol=1e-9)
    assert [tabular.performance(mdp, policy) for policy in policies] == [-1, -100, -1]


def test_a_student_can_check_that_the_gradient_estimate_is_unbiased():
    """With any baseline, as the module's docstring says: with the reference's functions, to rounding."""
    mdp = random_mdp(np.random.default_rng(1))
    theta = np.array([0.3, -0.2])
    every = tabular.enumerate_trajectories(mdp)

    def probabilities_of_actions(parameters):
        return np.exp(policy.action_log_probabilities(parameters, mdp.features))

    def estimate(n):
        batch = tabular.whole_batch(every).select([n])
        returns = baseline.rewards_to_go(batch.rewards, batch.mask)
        scores = policy.score(theta, batch.features, batch.actions)
        return policy_gradient.policy_gradient_estimate(scores, returns - 7.0, batch.mask)

    mean = tabular.expectation(
        estimate, range(len(every)), every.probabilities_under(probabilities_of_actions(theta))
    )
    step = 1e-5
    slopes = [
        tabular.performance(mdp, probabilities_of_actions(theta + step * axis))
        - tabular.performance(mdp, probabilities_of_actions(theta - step * axis))
        for axis in np.eye(2)
    ]
    np.testing.assert_allclose(mean, np.array(slopes) / (2 * step), atol=1e-8)


def test_the_examples_of_the_docstrings_are_right():
    results = doctest.testmod(tabular)
    assert results.attempted >= 3
    assert results.failed == 0
