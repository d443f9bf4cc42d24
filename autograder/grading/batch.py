"""Many gradings, a process each: what one submission does to its grader reaches no other."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from autograder.grading.errors import NotGraded
from autograder.grading.results import faults_in
from autograder.grading.submission import Collected

LIMIT_SECONDS = 900.0
"""For one grading as a whole: the settings' budget ends it long before, unless the grader itself hangs."""
RESULTS = "results.json"
WATCH_SECONDS = 2.0
"""After so long without a result, at the latest, a grader is asked whether all is well."""
_SAID = 400


@dataclass(frozen=True)
class Job:
    """One grading to be done.

    Attributes:
        name: whatever the caller calls it.
        submission: the folder or zip; or what was collected of it, which travels to other machines.
        only: the rows to grade, as `manifest.choose` takes them; empty for all.
        salt: draw the hidden inputs from this; empty for the settings' own.
        versions: of the grader that is meant, as `versions` gives them; None for any.
    """

    name: str
    submission: Path | Collected
    only: str = ""
    salt: str = ""
    versions: Mapping[str, str] | None = None

    def command_line(self, folder: Path) -> list[str]:
        """The arguments of a grading whose files are in a folder; what was collected is written there."""
        place = self.submission
        if isinstance(place, Collected):
            place.write(folder / "collected.json")
            place = folder / "collected.json"
        arguments = ["grade", str(place.resolve()), "--results", str(folder / RESULTS)]
        arguments += ["--only", self.only, "--salt", self.salt]
        return arguments if place is self.submission else [*arguments, "--collected"]


@dataclass(frozen=True)
class Graded:
    """A grading that has ended.

    Attributes:
        job: what was to be done.
        document: the parsed results.json, or None where there is none.
        problem: why there is no document, in a sentence; empty where there is one.
    """

    job: Job
    document: Mapping[str, object] | None
    problem: str = ""

    @property
    def faults(self) -> tuple[str, ...]:
        """Where the grader itself failed, with its tracebacks."""
        staff = self.document.get("extra_data") if self.document is not None else None
        return faults_in(staff) if isinstance(staff, Mapping) else ()


def grade_one(root: Path, job: Job, limit_seconds: float = LIMIT_SECONDS) -> Graded:
    """Grade one submission in a process of its own, and wait for it.

    Args:
        root: the repository's folder.
        job: what to grade.
        limit_seconds: when to give the process up.
    """
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "autograder", *job.command_line(Path(folder))],
                cwd=root,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Graded(job, None, f"Grading {job.name} did not end within {limit_seconds:.0f} s.")
        said = done.stderr.decode(errors="replace")
        return read_graded(job, Path(folder) / RESULTS, done.returncode, said)


class Grader(Protocol):
    """What grades one submission, and the executor that runs it for many: on this machine or on others.

    Attributes:
        executor: runs `grade`.
        at_once: how many gradings it is given at a time.
    """

    executor: Executor
    at_once: int

    def grade(self, job: Job) -> Graded:
        """Grade one submission, and wait for it."""

    def watch(self) -> None:
        """Called every few seconds while gradings run: raise `NotGraded` where none will end any more."""

    def stop(self) -> None:
        """End the gradings under way, and the executor; nobody asks for their results any more."""


class LocalGrader:
    """What graders on this machine share: a thread waits for each grading.

    Args:
        workers: how many gradings run at once; by default one a core.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.at_once = workers or cores()
        self.executor: Executor = ThreadPoolExecutor(self.at_once)

    def watch(self) -> None:
        """Do nothing: a grading on this machine ends, or is given up."""

    def stop(self) -> None:
        """Wait for the gradings under way, and begin no other."""
        self.executor.shutdown(wait=True, cancel_futures=True)


class ColdGrader(LocalGrader):
    """Grades every submission in a process of its own, which a terminal's Ctrl-C reaches as well.

    Args:
        root: the repository's folder.
        workers: how many gradings run at once; by default one a core.
    """

    def __init__(self, root: Path, workers: int | None = None) -> None:
        super().__init__(workers)
        self._root = root

    def grade(self, job: Job) -> Graded:
        """Grade one submission, and wait for it."""
        return grade_one(self._root, job)


def grade_all(
    grader: Grader, jobs: Iterable[Job], on_wait: Callable[[str, float], None] = lambda name, seconds: None
) -> Iterator[Graded]:
    """Grade many submissions, and yield each as it ends.

    Args:
        grader: grades each. Where this ends early, it is stopped.
        jobs: what to grade. Drawn from as workers become free, so that it may write its submissions then.
        on_wait: called every few seconds, with the name of the job that was handed out first of those under
            way, and how many seconds ago that was.

    Raises:
        NotGraded: no more can be graded. What befalls one grading alone is its problem, and no end.
    """
    waiting = iter(jobs)
    running: dict[Future[Graded], tuple[Job, float]] = {}
    try:
        while True:
            while len(running) < grader.at_once and (job := next(waiting, None)) is not None:
                running[grader.executor.submit(grader.grade, job)] = job, time.monotonic()
            if not running:
                return
            done, _ = wait(running, WATCH_SECONDS, FIRST_COMPLETED)
            grader.watch()
            for future in done:
                yield _ended(running.pop(future)[0], future)
            for first, begun in itertools.islice(running.values(), 1):
                on_wait(first.name, time.monotonic() - begun)
    except BaseException:
        for future in running:  # not all executors know `cancel_futures`
            future.cancel()
        grader.stop()
        raise


def _ended(job: Job, future: Future[Graded]) -> Graded:
    try:
        return replace(future.result(), job=job)
    except NotGraded:
        raise
    except Exception as error:  # a full disk, a worker that was killed: whatever an executor passes on
        return Graded(job, None, f"Grading {job.name} was broken off: {error or type(error).__name__}")


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def clean_environment() -> dict[str, str]:
    """The caller's, without what would change a grading's result or its Python."""
    dropped = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONPATH", "PYTHONSTARTUP")
    return {name: value for name, value in os.environ.items() if name not in dropped}


def read_graded(job: Job, file: Path, status: int, said: str) -> Graded:
    """Read what a grading has left behind.

    Args:
        job: what was to be done.
        file: where its results.json is.
        status: its exit status.
        said: what it wrote to stderr.
    """
    graded = _read(job, file)
    # Where the grader failed in some rows, it ends with a status of its own; the results are whole.
    if status != 0 and not graded.faults:
        message = said.strip()[-_SAID:] or "it said nothing"
        return Graded(job, None, f"Grading {job.name} ended with status {status}: {message}")
    return graded


def _read(job: Job, file: Path) -> Graded:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return Graded(job, None, f"Grading {job.name} left no readable results: {error}.")
    if not isinstance(document, dict) or not isinstance(document.get("tests"), list):
        return Graded(job, None, f"Grading {job.name} left results without rows.")
    return Graded(job, document)
