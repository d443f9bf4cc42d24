"""One run of the platform without the platform: the zip, the image, a delivery, the run, and what it left.

It does what the harness does, in the harness's order, below a temporary folder; only the folder and the
container are imitations.
"""

from __future__ import annotations

import contextlib
import enum
import io
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.grading.assignment import Assignment
from autograder.grading.results import faults_in
from autograder.grading.results_rules import check_file
from autograder.grading.submission import UnreadableSubmission, collect
from autograder.release.bundle import platform_zip
from autograder.release.command import run
from autograder.release.container import Container, Ended

SET_UP_LIMIT_SECONDS = 900.0
_LAST_LINES = 15
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TIMED_OUT = "The autograder timed out. Make sure that it ends in time, or ask for a longer limit."
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


SAID = {
    Delivery.UPLOAD: "uploaded as it is",
    Delivery.FILES: "bare files, without a folder",
    Delivery.FOLDER: "inside a wrapping folder",
    Delivery.GITHUB: "a clone from GitHub",
    Delivery.GROUP: "handed in by two",
    Delivery.LATE: "handed in again, late",
}


class RehearsalError(Exception):
    """The rehearsal cannot be held; the message is a sentence that says why, after what was printed."""


@dataclass(frozen=True)
class Image:
    """What ``setup.sh`` left behind.

    Attributes:
        root: the folder that takes the place of ``/autograder``.
        output: what ``setup.sh`` printed; empty where an environment was lent.
    """

    root: Path
    output: str


@dataclass(frozen=True)
class Rehearsal:
    """One run.

    Attributes:
        delivery: how the submission arrived.
        ended: how the run ended.
        container: what bounded it, for people.
        document: results.json, or None where there is none that can be read.
        problems: a sentence for every rule of the platform that it breaks, and why it ended badly.
    """

    delivery: Delivery
    ended: Ended
    container: str
    document: Mapping[str, Any] | None
    problems: tuple[str, ...]

    @property
    def is_after_due_date(self) -> bool:
        """Whether what is shown after the due date is shown at once."""
        return self.delivery is Delivery.LATE


@contextlib.contextmanager
def image(assignment: Assignment, environment: Path | None = None) -> Iterator[Image]:
    """Build the platform's image below a temporary folder.

    Args:
        assignment: the homework.
        environment: an environment that fits the lock, to save the time of building one.

    Raises:
        RehearsalError: the set-up failed.
    """
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
    try:
        # Everybody may enter the real one as well.
        folder.chmod(0o755)
        root = folder / "autograder"
        source = root / "source"
        source.mkdir(parents=True)
        _unpack(platform_zip(assignment).content, source)
        shutil.copy(source / "run_autograder", root / "run_autograder")
        if environment is None:
            yield Image(root, _set_up(root))
        else:
            (source / ".venv").symlink_to(environment.resolve())
            yield Image(root, "")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rehearse(
    assignment: Assignment,
    image: Image,
    submission: Path,
    delivery: Delivery,
    limit_seconds: float,
) -> Rehearsal:
    """Deliver a submission, run the grader on it, and judge what it left.

    Args:
        assignment: the homework.
        image: where to run.
        submission: the folder or zip.
        delivery: how it arrives.
        limit_seconds: when the platform ends the run.

    Raises:
        UnreadableSubmission: the submission is neither a folder nor a zip.
    """
    root = image.root
    for name in ("submission", "results"):
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    _deliver(assignment, submission, delivery, root / "submission")
    metadata = json.dumps(_metadata(assignment, delivery), indent=1)
    (root / "submission_metadata.json").write_text(metadata, encoding="utf-8")
    results = root / "results" / "results.json"
    with Container() as container:
        ended = container.run(["./run_autograder"], root, _environment(root), limit_seconds)
        if ended.is_timed_out:
            results.write_text(json.dumps({"score": 0, "output": _TIMED_OUT}), encoding="utf-8")
        described = container.described
    try:
        document = json.loads(results.read_text(encoding="utf-8"))
        problems = check_file(results, assignment.points)
    except OSError:
        document, problems = None, ["There is no results.json: the platform would show a failed grading."]
    except ValueError:
        document, problems = None, check_file(results)
    staff = document.get("extra_data") if isinstance(document, dict) else None
    faults = faults_in(staff) if isinstance(staff, dict) else ()
    if faults:
        problems += ["The grader itself failed:", *faults]
    elif ended.status != 0 and not ended.is_timed_out:
        problems += [f"The run ended with status {ended.status}, and said at its end:", *_last_lines(ended)]
    if ended.is_timed_out:
        problems.insert(0, f"The run was killed after {limit_seconds:g} s, and its results were thrown away.")
    if ended.left_over:
        problems.append(
            f"{len(ended.left_over)} processes outlived the run: {'; '.join(ended.left_over[:3])}."
        )
    return Rehearsal(delivery, ended, described, document, tuple(problems))


def describe(rehearsal: Rehearsal) -> str:
    """Say how a run went, in a few lines."""
    ended = rehearsal.ended
    memory = "memory not measured"
    if ended.peak_bytes is not None:
        memory = f"{ended.peak_bytes / 2**20:.0f} MB at most"
    times = f"{ended.seconds:.1f} s by the clock, {ended.cpu_seconds:.1f} s of a core"
    lines = [
        f"Delivery: {SAID[rehearsal.delivery]}. Container: {rehearsal.container}.",
        f"Run: exit status {ended.status}, {times}, {memory}.",
    ]
    if ended.is_out_of_memory:
        lines.append("The kernel ended a process for want of memory.")
    if rehearsal.document is None and ended.status == 0:
        lines += ["The run said at its end:", *_last_lines(ended)]
    lines.append("Rules: obeyed." if not rehearsal.problems else "Not as it should be; the end says why.")
    return "\n".join(lines)


def _last_lines(ended: Ended) -> list[str]:
    return ended.output.splitlines()[-_LAST_LINES:]


def _environment(root: Path) -> dict[str, str]:
    """What a container's process finds, and where the tree is."""
    return {"PATH": _PATH, "HOME": os.path.expanduser("~"), "AUTOGRADER_ROOT": str(root)}


def _set_up(root: Path) -> str:
    environment = _environment(root) | {"HW4_ENVIRONMENTS": str(root.parent / "environments")}
    # Where packages come from is the machine's business, in the image as here.
    environment |= {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HW4_PYTHON"))
    }
    source = root / "source"
    try:
        done = run([source / "setup.sh"], source, SET_UP_LIMIT_SECONDS, environment)
    except subprocess.TimeoutExpired:
        raise RehearsalError(f"setup.sh did not end within {SET_UP_LIMIT_SECONDS:.0f} s.") from None
    output = done.stdout + done.stderr
    if done.returncode != 0:
        raise RehearsalError(f"{output.strip()}\nsetup.sh ended with status {done.returncode}: no image.")
    return output


def _unpack(content: bytes, folder: Path) -> None:
    """Unpack as ``unzip`` does, modes included, which Python's own way forgets."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            Path(archive.extract(member, folder)).chmod(member.external_attr >> 16 & 0o777)


def _deliver(assignment: Assignment, submission: Path, delivery: Delivery, folder: Path) -> None:
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
    """What cannot be uploaded either: sockets, pipes, devices. And what nobody means to hand in."""
    paths = {name: Path(folder, name) for name in names}
    return {
        name
        for name, path in paths.items()
        if name in (".venv", "__pycache__") or not (path.is_file() or path.is_dir() or path.is_symlink())
    }


def _metadata(assignment: Assignment, delivery: Delivery) -> dict[str, object]:
    """What the harness writes beside the submission."""
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
