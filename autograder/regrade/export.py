"""Reads a class: the platform's export, or a folder with a folder or zip for each submission.

What students handed in is not opened here; `grading.submission` reads it, and trusts nothing.
"""

from __future__ import annotations

import errno
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import yaml

from autograder.grading.errors import UnusableRequest
from autograder.grading.submission import MAX_FILE_BYTES

METADATA = "submission_metadata.yml"
MAX_METADATA_BYTES = 4 * 1024**3
MAX_ZIP_BYTES = 256 * 1024**2
_PREFIX = "submission_"
_PASSED_OVER = frozenset({"__MACOSX", "__pycache__"})
_KEPT_BYTES = {".py": MAX_FILE_BYTES + 1, ".zip": MAX_ZIP_BYTES + 1, ".ipynb": 0}
"""Of files in a zip, how much is unpacked; what is larger is refused later. A notebook is its name."""


@dataclass(frozen=True)
class Student:
    """Somebody in a class; what is not known is empty.

    Attributes:
        name: as the platform writes it.
        sid: the student's number, a text: it may begin with zeros.
        email: the address.
    """

    name: str = ""
    sid: str = ""
    email: str = ""


@dataclass(frozen=True)
class Official:
    """What counts for a submission until something else is promoted.

    Attributes:
        score: the total, or None where there is none yet.
        rows: the points of each row, by its number, where they are known.
    """

    score: float | None = None
    rows: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class HandedIn:
    """One submission of a class.

    Attributes:
        name: what the export calls it.
        place: the folder or zip; it may be missing.
        students: who handed it in; several for a group, none where that is not known.
        created_at: when, as the export writes it.
        official: what the export says it got.
        attempts: how many attempts there are, this one among them.
        newest_attempt: when the newest was made, where that is not this one.
    """

    name: str
    place: Path
    students: tuple[Student, ...] = ()
    created_at: str = ""
    official: Official = Official()
    attempts: int = 1
    newest_attempt: str = ""


@dataclass(frozen=True)
class Export:
    """A class.

    Attributes:
        submissions: sorted by name.
        is_platforms: whether it came with the platform's metadata.
    """

    submissions: tuple[HandedIn, ...]
    is_platforms: bool


def read_export(path: Path, scratch: Path, package: str, modules: Sequence[str]) -> Export:
    """Read a class.

    Args:
        path: the folder or zip.
        scratch: an empty folder, to which a zip is unpacked.
        package: the homework's package.
        modules: its modules: a folder that holds them is one submission, not a class.

    Raises:
        UnusableRequest: it is no class; the message says what to give instead.
    """
    if path.is_dir():
        root = path
    elif path.is_file() and zipfile.is_zipfile(path):
        _unpack(path, scratch)
        root = scratch
    else:
        found = "is neither a folder nor a zip" if path.exists() else "does not exist"
        raise UnusableRequest(f'The class "{path}" {found}: give the platform\'s export, a folder or a zip.')
    metadata = _find_metadata(root)
    if metadata is not None:
        return Export(tuple(_of_platform(metadata)), is_platforms=True)
    wanted = {f"{module}.py" for module in modules}
    if any(child.name in wanted or child.name == package for child in _children(root)):
        raise UnusableRequest(
            f'"{path}" is one submission, not a class: grade it with "python -m autograder grade", or give '
            "the folder above it."
        )
    submissions = tuple(_of_folder(root))
    if not submissions:
        raise UnusableRequest(
            f'"{path}" is no class: it has neither {METADATA} nor a folder or zip for each submission.'
        )
    return Export(submissions, is_platforms=False)


def _children(folder: Path) -> list[Path]:
    found = [child for child in folder.iterdir() if not child.name.startswith(".")]
    return sorted(child for child in found if child.name not in _PASSED_OVER)


def _find_metadata(root: Path) -> Path | None:
    """The metadata in the folder, or in the one folder that is wrapped around the export."""
    for folder in (root, *(child for child in _children(root) if child.is_dir())):
        if (folder / METADATA).is_file():
            return folder / METADATA
    return None


