"""Experiments with trainings: settings, several seeds, interrupts, files, plots."""

from __future__ import annotations

import csv
import dataclasses
import json

import numpy as np
import pytest
from scipy import stats

from hw4.lab import command_line, learning, plots, runs, training
from hw4.lab.cartpole import rollout
from hw4.lab.training import SETTINGS, Iteration, LearningCurve
from hw4.trpo import kl_estimate

SHORT = dataclasses.replace(SETTINGS["npg"][200], iterations=4, evaluation_episodes=5)


def made_up(seed=0, returns=(20.0, 60.0, 100.0), final=200.0, steps=(2000, 8000, 18000), algorithm="npg"):
    """A run that nobody made."""
    curve = LearningCurve(np.array(returns), np.array(steps), np.arange(8.0) / 3, final)
    settings = SETTINGS[algorithm][200]
    size = len(returns)
    return runs.Run(algorithm, settings, seed, curve, np.full(size, 0.4), np.full(size, 0.1))


def changes(**given):
    return {**dict.fromkeys(command_line.EXPERIMENTS), **given}


# Settings


def test_an_experiment_changes_what_it_names_and_nothing_else():
    settings = learning.settings_of("npg", 500, changes(delta=2.0, baseline_trajectories=10))
    usual = SETTINGS["npg"][500]
    assert settings == dataclasses.replace(usual, delta=2.0, baseline_trajectories=10)
    assert learning.settings_of("npg", 500, changes()) == usual


def test_every_experiment_is_a_setting_of_some_algorithm():
    for name in command_line.EXPERIMENTS:
        assert any(hasattr(by_horizon[500], name) for by_horizon in SETTINGS.values())


def test_the_graded_setting_is_the_graders():
    from tests.hidden import trainings

    assert learning.settings_of("npg", 500, changes(), graded=True) == trainings.NPG
    assert learning.settings_of("ppo", 500, changes(), graded=True) == trainings.PPO
    assert trainings.NPG.delta == 8.0


def test_a_minibatch_shrinks_with_the_trajectories():
    settings = learning.settings_of("ppo", 500, changes(update_trajectories=10))
    assert settings.minibatch_trajectories == 10


# Runs


def test_seeds_are_runs_of_their_own():
    several = learning.run("npg", SHORT, range(3, 6))
    assert [run.seed for run in several] == [3, 4, 5]
    (alone,) = learning.run("npg", SHORT, [4])
    np.testing.assert_array_equal(several[1].curve.returns, alone.curve.returns)
    assert several[1].curve.final_return == alone.curve.final_return


def test_a_run_ends_at_the_bar_unless_it_is_to_go_on():
    easy = dataclasses.replace(SHORT, bar=40.0)
    (stopped,), (whole,) = (
        learning.run("npg", easy, [0], to_the_end=to_the_end) for to_the_end in (False, True)
    )
    assert len(stopped.curve.returns) < len(whole.curve.returns) == 4
    assert stopped.reached


def test_the_measured_kl_is_the_lectures():
    """With the reference's functions, on CartPole, where the lab uses that there are two actions."""
    rng = np.random.default_rng(0)
    theta_k, theta = rng.normal(size=(2, 8))
    batch = rollout(theta_k, rng, 20, 200)
    measured = learning.step_kl(Iteration(1, 0.0, 0, theta_k, theta, batch))
    np.testing.assert_allclose(measured, kl_estimate(theta_k, theta, batch.features, batch.mask), rtol=1e-9)
    assert measured > 0.01


def test_the_kl_of_a_step_that_makes_one_action_certain_is_large_and_silent():
    batch = rollout(np.zeros(8), np.random.default_rng(0), 20, 200)
    assert learning.step_kl(Iteration(1, 0.0, 0, np.zeros(8), np.full(8, 1e308) * np.eye(8)[5], batch)) > 1.0


