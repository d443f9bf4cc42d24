"""What the system refuses is said in one sentence: a full disk, a read-only folder, no Unicode."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox import box as boxes
from autograder.sandbox.box import Box
from autograder.sandbox.failures import GraderFault
from tests.engine.conftest import ROOT, SOLUTIONS

IS_ROOT = sys.platform == "linux" and os.geteuid() == 0
needs_mounts = pytest.mark.skipif(not IS_ROOT, reason="only root can mount a small disk")


def run(*arguments: object, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        check=False,
    )


def assert_one_sentence(done, status, words):
    said = done.stderr.decode()
    assert (done.returncode, said.count("\n")) == (status, 1), said
    assert words in said


@contextlib.contextmanager
def mounted(place: Path, *options: str):
    """Mount something at a place, whose folder is made."""
    place.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"this root cannot mount: {made.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def small_disk(tmp_path):
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=64k", "tmpfs") as place:
        yield place


def fill(disk: Path, *, but: int) -> None:
    """Leave so many pages of 4 KiB free."""
    with open(disk / "filler", "wb") as file:
        file.write(bytes(4096 * (16 - but)))


@needs_mounts
def test_a_disk_without_room_for_the_end_keeps_what_was_written(small_disk):
    results = small_disk / "results.json"
    fill(small_disk, but=2)  # enough for the few lines that are written first
    done = run("grade", "student_template", "--only", "3", "--results", results)
    assert_one_sentence(
        done, 1, "No space left on device; what was written before is kept, which lacks the end"
    )
    document = json.loads(results.read_text(encoding="utf-8"))
    assert document["score"] == 0
    assert sorted(os.listdir(small_disk)) == ["filler", "results.json"]


@needs_mounts
def test_a_full_disk_keeps_the_results_of_before(small_disk):
    results = small_disk / "results.json"
    results.write_text("{}")
    fill(small_disk, but=1)
    done = run("grade", SOLUTIONS.parent, "--only", "2.3", "--results", results)
    assert_one_sentence(done, 2, f'The results cannot be written to "{results}": No space left on device.')
    assert results.read_text() == "{}"


@needs_mounts
def test_a_full_folder_for_temporary_files_is_said_and_left_as_it_was(small_disk, tmp_path):
    fill(small_disk, but=4)
    # A worker has to reach the folder, else another one is taken: with pytest-xdist it lies a level deeper.
    for folder in (tmp_path, *tmp_path.parents):
        if stat.S_IMODE(folder.stat().st_mode) == 0o700:
            folder.chmod(0o755)
    done = run("grade", SOLUTIONS.parent, "--results", tmp_path / "results.json", TMPDIR=str(small_disk))
    assert_one_sentence(done, 1, "make room there, or name another folder by TMPDIR")
    assert os.listdir(small_disk) == ["filler"]
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 0


def test_no_room_for_a_workers_folder_is_the_graders_fault(monkeypatch):
    with Box("hw4", ROOT / "student_template" / "hw4", ("npg",), {}) as box:
        monkeypatch.setattr(boxes.Path, "mkdir", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "Full")))
        with pytest.raises(GraderFault, match=r"\(Full\): make room there"):
            box.new_scratch(None)


@pytest.fixture
def read_only_checkout(tmp_path):
    if not IS_ROOT:
        pytest.skip("only root can mount a folder read-only, and writes to it otherwise")
    with mounted(tmp_path / "checkout", "--bind", str(ROOT)) as place:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
        yield place


class TestAReadOnlyCheckout:
    def test_it_grades_where_the_results_go_elsewhere(self, read_only_checkout, tmp_path):
        results = tmp_path / "results.json"
        done = run("grade", "solutions", "--only", "2.3", "--results", results, cwd=read_only_checkout)
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(results.read_text())["score"] == 2.5

    def test_results_have_no_place_in_it(self, read_only_checkout):
        done = run("grade", "solutions", "--only", "2.3", cwd=read_only_checkout)
        assert_one_sentence(done, 2, "Read-only file system")

    def test_the_template_has_none_either(self, read_only_checkout):
        done = run("template", cwd=read_only_checkout)
        assert_one_sentence(done, 1, "Read-only file system")


ASCII = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("locale", [ASCII, {"PYTHONIOENCODING": "ascii"}], ids=["locale", "streams"])
@pytest.mark.parametrize(
    "arguments",
    [["grade", "solutions", "--only", "3.1"], ["template", "--check"], ["--help"]],
    ids=lambda arguments: arguments[0],
)
def test_without_unicode_all_that_is_ascii_is_printed(arguments, locale, tmp_path):
    results = ["--results", str(tmp_path / "é.json")] if arguments[0] == "grade" else []
    done = run(*arguments, *results, **locale)
    assert (done.returncode, done.stderr) == (0, b"")
    done.stdout.decode("ascii")
    if results:
        assert b"9 of 9 in" in done.stdout
        assert "é" not in done.stdout.decode("ascii")
        assert json.loads((tmp_path / "é.json").read_text(encoding="utf-8"))["score"] == 9


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's device that is always full")
def test_a_full_disk_below_what_is_printed_is_said():
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "autograder", "--help"]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert_one_sentence(done, 1, "The system refused: No space left on device")


def test_a_page_for_a_folder_that_is_not_there_is_refused_before_the_run(tmp_path):
    page = tmp_path / "nowhere" / "page.html"
    done = run("rehearse", "solutions", "--page", page)
    assert_one_sentence(
        done, 2, f"for '--page': there is no folder \"{page.parent}\": make it, or name another."
    )


def test_a_worker_that_cannot_be_started_is_said(tmp_path):
    if shutil.which("prlimit") is None:
        pytest.skip("there is no prlimit here")
    results = tmp_path / "results.json"
    command = ["prlimit", "--nofile=12", sys.executable, "-m", "autograder", "grade", "solutions"]
    command += ["--only", "2.3", "--results", str(results)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"cannot be run (Too many open files): run ./setup.sh." in done.stderr
    assert b"Traceback" not in done.stderr
    rows = json.loads(results.read_text(encoding="utf-8"))["tests"]
    assert {row["extra_data"]["outcome"] for row in rows} == {"grader fault"}
