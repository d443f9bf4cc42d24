"""The trajectory KL, and the steps it confines: the lecture's derivation of NPG from TRPO, slide by slide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from autograder.oracle import exact
from autograder.oracle.enumeration import enumerate_trajectories
from autograder.oracle.mdp import random_mdp, random_theta
from tests.engine import lecture

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True, database=None)
SOLVED_EXAMPLES = settings(EXAMPLES, max_examples=15)
SEEDS = st.integers(0, 2**32 - 1)


def draw(seed):
    rng = np.random.default_rng(seed)
    mdp = lecture.random_mdp_of_any_size(rng)
    return rng, mdp, random_theta(rng, mdp), random_theta(rng, mdp, spread=1.0)


def draw_regular(seed):
    """An MDP with a regular F and gᵀF⁻¹g away from zero: there the step is well defined."""
    rng = np.random.default_rng(seed)
    mdp = random_mdp(rng, n_states=3, n_actions=3, n_features=3)
    theta = random_theta(rng, mdp)
    gradient, fisher = exact.performance_gradient(mdp, theta), exact.fisher(mdp, theta)
    assume(gradient @ np.linalg.solve(fisher, gradient) > 0.3)
    return mdp, theta, gradient, fisher


def solve_trpo(mdp, theta_k, delta, kl_bound):
    """Maximise the surrogate subject to the exact KL ≤ kl_bound; units of √δ keep it well scaled."""
    unit = np.sqrt(delta)
    solution = minimize(
        lambda x: -lecture.surrogate(mdp, theta_k, theta_k + unit * x, 0.0) / unit,
        np.zeros(mdp.d),
        jac=lambda x: -exact.surrogate_gradient(mdp, theta_k, theta_k + unit * x, 0.0),
        constraints={
            "type": "ineq",
            "fun": lambda x: (kl_bound - lecture.trajectory_kl(mdp, theta_k, theta_k + unit * x)) / delta,
            "jac": lambda x: -lecture.trajectory_kl_gradient(mdp, theta_k, theta_k + unit * x) / unit,
        },
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return unit * solution.x


@EXAMPLES
@given(seed=SEEDS)
def test_the_kl_sums_the_log_ratio_over_all_trajectories(seed):
    _, mdp, theta_k, theta = draw(seed)
    every = enumerate_trajectories(mdp)
    old, new = every.probabilities(theta_k), every.probabilities(theta)
    np.testing.assert_allclose(
        lecture.trajectory_kl(mdp, theta_k, theta), old @ np.log(old / new), atol=1e-11
    )


@EXAMPLES
@given(seed=SEEDS)
def test_the_kl_is_not_negative_and_zero_at_theta_k(seed):
    _, mdp, theta_k, theta = draw(seed)
    assert lecture.trajectory_kl(mdp, theta_k, theta) >= 0.0
    assert lecture.trajectory_kl(mdp, theta_k, theta_k) == 0.0


@EXAMPLES
@given(seed=SEEDS)
def test_the_kl_gradient_is_the_slope_of_the_kl(seed):
    _, mdp, theta_k, theta = draw(seed)
    step = 1e-5
    slopes = [
        lecture.trajectory_kl(mdp, theta_k, theta + step * axis)
        - lecture.trajectory_kl(mdp, theta_k, theta - step * axis)
        for axis in np.eye(mdp.d)
    ]
    np.testing.assert_allclose(
        lecture.trajectory_kl_gradient(mdp, theta_k, theta), np.array(slopes) / (2 * step), atol=1e-7
    )


@EXAMPLES
@given(seed=SEEDS)
def test_the_kl_hessian_is_the_slope_of_the_kl_gradient(seed):
    _, mdp, theta_k, theta = draw(seed)
    step = 1e-5
    slopes = [
        lecture.trajectory_kl_gradient(mdp, theta_k, theta + step * axis)
        - lecture.trajectory_kl_gradient(mdp, theta_k, theta - step * axis)
        for axis in np.eye(mdp.d)
    ]
    np.testing.assert_allclose(
        lecture.trajectory_kl_hessian(mdp, theta_k, theta), np.array(slopes) / (2 * step), atol=1e-7
    )


@EXAMPLES
@given(seed=SEEDS)
def test_the_gradient_of_the_kl_is_zero_at_theta_k(seed):
    _, mdp, theta_k, _ = draw(seed)
    np.testing.assert_allclose(lecture.trajectory_kl_gradient(mdp, theta_k, theta_k), 0.0, atol=1e-12)


@EXAMPLES
@given(seed=SEEDS)
def test_the_hessian_of_the_kl_at_theta_k_is_the_fisher_matrix(seed):
    _, mdp, theta_k, _ = draw(seed)
    np.testing.assert_allclose(
        lecture.trajectory_kl_hessian(mdp, theta_k, theta_k),
        lecture.fisher_of_trajectories(mdp, theta_k),
        atol=1e-11,
    )


@SOLVED_EXAMPLES
@given(seed=SEEDS)
def test_the_closed_form_step_solves_the_constrained_programme(seed):
    mdp, theta, gradient, fisher = draw_regular(seed)
    delta = 0.05
    solution = minimize(
        lambda x: -gradient @ x,
        np.zeros(mdp.d),
        jac=lambda x: -gradient,
        constraints={"type": "ineq", "fun": lambda x: 1.0 - x @ fisher @ x, "jac": lambda x: -2 * fisher @ x},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    step = lecture.natural_gradient_step(mdp, theta, delta) - theta
    np.testing.assert_allclose(step, np.sqrt(delta) * solution.x, atol=1e-5 * np.abs(step).max())


@EXAMPLES
@given(seed=SEEDS)
def test_no_other_point_of_the_trust_region_climbs_further(seed):
    rng, mdp, theta, _ = draw(seed)
    gradient, fisher = exact.performance_gradient(mdp, theta), exact.fisher(mdp, theta)
    best = gradient @ (lecture.natural_gradient_step(mdp, theta, 0.1) - theta)
    others = rng.normal(size=(200, mdp.d))
    lengths = np.sqrt(np.einsum("ni,ij,nj->n", others, fisher, others).clip(min=0.0))
    # Not divided by the length, which is almost zero along a direction that F does not see.
    assert (np.sqrt(0.1) * (others @ gradient) <= (best + 1e-6) * lengths + 1e-6).all()


@EXAMPLES
@given(seed=SEEDS)
def test_the_closed_form_step_ends_on_the_edge_of_the_trust_region(seed):
    _, mdp, theta, _ = draw(seed)
    # Round rewards can make every action equally good: then there is no step.
    assume(np.abs(exact.performance_gradient(mdp, theta)).max() > 1e-6)
    step = lecture.natural_gradient_step(mdp, theta, 0.1) - theta
    np.testing.assert_allclose(step @ exact.fisher(mdp, theta) @ step, 0.1, rtol=1e-9)


@SOLVED_EXAMPLES
@given(seed=SEEDS)
def test_the_kl_of_a_small_natural_step_is_half_of_delta(seed):
    mdp, theta, _, _ = draw_regular(seed)
    delta = 1e-6
    new = lecture.natural_gradient_step(mdp, theta, delta)
    np.testing.assert_allclose(lecture.trajectory_kl(mdp, theta, new), delta / 2, rtol=0.01)


@SOLVED_EXAMPLES
@given(seed=SEEDS)
def test_trpo_within_half_of_delta_approaches_the_natural_step(seed):
    # The lecture's trust region has no ½, so NPG's δ is TRPO's KL ≤ δ/2, to leading order.
    mdp, theta, _, _ = draw_regular(seed)
    gaps = []
    for delta in (1e-3, 1e-7):
        natural = lecture.natural_gradient_step(mdp, theta, delta) - theta
        trpo = solve_trpo(mdp, theta, delta, kl_bound=delta / 2)
        gaps.append(np.linalg.norm(trpo - natural) / np.linalg.norm(natural))
    # The relative gap is of order √δ: a hundredth.
    assert gaps[1] < max(gaps[0] / 30, 1e-5)
    assert gaps[1] < 0.01


@SOLVED_EXAMPLES
@given(seed=SEEDS)
def test_trpo_with_the_same_delta_steps_root_two_times_as_far(seed):
    mdp, theta, _, _ = draw_regular(seed)
    delta = 1e-7
    natural = lecture.natural_gradient_step(mdp, theta, delta) - theta
    trpo = solve_trpo(mdp, theta, delta, kl_bound=delta)
    np.testing.assert_allclose(trpo, np.sqrt(2) * natural, atol=0.01 * np.linalg.norm(natural))


@pytest.mark.parametrize("theta", [-2.0, 0.0, 4.0])
def test_in_the_lectures_example_the_natural_step_moves_by_99_eta(theta):
    mdp, at = lecture.two_action_example(), np.array([theta])
    fisher = np.exp(theta) / (1 + np.exp(theta)) ** 2
    eta = np.sqrt(0.01 / (99**2 * fisher))
    np.testing.assert_allclose(lecture.natural_gradient_step(mdp, at, 0.01), at + 99 * eta, rtol=1e-9)


def test_where_no_action_is_better_the_natural_step_stays():
    mdp = random_mdp(np.random.default_rng(0))
    theta = np.array([0.3, -0.2])
    indifferent = replace(
        mdp, rewards=np.ones_like(mdp.rewards), transitions=np.full((2, 2, 3), [0.5, 0.3, 0.2])
    )
    np.testing.assert_array_equal(lecture.natural_gradient_step(indifferent, theta, 0.1), theta)
