"""The layers of a worker: what each takes away, what is left to honest code, and the modes they add up to."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import sys
from collections.abc import Set
from pathlib import Path

import numpy as np
import pytest

from autograder.sandbox import failures, isolation, process, sweep
from autograder.sandbox.box import LAYERS, Box
from autograder.sandbox.inside import kernel, landlock, seccomp
from autograder.sandbox.limits import Deadline, Limits
from autograder.sandbox.messages import clean_log, hide_folders
from autograder.sandbox.proxy import Submission
from tests.engine.conftest import ROOT

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")
IS_ROOT = sweep.gives_workers_own_users()
HEADERS = Path("/usr/include")
NAMES_OF_HEADERS = ("prctl", "landlock", "bpf_common", "seccomp", "sched", "elf-em", "audit")
ANSWERS = {
    seccomp.SECCOMP_RET_ALLOW: "allowed",
    seccomp.SECCOMP_RET_ERRNO | errno.EPERM: "EPERM",
    seccomp.SECCOMP_RET_ERRNO | errno.ENOSYS: "ENOSYS",
}
ALL_ON = dict.fromkeys(("own uid", "no new privileges", "Landlock files", "seccomp"), "on")


def box_of(source: str = "", layers: Set[str] = LAYERS) -> Box:
    return Box("hw4", ROOT / "student_template" / "hw4", ("npg",), {"npg": source.encode()}, layers)


def run(body: str, layers: Set[str] = LAYERS) -> object:
    """Run some lines as student code, and give back what they return (a number), or raise what they raise."""
    lines = "\n    ".join(body.strip().splitlines())
    source = f"import numpy as np\ndef npg_step_size(gradient, fisher, delta):\n    {lines}\n"
    with box_of(source, layers) as box, Submission(box, {"npg": ["npg_step_size"]}, {}) as submission:
        return float(submission.npg.npg_step_size(np.ones(1), np.eye(1), 1.0))


def refused(body: str) -> str:
    """What student code is told when it does something that it may not."""
    with pytest.raises(failures.CallRaised) as caught:
        run(body + "\nreturn 1.0")
    return str(caught.value)


@on_linux
class TestWhatIsTakenAway:
    @pytest.mark.parametrize(
        "path",
        [ROOT / "autograder" / "settings.toml", ROOT / "tests" / "hidden" / "test_npg.py", "/etc/passwd"],
        ids=str,
    )
    def test_files_cannot_be_read(self, path):
        assert "PermissionError" in refused(f"open({str(path)!r}).read()")

    @pytest.mark.parametrize("folder", ["/", "/proc", "/proc/self", "/tmp", "/var/tmp", "/dev/shm"])
    def test_folders_cannot_be_listed(self, folder):
        assert "PermissionError" in refused(f"import os; os.listdir({folder!r})")

    @pytest.mark.parametrize("folder", ["/tmp", "/var/tmp", "/dev/shm", str(ROOT)])
    def test_files_cannot_be_written_outside_the_scratch_folder(self, folder):
        assert "PermissionError" in refused(f"open({folder!r} + '/hw4-written', 'w')")

    @pytest.mark.parametrize(
        "act",
        [
            *("os.fork()", "subprocess.run(['true'])", "os.execv('/bin/true', ['true'])"),
            *("socket.socket()", "socket.socket(socket.AF_UNIX)", "socket.socket(socket.AF_INET6)"),
            *(
                "os.kill(os.getppid(), 0)",
                "os.kill(1, 0)",
                "os.setpriority(os.PRIO_PROCESS, os.getppid(), 5)",
            ),
        ],
    )
    def test_calls_are_refused(self, act):
        assert "PermissionError" in refused(f"import os, socket, subprocess; {act}")

    def test_limits_hold(self):
        with pytest.raises(failures.CallRaised, match=r"MemoryError|ArrayMemoryError"):
            run("return np.ones(2**28).sum()")
        assert "OSError" in refused("import os\nfor _ in range(100): os.dup(0)")
        assert "OSError" in refused("open('large', 'wb').write(bytes(20_000_000))")

    def test_the_reports_say_on_for_what_was_tried_out(self):
        with box_of() as box, Submission(box, {"npg": []}, {}) as submission:
            worker = process.Worker(box)
            worker.close()
            report = worker.confinement
            assert not submission.confinement
        for layer in ("descriptors", "limits", "no new privileges", "not dumpable"):
            assert report[layer] == "on"
        assert report["own uid"] == ("on" if IS_ROOT else "the grader is not root")


@on_linux
class TestWhatIsLeft:
    """Honest code must not notice the sandbox."""

    @pytest.mark.parametrize(
        "body",
        [
            "import scipy.linalg, scipy.optimize, scipy.stats, scipy.sparse.linalg\nreturn 1.0",
            "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(8) as pool:\n"
            "    return sum(pool.map(float, [0, 1]))",
            "import tempfile, os\nwith tempfile.TemporaryDirectory() as d:\n    os.mkdir(d + '/a')\n"
            "    open(d + '/f', 'w').close()\n    os.rename(d + '/f', d + '/a/f')\n    return 1.0",
            "import asyncio\nasync def one(): return 1.0\nreturn asyncio.run(one())",
            "import os, platform\nplatform.platform()\nplatform.processor()\nos.cpu_count()\nreturn 1.0",
            "import os, signal\nos.kill(os.getpid(), 0)\nsignal.raise_signal(signal.SIGCHLD)\nreturn 1.0",
            "import zoneinfo\nzoneinfo.available_timezones()\nreturn 1.0",
            "return float(np.linalg.svd(np.ones((500, 500)), compute_uv=False)[0] > 0)",
            "open('notes.txt', 'w').write('x')\nreturn float(len(open('notes.txt').read()))",
            "import sys\nprint('x', file=sys.stderr)\nopen('/dev/null', 'w').write('x')\nreturn 1.0",
        ],
        ids=lambda body: body.split("\n")[0][:40],
    )
    def test_it_runs(self, body):
        assert run(body) == 1.0


@on_linux
class TestTheScratchFolder:
    def test_too_much_in_it_ends_the_worker_with_a_reason(self):
        flood = (
            "import time\nfor n in range(10):\n    open(str(n), 'wb').write(bytes(9_000_000))\ntime.sleep(30)"
        )
        with pytest.raises(failures.WorkerDied, match="more files than there is room for"):
            run(flood)

    def test_it_is_gone_with_its_worker(self):
        with box_of() as box:
            worker = process.Worker(box)
            (scratch,) = box.root.glob("scratch-*")
            worker.close()
            assert not scratch.exists()


@pytest.mark.skipif(not IS_ROOT, reason="only root has groups to give away")
def test_a_box_is_open_to_its_own_workers_alone():
    with box_of() as box:
        for path in [box.root, *box.root.rglob("*")]:
            assert path.stat().st_mode & 0o007 == 0, path
            assert path.stat().st_gid == box.group


class TestTheFilter:
    """The system-call filter, step by step on a small machine for such programs: for both processors."""

    def answer(self, machine: str, number: int, *arguments: int, audit: int | None = None) -> str:
        architecture = seccomp.ARCHITECTURES[machine]
        data = {0: number, 4: architecture.audit if audit is None else audit}
        for place, argument in enumerate(arguments):
            data[16 + 8 * place] = argument & 0xFFFFFFFF
        steps = seccomp.program(architecture, process=1234)
        value, place = 0, 0
        while True:
            code, if_true, if_false, constant = steps[place]
            place += 1
            if code == seccomp.BPF_LD_W_ABS:
                value = data.get(constant, 0)
            elif code == seccomp.BPF_RET_K:
                return ANSWERS[constant]
            else:
                comparison = {
                    seccomp.BPF_JMP_JEQ_K: value == constant,
                    seccomp.BPF_JMP_JGE_K: value >= constant,
                    seccomp.BPF_JMP_JSET_K: bool(value & constant),
                }[code]
                place += if_true if comparison else if_false

    @pytest.mark.parametrize(
        ("name", "x86_64", "aarch64"),
        [
            *(("read", 0, 63), ("write", 1, 64), ("mmap", 9, 222), ("futex", 202, 98), ("openat", 257, 56)),
            *(("exit_group", 231, 94), ("recvfrom", 45, 207), ("sendto", 44, 206), ("getrandom", 318, 278)),
        ],
    )
    def test_what_computing_needs_is_allowed(self, name, x86_64, aarch64):
        assert self.answer("x86_64", x86_64) == self.answer("aarch64", aarch64) == "allowed"

    @pytest.mark.parametrize(
        ("name", "x86_64", "aarch64"),
        [
            *(("socket", 41, 198), ("ptrace", 101, 117), ("execve", 59, 221), ("io_uring_setup", 425, 425)),
            *(("unshare", 272, 97), ("setns", 308, 268), ("mount", 165, 40), ("bpf", 321, 280)),
            *(("keyctl", 250, 219), ("process_vm_readv", 310, 270), ("process_vm_writev", 311, 271)),
            *(
                ("shmget", 29, 194),
                ("mq_open", 240, 180),
                ("pidfd_send_signal", 424, 424),
                ("tkill", 200, 130),
            ),
        ],
    )
    def test_what_reaches_out_is_refused(self, name, x86_64, aarch64):
        assert self.answer("x86_64", x86_64) == self.answer("aarch64", aarch64) == "EPERM"

    @pytest.mark.parametrize(("machine", "number"), [("x86_64", 62), ("aarch64", 129)])
    @pytest.mark.parametrize(
        ("target", "answer"), [(1234, "allowed"), (-1, "EPERM"), (1, "EPERM"), (999, "EPERM")]
    )
    def test_signals_reach_the_process_itself_alone(self, machine, number, target, answer):
        assert self.answer(machine, number, target, 9) == answer

    @pytest.mark.parametrize(("machine", "number"), [("x86_64", 56), ("aarch64", 220)])
    def test_threads_are_made_and_processes_are_not(self, machine, number):
        assert self.answer(machine, number, 0x003D0F00) == "allowed"
        assert self.answer(machine, number, 0x01200011) == "EPERM"
        assert self.answer(machine, 435) == "ENOSYS"

    @pytest.mark.parametrize(("machine", "number"), [("x86_64", 53), ("aarch64", 199)])
    def test_pairs_of_sockets_are_local(self, machine, number):
        assert self.answer(machine, number, socket.AF_UNIX) == "allowed"
        assert self.answer(machine, number, 30) == "EPERM"

    def test_other_ways_of_calling_are_refused(self):
        assert self.answer("x86_64", 0, audit=0x40000003) == "EPERM"
        assert self.answer("x86_64", 0x40000000 + 41) == "EPERM"


@pytest.mark.skipif(not (HEADERS / "linux" / "prctl.h").exists(), reason="no kernel headers here")
class TestTheNumbers:
    """Those of the kernel's interfaces, held against its headers."""

    @pytest.mark.parametrize("module", [kernel, landlock, seccomp], ids=lambda module: module.__name__)
    def test_constants_are_those_of_the_kernel(self, module):
        defined = definitions(*(HEADERS / "linux" / f"{name}.h" for name in NAMES_OF_HEADERS))
        ours = {name: value for name, value in vars(module).items() if name.isupper() and type(value) is int}
        found = {name: defined[name] for name in ours if name in defined}
        assert found == {name: ours[name] for name in found}
        assert len(found) > len(ours) / 2  # headers of an older kernel lack some

    @pytest.mark.parametrize(
        ("column", "header"), [(0, "x86_64-linux-gnu/asm/unistd_64.h"), (1, "asm-generic/unistd.h")]
    )
    def test_system_calls_are_those_of_the_kernel(self, column, header):
        if not (HEADERS / header).exists():
            pytest.skip("these headers are of another architecture")
        defined = definitions(HEADERS / header)
        table = seccomp.REFUSED | seccomp.OWN_PROCESS_ONLY | seccomp.FILTERED
        ours = {name: numbers[column] for name, numbers in table.items() if numbers[column] >= 0}
        ours["seccomp"] = list(seccomp.SYS_seccomp.values())[column]
        ours |= {name[4:]: value for name, value in vars(landlock).items() if name.startswith("SYS_")}
        found = {name: defined[f"NR_{name}"] for name in ours if f"NR_{name}" in defined}
        assert found == {name: ours[name] for name in found}
        assert len(found) > len(ours) - 5


