"""One worker process: started, asked within a time limit, ended. Knows no function and no test."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import selectors
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from autograder.sandbox import affinity, sweep
from autograder.sandbox.box import Box
from autograder.sandbox.failures import GraderFault
from autograder.sandbox.inside import wire
from autograder.sandbox.stopwatch import Stopwatch

MAX_LOG_BYTES = 64 * 1024
_START_SECONDS = 60.0
"""A start takes 0.1 s; a cold disk or a fifth of a core must not make the grader fail."""
_LOOK_SECONDS = 0.25
_MAX_SCRATCH_BYTES, _MAX_SCRATCH_ENTRIES, _MAX_SCRATCH_PATH_CHARS = 64 * 1024 * 1024, 2000, 1000
"""More in the scratch folder ends the worker: RLIMIT_FSIZE limits each file, not all of them together."""
_LIMITS = {
    "AS": 1024 * 1024 * 1024,
    "FSIZE": 16 * 1024 * 1024,
    "NOFILE": 64,
    "CORE": 0,
    "CPU": 300,  # seconds: a last resort, should the grader itself be killed
}
"""By the names of setrlimit(2), in bytes where nothing else is said."""
_OWN_UID_LIMITS = {"NPROC": 24}
"""Counted per uid over the whole machine, so only for a uid that nothing else uses."""
_SYSTEM_FILES = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"),
    *("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo"),
    *("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"),
)
Borrow = Callable[[wire.Header, list[np.ndarray]], wire.Message]
"""Answers a worker that asks for what a function of the reference returns."""


class Worker:
    """A running worker.

    Args:
        box: the folder it runs from.
        order: the homework's functions, ``module.function``, earlier ones first.
        lends: whether the function that is called gets the earlier ones from `on_borrow` of its request.

    Attributes:
        confinement: the worker's report, see `confinement.confine`.
        uid: the user it runs as, or None for the grader's own.
        stopwatch: counts the time of its latest request.

    Raises:
        GraderFault: it could not be started.
    """

    def __init__(self, box: Box, order: Sequence[str] = (), *, lends: bool = False) -> None:
        self._lease = sweep.UidLease() if box.group is not None else None
        self.uid = self._lease.uid if self._lease else None
        self._scratch = box.new_scratch(self.uid)
        self._excess = ""
        self._is_over = threading.Event()
        self._fork_server = box.fork_server
        self._requests = 0
        self._log = bytearray()
        self._taken = 0
        ours, theirs = socket.socketpair()
        self._channel = ours
        self._printed, output = os.pipe()
        options = _options(box, self.uid, self._scratch) | {"order": list(order), "lends": lends}
        try:
            self._process = box.fork_server.start_worker(options, theirs, output)
        except BaseException:
            ours.close()
            os.close(self._printed)
            if self._lease:
                self._lease.release()
            raise
        finally:
            theirs.close()
            os.close(output)
        self._drain = threading.Thread(target=self._read_log, daemon=True)
        self._drain.start()
        self.stopwatch = Stopwatch(self._process.pid)
        self.confinement = self._wait_until_ready()

    def request(
        self,
        header: wire.Header,
        arrays: Sequence[np.ndarray],
        limit_seconds: float,
        on_borrow: Borrow | None = None,
        ends: float = math.inf,
    ) -> wire.Message:
        """Send one request and wait for its reply.

        Args:
            header: what to do.
            arrays: the arrays it refers to.
            limit_seconds: how long it may take by the stopwatch, the answers of `on_borrow` included.
            on_borrow: answers the worker where it asks for something before it replies.
            ends: when it is given up whatever the stopwatch says, on `time.monotonic`.

        Raises:
            WireTimeout: no whole reply in time.
            WireClosed: the worker is gone.
            WireError: the reply is not of the agreed form.
        """
        self._requests += 1
        _shared_core().take(self._process.pid)
        self.stopwatch.start(limit_seconds, ends)
        deadline = self.stopwatch.left
        wire.send(self._channel, {**header, "id": self._requests}, arrays, deadline)
        reply, values = wire.receive(self._channel, deadline=deadline)
        while on_borrow is not None and "borrow" in reply:
            with self.stopwatch.answering():
                answer, lent = on_borrow(reply, values)
            wire.send(self._channel, answer, lent, deadline)
            reply, values = wire.receive(self._channel, deadline=deadline)
        if reply.get("id") != self._requests:
            raise wire.WireError("the reply is for another request.")
        return reply, values

    def close(self) -> None:
        """End the worker and everything it has started, wait until it is gone, and remove what it wrote.

        Raises:
            GraderFault: something of it may still be alive.
        """
        self._channel.close()
        if self.uid is None:
            sweep.end_tree(self._process.pid)
        # The worker leads a process group: this ends most of what it may have forked, the sweep the rest.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        try:
            if self.uid is not None and sys.platform == "linux":
                sweep.end_all_of(self.uid, self._fork_server.run_sweeper)
                sweep.remove_files_of(self.uid)
        finally:
            self._process.wait()
            self._is_over.set()
            self._drain.join(timeout=1.0)
            sweep.remove(self._scratch)
            if self._lease:
                self._lease.release()

    def exit_sentence(self) -> str:
        """Say how the process ended, waiting briefly for it to do so."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
        if self._excess:
            return self._excess
        status = self._process.returncode
        if status is None:
            return "it closed its connection to the grader"
        if status < 0:
            name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
            return f"its process was ended by {name}"
        return f"its process ended with exit status {status}"

    def take_log(self) -> str:
        """What the worker has printed since this was last asked for, of its first 64 KiB."""
        start, self._taken = self._taken, len(self._log)
        return self._log[start : self._taken].decode("utf-8", "replace")

    def _read_log(self) -> None:
        """Keep the first 64 KiB that are printed, drop the rest, and measure the scratch folder meanwhile."""
        with open(self._printed, "rb", buffering=0) as pipe, selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            look, is_open = 0.0, True
            while True:
                if not is_open:  # the worker has closed its output, and may still write files
                    if self._is_over.wait(_LOOK_SECONDS):
                        return
                elif selector.select(_LOOK_SECONDS):
                    chunk = os.read(pipe.fileno(), 65536)
                    self._log += chunk[: MAX_LOG_BYTES - len(self._log)]
                    is_open = bool(chunk)
                elif self._is_over.is_set():
                    return
                if time.monotonic() > look and not self._excess:
                    look = time.monotonic() + _LOOK_SECONDS
                    if not _is_small(self._scratch):
                        self._excess = "it wrote more files than there is room for"
                        self._process.kill()

    def _wait_until_ready(self) -> dict[str, str]:
        try:
            greeting, _ = wire.receive(self._channel, deadline=wire.within(_START_SECONDS))
        except wire.WireError:
            ending = self.exit_sentence()
            self.close()
            last_line = self.take_log().strip().rpartition("\n")[2]
            raise GraderFault(
                f"The worker did not start: {ending} ({last_line}). Run ./setup.sh again."
            ) from None
        if "refusal" in greeting:
            self.close()
            raise GraderFault(f"{greeting['refusal']}: run ./setup.sh, which picks an interpreter that can.")
        report = greeting.get("confinement")
        return report if isinstance(report, dict) else {}


