"""Every benchmark still starts: what they measure is run by hand, seldom, and long after a change."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.engine.conftest import ROOT

BENCHMARKS = sorted((ROOT / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda file: file.stem)
def test_it_finds_what_it_needs_and_says_how_to_use_it(benchmark, tmp_path):
    command = [sys.executable, str(benchmark), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert benchmark.name in done.stdout
    assert list(tmp_path.iterdir()) == []
