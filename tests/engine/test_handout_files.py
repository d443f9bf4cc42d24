"""The handout: made of its Markdown, the same bytes every time, and saying what the homework is now."""

from __future__ import annotations

import dataclasses
import html
import io
import re
import shutil
import zipfile
from html.parser import HTMLParser

import numpy as np
import pytest

from autograder import cli
from autograder.homework import ASSIGNMENT as HW4
from autograder.release import bundle, handout, template
from autograder.release.template import ReleaseError
from hw4.lab.figures import gallery
from hw4.lab.learning import find_in_package
from hw4.lab.training import SETTINGS
from tests.engine.conftest import ROOT
from tests.hidden import test_learning, trainings

MARKDOWN = handout.source(HW4).read_text(encoding="utf-8")
HTML = (HW4.solutions / "handout.html").read_text(encoding="utf-8")
BARS = (ROOT / "docs" / "bars.md").read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def homework(tmp_path):
    """HW4 in another folder, with nothing in it but the handout's sources."""
    shutil.copytree(handout.source(HW4).parent, tmp_path / "docs" / "handout")
    (tmp_path / "solutions").mkdir()
    return dataclasses.replace(HW4, root=tmp_path)


def edit(homework, old, new, name="handout.md"):
    file = handout.source(homework).with_name(name)
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_handout_is_what_its_markdown_gives():
    assert not handout.check(HW4)


def test_it_is_the_same_bytes_in_another_folder(homework):
    made = handout.build(homework)
    there = {file.relative_to(homework.root): content for file, content in made.items()}
    assert there == {file: (ROOT / file).read_bytes() for file in there}
    assert made == handout.build(homework)


def test_students_get_both_files():
    archive = bundle.students_zip(HW4, template.generate(HW4))
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        for name in ("handout.html", "handout.pdf"):
            assert opened.read(f"hw4-student/{name}") == (HW4.solutions / name).read_bytes()


def test_what_is_stale_is_named_and_made_anew(homework):
    assert [file.name for file in handout.write(homework)] == ["handout.html", "handout.pdf"]
    assert not handout.check(homework)
    edit(homework, "close to this one", "close to the last one")
    assert handout.check(homework) == [
        f"solutions/handout.{ending} is not what docs/handout/handout.md gives." for ending in ("html", "pdf")
    ]
    handout.write(homework)
    assert not handout.check(homework)
    assert not list(homework.solutions.glob(".*"))


PICTURES = [handout.source(HW4).parent / name for name in re.findall(r"!\[.*\]\((.*)\)", MARKDOWN)]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_is_what_the_reference_draws(tmp_path, picture):
    """But for the last digits, which another processor's numpy may round otherwise."""
    drawn = gallery.write(picture.stem, find_in_package, tmp_path, "svg").read_text(encoding="utf-8")
    kept = picture.read_text(encoding="utf-8")
    assert NUMBER.sub("0", drawn) == NUMBER.sub("0", kept)
    numbers = [np.array(NUMBER.findall(text), dtype=float) for text in (drawn, kept)]
    np.testing.assert_allclose(*numbers, atol=0.01)


def test_pictures_stand_in_the_page_with_their_text_and_a_description():
    assert len(PICTURES) == 3
    pages = re.findall(r'<svg viewBox="[^"]*" role="img" aria-label="([^"]+)">(.*?)</svg>', HTML, re.DOTALL)
    described = [html.unescape(description) for description, _ in pages]
    assert described == re.findall(r"!\[(.*)\]\(.*\)", MARKDOWN)
    classes = []
    for picture, (_, page) in zip(PICTURES, pages, strict=True):
        texts = re.findall(r">([^<>\s][^<>]*)</t", picture.read_text(encoding="utf-8"))
        assert [text.strip() for text in texts] == [
            text.strip() for text in re.findall(r">([^<>\s][^<>]*)</t", page)
        ]
        rules = re.search("<style>(.*?)</style>", page)[1]
        names = re.findall(r"\.([\w-]+)\{", rules)
        assert set(re.findall(r'class="([^"]*)"', page)) == set(names)
        assert "*" not in rules
        classes += names
    assert len(classes) == len(set(classes))


