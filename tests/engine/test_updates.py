"""The update of each algorithm: which functions it calls, with what, and the minibatches it draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from hw4.lab.cartpole import rollout
from hw4.lab.compare import Mismatch
from hw4.lab.learning import find_in_package as find_function
from hw4.lab.training import SETTINGS
from hw4.lab.updates import UPDATES, minibatches

THETA = np.linspace(-0.5, 0.5, 8)
GRADIENT_FUNCTIONS = {
    "baseline.rewards_to_go",
    "baseline.fit_baseline",
    "baseline.predict_baseline",
    "policy.score",
    "policy_gradient.policy_gradient_estimate",
}
FUNCTIONS = {
    "npg": {"npg.npg_iteration"},
    "ppo": {"ppo.ppo_iteration"},
    "reinforce": GRADIENT_FUNCTIONS,
    "trpo": {*GRADIENT_FUNCTIONS, "npg.fisher_estimate", "trpo.trpo_step"},
}


def step(algorithm, find=find_function, **changes):
    """Make one update, with the reference's functions by default."""
    settings = dataclasses.replace(SETTINGS[algorithm][200], **changes)
    batch = rollout(THETA, np.random.default_rng(0), 100, 200)
    first, new = batch.select(slice(50)), batch.select(slice(50, None))
    return UPDATES[algorithm](settings, find, THETA, first, new, np.random.default_rng(1))


@pytest.mark.parametrize("algorithm", FUNCTIONS)
def test_an_update_finds_the_functions_it_needs_and_no_other(algorithm):
    asked = set()

    def find(name):
        asked.add(name)
        return find_function(name)

    step(
        algorithm,
        find,
        **({"update_trajectories": 3, "minibatch_trajectories": 3} if algorithm == "ppo" else {}),
    )
    assert asked == FUNCTIONS[algorithm]


def test_reinforce_follows_the_gradient_that_npg_preconditions():
    """With a damping far above F̂, the natural gradient's direction is the gradient's."""
    along = step("reinforce") - THETA
    natural = step("npg", damping=1e9) - THETA
    np.testing.assert_allclose(natural / np.linalg.norm(natural), along / np.linalg.norm(along), rtol=1e-5)


def test_trpo_follows_the_damped_natural_gradient():
    along, natural = step("trpo") - THETA, step("npg") - THETA
    np.testing.assert_allclose(along / np.linalg.norm(along), natural / np.linalg.norm(natural), rtol=1e-8)


def test_a_piece_of_another_shape_is_named():
    def find(name):
        return (lambda *_: np.zeros(3)) if name == "policy.score" else find_function(name)

    with pytest.raises(Mismatch, match=r"^policy\.score returned shape \(3,\)"):
        step("reinforce", find)


# Minibatches


def test_full_batches_take_all_trajectories_in_order_and_draw_nothing():
    settings = dataclasses.replace(
        SETTINGS["ppo"][200], sgd_steps=3, update_trajectories=4, minibatch_trajectories=4
    )
    rng = np.random.default_rng(0)
    rows = minibatches(settings, rng)
    np.testing.assert_array_equal(rows, [[0, 1, 2, 3]] * 3)
    assert rows.dtype == np.int64
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


def test_a_minibatch_takes_no_trajectory_twice():
    settings = dataclasses.replace(
        SETTINGS["ppo"][200], sgd_steps=50, update_trajectories=5, minibatch_trajectories=3
    )
    rows = minibatches(settings, np.random.default_rng(0))
    assert rows.shape == (50, 3)
    assert rows.dtype == np.int64
    assert all(len(set(row)) == 3 for row in rows.tolist())
    assert set(rows.ravel().tolist()) == {0, 1, 2, 3, 4}
