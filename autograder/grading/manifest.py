"""The hidden tests as rows: what their decorators and docstrings say, held against the parts of the homework.

Whatever is wrong with any of them is found at once, a sentence each.
"""

from __future__ import annotations

import difflib
import inspect
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from autograder.grading.assignment import Assignment, Function, Part
from autograder.grading.errors import UnusableRequest
from autograder.grading.results import Row, add_up, format_points
from autograder.grading.settings import SettingsError, check_visibility

_NUMBER = re.compile(r"[1-9][0-9]*(\.[1-9][0-9]*){2}")
_HONOURED = ("weight", "number", "visibility")
_NOT_HONOURED = MappingProxyType(
    {
        "__tags__": "tags",
        "__hide_errors__": "hide_errors",
        "__leaderboard_column__": "leaderboard",
    }
)
"""The attribute that a decorator of gradescope-utils leaves, and the decorator."""


@dataclass(frozen=True)
class Check:
    """One hidden test.

    Attributes:
        test: where it stands, as pytest names it.
        row: its row, before it has run.
        checked: what it checks and on which slide, for who fails it: the docstring after its first line.
    """

    test: str
    row: Row
    checked: str


@dataclass(frozen=True)
class Manifest:
    """Every hidden test as a row.

    Attributes:
        checks: by where the test stands; without those of which no row can be made.
        problems: a sentence for everything that is not as it should be.
    """

    checks: Mapping[str, Check]
    problems: tuple[str, ...]


def read_manifest(
    tests: Mapping[str, object], assignment: Assignment, visibility_of: Callable[[str], str]
) -> Manifest:
    """Make a row of every hidden test, and hold the rows against the parts.

    Args:
        tests: the test functions, by where they stand.
        assignment: the homework.
        visibility_of: who sees a row, by its number, where its test does not say.
    """
    checks: dict[str, Check] = {}
    problems: list[str] = []
    for test, function in tests.items():
        found = list(_problems(test, function, assignment))
        problems += found
        if not found:
            checks[test] = _check(test, function, assignment, visibility_of)
    seen: dict[str, str] = {}
    for check in checks.values():
        number = check.row.number
        if number in seen:
            problems.append(f"{check.test} has number {number}, which {seen[number]} has too: take another.")
        seen.setdefault(number, check.test)
    problems += _sums([check.row for check in checks.values()], assignment)
    return Manifest(checks, tuple(problems))


class UnknownRows(UnusableRequest):
    """Rows were asked for that do not exist; the message is a sentence that names them."""


def choose(asked: str, rows: Collection[str], assignment: Assignment) -> frozenset[str]:
    """Find the rows that are asked for.

    Args:
        asked: numbers of parts, functions or rows, and names of functions with or without their module,
            separated by commas; empty for all rows.
        rows: the numbers of all rows.
        assignment: the homework.

    Raises:
        UnknownRows: there is no row below one of the numbers, or no function of that name.
    """
    chosen: set[str] = set()
    for one in asked.split(",") if asked else []:
        wanted = one.strip()
        prefixes = [f.number for f in assignment.functions if wanted in (f.name, f.qualified_name)] or [
            wanted
        ]
        found = {row for row in rows if wanted and any(is_below(row, prefix) for prefix in prefixes)}
        if not found:
            known = [*rows, *(function.qualified_name for function in assignment.functions)]
            close = difflib.get_close_matches(wanted, known, n=1)
            meant = f" Did you mean {close[0]}?" if close else ""
            raise UnknownRows(
                f'There are no rows "{wanted}": give the number of a part, function or row, such as 3, 3.1 '
                f"or 3.1.2, or the name of a function.{meant}"
            )
        chosen |= found
    return frozenset(chosen) if asked else frozenset(rows)


def is_below(number: str, prefix: str) -> bool:
    """Whether a row's number is the prefix itself or below it: 3.1.2 is below 3.1, 3.10 is not."""
    return number == prefix or number.startswith(f"{prefix}.")


