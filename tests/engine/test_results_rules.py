"""The validator of results.json: each rule broken once, by a file that breaks no other."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest

from autograder.grading import gradescope
from autograder.grading.results import Explanation, Outcome, Results, Row
from autograder.release.results_rules import RULES, check_file, check_text
from tests.engine.conftest import ROOT

GRADED = {"number": "1.1", "name": "Check", "score": 1.0, "max_score": 2.0, "status": "failed"}
PICTURE = '<img src="data:image/png;base64,{}" alt="{}">'


def one_row(**changes):
    row = {name: value for name, value in (GRADED | changes).items() if value is not None}
    return {"tests": [row]}


def picture(size=30, alt="It rises.", **changes):
    data = base64.b64encode(b"x" * size).decode()
    return one_row(**({"output": PICTURE.format(data, alt), "output_format": "html"} | changes))


VALID = {
    "score alone": {"score": 1},
    "rows alone": one_row(),
    "everything": one_row(
        name_format="md", output="Said.", output_format="simple_format", tags=["a"], visibility="visible"
    )
    | {
        "score": 1.5,
        "execution_time": 3,
        "output": "# Title",
        "output_format": "md",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "after_due_date",
        "stdout_visibility": "hidden",
        "extra_data": {"any": ["thing", None]},
        "leaderboard": [{"name": "Steps", "value": 3, "order": "asc"}, {"name": "Name", "value": "x"}],
    },
    "an informational row": one_row(score=None, max_score=None, status=None),
    "a bonus row": one_row(score=2.0, max_score=0.0, status="passed"),
    "a missed bonus row": one_row(score=0.0, max_score=0.0),
    "full marks without a status": one_row(score=2.0, status=None),
    "a picture with words in alt": picture(),
    "a picture with words beside it": picture(output=PICTURE.format("QUJD", "") + " rises to 500"),
    "colours as ansi": one_row(output="\x1b[31mred", output_format="ansi"),
}


@pytest.mark.parametrize("document", VALID.values(), ids=VALID)
def test_a_good_file_breaks_no_rule(document):
    assert check_text(json.dumps(document)) == []


BROKEN = {
    "no score": ({"output": "Done."}, 'neither "score" nor a row'),
    "no rows": ({"tests": []}, 'neither "score" nor a row'),
    "an unknown key": (
        {"score": 1, "scroe": 1},
        '"scroe", which the platform does not know; did you mean score?',
    ),
    "an odd key": ({"score": 1, "zzz": 1}, "it knows score, execution_time"),
    "a wrong type": (one_row(score="1"), 'tests[0].score (1.1) is "1", but a number was expected.'),
    "a truth value": (one_row(score=True), "is true, but a number was expected."),
    "a number as a number": (one_row(number=1.1), "tests[0].number is 1.1, but a text was expected."),
    "a wrong word": (one_row(status="pass"), "one of passed, failed was expected; did you mean passed?"),
    "a negative maximum": (one_row(max_score=-1), "a number of at least 0 was expected"),
    "a row that is none": ({"tests": ["a"]}, 'tests[0] is "a", but an object was expected.'),
    "a column without value": ({"score": 1, "leaderboard": [{"name": "a"}]}, "leaderboard[0] has no value."),
    "an infinite extra": ({"score": 1, "extra_data": {"a": [1e999]}}, "extra_data.a[0] is Infinity"),
    "no max_score": (one_row(max_score=None), "has a score but no max_score"),
    "no row score": (one_row(score=None), "has a max_score but no score"),
    "partial credit": (one_row(status=None), "has partial credit but no status"),
    "green without points": (one_row(score=0, status="passed"), "is passed, but has 0 of 2 points"),
    "red with all points": (one_row(score=2), "is failed, but has 2 of 2 points"),
    "a hidden row": (
        one_row(visibility="hidden"),
        "tests[0] (1.1) is hidden, which hides the student's total",
    ),
    "a long output": (one_row(output="x" * 100_001), "has 100001 characters: the middle is cut out"),
    "a long summary": ({"score": 1, "output": "x" * 100_001}, "output has 100001 characters"),
    "a picture as text": (picture(output_format="md"), 'its format is "md"'),
    "a large picture": (picture(60_000), "holds a picture of 80022 bytes"),
    "a picture without words": (picture(alt=" "), "holds a picture without words"),
    "a script": (one_row(output="a<script>b()</script>", output_format="html"), "takes out: <script>"),
    "a handler": (one_row(output="<p onclick='b()'>a</p>", output_format="html"), "takes out: onclick="),
    "colours as text": (one_row(output="\x1b[31mred"), "holds colour codes of a terminal"),
    "half a character": (one_row(output="\ud800"), "half a character"),
}


@pytest.mark.parametrize(("document", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_one_sentence(document, sentence):
    (said,) = check_text(json.dumps(document))
    assert sentence in said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file is not JSON (Expecting value"),
        ("[1]", "The file holds [1], but an object was expected."),
        ('{"score": NaN}', "score is NaN, which is no JSON number"),
        ('{"score": 1, "score": 2}', 'The key "score" stands twice'),
        ("[" * 100_000, "The file is not JSON"),
    ],
)
def test_what_is_no_document_is_one_sentence(text, sentence):
    (said,) = check_text(text)
    assert sentence in said


def test_a_file_in_another_encoding_is_one_sentence(tmp_path):
    file = tmp_path / "results.json"
    file.write_bytes(b'{"output": "\xe9"}')
    (said,) = check_file(file)
    assert said.startswith("The file is not UTF-8 at byte 12")


def test_the_total_is_the_published_one():
    assert check_text(json.dumps(one_row()), 2) == []
    (said,) = check_text(json.dumps(one_row()), 100)
    assert said == "The rows' max_score add up to 2, but the published total is 100."


def test_every_rule_names_what_it_is_for():
    assert all(rule.__doc__ for rule in RULES)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_the_grader_writes_obeys_every_rule(outcome):
    rows = tuple(
        Row(
            f"{part}.1.1", "Check", 2.0, is_bonus=part == 6, outcome=outcome, explanation=Explanation("Said.")
        )
        for part in (1, 6)
    )
    document = gradescope.render(Results("Homework", rows, "Done.", 1.0, {"salt_id": "x"}))
    assert check_text(json.dumps(document), 2) == []
    assert check_text(json.dumps(gradescope.render(Results("Homework", summary="It did not start.")))) == []


def check_results(*arguments):
    command = [sys.executable, "-m", "autograder", "check-results", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_says_each_broken_rule_on_a_line(tmp_path):
    file = tmp_path / "results.json"
    file.write_text(json.dumps(VALID["everything"]))
    good = check_results(file, "--total", 2)
    assert (good.returncode, good.stderr) == (0, "")
    file.write_text(json.dumps(one_row(visibility="hidden", max_score=3, status=None)))
    bad = check_results(file, "--total", 2)
    assert bad.returncode == 1
    assert len(bad.stderr.splitlines()) == 3
    missing = check_results(tmp_path / "none.json")
    assert missing.returncode == 2
    assert "none.json' does not exist" in missing.stderr


def test_the_grading_path_does_without_the_validator():
    code = (
        "import sys; sys.path.insert(0, 'solutions'); import autograder.cli, autograder.homework; "
        "import autograder.grading.session, autograder.grading.gradescope; print('jsonschema' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "False\n", done.stderr
