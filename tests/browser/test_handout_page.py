"""The handout in a browser: readable by everybody, on every screen, without a network."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from autograder.homework import ASSIGNMENT

HANDOUT = (ASSIGNMENT.solutions / "handout.html").as_uri()


@pytest.fixture(scope="module")
def handout(page):
    page.asked_for = []
    page.on("request", lambda request: page.asked_for.append(request.url))
    page.goto(HANDOUT)
    return page


def test_axe_finds_no_violation(handout):
    found = Axe().run(handout)
    assert not found.violations_count, found.generate_report()


def test_nothing_is_fetched(handout):
    assert handout.asked_for == [HANDOUT]


def test_the_page_does_not_scroll_sideways(handout):
    """Wide tables and formulas do so by themselves."""
    width, shown = handout.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= shown


def test_a_formula_has_no_bar_to_scroll_up_and_down(handout):
    """Chromium takes some for higher than they are, and showed a bar."""
    ways = "[...document.querySelectorAll('.wide')].map(one => getComputedStyle(one).overflowY)"
    assert set(handout.evaluate(ways)) == {"hidden"}


def test_the_colours_are_those_of_the_scheme(handout, scheme):
    back = handout.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert back == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]


def test_every_entry_of_the_contents_leads_somewhere(handout):
    links = "[...document.querySelectorAll('nav a')]"
    targets = handout.evaluate(f"{links}.map(link => decodeURIComponent(link.hash.slice(1)))")
    assert len(targets) > 15
    assert handout.evaluate("ids => ids.filter(id => !document.getElementById(id))", targets) == []


def test_formulas_are_set(handout):
    """As mathematics: the numerator of a fraction is above its denominator."""
    fractions, top = "[...document.querySelectorAll('mfrac')]", "getBoundingClientRect().top"
    tops = handout.evaluate(f"{fractions}.map(one => [...one.children].map(child => child.{top}))")
    assert len(tops) > 20
    assert all(above < below for above, below in tops)
