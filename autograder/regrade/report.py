"""A class on one page: scores, rows, causes, what changes. One file, which asks for nothing from anywhere.

The page is built as a tree and written by a library, so that nothing a student wrote is read as markup. If
something were, the policy in its head lets no other script run than its own, and loads nothing.
"""

from __future__ import annotations

import base64
import hashlib
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from autograder.grading.results import Outcome, format_points
from autograder.regrade.charts import draw_items, draw_scores
from autograder.regrade.items import analyse_rows, find_causes, find_unnamed
from autograder.regrade.record import Record
from autograder.regrade.tables import UNPRINTABLE, Cell
from autograder.sandbox import failures

SLOW = 10
"""How many of the slowest submissions are listed."""
MAX_NAMES = 20
_HERE = Path(__file__).resolve().parent
_FAULTS = {
    failures.ImportFailed: "a module cannot be imported",
    failures.CallTimedOut: "calls that do not end",
    failures.CallExited: "calls that end the program",
    failures.WorkerDied: "calls that end their process",
    failures.OutOfMemory: "calls that use up the memory",
    failures.BadReply: "answers that cannot be read",
}


def write_report(title: str, most: float, records: Sequence[Record]) -> str:
    """Write the page.

    Args:
        title: the homework's name.
        most: the largest score there is, bonus included.
        records: the class.

    Returns:
        The page's HTML.
    """
    html = Element("html", lang="en")
    _head(html, title)
    main = SubElement(SubElement(html, "body"), "main")
    _text(main, "h1", f"{title}: the class")
    _overview(main, most, records)
    _causes(main, records)
    _rows(main, records)
    _changes(main, records)
    _conspicuous(main, records)
    script = SubElement(html[-1], "script")
    script.text = _own("report.js")
    return "<!DOCTYPE html>\n" + ElementTree.tostring(html, encoding="unicode", method="html") + "\n"


