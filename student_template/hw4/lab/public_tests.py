"""Runs the public tests in a process of its own, and writes a line of JSON for each function as it is done.

``python -m hw4 check`` starts this process, so that an endless loop or a crash ends it alone. Where a call
takes longer than it may, the last lines say, as `faulthandler` writes it, which code was running.
"""

from __future__ import annotations

import ast
import faulthandler
import functools
import importlib
import inspect
import json
import os
import sys
import traceback
from collections.abc import Collection, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

import hypothesis
import hypothesis.errors
import numpy as np
import pytest

from hw4.lab.calls import Call, imports_of, to_python
from hw4.lab.check import IMPORT_SECONDS, PACKAGE, place_of
from hw4.lab.compare import Mismatch
from hw4.lab.signatures import SIGNATURES

MODULES = tuple(dict.fromkeys(function.partition(".")[0] for function in SIGNATURES))
START_SECONDS = 60.0
"""Of importing numpy and the tests, which may come from a cold disk."""
MAX_SHOWN_CALLS = 4
"""So many calls that were held against one another are shown; of more, the first."""
MAX_PRINTED_CHARS = 1000
MAX_ERROR_CHARS = 500
ALLOWED_IMPORTS = frozenset({"__future__", "hw4", "numpy", "scipy", *sys.stdlib_module_names})
"""What the grader has."""
UNUSED_PLUGINS = ("terminal", "cacheprovider", "logging", "faulthandler", "junitxml", "debugging")
UNSTABLE = "The same input gave different results: a function must depend on its arguments alone."

Report = dict[str, Any]
"""A line of JSON. Its keys are those of `check.Failure`, beside what it is about."""


class Reporter:
    """A plugin of pytest that runs the chosen functions' tests, each function's until one fails.

    Args:
        functions: ``module.function``, in order.
        seconds: how long the calls on one input may take.
        endless: modules whose import does not end.
        out: where to write.
    """

    def __init__(
        self, functions: Sequence[str], seconds: float, endless: Collection[str], out: TextIO
    ) -> None:
        self._functions = functions
        self._seconds = seconds
        self._endless = endless
        self._out = out
        self._raised: BaseException | None = None
        self._calls: Sequence[Call] = ()
        self._not_right: set[str] = set()

    def write(self, **report: Any) -> None:
        """Write one line."""
        self._out.write(json.dumps(report) + "\n")
        self._out.flush()

    def limit_time(self, seconds: float) -> None:
        """From now on, end this process after some seconds, with the place of the code that runs then."""
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._out)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say which file of tests cannot be imported."""
        if report.failed:
            last = str(report.longrepr).strip().rpartition("\n")[2].lstrip("E ")
            self.write(broken=report.nodeid, why=last)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests function by function, in place of pytest's own loop."""
        tests: dict[str, list[pytest.Item]] = {function: [] for function in self._functions}
        for item in session.items:
            tests.get(function_of(item), []).append(item)
        for module in MODULES:
            self._import(module)
        for function, items in tests.items():
            if items and function not in self._not_right:
                self.write(starts=function)
                self.write(function=function, **self._judge(function, items))
        faulthandler.cancel_dump_traceback_later()
        self.write(ends=True)
        return True

    def _import(self, module: str) -> None:
        """Import a module, or put one in its place, so that what is built on it can still be tested."""
        problem: Report | None = {}
        if module not in self._endless:
            self.write(starts=module)
            self.limit_time(IMPORT_SECONDS)
            problem = problem_of(module)
            if problem is None:
                return
            self.write(module=module, **problem)
        replace_module(module)
        self._not_right.update(function for function in SIGNATURES if function.startswith(f"{module}."))

    def _judge(self, function: str, items: Sequence[pytest.Item]) -> Report:
        """Run a function's tests until one shows that it is wrong, or not attempted."""
        waits_for = ""
        for item in items:
            error = self._run(item)
            if error is None:
                continue
            cause = cause_of(error) or function
            is_unwritten = isinstance(error, NotImplementedError)
            if cause != function and (is_unwritten or cause in self._not_right):
                waits_for = waits_for or cause
                continue
            self._not_right.add(function)
            if is_unwritten:
                return {"outcome": "not attempted"}
            return {"outcome": "wrong", "failure": describe(function, error, self._calls, item)}
        return {"outcome": "waits", "waits_for": waits_for} if waits_for else {"outcome": "right"}

    def _run(self, item: pytest.Item) -> BaseException | None:
        """Run one test and return what it raised."""
        self._raised, self._calls = None, ()
        self.limit_time(self._seconds)
        test: Any = getattr(item, "obj", None)
        if hypothesis.is_hypothesis_test(test):
            inner_test = test.hypothesis.inner_test

            def on_one_input(submission: Any, **drawn: Any) -> None:
                self.limit_time(self._seconds)
                submission.calls.clear()
                inner_test(submission=submission, **drawn)

            test.hypothesis.inner_test = on_one_input
        # Without a next item, every test begins afresh: which one is next depends on how this one ends.
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return self._raised

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Keep what a test raised first, and the calls on the input that it failed on."""
        if call.excinfo is not None and self._raised is None:
            self._raised = call.excinfo.value
            submission = getattr(item, "funcargs", {}).get("submission")
            self._calls = submission.calls.latest() if submission else ()

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Say that the check itself failed."""
        self.write(fault=_message(excinfo.value))


