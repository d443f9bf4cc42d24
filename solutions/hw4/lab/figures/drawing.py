"""What the figures share: a page of panels that is legible at half its width, and in grey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hw4.lab.plots import STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE = {
    "font.size": 12,
    "axes.titlesize": 12,
    "figure.titlesize": 13,
    "legend.fontsize": 10.5,
    "lines.linewidth": 1.9,
    "axes.grid": True,
    "grid.alpha": 0.25,
    # In an SVG: text that can be searched, and the same names of its parts each time.
    "svg.fonttype": "none",
    "svg.hashsalt": "hw4",
}
COLOURS = tuple(colour for colour, _, _ in STYLES)
LINES = tuple(line for _, line, _ in STYLES)
MARKERS = tuple(marker for _, _, marker in STYLES)


def panels(title: str, count: int = 1) -> tuple[Figure, list[Axes]]:
    """Return a figure with one or two panels side by side."""
    # Not pyplot: it looks for a screen, and takes half a second to import.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 4.0) if count == 1 else (4.4 * count, 4.0), layout="constrained")
    figure.suptitle(title)
    return figure, list(figure.subplots(1, count, squeeze=False)[0])
