"""Part 6, bonus: trust region policy optimization (TRPO)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hw4.lab.compare import STEP_TOLERANCE, as_returned, assert_close

from . import lecture_example, strategies
from .lecture_example import half, three_quarters

KL = "trpo.kl_estimate"
STEP = "trpo.trpo_step"


@pytest.mark.function(KL)
def test_the_divergence_from_half_half_to_three_quarters_one_quarter(submission):
    """½ ln(½ / ¾) + ½ ln(½ / ¼) = ½ ln(4/3) (slide "KL-divergence")."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.trpo.kl_estimate(half(), three_quarters(), batch.features, batch.mask)
    assert_close(KL, returned, 0.5 * np.log(4 / 3))


@pytest.mark.function(KL)
def test_the_divergence_is_not_symmetric(submission):
    """The other way round it is ¾ ln(¾ / ½) + ¼ ln(¼ / ½): θ^k weighs the actions."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.trpo.kl_estimate(three_quarters(), half(), batch.features, batch.mask)
    assert_close(KL, returned, 0.75 * np.log(1.5) + 0.25 * np.log(0.5))


@pytest.mark.function(KL)
def test_the_divergence_sums_steps_and_averages_trajectories(submission):
    """Two steps and one: (2 + 1) / 2 times the divergence of one step. The 9s are padding."""
    features = np.array([[[[1.0], [0.0]], [[1.0], [0.0]]], [[[1.0], [0.0]], [[9.0], [-9.0]]]])
    mask = np.array([[True, True], [True, False]])
    returned = submission.trpo.kl_estimate(half(), three_quarters(), features, mask)
    assert_close(KL, returned, 1.5 * 0.5 * np.log(4 / 3))


@pytest.mark.function(KL)
def test_the_divergence_of_an_action_whose_probability_underflows(submission):
    """From ½, ½ to 1, e^−800 it is ½ ln ½ + ½ (ln ½ + 800) = 400 − ln 2. Nothing is cut off."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.trpo.kl_estimate(half(), np.array([800.0]), batch.features, batch.mask)
    assert_close(KL, returned, 400 - np.log(2))


@pytest.mark.function(KL)
def test_the_divergence_averages_many_trajectories(submission):
    """The mean over 130 equal trajectories is that of one: ½ ln(4/3)."""
    batch = lecture_example.sample(65, 130).batch
    returned = submission.trpo.kl_estimate(half(), three_quarters(), batch.features, batch.mask)
    assert_close(KL, returned, 0.5 * np.log(4 / 3))


@pytest.mark.function(KL)
@given(drawn=strategies.policies())
def test_the_divergence_is_never_negative(submission, drawn):
    """KL(P | Q) ≥ 0, and 0 from a policy to itself."""
    returned = submission.trpo.kl_estimate(drawn.theta_k, drawn.theta, drawn.features, drawn.mask)
    divergence = float(as_returned(KL, returned, ()))
    assert divergence >= -1e-12, f"{KL} returned {divergence}, but a divergence is never negative."
    to_itself = submission.trpo.kl_estimate(drawn.theta, drawn.theta, drawn.features, drawn.mask)
    assert_close(KL, to_itself, 0.0, scale=1.0)


@pytest.mark.function(KL)
def test_a_small_step_has_about_half_of_its_squared_fisher_length(submission):
    """F = ¼ at θ = 0, so a step of 0.02 has xᵀFx = 10⁻⁴ and a divergence of about 5·10⁻⁵."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.trpo.kl_estimate(half(), np.array([0.02]), batch.features, batch.mask)
    assert_close(KL, returned, 5e-5, tolerance=1e-3)


def step(submission, *, gradient: float, fisher: float, paid: float = 1.0):
    """Take a TRPO step on the lecture's example, from θ = 0 with δ = 0.01, rewards times `paid`."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.trpo.trpo_step(
        half(),
        np.array([gradient]),
        np.array([[fisher]]),
        batch.features,
        batch.actions,
        paid * batch.rewards,
        batch.mask,
        0.01,
    )
    return as_returned(STEP, returned, (1,))


