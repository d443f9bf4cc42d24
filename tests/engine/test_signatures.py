"""The functions' shapes as data: they agree with the functions, their docstrings and the homework."""

from __future__ import annotations

import importlib
import inspect
import re

import numpy as np
import pytest

from autograder.homework import ASSIGNMENT as HW4
from hw4.lab.signatures import SIGNATURES, Argument
from hw4.trajectories import ShapeError, TrajectoryBatch

NAMES = list(SIGNATURES)


def implementation(name: str):
    module, _, function = name.partition(".")
    return getattr(importlib.import_module(f"hw4.{module}"), function)


def batch(N=2, H=3, A=2, d=4, k=5) -> TrajectoryBatch:
    return TrajectoryBatch(
        features=np.zeros((N, H, A, d)),
        baseline_features=np.zeros((N, H, k)),
        actions=np.zeros((N, H), dtype=np.int64),
        rewards=np.zeros((N, H)),
        mask=np.ones((N, H), dtype=np.bool_),
    )


def test_every_function_of_the_homework_has_a_signature_and_no_other():
    assert {function.qualified_name for function in HW4.functions} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_signature_has_the_functions_arguments_in_order_with_their_defaults(name):
    declared = inspect.signature(implementation(name)).parameters
    written = [
        (argument.name, argument.default or inspect.Parameter.empty)
        for argument in SIGNATURES[name].arguments
    ]
    actual = [
        (
            parameter.name,
            parameter.default if parameter.default is parameter.empty else repr(parameter.default),
        )
        for parameter in declared.values()
    ]
    assert written == actual


@pytest.mark.parametrize("name", NAMES)
def test_a_docstring_documents_every_argument_with_its_shape(name):
    documented = _sections(implementation(name))["Args"]
    for argument in SIGNATURES[name].arguments:
        line = re.search(rf"^\s*{argument.name}: (.*)$", documented, re.MULTILINE)
        assert line, f"{name} does not document {argument.name}"
        if argument.axes:
            assert line.group(1).startswith(_shape(argument)), (
                f"{name}: {argument.name} lacks {_shape(argument)}"
            )


@pytest.mark.parametrize("name", NAMES)
def test_a_docstring_documents_the_shape_that_is_returned(name):
    returns, documented = SIGNATURES[name].returns, _sections(implementation(name))["Returns"]
    if returns.axes == ():
        assert re.search(r"\ba float\b", documented)
    else:
        assert documented.strip().startswith(_shape(returns))


@pytest.mark.parametrize("name", NAMES)
def test_a_docstring_names_its_slide(name):
    assert re.search(r"lecture,|\bslide\b", inspect.getdoc(implementation(name)))


@pytest.mark.parametrize("name", NAMES)
def test_the_annotations_fit_the_shapes(name):
    signature = inspect.signature(implementation(name))
    expected = {None: "TrajectoryBatch", (): "float"}
    for argument in SIGNATURES[name].arguments:
        annotation = signature.parameters[argument.name].annotation
        allowed = {"int", "float"} if argument.axes == () else {expected.get(argument.axes, "np.ndarray")}
        assert annotation in allowed, argument.name
    assert signature.return_annotation == expected.get(SIGNATURES[name].returns.axes, "np.ndarray")


def _sections(function) -> dict[str, str]:
    """Split a Google docstring at its headings."""
    pieces = re.split(r"^(Args|Returns|Raises):\n", inspect.getdoc(function), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def _shape(argument: Argument) -> str:
    return (
        "("
        + ", ".join(argument.axes)
        + ("," if len(argument.axes) == 1 and argument.axes != ("...",) else "")
        + ")"
    )


def test_a_right_call_shows_the_sizes():
    sizes = SIGNATURES["npg.fisher_estimate"].check_arguments(
        {"scores": np.zeros((5, 20, 4)), "mask": np.ones((5, 20), dtype=np.bool_)}
    )
    assert sizes == {"N": 5, "H": 20, "d": 4}


def test_a_mask_of_another_shape_is_named():
    with pytest.raises(ShapeError) as error:
        SIGNATURES["npg.fisher_estimate"].check_arguments(
            {"scores": np.zeros((5, 20, 4)), "mask": np.ones((5, 19), dtype=np.bool_)}
        )
    assert (
        str(error.value) == "npg.fisher_estimate: mask has shape (5, 19), but (N, H) = (5, 20) was expected."
    )


def test_a_fisher_matrix_that_is_not_square_is_named():
    with pytest.raises(ShapeError, match=r"npg.npg_step_size: fisher has shape \(3, 4\), but \(d, d\)"):
        SIGNATURES["npg.npg_step_size"].check_arguments({"fisher": np.zeros((3, 4))})


@pytest.mark.parametrize("leading", [(), (7,), (5, 20)])
def test_any_leading_axes_are_accepted_where_all_arguments_share_them(leading):
    SIGNATURES["policy.score"].check_arguments(
        {
            "theta": np.zeros(4),
            "features": np.zeros((*leading, 3, 4)),
            "actions": np.zeros(leading, dtype=np.int64),
        }
    )


def test_leading_axes_that_differ_are_named():
    with pytest.raises(ShapeError) as error:
        SIGNATURES["policy.score"].check_arguments(
            {"theta": np.zeros(4), "features": np.zeros((7, 3, 4)), "actions": np.zeros(6, dtype=np.int64)}
        )
    assert str(error.value) == "policy.score: actions has shape (6,), but (7,) was expected."


def test_features_that_do_not_fit_theta_are_named():
    with pytest.raises(ShapeError) as error:
        SIGNATURES["policy.action_log_probabilities"].check_arguments(
            {"theta": np.zeros(4), "features": np.zeros((7, 3, 5))}
        )
    assert str(error.value) == (
        "policy.action_log_probabilities: features has shape (7, 3, 5), but (7, A, 4) was expected."
    )


def test_actions_that_are_not_integers_are_answered_with_a_conversion():
    with pytest.raises(
        ShapeError, match=r"actions has dtype float64, but int64 was expected: use actions.astype"
    ):
        SIGNATURES["policy.score"].check_arguments({"actions": np.zeros(3)})


def test_an_array_in_the_place_of_a_number_is_named():
    with pytest.raises(ShapeError, match=r"delta has shape \(1,\), but a number was expected"):
        SIGNATURES["npg.npg_step_size"].check_arguments({"delta": np.ones(1)})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_theta_that_is_not_finite_is_named(value):
    with pytest.raises(ValueError, match=r"ppo.ppo_loss: theta_k is not finite: look for an overflow"):
        SIGNATURES["ppo.ppo_loss"].check_arguments({"theta": np.zeros(2), "theta_k": np.array([0.0, value])})


def test_a_batch_is_accepted_where_one_belongs():
    assert SIGNATURES["npg.npg_iteration"].check_arguments(
        {"theta": np.zeros(4), "baseline_batch": batch()}
    ) == {"d": 4}


def test_something_else_than_a_batch_is_named():
    with pytest.raises(ShapeError, match="baseline_batch is a dict, but a TrajectoryBatch was expected"):
        SIGNATURES["npg.npg_iteration"].check_arguments({"baseline_batch": {}})


def test_arguments_left_out_are_not_looked_at():
    assert SIGNATURES["baseline.fit_baseline"].check_arguments({}) == {}


def test_the_table_of_signatures_cannot_be_changed():
    with pytest.raises(TypeError):
        SIGNATURES["npg.fisher_estimate"] = None
