"""Finds the solution regions of a Python file and replaces them by what students are given.

A region stands between two comment lines, ``# BEGIN SOLUTION`` and ``# END SOLUTION``, as the tokenizer sees
comments: never in a string. It is the rest of the body of a function students fill in, or whole statements at
module level. Knows text only: it opens no file, and does not run what it reads.
"""

from __future__ import annotations

import ast
import difflib
import io
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.grading.assignment import Function

BEGIN = "# BEGIN SOLUTION"
END = "# END SOLUTION"


class MarkerError(ValueError):
    """A file's markers do not make sense. The message is one sentence that begins with ``file:line``."""

    def __init__(self, where: str, line: int, sentence: str) -> None:
        super().__init__(f"{where}:{line}: {sentence}")


@dataclass(frozen=True)
class Region:
    """One solution region.

    Attributes:
        begin: the line number of ``# BEGIN SOLUTION``.
        end: the line number of ``# END SOLUTION``.
        function: the function whose body it ends, or None at module level.
    """

    begin: int
    end: int
    function: Function | None


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

    Students work on three systems, and the template is compared byte for byte: so the sources are UTF-8 with
    LF line ends and nothing else, instead of being converted on the way.

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
    file = _File(where, tree, _read_comments(text))
    by_name = {function.name: function for function in functions}
    regions = [
        Region(begin.line, end.line, _place(file, begin, end, by_name)) for begin, end in _pair_markers(file)
    ]
    _require_one_region_each(file, functions, regions)
    return Source(where, text, tuple(regions))


def strip(source: Source) -> str:
    """Return the file as students are given it.

    A region in a function becomes a comment and a ``raise NotImplementedError`` that names part and function;
    a region at module level vanishes. Every other line stays as it is.

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
            lines = [*before, *_stub(region.function, indentation.group() if indentation else ""), *after]
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


def _stub(function: Function, indentation: str) -> list[str]:
    return [
        f"{indentation}# Part {function.number}: your code replaces this comment and the line below.\n",
        f'{indentation}raise NotImplementedError("{stub_message(function)}")\n',
    ]


def _join(before: list[str], after: list[str]) -> list[str]:
    """Put two pieces of a file together, with the larger of the gaps around the region, not their sum."""
    gap_before = _count_blank(reversed(before))
    gap_after = _count_blank(iter(after))
    before, after = before[: len(before) - gap_before], after[gap_after:]
    gap = ["\n"] * max(gap_before, gap_after) if before and after else []
    return [*before, *gap, *after]


def _count_blank(lines: Iterator[str]) -> int:
    count = 0
    for line in lines:
        if line.strip():
            break
        count += 1
    return count


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

    def error(self, line: int, sentence: str) -> MarkerError:
        return MarkerError(self.where, line, sentence)

    def owner(self, comment: _Comment) -> ast.stmt | None:
        """The module's statement that a comment belongs to, None between two statements.

        An indented comment below a body's last statement still belongs to that body: no parser says so.
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
            continue
        if not comment.has_own_line:
            raise file.error(
                comment.line, f'"{comment.text}" shares its line with code: give it its own line.'
            )
        if comment.text == BEGIN:
            if opened is not None:
                sentence = (
                    f'"{BEGIN}" inside the region that line {opened.line} opened: close that one first.'
                )
                raise file.error(comment.line, sentence)
            opened = comment
        else:
            if opened is None:
                sentence = f'"{END}" without a "{BEGIN}" above it: add that one, or delete this line.'
                raise file.error(comment.line, sentence)
            pairs.append((opened, comment))
            opened = None
    if opened is not None:
        raise file.error(opened.line, f'this "{BEGIN}" is never closed: add "{END}" below the solution.')
    return pairs


