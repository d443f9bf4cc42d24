"""What a grading found out, as records. Knows neither the platform's schema nor the terminal."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from autograder.grading.curve import Curve


class Outcome(enum.Enum):
    """How a row ended. Wrong, not attempted and the grader's own fault stay apart."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ATTEMPTED = "not attempted"
    DID_NOT_FINISH = "did not finish"
    GRADER_FAULT = "grader fault"


@dataclass(frozen=True, eq=False)
class RejectedCall:
    """A call whose answer was rejected, as it was made.

    Attributes:
        function: ``module.function``.
        package: the package the module is in.
        arguments: every argument that was given, by its name in the contract.
        returned: what came back; None where the call raised or returned nothing usable.
        expected: what the right function returns; None where the row has no single call, or where there is no
            right value.
    """

    function: str
    package: str
    arguments: Mapping[str, object]
    returned: np.ndarray | None
    expected: np.ndarray | None = None

    def values(self) -> Iterator[tuple[str, object]]:
        """Every argument by its name, with the fields in place of a record."""
        for name, value in self.arguments.items():
            if dataclasses.is_dataclass(value):
                yield from ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
            else:
                yield name, value


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a row did not pass.

    Attributes:
        mismatch: sentences: what was expected and what came back, or why there is no result.
        kind: the mismatch's kind, or the name of the fault's class.
        checked: what was checked and on which slide.
        calls: the call that was rejected; several where the row holds them against one another.
        number_of_calls: how many calls the row held against one another; `calls` may be one of them.
        diagnosis: the known mistake that the function makes, in a sentence; empty where none was found.
        lead: the number of an earlier row that failed for the same cause; empty where there is none.
        notes: further sentences.
        tells_numbers: whether `mismatch` tells hidden numbers.
    """

    mismatch: str = ""
    kind: str = ""
    checked: str = ""
    calls: tuple[RejectedCall, ...] = ()
    number_of_calls: int = 0
    diagnosis: str = ""
    lead: str = ""
    notes: tuple[str, ...] = ()
    tells_numbers: bool = False


@dataclass(frozen=True)
class Row:
    """One graded check.

    Attributes:
        number: such as ``"3.1.2"``; rows are sorted by it.
        title: what is checked, for the student.
        points: what the row is worth.
        is_bonus: whether its points come on top of the total.
        visibility: the platform's word for who sees it and when.
        outcome: how it ended.
        explanation: why it did not pass; empty where it passed.
        seconds: how long it took.
        curve: a learning curve to show with it, if there is one.
        seeds: what its inputs were drawn from, by purpose, where it did not pass.
    """

    number: str
    title: str
    points: float
    is_bonus: bool
    visibility: str = "visible"
    outcome: Outcome = Outcome.DID_NOT_FINISH
    explanation: Explanation = Explanation("This check did not finish.")
    seconds: float = 0.0
    curve: Curve | None = None
    seeds: Mapping[str, int] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The points earned: all or nothing."""
        return self.points if self.outcome is Outcome.PASSED else 0.0

    @property
    def sort_key(self) -> tuple[int, ...]:
        """``"3.10.2"`` as numbers, so that 3.10 comes after 3.9."""
        return tuple(int(piece) for piece in self.number.split("."))


@dataclass(frozen=True)
class Results:
    """What is known of a grading, at any time during it.

    Attributes:
        title: the homework's name.
        rows: every row, sorted by number.
        summary: sentences on the whole, for the student.
        seconds: how long the grading took.
        staff: what only staff is to see, as JSON values.
        is_whole: whether these are all rows of the homework, not only those that were asked for.
    """

    title: str
    rows: tuple[Row, ...] = ()
    summary: str = ""
    seconds: float = 0.0
    staff: Mapping[str, object] = field(default_factory=dict)
    is_whole: bool = True

    @property
    def points(self) -> float:
        """The points earned, without the bonus."""
        return add_up(row.score for row in self.rows if not row.is_bonus)

    @property
    def bonus(self) -> float:
        """The bonus points earned."""
        return add_up(row.score for row in self.rows if row.is_bonus)

    @property
    def possible_points(self) -> float:
        """The published total, without the bonus."""
        return add_up(row.points for row in self.rows if not row.is_bonus)

    @property
    def faults(self) -> tuple[str, ...]:
        """Where the grader itself failed: the row or whatever it was, and the traceback."""
        return faults_in(self.staff)

    def row(self, number: str) -> Row:
        """The row of a number."""
        return next(row for row in self.rows if row.number == number)

    def with_row(self, row: Row) -> Results:
        """These results with the row of the same number replaced."""
        return replace(self, rows=tuple(row if old.number == row.number else old for old in self.rows))


def faults_in(staff: Mapping[str, object]) -> tuple[str, ...]:
    """The grader's own faults, of what staff is told: `Results.staff`, and what is written of it."""
    faults = staff.get("grader_faults")
    return tuple(map(str, faults)) if isinstance(faults, list) else ()


def in_one_line(fault: str) -> str:
    """The beginning of one of the grader's faults, which says where, and its end, which says what."""
    lines = [line.strip() for line in fault.splitlines() if line.strip()]
    return lines[0] if len(lines) == 1 else f"{lines[0]} … {lines[-1]}"


def add_up(points: Iterable[float]) -> float:
    """Add up points as they are written: three times 0.1 are 0.3, which floats miss."""
    return float(sum(Decimal(str(one)) for one in points))


def format_sum(rows: Sequence[Row], out_of: str = " of ") -> str:
    """Write what rows have earned: ``20 of 22``, and ``1 of +1`` for those that are a bonus."""
    written = []
    for sign, own in (
        ("", [row for row in rows if not row.is_bonus]),
        ("+", [row for row in rows if row.is_bonus]),
    ):
        if own:
            earned, possible = add_up(row.score for row in own), add_up(row.points for row in own)
            written.append(f"{format_points(earned)}{out_of}{sign}{format_points(possible)}")
    return ", ".join(written)


def format_points(points: float) -> str:
    """Write points without a needless ``.0``."""
    return f"{points:g}"
