"""What a student reads of a fault: the exceptions of `failures` with their messages.

What a worker says of a fault was perhaps made up by student code: every piece is checked and cleaned here.
"""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass

from autograder.sandbox.failures import (
    BadReply,
    CallExited,
    CallRaised,
    CallTimedOut,
    MissingFunction,
    NotAttempted,
    OutOfMemory,
    OutOfTime,
    SubmissionFault,
    UnusableReturn,
    WorkerDied,
)

_MAX_TEXT_CHARS = 2000
_SUBMISSION_FOLDER = re.compile(r"/[^\s'\"(),:]*/submission/")
_FOLDERS = re.compile(r"(?<![\w.…])/(?:[^\s/'\"(),:;]+/)+")
_KEEP_DEFINITIONS = "keep only definitions at its top level"


@dataclass(frozen=True)
class _Sentence:
    """What is said of one kind of fault; called with what is particular, it makes the exception."""

    fault: type[SubmissionFault]
    text: str

    def __call__(self, name: str, **particulars: object) -> SubmissionFault:
        return self.fault(name, self.text.format(name=name, **particulars))


hung = _Sentence(
    CallTimedOut,
    "{name} did not return within {seconds:.0f} s: look for a loop that never ends, or for something it "
    "waits for (input, a lock).",
)
hung_before = _Sentence(
    CallTimedOut,
    "{name} did not return within {seconds:.0f} s in an earlier check and was not tried again: look for a "
    "loop that never ends.",
)
died = _Sentence(
    WorkerDied,
    "{name} ended the whole Python process ({ending}): look for os._exit, a crash in compiled code, or far "
    "too much memory.",
)
out_of_time = _Sentence(
    OutOfTime, "{name} was not run to its end: the time for the whole grading was used up."
)
too_slow = _Sentence(
    OutOfTime,
    "The calls to {name} and others in this check took more than {seconds:.0f} s together: look for a loop "
    "over something that numpy does in one step.",
)
bad_reply = _Sentence(BadReply, "{name} disturbed the connection to the grader: the reply could not be read.")


def from_description(name: str, description: object) -> SubmissionFault:
    """Turn a worker's account of a call that returned nothing usable into the exception it stands for.

    Args:
        name: ``module.function`` that was called.
        description: what the worker sent; anything may be in it.
    """
    fault = _read_fault(description)
    match fault.kind:
        case "not implemented":
            return NotAttempted(name, _not_attempted_message(name, fault))
        case "missing function":
            module, _, function = name.partition(".")
            return MissingFunction(name, f"There is no function {function} in {module}.py: keep the names.")
        case "exit":
            message = f"{name} raised {fault.type}{fault.place}: a function must return, not end the program."
            return CallExited(name, message)
        case "exception":
            raised = OutOfMemory if fault.type == "MemoryError" else CallRaised
            return raised(name, f"{name} raised {fault.exception}{fault.place}.")
        case "unusable return":
            return UnusableReturn(name, _unusable_message(name, fault.type))
        case "oversized return":
            message = f"{name} returned shape {fault.shape}, which is far larger than anything asked for."
            return UnusableReturn(name, message)
        case _:
            return bad_reply(name)


def _not_attempted_message(name: str, fault: _Fault) -> str:
    needed = fault.message.rpartition(": ")[2]
    if needed and needed != name.partition(".")[2]:
        return f"{name} needs {needed}, which is not attempted yet ({fault.message})."
    return f"{name} is not attempted yet: replace its raise NotImplementedError by your code."


def _unusable_message(name: str, type_name: str) -> str:
    if type_name == "NoneType":
        return f"{name} returned None: does every path through it end in a return statement?"
    return f"{name} returned a {type_name}, not an array of real numbers: return a numpy array or a number."


def import_failed(module: str, description: object) -> str:
    """Say why a module cannot be imported, from the worker's account of it."""
    fault = _read_fault(description)
    hint = ""
    if fault.type in ("ModuleNotFoundError", "ImportError"):
        hint = " Only numpy, scipy, the standard library and the homework's own modules are there to import."
    elif fault.type in ("SyntaxError", "IndentationError", "TabError"):
        version = ".".join(platform.python_version_tuple()[:2])
        hint = f" Python {version} grades: until this is mended, nothing in the file can run."
    return f"{module}.py cannot be imported: {fault.exception}{fault.place}.{hint}"


def import_hung(module: str, seconds: float) -> str:
    """Say that the import of a module did not end within so many seconds."""
    return f"Importing {module}.py did not end within {seconds:.0f} s: {_KEEP_DEFINITIONS}."


def import_died(module: str, ending: str) -> str:
    """Say that the worker ended during the import of a module; ``ending`` says how."""
    return f"Importing {module}.py ended the whole Python process ({ending}): {_KEEP_DEFINITIONS}."


def import_disturbed(module: str) -> str:
    """Say that what came back from the import of a module was not a reply."""
    return f"Importing {module}.py disturbed the connection to the grader: {_KEEP_DEFINITIONS}."


@dataclass(frozen=True)
class _Fault:
    """A fault as the worker described it, with every field checked and cleaned.

    Attributes:
        kind: one of those that `worker` sends, or anything else.
        type: the name of a class.
        message: the exception's.
        shape: of a returned array.
        place: `` in hw4/npg.py, line 3: `...` ``, or nothing where the line is not the submission's.
    """

    kind: str
    type: str
    message: str
    shape: str
    place: str

    @property
    def exception(self) -> str:
        """The exception as Python writes it."""
        return f"{self.type}: {self.message.rstrip('.')}" if self.message else self.type


def _read_fault(description: object) -> _Fault:
    """Take a worker's description apart; whatever is not of the agreed form is left out."""
    entries = description if isinstance(description, dict) else {}
    texts = {key: _clean(entries.get(key)) for key in ("kind", "type", "message", "shape")}
    return _Fault(**texts, place=_read_place(entries.get("line")))


def _read_place(line: object) -> str:
    if not (isinstance(line, list) and len(line) == 3 and type(line[1]) is int):
        return ""
    file, number, text = _clean(line[0]), line[1], _clean(line[2])
    return f" in {file}, line {number}" + (f": `{text}`" if text else "")


def _clean(text: object) -> str:
    """A worker's text on one line: bounded, without control characters and without this machine's folders."""
    if not isinstance(text, str):
        return ""
    printable = "".join(c if c.isprintable() else " " for c in text[:_MAX_TEXT_CHARS]).strip()
    return hide_folders(printable)


def hide_folders(text: str) -> str:
    """Write paths of this machine without their folders; those of the submission start at its package."""
    return _FOLDERS.sub("…/", _SUBMISSION_FOLDER.sub("", text))


def clean_log(text: str) -> str:
    """What student code printed, without control characters and without this machine's folders."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ").split("\n")
    return "\n".join(hide_folders("".join(c for c in line if c.isprintable())) for line in lines)
