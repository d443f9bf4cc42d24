"""How a step is judged: relative to its own length, wherever it starts and ends."""

from __future__ import annotations

import numpy as np
import pytest

from hw4.lab.compare import Mismatch
from hw4.npg import npg_step
from tests.hidden.properties import assert_step

STEP = "npg.npg_step"


def guarded(theta, gradient, fisher, delta, guard):
    direction = np.linalg.solve(fisher, gradient)
    return theta + np.sqrt(delta / (gradient @ direction + guard)) * direction


@pytest.mark.parametrize("guard", [1e-6, 1e-10, 1e-13])
@pytest.mark.parametrize("theta", [0.5, 0.25, -3.0, 1000.0])
def test_a_guard_that_is_allowed_passes_where_the_step_ends_at_zero_too(theta, guard):
    arguments = (np.array([theta]), np.array([-2.0]), np.array([[2.0]]), 0.5)
    expected = npg_step(*arguments)
    assert (theta == 0.5) == (expected == 0.0)
    assert_step(STEP, guarded(*arguments, guard), arguments[0], expected)


@pytest.mark.parametrize("theta", [0.5, 1000.0])
def test_a_step_of_another_length_fails_wherever_it_starts(theta):
    arguments = (np.array([theta]), np.array([-2.0]), np.array([[2.0]]), 0.5)
    with pytest.raises(Mismatch):
        assert_step(STEP, guarded(*arguments, 1e-3), arguments[0], npg_step(*arguments))
