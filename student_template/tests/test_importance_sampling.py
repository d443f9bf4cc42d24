"""Part 4: importance sampling (slide "Importance Sampling")."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hw4.lab.compare import as_returned, assert_close

from . import strategies

WEIGHTS = "importance_sampling.importance_weights"
ESTIMATE = "importance_sampling.importance_sampling_estimate"


@pytest.mark.function(WEIGHTS)
def test_the_weight_is_the_target_over_the_proposal(submission):
    """p̃ = ½ and p = ¼ give 2; p̃ = ¼ and p = ½ give ½."""
    returned = submission.importance_sampling.importance_weights(np.log([0.5, 0.25]), np.log([0.25, 0.5]))
    assert_close(WEIGHTS, returned, [2.0, 0.5])


@pytest.mark.function(WEIGHTS)
def test_weights_exist_where_the_probabilities_themselves_underflow(submission):
    """e^−1000 / e^−1001 = e, though both are 0 in floating point."""
    returned = submission.importance_sampling.importance_weights(np.array([-1000.0]), np.array([-1001.0]))
    assert_close(WEIGHTS, returned, [np.e])


@pytest.mark.function(WEIGHTS)
def test_a_weight_may_be_huge(submission):
    """e^−1000 / e^−1600 = e^600, about 4·10²⁶⁰: float64 holds it, and it is not cut off."""
    returned = submission.importance_sampling.importance_weights(np.array([-1000.0]), np.array([-1600.0]))
    assert_close(WEIGHTS, returned, [np.exp(600.0)])


@pytest.mark.function(WEIGHTS)
@given(drawn=strategies.log_prob_pairs())
def test_swapping_target_and_proposal_inverts_every_weight(submission, drawn):
    """p̃/p times p/p̃ is 1, whatever the shape."""
    shape = drawn.target.shape
    there = submission.importance_sampling.importance_weights(drawn.target, drawn.proposal)
    back = submission.importance_sampling.importance_weights(drawn.proposal, drawn.target)
    product = as_returned(WEIGHTS, there, shape) * as_returned(WEIGHTS, back, shape)
    assert_close(WEIGHTS, product, np.ones(shape), relation="p̃/p times p/p̃ has to be 1.")


@pytest.mark.function(ESTIMATE)
def test_the_estimate_divides_by_the_number_of_draws(submission):
    """(2·1 + ½·3) / 2 = 1.75. Dividing by the sum of the weights instead, 1.4, would not be unbiased."""
    returned = submission.importance_sampling.importance_sampling_estimate(
        np.array([1.0, 3.0]), np.array([2.0, 0.5])
    )
    assert_close(ESTIMATE, returned, 1.75)


@pytest.mark.function(ESTIMATE)
def test_a_fair_coin_estimates_a_biased_one(submission):
    """Heads pays 100, tails 1. A fair coin showed each once; at ¾ heads the mean is ¾·100 + ¼·1 = 75.25."""
    weights = submission.importance_sampling.importance_weights(np.log([0.75, 0.25]), np.log([0.5, 0.5]))
    returned = submission.importance_sampling.importance_sampling_estimate(
        np.array([100.0, 1.0]), as_returned(WEIGHTS, weights, (2,))
    )
    assert_close(ESTIMATE, returned, 75.25)


@pytest.mark.function(ESTIMATE)
def test_large_weights_count_in_full_and_zero_weights_as_draws(submission):
    """(1000 · 1 + 0 · 3) / 2 = 500. 1000 is what not counting the draw of weight 0 gives."""
    returned = submission.importance_sampling.importance_sampling_estimate(
        np.array([1.0, 3.0]), np.array([1000.0, 0.0])
    )
    assert_close(ESTIMATE, returned, 500.0)


@pytest.mark.function(ESTIMATE)
def test_large_values_may_nearly_cancel(submission):
    """(1000.1 − 1000) / 2 = 0.05. float32 has too few digits for it."""
    returned = submission.importance_sampling.importance_sampling_estimate(
        np.array([1000.1, -1000.0]), np.array([1.0, 1.0])
    )
    assert_close(ESTIMATE, returned, 0.05)


@pytest.mark.function(ESTIMATE)
@given(drawn=strategies.weighted_values())
def test_with_all_weights_one_the_estimate_is_the_mean(submission, drawn):
    """Where target and proposal agree, importance sampling is averaging."""
    # No signs: where the largest values cancel, scipy's logsumexp may be nan, in which right code may trust.
    values = np.abs(drawn.values)
    returned = submission.importance_sampling.importance_sampling_estimate(values, np.ones_like(values))
    assert_close(ESTIMATE, returned, values.mean(), scale=1.0)
