"""The page on a class in a browser: readable by everybody, usable by keyboard, without a network."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from autograder.regrade.report import write_report
from tests.engine.made_up_class import a_class, record, row

ROWS = "[...document.querySelectorAll('#rows tbody tr')]"


@pytest.fixture(scope="module")
def report(page, tmp_path_factory):
    file = tmp_path_factory.mktemp("report") / "report.html"
    wrong = record("submission_20", row("1.1", passed=False), official=6.0)
    file.write_text(write_report("HW", 10.0, [*a_class(), wrong]), encoding="utf-8")
    page.asked_for, page.said = [], []
    page.on("request", lambda request: page.asked_for.append(request.url))
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(file.as_uri())
    return page


def column(page, place):
    return page.evaluate(f"{ROWS}.filter(row => !row.hidden).map(row => row.cells[{place}].textContent)")


def test_axe_finds_no_violation(report):
    found = Axe().run(report)
    assert not found.violations_count, found.generate_report()


def test_nothing_is_fetched_and_nothing_complains(report):
    assert report.asked_for == [report.url]
    assert report.said == []


def test_the_page_does_not_scroll_sideways(report):
    width, shown = report.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= shown


def test_what_students_wrote_is_shown_and_not_run(report):
    assert report.locator("script").count() == 1
    assert report.get_by_text("<script>alert(").count() > 0


def test_a_table_is_sorted_and_filtered_by_keyboard(report):
    heading = report.locator("#rows th", has_text="pass, %")
    heading.locator("button").focus()
    report.keyboard.press("Enter")
    rising = [float(text) for text in column(report, 2)]
    assert heading.get_attribute("aria-sort") == "ascending"
    report.keyboard.press("Enter")
    falling = [float(text) for text in column(report, 2)]
    assert heading.get_attribute("aria-sort") == "descending"
    assert rising == sorted(falling)
    assert falling == sorted(falling, reverse=True)
    assert rising != falling
    report.locator("#rows-filter").focus()
    report.keyboard.type("row 2.")
    assert sorted(column(report, 0)) == ["2.1", "2.2"]
    report.locator("#rows-filter").fill("")
    assert len(column(report, 0)) == 5
