"""What has been graded, a file a submission: an interrupted run goes on, and nothing is graded twice."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from autograder.grading.writer import write_json

_STAMP = "regrade"
MAX_NAME_BYTES = 200


@dataclass(frozen=True)
class Key:
    """All that a result depends on: results of equal keys are equal but for times.

    Attributes:
        submission: its name in the export.
        content: a hash of its modules, and of what is said about files that were passed over.
        grader: a hash of the grader's files, of Python's version and of the packages'.
        salt_id: the name of the salt.
        only: the rows asked for; empty for all.
    """

    submission: str
    content: str
    grader: str
    salt_id: str
    only: str


class Journal:
    """The results of a class.

    Args:
        folder: where they are; it is made if need be.
        only: the rows asked for. Results of some rows have a folder of their own: those of all rows stay.
    """

    def __init__(self, folder: Path, only: str = "") -> None:
        self._folder = folder / f"only {_file_name(only)}" if only else folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def file(self, submission: str) -> Path:
        """The file of a submission."""
        return self._folder / f"{_file_name(submission)}.json"

    def find(self, key: Key) -> Mapping[str, Any] | None:
        """The results that were kept for a key, or None."""
        try:
            document = json.loads(self.file(key.submission).read_text(encoding="utf-8"))
            stamp = dict(document["extra_data"][_STAMP])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        stamp.pop("graded_at", None)
        return document if stamp == dataclasses.asdict(key) else None

    def keep(self, key: Key, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep results, in one step and on disk, with what they depend on and the time.

        Returns:
            The document as it is kept.
        """
        stamp = {**dataclasses.asdict(key), "graded_at": datetime.now(timezone.utc).isoformat(" ", "seconds")}
        extra = {**document["extra_data"], _STAMP: stamp}
        kept = {**document, "extra_data": extra}
        write_json(kept, self.file(key.submission), mode=0o600)
        return kept


def _file_name(text: str) -> str:
    """A name for a file: the text itself where it is harmless, else what is left of it, and a hash."""
    harmless = re.sub(r"[^\w.,()+@ -]", "_", text).lstrip(".")
    if harmless == text and len(text.encode()) <= MAX_NAME_BYTES:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"{harmless[:40]}-{digest}"