@pytest.mark.function(STEP)
def test_the_full_step_is_taken_where_its_divergence_allows_it(submission):
    """η F⁻¹g = √(0.01 / ¼) = 0.2, and √2 times that diverges by a little less than δ."""
    assert_close(
        STEP, step(submission, gradient=24.75, fisher=0.25), [0.2 * np.sqrt(2)], tolerance=STEP_TOLERANCE
    )


@pytest.mark.function(STEP)
def test_a_step_that_diverges_too_far_is_halved(submission):
    """With a quarter of the true F the first try is twice as long, and the second is the step above."""
    assert_close(
        STEP, step(submission, gradient=24.75, fisher=0.0625), [0.2 * np.sqrt(2)], tolerance=STEP_TOLERANCE
    )


@pytest.mark.function(STEP)
def test_a_step_that_lowers_the_surrogate_is_not_taken(submission):
    """A gradient of the wrong sign points away from the action that pays: θ^k is returned."""
    assert_close(STEP, step(submission, gradient=-24.75, fisher=0.25), [0.0])


@pytest.mark.function(STEP)
def test_a_step_that_leaves_the_surrogate_as_it_was_is_taken(submission):
    """Where all advantages are 0, so is the surrogate: it does not fall."""
    taken = step(submission, gradient=24.75, fisher=0.25, paid=0.0)
    assert_close(STEP, taken, [0.2 * np.sqrt(2)], tolerance=STEP_TOLERANCE)


@pytest.mark.function(STEP)
def test_without_a_gradient_theta_k_is_returned(submission):
    """At g = 0 no direction is better than another: θ^k, rather than 0/0."""
    assert_close(STEP, step(submission, gradient=0.0, fisher=0.25), [0.0])


def worked_step(submission, max_backtracks: int):
    """Take a TRPO step from θ^k = (1, −1) with δ = 1.2 and backtrack = ⅓."""
    feature = 0.15 * np.log(3.0)
    return submission.trpo.trpo_step(
        np.array([1.0, -1.0]),
        np.array([0.3, 0.0]),
        np.array([[0.002, 0.001], [0.001, 0.002]]),
        np.array([[[[feature, feature], [0.0, 0.0]]] * 2] * 2),
        np.array([[0, 1], [0, 0]]),
        np.array([[2.0, -1.0], [1.0, -9.0]]),
        np.array([[True, True], [True, False]]),
        1.2,
        1 / 3,
        max_backtracks,
    )


@pytest.mark.function(STEP)
def test_a_step_worked_by_hand(submission):
    """F⁻¹g = (200, −100), gᵀF⁻¹g = 60, η = √(1.2 / 60) and √2 η = 0.2: the first try is θ^k + (40, −20).

    φ = 0.15 ln 3 · (1, 1), so θ^k has ½, ½ in all three steps, and a try (2x, −x) the logit 0.15 x ln 3. At
    x = 20 it is 3 ln 3, with a divergence of 0.991 a step, 1.487 in the mean over trajectories: more than
    δ = 1.2. A third of it has the logit ln 3 and 1.5 · ½ ln(4/3) = 0.216: (1, −1) + (13.333, −6.667) is
    (14.333, −7.667). The surrogate rises from ½ (2 − 1 + 1) = 1 to ½ (1.5 · 2 − ½ · 1 + 1.5 · 1) = 2.

    (41, −21) is what KL(π_θ | π_θk) accepts, (21, −11) half a step, (1, −1) none, where max_backtracks = 1
    means a second try, (29.284, −15.142) the first try without √2.
    """
    returned = worked_step(submission, max_backtracks=1)
    assert_close(STEP, returned, [1 + 40 / 3, -1 - 20 / 3], tolerance=STEP_TOLERANCE)


@pytest.mark.function(STEP)
def test_where_the_only_try_does_not_qualify_theta_k_is_returned(submission):
    """With max_backtracks = 0 there is the first try alone, whose divergence, 1.487, is more than 1.2."""
    assert_close(STEP, worked_step(submission, max_backtracks=0), [1.0, -1.0])
