"""The calls that a test makes of the student's functions: kept as they were made, and written as Python.

The grader writes its calls the same way (a test of the repository holds the two together), but cannot share
this file: its engine knows no homework, and students have no engine.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from hw4.lab.compare import Mismatch
from hw4.lab.signatures import SIGNATURES

MAX_KEPT_CALLS = 100
"""Of one input. A test makes fewer; without a limit, a loop over many would fill the memory."""
MAX_CALL_CHARS = 1500
"""A longer call is written with its large arrays described."""
MAX_LINE_CHARS = 88


@dataclass(eq=False)
class Call:
    """One call of a function that students fill in.

    Attributes:
        function: ``module.function``.
        arguments: by name, copied before the call.
        returned: what came back, None where the call raised.
        has_returned: whether anything came back.
        printed: what the function printed meanwhile.
    """

    function: str
    arguments: Mapping[str, object]
    returned: object = None
    has_returned: bool = False
    printed: str = ""


class CallLog:
    """The latest calls of the functions that are reached through `watch`."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=MAX_KEPT_CALLS)

    def clear(self) -> None:
        """Forget every call, before another input is tried."""
        self._calls.clear()

    def latest(self) -> tuple[Call, ...]:
        """The calls since the last `clear`, in order."""
        return tuple(self._calls)

    def watch(self, module: ModuleType) -> WatchedModule:
        """Return what stands for a module of the student's, and keeps the calls of its functions."""
        return WatchedModule(module, self)

    def call(self, name: str, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Call a function and keep the call.

        Args:
            name: ``module.function``.
            function: the student's function of this name.
            *arguments: its positional arguments.
            **keywords: its others.

        Raises:
            Mismatch: the function changed one of its arguments.
        """
        names = [argument.name for argument in SIGNATURES[name].arguments]
        given = dict(zip(names, arguments, strict=False)) | keywords
        call = Call(name, {key: _copy(value) for key, value in given.items()})
        self._calls.append(call)
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                call.returned = function(*arguments, **keywords)
        finally:
            call.printed = printed.getvalue()
        call.has_returned = True
        for key, value in given.items():
            if not _are_equal(value, call.arguments[key]):
                sentence = f"{name} changed its argument {key} in place: work on a copy, {key}.copy()."
                raise Mismatch(name, "argument", sentence)
        return call.returned


class WatchedModule:
    """A module of the student's, whose functions keep their calls in a log."""

    def __init__(self, module: ModuleType, log: CallLog) -> None:
        self._module = module
        self._log = log

    def __getattr__(self, name: str) -> Any:
        whole_name = f"{self._module.__name__.rpartition('.')[2]}.{name}"
        if whole_name not in SIGNATURES:
            return getattr(self._module, name)
        function = getattr(self._module, name, None)
        if not callable(function):
            file = f"hw4/{whole_name.partition('.')[0]}.py"
            sentence = f"{file} has no function {name}: keep the names you were given."
            raise Mismatch(whole_name, "type", sentence)
        return functools.partial(self._log.call, whole_name, function)


def _copy(value: object) -> object:
    if isinstance(value, np.ndarray):
        return np.array(value)  # keeps the order in memory
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        arrays = {field.name: _copy(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return type(value)(**arrays)
    return value


def _are_equal(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return np.array_equal(one, np.asarray(other), equal_nan=one.dtype.kind == "f")
    if dataclasses.is_dataclass(one) and not isinstance(one, type):
        return all(
            _are_equal(getattr(one, field.name), getattr(other, field.name))
            for field in dataclasses.fields(one)
        )
    return True  # a number cannot be changed in place


def imports_of(call: Call) -> tuple[str, ...]:
    """The import lines that a call needs where it is pasted."""
    module, _, name = call.function.partition(".")
    records = {
        f"from {type(value).__module__} import {type(value).__name__}"
        for value in call.arguments.values()
        if dataclasses.is_dataclass(value)
    }
    return ("import numpy as np", *sorted({f"from hw4.{module} import {name}", *records}))


def to_python(call: Call, max_chars: int = MAX_CALL_CHARS) -> str:
    """Write a call as Python that can be pasted, every argument by its name.

    Args:
        call: the call.
        max_chars: where it would be longer, its large arrays are described in place of being written out.
    """
    whole = _write(call, max_array_chars=max_chars)
    return whole if len(whole) <= max_chars else _write(call, max_array_chars=200)


def _write(call: Call, max_array_chars: int) -> str:
    name = call.function.rpartition(".")[2]
    return "\n".join([f"{name}(", *_arguments(call.arguments, "    ", max_array_chars), ")"])


def _arguments(arguments: Mapping[str, object], indent: str, max_array_chars: int) -> Iterator[str]:
    for name, value in arguments.items():
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            yield f"{indent}{name}={type(value).__name__}("
            yield from _arguments(fields, indent + "    ", max_array_chars)
            yield f"{indent}),"
        elif isinstance(value, np.ndarray):
            yield f"{indent}{name}={_array(value, indent, max_array_chars)}"
        else:
            plain = value.item() if isinstance(value, np.generic) else value
            yield f"{indent}{name}={plain!r},"


def _array(array: np.ndarray, indent: str, max_chars: int) -> str:
    """An array as numpy reads it, or its shape where it is too long to read."""
    if array.size == 0:
        return f"np.zeros({array.shape}, dtype=np.{array.dtype}),"
    text = repr(array.tolist())
    if len(text) > max_chars:
        return f"...,  # {array.dtype} of shape {array.shape}, too long to show"
    if len(text) > MAX_LINE_CHARS and array.ndim > 1:
        rows = "".join(f"{indent}    {entry.tolist()!r},\n" for entry in array)
        text = f"[\n{rows}{indent}]"
    made = f"np.array({text})"
    is_fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    return f"np.asfortranarray({made})," if is_fortran else f"{made},"
