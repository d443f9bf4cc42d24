"""The two zips that are handed out, the platform's and the students': neither is made before both are proven.

Identical sources give identical bytes: names are sorted, times and modes are fixed, and nothing is
compressed, because zlib's output differs between its versions.
"""

from __future__ import annotations

import ast
import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.grading.assignment import Assignment
from autograder.grading.integrity import NOT_GRADING
from autograder.grading.progress import OnProgress, Progress
from autograder.release import handout, template
from autograder.release.proof import Template
from autograder.release.template import ReleaseError

MIN_SALT_CHARS = 8
"""A shorter one could be guessed by trying, and might occur in any text."""
_SCRIPTS = ("setup.sh", "run_autograder")
_LOCK = "requirements/grading.lock"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""
_UNIX = 3
_MIN_BODY_CHARS = 40
"""Of a hidden test, without white space: shorter bodies are calls that anybody would write."""
_MIN_STATEMENT_CHARS = 100
"""Without white space; the longest statement that hidden and public tests share, a call, has 85."""


@dataclass(frozen=True)
class Archive:
    """A zip in memory.

    Attributes:
        name: its file name.
        content: its bytes.
    """

    name: str
    content: bytes

    @property
    def size_bytes(self) -> int:
        """How large it is."""
        return len(self.content)

    @property
    def sha256(self) -> str:
        """Its SHA-256, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def build(
    assignment: Assignment,
    salt: str,
    find_shortcomings: Callable[[], Iterable[str]],
    on_progress: OnProgress = lambda progress: None,
) -> tuple[Archive, Archive]:
    """Make the platform's zip and the students' zip.

    Args:
        assignment: the homework.
        salt: the settings' salt, which no student may learn.
        find_shortcomings: proves the grader; returns a sentence for everything that it gets wrong.
        on_progress: called before what takes long.

    Returns:
        The platform's, then the students'.

    Raises:
        ReleaseError: handout or template is stale, the grader falls short, or a secret would be handed out.
    """
    on_progress(Progress("making the handout again"))
    stale = handout.check(assignment)
    if stale:
        raise ReleaseError([*stale, 'Run "python -m autograder handout" and "template", then bundle again.'])
    on_progress(Progress("proving the template"))
    for_students = template.generate(assignment)
    stale = template.check(assignment, for_students)
    if stale:
        raise ReleaseError([*stale, 'Run "python -m autograder template", then bundle again.'])
    secrets = find_secrets(assignment, salt, for_students.files)
    if secrets:
        raise ReleaseError(secrets)
    # Last, because it takes the longest.
    shortcomings = list(find_shortcomings())
    if shortcomings:
        raise ReleaseError([*shortcomings, 'Look at "python -m autograder validate", then bundle again.'])
    return platform_zip(assignment), students_zip(assignment, for_students)


def write(archives: Iterable[Archive], folder: Path) -> list[Path]:
    """Write archives to a folder, which is made if need be, each in one step.

    Returns:
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for archive in archives:
        file = folder / archive.name
        part = folder / f".{archive.name}.part"
        part.write_bytes(archive.content)
        os.replace(part, file)
        files.append(file)
    return files


def platform_zip(assignment: Assignment) -> Archive:
    """Make the zip that the platform unpacks to ``/autograder/source``: what grading needs, and nothing else.

    Raises:
        ReleaseError: a file is missing, or is a link.
    """
    root = assignment.root
    engine = root / "autograder"
    folders = [
        assignment.solutions / assignment.package,
        assignment.template / assignment.package,
        assignment.hidden_tests,
        assignment.public_tests,
    ]
    paths = [root / name for name in (*_SCRIPTS, _LOCK, "tests/__init__.py")]
    paths += [file for folder in folders for file in _files(folder)]
    paths += [file for file in _files(engine) if file.relative_to(engine).parts[0] not in NOT_GRADING]
    files = {}
    for path in paths:
        inside = PurePosixPath(path.relative_to(root).as_posix())
        if not path.exists() or not stat.S_ISREG(path.lstat().st_mode):
            raise ReleaseError([f"{inside} is no regular file: the platform's zip needs it."])
        files[inside] = path.read_bytes()
    for name in _SCRIPTS:
        if b"\r" in files[PurePosixPath(name)]:
            raise ReleaseError([f"{name} has Windows line ends, which no shell reads: check it out with LF."])
    return Archive(f"{assignment.package}-autograder.zip", _zip(files, executable=_SCRIPTS))


def students_zip(assignment: Assignment, for_students: Template) -> Archive:
    """Make the zip that students get: the template, in a folder named like the zip."""
    name = f"{assignment.package}-student"
    files = {name / path: content for path, content in for_students.files.items()}
    return Archive(f"{name}.zip", _zip(files))


def find_secrets(assignment: Assignment, salt: str, files: Mapping[PurePosixPath, bytes]) -> list[str]:
    """Look for the salt and for pieces of hidden tests in files that students would get.

    Pieces of the solutions are what `template.check` looks for.

    Args:
        assignment: the homework.
        salt: the settings' salt.
        files: the students' files.

    Returns:
        A sentence for every piece found; none quotes it.
    """
    problems = []
    if len(salt) < MIN_SALT_CHARS:
        problems.append(
            f"The salt has {len(salt)} characters, so a student could guess it: give it {MIN_SALT_CHARS} or "
            "more in autograder/settings.toml."
        )
    pieces = [piece for file in _files(assignment.hidden_tests) for piece in _pieces(file)]
    for path, content in files.items():
        text = content.decode("utf-8", errors="replace")
        if len(salt) >= MIN_SALT_CHARS and (salt in text or salt in str(path)):
            problems.append(
                f"{assignment.template.name}/{path} holds the salt: take it out, or change the salt in "
                "autograder/settings.toml."
            )
        squeezed = _squeeze(text)
        for piece, where in pieces:
            if piece in squeezed:
                problems.append(
                    f"{assignment.template.name}/{path} repeats a piece of a hidden test ({where}): take it "
                    "out, or change the hidden test."
                )
    return problems


def _files(path: Path) -> Iterator[Path]:
    return template.walk(path) if path.is_dir() else iter([path])


def _pieces(file: Path) -> Iterator[tuple[str, str]]:
    """Yield what is secret in a hidden test, without white space, and its file and line."""
    if file.suffix != ".py":
        return
    source = file.read_bytes()
    lines = source.splitlines(keepends=True)
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        statements = function.body[1:] if ast.get_docstring(function) else function.body
        segments = [_squeeze(_segment(lines, node)) for node in statements]
        if statements and len("".join(segments)) >= _MIN_BODY_CHARS:
            yield "".join(segments), f"{file.name}, line {statements[0].lineno}"
        for segment, node in zip(segments, statements, strict=True):
            if len(segment) >= _MIN_STATEMENT_CHARS:
                yield segment, f"{file.name}, line {node.lineno}"


def _segment(lines: Sequence[bytes], node: ast.stmt) -> str:
    """The source of a statement; `ast.get_source_segment` would split the file anew for each one."""
    own = list(lines[node.lineno - 1 : node.end_lineno])
    own[-1] = own[-1][: node.end_col_offset]
    own[0] = own[0][node.col_offset :]
    return b"".join(own).decode()


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _zip(files: Mapping[PurePosixPath, bytes], executable: Sequence[str] = ()) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, content in sorted(files.items()):
            member = zipfile.ZipInfo(str(path), _EPOCH)
            member.create_system = _UNIX
            mode = 0o755 if str(path) in executable else 0o644
            member.external_attr = (stat.S_IFREG | mode) << 16
            archive.writestr(member, content)
    return buffer.getvalue()
