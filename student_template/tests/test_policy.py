"""Part 1: the softmax-linear policy and its score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from hw4.lab.compare import as_returned, assert_close

from . import lecture_example, strategies

LOG_PROBABILITIES = "policy.action_log_probabilities"
SCORE = "policy.score"


def two_actions() -> np.ndarray:
    """The features of the lecture's example: the first action's is 1, the second's 0."""
    return np.array([[1.0], [0.0]])


@pytest.mark.function(LOG_PROBABILITIES)
def test_equal_logits_make_every_action_equally_likely(submission):
    """θ = 0 makes all logits 0, so each of four actions has the log-probability ln ¼."""
    features = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    returned = submission.policy.action_log_probabilities(np.zeros(2), features)
    assert_close(LOG_PROBABILITIES, returned, np.log([0.25, 0.25, 0.25, 0.25]))


@pytest.mark.function(LOG_PROBABILITIES)
def test_the_lectures_two_actions_have_probabilities_three_quarters_and_one_quarter_at_ln_3(submission):
    """e^θ / (1 + e^θ) = 3/4 at θ = ln 3 (slide "Example of Natural Gradient on 1-d problem")."""
    theta = np.array([lecture_example.LN_3])
    returned = submission.policy.action_log_probabilities(theta, two_actions())
    assert_close(LOG_PROBABILITIES, returned, np.log([0.75, 0.25]))


@pytest.mark.function(LOG_PROBABILITIES)
@given(drawn=strategies.decisions())
def test_probabilities_add_up_to_one(submission, drawn):
    """Σ_a π_θ(a|s) = 1 in every state, whatever the leading axes."""
    shape = drawn.features.shape[:-1]
    returned = submission.policy.action_log_probabilities(drawn.theta, drawn.features)
    total = np.exp(as_returned(LOG_PROBABILITIES, returned, shape)).sum(axis=-1)
    assert_close(
        LOG_PROBABILITIES, total, np.ones(shape[:-1]), relation="The probabilities have to add up to 1."
    )


@pytest.mark.function(LOG_PROBABILITIES)
@given(drawn=strategies.decisions())
def test_only_differences_between_actions_matter(submission, drawn):
    """Adding one vector to the features of every action moves all logits alike and changes no probability."""
    before = submission.policy.action_log_probabilities(drawn.theta, drawn.features)
    after = submission.policy.action_log_probabilities(drawn.theta, drawn.features + 1.5)
    shape = drawn.features.shape[:-1]
    assert_close(LOG_PROBABILITIES, after, as_returned(LOG_PROBABILITIES, before, shape), scale=1.0)


@pytest.mark.function(LOG_PROBABILITIES)
@pytest.mark.parametrize("logit", [1e4, -1e4])
def test_logits_of_any_size_give_finite_log_probabilities(submission, logit):
    """With logits 10000 and 0, ln π is 0 for the likelier action and −10000 for the other: no ln 0."""
    returned = submission.policy.action_log_probabilities(np.array([logit]), two_actions())
    assert_close(LOG_PROBABILITIES, returned, [min(logit, 0.0), min(-logit, 0.0)])


@pytest.mark.function(LOG_PROBABILITIES)
def test_large_logits_keep_what_they_differ_by(submission):
    """Logits 1000 + ln 3 and 1000 are as good as ln 3 and 0, so ¾ and ¼. float32 has too few digits."""
    features = np.array([[1000.0, 1.0], [1000.0, 0.0]])
    returned = submission.policy.action_log_probabilities(np.array([1.0, np.log(3.0)]), features)
    assert_close(LOG_PROBABILITIES, returned, np.log([0.75, 0.25]))


def three_hundred_states() -> np.ndarray:
    """Features (150, 2, 2, 2): with θ = (1, 0) the logits are 1000, 1000 in every other state, else 0, 0."""
    large, small = [[1000.0, 1.0], [1000.0, 0.0]], [[0.0, 1.0], [0.0, 0.0]]
    return np.array([[large, small], [small, large]] * 75)


@pytest.mark.function(LOG_PROBABILITIES)
def test_every_one_of_300_states_has_its_own_probabilities(submission):
    """The logits are 1000, 1000 in every other state and else 0, 0: ln ½ everywhere.

    If 1000 is subtracted in all states, exp(−1000) is 0 in half of them.
    """
    returned = submission.policy.action_log_probabilities(np.array([1.0, 0.0]), three_hundred_states())
    assert_close(LOG_PROBABILITIES, returned, np.log(np.full((150, 2, 2), 0.5)))


