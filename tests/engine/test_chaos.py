"""A few gradings of `benchmarks/chaos.py`: stopped, starved and crowded, none may lose a row."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.engine.conftest import ROOT


@pytest.mark.waits
@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere the clock alone tells how long student code takes"
)
def test_a_machine_that_stalls_costs_right_code_no_row():
    command = [sys.executable, "benchmarks/chaos.py", "--gradings", "6", "--at-once", "6"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 stopped, 2 starved, 2 crowded" in done.stdout
    assert " 0 stops" not in f" {done.stdout}"
