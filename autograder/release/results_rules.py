"""Whether a results.json, anybody's, obeys the platform: one sentence for every rule it breaks.

Keys and types are data (``results_schema.json``); every other rule is a small function here. Never imported
on the grading path: jsonschema alone takes 0.2 s.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema

MAX_OUTPUT_CHARS = 100_000
"""In characters; the platform cuts a longer output in the middle."""
MAX_PICTURE_BYTES = 70_000
"""Of the output's text: the whole of it has to stay below the cut."""
_SCHEMA = Path(__file__).with_name("results_schema.json")
_EXPECTED = {
    "number": "a number",
    "string": "a text",
    "object": "an object",
    "array": "a list",
}
_ANSI = re.compile("\x1b\\[")
_PICTURE = re.compile(r"data:image/[a-z+.-]+;base64,[A-Za-z0-9+/=\s]*")
_SANITISED = frozenset(
    {"script", "style", "iframe", "object", "embed", "form", "input", "button", "link", "meta"}
)

Document = Mapping[str, Any]


def check_file(file: Path, total: float | None = None) -> list[str]:
    """Check a file against every rule.

    Args:
        file: the file.
        total: the published total that the rows' ``max_score`` must add up to; None where it is not known.

    Returns:
        A sentence for every violation.

    Raises:
        OSError: it cannot be read.
    """
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"The file is not UTF-8 at byte {error.start}: the platform would show a failed grading."]
    return check_text(text, total)


def check_text(text: str, total: float | None = None) -> list[str]:
    """Check the text of a results.json against every rule; arguments and result as in `check_file`."""
    repeated: list[str] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        repeated.extend(name for name in dict.fromkeys(names) if names.count(name) > 1)
        return dict(pairs)

    try:
        document = json.loads(text, object_pairs_hook=keep)
    except (ValueError, RecursionError) as error:
        return [f"The file is not JSON ({error}): the platform would show a failed grading."]
    problems = [f'The key "{name}" stands twice in one object: the first value is lost.' for name in repeated]
    if not isinstance(document, dict):
        return [f"The file holds {_shown(document)}, but an object was expected."]
    unsound = list(_schema_violations(document))
    # The other rules would trip over wrong types; without any, they say the rest.
    rules = [numbers_are_finite] if unsound else RULES
    problems += unsound
    problems += [sentence for rule in rules for sentence in rule(document)]
    if total is not None and not unsound:
        problems += max_scores_add_up(document, total)
    return problems


def score_or_tests_exist(document: Document) -> Iterator[str]:
    """The platform computes the score from the rows where the document gives none."""
    if "score" not in document and not document.get("tests"):
        yield 'There is neither "score" nor a row in "tests": the platform knows no score.'


def numbers_are_finite(document: Document) -> Iterator[str]:
    """Python writes and reads NaN and Infinity; JSON has neither."""
    for where, value in _walk(document):
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{where} is {_shown(value)}, which is no JSON number: write with allow_nan=False."


def rows_are_graded_or_informational(document: Document) -> Iterator[str]:
    """A graded row has a score and a max_score, an informational one neither."""
    for where, row in _rows(document):
        if "score" in row and "max_score" not in row:
            yield f"{where} has a score but no max_score: give both, or neither."
        if "max_score" in row and "score" not in row:
            yield f"{where} has a max_score but no score: give both, or neither."


def partial_credit_has_a_status(document: Document) -> Iterator[str]:
    """Otherwise the platform decides whether half the points are green or red."""
    for where, row in _rows(document):
        if "status" not in row and 0 < row.get("score", 0) < row.get("max_score", 0):
            yield f'{where} has partial credit but no status: say "passed" or "failed" on purpose.'


def status_agrees_with_score(document: Document) -> Iterator[str]:
    """A green row without points, or a red one with all of them, is read as a mistake."""
    for where, row in _rows(document):
        score, most = row.get("score", 0), row.get("max_score", 0)
        if row.get("status") == "passed" and score <= 0 < most:
            yield f"{where} is passed, but has {score:g} of {most:g} points."
        if row.get("status") == "failed" and 0 < most <= score:
            yield f"{where} is failed, but has {score:g} of {most:g} points."


def no_row_is_hidden(document: Document) -> Iterator[str]:
    """One hidden row hides the total from its student."""
    hidden = [where for where, row in _rows(document) if row.get("visibility") == "hidden"]
    if hidden:
        others = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
        yield (
            f"{hidden[0]}{others} is hidden, which hides the student's total: take after_published, or leave "
            "the row out."
        )


def outputs_are_shown_whole(document: Document) -> Iterator[str]:
    """The platform cuts the middle out of a long output."""
    for where, text, _ in _outputs(document):
        if len(text) > MAX_OUTPUT_CHARS:
            yield f"{where} has {len(text)} characters: the middle is cut out beyond {MAX_OUTPUT_CHARS}."


def pictures_are_small_html_with_words(document: Document) -> Iterator[str]:
    """An inline picture needs html, room, and a text for who cannot see it."""
    for where, text, form in _outputs(document):
        pictures = _PICTURE.findall(text)
        if pictures and form != "html":
            yield f'{where} holds a picture, which shows in html alone, but its format is "{form}".'
        for picture in pictures:
            if len(picture) > MAX_PICTURE_BYTES:
                size = len(picture)
                yield f"{where} holds a picture of {size} bytes: keep it under {MAX_PICTURE_BYTES}."
        if pictures and form == "html" and not _Reader.read(text).words:
            yield f"{where} holds a picture without words: say beside it, or in alt, what it shows."


