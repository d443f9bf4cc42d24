"""Part 4: proximal policy optimization (PPO), the lecture's: a KL penalty and SGD, no clipping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw4.lab.compare import as_returned, assert_close

from . import lecture_example, strategies

LOSS = "ppo.ppo_loss"
GRADIENT = "ppo.ppo_gradient"
UPDATE = "ppo.ppo_update"
ITERATION = "ppo.ppo_iteration"
CLIP = "ppo.clip_penalty_weights"

HALF = np.array([0.0])
"""The θ at which the lecture's first action has probability ½."""
THREE_QUARTERS = np.array([lecture_example.LN_3])
"""The θ at which it has probability ¾."""


def one_step(advantage: float):
    """Features, actions, advantages and mask of one step that took the lecture's first action."""
    batch = lecture_example.one_step_batch(np.array([[0]]), np.array([[advantage]]))
    return batch.features, batch.actions, batch.rewards, batch.mask


def with_quiet_and_loud_padding(function, drawn, kl_weight: float):
    """Call `ppo_loss` or `ppo_gradient` with padding as it is drawn, and with large numbers on it."""
    thetas = (drawn.theta, drawn.theta_k)
    quiet = function(*thetas, drawn.features, drawn.actions, drawn.advantages, drawn.mask, kl_weight)
    loud_features = strategies.loud(drawn.features, drawn.mask, strategies.LOUD_FEATURE)
    loud_advantages = strategies.loud(drawn.advantages, drawn.mask)
    return quiet, function(*thetas, loud_features, drawn.actions, loud_advantages, drawn.mask, kl_weight)


@pytest.mark.function(LOSS)
def test_at_theta_k_without_penalty_the_loss_is_minus_the_mean_total_advantage(submission):
    """All weights are 1. The trajectories' advantages add up to 1 + 2 = 3 and 5; minus their mean is −4."""
    features = np.array([[[[1.0], [0.0]]] * 2] * 2)
    advantages = np.array([[1.0, 2.0], [5.0, 99.0]])
    mask = np.array([[True, True], [True, False]])
    actions = np.array([[0, 1], [1, 0]])
    returned = submission.ppo.ppo_loss(HALF, HALF, features, actions, advantages, mask, 0.0)
    assert_close(LOSS, returned, -4.0)


@pytest.mark.function(LOSS)
def test_the_importance_weight_multiplies_the_advantage(submission):
    """From ½ to ¾ the weight is 1.5, so the advantage 4 makes the objective 6 and the loss −6."""
    returned = submission.ppo.ppo_loss(THREE_QUARTERS, HALF, *one_step(4.0), 0.0)
    assert_close(LOSS, returned, -6.0)


@pytest.mark.function(LOSS)
def test_the_penalty_is_kl_weight_times_ln_1_over_pi(submission):
    """Without advantage the loss is λ ln(1/π_θ) = 2 ln(4/3), and no importance weight multiplies it."""
    returned = submission.ppo.ppo_loss(THREE_QUARTERS, HALF, *one_step(0.0), 2.0)
    assert_close(LOSS, returned, 2 * np.log(4 / 3))


@pytest.mark.function(LOSS)
@given(drawn=strategies.policies(), kl_weight=st.sampled_from([0.0, 0.5, 3.0]))
def test_the_loss_ignores_values_on_padding(submission, drawn, kl_weight):
    """Neither features nor advantages of steps that did not happen count."""
    quiet, loud = with_quiet_and_loud_padding(submission.ppo.ppo_loss, drawn, kl_weight)
    assert_close(LOSS, loud, as_returned(LOSS, quiet, ()), scale=1.0)


@pytest.mark.function(GRADIENT)
@pytest.mark.parametrize(("first", "of"), lecture_example.SAMPLES)
def test_at_theta_k_without_penalty_the_gradient_is_minus_the_policy_gradient(submission, first, of):
    """−99 p (1 − p) on the lecture's example: the first SGD step is a step of REINFORCE."""
    sample = lecture_example.sample(first, of)
    batch = sample.batch
    returned = submission.ppo.ppo_gradient(
        sample.theta, sample.theta, batch.features, batch.actions, batch.rewards, batch.mask, 0.0
    )
    assert_close(GRADIENT, returned, [-99 * sample.p * (1 - sample.p)], scale=100.0)


