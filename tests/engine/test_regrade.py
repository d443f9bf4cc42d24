"""A class is graded once, whatever interrupts it; new scores stand beside the official ones."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest

from autograder.grading.batch import Graded
from autograder.grading.errors import NotGraded, UnusableRequest
from autograder.grading.integrity import fingerprints
from autograder.grading.manifest import UnknownRows
from autograder.grading.submission import MAX_FILE_BYTES
from autograder.grading.versions import versions
from autograder.homework import ASSIGNMENT as HW4
from autograder.regrade import run
from autograder.regrade.export import Student
from autograder.regrade.tables import MAX_CELL_CHARS, to_csv
from autograder.sandbox import sweep
from tests.engine.conftest import ROOT, SOLUTIONS

METADATA = """---
submission_1:
  :submitters:
  - {':name': '=HYPERLINK("http://x")', ':sid': '00000012', ':email': eve@example.edu}
  - {':name': 李娜, ':sid': '00000013', ':email': li@example.edu}
  :created_at: 2026-10-08 12:02:15.694811000 Z
  :score: 3.0
  :results: {tests: [{number: 1.1, score: 2.0}, {number: 1.2, score: 1.0}]}
  :history: []
submission_2:
  :submitters:
  - {':name': Ben, ':sid': '00000014', ':email': ben@example.edu}
  :created_at: 2026-10-08 12:02:15.694811000 Z
  :score: 1.0
  :results: {tests: [{number: 1.1, score: 0.0}, {number: 1.2, score: 1.0}]}
  :history: []
submission_3:
  :submitters:
  - {':name': Cleo, ':sid': '00000015', ':email': cleo@example.edu}
  :score:
submission_4:
  :submitters:
  - {':name': Dan, ':sid': '00000016', ':email': dan@example.edu}
  :score: 2.0
