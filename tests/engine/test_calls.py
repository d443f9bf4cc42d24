"""A failed row shows the call that was rejected: for every known mistake and every row it fails.

The reference, evaluated on the call that was written down, gives the expectation that was written down; the
mistake gives the answer.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from autograder.grading.assignment import Catalogue
from autograder.grading.gradescope import render
from autograder.grading.wording import to_python
from autograder.homework import ASSIGNMENT as HW4
from autograder.release import inprocess, known
from hw4.lab.signatures import SIGNATURES
from hw4.trajectories import TrajectoryBatch

CATALOGUE = HW4.catalogue()
WITHOUT_DIAGNOSIS = dataclasses.replace(HW4, catalogue=lambda: Catalogue(right=CATALOGUE.right))
DTYPES = {"actions": np.int64, "mask": np.bool_}


def arguments_of(call: dict[str, Any]) -> dict[str, Any]:
    """The arguments as Python has them, from JSON."""
    given = {}
    for argument in SIGNATURES[call["function"]].arguments:
        if argument.name in call["arguments"]:
            value = call["arguments"][argument.name]
            if isinstance(value, dict):
                fields = {
                    name: np.array(field, DTYPES.get(name, np.float64)) for name, field in value.items()
                }
                given[argument.name] = TrajectoryBatch(**fields)
            else:
                given[argument.name] = value if argument.axes == () else np.array(value, argument.dtype)
    return given


def evaluate(function: Any, arguments: dict[str, Any]) -> np.ndarray | None:
    try:
        with np.errstate(all="ignore"):
            return np.asarray(function(**copy.deepcopy(arguments)), dtype=np.float64)
    except Exception:
        return None


def agrees(found: np.ndarray | None, written: Any) -> bool:
    if found is None or written is None:
        return found is None and written is None
    told = np.array(written, dtype=np.float64)
    close = {"rtol": 1e-6, "atol": 1e-9, "equal_nan": True}
    return found.shape == told.shape and np.allclose(found, told, **close)


@pytest.mark.filterwarnings("ignore")  # a mistake may divide by zero
@pytest.mark.parametrize("function", [function.qualified_name for function in HW4.functions])
def test_the_call_shown_is_the_call_that_was_rejected(tmp_path, function):
    number = next(one.number for one in HW4.functions if one.qualified_name == function)
    without_a_single_call = []
    for mistake in CATALOGUE.of(function):
        folder = known.write_mistaken(HW4, mistake, tmp_path / mistake.name)
        results = inprocess.grade(WITHOUT_DIAGNOSIS, folder, "a salt", number, problems := [])
        assert problems == []
        single_calls = 0
        student = inprocess.TrustedSubmission(HW4, folder)
        for row, shown in zip(render(results)["tests"], results.rows, strict=True):
            if row["status"] == "passed":
                continue
            where = f"{mistake.name} in {shown.number}"
            assert row["extra_data"]["outcome"] == "failed", where
            if "call" not in row["extra_data"]:
                assert row["extra_data"].get("number_of_calls", 0) > 1, (where, row["extra_data"])
                continue
            single_calls += 1
            call = json.loads(json.dumps(row["extra_data"]["call"], allow_nan=False))
            arguments = arguments_of(call)
            assert agrees(evaluate(CATALOGUE.right[call["function"]], arguments), call["expected"]), where
            module, _, name = call["function"].partition(".")
            answer = evaluate(getattr(getattr(student, module), name), arguments)
            assert agrees(answer, call["returned"]), where
            if shown.explanation.lead or "..." in (text := to_python(shown.explanation.calls[0])):
                continue
            assert text.replace("\n", "\n  ") in row["output"], where
            pasted = eval(
                text, {"np": np, "TrajectoryBatch": TrajectoryBatch, name: CATALOGUE.right[function]}
            )
            assert agrees(np.asarray(pasted, dtype=np.float64), call["expected"]), where
        if not single_calls:
            without_a_single_call.append(mistake.name)
    assert without_a_single_call == []
