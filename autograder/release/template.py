"""Makes the students' folder from solutions and public tests: strips, proves, then writes or compares.

The only file of `release` that writes to the repository; it knows no particular homework.
"""

from __future__ import annotations

import contextlib
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.grading.assignment import Assignment, Function
from autograder.release import markers, proof

TESTS = PurePosixPath("tests")
"""Where the public tests stand in the students' folder."""

_IGNORED_NAMES = ("__pycache__", "node_modules", "Thumbs.db")
_IGNORED_ENDINGS = (".pyc", ".pyo", "~", ".bak", ".orig", ".rej", ".egg-info")


class TemplateError(Exception):
    """The template cannot be made or proven; nothing has been changed.

    Attributes:
        problems: a sentence each.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Written:
    """What `write` did: the template's files, and those that it added, changed or removed."""

    files: tuple[PurePosixPath, ...]
    changed: tuple[PurePosixPath, ...]
    removed: tuple[PurePosixPath, ...]


def generate(assignment: Assignment) -> Mapping[PurePosixPath, bytes]:
    """Make the template's files in memory.

    Every file of the solutions is there: Python without its solution regions, everything else byte for byte;
    and the public tests as ``tests/``. Caches, dot files and editors' leftovers are left out.

    Args:
        assignment: the homework.

    Returns:
        The content by path within the template, sorted.

    Raises:
        TemplateError: with a sentence for every file that cannot be used.
    """
    return _generate(assignment)[0]


def write(assignment: Assignment) -> Written:
    """Generate the template, prove it, and put it in place of the old one as a whole.

    Args:
        assignment: the homework.

    Returns:
        What has changed. A template that was up to date is left untouched.

    Raises:
        TemplateError: with a sentence for every problem; the old template is then as it was.
    """
    # Made beside its later place, so that a rename puts it there.
    with _proven(assignment, beside=assignment.root) as (files, folder):
        before = _read_template(assignment)
        changed = tuple(path for path, content in files.items() if before.get(path) != (content, False))
        removed = tuple(path for path in before if path not in files)
        if changed or removed:
            _swap(folder, assignment.template)
    return Written(tuple(files), changed, removed)


def check(assignment: Assignment) -> list[str]:
    """Generate and prove the template without changing anything, and compare it with the one in place.

    Args:
        assignment: the homework.

    Returns:
        A sentence for every broken promise and every difference; none when all is well.
    """
    try:
        with _proven(assignment):
            return differences(assignment)
    except TemplateError as error:
        return error.problems


def differences(assignment: Assignment) -> list[str]:
    """Compare the template in place with what the solutions give now.

    Args:
        assignment: the homework.

    Returns:
        A sentence for every file that is missing, left over or different.

    Raises:
        TemplateError: with a sentence for every file that cannot be used.
    """
    wanted, found = generate(assignment), _read_template(assignment)
    name = assignment.template.name
    sentences = []
    for path in sorted({*wanted, *found}):
        where = f"{name}/{path}"
        origin = _origin(assignment, path)
        if path not in found:
            sentences.append(f"{where} is missing: {origin} gives it.")
        elif path not in wanted:
            sentences.append(f"{where} is left over: there is no {origin}.")
        elif found[path][0] != wanted[path]:
            line = _first_different_line(found[path][0], wanted[path])
            sentences.append(f"{where}:{line}: from here on the file is not what {origin} gives.")
        elif found[path][1]:
            sentences.append(f"{where} is executable: no file of a template is.")
    return sentences


def _generate(
    assignment: Assignment,
) -> tuple[dict[PurePosixPath, bytes], dict[PurePosixPath, proof.Source]]:
    """The template's files, and the sources of those that are Python of the solutions."""
    problems: list[str] = []
    files: dict[PurePosixPath, bytes] = {}
    sources: dict[PurePosixPath, proof.Source] = {}
    for path, content in _read_folder(assignment, assignment.solutions, problems):
        if path.suffix != ".py":
            files[path] = content
            continue
        where = _shown(assignment, assignment.solutions / path)
        functions = _functions_of(assignment, path)
        try:
            text = markers.decode(content, where)
            sources[path] = proof.Source(where, text, markers.find_regions(text, where, functions))
            files[path] = markers.strip(text, where, functions).encode()
        except markers.MarkerError as error:
            problems.append(str(error))
    for path, content in _read_folder(assignment, assignment.public_tests, problems):
        if TESTS / path in files:
            other = _shown(assignment, assignment.solutions / TESTS / path)
            problems.append(
                f"{_origin(assignment, TESTS / path)} and {other} would become one file: move one."
            )
        files[TESTS / path] = content
    for module in assignment.modules:
        path = PurePosixPath(assignment.package, f"{module}.py")
        if path not in files and not any(str(path) in problem for problem in problems):
            where = _shown(assignment, assignment.solutions / path)
            problems.append(f"{where} is missing: the assignment has a module {module}.")
    if problems:
        raise TemplateError(problems)
    return dict(sorted(files.items())), sources


