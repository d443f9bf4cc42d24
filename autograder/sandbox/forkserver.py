"""Starts workers: by forking a process that has imported numpy and nothing of a submission.

Starting Python and importing numpy takes 80 ms of a core, a fork 5. On other systems than Linux each worker
is started afresh: a grader cannot become the parent of an orphan there (PR_SET_CHILD_SUBREAPER is Linux's),
and the system libraries of macOS may start threads, after which a fork may crash (Python's docs on
multiprocessing).
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.sandbox import sweep
from autograder.sandbox.failures import GraderFault
from autograder.sandbox.inside import wire

_START_SECONDS = 60.0
"""A start takes 0.1 s; a cold disk or a fifth of a core must not make the grader fail."""
_LOOK_SECONDS = 0.002
_FORKS = sys.platform == "linux"


class ForkServer:
    """The process that workers are forked from; it is started with the first one.

    Args:
        start_file: the file it is started from, with the worker's own beside it.
    """

    def __init__(self, start_file: Path) -> None:
        self._start_file = start_file
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start_worker(
        self, options: Mapping[str, object], channel: socket.socket, output: int
    ) -> WorkerProcess:
        """Start one worker.

        Args:
            options: what the worker needs to know, ``uid``, ``group`` and ``scratch`` among it.
            channel: its end of the connection to the grader.
            output: the descriptor that what it prints goes to.

        Raises:
            GraderFault: it could not be started; the message says what to do.
        """
        order, descriptors = {"do": "start", "forks": _FORKS, "options": options}, [channel.fileno(), output]
        if not _FORKS:
            started, control = _launch(self._start_file, output)
            # If it has ended, its caller will notice that it does not answer, and report what it printed.
            with control, contextlib.suppress(OSError, wire.WireError):
                _order(control, order, descriptors)
            return started
        sweep.adopt_orphans()
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process, self._control = _launch(self._start_file, subprocess.PIPE)
        try:
            return OrphanProcess(int(self._ask(order, descriptors)["pid"]))
        except (OSError, wire.WireError) as error:
            reason = self.close().rpartition("\n")[2] or error or type(error).__name__
            raise GraderFault(f"The worker did not start: {reason}. Run ./setup.sh again.") from None

    def run_sweeper(self, victim: int, own: int) -> str:
        """Run the sweeper in a fork of this process, or in a process of its own where this one does not run.

        Args:
            victim: the user whose processes are ended.
            own: a user that nobody has.

        Returns:
            Why it refused; empty where it did not.
        """
        if self._process is not None and self._process.poll() is None:
            try:
                return str(self._ask({"do": "sweep", "users": [victim, own]})["refusal"])
            except (OSError, wire.WireError):
                self.close()
        return sweep.start_sweeper(victim, own)

    def _ask(self, order: wire.Header, descriptors: Sequence[int] = ()) -> wire.Header:
        assert self._control is not None
        try:
            _order(self._control, order, descriptors)
            return wire.receive(self._control, deadline=wire.within(_START_SECONDS))[0]
        except BaseException as error:
            if not isinstance(error, OSError | wire.WireError):
                # A signal: the answer would arrive later, and be taken for that to the next order.
                self.close()
            raise

    def close(self) -> str:
        """End the process, and return what it wrote to stderr; the workers that it has forked run on."""
        if self._process is None or self._control is None:
            return ""
        process, self._process = self._process, None
        self._control.close()
        process.kill()
        return process.communicate()[1].decode("utf-8", "replace").strip()


class OrphanProcess:
    """A child that another process has forked and left to this one, with the methods of `subprocess.Popen`.

    Args:
        pid: its number.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""
        return self._reap(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit status.

        Raises:
            subprocess.TimeoutExpired: it runs on after so many seconds.
        """
        if timeout is None:
            status = self._reap(0)
            assert status is not None
            return status
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"worker {self.pid}", timeout)
            time.sleep(_LOOK_SECONDS)
        return status

    def kill(self) -> None:
        """Send SIGKILL if it still runs: until it is reaped, no other process can have its number."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _reap(self, flags: int) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, flags)
            except ChildProcessError:  # `sweep` has reaped it
                self.returncode = 0
            else:
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


WorkerProcess = OrphanProcess | subprocess.Popen[bytes]


def _order(control: socket.socket, order: wire.Header, descriptors: Sequence[int]) -> None:
    if descriptors:
        socket.send_fds(control, [b"+"], list(descriptors))
    else:
        control.sendall(b"-")
    wire.send(control, order, deadline=wire.within(_START_SECONDS))


def _launch(start_file: Path, output: int) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the process; return it and the socket for its orders."""
    ours, theirs = socket.socketpair()
    command = [_interpreter(), "-I", "-B", "-u", str(start_file), str(theirs.fileno())]
    try:
        with theirs:
            started = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if output == subprocess.PIPE else output,
                stderr=output,
                cwd="/",
                env=_environment(),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
    except OSError as error:
        ours.close()
        raise GraderFault(
            f"The worker's interpreter {command[0]} cannot be run ({error.strerror}): run ./setup.sh."
        ) from None
    return started, ours


def _interpreter() -> str:
    """The interpreter of this environment, by a path whose folders are no links.

    ``.venv`` may be a link, and its own path lead through a folder that is closed to other users.
    """
    running = Path(sys.executable)
    return str(running.parent.resolve() / running.name)


def _environment() -> dict[str, str]:
    """A clean environment; of the grader's, only the settings of OpenBLAS that it may need here are kept."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        # Its threads would exceed the limits (NPROC, AS), and gain nothing on small arrays.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "VECLIB_MAXIMUM_THREADS": "1",
    }
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment
