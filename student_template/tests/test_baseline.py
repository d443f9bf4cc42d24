"""Part 2: rewards to go, and the learned baseline (slide "PG with a Learned Baseline")."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hw4.lab.compare import as_returned, assert_close

from . import strategies

REWARDS_TO_GO = "baseline.rewards_to_go"
FIT = "baseline.fit_baseline"
PREDICT = "baseline.predict_baseline"


def real(*shape: int) -> np.ndarray:
    """A mask without padding."""
    return np.ones(shape, dtype=bool)


@pytest.mark.function(REWARDS_TO_GO)
def test_rewards_to_go_add_up_the_rewards_from_each_step_on(submission):
    """R_h(τ) = Σ_{h' ≥ h} r_{h'}: of the rewards 1, 2, 3 there are 6, 5 and 3 still to come."""
    returned = submission.baseline.rewards_to_go(np.array([[1.0, 2.0, 3.0]]), real(1, 3))
    assert_close(REWARDS_TO_GO, returned, [[6.0, 5.0, 3.0]])


@pytest.mark.function(REWARDS_TO_GO)
def test_a_pole_that_stands_four_steps_has_four_three_two_one_to_go(submission):
    """CartPole pays 1 a step. The return is undiscounted."""
    returned = submission.baseline.rewards_to_go(np.ones((1, 4)), real(1, 4))
    assert_close(REWARDS_TO_GO, returned, [[4.0, 3.0, 2.0, 1.0]])


@pytest.mark.function(REWARDS_TO_GO)
def test_rewards_to_go_stop_where_the_trajectory_ended(submission):
    """The second trajectory ended after two steps: the 99 is padding, counts nowhere, and becomes 0."""
    rewards = np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 99.0]])
    mask = np.array([[True, True, True], [True, True, False]])
    returned = submission.baseline.rewards_to_go(rewards, mask)
    assert_close(REWARDS_TO_GO, returned, [[3.0, 2.0, 1.0], [3.0, 2.0, 0.0]])


@pytest.mark.function(REWARDS_TO_GO)
def test_rewards_need_not_be_whole_numbers(submission):
    """½ + ¼ = ¾. An array of integers would cut it to 0."""
    returned = submission.baseline.rewards_to_go(np.array([[0.5, 0.25]]), real(1, 2))
    assert_close(REWARDS_TO_GO, returned, [[0.75, 0.25]])


@pytest.mark.function(REWARDS_TO_GO)
def test_a_long_trajectory_is_added_up_to_its_end(submission):
    """300 rewards of 1000: there are 300000 to go at the first step, then 299000, and at the last 1000."""
    returned = submission.baseline.rewards_to_go(np.full((1, 300), 1000.0), real(1, 300))
    assert_close(REWARDS_TO_GO, returned, [[1000.0 * left for left in range(300, 0, -1)]])


@pytest.mark.function(REWARDS_TO_GO)
@given(drawn=strategies.reward_tables())
def test_rewards_to_go_ignore_values_on_padding(submission, drawn):
    """A number as large as 10¹² on the padding changes nothing."""
    quiet = submission.baseline.rewards_to_go(drawn.rewards, drawn.mask)
    loud = submission.baseline.rewards_to_go(strategies.loud(drawn.rewards, drawn.mask), drawn.mask)
    assert_close(REWARDS_TO_GO, loud, as_returned(REWARDS_TO_GO, quiet, drawn.mask.shape), scale=1.0)


@pytest.mark.function(FIT)
def test_with_the_one_feature_1_the_baseline_is_the_mean_return(submission):
    """The number with the least squared error to the returns 4 and 2 is 3."""
    returned = submission.baseline.fit_baseline(np.ones((1, 2, 1)), np.array([[4.0, 2.0]]), real(1, 2))
    assert_close(FIT, returned, [3.0])


@pytest.mark.function(FIT)
def test_the_ridge_pulls_the_weights_towards_zero(submission):
    """(w − 4)² + (w − 2)² + 4 w² is least at w = 1. The squares are summed over steps, not averaged."""
    returned = submission.baseline.fit_baseline(
        np.ones((1, 2, 1)), np.array([[4.0, 2.0]]), real(1, 2), ridge=4.0
    )
    assert_close(FIT, returned, [1.0])


@pytest.mark.function(FIT)
def test_the_ridge_does_not_grow_with_the_number_of_trajectories(submission):
    """(w₁ − 7)² + (w₁ − 3)² + (w₁ − 4)² + ½ w₁² is least at 14/3.5 = 4, (w₂ − 3)² + ½ w₂² at 3/1.5 = 2.

    (3.111, 1.2) is what a ridge times N = 3 gives, (4.667, 3) no ridge. The 9s are padding.
    """
    psi = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [9.0, 9.0]], [[1.0, 0.0], [9.0, 9.0]]])
    returns = np.array([[7.0, 3.0], [3.0, 9.0], [4.0, 9.0]])
    mask = np.array([[True, True], [True, False], [True, False]])
    assert_close(FIT, submission.baseline.fit_baseline(psi, returns, mask, 0.5), [4.0, 2.0])


@pytest.mark.function(FIT)
def test_the_ridge_counts_where_the_features_are_dependent_too(submission):
    """With ψ = [1, 1] and the return 4, (w₁ + w₂ − 4)² + 2 (w₁² + w₂²) is least at (1, 1)."""
    returned = submission.baseline.fit_baseline(np.ones((1, 1, 2)), np.array([[4.0]]), real(1, 1), ridge=2.0)
    assert_close(FIT, returned, [1.0, 1.0])


@pytest.mark.function(FIT)
def test_a_small_feature_beside_a_large_one_is_fitted(submission):
    """1000 w₁ = 2000 and w₂ = 3. A small feature is not a dependent one; without it, (2, 0) is found."""
    psi, returns = np.array([[[1000.0, 0.0], [0.0, 1.0]]]), np.array([[2000.0, 3.0]])
    assert_close(FIT, submission.baseline.fit_baseline(psi, returns, real(1, 2)), [2.0, 3.0])


@pytest.mark.function(FIT)
def test_a_line_far_from_time_0_is_found(submission):
    """The returns 3, 5, 7 at the times 10, 11, 12 lie on −17 + 2t. float32 has too few digits for it."""
    psi = np.array([[[1.0, 10.0], [1.0, 11.0], [1.0, 12.0]]])
    returned = submission.baseline.fit_baseline(psi, np.array([[3.0, 5.0, 7.0]]), real(1, 3))
    assert_close(FIT, returned, [-17.0, 2.0])


@pytest.mark.function(FIT)
def test_a_line_through_the_returns_is_found(submission):
    """The returns 1, 3, 5 at the times 0, 1, 2 lie on 1 + 2t, and ψ = [1, t]."""
    psi = np.array([[[1.0, 0.0], [1.0, 1.0]], [[1.0, 2.0], [7.0, 7.0]]])
    returns = np.array([[1.0, 3.0], [5.0, -8.0]])
    mask = np.array([[True, True], [True, False]])
    assert_close(FIT, submission.baseline.fit_baseline(psi, returns, mask), [1.0, 2.0])


@pytest.mark.function(FIT)
def test_of_equally_good_weights_the_shortest_are_returned(submission):
    """With ψ = [1, 1] and the return 4, any w₁ + w₂ = 4 fits. (2, 2) has the smallest norm."""
    returned = submission.baseline.fit_baseline(np.ones((1, 1, 2)), np.array([[4.0]]), real(1, 1))
    assert_close(FIT, returned, [2.0, 2.0])


@pytest.mark.function(FIT)
@given(drawn=strategies.regressions())
def test_the_fit_ignores_values_on_padding(submission, drawn):
    """Neither features nor returns of steps that did not happen count, large as they may be."""
    quiet = submission.baseline.fit_baseline(drawn.baseline_features, drawn.returns, drawn.mask)
    loud = submission.baseline.fit_baseline(
        strategies.loud(drawn.baseline_features, drawn.mask),
        strategies.loud(drawn.returns, drawn.mask),
        drawn.mask,
    )
    k = drawn.baseline_features.shape[-1:]
    assert_close(FIT, loud, as_returned(FIT, quiet, k), scale=1.0)


@pytest.mark.function(FIT)
@given(drawn=strategies.regressions())
def test_no_other_weights_fit_better(submission, drawn):
    """Moving any weight a little either way does not make Σ (ψ·w − R)² smaller."""
    psi, returns = drawn.baseline_features[drawn.mask], drawn.returns[drawn.mask]
    k = psi.shape[-1]
    returned = submission.baseline.fit_baseline(drawn.baseline_features, drawn.returns, drawn.mask)
    weights = as_returned(FIT, returned, (k,))

    def squared_error(w):
        return sum((psi_h @ w - R_h) ** 2 for psi_h, R_h in zip(psi, returns, strict=True))

    for nudge in 1e-2 * np.concatenate([np.eye(k), -np.eye(k)]):
        assert squared_error(weights) <= squared_error(weights + nudge), (
            f"{FIT} returned {weights.tolist()}, but {(weights + nudge).tolist()} fits better."
        )


@pytest.mark.function(PREDICT)
def test_the_prediction_weighs_the_features(submission):
    """b̃(s_h, h) = w·ψ(s_h, h): with w = (1, 2), the features (3, 4) give 11 and (5, 0) give 5."""
    returned = submission.baseline.predict_baseline(
        np.array([1.0, 2.0]), np.array([[[3.0, 4.0], [5.0, 0.0]]])
    )
    assert_close(PREDICT, returned, [[11.0, 5.0]])


@pytest.mark.function(PREDICT)
def test_every_step_of_every_trajectory_gets_a_prediction(submission):
    """N = 2 trajectories of H = 3 steps give a table of shape (2, 3)."""
    returned = submission.baseline.predict_baseline(np.array([0.5]), np.full((2, 3, 1), 4.0))
    assert_close(PREDICT, returned, np.full((2, 3), 2.0))


@pytest.mark.function(PREDICT)
def test_a_prediction_may_be_negative_and_belongs_to_its_own_state(submission):
    """1000.1 − 1000 = 0.1 and 1000 − 1000.2 = −0.2; another trajectory, with other states, has −3 and 5."""
    psi = np.array([[[1000.1, 1000.0], [1000.0, 1000.2]], [[0.0, 3.0], [5.0, 0.0]]])
    returned = submission.baseline.predict_baseline(np.array([1.0, -1.0]), psi)
    assert_close(PREDICT, returned, [[0.1, -0.2], [-3.0, 5.0]])


@pytest.mark.function(PREDICT)
def test_a_prediction_may_be_large(submission):
    """1000 · 2000 = 2000000: returns are as large as the rewards make them."""
    returned = submission.baseline.predict_baseline(np.array([1000.0]), np.array([[[2000.0]]]))
    assert_close(PREDICT, returned, [[2e6]])
