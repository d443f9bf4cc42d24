"""The first page of a result: the total by part, and the first thing to do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from autograder.grading.assignment import Assignment, Part
from autograder.grading.page import write_page
from autograder.grading.results import Outcome, Results, Row

HOMEWORK = Assignment(
    "Toy",
    "toy",
    Path(),
    ("toy",),
    (Part("1", "Doubling", 3), Part("2", "Trebling", 2), Part("3", "More", 1, (), True)),
)
ROWS = (
    Row("1.1.1", "Double: doubles", 2.0, is_bonus=False),
    Row("1.1.2", "Double: keeps the sign", 1.0, is_bonus=False),
    Row("2.1.1", "Treble: trebles", 2.0, is_bonus=False),
    Row("3.1.1", "More: adds", 1.5, is_bonus=True),
)


def page(outcomes, notes=(), later=()):
    rows = [dataclasses.replace(row, outcome=outcome) for row, outcome in zip(ROWS, outcomes, strict=False)]
    rows = [
        dataclasses.replace(row, visibility="after_published") if row.number in later else row for row in rows
    ]
    return write_page(Results("Toy", tuple(rows)), HOMEWORK, notes)


P, F, N = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_ATTEMPTED


def test_the_page_is_short_and_in_line():
    assert page((P, F, F, P)).splitlines() == [
        "2 of 5 points and 1.5 bonus points.",
        "",
        "  1  Doubling                                       2 of 3",
        "  2  Trebling                                       0 of 2",
        "  3  More                                      1.5 of +1.5",
        "",
        "Look first at 1.1.2 Double: keeps the sign.",
        "1 more check did not pass.",
    ]


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        ((N, N, F, N), "Look first at 2.1.1 Treble: trebles."),
        ((N, P, N, N), "Next to write: 1.1.1 Double: doubles."),
        ((P, P, P, F), "Every check that counts passed."),
        ((P, Outcome.DID_NOT_FINISH, P), "Look first at 1.1.2"),
        ((Outcome.GRADER_FAULT, P, P), "the grader itself failed: tell the course staff."),
    ],
)
def test_the_first_step_is_what_was_tried_and_failed(outcomes, sentence):
    assert sentence in page(outcomes)


def test_notes_stand_at_the_end():
    assert page((P, P, P), ["toy.py is missing."]).endswith("\ntoy.py is missing.")


def test_what_is_shown_later_is_not_given_away():
    said = page((P, P, F, P), later={"2.1.1"})
    assert "points" not in said
    assert "  2  Trebling                                        later" in said
    assert "  1  Doubling                                       3 of 3" in said
    assert "2.1.1" not in said


def test_a_part_that_was_not_graded_is_left_out():
    assert "Trebling" not in page((P, P))
