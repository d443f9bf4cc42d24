"""Many gradings, a process each: what one submission does to its grader reaches no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder.grading.results import faults_in

LIMIT_SECONDS = 900.0
"""For one grading as a whole: the settings' budget ends it long before, unless the grader itself hangs."""
_SAID = 400


@dataclass(frozen=True)
class Job:
    """One grading to be done.

    Attributes:
        name: whatever the caller calls it.
        submission: the folder or zip.
        only: the rows to grade, as `manifest.choose` takes them; empty for all.
        salt: draw the hidden inputs from this; empty for the settings' own.
    """

    name: str
    submission: Path
    only: str = ""
    salt: str = ""


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
        file = Path(folder) / "results.json"
        command = [sys.executable, "-m", "autograder", "grade", str(job.submission.resolve())]
        command += ["--results", str(file), "--only", job.only, "--salt", job.salt]
        try:
            done = subprocess.run(
                command,
                cwd=root,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Graded(job, None, f"Grading {job.name} did not end within {limit_seconds:.0f} s.")
        graded = read_graded(job, file, done.returncode, done.stderr.decode(errors="replace"))
        return graded


class Grader(Protocol):
    """Grades one submission at a time, in each of several threads."""

    def grade(self, job: Job) -> Graded:
        """Grade one submission, and wait for it."""

    def stop(self) -> None:
        """End the gradings under way, from another thread; nobody asks for their results any more."""


class ColdGrader:
    """Grades every submission in a process of its own.

    Args:
        root: the repository's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def grade(self, job: Job) -> Graded:
        """Grade one submission, and wait for it."""
        return grade_one(self._root, job)

    def stop(self) -> None:
        """Leave the gradings under way alone: a terminal's Ctrl-C reaches them as well."""


def grade_all(grader: Grader, jobs: Iterable[Job], workers: int | None = None) -> Iterator[Graded]:
    """Grade many submissions, as many at once as there are cores, and yield each as it ends.

    Args:
        grader: grades each. Where this ends early, it is stopped.
        jobs: what to grade. Drawn from as workers become free, so that it may write its submissions then.
        workers: how many gradings run at once; by default one a core.
    """
    workers = workers or cores()
    waiting = iter(jobs)
    with ThreadPoolExecutor(workers) as pool:
        running: set[Future[Graded]] = set()
        try:
            while True:
                while len(running) < workers and (job := next(waiting, None)) is not None:
                    running.add(pool.submit(grader.grade, job))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BaseException:
            grader.stop()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


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
