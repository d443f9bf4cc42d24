"""Graders that have done their imports: one clean process for each, which forks for every grading.

Such a process holds nothing of a submission and runs none of its code: it starts forks, and tells how they
ended. A fork grades as `grade` of the command line does, with the same results but for times.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from autograder.grading.assignment import Assignment
from autograder.grading.batch import (
    LIMIT_SECONDS,
    RESULTS,
    ColdGrader,
    Graded,
    Grader,
    Job,
    LocalGrader,
    clean_environment,
    read_graded,
)
from autograder.grading.errors import NotGraded
from autograder.grading.hidden_tests import collect_tests
from autograder.grading.integrity import changed_since, fingerprints
from autograder.grading.plugin import load_profile
from autograder.grading.versions import require, versions
from autograder.sandbox.inside import kernel

VERB = "serve-gradings"
"""Of the command line: starts the process that forks."""
_LOADED = ("rich.console", "rich.table", "autograder.grading.console", "autograder.grading.session")
_START_SECONDS = 120.0
_END_SECONDS = 60.0
"""A grading that is asked to end removes its box and its worker, which takes a second."""


class WarmGraderGone(Exception):
    """The process does not answer any more; the message says what it wrote last."""


@contextlib.contextmanager
def warm_graders(root: Path, folder: Path | None = None, workers: int | None = None) -> Iterator[Grader]:
    """Have warm graders where a fork is safe: on other systems than Linux, libraries may start threads.

    Args:
        root: the repository's folder.
        folder: where results lie until they are read; by default where the system has such files.
        workers: how many gradings run at once; by default one a core.

    Yields:
        What grades; its processes end with the context.
    """
    grader = (
        WarmGraders(root, folder, workers=workers) if sys.platform == "linux" else ColdGrader(root, workers)
    )
    try:
        yield grader
    finally:
        grader.stop()


class WarmGraders(LocalGrader):
    """Grades submissions by forks of warm processes, one for each thread that asks at the same time.

    Args:
        root: the repository's folder.
        folder: where results lie until they are read; by default where the system has such files.
        limit_seconds: when to give a grading up.
        workers: how many gradings `grade_all` has run at once; by default one a core.
        isolation: refuse to grade below this mode; empty for the settings'.
    """

    def __init__(
        self,
        root: Path,
        folder: Path | None = None,
        limit_seconds: float = LIMIT_SECONDS,
        *,
        workers: int | None = None,
        isolation: str = "",
    ) -> None:
        super().__init__(workers)
        self._root = root
        self._options = ["--require-isolation", isolation] if isolation else []
        self._folder = folder
        self._limit_seconds = limit_seconds
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._all: list[_Process] = []
        self._is_stopped = False

    def grade(self, job: Job) -> Graded:
        """Grade one submission, and wait for it.

        Raises:
            OtherGrader: the job asks for another grader than the one that is here.
        """
        with tempfile.TemporaryDirectory(prefix="grading-", dir=self._folder) as folder:
            arguments = [*job.command_line(Path(folder)), *self._options]
            printed = Path(folder) / "printed"
            try:
                process = self._take()
                try:
                    if job.versions is not None:
                        require(job.versions, process.versions())
                    status = process.ask(arguments, printed, self._limit_seconds)
                except BaseException:
                    process.close()
                    raise
            except TimeoutError:
                return Graded(
                    job, None, f"Grading {job.name} did not end within {self._limit_seconds:.0f} s."
                )
            except (WarmGraderGone, OSError) as error:
                return Graded(job, None, f"Grading {job.name} was broken off: {error}")
            with self._lock:
                self._idle.append(process)
            try:
                said = printed.read_text(encoding="utf-8", errors="replace")
            except OSError:  # it ended before it could write, or somebody has removed the folder
                said = ""
            return read_graded(job, Path(folder) / RESULTS, status, said)

    def rest(self) -> None:
        """End the processes that grade nothing; further ones are started when they are needed."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._all = [process for process in self._all if process not in idle]
        for process in idle:
            process.close()

    def stop(self) -> None:
        """End all processes, and the gradings under way with them."""
        with self._lock:
            self._is_stopped = True
            idle, self._idle = self._idle, []
            processes, self._all = self._all, []
        for process in processes:
            process.hang_up()
        for process in processes:
            process.end()
        for process in idle:  # the others are closed by the threads that wait for them
            process.close()
        super().stop()

    def _take(self) -> _Process:
        with self._lock:
            if self._is_stopped:
                raise WarmGraderGone("the run was stopped.")
            if self._idle:
                return self._idle.pop()
            process = _Process(self._root)
            self._all.append(process)
        return process


