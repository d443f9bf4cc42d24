"""Whether the grader's own files are what they were before a submission ran."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from autograder.grading.assignment import Assignment


def fingerprints(assignment: Assignment) -> dict[str, str]:
    """Give the SHA-256 of every source file that decides a grading, by path below the root; takes 5 ms."""
    folders = (
        assignment.root / "autograder",
        assignment.solutions,
        assignment.template,
        assignment.public_tests,
        assignment.hidden_tests,
    )
    return {
        str(file.relative_to(assignment.root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.suffix in (".py", ".toml") and file.is_file()
    }


def changed_since(before: Mapping[str, str], assignment: Assignment) -> list[str]:
    """Name the files that are new, gone or different since `fingerprints` was called."""
    after = fingerprints(assignment)
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
