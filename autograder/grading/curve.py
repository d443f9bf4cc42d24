"""A learning curve for people: a small picture, and the same as a line of block characters with its numbers.

Draws with numpy and zlib alone; importing matplotlib would take longer than most gradings' trainings.
"""

from __future__ import annotations

import base64
import html
import struct
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_BLOCKS = "▁▂▃▄▅▆▇█"
_WIDTH, _HEIGHT = 480, 200
"""As shown; drawn twice as fine, for screens that are."""
_SCALE = 2
_LEFT, _RIGHT, _TOP, _BOTTOM = 68, 16, 14, 40
"""Margins around the axes, in drawn pixels."""
_WHITE, _GRID, _INK = (255, 255, 255), (226, 226, 226), (80, 80, 80)
# Blue and orange differ for colour-blind eyes too; the bar is dashed, the band is filled.
_BAND, _LINE, _BAR = (205, 222, 240), (20, 82, 150), (214, 112, 8)
_DIGITS = (
    "01110 10001 10001 10001 10001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00110 01000 10000 11111",
    "11110 00001 00001 01110 00001 00001 11110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "01110 10000 11110 10001 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00001 01110",
)
"""Row by row; all the writing that the picture needs."""
_NUMBERS_SHOWN = 6


@dataclass(frozen=True)
class Curve:
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
    def final_return(self) -> float:
        """The mean return under θ^K."""
        return self.returns[-1]

    @property
    def steps_to_bar(self) -> int | None:
        """Environment steps behind the first θ^k whose mean return reached the bar; None where none did."""
        # θ^0 has cost no step, θ^k those of k iterations.
        for taken, value in zip((0, *self.environment_steps), self.returns, strict=False):
            if value >= self.bar:
                return taken
        return None

    @property
    def caption(self) -> str:
        """What the picture shows."""
        return (
            f"{self.name} on CartPole: mean return per iteration. Line: your run 1. Band: 90 of 100 runs of "
            f"the reference. Dashes: {self.bar:.0f}, where a run ends."
        )

    @cached_property
    def text(self) -> str:
        """The curve as lines of text, complete without the picture."""
        reference = [(low + high) / 2 for low, high in zip(self.low, self.high, strict=True)]
        lines = [
            f"Mean return per iteration, 0 to {self.horizon:.0f} (the reference: middle of 90 of 100 runs):",
            f"  yours     {self._blocks(self.returns)}  {self.returns[0]:.0f} to {self.final_return:.0f}",
            f"  reference {self._blocks(reference)}  {reference[0]:.0f} to {reference[-1]:.0f}",
            "  iteration " + " ".join(f"{k:>7}" for k in self._shown),
            "  yours     " + " ".join(f"{self.returns[k]:>7.0f}" for k in self._shown),
            "  reference " + " ".join(f"{self._range(k):>7}" for k in self._shown),
        ]
        return "\n".join(lines)

    @cached_property
    def picture(self) -> bytes:
        """The curve as a PNG."""
        return _png(self._draw())

    @cached_property
    def html(self) -> str:
        """The picture, what it shows in words, and the text; in tags that survive a sanitiser."""
        data = base64.b64encode(self.picture).decode("ascii")
        alt = html.escape(f"{self.caption} It goes from {self.returns[0]:.0f} to {self.final_return:.0f}.")
        size = f'width="{_WIDTH}" height="{_HEIGHT}"'
        return (
            f'<p><img src="data:image/png;base64,{data}" {size} alt="{alt}"></p>\n'
            f"<p>{html.escape(self.caption)}</p>\n<pre>{html.escape(self.text)}</pre>"
        )

    @property
    def _shown(self) -> list[int]:
        """The iterations whose numbers are written: first, last, and some between."""
        last = len(self.returns) - 1
        return sorted({round(last * i / (_NUMBERS_SHOWN - 1)) for i in range(_NUMBERS_SHOWN)})

    def _range(self, k: int) -> str:
        return f"{self.low[k]:.0f}-{self.high[k]:.0f}" if k < len(self.low) else ""

    def _blocks(self, values: tuple[float, ...] | list[float]) -> str:
        top = len(_BLOCKS) - 1
        return "".join(_BLOCKS[min(max(round(value / self.horizon * top), 0), top)] for value in values)

    def _draw(self) -> np.ndarray:
        """(height, width, 3) uint8."""
        canvas = np.full((_HEIGHT * _SCALE, _WIDTH * _SCALE, 3), _WHITE, dtype=np.uint8)
        bottom, right = canvas.shape[0] - _BOTTOM, canvas.shape[1] - _RIGHT
        columns = np.arange(_LEFT, right)
        rows = np.arange(canvas.shape[0])[:, np.newaxis]
        last = max(len(self.returns) - 1, 1)

        def row_of(value: np.ndarray | float) -> np.ndarray:
            return bottom - np.clip(np.asarray(value) / self.horizon, 0.0, 1.0) * (bottom - _TOP)

        def row_at(values: tuple[float, ...]) -> np.ndarray:
            iterations = (columns - _LEFT) / (right - 1 - _LEFT) * last
            return row_of(np.interp(iterations, np.arange(len(values)), values))

        for tick in range(0, int(self.horizon) + 1, 100):
            row = int(row_of(tick))
            canvas[row, _LEFT:right] = _GRID
            _write_number(canvas, tick, right=_LEFT - 10, top=row - 7)
        for k in range(0, last + 1, 5):
            column = _LEFT + round(k / last * (right - 1 - _LEFT))
            canvas[bottom : bottom + 6, column] = _INK
            _write_number(canvas, k, right=column + 6 * len(str(k)), top=bottom + 12)
        axes = canvas[:, _LEFT:right]
        axes[(rows >= row_at(self.high)) & (rows <= row_at(self.low))] = _BAND
        axes[(np.abs(rows - row_of(self.bar)) <= 1) & ((columns - _LEFT) % 18 < 11)] = _BAR
        line = row_at(self.returns)
        # A line of even width covers more rows where it is steep.
        stretch = np.sqrt(1.0 + np.gradient(line) ** 2)
        cover = np.clip(2.5 - np.abs(rows - line) / stretch, 0.0, 1.0)
        touched = cover > 0.0
        below = axes[touched]
        axes[touched] = (below + cover[touched][:, np.newaxis] * (np.array(_LINE) - below)).round()
        return canvas


def _write_number(canvas: np.ndarray, number: int, right: int, top: int) -> None:
    """Write a whole number in digits of 10 by 14 pixels, so that it ends left of a column."""
    for place, digit in enumerate(reversed(str(number))):
        dots = np.array([[character == "1" for character in row] for row in _DIGITS[int(digit)].split()])
        dots = dots.repeat(_SCALE, axis=0).repeat(_SCALE, axis=1)
        left = right - (place + 1) * 6 * _SCALE
        canvas[top : top + dots.shape[0], left : left + dots.shape[1]][dots] = _INK


def _png(pixels: np.ndarray) -> bytes:
    """Encode (height, width, 3) uint8."""
    height, width, _ = pixels.shape
    # Each row begins with its filter, here none.
    raw = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    raw[:, 1:] = pixels.reshape(height, -1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(raw.tobytes(), 6)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