def _of_folder(root: Path) -> Iterator[HandedIn]:
    names: dict[str, Path] = {}
    for child in _children(root):
        if child.is_dir() and not child.is_symlink():
            names.setdefault(child.name, child)
        elif child.suffix.lower() == ".zip" and child.is_file():
            names.setdefault(child.name if child.stem in names else child.stem, child)
    yield from (HandedIn(name, place) for name, place in sorted(names.items()))


def _of_platform(file: Path) -> Iterator[HandedIn]:
    entries = _read_yaml(file)
    folders = {child.name for child in _children(file.parent) if child.is_dir()}
    names = {*entries, *(name for name in folders if name.startswith(_PREFIX))}
    for name in sorted(names):
        # Nothing above or beside the export is read, whatever a key says.
        place = file.parent / (name if name in folders else "there is none")
        yield _submission(name, place, _mapping(entries.get(name)))


def _submission(name: str, place: Path, entry: Mapping[str, Any]) -> HandedIn:
    created_at = _string(entry.get(":created_at"))
    history = [_string(_mapping(one).get(":created_at")) for one in _list(entry.get(":history"))]
    # As text: all of them are in UTC and have the same number of digits, so they sort by time.
    newest = max(history, default="")
    return HandedIn(
        name,
        place,
        tuple(map(_student, _list(entry.get(":submitters")))),
        created_at,
        Official(_number(entry.get(":score")), MappingProxyType(_rows(entry.get(":results")))),
        1 + len(history),
        newest if newest > created_at else "",
    )


def _student(value: object) -> Student:
    entry = _mapping(value)
    return Student(*(_string(entry.get(key)) for key in (":name", ":sid", ":email")))


def _rows(results: object) -> dict[str, float]:
    """The points of each row of the old results; where they were hidden, they stand in the staff's data."""
    found = {}
    for one in _list(_mapping(results).get("tests")):
        row = _mapping(one)
        score = _number(row.get("score", _mapping(row.get("extra_data")).get("score")))
        if score is not None and row.get("number"):
            found[_string(row["number"])] = score
    return found


def _read_yaml(file: Path) -> Mapping[str, Any]:
    """Read the metadata with every value as it is written: an identifier is no number, a name no truth."""
    try:
        with file.open("rb") as stream:
            entries = yaml.load(stream.read(MAX_METADATA_BYTES), yaml.CBaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UnusableRequest(f"{METADATA} is no YAML ({first}): export the class again.") from None
    if not isinstance(entries, dict):
        raise UnusableRequest(f"{METADATA} names no submission: export the class again.")
    return entries


def _unpack(file: Path, folder: Path) -> None:
    """Unpack what a grading reads of a zip: folders, metadata, sources and zips."""
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                _unpack_member(archive, member, folder)
    except (zipfile.BadZipFile, RuntimeError, EOFError, zlib.error) as error:
        raise UnusableRequest(f'The zip "{file}" cannot be read ({error}): export the class again.') from None


def _unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(member.external_attr >> 16):
        return
    limit = MAX_METADATA_BYTES if path.name == METADATA else _KEPT_BYTES.get(path.suffix.lower())
    target = folder / path
    try:
        (target if member.is_dir() else target.parent).mkdir(parents=True, exist_ok=True)
        if limit is not None and not member.is_dir():
            with archive.open(member) as packed, target.open("wb") as unpacked:
                _copy(packed, unpacked, limit)
    except OSError as error:
        # A name that this system does not take is passed over; a full disk is not.
        if error.errno not in (errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL):
            raise


def _copy(packed: Any, unpacked: Any, limit: int) -> None:
    while limit > 0 and (chunk := packed.read(min(limit, 1 << 20))):
        unpacked.write(chunk)
        limit -= len(chunk)


def empty(folder: Path) -> Path:
    """Make a folder, or make it empty, for its owner alone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    """A score; Ruby writes a BigDecimal with its precision before a colon."""
    try:
        number = float(_string(value).rpartition(":")[2])
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
