"""Part 3: the Fisher estimate and the natural policy gradient."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from gradescope_utils.autograder_utils.decorators import number, weight
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.exact import fisher
from autograder.oracle.mdp import random_mdp, random_theta
from hw4 import npg as reference
from hw4.lab.compare import STEP_TOLERANCE, Mismatch, as_returned, assert_close
from hw4.tabular import expectation, independent_draws
from tests.hidden.properties import (
    FEW,
    LOUDNESS,
    MAGNITUDES,
    UNEQUAL,
    assert_averages,
    assert_moves,
    assert_responds,
    assert_step,
    loud_batch,
    quiet_mask,
    telling_batches,
)
from tests.hidden.untouched import assert_leaves_arguments
from tests.public import strategies
from tests.public.strategies import loud

FISHER = "npg.fisher_estimate"
STEP_SIZE = "npg.npg_step_size"
STEP = "npg.npg_step"
ITERATION = "npg.npg_iteration"
TELLING = strategies.scored_batch(np.random.default_rng(1), 1, UNEQUAL)
FAINT = dataclasses.replace(TELLING, scores=TELLING.scores / 64.0)
"""Scores beside whose squares a damping of 1e-6 shows."""
REGION = (np.array([0.5, -1.0]), np.array([2.0, -0.5]), np.array([[2.0, 0.5], [0.5, 1.0]]), 0.5)
"""θ, g, F and δ."""


class Hyperparameters(NamedTuple):
    """What `npg_iteration` takes behind θ and the two batches."""

    delta: float
    ridge: float
    damping: float


HYPERPARAMETERS = st.tuples(
    st.sampled_from([0.25, 1.0, 4.0]), st.sampled_from([0.25, 1.0, 4.0]), st.sampled_from([0.5, 1.0, 4.0])
).map(Hyperparameters._make)


@weight(2.5)
@number("3.1.1")
@given(drawn=strategies.scored_batches(), scores_multiplied_by=MAGNITUDES)
def test_fisher_sums_outer_products_over_steps_and_averages_over_trajectories(
    submission, drawn, scores_multiplied_by
):
    """Sums outer products over the steps and averages over the trajectories.

    F̂ = (1/N) Σ_n Σ_h ∇ln π ∇ln πᵀ (slide "Natural Policy Gradient (NPG)"), without damping.
    """
    mask = quiet_mask(drawn.mask)
    scores = scores_multiplied_by * drawn.scores
    expected = reference.fisher_estimate(scores, mask)
    returned = submission.npg.fisher_estimate(scores, mask)
    assert_close(FISHER, returned, expected, scale=_trace_of(scores))


@weight(2)
@number("3.1.2")
@given(drawn=strategies.scored_batches(), value=LOUDNESS)
@example(drawn=FAINT, value=7.0)
def test_fisher_ignores_what_stands_on_padding(submission, drawn, value):
    """Counts real steps alone.

    Trajectories end early; what stands on padding changes nothing, and each counts as one of the N.
    """
    expected = reference.fisher_estimate(drawn.scores, drawn.mask)
    returned = submission.npg.fisher_estimate(loud(drawn.scores, drawn.mask, value), drawn.mask)
    assert_close(FISHER, returned, expected, scale=_trace_of(drawn.scores))


@weight(2.5)
@number("3.1.3")
@settings(max_examples=4)
@given(rng=strategies.generators())
def test_fisher_is_unbiased(submission, rng):
    """Is unbiased: its mean over every pair of trajectories is F exactly.

    F_θ = E[Σ_h ∇ln π ∇ln πᵀ] (slide "Natural Policy Gradient (NPG)"), by enumerating a small MDP.
    """
    mdp = random_mdp(rng, n_states=2, n_actions=2, horizon=2)
    theta = random_theta(rng, mdp)
    every = enumerate_trajectories(mdp)
    # An eighth of the scores makes a 64th of F: beside it a damping of 1e-6 shows, whatever is drawn.
    scores, expected = every.scores(theta) / 8.0, fisher(mdp, theta) / 64.0
    pairs, probabilities = independent_draws(every.probabilities(theta), 2)

    estimates = submission.npg.fisher_estimate.each((scores[pair], every.mask[pair]) for pair in pairs)
    assert_close(
        FISHER,
        expectation(lambda value: as_returned(FISHER, value, expected.shape), estimates, probabilities),
        expected,
        scale=1.0 / 64.0,
        relation="The mean of your estimates over every pair of trajectories has to be F exactly.",
    )


@weight(0.5)
@number("3.1.4")
def test_fisher_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    scores = np.abs(TELLING.scores) + 1.0
    assert_leaves_arguments(FISHER, submission, (scores, UNEQUAL), [(2.0 * scores, UNEQUAL)], (1, 1))


@weight(0.5)
@number("3.1.5")
@settings(max_examples=FEW)
@given(drawn=strategies.scored_batches())
@example(drawn=TELLING)
def test_fisher_of_two_batches_together_is_their_mean(submission, drawn):
    """Averages over trajectories: two batches put together, in any order, give the weighted mean of both."""
    # Positive ones, so that no sum of them is 0.
    scores = np.abs(drawn.scores) + 0.5
    d = scores.shape[-1]

    def of(estimate):
        return lambda chosen: as_returned(FISHER, estimate(scores[chosen], drawn.mask[chosen]), (d, d))

    assert_averages(
        FISHER,
        of(submission.npg.fisher_estimate),
        len(drawn.mask),
        _trace_of(scores),
        is_telling=drawn is TELLING,
    )


@weight(2.5)
@number("3.2.1")
@given(drawn=strategies.trust_regions(), delta_multiplied_by=st.sampled_from([1.0, 100.0, 1e-4]))
def test_step_size_is_the_closed_form(submission, drawn, delta_multiplied_by):
    """Is η = √(δ / gᵀF⁻¹g).

    The closed form of the slide "NPG has a closed form update!": F⁻¹ and not F, δ and not 2δ, and the root.
    """
    delta = delta_multiplied_by * drawn.delta
    expected = reference.npg_step_size(drawn.gradient, drawn.fisher, delta)
    returned = submission.npg.npg_step_size(drawn.gradient, drawn.fisher, delta)
    assert_close(STEP_SIZE, returned, expected, tolerance=STEP_TOLERANCE)


@weight(1.5)
@number("3.2.2")
@given(drawn=strategies.trust_regions(), gradient_multiplied_by=st.sampled_from([2.0, 3.0]))
def test_step_size_takes_the_step_to_the_edge(submission, drawn, gradient_multiplied_by):
    """Takes the step to the edge of the trust region, whatever the length of g.

    (ηF⁻¹g)ᵀ F (ηF⁻¹g) = δ, for g and for c·g (slide "NPG has a closed form update!").
    """
    for gradient in (drawn.gradient, gradient_multiplied_by * drawn.gradient):
        returned = submission.npg.npg_step_size(gradient, drawn.fisher, drawn.delta)
        step_size = as_returned(STEP_SIZE, returned, ())
        step = step_size * np.linalg.solve(drawn.fisher, gradient)
        length = float(step @ drawn.fisher @ step)
        if step_size <= 0 or abs(length - drawn.delta) > 2 * STEP_TOLERANCE * drawn.delta:
            raise Mismatch(
                STEP_SIZE,
                "value",
                f"{STEP_SIZE} returned {step_size:.6g} for g = {gradient.tolist()}: the step x = ηF⁻¹g has "
                f"xᵀFx = {length:.6g}, but δ = {drawn.delta:.6g} was expected.",
                np.asarray(reference.npg_step_size(gradient, drawn.fisher, drawn.delta)),
                step_size,
            )


@weight(1)
@number("3.2.3")
@settings(max_examples=FEW)
@given(drawn=strategies.trust_regions())
def test_step_size_is_zero_without_a_gradient(submission, drawn):
    """Is 0 where g = 0, without a division by zero."""
    nothing = np.zeros_like(drawn.gradient)
    returned = submission.npg.npg_step_size(nothing, drawn.fisher, drawn.delta)
    assert_close(STEP_SIZE, returned, 0.0)
    something = as_returned(
        STEP_SIZE, submission.npg.npg_step_size(drawn.gradient, drawn.fisher, drawn.delta), ()
    )
    if something == 0.0:
        expected = np.asarray(reference.npg_step_size(drawn.gradient, drawn.fisher, drawn.delta))
        message = f"{STEP_SIZE} returned 0 for a gradient that is not 0 as well."
        raise Mismatch(STEP_SIZE, "value", message, expected, something)


@weight(0.5)
@number("3.2.4")
def test_step_size_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    _, gradient, fisher, delta = REGION
    assert_leaves_arguments(
        STEP_SIZE,
        submission,
        (gradient, fisher, delta),
        [(gradient, fisher, 4.0 * delta)],
        (),
    )


@weight(0.5)
@number("3.2.5")
@settings(max_examples=FEW)
@given(drawn=strategies.trust_regions(), factor=st.sampled_from([4.0, 9.0]))
def test_step_size_scales_with_the_root(submission, drawn, factor):
    """Grows with the root of δ and of F.

    c·δ makes η √c times as long, and so does c·F, in which gᵀF⁻¹g is c times smaller (slide "NPG has a closed
    form update!").
    """
    gradient, fisher, delta = drawn.gradient, drawn.fisher, drawn.delta
    calls = [
        (gradient, fisher, delta),
        (gradient, fisher, factor * delta),
        (gradient, fisher / factor, delta),
    ]
    one, of_delta, of_fisher = (
        float(as_returned(STEP_SIZE, submission.npg.npg_step_size(*arguments), ())) for arguments in calls
    )
    for what, found, wanted in (
        (f"{factor:g}·δ", of_delta, np.sqrt(factor) * one),
        (f"F/{factor:g}", of_fisher, one / np.sqrt(factor)),
    ):
        if one <= 0 or abs(found - wanted) > 2 * STEP_TOLERANCE * wanted:
            raise Mismatch(
                STEP_SIZE,
                "relation",
                f"{STEP_SIZE} returned {one:.6g} for δ and F, and {found:.6g} for {what}, "
                f"but a positive η and {wanted:.6g} were expected.",
            )


@weight(2)
@number("3.3.1")
@given(drawn=strategies.trust_regions())
def test_step_goes_along_the_natural_gradient(submission, drawn):
    """Goes along the natural gradient F⁻¹g, uphill.

    θ^{k+1} = θ^k + ηF⁻¹g (slide "NPG has a closed form update!"); here the direction alone is judged.
    """
    returned = submission.npg.npg_step(drawn.theta, drawn.gradient, drawn.fisher, drawn.delta)
    moved = as_returned(STEP, returned, drawn.theta.shape)
    step = moved - drawn.theta
    direction = np.linalg.solve(drawn.fisher, drawn.gradient)
    along = float(step @ direction) / float(direction @ direction)
    astray = float(np.max(np.abs(step - along * direction)))
    expected = reference.npg_step(drawn.theta, drawn.gradient, drawn.fisher, drawn.delta)
    assert_moves(STEP, moved, drawn.theta, expected)
    if along <= 0 or astray > STEP_TOLERANCE * float(np.max(np.abs(step))):
        raise Mismatch(
            STEP,
            "value",
            f"{STEP} moved θ by {_write(step)}, but a step along F⁻¹g was expected: "
            f"{_write(expected - drawn.theta)}.",
            expected,
            moved,
        )


@weight(2.5)
@number("3.3.2")
@given(drawn=strategies.trust_regions(), theta_multiplied_by=st.sampled_from([1.0, 16.0]))
def test_step_ends_on_the_edge_of_the_trust_region(submission, lecture, drawn, theta_multiplied_by):
    """Has the length of the closed form, ending on the edge of the trust region.

    θ^{k+1} = θ^k + ηF⁻¹g (slide "NPG has a closed form update!"), with the lecture's η or your own.
    """
    theta = theta_multiplied_by * drawn.theta
    arguments = (theta, drawn.gradient, drawn.fisher, drawn.delta)
    expected = lecture.npg.npg_step(*arguments)
    assert_step(STEP, submission.npg.npg_step(*arguments), theta, expected)


@weight(1)
@number("3.3.3")
@settings(max_examples=FEW)
@given(drawn=strategies.trust_regions())
def test_step_stays_without_a_gradient(submission, drawn):
    """Stays at θ^k where g = 0, without a division by zero."""
    nothing = np.zeros_like(drawn.gradient)
    returned = submission.npg.npg_step(drawn.theta, nothing, drawn.fisher, drawn.delta)
    assert_close(STEP, returned, drawn.theta)
    moved = submission.npg.npg_step(drawn.theta, drawn.gradient, drawn.fisher, drawn.delta)
    expected = reference.npg_step(drawn.theta, drawn.gradient, drawn.fisher, drawn.delta)
    assert_moves(STEP, as_returned(STEP, moved, drawn.theta.shape), drawn.theta, expected)


@weight(1)
@number("3.3.4")
def test_step_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    *given, delta = REGION
    assert_leaves_arguments(STEP, submission, (*given, delta), [(*given, 4.0 * delta)], given[0].shape)


@weight(0.5)
@number("3.3.5")
@settings(max_examples=FEW)
@given(drawn=strategies.trust_regions(), rng=strategies.generators())
def test_step_is_the_same_in_other_features(submission, drawn, rng):
    """Leads to the same policy in other features.

    With features Bφ the policy of θ is that of B⁻ᵀθ, the gradient is Bg and the Fisher matrix BFBᵀ. The
    natural gradient step does not depend on that choice (slide "Natural Policy Gradient (NPG)").
    """
    d = len(drawn.theta)
    change = np.tril(rng.integers(-1, 2, size=(d, d)) / 2.0, -1) + np.diag(rng.choice([1.0, 2.0], size=d))
    theta = np.linalg.solve(change.T, drawn.theta)
    fisher = change @ drawn.fisher @ change.T
    in_one = submission.npg.npg_step(drawn.theta, drawn.gradient, drawn.fisher, drawn.delta)
    in_other = submission.npg.npg_step(theta, change @ drawn.gradient, fisher, drawn.delta)
    one = as_returned(STEP, in_one, (d,)) - drawn.theta
    other = change.T @ (as_returned(STEP, in_other, (d,)) - theta)
    expected = reference.npg_step(drawn.theta, drawn.gradient, drawn.fisher, drawn.delta)
    assert_moves(STEP, as_returned(STEP, in_one, (d,)), drawn.theta, expected)
    if np.max(np.abs(one - other)) > 10 * STEP_TOLERANCE * np.max(np.abs(one)):
        raise Mismatch(
            STEP,
            "relation",
            f"{STEP} moved θ by {_write(one)}. With features Bφ the step, written in the features φ, is "
            f"{_write(other)} for B = {change.tolist()}: both have to be the same.",
        )
    opposite = submission.npg.npg_step(drawn.theta, -drawn.gradient, drawn.fisher, drawn.delta)
    assert_responds(STEP, in_one, as_returned(STEP, opposite, (d,)))


@weight(4.5)
@number("3.4.1")
@given(drawn=strategies.two_batches(), hyperparameters=HYPERPARAMETERS)
def test_iteration_is_sample_based_npg(submission, lecture, drawn, hyperparameters):
    """Puts the pieces together as sample-based NPG.

    Fit b̃ on baseline_batch; ĝ and F̂ + damping·I on update_batch with R_h − b̃; one step (slides "An
    Implementation: Sample Based NPG" and "PG with a Learned Baseline"). Your own pieces may stand in for the
    lecture's.
    """
    _assert_is_sample_based_npg(submission, lecture, drawn, drawn, hyperparameters)


@weight(2)
@number("3.4.2")
@given(drawn=strategies.two_batches(), hyperparameters=HYPERPARAMETERS, value=LOUDNESS)
def test_iteration_counts_real_steps_alone(submission, lecture, drawn, hyperparameters, value):
    """Counts real steps alone: what stands on the batches' padding changes nothing."""
    noisy = strategies.TwoBatches(
        drawn.theta, loud_batch(drawn.baseline_batch, value), loud_batch(drawn.update_batch, value)
    )
    _assert_is_sample_based_npg(submission, lecture, drawn, noisy, hyperparameters)


@weight(0.5)
@number("3.4.3")
def test_iteration_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    batches = telling_batches()
    given = (batches.theta, batches.baseline_batch, batches.update_batch)
    arguments = (*given, 0.25, 1.0, 0.5)
    returned = assert_leaves_arguments(
        ITERATION, submission, arguments, [(*given, 1.0, 1.0, 0.5)], batches.theta.shape
    )
    assert_moves(ITERATION, returned, batches.theta, reference.npg_iteration(*arguments))


def _assert_is_sample_based_npg(submission, lecture, drawn, given_to_student, hyperparameters):
    _admit(drawn, hyperparameters)
    expected = lecture.npg.npg_iteration(
        drawn.theta, drawn.baseline_batch, drawn.update_batch, *hyperparameters
    )
    noisy = (drawn.theta, given_to_student.baseline_batch, given_to_student.update_batch)
    returned = submission.npg.npg_iteration(*noisy, *hyperparameters)
    assert_step(ITERATION, returned, drawn.theta, expected)


def _admit(drawn, hyperparameters):
    """Keep gᵀF⁻¹g of ĝ and F̂ + damping·I above 0.1, for a guard in a denominator."""
    old, new = drawn.baseline_batch, drawn.update_batch
    returns = reference.rewards_to_go(old.rewards, old.mask)
    weights = reference.fit_baseline(old.baseline_features, returns, old.mask, hyperparameters.ridge)
    baseline = reference.predict_baseline(weights, new.baseline_features)
    scores = reference.score(drawn.theta, new.features, new.actions)
    advantages = reference.rewards_to_go(new.rewards, new.mask) - baseline
    gradient = reference.policy_gradient_estimate(scores, advantages, new.mask)
    fisher = reference.fisher_estimate(scores, new.mask) + hyperparameters.damping * np.eye(len(gradient))
    assume(float(gradient @ np.linalg.solve(fisher, gradient)) > 0.1)


def _trace_of(scores: np.ndarray) -> float:
    return float(np.sum(scores**2)) / len(scores)


def _write(array: np.ndarray) -> str:
    return np.array2string(array, precision=5, separator=", ")
