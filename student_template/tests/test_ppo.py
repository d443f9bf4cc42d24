"""Part 4: proximal policy optimization (PPO), the lecture's: a KL penalty and SGD, no clipping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw4.lab.compare import as_returned, assert_close

from . import lecture_example, strategies, worked_example
from .lecture_example import half, three_quarters

LOSS = "ppo.ppo_loss"
GRADIENT = "ppo.ppo_gradient"
UPDATE = "ppo.ppo_update"
ITERATION = "ppo.ppo_iteration"
CLIP = "ppo.clip_penalty_weights"


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
    returned = submission.ppo.ppo_loss(half(), half(), features, actions, advantages, mask, 0.0)
    assert_close(LOSS, returned, -4.0)


@pytest.mark.function(LOSS)
def test_the_importance_weight_multiplies_the_advantage(submission):
    """From ½ to ¾ the weight is 1.5, so the advantage 4 makes the objective 6 and the loss −6."""
    returned = submission.ppo.ppo_loss(three_quarters(), half(), *one_step(4.0), 0.0)
    assert_close(LOSS, returned, -6.0)


@pytest.mark.function(LOSS)
def test_the_penalty_is_kl_weight_times_ln_1_over_pi(submission):
    """Without advantage the loss is λ ln(1/π_θ) = 2 ln(4/3), and no importance weight multiplies it."""
    returned = submission.ppo.ppo_loss(three_quarters(), half(), *one_step(0.0), 2.0)
    assert_close(LOSS, returned, 2 * np.log(4 / 3))


def worked(function, kl_weight: float):
    """Call `ppo_loss` or `ppo_gradient` on the example of tests/worked_example.py, at θ = 0."""
    new = worked_example.update_batch()
    return function(
        np.zeros(2),
        worked_example.theta_k(),
        new.features,
        new.actions,
        worked_example.advantages(),
        new.mask,
        kl_weight,
    )


@pytest.mark.function(LOSS)
def test_a_loss_worked_by_hand(submission):
    """−½ Σ_m Σ_h [w · advantage − 3 ln 1/π] on tests/worked_example.py, at θ = 0, where every π is ½.

    The weights are ½ / ¾ = ⅔, ½ / ½ = 1 and ⅔: −½ [⅔ · 1 − 1 − ⅔ · 7 − 3 · 3 ln 2] = 2.5 + 4.5 ln 2 = 5.619.

    −0.619 is what a penalty of the wrong sign gives, 4.926 one that w multiplies, 0.693 no weights, 5.452 the
    product of a trajectory's weights up to the step, 3.746 the mean over the steps, 6.659 ln 1/π of padding.
    """
    assert_close(LOSS, worked(submission.ppo.ppo_loss, 3.0), 2.5 + 4.5 * np.log(2))


def unlikely_action(function):
    """Call `ppo_loss` or `ppo_gradient` on an action whose logit is 900, or 900 + ln 2, below the other."""
    return function(
        np.array([900.0]),
        np.array([900.0 + np.log(2.0)]),
        np.array([[[[0.0], [1.0]]]]),
        np.array([[0]]),
        np.array([[3.0]]),
        np.array([[True]]),
        0.5,
    )


@pytest.mark.function(LOSS)
def test_the_loss_of_an_action_whose_probability_underflows(submission):
    """ln π_θ = −900 and ln π_θk = −900 − ln 2: the weight is 2, and the loss −(2 · 3 − ½ · 900) = 444."""
    assert_close(LOSS, unlikely_action(submission.ppo.ppo_loss), 444.0)


@pytest.mark.function(LOSS)
def test_the_loss_of_a_large_importance_weight(submission):
    """π_θ = ½ and π_θk = e^−30: the weight is ½ e^30, the advantage 2, and the loss −e^30, not cut off."""
    returned = submission.ppo.ppo_loss(half(), np.array([-30.0]), *one_step(2.0), 0.0)
    assert_close(LOSS, returned, -np.exp(30.0))


def many_trajectories():
    """Features, actions, advantages and mask of 130 trajectories: 1000.1 and −1000 after the first action."""
    return (
        np.array([[[[1.0], [0.0]]] * 2] * 130),
        np.zeros((130, 2), dtype=np.int64),
        np.array([[1000.1, -1000.0]] * 130),
        np.ones((130, 2), dtype=bool),
    )


@pytest.mark.function(LOSS)
def test_the_loss_of_many_trajectories_whose_large_advantages_nearly_cancel(submission):
    """All weights are 1, and 1000.1 − 1000 = 0.1 in each of 130 trajectories. float32 has too few digits."""
    returned = submission.ppo.ppo_loss(half(), half(), *many_trajectories(), 0.0)
    assert_close(LOSS, returned, -0.1)


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
def test_a_gradient_worked_by_hand(submission):
    """−½ Σ_m Σ_h [w · advantage + 3] ∇ln π on tests/worked_example.py, at θ = 0, where every π is ½.

    The weights are ⅔, 1 and ⅔, the scores at θ (2, 2), (0, −1) and (2, 0): −½ [(⅔ + 3) · (2, 2) +
    (−1 + 3) · (0, −1) + (−7 · ⅔ + 3) · (2, 0)] = −½ (4, 16/3) = (−2, −2.667).

    (10, 0.333) is what a penalty of the wrong sign gives, (0, −1.667) one that w multiplies, (0, −3) no
    weights, (−1, −0.833) the scores of θ^k, (−1.333, −1.778) the mean over the steps.
    """
    assert_close(GRADIENT, worked(submission.ppo.ppo_gradient, 3.0), [-2.0, -8 / 3])


@pytest.mark.function(GRADIENT)
def test_the_gradient_of_an_action_whose_probability_underflows(submission):
    """The weight is e^−900 / e^(−900 − ln 2) = 2 and the score −1: the gradient is 2 · 3 + ½ = 6.5."""
    assert_close(GRADIENT, unlikely_action(submission.ppo.ppo_gradient), [6.5])


@pytest.mark.function(GRADIENT)
def test_the_gradient_of_a_large_importance_weight(submission):
    """π_θ = ½ and π_θk = e^−30: the weight is ½ e^30, the advantage 2 and the score ½, so −½ e^30."""
    returned = submission.ppo.ppo_gradient(half(), np.array([-30.0]), *one_step(2.0), 0.0)
    assert_close(GRADIENT, returned, [-0.5 * np.exp(30.0)])


@pytest.mark.function(GRADIENT)
def test_the_gradient_of_many_trajectories_whose_large_advantages_nearly_cancel(submission):
    """The scores are ½, and 1000.1 − 1000 = 0.1 in each of 130 trajectories, so −0.05."""
    returned = submission.ppo.ppo_gradient(half(), half(), *many_trajectories(), 0.0)
    assert_close(GRADIENT, returned, [-0.05])


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
        three_quarters(), *one_step(1.0), 0.0, 0.1, np.zeros((0, 1), dtype=np.int64)
    )
    assert_close(UPDATE, returned, three_quarters())


@pytest.mark.function(UPDATE)
def test_a_step_uses_the_trajectories_of_its_minibatch_alone(submission):
    """The first one's score is ½ and its advantage 100: with the learning rate 0.01, θ goes from 0 to 0.5."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.ppo.ppo_update(
        half(), batch.features, batch.actions, batch.rewards, batch.mask, 0.0, 0.01, np.array([[0]])
    )
    assert_close(UPDATE, returned, [0.5])


