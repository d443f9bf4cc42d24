"""A grader that has done its imports already: it forks for every grading it is asked for.

    python warm.py SOURCE

Each line of stdin asks for one grading, in JSON: arguments, layers, limits and environment as `weakened.py`
takes them, the user to become (none to stay root), and the file that what is printed goes to. Each line of
stdout is that grading's exit status. The attack suite grades a neighbour after every attack so, at a third of
what a process of its own costs. What was imported once is not read from the disk again: for that the suite
compares hashes.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class WarmGrader:
    """The process, and one grading at a time by it.

    Args:
        source: the grader's source.
        environment: what /proc shows as its environment, and as that of its gradings.
    """

    def __init__(self, source: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(source)],
            cwd=source,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        """End the process, which the end of its stdin does."""
        self._process.communicate(timeout=300)

    def grade(self, **request: Any) -> int:
        """Run one grading and return its exit status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said, "the warm grader is gone"
        return int(said)


def serve(source: Path) -> None:
    """Answer requests until stdin ends."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import weakened  # before this script's own folder leaves the path

    sys.path[:1] = [str(source), str(source / "solutions")]
    homework = importlib.import_module("autograder.homework")
    importlib.import_module("autograder.grading.warm").load(homework.ASSIGNMENT)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            grade_here(request, weakened.weaken)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def grade_here(request: dict[str, Any], weaken: Callable[[str, str], None]) -> None:
    """Become the grading that was asked for: this process is the fork's and ends with it."""
    with open(request["printed"], "wb") as printed:
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    if request["uid"] is not None:
        os.setgroups([])
        os.setgid(request["uid"])
        os.setuid(request["uid"])
        from autograder.sandbox.inside import kernel  # not at the top: `serve` makes the path

        # As a process is that this user has started: others of the user may look into it.
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    os.environ.clear()
    os.environ.update(request["environment"])
    weaken(request["layers"], request["limits"])
    status = 1
    try:
        status = importlib.import_module("autograder.cli").main(request["arguments"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
