"""A class as the report gets it, with markup wherever a student may have written something."""

from __future__ import annotations

from autograder.regrade.export import HandedIn, Official, Student
from autograder.regrade.record import Record, RowRecord

EVIL = '<script>alert("&\x1b[31m")</script>'


def row(number, passed, *, points=2.0, kind="value", diagnosis="", lead="", seconds=0.5):
    outcome, score = ("passed", points) if passed else ("failed", 0.0)
    reason = "" if passed else diagnosis or EVIL
    return RowRecord(
        number,
        f"Row {number}",
        score,
        points,
        outcome,
        seconds,
        reason,
        diagnosis,
        lead,
        "" if passed else kind,
    )


def record(name, *rows, official=None, misconceptions=None, message="", status="graded"):
    handed_in = HandedIn(name, None, (Student(f"{EVIL} {name}", "01", ""),))
    score = sum(one.score for one in rows) if status == "graded" else None
    return Record(
        *(handed_in, Official(official), status, rows, score, True, message),
        misconceptions=misconceptions or {},
    )


def a_class(number=12):
    """In 1.1 fail the weak, in 1.2 the strong, in 2.2 nobody; 2.1 and 3.1 make weak and strong."""
    return [
        record(
            f"submission_{place}",
            *(row("1.1", place >= 4), row("1.2", place < 6), row("2.1", place >= 5), row("2.2", True)),
            row("3.1", place >= 7),
            official=6.0,
            misconceptions={"npg.step": "You forgot δ. (Slide “NPG”.)"}
            if place < 3
            else {"ppo.loss": "Sign."},
        )
        for place in range(number)
    ]
