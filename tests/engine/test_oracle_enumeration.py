"""Every trajectory, once, with its probability."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.mdp import SoftmaxMDP, random_mdp, random_theta
from tests.engine import lecture

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True, database=None)
SEEDS = st.integers(0, 2**32 - 1)


def draw(seed):
    rng = np.random.default_rng(seed)
    mdp = lecture.random_mdp_of_any_size(rng)
    return rng, mdp, enumerate_trajectories(mdp), random_theta(rng, mdp)


@EXAMPLES
@given(seed=SEEDS)
def test_the_probabilities_of_all_trajectories_sum_to_one(seed):
    _, _, every, theta = draw(seed)
    np.testing.assert_allclose(every.probabilities(theta).sum(), 1.0, rtol=1e-12)


@EXAMPLES
@given(seed=SEEDS)
def test_every_listed_trajectory_is_possible(seed):
    _, _, every, theta = draw(seed)
    assert (every.probabilities(theta) > 0).all()


@EXAMPLES
@given(seed=SEEDS)
def test_no_trajectory_is_listed_twice(seed):
    _, _, every, _ = draw(seed)
    rows = np.column_stack([every.states, every.actions, every.mask])
    assert len(np.unique(rows, axis=0)) == len(every)


@EXAMPLES
@given(seed=SEEDS)
def test_steps_come_before_padding(seed):
    _, _, every, _ = draw(seed)
    assert every.mask[:, 0].all()
    assert (np.diff(every.mask.astype(int), axis=1) <= 0).all()


@EXAMPLES
@given(seed=SEEDS)
def test_padding_is_zero_in_every_array(seed):
    rng, mdp, every, theta = draw(seed)
    table = rng.normal(size=(mdp.H, mdp.S, 4))
    for array in (
        every.states,
        every.actions,
        every.rewards(),
        every.returns(),
        every.action_log_probabilities(theta),
        every.scores(theta),
        every.along(table),
    ):
        assert not array[~every.mask].any()


def test_a_mdp_that_can_be_listed_by_hand_is_listed_so():
    mdp = SoftmaxMDP(
        start=np.array([1.0]),
        transitions=np.array([[[0.25, 0.75], [1.0, 0.0]]]),
        rewards=np.array([[[1.0, 2.0]], [[4.0, 8.0]]]),
        features=np.array([[[1.0], [0.0]]]),
    )
    every = enumerate_trajectories(mdp)
    theta = np.array([np.log(3.0)])  # π(first action) = ¾
    assert every.mask.tolist() == [[True, False]] + [[True, True]] * 4
    assert every.actions.tolist() == [[0, 0], [0, 0], [0, 1], [1, 0], [1, 1]]
    assert every.returns().tolist() == [[1, 0], [5, 4], [9, 8], [6, 4], [10, 8]]
    np.testing.assert_allclose(every.probabilities(theta) * 64, [36, 9, 3, 12, 4], rtol=1e-12)


def test_the_largest_mdp_has_819_trajectories():
    mdp = random_mdp(np.random.default_rng(0), n_states=3, n_actions=3, horizon=3, n_features=4, n_outcomes=4)
    assert len(enumerate_trajectories(mdp)) == 9 + 9 * 9 + 9 * 9 * 9


@EXAMPLES
@given(seed=SEEDS)
def test_the_default_mdp_has_few_enough_trajectories_for_all_pairs(seed):
    assert 12 <= len(enumerate_trajectories(random_mdp(np.random.default_rng(seed)))) <= 15


def test_the_shortest_horizon_lists_states_times_actions():
    every = enumerate_trajectories(random_mdp(np.random.default_rng(0), horizon=1))
    assert every.states[:, 0].tolist() == [0, 0, 1, 1]
    assert every.actions[:, 0].tolist() == [0, 1, 0, 1]


@EXAMPLES
@given(seed=SEEDS)
def test_returns_sum_the_rewards_from_each_step_on(seed):
    _, mdp, every, _ = draw(seed)
    expected = [every.rewards()[:, h:].sum(axis=1) for h in range(mdp.H)]
    np.testing.assert_allclose(every.returns()[every.mask], np.stack(expected, axis=1)[every.mask])


@EXAMPLES
@given(seed=SEEDS)
def test_a_table_is_read_at_the_step_and_state_of_each_trajectory(seed):
    _, mdp, every, _ = draw(seed)
    named = np.arange(mdp.H)[:, np.newaxis] * 10.0 + np.arange(mdp.S)
    expected = np.arange(mdp.H) * 10.0 + every.states
    np.testing.assert_array_equal(every.along(named)[every.mask], expected[every.mask])


@EXAMPLES
@given(seed=SEEDS)
def test_the_summed_scores_are_the_gradient_of_the_log_probability(seed):
    _, mdp, every, theta = draw(seed)
    step = 1e-5
    slopes = [
        np.log(every.probabilities(theta + step * axis) / every.probabilities(theta - step * axis))
        / (2 * step)
        for axis in np.eye(mdp.d)
    ]
    np.testing.assert_allclose(every.scores(theta).sum(axis=1), np.stack(slopes, axis=-1), atol=1e-8)


@EXAMPLES
@given(seed=SEEDS)
def test_the_score_of_a_trajectory_has_mean_zero(seed):
    _, _, every, theta = draw(seed)
    mean = every.probabilities(theta) @ every.scores(theta).sum(axis=1)
    np.testing.assert_allclose(mean, 0.0, atol=1e-12)
