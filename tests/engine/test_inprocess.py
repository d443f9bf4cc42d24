"""Trusted gradings in one process: what they say is what the wall lets through."""

from __future__ import annotations

import sys

import pytest

from autograder.homework import HW4
from autograder.release import inprocess, known


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("fisher_averaged_over_the_horizon", {"3.1.1", "3.1.2", "3.1.3"}),
        ("prediction_plus_one", {"2.3.1"}),
    ],
)
def test_the_rows_that_a_mistake_loses_are_those_of_a_grading(tmp_path, grade, name, lost):
    mistake = next(one for one in HW4.catalogue().misconceptions if one.name == name)
    number = next(f.number for f in HW4.functions if f.qualified_name == mistake.function)
    folder = known.write_mistaken(HW4, mistake, tmp_path / "submission")
    found = inprocess.grade(HW4, folder, "a salt", number)
    assert {row.number for row in found.rows if row.score == 0} >= lost
    walled = grade(folder, "--only", number, "--salt", "a salt")
    assert {row.number for row in found.rows if row.score == 0} == walled.lost


def test_a_wrong_piece_is_lent_the_right_one(tmp_path):
    mistake = next(one for one in HW4.catalogue().misconceptions if one.name == "fisher_not_averaged")
    folder = known.write_mistaken(HW4, mistake, tmp_path / "submission")
    assert all(row.score == row.points for row in inprocess.grade(HW4, folder, "a salt", "3.4").rows)


def test_the_reference_stays_the_one_that_is_imported(tmp_path):
    before = {name: module for name, module in sys.modules.items() if name.startswith("hw4")}
    inprocess.TrustedSubmission(HW4, known.write_reference(HW4, tmp_path / "submission"))
    assert before == {name: module for name, module in sys.modules.items() if name.startswith("hw4")}
