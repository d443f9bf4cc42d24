"""An explanation as text and as JSON: what can be pasted, what is held back, what is shortened."""

from __future__ import annotations

import json

import numpy as np
import pytest

from autograder.grading import wording
from autograder.grading.results import Explanation, RejectedCall
from hw4.trajectories import TrajectoryBatch

STEP_SIZE = RejectedCall(
    "npg.npg_step_size",
    "hw4",
    {"gradient": np.array([0.1, -2.0]), "fisher": np.eye(2), "delta": 0.25},
    np.array(np.nan),
    np.array(0.5),
)
EXPLANATION = Explanation(
    "npg.npg_step_size returned nan.",
    "not finite",
    "η (slide).",
    (STEP_SIZE,),
    1,
    "You divide by 0.",
    tells_numbers=True,
)


def batch(N: int) -> TrajectoryBatch:
    mask = np.ones((N, 2), dtype=bool)
    return TrajectoryBatch(
        features=np.full((N, 2, 2, 3), 0.1),
        baseline_features=np.zeros((N, 2, 1)),
        actions=np.zeros((N, 2), dtype=np.int64),
        rewards=np.full((N, 2), 1e12),
        mask=mask,
    )


def test_everything_is_told_in_order():
    assert wording.to_text(EXPLANATION).splitlines() == [
        "Checked: η (slide).",
        "The call (after `import numpy as np`, `from hw4.npg import npg_step_size`):",
        "  npg_step_size(",
        "      gradient=np.array([0.1, -2.0]),",
        "      fisher=np.array([[1.0, 0.0], [0.0, 1.0]]),",
        "      delta=0.25,",
        "  )",
        "npg.npg_step_size returned nan.",
        "Diagnosis: You divide by 0.",
    ]


@pytest.mark.parametrize("N", [1, 4])
def test_a_call_can_be_pasted(N):
    arguments = {"theta": np.arange(3.0), "baseline_batch": batch(N), "S": np.zeros((0, 2), dtype=np.int64)}
    call = RejectedCall("npg.npg_iteration", "hw4", arguments, np.zeros(3))
    text = wording.to_python(call, max_chars=10_000)

    def npg_iteration(**given):
        return given

    given = eval(text, {"np": np, "TrajectoryBatch": TrajectoryBatch, "npg_iteration": npg_iteration})
    for name, value in (("theta", arguments["theta"]), ("S", arguments["S"])):
        np.testing.assert_array_equal(given[name], value, strict=True)
    for field, value in vars(batch(N)).items():
        np.testing.assert_array_equal(getattr(given["baseline_batch"], field), value, strict=True)
    imports = wording.to_text(Explanation("Wrong.", "value", "C.", (call,), 1)).splitlines()[1]
    assert "`from hw4.trajectories import TrajectoryBatch`" in imports


def test_a_long_call_is_shortened_in_the_text_and_whole_in_the_file():
    arguments = {"theta": np.arange(3.0), "baseline_batch": batch(100)}
    call = RejectedCall("npg.npg_iteration", "hw4", arguments, np.zeros(3), np.ones(3))
    text = wording.to_python(call)
    assert len(text) <= wording.MAX_CALL_CHARS
    assert "features=...,  # float64 of shape (100, 2, 2, 3), too long to show" in text
    assert "theta=np.array([0.0, 1.0, 2.0])," in text
    assert np.array(wording.to_json(call)["arguments"]["baseline_batch"]["features"]).shape == (100, 2, 2, 3)


def test_json_has_numbers_as_numbers_and_says_what_is_not_finite():
    found = json.loads(json.dumps(wording.to_json(STEP_SIZE), allow_nan=False))
    assert found == {
        "function": "npg.npg_step_size",
        "arguments": {"gradient": [0.1, -2.0], "fisher": [[1.0, 0.0], [0.0, 1.0]], "delta": 0.25},
        "expected": 0.5,
        "returned": "NaN",
    }


def test_an_array_in_fortrans_order_is_written_so():
    scores = np.asfortranarray(np.arange(6.0).reshape(1, 2, 3) + 0.5)
    call = RejectedCall("npg.fisher_estimate", "hw4", {"scores": scores, "delta": 1.0}, None)
    text = wording.to_python(call)
    assert "scores=np.asfortranarray(np.array([[[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]]]))," in text
    assert wording.to_json(call)["fortran_order"] == ["scores"]
    assert "fortran_order" not in wording.to_json(STEP_SIZE)


def test_a_call_that_would_swell_the_results_is_left_out_of_them():
    assert wording.is_small(STEP_SIZE)
    assert not wording.is_small(RejectedCall("npg.f", "hw4", {"batch": batch(10_000)}, None))


def test_several_calls_are_shown_with_their_answers_and_one_of_many_is_said_to_be_one():
    other = RejectedCall("npg.npg_step_size", "hw4", {"delta": 1.0}, np.array(2.0))
    text = wording.to_text(Explanation("They differ.", "relation", "η.", (STEP_SIZE, other), 2))
    assert "The calls (after" in text
    assert text.count("# returned") == 2
    text = wording.to_text(Explanation("They differ.", "relation", "η.", (STEP_SIZE,), 144))
    assert "One of the 144 calls (after" in text


def test_the_same_cause_is_one_line():
    text = wording.to_text(
        Explanation("Wrong.", "value", "η.", (STEP_SIZE,), 1, "You divide by 0.", lead="3.2.1")
    )
    assert text == "This fails for the same cause as 3.2.1: see there."


def test_hints_hold_back_inputs_and_numbers():
    assert wording.to_text(EXPLANATION, "hints").splitlines() == [
        "Checked: η (slide).",
        "Diagnosis: You divide by 0.",
    ]
    unnamed = Explanation("It is 7.", "value", "η.", (STEP_SIZE,), 1, tells_numbers=True)
    assert wording.to_text(unnamed, "hints").splitlines()[-1] == "What came back is not what was expected."
    shape = Explanation("npg.f returned shape (4,).", "shape", "η.", (STEP_SIZE,), 1)
    assert wording.to_text(shape, "hints").splitlines()[-1] == "npg.f returned shape (4,)."


def test_names_say_that_it_failed_and_no_more():
    assert wording.to_text(EXPLANATION, "names") == wording.FAILED


def test_what_no_input_changes_is_said_at_every_level():
    missing = Explanation("npg.py is missing.")
    assert {wording.to_text(missing, level) for level in ("full", "hints", "names")} == {"npg.py is missing."}


def test_notes_come_last():
    assert wording.to_text(Explanation("Wrong.", notes=("Your code printed: 1",))).splitlines() == [
        "Wrong.",
        "Your code printed: 1",
    ]


def test_imports_stand_in_the_same_order_in_every_run():
    names = ["npg_step", "fisher_estimate", "npg_iteration", "npg_step_size"]
    calls = tuple(RejectedCall(f"npg.{name}", "hw4", {}, None) for name in names)
    text = wording.to_text(Explanation("They differ.", "relation", "η.", calls, len(calls)))
    wanted = ", ".join(f"`from hw4.npg import {name}`" for name in sorted(names))
    assert f"(after `import numpy as np`, {wanted})" in text
