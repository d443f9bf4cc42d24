"""Part 4: PPO with the lecture's KL penalty."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
from gradescope_utils.autograder_utils.decorators import number, weight
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.exact import surrogate_gradient
from autograder.oracle.mdp import random_mdp, random_theta
from hw4 import ppo as reference
from hw4.lab.compare import Mismatch, as_returned, assert_close
from hw4.tabular import expectation, independent_draws, whole_batch
from tests.hidden.properties import (
    FEW,
    LOUDNESS,
    MAGNITUDES,
    UNEQUAL,
    are_close,
    assert_averages,
    assert_moves,
    assert_step,
    loud_batch,
    loud_features,
    quiet_mask,
    telling_batches,
)
from tests.hidden.untouched import assert_leaves_arguments
from tests.public import strategies
from tests.public.strategies import loud

LOSS = "ppo.ppo_loss"
GRADIENT = "ppo.ppo_gradient"
UPDATE = "ppo.ppo_update"
ITERATION = "ppo.ppo_iteration"
CLIP = "ppo.clip_penalty_weights"
STEP = 1e-5
"""Of a difference quotient: its error and its rounding are below 1e-10 for weights near 1."""
NEAR = 8.0
TELLING = strategies.two_policies(np.random.default_rng(1), 2, 1, UNEQUAL)
CLOSENESS = st.sampled_from([NEAR, 2.0])
"""With 2 importance weights of 20 and of 1/20 are common, so that a clipped one shows."""
SEEDS = st.integers(0, 2**16)
AROUND_THE_CLIP = strategies.LogProbabilities(np.repeat([-6.24, -5.76, -10.4], 12), np.full(36, -8.0))
"""Divided by 8, log-ratios of 0.22, 0.28 and −0.3: a clip of 0.2, of ln w or from 1/1.3 begins elsewhere."""
KL_WEIGHTS = st.sampled_from([0.25, 1.0, 4.0])
RIDGES = st.sampled_from([0.25, 1.0, 4.0])


class WithMinibatches(NamedTuple):
    """A drawn input, and minibatches of its trajectories."""

    drawn: strategies.Policies | strategies.TwoBatches
    minibatches: np.ndarray


def _far() -> strategies.Policies:
    """Two policies with an importance weight of 163."""
    drawn = strategies.two_policies(np.random.default_rng(5), 2, 1, UNEQUAL)
    return dataclasses.replace(drawn, theta=drawn.theta_k - 2.0 * NEAR)


def _update_of(advantages_multiplied_by: float) -> WithMinibatches:
    """Three steps of SGD: with 64 every gradient is longer than 150, with 2⁻²⁰ shorter than 1e-5."""
    drawn = strategies.two_policies(np.random.default_rng(1), 3, 2, UNEQUAL)
    advantages = advantages_multiplied_by * drawn.advantages
    return WithMinibatches(
        dataclasses.replace(drawn, advantages=advantages), np.array([[0, 1], [2, 0], [1, 2]])
    )


FAR = _far()
LONG, SHORT = _update_of(64.0), _update_of(2.0**-20)


@st.composite
def with_minibatches(draw, batches, trajectories_of):
    """Draw what `batches` draws, and minibatches of its trajectories."""
    drawn = draw(batches)
    return WithMinibatches(drawn, draw(strategies.minibatches(trajectories_of(drawn))))


WITH_MINIBATCHES = with_minibatches(strategies.policies(least_A=2), lambda drawn: len(drawn.mask))
BATCHES_WITH_MINIBATCHES = with_minibatches(strategies.two_batches(), lambda drawn: len(drawn.update_batch))


@weight(1)
@number("4.3.1")
@given(drawn=strategies.policies(), closeness=CLOSENESS, advantages_multiplied_by=MAGNITUDES)
def test_loss_is_minus_the_weighted_advantages(submission, drawn, closeness, advantages_multiplied_by):
    """Is, at λ = 0, minus the importance-weighted advantages.

    −(1/M) Σ_m Σ_h π_θ/π_θk · (R_h − b̃) (slide "Estimating ℓ^k(θ) and its gradient").
    """
    drawn = dataclasses.replace(drawn, advantages=advantages_multiplied_by * drawn.advantages)
    arguments = _arguments(drawn, quiet_mask(drawn.mask), 0.0, closeness)
    scale = _terms(drawn, 0.0, closeness)
    assert_close(LOSS, submission.ppo.ppo_loss(*arguments), reference.ppo_loss(*arguments), scale=scale)


@weight(1.5)
@number("4.3.2")
@given(drawn=strategies.policies(), kl_weight=KL_WEIGHTS)
def test_loss_has_the_kl_penalty(submission, drawn, kl_weight):
    """Has the lecture's KL penalty.

    λ adds (1/M) Σ_m Σ_h λ ln 1/π_θ(a_h|s_h) to the loss: of the actions taken, without an importance weight.
    """
    mask = quiet_mask(drawn.mask)
    with_penalty, without = _arguments(drawn, mask, kl_weight), _arguments(drawn, mask, 0.0)
    expected = reference.ppo_loss(*with_penalty) - reference.ppo_loss(*without)
    returned = [as_returned(LOSS, submission.ppo.ppo_loss(*a), ()) for a in (with_penalty, without)]
    penalty = returned[0] - returned[1]
    scale = _terms(drawn, kl_weight)
    assert_close(
        LOSS,
        penalty,
        expected,
        scale=scale,
        relation=f"The loss for λ = {kl_weight} less the loss for λ = 0 has to be the penalty.",
    )


@weight(1)
@number("4.3.3")
@given(drawn=strategies.policies(), kl_weight=KL_WEIGHTS, value=LOUDNESS)
@example(drawn=FAR, kl_weight=1.0, value=7.0)
def test_loss_counts_real_steps_alone(submission, drawn, kl_weight, value):
    """Counts real steps alone.

    Trajectories end early; what stands on padding changes nothing, and each counts as one of the M.
    """
    expected = reference.ppo_loss(*_arguments(drawn, drawn.mask, kl_weight))
    returned = submission.ppo.ppo_loss(*_loud_arguments(drawn, kl_weight, value))
    assert_close(LOSS, returned, expected, scale=_terms(drawn, kl_weight))


@weight(0.5)
@number("4.3.4")
def test_loss_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    arguments = _arguments(LONG.drawn, UNEQUAL, 1.0)
    changed = list(arguments)
    changed[4] = arguments[4] + 1.0
    assert_leaves_arguments(LOSS, submission, arguments, [changed], ())


@weight(0.5)
@number("4.3.5")
@settings(max_examples=FEW)
@given(drawn=strategies.policies(), kl_weight=KL_WEIGHTS)
@example(drawn=TELLING, kl_weight=1.0)
@example(drawn=LONG.drawn, kl_weight=1.0)
def test_loss_of_two_batches_together_is_their_mean(submission, drawn, kl_weight):
    """Averages over trajectories: two batches put together, in any order, give the weighted mean of both."""
    theta, theta_k, *data, _ = _arguments(drawn, drawn.mask, kl_weight)

    def of(loss):
        return lambda chosen: as_returned(
            LOSS, loss(theta, theta_k, *(array[chosen] for array in data), kl_weight), ()
        )

    assert_averages(
        LOSS,
        of(submission.ppo.ppo_loss),
        len(drawn.mask),
        _terms(drawn, kl_weight),
        is_telling=drawn is TELLING,
    )


@weight(1.5)
@number("4.4.1")
@given(
    drawn=strategies.policies(),
    kl_weight=KL_WEIGHTS,
    closeness=CLOSENESS,
    advantages_multiplied_by=MAGNITUDES,
)
def test_gradient_is_that_of_the_loss(submission, drawn, kl_weight, closeness, advantages_multiplied_by):
    """Is the gradient of the loss, at θ^k and away from it.

    −(1/M) Σ_m Σ_h (π_θ/π_θk · (R_h − b̃) + λ) ∇ln π_θ: minus the g(θ) of the slide "Estimating ℓ^k(θ) and
    its gradient".
    """
    drawn = dataclasses.replace(drawn, advantages=advantages_multiplied_by * drawn.advantages)
    arguments = _arguments(drawn, quiet_mask(drawn.mask), kl_weight, closeness)
    expected = reference.ppo_gradient(*arguments)
    assert_close(
        GRADIENT, submission.ppo.ppo_gradient(*arguments), expected, scale=_terms(drawn, kl_weight, closeness)
    )


@weight(1)
@number("4.4.2")
@given(drawn=strategies.policies(), kl_weight=KL_WEIGHTS)
@example(drawn=FAR, kl_weight=1.0)
def test_gradient_belongs_to_your_own_loss(submission, drawn, kl_weight):
    """Belongs to your own ppo_loss: central differences of it agree.

    Where your loss is not the lecture's, this row asks only that your gradient is the gradient of your loss.
    """
    arguments = _arguments(drawn, quiet_mask(drawn.mask), kl_weight)
    theta, rest = arguments[0], arguments[1:]
    found = as_returned(GRADIENT, submission.ppo.ppo_gradient(*arguments), theta.shape)
    scale = _terms(drawn, kl_weight)
    if np.all(np.abs(found - reference.ppo_gradient(*arguments)) <= 1e-6 * scale):
        return
    # The error of central differences is about h² in the third derivative and 1e-16/h in rounding.
    h = 1e-5
    losses = [
        [as_returned(LOSS, submission.ppo.ppo_loss(theta + sign * h * unit, *rest), ()) for sign in (1, -1)]
        for unit in np.eye(len(theta))
    ]
    differences = np.array([(plus - minus) / (2 * h) for plus, minus in losses])
    if not np.any(differences):
        message = f"{LOSS} does not change with θ: it has no gradient to compare with."
        raise Mismatch(LOSS, "relation", message)
    if np.any(np.abs(found - differences) > 1e-5 * scale):
        raise Mismatch(
            GRADIENT,
            "relation",
            f"{GRADIENT} returned {found}, but the central differences of your ppo_loss are {differences}.",
            related=(LOSS,),
        )


@weight(1)
@number("4.4.3")
@given(drawn=strategies.policies(), kl_weight=KL_WEIGHTS, value=LOUDNESS)
@example(drawn=FAR, kl_weight=1.0, value=7.0)
def test_gradient_counts_real_steps_alone(submission, drawn, kl_weight, value):
    """Counts real steps alone.

    Trajectories end early; what stands on padding changes nothing, and each counts as one of the M.
    """
    expected = reference.ppo_gradient(*_arguments(drawn, drawn.mask, kl_weight))
    returned = submission.ppo.ppo_gradient(*_loud_arguments(drawn, kl_weight, value))
    assert_close(GRADIENT, returned, expected, scale=_terms(drawn, kl_weight))


@weight(0.5)
@number("4.4.4")
@settings(max_examples=2)
@given(rng=strategies.generators(), kl_weight=KL_WEIGHTS)
def test_gradient_is_unbiased_at_theta_k_and_away_from_it(submission, rng, kl_weight):
    """Is unbiased, at θ^k and away from it, whatever the baseline.

    Its mean over every pair of trajectories of a small MDP, weighted by their probabilities under θ^k, is
    −∇ℓ^k(θ) exactly (slide "Estimating ℓ^k(θ) and its gradient"): a step's weight reaches its own action
    alone.
    """
    mdp = random_mdp(rng, n_states=2, n_actions=2, horizon=2)
    theta_k, step = random_theta(rng, mdp), random_theta(rng, mdp)
    every = enumerate_trajectories(mdp)
    batch = whole_batch(every)
    baseline = rng.integers(-4, 5, size=(mdp.H, mdp.S)) / 2.0
    advantages = every.returns() - every.along(baseline)
    pairs, probabilities = independent_draws(every.probabilities(theta_k), 2)
    for theta in (theta_k, theta_k + step):
        chosen = [(batch.features[p], batch.actions[p], advantages[p], batch.mask[p]) for p in pairs]
        estimates = submission.ppo.ppo_gradient.each((theta, theta_k, *data, kl_weight) for data in chosen)
        assert_close(
            GRADIENT,
            expectation(lambda value: as_returned(GRADIENT, value, theta_k.shape), estimates, probabilities),
            -surrogate_gradient(mdp, theta_k, theta, kl_weight),
            scale=1.0 + kl_weight,
            relation="The mean of your gradients over every pair of trajectories has to be −∇ℓ^k(θ) exactly.",
        )


@weight(0.5)
@number("4.4.5")
def test_gradient_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    arguments = _arguments(TELLING, UNEQUAL, 1.0)
    changed = list(arguments)
    changed[4] = 2.0 * arguments[4]
    assert_leaves_arguments(GRADIENT, submission, arguments, [changed], (1,))


@weight(1)
@number("4.5.1")
@given(drawn=WITH_MINIBATCHES, kl_weight=KL_WEIGHTS)
@example(drawn=SHORT, kl_weight=0.0)
@example(drawn=LONG, kl_weight=1.0)
def test_update_runs_sgd_over_the_minibatches(submission, lecture, drawn, kl_weight):
    """Runs one SGD step per minibatch, downhill, with θ^k as the proposal throughout.

    Step t follows ppo_gradient of the trajectories minibatches[t] alone, averaged over these
    (slide "Proximal Policy Optimization (PPO)"). Your own ppo_gradient is accepted in place of the lecture's.
    """
    drawn, minibatches = drawn
    arguments = _update_arguments(drawn, kl_weight, minibatches)
    assume(not are_close(reference.ppo_update(*arguments), drawn.theta_k))
    expected = lecture.ppo.ppo_update(*arguments)
    assert_step(UPDATE, submission.ppo.ppo_update(*arguments), drawn.theta_k, expected)


@weight(0.5)
@number("4.5.2")
def test_update_leaves_the_arguments(submission):
    """Leaves its arguments as they were: θ -= … would change θ^k, the proposal."""
    arguments = _update_arguments(LONG.drawn, 1.0, LONG.minibatches)
    changed = list(arguments)
    changed[6] *= 2.0
    assert_leaves_arguments(UPDATE, submission, arguments, [changed], (2,))


@weight(0.5)
@number("4.5.3")
@given(drawn=WITH_MINIBATCHES, kl_weight=KL_WEIGHTS)
@example(drawn=SHORT, kl_weight=0.0)
@example(drawn=LONG, kl_weight=1.0)
def test_update_counts_real_steps_alone(submission, lecture, drawn, kl_weight):
    """Counts real steps alone: what stands on padding changes nothing."""
    drawn, minibatches = drawn
    arguments = _update_arguments(drawn, kl_weight, minibatches)
    assume(not are_close(reference.ppo_update(*arguments), drawn.theta_k))
    noisy = list(arguments)
    noisy[1] = loud_features(drawn.features, drawn.mask, 10.0)
    noisy[3] = loud(drawn.advantages, drawn.mask)
    expected = lecture.ppo.ppo_update(*arguments)
    assert_step(UPDATE, submission.ppo.ppo_update(*noisy), drawn.theta_k, expected)


@weight(0.5)
@number("4.5.4")
@settings(max_examples=FEW)
@given(drawn=WITH_MINIBATCHES, kl_weight=KL_WEIGHTS)
@example(drawn=SHORT, kl_weight=0.0)
@example(drawn=LONG, kl_weight=1.0)
def test_update_goes_on_from_where_the_last_step_led(submission, lecture, drawn, kl_weight):
    """Makes S steps of S single ones.

    The last minibatch takes θ one step further from where the others led, along the lecture's gradient there
    or your own ppo_gradient, with θ^k as the proposal still (slide "Proximal Policy Optimization (PPO)").
    """
    drawn, minibatches = drawn
    arguments = _update_arguments(drawn, kl_weight, minibatches)
    assume(not are_close(reference.ppo_update(*arguments), drawn.theta_k))
    *data, _, learning_rate, _ = arguments[1:]
    before = drawn.theta_k
    if len(minibatches) > 1:
        returned = submission.ppo.ppo_update(*arguments[:-1], minibatches[:-1])
        before = as_returned(UPDATE, returned, drawn.theta_k.shape)
    last = (drawn.theta_k, *(array[minibatches[-1]] for array in data), kl_weight)
    after = as_returned(UPDATE, submission.ppo.ppo_update(*arguments), drawn.theta_k.shape)
    assert_moves(UPDATE, after, drawn.theta_k, reference.ppo_update(*arguments))
    assert_step(
        UPDATE,
        after,
        drawn.theta_k,
        before - learning_rate * lecture.ppo.ppo_gradient(before, *last),
        relation="The last minibatch has to take one step from where the minibatches before it led.",
    )


@weight(1.5)
@number("4.6.1")
@given(
    drawn=BATCHES_WITH_MINIBATCHES,
    kl_weight=KL_WEIGHTS,
    ridge=RIDGES,
)
def test_iteration_learns_the_baseline_then_runs_sgd(submission, lecture, drawn, kl_weight, ridge):
    """Learns b̃ on the N trajectories, then runs SGD on the M new ones.

    Slide "Estimating ℓ^k(θ) and its gradient". Your own pieces are accepted in place of the lecture's.
    """
    drawn, minibatches = drawn
    _assert_is_ppo(
        submission,
        lecture,
        drawn,
        drawn,
        (kl_weight, _learning_rate_for(drawn, kl_weight), minibatches, ridge),
    )


@weight(0.5)
@number("4.6.2")
@given(
    drawn=BATCHES_WITH_MINIBATCHES,
    kl_weight=KL_WEIGHTS,
    ridge=RIDGES,
    value=LOUDNESS,
)
def test_iteration_counts_real_steps_alone(submission, lecture, drawn, kl_weight, ridge, value):
    """Counts real steps alone: what stands on the batches' padding changes nothing."""
    drawn, minibatches = drawn
    noisy = strategies.TwoBatches(
        drawn.theta, loud_batch(drawn.baseline_batch, value), loud_batch(drawn.update_batch, value)
    )
    _assert_is_ppo(
        submission,
        lecture,
        drawn,
        noisy,
        (kl_weight, _learning_rate_for(drawn, kl_weight), minibatches, ridge),
    )


