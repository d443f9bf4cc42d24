"""The diagnosis: it names a known mistake and two at once, and does not guess."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools

import numpy as np
import pytest

from autograder.grading.assignment import Catalogue, Misconception
from autograder.grading.diagnosis import Diagnosis, diagnose
from autograder.grading.lender import Lender
from autograder.homework import ASSIGNMENT as HW4
from autograder.release import known
from autograder.release.inprocess import TrustedSubmission
from autograder.sandbox.box import Box
from autograder.sandbox.failures import CallRaised
from autograder.sandbox.proxy import Submission
from hw4.lab.signatures import SIGNATURES

CATALOGUE = HW4.catalogue()
FISHER = "npg.fisher_estimate"


class Here:
    """Stands in for a submission in its sandbox: one function, called in this process."""

    def __init__(self, function, answer):
        module, _, name = function.partition(".")
        setattr(self, module, type("Module", (), {name: self}))
        self._function, self._answer = function, answer
        self.calls = 0

    @contextlib.contextmanager
    def lending(self):
        yield

    def with_arguments(self, *arguments):
        self.calls += 1
        arguments = copy.deepcopy(list(arguments))
        try:
            with np.errstate(all="ignore"):
                returned = np.array(self._answer(*arguments), dtype=np.float64)
        except Exception as error:
            raise CallRaised(self._function, str(error)) from error
        return returned, list(_arrays(arguments))


def _arrays(values):
    for value in values:
        if isinstance(value, np.ndarray):
            yield value
        elif dataclasses.is_dataclass(value):
            yield from _arrays(vars(value).values())


def told(function, answer, seed=1, catalogue=CATALOGUE):
    diagnosis = diagnose(function, Here(function, answer), catalogue, seed)
    assert not diagnosis.faults
    return diagnosis.sentence


def twisted(name, right=None):
    mistake = next(mistake for mistake in CATALOGUE.misconceptions if mistake.name == name)
    return functools.partial(mistake.twist, right or CATALOGUE.right[mistake.function]), mistake


@pytest.mark.parametrize("function", SIGNATURES)
def test_every_mistake_is_named_by_its_own_sentence(tmp_path, function):
    """And by no other, so none of them hides behind another or in too few probes.

    The earlier functions are lent, as in the sandbox: what they return is float64 again.
    """
    for mistake in CATALOGUE.of(function):
        folder = known.write_mistaken(HW4, mistake, tmp_path / mistake.name)
        submission = TrustedSubmission(HW4, folder)
        for seed in (1, 20):
            diagnosis = diagnose(function, submission, CATALOGUE, seed)
            assert diagnosis == Diagnosis(f'{mistake.sentence} (Slide "{mistake.slide}".)'), mistake.name


@pytest.mark.parametrize("function", SIGNATURES)
def test_a_right_function_is_told_nothing(function):
    assert told(function, CATALOGUE.right[function]) is None


def test_two_mistakes_at_once_are_both_named():
    halved, first = twisted("fisher_halved")
    both, second = twisted("fisher_counts_padding", halved)
    said = told(FISHER, both)
    assert said.startswith("Two mistakes at once.")
    assert first.sentence in said
    assert second.sentence in said


def test_of_pairs_that_fit_alike_what_they_share_is_named():
    """With padding counted, a mean over the horizon is one over all steps: only the padding is certain."""
    averaged, first = twisted("fisher_averaged_over_the_horizon")
    both, second = twisted("fisher_counts_padding", averaged)
    said = told(FISHER, both)
    assert said.startswith("More than one mistake.")
    assert second.sentence in said
    assert first.sentence not in said


def test_a_mistake_that_is_not_known_is_not_guessed_at():
    assert told(FISHER, lambda scores, mask: CATALOGUE.right[FISHER](scores, mask) ** 3) is None
    assert told(FISHER, lambda scores, mask: np.zeros(scores.shape[-1:] * 2)) is None
    assert told(FISHER, lambda scores, mask: np.full(scores.shape[-1:] * 2, np.nan)) is None


def test_a_tie_is_not_guessed_at():
    def halved(right, scores, mask):
        return right(scores, mask) / 2

    one = Misconception("one", FISHER, halved, "A slide", "You halve F.")
    other = dataclasses.replace(one, name="other", sentence="You forget that F is doubled.")
    alike = dataclasses.replace(one, name="alike")
    half = functools.partial(halved, CATALOGUE.right[FISHER])
    tied, shared = (
        dataclasses.replace(CATALOGUE, misconceptions=pair) for pair in ((one, other), (one, alike))
    )
    assert told(FISHER, half, catalogue=tied) is None
    assert told(FISHER, half, catalogue=shared) == 'You halve F. (Slide "A slide".)'


def test_what_is_left_of_the_arguments_tells_apart_what_returns_the_same():
    """θ -= … moves the proposal along, and so does passing θ for θ^k: one of them changes the caller's."""
    for name in ("update_with_a_moving_proposal", "update_overwrites_theta_k"):
        answer, mistake = twisted(name)
        assert mistake.sentence in told("ppo.ppo_update", answer)


