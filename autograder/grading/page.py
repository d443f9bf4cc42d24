"""The first thing a student reads: a short page with the total by part, and what to do first."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Sequence

from autograder.grading.assignment import Assignment
from autograder.grading.results import Outcome, Results, Row, format_points, format_sum

_MAX_TITLE_CHARS = 40
_MAX_CAUSES = 8


def write_page(
    results: Results,
    assignment: Assignment,
    notes: Iterable[str],
    faults: list[str],
    *,
    points_shown: bool = True,
) -> str:
    """Write the page of a finished grading. What goes wrong meanwhile costs the page, never a row.

    It speaks of no row that is shown later: a sum would give it away.

    Args:
        results: the results.
        assignment: the homework.
        notes: sentences on the submission as a whole, such as files that are missing.
        faults: where the page itself fails, its traceback is added here.
        points_shown: whether it adds up points; otherwise it counts checks.

    Returns:
        Plain text, whose columns stand in line in a font of fixed width.
    """
    try:
        return "\n".join(_lines(results, assignment, notes, points_shown=points_shown))
    except Exception:
        faults.append(f"The page on top failed.\n{traceback.format_exc()}")
        return "The rows below say what was found."


def _lines(
    results: Results, assignment: Assignment, notes: Iterable[str], *, points_shown: bool
) -> Iterator[str]:
    shown = [row for row in results.rows if row.visibility == "visible"]
    yield from _out_of_time(shown)
    if len(shown) == len(results.rows):
        total = _total(results) if points_shown else f"{_count(results.rows)} passed"
        yield f"{total}{'' if results.is_whole else ' in the rows asked for'}."
    else:
        yield "Some results are shown later; this page is about the others."
    yield ""
    earned = {}
    for part in assignment.parts:
        rows = [row for row in results.rows if row.number.split(".")[0] == part.number]
        if rows and all(row in shown for row in rows):
            earned[part] = format_sum(rows) if points_shown else _count(rows)
        elif rows:
            earned[part] = "later"
    width = max(12, *map(len, earned.values()))
    yield from (
        f"  {part.number}  {part.title:{_MAX_TITLE_CHARS}} {told:>{width}}" for part, told in earned.items()
    )
    yield ""
    yield from _what_to_do(shown)
    if any(row.outcome is Outcome.GRADER_FAULT for row in shown):
        yield "In some checks the grader itself failed: tell the course staff."
    yield from notes


def _total(results: Results) -> str:
    bonus = f" and {format_points(results.bonus)} bonus points" if results.bonus else ""
    return f"{format_points(results.points)} of {format_points(results.possible_points)} points{bonus}"


def _count(rows: Sequence[Row]) -> str:
    return f"{sum(row.outcome is Outcome.PASSED for row in rows)} of {len(rows)} checks"


def _out_of_time(shown: Sequence[Row]) -> Iterator[str]:
    """That the time was used up, and on what: a check that did not finish says nothing of its function."""
    number = sum(row.outcome is Outcome.DID_NOT_FINISH for row in shown)
    if number:
        checks = "1 check" if number == 1 else f"{number} checks"
        slowest = max(shown, key=lambda row: row.seconds)
        yield (
            f"The time for the whole grading was used up: {checks} did not finish. The slowest one was "
            f"{slowest.number} {slowest.title}, with {slowest.seconds:.0f} s: make that faster first."
        )
        yield ""


def _what_to_do(shown: list[Row]) -> Iterator[str]:
    """The causes of lost points in the order of the rows: what builds on one comes later in the list."""
    open_rows = [row for row in shown if row.outcome is not Outcome.PASSED]
    tried = [row for row in open_rows if row.outcome is Outcome.FAILED]
    causes = [row for row in tried if not row.explanation.lead]
    # What counts first: the bonus comes on top.
    causes.sort(key=lambda row: row.is_bonus)
    unwritten = [row for row in open_rows if row.outcome is Outcome.NOT_ATTEMPTED and not row.is_bonus]
    if len(causes) > 1:
        yield f"{len(causes)} causes cost points. Mend them in this order:"
        yield from (f"  {_cause(row, tried)}" for row in causes[:_MAX_CAUSES])
        if len(causes) > _MAX_CAUSES:
            yield f"  and {len(causes) - _MAX_CAUSES} more"
    elif causes:
        yield f"One cause costs points: {_cause(causes[0], tried)}."
    if unwritten:
        yield f"Next to write: {unwritten[0].number} {unwritten[0].title}."
    if shown and not open_rows:
        yield "Every check passed."
    elif shown and all(row.is_bonus for row in open_rows):
        yield "Every check that counts passed; the bonus is open."


def _cause(row: Row, tried: list[Row]) -> str:
    others = [other.number for other in tried if other.explanation.lead == row.number]
    also = f" (the same cause: {', '.join(others)})" if others else ""
    return f"{row.number} {row.title}{also}"