def html_survives_the_sanitiser(document: Document) -> Iterator[str]:
    """Scripts, styles and handlers are taken out, and what depended on them breaks."""
    for where, text, form in _outputs(document):
        for name in sorted(_Reader.read(text).refused) if form == "html" else ():
            yield f"{where} has html that the platform takes out: {name}. Do without it."


def terminal_colours_are_asked_for(document: Document) -> Iterator[str]:
    """Colour codes are rubbish on a page, unless the format is ansi."""
    for where, text, form in _outputs(document):
        if form != "ansi" and _ANSI.search(text):
            yield f'{where} holds colour codes of a terminal: strip them, or take the format "ansi".'


def texts_can_be_written(document: Document) -> Iterator[str]:
    """Half of a surrogate pair is JSON, but no text."""
    for where, value in _walk(document):
        if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
            yield f"{where} holds half a character (a lone surrogate), which cannot be stored as UTF-8."


def max_scores_add_up(document: Document, total: float) -> Iterator[str]:
    """The published total is the same for every submission."""
    graded = [row["max_score"] for _, row in _rows(document) if "max_score" in row]
    # Rows without points say nothing of the total.
    if graded and not math.isclose(sum(graded), total, abs_tol=1e-6):
        yield f"The rows' max_score add up to {sum(graded):g}, but the published total is {total:g}."


RULES: Sequence[Callable[[Document], Iterator[str]]] = (
    score_or_tests_exist,
    numbers_are_finite,
    rows_are_graded_or_informational,
    partial_credit_has_a_status,
    status_agrees_with_score,
    no_row_is_hidden,
    outputs_are_shown_whole,
    pictures_are_small_html_with_words,
    html_survives_the_sanitiser,
    terminal_colours_are_asked_for,
    texts_can_be_written,
)
"""Every rule beyond the schema that needs nothing but the document."""


def _schema_violations(document: Document) -> Iterator[str]:
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for error in sorted(
        validator.iter_errors(document), key=lambda error: list(map(str, error.absolute_path))
    ):
        where = _place(error.absolute_path, document)
        found = _shown(error.instance)
        if error.validator == "additionalProperties":
            known = list(error.schema["properties"])
            for name in sorted(set(error.instance) - set(known)):
                close = difflib.get_close_matches(name, known, n=1)
                meant = f"did you mean {close[0]}?" if close else f"it knows {', '.join(known)}."
                yield f'{where} has a key "{name}", which the platform does not know; {meant}'
        elif error.validator == "enum":
            choices = error.validator_value
            close = difflib.get_close_matches(str(error.instance), choices, n=1)
            meant = f"; did you mean {close[0]}?" if close else "."
            yield f"{where} is {found}, but one of {', '.join(choices)} was expected{meant}"
        elif error.validator == "type":
            kinds = (
                [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
            )
            expected = " or ".join(_EXPECTED[kind] for kind in kinds)
            yield f"{where} is {found}, but {expected} was expected."
        elif error.validator == "required":
            # One error a key, which only the message names.
            missing = error.message.split("'")[1]
            yield f"{where} has no {missing}."
        else:
            yield f"{where} is {found}, but a number of at least {error.validator_value} was expected."


def _rows(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place, row in enumerate(document.get("tests", ())):
        yield _place(["tests", place], document), row


def _outputs(document: Document) -> Iterator[tuple[str, str, str]]:
    """Yield where an output stands, its text and its format."""
    yield "output", document.get("output", ""), document.get("output_format", "text")
    usual = document.get("test_output_format", "text")
    for where, row in _rows(document):
        yield f"The output of {where}", row.get("output", ""), row.get("output_format", usual)


def _walk(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, object]]:
    entries: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(value, Mapping):
        entries = iter(value.items())
    elif isinstance(value, list):
        entries = iter(enumerate(value))
    else:
        yield _place(path, {}), value
    for key, entry in entries:
        yield from _walk(entry, (*path, key))


def _place(path: Sequence[str | int] | Any, document: Document) -> str:
    """Write a path as one would in code: ``tests[3].status``, and the row's number where it has one."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
    if not text:
        return "The document"
    rows = document.get("tests")
    keys = list(path)
    if len(keys) >= 2 and keys[0] == "tests" and isinstance(rows, list) and isinstance(rows[keys[1]], dict):
        number = rows[keys[1]].get("number") or rows[keys[1]].get("name")
        text += f" ({number})" if isinstance(number, str) else ""
    return text


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


class _Reader(HTMLParser):
    """Reads html as far as the rules need it."""

    def __init__(self) -> None:
        super().__init__()
        self.words = False
        self.refused: set[str] = set()

    @classmethod
    def read(cls, text: str) -> _Reader:
        reader = cls()
        reader.feed(text)
        reader.close()
        return reader

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SANITISED:
            self.refused.add(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on"):
                self.refused.add(f"{name}=")
            if (value or "").strip().lower().startswith("javascript:"):
                self.refused.add("javascript:")
            if name == "alt" and (value or "").strip():
                self.words = True

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words = True
