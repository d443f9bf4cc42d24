"""Part 1: the softmax policy and its score."""

from __future__ import annotations

import numpy as np
from gradescope_utils.autograder_utils.decorators import number, weight
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hw4 import policy as reference
from hw4.lab.compare import as_returned, assert_close
from tests.hidden.properties import FEW
from tests.hidden.untouched import assert_leaves_arguments
from tests.public import strategies

LOG_PROBABILITIES = "policy.action_log_probabilities"
SCORE = "policy.score"
STATES = np.stack(3 * [[[1.0, 0.5], [2.0, 1.5], [0.5, 2.0]]])
"""Features of three states, each of three actions."""
SMALL_LOGITS = strategies.Decisions(np.array([2.0, 2.0]), np.array([[-6.0, -4.5], [-4.5, -4.5]]), np.array(0))
"""Logits of −21 and −18: a guard of 1e-8 is as large as the exponentials."""
FAR_LOGITS = strategies.Decisions(np.full(4, 2.0), np.array([[2.0] * 4, [-2.0] * 4]), np.array(0))
"""Logits of 16 and −16: beside the second probability a constant of 1e-12 is large."""
CLOSE_LOGITS = strategies.Decisions(
    np.array([1.0, 2.0**-13]), np.array([[1.0, 0.5], [1.0, 2.0]]), np.array(1)
)
"""Logits of 10000 are 2 apart: both actions have a probability, whose float32 is wrong in the third digit."""


@weight(2)
@number("1.1.1")
@given(drawn=strategies.decisions())
@example(drawn=FAR_LOGITS)
def test_log_probabilities_are_those_of_the_softmax(submission, drawn):
    """Are those of the softmax.

    ln π(a|s) = θ·φ(s,a) − ln Σ exp(θ·φ(s,a')), for one state or any table of states; slide "Example of
    Natural Gradient on 1-d problem" is its smallest case.
    """
    expected = reference.action_log_probabilities(drawn.theta, drawn.features)
    returned = submission.policy.action_log_probabilities(drawn.theta, drawn.features)
    # Where one action is certain, ln 1 = 0 is a difference of logits, and rounds like them.
    logits = float(np.max(np.abs(drawn.features @ drawn.theta)))
    assert_close(LOG_PROBABILITIES, returned, expected, scale=max(logits, 1.0))


@weight(2)
@number("1.1.2")
@given(drawn=strategies.decisions(), scale=st.sampled_from([1e2, 1e3, 1e4, -1e3, -1e4]), shift=st.booleans())
def test_log_probabilities_are_stable_for_logits_of_any_size(submission, drawn, scale, shift):
    """Are stable for logits of any size.

    Logits of ±10000, and logits that are all large: exp must not overflow, and ln 0 must not appear.
    """
    # Dividing by the largest keeps the logits within ±scale; shifting moves all of them to one side.
    theta = drawn.theta / max(float(np.max(np.abs(drawn.features @ drawn.theta))), 1.0) * scale
    features = drawn.features
    if shift:
        theta = np.append(theta, scale)
        features = np.concatenate([features, np.ones((*features.shape[:-1], 1))], axis=-1)
    expected = reference.action_log_probabilities(theta, features)
    returned = submission.policy.action_log_probabilities(theta, features)
    # Logits of 1e4 are rounded by 1e-12, and a small log-probability beside them is a difference of two.
    assert_close(LOG_PROBABILITIES, returned, expected, entrywise=True, rounding=1e-14 * abs(scale))


@weight(0.5)
@number("1.1.3")
def test_log_probabilities_leave_the_arguments(submission):
    """Leave their arguments as they were."""
    theta, features = np.array([0.5, -1.0]), STATES
    assert_leaves_arguments(
        LOG_PROBABILITIES,
        submission,
        (theta, features),
        [(theta[::-1], features), (theta, features[..., ::-1])],
        features.shape[:-1],
    )


@weight(2.5)
@number("1.2.1")
@given(drawn=strategies.decisions())
@example(drawn=SMALL_LOGITS)
def test_score_is_the_gradient_of_the_log_probability(submission, drawn):
    """Is the gradient of the log-probability of the action taken.

    ∇ ln π(a|s) = φ(s,a) − Σ π(a'|s) φ(s,a') (slide "PG with a Learned Baseline", the term inside g').
    """
    expected = reference.score(drawn.theta, drawn.features, drawn.actions)
    returned = submission.policy.score(drawn.theta, drawn.features, drawn.actions)
    # φ and its mean may cancel: rounding is relative to φ.
    assert_close(SCORE, returned, expected, scale=float(np.max(np.abs(drawn.features), initial=1.0)))


@weight(1.5)
@number("1.2.2")
@given(drawn=strategies.decisions(), scale=st.sampled_from([1e2, 1e3, 1e4]))
@example(drawn=CLOSE_LOGITS, scale=1e4)
def test_score_is_stable_for_logits_of_any_size(submission, drawn, scale):
    """Is stable for logits of any size.

    At logits of ±10000 the policy is nearly certain of one action; the score stays finite.
    """
    theta = drawn.theta / max(float(np.max(np.abs(drawn.features @ drawn.theta))), 1.0) * scale
    expected = reference.score(theta, drawn.features, drawn.actions)
    returned = submission.policy.score(theta, drawn.features, drawn.actions)
    assert_close(SCORE, returned, expected, scale=float(np.max(np.abs(drawn.features), initial=1.0)))


@weight(1)
@number("1.2.3")
def test_score_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    # Every action in turn: what is wrong may well be zero for one of them, whatever the features.
    theta, actions = np.array([0.5, -1.0]), np.arange(3)
    assert_leaves_arguments(
        SCORE, submission, (theta, STATES, actions), [(theta, 2.0 * STATES, actions)], (3, 2)
    )


@weight(0.5)
@number("1.2.4")
@settings(max_examples=FEW)
@given(drawn=strategies.decisions())
@example(drawn=SMALL_LOGITS)
def test_score_has_mean_zero_under_the_policy(submission, drawn):
    """Has mean 0 under the policy.

    Σ_a π(a|s) ∇ln π(a|s) = 0: this is why a baseline leaves the gradient unbiased (slide "PG with a Learned
    Baseline"). The scores of two actions differ as their features do.
    """
    states = drawn.features.reshape(-1, *drawn.features.shape[-2:])
    n, A, d = states.shape
    each_action = np.tile(np.arange(A), (n, 1))
    returned = submission.policy.score(drawn.theta, np.repeat(states[:, np.newaxis], A, axis=1), each_action)
    scores = as_returned(SCORE, returned, (n, A, d))
    probabilities = np.exp(reference.action_log_probabilities(drawn.theta, states))
    scale = float(np.max(np.abs(states), initial=1.0))
    assert_close(
        SCORE,
        np.einsum("na,nad->nd", probabilities, scores),
        np.zeros((n, d)),
        scale=scale,
        relation="The mean of the scores over a ~ π(·|s) has to be 0 in every state.",
    )
    assert_close(
        SCORE,
        scores - scores[:, :1],
        states - states[:, :1],
        scale=scale,
        relation="The scores of two actions have to differ as their features do.",
    )
