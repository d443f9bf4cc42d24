"""README.md: what it shows and counts is what the commands print and what there is now."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from autograder.grading.results import format_points
from autograder.homework import ASSIGNMENT
from autograder.release import known
from tests.engine.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
ELIDED = "…"


def test_the_graded_run_is_what_the_command_prints(tmp_path):
    (sample,) = re.findall(r"^```\n(\$ .*?)^```", README, re.MULTILINE | re.DOTALL)
    commands = [line.removeprefix("$ ") for line in sample.splitlines() if line.startswith("$ ")]
    shown = [line for line in sample.splitlines() if not line.startswith("$ ")]
    printed = run(tmp_path, "\n".join(commands))
    assert re.fullmatch("".join(map(pattern, shown)), printed), f"Stale: the commands print now\n{printed}"


def run(folder, script):
    """Run commands in a folder with the solutions, where the grader is the one of this repository."""
    shutil.copytree(ROOT / "solutions", folder / "solutions")
    grader = folder / "run_autograder"
    grader.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT}/autograder/__main__.py" grade "$@"\n')
    grader.chmod(0o755)
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(
        ["bash", "-euc", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def pattern(line):
    """What a line of the sample stands for: itself but for the seconds, or one line and more."""
    if line.strip() == ELIDED:
        return r"(?:.*\n)+?"
    return re.sub(r"\d+\\\.\d(?=\\ s$)", lambda seconds: r"\d+\.\d", re.escape(line)) + r"\n"


def test_every_mistake_and_every_style_is_counted(tmp_path):
    mistakes = len(ASSIGNMENT.catalogue().misconceptions)
    counted = re.findall(r"^\| known mistakes .*?(\d+) of (\d+)", README, re.MULTILINE)
    assert counted == 2 * [(str(mistakes), str(mistakes))]
    styles = len(list(known.write_right(ASSIGNMENT, tmp_path)))
    assert f"| right submissions in other styles at full marks | {styles} of {styles} |" in README


def test_the_points_are_those_of_the_parts():
    (said,) = re.findall(r"^Points: (.*?)\n\n", README, re.MULTILINE | re.DOTALL)
    parts = [format_points(part.points) for part in ASSIGNMENT.parts]
    extra = [
        format_points(function.bonus_points) for function in ASSIGNMENT.functions if function.bonus_points
    ]
    graded, bonus = said.split("; ")
    assert re.findall(r"\d+", graded) == [*parts[:-1], format_points(ASSIGNMENT.points)]
    assert re.findall(r"\d+", bonus) == [parts[-1], *extra]
