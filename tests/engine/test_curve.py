"""The learning curve: a picture that is what it says, and a text that does without it."""

from __future__ import annotations

import dataclasses
import json
import re
import struct
import zlib

import numpy as np
import pytest

from autograder.grading.curve import Curve
from autograder.grading.results_rules import LARGEST_PICTURE_BYTES
from tests.engine.conftest import ROOT
from tests.hidden.trainings import NPG, PPO

K = 30
RISING = tuple(20.0 + 16.0 * k for k in range(K + 1))
CURVE = Curve(
    "NPG",
    RISING,
    tuple(1000 * (k + 1) for k in range(K)),
    tuple(0.8 * value for value in RISING),
    tuple(min(1.2 * value, 500.0) for value in RISING),
    bar=475.0,
    horizon=500.0,
)
BLUE, ORANGE, PALE = (20, 82, 150), (214, 112, 8), (205, 222, 240)
BANDS = json.loads((ROOT / "tests" / "hidden" / "reference_curves.json").read_text(encoding="utf-8"))


def with_returns(*returns):
    return dataclasses.replace(CURVE, returns=tuple(float(value) for value in returns))


def decode(png):
    """(height, width, 3), read as the PNG specification says; independent of the encoder."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size]) == (zlib.crc32(kind + data),)
        chunks[kind] = data
        at += 12 + size
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert rest == [8, 2, 0, 0, 0]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def rows_of(pixels, colour, column):
    return np.flatnonzero((pixels[:, column] == colour).all(axis=-1))


def test_the_picture_is_a_png_that_fits_the_platform():
    pixels = decode(CURVE.picture)
    assert pixels.shape == (400, 960, 3)
    assert len(CURVE.html) < LARGEST_PICTURE_BYTES / 2


def test_the_line_rises_with_the_returns_inside_the_band():
    pixels = decode(CURVE.picture)
    middles = []
    for column in range(100, 900, 100):
        line, band = rows_of(pixels, BLUE, column), rows_of(pixels, PALE, column)
        assert band[0] < line[0]
        assert line[-1] < band[-1]
        middles.append(line.mean())
    assert middles == sorted(middles, reverse=True)


def test_the_bar_is_dashed_where_475_is():
    flat = decode(with_returns(*[475.0] * (K + 1)).picture)
    steep = decode(CURVE.picture)
    dashes = [column for column in range(70, 900) if rows_of(steep, ORANGE, column).size]
    gaps = np.diff(dashes) > 1
    assert gaps.sum() > 20
    # A line at 475 covers the bar.
    assert not any(rows_of(flat, ORANGE, column).size for column in range(70, 900))


@pytest.mark.parametrize("returns", [[0.0] * 31, [500.0] * 31, [700.0, -20.0] * 15 + [3.0], [9.0, 500.0]])
def test_every_curve_can_be_drawn_and_written(returns):
    curve = with_returns(*returns)
    decode(curve.picture)
    assert f"{returns[0]:.0f} to {returns[-1]:.0f}" in curve.text


def test_the_text_has_a_block_for_every_iteration_and_the_numbers():
    lines = CURVE.text.splitlines()
    blocks = re.search("[▁-█]+", lines[1]).group()
    assert len(blocks) == K + 1
    assert blocks == "".join(sorted(blocks))
    assert lines[3].split() == ["iteration", "0", "6", "12", "18", "24", "30"]
    assert lines[4].split() == ["yours", "20", "116", "212", "308", "404", "500"]
    assert lines[5].split()[1] == "16-24"
    assert lines[5].split()[-1] == "400-500"


def test_the_html_says_in_words_what_the_picture_shows():
    assert 'alt="NPG on CartPole: mean return per iteration.' in CURVE.html
    assert "It goes from 20 to 500." in CURVE.html
    assert CURVE.text.splitlines()[1] in CURVE.html
    # What Rails' sanitiser, and so the platform, is known to leave.
    assert set(re.findall("</?([a-z]+)", CURVE.html)) == {"p", "img", "pre"}


def test_a_name_cannot_become_a_tag():
    assert "<b>" not in dataclasses.replace(CURVE, name='"<b>').html


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
    assert with_returns(*returns).steps_to_bar == steps


@pytest.mark.parametrize("name", ["npg", "ppo"])
def test_the_references_band_fits_the_settings_of_the_trainings(name):
    """A band of other settings would mislead: run benchmarks/reference_curves.py again."""
    settings, band = {"npg": NPG, "ppo": PPO}[name], BANDS[name]
    assert len(band["low"]) == len(band["high"]) == settings.iterations + 1
    assert all(low <= high for low, high in zip(band["low"], band["high"], strict=True))
    assert band["low"][-1] >= settings.bar
    assert band["high"][0] < 30
