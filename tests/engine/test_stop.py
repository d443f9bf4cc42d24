"""A grading that is stopped says so, keeps its rows, leaves nothing behind and decides its exit status.

The signals are raised by hooks at the place in question, not sent at a moment that may be missed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import types

import pytest

from autograder.grading.stop import Stop, Stopped
from tests.engine.conftest import ROOT, SOLUTIONS

SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")
HOOKED = """
import importlib, signal, sys
root, place, when, numbers, *arguments = sys.argv[1:]
sys.path[:0] = [root, root + "/solutions"]
from autograder import cli

module, _, path = place.partition(":")
*owners, name = path.split(".")
owner = importlib.import_module(module)
for one in owners:
    owner = getattr(owner, one)
usual = getattr(owner, name)

def hooked(*positional, **keywords):
    if when == "before":
        send()
    result = usual(*positional, **keywords)
    if when == "after":
        send()
    elif when == "in exec":
        exec("send()", {"send": send})
    return result

def send():
    for number in numbers.split(","):
        signal.raise_signal(getattr(signal, number))

setattr(owner, name, hooked)
sys.exit(cli.main(arguments))
"""
"""Run as a module: what runs as a script forgets at its exit that an interrupt was seen."""
REPORT = "autograder.grading.plugin:GradingPlugin._report"


@pytest.fixture
def grade_with_signals(tmp_path):
    def run(place, when="after", numbers=SIGNALS, *, before=()):
        (tmp_path / "hooked.py").write_text(HOOKED)
        tmp_path.chmod(0o755)
        results = tmp_path / "results.json"
        arguments = ["grade", str(SOLUTIONS.parent), "--only", "2.3", "--results", str(results)]
        done = subprocess.run(
            [*before, sys.executable, "-m", "hooked", str(ROOT), place, when, ",".join(numbers), *arguments],
            cwd=tmp_path,
            env=os.environ | {"TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        assert "Exception ignored" not in said
        assert not list(tmp_path.glob("hw4-box-*"))
        return done.returncode, said, json.loads(results.read_text(encoding="utf-8"))

    return run


@pytest.mark.parametrize("number", SIGNALS)
def test_each_signal_ends_the_grading_with_a_sentence_and_its_rows(grade_with_signals, number):
    status, said, document = grade_with_signals(REPORT, numbers=[number])
    assert status == 1
    assert said.startswith("The grading was stopped from outside before its end")
    assert document["output"] == said.strip()
    outcomes = [row["extra_data"]["outcome"] for row in document["tests"]]
    assert outcomes[0] == "passed"
    assert set(outcomes[1:]) == {"did not finish"}


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupt_inside_of_exec_does_not_decide_how_the_process_ends(grade_with_signals, number):
    """Python notes every KeyboardInterrupt that leaves a string it executes, and ends by SIGINT."""
    assert grade_with_signals(REPORT, "in exec", [number])[0] == 1


@pytest.mark.parametrize(
    ("place", "when"),
    [
        ("autograder.sandbox.box:Box._fill", "before"),
        ("autograder.sandbox.box:Box._fill", "after"),
        ("autograder.sandbox.process:Worker.request", "after"),
        ("autograder.sandbox.forkserver:ForkServer.start_worker", "before"),
        ("autograder.sandbox.forkserver:ForkServer.start_worker", "after"),
        ("autograder.grading.plugin:GradingPlugin._prepare", "after"),
        (REPORT, "before"),
    ],
)
def test_wherever_signals_come_and_come_again_it_stops_in_order(grade_with_signals, place, when):
    status, said, document = grade_with_signals(place, when)
    assert status == 1
    assert "stopped from outside" in said
    assert "stopped from outside" in document["output"]


@pytest.mark.parametrize(
    "place",
    [
        "autograder.sandbox.process:Worker.close",
        "autograder.sandbox.box:Box._remove",
        "autograder.grading.session:changed_since",
    ],
)
def test_a_signal_after_the_last_row_changes_nothing(grade_with_signals, place):
    status, _, document = grade_with_signals(place, "before", ["SIGINT"])
    assert status == 0
    assert document["score"] == 2.5


def test_a_hang_up_that_nohup_has_ignored_stays_ignored(grade_with_signals):
    status, _, document = grade_with_signals(REPORT, numbers=["SIGHUP"], before=["nohup"])
    assert status == 0
    assert document["score"] == 2.5


def test_a_signal_during_the_collection_of_garbage_prints_no_traceback(capsys):
    class Collected:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    running = types.SimpleNamespace(is_stopped=False)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        with Stop() as stop, stop.ends(running):
            Collected()
        assert all(signal.getsignal(number) is signal.SIG_IGN for number in before)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert running.is_stopped
    assert "Traceback" not in capsys.readouterr().err


def test_a_stop_that_was_asked_for_before_the_tests_ends_them_at_once():
    running = types.SimpleNamespace(is_stopped=False)
    stop = Stop()
    stop.is_asked = True
    with pytest.raises(Stopped), stop.ends(running):
        raise AssertionError("the tests were begun")
    assert running.is_stopped