@weight(0.5)
@number("4.6.3")
def test_iteration_leaves_the_arguments(submission):
    """Leaves its arguments as they were."""
    drawn = telling_batches()
    rest = (1.0, _learning_rate_for(drawn, 1.0), np.array([[0, 1], [2, 4], [3, 1]]), 1.0)
    arguments = (drawn.theta, drawn.baseline_batch, drawn.update_batch, *rest)
    changed = (*arguments[:4], 2.0 * arguments[4], *arguments[5:])
    returned = assert_leaves_arguments(ITERATION, submission, arguments, [changed], drawn.theta.shape)
    assert_moves(ITERATION, returned, drawn.theta, reference.ppo_iteration(*arguments))


@weight(0.4)
@number("4.7.1")
@given(
    drawn=strategies.log_prob_pairs(),
    seed=SEEDS,
    spread=st.sampled_from([1.0, 0.125]),
    clip=st.sampled_from([0.1, 0.2, 0.3, 0.5]),
)
@example(drawn=AROUND_THE_CLIP, seed=0, spread=0.125, clip=0.3)
def test_clip_weights_cancel_the_advantage_where_the_clip_is_active(submission, drawn, seed, spread, clip):
    """Cancels the weighted advantage where the clip is active, and is 0 elsewhere.

    −w·Â where Â > 0 and w > 1 + ε, or Â < 0 and w < 1 − ε: the penalty's weight of each sample (slide
    "Estimating ℓ^k(θ) and its gradient").
    """
    arguments = (*_clip_samples(drawn, seed, spread), clip)
    returned = submission.ppo.clip_penalty_weights(*arguments)
    assert_close(CLIP, returned, reference.clip_penalty_weights(*arguments), entrywise=True)