def test_an_interrupt_keeps_what_was_learnt(monkeypatch, tmp_path, capsys):
    """Ctrl-C in the third iteration: the first two are reported, saved, and evaluated."""
    from hw4 import npg

    calls, right = [], npg.npg_iteration

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return right(*arguments)

    monkeypatch.setattr("hw4.npg.npg_iteration", interrupted)
    file = tmp_path / "kept.json"
    assert command_line.main(["train", "npg", "--horizon", "200", "--save", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "Interrupted after 2 of 20 iterations." in printed
    (kept,) = runs.load(file)
    assert kept.was_interrupted
    assert len(kept.curve.returns) == 2
    assert f"Final mean return {kept.curve.final_return:.1f} over 100 fresh episodes" in printed
    (whole,) = learning.run("npg", dataclasses.replace(SETTINGS["npg"][200], iterations=2), [0])
    np.testing.assert_array_equal(kept.curve.theta, whole.curve.theta)


def test_an_interrupt_among_seeds_keeps_those_before(monkeypatch):
    calls = []

    def train(update, settings, rng, **others):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(update, settings, rng, **others)

    original = training.train
    monkeypatch.setattr(training, "train", train)
    assert [run.seed for run in learning.run("npg", SHORT, range(5))] == [0]


# Files


def test_a_saved_run_is_read_back_whole(tmp_path):
    file = tmp_path / "runs.json"
    before = [*learning.run("npg", SHORT, [2]), made_up(algorithm="ppo")]
    runs.save(file, before)
    for one, other in zip(before, runs.load(file), strict=True):
        assert (one.algorithm, one.settings, one.seed) == (other.algorithm, other.settings, other.seed)
        assert one.curve.final_return == other.curve.final_return
        for name in ("returns", "environment_steps", "theta"):
            np.testing.assert_array_equal(getattr(one.curve, name), getattr(other.curve, name))
        np.testing.assert_array_equal(one.kl, other.kl)
        np.testing.assert_array_equal(one.step_lengths, other.step_lengths)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: "no JSON",
        lambda content: "[]",
        lambda content: "3",
        lambda content: json.dumps({**content, "format": "another"}),
        lambda content: json.dumps({**content, "runs": []}),
        lambda content: json.dumps({**content, "runs": [{**content["runs"][0], "theta": [1.0]}]}),
        lambda content: json.dumps({**content, "runs": [{**content["runs"][0], "algorithm": "sarsa"}]}),
        lambda content: json.dumps({**content, "runs": [{**content["runs"][0], "settings": {"beta": 1}}]}),
        lambda content: json.dumps({**content, "runs": [{**content["runs"][0], "kl": [[1.0]]}]}),
    ],
)
def test_a_file_without_a_training_is_one_sentence(tmp_path, damage):
    file = tmp_path / "kept.json"
    runs.save(file, [made_up()])
    file.write_text(damage(json.loads(file.read_text())))
    with pytest.raises(runs.UnusableFile, match=r"kept\.json holds no training: write one with train --save"):
        runs.load(file)


def test_a_file_that_does_not_exist_is_one_sentence(tmp_path):
    with pytest.raises(runs.UnusableFile, match="cannot be read \\(No such file or directory\\)"):
        runs.load(tmp_path / "none.json")


def test_the_table_has_a_row_for_every_policy(tmp_path):
    file = tmp_path / "runs.csv"
    runs.write_table(file, [made_up(), made_up(seed=1)])
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 2 * 4
    assert [row["mean_return"] for row in rows[:4]] == ["20.0", "60.0", "100.0", "200.0"]
    assert [row["environment_steps"] for row in rows[:4]] == ["0", "2000", "8000", "18000"]
    assert [row["kl"] for row in rows[:4]] == ["0.4", "0.4", "0.4", ""]


# Plots


def test_the_interquartile_mean_leaves_the_outer_quarters_out():
    values = np.array([[0.0], [10.0], [20.0], [1000.0]])
    np.testing.assert_allclose(plots.interquartile_mean(values), [15.0])


def test_the_interval_covers_the_mean_of_the_seeds_and_is_always_the_same():
    values = np.random.default_rng(0).normal(size=(12, 3))
    low, high = plots.interval(values)
    middle = stats.trim_mean(values, 0.25, axis=0)
    assert (low < middle).all()
    assert (middle < high).all()
    np.testing.assert_array_equal(plots.interval(values)[0], low)


