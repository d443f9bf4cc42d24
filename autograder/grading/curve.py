"""A learning curve for people: a small picture, and the same as block characters and numbers."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

_BLOCKS = "▁▂▃▄▅▆▇█"
_NUMBERS_SHOWN = 6

_WIDTH, _HEIGHT = 1120, 600
"""In the picture's pixels, as all lengths here. It is shown at half the size: many screens are as fine."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 88, 1092, 124, 508
"""The edges of the plot."""
_FONT_SIZE = 26
_COLORS = 64
"""Enough for smooth letters. Full colour would take three times the bytes, and longer to write."""
_WHITE, _GRID, _INK = (255, 255, 255), (226, 226, 226), (60, 60, 60)
# Blue and orange differ for colour-blind eyes too; the bar is dashed, the band is filled.
_BAND, _LINE, _BAR = (205, 222, 240), (20, 82, 150), (214, 112, 8)


@dataclass(frozen=True)
class Curve:
    """What rows show of a training run: values alone, so that nothing can fail where they are shown.

    Attributes:
        name: the algorithm's name, for people.
        bar: the mean return that counts as solved.
        final_return: the mean return under the last θ.
        steps_to_bar: environment steps behind the first θ whose mean return reached the bar; None where none
            did.
        text: the curve as lines of text, complete without the picture.
        html: the picture and the text; empty where it could not be drawn.
    """

    name: str
    bar: float
    final_return: float
    steps_to_bar: int | None
    text: str
    html: str = ""


