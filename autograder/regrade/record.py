"""What a class's tables and its report need of one grading, and no more: results are read one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.grading.results import Outcome, add_up
from autograder.regrade.export import HandedIn, Official


@dataclass(frozen=True)
class RowRecord:
    """One row of one submission.

    Attributes:
        number: such as ``"3.1.2"``.
        title: what is checked.
        score: the points earned.
        points: what the row is worth.
        outcome: how it ended, as `Outcome` writes it.
        seconds: how long it took.
        reason: the diagnosis, or what was found, in a line; empty where it passed.
        diagnosis: the known mistake, in a sentence; empty where none was found.
        kind: the mismatch's kind, or the name of the fault's class; empty where it passed.
        same_cause_as: the earlier row that failed for the same cause; empty where there is none.
    """

    number: str
    title: str
    score: float
    points: float
    outcome: str
    seconds: float
    reason: str = ""
    diagnosis: str = ""
    same_cause_as: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Record:
    """One submission of the class, as far as it is known.

    Attributes:
        handed_in: the submission.
        official: what counts until something else is promoted.
        status: ``"graded"``; ``"unreadable"``, which scores 0; ``"not graded"``, where the grader failed.
        rows: the rows that were graded.
        graded_score: what they add up to, as the grading wrote it; None where it was not graded.
        is_whole: whether all rows were asked for.
        message: why it was not graded, or cannot be read; empty where it was graded.
        seconds: how long the grading took.
        stamp: what the grading depended on, and when it was done.
        misconceptions: the sentence of each known mistake that was found, by function.
    """

    handed_in: HandedIn
    official: Official
    status: str
    rows: tuple[RowRecord, ...] = ()
    graded_score: float | None = None
    is_whole: bool = True
    message: str = ""
    seconds: float = 0.0
    stamp: Mapping[str, str] | None = None
    misconceptions: Mapping[str, str] | None = None

    @property
    def new_score(self) -> float | None:
        """The total with what was graded now; None where it is not known.

        Where some rows alone were asked for, the others keep their official points.
        """
        if self.status != "graded" or self.is_whole or self.official.score is None:
            return self.graded_score
        if not self.official.rows:
            return None
        gained = add_up(row.score - self.official.rows.get(row.number, 0.0) for row in self.rows)
        return add_up([self.official.score, gained])

    @property
    def change(self) -> float | None:
        """By how much the total changes; None where one of both is not known."""
        if self.new_score is None or self.official.score is None:
            return None
        return add_up([self.new_score, -self.official.score])

    @property
    def changed_rows(self) -> Iterator[tuple[str, float | None, RowRecord | None]]:
        """Each row whose points change: its number, its official points, and what was found now."""
        if self.status != "graded" or not self.official.rows:
            return
        graded = {row.number: row for row in self.rows}
        for row in self.rows:
            old = self.official.rows.get(row.number)
            if old != row.score:
                yield row.number, old, row
        if self.is_whole:
            yield from ((one, old, None) for one, old in self.official.rows.items() if one not in graded)

    @property
    def outcome(self) -> str:
        """In a word for the progress: full, part, none, unreadable or not graded."""
        if self.status != "graded":
            return self.status
        lost = [row for row in self.rows if row.outcome != Outcome.PASSED.value]
        return "full" if not lost else "none" if len(lost) == len(self.rows) else "part"


def read_record(
    handed_in: HandedIn, official: Official, document: Mapping[str, Any], *, is_whole: bool
) -> Record:
    """Read the results of a grading.

    Args:
        handed_in: the submission.
        official: what counts for it.
        document: its results.json.
        is_whole: whether all rows were asked for.
    """
    extra = document["extra_data"]
    misconceptions = extra.get("misconceptions")
    return Record(
        handed_in,
        official,
        "graded",
        tuple(map(_row, document["tests"])),
        float(document["score"]),
        is_whole,
        seconds=float(document["execution_time"]),
        stamp=extra.get("regrade"),
        misconceptions=misconceptions if isinstance(misconceptions, dict) else {},
    )


def _row(row: Mapping[str, Any]) -> RowRecord:
    extra = row["extra_data"]
    outcome = str(extra["outcome"])
    diagnosis = str(extra.get("diagnosis", ""))
    found = diagnosis or str(extra.get("mismatch", ""))
    return RowRecord(
        str(row["number"]),
        str(row["name"]),
        float(row.get("score", extra.get("score", 0.0))),
        float(row.get("max_score", extra.get("max_score", 0.0))),
        outcome,
        float(extra["seconds"]),
        "" if outcome == Outcome.PASSED.value else (found.strip().splitlines() or [outcome])[0],
        diagnosis,
        str(extra.get("same_cause_as", "")),
        str(extra.get("kind", "")),
    )
