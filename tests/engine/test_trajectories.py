"""The given batch and the sentence for a wrong shape."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from hw4.trajectories import ShapeError, TrajectoryBatch, describe_shape, require_shape


def arrays(N=3, H=4, A=2, d=5, k=6) -> dict[str, np.ndarray]:
    return {
        "features": np.arange(N * H * A * d, dtype=np.float64).reshape(N, H, A, d),
        "baseline_features": np.arange(N * H * k, dtype=np.float64).reshape(N, H, k),
        "actions": np.arange(N * H).reshape(N, H) % A,
        "rewards": np.arange(N * H, dtype=np.float64).reshape(N, H),
        "mask": np.arange(N * H).reshape(N, H) % 3 > 0,
    }


def test_a_shape_whose_sizes_are_known_is_written_in_numbers_too():
    assert describe_shape(("N", "H"), {"N": 5, "H": 20, "d": 4}) == "(N, H) = (5, 20)"


def test_a_shape_with_an_unknown_size_is_written_in_symbols():
    assert describe_shape(("N", "H"), {"N": 5}) == "(N, H)"


def test_a_shape_of_one_axis_keeps_its_comma():
    assert describe_shape(("d",), {"d": 4}) == "(d,) = (4,)"


def test_require_shape_learns_the_sizes_it_sees_first():
    sizes = {"N": 2}
    require_shape("scores", np.zeros((2, 3, 4)), ("N", "H", "d"), sizes)
    assert sizes == {"N": 2, "H": 3, "d": 4}


def test_a_wrong_size_is_named_with_what_was_expected_and_found():
    with pytest.raises(ShapeError) as error:
        require_shape("mask", np.zeros((2, 4), dtype=np.bool_), ("N", "H"), {"N": 2, "H": 3}, np.bool_)
    assert str(error.value) == "mask has shape (2, 4), but (N, H) = (2, 3) was expected."


def test_a_repeated_symbol_means_a_square_array_even_where_its_size_is_new():
    with pytest.raises(ShapeError, match=r"fisher has shape \(3, 4\), but \(d, d\) was expected"):
        require_shape("fisher", np.zeros((3, 4)), ("d", "d"), {})


def test_a_refused_array_teaches_no_sizes():
    sizes: dict[str, int] = {}
    with pytest.raises(ShapeError):
        require_shape("actions", np.zeros((2, 3)), ("N", "H"), sizes, np.int64)
    assert sizes == {}


def test_a_list_is_answered_with_the_way_to_an_array():
    with pytest.raises(
        ShapeError, match=r"rewards is a list, but a numpy array was expected: use np\.asarray"
    ):
        require_shape("rewards", [[1.0]], ("N", "H"), {})


def test_a_wrong_dtype_is_answered_with_a_conversion_that_works():
    mask = np.ones((1, 2))
    with pytest.raises(ShapeError) as error:
        require_shape("TrajectoryBatch.mask", mask, ("N", "H"), {}, np.bool_)
    message = str(error.value)
    assert message.startswith("TrajectoryBatch.mask has dtype float64, but bool was expected")
    advice = message.partition("use ")[2].rstrip(".")
    assert eval(advice, {"mask": mask}).dtype == np.bool_


def test_a_batch_counts_its_trajectories():
    assert len(TrajectoryBatch(**arrays(N=3))) == 3


@pytest.mark.parametrize("field", ["features", "baseline_features", "actions", "rewards", "mask"])
def test_every_field_of_a_batch_is_checked(field):
    wrong = arrays()
    wrong[field] = wrong[field][:, :-1]
    with pytest.raises(ShapeError, match=r"TrajectoryBatch\.\w+ has shape"):
        TrajectoryBatch(**wrong)


def test_actions_must_be_int64():
    with pytest.raises(
        ShapeError, match=r"TrajectoryBatch.actions has dtype float64, but int64 was expected"
    ):
        TrajectoryBatch(**{**arrays(), "actions": np.zeros((3, 4))})


def test_a_batch_cannot_be_reassigned():
    batch = TrajectoryBatch(**arrays())
    with pytest.raises(dataclasses.FrozenInstanceError):
        batch.rewards = np.zeros((3, 4))


@pytest.mark.parametrize("chosen", [slice(1, None), np.array([2, 0, 2]), np.array([True, False, True])])
def test_select_takes_the_same_trajectories_of_every_field(chosen):
    fields = arrays()
    selected = TrajectoryBatch(**fields).select(chosen)
    for name, array in fields.items():
        np.testing.assert_array_equal(getattr(selected, name), array[chosen])


def test_selecting_a_single_index_is_refused_because_a_batch_has_an_axis_of_trajectories():
    with pytest.raises(ShapeError, match=r"TrajectoryBatch\.features has shape"):
        TrajectoryBatch(**arrays()).select(1)
