"""Part 6, bonus: trust region policy optimization (TRPO)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hw4.lab.compare import STEP_TOLERANCE, as_returned, assert_close

from . import lecture_example, strategies

KL = "trpo.kl_estimate"
STEP = "trpo.trpo_step"

HALF = np.array([0.0])
"""The θ at which the lecture's first action has probability ½."""
THREE_QUARTERS = np.array([lecture_example.LN_3])
"""The θ at which it has probability ¾."""


@pytest.mark.function(KL)
def test_the_divergence_from_half_half_to_three_quarters_one_quarter(submission):
    """½ ln(½ / ¾) + ½ ln(½ / ¼) = ½ ln(4/3) (slide "KL-divergence")."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.trpo.kl_estimate(HALF, THREE_QUARTERS, batch.features, batch.mask)
    assert_close(KL, returned, 0.5 * np.log(4 / 3))


@pytest.mark.function(KL)
def test_the_divergence_is_not_symmetric(submission):
    """The other way round it is ¾ ln(¾ / ½) + ¼ ln(¼ / ½): θ^k weighs the actions."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.trpo.kl_estimate(THREE_QUARTERS, HALF, batch.features, batch.mask)
    assert_close(KL, returned, 0.75 * np.log(1.5) + 0.25 * np.log(0.5))


@pytest.mark.function(KL)
def test_the_divergence_sums_steps_and_averages_trajectories(submission):
    """Two steps and one: (2 + 1) / 2 times the divergence of one step. The 9s are padding."""
    features = np.array([[[[1.0], [0.0]], [[1.0], [0.0]]], [[[1.0], [0.0]], [[9.0], [-9.0]]]])
    mask = np.array([[True, True], [True, False]])
    returned = submission.trpo.kl_estimate(HALF, THREE_QUARTERS, features, mask)
    assert_close(KL, returned, 1.5 * 0.5 * np.log(4 / 3))


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
    returned = submission.trpo.kl_estimate(HALF, np.array([0.02]), batch.features, batch.mask)
    assert_close(KL, returned, 5e-5, tolerance=1e-3)


def step(submission, *, gradient: float, fisher: float):
    """Take a TRPO step on the lecture's example, from θ = 0 with δ = 0.01."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.trpo.trpo_step(
        HALF,
        np.array([gradient]),
        np.array([[fisher]]),
        batch.features,
        batch.actions,
        batch.rewards,
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
