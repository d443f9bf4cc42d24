"""A second homework on the engine, plugged in as docs/owning.md says, and taken through every command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.engine.conftest import ROOT, replace, run_grade

(PLUG_IN,) = re.findall(r"```sh\n(mkdir.*?)```", (ROOT / "docs" / "owning.md").read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def homework(tmp_path_factory):
    new = tmp_path_factory.mktemp("another") / "homework"
    subprocess.run(["bash", "-euc", PLUG_IN], cwd=ROOT, env={**os.environ, "new": str(new)}, check=True)
    for cache in new.rglob("__pycache__"):
        shutil.rmtree(cache)
    run(new, "template")
    return new


def run(homework, *verb):
    command = [sys.executable, "-m", "autograder", *verb]
    done = subprocess.run(command, cwd=homework, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nothing_of_this_homework_comes_along(homework):
    named = [path for path in homework.rglob("*") if "hw4" in path.name or path.name == "misconceptions"]
    assert named == []


def test_the_template_is_made_of_its_solutions(homework):
    stub = (homework / "student_template" / "toy" / "arithmetic.py").read_text(encoding="utf-8")
    assert 'raise NotImplementedError("Part 1.3: total")' in stub
    assert "6 files, 0 changed" in run(homework, "template")
    assert "is what solutions/ and tests/public/ generate" in run(homework, "template", "--check")


def test_the_lint_looks_at_all_of_it(homework):
    assert run(homework, "lint").startswith(
        "4 hidden tests, 3 functions, 4 mistakes and 6 files for students"
    )


@pytest.mark.parametrize(("submission", "score"), [("solutions", 4), ("student_template", 0)])
def test_right_code_gets_everything_and_the_template_nothing(homework, tmp_path, submission, score):
    graded = run_grade(homework / submission, tmp_path / "results.json", root=homework)
    assert graded.status == 0, graded.said
    assert graded.document["score"] == score
    assert set(graded.rows) == {"1.1.1", "1.2.1", "1.2.2", "1.3.1"}


def test_a_mistake_is_named_and_costs_its_own_rows_alone(homework, tmp_path):
    shutil.copy(homework / "solutions" / "toy" / "arithmetic.py", tmp_path)
    # `triple` is built on `double`, and lent the right one.
    replace(tmp_path / "arithmetic.py", "return doubled", "return number * number")
    replace(tmp_path / "arithmetic.py", "basket.prices @ basket.counts", "basket.prices.sum()")
    graded = run_grade(tmp_path, tmp_path / "results.json", root=homework)
    assert graded.lost == {"1.1.1", "1.3.1"}
    assert "You square the number." in graded.rows["1.1.1"]["output"]
    assert "Basket(" in graded.rows["1.3.1"]["output"]
    assert "You take one of each." in graded.rows["1.3.1"]["output"]
    assert graded.document["score"] == 2


def test_the_validation_proves_it(homework, tmp_path):
    report = tmp_path / "report.json"
    run(homework, "validate", "--workers", "2", "--json", str(report))
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["is_good"]
    assert (found["caught"], found["named"], len(found["styles"])) == (4, 4, 5)
    assert found["attacks"]["survived"] == 1


def test_the_bundle_holds_its_two_zips(homework, tmp_path):
    run(homework, "bundle", "--out", str(tmp_path))
    assert {file.name for file in tmp_path.iterdir()} == {"toy-autograder.zip", "toy-student.zip"}


def test_a_class_of_it_is_made_up_and_graded(homework, tmp_path):
    """And nothing is left of what lay there meanwhile."""
    assert "of 12 students" in run(
        homework, "demo-class", "--students", "12", "--out", str(tmp_path / "class")
    )
    found = json.loads(run(homework, "regrade", str(tmp_path / "class"), "--out", str(tmp_path / "graded")))
    assert found["graded"] == found["submissions"] > 6
    assert {"full", "part", "none"} == set(found["outcomes"])
    tables = {"grades.csv", "changes.csv", "rows.csv", "report.html"}
    assert {path.name for path in (tmp_path / "graded").iterdir()} == {".lock", "results", *tables}


@pytest.mark.skipif(sys.platform != "linux", reason="the platform is Linux")
def test_a_rehearsal_obeys_the_platforms_rules(homework):
    said = run(homework, "rehearse", "solutions", "--reuse-environment")
    assert "Autograder score: 4 / 3" in said
    assert "Rules: obeyed." in said
