"""Batches, all their draws with probabilities, loud padding, samples and censuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.oracle import batches, exact
from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.mdp import random_census_mdp, random_mdp, random_theta
from hw4 import tabular
from tests.engine import lecture

EXAMPLES = settings(max_examples=25, deadline=None, derandomize=True, database=None)
SEEDS = st.integers(0, 2**32 - 1)


def draw(seed):
    rng = np.random.default_rng(seed)
    mdp = random_mdp(rng)
    return rng, mdp, enumerate_trajectories(mdp), random_theta(rng, mdp)


@EXAMPLES
@given(seed=SEEDS)
def test_the_whole_batch_shows_the_features_of_the_states_visited(seed):
    _, mdp, every, _ = draw(seed)
    batch = tabular.whole_batch(every)
    assert batch.features.shape == (len(every), mdp.H, mdp.A, mdp.d)
    np.testing.assert_array_equal(batch.features[every.mask], mdp.features[every.states[every.mask]])


@EXAMPLES
@given(seed=SEEDS)
def test_one_hot_features_make_any_baseline_linear(seed):
    rng, mdp, every, _ = draw(seed)
    baseline = rng.normal(size=(mdp.H, mdp.S))
    predicted = tabular.whole_batch(every).baseline_features @ baseline.ravel()
    np.testing.assert_allclose(predicted, every.along(baseline), atol=1e-12)


def test_given_baseline_features_replace_the_one_hot_ones():
    rng, mdp, every, _ = draw(0)
    table = rng.normal(size=(mdp.H, mdp.S, 3))
    np.testing.assert_array_equal(tabular.whole_batch(every, table).baseline_features, every.along(table))


@EXAMPLES
@given(seed=SEEDS)
def test_loud_padding_leaves_the_real_steps_alone(seed):
    rng, _, every, _ = draw(seed)
    quiet = tabular.whole_batch(every)
    loud = lecture.with_large_padding(quiet, rng)
    for name in ("features", "baseline_features", "actions", "rewards"):
        np.testing.assert_array_equal(getattr(loud, name)[quiet.mask], getattr(quiet, name)[quiet.mask])


@EXAMPLES
@given(seed=SEEDS)
def test_loud_padding_is_loud_but_within_the_contract(seed):
    rng, mdp, every, _ = draw(seed)
    loud = lecture.with_large_padding(tabular.whole_batch(every), rng)
    padding = ~loud.mask
    for values, largest in ((loud.features, 10.0), (loud.baseline_features, 1e12), (loud.rewards, 1e12)):
        sizes = np.abs(values[padding])
        assert sizes.min() >= 0.1 * largest
        assert sizes.max() <= largest
    assert set(loud.actions[padding]) <= set(range(mdp.A))


def test_loud_padding_shows_every_valid_action():
    rng, mdp, every, _ = draw(0)
    short = tabular.whole_batch(every).select(np.zeros(50, dtype=np.int64))
    loud = lecture.with_large_padding(short, rng)
    assert set(loud.actions[~loud.mask]) == set(range(mdp.A))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_draws_probabilities_sum_to_one(size):
    _, _, every, theta = draw(0)
    members, probabilities = tabular.independent_draws(every.probabilities(theta), size)
    assert members.shape == (len(every) ** size, size)
    np.testing.assert_allclose(probabilities.sum(), 1.0, rtol=1e-12)


def test_pairs_are_ordered_and_a_trajectory_may_be_drawn_twice():
    members, probabilities = tabular.independent_draws(np.array([0.25, 0.75]), 2)
    assert members.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    np.testing.assert_allclose(probabilities, [1 / 16, 3 / 16, 3 / 16, 9 / 16])


def test_an_expectation_weights_what_the_estimator_returns():
    points = np.array([[1.0, 2.0], [3.0, 10.0]])
    np.testing.assert_allclose(
        tabular.expectation(lambda point: 2 * point, points, np.array([0.25, 0.75])), [5, 16]
    )
    assert tabular.expectation(float, [1.0, 3.0], np.array([0.25, 0.75])).shape == ()


def test_an_expectation_refuses_samples_without_probabilities():
    with pytest.raises(ValueError, match="There are 3 samples, but 2 probabilities"):
        tabular.expectation(float, [1.0, 2.0, 3.0], np.array([0.5, 0.5]))


@EXAMPLES
@given(seed=SEEDS)
def test_pairs_show_what_single_trajectories_hide(seed):
    # The mean over all steps is the mean of each trajectory's mean over its steps: on one, but not on two.
    _, _, every, theta = draw(seed)
    single, pair = (tabular.independent_draws(every.probabilities(theta), size) for size in (1, 2))

    def mean_over_steps(chosen):
        return every.rewards()[chosen].sum() / every.mask[chosen].sum()

    def mean_of_means(chosen):
        return (every.rewards()[chosen].sum(axis=1) / every.mask[chosen].sum(axis=1)).mean()

    np.testing.assert_allclose(
        tabular.expectation(mean_over_steps, *single), tabular.expectation(mean_of_means, *single), atol=1e-12
    )
    assert abs(tabular.expectation(mean_over_steps, *pair) - tabular.expectation(mean_of_means, *pair)) > 1e-6


@EXAMPLES
@given(seed=SEEDS)
def test_a_fitted_one_hot_baseline_has_the_stated_mean(seed):
    _, mdp, every, theta = draw(seed)
    batch = tabular.whole_batch(every)

    def fit(chosen):
        design, returns = batch.baseline_features[chosen], every.returns()[chosen]
        return np.linalg.lstsq(design[every.mask[chosen]], returns[every.mask[chosen]], rcond=None)[0]

    for size in (1, 2):
        mean = tabular.expectation(fit, *tabular.independent_draws(every.probabilities(theta), size))
        expected = lecture.one_hot_baseline_mean(mdp, theta, size)
        np.testing.assert_allclose(mean.reshape(mdp.H, mdp.S), expected, atol=1e-10)


@EXAMPLES
@given(seed=SEEDS)
def test_a_census_holds_every_trajectory_as_often_as_its_probability_says(seed):
    rng = np.random.default_rng(seed)
    mdp, theta = random_census_mdp(rng)
    every = enumerate_trajectories(mdp)
    census = batches.census_batch(every, theta)
    np.testing.assert_allclose(census.rewards.sum(axis=1).mean(), lecture.performance(mdp, theta), atol=1e-10)
    visits = (census.baseline_features * census.mask[..., np.newaxis]).sum(axis=1).mean(axis=0)
    np.testing.assert_allclose(visits.reshape(mdp.H, mdp.S), exact.occupancy(mdp, theta), atol=1e-10)


@pytest.mark.parametrize(("horizon", "largest"), [(1, 16), (2, 128), (3, 1024)])
def test_a_census_stays_as_small_as_promised(horizon, largest):
    for seed in range(30):
        mdp, theta = random_census_mdp(
            np.random.default_rng(seed), n_states=3, n_actions=3, horizon=horizon, n_features=3
        )
        assert len(batches.census_batch(enumerate_trajectories(mdp), theta)) <= largest


def test_a_census_of_irrational_probabilities_is_refused_with_the_way_out():
    _, _, every, theta = draw(0)
    with pytest.raises(ValueError, match="take the MDP and the θ that random_census_mdp returns"):
        batches.census_batch(every, theta)


def test_a_sample_follows_the_probabilities():
    # Five standard errors are missed with chance below 1e-6, and the seed is fixed.
    rng, mdp, every, theta = draw(3)
    returns = lecture.sample_batch(every, theta, 4000, rng).rewards.sum(axis=1)
    assert abs(returns.mean() - lecture.performance(mdp, theta)) < 5 * returns.std() / np.sqrt(4000)


def test_a_sample_is_the_same_for_the_same_generator():
    _, _, every, theta = draw(3)
    first, second = (lecture.sample_batch(every, theta, 20, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.actions, second.actions)
