"""Part 3: the Fisher information matrix and natural policy gradient (NPG)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hw4.lab.compare import STEP_TOLERANCE, as_returned, assert_close

from . import lecture_example, strategies, worked_example

FISHER = "npg.fisher_estimate"
STEP_SIZE = "npg.npg_step_size"
STEP = "npg.npg_step"
ITERATION = "npg.npg_iteration"


@pytest.mark.function(FISHER)
@pytest.mark.parametrize(("first", "of"), lecture_example.SAMPLES)
def test_the_lectures_fisher_information_is_p_times_1_minus_p(submission, first, of):
    """F = e^θ / (1 + e^θ)² = p (1 − p); ¼ at θ = 0 (slide "Example of Natural Gradient on 1-d problem")."""
    sample = lecture_example.sample(first, of)
    returned = submission.npg.fisher_estimate(sample.scores, sample.batch.mask)
    assert_close(FISHER, returned, [[sample.p * (1 - sample.p)]])


@pytest.mark.function(FISHER)
@pytest.mark.parametrize(("first", "of"), lecture_example.SAMPLES)
def test_the_lectures_natural_gradient_is_99_at_every_theta(submission, first, of):
    """F⁻¹ ∇J = 99: NPG keeps its pace where ∇J vanishes (same slide). Needs Part 2's estimate too."""
    sample = lecture_example.sample(first, of)
    gradient = as_returned(
        "policy_gradient.policy_gradient_estimate",
        submission.policy_gradient.policy_gradient_estimate(
            sample.scores, sample.batch.rewards, sample.batch.mask
        ),
        (1,),
    )
    fisher = as_returned(FISHER, submission.npg.fisher_estimate(sample.scores, sample.batch.mask), (1, 1))
    assert_close(FISHER, gradient / fisher, [[99.0]], relation="The gradient divided by F has to be 99.")


@pytest.mark.function(FISHER)
def test_one_score_gives_its_outer_product(submission):
    """The score (1, 2) gives the matrix with rows (1, 2) and (2, 4)."""
    returned = submission.npg.fisher_estimate(np.array([[[1.0, 2.0]]]), np.array([[True]]))
    assert_close(FISHER, returned, [[1.0, 2.0], [2.0, 4.0]])


@pytest.mark.function(FISHER)
def test_the_fisher_estimate_sums_steps_and_averages_trajectories(submission):
    """The trajectories contribute 1² + 3² = 10 and 2² = 4, so their mean is 7. The 9 is padding."""
    scores = np.array([[[1.0], [3.0]], [[2.0], [9.0]]])
    mask = np.array([[True, True], [True, False]])
    assert_close(FISHER, submission.npg.fisher_estimate(scores, mask), [[7.0]])


@pytest.mark.function(FISHER)
def test_a_large_score_counts_in_full(submission):
    """The score (20, 1) gives the rows (400, 20) and (20, 1). Nothing is cut off."""
    returned = submission.npg.fisher_estimate(np.array([[[20.0, 1.0]]]), np.array([[True]]))
    assert_close(FISHER, returned, [[400.0, 20.0], [20.0, 1.0]])


@pytest.mark.function(FISHER)
@given(drawn=strategies.scored_batches())
def test_the_fisher_estimate_ignores_values_on_padding(submission, drawn):
    """Scores of steps that did not happen do not count, large as they may be."""
    d = drawn.scores.shape[-1]
    quiet = submission.npg.fisher_estimate(drawn.scores, drawn.mask)
    loud = submission.npg.fisher_estimate(strategies.loud(drawn.scores, drawn.mask), drawn.mask)
    assert_close(FISHER, loud, as_returned(FISHER, quiet, (d, d)), scale=1.0)


@pytest.mark.function(FISHER)
@given(drawn=strategies.scored_batches())
def test_the_fisher_estimate_is_symmetric_and_has_no_negative_eigenvalue(submission, drawn):
    """A mean of outer products v vᵀ, each of which is."""
    d = drawn.scores.shape[-1]
    fisher = as_returned(FISHER, submission.npg.fisher_estimate(drawn.scores, drawn.mask), (d, d))
    assert_close(FISHER, fisher, fisher.T, scale=1.0, relation="F has to equal its transpose.")
    smallest = np.linalg.eigvalsh(fisher)[0]
    assert smallest > -1e-9, f"{FISHER} has the eigenvalue {smallest}, but x'Fx is a mean of squares."


@pytest.mark.function(STEP_SIZE)
def test_with_the_identity_as_fisher_matrix_eta_is_root_delta_over_the_gradients_length(submission):
    """η = √(δ / gᵀF⁻¹g): g = (3, 4) has length 5 and δ = 4, so η = 2/5."""
    returned = submission.npg.npg_step_size(np.array([3.0, 4.0]), np.eye(2), 4.0)
    assert_close(STEP_SIZE, returned, 0.4, tolerance=STEP_TOLERANCE)


