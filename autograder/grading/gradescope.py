"""All that is the platform's: its folders, and the rules of its results.json."""

from __future__ import annotations

import html
import json
import os
import re
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.grading import wording
from autograder.grading.metadata import Metadata, read_metadata
from autograder.grading.results import Outcome, Results, Row, format_points
from autograder.grading.settings import Settings

UNFINISHED = "The grading did not finish: checks without a result count 0 points."
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

    @property
    def metadata(self) -> Metadata | None:
        """What the platform says of the submission beside its files; None where it says nothing."""
        return read_metadata(self.root / "submission_metadata.json")

    @contextmanager
    def closed_to_others(self) -> Iterator[None]:
        """Close source, submission and results to other users as long as student code runs."""
        before = {}
        try:
            for name in ("source", "submission", "results"):
                folder = self.root / name
                with suppress(OSError):
                    before[folder] = folder.stat().st_mode & 0o7777
                    folder.chmod(0o700)
            yield
        finally:
            for folder, mode in before.items():
                with suppress(OSError):
                    folder.chmod(mode)


def provisional(title: str, sentence: str) -> dict[str, object]:
    """A valid results.json for a grading of which no row is known: score 0 and a sentence."""
    return render(Results(title, summary=sentence), _AS_USUAL) | {"score": 0.0}


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


_AS_USUAL = Settings(salt="")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Student code decides part of an output: colour codes of a terminal, half a character that UTF-8 lacks."""


def render(results: Results, settings: Settings = _AS_USUAL) -> dict[str, object]:
    """Turn results into the platform's document.

    Args:
        results: the results, of a grading that has ended or is still running.
        settings: what is shown beside the rows' own visibility.
    """
    document: dict[str, object] = {
        "score": results.points + results.bonus,
        "execution_time": round(results.seconds, 3),
        "output": _shorten(results.summary or UNFINISHED),
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
        "tests": [_row(row, results.rows, settings) for row in results.rows],
    }
    columns = _leaderboard(results) if settings.leaderboard else []
    return document | ({"leaderboard": columns} if columns else {})


def _row(row: Row, rows: Iterable[Row], settings: Settings) -> dict[str, object]:
    bonus = f" (bonus, up to +{format_points(row.points)})" if row.is_bonus else ""
    # A bonus counts on top: the max_scores add up to the published total.
    points = {"score": row.score, "max_score": 0.0 if row.is_bonus else row.points}
    extra: dict[str, object] = {"outcome": row.outcome.value, "seconds": round(row.seconds, 3)}
    if row.curve is not None:
        extra |= {"final_return": row.curve.final_return, "environment_steps_to_bar": row.curve.steps_to_bar}
    try:
        output = _output(row, rows, settings)
        if row.outcome not in (Outcome.PASSED, Outcome.DID_NOT_FINISH):
            extra |= _for_staff(row)
    except Exception:
        # What cannot be told costs the telling, not the row.
        output = {"output": "What was found cannot be shown: tell the course staff."}
        extra["fault"] = traceback.format_exc()
    return {
        "number": row.number,
        "name": row.title + (bonus if settings.points_shown else ""),
        **(points if settings.points_shown else {}),
        "status": "passed" if row.outcome is Outcome.PASSED else "failed",
        **output,
        "visibility": row.visibility,
        "extra_data": extra if settings.points_shown else extra | points,
    }


def _for_staff(row: Row) -> dict[str, object]:
    """Why a row did not pass, in fields: for staff, tests and reports on a class."""
    explanation = row.explanation
    calls = [wording.to_json(call) for call in explanation.calls if wording.is_small(call)]
    fields: dict[str, object] = {"seeds": dict(row.seeds), "mismatch": _shorten(explanation.mismatch)}
    if explanation.kind:
        fields["kind"] = explanation.kind
    if explanation.number_of_calls == 1 and calls:
        fields["call"] = calls[0]
    elif explanation.calls:
        fields |= {"calls": calls, "number_of_calls": explanation.number_of_calls}
    if explanation.diagnosis:
        fields["diagnosis"] = _shorten(explanation.diagnosis)
    if explanation.lead:
        fields["same_cause_as"] = explanation.lead
    return fields


def _output(row: Row, rows: Iterable[Row], settings: Settings) -> dict[str, object]:
    """What a row says: text, or html where it shows a picture."""
    text = wording.to_text(row.explanation, settings.feedback)
    if row.curve is None or row.visibility == "hidden" or settings.feedback == "names":
        return {"output": _shorten(text)}
    pointer = wording.pointer_to_curve(row, rows)
    if pointer or not row.curve.html:
        in_words = pointer or row.curve.text
        return {"output": "\n".join(filter(None, [_shorten(text), in_words]))}
    # Student code decides part of the explanation. Escaping may make it five times as long.
    said = html.escape(_shorten(text, (LONGEST_OUTPUT - len(row.curve.html)) // 5))
    return {"output": (f"<pre>{said}</pre>\n" if said else "") + row.curve.html, "output_format": "html"}


def _leaderboard(results: Results) -> list[dict[str, object]]:
    """Two columns for every algorithm whose learning curve is known; steps only where the bar was reached.

    None where a row with the curve is shown later: a column would tell what the row holds back.
    """
    shown = [(row.curve, row.visibility == "visible") for row in results.rows if row.curve is not None]
    later = {curve.name for curve, is_visible in shown if not is_visible}
    curves = {curve.name: curve for curve, _ in shown if curve.name not in later}
    columns: list[dict[str, object]] = []
    for name, curve in sorted(curves.items()):
        if curve.steps_to_bar is not None:
            columns.append(
                {
                    "name": f"{name}: environment steps to {curve.bar:g}",
                    "value": curve.steps_to_bar,
                    "order": "asc",
                }
            )
        columns.append(
            {"name": f"{name}: final return", "value": round(curve.final_return, 1), "order": "desc"}
        )
    return columns


def _shorten(text: str, longest: int = LONGEST_OUTPUT) -> str:
    text = _UNPRINTABLE.sub("�", text.replace("\r\n", "\n"))
    if len(text) <= longest:
        return text
    return text[:longest] + "\n[The rest was too long to show.]"