@pytest.mark.function(UPDATE)
def test_a_minibatch_of_both_trajectories_averages_them(submission):
    """The lecture's gradient is 24.75 at θ = 0. With the learning rate 0.04, θ goes from 0 to 0.99."""
    batch = lecture_example.sample(1, 2).batch
    returned = submission.ppo.ppo_update(
        half(), batch.features, batch.actions, batch.rewards, batch.mask, 0.0, 0.04, np.array([[1, 0]])
    )
    assert_close(UPDATE, returned, [0.99])


@pytest.mark.function(UPDATE)
def test_theta_k_stays_the_proposal_in_later_steps(submission):
    """Step one goes from 0 to 2 ln 3 · ½ = ln 3. There the weight is 1.5 and the score ¼: + 2 ln 3 · ⅜."""
    returned = submission.ppo.ppo_update(
        half(), *one_step(1.0), 0.0, 2 * lecture_example.LN_3, np.array([[0], [0]])
    )
    assert_close(UPDATE, returned, [1.75 * lecture_example.LN_3])


@pytest.mark.function(UPDATE)
def test_a_small_gradient_is_followed_too(submission):
    """The gradient is −½ · 0.0001. With the learning rate 20000, θ goes from 0 to 1."""
    returned = submission.ppo.ppo_update(half(), *one_step(1e-4), 0.0, 2e4, np.array([[0]]))
    assert_close(UPDATE, returned, [1.0])


@pytest.mark.function(UPDATE)
def test_an_update_worked_by_hand(submission):
    """Two steps with λ = 3 and the learning rate ln 3 / 16, on tests/worked_example.py.

    The first, on trajectory 1, adds ln 3 / 16 · (−7 + 3) · (1, 0): θ = 0. There the weights of trajectory 0
    are ⅔ and 1 and its scores (2, 2) and (0, −1). The second step adds ln 3 / 16 times
    (⅔ + 3) · (2, 2) + (−1 + 3) · (0, −1) = (22/3, 16/3): ln 3 · (11/24, ⅓) = (0.504, 0.366).

    (0.401, 0.137) is what the last minibatch first gives, (0.549, 0.412) a proposal that moves along,
    (0.275, 0.137) both gradients at θ^k, (0.331, 0.125) a mean over both trajectories, (−0.128, 0.146) no
    penalty.
    """
    new = worked_example.update_batch()
    returned = submission.ppo.ppo_update(
        worked_example.theta_k(),
        new.features,
        new.actions,
        worked_example.advantages(),
        new.mask,
        3.0,
        np.log(3.0) / 16,
        np.array([[1], [0]]),
    )
    assert_close(UPDATE, returned, np.log(3.0) * np.array([11 / 24, 1 / 3]))


