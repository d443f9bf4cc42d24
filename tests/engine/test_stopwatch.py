"""What counts of a worker's time: its processor's, and the waiting that the grader sees; never a stall."""

from __future__ import annotations

import os
import subprocess
import sys
import types

import numpy as np
import pytest

from autograder.homework import ASSIGNMENT as HW4
from autograder.sandbox import failures, stopwatch
from autograder.sandbox.box import Box
from autograder.sandbox.inside import wire
from autograder.sandbox.limits import Limits
from autograder.sandbox.proxy import Submission
from autograder.sandbox.stopwatch import Stopwatch
from tests.engine.conftest import ROOT

A_LOOK = 0.06
"""Seconds: time that is up is seen by the next look."""


class Machine:
    """A clock, and a worker that does in each wait what it is told to."""

    def __init__(self, monkeypatch):
        self.now = self.used = self.own = 0.0
        self.state = b"S"
        clock = types.SimpleNamespace(
            monotonic=lambda: self.now, clock_gettime=lambda clock: self.used, thread_time=lambda: self.own
        )
        monkeypatch.setattr(stopwatch, "time", clock)
        monkeypatch.setattr(stopwatch.sys, "platform", "linux")
        monkeypatch.setattr(Stopwatch, "_state", lambda self_: self.state)

    def wait(self, watch, *, state=b"S", share=0.0, at_least=0.0):
        """Wait as long as the stopwatch says, or longer; the worker runs for a share of it."""
        left = watch.left()
        if left > 0:
            self.state = state
            self.now += max(left, at_least)
            self.used += max(left, at_least) * share
        return left > 0

    def until_time_is_up(self, watch, **how):
        start = self.now
        while self.wait(watch, **how):
            assert self.now - start < 1e6, "time is never up"
        return self.now - start


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


@pytest.fixture
def watch(machine):
    watch = Stopwatch(0)
    watch.start(5.0)
    return watch


def test_a_loop_that_never_ends_has_its_limit_of_the_processor(machine, watch):
    assert machine.until_time_is_up(watch, state=b"R", share=1.0) == pytest.approx(5.0, abs=A_LOOK)


def test_a_wait_that_never_ends_has_the_same(machine, watch):
    assert machine.until_time_is_up(watch, state=b"S") == pytest.approx(5.0, abs=A_LOOK)


def test_a_starved_worker_has_its_limit_of_the_processor(machine, watch):
    assert machine.until_time_is_up(watch, state=b"R", share=0.2) == pytest.approx(25.0, abs=A_LOOK)


@pytest.mark.parametrize("state", [b"R", b"D"])
def test_a_worker_that_gets_no_further_is_given_up_in_the_end(machine, watch, state):
    assert machine.until_time_is_up(watch, state=state) == pytest.approx(50.0, abs=A_LOOK)


def test_a_grader_that_was_stopped_itself_counts_one_look(machine, watch):
    assert machine.wait(watch, at_least=3600.0)
    assert watch.left() > 0
    assert watch.taken() == pytest.approx(0.1)


def test_several_threads_do_not_count_more_than_has_passed(machine, watch):
    assert machine.until_time_is_up(watch, state=b"R", share=8.0) == pytest.approx(5.0, abs=A_LOOK)


def test_a_reply_that_came_at_once_counts_what_it_took_of_the_processor(machine, watch):
    watch.left()
    machine.now, machine.used = 0.04, 0.001
    assert watch.taken() == pytest.approx(0.001)


def test_the_end_of_the_whole_grading_is_by_the_clock(machine, watch):
    watch.start(5.0, ends=2.0)
    assert machine.until_time_is_up(watch, state=b"R", share=0.01) == pytest.approx(2.0, abs=A_LOOK)


def test_what_is_lent_counts_by_what_the_grader_computes(machine, watch):
    with watch.answering():
        machine.now, machine.own = 60.0, 0.5
    assert watch.left() > 0
    assert watch.taken() == pytest.approx(0.5)


def test_where_the_system_tells_nothing_the_time_seen_counts(machine, watch, monkeypatch):
    monkeypatch.setattr(stopwatch.sys, "platform", "darwin")
    watch.start(5.0)
    assert machine.until_time_is_up(watch, state=b"") == pytest.approx(5.0, abs=A_LOOK)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not tell")
def test_a_process_is_told_by_its_number():
    ours, theirs = os.pipe()
    code = "import sys, time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass\n"
    code += "print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=ours, stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            watch = Stopwatch(process.pid)
            assert watch._processor_seconds() > 0.2
            while watch._state() != b"S":
                pass
        finally:
            os.close(theirs)
            process.kill()
    os.close(ours)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a stopped worker is not seen")
def test_a_worker_that_was_stopped_goes_on():
    source = b"import os\ndef npg_step_size(g, f, d):\n    os.kill(os.getpid(), 19)\n    return 1.0"
    box = Box("hw4", ROOT / "student_template" / "hw4", ("npg",), {"npg": source})
    with box, Submission(box, {"npg": ["npg_step_size"]}, {}) as submission:
        assert submission.npg.npg_step_size(np.ones(1), np.eye(1), 1.0) == 1.0


def test_a_row_has_the_sum_of_what_its_calls_take(machine):
    """Not of what passes by the clock: a starved row with many calls is no slow one."""

    class Answering:
        """A worker that takes 0.4 s of the processor for each answer."""

        stopwatch = Stopwatch(0)

        def request(self, header, arrays, limit_seconds, on_borrow, ends):
            self.stopwatch.start(limit_seconds, ends)
            machine.now, machine.used = machine.now + 100.0, machine.used + 0.4
            return {"done": True}, [np.zeros(())]

    with Submission(None, {"npg": ["f"]}, {}, Limits(row_seconds=1.0)) as submission:
        submission._workers._ready = lambda *, is_lending: Answering()
        submission.start_row()
        for _ in range(3):
            submission.npg.f()
        with pytest.raises(failures.OutOfTime, match="more than 1 s together"):
            submission.npg.f()


class Hanging:
    """A worker that never answers."""

    def __init__(self, machine):
        self.stopwatch = Stopwatch(0)
        self._machine = machine

    def request(self, header, arrays, limit_seconds, on_borrow, ends):
        self.stopwatch.start(limit_seconds, ends)
        self._machine.until_time_is_up(self.stopwatch)
        raise wire.WireTimeout

    def take_log(self):
        return ""

    def close(self):
        pass


def test_hangs_everywhere_cost_less_than_a_minute(machine):
    """Each function in six rows, and again with the others lent."""
    functions = [function.qualified_name for function in HW4.functions]
    names = {module: [f.name for f in HW4.functions if f.module == module] for module in HW4.modules}

    def start_worker(*, is_lending):
        return submission._workers._running.setdefault(is_lending, Hanging(machine))

    with Submission(None, names, {}, order=functions) as submission:
        submission._workers._ready = start_worker
        for module, _, name in (function.partition(".") for function in functions * 6):
            submission.start_row()
            with pytest.raises(failures.CallTimedOut):
                submission.call(module, name, [((), {})])
            with submission.lending(), pytest.raises(failures.CallTimedOut):
                submission.call(module, name, [((), {})])
    assert 30 < machine.now < 60
