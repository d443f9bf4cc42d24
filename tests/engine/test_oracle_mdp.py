"""The MDPs the oracle draws are readable, well-conditioned, of the kinds and sizes promised."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.oracle import exact
from autograder.oracle.mdp import (
    random_census_mdp,
    random_mdp,
    random_theta,
)
from tests.engine import lecture

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True, database=None)
SEEDS = st.integers(0, 2**32 - 1)


def is_whole(values):
    return np.allclose(values, np.rint(values), rtol=0.0, atol=1e-9)


@EXAMPLES
@given(seed=SEEDS)
def test_the_same_seed_draws_the_same_mdp(seed):
    first, second = (lecture.random_mdp_of_any_size(np.random.default_rng(seed)) for _ in range(2))
    for name in ("start", "transitions", "rewards", "features"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_an_episode_may_always_end_early_but_never_must():
    # Many cheap draws: without care, one in 81 of these would have no early end.
    rng = np.random.default_rng(0)
    ends = np.stack([random_mdp(rng).transitions[:, :, 2] for _ in range(2000)])
    assert ends.max(axis=(1, 2)).min() > 0
    assert ends.max() < 1


def test_an_mdp_of_any_size_takes_every_size_and_kind():
    rng = np.random.default_rng(0)
    drawn = [lecture.random_mdp_of_any_size(rng) for _ in range(300)]
    assert {(mdp.S, mdp.A, mdp.H) for mdp in drawn} == set(product((2, 3), (2, 3), (1, 2, 3)))
    ranks = [np.linalg.matrix_rank(exact.fisher(mdp, np.zeros(mdp.d)), tol=1e-10) for mdp in drawn]
    # One-hot features leave S degrees of freedom to spare, a repeated feature one, dense features none.
    assert {mdp.d - rank for mdp, rank in zip(drawn, ranks, strict=True)} == {0, 1, 2, 3}


@EXAMPLES
@given(seed=SEEDS)
def test_probabilities_are_tenths_and_never_rare(seed):
    mdp = lecture.random_mdp_of_any_size(np.random.default_rng(seed))
    for chances in (mdp.start, mdp.transitions):
        assert is_whole(10 * chances)
        assert chances[chances > 0].min() >= 0.2


@EXAMPLES
@given(seed=SEEDS)
def test_rewards_and_dense_features_are_halves(seed):
    mdp = random_mdp(np.random.default_rng(seed))
    assert is_whole(2 * mdp.rewards)
    assert is_whole(2 * mdp.features)


@EXAMPLES
@given(seed=SEEDS)
def test_dense_features_make_a_well_conditioned_fisher_matrix(seed):
    rng = np.random.default_rng(seed)
    mdp = random_mdp(rng, n_states=3, n_actions=3, n_features=3)
    assert np.linalg.cond(exact.fisher(mdp, random_theta(rng, mdp))) < 1000


@pytest.mark.parametrize(("kind", "rank"), [("dense", 2), ("tabular", 2), ("rank-deficient", 1)])
def test_each_kind_of_features_has_the_rank_it_promises(kind, rank):
    mdp = random_mdp(np.random.default_rng(1), kind=kind)
    assert np.linalg.matrix_rank(exact.fisher(mdp, np.zeros(mdp.d)), tol=1e-10) == rank


@EXAMPLES
@given(seed=SEEDS)
def test_the_census_policy_is_in_quarters(seed):
    mdp, theta = random_census_mdp(np.random.default_rng(seed), n_states=3, n_actions=3, n_features=3)
    assert is_whole(4 * mdp.policy(theta))


@EXAMPLES
@given(seed=SEEDS)
def test_the_policy_survives_logits_of_any_size(seed):
    rng = np.random.default_rng(seed)
    mdp = lecture.random_mdp_of_any_size(rng)
    log_policy = mdp.log_policy(1e5 * rng.normal(size=mdp.d))
    assert np.isfinite(log_policy).all()
    np.testing.assert_allclose(np.exp(log_policy).sum(axis=-1), 1.0, rtol=1e-12)


@EXAMPLES
@given(seed=SEEDS)
def test_the_scores_are_the_gradient_of_the_log_policy(seed):
    rng = np.random.default_rng(seed)
    mdp = lecture.random_mdp_of_any_size(rng)
    theta, step = random_theta(rng, mdp), 1e-5
    slopes = [
        (mdp.log_policy(theta + step * axis) - mdp.log_policy(theta - step * axis)) / (2 * step)
        for axis in np.eye(mdp.d)
    ]
    np.testing.assert_allclose(mdp.scores(theta), np.stack(slopes, axis=-1), atol=1e-8)


@EXAMPLES
@given(seed=SEEDS)
def test_the_score_has_mean_zero_in_every_state(seed):
    rng = np.random.default_rng(seed)
    mdp = lecture.random_mdp_of_any_size(rng)
    theta = random_theta(rng, mdp)
    mean = np.einsum("sa,sad->sd", mdp.policy(theta), mdp.scores(theta))
    np.testing.assert_allclose(mean, 0.0, atol=1e-12)


@pytest.mark.parametrize("theta", [-3.0, 0.0, 1.5, 10.0])
def test_the_lectures_example_has_the_lectures_policy(theta):
    policy = lecture.two_action_example().policy(np.array([theta]))
    assert policy[0, 0] == pytest.approx(np.exp(theta) / (1 + np.exp(theta)), rel=1e-12)


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ({"n_states": 4}, "n_states is 4, but 1 to 3 was expected"),
        ({"n_actions": 1}, "n_actions is 1, but 2 to 3 was expected"),
        ({"horizon": 0}, "horizon is 0, but 1 to 3 was expected"),
        ({"n_outcomes": 4}, "n_outcomes is 4, but 2 to 3 was expected"),
        ({"n_features": 3}, "only 2 degrees of freedom"),
        ({"n_features": 1, "kind": "rank-deficient"}, "only 2 degrees of freedom"),
    ],
)
def test_a_size_out_of_range_is_refused_with_the_range(sizes, sentence):
    with pytest.raises(ValueError, match=sentence):
        random_mdp(np.random.default_rng(0), **sizes)


def test_an_mdp_whose_arrays_do_not_fit_is_refused_by_name():
    mdp = random_mdp(np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"TabularMDP.transitions has shape .* but \(2, 2, 3\) was expected"):
        replace(mdp, transitions=mdp.transitions[:, :, :2])


@pytest.mark.parametrize("start", [[0.5, 0.4], [1.5, -0.5]])
def test_chances_that_are_no_distribution_are_refused_by_name(start):
    with pytest.raises(ValueError, match=r"TabularMDP.start must be non-negative and sum to 1"):
        replace(random_mdp(np.random.default_rng(0)), start=np.array(start))
