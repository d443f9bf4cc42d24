"""How much time and memory it takes to grade the reference and the template, processes included.

    .venv/bin/python benchmarks/grading.py [--runs 5] [--cpu 0]

The submissions are graded in turn, so that a slow moment of the machine slows both. Memory is that of the
largest single process, the workers included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Run:
    """One grading: wall and processor seconds, and the largest process in MB."""

    wall_seconds: float
    cpu_seconds: float
    megabytes: float


def measure(submission: Path, results: Path) -> Run:
    """Grade a submission in a process of its own, whose children are counted too."""
    script = (
        "import json, resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
        "wall = time.perf_counter() - start\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps([status, wall, used.ru_utime + used.ru_stime, used.ru_maxrss]))\n"
    )
    grade = [sys.executable, "-m", "autograder", "grade", str(submission), "--results", str(results)]
    done = subprocess.run(
        [sys.executable, "-c", script, *grade], cwd=ROOT, capture_output=True, text=True, check=True
    )
    status, wall, cpu, size = json.loads(done.stdout)
    if status:
        raise SystemExit(f"The grading of {submission} ended with status {status}: {done.stderr}")
    # Linux counts in KiB, macOS in bytes.
    return Run(wall, cpu, size / (2**20 if sys.platform == "darwin" else 2**10))


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="counted gradings of each submission")
    parser.add_argument("--cpu", type=int, default=None, help="run every process on this core")
    arguments = parser.parse_args()
    if arguments.cpu is not None:
        os.sched_setaffinity(0, {arguments.cpu})
    submissions = {"reference": ROOT / "solutions", "template": ROOT / "student_template"}
    runs: dict[str, list[Run]] = {name: [] for name in submissions}
    with tempfile.TemporaryDirectory() as folder:
        for count in range(arguments.runs + 1):
            for name, submission in submissions.items():
                run = measure(submission, Path(folder) / "results.json")
                if count > 0:  # the first run warms the caches
                    runs[name].append(run)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"Python {sys.version.split()[0]}, {cores} core(s), {arguments.runs} runs each.")
    print("Medians, and in brackets the lowest and the highest.\n")
    print(f"{'submission':<12} {'wall s':>20} {'cpu s':>20} {'largest process MB':>20}")
    for name, counted in runs.items():
        columns = [
            [run.wall_seconds for run in counted],
            [run.cpu_seconds for run in counted],
            [run.megabytes for run in counted],
        ]
        print(f"{name:<12} " + " ".join(f"{_spread(column):>20}" for column in columns))


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
