"""The platform's small container, as near as this machine allows: half a core, 0.75 GB, and a time limit.

Bounded by control groups (of either version) where they can be written, else by limits of the process. At the
time limit it does what the platform does: it kills its direct child, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_PERIOD_MICROSECONDS = 100_000
_SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Size:
    """How large a container is; by default the platform's smallest."""

    cores: float = 0.5
    memory_bytes: int = 768 * 1024 * 1024


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        status: its exit status; negative where a signal ended it.
        seconds: how long it took, by the clock.
        cpu_seconds: how much of a core's time it used, with every process it waited for. Unlike `seconds`, it
            hardly depends on what else this machine does.
        output: what it and its children wrote to stdout and stderr.
        is_timed_out: whether it was killed at the time limit.
        peak_bytes: the most memory that all its processes had at once, files in the page cache aside; None
            where that was not measured.
        is_out_of_memory: whether the kernel ended a process for want of memory.
        left_over: the command lines of processes that outlived it.
    """

    status: int
    seconds: float
    cpu_seconds: float
    output: str
    is_timed_out: bool
    peak_bytes: int | None
    is_out_of_memory: bool
    left_over: tuple[str, ...]


class Container:
    """A place to run one command in. A context manager: nothing of it outlives the context.

    Args:
        size: how large it is.
        may_use_groups: whether control groups are tried before the limits of the process.

    Attributes:
        description: what bounds it, for people.
    """

    def __init__(self, size: Size = Size(), *, may_use_groups: bool = True) -> None:
        self._size = size
        self._folders = _make_groups(size) if may_use_groups else ()
        memory = f"{size.memory_bytes / 2**20:.0f} MB"
        if self._folders:
            version = 2 if (self._folders[0] / "cgroup.controllers").exists() else 1
            self.description = (
                f"control groups (version {version}): {size.cores:g} of a core and {memory} for all "
                "processes together"
            )
        else:
            self.description = (
                "limits of the process, since control groups cannot be written here: one whole core in place "
                f"of {size.cores:g}, and {memory} of data for each process"
            )

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *error: object) -> None:
        for folder in self._folders:
            # The kernel takes a moment to release processes that have just ended.
            for _ in range(100):
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(_SAMPLE_SECONDS)

    def run(
        self,
        command: Sequence[str | Path],
        folder: Path,
        environment: Mapping[str, str],
        limit_seconds: float,
    ) -> Ended:
        """Run a command to its end, or to the time limit.

        Args:
            command: the program and its arguments.
            folder: its working folder.
            environment: all of its environment.
            limit_seconds: when to kill it.
        """
        with tempfile.TemporaryFile() as output:
            start, used_before = time.monotonic(), _cpu_seconds()
            child = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                # A file: a pipe would stay open as long as any process that outlives the command.
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=self._enter,
            )
            is_timed_out, peak_bytes = self._wait(child, start + limit_seconds)
            seconds, cpu_seconds = time.monotonic() - start, _cpu_seconds() - used_before
            left_over = self._end_everything(child.pid)
            output.seek(0)
            return Ended(
                child.returncode,
                seconds,
                cpu_seconds,
                output.read().decode("utf-8", errors="replace"),
                is_timed_out,
                peak_bytes,
                self._is_out_of_memory(),
                left_over,
            )

    def _enter(self) -> None:
        """In the child, before it becomes the command."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))
        if not self._folders:
            resource.setrlimit(resource.RLIMIT_DATA, (self._size.memory_bytes, self._size.memory_bytes))
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    def _wait(self, child: subprocess.Popen[bytes], deadline: float) -> tuple[bool, int | None]:
        """Wait for the child's end, or kill it at the deadline; return whether it was, and the peak."""
        peak_bytes: int | None = None
        while child.poll() is None:
            if self._folders:
                peak_bytes = max(peak_bytes or 0, _memory_of(self._folders[-1]))
            if time.monotonic() >= deadline:
                child.kill()
                child.wait()
                return True, peak_bytes
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_SAMPLE_SECONDS)
        return False, peak_bytes

    def _end_everything(self, leader: int) -> tuple[str, ...]:
        """Kill what is left, as the platform does when it throws the container away; return its names."""
        found: dict[int, str] = {}
        for _ in range(100):
            alive = {pid: name for pid in self._processes(leader) if (name := _name(pid))}
            if not alive:
                break
            found |= alive
            for pid in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_SAMPLE_SECONDS)
        return tuple(found.values())

    def _processes(self, leader: int) -> list[int]:
        if self._folders:
            return [int(line) for line in (self._folders[0] / "cgroup.procs").read_text().split()]
        # Without a group, those of the command's session; one that has left the session is not found.
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError, ValueError):
                # After the name in brackets: state, parent, process group, session.
                if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                    found.append(int(folder.name))
        return found

    def _is_out_of_memory(self) -> bool:
        for name in ("memory.events", "memory.oom_control"):
            for folder in self._folders:
                with contextlib.suppress(OSError):
                    words = (folder / name).read_text().split()
                    if "oom_kill" in words and int(words[words.index("oom_kill") + 1]) > 0:
                        return True
        return False


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _make_groups(size: Size) -> tuple[Path, ...]:
    """Make and bound the control groups, the one that counts memory last; none where that is not allowed."""
    own = _own_groups()
    quota = int(size.cores * _PERIOD_MICROSECONDS)
    name = f"rehearsal-{uuid.uuid4().hex[:12]}"
    attempts: list[list[tuple[Path, dict[str, str]]]] = []
    if "" in own:
        bounds = {"cpu.max": f"{quota} {_PERIOD_MICROSECONDS}", "memory.max": str(size.memory_bytes)}
        attempts += [[(base, bounds)] for base in (_GROUPS / own[""], _GROUPS / "unified" / own[""])]
    if "cpu" in own and "memory" in own:
        times = {"cpu.cfs_period_us": str(_PERIOD_MICROSECONDS), "cpu.cfs_quota_us": str(quota)}
        memory = {"memory.limit_in_bytes": str(size.memory_bytes)}
        attempts.append([(_GROUPS / "cpu" / own["cpu"], times), (_GROUPS / "memory" / own["memory"], memory)])
    for attempt in attempts:
        folders: list[Path] = []
        try:
            for base, bounds in attempt:
                with contextlib.suppress(OSError):
                    (base / "cgroup.subtree_control").write_text("+cpu +memory")
                folders.append(base / name)
                folders[-1].mkdir()
                for key, value in bounds.items():
                    # Never a new file: a group without the controller has none of this name.
                    with (folders[-1] / key).open("r+") as stream:
                        stream.write(value)
        except OSError:
            for folder in folders:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            continue
        return tuple(folders)
    return ()


def _own_groups() -> dict[str, str]:
    """The groups of this process, by controller; version 2's is listed under an empty name."""
    own: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            own |= {controller: path.lstrip("/") for controller in controllers.split(",")}
    return own


def _memory_of(folder: Path) -> int:
    """How many bytes a group's processes use, without the page cache: their own, and shared memory."""
    with contextlib.suppress(OSError, ValueError):
        pairs = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
        stat = {name: int(value) for name, value in pairs}
        own = stat.get("anon", stat.get("total_rss", stat.get("rss", 0)))
        return own + stat.get("shmem", stat.get("total_shmem", 0))
    return 0


def _name(pid: int) -> str:
    """A process's command line; empty where it has ended."""
    with contextlib.suppress(OSError):
        folder = Path(f"/proc/{pid}")
        program, _, rest = (folder / "stat").read_text().partition("(")[2].rpartition(")")
        if rest.split()[0] not in ("Z", "X"):
            # A process that is becoming another program has no command line for a moment.
            arguments = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            return (arguments.strip() or program)[:120]
    return ""
