"""Writes results.json while a grading runs: in one step each time, so that a reader never sees half of it."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from autograder.grading.errors import NotGraded
from autograder.grading.gradescope import render
from autograder.grading.results import Results
from autograder.grading.settings import Settings

SECONDS_BETWEEN_UPDATES = 0.5
"""Rows may end every few milliseconds, and writing takes two."""


class UnwritableResults(NotGraded):
    """The results file cannot be written."""


class ResultsWriter:
    """The results file of one grading.

    Args:
        file: the file to replace; its folder is made if need be.
        title: the homework's name.
        settings: what is shown; without them, what is usual.
        staff: what only staff is to see beside the results' own, as JSON values.
    """

    def __init__(
        self,
        file: Path,
        title: str,
        settings: Settings | None = None,
        staff: Mapping[str, object] | None = None,
    ) -> None:
        self._file = file
        self._title = title
        self._settings = settings or Settings(salt="")
        self._staff = staff or {}
        self._next_update = 0.0

    def provisional(self, message: str) -> None:
        """Write a valid file for a grading of which no row is known: score 0 and a message.

        Raises:
            UnwritableResults: it cannot be written.
        """
        try:
            write_json(render(Results(self._title, summary=message), self._settings), self._file)
        except OSError as error:
            raise UnwritableResults(f"{self._cannot(error)}.", 2) from None

    def update(self, results: Results) -> None:
        """Write the results so far, unless that was done just now.

        A full disk is no reason to end the grading: student code may have filled it, and its files are
        removed before the last write.
        """
        if time.monotonic() >= self._next_update:
            with suppress(OSError):
                write_json(self._document(results), self._file, durable=False)
                self._next_update = time.monotonic() + SECONDS_BETWEEN_UPDATES

    def finish(self, results: Results) -> None:
        """Write the final results, and wait until they are on disk.

        Raises:
            UnwritableResults: they cannot be written; what was written before is kept.
        """
        try:
            write_json(self._document(results), self._file)
        except OSError as error:
            kept = "what was written before is kept, which lacks the end"
            raise UnwritableResults(f"{self._cannot(error)}; {kept}.") from None

    def _cannot(self, error: OSError) -> str:
        return f'The results cannot be written to "{self._file}": {error.strerror}'

    def _document(self, results: Results) -> dict[str, object]:
        return render(replace(results, staff={**results.staff, **self._staff}), self._settings)


def write_json(
    document: Mapping[str, object], file: Path, *, durable: bool = True, mode: int = 0o644
) -> None:
    """Replace a file by a document in one step.

    Args:
        document: what JSON can write; NaN is refused.
        file: the file to replace; its folder is made if need be.
        durable: whether to wait until it is on disk.
        mode: who may read and write it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    # Indented for people at the end only: json's fast encoder knows no indentation.
    text = json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1 if durable else None)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        os.chmod(name, mode)
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
