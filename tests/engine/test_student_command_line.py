"""`python -m hw4 train`: what it prints, what it draws, and one sentence for everything that can go wrong."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hw4.lab import command_line, training
from tests.engine.student import fill_in, replace_body, run_student

TRAIN_NPG = ["train", "npg", "--horizon", "200"]


@pytest.fixture
def student(tmp_path) -> Path:
    """A student's folder, filled in. Tests break a file of it and run it in a process of its own."""
    return fill_in(tmp_path / "home")


@pytest.fixture
def short_training(monkeypatch) -> None:
    """Train for six iterations, where the run itself is not what is tested."""
    settings = dataclasses.replace(training.SETTINGS["npg"][200], iterations=6, evaluation_episodes=5)
    monkeypatch.setattr(training, "SETTINGS", {"npg": {200: settings}})


def complaint(capsys, arguments: list[str], status: int) -> str:
    """Run the command line in this process and return the one sentence it complains with."""
    assert command_line.main(arguments) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err.strip()


# Training


@pytest.mark.parametrize("algorithm", ["npg", "ppo", "reinforce", "trpo"])
def test_the_reference_learns_with_every_algorithm(capsys, algorithm):
    """At H = 200 all of 60 seeds and more reached the bar with each; seed 0 is one of them."""
    assert command_line.main(["train", algorithm, "--horizon", "200"]) == 0
    assert "the bar of 195 is reached." in capsys.readouterr().out


def test_the_learning_curve_is_printed_in_a_few_lines(capsys):
    command_line.main(TRAIN_NPG)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "NPG on CartPole-v1: horizon 200, δ = 1, damping = 1, N = 50, M = 50, seed 0"
    blocks = lines[2].split()[-1]
    assert blocks[0] < blocks[-1]
    made = len(blocks)
    assert lines[3].split()[0] == "iteration"
    assert lines[3].split()[1:] == [str(round(part * (made - 1) / 5) + 1) for part in range(6)]
    assert [line[2:15].strip() for line in lines[4:8]] == [
        "mean return",
        "env steps",
        "KL of a step",
        "step length",
    ]
    assert lines[6].endswith("   δ/2 = 0.5")
    assert f"The bar was reached after {made} of 20 iterations: --full makes them all." in lines
    assert len(lines) < 13


@pytest.mark.usefixtures("short_training")
def test_the_same_seed_prints_the_same_curve_and_another_seed_another(capsys):
    printed = []
    for seed in ("1", "1", "2"):
        command_line.main([*TRAIN_NPG, "--seed", seed])
        printed.append(capsys.readouterr().out.splitlines()[1:])
    assert printed[0] == printed[1] != printed[2]


@pytest.mark.usefixtures("short_training")
def test_an_algorithm_may_be_written_in_capitals(capsys):
    assert command_line.main(["train", "NPG", "--horizon", "200"]) == 0


@pytest.mark.usefixtures("short_training")
def test_a_bar_that_is_missed_is_said_and_is_no_failure(capsys, monkeypatch):
    monkeypatch.setattr("hw4.npg.npg_iteration", lambda theta, *_: theta)
    assert command_line.main(TRAIN_NPG) == 0
    assert "the bar of 195 is missed." in capsys.readouterr().out


def test_a_console_without_block_characters_gets_plain_ones(student):
    done = run_student(student, *TRAIN_NPG, PYTHONIOENCODING="cp1252")
    assert done.returncode == 0, done.stderr
    assert "horizon 200, delta = 1, damping = 1" in done.stdout
    assert re.search(r"mean return  [_.:\-=+*#]{5,20}$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    "arguments", [["train", "--help"], ["figures", "baselines"], ["figures", "nonsense-ĝ"], ["check", "1.1"]]
)
def test_a_console_that_cannot_write_greek_gets_question_marks(student, arguments):
    done = run_student(student, *arguments, PYTHONIOENCODING="cp1252")
    assert "Error" not in done.stderr
    assert done.returncode == (2 if "nonsense-ĝ" in arguments else 0)
    assert done.stdout + done.stderr


def test_help_names_the_algorithms_and_options(capsys):
    assert command_line.main(["train", "--help"]) == 0
    shown = capsys.readouterr().out
    for word in ("npg, ppo, reinforce or trpo", "--seeds", "--horizon", "--plot FILE", "--delta", "--graded"):
        assert word in shown


# The plot


@pytest.mark.usefixtures("short_training")
@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.pdf", b"%PDF"), ("a.SVG", b"<?xml")])
def test_the_plot_is_written_in_the_format_of_its_name(capsys, tmp_path, name, magic):
    plot = tmp_path / name
    assert command_line.main([*TRAIN_NPG, "--plot", str(plot)]) == 0
    assert plot.read_bytes().startswith(magic)
    assert capsys.readouterr().out.splitlines()[-1] == f"The learning curve is in {plot}."


