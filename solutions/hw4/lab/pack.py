"""Makes the zip to hand in: the files that students fill in, and nothing else.

The same files give the same bytes: order and times are fixed, and nothing is compressed.
"""

from __future__ import annotations

import ast
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hw4.lab.signatures import SIGNATURES

PACKAGE = Path(__file__).resolve().parent.parent
MODULES = tuple(dict.fromkeys(function.partition(".")[0] for function in SIGNATURES))
NAME = "hw4-submission.zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""
_UNIX, _MODE = 3, 0o100644


@dataclass(frozen=True)
class Packed:
    """What was packed.

    Attributes:
        files: the names of the files in the zip.
        size_bytes: how large the zip is.
        warnings: a sentence for everything that will cost points.
    """

    files: tuple[str, ...]
    size_bytes: int
    warnings: tuple[str, ...]


class NothingToPack(Exception):
    """None of the files to hand in is there. The message is one sentence that says what to do."""


def pack(target: Path) -> Packed:
    """Write the zip, in one step: what was there before stays until the new one is whole.

    Args:
        target: its file.

    Raises:
        NothingToPack: none of the files to hand in is there.
        OSError: the zip cannot be written.
    """
    sources = {module: _read(module) for module in MODULES}
    found = {module: content for module, content in sources.items() if content is not None}
    if not found:
        raise NothingToPack(f"There is nothing to pack in {PACKAGE}: put the files you were given back.")
    part = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
            for module, content in sorted(found.items()):
                member = zipfile.ZipInfo(f"hw4/{module}.py", _EPOCH)
                member.create_system, member.external_attr = _UNIX, _MODE << 16
                archive.writestr(member, content)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    names = tuple(f"hw4/{module}.py" for module in found)
    return Packed(names, target.stat().st_size, tuple(_warnings(sources)))


def _read(module: str) -> bytes | None:
    try:
        return (PACKAGE / f"{module}.py").read_bytes()
    except OSError:
        return None


def _warnings(sources: Mapping[str, bytes | None]) -> Iterator[str]:
    """Say which files are missing or cannot be read, and which functions are as they were given."""
    stubs = set()
    for module, content in sources.items():
        if content is None:
            yield f"hw4/{module}.py is missing, which costs its points."
            continue
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}," if isinstance(error, SyntaxError) else ""
            yield f"hw4/{module}.py{line} cannot be read by Python, which costs its points."
        else:
            functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
            stubs |= {f"{module}.{function.name}" for function in functions if _is_stub(function)}
    left = [one for one in SIGNATURES.values() if one.function in stubs]
    if left:
        named = ", ".join(f"{one.number} {one.function.partition('.')[2]}" for one in left)
        yield f"Not attempted: {named}."


def _is_stub(function: ast.FunctionDef) -> bool:
    """Whether a function still ends in the line that it was given with."""
    last = function.body[-1]
    return isinstance(last, ast.Raise) and "NotImplementedError" in ast.dump(last)