def test_a_small_guard_does_not_hide_a_mistake():
    def twice_delta(gradient, fisher, delta):
        squared = gradient @ np.linalg.solve(fisher, gradient)
        return np.sqrt(2 * delta / (squared + 1e-6)) if gradient.any() else 0.0

    assert "2δ" in told("npg.npg_step_size", twice_delta)


def test_a_number_may_come_as_an_array_of_one_element():
    answer, mistake = twisted("kl_reversed")
    assert mistake.sentence in told("trpo.kl_estimate", lambda *arguments: [[answer(*arguments)]])


def test_a_function_that_raises_is_called_once_and_told_nothing():
    class Raises(Here):
        def with_arguments(self, *arguments):
            self.calls += 1
            raise CallRaised(FISHER, "it raised")

    submission = Raises(FISHER, None)
    assert diagnose(FISHER, submission, CATALOGUE, 1) == Diagnosis()
    assert submission.calls == 1


@pytest.mark.parametrize("discount", [0.37, 0.9, 0.97, 0.999])
def test_any_discount_is_named(discount):
    def discounted(rewards, mask):
        returns, later = np.zeros(rewards.shape), np.zeros(len(rewards))
        for h in reversed(range(rewards.shape[1])):
            later = np.where(mask[:, h], rewards[:, h] + discount * later, 0.0)
            returns[:, h] = later
        return returns

    assert "You discount" in told("baseline.rewards_to_go", discounted)


@pytest.mark.parametrize("constant", [1e-15, 1e-12, 1e-10, 3e-7, 1e-3])
def test_a_guard_without_a_case_for_no_gradient_is_named_for_any_constant(constant):
    def of_sum(gradient, fisher, delta):
        return np.sqrt(delta / (gradient @ np.linalg.solve(fisher, gradient) + constant))

    def of_maximum(gradient, fisher, delta):
        return np.sqrt(delta / max(gradient @ np.linalg.inv(fisher) @ gradient, constant))

    for step_size in (of_sum, of_maximum):
        assert "huge where g = 0" in told("npg.npg_step_size", step_size)


@pytest.mark.parametrize("constant", [1e-20, 1e-12, 1e-10, 1e-6, 1e-3])
def test_any_constant_beside_a_probability_in_the_log_is_named(constant):
    def added(theta, features):
        logits = features @ theta
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return np.log(exponentials / exponentials.sum(axis=-1, keepdims=True) + constant)

    assert "A small constant inside ln" in told("policy.action_log_probabilities", added)


def test_returns_of_the_wrong_sign_are_named():
    def negated(rewards, mask):
        return -np.cumsum((rewards * mask)[:, ::-1], axis=1)[:, ::-1] * mask

    assert "wrong sign" in told("baseline.rewards_to_go", negated)


