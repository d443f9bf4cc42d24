"""Many gradings, a process each: what comes back, in which order, and what is said where nothing does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.grading import batch
from autograder.grading.batch import ColdGrader, Job, grade_all, grade_one
from autograder.homework import ASSIGNMENT as HW4

GRADER = """
import json, os, pathlib, sys, time
_, verb, submission, *options = sys.argv
given = dict(zip(options[::2], options[1::2]))
what = pathlib.Path(submission).name
if what == "slow":
    time.sleep(30)
if what == "broken":
    sys.exit("It broke: look here.")
asked = [verb, given["--only"], given["--salt"]]
text = "not json" if what == "torn" else json.dumps(
    {"tests": [], "asked": asked, "environment": dict(os.environ)}
)
if what == "rowless":
    text = "{}"
if what == "faulty":
    text = json.dumps({"tests": [], "extra_data": {"grader_faults": ["3.1.1: NameError"]}})
if what != "silent":
    pathlib.Path(given["--results"]).write_text(text)
if what == "faulty":
    sys.exit("The grader itself failed: 3.1.1: NameError")
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose grader does what the submission's name says."""
    package = tmp_path / "autograder"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(GRADER)
    return tmp_path


def test_a_grading_gives_its_document(root):
    graded = grade_one(root, Job("Ada", root / "fine", only="3.1", salt="pepper"))
    assert graded.document["asked"] == ["grade", "3.1", "pepper"]
    assert graded.problem == ""


@pytest.mark.parametrize(
    ("submission", "sentence"),
    [
        ("broken", "Grading Ada ended with status 1: It broke: look here."),
        ("torn", "Grading Ada left no readable results"),
        ("silent", "Grading Ada left no readable results"),
        ("rowless", "Grading Ada left results without rows."),
    ],
)
def test_without_a_document_there_is_a_sentence(root, submission, sentence):
    graded = grade_one(root, Job("Ada", root / submission))
    assert graded.document is None
    assert graded.problem.startswith(sentence)


def test_a_grading_with_faults_of_the_grader_keeps_its_document(root):
    graded = grade_one(root, Job("Ada", root / "faulty"))
    assert graded.document is not None
    assert graded.problem == ""
    assert graded.faults == ("3.1.1: NameError",)


def test_a_grading_that_does_not_end_is_given_up(root):
    graded = grade_one(root, Job("Ada", root / "slow"), limit_seconds=0.2)
    assert graded.problem == "Grading Ada did not end within 0 s."


def test_every_job_is_graded_once_whatever_the_others_do(root):
    names = ["fine", "broken", "torn", "fine too"]
    graded = {
        done.job.name: done
        for done in grade_all(ColdGrader(root, workers=2), [Job(n, root / n) for n in names])
    }
    assert sorted(graded) == sorted(names)
    assert [name for name in names if graded[name].document is None] == ["broken", "torn"]


def test_jobs_are_drawn_as_workers_become_free(root):
    """So that a class's submissions need not all be unpacked at once."""
    drawn = []

    def jobs():
        for number in range(6):
            drawn.append(number)
            yield Job(str(number), root / "fine")

    running = grade_all(ColdGrader(root, workers=2), jobs())
    next(running)
    assert len(drawn) <= 4
    assert len(list(running)) == 5


def test_what_is_under_way_for_the_longest_time_is_told(root, monkeypatch):
    monkeypatch.setattr(batch, "WATCH_SECONDS", 0.0)
    told = []
    grader = ColdGrader(root, workers=1)
    assert len(list(grade_all(grader, [Job("Ada", root / "fine")], lambda *one: told.append(one)))) == 1
    assert {name for name, _ in told} == {"Ada"}
    assert [seconds for _, seconds in told] == sorted(seconds for _, seconds in told)


def test_no_jobs_are_no_trouble(root):
    assert list(grade_all(ColdGrader(root), [])) == []


def test_the_callers_pytest_settings_stay_out(root, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    graded = grade_one(root, Job("Ada", root / "fine"))
    assert "PYTEST_ADDOPTS" not in graded.document["environment"]


def test_the_real_grader_is_asked(tmp_path):
    graded = grade_one(HW4.root, Job("template", HW4.template, only="2.3"))
    assert graded.problem == ""
    assert graded.document["score"] == 0.0
    assert {row["number"].rpartition(".")[0] for row in graded.document["tests"]} == {"2.3"}
    assert json.dumps(graded.document)
