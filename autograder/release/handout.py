"""Makes the handout: HTML and PDF of its Markdown, by pandoc and typst, the same bytes every time.

The Markdown is in ``docs/handout/``, beside the templates of both. What is made of it goes to the solutions'
folder, from where the template takes it to students. A homework without the Markdown has no handout.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

import pypandoc
import typst

from autograder.grading.assignment import Assignment
from autograder.release.drawing import to_inline
from autograder.release.template import ReleaseError

MAX_HTML_BYTES = 200_000
"""It goes by mail and to old laptops."""
_EXERCISES = re.compile(r"(<!-- BEGIN exercises\b.*?-->\n).*?(<!-- END exercises -->)", re.DOTALL)
_WITHOUT_USE = re.compile(
    r'<annotation encoding=.*?</annotation>|</?semantics>| xmlns="http://www.w3.org/1998/Math/MathML"'
    r'| form="(?:prefix|postfix)"(?=[^>]*>[()\[\]])',
    re.DOTALL,
)
"""The TeX source of each formula, and what browsers know without being told."""
_PICTURE = re.compile(r'<img src="([^"]*)\.svg" alt="([^"]*)" />')
_OPTIONS = (
    "--strip-comments",
    "--wrap=none",
    "--fail-if-warnings",
    "--metadata=lang:en",
)


def source(assignment: Assignment) -> Path:
    """The Markdown of a homework's handout."""
    return assignment.root / "docs" / "handout" / "handout.md"


def build(assignment: Assignment) -> Mapping[Path, bytes]:
    """Make the handout in memory.

    Args:
        assignment: the homework.

    Returns:
        The content of each file by its place: the Markdown, with its table of exercises written anew, the
        HTML and the PDF.

    Raises:
        ReleaseError: the Markdown is missing or has no place for the table, or pandoc or typst refuses it.
    """
    markdown = source(assignment)
    if not markdown.is_file():
        raise ReleaseError([f"There is no {_shown(assignment, markdown)}: the handout is made from it."])
    text = _with_exercises(assignment, markdown.read_text(encoding="utf-8"))
    return {
        markdown: text.encode(),
        assignment.solutions / "handout.html": _to_html(assignment, text),
        assignment.solutions / "handout.pdf": _to_pdf(assignment, text),
    }


def write(assignment: Assignment) -> list[Path]:
    """Make the handout and put it in place, each file in one step.

    Args:
        assignment: the homework.

    Returns:
        The files that have changed.

    Raises:
        ReleaseError: as `build`; nothing has been changed then.
    """
    changed = {file: content for file, content in build(assignment).items() if not _holds(file, content)}
    for file, content in changed.items():
        part = file.with_name(f".{file.name}.part")
        part.write_bytes(content)
        os.replace(part, file)
    return list(changed)


def check(assignment: Assignment) -> list[str]:
    """Make the handout and compare it with the one in place; change nothing.

    Args:
        assignment: the homework.

    Returns:
        A sentence for every file that is missing or different; none for a homework without a handout.

    Raises:
        ReleaseError: as `build`.
    """
    if not source(assignment).is_file():
        return []
    return [
        f"{_shown(assignment, file)} is not what {_shown(assignment, source(assignment))} gives."
        for file, content in build(assignment).items()
        if not _holds(file, content)
    ]


def exercises(assignment: Assignment) -> list[str]:
    """The table of what is to be written, line by line: each part, and below it its functions."""
    lines = ["| Number | Function | Points | Difficulty | Minutes | You learn |", "|---|---|--:|--:|--:|---|"]
    for part in assignment.parts:
        modules = dict.fromkeys(f"`{assignment.package}/{one.module}.py`" for one in part.functions)
        title = ", ".join([f"**{part.title}**", *modules])
        lines.append(f"| **{part.number}** | {title} | **{_points(part.points, part.is_bonus)}** | | | |")
        for one in part.functions:
            points = _points(one.points or 0.0, part.is_bonus or one.bonus_points > 0.0)
            cells = (one.number, f"`{one.name}`", points, one.difficulty, one.minutes, one.learns)
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def _points(points: float, is_bonus: bool) -> str:
    return f"{'+' if is_bonus else ''}{points:g}"


def _with_exercises(assignment: Assignment, text: str) -> str:
    if not _EXERCISES.search(text):
        place = _shown(assignment, source(assignment))
        lines = '"<!-- BEGIN exercises -->" and "<!-- END exercises -->"'
        raise ReleaseError([f"{place} has no place for the table of exercises: add the lines {lines}."])
    table = "\n".join(exercises(assignment))
    return _EXERCISES.sub(lambda match: f"{match[1]}\n{table}\n\n{match[2]}", text)


def _to_html(assignment: Assignment, text: str) -> bytes:
    options = ("--mathml", "--toc", "--toc-depth=3", f"--lua-filter={_beside(assignment, 'html.lua')}")
    html = _WITHOUT_USE.sub("", _convert(assignment, text, "html5", "template.html", *options))
    html = _PICTURE.sub(functools.partial(_drawing, assignment), html)
    # pandoc's tilde is a combining one, which fonts for mathematics draw in front of its letter.
    html = html.replace(">\u0303</mo>", ">\u02dc</mo>")
    size_bytes = len(html.encode())
    if size_bytes > MAX_HTML_BYTES:
        limit = f"{MAX_HTML_BYTES // 1000} kB"
        raise ReleaseError(
            [f"The handout's HTML has {size_bytes // 1000} kB, not {limit} at most: shorten it."]
        )
    return html.encode()


def _drawing(assignment: Assignment, picture: re.Match[str]) -> str:
    file = _beside(assignment, f"{picture[1]}.svg")
    if not file.is_file():
        raise ReleaseError([f"The handout shows {_shown(assignment, file)}, which is not there."])
    initials = "".join(word[0] for word in file.stem.split("-"))
    return to_inline(file.read_text(encoding="utf-8"), initials, unescape(picture[2]))


def _to_pdf(assignment: Assignment, text: str) -> bytes:
    # The first heading becomes the title, and sections become headings of the first level.
    typeset = _convert(assignment, text, "typst", "template.typ", "--shift-heading-level-by=-1")
    try:
        # The fonts that typst brings along: those of the machine would give other bytes.
        pdf = typst.compile(  # type: ignore[call-overload]  # it has one type for text and root
            typeset.encode(), root=source(assignment).parent, format="pdf", ignore_system_fonts=True
        )
    except typst.TypstError as error:
        raise ReleaseError([f"typst refuses the handout: {error}."]) from None
    return bytes(pdf or b"")


def _convert(assignment: Assignment, text: str, to: str, template: str, *options: str) -> str:
    given = [f"--template={_beside(assignment, template)}", f"--variable=homework:{assignment.title}"]
    try:
        made = pypandoc.convert_text(text, to, format="gfm+smart", extra_args=[*_OPTIONS, *given, *options])
    except RuntimeError as error:
        raise ReleaseError([f"pandoc refuses the handout: {str(error).strip()}"]) from None
    return str(made)


def _beside(assignment: Assignment, name: str) -> Path:
    return source(assignment).parent / name


def _holds(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content


def _shown(assignment: Assignment, file: Path) -> str:
    return file.relative_to(assignment.root).as_posix()
