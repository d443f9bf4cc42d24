"""The grader's report card in the terminal: what it must know, and what it did."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.release.validate import MistakeCheck, ReportCard, WholeCheck


def show(card: ReportCard, console: Console) -> None:
    """Print the submissions with known points, the kill matrix, and whatever falls short.

    Args:
        card: what a validation found.
        console: where to print it; one that highlights nothing.
    """
    wholes = Table(show_edge=False, pad_edge=False)
    for heading in ("submission", "points", "expected", ""):
        wholes.add_column(heading, justify="right" if heading in ("points", "expected") else "left")
    for check in (card.reference, card.template, *card.styles):
        points = "none" if check.points is None else f"{check.points:g}"
        wholes.add_row(escape(check.name), points, f"{check.expected:g}", _mark(check))
    console.print(wholes)
    console.print()
    console.print(_matrix(card.mistakes))
    total = len(card.mistakes)
    console.print(
        f"\n{card.caught} of {total} mistakes caught, {card.named} named by their own sentence; "
        f"{sum(check.is_good for check in card.styles)} of {len(card.styles)} other styles at full marks.",
    )
    if card.salted:
        console.print(
            f"{sum(check.is_good for check in card.salted)} of {len(card.salted)} gradings of the reference "
            "under other salts at full marks.",
        )
    if card.steady:
        console.print(
            f"{sum(check.is_good for check in card.steady)} of {len(card.steady)} mistakes lose the same "
            f"rows under {card.steady[0].salts} other salts.",
        )
    if card.attacks is not None:
        left_out = f", {card.attacks.left_out} not run here" if card.attacks.left_out else ""
        console.print(
            f"{card.attacks.survived} attacks survived, {len(card.attacks.failed)} not{left_out}.",
        )
    for sentence in card.shortcomings:
        console.print(f"[red]short:[/] {escape(sentence)}")


def _mark(check: WholeCheck) -> str:
    if check.is_good:
        return "[green]as expected[/]"
    return f"[red]{escape(check.problem or ', '.join(check.failed))}[/]"


def _matrix(mistakes: tuple[MistakeCheck, ...]) -> Table:
    """Make the kill matrix: a line a mistake, a mark for each row of its function."""
    matrix = Table(
        show_edge=False, pad_edge=False, caption="● the row fails, · it passes", caption_justify="left"
    )
    for heading in ("mistake", "rows", "caught", "named"):
        matrix.add_column(heading, no_wrap=heading != "mistake")
    for function, made in groupby(mistakes, key=lambda mistake: mistake.function):
        group = list(made)
        matrix.add_section()
        matrix.add_row(f"[bold]{function}[/]", f"[bold]{_numbers(group[0])}[/]")
        for mistake in group:
            marks = " ".join("●" if failed else "·" for failed in mistake.rows.values())
            named = "[green]yes[/]" if mistake.is_named else "no"
            if mistake.misnamed:
                named = f"[red]as {escape(', '.join(mistake.misnamed))}[/]"
            caught = "[green]yes[/]" if mistake.is_caught else "[red]no[/]"
            matrix.add_row(f"  {escape(mistake.name)}", marks, caught, named)
    return matrix


def _numbers(mistake: MistakeCheck) -> str:
    """The rows of a function in the order of the marks: 3.1.1 to 3.1.4."""
    numbers = list(mistake.rows)
    return f"{numbers[0]} to {numbers[-1]}" if numbers else ""
