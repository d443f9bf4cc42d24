"""J, V, Q, occupancy, ∇J and F: the recursions against the sum over trajectories, and the slides' claims."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.oracle import exact
from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.mdp import random_theta
from tests.engine import lecture

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True, database=None)
SEEDS = st.integers(0, 2**32 - 1)


def draw(seed):
    rng = np.random.default_rng(seed)
    mdp = lecture.random_mdp_of_any_size(rng)
    return rng, mdp, enumerate_trajectories(mdp), random_theta(rng, mdp)


def visits_by_trajectory(every):
    """(N, H, S, A), 1 where a trajectory takes action a in state s at step h."""
    shape = every.mdp.rewards.shape
    pairs = every.along_actions(np.eye(np.prod(shape)).reshape(*shape, -1))
    return pairs.sum(axis=1).reshape(len(every), *shape)


@EXAMPLES
@given(seed=SEEDS)
def test_performance_is_the_mean_return_of_all_trajectories(seed):
    _, mdp, every, theta = draw(seed)
    mean = every.probabilities(theta) @ every.returns()[:, 0]
    np.testing.assert_allclose(lecture.performance(mdp, theta), mean, atol=1e-11)


@EXAMPLES
@given(seed=SEEDS)
def test_occupancy_is_how_often_trajectories_pass(seed):
    _, mdp, every, theta = draw(seed)
    passes = np.einsum("n,nhsa->hs", every.probabilities(theta), visits_by_trajectory(every))
    np.testing.assert_allclose(exact.occupancy(mdp, theta), passes, atol=1e-12)


@EXAMPLES
@given(seed=SEEDS)
def test_bellmans_action_values_are_the_mean_return_from_there_on(seed):
    _, mdp, every, theta = draw(seed)
    weighted = every.probabilities(theta)[:, None, None, None] * visits_by_trajectory(every)
    total = np.einsum("nhsa,nh->hsa", weighted, every.returns())
    seen = weighted.sum(axis=0)
    reached = seen > 0
    np.testing.assert_allclose(
        exact.action_values(mdp, theta)[reached], total[reached] / seen[reached], atol=1e-10
    )


@EXAMPLES
@given(seed=SEEDS)
def test_the_advantage_has_mean_zero_in_every_state(seed):
    _, mdp, _, theta = draw(seed)
    mean = np.einsum("sa,hsa->hs", mdp.policy(theta), exact.advantages(mdp, theta))
    np.testing.assert_allclose(mean, 0.0, atol=1e-12)


@EXAMPLES
@given(seed=SEEDS)
def test_the_performance_difference_lemma_holds_from_every_state(seed):
    rng, mdp, _, theta = draw(seed)
    theta_new = random_theta(rng, mdp, spread=1.0)
    for state in range(mdp.S):
        from_here = replace(mdp, start=np.eye(mdp.S)[state])
        difference = lecture.performance(from_here, theta_new) - lecture.performance(from_here, theta)
        every = enumerate_trajectories(from_here)
        gained = every.along_actions(exact.advantages(from_here, theta)).sum(axis=1)
        np.testing.assert_allclose(difference, every.probabilities(theta_new) @ gained, atol=1e-10)


@EXAMPLES
@given(seed=SEEDS)
def test_the_gradient_is_the_slope_of_the_performance(seed):
    _, mdp, _, theta = draw(seed)
    step = 1e-5
    slopes = [
        (lecture.performance(mdp, theta + step * axis) - lecture.performance(mdp, theta - step * axis))
        / (2 * step)
        for axis in np.eye(mdp.d)
    ]
    np.testing.assert_allclose(exact.performance_gradient(mdp, theta), slopes, atol=1e-7)


@EXAMPLES
@given(seed=SEEDS)
def test_the_likelihood_ratio_method_finds_the_gradient(seed):
    _, mdp, every, theta = draw(seed)
    reinforce = np.einsum(
        "n,nhd,n->d", every.probabilities(theta), every.scores(theta), every.returns()[:, 0]
    )
    np.testing.assert_allclose(exact.performance_gradient(mdp, theta), reinforce, atol=1e-10)


@EXAMPLES
@given(seed=SEEDS)
def test_any_baseline_leaves_the_gradient_unbiased(seed):
    rng, mdp, every, theta = draw(seed)
    baseline = 10.0 * rng.normal(size=(mdp.H, mdp.S))
    mean = np.einsum(
        "n,nhd,nh->d",
        every.probabilities(theta),
        every.scores(theta),
        every.returns() - every.along(baseline),
    )
    np.testing.assert_allclose(exact.performance_gradient(mdp, theta), mean, atol=1e-10)


@EXAMPLES
@given(seed=SEEDS)
def test_the_two_forms_of_the_fisher_matrix_agree(seed):
    _, mdp, _, theta = draw(seed)
    np.testing.assert_allclose(
        exact.fisher(mdp, theta), lecture.fisher_of_trajectories(mdp, theta), atol=1e-11
    )


@EXAMPLES
@given(seed=SEEDS)
def test_the_fisher_matrix_sums_the_steps_of_all_trajectories(seed):
    _, mdp, every, theta = draw(seed)
    scores = every.scores(theta)
    summed = np.einsum("n,nhi,nhj->ij", every.probabilities(theta), scores, scores)
    np.testing.assert_allclose(exact.fisher(mdp, theta), summed, atol=1e-11)


@pytest.mark.parametrize("theta", [-3.0, 0.0, 1.5, 10.0])
def test_the_lectures_example_has_the_lectures_numbers(theta):
    mdp, at = lecture.two_action_example(), np.array([theta])
    slope = np.exp(theta) / (1 + np.exp(theta)) ** 2
    gradient, fisher = exact.performance_gradient(mdp, at), exact.fisher(mdp, at)
    np.testing.assert_allclose(gradient, [99 * slope], rtol=1e-9)
    np.testing.assert_allclose(fisher, [[slope]], rtol=1e-9)
    np.testing.assert_allclose(np.linalg.solve(fisher, gradient), [99.0], rtol=1e-9)
