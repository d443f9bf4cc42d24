"""Grades the reference as the first submission will be graded, and fails unless it gets full marks.

What is missing or wrong must fail the build of the image, not the first student.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

with tempfile.TemporaryDirectory() as folder:
    command = [sys.executable, "-I", str(ROOT / "autograder/__main__.py"), "grade", str(ROOT / "solutions")]
    graded = subprocess.run(
        [*command, "--results", "results.json"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    end = graded.stdout[-2000:]
    if graded.returncode:
        sys.exit(f"{end}\ngrading it ended with status {graded.returncode}")
    results = json.loads(Path(folder, "results.json").read_text(encoding="utf-8"))
lost = [row["number"] for row in results["tests"] if row["status"] != "passed"]
if lost or not results["tests"]:
    sys.exit(f"{end}\nthe reference lost {', '.join(lost) or 'every row'}")
mode = results["extra_data"]["worker"].get("mode", "unknown")
print(f"Graded the reference: full marks in {results['execution_time']:.0f} s, isolation {mode}.")
