"""One core for grader and worker: where the share of cores is read from, and who runs where."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from autograder.sandbox import affinity

NEEDS_TWO = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="there is no second core to leave"
)
V1 = "9:name=systemd:/\n3:cpuset:/\n1:cpu,cpuacct:/docker/1a/hw4\n0::/\n"
V2 = "0::/docker/1a/hw4\n"


@pytest.fixture
def share(tmp_path):
    """The share that is read where a process is in some groups and these files are there."""

    def read(groups, **files):
        (tmp_path / "cgroup").write_text(groups)
        for name, content in files.items():
            file = tmp_path / "fs" / name.replace("__", "/").replace("_dot_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return affinity.share_of_cores(tmp_path / "cgroup", tmp_path / "fs")

    return read


class TestTheShare:
    @pytest.mark.parametrize("folder", ["docker/1a/hw4/", "docker/1a/", ""])
    def test_version_2_in_every_group_up_to_the_root(self, share, folder):
        """A container may see its own group as the root, and still be told the path it has outside."""
        name = folder.replace("/", "__") + "cpu_dot_max"
        assert share(V2, **{name: "50000 100000\n"}) == 0.5

    @pytest.mark.parametrize("folder", ["docker/1a/hw4/", "docker/1a/", ""])
    def test_version_1_in_every_group_up_to_the_root(self, share, folder):
        group = "cpu__" + folder.replace("/", "__")
        files = {f"{group}cpu_dot_cfs_quota_us": "25000\n", f"{group}cpu_dot_cfs_period_us": "100000\n"}
        assert share(V1, **files) == 0.25

    def test_the_smallest_counts(self, share):
        assert share(V2, docker__cpu_dot_max="90000 100000", cpu_dot_max="400000 100000") == 0.9

    def test_no_limit(self, share):
        files = {"cpu__cpu_dot_cfs_quota_us": "-1\n", "cpu__cpu_dot_cfs_period_us": "100000\n"}
        assert share(V1, cpu_dot_max="max 100000", **files) == float("inf")

    @pytest.mark.parametrize("content", ["", "x y", "50000", "50000 0"])
    def test_what_cannot_be_read_is_no_limit(self, share, content):
        assert share(V2, cpu_dot_max=content) == float("inf")

    def test_no_groups_at_all(self, tmp_path):
        assert affinity.share_of_cores(tmp_path / "nothing", tmp_path) == float("inf")

    def test_a_group_of_something_else_does_not_count(self, share):
        files = {"cpu__cpu_dot_cfs_quota_us": "25000\n", "cpu__cpu_dot_cfs_period_us": "100000\n"}
        assert share("3:cpuset:/\n", **files) == float("inf")

    def test_this_machine_has_some(self):
        assert affinity.share_of_cores() > 0


@NEEDS_TWO
class TestTheCore:
    @pytest.fixture
    def sleeper(self):
        before = os.sched_getaffinity(0)
        with subprocess.Popen(["sleep", "30"]) as process:
            yield process.pid
            process.kill()
        os.sched_setaffinity(0, before)

    @pytest.mark.parametrize("share", [0.5, 1.0])
    def test_both_run_on_one(self, sleeper, share):
        affinity.SharedCore(share).take(sleeper)
        assert os.sched_getaffinity(sleeper) == os.sched_getaffinity(0)
        assert len(os.sched_getaffinity(0)) == 1

    @pytest.mark.parametrize("share", [1.5, float("inf")])
    def test_who_has_more_than_one_keeps_them(self, sleeper, share):
        before = os.sched_getaffinity(0)
        affinity.SharedCore(share).take(sleeper)
        assert os.sched_getaffinity(sleeper) == os.sched_getaffinity(0) == before

    def test_it_is_chosen_anew_and_from_all(self, sleeper, monkeypatch):
        now, chosen = [0.0], []
        monkeypatch.setattr(affinity.time, "monotonic", lambda: now[0])
        monkeypatch.setattr(affinity.time, "sleep", lambda seconds: chosen.append(os.sched_getaffinity(0)))
        before = os.sched_getaffinity(0)
        core = affinity.SharedCore(0.5)
        for moment in (0.0, 0.1, 0.4, 0.6, 0.7, 1.2):
            now[0] = moment
            core.take(sleeper)
        assert chosen == [before] * 3

    def test_a_second_worker_comes_to_the_same(self, sleeper):
        core = affinity.SharedCore(0.5)
        core.take(sleeper)
        with subprocess.Popen(["sleep", "30"]) as other:
            os.sched_setaffinity(other.pid, {0, 1})
            core.take(other.pid)
            assert os.sched_getaffinity(other.pid) == os.sched_getaffinity(0)
            other.kill()

    def test_a_worker_that_is_gone_is_no_trouble(self, sleeper):
        core = affinity.SharedCore(0.5)
        core.take(2**22 + 1)
        core.take(sleeper)
        assert os.sched_getaffinity(sleeper) == os.sched_getaffinity(0)
        assert len(os.sched_getaffinity(0)) == 1

    def test_where_it_is_refused_everybody_keeps_all_cores(self, sleeper, monkeypatch):
        before, really = os.sched_getaffinity(0), os.sched_setaffinity

        def refuse_one(pid, cores):
            if len(cores) == 1:
                raise PermissionError
            really(pid, cores)

        monkeypatch.setattr(os, "sched_setaffinity", refuse_one)
        core = affinity.SharedCore(0.5)
        core.take(sleeper)
        monkeypatch.undo()
        core.take(sleeper)
        assert os.sched_getaffinity(sleeper) == os.sched_getaffinity(0) == before
