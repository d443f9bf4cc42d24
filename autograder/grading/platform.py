"""The platform's folders: where a submission lies, and where its results go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.metadata import Metadata, read_metadata


@dataclass(frozen=True)
class Platform:
    """The platform's folders, below ``/autograder`` or wherever AUTOGRADER_ROOT says."""

    root: Path

    @classmethod
    def from_environment(cls) -> Platform:
        """Find the tree; AUTOGRADER_ROOT moves it for a rehearsal."""
        return cls(Path(os.environ.get("AUTOGRADER_ROOT") or "/autograder"))

    @property
    def submission(self) -> Path:
        """Where the submitted files lie."""
        return self.root / "submission"

    @property
    def results_file(self) -> Path:
        """The file the platform reads after the run."""
        return self.root / "results" / "results.json"

    @property
    def metadata(self) -> Metadata | None:
        """What the platform says of the submission beside its files; None where it says nothing."""
        return read_metadata(self.root / "submission_metadata.json")

    @contextmanager
    def closed_to_others(self) -> Iterator[None]:
        """Close source, submission and results to other users as long as student code runs."""
        before = {}
        try:
            for name in ("source", "submission", "results"):
                folder = self.root / name
                with suppress(OSError):
                    before[folder] = folder.stat().st_mode & 0o7777
                    folder.chmod(0o700)
            yield
        finally:
            for folder, mode in before.items():
                with suppress(OSError):
                    folder.chmod(mode)
