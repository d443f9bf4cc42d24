"""The training loop with updates whose outcome is known, and the assignment's constants."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from autograder.homework import ASSIGNMENT as HW4
from hw4.lab.cartpole import POLICY_FEATURES
from hw4.lab.compare import Mismatch
from hw4.lab.signatures import SIGNATURES
from hw4.lab.training import SETTINGS, Iteration, NPGSettings, TrainingSettings, train

BALANCING = np.array([0.0, 0.0, 0.0, 0.0, 0.4, 0.8, 8.0, 4.0])
SHORT = TrainingSettings(
    function="npg.npg_iteration",
    horizon=60,
    iterations=3,
    bar=50.0,
    baseline_trajectories=4,
    update_trajectories=6,
    evaluation_episodes=8,
)


def stay(theta, baseline_batch, update_batch, rng):
    """An update that learns nothing."""
    return theta


def run(update, settings=SHORT, seed=0, **keywords):
    return train(update, settings, np.random.default_rng(seed), **keywords)


class Recorder:
    """An update that remembers what it was given and returns θ + 1."""

    def __init__(self) -> None:
        self.thetas, self.baseline_batches, self.update_batches = [], [], []

    def __call__(self, theta, baseline_batch, update_batch, rng):
        self.thetas.append(theta)
        self.baseline_batches.append(baseline_batch)
        self.update_batches.append(update_batch)
        return theta + 1.0


def test_training_starts_at_zero_and_goes_on_from_what_the_update_returned():
    recorder = Recorder()
    curve = run(recorder)
    np.testing.assert_array_equal(recorder.thetas, [np.full(POLICY_FEATURES, k) for k in range(3)])
    np.testing.assert_array_equal(curve.theta, np.full(POLICY_FEATURES, 3.0))


def test_each_iteration_gets_n_trajectories_for_the_baseline_and_m_new_ones():
    recorder = Recorder()
    run(recorder)
    assert [len(batch) for batch in recorder.baseline_batches] == [4, 4, 4]
    assert [len(batch) for batch in recorder.update_batches] == [6, 6, 6]


def test_no_trajectory_is_used_twice():
    recorder = Recorder()
    run(recorder)
    batches = recorder.baseline_batches + recorder.update_batches
    first_states = np.concatenate([batch.baseline_features[:, 0] for batch in batches])
    assert len(np.unique(first_states, axis=0)) == len(first_states) == 30


def test_the_curve_holds_the_mean_return_of_all_trajectories_of_an_iteration():
    recorder = Recorder()
    curve = run(recorder)
    for k in range(3):
        total = recorder.baseline_batches[k].rewards.sum() + recorder.update_batches[k].rewards.sum()
        assert curve.returns[k] == pytest.approx(total / 10)


def test_environment_steps_add_up_over_the_iterations():
    recorder = Recorder()
    curve = run(recorder)
    steps = [
        first.mask.sum() + new.mask.sum()
        for first, new in zip(recorder.baseline_batches, recorder.update_batches, strict=True)
    ]
    np.testing.assert_array_equal(curve.environment_steps, np.cumsum(steps))


def test_every_iteration_is_reported_as_it_ends():
    reported: list[Iteration] = []
    curve = run(stay, on_iteration=reported.append)
    assert [iteration.number for iteration in reported] == [1, 2, 3]
    assert [iteration.mean_return for iteration in reported] == curve.returns.tolist()
    assert [iteration.environment_steps for iteration in reported] == curve.environment_steps.tolist()


def test_the_final_return_is_that_of_the_final_theta():
    settings = dataclasses.replace(SHORT, horizon=500, iterations=1, evaluation_episodes=50)
    curve = run(lambda *_: BALANCING, settings)
    assert curve.returns[0] < 60.0
    assert curve.final_return > 400.0


def test_the_final_return_is_that_of_the_sampled_policy_and_not_of_its_likeliest_actions():
    """A tenth of the weights leaves the likeliest action unchanged, and the sampled policy nearly random.

    The mean of 50 sampled episodes is about 60 with a standard error of 5: 200 is not reached by chance.
    """
    settings = dataclasses.replace(SHORT, horizon=500, iterations=1, evaluation_episodes=50)
    assert run(lambda *_: 0.1 * BALANCING, settings).final_return < 200.0
    assert run(lambda *_: 1000.0 * BALANCING, settings).final_return > 400.0


def test_training_stops_where_the_return_is_reached():
    """The trajectories that reach it evaluate θ^k: no update has seen them, and none is made from them."""
    settings = dataclasses.replace(SHORT, horizon=500, iterations=5, update_trajectories=30)
    updates = []

    def improve(theta, *_):
        updates.append(theta)
        return BALANCING

    curve = run(improve, settings, stop_at=400.0)
    whole = run(improve, settings)
    assert len(updates) == 1 + 5
    np.testing.assert_array_equal(curve.returns, whole.returns[:1])
    np.testing.assert_array_equal(curve.environment_steps, whole.environment_steps[:1])
    np.testing.assert_array_equal(curve.theta, BALANCING)
    assert curve.final_return == whole.returns[1] >= 400.0


def test_training_that_never_gets_there_goes_on_to_the_end():
    whole, stopped = run(stay), run(stay, stop_at=500.0)
    np.testing.assert_array_equal(stopped.returns, whole.returns)
    assert stopped.final_return == whole.final_return


def test_the_same_seed_gives_the_same_curve():
    first, second = run(stay, seed=4), run(stay, seed=4)
    np.testing.assert_array_equal(first.returns, second.returns)
    assert first.final_return == second.final_return


def test_another_seed_gives_another_curve():
    assert not np.array_equal(run(stay, seed=4).returns, run(stay, seed=5).returns)


def test_the_update_may_draw_from_the_generator():
    assert np.isfinite(run(lambda theta, *_rest: theta + _rest[-1].normal(size=theta.shape)).theta).all()


def test_an_update_that_changes_its_theta_in_place_does_not_change_the_loops():
    def spoil(theta, baseline_batch, update_batch, rng):
        kept = theta.copy()
        theta[:] = 1e9
        return kept

    np.testing.assert_array_equal(run(spoil).returns, run(stay).returns)


def test_a_rotation_reaches_every_rollout():
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(POLICY_FEATURES, POLICY_FEATURES)))[0]
    settings = dataclasses.replace(SHORT, horizon=500, iterations=2, evaluation_episodes=20)
    curve = run(lambda *_: rotation.T @ BALANCING, settings, rotation=rotation)
    assert curve.returns[1] > 400.0
    assert curve.final_return > 400.0


def test_a_returned_list_is_as_good_as_an_array():
    assert run(lambda theta, *_: theta.tolist()).theta.dtype == np.float64


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (None, "npg.npg_iteration returned None: is its last line a return statement?"),
        (np.zeros((8, 1)), "npg.npg_iteration returned shape (8, 1), but (d,) = (8,) was expected."),
        (
            np.full(8, np.nan),
            "npg.npg_iteration returned nan at [0] (8 of 8 entries are not finite): look for",
        ),
    ],
    ids=["None", "wrong shape", "nan"],
)
def test_an_unusable_theta_is_named_with_the_function_it_came_from(returned, sentence):
    with pytest.raises(Mismatch) as error:
        run(lambda *_: returned)
    assert str(error.value).startswith(sentence)


def test_what_an_update_raises_comes_through():
    with pytest.raises(ZeroDivisionError):
        run(lambda *_: 1 / 0)


def test_a_learning_curve_cannot_be_reassigned():
    with pytest.raises(dataclasses.FrozenInstanceError):
        run(stay).final_return = 500.0


# The assignment's constants


@pytest.mark.parametrize("horizon", [200, 500])
@pytest.mark.parametrize("algorithm", ["npg", "ppo", "reinforce", "trpo"])
def test_settings_are_those_of_their_horizon(algorithm, horizon):
    settings = SETTINGS[algorithm][horizon]
    assert settings.horizon == horizon
    assert settings.bar == {200: 195.0, 500: 475.0}[horizon]
    assert settings.function in SIGNATURES


def test_settings_cannot_be_changed():
    with pytest.raises(TypeError):
        SETTINGS["npg"] = {}
    with pytest.raises(TypeError):
        SETTINGS["npg"][500] = SHORT
    with pytest.raises(dataclasses.FrozenInstanceError):
        SETTINGS["npg"][500].iterations = 1


def test_the_fisher_matrix_is_damped_by_more_than_rounding():
    """F̂ of CartPole's features is singular, and a damping of 1e-3 does not learn."""
    for settings in SETTINGS["npg"].values():
        assert isinstance(settings, NPGSettings)
        assert 1.0 <= settings.damping <= 10.0


def test_importing_the_loop_costs_no_plotting_and_no_command_line():
    code = (
        f"import sys; sys.path.insert(0, {str(HW4.solutions)!r}); import hw4.lab.training; "
        "print(*sorted({'matplotlib', 'click', 'rich', 'scipy', 'hypothesis', 'pytest'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_lab_imports_no_module_that_students_fill_in():
    code = (
        f"import sys; sys.path.insert(0, {str(HW4.solutions)!r}); import hw4.lab.training, hw4.lab.compare; "
        "print(*[name for name in sys.modules if name.startswith('hw4')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {f"hw4.{module}" for module in HW4.modules}