"""


@pytest.fixture
def export(tmp_path):
    """A group, a wrong submission, an empty folder, and a folder that is missing."""
    folder = tmp_path / "export"
    for name, source in (("submission_1", "right"), ("submission_2", "wrong"), ("submission_3", "")):
        (folder / name / "hw4").mkdir(parents=True)
        if source:
            (folder / name / "hw4" / "npg.py").write_text(f"# {source}\n")
    (folder / "submission_metadata.yml").write_text(METADATA, encoding="utf-8")
    return folder


class Grader:
    """A grader in place of the real one: a submission is right where its module says so.

    Attributes:
        graded: what it was asked to grade.
        failing: how often it fails on a submission before it grades it.
        interrupt_after: after so many gradings, Ctrl-C is pressed.
        seconds: how long it says that each grading has been under way.
    """

    def __init__(self):
        self.graded = []
        self.failing = {}
        self.interrupt_after = None
        self.seconds = 0.0
        self.faulty_rows = ()

    def grade_all(self, real, jobs, on_wait):
        for job in jobs:
            on_wait(job.name, self.seconds)
            if self.interrupt_after is not None and len(self.graded) == self.interrupt_after:
                raise KeyboardInterrupt
            self.graded.append(job.name)
            self.failing[job.name] = self.failing.get(job.name, 0) - 1
            if self.failing[job.name] >= 0:
                yield Graded(job, None, "The machine is out of memory.")
            else:
                yield Graded(job, self.document(job))

    def document(self, job):
        found = job.submission
        is_right = "right" in found.sources.get("npg", b"").decode()
        rows = [self.row("1.1", 2.0, is_right), self.row("1.2", 1.0, bool(found.sources))]
        rows = [row for row in rows if row["number"].startswith(job.only)]
        extra = {
            "submission_sha256": found.digest,
            "versions": versions(fingerprints(HW4)),
            "grader_faults": ["1.2: a picture could not be drawn."],
            "misconceptions": {},
        }
        score = sum(row["score"] for row in rows)
        return {"score": score, "execution_time": 0.1, "tests": rows, "extra_data": extra}

    def row(self, number, points, is_passed):
        outcome = "passed" if is_passed else "failed"
        outcome = "grader fault" if number in self.faulty_rows else outcome
        extra = {"outcome": outcome, "seconds": 0.1}
        if outcome == "failed":
            extra |= {"mismatch": "@student wrote\x1b[31m this\nand that", "diagnosis": "=You forgot δ."}
        score = points if outcome == "passed" else 0.0
        return {"number": number, "name": "A row", "score": score, "max_score": points, "extra_data": extra}


@pytest.fixture
def grader(monkeypatch):
    fake = Grader()
    monkeypatch.setattr(run, "grade_all", fake.grade_all)
    monkeypatch.setattr(run, "collect_tests", lambda assignment: ({}, []))
    monkeypatch.setattr(run, "choose", lambda only, rows, assignment: None)
    return fake


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def read(file):
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def grades(out):
    return {line["sid"]: line for line in read(out / "grades.csv")}


def test_every_student_has_a_line_with_both_scores(grader, export, out):
    run.regrade(HW4, export, out)
    lines = grades(out)
    assert list(lines) == ["00000012", "00000013", "00000014", "00000015", "00000016"]
    assert [line["official_score"] for line in lines.values()] == ["3.0", "3.0", "1.0", "", "2.0"]
    assert [line["new_score"] for line in lines.values()] == ["3.0", "3.0", "1.0", "0.0", ""]
    assert lines["00000013"]["name"] == "李娜"
    assert lines["00000016"]["status"] == "not graded"


def test_what_changes_is_listed_with_the_reason(grader, export, out):
    (export / "submission_1" / "hw4" / "npg.py").write_text("# wrong\n")
    (export / "submission_2" / "hw4" / "npg.py").write_text("# right\n")
    run.regrade(HW4, export, out)
    found = {
        (line["submission"], line["row"]): (line["official_points"], line["new_points"], line["why"])
        for line in read(out / "changes.csv")
    }
    assert found == {
        ("submission_1", "1.1"): ("2.0", "0.0", "failed: =You forgot δ."),
        ("submission_2", "1.1"): ("0.0", "2.0", "It passes now."),
    }


def test_a_second_run_grades_nothing(grader, export, out):
    first = run.regrade(HW4, export, out)
    before = [file.read_bytes() for file in first.files]
    second = run.regrade(HW4, export, out)
    assert (first.graded, first.kept) == (3, 0)
    assert (second.graded, second.kept) == (0, 3)
    assert [file.read_bytes() for file in second.files] == before


def test_the_progress_counts_how_gradings_ended_and_names_one_that_takes_long(grader, export, out):
    shown = []
    grader.seconds = 12.4
    run.regrade(HW4, export, out, on_progress=shown.append)
    # One student of the export has no folder, which is known at once.
    assert [(one.done, one.total) for one in shown] == [(done, 4) for done in (1, 1, 2, 2, 3, 3, 4)]
    assert shown[1].doing == "1 not graded · submission_1 for 12 s"
    assert re.fullmatch(r"(\d [a-z ]+ · )+\d [a-z]+", shown[-1].doing)


def test_what_was_handed_in_anew_is_graded_anew(grader, export, out):
    run.regrade(HW4, export, out)
    grader.graded.clear()
    (export / "submission_2" / "hw4" / "npg.py").write_text("# right, at last\n")
    run.regrade(HW4, export, out)
    assert grader.graded == ["submission_2"]


@pytest.mark.parametrize("changed", ["grader", "numpy"])
def test_another_grader_grades_all_anew(grader, export, out, monkeypatch, changed):
    run.regrade(HW4, export, out)
    grader.graded.clear()
    other = {**versions(fingerprints(HW4)), changed: "another"}
    monkeypatch.setattr(run, "versions", lambda files: other)
    monkeypatch.setitem(globals(), "versions", lambda files: other)
    run.regrade(HW4, export, out)
    assert len(grader.graded) == 3


def test_a_grader_that_changes_during_the_run_is_noticed(grader, export, out, monkeypatch):
    monkeypatch.setitem(globals(), "versions", lambda files: {"grader": "another"})
    with pytest.raises(NotGraded, match="The grader changed while it ran: run again"):
        run.regrade(HW4, export, out, workers=1)


def test_an_interrupted_run_goes_on_where_it_was(grader, export, out):
    grader.interrupt_after = 2
    with pytest.raises(KeyboardInterrupt):
        run.regrade(HW4, export, out)
    grader.interrupt_after = None
    summary = run.regrade(HW4, export, out)
    assert (summary.graded, summary.kept) == (1, 2)
    assert grader.graded == ["submission_1", "submission_2", "submission_3"]


def test_a_result_that_was_cut_is_graded_again(grader, export, out):
    run.regrade(HW4, export, out)
    file = out / "results" / "submission_1.json"
    file.write_text(file.read_text()[:100])
    assert run.regrade(HW4, export, out).graded == 1


def test_a_full_disk_ends_the_run_and_loses_nothing(grader, export, out, monkeypatch):
    keep, kept = run.Journal.keep, []

    def keep_one(self, key, document):
        if kept:
            raise OSError(28, "No space left on device", str(self.file(key.submission)))
        kept.append(key)
        return keep(self, key, document)

    monkeypatch.setattr(run.Journal, "keep", keep_one)
    with pytest.raises(OSError, match="No space left"):
        run.regrade(HW4, export, out)
    monkeypatch.setattr(run.Journal, "keep", keep)
    assert run.regrade(HW4, export, out).kept == 1


def test_a_fault_of_the_grader_is_tried_again(grader, export, out):
    grader.failing = {"submission_2": 2}
    summary = run.regrade(HW4, export, out)
    assert grader.graded.count("submission_2") == 3
    assert len(summary.faults) == 1  # the folder that is missing
    assert grades(out)["00000014"]["new_score"] == "1.0"


def test_a_fault_that_stays_is_listed_apart_and_is_no_zero(grader, export, out):
    grader.failing = {"submission_2": 9}
    summary = run.regrade(HW4, export, out, promote=["all"])
    assert grader.graded.count("submission_2") == run.MAX_TRIES
    assert "submission_2: The machine is out of memory." in summary.faults
    line = grades(out)["00000014"]
    assert (line["status"], line["new_score"], line["official_score"]) == ("not graded", "", "1.0")
    assert line["message"] == "The machine is out of memory."


def test_a_row_in_which_the_grader_fails_is_no_zero(grader, export, out):
    grader.faulty_rows = ("1.2",)
    with pytest.raises(NotGraded, match=r"failed in 1\.2: 1\.2: a picture could not be drawn"):
        run.regrade(HW4, export, out, workers=1)


def test_an_unreadable_submission_has_a_line_that_says_why(grader, export, out):
    shutil.rmtree(export / "submission_2")
    for number in range(33):
        (export / "submission_2" / str(number)).mkdir(parents=True)
        (export / "submission_2" / str(number) / "npg.py").write_bytes(b"#" * MAX_FILE_BYTES)
    run.regrade(HW4, export, out)
    line = grades(out)["00000014"]
    assert (line["status"], line["new_score"]) == ("unreadable", "0.0")
    assert "more than 32 MiB of modules" in line["message"]


def test_new_scores_become_official_when_they_are_promoted(grader, export, out):
    (export / "submission_1" / "hw4" / "npg.py").write_text("# wrong\n")
    (export / "submission_2" / "hw4" / "npg.py").write_text("# right\n")
    assert run.regrade(HW4, export, out).promoted == 0
    assert run.regrade(HW4, export, out, promote=["ben@example.edu"]).promoted == 1
    lines = grades(out)
    assert [lines[sid]["official_score"] for sid in ("00000012", "00000014")] == ["3.0", "3.0"]
    assert [lines[sid]["new_score"] for sid in ("00000012", "00000014")] == ["1.0", "3.0"]
    run.regrade(HW4, export, out, promote=["all"])
    assert {line["official_score"] for line in grades(out).values()} == {"1.0", "3.0", "0.0", "2.0"}
    assert read(out / "changes.csv") == []


@pytest.mark.parametrize("text", ["{", "[]", '{"submission_1": {}}', '{"submission_1": 3}'])
def test_official_scores_that_were_edited_are_refused(grader, export, out, text):
    run.regrade(HW4, export, out)
    (out / "official.json").write_text(text)
    with pytest.raises(UnusableRequest, match="is not as it was written"):
        run.regrade(HW4, export, out)


def test_nobody_of_that_name_is_a_sentence(grader, export, out):
    with pytest.raises(UnusableRequest, match='Nobody is called "Bob": promote a submission by its name'):
        run.regrade(HW4, export, out, promote=["submission_1", "Bob"])
    assert not grader.graded


def test_some_rows_alone_leave_the_others_their_points(grader, export, out):
    whole = run.regrade(HW4, export, out)
    (export / "submission_1" / "hw4" / "npg.py").write_text("# wrong\n")
    part = run.regrade(HW4, export, out, only="1.1")
    assert [record.new_score for record in part.records] == [1.0, 1.0, 0.0, None]
    assert part.graded == 3
    (export / "submission_1" / "hw4" / "npg.py").write_text("# right\n")
    again = run.regrade(HW4, export, out)
    assert again.kept == whole.graded


def test_the_outputs_are_their_owners_alone(grader, export, out):
    run.regrade(HW4, export, out, promote=["all"])
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    for file in out.rglob("*"):
        if file.is_file() and file.name != ".lock":
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_folder_of_something_else_is_left_alone(grader, export, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").touch()
    with pytest.raises(UnusableRequest, match="holds something else"):
        run.regrade(HW4, export, tmp_path / "thesis")
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]


def test_two_runs_at_once_are_refused(grader, export, out, monkeypatch):
    def grade_all(real, jobs, on_wait):
        with pytest.raises(UnusableRequest, match="Another run is at work"):
            run.regrade(HW4, export, out)
        yield from grader.grade_all(real, jobs, on_wait)

    monkeypatch.setattr(run, "grade_all", grade_all)
    assert run.regrade(HW4, export, out).graded == 3


def test_folders_without_a_module_are_no_class(grader, out, tmp_path):
    (tmp_path / "holidays" / "beach").mkdir(parents=True)
    with pytest.raises(UnusableRequest, match="none of the 1 folders and zips in it holds a module of hw4"):
        run.regrade(HW4, tmp_path / "holidays", out)


def test_no_text_is_a_formula_in_a_spreadsheet():
    texts = ["=1+1", "+1", "-1", "−1", "@SUM(A1)", "\uff1d1", " \t=1", "\r\n=1", "fine = 1", "5-3"]
    written = to_csv(["text"], [[text] for text in texts])
    assert [line[0] for line in csv.reader(written.splitlines())][1:] == [
        *("'=1+1", "'+1", "'-1", "'−1", "'@SUM(A1)", "'\uff1d1", "'  =1", "' =1", "fine = 1", "5-3"),
    ]


def test_numbers_stay_numbers_and_texts_short():
    written = to_csv(["change", "sid", "said"], [[-3.5, "00012", "x" * 5000]])
    assert written.splitlines()[1] == '-3.5,"00012","' + "x" * MAX_CELL_CHARS + '"'


def test_what_students_wrote_is_harmless_in_every_table(grader, export, out):
    (export / "submission_1" / "hw4" / "npg.py").write_text("# wrong\n")
    run.regrade(HW4, export, out)
    for name in ("grades.csv", "changes.csv", "rows.csv"):
        text = (out / name).read_text(encoding="utf-8-sig")
        assert "\x1b" not in text
        for line in csv.reader(text.splitlines()):
            assert not [cell for cell in line if cell.startswith(("=", "+", "@"))]
    assert "'=HYPERLINK" in (out / "grades.csv").read_text(encoding="utf-8-sig")
    assert Student() == Student("", "", "")


def test_rows_that_do_not_exist_are_refused_before_anything_is_graded(export, out):
    with pytest.raises(UnknownRows, match='There are no rows "9"'):
        run.regrade(HW4, export, out, only="9")
    assert not out.exists()


def real_class(folder, number=4):
    """Right submissions that differ in a comment."""
    for place in range(number):
        shutil.copytree(
            SOLUTIONS, folder / f"student {place}" / "hw4", ignore=lambda *_: ["lab", "__pycache__"]
        )
        with (folder / f"student {place}" / "hw4" / "policy.py").open("a", encoding="utf-8") as file:
            file.write(f"# {place}\n")
    return folder


def command(*arguments):
    return [sys.executable, "-m", "autograder", "regrade", *map(str, arguments)]


def without_times(out):
    """The results as they are kept, and the tables, without times."""
    kept = {}
    for file in sorted((out / "results").rglob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        document["execution_time"] = document["extra_data"]["regrade"]["graded_at"] = 0
        for row in document["tests"]:
            row["extra_data"]["seconds"] = 0
        kept[file.name] = document
    return kept, read(out / "grades.csv"), read(out / "changes.csv")


def wait_for_results(out, number):
    deadline = time.monotonic() + 120
    while len(list(out.glob("results/*/*.json"))) < number:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def descendants(pid):
    """Everything that a process has started: the warm graders, their gradings and workers."""
    parents = {process.pid: process.parent for process in sweep.processes()}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {sweep.identity(child) for child in found - {pid}}


def wait_for_end(identities):
    deadline = time.monotonic() + 60
    while left := identities & {
        sweep.identity(process.pid) for process in sweep.processes() if not process.is_dead
    }:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a run finds that nobody interrupts."""
    folder = tmp_path_factory.mktemp("undisturbed")
    arguments = command(real_class(folder / "class"), "--out", folder / "out", "--only", "2.3")
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return without_times(folder / "out")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_goes_on_and_finds_the_same(tmp_path, undisturbed, number):
    folder = real_class(tmp_path / "class")
    running = subprocess.Popen(
        command(folder, "--out", tmp_path / "out", "--only", "2.3", "--workers", "1"),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_results(tmp_path / "out", 1)
    started = descendants(running.pid)
    os.kill(running.pid, number)
    _, said = running.communicate(timeout=60)
    assert running.returncode == (-9 if number == signal.SIGKILL else 1)
    wait_for_end(started)
    assert number == signal.SIGKILL or said.strip() == "Interrupted: the results written so far are kept."
    again = subprocess.run(
        command(folder, "--out", tmp_path / "out", "--only", "2.3"), cwd=ROOT, capture_output=True, text=True
    )
    assert again.returncode == 0, again.stderr
    found = json.loads(again.stdout)
    assert found["graded"] + found["kept"] == 4
    assert found["kept"] >= 1
    assert found["outcomes"] == {"full": 4}
    assert without_times(tmp_path / "out") == undisturbed


def test_a_class_with_faults_exits_with_one_and_says_which(tmp_path, export):
    done = subprocess.run(
        command(export, "--out", tmp_path / "out", "--only", "2.3"), cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["not_graded"] == ["submission_4"]
    assert done.stderr.splitlines() == [
        "1 submission is not graded, and has no new score:",
        "submission_4: The export has no folder of this name.",
    ]
