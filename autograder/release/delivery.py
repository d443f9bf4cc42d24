"""How a submission reaches the platform's container, and the metadata that the platform writes beside it."""

from __future__ import annotations

import enum
import shutil
import zipfile
from pathlib import Path

from autograder.grading.assignment import Assignment
from autograder.grading.submission import UnreadableSubmission, collect

_DUE = "2026-11-02T23:00:00.000000-08:00"
_IN_TIME, _LATE = "2026-11-02T20:15:00.000000-08:00", "2026-11-03T01:30:00.000000-08:00"


class Delivery(str, enum.Enum):
    """How a submission arrives."""

    UPLOAD = "upload"
    FILES = "files"
    FOLDER = "folder"
    GITHUB = "github"
    GROUP = "group"
    LATE = "late"


DESCRIPTIONS = {
    Delivery.UPLOAD: "uploaded as it is",
    Delivery.FILES: "bare files, without a folder",
    Delivery.FOLDER: "inside a wrapping folder",
    Delivery.GITHUB: "a clone from GitHub",
    Delivery.GROUP: "handed in by two",
    Delivery.LATE: "handed in again, late",
}


def deliver(assignment: Assignment, submission: Path, delivery: Delivery, folder: Path) -> None:
    """Put a submission where the grader looks for it.

    Args:
        assignment: the homework.
        submission: the folder or zip.
        delivery: how it arrives.
        folder: stands for ``/autograder/submission``; empty.

    Raises:
        UnreadableSubmission: the submission is neither a folder nor a zip.
    """
    if delivery is Delivery.FILES:
        collected = collect(submission, assignment.package, assignment.modules)
        for module, source in collected.sources.items():
            (folder / f"{module}.py").write_bytes(source)
        return
    inside = folder / "my homework" if delivery is Delivery.FOLDER else folder
    inside.mkdir(exist_ok=True)
    if submission.is_dir():
        shutil.copytree(submission, inside, symlinks=True, dirs_exist_ok=True, ignore=_special_files)
    elif submission.is_file() and zipfile.is_zipfile(submission):
        with zipfile.ZipFile(submission) as archive:
            archive.extractall(inside)
    else:
        raise UnreadableSubmission(f'"{submission}" is neither a folder nor a zip: give one of them.')
    if delivery is Delivery.GITHUB:
        (inside / ".git").mkdir(exist_ok=True)
        (inside / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        (inside / "README.md").write_text("# My homework\n")


def _special_files(folder: str, names: list[str]) -> set[str]:
    """Names that are not copied: sockets, pipes and devices cannot be uploaded, and caches are not meant."""
    paths = {name: Path(folder, name) for name in names}
    return {
        name
        for name, path in paths.items()
        if name in (".venv", "__pycache__") or not (path.is_file() or path.is_dir() or path.is_symlink())
    }


def metadata(assignment: Assignment, delivery: Delivery) -> dict[str, object]:
    """Make the content of ``submission_metadata.json``."""
    users = [{"email": "ada@example.edu", "id": 1, "name": "Ada Åström"}]
    if delivery is Delivery.GROUP:
        users.append({"email": "ben@example.edu", "id": 2, "name": "Ben Ölçer"})
    before = {
        "submission_time": "2026-11-01T10:00:00.000000-08:00",
        "score": 41.5,
        "autograder_error": False,
        "results": {"score": 41.5, "tests": []},
    }
    return {
        "id": 123456789,
        "created_at": _LATE if delivery is Delivery.LATE else _IN_TIME,
        "assignment": {
            "due_date": _DUE,
            "late_due_date": "2026-11-04T23:00:00.000000-08:00",
            "release_date": "2026-10-20T00:00:00.000000-08:00",
            "group_size": 2 if delivery is Delivery.GROUP else None,
            "group_submission": delivery is Delivery.GROUP,
            "id": 1234567,
            "course_id": 123456,
            "title": assignment.title,
            "total_points": f"{assignment.points:.1f}",
        },
        "submission_method": "GitHub" if delivery is Delivery.GITHUB else "upload",
        "users": users,
        "previous_submissions": [before] if delivery is Delivery.LATE else [],
    }
