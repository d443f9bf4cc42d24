"""The public tests: what they show to those who make a known mistake, and that none of them misleads."""

from __future__ import annotations

import functools
import importlib
import inspect
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from autograder.homework import ASSIGNMENT as HW4
from autograder.release import inprocess, known, public
from hw4.lab.compare import Mismatch
from tests.public import (
    test_baseline,
    test_importance_sampling,
    test_npg,
    test_policy_gradient,
    test_ppo,
    test_trpo,
)

CATALOGUE = HW4.catalogue()
MANY_POINTS = 5.0
"""A mistake that loses so many in the hidden tests has to fail a public one."""


def points_lost(mistake, folder) -> float:
    """What a mistake loses in the hidden tests of its function."""
    number = next(one.number for one in HW4.functions if one.qualified_name == mistake.function)
    submission = known.write_mistaken(HW4, mistake, folder / mistake.name)
    return sum(row.points - row.score for row in inprocess.grade(HW4, submission, "a salt", number).rows)


def test_nine_of_ten_mistakes_fail_a_public_test_and_all_that_cost_much(tmp_path):
    unseen = public.unseen_mistakes(HW4, CATALOGUE.misconceptions, workers=1)
    assert len(unseen) <= 0.1 * len(CATALOGUE.misconceptions)
    assert not [mistake.name for mistake in unseen if points_lost(mistake, tmp_path) >= MANY_POINTS]


def test_the_first_test_that_fails_is_named_and_right_code_fails_none(tmp_path):
    mistake = next(one for one in CATALOGUE.misconceptions if one.name == "fisher_not_averaged")
    wrong = known.write_mistaken(HW4, mistake, tmp_path / "wrong")
    right = known.write_reference(HW4, tmp_path / "right")
    found = public.first_failures(HW4, {wrong: "", right: ""}, workers=1)
    assert found == {wrong: "test_the_lectures_fisher_information_is_p_times_1_minus_p[1-2]", right: ""}


def test_only_the_tests_of_the_function_asked_for_are_run(tmp_path):
    mistake = next(one for one in CATALOGUE.misconceptions if one.name == "fisher_not_averaged")
    wrong = known.write_mistaken(HW4, mistake, tmp_path / "wrong")
    assert public.first_failures(HW4, {wrong: "npg.npg_step"}, workers=1) == {wrong: ""}


def test_tests_that_cannot_be_imported_are_no_tests_that_pass(repository, tmp_path):
    (repository / "tests" / "public" / "test_more.py").write_text("import missing_package\n")
    right = known.write_reference(HW4, tmp_path / "right")
    with pytest.raises(RuntimeError, match="missing_package"):
        public.first_failures(replace(HW4, root=repository), {right: ""}, workers=1)


def test_no_array_is_shared_by_two_tests():
    """A submission that writes into one would make the next test fail, which is right."""
    for file in HW4.public_tests.glob("*.py"):
        module = importlib.import_module(f"tests.public.{file.stem}")
        assert not [name for name, value in vars(module).items() if isinstance(value, np.ndarray)], file


# Numbers that a docstring names as those of a mistake

NAMED = {
    test_baseline.test_the_ridge_does_not_grow_with_the_number_of_trajectories: (
        "fit_with_ridge_times_trajectories",
        "fit_without_ridge",
    ),
    test_policy_gradient.test_a_negative_advantage_turns_the_score_around: (
        "gradient_of_absolute_advantages",
        "gradient_of_positive_advantages",
    ),
    test_importance_sampling.test_large_weights_count_in_full_and_zero_weights_as_draws: (
        "estimate_divided_by_the_draws_that_count",
    ),
    test_npg.test_eta_takes_all_of_the_fisher_matrix_into_account: ("step_size_of_the_diagonal",),
    test_npg.test_the_step_takes_all_of_the_fisher_matrix_into_account: ("step_with_the_diagonal",),
    test_npg.test_an_iteration_worked_by_hand: (
        "iteration_with_total_returns",
        "iteration_with_rewards",
        "iteration_without_ridge",
        "iteration_with_the_baseline_fitted_to_rewards",
        "iteration_with_the_batches_swapped",
        "iteration_without_damping",
        "iteration_without_theta",
    ),
    test_ppo.test_a_loss_worked_by_hand: (
        "loss_with_the_penalty_of_the_wrong_sign",
        "loss_with_the_penalty_weighted",
        "loss_without_the_ratio",
        "loss_with_the_ratio_accumulated",
        "loss_averaged_over_all_steps",
        "loss_counts_padding_in_the_penalty",
    ),
    test_ppo.test_a_gradient_worked_by_hand: (
        "ppo_gradient_with_the_penalty_of_the_wrong_sign",
        "ppo_gradient_with_the_penalty_weighted",
        "ppo_gradient_without_the_ratio",
        "ppo_gradient_with_scores_of_theta_k",
        "ppo_gradient_averaged_over_all_steps",
    ),
    test_ppo.test_an_update_worked_by_hand: (
        "update_in_reverse_order",
        "update_with_a_moving_proposal",
        "update_with_gradients_at_theta_k",
        "update_averaged_over_all_trajectories",
        "update_without_the_penalty",
    ),
    test_ppo.test_an_iteration_worked_by_hand: (
        "ppo_iteration_with_total_returns",
        "ppo_iteration_with_rewards",
        "ppo_iteration_without_ridge",
        "ppo_iteration_with_the_baseline_fitted_to_rewards",
        "ppo_iteration_with_the_batches_swapped",
        "ppo_iteration_without_the_penalty",
        "ppo_iteration_with_one_step",
    ),
    test_trpo.test_a_step_worked_by_hand: (
        "trpo_step_with_the_kl_reversed",
        "trpo_step_that_always_halves",
        "trpo_step_with_one_try_too_few",
        "trpo_step_without_root_two",
    ),
}
"""The tests, and the mistakes whose results their docstrings name; of several cases, the first one's."""


def written(result: np.ndarray) -> str:
    """A result as a docstring names it: three digits behind the point, without zeros at the end."""
    numbers = [f"{round(number, 3) + 0.0:g}".replace("-", "−") for number in result.ravel().tolist()]
    return f"({', '.join(numbers)})" if result.shape else numbers[0]


@pytest.mark.parametrize("test", NAMED, ids=lambda test: f"{test.__module__}.{test.__name__}")
def test_the_numbers_that_a_docstring_names_are_what_the_mistakes_give(test):
    named = " ".join(inspect.getdoc(test).split())
    for name in NAMED[test]:
        mistake = next(one for one in CATALOGUE.misconceptions if one.name == name)
        module, _, function = mistake.function.partition(".")
        twist = functools.partial(mistake.twist, CATALOGUE.right[mistake.function])
        submission = SimpleNamespace(**{module: SimpleNamespace(**{function: twist})})
        given = {mark.args[0]: next(iter(mark.args[1])) for mark in test.pytestmark if len(mark.args) == 2}
        with pytest.raises(Mismatch) as raised:
            test(submission, **given)
        assert written(raised.value.found) in named, name
