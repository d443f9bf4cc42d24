"""Finds in seconds what of a homework is not declared, not consistent or not meant to be handed out.

Nothing is graded: whether the tests catch the mistakes is what `validate` proves.
"""

from __future__ import annotations

import fnmatch
import inspect
import re
import subprocess
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.assignment import Assignment, Catalogue
from autograder.grading.hidden_tests import collect_tests
from autograder.grading.manifest import Check, is_below, read_manifest
from autograder.grading.results import add_up, format_points
from autograder.grading.settings import Settings, SettingsError, read_settings
from autograder.release import template
from autograder.release.catalogue import check_catalogue

SHIPPED_SALT_ID = "a79195e9"
"""The name of the salt in the repository, which everybody can read."""
_SLIDE = re.compile(r'\b(?:slides?|lecture,)\s+"[^"]+"', re.IGNORECASE)
_LEFTOVERS = (
    "results.json",
    "*.ipynb",
    "*.log",
    "*.tmp",
    "*.old",
    "*.swp",
    "*.zip",
    "*.gz",
    "* copy*",
    "*([0-9])*",
    "#*#",
)
"""Names of files that are not meant to be handed out."""
MAX_GIT_SECONDS = 20.0


@dataclass(frozen=True)
class Findings:
    """What was found.

    Attributes:
        looked_at: how much was looked at, for people.
        problems: a sentence for everything to mend.
        notes: a sentence for what is worth knowing without being wrong.
    """

    looked_at: str
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def lint(assignment: Assignment) -> Findings:
    """Look at all that a homework declares.

    Args:
        assignment: the homework. Its hidden tests and its reference are imported.
    """
    tests, problems = collect_tests(assignment)
    try:
        settings = read_settings(assignment.settings_file)
    except SettingsError as error:
        problems.append(str(error))
        settings = Settings(salt="")
    manifest = read_manifest(tests, assignment, settings.visibility_of)
    checks = tuple(manifest.checks.values())
    stray, notes = check_tracked(assignment)
    problems += manifest.problems
    catalogue = Catalogue()
    try:
        catalogue = assignment.catalogue()
    except Exception as error:
        problems.append(f"The catalogue of mistakes cannot be loaded: {_said(error)}")
    else:
        problems += check_functions(assignment, checks, catalogue)
        problems += check_mistakes(assignment, checks, catalogue)
        problems += check_catalogue(catalogue)
    problems += check_visibility(settings, checks)
    problems += stray
    if settings.salt_id == SHIPPED_SALT_ID:
        notes.append(
            f"The salt in {assignment.settings_file.name} is the one of the repository, which students can "
            "find: set another before the term."
        )
    looked_at = (
        f"{len(tests)} hidden tests, {len(assignment.functions)} functions, "
        f"{len(catalogue.misconceptions)} mistakes and {len(_handed_out(assignment))} files for students"
    )
    return Findings(looked_at, tuple(problems), tuple(notes))


def check_functions(assignment: Assignment, checks: Sequence[Check], catalogue: Catalogue) -> Iterator[str]:
    """Yield what a function lacks: its shapes, rows, a slide, probes, mistakes.

    Args:
        assignment: the homework.
        checks: the hidden tests.
        catalogue: its mistakes, and the right functions.
    """
    for function in assignment.functions:
        name = function.qualified_name
        own = [check for check in checks if is_below(check.row.number, function.number)]
        if function.signature is None:
            yield f"{name} has no signature: declare the shapes of its arguments."
        if not own:
            yield f"{name} has no row, and so no points: write a hidden test numbered {function.number}.1."
        elif function.points is not None and function.points != (
            total := add_up(check.row.points for check in own)
        ):
            told, found = format_points(function.points), format_points(total)
            yield f"Students are told that {name} is worth {told} points, but its rows add up to {found}."
        elif not any(_SLIDE.search(check.checked) for check in own):
            yield f'No row of {name} names its slide: write (slide "…") in the docstring of {own[0].test}.'
        if name not in catalogue.right:
            yield f"{name} has no right function in the catalogue: nothing can be held against it."
        elif not _SLIDE.search(inspect.getdoc(catalogue.right[name]) or ""):
            yield f'{name} names no slide: write (lecture, "…") in its docstring in the solutions.'
        if not catalogue.of(name):
            yield f"{name} has no known mistake: write one, so that its rows are seen to fail."


