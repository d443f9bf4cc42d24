"""What the platform says of a submission beside its files: who, when, and after how many attempts.

For the staff's eyes only. Nothing here decides a point, and nothing in the file, or its absence, may fail a
grading: whatever is missing or odd is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

MAX_FILE_BYTES = 64 * 1024 * 1024
"""The file holds the results of the previous attempt, and so has some megabytes at most."""


@dataclass(frozen=True)
class Metadata:
    """What is known; None and empty where it is not.

    Attributes:
        submission: the submission's identifier.
        members: the names of who handed it in together.
        created_at: when it was handed in. Lateness is counted from it and never from the clock, so that a
            re-grade says the same.
        due: when it was due.
        late_due: until when a late one was accepted.
        method: how it was handed in, such as ``"upload"`` or ``"GitHub"``.
        previous_scores: of the attempts before, oldest first; None for one that was not graded.
    """

    submission: str = ""
    members: tuple[str, ...] = ()
    created_at: datetime | None = None
    due: datetime | None = None
    late_due: datetime | None = None
    method: str = ""
    previous_scores: tuple[float | None, ...] = ()

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return len(self.previous_scores) + 1

    @property
    def late_seconds(self) -> float | None:
        """How long after the due date it came; 0 where it was in time, None where that is not known."""
        if self.created_at is None or self.due is None:
            return None
        return max((self.created_at - self.due).total_seconds(), 0.0)

    @property
    def is_after_late_due(self) -> bool | None:
        """Whether it came after even the late due date; None where that is not known."""
        if self.created_at is None or self.late_due is None:
            return None
        return self.created_at > self.late_due

    def for_staff(self) -> dict[str, object]:
        """What is known, as JSON values."""
        late = self.late_seconds
        said: dict[str, object] = {
            "submission_id": self.submission,
            "members": list(self.members),
            "method": self.method,
            "created_at": self.created_at.isoformat() if self.created_at else "",
            "late_hours": None if late is None else round(late / 3600, 2),
            "is_after_late_due": self.is_after_late_due,
            "attempt": self.attempt,
            "previous_scores": list(self.previous_scores),
        }
        return {name: value for name, value in said.items() if value not in (None, "", [])}


def read_metadata(file: Path) -> Metadata | None:
    """Read ``submission_metadata.json``.

    Args:
        file: the file; outside the platform there is none.

    Returns:
        What it says, or None where it says nothing that can be read.
    """
    try:
        with file.open("rb") as stream:
            values = json.loads(stream.read(MAX_FILE_BYTES))
    # RecursionError: nested too deeply. Whatever it is, the submission is not to blame.
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    assignment = _mapping(values.get("assignment"))
    return Metadata(
        submission=_text(values.get("id")),
        members=tuple(name for user in _list(values.get("users")) if (name := _name(user))),
        created_at=_time(values.get("created_at")),
        due=_time(assignment.get("due_date")),
        late_due=_time(assignment.get("late_due_date")),
        method=_text(values.get("submission_method")),
        previous_scores=_previous_scores(_list(values.get("previous_submissions"))),
    )


def _previous_scores(attempts: list[object]) -> tuple[float | None, ...]:
    known = [attempt for attempt in attempts if isinstance(attempt, dict)]
    # As text, since some may have no time: ISO 8601 with one offset sorts by time so.
    known.sort(key=lambda attempt: _text(attempt.get("submission_time")))
    return tuple(_number(attempt.get("score")) for attempt in known)


def _name(user: object) -> str:
    entry = _mapping(user)
    return _text(entry.get("name")) or _text(entry.get("email")) or _text(entry.get("id"))


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        # Python 3.10 reads no "Z".
        time = datetime.fromisoformat(value[:-1] + "+00:00" if value.endswith("Z") else value)
    except ValueError:
        return None
    # Without an offset it could not be compared with the others.
    return time if time.tzinfo else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    if isinstance(value, str):
        # What cannot be written to the results (half a character) is replaced.
        return value.encode("utf-8", errors="replace").decode("utf-8")[:200]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _number(value: object) -> float | None:
    """A score, which the platform has written as a text as well."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if number - number == 0 else None