@pytest.mark.function(SCORE)
def test_the_lectures_scores_are_a_quarter_and_minus_three_quarters_at_ln_3(submission):
    """∇ ln π_θ is 1 − p for the first action and −p for the second; p = ¾ at θ = ln 3."""
    theta = np.array([lecture_example.LN_3])
    both = np.stack([two_actions(), two_actions()])
    returned = submission.policy.score(theta, both, np.array([0, 1]))
    assert_close(SCORE, returned, [[0.25], [-0.75]])


@pytest.mark.function(SCORE)
def test_the_score_is_the_chosen_feature_minus_the_mean_feature(submission):
    """With θ = 0 the mean of the features (4, 0) and (0, 2) is (2, 1); choosing the first leaves (2, −1)."""
    features = np.array([[4.0, 0.0], [0.0, 2.0]])
    returned = submission.policy.score(np.zeros(2), features, np.array(0))
    assert_close(SCORE, returned, [2.0, -1.0])


@pytest.mark.function(SCORE)
def test_large_logits_keep_the_score(submission):
    """Logits 1000 + ln 3 and 1000: π is ¾ and ¼, so the score of the first action is (0, 1 − ¾).

    exp(1000) would overflow, and logits that are cut off at some size would make it (0, ½).
    """
    features = np.array([[1000.0, 1.0], [1000.0, 0.0]])
    returned = submission.policy.score(np.array([1.0, np.log(3.0)]), features, np.array(0))
    assert_close(SCORE, returned, [0.0, 0.25])


@pytest.mark.function(SCORE)
def test_every_one_of_300_states_has_its_own_score(submission):
    """Both actions have probability ½ in each state, and the first was taken: (0, ½) everywhere."""
    features, actions = three_hundred_states(), np.zeros((150, 2), dtype=np.int64)
    returned = submission.policy.score(np.array([1.0, 0.0]), features, actions)
    assert_close(SCORE, returned, np.full((150, 2, 2), [0.0, 0.5]))


@pytest.mark.function(SCORE)
@given(drawn=strategies.decisions())
def test_the_score_averages_to_zero_under_the_policy(submission, drawn):
    """Σ_a π_θ(a|s) ∇ ln π_θ(a|s) = ∇ Σ_a π_θ(a|s) = ∇ 1 = 0."""
    *leading, A, d = drawn.features.shape
    returned = submission.policy.action_log_probabilities(drawn.theta, drawn.features)
    probabilities = np.exp(as_returned(LOG_PROBABILITIES, returned, (*leading, A)))
    mean_score = np.zeros((*leading, d))
    for a in range(A):
        returned = submission.policy.score(drawn.theta, drawn.features, np.full_like(drawn.actions, a))
        mean_score += probabilities[..., a, np.newaxis] * as_returned(SCORE, returned, (*leading, d))
    assert_close(
        SCORE,
        mean_score,
        np.zeros((*leading, d)),
        scale=1.0,
        relation="The mean of the score over a ~ π_θ(·|s) has to be 0.",
    )


@pytest.mark.function(SCORE)
@given(drawn=strategies.decisions())
def test_the_score_is_the_slope_of_the_log_probability(submission, drawn):
    """A small step h along θ_i changes ln π_θ(a|s) by h times the score's i-th entry."""
    *leading, A, d = drawn.features.shape
    h = 1e-5

    def chosen_log_probability(theta):
        returned = submission.policy.action_log_probabilities(theta, drawn.features)
        table = as_returned(LOG_PROBABILITIES, returned, (*leading, A)).reshape(-1, A)
        return table[range(len(table)), drawn.actions.ravel()].reshape(leading)

    slopes = [
        (chosen_log_probability(drawn.theta + step) - chosen_log_probability(drawn.theta - step)) / (2 * h)
        for step in h * np.eye(d)
    ]
    returned = submission.policy.score(drawn.theta, drawn.features, drawn.actions)
    relation = "The score has to be the measured slope of ln π_θ."
    assert_close(SCORE, returned, np.stack(slopes, axis=-1), scale=1.0, relation=relation)
