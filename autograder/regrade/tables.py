"""The tables of a class, as CSV that a spreadsheet opens: nothing a student wrote is a formula there."""

from __future__ import annotations

import csv
import io
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from autograder.regrade.export import Student
from autograder.regrade.record import Record, RowRecord

MAX_CELL_CHARS = 1000
_FORMULA = tuple("=+-−@")
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
Cell = str | float | int | None

GRADES = (
    *("name", "sid", "email", "submission", "handed_in", "attempts", "newer_attempt"),
    *("official_score", "new_score", "change", "status", "message"),
)
CHANGES = (
    *("submission", "students", "official_score", "new_score", "change"),
    *("row", "title", "official_points", "new_points", "why"),
)
ROWS = (
    *("submission", "row", "title", "points", "score", "official_score", "outcome", "seconds"),
    *("reason", "diagnosis", "same_cause_as"),
)


def write_tables(records: Sequence[Record], folder: Path) -> list[Path]:
    """Write grades.csv, changes.csv and rows.csv, each in one step, readable by their owner alone.

    Args:
        records: the class.
        folder: where they go.

    Returns:
        The files.
    """
    tables = (
        ("grades.csv", GRADES, grades(records)),
        ("changes.csv", CHANGES, changes(records)),
        ("rows.csv", ROWS, rows(records)),
    )
    return [write_private(folder / name, to_csv(head, lines)) for name, head, lines in tables]


def grades(records: Iterable[Record]) -> Iterator[Sequence[Cell]]:
    """A line for every student: the members of a group have the same scores."""
    for record in records:
        handed_in = record.handed_in
        for student in handed_in.students or (Student(),):
            yield (
                *(student.name, student.sid, student.email, handed_in.name, handed_in.created_at),
                *(handed_in.attempts, handed_in.newest_attempt),
                *(record.official.score, record.new_score, record.change, record.status, record.message),
            )


def changes(records: Iterable[Record]) -> Iterator[Sequence[Cell]]:
    """A line for every row of which the points change; one without a row where the total alone does."""
    for record in records:
        students = ", ".join(student.name or student.email for student in record.handed_in.students)
        begin = (record.handed_in.name, students, record.official.score, record.new_score, record.change)
        changed = list(record.changed_rows)
        for number, old, row in changed:
            title = row.title if row else ""
            yield (*begin, number, title, old, row.score if row else None, _why(old, row))
        if not changed and record.change:
            yield (*begin, "", "", None, None, record.message or "No points of single rows are official.")


def rows(records: Iterable[Record]) -> Iterator[Sequence[Cell]]:
    """A line for every row of every submission."""
    for record in records:
        for row in record.rows:
            yield (
                *(record.handed_in.name, row.number, row.title, row.points, row.score),
                *(record.official.rows.get(row.number), row.outcome, row.seconds),
                *(row.reason, row.diagnosis, row.same_cause_as),
            )


def _why(old: float | None, row: RowRecord | None) -> str:
    if row is None:
        return "The row is no longer there."
    if row.outcome == "passed":
        return "It passes now." if old is not None else "The row is new, and passes."
    return (
        f"{row.outcome}: {row.reason}" if old is not None else f"The row is new. {row.outcome}: {row.reason}"
    )


def to_csv(head: Sequence[str], lines: Iterable[Sequence[Cell]]) -> str:
    """Write a table: texts in quotes, numbers without."""
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(head)
    writer.writerows([[_cell(value) for value in line] for line in lines])
    return stream.getvalue()


def _cell(value: Cell) -> Cell:
    if not isinstance(value, str):
        return "" if value is None else value
    text = UNPRINTABLE.sub(" ", value)[:MAX_CELL_CHARS]
    # Some spreadsheets read the wide forms of the signs, too, and look behind white space.
    plain = unicodedata.normalize("NFKC", text).lstrip()
    return f"'{text}" if plain.startswith(_FORMULA) else text


def write_private(file: Path, text: str) -> Path:
    """Replace a file in one step; its owner alone can read it. With a mark at the beginning for Excel."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(
        handle, "w", encoding="utf-8-sig" if file.suffix == ".csv" else "utf-8", newline=""
    ) as stream:
        stream.write(text)
    os.replace(part, file)
    return file
