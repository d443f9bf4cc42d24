"""What the engine's tests share: submissions made from the solutions, and gradings by the command line."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.homework import ASSIGNMENT

ROOT = Path(__file__).resolve().parents[2]
SOLUTIONS = ROOT / "solutions" / "hw4"
WEAKENED = Path(__file__).resolve().parent / "weakened.py"
collect_ignore = ["toy"]
MODULES = ASSIGNMENT.modules


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-mode", action="store_true", help="run every attack in modes B and C as well")


def pytest_configure(config: pytest.Config) -> None:
    # In the environment, as in a grading: no folder of its own among the sources.
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(Path(sys.prefix) / "hypothesis")
    config.addinivalue_line("markers", "function(name): of a public test, the last function that it calls")
    config.addinivalue_line("markers", "waits: takes long and computes little, so it is best begun early")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are cores: some gradings wait for submissions that hang."""
    return (os.cpu_count() or 1) + 1


@dataclass(frozen=True)
class Graded:
    """One grading: its exit status, what it printed and the document it wrote."""

    status: int
    printed: str
    said: str
    document: dict[str, Any]

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["number"]: row for row in self.document["tests"]}

    @property
    def lost(self) -> set[str]:
        """The numbers of the rows that did not pass."""
        return {number for number, row in self.rows.items() if row["status"] != "passed"}

    @property
    def lost_functions(self) -> set[str]:
        """Those numbers down to the function: 3.1 for 3.1.2."""
        return {number.rpartition(".")[0] for number in self.lost}


def run_grade(
    submission: Path, results: Path, *options: str, limits: str = "usual", root: Path = ROOT
) -> Graded:
    """Grade through the command line; with short limits, student code has less time than it is promised."""
    verb = ["grade", str(submission), "--results", str(results), *options]
    command = ["-m", "autograder", *verb]
    if limits != "usual":
        command = [str(WEAKENED), str(root), "limits,privileges,landlock,seccomp", limits, *verb]
    done = subprocess.run([sys.executable, *command], cwd=root, capture_output=True, text=True, check=False)
    document = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    return Graded(done.returncode, done.stdout, done.stderr, document)


@pytest.fixture
def grade(tmp_path: Path) -> Callable[..., Graded]:
    """Grade a submission through the command line: ``grade(folder, "--only", "3.1")``."""
    results = tmp_path / "results" / "results.json"
    return lambda submission, *options, **how: run_grade(submission, results, *options, **how)


@pytest.fixture
def submit(tmp_path: Path) -> Callable[..., Path]:
    """Make a submission of the solutions: ``submit(npg=None)`` leaves a module out, a text replaces it.

    A pair replaces a piece of its source: ``submit(npg=("delta / squared", "2 * delta / squared"))``.
    """

    def make(**changes: str | bytes | tuple[str, str] | None) -> Path:
        folder = tmp_path / "submission" / "hw4"
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        for module in MODULES:
            change: Any = changes.get(module, (SOLUTIONS / f"{module}.py").read_bytes())
            if isinstance(change, tuple):
                source = (SOLUTIONS / f"{module}.py").read_text(encoding="utf-8")
                assert change[0] in source, f"{module}.py has no {change[0]!r} to replace"
                change = source.replace(*change)
            if change is not None:
                content = change.encode() if isinstance(change, str) else change
                (folder / f"{module}.py").write_bytes(content)
        return folder.parent

    return make


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of what grading and lint need, to be spoilt."""
    root = tmp_path / "repository"
    for folder in ("autograder", "solutions", "student_template", "tests/hidden", "tests/public"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "tests" / "__init__.py").touch()
    return root


@contextlib.contextmanager
def terminal() -> Iterator[tuple[Iterator[bytes], int]]:
    """A terminal: what is written to it, piece by piece until nobody has it open, and its file descriptor."""
    ours, theirs = pty.openpty()

    def pieces() -> Iterator[bytes]:
        # On Linux the last reader of a terminal gets EIO, elsewhere nothing.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 4096):
                yield piece

    try:
        yield pieces(), theirs
    finally:
        os.close(ours)


def replace(file: Path, old: str, new: str) -> None:
    """Replace a piece of a file, which must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file.name} has no {old!r} to replace"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def points(rows: Mapping[str, Mapping[str, Any]], prefix: str) -> float:
    """The points earned in the rows below a number."""
    return sum(row["score"] for number, row in rows.items() if number.startswith(prefix))
