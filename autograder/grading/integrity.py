"""Whether the grader's own files are what they were before a submission ran."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from autograder.grading.assignment import Assignment

NOT_GRADING = ("release", "regrade")
"""The engine's folders that work before the term and after the deadline."""


def fingerprints(assignment: Assignment) -> dict[str, str]:
    """Give the SHA-256 of every source file that decides a grading, by path below the root; takes 5 ms.

    They are those of the platform's zip, so that a grader has the same hash there and here.
    """
    engine = assignment.root / "autograder"
    folders = (
        *(child for child in sorted(engine.iterdir()) if child.name not in NOT_GRADING),
        assignment.solutions / assignment.package,
        assignment.template / assignment.package,
        assignment.public_tests,
        assignment.hidden_tests,
    )
    return {
        str(file.relative_to(assignment.root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for folder in folders
        for file in ([folder] if folder.is_file() else sorted(folder.rglob("*")))
        if file.suffix in (".py", ".toml") and file.is_file()
    }


def changed_since(before: Mapping[str, str], assignment: Assignment) -> list[str]:
    """Name the files that are new, gone or different since `fingerprints` was called."""
    after = fingerprints(assignment)
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
