"""One attack, as small as the homework: what it may do is what the engine's own suite tries at length."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = """
def double(number):
    import os
    os._exit(0)


def triple(number, scale=1.0):
    return 3.0 * number
"""


def test_a_submission_that_ends_its_process_loses_its_own_row_alone(tmp_path):
    (tmp_path / "arithmetic.py").write_text(HOSTILE)
    file = tmp_path / "results.json"
    command = [sys.executable, "-m", "autograder", "grade", str(tmp_path), "--results", str(file)]
    subprocess.run([*command, "--only", "double,triple"], cwd=ROOT, check=True)
    rows = json.loads(file.read_text(encoding="utf-8"))["tests"]
    assert [(row["number"], row["score"]) for row in rows] == [("1.1.1", 0), ("1.2.1", 1), ("1.2.2", 1)]