def _refuse_misspelt_marker(file: _File, comment: _Comment) -> None:
    # Compared without case, spaces and punctuation: "#begin-solution" would hand a solution to students.
    letters = re.sub("[^a-z]", "", comment.text.lower())
    for marker, meant in ((BEGIN, "beginsolution"), (END, "endsolution")):
        if letters.startswith(meant) or difflib.SequenceMatcher(None, letters, meant).ratio() > 0.85:
            sentence = f'the comment resembles a marker: write it exactly as "{marker}", or reword it.'
            raise file.error(comment.line, sentence)


def _place(file: _File, begin: _Comment, end: _Comment, functions: Mapping[str, Function]) -> Function | None:
    """Return the function whose body a region ends, None at module level; refuse every other place."""
    owner = file.owner(begin)
    if file.owner(end) is not owner:
        sentence = (
            f'the region ends (line {end.line}) in another function than it begins: move "{END}" up or down.'
        )
        raise file.error(begin.line, sentence)
    if owner is None:
        if not any(begin.line < node.lineno < end.line for node in file.tree.body):
            raise file.error(begin.line, "the region is empty: delete its markers.")
        return None
    if not isinstance(owner, ast.FunctionDef):
        sentence = "a region is the rest of a function's body, or whole statements at module level: move it."
        raise file.error(begin.line, sentence)
    if owner.name not in functions:
        sentence = (
            f"{owner.name} is not a function of the assignment: put the markers around the whole of it."
        )
        raise file.error(begin.line, sentence)
    _require_rest_of_body(file, owner, begin, end)
    return functions[owner.name]


def _require_rest_of_body(file: _File, node: ast.FunctionDef, begin: _Comment, end: _Comment) -> None:
    has_docstring = ast.get_docstring(node, clean=False) is not None
    if begin.line < _last_line(node.body[0]) and has_docstring:
        raise file.error(begin.line, f'"{BEGIN}" stands above the docstring of {node.name}: put it below.')
    if begin.column != node.body[0].col_offset:
        sentence = (
            f'"{BEGIN}" is not indented like the body of {node.name}: a region is the rest of that body.'
        )
        raise file.error(begin.line, sentence)
    for statement in node.body:
        if statement.lineno < begin.line <= _last_line(statement):
            sentence = (
                f'"{BEGIN}" stands inside the statement that line {statement.lineno} begins: put it above.'
            )
            raise file.error(begin.line, sentence)
    if not any(begin.line < statement.lineno < end.line for statement in node.body):
        raise file.error(begin.line, "the region is empty: put the solution between its markers.")
    after = [_last_line(statement) for statement in node.body if _last_line(statement) > end.line]
    # A comment is no statement, but below the region it would be left hanging under a `raise`.
    after += [
        comment.line for comment in file.comments if comment.line > end.line and file.owner(comment) is node
    ]
    if any(comment.text == BEGIN and comment.line in after for comment in file.comments):
        sentence = f"{node.name} has a second region below this one: one region holds the rest of the body."
        raise file.error(end.line, sentence)
    if after:
        sentence = f'{node.name} goes on (line {min(after)}) below "{END}": a region is the rest of the body.'
        raise file.error(end.line, sentence)


def _require_one_region_each(file: _File, functions: Sequence[Function], regions: Sequence[Region]) -> None:
    for function in functions:
        named = f"{function.name} (Part {function.number})"
        defined = [
            node
            for node in file.tree.body
            if isinstance(node, ast.FunctionDef) and node.name == function.name
        ]
        if not defined:
            raise file.error(
                1, f"{named} is not defined at module level: write it, or take it off the assignment."
            )
        if len(defined) > 1:
            raise file.error(defined[1].lineno, f"{named} is defined a second time: delete one of the two.")
        if not any(region.function == function for region in regions):
            sentence = f'{named} has no solution region: put "{BEGIN}" and "{END}" around its solution.'
            raise file.error(defined[0].lineno, sentence)


def _lines(source: str) -> list[str]:
    # Not str.splitlines: it also splits at form feeds, and the tokenizer's line numbers do not.
    return io.StringIO(source).readlines()


def _first_line(node: ast.stmt) -> int:
    """The line a statement begins on, its decorators included."""
    decorators = (
        node.decorator_list if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) else []
    )
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
