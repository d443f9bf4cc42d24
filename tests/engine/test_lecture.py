"""docs/lecture.md: every slide's title, and where it is in the project; nothing names another title."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from autograder.homework import ASSIGNMENT
from hw4.lab.command_line import app
from hw4.lab.figures.gallery import FIGURES
from hw4.lab.training import SETTINGS
from tests.engine.conftest import ROOT

CITATION = re.compile(r'\b(?:slides?|lecture,)\s+((?:"[^"]+"(?:,? and |, )?)+)', re.IGNORECASE)
HANDOUT = (ROOT / "docs" / "handout" / "handout.md").read_text(encoding="utf-8")


class Slide(NamedTuple):
    """A row of the page."""

    title: str
    told: str
    functions: str
    run: str
    graded: str
    proved: str
    drawn: str


def slides():
    lines = (ROOT / "docs" / "lecture.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    return [Slide(*(cell.strip() for cell in row.strip("|").split("|"))) for row in rows]


SLIDES = slides()
TITLES = [slide.title for slide in SLIDES]


def cited_in(text):
    """The titles that a text names."""
    found = CITATION.findall(" ".join(text.replace("# ", "").split()))
    return [title for group in found for title in re.findall(r'"([^"]+)"', group)]


def title_of(cited):
    """The slide's whole title: the one cited, or the only one that begins so."""
    if cited in TITLES:
        return cited
    found = [title for title in TITLES if title.startswith(cited.removesuffix(" …"))]
    assert len(found) == 1, (
        f'"{cited}" is the beginning of {len(found)} titles in docs/lecture.md, not of one.'
    )
    return found[0]


def functions_of(path):
    return [
        node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
    ]


def number_of(test):
    (number,) = [
        ast.literal_eval(decorator.args[0])
        for decorator in test.decorator_list
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "number"
    ]
    return number


def test_every_title_stands_there_once():
    assert len(TITLES) == len(set(TITLES)) > 20


@pytest.mark.parametrize("folder", ["solutions", "tests/hidden", "tests/public", "autograder/oracle", "docs"])
def test_every_slide_that_is_named_is_on_the_page(folder):
    paths = [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".py", ".md")]
    cited = [title for path in paths for title in cited_in(path.read_text(encoding="utf-8"))]
    assert cited
    for title in cited:
        title_of(title)


def test_every_mistake_contradicts_a_slide_of_the_page():
    for mistake in ASSIGNMENT.catalogue().misconceptions:
        title_of(mistake.slide)


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.title)
def test_the_handout_tells_it_in_that_section(slide):
    section = re.search(rf"^### {re.escape(slide.told)} .*?(?=^##)", HANDOUT, re.MULTILINE | re.DOTALL)
    assert slide.title in map(title_of, cited_in(section.group()))


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.title)
def test_the_functions_are_those_whose_docstrings_name_it(slide):
    paths = sorted((ROOT / "solutions" / "hw4").glob("*.py"))
    named = {
        f"{path.stem}.{function.name}"
        for path in paths
        for function in functions_of(path)
        for cited in cited_in(ast.get_docstring(function) or "")
        if title_of(cited) == slide.title
    }
    assert set(re.findall(r"[\w.]+", slide.functions)) == named


@pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.title)
def test_rows_that_name_it_are_among_those_it_is_graded_in(slide):
    tests = [
        test for path in sorted((ROOT / "tests" / "hidden").glob("test_*.py")) for test in functions_of(path)
    ]
    rows = {number_of(test): test for test in tests if test.name.startswith("test_")}
    listed = set(slide.graded.split(", ")) - {""}
    assert listed <= rows.keys()
    assert {
        number
        for number, test in rows.items()
        for cited in cited_in(ast.get_docstring(test) or "")
        if title_of(cited) == slide.title
    } <= listed


@pytest.mark.parametrize("slide", [slide for slide in SLIDES if slide.proved], ids=lambda slide: slide.title)
def test_what_proves_it_is_a_test(slide):
    tests = {test.name for path in Path(__file__).parent.glob("test_*.py") for test in functions_of(path)}
    assert set(re.findall(r"\w+", slide.proved)) <= tests


@pytest.mark.parametrize("slide", [slide for slide in SLIDES if slide.run], ids=lambda slide: slide.title)
def test_what_runs_it_is_a_command(slide):
    names = {*SETTINGS, *(function.name for function in ASSIGNMENT.functions)}
    verb, arguments = re.fullmatch(r"`python -m hw4 (train|check|compare) ([\w ]+)`", slide.run).groups()
    assert verb in app.commands
    assert names.issuperset(arguments.split())


def test_every_figure_draws_a_slide_and_no_other_is_named():
    drawn = [slide.drawn for slide in SLIDES if slide.drawn]
    assert {
        re.fullmatch(r"`python -m hw4 figures ([\w-]+)`", cell).group(1) for cell in drawn
    } == FIGURES.keys()


def test_the_handouts_commands_are_some():
    commands = re.findall(r"`python -m hw4 (\w+)(?: ([^`]+))?`", HANDOUT)
    assert {verb for verb, _ in commands} <= app.commands.keys()
    figures = {name for verb, arguments in commands if verb == "figures" for name in arguments.split()}
    assert figures
    assert figures <= FIGURES.keys()
