"""The process that runs student code: import a module, call a function, send back what it returned.

It holds no secret and judges nothing. The grader checks everything that it sends, since student code may
change anything in this process.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from . import confinement, wire

_MAX_MESSAGE_CHARS = 2000


class StudentModules:
    """The submission's modules, and the calls to them.

    Attributes:
        package: the name of the package students fill in.
        submission: the folder that holds it.
        stubs: a folder with a stub of each module, for those that cannot be imported.
        lent: gives the function that is called the reference's earlier functions; None where it uses the
            submission's own.
    """

    def __init__(self, package: str, submission: Path, stubs: Path, lent: LentFunctions | None) -> None:
        self.package = package
        self.submission = submission
        self.stubs = stubs
        self.lent = lent
        self._modules: dict[str, ModuleType] = {}

    def answer(self, request: wire.Header, arrays: list[np.ndarray]) -> wire.Message:
        """Carry out one request; whatever student code raises becomes part of the reply."""
        values: list[np.ndarray] = []
        try:
            if request["do"] == "load":
                self._load(request["module"], is_stub=request["is_stub"])
            else:
                fault = self._call(request, arrays, values)
                if fault:
                    return {"fault": fault}, values
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: they must not end this process
            return {"fault": self._describe(error)}, values
        return {"done": True}, values

    def _load(self, module: str, *, is_stub: bool) -> None:
        name = f"{self.package}.{module}"
        self._modules[module] = self._load_stub(name, module) if is_stub else importlib.import_module(name)
        if self.lent is not None:
            # Now, before a later module imports a function by name.
            self.lent.replace_functions(self._modules[module], module)

    def _load_stub(self, name: str, module: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, self.stubs / f"{module}.py")
        assert spec is not None
        assert spec.loader is not None
        stub = importlib.util.module_from_spec(spec)
        sys.modules[name] = stub
        spec.loader.exec_module(stub)
        setattr(importlib.import_module(self.package), module, stub)
        return stub

    def _call(
        self, request: wire.Header, arrays: list[np.ndarray], values: list[np.ndarray]
    ) -> wire.Header | None:
        """Make the calls and add what they return to ``values``, up to the first fault, which is returned."""
        function = getattr(self._modules[request["module"]], request["function"], None)
        if not callable(function):
            return {"kind": "missing function"}
        if self.lent is not None:
            self.lent.under_test = f"{request['module']}.{request['function']}"
        left_bytes = wire.MAX_REPLY_BYTES
        for call in request["calls"]:
            arguments = [wire.decode(entry, arrays, imports_records=True) for entry in call["arguments"]]
            keywords = {
                name: wire.decode(entry, arrays, imports_records=True)
                for name, entry in call["keywords"].items()
            }
            returned = function(*arguments, **keywords)
            value = _as_real_array(returned)
            if value is None:
                return {"kind": "unusable return", "type": type(returned).__name__[:80]}
            if value.nbytes > left_bytes or value.ndim > wire.MAX_DIMENSIONS:
                return {"kind": "oversized return", "shape": str(value.shape)[:200]}
            left_bytes -= value.nbytes
            values.append(value)
        if request["with_arguments"]:
            # The arguments go back as they are now, for the grader to see whether they were changed.
            values += arrays
        return None

    def _describe(self, error: BaseException) -> wire.Header:
        if isinstance(error, SystemExit | KeyboardInterrupt | GeneratorExit):
            kind = "exit"
        elif isinstance(error, NotImplementedError):
            kind = "not implemented"
        else:
            kind = "exception"
        message, lines = _text_of(error), []
        if isinstance(error, SyntaxError) and error.filename:
            message = str(error.msg)[:_MAX_MESSAGE_CHARS]
            lines.append((error.filename, error.lineno, error.text))
        lines += [(f.filename, f.lineno, f.line) for f in traceback.extract_tb(error.__traceback__)]
        return {
            "kind": kind,
            "type": type(error).__name__[:80],
            "message": message,
            "line": self._last_of_submission(lines),
        }

    def _last_of_submission(
        self, lines: Sequence[tuple[str, int | None, str | None]]
    ) -> tuple[str, int, str] | None:
        """The last of some lines that is the submission's: its file, number and text."""
        for file, number, text in reversed(lines):
            with contextlib.suppress(ValueError):
                inside = Path(file).relative_to(self.submission)
                return inside.as_posix(), number or 0, (text or "").strip()[:200]
        return None


