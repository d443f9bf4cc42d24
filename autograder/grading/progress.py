"""How far a long command has come: a bar in a terminal, nothing where nobody watches."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Progress:
    """How far a command has come.

    Attributes:
        doing: what it does now, or what has come out so far.
        done: how many of its gradings have ended.
        total: of how many; None where it counts nothing.
    """

    doing: str
    done: int = 0
    total: int | None = None


MAX_RATE_SECONDS = 600.0
"""The rate is that of the last so many seconds: a grading takes some, and rich looks back 30 by default."""

OnProgress: TypeAlias = Callable[[Progress], None]
"""Called with every change."""


@contextlib.contextmanager
def shown_progress(console: Console | None = None) -> Iterator[OnProgress]:
    """Show a bar with count, rate and time left, where the console is a terminal.

    Args:
        console: where to show it; by default stderr.

    Yields:
        What is to be called with the progress.
    """
    # Here, because nothing else of a grading needs them.
    from rich import progress as bars
    from rich.console import Console

    where = console or Console(stderr=True)
    columns = (
        bars.BarColumn(),
        bars.TextColumn("{task.fields[count]}"),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
        bars.TextColumn("{task.description}", markup=False),
    )
    with bars.Progress(
        *columns,
        console=where,
        transient=True,
        disable=not where.is_terminal,
        speed_estimate_period=MAX_RATE_SECONDS,
    ) as bar:
        task = bar.add_task("", total=None, count="")
        counted: int | None = None

        def show(progress: Progress) -> None:
            nonlocal counted
            if progress.total != counted:
                # What was done before the counting began says nothing on the rate.
                bar.reset(task, total=progress.total, completed=progress.done)
                counted = progress.total
            bar.update(task, completed=progress.done, description=progress.doing)
            speed = bar.tasks[0].speed
            rate = f", {60 * speed:.0f} a minute" if speed else ""
            count = "" if counted is None else f"{progress.done}/{counted}{rate}"
            bar.update(task, count=count)

        yield show


@contextlib.contextmanager
def doing(what: str, console: Console | None = None) -> Iterator[None]:
    """Show in a terminal what is done, and for how long already."""
    with shown_progress(console) as show:
        show(Progress(what))
        yield