@weight(0.2)
@number("4.7.2")
@given(drawn=strategies.log_prob_pairs(), seed=SEEDS, clip=st.sampled_from([0.1, 0.2, 0.3]))
@example(drawn=AROUND_THE_CLIP, seed=0, clip=0.3)
def test_clip_weights_give_the_gradient_of_ppo_clip(submission, drawn, seed, clip):
    """Gives the lecture's objective the gradient of PPO-clip.

    w·Â + λ is the derivative of min(w·Â, clip(w, 1 − ε, 1 + ε)·Â) by ln π_θ (slide "Estimating ℓ^k(θ) and its
    gradient"), here taken from a difference quotient.
    """
    target, proposal, advantages = _clip_samples(drawn, seed, 0.125)

    def objective(log_ratio):
        weights = np.exp(log_ratio)
        return np.minimum(weights * advantages, np.clip(weights, 1 - clip, 1 + clip) * advantages)

    log_ratio = target - proposal
    slope = (objective(log_ratio + STEP) - objective(log_ratio - STEP)) / (2.0 * STEP)
    weights = as_returned(
        CLIP, submission.ppo.clip_penalty_weights(target, proposal, advantages, clip), target.shape
    )
    assert_close(
        CLIP,
        np.exp(log_ratio) * advantages + weights,
        slope,
        scale=1.0,
        relation="w·Â + λ has to be the derivative of PPO-clip's objective by ln π_θ.",
    )


