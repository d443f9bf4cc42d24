"""Shows in the terminal how the functions are: a line for each, and why the first wrong one is wrong."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.style import Style
from rich.text import Text

from hw4.lab.check import Failure, Outcome, Result, place_of
from hw4.lab.signatures import SIGNATURES, Signature

PROGRAM = "python -m hw4"
FOLDER = Path(__file__).resolve().parent.parent.parent
MARKS = {
    Outcome.RIGHT: ("✓", "ok", "green"),
    Outcome.WRONG: ("✗", "x ", "red"),
    Outcome.NOT_ATTEMPTED: ("·", ". ", "dim"),
    Outcome.WAITS: ("·", ". ", "dim"),
    Outcome.UNTESTED: ("·", ". ", "dim"),
}
"""The mark, what stands for it on a console that cannot write it, and its colour."""
_NAME_WIDTH = max(len(function.partition(".")[2]) for function in SIGNATURES)


def open_console() -> Console:
    """Open the terminal."""
    return Console(highlight=False, markup=False, emoji=False)


def show(console: Console, results: Iterable[Result], *, wants_all: bool) -> bool:
    """Print a line for each function as soon as it is known, then what is wrong, and what comes next.

    Args:
        console: where to.
        results: how the functions are.
        wants_all: whether to explain every one that is wrong; else the first alone.

    Returns:
        Whether all are right.
    """
    known: list[Result] = []
    wrong: dict[tuple[str, str], Result] = {}
    for result in results:
        failure = result.failure
        note = _note(result)
        if failure is not None:
            # One cause, such as a file that cannot be read, is explained once.
            cause = (failure.file, failure.message)
            if cause in wrong:
                note = f"the same as {wrong[cause].signature.number}"
            elif wrong:
                note += " (or because of what is wrong above)"
            wrong.setdefault(cause, result)
        show_line(console, result, note)
        known.append(result)
    for result in list(wrong.values())[: None if wants_all else 1]:
        show_failure(console, result)
    show_summary(console, known)
    return all(result.outcome is Outcome.RIGHT for result in known)


def show_line(console: Console, result: Result, note: str) -> None:
    """Print how one function is.

    Args:
        console: where to.
        result: how it is.
        note: what else there is to say.
    """
    own, plain, colour = MARKS[result.outcome]
    mark = own if _can_write(console, own) else plain
    points = f"{result.signature.points:g}" + (" bonus" if result.signature.is_bonus else "")
    line = Text("  ").append(f"{mark} ", style=colour)
    line.append(f"{result.signature.number} {_name(result.signature.function):<{_NAME_WIDTH}}")
    line.append(f"  {points:<9}  {note}")
    line.rstrip()
    console.print(line, soft_wrap=True)


def show_failure(console: Console, result: Result) -> None:
    """Print why a function is wrong."""
    failure = result.failure
    if failure is None:
        return
    console.print()
    heading = Text(f"{result.signature.number} {_name(result.signature.function)} is wrong: ", style="bold")
    console.print(heading + place(failure.file, failure.line), soft_wrap=True)
    if failure.checked:
        for paragraph in f"Checked: {failure.checked}".splitlines():
            console.print(_paragraph(console, paragraph))
    for line in _calls(failure):
        console.print(f"  {line}", soft_wrap=True)
    for line in failure.message.splitlines():
        # Sentences are wrapped; arrays and code, which are indented, are not.
        text = f"  {line}" if line.startswith(" ") else _paragraph(console, line)
        console.print(text, soft_wrap=True)
    for line in _printed(failure):
        console.print(f"  {line}", soft_wrap=True)
    if failure.test:
        file, _, line_number = failure.test.rpartition(":")
        console.print(Text("  The test: ") + place(file, int(line_number)), soft_wrap=True)


def show_summary(console: Console, results: Sequence[Result]) -> None:
    """Print how many functions are right, the points so far, and what comes next.

    Args:
        console: where to.
        results: how every function that was asked for is.
    """
    right = [result.signature for result in results if result.outcome is Outcome.RIGHT]
    every = [result.signature for result in results]
    points, possible = (sum(one.points for one in some if not one.is_bonus) for some in (right, every))
    bonus, possible_bonus = (sum(one.points for one in some if one.is_bonus) for some in (right, every))
    counted = [f"{points:g} of {possible:g} points"] if possible else []
    counted += [f"{bonus:g} of {possible_bonus:g} bonus points"] if possible_bonus else []
    console.print(f"\n{len(right)} of {len(every)} functions done, {' and '.join(counted)} so far.")
    following = next((result for result in results if result.outcome is not Outcome.RIGHT), None)
    if following is not None:
        console.print(_next(following), soft_wrap=True)
        console.print(f"A hint: {PROGRAM} hint {following.signature.number}")


def show_hints(console: Console, signature: Signature, hints: Sequence[str], before: int) -> None:
    """Print the next hint for a function; where all were shown before, all of them.

    Args:
        console: where to.
        signature: the function.
        hints: its hints, from vague to plain.
        before: how many were shown before.
    """
    name = f"{signature.number} {_name(signature.function)}"
    if not hints:
        console.print(f"There are no hints for {name}.")
    for number, hint in enumerate(hints, start=1):
        if number == before + 1 or before >= len(hints):
            console.print(Text(f"Hint {number} of {len(hints)} for {name}:", style="bold"))
            console.print(_paragraph(console, hint) + "\n")
    if before + 1 < len(hints):
        console.print(f"One more: {PROGRAM} hint {signature.number}")


def place(file: str, line: int) -> Text:
    """A file and a line as a terminal opens them: ``hw4/npg.py:30``.

    Args:
        file: from the student's folder.
        line: its line, 0 where none is known.
    """
    shown = f"{file}:{line}" if line else file
    # VS Code finds file and line in the text by itself, and would open a link without its line.
    link = "" if os.environ.get("TERM_PROGRAM") == "vscode" else (FOLDER / file).as_uri()
    return Text(shown, style=Style(color="cyan", link=link or None))


def _paragraph(console: Console, text: str) -> str:
    return textwrap.fill(text, console.width, initial_indent="  ", subsequent_indent="  ")


def _note(result: Result) -> str:
    if result.failure is not None:
        return f"{result.failure.file}:{result.failure.line}"
    if result.outcome is Outcome.WAITS:
        other = SIGNATURES.get(result.waits_for)
        waits_for = f"{other.number} {_name(other.function)}" if other else result.waits_for
        return f"right so far, waits for {waits_for}" if other else f"waits for {waits_for}"
    return {Outcome.UNTESTED: "no test", Outcome.NOT_ATTEMPTED: "not attempted"}.get(result.outcome, "")


def _calls(failure: Failure) -> list[str]:
    if not failure.calls:
        return []
    heading = "The call:" if len(failure.calls) == 1 else "The calls:"
    lines = [*failure.imports, *(line for call in failure.calls for line in call.splitlines())]
    return [heading, *(f"  {line}" for line in lines)]


def _printed(failure: Failure) -> list[str]:
    lines = failure.printed.splitlines()
    return ["Your code printed:", *(f"  {line}" for line in lines)] if lines else []


def _next(result: Result) -> Text:
    signature = result.signature
    failure = result.failure
    file, line = (failure.file, failure.line) if failure else place_of(signature)
    text = Text(f"Next: {signature.number} {_name(signature.function)}, ") + place(file, line)
    return text if failure else text + Text(f" (about {signature.minutes} minutes)")


def _name(function: str) -> str:
    return function.partition(".")[2]


def _can_write(console: Console, mark: str) -> bool:
    try:
        mark.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
