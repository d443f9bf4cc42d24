"""The terminal: a learning curve is shown once, in a row that is explained."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from autograder.grading import console
from autograder.grading.assignment import Assignment, Part
from autograder.grading.curve import Curve
from autograder.grading.results import Explanation, Outcome, Results, Row
from tests.engine.conftest import ROOT

ASSIGNMENT = Assignment("Homework", "hw4", ROOT, (), (Part("5", "CartPole", 6),))
FAILED = Row(
    "5.1.1",
    "NPG learns",
    3.0,
    is_bonus=False,
    outcome=Outcome.FAILED,
    explanation=Explanation("It ended at 90."),
    curve=Curve("NPG", 475.0, 90.0, None, "The returns as text."),
)
SECOND = replace(FAILED, number="5.1.2", title="NPG solves it")
POINTER = "The learning curve is shown in 5.1.1."


def shown(*rows):
    terminal = Console(file=io.StringIO(), width=100)
    console.show(Results("Homework", rows, "Done."), ASSIGNMENT, terminal)
    return terminal.file.getvalue()


def test_two_rows_of_one_curve_show_it_once():
    text = shown(FAILED, SECOND)
    assert text.count("The returns as text.") == 1
    assert text.index("The returns as text.") < text.index(POINTER)


def test_no_row_points_to_one_that_passed_and_is_not_explained():
    text = shown(replace(FAILED, outcome=Outcome.PASSED), SECOND)
    assert text.count("The returns as text.") == 1
    assert POINTER not in text
