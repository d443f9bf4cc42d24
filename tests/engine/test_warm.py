"""Warm graders: forks of one process grade as processes of their own do, and end when they are to."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from autograder.grading.batch import ColdGrader, Job, grade_all
from autograder.grading.warm import WarmGraders
from autograder.homework import ASSIGNMENT as HW4
from autograder.release import known
from autograder.sandbox import sweep

# A grader in place of the real one: its submissions say what it does.
GRADER = """
import json, os, pathlib, sys, time
from types import SimpleNamespace
sys.path.insert(0, {root!r})
from autograder.grading import warm

def run(arguments):
    given = dict(zip(arguments[::2], arguments[1::2]))
    what, results = pathlib.Path(given["grade"]).name, pathlib.Path(given["--results"])
    print("printed to stdout")
    if what == "slow":
        pathlib.Path(given["grade"], "pid").write_text(str(os.getpid()))
        time.sleep(300)
    if what == "fails":
        print("It broke: look here.", file=sys.stderr)
    if what in ("fails", "exits", "killed"):
        results.write_text(json.dumps({{"tests": []}}))
    if what == "killed":
        os.kill(os.getpid(), 9)
    if what == "exits":
        sys.exit(7)
    if what == "removes":
        results.with_name("printed").unlink()
        return 1
    if what == "fails":
        return 1
    about = dict(given=given, parent=os.getppid(), pid=os.getpid())
    results.write_text(json.dumps({{"tests": [], **about}}))
    return 0

warm.load = lambda assignment: None
warm.fingerprints = lambda assignment: dict(version=pathlib.Path({version!r}).read_text())
warm.changed_since = lambda before, assignment: [] if before == warm.fingerprints(assignment) else ["version"]
warm.serve(SimpleNamespace(), run)
"""


@pytest.fixture
def root(tmp_path):
    """A repository whose grader does what the submission's name says."""
    (tmp_path / "autograder").mkdir()
    (tmp_path / "autograder" / "__init__.py").touch()
    (tmp_path / "version").write_text("1")
    text = GRADER.format(root=str(HW4.root), version=str(tmp_path / "version"))
    # The real package is imported from its own folder: this one is a script.
    (tmp_path / "autograder" / "__main__.py").write_text(
        f"import sys\ndel sys.modules['autograder']\nsys.path[0] = ''\n{text}"
    )
    for name in ("fine", "slow", "killed", "exits", "fails", "removes"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def graders(root):
    warm = WarmGraders(root)
    yield warm
    warm.stop()


def test_a_grading_that_leaves_nothing_is_a_fault_and_not_the_end(root, graders):
    graded = graders.grade(Job("Ada", root / "removes"))
    assert graded.document is None
    assert graded.problem == "Grading Ada ended with status 1: it said nothing"
    assert graders.grade(Job("Ada", root / "fine")).document


def test_one_process_forks_every_grading(root, graders):
    first, second = (graders.grade(Job("Ada", root / "fine")).document for _ in range(2))
    assert first["parent"] == second["parent"] != os.getpid()
    assert first["pid"] != second["pid"]


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("killed", "Grading Ada ended with status -9: it said nothing"),
        ("exits", "Grading Ada ended with status 7: it said nothing"),
        ("fails", "Grading Ada ended with status 1: It broke: look here."),
    ],
)
def test_a_grading_that_fails_says_so_and_the_next_is_graded(root, graders, what, sentence):
    failed = graders.grade(Job("Ada", root / what))
    assert failed.document is None
    assert failed.problem == sentence
    assert graders.grade(Job("Ben", root / "fine")).problem == ""


def test_a_grading_that_does_not_end_is_given_up_and_ended(root):
    graders = WarmGraders(root, limit_seconds=1.0)
    graders.grade(Job("Ben", root / "fine"))
    assert graders.grade(Job("Ada", root / "slow")).problem == "Grading Ada did not end within 1 s."
    assert is_gone(int((root / "slow" / "pid").read_text()))
    assert graders.grade(Job("Ben", root / "fine")).problem == ""
    graders.stop()