@pytest.mark.function(STEP_SIZE)
def test_the_step_size_measures_the_gradient_by_the_fisher_matrix(submission):
    """F = diag(4, 1) and g = (2, 1): F⁻¹g = (½, 1) and gᵀF⁻¹g = 2, so δ = 8 gives η = √(8/2) = 2."""
    returned = submission.npg.npg_step_size(np.array([2.0, 1.0]), np.diag([4.0, 1.0]), 8.0)
    assert_close(STEP_SIZE, returned, 2.0, tolerance=STEP_TOLERANCE)


# g, F, δ, η and η F⁻¹g. Multiply F by F⁻¹g to see that it gives g; gᵀF⁻¹g is 6, 1, 1, 2 and 330.
REGIONS = {
    "entries beside the diagonal": ([3, 0], [[2, 1], [1, 2]], 24.0, 2.0, [4, -2]),
    "a large step": ([1], [[1]], 4e6, 2000.0, [2000]),
    "small g and F": ([1e-3], [[1e-6]], 4.0, 2.0, [2000]),
    "directions of different size": ([100, 1], [[1e4, 0], [0, 1]], 8.0, 2.0, [0.02, 2]),
    # Ten blocks, the first region's times 1 to 10: 6 · (1 + … + 10) = 330.
    "many dimensions": (
        np.kron(np.arange(1, 11), [3, 0]).tolist(),
        np.kron(np.diag(np.arange(1, 11)), [[2, 1], [1, 2]]).tolist(),
        1320.0,
        2.0,
        [4, -2] * 10,
    ),
}


@pytest.mark.function(STEP_SIZE)
@pytest.mark.parametrize("region", REGIONS)
def test_eta_takes_all_of_the_fisher_matrix_into_account(submission, region):
    """η = √(δ / gᵀF⁻¹g), whatever the sizes of g, F and δ: see REGIONS in tests/test_npg.py.

    For F = [[2, 1], [1, 2]], g = (3, 0) and δ = 24, F⁻¹g = (2, −1) and η = √(24 / 6) = 2. 2.309 is what the
    diagonal of F alone gives, √(24 / 4.5).
    """
    gradient, fisher, delta, eta, _ = REGIONS[region]
    returned = submission.npg.npg_step_size(np.array(gradient, float), np.array(fisher, float), delta)
    assert_close(STEP_SIZE, returned, eta, tolerance=STEP_TOLERANCE)


@pytest.mark.function(STEP_SIZE)
def test_without_a_gradient_the_step_size_is_zero(submission):
    """At g = 0 no direction is better than another: η is 0, rather than 0/0."""
    assert_close(STEP_SIZE, submission.npg.npg_step_size(np.zeros(2), np.eye(2), 1.0), 0.0)


@pytest.mark.function(STEP)
def test_with_the_identity_as_fisher_matrix_the_step_has_length_root_delta(submission):
    """θ + η F⁻¹g: with g = (3, 4), δ = 4 and so η = 2/5, the step is (1.2, 1.6), of length 2 = √δ."""
    returned = submission.npg.npg_step(np.array([10.0, 20.0]), np.array([3.0, 4.0]), np.eye(2), 4.0)
    assert_close(STEP, returned, [11.2, 21.6], tolerance=1e-6)


@pytest.mark.function(STEP)
def test_the_fisher_matrix_scales_each_direction(submission):
    """F = diag(4, 1) and g = (2, 1): F⁻¹g = (½, 1), and δ = 8 gives η = 2, so the step is (1, 2)."""
    returned = submission.npg.npg_step(np.zeros(2), np.array([2.0, 1.0]), np.diag([4.0, 1.0]), 8.0)
    assert_close(STEP, returned, [1.0, 2.0], tolerance=STEP_TOLERANCE)


@pytest.mark.function(STEP)
@pytest.mark.parametrize("region", REGIONS)
def test_the_step_takes_all_of_the_fisher_matrix_into_account(submission, region):
    """θ + η F⁻¹g, whatever the sizes of g, F and δ: see REGIONS in tests/test_npg.py.

    For F = [[2, 1], [1, 2]], g = (3, 0) and δ = 24, F⁻¹g = (2, −1) and η = 2, so that θ = (1, 1) becomes
    (5, −1). (4.464, 1) is what the diagonal of F alone gives.
    """
    gradient, fisher, delta, _, step = REGIONS[region]
    returned = submission.npg.npg_step(
        np.ones(len(step)), np.array(gradient, float), np.array(fisher, float), delta
    )
    assert_close(STEP, returned, [1.0 + entry for entry in step], tolerance=STEP_TOLERANCE)


