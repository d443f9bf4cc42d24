"""The first thing a student reads: a short page with the total by part, and what to do first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autograder.grading.assignment import Assignment, Part
from autograder.grading.results import Outcome, Results, Row, format_points

_WIDEST_TITLE = 40


def write_page(results: Results, assignment: Assignment, notes: Iterable[str]) -> str:
    """Write the page of a finished grading.

    It speaks of no row that is shown later: a sum would give it away.

    Args:
        results: the results.
        assignment: the homework.
        notes: sentences on the submission as a whole, such as files that are missing.

    Returns:
        Plain text, whose columns stand in line in a font of fixed width.
    """
    return "\n".join(_lines(results, assignment, notes))


def _lines(results: Results, assignment: Assignment, notes: Iterable[str]) -> Iterator[str]:
    shown = [row for row in results.rows if row.visibility == "visible"]
    if len(shown) == len(results.rows):
        bonus = f" and {format_points(results.bonus)} bonus points" if results.bonus else ""
        yield f"{format_points(results.points)} of {format_points(results.possible_points)} points{bonus}."
    else:
        yield "Some results are shown later; this page is about the others."
    yield ""
    for part in assignment.parts:
        rows = [row for row in results.rows if row.number.split(".")[0] == part.number]
        if rows:
            points = _sum(part, rows) if all(row in shown for row in rows) else "later"
            yield f"  {part.number}  {part.title:{_WIDEST_TITLE}} {points:>12}"
    yield ""
    yield from _first_step(shown)
    if any(row.outcome is Outcome.GRADER_FAULT for row in shown):
        yield "In some checks the grader itself failed: tell the course staff."
    yield from notes


def _sum(part: Part, rows: list[Row]) -> str:
    earned = format_points(sum(row.score for row in rows))
    possible = format_points(sum(row.points for row in rows))
    return f"{earned} of +{possible}" if part.is_bonus else f"{earned} of {possible}"


def _first_step(shown: list[Row]) -> Iterator[str]:
    """The first check that was tried and failed: what builds on it comes later in the list."""
    open_rows = [row for row in shown if row.outcome is not Outcome.PASSED and not row.is_bonus]
    tried = [row for row in open_rows if row.outcome is not Outcome.NOT_ATTEMPTED]
    if tried:
        yield f"Look first at {tried[0].number} {tried[0].title}."
    elif open_rows:
        yield f"Next to write: {open_rows[0].number} {open_rows[0].title}."
    elif shown:
        yield "Every check that counts passed."
    rest = len(open_rows) - 1
    if rest > 0:
        yield f"{rest} more {'checks did' if rest > 1 else 'check did'} not pass."