@dataclass(frozen=True)
class TrainingRun:
    """One training run beside the reference's.

    Attributes:
        name: the algorithm's name, for people.
        returns: the mean return under θ^0 … θ^K.
        environment_steps: taken up to and including each of the K iterations.
        low: below the reference's return in 95 of 100 runs, under θ^0 … θ^K.
        high: above it in 95 of 100.
        bar: the mean return that counts as solved.
        horizon: the largest return there is.
    """

    name: str
    returns: tuple[float, ...]
    environment_steps: tuple[int, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    bar: float
    horizon: float

    @property
    def curve(self) -> Curve:
        """What rows show, still without the picture."""
        return Curve(self.name, self.bar, self.returns[-1], self.steps_to_bar, self.text)

    @property
    def steps_to_bar(self) -> int | None:
        """Environment steps behind the first θ^k whose mean return reached the bar; None where none did."""
        # θ^0 has cost no step, θ^k those of k iterations.
        for taken, value in zip((0, *self.environment_steps), self.returns, strict=False):
            if value >= self.bar:
                return taken
        return None

    @property
    def text(self) -> str:
        """The curve as lines of text, complete without the picture."""
        reference = [(low + high) / 2 for low, high in zip(self.low, self.high, strict=True)]
        lines = [
            f"Mean return per iteration, 0 to {self.horizon:.0f} (the reference: middle of 90 of 100 runs):",
            f"  yours     {self._blocks(self.returns)}  {self.returns[0]:.0f} to {self.returns[-1]:.0f}",
            f"  reference {self._blocks(reference)}  {reference[0]:.0f} to {reference[-1]:.0f}",
            "  iteration " + " ".join(f"{k:>7}" for k in self._shown),
            "  yours     " + " ".join(f"{self.returns[k]:>7.0f}" for k in self._shown),
            "  reference " + " ".join(f"{self._range(k):>7}" for k in self._shown),
        ]
        return "\n".join(lines)

    @property
    def html(self) -> str:
        """The picture, in words what it shows, and the text; in tags that survive a sanitiser."""
        data = base64.b64encode(self.picture).decode("ascii")
        first, last = self.returns[0], self.returns[-1]
        alt = html.escape(
            f"{self.name}: mean return per iteration. Line: your run 1, from {first:.0f} to "
            f"{last:.0f}. Band: 90 of 100 runs of the reference. Dashes: {self.bar:.0f}, where a run ends."
        )
        size = f'width="{_WIDTH // 2}" height="{_HEIGHT // 2}"'
        return (
            f'<p><img src="data:image/png;base64,{data}" {size} alt="{alt}"></p>\n'
            f"<pre>{html.escape(self.text)}</pre>"
        )

    @property
    def picture(self) -> bytes:
        """The run as a PNG."""
        # Only where a picture is drawn: importing Pillow takes longer than the drawing.
        from PIL import Image, ImageDraw, ImageFont

        image = Image.new("RGB", (_WIDTH, _HEIGHT), _WHITE)
        draw = ImageDraw.Draw(image)
        draw.font = ImageFont.load_default(_FONT_SIZE)
        self._draw_axes(draw)
        self._draw_legend(draw)
        # The reference's runs may go on where this one has ended.
        high, low = self._points(self.high[: len(self.returns)]), self._points(self.low[: len(self.returns)])
        draw.polygon([*high, *reversed(low)], _BAND)
        _draw_dashes(draw, _LEFT, _RIGHT, self._at(0, self.bar)[1])
        draw.line(self._points(self.returns), _LINE, 5, joint="curve")
        file = io.BytesIO()
        image.quantize(_COLORS, Image.Quantize.FASTOCTREE).save(file, "PNG")
        return file.getvalue()

    @property
    def _last(self) -> int:
        return max(len(self.returns) - 1, 1)

    def _at(self, k: float, value: float) -> tuple[float, float]:
        """Where a return under θ^k is drawn; what is beyond the axis, at its end."""
        share = min(max(value / self.horizon, 0.0), 1.0)
        return _LEFT + k / self._last * (_RIGHT - _LEFT), _BOTTOM - share * (_BOTTOM - _TOP)

    def _points(self, values: Sequence[float]) -> list[tuple[float, float]]:
        return [self._at(k, value) for k, value in enumerate(values)]

    def _draw_axes(self, draw: ImageDraw) -> None:
        for value in range(0, int(self.horizon) + 1, 100):
            _, y = self._at(0, value)
            draw.line([(_LEFT, y), (_RIGHT, y)], _GRID, 2)
            draw.text((_LEFT - 16, y), f"{value}", _INK, anchor="rm")
        draw.line([(_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)], _INK, 2)
        for k in range(0, self._last + 1, 5 if self._last > 10 else 1):
            x, _ = self._at(k, 0.0)
            draw.line([(x, _BOTTOM), (x, _BOTTOM + 10)], _INK, 2)
            draw.text((x, _BOTTOM + 18), f"{k}", _INK, anchor="ma")
        draw.text((8, _TOP - 36), "mean return", _INK, anchor="lm")
        draw.text(((_LEFT + _RIGHT) / 2, _HEIGHT - 12), "iteration", _INK, anchor="md")

    def _draw_legend(self, draw: ImageDraw) -> None:
        y = 32
        draw.line([(_LEFT, y), (_LEFT + 48, y)], _LINE, 5)
        draw.text((_LEFT + 60, y), "your run 1", _INK, anchor="lm")
        draw.rectangle([(312, y - 12), (360, y + 12)], _BAND)
        draw.text((372, y), "90 of 100 runs of the reference", _INK, anchor="lm")
        _draw_dashes(draw, 784, 832, y)
        draw.text((844, y), f"{self.bar:.0f}, where a run ends", _INK, anchor="lm")

    @property
    def _shown(self) -> list[int]:
        """The iterations whose numbers are written: first, last, and some between."""
        last = len(self.returns) - 1
        return sorted({round(last * i / (_NUMBERS_SHOWN - 1)) for i in range(_NUMBERS_SHOWN)})

    def _range(self, k: int) -> str:
        return f"{self.low[k]:.0f}-{self.high[k]:.0f}" if k < len(self.low) else ""

    def _blocks(self, values: Sequence[float]) -> str:
        top = len(_BLOCKS) - 1
        return "".join(_BLOCKS[min(max(round(value / self.horizon * top), 0), top)] for value in values)


def _draw_dashes(draw: ImageDraw, left: int, right: int, y: float) -> None:
    for x in range(left, right, 18):
        draw.line([(x, y), (min(x + 10, right), y)], _BAR, 4)