def definitions(*headers: Path) -> dict[str, int]:
    """The numbers that headers define, by name without leading underscores."""
    found: dict[str, int] = {}
    for header in headers:
        text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)
        for name, value in re.findall(r"^#\s*define[ \t]+_*(\w+)[ \t]+(\S.*)$", text, re.MULTILINE):
            expression = re.sub(r"\b(0x[0-9a-fA-F]+|\d+)U?L*\b", r"\1", value.replace("__", ""))
            with contextlib.suppress(Exception):  # not a number, or of names that other headers define
                found[name.replace("NR3264", "NR")] = int(eval(expression, {}, dict(found)))
    return found


class TestModes:
    def test_each_mode_is_what_its_layers_say(self):
        assert isolation.mode_of(ALL_ON) == "A"
        assert isolation.mode_of(ALL_ON | {"Landlock files": "not in this kernel"}) == "B"
        assert isolation.mode_of(ALL_ON | {"own uid": "the grader is not root"}) == "C"
        assert isolation.mode_of({"own uid": "no", "seccomp": "on"}) == "D"
        assert isolation.mode_of({}) == "D"

    def test_what_is_there_is_enough_for_itself(self):
        with box_of() as box:
            worker = process.Worker(box)
            worker.close()
            isolation.require(isolation.mode_of(worker.confinement), box)

    @on_linux
    @pytest.mark.parametrize(
        ("left_out", "layer"),
        [("landlock", "Landlock files"), ("seccomp", "seccomp"), ("privileges", "privileges")],
    )
    def test_a_missing_layer_is_named(self, left_out, layer):
        with (
            box_of(layers=LAYERS - {left_out}) as box,
            pytest.raises(isolation.TooLittleIsolation, match=layer),
        ):
            isolation.require("A", box)

    def test_a_worker_starts_with_no_layer_at_all(self):
        """As on macOS and old kernels: less protection, the same results."""
        assert run("return 1.0", layers=frozenset()) == 1.0

    @on_linux
    def test_a_mode_that_is_not_there_is_refused_on_the_command_line(self, grade, tmp_path):
        if IS_ROOT:
            os.environ["HW4_ALLOW_SAME_USER"] = "1"
        try:
            graded = grade(ROOT / "solutions", "--only", "1.1", "--require-isolation", "A")
        finally:
            os.environ.pop("HW4_ALLOW_SAME_USER", None)
        assert graded.status == 1
        assert "Isolation A was asked for" in graded.said
        assert "own uid" in graded.said
        assert graded.document["score"] == 0

    def test_an_unknown_mode_is_refused_with_a_sentence(self, grade):
        graded = grade(ROOT / "solutions", "--require-isolation", "Z")
        assert graded.status == 2
        assert "not one of 'A', 'B', 'C', 'D'" in graded.said


