"""A Dask cluster on loopback, its scheduler and workers started from the command line, a process each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from autograder.sandbox import sweep

START_SECONDS = 120


class Loopback:
    """The processes of a cluster, as a context manager that ends them.

    Args:
        folder: for what they write.
        root: the checkout that workers grade from.
        options: of scheduler and workers alike.

    Attributes:
        scheduler: its process.
        workers: theirs, each with a nanny: a worker that is killed is started again.
        address: of the scheduler.
    """

    def __init__(self, folder: Path, root: Path, *options: str) -> None:
        self._folder = folder
        self._root = root
        self._options = options
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def __enter__(self) -> Loopback:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.start_scheduler()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def start_scheduler(self) -> None:
        """Start a scheduler, and wait until it has an address."""
        file = self._folder / "scheduler.json"
        file.unlink(missing_ok=True)
        self.scheduler = self._start(
            "scheduler", "--port", "0", "--scheduler-file", str(file), ALLOWED_FAILURES="0"
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.address or not file.exists():
            assert time.monotonic() < deadline
            assert self.scheduler.poll() is None, self.printed()
            time.sleep(0.05)
            try:
                self.address = json.loads(file.read_text(encoding="utf-8"))["address"]
            except (FileNotFoundError, ValueError):  # it is still being written
                self.address = ""

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker of one thread."""
        process = self._start(
            "worker", self.address, "--nthreads", "1", "--local-directory", str(self._folder)
        )
        self.workers.append(process)
        return process

    def worker_pids(self) -> list[int]:
        """The processes in which tasks run: children of nannies."""
        nannies = {worker.pid for worker in self.workers}
        children = [one.pid for one in sweep.processes() if one.parent in nannies and not one.is_dead]
        return [pid for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]

    def printed(self) -> str:
        """What all of them have said."""
        return (self._folder / "printed").read_text(errors="replace")

    def end(self) -> None:
        """End every process, and wait for it: the scheduler last, which workers would look for."""
        for process in [*self.workers, self.scheduler]:
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(START_SECONDS)
        self.workers.clear()
        self.scheduler, self.address = None, ""

    def _start(self, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **scheduler_settings(settings)}
        with (self._folder / "printed").open("ab") as printed:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "dask",
                    *arguments,
                    "--host",
                    "127.0.0.1",
                    "--no-dashboard",
                    *self._options,
                ],
                cwd=self._root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
            )


def scheduler_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings of a scheduler, as its environment takes them."""
    return {f"DASK_DISTRIBUTED__SCHEDULER__{name}": value for name, value in settings.items()}
