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
from autograder.homework import HW4
from autograder.release import known
from autograder.sandbox.box import Box
from autograder.sandbox.failures import CallRaised
from autograder.sandbox.proxy import Submission
from hw4.lab.signatures import SIGNATURES

CATALOGUE = HW4.catalogue()
FISHER = "npg.fisher_estimate"


class Here:
    """Stands in for a submission behind the wall: one function, called in this process."""

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


@pytest.mark.parametrize("seed", [1, 20])
@pytest.mark.parametrize("function", SIGNATURES)
def test_every_mistake_is_named_by_its_own_sentence(function, seed):
    """And by no other, so none of them hides behind another or in too few probes."""
    for mistake in CATALOGUE.of(function):
        said = told(function, functools.partial(mistake.twist, CATALOGUE.right[function]), seed)
        assert said == f'{mistake.sentence} (Slide "{mistake.slide}".)', mistake.name


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
            lend=Lender("hw4"),
            order=[function.qualified_name for function in HW4.functions],
        ) as submission,
    ):
        diagnosis = diagnose("npg.npg_iteration", submission, CATALOGUE, 3)
    assert diagnosis.sentence == f'{wanted.sentence} (Slide "{wanted.slide}".)'
