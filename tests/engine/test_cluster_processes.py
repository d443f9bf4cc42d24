"""A cluster whose scheduler and workers were started from the command line, and what befalls them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from distributed import Security

from autograder.grading.errors import NotGraded
from autograder.homework import ASSIGNMENT as HW4
from autograder.regrade import run
from tests.engine.conftest import ROOT
from tests.engine.loopback import Loopback
from tests.engine.test_regrade import command, descendants, real_class, wait_for_end, without_times

pytestmark = pytest.mark.waits


def slow_class(folder):
    """The first is graded at once; the others, as right, take their time, so that something is under way."""
    real_class(folder)
    for number in (1, 2, 3):
        with (folder / f"student {number}" / "hw4" / "baseline.py").open("a", encoding="utf-8") as file:
            file.write("\nimport time\n\ntime.sleep(2)\n")
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a run on this machine finds."""
    folder = tmp_path_factory.mktemp("undisturbed")
    run.regrade(HW4, slow_class(folder / "class"), folder / "out", only="2.3")
    return without_times(folder / "out")


@pytest.fixture
def cluster(tmp_path):
    with Loopback(tmp_path / "cluster", ROOT) as started:
        yield started


def test_the_command_says_that_it_waits_for_workers_and_grades_when_they_come(cluster, tmp_path, undisturbed):
    folder = slow_class(tmp_path / "class")
    running = subprocess.Popen(
        command(folder, "--out", tmp_path / "out", "--only", "2.3", "--scheduler", cluster.address),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    too_long = threading.Timer(300, running.kill)
    too_long.start()
    assert running.stderr.readline().startswith(f"The scheduler at {cluster.address} has no worker: waiting")
    cluster.start_worker()
    cluster.start_worker()
    printed, said = running.communicate()
    too_long.cancel()
    assert running.returncode == 0, said
    assert said in ("", "There are workers now.\n")
    assert json.loads(printed)["outcomes"] == {"full": 4}
    assert without_times(tmp_path / "out") == undisturbed


def test_a_worker_with_another_grader_refuses(tmp_path):
    checkout = tmp_path / "checkout"
    for name in ("autograder", "solutions", "student_template", "tests"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (checkout / "tests" / "hidden" / "test_baseline.py").open("a", encoding="utf-8") as file:
        file.write("# another\n")
    with Loopback(tmp_path / "cluster", checkout) as cluster:
        cluster.start_worker()
        folder = real_class(tmp_path / "class")
        with pytest.raises(NotGraded, match=r"The worker at tcp://.* has another grader .*: grader \w+, not"):
            run.regrade(HW4, folder, tmp_path / "out", only="2.3", scheduler=cluster.address)
    assert not list((tmp_path / "out").rglob("*.json"))


def test_the_cluster_is_spoken_to_over_tls(tmp_path):
    """Certificates as Dask's own configuration names them; the scheduler hears nobody without."""
    made = Security.temporary()
    files = {"ca-file": tmp_path / "ca.pem", "cert": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}
    files["ca-file"].write_text(made.tls_ca_file)
    files["cert"].write_text(made.tls_client_cert)
    files["key"].write_text(made.tls_client_key)
    options = ["--protocol", "tls", "--tls-ca-file", str(files["ca-file"])]
    options += ["--tls-cert", str(files["cert"]), "--tls-key", str(files["key"])]
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    trusted = {f"{tls}CA_FILE": str(files["ca-file"])}
    trusted |= {f"{tls}CLIENT__CERT": str(files["cert"]), f"{tls}CLIENT__KEY": str(files["key"])}
    with Loopback(tmp_path / "cluster", ROOT, *options) as cluster:
        cluster.start_worker()
        assert cluster.address.startswith("tls://")
        graded = grade_by_command(tmp_path, cluster.address, **trusted)
        plain = grade_by_command(tmp_path, cluster.address.replace("tls://", "tcp://"))
    assert graded.returncode == 0, graded.stderr
    assert graded.stderr.replace("There are workers now.\n", "").count("\n") <= 1
    assert plain.returncode == 2
    assert plain.stderr.startswith('No scheduler answers at "tcp://')


def grade_by_command(folder, address, **settings):
    submissions = real_class(folder / f"class on {address[:3]}", 1)
    arguments = command(submissions, "--out", folder / f"out {address[:3]}", "--only", "2.3")
    environment = {**os.environ, "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s", **settings}
    return subprocess.run(
        [*arguments, "--scheduler", address], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def at_first_result(monkeypatch, act):
    """Do something when the first result is about to be kept, and before anything else happens."""
    keep, kept = run.Journal.keep, []

    def keep_and_act(self, key, document):
        if not kept:
            act()
        kept.append(key.submission)
        return keep(self, key, document)

    monkeypatch.setattr(run.Journal, "keep", keep_and_act)
    return kept


def test_workers_that_are_killed_lose_and_double_no_result(cluster, tmp_path, monkeypatch, undisturbed):
    nannies, started = [cluster.start_worker() for _ in range(2)], set()

    def kill():
        started.update(*(descendants(pid) for pid in cluster.worker_pids()))
        for pid in cluster.worker_pids():
            os.kill(pid, signal.SIGKILL)

    kept = at_first_result(monkeypatch, kill)
    folder = slow_class(tmp_path / "class")
    summary = run.regrade(HW4, folder, tmp_path / "out", only="2.3", scheduler=cluster.address)
    wait_for_end(started)
    assert [nanny.poll() for nanny in nannies] == [None, None]
    assert sorted(kept) == [f"student {number}" for number in range(4)]
    assert summary.faults == ()
    assert without_times(tmp_path / "out") == undisturbed


def test_a_scheduler_that_is_killed_ends_the_run_which_goes_on(cluster, tmp_path, monkeypatch, undisturbed):
    cluster.start_worker()
    kept = at_first_result(monkeypatch, lambda: (cluster.scheduler.kill(), cluster.scheduler.wait()))
    folder, out = slow_class(tmp_path / "class"), tmp_path / "out"
    with pytest.raises(
        NotGraded, match=r"is gone\. What was graded is kept: start it again, with its workers"
    ):
        run.regrade(HW4, folder, out, only="2.3", workers=1, scheduler=cluster.address)
    cluster.end()
    cluster.start_scheduler()
    cluster.start_worker()
    summary = run.regrade(HW4, folder, out, only="2.3", scheduler=cluster.address)
    assert summary.kept == 1
    assert sorted(kept) == [f"student {number}" for number in range(4)]
    assert without_times(out) == undisturbed


def test_a_command_that_is_killed_goes_on(cluster, tmp_path, undisturbed):
    cluster.start_worker()
    folder, out = slow_class(tmp_path / "class"), tmp_path / "out"
    arguments = [HW4, folder, out]
    script = f"""
import os, signal, sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "solutions")!r}]
from pathlib import Path
from autograder.homework import ASSIGNMENT
from autograder.regrade import run

keep = run.Journal.keep

def keep_and_die(self, key, document):
    keep(self, key, document)
    os.kill(os.getpid(), signal.SIGKILL)

run.Journal.keep = keep_and_die
run.regrade(ASSIGNMENT, Path({str(folder)!r}), Path({str(out)!r}), only="2.3", scheduler={cluster.address!r})
"""
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    summary = run.regrade(*arguments, only="2.3", scheduler=cluster.address)
    assert (summary.kept, summary.graded) == (1, 3)
    assert without_times(out) == undisturbed