def _own(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _head(html: Element, title: str) -> None:
    head = SubElement(html, "head")
    SubElement(head, "meta", charset="utf-8")
    hashed = base64.b64encode(hashlib.sha256(_own("report.js").encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hashed}'; img-src data:"
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": policy})
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _text(head, "title", f"{title}: the class")
    style = SubElement(head, "style")
    style.text = _own("report.css")


def _overview(main: Element, most: float, records: Sequence[Record]) -> None:
    new = [record.new_score for record in records if record.new_score is not None]
    official = [record.official.score for record in records if record.official.score is not None]
    students = sum(len(record.handed_in.students) for record in records)
    ungraded = sum(record.status == "not graded" for record in records)
    said = f"{len(records)} submissions" + (f" of {students} students" if students else "")
    said += f", {ungraded} of which the grader failed on." if ungraded else "."
    if new:
        said += f" Mean score {statistics.fmean(new):.1f}, median {statistics.median(new):g}"
        said += f" of at most {format_points(most)}."
    _text(main, "p", said)
    if new:
        main.append(draw_scores(new, official, most))


def _causes(main: Element, records: Sequence[Record]) -> None:
    causes = find_causes(records)
    _text(main, "h2", "What to teach again")
    _text(main, "p", "The known mistakes of the class, as the students are told, with the slide.")
    lines = [
        (cause.function, cause.sentence, len(cause.submissions), _names(cause.submissions))
        for cause in causes
    ]
    _table(main, "causes", ("function", "mistake", "submissions", "whose"), lines, {2})
    unnamed = find_unnamed(records)
    titles = {row.number: row.title for record in records for row in record.rows}
    _text(main, "h2", "Wrong in no known way")
    _text(
        main,
        "p",
        "Rows that fail without a known mistake, once for each cause: perhaps next term's mistakes.",
    )
    _table(
        *(main, "unnamed", ("row", "check", "submissions", "whose")),
        [(number, titles[number], len(names), _names(names)) for number, names in unnamed.items()],
        {2},
    )


def _rows(main: Element, records: Sequence[Record]) -> None:
    items = analyse_rows(records)
    _text(main, "h2", "The rows")
    _text(
        *(main, "p"),
        "Discrimination is the correlation of passing with the points of the other parts: near 0, the row "
        "says little; below 0, the better ones fail. The interval is Wilson's, at 95 %.",
    )
    if any(item.discrimination is not None for item in items):
        main.append(draw_items(items))
    lines = [
        (
            *(
                item.number,
                item.title,
                round(100 * item.share),
                f"{100 * item.low:.0f} to {100 * item.high:.0f}",
            ),
            *(item.graded, None if item.discrimination is None else round(item.discrimination, 2)),
            *(round(item.seconds, 2), item.advice),
        )
        for item in items
    ]
    heads = ("row", "check", "pass, %", "interval", "N", "discrimination", "median s", "advice")
    _table(main, "rows", heads, lines, {2, 4, 5, 6})


def _changes(main: Element, records: Sequence[Record]) -> None:
    changed = [record for record in records if record.change]
    _text(main, "h2", "Old against new")
    lines = [
        (
            *(
                record.handed_in.name,
                _students(record),
                record.official.score,
                record.new_score,
                record.change,
            ),
            ", ".join(number for number, _, _ in record.changed_rows),
        )
        for record in changed
    ]
    _table(main, "changes", ("submission", "students", "official", "new", "change", "rows"), lines, {2, 3, 4})


def _conspicuous(main: Element, records: Sequence[Record]) -> None:
    _text(main, "h2", "Submissions to look at")
    lines: list[tuple[Cell, ...]] = []
    for record in records:
        why = "; ".join(_reasons(record))
        if why:
            lines.append((record.handed_in.name, _students(record), why, round(record.seconds, 1)))
    slowest = sorted((record for record in records if record.rows), key=lambda record: -record.seconds)[:SLOW]
    lines += [
        (record.handed_in.name, _students(record), "among the slowest", round(record.seconds, 1))
        for record in slowest
    ]
    _table(main, "conspicuous", ("submission", "students", "why", "seconds"), lines, {3})


def _reasons(record: Record) -> Iterable[str]:
    if record.message:
        yield f"{record.status}: {record.message}"
    outcomes = [row.outcome for row in record.rows]
    if outcomes and set(outcomes) == {Outcome.NOT_ATTEMPTED.value}:
        yield "nothing is attempted: the template as it was, or no module was found"
    late = outcomes.count(Outcome.DID_NOT_FINISH.value)
    if late:
        yield f"{late} rows did not finish"
    kinds = {row.kind for row in record.rows}
    yield from (said for fault, said in _FAULTS.items() if fault.__name__ in kinds)


def _students(record: Record) -> str:
    return ", ".join(student.name or student.email for student in record.handed_in.students)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


def _text(parent: Element, tag: str, text: str, **attributes: str) -> Element:
    element = SubElement(parent, tag, attributes)
    element.text = UNPRINTABLE.sub(" ", text)
    return element


def _table(
    parent: Element, name: str, heads: Sequence[str], lines: Sequence[Sequence[Cell]], numeric: set[int]
) -> None:
    """A table that the page's script sorts and filters; a sentence where it would be empty."""
    if not lines:
        _text(parent, "p", "None.")
        return
    label = _text(SubElement(parent, "p"), "label", "Show what contains ", **{"for": f"{name}-filter"})
    SubElement(label, "input", id=f"{name}-filter", type="search")
    wide = SubElement(parent, "div", {"class": "wide", "tabindex": "0", "role": "region", "aria-label": name})
    table = SubElement(wide, "table", id=name)
    classes = [{"class": "number"} if place in numeric else {} for place in range(len(heads))]
    row = SubElement(SubElement(table, "thead"), "tr")
    for head, attributes in zip(heads, classes, strict=True):
        _text(SubElement(row, "th", {"scope": "col", **attributes}), "button", head, type="button")
    body = SubElement(table, "tbody")
    for line in lines:
        row = SubElement(body, "tr")
        for value, attributes in zip(line, classes, strict=True):
            shown = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
            _text(row, "td", shown, **attributes)