def function_of(item: pytest.Item) -> str:
    """The function that a test is of, as its mark says: ``@pytest.mark.function("npg.npg_step")``."""
    mark = item.get_closest_marker("function")
    return str(mark.args[0]) if mark and mark.args else ""


# What is wrong with a module


def replace_module(module: str) -> None:
    """Put functions that name themselves as the cause in place of a module that cannot be imported."""

    def stand_in(function: str, *_: object, **__: object) -> None:
        raise Mismatch(function, "type", f"{function} cannot be called: hw4/{module}.py cannot be imported.")

    replacement = ModuleType(f"hw4.{module}")
    for function in SIGNATURES:
        if function.startswith(f"{module}."):
            setattr(replacement, function.partition(".")[2], functools.partial(stand_in, function))
    sys.modules[replacement.__name__] = replacement
    setattr(importlib.import_module("hw4"), module, replacement)


def problem_of(module: str) -> Report | None:
    """Import a module that students fill in, and say why that is not possible; None where it is."""
    file = PACKAGE / f"{module}.py"
    try:
        foreign = _foreign_import(file)
        if foreign is not None:
            return foreign
        importlib.import_module(f"hw4.{module}")
    except FileNotFoundError:
        return _problem(module, f"hw4/{file.name} is missing: put the file you were given back.", 0)
    except UnicodeDecodeError:
        return _problem(module, f"hw4/{file.name} is not in UTF-8: save it in that encoding.", 0)
    except SyntaxError as error:
        place = Path(error.filename or file)
        kind = "tabs and spaces are mixed" if isinstance(error, TabError) else error.msg
        sentence = f"hw4/{place.name}, line {error.lineno}, cannot be read by Python: {kind}."
        return _problem(place.stem, sentence, error.lineno or 0)
    except (Exception, SystemExit) as error:
        frame = last_frame(error)
        blamed, line = (Path(frame.filename).stem, frame.lineno or 0) if frame else (module, 0)
        code = f"\n    {frame.line}" if frame else ""
        sentence = f"hw4/{blamed}.py, line {line}, cannot be imported: {_message(error)}{code}"
        return _problem(blamed, sentence, line)
    return None


def _problem(blamed: str, sentence: str, line: int) -> Report:
    return {"blamed": blamed, "failure": {"message": sentence, "file": f"hw4/{blamed}.py", "line": line}}


def _foreign_import(file: Path) -> Report | None:
    """The problem with the first import of what the grader does not have."""
    source = file.read_bytes().decode("utf-8-sig")
    for node in ast.walk(ast.parse(source, str(file))):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            names = [] if node.level else [str(node.module)]
        for name in names:
            package = name.partition(".")[0]
            if package not in ALLOWED_IMPORTS:
                where = f"hw4/{file.name}, line {node.lineno}"
                sentence = f"{where}, imports {package}, which the grader does not have: use numpy or scipy."
                return _problem(file.stem, sentence, node.lineno)
    return None


# What is wrong with a function


def cause_of(error: BaseException) -> str:
    """The function that an error comes from: ``module.function``, or an empty text where none is known."""
    if isinstance(error, Mismatch):
        return error.function
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        name = f"{Path(frame.filename).stem}.{frame.name}"
        if name in SIGNATURES:
            return name
    return ""


