"""Every part: one row a function that holds it to every size and magnitude that the contract admits.

The inputs are a fixed list, in `domain.py`, the same in every grading. Where one fails, the smallest found
that still fails is shown.
"""

from __future__ import annotations

from gradescope_utils.autograder_utils.decorators import number, weight

from tests.hidden.domain import assert_holds_everywhere


@weight(1)
@number("1.1.4")
def test_log_probabilities_hold_at_every_size_and_magnitude(submission):
    """Hold at every size and magnitude.

    Up to three leading axes, A = 300 actions, d = 40 features, and logits of ±10000: all of them, or
    those of some actions.
    """
    assert_holds_everywhere("policy.action_log_probabilities", submission)


@weight(1)
@number("1.2.5")
def test_score_holds_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Up to three leading axes, A = 60 actions, d = 40 features, and logits of ±10000: all of them, or
    those of some actions.
    """
    assert_holds_everywhere("policy.score", submission)


@weight(1)
@number("2.1.4")
def test_rewards_to_go_hold_at_every_size_and_magnitude(submission):
    """Hold at every size and magnitude.

    Up to N = 307 trajectories of H = 300 steps; rewards of 1e-6 and 1e6, that may cancel; 1e12 on
    padding.
    """
    assert_holds_everywhere("baseline.rewards_to_go", submission)


@weight(1)
@number("2.2.8")
def test_fit_holds_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Many steps or fewer than features, features that are dependent but for rounding, a ridge of 0, 1e-6
    and 1e6, returns of 1e-6 and 1e6; 1e12 on padding.
    """
    assert_holds_everywhere("baseline.fit_baseline", submission)


@weight(0.5)
@number("2.3.3")
def test_prediction_holds_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Up to N = 307 trajectories, H = 300 steps and k = 300 features; weights of 1e-6 and 1e6, that may
    cancel.
    """
    assert_holds_everywhere("baseline.predict_baseline", submission)


@weight(1)
@number("2.4.7")
def test_gradient_estimate_holds_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Up to N = 307 trajectories, H = 300 steps and d = 200 features; advantages of 1e-6 and 1e6, that may
    cancel; 1e12 on padding.
    """
    assert_holds_everywhere("policy_gradient.policy_gradient_estimate", submission)


@weight(1)
@number("3.1.6")
def test_fisher_holds_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Up to N = 307 trajectories, H = 300 steps and d = 120 features; products of scores of 1e-6 and 1e6,
    that may cancel; 1e12 on padding.
    """
    assert_holds_everywhere("npg.fisher_estimate", submission)


@weight(1)
@number("3.2.6")
def test_step_size_holds_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Up to d = 120; F of entries of 1e-6 and 1e6 and of a condition number up to 1e4, with g as small or as
    large; δ of 1e-6 and 1e6; g = 0.
    """
    assert_holds_everywhere("npg.npg_step_size", submission)


@weight(1)
@number("3.3.6")
def test_step_holds_at_every_size_and_magnitude(submission, lecture):
    """Holds at every size and magnitude.

    Up to d = 120; F of entries of 1e-6 and 1e6 and of a condition number up to 1e4, with g as small or as
    large; δ of 1e-6 and 1e6, with short and very long steps; g = 0. Your own η may stand in for the
    lecture's.
    """
    assert_holds_everywhere("npg.npg_step", submission, lecture)


@weight(1)
@number("3.4.4")
def test_npg_iteration_holds_at_every_size_and_magnitude(submission, lecture):
    """Holds at every size and magnitude.

    Batches of other sizes than each other's, up to 200 trajectories and 100 steps, d = 16; rewards of
    1e6, δ of 1e-6 and 1e6, a ridge and a damping of 0, logits of 1000; 1e12 on padding. Your own pieces
    may stand in for the lecture's.
    """
    assert_holds_everywhere("npg.npg_iteration", submission, lecture)


@weight(0.5)
@number("4.1.4")
def test_weights_hold_at_every_size_and_magnitude(submission):
    """Hold at every size and magnitude.

    Up to three axes; log-probabilities down to −10000 and log-ratios up to ±700.
    """
    assert_holds_everywhere("importance_sampling.importance_weights", submission)


@weight(0.5)
@number("4.2.4")
def test_estimate_holds_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Up to n = 307; values of 1e-6 and 1e6, that may cancel, and weights of up to 50.
    """
    assert_holds_everywhere("importance_sampling.importance_sampling_estimate", submission)


@weight(0.5)
@number("4.3.6")
def test_loss_holds_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Up to M = 307 trajectories, H = 300 steps, A = 60 actions and d = 16 features; advantages of 1e-6 and
    1e6, that may cancel; λ of 0 and 1e6; importance weights of hundreds, logits of ±1000, log-probabilities
    of −900; 1e12 on padding.
    """
    assert_holds_everywhere("ppo.ppo_loss", submission)


@weight(0.5)
@number("4.4.6")
def test_gradient_holds_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Up to M = 307 trajectories, H = 300 steps, A = 60 actions and d = 16 features; advantages of 1e-6 and
    1e6, that may cancel; λ of 0 and 1e6; importance weights of hundreds, logits of ±1000, log-probabilities
    of −900; 1e12 on padding.
    """
    assert_holds_everywhere("ppo.ppo_gradient", submission)


@weight(0.5)
@number("4.5.5")
def test_update_holds_at_every_size_and_magnitude(submission, lecture):
    """Holds at every size and magnitude.

    Up to M = 200 trajectories, H = 200 steps and S = 300 minibatches, and none; a trajectory twice in a
    minibatch; advantages of 1e-6 and 1e6; logits of 1000; 1e12 on padding. Your own ppo_gradient may
    stand in for the lecture's.
    """
    assert_holds_everywhere("ppo.ppo_update", submission, lecture)


@weight(0.5)
@number("4.6.4")
def test_ppo_iteration_holds_at_every_size_and_magnitude(submission, lecture):
    """Holds at every size and magnitude.

    Batches of other sizes than each other's, up to 200 trajectories and 100 steps; a trajectory twice in
    a minibatch, or no minibatch; a ridge and a λ of 0, rewards of 1e-6 and 1e6, logits of 1000; 1e12 on
    padding. Your own pieces may stand in for the lecture's.
    """
    assert_holds_everywhere("ppo.ppo_iteration", submission, lecture)


@weight(0.3)
@number("4.7.4")
def test_clip_weights_hold_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Up to three axes; log-ratios up to ±700, advantages of 1e-6 and 1e6, ε from 0.01 to 1.5.
    """
    assert_holds_everywhere("ppo.clip_penalty_weights", submission)


@weight(0.5)
@number("6.1.4")
def test_kl_holds_at_every_size_and_magnitude(submission):
    """Holds at every size and magnitude.

    Up to N = 307 trajectories, H = 300 steps, A = 60 actions and d = 16 features; policies that are
    close, and logits of ±1000; numbers on padding.
    """
    assert_holds_everywhere("trpo.kl_estimate", submission)


@weight(0.5)
@number("6.2.5")
def test_trpo_step_holds_at_every_size_and_magnitude(submission, lecture):
    """Holds at every size and magnitude.

    Up to N = 200 trajectories, H = 100 steps and d = 16 features; g = 0; δ of 1e-6 and 1e6; no
    shortening allowed, and forty; logits of 1000; 1e12 on padding. Your own pieces may stand in for the
    lecture's.
    """
    assert_holds_everywhere("trpo.trpo_step", submission, lecture)
