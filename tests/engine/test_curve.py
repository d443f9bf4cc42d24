"""The learning curve: a picture that is what it says, and a text that does without it."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from autograder.grading.curve import Curve, TrainingRun
from autograder.release.results_rules import MAX_PICTURE_BYTES
from hw4.lab.compare import Mismatch
from hw4.lab.runs import reference_band
from tests.engine.conftest import ROOT
from tests.hidden.test_learning import Learner
from tests.hidden.trainings import NPG, PPO

K = 30
RISING = tuple(20.0 + 16.0 * k for k in range(K + 1))
RUN = TrainingRun(
    "NPG",
    RISING,
    tuple(1000 * (k + 1) for k in range(K)),
    tuple(0.8 * value for value in RISING),
    tuple(min(1.2 * value, 500.0) for value in RISING),
    bar=475.0,
    horizon=500.0,
)
BLUE, ORANGE, PALE = (20, 82, 150), (214, 112, 8), (205, 222, 240)


def with_returns(*returns):
    return dataclasses.replace(RUN, returns=tuple(float(value) for value in returns))


def decode(png):
    """(height, width, 3)."""
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB"))


def rows_of(pixels, colour, column):
    return np.flatnonzero((pixels[:, column] == colour).all(axis=-1))


PLOT = range(100, 1080)
"""Columns of the picture, and below the legend its rows."""
BELOW_THE_LEGEND = 60


@pytest.fixture
def written(monkeypatch):
    """Every text that is written, with the box that it fills: (left, top, right, bottom)."""
    boxes = []
    write = ImageDraw.ImageDraw.text

    def spy(draw, at, words, *arguments, anchor, **options):
        boxes.append((words, draw.textbbox(at, words, anchor=anchor)))
        return write(draw, at, words, *arguments, anchor=anchor, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", spy)
    return boxes


def test_the_picture_is_a_png_that_fits_the_platform():
    assert decode(RUN.picture).shape == (600, 1120, 3)
    assert 'width="560" height="300"' in RUN.html
    assert len(RUN.picture) < 40_000
    assert len(RUN.html) < MAX_PICTURE_BYTES


def test_the_axes_have_names_and_numbers_and_the_legend_says_what_is_what(written):
    decode(RUN.picture)
    assert {words for words, _ in written} == {
        *("mean return", "0", "100", "200", "300", "400", "500"),
        *("iteration", "5", "10", "15", "20", "25", "30"),
        *("your run 1", "90 of 100 runs of the reference", "475, where a run ends"),
    }


@pytest.mark.parametrize("iterations", [1, 8, 30, 45])
def test_no_writing_hides_another_or_leaves_the_picture(written, iterations):
    pixels = decode(with_returns(*range(20, 21 + iterations)).picture)
    for number, (_, (left, top, right, bottom)) in enumerate(written):
        assert 0 <= left < right <= pixels.shape[1]
        assert 0 <= top < bottom <= pixels.shape[0]
        for _, (other_left, other_top, other_right, other_bottom) in written[:number]:
            assert right < other_left or other_right < left or bottom < other_top or other_bottom < top


@pytest.mark.parametrize("colour", [BLUE, PALE, ORANGE])
def test_the_legend_has_every_colour_left_of_its_words(written, colour):
    legend = decode(RUN.picture)[:BELOW_THE_LEGEND]
    columns = np.flatnonzero((legend == colour).all(axis=-1).any(axis=0))
    words = {BLUE: "your run 1", PALE: "90 of 100 runs of the reference", ORANGE: "475, where a run ends"}
    left = dict(written)[words[colour]][0]
    assert columns.size
    assert left - 70 < columns.min() <= columns.max() < left


def test_the_line_rises_with_the_returns_inside_the_band():
    pixels = decode(RUN.picture)[BELOW_THE_LEGEND:]
    middles = []
    for column in range(150, 1050, 100):
        line, band = rows_of(pixels, BLUE, column), rows_of(pixels, PALE, column)
        assert band[0] < line[0]
        assert line[-1] < band[-1]
        middles.append(line.mean())
    assert middles == sorted(middles, reverse=True)


def test_the_bar_is_dashed_where_475_is():
    flat = decode(with_returns(*[475.0] * (K + 1)).picture)[BELOW_THE_LEGEND:]
    steep = decode(RUN.picture)[BELOW_THE_LEGEND:]
    dashes = [column for column in PLOT if rows_of(steep, ORANGE, column).size]
    gaps = np.diff(dashes) > 1
    assert gaps.sum() > 20
    # A line at 475 covers the bar.
    assert not any(rows_of(flat, ORANGE, column).size for column in PLOT)


@pytest.mark.parametrize(
    "returns", [[0.0] * 31, [500.0] * 31, [700.0, -20.0] * 15 + [3.0], [9.0, 500.0], [480.0]]
)
def test_every_curve_can_be_drawn_and_written(returns):
    run = with_returns(*returns)
    decode(run.picture)
    assert f"{returns[0]:.0f} to {returns[-1]:.0f}" in run.text


def test_the_text_has_a_block_for_every_iteration_and_the_numbers():
    lines = RUN.text.splitlines()
    blocks = re.search("[▁-█]+", lines[1]).group()
    assert len(blocks) == K + 1
    assert blocks == "".join(sorted(blocks))
    assert lines[3].split() == ["iteration", "0", "6", "12", "18", "24", "30"]
    assert lines[4].split() == ["yours", "20", "116", "212", "308", "404", "500"]
    assert lines[5].split()[1] == "16-24"
    assert lines[5].split()[-1] == "400-500"


def test_the_html_says_in_words_what_the_picture_shows():
    assert 'alt="NPG: mean return per iteration.' in RUN.html
    assert "your run 1, from 20 to 500." in RUN.html
    assert RUN.text.splitlines()[1] in RUN.html
    # What Rails' sanitiser, and so the platform, is known to leave.
    assert set(re.findall("</?([a-z]+)", RUN.html)) == {"p", "img", "pre"}


def test_a_name_cannot_become_a_tag():
    assert "<b>" not in dataclasses.replace(RUN, name='"<b>').html


def test_rows_show_values_that_were_all_computed_before():
    assert RUN.curve == Curve("NPG", 475.0, 500.0, 29_000, RUN.text, html="")


def test_pillow_is_imported_by_no_grading_without_a_picture():
    program = "import sys, autograder.grading.plugin; print([name for name in sys.modules if 'PIL' in name])"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, 'solutions'); {program}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("returns", "steps"),
    [
        ((475.0, 20.0, 20.0), 0),
        ((20.0, 475.0, 20.0), 1000),
        ((20.0, 20.0, 475.0), 2000),
        ((20.0, 20.0, 474.9), None),
    ],
)
def test_steps_to_the_bar_are_those_behind_the_first_policy_that_reaches_it(returns, steps):
    assert with_returns(*returns).curve.steps_to_bar == steps


@pytest.mark.parametrize("bar", [0.0, 501.0])
def test_the_first_run_is_shown_where_the_bar_is_missed_as_well(bar):
    short = dataclasses.replace(
        NPG, iterations=1, baseline_trajectories=2, update_trajectories=2, evaluation_episodes=1
    )

    def stay(theta, *batches):
        return theta

    learner = Learner("NPG", short, 0, stay, stay, lambda rng: ())
    curves = []
    with contextlib.suppress(Mismatch):
        learner.assert_reaches(bar, curves.append)
    assert len(curves) == 1


@pytest.mark.parametrize("name", ["npg", "ppo"])
def test_the_references_band_fits_the_settings_of_the_trainings(name):
    """A band of other settings would mislead: run benchmarks/reference_curves.py again."""
    settings = {"npg": NPG, "ppo": PPO}[name]
    places, low, high = reference_band(name, settings)["iterations"]
    assert len(places) == len(low) == len(high) == settings.iterations + 1
    assert (low <= high).all()
    assert low[-1] >= settings.bar
    assert high[0] < 30
