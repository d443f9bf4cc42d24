"""The attack suite as a part of the report card: which hostile submissions were survived."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from autograder.release.command import run

SUITE = Path("tests") / "engine" / "test_attacks.py"
LIMIT_SECONDS = 1800.0


@dataclass(frozen=True)
class AttackCheck:
    """What the attack suite found.

    Attributes:
        survived: how many of its checks passed.
        failed: the names of those that did not, with the first line of their messages.
        left_out: how many could not be run here, such as the dangerous ones where the grader is not root.
        problem: why the suite gave no answer; empty where it did.
    """

    survived: int
    failed: tuple[tuple[str, str], ...] = ()
    left_out: int = 0
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether there were attacks, and all were survived."""
        return self.survived > 0 and not self.failed and not self.problem


def check_attacks(root: Path, workers: int | None = None) -> AttackCheck:
    """Run the attack suite in a process of its own.

    Args:
        root: the repository's folder.
        workers: how many attacks run at once; by default one more than there are cores.
    """
    if not (root / SUITE).is_file():
        return AttackCheck(
            0, problem=f"{SUITE} is missing: run validate in the repository, not in a zip of it."
        )
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", str(SUITE), "-q", "-p", "no:cacheprovider"]
        command += ["-n", str(workers or "auto"), f"--junitxml={report}"]
        try:
            done = run(command, root, LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            return AttackCheck(0, problem=f"the suite did not end within {LIMIT_SECONDS:.0f} s.")
        # 1 means that tests failed, and the report says which.
        if done.returncode not in (0, 1) or not report.is_file():
            end = (done.stderr or done.stdout).strip()[-400:] or "it printed nothing"
            return AttackCheck(0, problem=f"the suite ended with status {done.returncode}: {end}")
        return read_report(report.read_text(encoding="utf-8"))


def read_report(text: str) -> AttackCheck:
    """Read pytest's report.

    Args:
        text: the report in JUnit's XML.
    """
    survived, left_out, failed = 0, 0, []
    for case in ElementTree.fromstring(text).iter("testcase"):
        wrong = case.find("failure") if case.find("failure") is not None else case.find("error")
        if wrong is not None:
            message = (wrong.get("message") or "").strip().splitlines() or [""]
            failed.append((case.get("name", ""), message[0]))
        elif case.find("skipped") is not None:
            left_out += 1
        else:
            survived += 1
    return AttackCheck(survived, tuple(failed), left_out)