@functools.cache
def _shared_core() -> affinity.SharedCore:
    return affinity.SharedCore(affinity.share_of_cores())


def _options(box: Box, uid: int | None, scratch: Path) -> dict[str, object]:
    """What a worker must know of its box, see `start.become_worker` and `confinement.confine`."""
    return {
        "package": box.package,
        "submission": str(box.submission),
        "stubs": str(box.stubs),
        "limits": _LIMITS | (_OWN_UID_LIMITS if uid is not None else {}),
        "layers": sorted(box.layers),
        "uid": uid,
        "group": box.group,
        "grader": os.getpid(),
        "readable": [*_readable_folders(), str(box.runtime), str(box.submission), str(box.stubs)],
        "writable": [str(scratch), os.devnull],
        "scratch": str(scratch),
    }


def _readable_folders() -> list[str]:
    """The folders of the interpreter, its packages and the system's libraries; none of the grader's."""
    of_python = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    of_prefixes = [str(Path(prefix) / name) for prefix in sorted(prefixes) for name in ("lib", "lib64")]
    return sorted({*of_python, *of_prefixes, *_SYSTEM_FILES})


def _is_small(folder: Path) -> bool:
    """Whether a folder keeps below the limits; stops at the first that it exceeds."""
    pending, entries, size = [str(folder)], 0, 0
    while pending:
        with contextlib.suppress(FileNotFoundError), os.scandir(pending.pop()) as listing:
            for entry in listing:
                with contextlib.suppress(FileNotFoundError):
                    size += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                entries += 1
                if (
                    entries > _MAX_SCRATCH_ENTRIES
                    or size > _MAX_SCRATCH_BYTES
                    or len(entry.path) > _MAX_SCRATCH_PATH_CHARS
                ):
                    return False
    return True
