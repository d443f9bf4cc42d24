"""The one judge: what it accepts, what it refuses, and with which words."""

from __future__ import annotations

import numpy as np
import pytest

from hw4.lab.compare import RELATIVE_TOLERANCE, STEP_TOLERANCE, Mismatch, as_returned, assert_close

FISHER = "npg.fisher_estimate"
STEP_SIZE = "npg.npg_step_size"


@pytest.mark.parametrize(
    "returned",
    [np.eye(2), [[1, 0], [0, 1]], np.eye(2, dtype=np.float32), np.eye(2, dtype=bool), np.ma.array(np.eye(2))],
    ids=["float64", "nested lists", "float32", "bool", "masked"],
)
def test_anything_numpy_turns_into_float64_is_accepted(returned):
    found = as_returned(FISHER, returned, (2, 2))
    assert type(found) is np.ndarray
    assert found.dtype == np.float64


@pytest.mark.parametrize("returned", [2.0, 2, np.float64(2.0), np.array(2.0), np.array([2.0]), [[2.0]]])
def test_a_number_may_come_in_an_array_of_one_entry(returned):
    assert as_returned(STEP_SIZE, returned, ()) == 2.0


def test_an_array_comes_back_itself_so_that_its_call_can_be_found():
    returned, number = np.zeros((2, 2)), np.zeros((1,))
    assert as_returned(FISHER, returned, (2, 2)) is returned
    assert np.may_share_memory(as_returned(STEP_SIZE, number, ()), number)


def refusal(function, returned, shape) -> Mismatch:
    with pytest.raises(Mismatch) as error:
        as_returned(function, returned, shape)
    assert error.value.function == function
    return error.value


def test_none_is_answered_with_the_missing_return():
    mismatch = refusal(FISHER, None, (2, 2))
    assert mismatch.kind == "type"
    assert str(mismatch) == f"{FISHER} returned None: is its last line a return statement?"


