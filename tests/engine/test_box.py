"""The box: what it leaves when its grader is killed, and what the next one takes away."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from autograder.sandbox import box as boxes
from autograder.sandbox import sweep
from autograder.sandbox.box import Box
from tests.engine.conftest import ROOT

KILLED = """
import os, sys
sys.path[:0] = [sys.argv[1]]
from pathlib import Path
from autograder.sandbox import box as boxes
from autograder.sandbox.box import Box
boxes._reachable_temporary_folder = lambda: Path(sys.argv[2])
with Box("hw4", Path(sys.argv[1]) / "student_template" / "hw4", ("npg",), {}) as box:
    print(box.root, flush=True)
    os._exit(1)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(boxes, "_reachable_temporary_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def left(temporary):
    """A box of a grader that was killed, two hours ago."""
    command = [sys.executable, "-c", KILLED, str(ROOT), str(temporary)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (box,) = temporary.glob("hw4-box-*")
    assert str(box) == done.stdout.strip()
    age(box, 7200)
    return box


def age(box, seconds):
    then = time.time() - seconds
    os.utime(box / "grader", (then, then))


def grade_something():
    with Box("hw4", ROOT / "student_template" / "hw4", ("npg",), {}) as box:
        assert box.root.is_dir()


def test_what_a_killed_grader_left_is_taken_away_by_the_next(left):
    grade_something()
    assert not left.exists()


def test_a_number_that_another_process_has_by_now_is_no_owner(left):
    (left / "grader").write_text(f"{os.getpid()} 1")
    age(left, 7200)
    grade_something()
    assert not left.exists()


def test_a_young_one_stays(left):
    """Its grader may be in another container, which has the same folder and other processes."""
    age(left, 600)
    grade_something()
    assert left.is_dir()


def test_one_at_work_stays(left):
    (left / "grader").write_text(sweep.identity(os.getpid()))
    age(left, 7200)
    grade_something()
    assert left.is_dir()


@pytest.mark.parametrize("owner", ["", "nonsense", "-1 1", "99999999999999999999 1"])
def test_one_that_does_not_say_whose_it_is_stays(left, owner):
    (left / "grader").write_text(owner)
    age(left, 7200)
    grade_something()
    assert left.is_dir() == (owner in ("", "nonsense"))


def test_one_without_an_owner_stays(left):
    (left / "grader").unlink()
    grade_something()
    assert left.is_dir()


def test_a_folder_of_another_name_stays(left):
    other = left.rename(left.parent / "hw5-box-1")
    grade_something()
    assert other.is_dir()


def test_a_link_to_one_stays_and_is_not_followed(left):
    other = left.rename(left.parent / "kept")
    left.symlink_to(other)
    grade_something()
    assert left.is_symlink()
    assert (other / "grader").is_file()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a folder away")
def test_one_of_another_user_stays(left):
    for path in (left, left / "grader"):
        os.chown(path, 12345, 12345)
    grade_something()
    assert left.is_dir()


def test_no_two_processes_have_the_same_identity():
    with subprocess.Popen(["sleep", "30"]) as process:
        try:
            assert sweep.identity(process.pid) not in ("", sweep.identity(os.getpid()))
        finally:
            process.kill()
    assert sweep.identity(process.pid) == ""
