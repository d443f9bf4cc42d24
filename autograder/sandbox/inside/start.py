"""The process that workers are forked from, and how a fork becomes one.

Started as ``python -I -B -u start.py DESCRIPTOR`` with the number of its socket to the grader. It imports
what every worker needs and never runs student code, so that a worker costs a fork, not a start of Python and
numpy. Each order brings the options of one worker, its socket to the grader and the pipe for its output.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.random  # numpy itself imports it when it is first asked for

if TYPE_CHECKING:
    from autograder.sandbox.inside import kernel, sweeper, wire, worker
else:
    # This file is a copy, and its folder, "runtime", the package that it belongs to. -I leaves both out of
    # the path; what is imported later is not to be looked for here.
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from runtime import kernel, sweeper, wire, worker

    sys.path.pop(0)

_LOOK_SECONDS = 0.0002


def serve(control: socket.socket) -> None:
    """Carry out orders until the grader hangs up."""
    gc.collect()
    gc.freeze()  # or a garbage collection in each worker would touch, and so copy, all of this memory
    while True:
        mark, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not mark:
            return
        order, _ = wire.receive(control)
        if order["do"] == "sweep":
            wire.send(control, {"refusal": _sweep(control, *order["users"])})
            continue
        if not order["forks"]:
            control.close()
            become_worker(order["options"], *descriptors)
        pid = _fork_orphan(control, order["options"], *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        wire.send(control, {"pid": pid})


def _sweep(control: socket.socket, victim: int, own: int) -> str:
    """Run the sweeper in a fork of this process; return why it refused, or nothing."""
    reading, writing = os.pipe()
    fork = os.fork()
    if fork == 0:
        status = 1
        try:
            os.close(control.detach())
            os.write(writing, sweeper.sweep(victim, own).encode())
            status = 0
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading, "rb") as pipe:
        reason = pipe.read(1000).decode("utf-8", "replace")
    _, status = os.waitpid(fork, 0)
    return reason or ("" if status == 0 else f"its exit status was {os.waitstatus_to_exitcode(status)}")


def _fork_orphan(control: socket.socket, options: Mapping[str, Any], channel: int, output: int) -> int:
    """Fork a worker, by way of a process that ends, so that its parent is the grader; return its number.

    The grader has asked for orphans (`sweep.adopt_orphans`).
    """
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        try:
            between = os.getpid()
            if worker_pid := os.fork():
                os.write(writing, b"%d" % worker_pid)
                os._exit(0)
            for descriptor in (reading, writing, control.detach()):
                os.close(descriptor)
            # Until the process between has ended, the grader is not the parent.
            while os.getppid() == between:
                time.sleep(_LOOK_SECONDS)
            become_worker(options, channel, output)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)  # whatever went wrong, a fork never goes on as its parent
    os.close(writing)
    with open(reading, "rb") as pipe:
        pid = pipe.read1(32)
    os.waitpid(between, 0)
    if not pid:
        raise ChildProcessError("no process could be forked")
    return int(pid)


def become_worker(options: Mapping[str, Any], channel: int, output: int) -> NoReturn:
    """Turn this process into a worker; it has not run anything of a submission before."""
    with contextlib.suppress(PermissionError):  # where it was not forked, it leads its session already
        os.setsid()
    for standard in (1, 2):
        os.dup2(output, standard)
    os.close(output)
    connection = socket.socket(fileno=channel)
    os.umask(0o077)
    if options["uid"] is not None:
        os.setgroups([])
        os.setgid(options["group"])
        os.setuid(options["uid"])
        if not os.access(sys.executable, os.X_OK):
            wire.send(connection, {"refusal": f"{sys.executable} cannot be run by another user"})
            os._exit(1)
        if sys.platform == "linux":
            # The change of user has cleared this, and root owns the /proc/self of such a process: `confine`
            # would not see its own descriptors. It clears it again.
            kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    os.chdir(options["scratch"])
    os.environ.update(HOME=options["scratch"], TMPDIR=options["scratch"])
    np.random.seed()  # the global generator, or all forks would draw the same numbers
    worker.main(options, connection)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
