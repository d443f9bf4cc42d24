"""Part 2: the policy gradient estimate."""

from __future__ import annotations

import numpy as np
from gradescope_utils.autograder_utils.decorators import number, weight
from hypothesis import given, settings

from autograder.oracle.batches import expectation, independent_draws
from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.exact import performance_gradient
from autograder.oracle.mdp import random_mdp, random_theta
from hw4 import policy_gradient as reference
from hw4.lab.compare import as_returned, assert_close
from tests.hidden.properties import LOUDNESS, assert_leaves_arguments, quiet_mask
from tests.public import strategies
from tests.public.strategies import loud

ESTIMATE = "policy_gradient.policy_gradient_estimate"


@weight(3)
@number("2.4.1")
@given(drawn=strategies.scored_batches())
def test_gradient_sums_over_steps_and_averages_over_trajectories(submission, drawn):
    """Sums over the steps and averages over the trajectories.

    ĝ = (1/N) Σ_n Σ_h ∇ln π · (R_h − b) (slide "PG with a Learned Baseline").
    """
    mask = quiet_mask(drawn.mask)
    expected = reference.policy_gradient_estimate(drawn.scores, drawn.advantages, mask)
    returned = submission.policy_gradient.policy_gradient_estimate(drawn.scores, drawn.advantages, mask)
    assert_close(ESTIMATE, returned, expected, scale=_terms(drawn))


@weight(1.5)
@number("2.4.2")
@given(drawn=strategies.scored_batches(), value=LOUDNESS)
def test_gradient_counts_real_steps_alone(submission, drawn, value):
    """Counts real steps alone.

    Trajectories end early; what stands on padding changes nothing, and each counts as one of the N.
    """
    scores, advantages = loud(drawn.scores, drawn.mask, value), loud(drawn.advantages, drawn.mask, value)
    expected = reference.policy_gradient_estimate(drawn.scores, drawn.advantages, drawn.mask)
    returned = submission.policy_gradient.policy_gradient_estimate(scores, advantages, drawn.mask)
    assert_close(ESTIMATE, returned, expected, scale=_terms(drawn))


@weight(2)
@number("2.4.3")
@settings(max_examples=4)
@given(rng=strategies.generators())
def test_gradient_is_unbiased_whatever_the_baseline(submission, rng):
    """Is unbiased, whatever the baseline.

    Its mean over every pair of trajectories of a small MDP, weighted by their probabilities, is ∇J(θ) exactly
    (slide "PG with a Learned Baseline": "regardless of our choice of b̃").
    """
    mdp = random_mdp(rng, n_states=2, n_actions=2, horizon=2)
    theta = random_theta(rng, mdp)
    every = enumerate_trajectories(mdp)
    scores = every.scores(theta)
    baseline = rng.integers(-4, 5, size=(mdp.H, mdp.S)) / 2.0
    advantages = every.returns() - every.along(baseline)
    pairs, probabilities = independent_draws(every.probabilities(theta), 2)

    def estimate(pair):
        returned = submission.policy_gradient.policy_gradient_estimate(
            scores[pair], advantages[pair], every.mask[pair]
        )
        return as_returned(ESTIMATE, returned, theta.shape)

    assert_close(
        ESTIMATE,
        expectation(estimate, pairs, probabilities),
        performance_gradient(mdp, theta),
        tolerance=1e-9,
        scale=1.0,
        because="These are means over all pairs of trajectories, and the exact ∇J(θ).",
    )


@weight(0.5)
@number("2.4.4")
@given(drawn=strategies.scored_batches())
def test_gradient_leaves_the_arguments(submission, drawn):
    """Leaves its arguments as they were."""
    scores, advantages = np.abs(drawn.scores) + 1.0, np.abs(drawn.advantages) + 1.0
    assert_leaves_arguments(
        ESTIMATE,
        submission.policy_gradient.policy_gradient_estimate,
        (scores, advantages, drawn.mask),
        (2.0 * scores, advantages, drawn.mask),
        scores.shape[-1:],
    )


def _terms(drawn: strategies.ScoredBatch) -> float:
    """The size of what is summed, which may cancel."""
    terms = np.abs(drawn.scores) * np.abs(drawn.advantages)[..., np.newaxis]
    return float(np.sum(terms)) / len(drawn.mask)
