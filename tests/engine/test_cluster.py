"""A class graded on a Dask cluster: the same results as here, on workers that have the same grader."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from distributed import LocalCluster

from autograder.grading.cluster import cluster_grader
from autograder.grading.warm import VERB
from autograder.homework import ASSIGNMENT as HW4
from autograder.regrade.run import regrade
from tests.engine.test_regrade import descendants, real_class, without_times


@pytest.fixture(scope="module")
def cluster():
    """Two workers, a process each."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as started:
        yield started


def test_a_class_is_graded_as_here(cluster, tmp_path):
    """But for times, file by file: what a worker runs has read neither the class nor its folder."""
    folder = real_class(tmp_path / "class")
    (folder / "student 1" / "hw4" / "npg.py").unlink()
    (folder / "student 2" / "notes.ipynb").touch()
    here = regrade(HW4, folder, tmp_path / "here", only="2.3")
    there = regrade(HW4, folder, tmp_path / "there", only="2.3", scheduler=cluster.scheduler_address)
    assert here.graded == there.graded == 4
    assert without_times(tmp_path / "here") == without_times(tmp_path / "there")


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
