"""Part 2: rewards to go and the learned baseline."""

from __future__ import annotations

import numpy as np
from gradescope_utils.autograder_utils.decorators import number, weight
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.oracle.batches import census_batch
from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.exact import occupancy, state_values
from autograder.oracle.mdp import random_census_mdp
from hw4 import baseline as reference
from hw4.lab.compare import as_returned, assert_close
from tests.hidden.properties import (
    FEW,
    LOUDNESS,
    MAGNITUDES,
    UNEQUAL,
    quiet_mask,
)
from tests.hidden.untouched import assert_leaves_arguments
from tests.public import strategies
from tests.public.strategies import loud

REWARDS_TO_GO = "baseline.rewards_to_go"
FIT = "baseline.fit_baseline"
PREDICT = "baseline.predict_baseline"
TENTHS = strategies.RewardTable(np.array([[0.1, 0.7, 0.0]]), np.array([[True, True, False]]))
"""Rewards that lose their digits beside 1e12."""
RIDGES = st.sampled_from([0.25, 1.0, 4.0])


@weight(2)
@number("2.1.1")
@given(drawn=strategies.reward_tables(), rewards_multiplied_by=MAGNITUDES)
def test_rewards_to_go_sum_from_the_step_on(submission, drawn, rewards_multiplied_by):
    """Sum the rewards from the step on.

    R_h = r_h + r_{h+1} + … (slide "PG with a Learned Baseline"): undiscounted, the reward at h counts.
    """
    mask = quiet_mask(drawn.mask)
    rewards = rewards_multiplied_by * drawn.rewards
    expected = reference.rewards_to_go(rewards, mask)
    # The rewards may cancel: rounding is relative to all that was summed.
    scale = float(np.sum(np.abs(rewards)))
    assert_close(REWARDS_TO_GO, submission.baseline.rewards_to_go(rewards, mask), expected, scale=scale)


@weight(1.5)
@number("2.1.2")
@given(drawn=strategies.reward_tables(), value=LOUDNESS)
@example(drawn=TENTHS, value=1e12)
def test_rewards_to_go_end_with_the_trajectory(submission, drawn, value):
    """End where the trajectory ends.

    What stands on padding counts nowhere, and on padding R_h is 0.
    """
    rewards = loud(drawn.rewards, drawn.mask, value)
    expected = reference.rewards_to_go(drawn.rewards, drawn.mask)
    scale = float(np.sum(np.abs(drawn.rewards)))
    assert_close(REWARDS_TO_GO, submission.baseline.rewards_to_go(rewards, drawn.mask), expected, scale=scale)


@weight(0.5)
@number("2.1.3")
def test_rewards_to_go_leave_the_arguments(submission):
    """Leave their arguments as they were."""
    rewards = np.array([[1.0, 3.0], [2.5, 2.0], [1.5, 4.0]])
    assert_leaves_arguments(
        REWARDS_TO_GO,
        submission,
        (rewards, UNEQUAL),
        [(2.0 * rewards, UNEQUAL)],
        UNEQUAL.shape,
    )


@weight(1)
@number("2.2.1")
@given(
    drawn=strategies.regressions(),
    returns_multiplied_by=MAGNITUDES,
    last_feature_divided_by=st.sampled_from([1.0, 256.0]),
)
def test_fit_minimises_the_sum_of_squares(submission, drawn, returns_multiplied_by, last_feature_divided_by):
    """Minimises the sum of squares.

    Supervised learning of R_h from ψ(s_h, h), with ridge = 0 and features that determine the weights
    (slide "PG with a Learned Baseline", step 1). No intercept is added: ψ holds one if there is to be one.
    """
    mask = quiet_mask(drawn.mask)
    features, returns = drawn.baseline_features.copy(), returns_multiplied_by * drawn.returns
    # A feature that varies little counts as much: its weight is large.
    features[..., -1] /= last_feature_divided_by
    expected = reference.fit_baseline(features, returns, mask)
    returned = submission.baseline.fit_baseline(features, returns, mask)
    assert_close(FIT, returned, expected, scale=float(np.max(np.abs(returns))))


@weight(1.5)
@number("2.2.2")
@given(drawn=strategies.regressions(), ridge=RIDGES)
def test_ridge_is_added_to_the_sum_of_squares(submission, drawn, ridge):
    """Adds ridge · ‖w‖² to the sum of squares.

    The sum, not the mean: ridge is not multiplied by the number of steps, and every weight is penalised.
    """
    mask = quiet_mask(drawn.mask)
    expected = reference.fit_baseline(drawn.baseline_features, drawn.returns, mask, ridge)
    returned = submission.baseline.fit_baseline(drawn.baseline_features, drawn.returns, mask, ridge)
    assert_close(FIT, returned, expected, scale=_size_of(drawn.returns))


@weight(1)
@number("2.2.3")
@given(drawn=strategies.collinear_regressions())
def test_fit_has_least_norm_where_features_are_dependent(submission, drawn):
    """Has the least norm where features are linearly dependent.

    With ridge = 0 and two equal features many weights fit equally well: lstsq and pinv give the shortest.
    """
    mask = quiet_mask(drawn.mask)
    expected = reference.fit_baseline(drawn.baseline_features, drawn.returns, mask)
    returned = submission.baseline.fit_baseline(drawn.baseline_features, drawn.returns, mask)
    assert_close(FIT, returned, expected, scale=_size_of(drawn.returns))


