"""Trusted gradings in one process: they say what gradings in the sandbox say."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from autograder.homework import ASSIGNMENT as HW4
from autograder.release import inprocess, known


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("fisher_averaged_over_the_horizon", {"3.1.1", "3.1.2", "3.1.3"}),
        ("prediction_plus_one", {"2.3.1"}),
        ("weights_in_float32", {"4.1.2"}),
        ("loss_in_float32", {"4.3.6"}),
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


def test_arguments_arrive_as_they_do_behind_the_wall(tmp_path):
    folder = known.write_reference(HW4, tmp_path / "submission")
    with (folder / HW4.package / "importance_sampling.py").open("a") as module:
        module.write(
            "def importance_weights(target_log_probs, proposal_log_probs):\n"
            "    assert type(target_log_probs) is float\n"
            "    assert proposal_log_probs.flags.f_contiguous\n"
            "    return proposal_log_probs\n"
        )
    submission = inprocess.TrustedSubmission(HW4, folder)
    proposal = np.asfortranarray(np.zeros((2, 3)))
    assert submission.importance_sampling.importance_weights(np.float64(1.0), proposal) is not proposal


def test_a_wrong_piece_is_lent_the_right_one(tmp_path):
    mistake = next(one for one in HW4.catalogue().misconceptions if one.name == "fisher_not_averaged")
    folder = known.write_mistaken(HW4, mistake, tmp_path / "submission")
    assert all(row.score == row.points for row in inprocess.grade(HW4, folder, "a salt", "3.4").rows)


def test_the_reference_stays_the_one_that_is_imported(tmp_path):
    before = {name: module for name, module in sys.modules.items() if name.startswith("hw4")}
    inprocess.TrustedSubmission(HW4, known.write_reference(HW4, tmp_path / "submission"))
    assert before == {name: module for name, module in sys.modules.items() if name.startswith("hw4")}