def _problems(test: str, function: object, assignment: Assignment) -> Iterator[str]:
    """What makes it impossible to honour what a test says of itself."""
    said = _metadata(function)
    for decorator in _not_honoured(function):
        yield f"{test} has @{decorator}, which is not honoured here: take it off."
    number, points = said.get("number"), said.get("weight")
    if number is None or points is None:
        yield f"{test} needs @number and @weight, above @given."
    if number is not None:
        yield from _number_problems(test, str(number), assignment)
    if points is not None and not _is_worth_something(points):
        yield f"{test} has a weight of {points!r}, but a number of points above 0 was expected."
    if "visibility" in said:
        try:
            check_visibility(f"@visibility of {test}", said["visibility"])
        except SettingsError as error:
            yield str(error)
    if not inspect.getdoc(function):
        yield f"{test} has no docstring: its first line is the row's title."


def _number_problems(test: str, number: str, assignment: Assignment) -> Iterator[str]:
    part = _part_of(number, assignment)
    if not _NUMBER.fullmatch(number):
        yield f'{test} has number "{number}", but a text of three pieces was expected, such as "3.1.2".'
    elif part is None:
        yield f"{test} has number {number}, which belongs to no part of the homework."
    elif part.functions and _function_of(number, assignment) is None:
        known = ", ".join(function.number for function in part.functions)
        yield f"{test} has number {number}, but the functions of part {part.number} are {known}."


def _is_worth_something(points: object) -> bool:
    is_number = isinstance(points, int | float) and not isinstance(points, bool)
    return is_number and 0 < float(str(points)) < math.inf


def _check(test: str, function: object, assignment: Assignment, visibility_of: Callable[[str], str]) -> Check:
    said = _metadata(function)
    number = str(said["number"])
    sentence, _, checked = (inspect.getdoc(function) or "").partition("\n")
    sentence = sentence.removesuffix(".")
    of = _function_of(number, assignment)
    title = f"{of.title}: {sentence[0].lower()}{sentence[1:]}" if of is not None else sentence
    part = _part_of(number, assignment)
    visibility = said.get("visibility") or visibility_of(number)
    is_bonus = (part is not None and part.is_bonus) or (of is not None and of.bonus_points > 0)
    row = Row(number, title, float(str(said["weight"])), is_bonus, str(visibility))
    return Check(test, row, " ".join(checked.split()))


def _sums(rows: Sequence[Row], assignment: Assignment) -> Iterator[str]:
    promised = [(f"part {part.number}", part.number, part.points) for part in assignment.parts]
    extra = {one.number: one.bonus_points for one in assignment.functions if one.bonus_points}
    promised += [(number, number, points) for number, points in extra.items()]
    for name, prefix, points in promised:
        own = [row for row in rows if is_below(row.number, prefix)]
        if prefix not in extra:
            own = [row for row in own if not any(is_below(row.number, number) for number in extra)]
        total = add_up(row.points for row in own)
        if total != points:
            yield (
                f"The rows of {name} add up to {format_points(total)} points, not to {format_points(points)}."
            )


def _part_of(number: str, assignment: Assignment) -> Part | None:
    return next((part for part in assignment.parts if is_below(number, part.number)), None)


def _function_of(number: str, assignment: Assignment) -> Function | None:
    return next((function for function in assignment.functions if is_below(number, function.number)), None)


def _metadata(function: object) -> dict[str, object]:
    """What gradescope-utils' decorators left on a test, above @given or below it."""
    metadata: dict[str, object] = {}
    for name in _HONOURED:
        for bearer in _bearers(function):
            value = getattr(bearer, f"__{name}__", None)
            if value is not None:
                metadata.setdefault(name, value)
    return metadata


def _not_honoured(function: object) -> Iterator[str]:
    bearers = _bearers(function)
    for attribute, decorator in _NOT_HONOURED.items():
        if any(hasattr(bearer, attribute) for bearer in bearers):
            yield decorator
    # It leaves no attribute but @weight's, on a function that passes `set_score` on.
    if any("set_score" in bearer.__code__.co_freevars for bearer in bearers if hasattr(bearer, "__code__")):
        yield "partial_credit"


def _bearers(function: object) -> list[object]:
    """A test, what decorators have wrapped in it, and what @given has."""
    found: list[object] = []
    waiting = [function]
    while waiting:
        bearer = waiting.pop(0)
        if bearer is None or any(bearer is one for one in found):
            continue
        found.append(bearer)
        waiting += [
            getattr(bearer, "__wrapped__", None),
            getattr(getattr(bearer, "hypothesis", None), "inner_test", None),
        ]
    return found
