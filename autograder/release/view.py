"""What a results.json looks like to a student and to the staff: side by side in a terminal, or as a page.

Imitates what is publicly known of the platform, for any file that obeys its rules.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

Document = Mapping[str, Any]
SIDE_BY_SIDE_COLUMNS = 130
"""A narrower terminal shows one view below the other."""


def show(document: Document, console: Console, *, is_after_due_date: bool = False) -> None:
    """Print both views of a document.

    Args:
        document: a results.json that obeys the rules.
        console: where to.
        is_after_due_date: whether the student looks after the due date.
    """
    when = "after" if is_after_due_date else "before"
    title = f"What the student sees {when} the due date"
    student = _panel(title, "blue", _student_view(document, is_after_due_date))
    staff = _panel("What the staff sees besides", "magenta", _staff_view(document))
    if console.width < SIDE_BY_SIDE_COLUMNS:
        console.print(student, staff)
        return
    grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(student, staff)
    console.print(grid)


def _panel(title: str, colour: str, lines: Iterator[RenderableType]) -> Panel:
    return Panel(Group(*lines), title=f"[bold]{title}[/]", title_align="left", border_style=colour)


def to_page(document: Document, title: str, *, is_after_due_date: bool = False) -> str:
    """Make a static page of what the student sees.

    Args:
        document: a results.json that obeys the rules.
        title: the page's title.
        is_after_due_date: whether the student looks after the due date.
    """
    total = html.escape(_total(document, is_after_due_date))
    pieces = [f"<h1>{html.escape(title)}</h1>", f"<p class=total>{total}</p>"]
    if _is_shown(document, is_after_due_date):
        pieces.append(_output_html(document, document))
        for row in _shown_rows(document, is_after_due_date):
            status, heading = html.escape(_status(row)), html.escape(_heading(row))
            output = _output_html(row, document)
            pieces.append(f'<section class="{status}"><h2>{heading}</h2>{output}</section>')
        for column in document.get("leaderboard", ()):
            pieces.append(f"<p>Leaderboard: {html.escape(str(column['name']))}: {column['value']}</p>")
    body = "\n".join(pieces)
    return f'<!doctype html>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n{_STYLE}\n{body}\n'


_STYLE = """<style>
body { font: 15px/1.45 sans-serif; max-width: 900px; margin: 2em auto; color: #222; }
h1 { font-size: 1.3em; } h2 { font-size: 1em; margin: 0; } .total { font-weight: bold; }
section { border-left: 5px solid #bbb; background: #f7f7f7; margin: .6em 0; padding: .5em .9em; }
.passed { border-color: #2e8540; } .passed h2 { color: #1d6b2d; }
.failed { border-color: #c03a2b; } .failed h2 { color: #a32a1d; }
pre { font: 13px/1.35 "DejaVu Sans Mono", monospace; white-space: pre-wrap; margin: .4em 0 0; }
img { max-width: 100%; }
</style>"""


def _student_view(document: Document, is_after_due_date: bool) -> Iterator[RenderableType]:
    yield Text(_total(document, is_after_due_date), style="bold")
    if not _is_shown(document, is_after_due_date):
        yield Text("Nothing is shown yet.")
        return
    yield Text(_output_text(document, document) + "\n")
    for row in _shown_rows(document, is_after_due_date):
        mark = {"passed": "✓", "failed": "✗"}.get(_status(row), "·")
        yield Text(f"{mark} {_heading(row)}", style=_colour(row))
        output = _output_text(row, document)
        if output:
            yield Padding(Text(output), (0, 0, 0, 4))
    for column in document.get("leaderboard", ()):
        yield Text(f"Leaderboard: {column['name']}: {column['value']}", style="italic")


def _staff_view(document: Document) -> Iterator[RenderableType]:
    table = Table(box=None, pad_edge=False, expand=True)
    for name in ("row", "outcome", "seconds", "seen by students"):
        table.add_column(name, justify="right" if name == "seconds" else "left")
    for row in document.get("tests", ()):
        extra = row.get("extra_data", {})
        outcome = str(extra.get("outcome", _status(row)))
        seconds = extra.get("seconds")
        table.add_row(
            escape(str(row.get("number", row.get("name", "")))),
            f"[{_colour(row)}]{escape(outcome)}[/]",
            f"{seconds:.2f}" if isinstance(seconds, int | float) else "",
            _when(row),
        )
    for key in ("execution_time", "visibility", "stdout_visibility"):
        if key in document:
            yield Text(f"{key.replace('_', ' ')}: {document[key]}")
    for name, value in document.get("extra_data", {}).items():
        yield Text(f"{name}: {_compact(value)}")
    yield Text()
    yield table


def _shown_rows(document: Document, is_after_due_date: bool) -> Iterator[Mapping[str, Any]]:
    return (row for row in document.get("tests", ()) if _is_shown(row, is_after_due_date))


def _is_shown(bearer: Mapping[str, Any], is_after_due_date: bool) -> bool:
    """Whether students see a row, or the whole, before grades are published."""
    visibility = bearer.get("visibility", "visible")
    return visibility == "visible" or (visibility == "after_due_date" and is_after_due_date)


def _total(document: Document, is_after_due_date: bool) -> str:
    rows = document.get("tests", ())
    possible = sum(row.get("max_score", 0) for row in rows)
    # The platform shows no total while it would reveal something about a row that is not shown.
    if not all(_is_shown(bearer, is_after_due_date) for bearer in (document, *rows)):
        return f"Autograder score: - / {possible:g}"
    score = document.get("score", sum(row.get("score", 0) for row in rows))
    return f"Autograder score: {score:g}" + (f" / {possible:g}" if possible else "")


def _heading(row: Mapping[str, Any]) -> str:
    number = f"{row['number']}) " if row.get("number") else ""
    points = f" ({row['score']:g}/{row['max_score']:g})" if "score" in row and "max_score" in row else ""
    return f"{number}{row.get('name', '')}{points}"


def _status(row: Mapping[str, Any]) -> str:
    """Whether a row is shown as ``passed`` or ``failed``; empty where as neither."""
    if "status" in row or "score" not in row:
        return str(row.get("status") or "")
    return "passed" if row["score"] >= row.get("max_score", 0) else "failed"


def _colour(row: Mapping[str, Any]) -> str:
    return {"passed": "green", "failed": "red"}.get(_status(row), "default")


def _when(row: Mapping[str, Any]) -> str:
    visibility = str(row.get("visibility", "visible"))
    return {"visible": "at once", "hidden": "[red]never[/]"}.get(visibility, visibility.replace("_", " "))


def _output_text(bearer: Mapping[str, Any], document: Document) -> str:
    output = str(bearer.get("output", ""))
    return _Words.of(output) if _format(bearer, document) == "html" else output


def _output_html(bearer: Mapping[str, Any], document: Document) -> str:
    output = str(bearer.get("output", ""))
    if _format(bearer, document) == "html" or not output:
        return output
    return f"<pre>{html.escape(output)}</pre>"


def _format(bearer: Mapping[str, Any], document: Document) -> str:
    default = "text" if bearer is document else document.get("test_output_format", "text")
    return str(bearer.get("output_format", default))


def _compact(value: object) -> str:
    """A value in one line: a mapping as ``name value`` pairs, a list as its entries."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_compact(entry)}" for name, entry in value.items()) or "none"
    if isinstance(value, list):
        return "; ".join(_compact(entry) for entry in value) or "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class _Words(HTMLParser):
    """The text of an HTML document, and a word in place of each picture."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[str] = []

    @classmethod
    def of(cls, text: str) -> str:
        words = cls()
        words.feed(text)
        words.close()
        return "".join(words._pieces).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            # The platform's rules ask for a text beside it, which says what it shows.
            self._pieces.append("[picture]")

    def handle_data(self, data: str) -> None:
        self._pieces.append(data)
