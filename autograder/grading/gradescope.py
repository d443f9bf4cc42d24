"""Renders results as the platform's document, results.json."""

from __future__ import annotations

import html
import re
import traceback
from collections.abc import Iterable

from autograder.grading import wording
from autograder.grading.results import Outcome, Results, Row, format_points
from autograder.grading.settings import Settings

UNFINISHED = "The grading did not finish: checks without a result count 0 points."
MAX_OUTPUT_CHARS = 90_000
"""The platform cuts every output in the middle at 100,000 characters; ours ends in a sentence instead."""


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
    said = html.escape(_shorten(text, (MAX_OUTPUT_CHARS - len(row.curve.html)) // 5))
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


def _shorten(text: str, longest: int = MAX_OUTPUT_CHARS) -> str:
    text = _UNPRINTABLE.sub("�", text.replace("\r\n", "\n"))
    if len(text) <= longest:
        return text
    return text[:longest] + "\n[The rest was too long to show.]"
