"""Every twist and probe is called once before the term: a slip is a sentence with the mistake's name."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from autograder.grading.assignment import Catalogue
from autograder.homework import ASSIGNMENT as HW4
from autograder.release.catalogue import check_catalogue

CATALOGUE = HW4.catalogue()
WEIGHTS = "importance_sampling.importance_weights"


def of_one(twist, **changes):
    """A catalogue of one function and one mistake in it."""
    (mistake,) = (mistake for mistake in CATALOGUE.misconceptions if mistake.name == "weights_as_a_product")
    return dataclasses.replace(
        CATALOGUE,
        misconceptions=(dataclasses.replace(mistake, twist=twist, **changes),),
        right={WEIGHTS: CATALOGUE.right[WEIGHTS]},
    )


def test_nothing_in_the_homework_s_catalogue_raises():
    assert list(check_catalogue(CATALOGUE)) == []


def test_a_misspelt_name_is_a_sentence_with_the_mistake_s_name():
    def twist(right, target_log_probs, proposal_log_probs):
        return np.exp(target_log_prob + proposal_log_probs)  # noqa: F821

    (problem,) = check_catalogue(of_one(twist))
    assert "weights_as_a_product" in problem
    assert "target_log_prob" in problem


@pytest.mark.parametrize(
    ("twist", "said"),
    [
        (lambda right, target, proposal: np.exp(target).mean.shape[0], "AttributeError"),
        (lambda right, target: np.exp(target), "TypeError"),
        (lambda right, target, proposal: "no number", "ValueError"),
    ],
)
def test_a_twist_raises_nothing_that_is_not_its_own(twist, said):
    (problem,) = check_catalogue(of_one(twist))
    assert "weights_as_a_product" in problem
    assert said in problem


def test_a_slip_that_one_edge_alone_reaches_is_found():
    def twist(right, target, proposal):
        if np.abs(target - proposal).max() > 500.0:
            raise LookupError("an edge")
        return right(target, proposal)

    (problem,) = check_catalogue(of_one(twist))
    assert "an edge" in problem


def test_what_the_mistake_itself_ends_in_is_no_slip():
    def twist(right, target, proposal):
        raise np.linalg.LinAlgError("Singular matrix")

    assert list(check_catalogue(of_one(twist)))
    assert not list(check_catalogue(of_one(twist, raises=(np.linalg.LinAlgError,))))


def test_a_fit_that_raises_is_found():
    def twist(right, target, proposal, *, most=10.0):
        return np.minimum(right(target, proposal), most)

    def fit(answers):
        return answers[0].mean

    (problem,) = check_catalogue(of_one(twist, fit=fit))
    assert "weights_as_a_product" in problem
    assert "AttributeError" in problem


def test_probes_and_right_functions_are_held_to_it_as_well():
    def fails(*arguments):
        raise OSError("out of luck")

    right = {WEIGHTS: CATALOGUE.right[WEIGHTS]}
    changed = [
        (dataclasses.replace(CATALOGUE, right=right, edges=fails), "cannot be drawn"),
        (dataclasses.replace(CATALOGUE, right={WEIGHTS: fails}), "of the solutions raises on its probe 1"),
        (Catalogue((), right), "has no probes"),
    ]
    for catalogue, said in changed:
        (problem,) = check_catalogue(catalogue)
        assert said in problem
        assert WEIGHTS in problem
