"""Results as a table in the terminal."""

from __future__ import annotations

import textwrap

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.grading.assignment import Assignment
from autograder.grading.results import Outcome, Results, Row, format_points, format_sum
from autograder.grading.wording import pointer_to_curve, to_text

_MARKS = {
    Outcome.PASSED: "[green]passed[/]",
    Outcome.FAILED: "[red]failed[/]",
    Outcome.NOT_ATTEMPTED: "[yellow]not attempted[/]",
    Outcome.DID_NOT_FINISH: "[red]did not finish[/]",
    Outcome.GRADER_FAULT: "[magenta]grader failed[/]",
}


def show(results: Results, assignment: Assignment, console: Console) -> None:
    """Print every row, the parts' sums, why rows failed, and the total."""
    if not results.rows:
        console.print(escape(results.summary), highlight=False)
        return
    table = Table(title=results.title, title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("row", no_wrap=True)
    table.add_column("check")
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    for part in assignment.parts:
        rows = [row for row in results.rows if row.number.split(".")[0] == part.number]
        if not rows:
            continue
        table.add_section()
        heading = (part.number, part.title, format_sum(rows, " / "))
        table.add_row(*(f"[bold]{text}[/]" for text in heading))
        for row in rows:
            score = f"{format_points(row.score)} / {format_points(row.points)}"
            table.add_row(row.number, escape(row.title), score, _MARKS[row.outcome])
    console.print(table)
    explained = [row for row in results.rows if row.outcome is not Outcome.PASSED]
    for row in explained:
        _explain(row, explained, console)
    console.print()
    console.print(escape(results.summary), highlight=False)
    bonus = f" (+{format_points(results.bonus)} bonus)" if results.bonus else ""
    total = f"{format_points(results.points)} of {format_points(results.possible_points)}{bonus}"
    which = "Total" if results.is_whole else "In the rows asked for"
    console.print(f"[bold]{which}: {total}[/] in {results.seconds:.1f} s", highlight=False)


def _explain(row: Row, explained: list[Row], console: Console) -> None:
    console.print(f"\n[bold]{row.number} {escape(row.title)}[/]", highlight=False)
    console.print(escape(textwrap.indent(to_text(row.explanation), "  ")), highlight=False, soft_wrap=True)
    if row.curve is not None:
        text = pointer_to_curve(row, explained) or row.curve.text
        console.print(escape(textwrap.indent(text, "  ")), highlight=False, soft_wrap=True)
