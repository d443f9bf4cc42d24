"""Part 6, bonus: TRPO's line search."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from gradescope_utils.autograder_utils.decorators import number, weight
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from hw4 import trpo as reference
from hw4.importance_sampling import importance_weights
from hw4.lab.compare import as_returned, assert_close
from hw4.npg import fisher_estimate, npg_step_size
from hw4.policy import action_log_probabilities, score
from hw4.policy_gradient import policy_gradient_estimate
from tests.hidden.properties import (
    FEW,
    LOUDNESS,
    UNEQUAL,
    are_close,
    assert_moves,
    assert_step,
    loud_features,
    quiet_mask,
)
from tests.hidden.untouched import assert_leaves_arguments
from tests.public import strategies

KL = "trpo.kl_estimate"
STEP = "trpo.trpo_step"
TELLING, LATE, STEEP = (
    strategies.two_policies(np.random.default_rng(seed), 2, 2, UNEQUAL) for seed in (0, 382, 41)
)
"""With LATE the KL is between δ and 1.5 δ, or the surrogate falls, one shortening before the last; with STEEP
no step along g itself is acceptable."""
UNLIKELY = strategies.Policies(
    theta=np.full(4, 2.0),
    theta_k=np.zeros(4),
    features=np.array([[[[2.0] * 4, [-2.0] * 4]]]),
    actions=np.array([[0]]),
    advantages=np.array([[1.0]]),
    mask=np.array([[True]]),
)
"""An action of probability ½ under θ^k and 1e-14 under θ: beside it a constant of 1e-12 is large."""
DELTAS = st.sampled_from([0.01, 0.1, 0.5, 2.0])


class Search(NamedTuple):
    """How `trpo_step` shortens a step, and how often at most."""

    backtrack: float
    max_backtracks: int


HALVING = Search(0.5, 10)
SEARCHES = st.sampled_from([HALVING, Search(0.75, 6)])


@weight(0.5)
@number("6.1.1")
@given(drawn=strategies.policies())
@example(drawn=UNLIKELY)
def test_kl_sums_over_actions_and_steps(submission, drawn):
    """Sums over the actions and steps, and averages over the trajectories.

    (1/N) Σ_n Σ_h KL(π_θk(·|s_h) | π_θ(·|s_h)) (slide "KL-divergence"): expectation under π_θk.
    """
    mask = quiet_mask(drawn.mask)
    arguments = (drawn.theta_k, drawn.theta, drawn.features, mask)
    expected = reference.kl_estimate(*arguments)
    assert_close(KL, submission.trpo.kl_estimate(*arguments), expected, scale=_logits(drawn))


@weight(0.25)
@number("6.1.2")
@given(drawn=strategies.policies(), value=LOUDNESS)
def test_kl_counts_real_steps_alone(submission, drawn, value):
    """Counts real steps alone: what stands on padding changes nothing."""
    expected = reference.kl_estimate(drawn.theta_k, drawn.theta, drawn.features, drawn.mask)
    features = loud_features(drawn.features, drawn.mask, value)
    returned = submission.trpo.kl_estimate(drawn.theta_k, drawn.theta, features, drawn.mask)
    assert_close(KL, returned, expected, scale=_logits(drawn))


@weight(0.25)
@number("6.1.3")
def test_kl_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    theta_k, theta, features = TELLING.theta_k, TELLING.theta_k + 0.5, TELLING.features
    assert_leaves_arguments(
        KL,
        submission,
        (theta_k, theta, features, UNEQUAL),
        [(theta_k, theta_k, features, UNEQUAL)],
        (),
    )


@weight(1)
@number("6.2.1")
@given(
    drawn=strategies.policies(least_A=2),
    delta=DELTAS,
    search=SEARCHES,
    boldness=st.sampled_from([4.0, 16.0]),
    is_flat=st.sampled_from([False, False, True]),
)
@example(drawn=LATE, delta=2.0, search=HALVING, boldness=16.0, is_flat=False)
@example(drawn=TELLING, delta=0.1, search=Search(0.5, 2), boldness=64.0, is_flat=False)
def test_step_is_the_longest_acceptable_one(submission, lecture, drawn, delta, search, boldness, is_flat):
    """Is the longest acceptable one.

    Of η√2·backtrack^j, j = 0, 1, …, the first whose KL is at most δ and whose surrogate does not fall
    (slide "Trust Region Policy Optimization (TRPO)"). Where all advantages are 0 the surrogate never falls.
    """
    arguments = _uphill(drawn, delta, search, boldness)
    if is_flat:
        arguments = (*arguments[:5], np.zeros_like(drawn.advantages), *arguments[6:])
    _clear_shortenings(*arguments)
    assume(not are_close(reference.trpo_step(*arguments), drawn.theta_k))
    expected = lecture.trpo.trpo_step(*arguments)
    assert_step(STEP, submission.trpo.trpo_step(*arguments), drawn.theta_k, expected)


@weight(1)
@number("6.2.2")
@given(drawn=strategies.policies(least_A=2), delta=DELTAS, search=SEARCHES)
@example(drawn=TELLING, delta=0.5, search=HALVING)
@example(drawn=STEEP, delta=0.5, search=HALVING)
def test_step_stays_where_none_is_acceptable(submission, drawn, delta, search):
    """Stays at θ^k where no step is acceptable.

    Along −g the surrogate falls at every length, so θ^k comes back; along g it does not, and θ moves.
    """
    uphill = _uphill(drawn, delta, search)
    _clear_shortenings(*uphill)
    expected = reference.trpo_step(*uphill)
    assume(not are_close(expected, drawn.theta_k))
    downhill = (uphill[0], -uphill[1], *uphill[2:])
    _clear_shortenings(*downhill)
    assume(np.array_equal(reference.trpo_step(*downhill), drawn.theta_k))
    assert_close(STEP, submission.trpo.trpo_step(*downhill), drawn.theta_k)
    moved = as_returned(STEP, submission.trpo.trpo_step(*uphill), drawn.theta_k.shape)
    assert_moves(STEP, moved, drawn.theta_k, expected)


@weight(0.5)
@number("6.2.3")
def test_step_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    arguments = _uphill(TELLING, 0.5, HALVING)
    changed = list(arguments)
    # F ≥ I keeps steps shorter than 2, so that no step from there leads to the same point.
    changed[0] = arguments[0] + 16.0
    assert_leaves_arguments(STEP, submission, arguments, [changed], (2,))


@weight(0.5)
@number("6.2.4")
@settings(max_examples=FEW)
@given(drawn=strategies.policies(least_A=2), delta=DELTAS)
@example(drawn=LATE, delta=2.0)
@example(drawn=TELLING, delta=0.01)
def test_step_is_shortened_max_backtracks_times(submission, lecture, drawn, delta):
    """Is shortened max_backtracks times at most, and 10 times where no number is given.

    j = 0, 1, …, max_backtracks: that is one try more than max_backtracks (slide "Trust Region Policy
    Optimization (TRPO)"). Given alone, δ comes with a backtrack of ½.
    """
    bold = 4.0**5
    shortened = _clear_shortenings(*_uphill(drawn, delta, HALVING, bold))
    assume(shortened is not None)

    def accepted_after(backtracks):
        """F smaller by 4 is a step longer by 2: one try more, where the longer ones are refused as well."""
        arguments = _uphill(drawn, delta, HALVING, bold * 4.0 ** (backtracks - shortened))
        assume(_clear_shortenings(*arguments) == (backtracks if backtracks <= 10 else None))
        return arguments[:-2]

    for max_backtracks in (9, 10):
        inside, outside = accepted_after(max_backtracks), accepted_after(max_backtracks + 1)
        assume(not are_close(reference.trpo_step(*inside), drawn.theta_k))
        expected = lecture.trpo.trpo_step(*inside)
        for search in ((0.5, max_backtracks), ()):
            assert_step(STEP, submission.trpo.trpo_step(*inside, *search), drawn.theta_k, expected)
        returned = submission.trpo.trpo_step(*outside, 0.5, max_backtracks)
        assert_close(STEP, returned, drawn.theta_k)
    assert_close(STEP, submission.trpo.trpo_step(*outside), drawn.theta_k)


def _uphill(drawn, delta, search, boldness=1.0):
    """The arguments of trpo_step, with ĝ and F̂ + I estimated from the trajectories themselves.

    A boldness above 1 makes F smaller than it is and the step longer: then the first lengths are refused.
    """
    scores = score(drawn.theta_k, drawn.features, drawn.actions)
    gradient = policy_gradient_estimate(scores, drawn.advantages, drawn.mask)
    fisher = (fisher_estimate(scores, drawn.mask) + np.eye(len(gradient))) / boldness
    assume(float(gradient @ np.linalg.solve(fisher, gradient)) > 0.1)
    data = (drawn.features, drawn.actions, drawn.advantages, drawn.mask)
    return drawn.theta_k, gradient, fisher, *data, delta, *search


def _clear_shortenings(
    theta_k, gradient, fisher, features, actions, advantages, mask, delta, backtrack, max_backtracks
):
    """Return how often the step is shortened, or None where none qualifies.

    Keeps KL and surrogate away from their bounds at every length, so that rounding decides nothing; a
    surrogate of nothing but zeros is exact.
    """
    full_step = np.sqrt(2.0) * npg_step_size(gradient, fisher, delta) * np.linalg.solve(fisher, gradient)
    chosen = actions[..., np.newaxis]
    proposal = np.take_along_axis(action_log_probabilities(theta_k, features), chosen, axis=-1)
    for backtracks in range(max_backtracks + 1):
        theta = theta_k + backtrack**backtracks * full_step
        kl = reference.kl_estimate(theta_k, theta, features, mask)
        target = np.take_along_axis(action_log_probabilities(theta, features), chosen, axis=-1)
        gains = ((importance_weights(target, proposal) - 1.0)[..., 0] * advantages)[mask]
        gain, scale = float(np.sum(gains)), float(np.sum(np.abs(gains)))
        assume(
            abs(kl - delta) > 1e-3 * delta and (abs(gain) > 1e-3 * scale + 1e-15 or not np.any(advantages))
        )
        if kl <= delta and gain >= 0:
            return backtracks
    return None


def _logits(drawn):
    largest = max(float(np.max(np.abs(drawn.features @ theta))) for theta in (drawn.theta, drawn.theta_k))
    return max(largest, 1.0) * drawn.mask.shape[1]