def _softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


def _exp_of_log(logits):
    return np.exp(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))


@pytest.mark.parametrize("probabilities", [_softmax, _exp_of_log])
def test_an_overflow_in_the_score_is_named(probabilities):
    def score(theta, features, actions):
        taken = np.take_along_axis(features, actions[..., None, None], axis=-2)[..., 0, :]
        return taken - (probabilities(features @ theta)[..., None] * features).sum(axis=-2)

    assert "overflow at large logits" in told("policy.score", score)


@pytest.mark.parametrize("bonus", [0.0, 0.01, 0.3])
@pytest.mark.parametrize("is_standardised", [False, True])
def test_a_clipped_loss_is_named_with_what_comes_along(bonus, is_standardised):
    def loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
        def log_policy(parameters):
            logits = features @ parameters
            logits = logits - logits.max(axis=-1, keepdims=True)
            return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))

        log_p, log_q = log_policy(theta_k), log_policy(theta)
        taken = actions[..., None]
        ratio = np.exp(np.take_along_axis(log_q - log_p, taken, axis=-1))[..., 0]
        if is_standardised:
            advantages = (advantages - advantages[mask].mean()) / (advantages[mask].std() + 1e-8)
        gains = np.minimum(ratio * advantages, np.clip(ratio, 0.8, 1.2) * advantages)
        entropy = -(np.exp(log_q) * log_q).sum(axis=-1)
        return -((gains + bonus * entropy) * mask).sum() / len(mask)

    said = told("ppo.ppo_loss", loss)
    assert "PPO-clip" in said
    assert ("entropy" in said) == (bonus > 0.0)
    assert ("standardise" in said) == is_standardised


@pytest.mark.parametrize("clip", [0.1, 0.2, 0.25])
def test_any_clip_is_named(clip):
    def loss(theta, theta_k, features, actions, advantages, mask, kl_weight):
        right = CATALOGUE.right["ppo.ppo_loss"]
        ones = np.ones_like(advantages)
        taken = np.stack(
            [
                np.take_along_axis(
                    CATALOGUE.right["policy.action_log_probabilities"](parameters, features),
                    actions[..., None],
                    axis=-1,
                )[..., 0]
                for parameters in (theta, theta_k)
            ]
        )
        ratio = np.exp(taken[0] - taken[1])
        gains = np.minimum(ratio * advantages, np.clip(ratio, 1 - clip, 1 + clip) * advantages)
        penalty = right(theta, theta_k, features, actions, 0.0 * ones, mask, kl_weight)
        return penalty - (gains * mask).sum() / len(mask)

    assert "which is PPO-clip" in told("ppo.ppo_loss", loss)


@pytest.mark.parametrize("factor", [1.2, 1.5, 2.0])
@pytest.mark.parametrize("seed", range(1, 6))
def test_who_looks_at_a_multiple_of_the_kl_is_not_told_that_they_do_not_look(factor, seed):
    trpo, npg = (CATALOGUE.right[name] for name in ("trpo.kl_estimate", "npg.npg_step"))

    def step(theta_k, gradient, fisher, features, actions, advantages, mask, delta, backtrack, tries):
        def surrogate(theta):
            log_p, log_q = (
                CATALOGUE.right["policy.action_log_probabilities"](parameters, features)
                for parameters in (theta_k, theta)
            )
            ratio = np.exp(np.take_along_axis(log_q - log_p, actions[..., None], axis=-1))[..., 0]
            return (ratio * advantages)[mask].sum()

        whole = np.sqrt(2.0) * (npg(theta_k, gradient, fisher, delta) - theta_k)
        for number in range(tries + 1):
            theta = theta_k + backtrack**number * whole
            if trpo(theta_k, theta, features, mask) <= factor * delta and surrogate(theta) >= surrogate(
                theta_k
            ):
                return theta
        return theta_k

    assert "You accept a KL above δ" in told("trpo.trpo_step", step, seed)