@pytest.fixture
def no_training(monkeypatch):
    """Fail where training starts, for what must be found out before."""
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("training started"))


@pytest.mark.usefixtures("no_training")
def test_a_plot_that_is_no_picture_is_refused_before_training(capsys):
    sentence = complaint(capsys, [*TRAIN_NPG, "--plot", "curve.txt"], 2)
    assert "curve.txt must end in .png, .pdf or .svg." in sentence


@pytest.mark.usefixtures("no_training")
def test_a_plot_in_a_folder_that_does_not_exist_is_refused_before_training(capsys, tmp_path):
    plot = tmp_path / "no" / "a.png"
    sentence = complaint(capsys, [*TRAIN_NPG, "--plot", str(plot)], 2)
    assert f"{plot} cannot be written (No such file or directory): choose another place." in sentence


@pytest.mark.usefixtures("no_training")
def test_a_plot_that_cannot_be_written_is_refused_before_training(capsys, tmp_path):
    folder = tmp_path / "taken.png"
    folder.mkdir()
    sentence = complaint(capsys, [*TRAIN_NPG, "--plot", str(folder)], 2)
    assert f"{folder} cannot be written (" in sentence


@pytest.mark.usefixtures("no_training")
def test_a_plot_without_matplotlib_is_answered_with_its_installation(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    sentence = complaint(capsys, [*TRAIN_NPG, "--plot", str(tmp_path / "a.png")], 1)
    assert sentence.startswith("matplotlib is not installed: run python -m pip install matplotlib")


@pytest.mark.usefixtures("short_training")
def test_a_run_that_fails_leaves_no_empty_plot(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("hw4.npg.npg_iteration", lambda *_: None)
    complaint(capsys, [*TRAIN_NPG, "--plot", str(tmp_path / "a.png")], 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("short_training")
def test_a_plot_that_exists_survives_a_run_that_fails(capsys, monkeypatch, tmp_path):
    plot = tmp_path / "a.png"
    plot.write_bytes(b"the last one")
    monkeypatch.setattr("hw4.npg.npg_iteration", lambda *_: None)
    complaint(capsys, [*TRAIN_NPG, "--plot", str(plot)], 1)
    assert plot.read_bytes() == b"the last one"


# Unusable arguments


def test_the_choices_are_those_that_have_settings():
    assert tuple(training.SETTINGS) == command_line.ALGORITHMS
    for by_horizon in training.SETTINGS.values():
        assert tuple(map(str, by_horizon)) == command_line.HORIZONS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["Missing command", "See python -m hw4 --help."]),
        (["train"], ["Missing argument", "ALGORITHM", "npg, ppo, reinforce, trpo"]),
        (["train", "ngp"], ["'ngp' is not one of 'npg', 'ppo', 'reinforce', 'trpo'"]),
        (["trian", "npg"], ["trian", "See python -m hw4 --help."]),
        (["train", "npg", "ppo"], ["unexpected extra argument", "ppo"]),
        (["train", "npg", "--horizon", "300"], ["--horizon", "'300' is not one of '200', '500'"]),
        (["train", "npg", "--seed", "-1"], ["--seed", "See python -m hw4 train --help."]),
        (["train", "npg", "--sede", "1"], ["--sede"]),
        (["train", "npg", "--seeds", "0"], ["--seeds"]),
        (["train", "npg", "--delta", "0"], ["--delta"]),
        (["train", "npg", "--delta", "nan"], ["--delta", "'nan' is no finite number"]),
        (["train", "npg", "--kl-weight", "1"], ["npg has no --kl-weight: it has --delta, --damping,"]),
        (["train", "ppo", "--minibatch-trajectories", "51"], ["--minibatch-trajectories is at most 50"]),
        (["train", "trpo", "--graded"], ["Only npg and ppo at horizon 500 are graded"]),
        (["train", "npg", "--save", "theta.npz"], ["theta.npz must end in .json."]),
        (["compare"], ["Missing argument"]),
        (["compare", "ngp"], ["'ngp' is no algorithm (npg, ppo, reinforce, trpo) and no file"]),
    ],
    ids=lambda value: " ".join(value) if value else "nothing",
)
def test_a_usage_error_is_one_sentence_that_points_to_the_help(capsys, arguments, words):
    sentence = complaint(capsys, arguments, 2)
    assert sentence.endswith(" --help.")
    for word in words:
        assert word in sentence


