"""A student's folder at home: the template with the reference's answers, to break and to run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.homework import ASSIGNMENT as HW4


def fill_in(folder: Path) -> Path:
    """Put a student's folder with right answers at a place that does not exist, and return the place."""
    shutil.copytree(HW4.template, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for module in HW4.modules:
        shutil.copy(HW4.solutions / "hw4" / f"{module}.py", folder / "hw4")
    return folder


def run_student(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hw4", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": "", "COLUMNS": "110", **environment},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )


def replace_body(folder: Path, module: str, function: str, *body: str) -> None:
    """Put a new body under a function's signature and docstring."""
    path = folder / "hw4" / f"{module}.py"
    pattern = rf'(def {function}\(.*?""".*?"""\n)(.*?)(?=\ndef |\nif __name__|\Z)'
    lines = "".join(f"    {line}\n" for line in body)
    source, count = re.subn(
        pattern, lambda found: found[1] + lines, path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert count == 1
    path.write_text(source, encoding="utf-8")


def unfill(folder: Path, number: str, module: str, function: str) -> None:
    """Put a function's stub back."""
    replace_body(folder, module, function, f'raise NotImplementedError("Part {number}: {function}")')