def test_every_id_is_one_place_and_every_reference_finds_it():
    ids = re.findall(r'\bid="([^"]*)"', HTML)
    assert len(ids) == len(set(ids))
    references = re.findall(r'href="#([^"]*)"', HTML) + re.findall(r"url\(#([^)]*)\)", HTML)
    assert len(references) > 50
    assert set(references) <= set(ids)


def test_a_picture_that_is_not_there_is_named(homework):
    (handout.source(homework).parent / "figures" / "two-actions.svg").unlink()
    with pytest.raises(ReleaseError, match=r"docs/handout/figures/two-actions\.svg, which is not there"):
        handout.build(homework)


def test_the_table_of_exercises_is_written_into_the_markdown(homework):
    edit(homework, "| **3** | **Fisher information and NPG**", "| **3** | **Something else**")
    assert "docs/handout/handout.md" in handout.check(homework)[0]
    handout.write(homework)
    assert handout.source(homework).read_text(encoding="utf-8") == MARKDOWN


def test_a_homework_without_markdown_has_no_handout(homework):
    handout.source(homework).unlink()
    assert not handout.check(homework)
    with pytest.raises(ReleaseError, match=r"There is no docs/handout/handout\.md"):
        handout.write(homework)


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("handout.md", "<!-- END exercises -->", "", "has no place for the table of exercises"),
        ("handout.md", r"\nabla_\theta 1 = 0", r"\nabla_\theta 1 \wrong{", "pandoc refuses the handout"),
        ("template.typ", "$body$", "#wrong", "typst refuses the handout: unknown variable: wrong"),
        ("handout.md", "## 1 The argument", "many words " * 10_000, "kB, not 200 kB at most: shorten it"),
    ],
)
def test_what_cannot_be_made_is_one_sentence_and_changes_nothing(homework, name, old, new, sentence):
    edit(homework, old, new, name)
    with pytest.raises(ReleaseError, match=sentence):
        handout.write(homework)
    assert not list(homework.solutions.iterdir())


def test_the_command_looks_and_changes_nothing(capsys):
    assert cli.main(["handout", "--check"]) == 0
    assert capsys.readouterr().out == "The handout is what its Markdown gives.\n"


def test_the_command_refuses_a_stale_handout_and_makes_it_anew(homework, monkeypatch, capsys):
    monkeypatch.setattr("autograder.homework.ASSIGNMENT", homework)
    assert cli.main(["handout", "--check"]) == 1
    assert capsys.readouterr().err.endswith('gives.\nRun "python -m autograder handout".\n')
    for said in ("Changed: handout.html, handout.pdf.", "The handout was up to date."):
        assert cli.main(["handout"]) == 0
        assert capsys.readouterr().out.startswith(said)


def test_the_command_says_what_cannot_be_made(homework, monkeypatch, capsys):
    handout.source(homework).unlink()
    monkeypatch.setattr("autograder.homework.ASSIGNMENT", homework)
    assert cli.main(["handout"]) == 1
    assert capsys.readouterr().err == ("There is no docs/handout/handout.md: the handout is made from it.\n")


def test_the_html_asks_for_nothing_else():
    """No script, no network: not even a font, a style or a picture from elsewhere."""
    tags = Tags(HTML).found
    assert not {"script", "link", "img", "iframe", "object", "embed"}.intersection(tag for tag, _ in tags)
    attributes = {(key, value) for _, given in tags for key, value in given.items()}
    assert not [key for key, _ in attributes if key.startswith("on") or key == "src"]
    assert all(value.startswith("#") for key, value in attributes if key == "href")
    assert not re.search(r"url\((?!#)|@import", HTML)
    assert "prefers-color-scheme: dark" in HTML


