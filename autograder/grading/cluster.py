"""Gradings on a Dask cluster: what its workers do for one, and the client that hands them out.

A submission travels as what was collected of it. A worker grades from a checkout of its own, which must be
the same grader. Nothing of Dask is imported before a cluster is asked for.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from autograder.grading.batch import Graded, Grader, Job
from autograder.grading.errors import NotGraded, UnusableRequest
from autograder.grading.versions import OtherGrader
from autograder.grading.warm import WarmGraders

ROOT = Path(__file__).resolve().parents[2]
MIN_AT_ONCE = 64
"""Gradings that are handed out at least: a cluster that grows with its queue needs one."""
LOOK_SECONDS = 5.0
"""Between two looks at the cluster's workers."""
_ENCRYPTED = frozenset({"tls", "wss"})
_ALLOWED_FAILURES = "distributed.scheduler.allowed-failures"
_LOCK = threading.Lock()


def grade_on_worker(job: Job) -> Graded:
    """Grade one submission: a worker of the cluster runs this, in one of its threads.

    Raises:
        NotGraded: the worker has another grader.
    """
    from distributed import get_worker

    worker = get_worker()
    with _LOCK:  # several threads may be the first
        graders = graders_in(worker.local_directory)
    try:
        graded = graders.grade(job)
    except OtherGrader as error:
        raise NotGraded(
            f"The worker at {worker.address} has another grader than this computer: {error}. Give both the "
            "same checkout and packages, then run again."
        ) from None
    return replace(graded, job=replace(job, submission=Path()))  # it need not travel back


def rest(dask_worker: Any) -> None:
    """End what a worker of the cluster has started and does not need now; Dask fills in which one."""
    graders_in(dask_worker.local_directory).rest()


@functools.cache
def graders_in(folder: str) -> WarmGraders:
    """What grades on a worker, from its first grading on.

    Args:
        folder: the worker's; Dask removes it where the worker was killed.
    """
    # Modes B and D have no filter: student code could reach the scheduler, which trusts everybody.
    isolation = "A" if os.geteuid() == 0 else "C"
    return WarmGraders(ROOT, Path(folder), isolation=isolation)


@contextlib.contextmanager
def cluster_grader(
    address: str, workers: int | None, notify: Callable[[str], None] = lambda sentence: None
) -> Iterator[Grader]:
    """Have gradings done by a Dask cluster that is running.

    Args:
        address: of its scheduler.
        workers: how many gradings it is given at once; by default twice what it has threads.
        notify: is told what the user should know, in a sentence.

    Yields:
        What grades.

    Raises:
        UnusableRequest: there is no scheduler, or Dask is missing here.
    """
    try:
        import distributed
    except ImportError:
        raise UnusableRequest(
            "--scheduler needs Dask, which is not installed: run "
            '".venv/bin/python -m pip install --require-hashes -r requirements/cluster.lock".'
        ) from None
    # What matters of its log is said in sentences.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    security = distributed.Security()  # as Dask's own configuration has it
    if _scheme(address) == "tls" and security.get_connection_args("client")["ssl_context"] is None:
        raise UnusableRequest(
            f'"{address}" is encrypted, and Dask has no certificates here: name them in its configuration, '
            "as docs/class.md says."
        )
    try:
        distributed.comm.get_address_host(address)  # a client that takes no address cannot be closed
        client = distributed.Client(address, security=security, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UnusableRequest(
            f'No scheduler answers at "{address}" ({error}): start one, and give its address, such as '
            "tls://10.0.0.5:8786."
        ) from None
    grader = ClusterGrader(client, address, workers, notify)
    try:
        yield grader
    finally:
        grader.stop()


class ClusterGrader:
    """Hands gradings to the workers of a cluster.

    Args:
        client: of the cluster.
        address: of its scheduler.
        workers: how many gradings it is given at once; by default twice what it has threads.
        notify: is told what the user should know, in a sentence.

    Attributes:
        executor: runs `grade` on the cluster.
        at_once: how many gradings it is given at a time.
        grade: runs on a worker.
    """

    def __init__(self, client: Any, address: str, workers: int | None, notify: Callable[[str], None]) -> None:
        self._client = client
        self._address = address
        self._workers = workers
        self._notify = notify
        self._next_look = 0.0
        self._has_workers = True
        self._is_exposed = False
        self.grade = grade_on_worker
        # Unless told that it is not pure, Dask runs one of equal calls alone.
        self.executor: Executor = client.get_executor(pure=False)
        self.at_once = workers or MIN_AT_ONCE
        self._look_at_failures()
        self.watch()

    def watch(self) -> None:
        """Say when there is no worker, for which Dask waits for ever.

        Raises:
            NotGraded: the scheduler is gone.
        """
        try:
            if self._client.status != "running":
                raise OSError
            if time.monotonic() >= self._next_look:
                self._look(self._client.scheduler_info()["workers"])
                self._next_look = time.monotonic() + LOOK_SECONDS
        except OSError:
            raise NotGraded(
                f"The scheduler at {self._address} is gone. What was graded is kept: start it again, with "
                "its workers, and give the same command."
            ) from None

    def stop(self) -> None:
        """Take back what was not begun; a grading under way ends by itself, and its result is not read."""
        if self._client.status == "running":
            self.executor.shutdown(wait=False)
            with contextlib.suppress(OSError):  # the scheduler may go at this moment
                self._client.run(rest, on_error="ignore")
        self._client.close()

    def _look(self, workers: dict[str, dict[str, Any]]) -> None:
        threads = sum(worker["nthreads"] for worker in workers.values())
        self.at_once = self._workers or max(MIN_AT_ONCE, 2 * threads)
        if bool(workers) != self._has_workers:
            self._has_workers = bool(workers)
            self._notify(
                "There are workers now."
                if workers
                else f"The scheduler at {self._address} has no worker: waiting for one. Start some in "
                f'checkouts of this repository, with ".venv/bin/python -m dask worker {self._address}".'
            )
        exposed = next(filter(is_exposed, [self._address, *workers]), None)
        if exposed is not None and not self._is_exposed:
            self._is_exposed = True
            self._notify(
                f"{exposed} is not encrypted: whoever can listen reads code and results, and whoever reaches "
                "it runs code there. Use tls:// (docs/class.md)."
            )

    def _look_at_failures(self) -> None:
        import dask

        # A function of Dask's own: the scheduler need not know this project.
        allowed = self._client.run_on_scheduler(dask.config.get, _ALLOWED_FAILURES)
        if allowed > 1:
            self._notify(
                f"The scheduler gives a grading that kills its worker to {allowed + 1} workers, and this "
                "command tries several times: start the scheduler with "
                "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=0."
            )


def is_exposed(address: str) -> bool:
    """Whether what is sent there can be read on the way: it is not encrypted, and leaves this computer."""
    host = urlsplit(address if "://" in address else f"tcp://{address}").hostname or ""
    if _scheme(address) in _ENCRYPTED or host == "localhost" or address.startswith("inproc://"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, of whichever computer
        return True


def _scheme(address: str) -> str:
    return address.partition("://")[0] if "://" in address else "tcp"
