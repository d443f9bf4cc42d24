"""All that is the platform's: its folders, and the rules of its results.json."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.results import Outcome, Results, Row, format_points

LONGEST_OUTPUT = 90_000
"""The platform cuts every output in the middle at 100,000 characters; ours ends in a sentence instead."""


@dataclass(frozen=True)
class Platform:
    """The platform's folders, below ``/autograder`` or wherever AUTOGRADER_ROOT says."""

    root: Path

    @classmethod
    def from_environment(cls) -> Platform:
        """Find the tree; AUTOGRADER_ROOT moves it for a rehearsal."""
        return cls(Path(os.environ.get("AUTOGRADER_ROOT") or "/autograder"))

    @property
    def submission(self) -> Path:
        """Where the submitted files lie."""
        return self.root / "submission"

    @property
    def results_file(self) -> Path:
        """The file the platform reads after the run."""
        return self.root / "results" / "results.json"


def provisional(title: str, sentence: str) -> dict[str, object]:
    """A valid results.json for a grading of which no row is known: score 0 and a sentence."""
    return _document(Results(title, summary=sentence)) | {"score": 0.0}


def render(results: Results) -> dict[str, object]:
    """Turn results into the platform's document."""
    return _document(results)


def write(document: Mapping[str, object], file: Path, *, durable: bool = True) -> None:
    """Replace a file by a document in one step, so that a reader never sees half of it.

    Args:
        document: what JSON can write; NaN is refused.
        file: the file to replace; its folder is made if need be.
        durable: whether to wait until it is on disk.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    # Indented for people at the end only: json's fast encoder knows no indentation.
    text = json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1 if durable else None)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        os.chmod(name, 0o644)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _document(results: Results) -> dict[str, object]:
    return {
        "score": results.points + results.bonus,
        "execution_time": round(results.seconds, 3),
        "output": _shorten(results.summary),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "points": results.points,
            "possible_points": results.possible_points,
            "bonus": results.bonus,
            **results.staff,
        },
        "tests": [_row(row) for row in results.rows],
    }


def _row(row: Row) -> dict[str, object]:
    bonus = f" (bonus, up to +{format_points(row.points)})" if row.is_bonus else ""
    return {
        "number": row.number,
        "name": row.title + bonus,
        "score": row.score,
        # A bonus counts on top: the max_scores add up to the published total.
        "max_score": 0.0 if row.is_bonus else row.points,
        "status": "passed" if row.outcome is Outcome.PASSED else "failed",
        "output": _shorten(row.explanation),
        "visibility": row.visibility,
        "extra_data": {"outcome": row.outcome.value, "seconds": round(row.seconds, 3)},
    }


def _shorten(text: str) -> str:
    if len(text) <= LONGEST_OUTPUT:
        return text
    return text[:LONGEST_OUTPUT] + "\n[The rest was too long to show.]"
