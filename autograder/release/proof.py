"""Proves a generated template: it imports, every stub raises, the interface is the same, nothing leaked.

Every broken promise is one sentence with file and line; none quotes a solution. Works for any homework, and
writes nothing.
"""

from __future__ import annotations

import ast
import copy
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import tokenize
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from autograder.grading.assignment import Assignment, Signature
from autograder.release import markers, probe
from autograder.release.command import run

PROBE_LIMIT_SECONDS = 120.0
"""Importing numpy and gymnasium takes under a second; from a cold disk on a loaded machine, longer."""

MIN_TOKENS = 6
"""Of a statement: shorter ones, such as `theta = theta_k`, occur in code that knows nothing of a solution."""
MIN_TOKENS_IN_HINTS = 3
"""The same in a hint, which is prose: even a short line of code is the solution."""
MIN_WORDS = 4
"""Of a comment: shorter ones are anybody's words."""


@dataclass(frozen=True)
class Template:
    """What students get, and what it was made from.

    Attributes:
        files: the content by path within the template, sorted.
        sources: those of the files that are Python of the solutions, as the solutions have them.
    """

    files: Mapping[PurePosixPath, bytes]
    sources: Mapping[PurePosixPath, markers.Source]


def prove(assignment: Assignment, template: Template, folder: Path) -> list[str]:
    """Prove a template that has been written to a folder.

    Args:
        assignment: the homework.
        template: the template.
        folder: where it has been written.

    Returns:
        A sentence for every broken promise; none when the template is good.
    """
    problems = [
        *interface_differences(assignment, template),
        *leaks(assignment, template),
        *plain_hints(assignment, template),
    ]
    # Code with problems is not run: its errors would repeat them.
    return problems or behaviour(assignment, folder)


def interface_differences(assignment: Assignment, template: Template) -> list[str]:
    """Compare the template's signatures, docstrings and given code with the solutions', importing neither.

    Args:
        assignment: the homework.
        template: the template.

    Returns:
        A sentence for every difference, with file and line.
    """
    problems = []
    for path, source in template.sources.items():
        where = f"{assignment.template.name}/{path}"
        if path not in template.files:
            problems.append(f"{where} is missing: {source.where} has not been copied.")
            continue
        try:
            found = ast.parse(template.files[path])
        except SyntaxError as error:
            problems.append(f"{where}:{error.lineno}: the file is not valid Python ({error.msg}).")
            continue
        problems += _compare_modules(where, source, found)
    return problems


def leaks(assignment: Assignment, template: Template) -> list[str]:
    """Look for pieces of a solution in every file of the template.

    A piece is a statement (of at least `MIN_TOKENS` names, numbers and operators) or a comment (of at
    least `MIN_WORDS` words) from inside a region. It is found whatever the white space, the line breaks,
    the brackets and commas around it, in code, comments, strings or prose. Imports are no secret.

    Args:
        assignment: the homework.
        template: the template.

    Returns:
        A sentence for every piece found, naming both places and quoting neither.
    """
    problems = []
    pieces = [piece for source in template.sources.values() for piece in _pieces(source)]
    for path, content in template.files.items():
        text = content.decode("utf-8", errors="replace")
        where = f"{assignment.template.name}/{path}"
        streams = {kind: _Stream(kind, text) for kind in (_CODE, _WORDS)}
        for piece in pieces:
            line = streams[piece.kind].find(piece.tokens)
            if line is not None:
                problems.append(
                    f"{where}:{line}: this repeats a piece of solution ({piece.where}): take it out, or, if "
                    "it is no secret, take it out of the region there."
                )
        problems += [
            f'{where}:{line}: a solution marker is left: only files in "{assignment.package}" have regions.'
            for line in _marker_lines(path, text)
        ]
    return problems


def plain_hints(assignment: Assignment, template: Template) -> list[str]:
    """Look for lines of a solution in the functions' hints.

    Args:
        assignment: the homework.
        template: the template.

    Returns:
        A sentence for every hint that holds one, quoting neither.
    """
    sources = template.sources.values()
    pieces = [piece for source in sources for piece in _pieces(source, MIN_TOKENS_IN_HINTS)]
    problems = []
    for function in assignment.functions:
        for number, hint in enumerate(function.hints, start=1):
            streams = {kind: _Stream(kind, hint) for kind in (_CODE, _WORDS)}
            problems += [
                f"Hint {number} of {function.qualified_name} holds a line of a solution ({piece.where}): "
                "say it in words."
                for piece in pieces
                if streams[piece.kind].find(piece.tokens) is not None
            ][:1]
    return problems


