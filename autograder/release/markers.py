"""Finds the solution regions of a Python file and replaces them by what students are given.

A region stands between two comment lines, ``# BEGIN SOLUTION`` and ``# END SOLUTION``; the same words in a
string are no marker. It is the rest of the body of a function students fill in, or whole statements at module
level. Works on text: no file is opened, and nothing is run.
"""

from __future__ import annotations

import ast
import difflib
import io
import itertools
import re
import textwrap
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from autograder.grading.assignment import Function

BEGIN = "# BEGIN SOLUTION"
END = "# END SOLUTION"
MAX_LINE_CHARS = 110
"""Of a card."""


class MarkerError(ValueError):
    """A file's markers are misplaced. The message is one sentence that begins with ``file:line``."""

    def __init__(self, where: str, line: int, sentence: str) -> None:
        super().__init__(f"{where}:{line}: {sentence}")


@dataclass(frozen=True)
class Region:
    """One solution region.

    Attributes:
        begin: the line number of ``# BEGIN SOLUTION``.
        end: the line number of ``# END SOLUTION``.
        function: the function whose body it ends, or None at module level.
        summary: the line number of the first line of that function's docstring; 0 where there is none.
        code_lines: how many lines of code it has, each counted once however it is wrapped.
    """

    begin: int
    end: int
    function: Function | None
    summary: int
    code_lines: int


@dataclass(frozen=True)
class Source:
    """One Python file of the solutions.

    Attributes:
        where: how messages name it.
        text: its text, with the solution regions.
        regions: where they are, in the order of their lines.
    """

    where: str
    text: str
    regions: tuple[Region, ...]


