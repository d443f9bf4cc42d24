"""Plays the pole under a policy, and draws it as an animated GIF. Needs Pillow, which comes with matplotlib.

The pole is drawn here and not by gymnasium, which needs pygame for it and shows one pole at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from hw4.lab.cartpole import STATE_SIZE, rollout
from hw4.lab.runs import Run

FRAME_STEPS = 2
"""Steps of the task, of 20 ms each, from one picture to the next: the film runs in real time."""
FRAME_MILLISECONDS = 40
LAST_FRAME_MILLISECONDS = 2000
TRACK_METRES = 2.4
"""An episode ends where the cart is further from the middle, or the pole leans by more than 12 degrees."""
POLE_METRES = 1.0
"""CartPole-v1's "length" of 0.5 is half of the pole."""
GRID_COLUMNS, GRID_POLES = 4, 16
WHITE, BLACK, GREY, PALE, BROWN = "#ffffff", "#1e1e1e", "#6e6e6e", "#d2d2d2", "#b4641e"


@dataclass(frozen=True, eq=False)
class Pole:
    """One episode.

    Attributes:
        title: what stands above it.
        states: (H', 4), s_h of its steps.
        horizon: H of the task: an episode that ends before has failed.
    """

    title: str
    states: np.ndarray
    horizon: int

    def has_failed(self, step: int) -> bool:
        """Answer whether the episode ended at or before a step, short of the horizon."""
        return len(self.states) < self.horizon and step >= len(self.states) - 1


def before_and_after(run: Run, seed: int) -> list[Pole]:
    """Play one episode under θ^0 = 0 and one under a run's final θ."""
    name, horizon = run.algorithm.upper(), run.settings.horizon
    (before,) = _play("before training", np.zeros_like(run.curve.theta), 1, horizon, seed)
    made = len(run.curve.returns)
    (after,) = _play(f"after {made} iterations of {name}", run.curve.theta, 1, horizon, seed)
    return [before, after]


def grid(run: Run, seed: int) -> list[Pole]:
    """Play 16 episodes under a run's final θ, its actions sampled."""
    return _play("", run.curve.theta, GRID_POLES, run.settings.horizon, seed)


def write(file: Path, poles: Sequence[Pole], columns: int) -> None:
    """Write episodes, side by side, as an animated GIF.

    Args:
        file: where to.
        poles: the episodes.
        columns: how many stand in a row.
    """
    # One palette for all: with one of its own for each, what stands still would flicker.
    colours: list[tuple[int, ...]] = [(grey, grey, grey) for grey in range(0, 256, 15)]
    colours += [ImageColor.getrgb(colour) for colour in (BLACK, GREY, PALE, BROWN)]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in colours for part in colour])
    frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in _frames(poles, columns)]
    durations = [FRAME_MILLISECONDS] * (len(frames) - 1) + [LAST_FRAME_MILLISECONDS]
    frames[0].save(file, save_all=True, append_images=frames[1:], duration=durations, loop=0)


def describe(poles: Sequence[Pole]) -> Iterator[str]:
    """Say how long the pole stood."""
    if len(poles) == GRID_POLES:
        stood = sum(len(pole.states) == pole.horizon for pole in poles)
        yield f"{stood} of {len(poles)} poles stand to the end, {poles[0].horizon} steps."
    else:
        yield from (f"{pole.title}: {len(pole.states)} of {pole.horizon} steps" for pole in poles)


def _play(title: str, theta: np.ndarray, episodes: int, horizon: int, seed: int) -> list[Pole]:
    batch = rollout(theta, np.random.default_rng(seed), episodes, horizon)
    # A block of the state per action: the first action's is the state itself.
    states = batch.features[:, :, 0, :STATE_SIZE]
    return [Pole(title, *one) for one in ((states[n, batch.mask[n]], horizon) for n in range(episodes))]


def _frames(poles: Sequence[Pole], columns: int) -> Iterator[Image.Image]:
    width, height = (360, 210) if columns < GRID_COLUMNS else (190, 110)
    rows = math.ceil(len(poles) / columns)
    longest = max(len(pole.states) for pole in poles)
    for step in [*range(0, longest - 1, FRAME_STEPS), longest - 1]:
        frame = Image.new("RGB", (columns * width, rows * height), WHITE)
        for place, pole in enumerate(poles):
            corner = (place % columns * width, place // columns * height)
            _draw(ImageDraw.Draw(frame), corner, width, height, pole, step)
        yield frame


def _draw(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], width: int, height: int, pole: Pole, step: int
) -> None:
    left, top = corner
    position, _, angle, _ = pole.states[min(step, len(pole.states) - 1)]
    has_failed = pole.has_failed(step)
    dark, wood = (PALE, PALE) if has_failed else (BLACK, BROWN)
    scale = 0.46 * width / TRACK_METRES
    ground = top + 0.76 * height
    x = left + width / 2 + scale * position
    length = min(scale * POLE_METRES, 0.52 * height)
    cart = 0.055 * width
    draw.line([(left + 0.04 * width, ground), (left + 0.96 * width, ground)], fill=GREY)
    draw.rectangle([x - cart, ground - 0.6 * cart, x + cart, ground + 0.6 * cart], fill=dark)
    pivot = ground - 0.6 * cart
    tip = (x + length * math.sin(angle), pivot - length * math.cos(angle))
    draw.line([(x, pivot), tip], fill=wood, width=max(round(0.02 * width), 3))
    taken = min(step, len(pole.states) - 1) + 1
    state = f"failed after {taken} steps" if has_failed else f"step {taken}"
    font = ImageFont.load_default(size=13 if width > 200 else 11)
    draw.text((left + 0.04 * width, top + 0.03 * height), pole.title, fill=BLACK, font=font)
    colour = GREY if has_failed else BLACK
    draw.text((left + 0.04 * width, ground + 0.7 * cart), state, fill=colour, font=font)