class LentFunctions:
    """Lends the function that is called the reference's earlier ones, by asking the grader for their values.

    So a missing module or a wrong function costs its own points, and not those of later functions as well.

    Attributes:
        under_test: the ``module.function`` that is called; it and later functions are the submission's own.
    """

    def __init__(self, channel: socket.socket, order: Sequence[str]) -> None:
        self.under_test = ""
        self._channel = channel
        self._places = {name: place for place, name in enumerate(order)}
        self._lock = threading.Lock()

    def replace_functions(self, module: ModuleType, module_name: str) -> None:
        """Replace each function of a module by one that borrows it while a later function is called."""
        for name in self._places:
            home, _, function = name.partition(".")
            if home == module_name:
                setattr(module, function, self._dispatcher(name, getattr(module, function, None)))

    def _dispatcher(self, name: str, own: Callable[..., object] | None) -> Callable[..., object] | None:
        def dispatch(*arguments: object, **keywords: object) -> object:
            if self._places[name] < self._places[self.under_test]:
                return self._borrow(name, arguments, keywords)
            if own is None:
                raise NameError(f"there is no function {name}")
            return own(*arguments, **keywords)

        return functools.wraps(own)(dispatch) if callable(own) else dispatch

    def _borrow(self, name: str, arguments: Sequence[object], keywords: dict[str, object]) -> object:
        arrays: list[np.ndarray] = []
        header = {
            "borrow": name,
            "arguments": [wire.encode(_portable(value), arrays) for value in arguments],
            "keywords": {key: wire.encode(_portable(value), arrays) for key, value in keywords.items()},
        }
        with self._lock:
            wire.send(self._channel, header, arrays)
            reply, values = wire.receive(self._channel)
        if not reply.get("done"):
            raise ValueError(reply.get("refusal"))
        return float(values[0]) if values[0].ndim == 0 else values[0]


def _portable(value: object) -> object:
    """A value that the wire carries: what is neither number nor batch becomes an array of its dtypes."""
    if isinstance(value, bool | int | float) or hasattr(value, "__dataclass_fields__"):
        return value
    array: np.ndarray = np.asarray(value)
    if array.dtype.kind in "iu":
        return array.astype(np.int64)
    return array if array.dtype == np.bool_ else array.astype(np.float64)


def _as_real_array(returned: Any) -> np.ndarray | None:
    """The returned value as a plain float64 array, or None where it is no array of real numbers."""
    if returned is None:
        return None
    try:
        if np.iscomplexobj(returned) and not np.any(np.imag(returned)):
            returned = np.real(returned)
        value = np.asarray(returned)
        if value.dtype.kind not in "biufO":
            return None
        return np.array(value, dtype=np.float64, subok=False)
    except Exception:  # a student's object may raise anything when numpy looks at it
        return None


def _text_of(error: BaseException) -> str:
    try:
        return str(error)[:_MAX_MESSAGE_CHARS]
    except Exception:  # a hostile __str__
        return ""


def main(options: Mapping[str, Any], channel: socket.socket) -> NoReturn:
    """Confine this process, then answer requests until the grader hangs up.

    Args:
        options: those of `confinement.confine`, and ``package``, ``submission``, ``stubs``, ``order`` and
            ``lends``.
        channel: the connection to the grader.
    """
    channel.set_inheritable(False)
    report = confinement.confine({**options, "channel": channel.fileno()})
    submission, stubs = Path(options["submission"]), Path(options["stubs"])
    # Appended, never first: a numpy.py in a submission must not stand in for numpy.
    sys.path.append(str(submission))
    lent = LentFunctions(channel, options["order"]) if options["lends"] else None
    modules = StudentModules(options["package"], submission, stubs, lent)
    wire.send(channel, {"ready": True, "confinement": report})
    while True:
        try:
            request, arrays = wire.receive(channel, limit_bytes=None)
        except wire.WireClosed:
            os._exit(0)  # not sys.exit, which would run what student code registered with atexit
        header, values = modules.answer(request, arrays)
        wire.send(channel, {**header, "id": request["id"]}, values)