class _Process:
    """One warm process, seen from outside.

    Args:
        root: the repository's folder.
    """

    def __init__(self, root: Path) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "autograder", VERB],
            cwd=root,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            bufsize=0,
            # Ctrl-C of a terminal is for the caller alone, which hangs up.
            start_new_session=True,
        )
        self._versions: dict[str, str] | None = None

    def versions(self) -> Mapping[str, str]:
        """What grades here, once it has been imported.

        Raises:
            TimeoutError: it takes too long.
            WarmGraderGone: the process has ended.
        """
        if self._versions is None:
            answer = self._receive(_START_SECONDS)
            self._versions = {name: str(version) for name, version in answer.items()}
        return self._versions

    def ask(self, arguments: Sequence[str], printed: Path, limit_seconds: float) -> int:
        """Have one grading done.

        Args:
            arguments: of the command line.
            printed: the file that its stderr goes to.
            limit_seconds: how long to wait.

        Returns:
            Its exit status.

        Raises:
            TimeoutError: it runs on.
            WarmGraderGone: the process has ended.
        """
        self.versions()
        assert self._process.stdin is not None
        request = {"arguments": list(arguments), "printed": str(printed)}
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
        except ValueError:  # it was hung up meanwhile
            raise WarmGraderGone("the run was stopped.") from None
        answer = self._receive(limit_seconds)
        return int(str(answer["status"]))

    def hang_up(self) -> None:
        """Tell it to end, and to end a grading under way."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def end(self) -> None:
        """End it, and wait until it has."""
        self.hang_up()
        try:
            self._process.wait(2 * _END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """End it; nobody may be waiting for an answer."""
        self.end()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._said.close()

    def _receive(self, seconds: float) -> dict[str, object]:
        assert self._process.stdout is not None
        deadline, line = time.monotonic() + seconds, b""
        while not line.endswith(b"\n"):
            if not select.select([self._process.stdout], [], [], max(deadline - time.monotonic(), 0.0))[0]:
                raise TimeoutError
            piece = self._process.stdout.readline()
            if not piece:
                self._said.seek(0)
                last = self._said.read().decode(errors="replace").strip().rpartition("\n")[2]
                raise WarmGraderGone(last or "its process has ended.")
            line += piece
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer


def load(assignment: Assignment) -> None:
    """Import all that a grading needs, the hidden tests and the mistakes among it."""
    for name in _LOADED:
        importlib.import_module(name)
    # The hidden tests take hypothesis' settings as these are at their import.
    load_profile()
    collect_tests(assignment)
    assignment.catalogue()
    # What is there now stays: no fork is to look through it for garbage.
    gc.collect()
    gc.freeze()


def serve(assignment: Assignment, run: Callable[[Sequence[str]], int]) -> None:
    """Be the process that forks, until stdin ends.

    Args:
        assignment: the homework.
        run: runs a verb of the command line, and returns its exit status.

    Raises:
        NotGraded: the grader's files have changed since they were imported.
    """
    orders, answers = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb", buffering=0)
    with open(os.devnull, "r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    before = fingerprints(assignment)
    load(assignment)
    if changed_since(before, assignment):
        raise NotGraded("The grader's files changed while they were imported: run again.")
    _say(answers, versions(before))
    while order := orders.readline():
        # A grading notes the hashes of the files on disk, but runs what was imported.
        if changed_since(before, assignment):
            raise NotGraded("The grader's files changed: run again.")
        status = _fork(json.loads(order), orders, answers, run)
        if status is None:
            return
        _say(answers, {"status": status})


def _say(answers: BinaryIO, answer: object) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")


def _fork(
    order: dict[str, str], orders: BinaryIO, answers: BinaryIO, run: Callable[[Sequence[str]], int]
) -> int | None:
    """Have a grading done by a fork; its exit status, or None where stdin has ended meanwhile."""
    alive, held = os.pipe()
    own = os.getpid()
    pid = os.fork()
    if pid == 0:
        _be_grading(order, own, [alive, orders.fileno(), answers.fileno()], run)
    os.close(held)
    try:
        # The fork's end closes its side of the pipe. Nobody asks again before the answer.
        ready, _, _ = select.select([alive, orders.fileno()], [], [])
        if alive not in ready:
            os.kill(pid, signal.SIGTERM)
            if not select.select([alive], [], [], _END_SECONDS)[0]:
                os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status) if alive in ready else None
    finally:
        os.close(alive)


def _be_grading(
    order: dict[str, str], parent: int, unwanted: Sequence[int], run: Callable[[Sequence[str]], int]
) -> None:
    """Be the grading: this process is the fork's, and ends with it."""
    status = 1
    try:
        if sys.platform == "linux":
            # Where the process that forks is killed, the grading removes its worker and its box.
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            return
        for descriptor in unwanted:
            os.close(descriptor)
        with open(order["printed"], "wb") as printed:
            os.dup2(printed.fileno(), 2)
        status = run(list(order["arguments"]))
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
