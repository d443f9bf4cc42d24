"""The end of a worker: every process of its user is ended and nobody else's, and no file of its is left."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.sandbox import process, sweep
from autograder.sandbox.box import Box
from autograder.sandbox.failures import GraderFault
from autograder.sandbox.forkserver import ForkServer
from autograder.sandbox.inside import sweeper
from tests.engine.conftest import ROOT

as_root = pytest.mark.skipif(
    not (sys.platform == "linux" and sweep.gives_workers_own_users()), reason="only root sweeps a user"
)
SWEEPER = Path(sweeper.__file__)
HOPPING = """
import os, time
end = time.time() + 10
while time.time() < end:
    if os.fork():
        os._exit(0)
"""


@pytest.fixture
def lease():
    made = sweep.UidLease()
    yield made
    made.release()


@pytest.fixture(params=["in a process of its own", "in a fork"])
def run_sweeper(request):
    """Both ways to run the sweeper."""
    if request.param == "in a process of its own":
        yield sweep.start_sweeper
        return
    with Box("hw4", ROOT / "student_template" / "hw4", (), {}) as box:
        process.Worker(box).close()  # so that there is something to fork
        yield box.fork_server.run_sweeper


def start(uid: int, *command: str) -> subprocess.Popen:
    return subprocess.Popen(
        command,
        user=uid,
        group=uid,
        extra_groups=[],
        start_new_session=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )


def wait_until(condition) -> None:
    """Wait for what comes to pass in a moment, however slow the machine is."""
    for _ in range(30_000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to pass")


def alive(uid: int) -> list[int]:
    return [process.pid for process in sweep.processes() if uid in process.uids and not process.is_dead]


@as_root
class TestEndingAUser:
    def test_every_process_of_the_user_is_ended(self, lease, run_sweeper):
        started = [start(lease.uid, "sleep", "30") for _ in range(3)]
        sweep.end_all_of(lease.uid, run_sweeper)
        assert not alive(lease.uid)
        assert all(process.wait() is not None for process in started)

    def test_nobody_else_is_touched(self, lease, run_sweeper):
        other = sweep.UidLease()
        spared = [start(other.uid, "sleep", "30"), subprocess.Popen(["sleep", "30"])]
        try:
            sweep.end_all_of(lease.uid, run_sweeper)
            assert [process.poll() for process in spared] == [None, None]
        finally:
            for process in spared:
                process.kill()
                process.wait()
            other.release()

    def test_a_process_that_hops_by_forking_is_caught(self, lease, run_sweeper):
        sweep.adopt_orphans()
        started = start(lease.uid, sys.executable, "-I", "-c", HOPPING)
        # It ends with its first hop. Not looked for: a process that hops is easily missed.
        started.wait()
        sweep.end_all_of(lease.uid, run_sweeper)
        assert not alive(lease.uid)

    def test_what_it_left_in_shared_folders_is_removed_and_nothing_else(self, lease, tmp_path):
        made = Path(f"/tmp/hw4-test-of-sweep-{os.getpid()}")
        (made / "inside").mkdir(parents=True)
        spared = Path(f"{made}-spared")
        spared.touch()
        (made / "link").symlink_to(spared)
        os.chown(made, lease.uid, lease.uid)
        try:
            sweep.remove_files_of(lease.uid)
            assert not made.exists()
            assert spared.exists()
        finally:
            spared.unlink()

    @pytest.mark.parametrize(
        "users", ["0 {own}", "{own} 0", "{own} {own}", "65534 {own}", "{own} 1", "-1 {own}"]
    )
    def test_the_sweeper_refuses_root_people_and_the_same_user_twice(self, lease, run_sweeper, users):
        """Each of these is refused before a signal is sent: this test is alive to see it."""
        assert run_sweeper(*map(int, users.format(own=lease.uid).split()))

    def test_the_sweeper_refuses_when_the_users_did_not_change(self, lease):
        other = sweep.UidLease()
        try:
            assert "the change of user gave" in sweeper.refusal(lease.uid, other.uid)
        finally:
            other.release()

    def test_the_sweeper_can_reach_its_victim_and_nothing_else(self, lease):
        """A rehearsal: with signal 0, which is sent to nobody, one process after the other."""
        other = sweep.UidLease()
        victim = start(lease.uid, "sleep", "30")
        code = (
            f"import os, sys; sys.path.insert(0, {str(SWEEPER.parent)!r}); import sweeper\n"
            f"sweeper.become({lease.uid}, {other.uid})\n"
            f"assert sweeper.refusal({lease.uid}, {other.uid}) == '', 'refused'\n"
            "for pid in map(int, filter(str.isdecimal, os.listdir('/proc'))):\n"
            "    try: os.kill(pid, 0)\n"
            "    except OSError: continue\n"
            "    if pid != os.getpid(): print(pid)\n"
        )
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
            )
            assert [int(pid) for pid in done.stdout.split()] == [victim.pid]
        finally:
            victim.kill()
            victim.wait()
            other.release()

    def test_a_sweep_that_is_refused_is_a_fault_of_the_grader(self, run_sweeper):
        with pytest.raises(GraderFault, match="were not ended, because the users are not two"):
            sweep.end_all_of(65534, run_sweeper)

    def test_a_fork_server_that_is_gone_is_done_without(self, lease):
        started = start(lease.uid, "sleep", "30")
        sweep.end_all_of(lease.uid, ForkServer(Path("start.py")).run_sweeper)
        assert started.wait() is not None

    def test_a_fork_server_that_dies_meanwhile_is_done_without(self, lease):
        started = start(lease.uid, "sleep", "30")
        with Box("hw4", ROOT / "student_template" / "hw4", (), {}) as box:
            process.Worker(box).close()
            box.fork_server._control.shutdown(socket.SHUT_WR)  # it takes this for the end
            sweep.end_all_of(lease.uid, box.fork_server.run_sweeper)
        assert started.wait() is not None

    def test_two_leases_never_have_the_same_user(self, lease):
        others = [sweep.UidLease() for _ in range(20)]
        uids = {lease.uid, *(other.uid for other in others)}
        for other in others:
            other.release()
        assert len(uids) == 21
        assert all(sweeper.FIRST <= uid <= sweeper.LAST for uid in uids)


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc elsewhere")
def test_a_tree_of_processes_is_ended_without_a_user_of_its_own():
    code = "import os, time; os.fork(); os.fork(); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as root:
        tree: set[int] = set()

        def is_grown() -> bool:
            parents = {process.pid: process.parent for process in sweep.processes()}
            tree.update(pid for pid, parent in parents.items() if root.pid in (parent, parents.get(parent)))
            return len(tree) == 3

        wait_until(is_grown)
        sweep.end_tree(root.pid)
        root.wait()
        wait_until(lambda: not [p for p in sweep.processes() if p.pid in tree and not p.is_dead])


class TestRemoving:
    def test_a_folder_nested_deeper_than_any_path_is_removed(self, tmp_path):
        here = os.getcwd()
        (tmp_path / "root").mkdir()
        os.chdir(tmp_path / "root")
        try:
            for _ in range(1200):
                os.mkdir("d" * 20)
                os.chdir("d" * 20)
        finally:
            os.chdir(here)
        sweep.remove(tmp_path / "root")
        assert not (tmp_path / "root").exists()

    def test_folders_that_are_closed_are_opened_first(self, tmp_path):
        inner = tmp_path / "root" / "a" / "b"
        inner.mkdir(parents=True)
        (inner / "file").touch()
        inner.chmod(0)
        inner.parent.chmod(0o500)
        sweep.remove(tmp_path / "root")
        assert not (tmp_path / "root").exists()

    def test_links_are_removed_and_not_followed(self, tmp_path):
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept" / "file").touch()
        (tmp_path / "root" / "inside").mkdir(parents=True)
        (tmp_path / "root" / "link").symlink_to(tmp_path / "kept")
        (tmp_path / "root" / "inside" / "link").symlink_to(tmp_path / "kept" / "file")
        sweep.remove(tmp_path / "root")
        assert not (tmp_path / "root").exists()
        assert (tmp_path / "kept" / "file").exists()

    def test_what_is_not_there_is_no_error(self, tmp_path):
        sweep.remove(tmp_path / "nothing")