@pytest.mark.function(GRADIENT)
@given(drawn=strategies.policies(), kl_weight=st.sampled_from([0.0, 0.5, 3.0]))
def test_the_gradient_is_the_slope_of_the_loss(submission, drawn, kl_weight):
    """A small step h along θ_i changes the loss by h times the gradient's i-th entry."""
    rest = (drawn.theta_k, drawn.features, drawn.actions, drawn.advantages, drawn.mask, kl_weight)
    h = 1e-5

    def loss(theta):
        return float(as_returned(LOSS, submission.ppo.ppo_loss(theta, *rest), ()))

    slopes = [
        (loss(drawn.theta + step) - loss(drawn.theta - step)) / (2 * h)
        for step in h * np.eye(drawn.theta.size)
    ]
    returned = submission.ppo.ppo_gradient(drawn.theta, *rest)
    # Rounding in the loss is divided by h: the slope is good to about 10⁻¹⁰ of the loss.
    scale = max(1.0, abs(loss(drawn.theta)))
    relation = "The gradient has to be the measured slope of ppo_loss."
    assert_close(GRADIENT, returned, slopes, scale=scale, relation=relation)


@pytest.mark.function(GRADIENT)
@given(drawn=strategies.policies(), kl_weight=st.sampled_from([0.0, 0.5, 3.0]))
def test_the_gradient_ignores_values_on_padding(submission, drawn, kl_weight):
    """Neither features nor advantages of steps that did not happen count."""
    quiet, loud = with_quiet_and_loud_padding(submission.ppo.ppo_gradient, drawn, kl_weight)
    assert_close(GRADIENT, loud, as_returned(GRADIENT, quiet, drawn.theta.shape), scale=1.0)


@pytest.mark.function(UPDATE)
def test_an_update_without_steps_returns_theta_k(submission):
    """S = 0: there is no minibatch to follow."""
    returned = submission.ppo.ppo_update(
        THREE_QUARTERS, *one_step(1.0), 0.0, 0.1, np.zeros((0, 1), dtype=np.int64)
    )
    assert_close(UPDATE, returned, THREE_QUARTERS)


@pytest.mark.function(UPDATE)
def test_a_step_uses_the_trajectories_of_its_minibatch_alone(submission):
    """The first one's score is ½ and its advantage 100: with the learning rate 0.01, θ goes from 0 to 0.5."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.ppo.ppo_update(
        HALF, batch.features, batch.actions, batch.rewards, batch.mask, 0.0, 0.01, np.array([[0]])
    )
    assert_close(UPDATE, returned, [0.5])


@pytest.mark.function(UPDATE)
def test_a_minibatch_of_both_trajectories_averages_them(submission):
    """The lecture's gradient is 24.75 at θ = 0. With the learning rate 0.04, θ goes from 0 to 0.99."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.ppo.ppo_update(
        HALF, batch.features, batch.actions, batch.rewards, batch.mask, 0.0, 0.04, np.array([[1, 0]])
    )
    assert_close(UPDATE, returned, [0.99])


@pytest.mark.function(UPDATE)
def test_theta_k_stays_the_proposal_in_later_steps(submission):
    """Step one goes from 0 to 2 ln 3 · ½ = ln 3. There the weight is 1.5 and the score ¼: + 2 ln 3 · ⅜."""
    returned = submission.ppo.ppo_update(
        HALF, *one_step(1.0), 0.0, 2 * lecture_example.LN_3, np.array([[0], [0]])
    )
    assert_close(UPDATE, returned, [1.75 * lecture_example.LN_3])


@pytest.mark.function(ITERATION)
@pytest.mark.parametrize(("predicted", "step"), [(0.0, 0.05), (3.0, -0.1)])
def test_an_iteration_learns_its_baseline_on_the_baseline_batch(submission, predicted, step):
    """The first action paid 1 and its score is ½. The advantage is 1 − 0 or 1 − 3, the learning rate 0.1."""
    baseline_batch = lecture_example.one_step_batch(np.array([[1]]), np.array([[predicted]]))
    new = lecture_example.one_step_batch(np.array([[0]]), np.array([[1.0]]))
    returned = submission.ppo.ppo_iteration(
        HALF, baseline_batch, new, kl_weight=0.0, learning_rate=0.1, minibatches=np.array([[0]]), ridge=0.0
    )
    assert_close(ITERATION, returned, [step])


@pytest.mark.function(CLIP)
def test_the_clip_as_a_penalty_cancels_the_advantage_beyond_the_clip(submission):
    """With ε = 0.2 the weights are 1.5, 1.5, ½ and ½: the clip is active for 1.5 · 2 and for ½ · (−2)."""
    target, advantages = np.log([0.75, 0.75, 0.25, 0.25]), np.array([2.0, -2.0, 2.0, -2.0])
    returned = submission.ppo.clip_penalty_weights(target, np.full(4, np.log(0.5)), advantages, 0.2)
    assert_close(CLIP, returned, [-3.0, 0.0, 0.0, 1.0])
