"""The process that workers are forked from: each is as if started afresh, and the grader's own child."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox import forkserver, process, sweep
from autograder.sandbox.box import Box
from autograder.sandbox.failures import GraderFault
from autograder.sandbox.proxy import Submission
from tests.engine.conftest import ROOT

forks = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every worker is a start of its own")
as_root = pytest.mark.skipif(not sweep.gives_workers_own_users(), reason="only root gives workers users")


def box_of(body: str = "return 1.0") -> Box:
    """A box whose npg_step_size has some lines for its body."""
    lines = "\n    ".join(body.splitlines())
    source = f"import numpy as np\nCALLS = []\ndef npg_step_size(gradient, fisher, delta):\n    {lines}\n"
    return Box("hw4", ROOT / "student_template" / "hw4", ("npg",), {"npg": source.encode()})


def answers(body: str, times: int = 2) -> list[float]:
    """What some lines return in so many workers, one after the other."""
    found = []
    with box_of(body) as box, Submission(box, {"npg": ["npg_step_size"]}, {}) as submission:
        for _ in range(times):
            found.append(float(submission.npg.npg_step_size(np.ones(1), np.eye(1), 1.0)))
            submission.renew()
    return found


def servers(box: Box) -> list[int]:
    """The processes that run a box's start file, workers included."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and str(box.runtime).encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@forks
