"""What can go wrong on the far side of the wall: one class each, every message a sentence for the student.

Knows nothing of points or tests. A fault of the grader itself is no `SubmissionFault`.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CodeLine:
    """A line of the student's code.

    Attributes:
        file: the path inside the submission, such as ``"hw4/npg.py"``.
        line: the line's number, from 1.
        function: the function the line is in, or ``"<module>"``.
        text: the line itself, stripped.
    """

    file: str
    line: int
    function: str
    text: str

    def __str__(self) -> str:
        shown = f": `{self.text}`" if self.text else ""
        return f"{self.file}, line {self.line}{shown}"


class GraderFault(Exception):
    """The grader itself failed. Never booked as the student's mistake."""


class SubmissionFault(Exception):
    """Something in the submission kept a call from returning a usable value.

    Attributes:
        function: ``module.function`` that was called.
        ends_row: True where trying further inputs would only cost time.
    """

    ends_row = True

    def __init__(self, function: str, message: str) -> None:
        super().__init__(message)
        self.function = function


class NotAttempted(SubmissionFault):
    """The function still raises the template's NotImplementedError."""


class MissingModule(SubmissionFault):
    """The submission has no such file."""


class MissingFunction(SubmissionFault):
    """The module has no such function."""


class ImportFailed(SubmissionFault):
    """The module cannot be imported: a syntax error, an exception, an exit or a hang at its top level."""


class CallRaised(SubmissionFault):
    """The function raised an exception."""

    ends_row = False


class OutOfMemory(CallRaised):
    """The function raised MemoryError: what it has kept may leave too little for every later call."""

    ends_row = True


class CallExited(SubmissionFault):
    """The function called sys.exit (or raised SystemExit or KeyboardInterrupt)."""


class UnusableReturn(SubmissionFault):
    """The function returned something that is not an array of real numbers, or far too large a one."""

    ends_row = False


class CallTimedOut(SubmissionFault):
    """The function did not return in time."""


class OutOfTime(SubmissionFault):
    """The calls of a check, or of the whole grading, took too long together."""


class WorkerDied(SubmissionFault):
    """The process that ran the function ended without an answer."""


class BadReply(SubmissionFault):
    """What came back over the wire was not a reply."""


def hung(name: str, seconds: float) -> CallTimedOut:
    """The function did not return within so many seconds."""
    return CallTimedOut(
        name,
        f"{name} did not return within {seconds:.0f} s: look for a loop that never ends, or for something it "
        "waits for (input, a lock).",
    )


def hung_before(name: str, seconds: float) -> CallTimedOut:
    """The function hung in an earlier check, and is not called again."""
    return CallTimedOut(
        name,
        f"{name} did not return within {seconds:.0f} s in an earlier check and was not tried again: look for "
        "a loop that never ends.",
    )


def died(name: str, ending: str) -> WorkerDied:
    """The worker ended during the call; ``ending`` says how."""
    return WorkerDied(
        name,
        f"{name} ended the whole Python process ({ending}): look for os._exit, a crash in compiled code, or "
        "far too much memory.",
    )


def out_of_time(name: str) -> OutOfTime:
    """The time for the whole grading is used up."""
    return OutOfTime(name, f"{name} was not run to its end: the time for the whole grading was used up.")


def too_slow(name: str, seconds: float) -> OutOfTime:
    """The calls of one check together took too long."""
    return OutOfTime(
        name,
        f"The calls to {name} and others in this check took more than {seconds:.0f} s together: look for a "
        "loop over something that numpy does in one step.",
    )


def bad_reply(name: str) -> BadReply:
    """What came back from the call was not a reply."""
    return BadReply(name, f"{name} disturbed the connection to the grader: the reply could not be read.")


@dataclass(frozen=True)
class _Fault:
    """A fault as the worker described it, with every field checked."""

    kind: str = ""
    type: str = ""
    message: str = ""
    shape: str = ""
    lines: tuple[CodeLine, ...] = field(default=())