@pytest.mark.parametrize("error", [NameError, TypeError, AttributeError, RuntimeWarning, RecursionError])
def test_a_slip_in_a_twist_costs_that_candidate_only(error):
    def slips(right, scores, mask):
        raise error("a slip")

    halved, halving = twisted("fisher_halved")
    slip = dataclasses.replace(halving, name="slips", twist=slips, sentence="Never said.")
    catalogue = dataclasses.replace(CATALOGUE, misconceptions=(slip, *CATALOGUE.of(FISHER)))
    diagnosis = diagnose(FISHER, Here(FISHER, halved), catalogue, 1)
    assert halving.sentence in diagnosis.sentence
    (fault,) = diagnosis.faults
    assert "slips" in fault
    assert "Traceback" in fault


def test_a_slip_does_not_cost_those_who_make_two_mistakes():
    def slips(right, scores, mask):
        raise NameError("a slip")

    halved, halving = twisted("fisher_halved")
    both, padding = twisted("fisher_counts_padding", halved)
    slip = dataclasses.replace(halving, name="slips", twist=slips)
    catalogue = dataclasses.replace(CATALOGUE, misconceptions=(slip, *CATALOGUE.of(FISHER)))
    diagnosis = diagnose(FISHER, Here(FISHER, both), catalogue, 1)
    assert halving.sentence in diagnosis.sentence
    assert padding.sentence in diagnosis.sentence
    assert len(diagnosis.faults) == 1


def test_a_function_that_raises_at_an_edge_is_still_told_its_mistake():
    both, mistake = twisted("fisher_halved")

    def halved(scores, mask):
        if len(scores) > 50:
            raise MemoryError
        return both(scores, mask)

    assert told(FISHER, halved) == f'{mistake.sentence} (Slide "{mistake.slide}".)'


def test_a_mistake_is_not_named_where_an_edge_refutes_it():
    """It is made on small inputs alone: on large ones the function is right."""
    halved, _ = twisted("fisher_halved")

    def sometimes(scores, mask):
        return (CATALOGUE.right[FISHER] if len(scores) > 50 else halved)(scores, mask)

    assert told(FISHER, sometimes) is None


def test_without_known_mistakes_nothing_is_called():
    submission = Here(FISHER, CATALOGUE.right[FISHER])
    assert diagnose(FISHER, submission, Catalogue(), 1) == Diagnosis()
    assert diagnose("npg.unheard_of", submission, CATALOGUE, 1) == Diagnosis()
    assert submission.calls == 0


def test_a_mistake_is_named_across_the_wall(tmp_path):
    """With a wrong score beside it, which is not to hide it: the lecture's is lent."""
    mistakes = {mistake.name: mistake for mistake in CATALOGUE.misconceptions}
    wanted = mistakes["iteration_with_the_batches_swapped"]
    npg = known.mistaken_source(HW4, wanted)
    policy = known.mistaken_source(HW4, mistakes["score_of_the_wrong_sign"])
    submitted = {module: (HW4.solutions / "hw4" / f"{module}.py").read_bytes() for module in HW4.modules} | {
        "npg": npg.encode(),
        "policy": policy.encode(),
    }
    functions = {
        module: [function.name for function in HW4.functions if function.module == module]
        for module in HW4.modules
    }
    with (
        Box("hw4", HW4.template / "hw4", HW4.modules, submitted) as box,
        Submission(
            box,
            functions,
            {},
            lend=Lender(HW4),
            order=[function.qualified_name for function in HW4.functions],
        ) as submission,
    ):
        diagnosis = diagnose("npg.npg_iteration", submission, CATALOGUE, 3)
    assert diagnosis.sentence == f'{wanted.sentence} (Slide "{wanted.slide}".)'
