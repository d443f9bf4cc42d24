"""Part 4: importance sampling."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from gradescope_utils.autograder_utils.decorators import number, weight
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hw4 import importance_sampling as reference
from hw4.lab.compare import as_returned, assert_close
from hw4.tabular import expectation, independent_draws
from tests.hidden.properties import MAGNITUDES
from tests.hidden.untouched import assert_leaves_arguments
from tests.public import strategies

WEIGHTS = "importance_sampling.importance_weights"
TENTHS = strategies.LogProbabilities(np.array([-0.1]), np.array([-0.4]))
"""Less 1000, float32 rounds them in the fourth digit."""
FAR_TENTHS = strategies.LogProbabilities(np.array([-0.3]), np.array([-7.7]))
"""Times 4, float32 rounds their difference in the sixth digit behind the point."""
ESTIMATE = "importance_sampling.importance_sampling_estimate"


@weight(1.5)
@number("4.1.1")
@given(drawn=strategies.log_prob_pairs(), spread=st.sampled_from([1.0, 4.0]))
@example(drawn=FAR_TENTHS, spread=4.0)
def test_weights_are_target_over_proposal(submission, drawn, spread):
    """Are the target's probability over the proposal's.

    p̃(x)/p(x), entry by entry (slide "Importance Sampling"): not inverted, clipped or normalised.
    """
    # Log-ratios of up to 32: weights of any size are the estimator's, none is too large to keep.
    target, proposal = spread * drawn.target, spread * drawn.proposal
    expected = reference.importance_weights(target, proposal)
    returned = submission.importance_sampling.importance_weights(target, proposal)
    # Entry by entry: a large weight must not hide a small one that is wrong.
    assert_close(WEIGHTS, returned, expected, entrywise=True)


@weight(1)
@number("4.1.2")
@given(drawn=strategies.log_prob_pairs(), shift=st.sampled_from([-100.0, -750.0, -1000.0]))
@example(drawn=TENTHS, shift=-1000.0)
def test_weights_are_computed_in_log_space(submission, drawn, shift):
    """Are computed in log space.

    At ln p = −1000 both probabilities are 0 in float64, their ratio is not.
    """
    expected = reference.importance_weights(drawn.target, drawn.proposal)
    returned = submission.importance_sampling.importance_weights(drawn.target + shift, drawn.proposal + shift)
    assert_close(WEIGHTS, returned, expected, entrywise=True)


@weight(0.5)
@number("4.1.3")
def test_weights_leave_the_arguments(submission):
    """Leave their arguments as they were."""
    # No ln 1 = 0 to divide by, and no bound that both weights are beyond: values are asked elsewhere.
    target, proposal = np.array([[-0.75, -2.25], [-1.25, -0.25]]), np.array([[-1.0, -2.0], [-0.5, -1.5]])
    assert_leaves_arguments(
        WEIGHTS,
        submission,
        (target, proposal),
        [(2.0 * target, proposal), (target, 2.0 * proposal)],
        (2, 2),
    )


@weight(1)
@number("4.2.1")
@given(drawn=strategies.weighted_values(), values_multiplied_by=MAGNITUDES)
def test_estimate_is_the_mean_of_weight_times_value(submission, drawn, values_multiplied_by):
    """Is the mean of weight times value.

    (1/n) Σ w f (slide "Importance Sampling"): divided by n, not by the sum of the weights.
    """
    values = values_multiplied_by * drawn.values
    expected = reference.importance_sampling_estimate(values, drawn.weights)
    returned = submission.importance_sampling.importance_sampling_estimate(values, drawn.weights)
    scale = float(np.mean(np.abs(values) * drawn.weights))
    assert_close(ESTIMATE, returned, expected, scale=scale)


class SampleSpace(NamedTuple):
    """Four points: how likely the target and the proposal find each, and the values there."""

    target: np.ndarray
    proposal: np.ndarray
    values: np.ndarray

    @classmethod
    def draw(cls, rng: np.random.Generator) -> SampleSpace:
        target, proposal = (chances / chances.sum() for chances in rng.integers(1, 9, size=(2, 4)))
        return cls(target, proposal, rng.integers(-4, 5, size=4) / 2.0)


FAR_APART = SampleSpace(
    np.array([0.7, 0.1, 0.1, 0.1]), np.array([0.05, 0.25, 0.3, 0.4]), np.array([2.0, -1.0, 0.5, 1.0])
)
"""The first point has a weight of 14."""


@weight(0.5)
@number("4.2.2")
@settings(max_examples=10)
@given(drawn=strategies.generators().map(SampleSpace.draw))
@example(drawn=FAR_APART)
def test_estimate_is_unbiased(submission, drawn):
    """Is unbiased: its mean over every pair of draws from the proposal is the target's expectation exactly.

    E_{x~p̃}[f(x)] = E_{x~p}[p̃(x)/p(x) f(x)] (slide "Importance Sampling"), on a sample space of four points.
    """
    target, proposal, values = drawn
    pairs, probabilities = independent_draws(proposal, 2)
    weights = target / proposal

    estimates = submission.importance_sampling.importance_sampling_estimate.each(
        (values[pair], weights[pair]) for pair in pairs
    )
    assert_close(
        ESTIMATE,
        expectation(lambda value: as_returned(ESTIMATE, value, ()), estimates, probabilities),
        float(target @ values),
        scale=1.0,
        relation="The mean of your estimates over every pair of draws has to be E_{x~p̃}[f(x)] exactly.",
    )


@weight(0.5)
@number("4.2.3")
def test_estimate_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    # Weights other than 1, so that a product in place shows.
    values, weights = np.array([2.0, 1.0, 3.0]), np.array([0.5, 2.5, 1.5])
    assert_leaves_arguments(
        ESTIMATE,
        submission,
        (values, weights),
        [(2.0 * values, weights)],
        (),
    )