def _functions_of(assignment: Assignment, path: PurePosixPath) -> tuple[Function, ...]:
    if path.parent != PurePosixPath(assignment.package):
        return ()
    return tuple(function for function in assignment.functions if function.module == path.stem)


def _origin(assignment: Assignment, path: PurePosixPath) -> str:
    """What a file of the template is made from, as messages name it."""
    if path.parts[0] == TESTS.name:
        return _shown(assignment, assignment.public_tests / path.relative_to(TESTS))
    return _shown(assignment, assignment.solutions / path)


def _shown(assignment: Assignment, path: Path) -> str:
    return path.relative_to(assignment.root).as_posix()


def _read_folder(
    assignment: Assignment, folder: Path, problems: list[str]
) -> Iterator[tuple[PurePosixPath, bytes]]:
    if not folder.is_dir():
        problems.append(f"There is no folder {_shown(assignment, folder)}: the template is made from it.")
        return
    for path in walk(folder):
        if not stat.S_ISREG(path.lstat().st_mode):
            problems.append(
                f"{_shown(assignment, path)} is a link or a special file: put a regular file in its place."
            )
            continue
        yield PurePosixPath(path.relative_to(folder).as_posix()), path.read_bytes()


def walk(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder that is no folder itself, sorted, without what is ignored."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in _IGNORED_NAMES or path.name.endswith(_IGNORED_ENDINGS):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from walk(path)
        else:
            yield path


def _read_template(assignment: Assignment) -> dict[PurePosixPath, tuple[bytes, bool]]:
    """The template in place: content and whether it is executable, by path. Empty when there is none."""
    folder = assignment.template
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise TemplateError([f"{folder.name} is not a folder: move it away, the template takes its place."])
    if not folder.exists():
        return {}
    found = {}
    for path in walk(folder):
        mode = path.lstat().st_mode
        # A link never counts as up to date, wherever it points.
        content = path.read_bytes() if stat.S_ISREG(mode) else b""
        is_odd = not stat.S_ISREG(mode) or bool(mode & stat.S_IXUSR)
        found[PurePosixPath(path.relative_to(folder).as_posix())] = (content, is_odd)
    return found


def _first_different_line(found: bytes, wanted: bytes) -> int:
    same = 0
    while same < min(len(found), len(wanted)) and found[same] == wanted[same]:
        same += 1
    return wanted[:same].count(b"\n") + 1


@contextlib.contextmanager
def _proven(
    assignment: Assignment, beside: Path | None = None
) -> Iterator[tuple[dict[PurePosixPath, bytes], Path]]:
    """The generated files, and a scratch folder (in `beside`) that holds them, proven."""
    files, sources = _generate(assignment)
    with tempfile.TemporaryDirectory(prefix=f".{assignment.template.name}-", dir=beside) as scratch:
        folder = Path(scratch, assignment.template.name)
        _write_files(files, folder)
        problems = proof.prove(assignment, sources, files, folder)
        if not problems and _generate(assignment)[0] != files:
            problems = [
                f"{assignment.template.name}: a second generation gave other bytes: was a file being edited?"
            ]
        if problems:
            raise TemplateError(problems)
        yield files, folder


def _write_files(files: Mapping[PurePosixPath, bytes], folder: Path) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o644)
    for directory in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        directory.chmod(0o755)


def _swap(new: Path, place: Path, rename: Callable[[Path, Path], object] = Path.rename) -> None:
    """Put a folder in place of another, which moves to the new one's parent, and back if that fails."""
    old = new.with_name(f"{place.name}-old")
    if place.exists():
        rename(place, old)
    try:
        rename(new, place)
    except BaseException:
        if old.exists():
            old.rename(place)
        raise
