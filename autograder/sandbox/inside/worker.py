"""The process that runs student code: import a module, call a function, send back what it returned.

Started as ``python -I -B -u worker.py OPTIONS`` with a JSON object of options. It holds no secret, gives no
verdict, and trusts nothing it calls. Everything it says is checked again on the other side.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import socket
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autograder.sandbox.inside import confinement, wire
else:
    # Copies of these files stand beside this one; -I leaves its folder out of the path.
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import confinement
    import wire

    sys.path.pop(0)

_MESSAGE_CHARACTERS = 2000
_FRAMES = 20


class Workshop:
    """The submission's modules, and the calls to them.

    Attributes:
        package: the name of the package students fill in.
        submission: the folder that holds it.
        stubs: a folder with a stub of each module, for those that cannot be imported.
    """

    def __init__(self, package: str, submission: Path, stubs: Path) -> None:
        self.package = package
        self.submission = submission
        self.stubs = stubs
        self._modules: dict[str, ModuleType] = {}
        self._records: dict[str, Any] = {}

    def answer(self, request: wire.Header, arrays: list[np.ndarray]) -> tuple[wire.Header, list[np.ndarray]]:
        """Carry out one request; whatever student code raises becomes part of the reply."""
        try:
            if request["do"] == "load":
                self._load(request["module"], is_stub=request["is_stub"])
                return {"done": True}, []
            return self._call(request, arrays)
        except BaseException as error:  # an exit or an interrupt of student code is a finding, not our end
            return {"fault": self._describe(error)}, []

    def _load(self, module: str, *, is_stub: bool) -> None:
        name = f"{self.package}.{module}"
        if not is_stub:
            self._modules[module] = importlib.import_module(name)
            return
        spec = importlib.util.spec_from_file_location(name, self.stubs / f"{module}.py")
        assert spec is not None
        assert spec.loader is not None
        stub = importlib.util.module_from_spec(spec)
        sys.modules[name] = stub
        spec.loader.exec_module(stub)
        setattr(importlib.import_module(self.package), module, stub)

    def _call(self, request: wire.Header, arrays: list[np.ndarray]) -> tuple[wire.Header, list[np.ndarray]]:
        function = getattr(self._modules[request["module"]], request["function"], None)
        if not callable(function):
            return {"fault": {"kind": "missing function"}}, []
        if not self._records:
            trajectories = importlib.import_module(f"{self.package}.trajectories")
            self._records = {"TrajectoryBatch": trajectories.TrajectoryBatch}
        arguments = [wire.decode(entry, arrays, self._records) for entry in request["arguments"]]
        keywords = {
            name: wire.decode(entry, arrays, self._records) for name, entry in request["keywords"].items()
        }
        returned = function(*arguments, **keywords)
        value = _as_real_array(returned)
        if value is None:
            return {"fault": {"kind": "unusable return", "type": type(returned).__name__[:80]}}, []
        if value.nbytes > wire.REPLY_BYTES or value.ndim > wire.DIMENSIONS:
            return {"fault": {"kind": "oversized return", "shape": str(value.shape)[:200]}}, []
        # The arguments go back as they are now, for the grader to see whether they were changed.
        return {"done": True}, [value, *(arrays if request["with_arguments"] else [])]

    def _describe(self, error: BaseException) -> wire.Header:
        if isinstance(error, SystemExit | KeyboardInterrupt | GeneratorExit):
            kind = "exit"
        elif isinstance(error, NotImplementedError):
            kind = "not implemented"
        else:
            kind = "exception"
        fault: wire.Header = {
            "kind": kind,
            "type": type(error).__name__[:80],
            "message": _text_of(error),
            "lines": [],
        }
        if isinstance(error, SyntaxError) and error.filename:
            fault["lines"].append(self._line(error.filename, error.lineno or 0, "<module>", error.text or ""))
            fault["message"] = str(error.msg)[:_MESSAGE_CHARACTERS]
        for frame in traceback.extract_tb(error.__traceback__):
            fault["lines"].append(self._line(frame.filename, frame.lineno or 0, frame.name, frame.line or ""))
        fault["lines"] = [line for line in fault["lines"] if line][-_FRAMES:]
        return fault

    def _line(self, file: str, line: int, function: str, text: str) -> list[str | int] | None:
        """One line of the submission, or None for a line of anybody else's."""
        try:
            inside = Path(file).relative_to(self.submission)
        except ValueError:
            return None
        return [inside.as_posix(), line, function[:80], text.strip()[:200]]


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
    except Exception:  # whatever a student's object does when it is looked at
        return None


def _text_of(error: BaseException) -> str:
    try:
        return str(error)[:_MESSAGE_CHARACTERS]
    except Exception:  # a hostile __str__
        return ""


def main() -> None:
    """Confine this process, then answer requests until the grader hangs up."""
    options = json.loads(sys.argv[1])
    channel = socket.socket(fileno=options["channel"])
    channel.set_inheritable(False)
    report = confinement.apply_limits(options["limits"])
    submission, stubs = Path(options["submission"]), Path(options["stubs"])
    # Appended, never first: a numpy.py in a submission must not stand in for numpy.
    sys.path.append(str(submission))
    workshop = Workshop(options["package"], submission, stubs)
    wire.send(channel, {"ready": True, "confinement": report})
    while True:
        try:
            request, arrays = wire.receive(channel, limit_bytes=None)
        except wire.WireClosed:
            os._exit(0)  # not sys.exit: nothing that student code registered is to run now
        header, values = workshop.answer(request, arrays)
        wire.send(channel, {**header, "id": request["id"]}, values)


if __name__ == "__main__":
    main()
