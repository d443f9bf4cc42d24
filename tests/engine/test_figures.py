"""The lecture's pictures: what the reference's functions draw is what the lecture says."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib import rc_context
from PIL import Image

from autograder.homework import ASSIGNMENT
from hw4.lab import command_line, learning
from hw4.lab.figures import fitted_policy_iteration, gallery, learning_curves
from hw4.lab.figures.drawing import STYLE
from hw4.lab.figures.exact import Exact
from hw4.lab.learning import find_in_package
from tests.engine.test_runs import made_up


def draw(name, find=find_in_package):
    with rc_context(STYLE):
        return gallery.FIGURES[name].draw(find)


def line(axes, label):
    """The y of the line whose legend begins with a label."""
    (found,) = [one for one in axes.lines if str(one.get_label()).startswith(label)]
    return np.asarray(found.get_xdata(), dtype=float), np.asarray(found.get_ydata(), dtype=float)


@pytest.fixture
def short_trainings(monkeypatch):
    """Runs that nobody made, for the figures of trainings."""

    def run(name, settings, seeds, **_):
        return [made_up(seed, algorithm=name) for seed in seeds]

    monkeypatch.setattr(learning, "run", run)
    monkeypatch.setattr(learning_curves, "RECORD_SEEDS", range(2))
    monkeypatch.setattr(learning_curves, "RECORD_ITERATIONS", {2: 2, 4: 1})


@pytest.mark.usefixtures("short_trainings")
@pytest.mark.parametrize("name", gallery.FIGURES)
def test_every_axis_is_named_and_every_picture_has_a_title_and_a_legend(name):
    figure = draw(name)
    assert figure.get_suptitle()
    panels = figure.axes
    assert all(axes.get_xlabel() for axes in panels)
    assert any(axes.get_ylabel() for axes in panels)
    assert any(axes.get_legend() for axes in panels)


@pytest.mark.usefixtures("short_trainings")
@pytest.mark.parametrize("name", gallery.FIGURES)
def test_what_is_random_names_its_seeds(name):
    """The others are exact."""
    texts = [draw(name).get_suptitle()] + [axes.get_title() for axes in draw(name).axes]
    assert re.search(r"seed|exact", " ".join(texts))


def test_the_natural_gradient_is_99_at_every_theta():
    left, right = draw("two-actions").axes
    np.testing.assert_allclose(line(left, r"$F^{-1}")[1], 99.0, rtol=1e-9)
    places, slopes = line(left, r"$\nabla")
    np.testing.assert_allclose(slopes, 99 * np.exp(places) / (1 + np.exp(places)) ** 2, rtol=1e-9)
    np.testing.assert_allclose(line(right, "NPG")[1], 0.05 * 99 * np.arange(21), rtol=1e-9)
    assert line(right, "PG")[1][-1] < 5


def test_a_wrong_function_draws_a_wrong_picture():
    def find(name):
        right = find_in_package(name)
        return (lambda *arguments: 2 * right(*arguments)) if name == "npg.fisher_estimate" else right

    left, _ = draw("two-actions", find).axes
    np.testing.assert_allclose(line(left, r"$F^{-1}")[1], 49.5, rtol=1e-9)


def test_the_quadratic_form_is_half_of_delta_at_npgs_step_and_the_kl_near_it():
    for axes, delta in zip(draw("kl-expansion").axes, (0.1, 3.0), strict=True):
        fractions, quadratic = line(axes, r"$\frac")
        _, kl = line(axes, "$KL")
        at_step = np.flatnonzero(np.isclose(fractions, 1.0))
        np.testing.assert_allclose(quadratic[at_step], delta / 2, rtol=1e-4)
        np.testing.assert_allclose(kl[at_step], delta / 2, rtol=0.02 if delta < 1 else 0.2)


def test_the_variance_of_a_trajectorys_weight_multiplies_over_steps():
    """The steps are independent there: 1 + Var of H steps is (1 + Var of one)^H."""
    (axes,) = draw("importance-weights").axes
    _, one = line(axes, "H = 1")
    for horizon in (2, 4, 8):
        np.testing.assert_allclose(1 + line(axes, f"H = {horizon}")[1], (1 + one) ** horizon, rtol=1e-9)


def test_every_baseline_leaves_the_mean_and_the_true_values_have_the_least_deviation():
    (axes,) = draw("baselines").axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    means, deviations = zip(*(map(float, re.findall(r"-?\d+\.\d+", label)) for label in labels), strict=True)
    (drawn,) = [text.get_text() for text in axes.texts]
    assert {f"{mean:.2f}" for mean in means} == {re.search(r"-?\d+\.\d+", drawn)[0]}
    assert deviations[0] > 3 * deviations[1] > 3 * deviations[2]


def test_fitted_policy_iteration_falls_below_where_npg_rises_without_a_fall():
    left, right = draw("fitted-policy-iteration").axes
    _, fitted = line(left, "fitted")
    _, npg = line(left, "NPG")
    assert fitted[2] < fitted[0] < fitted[1]
    assert (np.diff(npg) > -0.05).all()  # at the top, a step as long as δ allows goes a little too far
    assert npg[-1] > fitted[1] - 0.1
    promised, came = right.containers
    sums = [sum(bar.get_height() for bar in bars) for bars in (promised, came)]
    np.testing.assert_allclose(sums[1], fitted[2] - fitted[1], rtol=1e-9)
    assert sums[0] > 0 > sums[1]


def test_the_natural_gradient_of_a_tabular_softmax_is_the_centred_advantage():
    left, right = draw("soft-policy-iteration").axes
    for h in range(3):
        np.testing.assert_allclose(*line(left, f"$h = {h}"), atol=1e-9)
    _, stepped, soft = ([bar.get_height() for bar in bars] for bars in right.containers)
    np.testing.assert_allclose(stepped, soft, atol=1e-9)


def test_clipping_stops_a_sample_that_has_moved_far_enough():
    for axes, advantage in zip(draw("clipping").axes, (1.0, -1.0), strict=True):
        (label,) = [str(one.get_label()) for one in axes.lines if "of the sample" in str(one.get_label())]
        ratios, factors = line(axes, label)
        stopped = ratios > 1.2 if advantage > 0 else ratios < 0.8
        inside = np.abs(ratios - 1) < 0.199
        np.testing.assert_allclose(factors[stopped & ~inside][5:-5], 0.0, atol=1e-9)
        np.testing.assert_allclose(factors[inside], advantage * ratios[inside], rtol=1e-9)


def test_the_record_counts_the_steps_that_an_algorithm_saw(monkeypatch):
    """Those of the iterations that were made; the episodes that judge it are not counted."""
    balancing = np.array([0.0, 0.0, 0.0, 0.0, 0.4, 0.8, 8.0, 4.0])
    seen = []

    def iteration(theta, baseline_batch, update_batch, *_):
        seen.append(int(baseline_batch.mask.sum() + update_batch.mask.sum()))
        return balancing

    settings = learning_curves.GRADED["npg"]
    steps = learning_curves._steps_to_the_bar(lambda name: iteration, settings, 0)
    assert steps == sum(seen)
    never = learning_curves.dataclasses.replace(settings, iterations=1)
    assert learning_curves._steps_to_the_bar(lambda name: lambda theta, *_: theta, never, 0) == np.inf


def test_the_exact_gradient_and_fisher_are_the_oracles():
    from autograder.oracle import exact
    from autograder.oracle.mdp import SoftmaxMDP

    mdp = SoftmaxMDP(**vars(fitted_policy_iteration.ridge_walk()))
    theta = np.array([0.3, -0.2, 0.5, 0.1])
    at = Exact(find_in_package, mdp, theta)
    np.testing.assert_allclose(at.gradient(), exact.performance_gradient(mdp, theta), atol=1e-10)
    np.testing.assert_allclose(at.fisher(), exact.fisher(mdp, theta), atol=1e-10)


# The command


def test_figures_are_written_as_pictures(tmp_path, capsys):
    folder = tmp_path / "new" / "figures"
    assert command_line.main(["figures", "two-actions", "clipping", "--out", str(folder)]) == 0
    assert [file.name for file in sorted(folder.iterdir())] == ["clipping.png", "two-actions.png"]
    with Image.open(folder / "clipping.png") as picture:
        assert picture.size == (1320, 600)
    assert (
        capsys.readouterr()
        .out.splitlines()[0]
        .endswith("two-actions.png: the lecture's example: PG crawls, NPG strides")
    )


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_a_figure_for_a_report_is_the_same_bytes_each_time(tmp_path, kind):
    written = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        assert command_line.main(["figures", "two-actions", "--format", kind, "--out", str(folder)]) == 0
        written.append((folder / f"two-actions.{kind}").read_bytes())
    assert written[0] == written[1]
    assert written[0][:5] == {"svg": b"<?xml", "pdf": b"%PDF-"}[kind]


@pytest.mark.parametrize(
    ("missing", "figure"),
    [
        ("npg.fisher_estimate", "two-actions"),
        ("ppo.clip_penalty_weights", "clipping"),
        ("baseline.fit_baseline", "baselines"),
    ],
)
def test_a_missing_piece_is_one_sentence(tmp_path, capsys, monkeypatch, missing, figure):
    (function,) = [one for one in ASSIGNMENT.functions if one.qualified_name == missing]
    message = f"{function.number} {function.name}"

    def stub(*_):
        raise NotImplementedError(f"Part {function.number}: {function.name}")

    monkeypatch.setattr(f"hw4.{missing}", stub)
    assert command_line.main(["figures", figure, "--out", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [
        f"The figure {figure} needs {message}.",
        "1 of 1 figures could not be drawn.",
    ]
    assert not list(tmp_path.iterdir())


def test_a_wrong_shape_is_named_and_the_other_figures_are_drawn(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("hw4.npg.fisher_estimate", lambda *_: np.zeros(3))
    assert command_line.main(["figures", "two-actions", "clipping", "--out", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(
        "npg.fisher_estimate returned shape (3,), but (d, d) = (1, 1) was expected."
    )
    assert [file.name for file in tmp_path.iterdir()] == ["clipping.png"]


def test_an_unknown_figure_is_answered_with_the_known_ones(capsys):
    assert command_line.main(["figures", "two-action"]) == 2
    printed = capsys.readouterr().err
    assert "There is no figure 'two-action': choose from two-actions, kl-expansion," in printed


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert command_line.main(["figures", "clipping", "--out", str(tmp_path / "file" / "figures")]) == 1
    assert "cannot be written (" in capsys.readouterr().err


def test_the_handout_lists_every_figure():
    handout = (ASSIGNMENT.solutions / "README.md").read_text(encoding="utf-8")
    listed = re.findall(
        r"^\| `([a-z-]+)` \| ", handout.partition("## The lecture as pictures")[2], re.MULTILINE
    )
    assert listed == list(gallery.FIGURES)
