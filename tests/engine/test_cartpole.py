"""CartPole as whole trajectories, held against gymnasium's scalar environment and the softmax formula."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from hw4.lab.cartpole import (
    BASELINE_FEATURES,
    MAX_HORIZON,
    POLICY_FEATURES,
    baseline_features,
    mean_return,
    policy_features,
    rollout,
)
from hw4.trajectories import ShapeError

BALANCING = np.array([0.0, 0.0, 0.0, 0.0, 0.4, 0.8, 8.0, 4.0])
"""Leans into the fall, and keeps the pole up for nearly all of 500 steps."""
FALLING = np.zeros(POLICY_FEATURES)
"""Acts at random, and falls within some twenty steps."""


def seeded(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def states_of(batch) -> np.ndarray:
    """Read the states (N, H, 4) back from the baseline's features."""
    return batch.baseline_features[..., 3:7]


def random_rotation(seed: int = 0) -> np.ndarray:
    return np.linalg.qr(seeded(seed).normal(size=(POLICY_FEATURES, POLICY_FEATURES)))[0]


# Features


def test_each_action_has_its_own_block_of_the_state():
    features = policy_features(np.array([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_array_equal(features, [[1, 2, 3, 4, 0, 0, 0, 0], [0, 0, 0, 0, 1, 2, 3, 4]])


def test_policy_features_are_the_kronecker_product_whatever_the_leading_axes():
    states = seeded().normal(size=(3, 5, 4))
    expected = [[np.kron(np.eye(2), state) for state in row] for row in states]
    np.testing.assert_array_equal(policy_features(states), expected)


def test_baseline_features_are_a_constant_the_time_the_state_and_squares():
    features = baseline_features(np.array([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]), horizon=4)
    np.testing.assert_array_equal(
        features, [[[1, 0, 0, 1, 2, 3, 4, 1, 4, 9, 16], [1, 0.25, 0.0625, 5, 6, 7, 8, 25, 36, 49, 64]]]
    )


def test_time_is_measured_against_the_horizon_and_not_the_longest_episode():
    batch = rollout(FALLING, seeded(), 5, 200)
    assert batch.mask.shape[1] < 200
    time = np.arange(batch.mask.shape[1]) / 200
    np.testing.assert_allclose(batch.baseline_features[..., 1], np.where(batch.mask, time, 0.0))


# Whole trajectories


def test_a_batch_has_the_shapes_of_the_homework():
    batch = rollout(FALLING, seeded(), 7, 200)
    N, H = batch.mask.shape
    assert N == 7
    assert batch.features.shape == (N, H, 2, POLICY_FEATURES)
    assert batch.baseline_features.shape == (N, H, BASELINE_FEATURES)
    assert all(array.flags.c_contiguous for array in vars(batch).values())


def test_a_batch_is_as_long_as_its_longest_episode():
    batch = rollout(FALLING, seeded(), 20, 500)
    assert batch.mask[:, -1].any()
    assert batch.mask.shape[1] < 500


def test_an_episode_runs_from_the_first_step_without_a_gap():
    mask = rollout(FALLING, seeded(), 50, 500).mask
    assert mask[:, 0].all()
    assert (mask[:, :-1] >= mask[:, 1:]).all()


@pytest.mark.parametrize("theta", [FALLING, -BALANCING, 0.3 * BALANCING], ids=["random", "worst", "middling"])
def test_every_step_and_every_end_is_that_of_the_scalar_environment(theta):
    """Takes every step again in gymnasium's scalar CartPole-v1. Only the last one may end the episode."""
    batch = rollout(theta, seeded(3), 20, 500)
    states, lengths = states_of(batch), batch.mask.sum(axis=1)
    assert lengths.max() < 500
    scalar = gymnasium.make("CartPole-v1").unwrapped
    for n, length in enumerate(lengths):
        scalar.reset(seed=0)
        for h in range(length):
            scalar.state = tuple(states[n, h])
            after, reward, terminated, _, _ = scalar.step(batch.actions[n, h])
            assert reward == batch.rewards[n, h]
            assert terminated == (h == length - 1)
            if not terminated:
                # Both sides are float32 observations.
                np.testing.assert_allclose(after, states[n, h + 1], atol=1e-5)
    scalar.close()


def test_an_episode_that_lasts_is_cut_off_at_the_horizon():
    batch = rollout(BALANCING, seeded(), 10, 100)
    assert batch.mask.shape == (10, 100)
    assert batch.mask.all()
    assert mean_return(batch) == 100.0


def test_no_episode_is_longer_than_cartpole_allows():
    batch = rollout(BALANCING, seeded(), 20, MAX_HORIZON)
    assert batch.mask.sum(axis=1).max() == MAX_HORIZON


def test_zeros_stand_on_the_padding_of_every_field():
    batch = rollout(FALLING, seeded(), 30, 500)
    assert not batch.mask.all()
    for name, array in vars(batch).items():
        assert not array[~batch.mask].any(), name


def test_every_step_pays_one():
    batch = rollout(FALLING, seeded(), 30, 500)
    np.testing.assert_array_equal(batch.rewards, batch.mask.astype(float))


def test_the_mean_return_is_over_trajectories():
    batch = rollout(FALLING, seeded(), 30, 500)
    assert mean_return(batch) == pytest.approx(batch.mask.sum() / 30)


def test_trajectories_of_one_rollout_differ():
    states = states_of(rollout(FALLING, seeded(), 30, 500))
    assert len(np.unique(states[:, 0], axis=0)) == 30


def test_a_single_trajectory_of_a_single_step_is_a_batch():
    assert rollout(FALLING, seeded(), 1, 1).mask.shape == (1, 1)


# The policy


@pytest.mark.parametrize("rotation", [None, random_rotation()], ids=["plain", "rotated"])
def test_actions_are_drawn_from_the_softmax_policy(rotation):
    """Two z-scores: of the number of pushes to the right, and of its agreement with the logits.

    Each is standard normal under the softmax policy: a right sampler fails |z| < 5 with probability 6e-7, and
    the seed is fixed.
    """
    theta = 3.0 * seeded(1).normal(size=POLICY_FEATURES)
    batch = rollout(theta, seeded(2), 4000, 20, rotation)
    logits = (batch.features @ theta)[batch.mask]
    difference = logits[:, 1] - logits[:, 0]
    right, probability = batch.actions[batch.mask], 1.0 / (1.0 + np.exp(-difference))
    assert np.std(difference) > 0.5  # the test says something only where probabilities differ
    for weight in (np.ones_like(difference), difference):
        variance = np.sum(weight**2 * probability * (1.0 - probability))
        assert abs(np.sum(weight * (right - probability))) < 5.0 * np.sqrt(variance)


def test_a_rotation_changes_the_coordinates_and_not_the_task():
    theta, rotation = seeded(1).normal(size=POLICY_FEATURES), random_rotation()
    rotated = rollout(theta, seeded(2), 10, 200, rotation)
    plain = rollout(rotation @ theta, seeded(2), 10, 200)
    np.testing.assert_array_equal(rotated.actions, plain.actions)
    np.testing.assert_array_equal(rotated.mask, plain.mask)
    np.testing.assert_array_equal(rotated.baseline_features, plain.baseline_features)
    np.testing.assert_allclose(rotated.features, plain.features @ rotation, atol=1e-12)
    np.testing.assert_allclose(rotated.features @ theta, plain.features @ (rotation @ theta), atol=1e-9)


def test_a_huge_theta_is_a_policy_too():
    """Its logits overflow to infinity without a warning."""
    theta = np.full(POLICY_FEATURES, 1e308)
    theta[:4] *= -1
    assert rollout(theta, seeded(), 5, 50).mask[:, 0].all()


# Randomness


def test_the_same_seed_gives_the_same_batch():
    first, second = rollout(FALLING, seeded(5), 10, 200), rollout(FALLING, seeded(5), 10, 200)
    for name, array in vars(first).items():
        np.testing.assert_array_equal(array, getattr(second, name))


def test_another_seed_gives_another_batch():
    first, second = rollout(FALLING, seeded(5), 10, 200), rollout(FALLING, seeded(6), 10, 200)
    assert not np.array_equal(states_of(first)[:, 0], states_of(second)[:, 0])


def test_two_rollouts_from_one_generator_differ():
    rng = seeded()
    first, second = rollout(FALLING, rng, 10, 200), rollout(FALLING, rng, 10, 200)
    assert not np.array_equal(states_of(first)[:, 0], states_of(second)[:, 0])


def test_how_much_randomness_is_used_does_not_depend_on_the_policy():
    one, other = seeded(), seeded()
    rollout(FALLING, one, 10, 200)
    rollout(BALANCING, other, 10, 200)
    assert one.random() == other.random()


def test_numpys_global_randomness_is_neither_used_nor_changed():
    before = np.random.get_state()[1].copy()
    rollout(FALLING, seeded(), 5, 50)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


# Errors


def test_a_theta_of_the_wrong_shape_is_named():
    with pytest.raises(ShapeError, match=r"^theta has shape \(4,\), but \(d,\) = \(8,\) was expected\.$"):
        rollout(np.zeros(4), seeded(), 5, 200)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_theta_that_is_not_finite_is_named(value):
    with pytest.raises(ValueError, match=r"^theta is not finite: look for"):
        rollout(np.full(POLICY_FEATURES, value), seeded(), 5, 200)


@pytest.mark.parametrize("horizon", [0, 501])
def test_a_horizon_that_cartpole_does_not_have_is_named(horizon):
    with pytest.raises(
        ValueError, match=rf"^horizon is {horizon}, but an episode of CartPole-v1 may last 1 to 500"
    ):
        rollout(FALLING, seeded(), 5, horizon)


def test_a_rollout_without_trajectories_is_refused():
    with pytest.raises(ValueError, match=r"^trajectories is 0, but a batch holds at least 1"):
        rollout(FALLING, seeded(), 0, 200)


def test_a_rotation_of_the_wrong_shape_is_named():
    with pytest.raises(ShapeError, match=r"^rotation has shape \(4, 4\)"):
        rollout(FALLING, seeded(), 5, 200, np.eye(4))


def test_a_rotation_that_stretches_is_refused():
    with pytest.raises(ValueError, match=r"^rotation is not orthogonal"):
        rollout(FALLING, seeded(), 5, 200, 2.0 * np.eye(POLICY_FEATURES))


@pytest.mark.parametrize("fails", [False, True], ids=["after a rollout", "after an error"])
def test_the_environment_is_closed(monkeypatch, fails):
    closed = []
    make_vec = gymnasium.make_vec

    def recording(*arguments, **keywords):
        environment = make_vec(*arguments, **keywords)
        monkeypatch.setattr(environment, "close", lambda: closed.append(True))
        if fails:
            monkeypatch.setattr(environment, "step", lambda actions: 1 / 0)
        return environment

    monkeypatch.setattr(gymnasium, "make_vec", recording)
    if fails:
        with pytest.raises(ZeroDivisionError):
            rollout(FALLING, seeded(), 5, 50)
    else:
        rollout(FALLING, seeded(), 5, 50)
    assert closed == [True]