@pytest.mark.function(STEP)
@given(drawn=strategies.trust_regions())
def test_the_step_ends_on_the_edge_of_the_trust_region(submission, drawn):
    """(θ − θ^k)ᵀ F (θ − θ^k) = δ, without a ½ (slide "NPG has a closed form update!")."""
    returned = submission.npg.npg_step(drawn.theta, drawn.gradient, drawn.fisher, drawn.delta)
    x = as_returned(STEP, returned, drawn.theta.shape) - drawn.theta
    assert_close(
        STEP,
        x @ drawn.fisher @ x,
        drawn.delta,
        tolerance=STEP_TOLERANCE,
        relation="x'Fx has to be δ for the step x.",
    )


@pytest.mark.function(STEP)
@given(drawn=strategies.trust_regions(), rng=strategies.generators())
def test_no_other_step_in_the_trust_region_gains_more(submission, drawn, rng):
    """The update maximises ∇J(θ^k)ᵀ (θ − θ^k) among all steps with xᵀFx ≤ δ."""
    returned = submission.npg.npg_step(drawn.theta, drawn.gradient, drawn.fisher, drawn.delta)
    gain = drawn.gradient @ (as_returned(STEP, returned, drawn.theta.shape) - drawn.theta)
    other = rng.normal(size=drawn.theta.shape)
    other = other * np.sqrt(drawn.delta / (other @ drawn.fisher @ other))
    assert drawn.gradient @ other <= gain * (1 + STEP_TOLERANCE), (
        f"{STEP} gains {gain}, but the step {other.tolist()} in the same trust region gains more."
    )


@pytest.mark.function(STEP)
def test_without_a_gradient_there_is_no_step(submission):
    """At g = 0 no direction is better than another: θ stays, rather than becoming 0/0."""
    theta = np.array([1.0, -2.0])
    assert_close(STEP, submission.npg.npg_step(theta, np.zeros(2), np.eye(2), 1.0), theta)


def one_baseline_trajectory(reward: float):
    """A trajectory that teaches the baseline to predict `reward` everywhere."""
    return lecture_example.one_step_batch(np.array([[1]]), np.array([[reward]]))


@pytest.mark.function(ITERATION)
@pytest.mark.parametrize(("delta", "damping", "step"), [(1.0, 0.0, 2.0), (1.0, 0.75, 1.0), (1e4, 0.0, 200.0)])
def test_an_iteration_on_the_lectures_example(submission, delta, damping, step):
    """At θ = 0, F = ¼. δ = 1 allows x²·¼ = 1, so x = 2; with damping ¾ in F, x²·1 = 1, so x = 1.

    And δ = 10000 allows x = 200.
    """
    sample = lecture_example.sample(1, 2)
    returned = submission.npg.npg_iteration(
        sample.theta, one_baseline_trajectory(0.0), sample.batch, delta=delta, ridge=0.0, damping=damping
    )
    assert_close(ITERATION, returned, [step], tolerance=STEP_TOLERANCE)


@pytest.mark.function(ITERATION)
@pytest.mark.parametrize(("predicted", "step"), [(0.0, 2.0), (3.0, -2.0)])
def test_an_iteration_learns_its_baseline_on_the_baseline_batch(submission, predicted, step):
    """The first action paid 1. Good news if the other batch taught b̃ to expect 0; bad news if 3."""
    new = lecture_example.one_step_batch(np.array([[0]]), np.array([[1.0]]))
    returned = submission.npg.npg_iteration(
        np.zeros(1), one_baseline_trajectory(predicted), new, delta=1.0, ridge=0.0, damping=0.0
    )
    assert_close(ITERATION, returned, [step], tolerance=STEP_TOLERANCE)


@pytest.mark.function(ITERATION)
@pytest.mark.parametrize("ridge", [worked_example.RIDGE, 0.0])
def test_an_iteration_worked_by_hand(submission, ridge):
    """θ^k + η (F̂ + damping I)⁻¹ĝ on the trajectories of tests/worked_example.py, δ = 0.36 and damping = ½.

    ĝ = ½ [1 · (1, 1) − 1 · (0, −1) − 7 · (1, 0)] = (−3, 1). F̂ + ½ I is 1.5 on its diagonal and ½ beside it:
    F⁻¹ĝ = (−2.5, 1.5), ĝᵀF⁻¹ĝ = 9 and η = √(0.36 / 9) = 0.2, so θ^k + (−0.5, 0.3) = (−0.225, 0.3).

    (−0.215, 0) is what R_0 in every step gives, (−0.241, 0.234) r_h in place of R_h, (−0.229, 0.29) no
    ridge, (−0.169, 0.403) a baseline fitted to r_h, (0.681, 0.407) exchanged batches, (−0.398, 0.48) no
    damping, (−0.5, 0.3) the step without θ^k.
    """
    old = worked_example.baseline_batch() if ridge else worked_example.baseline_batch_without_ridge()
    returned = submission.npg.npg_iteration(
        worked_example.theta_k(), old, worked_example.update_batch(), 0.36, ridge, 0.5
    )
    assert_close(ITERATION, returned, [np.log(3.0) / 4 - 0.5, 0.3], tolerance=STEP_TOLERANCE)
