"""The page on a class: its statistics are right, and nothing in it comes from, or goes, anywhere else."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from autograder.regrade.items import analyse_rows, find_causes, find_unnamed
from autograder.regrade.report import write_report
from tests.engine.made_up_class import EVIL, a_class, record, row


def test_the_share_has_wilsons_interval():
    (item,) = (item for item in analyse_rows(a_class()) if item.number == "1.1")
    assert (item.passed, item.graded) == (8, 12)
    # (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
    z, n, p = 1.959964, 12, 8 / 12
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (item.low, item.high) == pytest.approx(
        ((middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n))
    )


def test_discrimination_is_against_the_points_of_the_other_parts():
    items = {item.number: item for item in analyse_rows(a_class())}
    places = np.arange(12)
    others = 2.0 * (places >= 5) + 2.0 + 2.0 * (places >= 7)
    assert items["1.1"].discrimination == pytest.approx(np.corrcoef(places >= 4, others)[0, 1])
    assert items["1.2"].discrimination < 0
    assert items["2.2"].discrimination is None


def test_what_looks_broken_is_said():
    advice = {item.number: item.advice for item in analyse_rows(a_class())}
    assert advice["1.1"] == ""
    assert advice["1.2"].startswith("Those who do well elsewhere fail more often")
    assert advice["2.2"] == "Nobody loses a point here."
    nobody = [record(str(place), row("1.1", passed=False)) for place in range(12)]
    assert analyse_rows(nobody)[0].advice.startswith("Nobody passes")
    assert analyse_rows(nobody[:5])[0].advice == ""


def test_causes_are_sorted_by_how_many_make_them():
    causes = find_causes(a_class())
    assert [(cause.function, len(cause.submissions)) for cause in causes] == [
        ("ppo.loss", 9),
        ("npg.step", 3),
    ]


def test_what_is_named_or_has_no_answer_is_not_unnamed():
    class_ = [
        record("wrong", row("1.1", False), row("1.2", False, lead="1.1")),
        record("named", row("1.1", False, diagnosis="You forgot δ.")),
        record("missing", row("1.1", False, kind="MissingModule")),
        record("hangs", row("1.1", False, kind="CallTimedOut")),
        record("raises", row("1.2", False, kind="CallRaised")),
    ]
    assert find_unnamed(class_) == {"1.1": ["wrong"], "1.2": ["raises"]}


class Page(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def text():
    class_ = [*a_class(), record("lost", status="not graded", message=f"The grader failed. {EVIL}")]
    hanging = record("hanging", *(row(number, False, kind="CallTimedOut") for number in ("1.1", "2.1")))
    return write_report("HW", 10.0, [*class_, hanging])


def test_nothing_a_student_wrote_is_markup(text):
    page = Page(text)
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    assert "alert" in "".join(page.words)
    assert "\x1b" not in text
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_the_page_asks_for_nothing_and_lets_its_own_script_run_alone(text):
    page = Page(text)
    used = [value for _, found in page.elements for name, value in found.items() if name in ("src", "href")]
    assert all(value.startswith("#") for value in used)
    assert "url(http" not in text
    policy = next(
        found["content"]
        for tag, found in page.elements
        if found.get("http-equiv") == "Content-Security-Policy"
    )
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';")
    assert f"script-src 'sha256-{digest}'" in policy


def test_names_of_elements_are_unique_and_what_is_labelled_exists(text):
    page = Page(text)
    ids = [found["id"] for _, found in page.elements if "id" in found]
    assert len(ids) == len(set(ids))
    assert {found["for"] for tag, found in page.elements if tag == "label"} <= set(ids)
    assert all("aria-label" in found for tag, found in page.elements if tag == "svg")


def test_charts_take_the_colours_of_the_page(text):
    charts = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(charts) == 2
    assert all("currentColor" in chart and "var(--first)" in chart for chart in charts)
    assert not re.search(r"#0102\d\d", text)


def test_what_is_to_be_looked_at_is_listed(text):
    words = " ".join(Page(text).words)
    assert "14 submissions of 14 students, 1 of which the grader failed on." in words
    assert "not graded: The grader failed." in words
    assert "calls that do not end" in words


def test_a_class_of_which_nothing_is_graded_has_a_page():
    assert "None." in write_report("HW", 10.0, [record("lost", status="not graded", message="No memory.")])
    assert "0 submissions" in write_report("HW", 10.0, [])


def test_the_same_class_gives_the_same_page(text):
    assert write_report("HW", 10.0, a_class()) == write_report("HW", 10.0, a_class())