def describe(function: str, error: BaseException, calls: Sequence[Call], item: pytest.Item) -> Report:
    """Say why a function is wrong: the call, what was expected and what came back, as text.

    Args:
        function: ``module.function``.
        error: what its test raised.
        calls: those made on the input that failed, in order.
        item: the test.
    """
    shown = rejected(error, function, calls)
    frame = None if isinstance(error, AssertionError) else last_frame(error)
    file, line = (
        (f"hw4/{Path(frame.filename).name}", frame.lineno) if frame else place_of(SIGNATURES[function])
    )
    path, test_line, _ = item.location
    return {
        "message": _said(error, frame),
        "file": file,
        "line": line,
        "checked": _paragraphs(inspect.getdoc(getattr(item, "obj", None)) or ""),
        "imports": sorted({line for call in shown for line in imports_of(call)}, key=_import_order),
        "calls": [_written(call, is_one_of_many=len(shown) > 1) for call in shown],
        "printed": "".join(call.printed for call in shown)[-MAX_PRINTED_CHARS:],
        "test": f"{Path(path).as_posix()}:{(test_line or 0) + 1}",
    }


def _paragraphs(text: str) -> str:
    """A docstring with each of its paragraphs in one line."""
    return "\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def rejected(error: BaseException, function: str, calls: Sequence[Call]) -> Sequence[Call]:
    """The call whose answer was rejected; several where they were held against one another.

    Args:
        error: what the test raised.
        function: ``module.function`` of the test.
        calls: those made on the input that failed, in order.
    """
    if not isinstance(error, AssertionError):
        return [call for call in calls if not call.has_returned][-1:]
    if isinstance(error, Mismatch) and error.kind == "argument":
        return calls[-1:]
    functions = (error.function, *error.related) if isinstance(error, Mismatch) else (function,)
    chosen = [call for call in calls if call.function in functions]
    if isinstance(error, Mismatch) and error.kind != "relation":
        return [call for call in chosen if _is_answer(call, error.found)][-1:]
    return chosen if len(chosen) <= MAX_SHOWN_CALLS else chosen[:1]


def _is_answer(call: Call, found: np.ndarray | None) -> bool:
    """Whether a call returned what was rejected: a value, or nothing numeric where there is none."""
    returned: Any = call.returned
    try:
        returned = np.asarray(returned)
    except (TypeError, ValueError, OverflowError):
        return found is None
    if returned.dtype.kind not in "biuf":
        return found is None
    return (
        found is not None
        and returned.size == found.size
        and np.array_equal(returned.ravel(), found.ravel(), equal_nan=True)
    )


def _said(error: BaseException, frame: traceback.FrameSummary | None) -> str:
    if isinstance(error, hypothesis.errors.Flaky):
        return UNSTABLE
    if isinstance(error, AssertionError):
        return str(error)
    if frame is None:
        return f"It could not be called: {_message(error)}. Keep the names and arguments you were given."
    return f"{frame.name} raised {_message(error)}\n    {frame.line}"


def _message(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:MAX_ERROR_CHARS]}".rstrip(": ")


def _written(call: Call, *, is_one_of_many: bool) -> str:
    text = to_python(call)
    if not is_one_of_many or not call.has_returned:
        return text
    shown = np.array2string(np.asarray(call.returned), precision=6, separator=", ")
    return f"{text}\n# returned {' '.join(shown.split())}"


def last_frame(error: BaseException) -> traceback.FrameSummary | None:
    """The innermost place of an error that is in a file of the student's, None where there is none."""
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if is_students(frame.filename)]
    return own[-1] if own else None


def is_students(file: str) -> bool:
    """Whether a file is one that students fill in."""
    path = Path(file)
    return path.parent.name == PACKAGE.name and path.stem in MODULES


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def main(arguments: Sequence[str]) -> int:
    """Run the tests of some functions.

    Args:
        arguments: how many seconds the calls on one input may take, the modules whose import does not end,
            joined by commas, and then ``module.function``, in order.
    """
    seconds, endless, *functions = arguments
    # What students print must not come between the lines, nor fill the pipe.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    reporter = Reporter(functions, float(seconds), endless.split(","), out)
    reporter.limit_time(START_SECONDS)
    folder = PACKAGE.parent
    options = [f"--rootdir={folder}", "-c", os.devnull, "--assert=plain", "--capture=no"]
    options += [f"-pno:{name}" for name in UNUSED_PLUGINS]
    return int(pytest.main([str(folder / "tests"), *options], plugins=[reporter]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
