"""A class graded on a Dask cluster: the same results as here, on workers that have the same grader."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dask
import pytest
from distributed import LocalCluster

from autograder.grading import cluster as cluster_module
from autograder.grading.batch import Job, grade_all
from autograder.grading.cluster import ClusterGrader, cluster_grader, is_exposed
from autograder.grading.errors import UnusableRequest
from autograder.grading.warm import VERB
from autograder.homework import ASSIGNMENT as HW4
from autograder.regrade.run import regrade
from tests.engine.conftest import ROOT
from tests.engine.test_regrade import descendants, real_class, without_times


@pytest.fixture(scope="module")
def cluster():
    """Two workers, a process each; a task that kills its worker is given to no other."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as started,
    ):
        yield started


def test_a_class_is_graded_as_here(cluster, tmp_path):
    """But for times, file by file: what a worker runs has read neither the class nor its folder."""
    folder = real_class(tmp_path / "class")
    (folder / "student 1" / "hw4" / "npg.py").unlink()
    (folder / "student 2" / "notes.ipynb").touch()
    said = []
    here = regrade(HW4, folder, tmp_path / "here", only="2.3")
    there = regrade(
        *(HW4, folder, tmp_path / "there"),
        only="2.3",
        scheduler=cluster.scheduler_address,
        on_notice=said.append,
    )
    assert here.graded == there.graded == 4
    assert without_times(tmp_path / "here") == without_times(tmp_path / "there")
    assert said == []


def test_equal_calls_run_each(cluster):
    """Dask runs one of two equal calls alone, unless it is told that they are not pure."""
    with cluster_grader(cluster.scheduler_address, workers=2) as grader:
        first, second = [grader.executor.submit(os.urandom, 8) for _ in range(2)]
        assert first.result() != second.result()


def test_a_run_leaves_no_process_on_the_workers(cluster, tmp_path):
    folder = real_class(tmp_path / "class", 1)
    regrade(HW4, folder, tmp_path / "out", only="2.3", scheduler=cluster.scheduler_address)
    pids = [identity.split()[0] for identity in descendants(os.getpid())]
    commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in pids]
    assert any("spawn_main" in command for command in commands)  # the workers
    assert not any(VERB in command for command in commands)


def die(job):
    """In place of a grading: end the worker."""
    with job.submission.open("a") as file:
        file.write("x")
    os._exit(1)


def test_what_kills_its_worker_is_a_fault_and_kills_no_other(cluster, tmp_path):
    with cluster_grader(cluster.scheduler_address, workers=1) as grader:
        grader.grade = die
        (graded,) = grade_all(grader, [Job("Ada", tmp_path / "deaths")])
    assert graded.document is None
    assert graded.problem.startswith("Grading Ada was broken off: Attempted to run task")
    assert (tmp_path / "deaths").read_text() == "x"


@pytest.mark.parametrize(("user", "mode"), [(0, "A"), (1000, "C")])
def test_a_worker_needs_the_filter(monkeypatch, tmp_path, user, mode):
    """Modes B and D have none. That a mode is asked of a grading is `test_warm.py`'s."""
    asked = []
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(cluster_module, "WarmGraders", lambda *_, isolation: asked.append(isolation))
    cluster_module.graders_in(str(tmp_path))
    assert asked == [mode]


class Client:
    """A client in place of Dask's: it knows one worker, beyond this computer."""

    status = "running"

    def __init__(self, allowed_failures, *workers):
        self._allowed = allowed_failures
        self._workers = {worker: {"nthreads": 4} for worker in workers}

    def get_executor(self, **how):
        assert how == {"pure": False}

    def run_on_scheduler(self, function, name):
        assert function is dask.config.get
        return {"distributed.scheduler.allowed-failures": self._allowed}[name]

    def scheduler_info(self):
        return {"workers": self._workers}


def notices(address, *workers, allowed_failures=0):
    said = []
    ClusterGrader(Client(allowed_failures, *workers), address, None, said.append)
    return said


def test_a_plain_address_beyond_this_computer_is_named():
    (said,) = notices("tcp://127.0.0.1:8786", "tcp://10.0.0.7:1234", "tcp://10.0.0.8:1234")
    assert said.startswith("tcp://10.0.0.7:1234 is not encrypted: whoever can listen reads code and results")
    assert notices("tls://10.0.0.5:8786", "tls://10.0.0.7:1234") == []


@pytest.mark.parametrize(
    ("address", "exposed"),
    [
        *(("tls://10.0.0.5:8786", False), ("tcp://127.0.0.1:8786", False), ("localhost:8786", False)),
        *(("tcp://[::1]:8786", False), ("wss://a.example:80", False), ("inproc://10.0.0.5/1/1", False)),
        *(("10.0.0.5:8786", True), ("tcp://node7:8786", True), ("tcp://[2001:db8::1]:8786", True)),
        *(("ws://10.0.0.5:80", True), ("ucx://10.0.0.5:8786", True)),
    ],
)
def test_what_can_be_read_on_the_way(address, exposed):
    assert is_exposed(address) == exposed


def test_a_scheduler_that_lets_many_workers_die_is_named():
    (said,) = notices("tls://10.0.0.5:8786", "tls://10.0.0.7:1234", allowed_failures=3)
    assert said.startswith("The scheduler gives a grading that kills its worker to 4 workers")


def test_a_cluster_without_workers_is_named():
    (said,) = notices("tls://10.0.0.5:8786")
    assert said.startswith("The scheduler at tls://10.0.0.5:8786 has no worker: waiting for one. Start some")


def test_more_is_handed_out_than_workers_have_threads():
    """So that each finds its next grading there; and where few are there, a growing cluster grows."""
    many = [f"tls://10.0.0.7:{port}" for port in range(20)]
    assert ClusterGrader(Client(0, *many), "tls://a:1", None, print).at_once == 160
    assert ClusterGrader(Client(0, *many[:1]), "tls://a:1", None, print).at_once == 64
    assert ClusterGrader(Client(0, *many), "tls://a:1", 3, print).at_once == 3


def test_without_dask_there_is_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(
            UnusableRequest, match=r"needs Dask, which is not installed: run .* requirements/cluster"
        ),
        cluster_grader("tcp://127.0.0.1:8786", None),
    ):
        pass


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("127.0.0.1:9", 'No scheduler answers at "127.0.0.1:9" ('),
        ("ftp://127.0.0.1:9", 'No scheduler answers at "ftp://127.0.0.1:9" (unknown address scheme'),
        ("nonsense", 'No scheduler answers at "nonsense" (missing port number'),
        (
            "tls://127.0.0.1:9",
            '"tls://127.0.0.1:9" is encrypted, and Dask has no certificates here: name them',
        ),
    ],
)
def test_without_a_scheduler_there_is_a_sentence(tmp_path, address, sentence):
    command = [sys.executable, "-m", "autograder", "regrade", str(real_class(tmp_path / "class", 1))]
    command += ["--out", str(tmp_path / "out"), "--only", "2.3", "--scheduler", address]
    environment = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1, done.stderr