# What a student's function may do


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (np.zeros((8, 1)), "npg.npg_iteration returned shape (8, 1), but (d,) = (8,) was expected."),
        (np.full(8, np.inf), "npg.npg_iteration returned inf at [0] (8 of 8 entries are not finite)"),
        (None, "npg.npg_iteration returned None"),
    ],
    ids=["wrong shape", "inf", "None"],
)
def test_an_unusable_theta_ends_training_with_a_sentence(capsys, monkeypatch, returned, sentence):
    monkeypatch.setattr("hw4.npg.npg_iteration", lambda *_: returned)
    assert complaint(capsys, TRAIN_NPG, 1).startswith(sentence)


@pytest.mark.parametrize(
    "function",
    [
        "baseline.rewards_to_go",
        "baseline.fit_baseline",
        "baseline.predict_baseline",
        "policy.score",
        "policy_gradient.policy_gradient_estimate",
    ],
)
def test_reinforce_names_the_function_whose_shape_is_wrong(capsys, monkeypatch, function):
    monkeypatch.setattr(f"hw4.{function}", lambda *_: np.zeros((1, 1, 1, 1)))
    sentence = complaint(capsys, ["train", "reinforce", "--horizon", "200"], 1)
    assert sentence.startswith(f"{function} returned shape (1, 1, 1, 1), but ")


def test_a_function_that_was_removed_is_named(capsys, monkeypatch):
    monkeypatch.delattr("hw4.npg.npg_iteration")
    sentence = complaint(capsys, TRAIN_NPG, 1)
    assert sentence == "hw4/npg.py has no function npg_iteration: keep the names you were given."


def test_a_function_with_other_arguments_is_named(capsys, monkeypatch):
    monkeypatch.setattr("hw4.npg.npg_iteration", lambda theta: theta)
    sentence = complaint(capsys, TRAIN_NPG, 1)
    assert "6 were given" in sentence
    assert sentence.endswith("Keep the names and arguments you were given.")


def test_an_interrupt_ends_training_quietly(capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("hw4.npg.npg_iteration", interrupt)
    assert command_line.main(TRAIN_NPG) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err.strip()) == ("", "Interrupted.")


def test_a_function_that_is_not_filled_in_is_named_with_its_part_and_file(student):
    replace_body(student, "npg", "fisher_estimate", 'raise NotImplementedError("Part 3.1: fisher_estimate")')
    done = run_student(student, *TRAIN_NPG)
    assert done.returncode == 1
    assert done.stderr == (
        "Part 3.1: fisher_estimate is not filled in yet: write it in hw4/npg.py, then train again.\n"
    )


def test_an_exception_is_shown_with_the_file_and_line_of_the_students_code(student):
    replace_body(student, "npg", "fisher_estimate", "return np.linalg.inv(scores[0] @ np.zeros(3))")
    done = run_student(student, *TRAIN_NPG)
    assert done.returncode == 1
    assert re.match(r"hw4/npg\.py, line \d+, in fisher_estimate: ValueError: matmul", done.stderr)
    assert done.stderr.endswith("\n    return np.linalg.inv(scores[0] @ np.zeros(3))\n")


def test_an_exception_deep_in_a_library_is_shown_where_the_students_code_called_it(student):
    replace_body(student, "npg", "fisher_estimate", "return np.linalg.inv(np.zeros((8, 8)))")
    done = run_student(student, *TRAIN_NPG)
    assert re.match(r"hw4/npg\.py, line \d+, in fisher_estimate: LinAlgError: Singular matrix\n", done.stderr)


def test_a_syntax_error_is_shown_with_its_line(student):
    with (student / "hw4" / "npg.py").open("a", encoding="utf-8") as source:
        source.write("\ndef broken(:\n")
    done = run_student(student, *TRAIN_NPG)
    assert done.returncode == 1
    assert re.fullmatch(r"hw4/npg\.py, line \d+, cannot be read by Python: invalid syntax\.\n", done.stderr)


def test_a_syntax_error_stops_only_the_algorithms_that_need_its_file(student):
    (student / "hw4" / "ppo.py").write_text("def broken(:\n", encoding="utf-8")
    assert run_student(student, *TRAIN_NPG).returncode == 0


def test_a_missing_file_is_named(student):
    (student / "hw4" / "npg.py").unlink()
    done = run_student(student, *TRAIN_NPG)
    assert done.returncode == 1
    assert done.stderr == "hw4/npg.py is missing: put the file you were given back.\n"


@pytest.mark.parametrize("package", ["click", "rich", "numpy", "gymnasium"])
def test_a_package_that_is_not_installed_is_answered_with_the_requirements(student, package):
    code = (
        f"import sys, runpy; sys.path.insert(0, '.'); sys.modules[{package!r}] = None; "
        f"sys.argv = ['hw4', *{TRAIN_NPG!r}]; runpy.run_module('hw4', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=student, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"{package} is not installed: run python -m pip install -r requirements.txt.\n"
