"""What rows say, as text for people: the check, the call as Python to paste, what came back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from autograder.grading.results import Explanation, RejectedCall, Row

FAILED = "This check failed."
MAX_CALL_CHARS = 1500
"""Of one call in the text. A longer one is shortened; the results have it whole."""
MAX_LINE_CHARS = 88


def to_text(explanation: Explanation, level: str = "full") -> str:
    """Write an explanation.

    Args:
        explanation: why a row did not pass.
        level: ``"full"``; ``"hints"`` holds back inputs and numbers; ``"names"`` says only that a row failed.
    """
    if level == "names" and explanation.checked:
        return FAILED
    return "\n".join(filter(None, _paragraphs(explanation, is_full=level == "full")))


def pointer_to_curve(row: Row, rows: Iterable[Row]) -> str:
    """Say where a row's learning curve is, where an earlier row shows the same one; empty where none does.

    Args:
        row: a row with a curve.
        rows: every row that is shown, with this one among them.
    """
    # A row that other people see, or that is shown later, is no help.
    first = next(other for other in rows if other.curve == row.curve and other.visibility == row.visibility)
    return "" if first.number == row.number else f"The learning curve is shown in {first.number}."


def _paragraphs(explanation: Explanation, *, is_full: bool) -> Iterator[str]:
    if explanation.lead:
        yield f"This fails for the same cause as {explanation.lead}: see there."
    else:
        if explanation.checked:
            yield f"Checked: {explanation.checked}"
        if is_full and explanation.calls:
            yield from _calls(explanation)
        if is_full or not explanation.tells_numbers:
            yield explanation.mismatch
        elif not explanation.diagnosis:
            yield "What came back is not what was expected."
        if explanation.diagnosis:
            yield f"Diagnosis: {explanation.diagnosis}"
    yield from explanation.notes


def _calls(explanation: Explanation) -> Iterator[str]:
    calls = explanation.calls
    imports = sorted(
        {line for call in calls for line in _imports(call)}, key=lambda line: (line[:4] == "from", line)
    )
    if explanation.number_of_calls > len(calls):
        heading = f"One of the {explanation.number_of_calls} calls"
    else:
        heading = "The call" if len(calls) == 1 else "The calls"
    yield f"{heading} (after {', '.join(f'`{line}`' for line in imports)}):"
    for call in calls:
        yield from (f"  {line}" for line in to_python(call).split("\n"))
        if len(calls) > 1 and call.returned is not None:
            yield f"  # returned {np.array2string(call.returned, precision=6, separator=', ')}"


def _imports(call: RejectedCall) -> Iterator[str]:
    module, _, name = call.function.partition(".")
    yield "import numpy as np"
    yield f"from {call.package}.{module} import {name}"
    for value in call.arguments.values():
        if dataclasses.is_dataclass(value):
            yield f"from {type(value).__module__} import {type(value).__name__}"


def to_python(call: RejectedCall, max_chars: int = MAX_CALL_CHARS) -> str:
    """Write a call as Python that can be pasted, every argument by its name.

    Args:
        call: the call.
        max_chars: where it would be longer, its large arrays are described in place of being written out.
    """
    whole = _call(call, max_array_chars=max_chars)
    return whole if len(whole) <= max_chars else _call(call, max_array_chars=200)


def _call(call: RejectedCall, max_array_chars: int) -> str:
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
    """An array as numpy reads it, or its shape and range where it is too long to read."""
    if array.size == 0:
        return f"np.zeros({array.shape}, dtype=np.{array.dtype}),"
    text = repr(array.tolist())
    if len(text) > max_chars:
        return f"...,  # {array.dtype} of shape {array.shape}, too long to show"
    if len(text) > MAX_LINE_CHARS and array.ndim > 1:
        rows = "".join(f"{indent}    {entry.tolist()!r},\n" for entry in array)
        text = f"[\n{rows}{indent}]"
    made = f"np.array({text})"
    return f"np.asfortranarray({made})," if is_in_fortran_order(array) else f"{made},"


def is_in_fortran_order(array: object) -> bool:
    """Whether an array's memory is in Fortran's order and not in C's, which code may come to depend on."""
    return isinstance(array, np.ndarray) and array.flags.f_contiguous and not array.flags.c_contiguous


MAX_JSON_NUMBERS = 60_000
"""Of one call in the results: a mistake that shows on small inputs has a small call in another row."""


def to_json(call: RejectedCall) -> dict[str, object]:
    """A call as JSON values: numbers as numbers, arrays as lists, records as objects of their fields.

    What is not finite is the text ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``, which float() reads. Where
    arrays were in Fortran's order, ``"fortran_order"`` names them.
    """
    written: dict[str, object] = {
        "function": call.function,
        "arguments": {name: _value(value) for name, value in call.arguments.items()},
        "expected": _value(call.expected),
        "returned": _value(call.returned),
    }
    ordered = sorted({name for name, value in call.values() if is_in_fortran_order(value)})
    return written | ({"fortran_order": ordered} if ordered else {})


def is_small(call: RejectedCall) -> bool:
    """Whether a call is written whole into the results."""
    return sum(np.size(np.asarray(value)) for _, value in call.values()) <= MAX_JSON_NUMBERS


def _value(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _value(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.generic | np.ndarray):
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            return _spelled(value.tolist())
        return value.tolist()
    return value


def _spelled(value: object) -> object:
    if isinstance(value, list):
        return [_spelled(entry) for entry in value]
    if isinstance(value, float) and not np.isfinite(value):
        return "NaN" if np.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value
