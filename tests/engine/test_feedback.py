"""From what a test raised to what a student reads: the order, the levels, and the three outcomes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from autograder.grading.feedback import FAILED, judge
from autograder.grading.results import Outcome
from autograder.sandbox import failures
from hw4.lab.compare import Mismatch
from tests.public.strategies import ScoredBatch

CHECKED = 'F is a mean (slide "F").'
WRONG = Mismatch("npg.f", "value", "npg.f returned 3, but 4 was expected.")
SHAPE = Mismatch("npg.f", "shape", "npg.f returned shape (4,), but (d, d) = (4, 4) was expected.")
EXAMPLE = {"drawn": ScoredBatch(np.array([[[0.5]]]), np.array([[1.0]]), np.array([[True]])), "value": 7.0}


def test_a_wrong_value_is_told_in_order():
    verdict = judge(WRONG, CHECKED, EXAMPLE, "You forgot the mean.")
    assert verdict.outcome is Outcome.FAILED
    assert verdict.explanation.splitlines() == [
        'Checked: F is a mean (slide "F").',
        "Smallest failing input found:",
        "  scores = [[[0.5]]]",
        "  advantages = [[1.0]]",
        "  mask = [[True]]",
        "  value = 7.0",
        "npg.f returned 3, but 4 was expected.",
        "Diagnosis: You forgot the mean.",
    ]


def test_tuples_are_taken_apart_and_named_ones_by_their_names():
    class Search(NamedTuple):
        backtrack: float
        max_backtracks: int

    drawn = {"search": Search(0.5, 10), "both": (ScoredBatch(*3 * (np.array([1.0]),)), 2)}
    assert judge(WRONG, CHECKED, drawn, None).explanation.splitlines()[2:8] == [
        "  backtrack = 0.5",
        "  max_backtracks = 10",
        "  scores = [1.0]",
        "  advantages = [1.0]",
        "  mask = [1.0]",
        "  both = 2",
    ]


def test_hints_hold_back_inputs_and_numbers():
    said = judge(WRONG, CHECKED, EXAMPLE, "You forgot the mean.", "hints").explanation
    assert said.splitlines() == [f"Checked: {CHECKED}", "Diagnosis: You forgot the mean."]


def test_hints_without_a_diagnosis_still_say_something():
    said = judge(WRONG, CHECKED, EXAMPLE, None, "hints").explanation
    assert said.splitlines()[-1] == "What came back is not what was expected."


@pytest.mark.parametrize("level", ["full", "hints"])
def test_a_wrong_shape_is_no_secret(level):
    assert "(d, d) = (4, 4)" in judge(SHAPE, CHECKED, EXAMPLE, None, level).explanation


@pytest.mark.parametrize("error", [WRONG, SHAPE, failures.CallRaised("npg.f", "npg.f raised ValueError.")])
def test_names_say_that_it_failed_and_no_more(error):
    assert judge(error, CHECKED, EXAMPLE, "You forgot the mean.", "names").explanation == FAILED


@pytest.mark.parametrize("level", ["full", "hints", "names"])
def test_not_attempted_is_said_at_every_level(level):
    verdict = judge(failures.NotAttempted("npg.f", "npg.f is not attempted yet."), CHECKED, None, None, level)
    assert (verdict.outcome, verdict.explanation) == (Outcome.NOT_ATTEMPTED, "npg.f is not attempted yet.")


def test_an_exception_is_told_with_its_input():
    said = judge(failures.CallRaised("npg.f", "npg.f raised ValueError."), CHECKED, EXAMPLE).explanation
    assert "scores = [[[0.5]]]" in said
    assert said.endswith("npg.f raised ValueError.")


def test_a_fault_that_no_input_changes_is_told_alone():
    missing = failures.MissingModule("npg.f", "npg.py is missing.")
    assert judge(missing, CHECKED, EXAMPLE).explanation == "npg.py is missing."


def test_an_input_too_large_to_read_is_left_out():
    large = {"scores": np.zeros((20, 20))}
    assert "Smallest" not in judge(WRONG, CHECKED, large).explanation


def test_what_has_no_stable_form_is_left_out():
    said = judge(WRONG, CHECKED, {"rng": np.random.default_rng(0)}).explanation
    assert "Generator" not in said
    assert "Smallest" not in said


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), failures.GraderFault("No worker.")])
def test_the_graders_own_fault_is_never_the_students(error):
    verdict = judge(error, CHECKED, EXAMPLE)
    assert verdict.outcome is Outcome.GRADER_FAULT
    assert "no mistake of yours" in verdict.explanation
    assert type(error).__name__ in verdict.staff or str(error) in verdict.staff
    assert str(error) not in verdict.explanation or str(error) == "x"
