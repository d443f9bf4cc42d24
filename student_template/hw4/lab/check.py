"""Runs the public tests in the order of the functions, and says of each how it is.

The tests run in a process of their own (`public_tests`). What is known here comes from that process alone:
nothing is kept from one check to the next, and nothing of the student's is imported.
"""

from __future__ import annotations

import contextlib
import difflib
import enum
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Any

from hw4.lab import environment
from hw4.lab.signatures import SIGNATURES, Signature

PACKAGE = Path(__file__).resolve().parent.parent
CALL_SECONDS = 5.0
"""What the calls of one small input may take; the slowest right ones take hundredths of a second."""
LATER_CALL_SECONDS = 2.0
"""The same, once something did take too long: the functions built on it will, too."""
IMPORT_SECONDS = 15.0
"""What the import of a module may take, which may import scipy from a cold disk."""
NEEDED = ("numpy", "pytest", "hypothesis", "rich")
POLL_SECONDS = 0.2

Report = Mapping[str, Any]
"""A line of the tests' process."""


class Outcome(enum.Enum):
    """How a function is."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_ATTEMPTED = "not attempted"
    WAITS = "waits"
    """What was tested of it is right; for the rest, another function or file is missing or wrong."""
    UNTESTED = "untested"


@dataclass(frozen=True)
class Failure:
    """Why a function is wrong.

    Attributes:
        message: sentences: what was expected and what came back, or what was raised.
        file: the student's file, from their folder.
        line: the line in it; 0 where none is known.
        checked: what the test checks, with its formula; a line for each paragraph.
        imports: the imports that the calls need.
        calls: the call whose answer was rejected, as Python; several where they were held together.
        printed: what the function printed in these calls.
        test: the test, as ``tests/test_npg.py:30``.
    """

    message: str
    file: str
    line: int = 0
    checked: str = ""
    imports: Sequence[str] = ()
    calls: Sequence[str] = ()
    printed: str = ""
    test: str = ""


@dataclass(frozen=True)
class Result:
    """How one function is.

    Attributes:
        signature: the function.
        outcome: how it is.
        waits_for: the function, or the file, without which it cannot be tested.
        failure: why it is wrong.
    """

    signature: Signature
    outcome: Outcome
    waits_for: str = ""
    failure: Failure | None = None


class Unusable(Exception):
    """Nothing can be checked. The message is one sentence that says what to do."""


class UnknownFunction(Unusable):
    """There is no function of this number or name; the message is a sentence with the nearest one."""


def choose(wanted: str) -> tuple[Signature, ...]:
    """Find the functions of a number or a name.

    Args:
        wanted: a part (``"1"``), a function (``"1.2"``, ``"score"``, ``"policy.score"``), a module
            (``"policy"``), or an empty text for every function.

    Raises:
        UnknownFunction: there is none.
    """
    asked = wanted.strip().lower().removesuffix(".py").removeprefix("hw4.").removeprefix("hw4/")
    names = {
        one.function: {one.number, one.number.partition(".")[0], one.function, *one.function.split(".")}
        for one in SIGNATURES.values()
    }
    chosen = tuple(one for one in SIGNATURES.values() if asked in ("", *names[one.function]))
    if not chosen:
        known = sorted(set().union(*names.values()))
        near = [name for name in known if asked in name] or difflib.get_close_matches(asked, known, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise UnknownFunction(
            f'There is no function "{wanted}": give the number of a part or a function, such as 1 or 1.2, '
            f"or a name, such as score.{meant}"
        )
    return chosen


def place_of(signature: Signature) -> tuple[str, int]:
    """The file and the line of a function, the line 0 where it is not found."""
    module, _, name = signature.function.partition(".")
    file = PACKAGE / f"{module}.py"
    try:
        before, found, _ = file.read_text(encoding="utf-8", errors="replace").partition(f"\ndef {name}(")
    except OSError:
        found = ""
    return f"hw4/{file.name}", before.count("\n") + 2 if found else 0


def run(functions: Sequence[Signature]) -> Iterator[Result]:
    """Test functions, and yield how each is as soon as that is known.

    Args:
        functions: which, in order.

    Raises:
        Unusable: the tests cannot be run, with a sentence that says why.
    """
    _require_environment()
    left, not_right = list(functions), set[str]()
    seconds = CALL_SECONDS
    endless: dict[str, Report] = {}
    while left:
        for result in _run_once(left, seconds, not_right, endless):
            left.remove(result.signature)
            if result.outcome is not Outcome.RIGHT:
                not_right.add(result.signature.function)
            yield result
        seconds = LATER_CALL_SECONDS


def _run_once(
    functions: Sequence[Signature], seconds: float, not_right: Collection[str], endless: dict[str, Report]
) -> Iterator[Result]:
    """Start the tests' process and yield what it finds, to its end or to the function that ended it.

    A module whose import ended it is put into `endless`.
    """
    pending = deque(functions)
    problems = dict(endless)
    starts, dump = "", list[str]()
    arguments = [str(seconds), ",".join(endless), *(one.function for one in functions)]
    with _started(arguments) as process:
        for line in process.output:
            try:
                report = json.loads(line)
            except ValueError:
                dump.append(line)
                continue
            starts = report.get("starts", starts)
            if "broken" in report:
                file = str(report["broken"]).replace("::", " ")
                raise Unusable(f"{file} cannot be read ({report['why']}): put the file you were given back.")
            if "fault" in report:
                raise Unusable(f"The check itself failed ({report['fault']}): tell the course staff.")
            if "module" in report:
                problems[report["module"]] = report
            if "function" in report:
                while pending[0].function != report["function"]:
                    yield _without_tests(pending.popleft(), problems)
                yield _result(pending.popleft(), report)
            if "ends" in report:
                yield from (_without_tests(one, problems) for one in pending)
                return
        status = process.wait()
    if not starts:
        raise Unusable(f"The tests cannot be started: {process.last_error() or f'status {status}'}.")
    failure = _interrupted(starts, dump, status, seconds)
    if starts not in SIGNATURES:  # a module
        endless[starts] = {"blamed": PurePath(failure.file).stem, "failure": vars(failure)}
        return
    while pending[0].function != starts:
        yield _without_tests(pending.popleft(), problems)
    cause = _function_in(dump) or starts
    if cause in not_right:
        yield Result(pending[0], Outcome.WAITS, waits_for=cause)
    else:
        yield Result(pending[0], Outcome.WRONG, failure=failure)


def _result(signature: Signature, report: Report) -> Result:
    failure = Failure(**report["failure"]) if "failure" in report else None
    return Result(signature, Outcome(report["outcome"]), report.get("waits_for", ""), failure)


def _without_tests(signature: Signature, problems: Mapping[str, Report]) -> Result:
    """How a function is of which no test has run: its module cannot be imported, or it has no test."""
    module = signature.function.partition(".")[0]
    if module not in problems:
        return Result(signature, Outcome.UNTESTED)
    blamed = problems[module]["blamed"]
    if blamed != module:
        return Result(signature, Outcome.WAITS, waits_for=f"hw4/{blamed}.py")
    return Result(signature, Outcome.WRONG, failure=Failure(**problems[module]["failure"]))


def _interrupted(starts: str, dump: Sequence[str], status: int, seconds: float) -> Failure:
    """Say what ended the tests' process before its time."""
    module = starts.partition(".")[0]
    frames = _frames(dump)
    file, line, _ = frames[0] if frames else (module, 0, "")
    what = starts if starts in SIGNATURES else f"The import of hw4/{module}.py"
    if not dump:
        sentence = f"{what} ended Python itself (status {status}): does it call exit?"
        return Failure(sentence, f"hw4/{file}.py", line)
    running = f" Then line {line} of hw4/{file}.py was running." if line else ""
    limit = seconds if starts in SIGNATURES else IMPORT_SECONDS
    sentence = f"{what} did not end within {limit:g} s: is there a loop that never ends?{running}"
    return Failure(sentence, f"hw4/{file}.py", line)


