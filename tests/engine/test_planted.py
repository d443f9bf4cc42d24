"""What only explains may fail: no row is lost, and the staff are told."""

from __future__ import annotations

import pytest

from autograder.release import inprocess, known
from tests.engine.planted import CATALOGUE, HW4, PLACES, cost, planted

MISTAKE = next(one for one in CATALOGUE.misconceptions if one.name == "weights_as_a_product")


@pytest.mark.parametrize("place", PLACES)
def test_an_exception_in_what_only_explains_costs_no_row(tmp_path, place):
    for number, error in enumerate((NameError, MemoryError)):
        assert cost(MISTAKE, place, error, tmp_path / str(number)) == {}


def test_the_staff_are_told(tmp_path):
    submission = known.write_mistaken(HW4, MISTAKE, tmp_path)
    with planted("probes", NameError, MISTAKE.function) as assignment:
        inprocess.grade(assignment, submission, "a salt", "4.1", problems := [])
    assert any("NameError: planted" in problem for problem in problems)