def behaviour(assignment: Assignment, folder: Path) -> list[str]:
    """Import the template in a process of its own and call every stub.

    Args:
        assignment: the homework.
        folder: the template's folder.

    Returns:
        A sentence for every module that does not import and every stub that does not raise its message.
    """
    name = assignment.template.name
    raised = _run_probe(assignment, folder)
    if isinstance(raised, str):
        return [f"{name}: {raised}"]
    functions = {function.qualified_name: function for function in assignment.functions}
    problems = [
        f"{name}/{place}: {module} cannot be imported ({error}: {message})."
        for module, (error, message, place) in raised.items()
        if module not in functions
    ]
    for qualified_name, function in functions.items():
        expected = ["NotImplementedError", markers.stub_message(function)]
        # A function is missing here only when its module is, which is reported above.
        *found, place = raised.get(qualified_name, [*expected, ""])
        if found != expected:
            did = f"raised {found[0]}: {found[1]}" if found[0] else f"returned {found[1]}"
            problems.append(f"{name}/{place}: {qualified_name} {did}; {': '.join(expected)} was expected.")
    return problems


def _run_probe(assignment: Assignment, folder: Path) -> dict[str, list[str]] | str:
    arguments = json.dumps({one.qualified_name: _arguments(one.signature) for one in assignment.functions})
    program = str(Path(probe.__file__))
    command = [sys.executable, "-I", "-B", program, str(folder), assignment.package, arguments]
    # BLAS would start a thread for each core, for a handful of numbers.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as neutral:
        try:
            done = run(command, Path(neutral), PROBE_LIMIT_SECONDS, environment)
        except subprocess.TimeoutExpired:
            return f"importing it and calling its stubs took more than {PROBE_LIMIT_SECONDS:.0f} s."
    try:
        report: dict[str, list[str]] = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip() or done.stdout.strip() or "it printed nothing").splitlines()[-1]
        return f"the process that imports it ended with status {done.returncode} ({last})."
    return report


def _arguments(signature: Signature | None) -> probe.Arguments:
    """Two of everything; `...` stands for one leading axis."""
    return {
        one.name: (None if one.axes is None else [2] * len(one.axes), np.dtype(one.dtype).name)
        for one in (signature.arguments if signature else ())
    }


def _compare_modules(where: str, source: markers.Source, found: ast.Module) -> list[str]:
    """Compare statement by statement: a function with a region up to the region, all else as a whole."""
    tree = ast.parse(source.text)
    spans = [(region.begin, region.end) for region in source.regions if region.function is None]
    expected = [node for node in tree.body if not any(begin < node.lineno < end for begin, end in spans)]
    with_stub = {region.function.name: region for region in source.regions if region.function is not None}
    problems = []
    for wanted, got in zip(expected, found.body, strict=False):
        region = with_stub.get(wanted.name) if isinstance(wanted, ast.FunctionDef) else None
        if region is None or not isinstance(wanted, ast.FunctionDef) or not isinstance(got, ast.FunctionDef):
            same = ast.dump(wanted) == ast.dump(got)
        else:
            same = _describe_stub(wanted, region) == _describe_stub(_without_card(got, region), None)
        if not same:
            problems.append(
                f"{where}:{got.lineno}: this is not what stands on line {wanted.lineno} of {source.where}, "
                "outside its solution."
            )
    if len(expected) != len(found.body):
        problems.append(f"{where}: {len(found.body)} statements where {source.where} gives {len(expected)}.")
    return problems


def _without_card(node: ast.FunctionDef, region: markers.Region) -> ast.FunctionDef:
    """A stub without its card, or as it is where the card is not there as it should be."""
    card, docstring = markers.card(region), ast.get_docstring(node, clean=False)
    if not card or docstring is None:
        return node
    summary, found, rest = (*docstring.split("\n\n", 2), "", "")[:3]
    if found.split() != card.split():
        return node
    bare = copy.deepcopy(node)
    bare.body[0] = ast.Expr(ast.Constant(f"{summary}\n\n{rest}"))
    return bare