class TestTime:
    def test_the_calls_of_a_row_have_a_limit_together(self):
        source = "import time\ndef npg_step_size(g, f, seconds):\n    time.sleep(seconds)\n    return 1.0"
        limits = Limits(row_seconds=2.0)
        with box_of(source) as box, Submission(box, {"npg": ["npg_step_size"]}, {}, limits) as submission:
            submission.start_row()
            submission.npg.npg_step_size(np.ones(1), np.eye(1), 0.5)
            with pytest.raises(failures.OutOfTime, match="more than 2 s together"):
                submission.npg.npg_step_size(np.ones(1), np.eye(1), 3.0)
            submission.start_row()
            assert submission.npg.npg_step_size(np.ones(1), np.eye(1), 0.5) == 1.0

    def test_no_call_outlasts_the_grading(self):
        source = "import time\ndef npg_step_size(g, f, d):\n    time.sleep(30)\n"
        with (
            box_of(source) as box,
            Submission(box, {"npg": ["npg_step_size"]}, {}, deadline=Deadline(1.0)) as submission,
        ):
            for _ in range(2):
                with pytest.raises(failures.OutOfTime, match="whole grading"):
                    submission.npg.npg_step_size(np.ones(1), np.eye(1), 1.0)


class TestWhatIsShown:
    @pytest.mark.parametrize(
        ("said", "shown"),
        [
            ("No such file: '/tmp/hw4-box-a1/scratch-1/data.csv'", "No such file: '…/data.csv'"),
            (
                "from 'hw4.policy' (/tmp/hw4-box-a1/submission/hw4/policy.py)",
                "from 'hw4.policy' (hw4/policy.py)",
            ),
            ("shapes (2,)/(3,), a / b, 1/2/3, hw4/npg.py", "shapes (2,)/(3,), a / b, 1/2/3, hw4/npg.py"),
            ("/usr/lib/python3.11/json/decoder.py", "…/decoder.py"),
        ],
    )
    def test_paths_of_the_machine_are_hidden(self, said, shown):
        assert hide_folders(said) == shown

    def test_a_log_has_no_control_characters(self):
        assert clean_log("one\x1b[31m\r\ntwo\tthree\x07\u202e") == "one[31m\ntwo    three"
