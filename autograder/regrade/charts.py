"""Charts of a class as SVG in a page: they take the page's colours, light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograder.regrade.items import Item

_INK, _FIRST, _SECOND = "#010203", "#010204", "#010205"
_COLOURS = {_INK: "currentColor", _FIRST: "var(--first)", _SECOND: "var(--second)"}
"""Stand-ins, for which the page's own colours are put into the SVG."""
LOW = 0.1
"""Rows of a lower discrimination are named in the chart."""
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "regrade",
    "font.family": "sans-serif",
    **{
        name: _INK
        for name in ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    },
}


def draw_scores(new: Sequence[float], official: Sequence[float], most: float) -> ElementTree.Element:
    """Draw the distribution of scores.

    Args:
        new: the new scores.
        official: the official ones; none where there are none.
        most: the largest score there is.

    Returns:
        The SVG.
    """
    with mpl.rc_context(_STYLE):
        figure, axes = _figure("score", "submissions")
        edges = [most * step / 20 for step in range(21)]
        axes.hist(new, edges, color=_FIRST, label="new")
        if official:
            axes.hist(official, edges, histtype="step", color=_SECOND, linewidth=2, label="official")
            axes.legend(frameon=False, loc="upper left")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        return _to_svg(
            figure, "scores", "How many submissions have which score; the table of rows tells more."
        )


def draw_items(items: Sequence[Item]) -> ElementTree.Element:
    """Draw how hard each row is, and how well it tells submissions apart.

    Returns:
        The SVG.
    """
    shown = [item for item in items if item.discrimination is not None]
    with mpl.rc_context(_STYLE):
        figure, axes = _figure("share that passes", "discrimination")
        axes.axhline(0, color=_INK, linewidth=0.5)
        axes.scatter(
            [item.share for item in shown], [item.discrimination or 0.0 for item in shown], color=_FIRST, s=16
        )
        for item in [item for item in shown if (item.discrimination or 0.0) < LOW]:
            axes.annotate(
                item.number,
                (item.share, item.discrimination or 0.0),
                (4, 4),
                textcoords="offset points",
                fontsize=8,
            )
        return _to_svg(
            figure, "items", "Each row: the share that passes, and its discrimination; both are in the table."
        )


def _figure(x: str, y: str) -> tuple[Figure, mpl.axes.Axes]:
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _to_svg(figure: Figure, name: str, description: str) -> ElementTree.Element:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    text = stream.getvalue()
    for stand_in, colour in _COLOURS.items():
        text = text.replace(stand_in, colour)
    # HTML knows SVG's elements without their namespaces.
    text = re.sub(
        r'(<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<style.*?</style>| xmlns(:\w+)?="[^"]*")',
        "",
        text,
        flags=re.S,
    )
    # Two charts stand on one page.
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    svg = ElementTree.fromstring(text.replace("xlink:href", "href"))
    for name in ("width", "height"):
        svg.attrib.pop(name, None)
    svg.attrib.update({"role": "img", "aria-label": description})
    return svg
