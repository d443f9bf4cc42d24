"""Collect a submission: find the modules in a folder or zip, read them, trust nothing. Runs none of it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.grading.errors import UnusableRequest

MAX_FILE_BYTES = 1024 * 1024
MAX_DIRECTORY_BYTES = 4 * 1024 * 1024
"""Of a zip's list of members, which is read as a whole: it takes 100 MB of memory at most, and an environment
of 30,000 files fits. The zip's own size does not matter: of its members only the modules are read."""
MAX_MODULE_BYTES = 32 * 1024 * 1024
"""Of all files that have the name of a module, wherever they are: all are kept until a folder is chosen."""
MAX_ENTRIES = 100_000
"""Of a folder. One of an environment with every package of the homework has 15,000."""
MAX_FOLDER_DEPTH = 12
_NOTEBOOK = ".ipynb"
_UNPACKING_ERRORS = (RuntimeError, ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error)
"""RuntimeError covers a password and (as NotImplementedError) an unknown compression."""
_IGNORED_FOLDERS = frozenset(
    {"__MACOSX", "__pycache__", ".git", ".venv", "venv", "node_modules", ".hypothesis"}
)


class UnreadableSubmission(UnusableRequest):
    """What was named is no submission; the message says what to give instead."""


@dataclass(frozen=True)
class Collected:
    """The modules of a submission.

    Attributes:
        sources: the bytes of each module that was found, by module.
        missing: for each module that was not, a sentence for the student.
        notes: sentences on what was passed over or chosen, for the student.
        digest: SHA-256 over the modules' names and contents, in hexadecimal.
    """

    sources: Mapping[str, bytes]
    missing: Mapping[str, str]
    notes: tuple[str, ...]
    digest: str

    def write(self, file: Path) -> None:
        """Write all of it to a file, for a grading in another process."""
        sources = {module: base64.b64encode(source).decode() for module, source in self.sources.items()}
        values = {"sources": sources, "missing": dict(self.missing), "notes": self.notes}
        file.write_text(json.dumps(values), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Collected:
        """Read what `write` has written."""
        values = json.loads(file.read_text(encoding="utf-8"))
        sources = {module: base64.b64decode(source) for module, source in values["sources"].items()}
        return cls(sources, values["missing"], tuple(values["notes"]), _digest(sources))


@dataclass(frozen=True)
class _Candidate:
    """A file that has the name of a module: where it is, and its content or why that was not read."""

    path: PurePosixPath
    content: bytes | None
    problem: str = ""

    @property
    def module(self) -> str:
        return self.path.stem


def collect(submission: Path, package: str, modules: Sequence[str]) -> Collected:
    """Read the submitted modules from a folder or a zip.

    The package may lie below any number of wrapping folders, or the module files may have no folder at all.
    Links are not followed, and of other files nothing is read.

    Args:
        submission: the folder or zip.
        package: the package's name; a folder of this name is preferred.
        modules: the modules' names.

    Raises:
        UnreadableSubmission: there is no such folder or zip, or it cannot be read.
    """
    wanted = frozenset(f"{module}.py" for module in modules)
    if submission.is_dir():
        candidates = _within_bounds(_in_folder(submission, wanted))
    elif submission.is_file() and zipfile.is_zipfile(submission):
        candidates = _within_bounds(_in_zip(submission, wanted))
    else:
        found = "is neither a folder nor a zip" if submission.exists() else "does not exist"
        raise UnreadableSubmission(
            f'The submission "{submission}" {found}: give a folder or a zip that holds {package}/*.py.'
        )
    notebooks = [show(candidate.path) for candidate in candidates if candidate.path.suffix == _NOTEBOOK]
    candidates = [candidate for candidate in candidates if candidate.path.suffix != _NOTEBOOK]
    folder = _choose_folder(candidates, package)
    chosen = {candidate.module: candidate for candidate in candidates if candidate.path.parent == folder}
    sources = {module: c.content for module, c in chosen.items() if c.content is not None}
    missing = {
        module: _missing_sentence(module, chosen, candidates) for module in modules if module not in sources
    }
    notes = (*_notes(candidates, folder), *_notebook_notes(notebooks))
    return Collected(sources, missing, notes, _digest(sources))


def _within_bounds(found: Iterator[_Candidate]) -> list[_Candidate]:
    candidates: list[_Candidate] = []
    size = 0
    for candidate in found:
        candidates.append(candidate)
        size += len(candidate.content or b"")
        if size > MAX_MODULE_BYTES:
            raise UnreadableSubmission(
                f"The submission holds more than {MAX_MODULE_BYTES // 2**20} MiB of modules: hand in the "
                "package alone."
            )
    return candidates


def _choose_folder(candidates: Sequence[_Candidate], package: str) -> PurePosixPath | None:
    """The folder to grade: one of the package's name first, then the fullest, then the shallowest."""
    folders = {candidate.path.parent for candidate in candidates}

    def rank(folder: PurePosixPath) -> tuple[bool, int, int, str]:
        files = sum(candidate.path.parent == folder for candidate in candidates)
        return (folder.name != package, -files, len(folder.parts), str(folder))

    return min(folders, key=rank, default=None)


def _missing_sentence(module: str, chosen: Mapping[str, _Candidate], candidates: Sequence[_Candidate]) -> str:
    if module in chosen:
        return f"{show(chosen[module].path)} was not read: {chosen[module].problem}."
    elsewhere = [show(candidate.path) for candidate in candidates if candidate.module == module]
    if elsewhere:
        return f"{module}.py is not with the other modules but at {elsewhere[0]}: put them in one folder."
    return f"{module}.py is missing from the submission: hand it in together with the other modules."


def _notes(candidates: Sequence[_Candidate], folder: PurePosixPath | None) -> Iterator[str]:
    if folder is None:
        yield "No module of the homework was found in the submission."
    others = sorted({candidate.path.parent for candidate in candidates} - {folder})
    if others:
        yield (
            f"Graded: the modules in {show(folder or PurePosixPath())}/. Not looked at: those in "
            + ", ".join(f"{show(other)}/" for other in others[:5])
            + "."
        )


def _notebook_notes(notebooks: Sequence[str]) -> Iterator[str]:
    if notebooks:
        yield (
            f"Not looked at: {', '.join(notebooks[:5])}. Notebooks are not graded: copy your functions into "
            "the modules."
        )


def _digest(sources: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for module in sorted(sources):
        digest.update(f"{module} {len(sources[module])}\n".encode() + sources[module])
    return digest.hexdigest()


def show(path: PurePosixPath | str) -> str:
    """Write a submitted path for people: control and other unprintable characters escaped, and bounded."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(path))
    return text if len(text) <= 120 else text[:60] + "…" + text[-59:]


def _in_folder(root: Path, wanted: frozenset[str]) -> Iterator[_Candidate]:
    pending = [(root, PurePosixPath())]
    entries = 0
    while pending:
        folder, inside = pending.pop()
        with contextlib.suppress(OSError), os.scandir(folder) as listing:
            for entry in sorted(listing, key=lambda entry: entry.name):
                entries += 1
                if entries > MAX_ENTRIES:
                    raise UnreadableSubmission(
                        f"The submission has more than {MAX_ENTRIES} entries: hand in the package alone."
                    )
                path = inside / entry.name
                if entry.name in wanted:
                    yield _read_file(Path(entry.path), path)
                elif path.suffix == _NOTEBOOK:
                    yield _Candidate(path, None)
                elif entry.is_dir(follow_symlinks=False) and _is_worth_entering(path):
                    pending.append((Path(entry.path), path))


def _is_worth_entering(folder: PurePosixPath) -> bool:
    return folder.name not in _IGNORED_FOLDERS and len(folder.parts) <= MAX_FOLDER_DEPTH


def _read_file(file: Path, path: PurePosixPath) -> _Candidate:
    try:
        # NONBLOCK: opening a FIFO must not wait for a writer. NOFOLLOW: a link is not the student's work.
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        problem = "it is a link" if file.is_symlink() else "it cannot be opened"
        return _Candidate(path, None, f"{problem}; hand in the file itself")
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return _Candidate(path, None, "it is not a regular file; hand in the file itself")
        content = stream.read(MAX_FILE_BYTES + 1)
    return _bounded(path, content)


def _bounded(path: PurePosixPath, content: bytes) -> _Candidate:
    if len(content) > MAX_FILE_BYTES:
        return _Candidate(path, None, "it is larger than 1 MiB; hand in the source code alone")
    return _Candidate(path, content)


def _in_zip(file: Path, wanted: frozenset[str]) -> Iterator[_Candidate]:
    try:
        if _directory_bytes(file) > MAX_DIRECTORY_BYTES:
            raise UnreadableSubmission("The zip has too many members: hand in the package alone.")
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                # Windows' own zipper is known to write backslashes.
                path = PurePosixPath(member.filename.replace("\\", "/"))
                if path.name in wanted and not member.is_dir() and all(map(_is_worth_entering, path.parents)):
                    yield _read_member(archive, member, path)
                elif path.suffix == _NOTEBOOK and all(map(_is_worth_entering, path.parents)):
                    yield _Candidate(path, None)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise UnreadableSubmission(
            f'The zip "{file.name}" cannot be read ({error}): make it again.'
        ) from None


def _directory_bytes(file: Path) -> int:
    """How long a zip's list of members is, as the zip says."""
    with file.open("rb") as stream:
        # What ZipFile itself reads first: another reader could find another end of the list than it does.
        record = zipfile._EndRecData(stream)  # type: ignore[attr-defined]
    if record is None:
        raise zipfile.BadZipFile("it has no list of members")
    return int(record[5])


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: PurePosixPath) -> _Candidate:
    if stat.S_ISLNK(member.external_attr >> 16):
        return _Candidate(path, None, "it is a link; hand in the file itself")
    try:
        with archive.open(member) as stream:
            # read(n) inflates no more than n bytes, whatever size the zip announces.
            return _bounded(path, stream.read(MAX_FILE_BYTES + 1))
    except _UNPACKING_ERRORS as error:
        return _Candidate(
            path, None, f"it cannot be unpacked ({error}); make the zip again without a password"
        )