@pytest.mark.function(ITERATION)
@pytest.mark.parametrize(("predicted", "step"), [(0.0, 0.05), (3.0, -0.1), (-1000.0, 50.05)])
def test_an_iteration_learns_its_baseline_on_the_baseline_batch(submission, predicted, step):
    """The first action paid 1 and its score is ½. The advantage is 1 − 0, 1 − 3 or 1 + 1000.

    The learning rate is 0.1.
    """
    baseline_batch = lecture_example.one_step_batch(np.array([[1]]), np.array([[predicted]]))
    new = lecture_example.one_step_batch(np.array([[0]]), np.array([[1.0]]))
    returned = submission.ppo.ppo_iteration(
        half(), baseline_batch, new, kl_weight=0.0, learning_rate=0.1, minibatches=np.array([[0]]), ridge=0.0
    )
    assert_close(ITERATION, returned, [step])


@pytest.mark.function(ITERATION)
@pytest.mark.parametrize("ridge", [worked_example.RIDGE, 0.0])
def test_an_iteration_worked_by_hand(submission, ridge):
    """R_h − b̃ is 1, −1 and −7 on tests/worked_example.py, and SGD does the two steps worked for `ppo_update`.

    They add ln 3 / 16 · (−4, 0) and ln 3 / 16 · (22/3, 16/3) to θ^k: ln 3 · (11/24, ⅓) = (0.504, 0.366).

    (0.504, 0.092) is what R_0 in every step gives, (0.412, 0.275) r_h in place of R_h, (0.3, 0.506) no
    ridge, (0.615, 0.401) a baseline fitted to r_h, (0.465, 0.19) exchanged batches, (−0.128, 0.146) no
    penalty, (0, 0) the first step alone.
    """
    old = worked_example.baseline_batch() if ridge else worked_example.baseline_batch_without_ridge()
    returned = submission.ppo.ppo_iteration(
        worked_example.theta_k(),
        old,
        worked_example.update_batch(),
        3.0,
        np.log(3.0) / 16,
        np.array([[1], [0]]),
        ridge,
    )
    assert_close(ITERATION, returned, np.log(3.0) * np.array([11 / 24, 1 / 3]))


@pytest.mark.function(ITERATION)
def test_an_iteration_without_minibatches_returns_theta_k(submission):
    """S = 0: there is no step."""
    batches = worked_example.baseline_batch(), worked_example.update_batch()
    returned = submission.ppo.ppo_iteration(
        worked_example.theta_k(), *batches, 3.0, 0.1, np.zeros((0, 1), dtype=np.int64), 0.5
    )
    assert_close(ITERATION, returned, worked_example.theta_k())


@pytest.mark.function(CLIP)
def test_the_clip_as_a_penalty_cancels_the_advantage_beyond_the_clip(submission):
    """With ε = 0.2 the weights are 1.5, 1.5, ½ and ½: the clip is active for 1.5 · 2 and for ½ · (−2)."""
    target, advantages = np.log([0.75, 0.75, 0.25, 0.25]), np.array([2.0, -2.0, 2.0, -2.0])
    returned = submission.ppo.clip_penalty_weights(target, np.full(4, np.log(0.5)), advantages, 0.2)
    assert_close(CLIP, returned, [-3.0, 0.0, 0.0, 1.0])


@pytest.mark.function(CLIP)
@pytest.mark.parametrize(
    ("clip", "expected"), [(0.2, [-1.21, -1.6, 0.0, 0.79, 0.0]), (0.5, [0.0, -1.6, 0.0, 0.0, 0.0])]
)
def test_the_clip_is_active_where_the_weight_leaves_1_minus_epsilon_to_1_plus_epsilon(
    submission, clip, expected
):
    """w = 1.21 and 1.6 with the advantage 1, 0.82 and 0.79 with −1, 1.6 with −½; [0.8, 1.2] and [0.5, 1.5].

    ln 1.21 = 0.19 is no measure of it, and 1 / 1.2 = 0.83 is not the lower end.
    """
    target, proposal = np.log([1.21, 1.6, 0.82, 0.79, 1.6]) - 1000.0, np.full(5, -1000.0)
    advantages = np.array([1.0, 1.0, -1.0, -1.0, -0.5])
    returned = submission.ppo.clip_penalty_weights(target, proposal, advantages, clip)
    assert_close(CLIP, returned, expected)