def test_a_stop_ends_the_gradings_under_way(root, graders):
    found = []
    asking = threading.Thread(target=lambda: found.append(graders.grade(Job("Ada", root / "slow"))))
    asking.start()
    pid = wait_for_pid(root)
    graders.stop()
    asking.join(120)
    assert found[0].problem.startswith("Grading Ada was broken off")
    assert is_gone(pid)
    assert graders.grade(Job("Ben", root / "fine")).problem.endswith("the run was stopped.")


def test_a_grading_does_not_outlive_the_process_that_forked_it(root, graders):
    found = []
    asking = threading.Thread(target=lambda: found.append(graders.grade(Job("Ada", root / "slow"))))
    asking.start()
    pid = wait_for_pid(root)
    os.kill(next(process.parent for process in sweep.processes() if process.pid == pid), signal.SIGKILL)
    asking.join(120)
    assert found[0].problem.startswith("Grading Ada was broken off")
    assert is_gone(pid)
    assert graders.grade(Job("Ben", root / "fine")).problem == ""


def test_changed_files_are_not_graded_with_what_was_imported_before(root, graders):
    graders.grade(Job("Ada", root / "fine"))
    (root / "version").write_text("2")
    problem = graders.grade(Job("Ada", root / "fine")).problem
    assert problem.startswith("Grading Ada was broken off: ")
    assert problem.endswith("The grader's files changed: run again.")
    assert graders.grade(Job("Ada", root / "fine")).problem == ""


def test_a_mode_that_is_needed_is_asked_for(root, graders):
    assert "--require-isolation" not in graders.grade(Job("Ada", root / "fine")).document["given"]
    strict = WarmGraders(root, isolation="C")
    assert strict.grade(Job("Ada", root / "fine")).document["given"]["--require-isolation"] == "C"
    strict.stop()


def test_several_are_graded_at_once(root):
    graders = WarmGraders(root, workers=2)
    jobs = [Job(str(number), root / "fine") for number in range(6)]
    found = [graded.document["parent"] for graded in grade_all(graders, jobs)]
    graders.stop()
    assert len(found) == 6
    assert len(set(found)) <= 2


def wait_for_pid(root):
    deadline = time.monotonic() + 120
    while not (file := root / "slow" / "pid").exists() or not file.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(file.read_text())


def is_gone(pid):
    deadline = time.monotonic() + 120
    while any(process.pid == pid and not process.is_dead for process in sweep.processes()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def without_times(document):
    copy = json.loads(json.dumps(document))
    copy["execution_time"] = 0
    for row in copy["tests"]:
        row["extra_data"]["seconds"] = 0
    return json.dumps(copy)


@pytest.fixture(scope="module")
def real():
    graders = WarmGraders(HW4.root)
    yield graders
    graders.stop()


def submissions(folder: Path):
    """A mistake that is named, nothing attempted, a function that ends its process, and the reference."""
    mistake = next(one for one in HW4.catalogue().misconceptions if one.name == "fisher_not_averaged")
    yield known.write_mistaken(HW4, mistake, folder / "mistake")
    yield known.write_template(HW4, folder / "template")
    hostile = known.write_reference(HW4, folder / "hostile")
    (hostile / "hw4" / "npg.py").write_text(
        "import os\n\n\ndef fisher_estimate(scores, mask):\n    os._exit(0)\n"
    )
    yield hostile
    yield known.write_reference(HW4, folder / "reference")


def test_results_are_those_of_a_cold_grading_but_for_times(real, tmp_path):
    """In this order, so that each is graded after what may have left something behind."""
    for submission in submissions(tmp_path):
        job = Job(submission.name, submission, only="3.1,3.3")
        warm, cold = real.grade(job), ColdGrader(HW4.root).grade(job)
        assert (warm.problem, cold.problem) == ("", "")
        assert without_times(warm.document) == without_times(cold.document)


def test_a_submission_that_cannot_be_read_gets_the_sentence_of_the_command_line(real, tmp_path):
    job = Job("Ada", tmp_path / "nowhere")
    assert real.grade(job).problem == ColdGrader(HW4.root).grade(job).problem
    assert "does not exist: give a folder or a zip" in real.grade(job).problem