class TestAWorkerIsAsIfStartedAfresh:
    def test_nothing_is_carried_over_from_one_to_the_next(self):
        assert answers("import sys\nCALLS.append(1)\nsys.kept = CALLS\nreturn len(sys.kept)") == [1.0, 1.0]

    @pytest.mark.parametrize("draw", ["np.random.random()", "__import__('random').random()"])
    def test_the_global_generators_do_not_start_alike(self, draw):
        assert len(set(answers(f"return {draw}", times=3))) == 3

    def test_home_and_temporary_folder_are_its_own_scratch_folder(self):
        body = "import os, tempfile\nreturn os.environ['HOME'] == tempfile.gettempdir() == os.getcwd()"
        assert answers(body) == [1.0, 1.0]

    def test_it_is_the_graders_child_and_leads_a_session(self):
        body = f"import os\nreturn os.getppid() == {os.getpid()} and os.getsid(0) == os.getpid()"
        assert answers(body) == [1.0, 1.0]

    def test_no_descriptor_of_the_other_process_is_left_to_it(self):
        with box_of() as box:
            workers = [process.Worker(box) for _ in range(2)]
            for worker in workers:
                worker.close()
        assert [worker.confinement["descriptors"] for worker in workers] == ["on", "on"]

    @as_root
    def test_each_has_a_user_of_its_own_for_good(self):
        lines = "import os", "uids = set(os.getresuid())", "assert not os.getgroups()", "(uid,) = uids"
        body = "\n".join([*lines, "return uid"])
        before = os.getgroups()
        os.setgroups([0, 4])  # so that there are some to lose
        try:
            first, second = answers(body)
        finally:
            os.setgroups(before)
        assert first != second
        assert min(first, second) >= 60000

    @as_root
    def test_root_and_its_capabilities_cannot_be_taken_back(self):
        body = (
            "import os\n"
            "for change in (os.setuid, os.seteuid, os.setgid):\n"
            "    try:\n"
            "        change(0)\n"
            "    except PermissionError:\n"
            "        continue\n"
            "    return 0.0\n"
            "return 1.0"
        )
        assert answers(body, times=1) == [1.0]

    @as_root
    def test_no_capability_is_left(self):
        with box_of() as box:
            worker = process.Worker(box)
            lines = Path(f"/proc/{worker._process.pid}/status").read_text().splitlines()
            worker.close()
        status = dict(line.split(":\t") for line in lines if ":\t" in line)
        assert [status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == ["0" * 16] * 4
        assert status["NoNewPrivs"] == "1"


@forks
class TestTheProcessItself:
    def test_workers_share_one_and_it_ends_with_the_box(self):
        with box_of() as box:
            assert servers(box) == []
            workers = [process.Worker(box) for _ in range(2)]
            assert len(servers(box)) == 3
            for worker in workers:
                worker.close()
            (server,) = servers(box)
        with pytest.raises(ProcessLookupError):
            os.kill(server, 0)

    def test_it_has_no_secret_of_the_grader(self, monkeypatch):
        monkeypatch.setenv("SECRET_SALT", "pepper")
        with box_of() as box:
            process.Worker(box).close()
            (server,) = servers(box)
            assert b"pepper" not in Path(f"/proc/{server}/environ").read_bytes()
            assert len(os.listdir(f"/proc/{server}/fd")) == 4

    def test_one_that_was_ended_is_started_again(self):
        with box_of() as box:
            process.Worker(box).close()
            (first,) = servers(box)
            os.kill(first, signal.SIGKILL)
            box.fork_server._process.wait()
            worker = process.Worker(box)
            worker.close()
            (second,) = servers(box)
        assert first != second
        assert worker.confinement["descriptors"] == "on"

    def test_one_that_cannot_start_is_the_graders_fault_and_says_why(self):
        with box_of() as box:
            start_file = box.runtime / "start.py"
            start_file.chmod(0o600)
            start_file.write_text("raise RuntimeError('here is why')\n")
            with pytest.raises(GraderFault, match=r"here is why\. Run \./setup\.sh"):
                process.Worker(box)
            assert servers(box) == []

    def test_an_interpreter_that_is_not_there_is_the_graders_fault(self, monkeypatch):
        monkeypatch.setattr(forkserver, "_interpreter", lambda: "/nowhere/python")
        with (
            box_of() as box,
            pytest.raises(GraderFault, match=r"/nowhere/python cannot be run.*\./setup\.sh"),
        ):
            process.Worker(box)

    @as_root
    def test_an_interpreter_that_is_roots_alone_is_the_graders_fault(self, monkeypatch, tmp_path):
        tmp_path.chmod(0o700)
        environment = tmp_path / "environment"
        (environment / "bin").mkdir(parents=True)
        shutil.copy(Path(sys.prefix) / "pyvenv.cfg", environment)
        (environment / "lib").symlink_to(Path(sys.prefix) / "lib")
        (environment / "bin" / "python").symlink_to(Path(sys.executable).resolve())
        monkeypatch.setattr(forkserver, "_interpreter", lambda: str(environment / "bin" / "python"))
        with (
            box_of() as box,
            pytest.raises(GraderFault, match=r"cannot be run by another user.*\./setup\.sh"),
        ):
            process.Worker(box)

    def test_nothing_of_it_is_left_open(self):
        before = set(os.listdir("/proc/self/fd"))
        with box_of() as box:
            process.Worker(box).close()
        gc.collect()
        assert set(os.listdir("/proc/self/fd")) == before


def test_where_nothing_is_forked_every_worker_is_a_start_of_its_own(monkeypatch):
    monkeypatch.setattr(forkserver, "_FORKS", False)
    body = "import os\nCALLS.append(1)\nreturn len(CALLS) if os.getsid(0) == os.getpid() else 0"
    assert answers(body) == [1.0, 1.0]


@forks
class TestAnOrphan:
    @pytest.fixture
    def sleeper(self):
        sweep.adopt_orphans()
        script = "import os, subprocess\nprint(subprocess.Popen(['sleep', '30'], stdout=2).pid)\n"
        said = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True).stdout
        orphan = forkserver.OrphanProcess(int(said))
        yield orphan
        orphan.kill()
        orphan.wait()

    def test_it_is_waited_for_and_its_signal_is_its_status(self, sleeper):
        assert sleeper.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            sleeper.wait(timeout=0.01)
        sleeper.kill()
        assert sleeper.wait(timeout=300) == -signal.SIGKILL
        assert sleeper.poll() == sleeper.returncode == -signal.SIGKILL
        sleeper.kill()

    def test_one_that_somebody_else_has_reaped_is_over(self, sleeper):
        os.kill(sleeper.pid, signal.SIGKILL)
        os.waitpid(sleeper.pid, 0)
        assert sleeper.wait() == 0

    def test_waiting_ends_when_it_does(self, sleeper):
        os.kill(sleeper.pid, signal.SIGTERM)
        assert sleeper.wait(timeout=300) == -signal.SIGTERM