@pytest.mark.parametrize(
    "returned",
    ["a", {}, object(), [[1.0], [1.0, 2.0]], 10**400, (x for x in "ab")],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_numeric_is_named_by_its_type(returned):
    mismatch = refusal(FISHER, returned, (2, 2))
    assert mismatch.kind == "type"
    assert f"returned a {type(returned).__name__} that is not an array of real numbers" in str(mismatch)


@pytest.mark.parametrize("returned", [np.eye(2, dtype=complex), [[1j, 0], [0, 1]], 1j])
def test_complex_numbers_are_refused_rather_than_cut(returned):
    assert "returned complex numbers" in str(refusal(FISHER, returned, (2, 2)))


def test_a_wrong_shape_is_told_in_symbols_and_numbers():
    mismatch = refusal(FISHER, np.zeros(4), (4, 4))
    assert mismatch.kind == "shape"
    assert str(mismatch) == f"{FISHER} returned shape (4,), but (d, d) = (4, 4) was expected."


def test_a_wrong_shape_is_never_broadcast():
    assert refusal("npg.npg_step", np.zeros((4, 1)), (4,)).kind == "shape"


def test_an_array_in_the_place_of_a_number_is_refused():
    assert (
        str(refusal(STEP_SIZE, np.zeros(2), ()))
        == f"{STEP_SIZE} returned shape (2,), but a number was expected."
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_entry_that_is_not_finite_is_named_with_its_place(value):
    mismatch = refusal(FISHER, [[0.0, 1.0], [value, 1.0]], (2, 2))
    assert mismatch.kind == "not finite"
    assert f"returned {value} at [1, 0] (1 of 4 entries are not finite)" in str(mismatch)


def test_a_number_that_is_not_finite_is_named():
    assert str(refusal(STEP_SIZE, np.nan, ())).startswith(
        f"{STEP_SIZE} returned nan: look for a division by zero"
    )


def test_the_right_values_pass():
    assert_close(FISHER, np.eye(3), np.eye(3))


def test_rounding_passes():
    assert_close(FISHER, np.eye(3) * (1 + 0.5 * RELATIVE_TOLERANCE), np.eye(3))


def test_an_error_above_the_tolerance_is_refused():
    with pytest.raises(Mismatch):
        assert_close(FISHER, np.eye(3) * (1 + 2 * RELATIVE_TOLERANCE), np.eye(3))


def test_a_guard_in_the_denominator_passes_at_the_tolerance_of_steps():
    guarded = np.sqrt(1.0 / (0.1 + 1e-6))
    assert_close(STEP_SIZE, guarded, np.sqrt(1.0 / 0.1), tolerance=STEP_TOLERANCE)


def test_a_factor_of_root_two_is_refused_at_the_tolerance_of_steps():
    with pytest.raises(Mismatch):
        assert_close(STEP_SIZE, np.sqrt(2.0), 1.0, tolerance=STEP_TOLERANCE)


def test_scale_allows_what_cancelling_terms_round_to():
    assert_close(STEP_SIZE, 1e-8, 0.0, scale=1.0)


def test_without_a_scale_zero_must_be_zero():
    with pytest.raises(Mismatch):
        assert_close(STEP_SIZE, 1e-8, 0.0)


def test_entrywise_a_small_entry_is_held_to_its_own_size():
    returned, expected = [1e6, 1.001], [1e6, 1.0]
    assert_close("npg.npg_step", returned, expected, tolerance=1e-6)
    with pytest.raises(Mismatch):
        assert_close("npg.npg_step", returned, expected, tolerance=1e-6, entrywise=True)


def test_the_shape_is_looked_at_before_the_values():
    with pytest.raises(Mismatch) as error:
        assert_close(FISHER, np.ones((2, 1)), np.ones((2, 2)))
    assert error.value.kind == "shape"


def test_a_relation_that_does_not_hold_is_told_before_the_numbers():
    with pytest.raises(Mismatch) as error:
        assert_close(STEP_SIZE, 3.0, 2.0, relation="η² has to be 2.")
    assert str(error.value) == "η² has to be 2.\n  It is 3, but 2 was expected."
    assert error.value.kind == "relation"


def test_a_wrong_array_names_its_worst_entry_and_keeps_both_arrays():
    with pytest.raises(Mismatch) as error:
        assert_close(FISHER, [[1.0, 2.5], [2.0, 9.0]], [[1.0, 2.0], [2.0, 4.0]])
    mismatch = error.value
    assert mismatch.kind == "value"
    assert "the entry at [1, 1] is 9, but 4 was expected" in str(mismatch)
    np.testing.assert_array_equal(mismatch.expected, [[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_array_equal(mismatch.found, [[1.0, 2.5], [2.0, 9.0]])


def test_a_small_array_is_shown_whole_and_a_large_one_is_not():
    with pytest.raises(Mismatch, match="expected"):
        assert_close(FISHER, np.zeros((2, 2)), np.ones((2, 2)))
    with pytest.raises(Mismatch) as error:
        assert_close(FISHER, np.zeros((9, 9)), np.ones((9, 9)))
    assert "\n" not in str(error.value)


def test_rounding_of_the_natural_scale_is_no_mistake():
    """A probability's natural scale is 1: off by 5e-17, a weight of 5e-12 is right."""
    assert_close("importance_sampling.importance_weights", [5e-12 + 5e-17], [5e-12], entrywise=True)
    with pytest.raises(Mismatch):
        assert_close("importance_sampling.importance_weights", [5e-12 + 5e-15], [5e-12], entrywise=True)


def test_rounding_may_be_that_of_larger_terms_which_cancel():
    assert_close("policy_gradient.policy_gradient_estimate", [1e-9 + 1e-13], [1e-9], rounding=1e-12)
    with pytest.raises(Mismatch):
        assert_close("policy_gradient.policy_gradient_estimate", [1e-9 + 1e-13], [1e-9])


@pytest.mark.parametrize("number", [1000.0 / 3.0, 0.1])
def test_a_result_in_float32_is_told_so(number):
    exact = np.array([[1.0, number], [number, 1.0]])
    with pytest.raises(Mismatch, match="computed in float32: keep float64"):
        assert_close(FISHER, exact.astype(np.float32), exact, tolerance=1e-12)


@pytest.mark.parametrize("factor", [0.5, 1.0 + 1e-5])
def test_what_float32_does_not_explain_is_not_called_so(factor):
    exact = np.array([[1.0, 0.1], [0.1, 1.0]])
    with pytest.raises(Mismatch) as error:
        assert_close(FISHER, factor * exact, exact)
    assert "float32" not in str(error.value)