def decode(content: bytes, where: str) -> str:
    """Decode a source file that students will be given.

    The template is compared byte for byte, so nothing is converted: the sources must be UTF-8 with LF line
    ends.

    Args:
        content: the file's bytes.
        where: how messages name the file.

    Raises:
        MarkerError: another encoding, a byte order mark, or a carriage return.
    """
    if content.startswith(b"\xef\xbb\xbf"):
        raise MarkerError(where, 1, "the file begins with a byte order mark: save it as plain UTF-8.")
    if b"\r" in content:
        line = content[: content.index(b"\r")].count(b"\n") + 1
        raise MarkerError(where, line, "a line ends with a carriage return: save the file with LF line ends.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise MarkerError(where, line, "the line is not UTF-8: save the file as UTF-8.") from None
    except SyntaxError:
        encoding, text = "unknown", ""
    if encoding != "utf-8":
        raise MarkerError(where, 1, "the file declares another encoding than UTF-8: delete the declaration.")
    return text


def read(content: bytes, where: str, functions: Sequence[Function]) -> Source:
    """Find the solution regions of one file, or say what is wrong with its markers.

    Args:
        content: the file's bytes.
        where: how messages name the file.
        functions: the functions students fill in here; each must have exactly one region.

    Raises:
        MarkerError: with the line and what to do about it.
    """
    text = decode(content, where)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise MarkerError(where, error.lineno or 1, f"the file is not valid Python ({error.msg}).") from None
    file = _File(where, tree, _read_comments(text), text)
    by_name = {function.name: function for function in functions}
    regions = [_region(file, begin, end, by_name) for begin, end in _pair_markers(file)]
    _require_one_region_each(file, functions, regions)
    return Source(where, text, tuple(regions))


def strip(source: Source) -> str:
    """Return the file as students are given it.

    A region in a function becomes a comment and a ``raise NotImplementedError`` that names part and function,
    and the function's card is put below the first line of its docstring; a region at module level vanishes.
    Every other line stays as it is.

    Raises:
        MarkerError: what is left is not valid Python.
    """
    lines = _lines(source.text)
    for region in reversed(source.regions):
        before, after = lines[: region.begin - 1], lines[region.end :]
        if region.function is None:
            lines = _join(before, after)
        else:
            indentation = re.match(r"\s*", lines[region.begin - 1])
            indent = indentation.group() if indentation else ""
            head, rest = before[: region.summary], before[region.summary :]
            lines = [*head, *_card(region, indent), *rest, *_stub(region.function, indent), *after]
    stripped = "".join(lines)
    try:
        ast.parse(stripped)
    except SyntaxError as error:
        sentence = f"without its solution regions the file is not valid Python ({error.msg})."
        raise MarkerError(source.where, error.lineno or 1, sentence) from None
    return stripped


def stub_message(function: Function) -> str:
    """What the stub of a function raises: ``Part 3.1: fisher_estimate``."""
    return f"Part {function.number}: {function.name}"


def card(region: Region) -> str:
    """The card of a region's function, empty where it has none."""
    if region.function is None:
        return ""
    return region.function.card.replace(
        "{lines}", f"{region.code_lines} line{'' if region.code_lines == 1 else 's'}"
    )


def _card(region: Region, indentation: str) -> list[str]:
    text = card(region)
    wrapped = textwrap.wrap(text, MAX_LINE_CHARS, initial_indent=indentation, subsequent_indent=indentation)
    return ["\n", *(f"{line}\n" for line in wrapped)] if text else []


def _stub(function: Function, indentation: str) -> list[str]:
    return [
        f"{indentation}# Part {function.number}: your code replaces this comment and the line below.\n",
        f'{indentation}raise NotImplementedError("{stub_message(function)}")\n',
    ]


def _join(before: list[str], after: list[str]) -> list[str]:
    """Put two pieces of a file together, with the larger of the gaps around the region, not their sum."""
    gap_before = sum(1 for _ in itertools.takewhile(str.isspace, reversed(before)))
    gap_after = sum(1 for _ in itertools.takewhile(str.isspace, after))
    before, after = before[: len(before) - gap_before], after[gap_after:]
    gap = ["\n"] * max(gap_before, gap_after) if before and after else []
    return [*before, *gap, *after]


@dataclass(frozen=True)
class _Comment:
    text: str
    line: int
    column: int
    has_own_line: bool


@dataclass(frozen=True)
class _File:
    where: str
    tree: ast.Module
    comments: tuple[_Comment, ...]
    text: str

    def code_lines(self, begin: int, end: int) -> int:
        """How many lines of code there are between two, each counted once however it is wrapped."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return sum(token.type == tokenize.NEWLINE and begin < token.start[0] < end for token in tokens)

    def refuse(self, line: int, sentence: str) -> NoReturn:
        raise MarkerError(self.where, line, sentence)

    def owner(self, comment: _Comment) -> ast.stmt | None:
        """The module's statement that a comment belongs to, None between two statements.

        An indented comment below a function's last statement belongs to the function, which no parser says.
        """
        last = comment.line - 1 if comment.has_own_line else comment.line
        above = [node for node in self.tree.body if _first_line(node) <= last]
        if above and (comment.column > 0 or comment.line <= _last_line(above[-1])):
            return above[-1]
        return None


def _read_comments(source: str) -> tuple[_Comment, ...]:
    lines = _lines(source)
    return tuple(
        _Comment(token.string.rstrip(), line, column, not lines[line - 1][:column].strip())
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
        for line, column in [token.start]
    )


def _pair_markers(file: _File) -> list[tuple[_Comment, _Comment]]:
    pairs: list[tuple[_Comment, _Comment]] = []
    opened: _Comment | None = None
    for comment in file.comments:
        if comment.text not in (BEGIN, END):
            _refuse_misspelt_marker(file, comment)
        elif not comment.has_own_line:
            file.refuse(comment.line, f'"{comment.text}" shares its line with code: give it its own line.')
        elif comment.text == BEGIN:
            if opened is not None:
                where = f"inside the region that line {opened.line} opened"
                file.refuse(comment.line, f'"{BEGIN}" {where}: close that one first.')
            opened = comment
        else:
            if opened is None:
                cure = "add that one, or delete this line"
                file.refuse(comment.line, f'"{END}" without a "{BEGIN}" above it: {cure}.')
            pairs.append((opened, comment))
            opened = None
    if opened is not None:
        file.refuse(opened.line, f'this "{BEGIN}" is never closed: add "{END}" below the solution.')
    return pairs


def _refuse_misspelt_marker(file: _File, comment: _Comment) -> None:
    # Compared without case, spaces and punctuation: "#begin-solution" would hand a solution to students.
    letters = re.sub("[^a-z]", "", comment.text.lower())
    for marker, meant in ((BEGIN, "beginsolution"), (END, "endsolution")):
        if letters.startswith(meant) or difflib.SequenceMatcher(None, letters, meant).ratio() > 0.85:
            cure = f'write it exactly as "{marker}", or reword it'
            file.refuse(comment.line, f"the comment resembles a marker: {cure}.")


def _region(file: _File, begin: _Comment, end: _Comment, functions: Mapping[str, Function]) -> Region:
    function = _place(file, begin, end, functions)
    owner = file.owner(begin)
    summary = 0
    if function is not None and isinstance(owner, ast.FunctionDef) and ast.get_docstring(owner) is not None:
        summary = owner.body[0].lineno
        if function.card and _last_line(owner.body[0]) == summary:
            file.refuse(
                summary, f"the docstring of {function.name} is one line: its card needs room below it."
            )
    if function is not None and function.card and not summary:
        file.refuse(begin.line, f"{function.name} has no docstring: its card belongs there.")
    return Region(begin.line, end.line, function, summary, file.code_lines(begin.line, end.line))


def _place(file: _File, begin: _Comment, end: _Comment, functions: Mapping[str, Function]) -> Function | None:
    """Return the function whose body a region ends, None at module level; refuse every other place."""
    owner = file.owner(begin)
    if file.owner(end) is not owner:
        where = f"the region ends (line {end.line}) in another function than it begins"
        file.refuse(begin.line, f'{where}: move "{END}" up or down.')
    if owner is None:
        if not any(begin.line < node.lineno < end.line for node in file.tree.body):
            file.refuse(begin.line, "the region is empty: delete its markers.")
        return None
    if not isinstance(owner, ast.FunctionDef):
        rule = "a region is the rest of a function's body, or whole statements at module level"
        file.refuse(begin.line, f"{rule}: move it.")
    if owner.name not in functions:
        cure = "put the markers around the whole of it"
        file.refuse(begin.line, f"{owner.name} is not a function of the assignment: {cure}.")
    _require_rest_of_body(file, owner, begin, end)
    return functions[owner.name]


def _require_rest_of_body(file: _File, node: ast.FunctionDef, begin: _Comment, end: _Comment) -> None:
    if begin.line < _last_line(node.body[0]) and ast.get_docstring(node, clean=False) is not None:
        file.refuse(begin.line, f'"{BEGIN}" stands above the docstring of {node.name}: put it below.')
    if begin.column != node.body[0].col_offset:
        rule = "a region is the rest of that body"
        file.refuse(begin.line, f'"{BEGIN}" is not indented like the body of {node.name}: {rule}.')
    for statement in node.body:
        if statement.lineno < begin.line <= _last_line(statement):
            where = f"inside the statement that line {statement.lineno} begins"
            file.refuse(begin.line, f'"{BEGIN}" stands {where}: put it above.')
    if not any(begin.line < statement.lineno < end.line for statement in node.body):
        file.refuse(begin.line, "the region is empty: put the solution between its markers.")
    below = [comment for comment in file.comments if comment.line > end.line and file.owner(comment) is node]
    if any(comment.text == BEGIN for comment in below):
        rule = "one region holds the rest of the body"
        file.refuse(end.line, f"{node.name} has a second region below this one: {rule}.")
    # A comment below the region would be left below a `raise`, so it is refused like a statement.
    after = [line for line in map(_last_line, node.body) if line > end.line]
    after += [comment.line for comment in below]
    if after:
        rule = "a region is the rest of the body"
        file.refuse(end.line, f'{node.name} goes on (line {min(after)}) below "{END}": {rule}.')


def _require_one_region_each(file: _File, functions: Sequence[Function], regions: Sequence[Region]) -> None:
    for function in functions:
        named = f"{function.name} (Part {function.number})"
        defined = [
            node.lineno
            for node in file.tree.body
            if isinstance(node, ast.FunctionDef) and node.name == function.name
        ]
        if not defined:
            cure = "write it, or take it off the assignment"
            file.refuse(1, f"{named} is not defined at module level: {cure}.")
        if len(defined) > 1:
            file.refuse(defined[1], f"{named} is defined a second time: delete one of the two.")
        if not any(region.function == function for region in regions):
            cure = f'put "{BEGIN}" and "{END}" around its solution'
            file.refuse(defined[0], f"{named} has no solution region: {cure}.")


def _lines(source: str) -> list[str]:
    # Not str.splitlines: it also splits at form feeds, and the tokenizer's line numbers do not.
    return io.StringIO(source).readlines()


def _first_line(node: ast.stmt) -> int:
    """The line a statement begins on, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
