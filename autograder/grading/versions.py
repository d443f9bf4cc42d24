"""What graded: the grader itself, by its content, and the packages that decide results."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib import metadata

from autograder.grading.errors import NotGraded

_PACKAGES = ("numpy", "scipy", "gymnasium", "hypothesis", "pytest")


class OtherGrader(NotGraded):
    """The grader, or what it stands on, is not the one that was meant; the message says in what."""


def versions(files: Mapping[str, str]) -> dict[str, str]:
    """Name everything that two gradings must share for the same results.

    Args:
        files: SHA-256 of the grader's files, by path.

    Returns:
        JSON values: the grader's own digest, Python's version, and each package's.
    """
    content = "\n".join(f"{path} {digest}" for path, digest in sorted(files.items()))
    grader = hashlib.sha256(content.encode()).hexdigest()[:12]
    return {
        "grader": grader,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in _PACKAGES},
    }


def require(wanted: Mapping[str, str], found: Mapping[str, str]) -> None:
    """Refuse a grader that gives other results than the one that is meant.

    Args:
        wanted: its versions.
        found: those that are there.

    Raises:
        OtherGrader: they differ.
    """
    differences = [
        f"{name} {found.get(name, 'is missing')}, not {wanted.get(name, 'there')}"
        for name in {**wanted, **found}
        if wanted.get(name) != found.get(name)
    ]
    if differences:
        raise OtherGrader("; ".join(differences))
