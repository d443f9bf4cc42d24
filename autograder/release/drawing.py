"""Puts matplotlib's SVG into an HTML page: a third of its size, and clear of the page's own styles."""

from __future__ import annotations

import html
import re
from collections import Counter

_WITHOUT_USE = re.compile(
    r'<!--.*?-->|<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>|(?<=<g) id="[^"]*"'
    r'| transform="rotate\(-0 [^"]*"|font-family: [^;"]*;? ?',
    re.DOTALL,
)
"""Comments, who made it, a style for all that the page has, names nobody asks for, turns by 0°, one font."""
_TAG = re.compile(r"<[^>]*>")
_LONG_NUMBER = re.compile(r"\d+\.\d{2,}")
_STYLE = re.compile(r' style="([^"]*)"')
_ID = re.compile(r' id="([^"]*)"')


def to_inline(svg: str, name: str, description: str) -> str:
    """Make an SVG file a part of a page.

    Args:
        svg: what matplotlib wrote, with text as text (``svg.fonttype = none``).
        name: begins the names of its styles and ids; unique in the page.
        description: what a screen reader says in place of it.

    Returns:
        The element ``<svg>``, as wide as its place allows; its numbers are rounded to 0.1 points.
    """
    text = _WITHOUT_USE.sub("", svg[svg.index("<svg") :])
    text = _TAG.sub(lambda tag: _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.1f}", tag[0]), text)
    text = re.sub(r"<g ?>\s*</g>", "", re.sub(r">\s+<", "><", " ".join(text.split())))
    text = _with_short_ids(text.replace("xlink:href", "href"), name)
    rules: list[str] = []
    for style, times in Counter(_STYLE.findall(text)).most_common():
        if times > 1:
            rules.append(f".{name}{len(rules)}{{{style}}}")
            text = text.replace(f' style="{style}"', f' class="{name}{len(rules) - 1}"')
    _, sizes, drawing = re.split(r"<svg[^>]*?( viewBox=\"[^\"]*\")[^>]*>", text, maxsplit=1)
    opening = f'<svg{sizes} role="img" aria-label="{html.escape(description)}">'
    return f"{opening}<style>{''.join(rules)}</style>{drawing}"


def _with_short_ids(text: str, name: str) -> str:
    """Number the ids of shapes that are drawn many times: matplotlib's are hashes, repeated at each use."""
    for number, long in enumerate(dict.fromkeys(_ID.findall(text))):
        text = text.replace(f'"{long}"', f'"{name}{number:x}"').replace(f"#{long}", f"#{name}{number:x}")
    return text