@weight(1.5)
@number("2.2.4")
@given(drawn=strategies.regressions(), value=LOUDNESS, ridge=RIDGES)
def test_fit_looks_at_real_steps_alone(submission, drawn, value, ridge):
    """Looks at real steps alone.

    Padding is no data: neither its features nor its returns may pull at the weights.
    """
    features, returns = (loud(array, drawn.mask, value) for array in (drawn.baseline_features, drawn.returns))
    expected = reference.fit_baseline(drawn.baseline_features, drawn.returns, drawn.mask, ridge)
    returned = submission.baseline.fit_baseline(features, returns, drawn.mask, ridge)
    assert_close(FIT, returned, expected, scale=_size_of(drawn.returns))


@weight(0.5)
@number("2.2.5")
def test_fit_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    features = np.array([[[1.0, 2.0], [7.0, 7.0]], [[2.0, 0.5], [7.0, 7.0]], [[0.5, 1.0], [1.5, -1.0]]])
    returns = np.array([[3.0, 7.0], [2.0, 7.0], [1.0, 0.5]])
    assert_leaves_arguments(
        FIT,
        submission,
        (features, returns, UNEQUAL, 0.25),
        [(features, 2.0 * returns, UNEQUAL, 0.25)],
        (2,),
    )


@weight(0.5)
@number("2.2.6")
@settings(max_examples=5)
@given(rng=strategies.generators(), n_actions=st.sampled_from([2, 3]))
def test_fit_to_all_trajectories_is_the_value_function(submission, rng, n_actions):
    """Finds the value function where it can.

    Fitted on one-hot features of (s, h), to trajectories that stand exactly as often as their probabilities
    say, b̃(s, h) is V_h(s) (slide "PG with a Learned Baseline", step 1).
    """
    mdp, theta = random_census_mdp(rng, n_states=2, n_actions=n_actions, horizon=2, n_features=2)
    census = census_batch(enumerate_trajectories(mdp), theta)
    returns = reference.rewards_to_go(census.rewards, census.mask)
    fitted = submission.baseline.fit_baseline(census.baseline_features, returns, census.mask)
    # States that cannot be visited at h are in no trajectory: the least norm gives them 0.
    visited = occupancy(mdp, theta) > 0
    assert_close(
        FIT,
        fitted,
        np.where(visited, state_values(mdp, theta), 0.0).ravel(),
        scale=1.0,
    )


@weight(0.5)
@number("2.2.7")
@settings(max_examples=FEW)
@given(drawn=strategies.regressions(), ridge=st.sampled_from([0.0, 0.25, 1.0, 4.0]))
def test_residuals_of_the_fit_are_orthogonal_to_the_features(submission, drawn, ridge):
    """Leaves residuals that no feature explains.

    Σ ψ·(R_h − ψ·w) = ridge·w, where the gradient of the sum of squares and the penalty is 0 (slide "PG with a
    Learned Baseline", step 1).
    """
    design, targets = drawn.baseline_features[drawn.mask], drawn.returns[drawn.mask]
    returned = submission.baseline.fit_baseline(drawn.baseline_features, drawn.returns, drawn.mask, ridge)
    weights = as_returned(FIT, returned, design.shape[-1:])
    assert_close(
        FIT,
        design.T @ (targets - design @ weights),
        ridge * weights,
        scale=float(np.sum(np.abs(design)) * max(np.max(np.abs(targets)), np.max(np.abs(design @ weights)))),
        relation="Σ ψ·(R − ψ·w) has to be ridge·w for the weights w.",
    )


@weight(1.5)
@number("2.3.1")
@given(drawn=strategies.regressions(), rng=strategies.generators(), weights_multiplied_by=MAGNITUDES)
def test_prediction_is_linear_in_the_features(submission, drawn, rng, weights_multiplied_by):
    """Is the features times the weights: b̃(s_h, h) = ψ(s_h, h)·w.

    Slide "PG with a Learned Baseline".
    """
    features = drawn.baseline_features
    weights = weights_multiplied_by * rng.integers(-4, 5, size=features.shape[-1]) / 2.0
    expected = reference.predict_baseline(weights, features)
    returned = submission.baseline.predict_baseline(weights, features)
    assert_close(PREDICT, returned, expected, scale=_size_of(features) * float(np.max(np.abs(weights))))


@weight(0.5)
@number("2.3.2")
def test_prediction_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    weights = np.array([0.5, 1.0])
    features = np.array([[[1.0, 2.0], [3.0, 1.0]], [[2.0, 0.5], [1.0, 1.5]], [[0.5, 1.0], [1.5, 4.0]]])
    assert_leaves_arguments(
        PREDICT,
        submission,
        (weights, features),
        [(2.0 * weights, features)],
        (3, 2),
    )


def _size_of(array: np.ndarray) -> float:
    return max(float(np.max(np.abs(array))), 1.0)