def _read_fault(description: object) -> _Fault:
    """Take a worker's description apart; whatever is not of the agreed form is left out."""
    if not isinstance(description, dict):
        return _Fault()
    texts = {key: _clean(description.get(key)) for key in ("kind", "type", "message", "shape")}
    lines = []
    entries = description.get("lines")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, list) and len(entry) == 4 and type(entry[1]) is int:
            lines.append(CodeLine(_clean(entry[0]), entry[1], _clean(entry[2]), _clean(entry[3])))
    return _Fault(**texts, lines=tuple(lines))


_LONGEST_TEXT = 2000
_SUBMISSION_FOLDER = re.compile(r"/[^\s'\"(),:]*/submission/")
_FOLDERS = re.compile(r"(?<![\w.…])/(?:[^\s/'\"(),:;]+/)+")


def _clean(text: object) -> str:
    """A worker's text on one line: bounded, without control characters and without this machine's folders."""
    if not isinstance(text, str):
        return ""
    printable = "".join(c if c.isprintable() else " " for c in text[:_LONGEST_TEXT]).strip()
    return hide_folders(printable)


def hide_folders(text: str) -> str:
    """Write paths of this machine without their folders; those of the submission start at its package."""
    return _FOLDERS.sub("…/", _SUBMISSION_FOLDER.sub("", text))


def clean_log(text: str) -> str:
    """What student code printed, without control characters and without this machine's folders."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ").split("\n")
    return "\n".join(hide_folders("".join(c for c in line if c.isprintable())) for line in lines)


def from_description(name: str, description: object) -> SubmissionFault:
    """Turn a worker's account of a call that returned nothing usable into the exception it stands for.

    Args:
        name: ``module.function`` that was called.
        description: what the worker sent; anything may be in it.
    """
    fault = _read_fault(description)
    place = f" in {fault.lines[-1]}" if fault.lines else ""
    raised = OutOfMemory if fault.type == "MemoryError" else CallRaised
    makers: dict[str, Callable[[], SubmissionFault]] = {
        "not implemented": lambda: NotAttempted(name, _not_attempted_sentence(name, fault)),
        "missing function": lambda: MissingFunction(
            name,
            f"There is no function {name.partition('.')[2]} in {name.partition('.')[0]}.py: keep the names.",
        ),
        "exit": lambda: CallExited(
            name, f"{name} raised {fault.type}{place}: a function must return, not end the program."
        ),
        "exception": lambda: raised(name, f"{name} raised {_exception(fault)}{place}."),
        "unusable return": lambda: UnusableReturn(name, _unusable_sentence(name, fault.type)),
        "oversized return": lambda: UnusableReturn(
            name, f"{name} returned shape {fault.shape}, which is far larger than anything asked for."
        ),
    }
    maker = makers.get(fault.kind)
    return maker() if maker else bad_reply(name)


def _exception(fault: _Fault) -> str:
    return f"{fault.type}: {fault.message.rstrip('.')}" if fault.message else fault.type


def _not_attempted_sentence(name: str, fault: _Fault) -> str:
    needed = fault.message.rpartition(": ")[2]
    if needed and needed != name.partition(".")[2]:
        return f"{name} needs {needed}, which is not attempted yet ({fault.message})."
    return f"{name} is not attempted yet: replace its raise NotImplementedError by your code."


def _unusable_sentence(name: str, type_name: str) -> str:
    if type_name == "NoneType":
        return f"{name} returned None: does every path through it end in a return statement?"
    return f"{name} returned a {type_name}, not an array of real numbers: return a numpy array or a number."


def import_sentence(module: str, description: object) -> str:
    """Say why a module cannot be imported, from the worker's account of it."""
    fault = _read_fault(description)
    place = f" in {fault.lines[-1]}" if fault.lines else ""
    hint = ""
    if fault.type in ("ModuleNotFoundError", "ImportError"):
        hint = " Only numpy, scipy, the standard library and the homework's own modules are there to import."
    elif fault.type in ("SyntaxError", "IndentationError", "TabError"):
        version = ".".join(platform.python_version_tuple()[:2])
        hint = f" Python {version} grades: until this is mended, nothing in the file can run."
    return f"{module}.py cannot be imported: {_exception(fault)}{place}.{hint}"
