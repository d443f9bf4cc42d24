"""What a class's results say of the rows, and what the class has misunderstood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from autograder.grading.results import Outcome
from autograder.regrade.record import Record
from autograder.sandbox import failures

NO_ANSWER = frozenset(
    fault.__name__
    for fault in (
        *(failures.MissingModule, failures.MissingFunction, failures.ImportFailed, failures.OutOfMemory),
        *(failures.CallExited, failures.CallTimedOut, failures.OutOfTime, failures.WorkerDied),
        failures.BadReply,
    )
)
"""The kinds of rows that fail because nothing came back."""
MIN_FOR_ADVICE = 10
"""With fewer submissions, a row that all of them pass, or a correlation below 0, means nothing."""


@dataclass(frozen=True)
class Item:
    """One row over the class.

    Attributes:
        number: such as ``"3.1.2"``.
        title: what is checked.
        passed: how many submissions pass it.
        graded: how many were judged on it.
        low: the lower end of the share that passes, Wilson's interval at 95 %.
        high: its upper end.
        discrimination: the correlation of passing with the points of the *other parts*, since rows of a part
            depend on one another; None where one of both does not vary.
        seconds: the median time it takes.
    """

    number: str
    title: str
    passed: int
    graded: int
    low: float
    high: float
    discrimination: float | None
    seconds: float

    @property
    def share(self) -> float:
        """The share that passes."""
        return self.passed / self.graded

    @property
    def advice(self) -> str:
        """What looks broken about the row; empty where nothing does."""
        if self.graded < MIN_FOR_ADVICE:
            return ""
        if self.passed == 0:
            return "Nobody passes: is the row right?"
        if self.passed == self.graded:
            return "Nobody loses a point here."
        if self.discrimination is not None and self.discrimination < 0:
            return "Those who do well elsewhere fail more often: read their code."
        return ""


@dataclass(frozen=True)
class Cause:
    """A known mistake that submissions of the class make.

    Attributes:
        function: ``module.function``.
        sentence: what the students are told, the slide among it.
        submissions: the names of those that make it.
    """

    function: str
    sentence: str
    submissions: tuple[str, ...]


def analyse_rows(records: Iterable[Record]) -> list[Item]:
    """Look at every row over all submissions that were graded, sorted by number."""
    graded = [record for record in records if record.rows]
    totals = [_points_by_part(record) for record in graded]
    found: dict[str, list[tuple[bool, float, float]]] = defaultdict(list)
    titles: dict[str, str] = {}
    for record, points in zip(graded, totals, strict=True):
        for row in record.rows:
            titles[row.number] = row.title
            others = sum(points.values()) - points[row.number.split(".")[0]]
            found[row.number].append((row.outcome == Outcome.PASSED.value, others, row.seconds))
    return [_item(number, titles[number], found[number]) for number in sorted(found, key=_sort_key)]


def find_causes(records: Iterable[Record]) -> list[Cause]:
    """The known mistakes of the class, the most frequent first."""
    makers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in records:
        for function, sentence in (record.misconceptions or {}).items():
            makers[function, sentence].append(record.handed_in.name)
    causes = [Cause(function, sentence, tuple(names)) for (function, sentence), names in makers.items()]
    return sorted(causes, key=lambda cause: (-len(cause.submissions), cause.function, cause.sentence))


def find_unnamed(records: Iterable[Record]) -> dict[str, list[str]]:
    """By row, the submissions that fail it without a known mistake, and not for an earlier row's cause."""
    found: dict[str, list[str]] = defaultdict(list)
    for record in records:
        for row in record.rows:
            is_answer = row.kind not in NO_ANSWER
            is_first = not row.same_cause_as
            if row.outcome == Outcome.FAILED.value and is_answer and is_first and not row.diagnosis:
                found[row.number].append(record.handed_in.name)
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), _sort_key(pair[0]))))


def _item(number: str, title: str, found: Sequence[tuple[bool, float, float]]) -> Item:
    passes, others, seconds = (np.array(column, dtype=float) for column in zip(*found, strict=True))
    passed, graded = int(passes.sum()), len(passes)
    interval = stats.binomtest(passed, graded).proportion_ci(method="wilson")
    varies = np.ptp(passes) > 0 and np.ptp(others) > 0
    discrimination = float(np.corrcoef(passes, others)[0, 1]) if varies else None
    return Item(
        *(number, title, passed, graded),
        *(float(interval.low), float(interval.high), discrimination, float(np.median(seconds))),
    )


def _points_by_part(record: Record) -> dict[str, float]:
    points: dict[str, float] = defaultdict(float)
    for row in record.rows:
        points[row.number.split(".")[0]] += row.score
    return points


def _sort_key(number: str) -> tuple[int, ...]:
    return tuple(int(piece) for piece in number.split("."))