def test_every_formula_is_there_as_mathml():
    displayed = MARKDOWN.count("```math")
    assert displayed > 30
    assert HTML.count('<math display="block"') == displayed
    assert HTML.count('<math display="inline"') == len(re.findall(r"\$`[^`]+`\$", MARKDOWN))
    assert not re.search(r"\\[a-z]+", HTML)


@pytest.mark.parametrize("function", HW4.functions, ids=lambda function: function.qualified_name)
def test_every_function_has_what_the_tests_look_at_and_its_traps(function):
    (row,) = re.findall(rf"^\| `{function.name}`(?: \(bonus\))? \| (.+) \| (.+) \|$", MARKDOWN, re.MULTILINE)
    assert all(len(cell) > 20 for cell in row)


def test_every_argument_is_in_the_notation():
    notation = MARKDOWN.partition("## 2 Notation")[2].partition("## 3 ")[0]
    names = {argument.name for signature in HW4.signatures.values() for argument in signature.arguments}
    search = {"backtrack", "max_backtracks", "baseline_batch", "update_batch"}  # explained in Section 4
    assert names - search <= set(re.findall(r"`(\w+)`", notation))


def cells(text, first):
    """The cells of the one table row that begins with a word, behind it."""
    (row,) = re.findall(rf"^\| {first} \| (.*) \|$", text, re.MULTILINE)
    return [cell.strip() for cell in row.split(" | ")]


@pytest.mark.parametrize("name", ["NPG", "PPO"])
def test_the_error_of_the_bars_is_the_measured_one(name):
    seeds, iterations, median, _, slowest, missed, rate, wrong = cells(BARS, name)
    mantissa, exponent = wrong.split("e-")
    graded = MARKDOWN.partition("## 6 ")[2]
    assert cells(graded, name) == [
        iterations,
        median,
        slowest,
        f"{missed} of {seeds}",
        rate,
        rf"$`{mantissa} \cdot 10^{{-{int(exponent)}}}`$",
    ]


def test_the_settings_are_those_of_the_assignment_and_of_the_graded_runs():
    (npg, npg_long), (ppo, ppo_long) = (SETTINGS[name].values() for name in ("npg", "ppo"))
    assert cells(MARKDOWN, "NPG: `delta`, `damping`, `ridge`") == [
        f"{one.delta:g}, {one.damping:g}, {one.ridge:.0e}".replace("e-0", "e-") for one in (npg, npg_long)
    ]
    setting = "PPO: `kl_weight`, `learning_rate`, SGD steps, trajectories of each, `ridge`"
    assert cells(MARKDOWN, setting) == [
        f"{one.kl_weight:g}, {one.learning_rate:g}, {one.sgd_steps}, {one.minibatch_trajectories}, "
        f"{one.ridge:.0e}".replace("e-0", "e-")
        for one in (ppo, ppo_long)
    ]
    graded = " ".join(MARKDOWN.partition("## 6 ")[2].split())
    assert f"With $`\\delta = {trainings.NPG.delta:g}`$ the median" in graded
    assert f"there $`\\delta`$ is {npg_long.delta:g}." in graded
    assert dataclasses.replace(npg_long, delta=trainings.NPG.delta) == trainings.NPG
    assert ppo_long == trainings.PPO
    assert "All other settings are the same." in graded
    assert f'{test_learning.FIRST_BAR:.0f} for "learns" and {trainings.NPG.bar:.0f} for "solves it"' in graded
    assert f"{test_learning.NEEDED} of the {test_learning.RUNS} have to reach it" in graded


def test_what_is_said_of_delta_is_what_was_measured():
    (told,) = re.findall(r"^\*\*Why δ is 8 there.*?\n\Z", MARKDOWN, re.MULTILINE | re.DOTALL)
    measured = BARS.partition("\n# ")[0]
    numbers = set(re.findall(r"\d+", told))
    assert len(numbers) > 8
    assert numbers <= set(re.findall(r"\d+", measured))
