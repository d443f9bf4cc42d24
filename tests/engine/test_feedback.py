"""From what a test raised to the record of why a row did not pass: outcomes, calls, and whose fault it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from autograder.grading.assignment import Catalogue
from autograder.grading.feedback import MAX_RELATED_CALLS, explain, is_without_padding, judge
from autograder.grading.results import Outcome
from autograder.homework import ASSIGNMENT as HW4
from autograder.sandbox import failures
from autograder.sandbox.calls import Call, CallLog
from hw4.lab.compare import Mismatch
from hw4.trajectories import TrajectoryBatch

CHECKED = 'F is a mean (slide "F").'
FISHER = "npg.fisher_estimate"
RIGHT = {FISHER: lambda scores, mask: np.sum(scores * mask)}
HOMEWORK = dataclasses.replace(HW4, catalogue=lambda: Catalogue(right=RIGHT))


def call(returned, mask=True, scores=0.5):
    answer = None if returned is None else np.asarray(returned, dtype=np.float64)
    return Call(FISHER, (np.array([scores]),), {"mask": np.array([mask])}, answer)


def wrong(found, kind="value", expected=None):
    return Mismatch(FISHER, kind, "Wrong.", expected, found)


def explained(error, calls):
    return explain(error, CHECKED, calls, HOMEWORK)


def test_the_call_that_was_rejected_is_found_among_those_with_the_same_answer():
    calls = [call(1.0, scores=1.0), call(1.0, scores=2.0), call(1.0, scores=3.0)]
    (shown,) = explained(wrong(calls[1].returned, expected=np.array(7.0)), calls).calls
    assert shown.arguments["scores"] == 2.0
    assert (shown.returned, shown.expected) == (1.0, 7.0)


def test_the_arguments_have_the_contracts_names_whether_given_by_position_or_by_name():
    calls = [call(1.0)]
    (shown,) = explained(wrong(calls[0].returned), calls).calls
    assert list(shown.arguments) == ["scores", "mask"]


def test_a_view_of_the_answer_is_the_answer():
    calls = [call([1.0], scores=1.0), call([1.0], scores=2.0)]
    (shown,) = explained(wrong(calls[0].returned.reshape(())), calls).calls
    assert shown.arguments["scores"] == 1.0


def test_where_the_test_names_no_expectation_the_right_function_gives_it():
    calls = [call(None, scores=4.0)]
    (shown,) = explained(failures.CallRaised(FISHER, "It raised."), calls).calls
    assert (shown.returned, shown.expected) == (None, 4.0)


def test_calls_that_do_not_fit_together_are_all_shown():
    calls = [call(1.0), call(2.0)]
    explanation = explained(wrong(np.array(1.0), "relation", np.array(1.5)), calls)
    assert [shown.returned for shown in explanation.calls] == [1.0, 2.0]
    assert [shown.expected for shown in explanation.calls] == [0.5, 0.5]
    assert explanation.number_of_calls == 2


def test_of_many_calls_one_is_shown_and_all_are_counted():
    calls = [call(float(number)) for number in range(MAX_RELATED_CALLS + 1)]
    explanation = explained(wrong(np.array(9.0), "relation"), calls)
    assert len(explanation.calls) == 1
    assert explanation.number_of_calls == MAX_RELATED_CALLS + 1


def test_the_calls_of_other_functions_belong_to_a_relation_that_names_them():
    other = Call("npg.npg_step_size", (np.array([1.0]),), {}, np.array(1.0))
    right = {**RIGHT, "npg.npg_step_size": lambda gradient: 1.0}
    homework = dataclasses.replace(HW4, catalogue=lambda: Catalogue(right=right))
    error = Mismatch(FISHER, "relation", "Wrong.")
    assert explain(error, CHECKED, [call(1.0), other], homework).number_of_calls == 1
    error = Mismatch(FISHER, "relation", "Wrong.", related=("npg.npg_step_size",))
    assert explain(error, CHECKED, [call(1.0), other], homework).number_of_calls == 2


def test_an_outcome_has_no_call():
    assert explained(wrong(None, "outcome"), []).calls == ()


def test_a_fault_that_no_input_changes_has_no_call():
    explanation = explained(failures.MissingModule(FISHER, "npg.py is missing."), [call(None)])
    assert (explanation.mismatch, explanation.calls) == ("npg.py is missing.", ())


def test_padding_is_looked_for_in_records_too():
    whole, short = np.array([[True, True]]), np.array([[True, False]])
    zeros = np.zeros((1, 2))
    for mask, expected in ((whole, True), (short, False)):
        batch = TrajectoryBatch(np.zeros((1, 2, 1, 1)), np.zeros((1, 2, 1)), zeros.astype(int), zeros, mask)
        made = Call("npg.npg_iteration", (batch,), {}, np.array(1.0))
        error = Mismatch("npg.npg_iteration", "value", "Wrong.", np.array(2.0), made.returned)
        assert is_without_padding(explained(error, [made])) is expected
        made = call(1.0, mask)
        assert is_without_padding(explained(wrong(made.returned), [made])) is expected


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("x"), AssertionError("x"), failures.GraderFault("No worker.")]
)
def test_the_graders_own_fault_is_never_the_students(error):
    verdict = judge(error)
    assert verdict.outcome is Outcome.GRADER_FAULT
    assert "no mistake of yours" in verdict.explanation.mismatch
    assert type(error).__name__ in verdict.staff or str(error) in verdict.staff


def test_outcomes_stay_apart():
    assert judge(None).outcome is Outcome.PASSED
    assert judge(wrong(None)).outcome is Outcome.FAILED
    assert judge(failures.CallRaised(FISHER, "It raised.")).outcome is Outcome.FAILED
    assert judge(failures.NotAttempted(FISHER, "Not attempted.")).outcome is Outcome.NOT_ATTEMPTED


def test_the_log_of_calls_is_bounded_and_keeps_the_latest():
    log = CallLog()
    large = np.zeros(3 * 2**20)
    for number in range(4):
        log.add(Call(FISHER, (large, number), {}))
    assert [made.arguments[1] for made in log.latest()] == [3]
    log.clear()
    log.add(call(1.0))
    assert len(log.latest()) == 1