def _describe_stub(node: ast.FunctionDef, region: markers.Region | None) -> list[str]:
    """A function's name, signature, decorators and given statements; of a stub, all but its `raise`."""
    body = node.body[:-1]
    if region is not None:
        body = [statement for statement in node.body if statement.lineno < region.begin]
    returns = [node.returns] if node.returns else []
    parts: list[ast.AST] = [node.args, *node.decorator_list, *returns, *body]
    return [node.name, *map(ast.dump, parts)]


_CODE = re.compile(r"[^\W\d]\w*|\d+(?:\.\d+)?(?:e[+-]?\d+)?|[-+*/@%<>]")
"""What a statement is compared by: brackets, commas, quotes and comment signs depend on the layout."""
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class _Piece:
    kind: re.Pattern[str]
    tokens: tuple[str, ...]
    where: str


def _pieces(source: markers.Source, min_tokens: int = MIN_TOKENS) -> Iterator[_Piece]:
    for region in source.regions:
        for line, kind, text in _region_texts(source.text, region, min_tokens):
            tokens = tuple(_split(kind, text))
            if len(tokens) >= (MIN_WORDS if kind is _WORDS else min_tokens):
                yield _Piece(kind, tokens, f"line {line} of {source.where}")


def _region_texts(
    source: str, region: markers.Region, min_tokens: int
) -> Iterator[tuple[int, re.Pattern[str], str]]:
    """Yield line number, kind and text of every comment and every statement of a region."""
    statement: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0]
        if not region.begin < line < region.end:
            continue
        if token.type == tokenize.COMMENT:
            yield line, _WORDS, token.string
        elif token.type == tokenize.NEWLINE:
            if statement and statement[0].string not in ("import", "from"):
                yield statement[0].start[0], _CODE, _value_text(statement, min_tokens)
            statement = []
        elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            statement.append(token)


def _value_text(statement: Sequence[tokenize.TokenInfo], min_tokens: int) -> str:
    """What a statement computes: without `return` and the name assigned to, unless too little would be left.

    A leak may give the value another name, or return it where the solution assigned it.
    """
    start, depth = 0, 0
    for position, token in enumerate(statement):
        depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
        is_assignment = token.string.endswith("=") and token.string not in ("==", "!=", "<=", ">=")
        if token.type == tokenize.OP and is_assignment and depth == 0:
            start = position + 1
    if statement[0].string == "return":
        start = 1
    whole, value = (" ".join(token.string for token in piece) for piece in (statement, statement[start:]))
    return value if len(_split(_CODE, value)) >= min_tokens else whole


def _split(kind: re.Pattern[str], text: str) -> list[str]:
    return [match.group() for match in kind.finditer(_normalise(kind, text))]


def _normalise(kind: re.Pattern[str], text: str) -> str:
    # A line break inside a JSON string, as in a notebook, would glue an "n" to the next name.
    text = text.replace("\\n", " \n").replace("\\t", "  ")
    # As Python normalises identifiers. Characters may become longer; lines are counted, columns are not.
    text = unicodedata.normalize("NFKC", text)
    return text.lower() if kind is _WORDS else text


class _Stream:
    """A file as the tokens it is compared by."""

    def __init__(self, kind: re.Pattern[str], text: str) -> None:
        tokens: list[str] = []
        self._lines: list[int] = []
        for number, line in enumerate(text.split("\n"), start=1):
            found = _split(kind, line)
            tokens += found
            self._lines += [number] * len(found)
        self._joined = _join(tokens)

    def find(self, tokens: Sequence[str]) -> int | None:
        """The line on which the first occurrence of the tokens begins, or None."""
        position = self._joined.find(_join(tokens))
        return None if position < 0 else self._lines[self._joined.count("\0", 0, position)]


def _join(tokens: Sequence[str]) -> str:
    """One text in which only whole tokens are found."""
    return "\0".join(["", *tokens, ""])


def _marker_lines(path: PurePosixPath, text: str) -> list[int]:
    """The lines of Python code on which a marker is left; in prose and strings one may speak of markers."""
    if path.suffix != ".py":
        return []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (SyntaxError, tokenize.TokenError):
        return []
    return [
        token.start[0]
        for token in tokens
        if token.type == tokenize.COMMENT and token.string.rstrip() in (markers.BEGIN, markers.END)
    ]