@weight(0.1)
@number("4.7.3")
def test_clip_weights_leave_the_arguments(submission):
    """Leaves its arguments as they were."""
    target, proposal = np.array([[-0.5, -2.0], [-1.5, -0.25]]), np.array([[-1.0, -1.5], [-1.0, -1.25]])
    advantages = np.array([[1.0, -0.5], [-2.0, 1.5]])
    others = [(2.0 * target, proposal, advantages), (target, 2.0 * proposal, advantages)]
    changed = [(*arrays, 0.2) for arrays in (*others, (target, proposal, 2.0 * advantages))]
    assert_leaves_arguments(CLIP, submission, (target, proposal, advantages, 0.2), changed, (2, 2))


def _clip_samples(drawn, seed, spread):
    """Log-probabilities and advantages; no weight is within 0.001 of where a clip begins."""
    advantages = np.random.default_rng(seed).integers(-4, 5, size=drawn.target.shape) / 2.0
    return spread * drawn.target, spread * drawn.proposal, advantages


def _assert_is_ppo(submission, lecture, drawn, given_to_student, rest):
    arguments = (drawn.theta, drawn.baseline_batch, drawn.update_batch, *rest)
    assume(not are_close(reference.ppo_iteration(*arguments), drawn.theta))
    expected = lecture.ppo.ppo_iteration(*arguments)
    noisy = (drawn.theta, given_to_student.baseline_batch, given_to_student.update_batch, *rest)
    assert_step(ITERATION, submission.ppo.ppo_iteration(*noisy), drawn.theta, expected)


