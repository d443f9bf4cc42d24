"""Gradings in which something that only explains raises: the points must be those of a grading without."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock

import numpy as np

from autograder.grading.assignment import Assignment, Misconception
from autograder.grading.gradescope import render
from autograder.grading.page import write_page
from autograder.homework import ASSIGNMENT as HW4
from autograder.release import inprocess, known

CATALOGUE = HW4.catalogue()
EXCEPTIONS = (
    *(NameError, TypeError, KeyError, IndexError, ValueError, AttributeError, ZeroDivisionError),
    *(AssertionError, RecursionError, MemoryError, UnicodeError, np.linalg.LinAlgError, OSError),
)
PATCHED = (
    "autograder.grading.explainer.diagnose",
    "autograder.grading.explainer.explain",
    "autograder.grading.page._lines",
    "autograder.grading.wording.to_text",
    "autograder.grading.wording.to_json",
    "autograder.grading.wording.to_python",
)
PLACES = (*PATCHED, "catalogue", "probes", "right", "twist")


@contextlib.contextmanager
def planted(place: str, error: type[Exception], function: str) -> Iterator[Assignment]:
    """The homework with an exception in one place."""

    def fail(*arguments: object, **keywords: object) -> object:
        raise error("planted")

    if place in PATCHED:
        with mock.patch(place, fail):
            yield HW4
        return
    twisted = tuple(
        dataclasses.replace(one, twist=fail) if one.function == function else one
        for one in CATALOGUE.misconceptions
    )
    changed = {
        "probes": dataclasses.replace(CATALOGUE, probes=fail),
        "right": dataclasses.replace(CATALOGUE, right={**CATALOGUE.right, function: fail}),
        "twist": dataclasses.replace(CATALOGUE, misconceptions=twisted),
    }
    yield dataclasses.replace(HW4, catalogue=fail if place == "catalogue" else lambda: changed[place])


def scores(assignment: Assignment, submission: Path, number: str) -> Mapping[str, object]:
    """The score of each row in the document that the platform would read."""
    results = inprocess.grade(assignment, submission, "a salt", number)
    summary = write_page(results, assignment, [], [])
    document = render(dataclasses.replace(results, summary=summary))
    rows = document["tests"]
    assert isinstance(rows, list)
    return {row["number"]: row["score"] for row in rows}


def cost(mistake: Misconception, place: str, error: type[Exception], folder: Path) -> Mapping[str, object]:
    """The rows whose score a planted exception changes, with both scores."""
    submission = known.write_mistaken(HW4, mistake, folder)
    number = next(one.number for one in HW4.functions if one.qualified_name == mistake.function)
    before = scores(HW4, submission, number)
    with planted(place, error, mistake.function) as assignment:
        after = scores(assignment, submission, number)
    return {row: (before[row], after.get(row)) for row in before if before[row] != after.get(row)}
