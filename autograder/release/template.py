"""Makes the students' folder from solutions and public tests: strips, proves, then writes or compares.

The only file of `release` that writes to the repository. Works for any homework.
"""

from __future__ import annotations

import contextlib
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.grading.assignment import Assignment, Function
from autograder.release import markers, proof
from autograder.release.proof import Template

TESTS = PurePosixPath("tests")
"""The public tests' folder in the students' folder."""

_IGNORED_NAMES = ("__pycache__", "node_modules", "Thumbs.db")
_IGNORED_ENDINGS = (".pyc", ".pyo", "~", ".bak", ".orig", ".rej", ".egg-info")


class ReleaseError(Exception):
    """What is to be handed out cannot be made or proven, and nothing has been changed.

    Each line of the message is a sentence that says why.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Written:
    """What `write` did: the template's files, and those that it added, changed or removed."""

    files: tuple[PurePosixPath, ...]
    changed: tuple[PurePosixPath, ...]
    removed: tuple[PurePosixPath, ...]


def generate(assignment: Assignment) -> Template:
    """Make the template in memory.

    Every file of the solutions is there: Python without its solution regions, everything else byte for byte;
    and the public tests as ``tests/``. Caches, dot files and editors' leftovers are left out.

    Args:
        assignment: the homework.

    Raises:
        ReleaseError: with a sentence for every file that cannot be used.
    """
    problems: list[str] = []
    files: dict[PurePosixPath, bytes] = {}
    sources: dict[PurePosixPath, markers.Source] = {}
    for path, content in _read_folder(assignment, assignment.solutions, problems):
        if path.suffix != ".py":
            files[path] = content
            continue
        where = _shown(assignment, assignment.solutions / path)
        try:
            sources[path] = markers.read(content, where, _functions_of(assignment, path))
            files[path] = markers.strip(sources[path]).encode()
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
        raise ReleaseError(problems)
    return Template(dict(sorted(files.items())), sources)


def write(assignment: Assignment) -> Written:
    """Generate the template, prove it, and put it in place of the old one as a whole.

    Args:
        assignment: the homework.

    Returns:
        What has changed. A template that was up to date is left untouched.

    Raises:
        ReleaseError: with a sentence for every problem; the old template is then as it was.
    """
    template = generate(assignment)
    # Made beside its later place, so that a rename puts it there.
    with _written(assignment, template, beside=assignment.root) as folder:
        problems = proof.prove(assignment, template, folder)
        if problems:
            raise ReleaseError(problems)
        before = _read_template(assignment)
        changed = tuple(
            path for path, content in template.files.items() if before.get(path) != (content, False)
        )
        removed = tuple(path for path in before if path not in template.files)
        if changed or removed:
            _swap(folder, assignment.template)
    return Written(tuple(template.files), changed, removed)


def check(assignment: Assignment, template: Template) -> list[str]:
    """Prove a template without changing anything, and compare it with the one in place.

    Args:
        assignment: the homework.
        template: what `generate` makes of it now.

    Returns:
        A sentence for every broken promise, else for every file that is missing, left over or different.

    Raises:
        ReleaseError: what is in the template's place is no folder.
    """
    with _written(assignment, template) as folder:
        problems = proof.prove(assignment, template, folder)
    return problems or list(_differences(assignment, template))


def _differences(assignment: Assignment, template: Template) -> Iterator[str]:
    """Compare a template with the one in place."""
    wanted, found = template.files, _read_template(assignment)
    for path in sorted({*wanted, *found}):
        where = f"{assignment.template.name}/{path}"
        origin = _origin(assignment, path)
        if path not in found:
            yield f"{where} is missing: {origin} gives it."
        elif path not in wanted:
            yield f"{where} is left over: there is no {origin}."
        elif found[path][0] != wanted[path]:
            line = _first_different_line(found[path][0], wanted[path])
            yield f"{where}:{line}: from here on the file is not what {origin} gives."
        elif found[path][1]:
            yield f"{where} is executable: no file of a template is."


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
        raise ReleaseError([f"{folder.name} is not a folder: move it away, the template takes its place."])
    if not folder.exists():
        return {}
    found = {}
    for path in walk(folder):
        mode = path.lstat().st_mode
        # A link is never up to date, wherever it points.
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
def _written(assignment: Assignment, template: Template, beside: Path | None = None) -> Iterator[Path]:
    """A scratch folder (in `beside`) that holds a template."""
    with tempfile.TemporaryDirectory(prefix=f".{assignment.template.name}-", dir=beside) as scratch:
        folder = Path(scratch, assignment.template.name)
        for path, content in template.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o644)
        for directory in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
            directory.chmod(0o755)
        yield folder


def _swap(new: Path, place: Path) -> None:
    """Put a folder in place of another, which is kept beside the new one, and put back where that fails."""
    old = new.with_name(f"{place.name}-old")
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except BaseException:
        if old.exists():
            old.rename(place)
        raise
