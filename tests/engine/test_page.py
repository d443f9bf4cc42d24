"""The first page of a result: the total by part, and the first thing to do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from autograder.grading.assignment import Assignment, Part
from autograder.grading.page import write_page
from autograder.grading.results import Explanation, Outcome, Results, Row

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


def page(outcomes, notes=(), later=(), **options):
    rows = [dataclasses.replace(row, outcome=outcome) for row, outcome in zip(ROWS, outcomes, strict=False)]
    rows = [
        dataclasses.replace(row, visibility="after_published") if row.number in later else row for row in rows
    ]
    return write_page(Results("Toy", tuple(rows)), HOMEWORK, notes, [], **options)


P, F, N = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_ATTEMPTED


def test_the_page_is_short_and_in_line():
    assert page((P, F, F, P)).splitlines() == [
        "2 of 5 points and 1.5 bonus points.",
        "",
        "  1  Doubling                                       2 of 3",
        "  2  Trebling                                       0 of 2",
        "  3  More                                      1.5 of +1.5",
        "",
        "2 causes cost points. Mend them in this order:",
        "  1.1.2 Double: keeps the sign",
        "  2.1.1 Treble: trebles",
    ]


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        (
            (N, N, F, N),
            "One cause costs points: 2.1.1 Treble: trebles.\nNext to write: 1.1.1 Double",
        ),
        ((N, P, N, N), "\n\nNext to write: 1.1.1 Double: doubles."),
        ((P, P, P, N), "\n\nEvery check that counts passed; the bonus is open."),
        (
            (P, P, P, F),
            "One cause costs points: 3.1.1 More: adds.\nEvery check that counts passed;",
        ),
        ((P, P, P, P), "\n\nEvery check passed."),
        ((Outcome.GRADER_FAULT, P, P), "\n\nIn some checks the grader itself failed: tell the course staff."),
    ],
)
def test_the_page_says_what_to_do(outcomes, sentence):
    assert sentence in page(outcomes)


def test_rows_that_fail_for_one_cause_are_one_item():
    lead = Explanation("Wrong.")
    follow = Explanation("Wrong.", lead="1.1.1")
    rows = [
        dataclasses.replace(row, outcome=F, explanation=follow if row.number == "2.1.1" else lead)
        for row in ROWS
    ]
    said = write_page(Results("Toy", tuple(rows)), HOMEWORK, (), [])
    assert said.splitlines()[-4:] == [
        "3 causes cost points. Mend them in this order:",
        "  1.1.1 Double: doubles (the same cause: 2.1.1)",
        "  1.1.2 Double: keeps the sign",
        "  3.1.1 More: adds",
    ]


U = Outcome.DID_NOT_FINISH


def test_that_the_time_was_used_up_stands_first():
    rows = [
        dataclasses.replace(row, outcome=outcome, seconds=seconds)
        for row, outcome, seconds in zip(ROWS, (P, F, U, U), (1.0, 470.4, 0.0, 0.0), strict=True)
    ]
    lines = write_page(Results("Toy", tuple(rows)), HOMEWORK, (), []).splitlines()
    assert lines[0] == (
        "The time for the whole grading was used up: 2 checks did not finish. The slowest one was "
        "1.1.2 Double: keeps the sign, with 470 s: make that faster first."
    )
    assert lines[-1] == "One cause costs points: 1.1.2 Double: keeps the sign."


def test_a_check_that_did_not_finish_is_no_cause_and_has_not_passed():
    said = page((P, U, P))
    assert "1 check did not finish." in said
    assert "cause" not in said
    assert "Every check" not in said


def test_where_points_are_not_shown_checks_are_counted():
    assert page((P, F, F, P), points_shown=False).splitlines() == [
        "2 of 4 checks passed.",
        "",
        "  1  Doubling                                 1 of 2 checks",
        "  2  Trebling                                 0 of 1 checks",
        "  3  More                                     1 of 1 checks",
        "",
        "2 causes cost points. Mend them in this order:",
        "  1.1.2 Double: keeps the sign",
        "  2.1.1 Treble: trebles",
    ]


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


def test_a_bonus_within_a_part_is_added_up_beside_it():
    extra = Row("1.2.1", "Halve: halves", 1.0, is_bonus=True, outcome=Outcome.PASSED)
    said = write_page(Results("Toy", (dataclasses.replace(ROWS[0], outcome=P), extra)), HOMEWORK, (), [])
    assert said.splitlines()[2] == "  1  Doubling                                 2 of 2, 1 of +1"