def check_mistakes(assignment: Assignment, checks: Sequence[Check], catalogue: Catalogue) -> Iterator[str]:
    """Yield what a known mistake lacks, and the rows it names that do not exist.

    Args:
        assignment: the homework.
        checks: the hidden tests.
        catalogue: its mistakes.
    """
    numbers = {function.qualified_name: function.number for function in assignment.functions}
    rows = {check.row.number for check in checks}
    counted = Counter(mistake.name for mistake in catalogue.misconceptions)
    yield from (
        f"{times} mistakes are named {name}: rename one." for name, times in counted.items() if times > 1
    )
    for mistake in catalogue.misconceptions:
        if mistake.function not in numbers:
            yield f"{mistake.name} is a mistake in {mistake.function}, which is no function of the homework."
            continue
        if not mistake.sentence:
            yield f"{mistake.name} has no sentence for the student who makes it: give it a docstring."
        if not mistake.slide:
            yield f"{mistake.name} names no slide: say which one it contradicts."
        for row in mistake.rows:
            if row not in rows:
                yield f"{mistake.name} should lose row {row}, but there is no such row."
            elif not is_below(row, numbers[mistake.function]):
                yield f"{mistake.name} should lose row {row}, which is none of {mistake.function}."


def check_visibility(settings: Settings, checks: Sequence[Check]) -> Iterator[str]:
    """Yield the numbers in the settings that no row begins with.

    Args:
        settings: the staff's settings.
        checks: the hidden tests.
    """
    for number in settings.visibility:
        if not any(is_below(check.row.number, number) for check in checks):
            yield f"The settings say who sees {number}, but no row begins so: take it out, or correct it."


def check_tracked(assignment: Assignment) -> tuple[list[str], list[str]]:
    """Look for files that students would get by accident.

    Args:
        assignment: the homework.

    Returns:
        A sentence for each, and one to note where git cannot say which files are meant.
    """
    files, tracked = _handed_out(assignment), _tracked(assignment.root)
    if tracked is not None and tracked.isdisjoint(files):
        tracked = None  # a copy inside another repository
    problems = list(check_files(assignment.root, files, tracked))
    if tracked is not None:
        return problems, []
    return problems, [
        "This is no checkout of git: files that are new in solutions/ cannot be told from others."
    ]


def check_files(root: Path, files: Sequence[Path], tracked: Collection[Path] | None) -> Iterator[str]:
    """Yield the files that students would get by accident.

    Args:
        root: the repository's folder.
        files: what students would get.
        tracked: the files under version control; None where that is not known.
    """
    for file in files:
        name = file.relative_to(root).as_posix()
        if any(fnmatch.fnmatchcase(file.name, pattern) for pattern in _LEFTOVERS):
            yield f"{name} looks like a leftover, but students would get it: move it away, or rename it."
        elif tracked is not None and file not in tracked:
            yield f"{name} is unknown to git, but students would get it: add it, or move it away."


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(".") + "."


def _handed_out(assignment: Assignment) -> list[Path]:
    """The sources of what students get; the template itself leaves out caches and dot files."""
    folders = [folder for folder in (assignment.solutions, assignment.public_tests) if folder.is_dir()]
    return [file for folder in folders for file in template.walk(folder)]


def _tracked(root: Path) -> frozenset[Path] | None:
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z"], cwd=root, capture_output=True, timeout=MAX_GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return frozenset(
        root / name for name in done.stdout.decode("utf-8", "surrogateescape").split("\0") if name
    )
