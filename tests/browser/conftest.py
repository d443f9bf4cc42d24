"""Chromium, headless, for the tests of pages as people get them. `.ci/run` installs it and runs them."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium():
    """Where Chromium is; playwright's own download is not needed."""
    found = os.environ.get("HW4_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.fail(
            "There is no Chromium here: install it (on Debian and Ubuntu: apt-get install chromium), or name "
            "its program with HW4_CHROMIUM.",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="session")
def browser():
    # Chromium refuses to run as root inside its sandbox. The pages are the project's own.
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture(scope="module", params=[1280, 400], ids=["wide", "narrow"])
def page(browser, scheme, request):
    """A page of a desk's and of a telephone's width, in both colour schemes."""
    with browser.new_context(
        viewport={"width": request.param, "height": 900}, color_scheme=scheme
    ) as context:
        yield context.new_page()
