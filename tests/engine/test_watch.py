"""The film of the pole: what it shows of episodes that stand or fail, and how it is written."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from hw4.lab import command_line, runs, watch
from hw4.lab.training import SETTINGS, LearningCurve

BALANCING = np.array([0.0, 0.0, 0.0, 0.0, 0.4, 0.8, 8.0, 4.0])
"""Pushes the cart toward the side that the pole leans to: stands for nearly all of 500 steps."""


@pytest.fixture
def kept(tmp_path):
    """The file of a training that ended at a policy which balances."""
    curve = LearningCurve(np.array([20.0]), np.array([2000]), BALANCING, 490.0)
    one = np.array([0.1])
    file = tmp_path / "kept.json"
    runs.save(file, [runs.Run("npg", SETTINGS["npg"][200], 0, curve, one, one)])
    return file


def frames_of(file):
    with Image.open(file) as film:
        for place in range(film.n_frames):
            film.seek(place)
            yield np.asarray(film.convert("RGB")), film.info["duration"]


def leaning(*angles, horizon=500):
    """An episode with the pole at these angles, the cart in the middle."""
    states = np.zeros((len(angles), 4))
    states[:, 2] = angles
    return watch.Pole("", states, horizon)


def columns_of_the_pole(picture, colour):
    """Where a row a little below the tip has the pole's colour."""
    rows = np.flatnonzero((picture == colour).all(axis=-1).any(axis=1))
    return np.flatnonzero((picture[rows[0] + 3] == colour).all(axis=-1))


def rgb(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def test_the_pole_leans_to_the_side_that_the_angle_says(tmp_path):
    for angle, side in ((-0.2, -1), (0.0, 0), (0.2, 1)):
        file = tmp_path / "one.gif"
        watch.write(file, [leaning(*[angle] * 500)], 1)
        picture, _ = next(frames_of(file))
        shift = columns_of_the_pole(picture, rgb(watch.BROWN)).mean() - picture.shape[1] / 2
        assert np.sign(round(shift / 5)) == side


def test_a_pole_that_failed_turns_grey_and_stays_as_it_was(tmp_path):
    file = tmp_path / "two.gif"
    watch.write(file, [leaning(*[0.1] * 5), leaning(*[0.1] * 11)], 2)
    pictures = [picture for picture, _ in frames_of(file)]
    half = pictures[0].shape[1] // 2

    def has_wood(picture):
        return (picture == rgb(watch.BROWN)).all(axis=-1).any()

    assert [has_wood(picture[:, :half]) for picture in pictures] == [True, True, False, False, False, False]
    assert [has_wood(picture[:, half:]) for picture in pictures] == [True] * 5 + [False]
    np.testing.assert_array_equal(pictures[2][:, :half], pictures[5][:, :half])


def test_an_episode_of_the_whole_horizon_has_not_failed():
    whole = leaning(*[0.0] * 20, horizon=20)
    assert not whole.has_failed(19)
    assert leaning(*[0.0] * 20, horizon=21).has_failed(19)


def test_the_film_runs_in_real_time_and_rests_at_its_end(tmp_path):
    file = tmp_path / "one.gif"
    watch.write(file, [leaning(*np.linspace(0, 0.2, 101))], 1)
    durations = [duration for _, duration in frames_of(file)]
    assert sum(durations[:-1]) == 100 * 20
    assert durations[-1] == watch.LAST_FRAME_MILLISECONDS


def test_watch_films_the_pole_before_and_after(kept, tmp_path, capsys):
    out = tmp_path / "pole.gif"
    assert command_line.main(["watch", str(kept), "--out", str(out)]) == 0
    before, after, where = capsys.readouterr().out.splitlines()
    assert int(before.removeprefix("before training: ").split()[0]) < 100
    assert after == "after 1 iterations of NPG: 200 of 200 steps"
    assert where == f"The film is in {out}."
    assert out.read_bytes().startswith(b"GIF89a")


def test_watch_films_sixteen_poles_of_one_policy(kept, tmp_path, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr("click.launch", opened.append)
    out = tmp_path / "pole.gif"
    assert command_line.main(["watch", str(kept), "--grid", "--show", "--out", str(out)]) == 0
    assert " of 16 poles stand to the end, 200 steps." in capsys.readouterr().out
    assert opened == [str(out)]
    with Image.open(out) as film:
        assert film.size == (4 * 190, 4 * 110)


def test_the_sixteen_episodes_differ_and_are_the_same_for_the_same_seed(kept):
    (run,) = runs.load(kept)
    clumsy = dataclasses.replace(run, curve=dataclasses.replace(run.curve, theta=np.zeros(8)))
    first, second, other = (watch.grid(clumsy, seed) for seed in (0, 0, 1))
    lengths = [[len(pole.states) for pole in poles] for poles in (first, second, other)]
    assert len(set(lengths[0])) > 3
    assert lengths[0] == lengths[1] != lengths[2]


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["none.json"], 1, "none.json cannot be read"),
        (["none.json", "--out", "film.mp4"], 2, "film.mp4 must end in .gif."),
        ([], 2, "Missing argument 'FILE'"),
    ],
)
def test_what_cannot_be_filmed_is_one_sentence(capsys, arguments, status, sentence):
    assert command_line.main(["watch", *arguments]) == status
    assert sentence in capsys.readouterr().err