def test_a_run_that_ended_keeps_its_return():
    short, long = made_up(returns=(20.0,), steps=(1000,), final=150.0), made_up()
    places, returns = plots.align([short, long], "iterations")
    assert places.tolist() == [0, 1, 2, 3]
    assert returns.tolist() == [[20, 150, 150, 150], [20, 60, 100, 200]]


def test_against_environment_steps_a_policy_stands_at_the_steps_that_led_to_it():
    places, returns = plots.align([made_up()], "steps")
    assert places[0] == 0
    assert places[-1] == 18000
    np.testing.assert_allclose(np.interp(5000, places, returns[0]), 80.0, atol=1.0)


@pytest.mark.parametrize("against", ["iterations", "steps"])
def test_compare_draws_files_and_algorithms_with_the_references_band(tmp_path, capsys, monkeypatch, against):
    file, plot = tmp_path / "mine.json", tmp_path / "both.png"
    settings = SETTINGS["npg"][500]
    runs.save(file, [dataclasses.replace(made_up(), settings=settings)])
    monkeypatch.setattr(
        learning, "run", lambda name, *_: [made_up(algorithm=name), made_up(1, algorithm=name)]
    )
    drawn = []
    original = plots.learning_curves
    monkeypatch.setattr(
        plots, "learning_curves", lambda *a, **k: drawn.append(original(*a, **k)) or drawn[-1]
    )
    arguments = ["compare", str(file), "ppo", "--against", against, "--plot", str(plot)]
    assert command_line.main(arguments) == 0
    assert plot.read_bytes().startswith(b"\x89PNG")
    (axes,) = drawn[0].axes
    assert len(axes.collections) == 2  # the reference's band, and the interval of the two seeds
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["reference NPG, 5 to 95 % of seeds", "mine, seed 0", "PPO, 2 seeds"]
    assert axes.get_xlabel() == {"iterations": "iterations made", "steps": "environment steps"}[against]
    assert capsys.readouterr().out.splitlines()[-1] == f"The learning curves are in {plot}."


def test_compare_tells_files_of_one_name_apart(tmp_path, capsys, monkeypatch):
    """And an algorithm named twice, or in capitals, is trained once."""
    trained = []
    monkeypatch.setattr(learning, "run", lambda name, *_: trained.append(name) or [made_up(algorithm=name)])
    files = [tmp_path / folder / "npg.json" for folder in ("one", "two")]
    for file in files:
        file.parent.mkdir()
        runs.save(file, [made_up()])
    drawn = []
    original = plots.learning_curves
    monkeypatch.setattr(
        plots, "learning_curves", lambda groups, *a, **k: drawn.extend(groups) or original(groups, *a, **k)
    )
    arguments = ["compare", *map(str, files), "PPO", "ppo", "--plot", str(tmp_path / "all.png")]
    assert command_line.main(arguments) == 0
    assert drawn == [*map(str, files), "PPO"]
    assert trained == ["ppo"]


def test_a_disk_that_is_full_is_one_sentence(tmp_path, capsys, monkeypatch):
    def full(file, _):
        raise OSError(28, "No space left on device", str(file))

    monkeypatch.setattr(learning, "run", lambda name, *_, **__: [made_up()])
    monkeypatch.setattr(runs, "save", full)
    file = tmp_path / "kept.json"
    assert command_line.main(["train", "npg", "--save", str(file)]) == 1
    assert capsys.readouterr().err == f"{file} cannot be written (No space left on device).\n"


def test_compare_says_what_is_no_file_before_it_trains(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(learning, "run", lambda *_: pytest.fail("trained"))
    assert command_line.main(["compare", "npg", str(tmp_path / "no.json")]) == 1
    assert "no.json cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("algorithm", SETTINGS)
def test_there_is_a_band_for_the_settings_of_every_algorithm(algorithm):
    """Made by benchmarks/reference_curves.py: run it again when a setting changes."""
    settings = SETTINGS[algorithm][500]
    band = runs.reference_band(algorithm, settings)
    for places, low, high in band.values():
        assert len(places) == len(low) == len(high)
        assert (low <= high).all()
        assert high[0] < 30
        assert low[-1] >= settings.bar
    assert runs.reference_band(algorithm, dataclasses.replace(settings, iterations=7)) is None
