"""Part 2: the policy gradient estimate (slide "PG with a Learned Baseline")."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hw4.lab.compare import as_returned, assert_close

from . import lecture_example, strategies

ESTIMATE = "policy_gradient.policy_gradient_estimate"


@pytest.mark.function(ESTIMATE)
@pytest.mark.parametrize(("first", "of"), lecture_example.SAMPLES)
def test_the_lectures_gradient_is_99_times_p_times_1_minus_p(submission, first, of):
    """∇J(θ) = 99 e^θ / (1 + e^θ)² = 99 p (1 − p); 24.75 at θ = 0 (slide "Example of Natural Gradient …")."""
    sample = lecture_example.sample(first, of)
    returned = submission.policy_gradient.policy_gradient_estimate(
        sample.scores, sample.batch.rewards, sample.batch.mask
    )
    assert_close(ESTIMATE, returned, [99 * sample.p * (1 - sample.p)], scale=100.0)


@pytest.mark.function(ESTIMATE)
def test_steps_are_summed_and_trajectories_averaged(submission):
    """The trajectories contribute 1·2 + 3·4 = 14 and 5·2 = 10, so their mean is 12. The 9s are padding."""
    scores = np.array([[[1.0], [3.0]], [[5.0], [9.0]]])
    advantages = np.array([[2.0, 4.0], [2.0, 9.0]])
    mask = np.array([[True, True], [True, False]])
    returned = submission.policy_gradient.policy_gradient_estimate(scores, advantages, mask)
    assert_close(ESTIMATE, returned, [12.0])


@pytest.mark.function(ESTIMATE)
def test_advantages_are_used_as_they_are(submission):
    """One step with the score (1, −2) and the advantage 1000 gives (1000, −2000): nothing is standardised."""
    returned = submission.policy_gradient.policy_gradient_estimate(
        np.array([[[1.0, -2.0]]]), np.array([[1000.0]]), np.array([[True]])
    )
    assert_close(ESTIMATE, returned, [1000.0, -2000.0])


@pytest.mark.function(ESTIMATE)
def test_a_negative_advantage_turns_the_score_around(submission):
    """(1, −2) · (−3) + (½, 1) · 2 = (−2, 8).

    (4, −4) is what |advantage| gives, and (1, 2) what leaving negative advantages out does.
    """
    scores, advantages = np.array([[[1.0, -2.0], [0.5, 1.0]]]), np.array([[-3.0, 2.0]])
    returned = submission.policy_gradient.policy_gradient_estimate(
        scores, advantages, np.array([[True, True]])
    )
    assert_close(ESTIMATE, returned, [-2.0, 8.0])


@pytest.mark.function(ESTIMATE)
def test_large_advantages_may_nearly_cancel(submission):
    """1000.1 − 1000 = 0.1. float32 has too few digits for it."""
    returned = submission.policy_gradient.policy_gradient_estimate(
        np.ones((1, 2, 1)), np.array([[1000.1, -1000.0]]), np.array([[True, True]])
    )
    assert_close(ESTIMATE, returned, [0.1])


@pytest.mark.function(ESTIMATE)
@given(drawn=strategies.scored_batches())
def test_the_estimate_ignores_values_on_padding(submission, drawn):
    """Scores and advantages of steps that did not happen do not count, large as they may be."""
    estimate = submission.policy_gradient.policy_gradient_estimate
    quiet = estimate(drawn.scores, drawn.advantages, drawn.mask)
    loud = estimate(
        strategies.loud(drawn.scores, drawn.mask), strategies.loud(drawn.advantages, drawn.mask), drawn.mask
    )
    assert_close(ESTIMATE, loud, as_returned(ESTIMATE, quiet, drawn.scores.shape[-1:]), scale=1.0)


@pytest.mark.function(ESTIMATE)
@given(drawn=strategies.scored_batches())
def test_the_same_trajectories_twice_give_the_same_estimate(submission, drawn):
    """A mean over trajectories does not change when every trajectory is there twice."""
    estimate = submission.policy_gradient.policy_gradient_estimate
    once = estimate(drawn.scores, drawn.advantages, drawn.mask)
    twice = estimate(
        *(np.concatenate([array, array]) for array in (drawn.scores, drawn.advantages, drawn.mask))
    )
    assert_close(ESTIMATE, twice, as_returned(ESTIMATE, once, drawn.scores.shape[-1:]), scale=1.0)
