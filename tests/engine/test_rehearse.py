"""The rehearsal: what the platform does to a run, done to scripts that are small enough to judge by."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from autograder import cli
from autograder.grading.submission import UnreadableSubmission
from autograder.release import rehearse, template, view
from autograder.release.container import Container, Size
from autograder.release.delivery import Delivery
from autograder.release.rehearse import RehearsalError
from tests.engine import toy_homework
from tests.engine.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the platform is Linux")
PATH = {"PATH": os.environ["PATH"]}


def has_groups():
    with Container() as place:
        return place.description.startswith("control groups")


GROUPS = pytest.mark.skipif(not has_groups(), reason="control groups cannot be written here")
RESULTS = '{"tests": [{"number": "1.1", "name": "Double", "score": 3, "max_score": 3}]}'
FAULTY = RESULTS.removesuffix("}") + ', "extra_data": {"grader_faults": ["1.1: NameError"]}}'
GRADES = f"""\
    cd "$AUTOGRADER_ROOT"
    [ "$PWD" -ef . ] && [ -L source/.venv ] && [ -d submission ]
    (find submission -type f | sort; cat submission_metadata.json) >seen
    echo graded
    echo '{RESULTS}' >results/results.json
"""


def grader(tmp_path, script=GRADES, setup="exit 0"):
    """A homework whose grader is one shell script."""
    for name, text in {"run_autograder": script, "setup.sh": setup}.items():
        (tmp_path / name).write_text("#!/usr/bin/env bash\nset -eu\n" + textwrap.dedent(text))
    for name in ("requirements/grading.lock", "autograder/__init__.py", "tests/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "tests" / "hidden").mkdir()
    homework = toy_homework.make(tmp_path)
    template.write(homework)
    return homework


def hold(homework, delivery=Delivery.UPLOAD, submission=None, limit_seconds=20.0, seen=None):
    with rehearse.image(homework, Path(sys.prefix)) as image:
        held = rehearse.rehearse(homework, image, submission or homework.solutions, delivery, limit_seconds)
        if seen is not None:
            lines, _, metadata = (image.root / "seen").read_text(encoding="utf-8").partition("{")
            seen += [lines.split("\n")[:-1], json.loads("{" + metadata)]
        return held


def test_a_good_run_breaks_no_rule_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    held = hold(grader(tmp_path))
    assert held.problems == ()
    assert (held.ended.status, held.ended.output) == (0, "graded\n")
    assert held.document["tests"][0]["score"] == 3
    assert "of a core and 768 MB" in held.container or "cannot be written" in held.container
    assert list((tmp_path / "temporary").iterdir()) == []


DELIVERIES = {
    Delivery.UPLOAD: "submission/toy/arithmetic.py",
    Delivery.FILES: "submission/arithmetic.py",
    Delivery.FOLDER: "submission/my homework/toy/arithmetic.py",
    Delivery.GITHUB: "submission/toy/arithmetic.py",
    Delivery.GROUP: "submission/toy/arithmetic.py",
    Delivery.LATE: "submission/toy/arithmetic.py",
}


def test_every_delivery_can_be_asked_for():
    (choice,) = (option.type for option in cli.rehearse.params if option.name == "delivery")
    assert list(choice.choices) == [*(delivery.value for delivery in Delivery), "all"]


@pytest.mark.parametrize("delivery", Delivery)
@pytest.mark.parametrize("is_zip", [False, True])
def test_every_delivery_arrives_as_the_platform_hands_it_over(tmp_path, delivery, is_zip):
    homework = grader(tmp_path)
    submission = homework.solutions
    if is_zip:
        submission = tmp_path / "work.zip"
        with zipfile.ZipFile(submission, "w") as archive:
            for file in sorted(homework.solutions.rglob("*.py")):
                archive.write(file, file.relative_to(homework.solutions))
    seen = []
    assert hold(homework, delivery, submission, seen=seen).problems == ()
    files, metadata = seen
    assert DELIVERIES[delivery] in files
    assert ("submission/.git/HEAD" in files) is (delivery is Delivery.GITHUB)
    assert metadata["submission_method"] == ("GitHub" if delivery is Delivery.GITHUB else "upload")
    assert len(metadata["users"]) == (2 if delivery is Delivery.GROUP else 1)
    assert len(metadata["previous_submissions"]) == (1 if delivery is Delivery.LATE else 0)
    assert (metadata["created_at"] > metadata["assignment"]["due_date"]) is (delivery is Delivery.LATE)


def test_at_the_time_limit_the_direct_child_is_killed_and_its_results_are_lost(tmp_path):
    survivor = 'sleep 30 & printf "{}" >results/results.json; sleep 30'
    held = hold(grader(tmp_path, survivor), limit_seconds=3.0)
    assert held.ended.is_timed_out
    assert held.document["score"] == 0
    assert "was killed after 3 s" in held.problems[0]
    # What the child had started is not its business.
    assert "processes outlived the run: sleep 30" in held.problems[-1]


def test_a_process_that_outlives_the_run_is_named_and_ended(tmp_path):
    # A new process takes a moment to become what it is named after.
    named = "until ps -o args= -p $! | grep -q '^sleep 31'; do sleep 0.05; done"
    held = hold(grader(tmp_path, f"sleep 31 & {named}; echo '{RESULTS}' >results/results.json"))
    assert held.problems == ("1 processes outlived the run: sleep 31.",)
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=False).stdout
    assert "sleep 31\n" not in running


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo broken; exit 1", "There is no results.json"),
        (
            f"echo '{RESULTS}' >results/results.json; exit 3",
            "The run ended with status 3. Its last lines:",
        ),
        (f"echo '{RESULTS}' >results/results.json; echo why; exit 3", "why"),
        (f"echo '{FAULTY}' >results/results.json; exit 1", "The grader itself failed:"),
        (f"echo '{FAULTY}' >results/results.json", "1.1: NameError"),
        (f"echo '{RESULTS}' >results/results.json; kill -TERM $$", "The run ended with status -15"),
        ("echo '{' >results/results.json", "The file is not JSON"),
        ("""echo '{"output": "x"}' >results/results.json""", 'neither "score" nor a row'),
        (
            """echo '{"tests": [{"score": 1, "max_score": 2}]}' >results/results.json""",
            "published total is 3",
        ),
    ],
)
def test_what_the_run_leaves_is_held_against_every_rule(tmp_path, script, sentence):
    held = hold(grader(tmp_path, script))
    assert any(sentence in problem for problem in held.problems)


def test_a_set_up_that_fails_shows_what_it_said(tmp_path):
    homework = grader(tmp_path, setup="echo no network; exit 3")
    with (
        pytest.raises(RehearsalError, match=r"no network\nsetup\.sh ended with status 3"),
        rehearse.image(homework),
    ):
        pass


def test_the_set_up_runs_where_the_platform_runs_it(tmp_path):
    homework = grader(tmp_path, setup='[ "$PWD" = "$AUTOGRADER_ROOT/source" ]; touch ran; echo ready')
    with rehearse.image(homework) as image:
        assert (image.root / "source" / "ran").exists()
        assert image.output == "ready\n"
        assert (image.root / "run_autograder").stat().st_mode & 0o777 == 0o755


def test_a_submission_that_is_none_is_a_sentence(tmp_path):
    with pytest.raises(UnreadableSubmission, match=r'nowhere" is neither a folder nor a zip'):
        hold(grader(tmp_path), submission=tmp_path / "nowhere")


BACKSTOP = 300.0
"""Seconds until a test gives up, however slow the machine is."""
BUSY = "import time; end = time.thread_time() + 0.5\nwhile time.thread_time() < end: pass"


@GROUPS
def test_half_a_core_takes_twice_the_time(tmp_path):
    with Container(Size(cores=0.5)) as place:
        ended = place.run([sys.executable, "-c", BUSY], tmp_path, PATH, BACKSTOP)
    assert 0.4 < ended.cpu_seconds < 0.8
    assert ended.seconds > 1.6 * ended.cpu_seconds


@GROUPS
def test_more_memory_than_there_is_ends_the_process(tmp_path):
    with Container(Size(memory_bytes=64 * 2**20)) as place:
        ended = place.run([sys.executable, "-c", "b'x' * 200_000_000"], tmp_path, PATH, BACKSTOP)
    assert ended.status == -9
    assert ended.is_out_of_memory


@GROUPS
def test_the_peak_is_that_of_all_processes_together(tmp_path):
    code = "import subprocess, sys, time; keep = b'x' * 40_000_000; time.sleep(0.2)\n"
    code += "subprocess.run([sys.executable, '-c', \"import time; b = b'x' * 40_000_000; time.sleep(1)\"])"
    with Container() as place:
        ended = place.run([sys.executable, "-c", code], tmp_path, PATH, BACKSTOP)
    assert 80e6 < ended.peak_bytes < 140e6


def test_without_control_groups_the_limits_of_the_process_take_their_place(tmp_path):
    code = "import os; print(len(os.sched_getaffinity(0))); b'x' * 200_000_000"
    with Container(Size(memory_bytes=128 * 2**20), may_use_groups=False) as place:
        ended = place.run([sys.executable, "-c", code], tmp_path, PATH, BACKSTOP)
        assert "control groups cannot be written here" in place.description
    assert "1\n" in ended.output
    assert "MemoryError\n" in ended.output
    assert ended.peak_bytes is None


def views(document, width=160, **options):
    console = Console(file=io.StringIO(), width=width)
    view.show(document, console, **options)
    return console.file.getvalue()


DOCUMENT = {
    "output": "The page.",
    "extra_data": {"salt_id": "abc", "handed_in": {"members": ["Ada"], "attempt": 2}},
    "tests": [
        {
            "number": "1.1",
            "name": "Early",
            "score": 1,
            "max_score": 1,
            "output": "<p>A &lt; [b]</p>",
            "output_format": "html",
        },
        {"number": "1.2", "name": "Late", "score": 0, "max_score": 2, "visibility": "after_due_date"},
    ],
}


def test_the_student_sees_neither_late_rows_nor_a_total_that_tells_of_them():
    early = views(DOCUMENT)
    assert "Autograder score: - / 3" in early
    assert "1.2) Late" not in early
    late = views(DOCUMENT, is_after_due_date=True)
    assert "Autograder score: 1 / 3" in late
    assert "✗ 1.2) Late (0/2)" in late


def test_html_is_shown_as_its_words():
    assert "A < [b]" in views(DOCUMENT)


def test_the_staff_sees_every_row_and_the_extra_data():
    said = views(DOCUMENT)
    assert "salt_id: abc" in said
    assert "handed_in: members Ada, attempt 2" in said
    assert "after due date" in said


@pytest.mark.parametrize("width", [60, 129, 130, 200])
def test_the_views_fit_the_terminal(width):
    assert max(len(line) for line in views(DOCUMENT, width).splitlines()) <= width


def test_the_page_escapes_text_and_keeps_html():
    document = {
        "score": 0,
        "output": "a < b",
        "tests": [{"name": "<i>", "output": "<b>x</b>", "output_format": "html"}],
    }
    page = view.to_page(document, "HW")
    assert "<pre>a &lt; b</pre>" in page
    assert "<h2>&lt;i&gt;</h2><b>x</b>" in page


def run_command(*arguments):
    command = [sys.executable, "-m", "autograder", "rehearse", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | {"COLUMNS": "160"}, capture_output=True, text=True, check=False
    )


def test_the_command_rehearses_the_template_and_shows_both_views(tmp_path):
    page = tmp_path / "page.html"
    done = run_command(ROOT / "student_template", "--as", "late", "--reuse-environment", "--page", page)
    assert done.returncode == 0, done.stderr
    for words in (
        "Autograder score: 0 / 100",
        "late_hours 2.5",
        "attempt 2",
        "Rules: obeyed.",
        "handed in again",
    ):
        assert words in done.stdout
    assert "Next to write: 1.1.1" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((ROOT / "solutions", "--as", "post"), "Invalid value for '--as': 'post' is not one of 'upload', "),
        (("nowhere",), "Invalid value for 'SUBMISSION': Path 'nowhere' does not exist."),
        (
            ("README.md", "--reuse-environment"),
            '"README.md" is neither a folder nor a zip: give one of them.',
        ),
    ],
)
def test_unusable_arguments_end_in_one_sentence_and_status_2(arguments, sentence):
    done = run_command(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(sentence)
