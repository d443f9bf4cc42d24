"""What a run has found: a table in a terminal, one line of JSON where nobody watches."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.regrade.run import Summary

MAX_FAULTS_SHOWN = 10


def show_summary(summary: Summary, folder: Path, console: Console) -> None:
    """Print what a run has done: for people in a terminal, else as one line of JSON.

    Args:
        summary: what it has done.
        folder: where its files are.
        console: where to print it.
    """
    if not console.is_terminal:
        print(json.dumps(to_json(summary, folder)))
        return
    records = summary.records
    table = Table(show_edge=False, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("submissions", str(len(records)))
    for name, count in sorted(Counter(record.outcome for record in records).items()):
        table.add_row(f"  {name}", str(count))
    table.add_row("graded now, kept from before", f"{summary.graded}, {summary.kept}")
    for name, scores in _scores(summary).items():
        if scores:
            table.add_row(f"mean {name} score", f"{statistics.fmean(scores):.1f}")
    table.add_row("scores that change", str(_changes(summary)))
    if summary.promoted:
        table.add_row("scores made official", str(summary.promoted))
    console.print(table)
    console.print("Written: " + escape(", ".join(map(str, summary.files))), highlight=False)


def describe_faults(summary: Summary) -> str:
    """Say which submissions the grader failed on; empty where there are none."""
    faults = summary.faults
    more = f"\nand {len(faults) - MAX_FAULTS_SHOWN} more." if len(faults) > MAX_FAULTS_SHOWN else ""
    listed = "\n".join(faults[:MAX_FAULTS_SHOWN]) + more
    are = "submission is not graded, and has" if len(faults) == 1 else "submissions are not graded, and have"
    return f"{len(faults)} {are} no new score:\n{listed}" if faults else ""


def to_json(summary: Summary, folder: Path) -> dict[str, object]:
    """The summary as JSON values."""
    return {
        "submissions": len(summary.records),
        "graded": summary.graded,
        "kept": summary.kept,
        "outcomes": dict(sorted(Counter(record.outcome for record in summary.records).items())),
        "changed": _changes(summary),
        "promoted": summary.promoted,
        "not_graded": [one.handed_in.name for one in summary.records if one.status == "not graded"],
        "out": str(folder),
    }


def _changes(summary: Summary) -> int:
    return sum(bool(record.change) for record in summary.records)


def _scores(summary: Summary) -> dict[str, list[float]]:
    records = summary.records
    return {
        "official": [one.official.score for one in records if one.official.score is not None],
        "new": [one.new_score for one in records if one.new_score is not None],
    }