def _arguments(drawn, mask, kl_weight, closeness=NEAR):
    """The arguments of ppo_loss and ppo_gradient."""
    theta = _near(drawn, closeness)
    return theta, drawn.theta_k, drawn.features, drawn.actions, drawn.advantages, mask, kl_weight


def _loud_arguments(drawn, kl_weight, value):
    features = loud_features(drawn.features, drawn.mask, value)
    advantages = loud(drawn.advantages, drawn.mask, value)
    return _near(drawn), drawn.theta_k, features, drawn.actions, advantages, drawn.mask, kl_weight


def _near(drawn, closeness=NEAR):
    """θ close enough to θ^k that no importance weight drowns the other terms in its rounding."""
    return drawn.theta_k + (drawn.theta - drawn.theta_k) / closeness


def _update_arguments(drawn, kl_weight, minibatches):
    data = (drawn.features, drawn.actions, drawn.advantages, drawn.mask)
    learning_rate = _learning_rate(drawn.features, drawn.advantages, kl_weight)
    return drawn.theta_k, *data, kl_weight, learning_rate, minibatches


def _learning_rate_for(drawn, kl_weight):
    batch = drawn.update_batch
    # Rewards to go are at most H times the largest reward, and so, about, is what a baseline makes of them.
    advantages = np.full(batch.mask.shape, 2.0 * np.sum(np.abs(batch.rewards), axis=1).max())
    return _learning_rate(batch.features, advantages, kl_weight)


def _learning_rate(features, advantages, kl_weight):
    """A power of 2 with which a step moves θ by at most ⅛, so that rounding does not grow on the way."""
    largest_score = 2.0 * np.max(np.abs(features), initial=0.25)
    largest_gradient = np.max(np.sum(np.abs(advantages) + kl_weight, axis=1)) * largest_score
    return float(2.0 ** np.floor(np.log2(0.125 / largest_gradient)))


def _terms(drawn, kl_weight, closeness=NEAR):
    """The size of what is summed, which may cancel: weights times advantages, and the penalty."""
    theta = _near(drawn, closeness)
    chosen = drawn.actions[..., np.newaxis]
    target, proposal = (
        np.take_along_axis(reference.action_log_probabilities(parameters, drawn.features), chosen, axis=-1)
        for parameters in (theta, drawn.theta_k)
    )
    terms = np.exp(target - proposal)[..., 0] * np.abs(drawn.advantages) + kl_weight * (1.0 - target[..., 0])
    return float(np.sum(terms)) / len(drawn.mask) * max(1.0, float(np.max(np.abs(drawn.features))))
