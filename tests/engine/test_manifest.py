"""The hidden tests as rows: what decorators say is honoured or refused, and points add up."""

from __future__ import annotations

from pathlib import Path

import pytest
from gradescope_utils.autograder_utils.decorators import (
    hide_errors,
    leaderboard,
    number,
    partial_credit,
    tags,
    visibility,
    weight,
)
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.assignment import Assignment, Function, Part
from autograder.grading.manifest import UnknownRows, choose, read_manifest
from autograder.grading.results import Results, Row, add_up

FUNCTION = Function("1.1", "toy", "double", "Double")


def read(*tests, points=2.0, learning=1.0):
    parts = (Part("1", "One", points, (FUNCTION,)), Part("2", "Two", learning, is_bonus=True))
    homework = Assignment("Toy", "toy", Path(), ("toy",), parts)
    return read_manifest({f"t{n}": test for n, test in enumerate(tests)}, homework, lambda number: "visible")


def read_with_bonus(*tests, bonus_points):
    functions = (FUNCTION, Function("1.2", "toy", "half", "Half", bonus_points=bonus_points))
    homework = Assignment("Toy", "toy", Path(), ("toy",), (Part("1", "One", 2.0, functions),))
    return read_manifest({f"t{n}": test for n, test in enumerate(tests)}, homework, lambda number: "visible")


def row(points=2, name="1.1.1"):
    def test(submission):
        """Doubles.

        The slide "Twice" says
        how.
        """

    return weight(points)(number(name)(test))


LEARNS = row(1, "2.1.1")


def test_a_test_becomes_a_row():
    manifest = read(row(), LEARNS)
    assert manifest.problems == ()
    assert manifest.checks["t0"].row == Row("1.1.1", "Double: doubles", 2.0, is_bonus=False)
    assert manifest.checks["t0"].checked == 'The slide "Twice" says how.'
    assert manifest.checks["t1"].row == Row("2.1.1", "Doubles", 1.0, is_bonus=True)


@pytest.mark.parametrize(
    ("test", "sentence"),
    [
        (weight(2)(lambda submission: None), "t0 needs @number and @weight, above @given."),
        (number("1.1.1")(lambda submission: None), "t0 needs @number and @weight, above @given."),
        (number("1.1.1")(weight(2)(lambda submission: None)), "t0 has no docstring"),
        (row(name="3.1.1"), "t0 has number 3.1.1, which belongs to no part of the homework."),
        (row(name="1.2.1"), "t0 has number 1.2.1, but the functions of part 1 are 1.1."),
        (row(name="1.1"), 't0 has number "1.1", but a text of three pieces was expected, such as "3.1.2".'),
        (row(name=1.1), 't0 has number "1.1", but a text of three pieces'),
        (row(name="1.1.1.1"), "a text of three pieces"),
        (row(name="1.1.x"), "a text of three pieces"),
        (row(name="1.1.01"), "a text of three pieces"),
        (row(name="1.1.²"), "a text of three pieces"),
        (row(points="2"), "t0 has a weight of '2', but a number of points above 0 was expected."),
        (row(points=0), "t0 has a weight of 0,"),
        (row(points=float("nan")), "t0 has a weight of nan,"),
        (visibility("hidden")(row()), '@visibility of t0 is "hidden", but one hidden row hides the total'),
        (visibility("visble")(row()), "@visibility of t0 is 'visble'; did you mean visible?"),
        (visibility("")(row()), "@visibility of t0 is ''"),
        (tags("easy")(row()), "t0 has @tags, which is not honoured here: take it off."),
        (hide_errors()(row()), "t0 has @hide_errors, which is not honoured here"),
        (leaderboard("time")(row()), "t0 has @leaderboard, which is not honoured here"),
        (partial_credit(2)(row()), "t0 has @partial_credit, which is not honoured here"),
        (given(x=st.none())(tags("easy")(row())), "t0 has @tags"),
        (given(x=st.none())(partial_credit(2)(row())), "t0 has @partial_credit"),
        (leaderboard("time")(given(x=st.none())(partial_credit(2)(row()))), "t0 has @partial_credit"),
    ],
)
def test_what_cannot_be_honoured_is_a_sentence(test, sentence):
    manifest = read(test, LEARNS)
    assert any(sentence in problem for problem in manifest.problems), manifest.problems
    assert "t0" not in manifest.checks


def test_two_tests_of_one_number_are_named():
    assert "t1 has number 1.1.1, which t0 has too: take another." in read(row(1), row(1), LEARNS).problems


def test_the_points_of_all_parts_are_reported_at_once():
    assert read(row(1.5), points=2).problems == (
        "The rows of part 1 add up to 1.5 points, not to 2.",
        "The rows of part 2 add up to 0 points, not to 1.",
    )


def test_points_add_up_as_they_are_written():
    tenths = [row(0.1, f"1.1.{place}") for place in (1, 2, 3)]
    assert 0.1 + 0.1 + 0.1 != 0.3
    assert read(*tenths, LEARNS, points=0.3).problems == ()
    rows = tuple(Row(f"1.1.{place}", "Tenth", 0.1, is_bonus=False) for place in (1, 2, 3))
    assert Results("Toy", rows).possible_points == add_up([0.1, 0.1, 0.1]) == 0.3


NUMBERS = ("1.1.1", "1.1.2", "1.2.1", "1.10.1", "2.1.1")
HOMEWORK = Assignment(
    "Toy",
    "toy",
    Path(),
    ("toy", "more"),
    (
        Part("1", "One", 4, (FUNCTION, Function("1.2", "toy", "half", "Half"))),
        Part("2", "Two", 1, (Function("2.1", "more", "half", "Half"),)),
    ),
)


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ("", set(NUMBERS)),
        ("1", {"1.1.1", "1.1.2", "1.2.1", "1.10.1"}),
        ("1.1", {"1.1.1", "1.1.2"}),
        ("1.1.2", {"1.1.2"}),
        ("double", {"1.1.1", "1.1.2"}),
        ("half", {"1.2.1", "2.1.1"}),
        ("toy.half", {"1.2.1"}),
        ("1.10, toy.half,1.10.1", {"1.10.1", "1.2.1"}),
    ],
)
def test_rows_are_chosen_by_numbers_and_names(asked, chosen):
    assert choose(asked, NUMBERS, HOMEWORK) == chosen


@pytest.mark.parametrize(
    "asked", ["1.1.3", "3", "1.", "1.1.1.1", "duble", "toy", "1.1,", ",", " ", "1.1 1.2"]
)
def test_what_has_no_rows_is_refused(asked):
    with pytest.raises(UnknownRows, match="There are no rows"):
        choose(asked, NUMBERS, HOMEWORK)


def test_a_name_that_is_misspelt_is_guessed_at():
    with pytest.raises(UnknownRows, match=r"Did you mean toy\.double\?"):
        choose("toy.duoble", NUMBERS, HOMEWORK)


def test_the_rows_of_a_function_that_is_a_bonus_count_on_top_of_its_part():
    manifest = read_with_bonus(row(), row(1, "1.2.1"), bonus_points=1.0)
    assert manifest.problems == ()
    assert [check.row.is_bonus for check in manifest.checks.values()] == [False, True]


def test_a_function_that_is_a_bonus_has_the_points_it_declares():
    manifest = read_with_bonus(row(), row(1, "1.2.1"), bonus_points=1.5)
    assert manifest.problems == ("The rows of 1.2 add up to 1 points, not to 1.5.",)