def _function_in(dump: Sequence[str]) -> str:
    """The innermost function of the homework that was running."""
    running = [f"{module}.{name}" for module, _, name in _frames(dump)]
    return next((function for function in running if function in SIGNATURES), "")


def _frames(dump: Sequence[str]) -> list[tuple[str, int, str]]:
    """Module, line and function of the student's code that was running, the innermost first."""
    modules = {function.partition(".")[0] for function in SIGNATURES}
    # Paths are compared by their last two names: faulthandler escapes what is not ASCII.
    found = re.findall(r'File ".*?hw4[\\/](\w+)\.py", line (\d+) in (\S+)', "".join(dump))
    return [(module, int(line), name) for module, line, name in found if module in modules]


# The tests' process


class _Process:
    """The tests' process: the lines that it writes, and what it complained about."""

    def __init__(self, arguments: Sequence[str], complaints: IO[bytes]) -> None:
        self._complaints = complaints
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hw4.lab.public_tests", *arguments],
            cwd=PACKAGE.parent,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            encoding="utf-8",
            errors="replace",
        )
        assert self._process.stdout is not None
        self.output: IO[str] = self._process.stdout

    def wait(self) -> int:
        return self._process.wait()

    def last_error(self) -> str:
        """The last line of the error stream."""
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1].rstrip(".") if lines else ""

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self.output.close()


@contextlib.contextmanager
def _started(arguments: Sequence[str]) -> Iterator[_Process]:
    # A file, not a pipe: nobody reads it meanwhile, and a pipe that is full would stop the process.
    with tempfile.TemporaryFile() as complaints:
        process = _Process(arguments, complaints)
        try:
            yield process
        finally:
            process.end()


def _environment() -> dict[str, str]:
    """This process's environment, without what would change how pytest or Python behave."""
    kept = dict(os.environ)
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        kept.pop(name, None)
    path = os.pathsep.join(filter(None, [str(PACKAGE.parent), kept.get("PYTHONPATH", "")]))
    return kept | {
        "PYTHONPATH": path,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONBREAKPOINT": "0",  # nobody could answer the debugger
        "OPENBLAS_NUM_THREADS": "1",  # starting threads takes longer than the small sums here
    }


def _require_environment() -> None:
    if not (PACKAGE.parent / "tests").is_dir():
        raise Unusable('There is no folder "tests" beside hw4: put the one you were given back.')
    missing = [package for package in NEEDED if importlib.util.find_spec(package) is None]
    if missing:
        raise Unusable(environment.not_installed(missing[0]))


# Watching


def saved() -> dict[str, tuple[int, int]]:
    """When each file of the package was saved last, and how long it is."""
    files = {}
    for file in PACKAGE.glob("*.py"):
        with contextlib.suppress(OSError):  # an editor may be replacing it
            found = file.stat()
            files[file.name] = (found.st_mtime_ns, found.st_size)
    return files


def wait_for_save(before: Mapping[str, tuple[int, int]]) -> None:
    """Return when a file has been saved since `saved` gave this."""
    while saved() == before:
        time.sleep(POLL_SECONDS)
