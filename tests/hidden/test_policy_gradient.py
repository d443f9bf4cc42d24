"""Part 2: the policy gradient estimate."""

from __future__ import annotations

import dataclasses

import numpy as np
from gradescope_utils.autograder_utils.decorators import number, weight
from hypothesis import example, given, settings

from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.exact import performance_gradient
from autograder.oracle.mdp import random_mdp, random_theta
from hw4 import policy_gradient as reference
from hw4.lab.cartpole import POLICY_FEATURES, STATE_SIZE, rollout
from hw4.lab.compare import Mismatch, as_returned, assert_close
from hw4.policy import action_log_probabilities, score
from hw4.tabular import expectation, independent_draws
from tests.hidden.properties import (
    FEW,
    LOUDNESS,
    MAGNITUDES,
    UNEQUAL,
    assert_averages,
    quiet_mask,
)
from tests.hidden.untouched import assert_leaves_arguments
from tests.public import strategies
from tests.public.strategies import loud

ESTIMATE = "policy_gradient.policy_gradient_estimate"
EPISODES = 1000
"""The seed, too: with the same episodes in every grading, no mistake is missed or caught by luck."""
BATCHES = 10
LAST_STEP = 20
FALSE_ALARMS = 1e-6
TELLING = strategies.scored_batch(np.random.default_rng(1), 1, UNEQUAL)
LONG = dataclasses.replace(TELLING, advantages=64.0 * TELLING.advantages)
"""With a gradient longer than 10."""


@weight(1.5)
@number("2.4.1")
@given(drawn=strategies.scored_batches(), advantages_multiplied_by=MAGNITUDES)
def test_gradient_sums_over_steps_and_averages_over_trajectories(submission, drawn, advantages_multiplied_by):
    """Sums over the steps and averages over the trajectories.

    ĝ = (1/N) Σ_n Σ_h ∇ln π · (R_h − b) (slide "PG with a Learned Baseline").
    """
    mask = quiet_mask(drawn.mask)
    advantages = advantages_multiplied_by * drawn.advantages
    expected = reference.policy_gradient_estimate(drawn.scores, advantages, mask)
    returned = submission.policy_gradient.policy_gradient_estimate(drawn.scores, advantages, mask)
    assert_close(ESTIMATE, returned, expected, scale=advantages_multiplied_by * _terms(drawn))


@weight(1.5)
@number("2.4.2")
@given(drawn=strategies.scored_batches(), value=LOUDNESS)
@example(drawn=LONG, value=7.0)
def test_gradient_counts_real_steps_alone(submission, drawn, value):
    """Counts real steps alone.

    Trajectories end early; what stands on padding changes nothing, and each counts as one of the N.
    """
    scores, advantages = loud(drawn.scores, drawn.mask, value), loud(drawn.advantages, drawn.mask, value)
    expected = reference.policy_gradient_estimate(drawn.scores, drawn.advantages, drawn.mask)
    returned = submission.policy_gradient.policy_gradient_estimate(scores, advantages, drawn.mask)
    assert_close(ESTIMATE, returned, expected, scale=_terms(drawn))


@weight(1.5)
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

    estimates = submission.policy_gradient.policy_gradient_estimate.each(
        (scores[pair], advantages[pair], every.mask[pair]) for pair in pairs
    )
    assert_close(
        ESTIMATE,
        expectation(lambda value: as_returned(ESTIMATE, value, theta.shape), estimates, probabilities),
        performance_gradient(mdp, theta),
        scale=1.0,
        relation="The mean of your estimates over every pair of trajectories has to be ∇J(θ) exactly.",
    )


@weight(0.5)
@number("2.4.4")
def test_gradient_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    # Positive ones, so that no sum of them is 0.
    scores, advantages = np.abs(TELLING.scores) + 1.0, np.abs(TELLING.advantages) + 1.0
    assert_leaves_arguments(
        ESTIMATE,
        submission,
        (scores, advantages, UNEQUAL),
        [(2.0 * scores, advantages, UNEQUAL)],
        (1,),
    )


@weight(0.5)
@number("2.4.5")
@settings(max_examples=FEW)
@given(drawn=strategies.scored_batches())
@example(drawn=TELLING)
def test_gradient_of_two_batches_together_is_their_mean(submission, drawn):
    """Averages over trajectories: two batches put together, in any order, give the weighted mean of both."""

    def of(estimate):
        return lambda chosen: as_returned(
            ESTIMATE,
            estimate(drawn.scores[chosen], drawn.advantages[chosen], drawn.mask[chosen]),
            drawn.scores.shape[-1:],
        )

    assert_averages(
        ESTIMATE,
        of(submission.policy_gradient.policy_gradient_estimate),
        len(drawn.mask),
        _terms(drawn),
        is_telling=drawn is TELLING,
    )


@weight(0.5)
@number("2.4.6")
def test_gradient_is_right_on_average_on_cartpole(submission):
    """Is right on average on CartPole: a demonstration by sampling.

    ĝ along one direction, summed over episodes, is compared with what the policy's probabilities say, within
    a bound that chance leaves in one of a million gradings (slide "PG with a Learned Baseline"; docs/bars.md
    derives the bound).
    """
    rng = np.random.default_rng(EPISODES)
    theta = rng.normal(scale=0.1, size=POLICY_FEATURES)
    batch = rollout(theta, rng, EPISODES, LAST_STEP)
    # A direction whose entries cancel: a constant has no share along it.
    direction = np.outer([0.0, 1.0], np.resize([1.0, -1.0], STATE_SIZE)).ravel()
    contrast = (batch.features[..., 1, :] - batch.features[..., 0, :]) @ direction
    contrast = np.where(batch.mask & (np.abs(contrast) > 1e-3), contrast, np.inf)
    right = np.exp(action_log_probabilities(theta, batch.features))[..., 1]
    baseline = 0.25 + 0.25 * np.sin(7.0 * batch.features[..., 0, 1])
    advantages = ((batch.actions == 1) - baseline) / contrast

    scores = score(theta, batch.features, batch.actions)
    found = 0.0
    for part in np.split(np.arange(EPISODES), BATCHES):
        returned = submission.policy_gradient.policy_gradient_estimate(
            scores[part], advantages[part], batch.mask[part]
        )
        found += float(as_returned(ESTIMATE, returned, theta.shape) @ direction) * len(part)
    expected = float(np.sum((right * (1.0 - right))[np.isfinite(contrast)]))
    bound = float(np.sqrt(EPISODES * LAST_STEP * np.log(2.0 / FALSE_ALARMS) / 2.0))
    if abs(found - expected) > bound:
        raise Mismatch(
            ESTIMATE,
            "relation",
            f"{ESTIMATE} of {BATCHES} batches of CartPole, {EPISODES // BATCHES} episodes each, times that "
            f"and along a direction, adds up to {found:.0f}, but {expected:.0f} ± {bound:.0f} was expected: "
            "chance alone leaves that range in one of a million gradings.",
        )


def _terms(drawn: strategies.ScoredBatch) -> float:
    """The size of what is summed, which may cancel."""
    terms = np.abs(drawn.scores) * np.abs(drawn.advantages)[..., np.newaxis]
    return float(np.sum(terms)) / len(drawn.mask)
