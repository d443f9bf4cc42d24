"""One run of the platform at home: the zip, the image, a delivery, the run, and a look at what it left.

Does what the platform's harness does, in its order, below a temporary folder in place of ``/autograder``.
"""

from __future__ import annotations

import contextlib
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
from autograder.release.bundle import platform_zip
from autograder.release.command import run
from autograder.release.container import Container, Ended
from autograder.release.delivery import DESCRIPTIONS, Delivery, deliver, metadata
from autograder.release.results_rules import check_file

SET_UP_LIMIT_SECONDS = 900.0
_LAST_LINES = 15
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TIMED_OUT = "The autograder timed out. Make sure that it ends in time, or ask for a longer limit."


class RehearsalError(Exception):
    """The image cannot be built; the message is what was printed, and a sentence that says why."""


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
    with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # every user may enter the real one, too
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
    deliver(assignment, submission, delivery, root / "submission")
    beside = json.dumps(metadata(assignment, delivery), indent=1)
    (root / "submission_metadata.json").write_text(beside, encoding="utf-8")
    results = root / "results" / "results.json"
    with Container() as container:
        ended = container.run(["./run_autograder"], root, _environment(root), limit_seconds)
        if ended.is_timed_out:
            results.write_text(json.dumps({"score": 0, "output": _TIMED_OUT}), encoding="utf-8")
    document, problems = _judge(assignment, results, ended)
    if ended.is_timed_out:
        problems.insert(0, f"The run was killed after {limit_seconds:g} s, and its results were thrown away.")
    return Rehearsal(delivery, ended, container.description, document, tuple(problems))


def _judge(assignment: Assignment, results: Path, ended: Ended) -> tuple[dict[str, Any] | None, list[str]]:
    """Read results.json; return it, or None, and a sentence for everything that is not as it should be."""
    document: dict[str, Any] | None = None
    try:
        problems = check_file(results, assignment.points)
        document = json.loads(results.read_text(encoding="utf-8"))
    except OSError:
        problems = ["There is no results.json: the platform would show a failed grading."]
    except ValueError:
        pass  # check_file has said so.
    staff = document.get("extra_data") if isinstance(document, dict) else None
    faults = faults_in(staff) if isinstance(staff, dict) else ()
    if faults:
        problems += ["The grader itself failed:", *faults]
    elif ended.status != 0 and not ended.is_timed_out:
        problems += [f"The run ended with status {ended.status}. Its last lines:", *_last_lines(ended)]
    if ended.left_over:
        names = "; ".join(ended.left_over[:3])
        problems.append(f"{len(ended.left_over)} processes outlived the run: {names}.")
    return document, problems


def describe(rehearsal: Rehearsal) -> str:
    """Say how a run went, in a few lines."""
    ended = rehearsal.ended
    memory = "memory not measured"
    if ended.peak_bytes is not None:
        memory = f"{ended.peak_bytes / 2**20:.0f} MB at most"
    times = f"{ended.seconds:.1f} s by the clock, {ended.cpu_seconds:.1f} s of a core"
    lines = [
        f"Delivery: {DESCRIPTIONS[rehearsal.delivery]}. Container: {rehearsal.container}.",
        f"Run: exit status {ended.status}, {times}, {memory}.",
    ]
    if ended.is_out_of_memory:
        lines.append("The kernel ended a process for want of memory.")
    if rehearsal.document is None and ended.status == 0:
        lines += ["The last lines of the run:", *_last_lines(ended)]
    lines.append("Rules: obeyed." if not rehearsal.problems else "Not as it should be; the end says why.")
    return "\n".join(lines)


def _last_lines(ended: Ended) -> list[str]:
    return ended.output.splitlines()[-_LAST_LINES:]


def _environment(root: Path) -> dict[str, str]:
    """The environment variables of the platform's container, and where its tree is."""
    return {"PATH": _PATH, "HOME": os.path.expanduser("~"), "AUTOGRADER_ROOT": str(root)}


def _set_up(root: Path) -> str:
    environment = _environment(root) | {"HW4_ENVIRONMENTS": str(root.parent / "environments")}
    # The machine's settings of where packages and Python come from.
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
