"""Whether right code loses a row when its grading is stopped, starved or crowded.

    .venv/bin/python benchmarks/chaos.py [--gradings 200] [--at-once 8] [--seed 0]

Right submissions in every style are graded on one function each, in one of three ways. *Stopped*: the grader
or processes of its worker are stopped and continued at random, sometimes for longer than a call may take.
*Starved*: the grading has a twentieth of a core. *Crowded*: it runs beside the others, undisturbed. The exit
status is 1 when a row was lost.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "solutions")]

from autograder.homework import ASSIGNMENT as HW4  # noqa: E402
from autograder.release import known  # noqa: E402
from autograder.release.container import Container, Size  # noqa: E402
from autograder.sandbox import sweep  # noqa: E402

STARVED = Size(cores=0.05, memory_bytes=2 * 1024**3)
STOP_SECONDS, LONG_STOP_SECONDS, LONG_STOPS = 0.5, 7.0, 0.03
"""Stops last up to half a second, and three in a hundred longer than any call may take."""
LIMIT_SECONDS = 900.0


@dataclass(frozen=True)
class Grading:
    """One grading: what is graded and how, the sentences for what was lost, and the number of stops."""

    number: int
    style: str
    only: str
    way: str
    lost: tuple[str, ...] = ()
    stops: int = 0


def grade(grading: Grading, submission: Path, folder: Path) -> Grading:
    """Grade a submission in the way asked for."""
    results = folder / f"{grading.number}.json"
    command = [sys.executable, "-m", "autograder", "grade", str(submission), "--only", grading.only]
    command += ["--results", str(results)]
    stops = 0
    if grading.way == "starved":
        with Container(STARVED) as container:
            ended = container.run(command, ROOT, os.environ, LIMIT_SECONDS)
        status, output = ended.status, ended.output
    else:
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            if grading.way == "stopped":
                stops = stop_at_random(process, random.Random(grading.number))
            output = process.communicate()[0]
        status = process.returncode
    rows = json.loads(results.read_text(encoding="utf-8"))["tests"] if results.exists() else []
    lost = [f"{row['number']}: {row['output'][:200]}" for row in rows if row["status"] != "passed"]
    if status != 0 or not rows:
        lost.append(f"exit status {status}: {output[-300:]}")
    return Grading(grading.number, grading.style, grading.only, grading.way, tuple(lost), stops)


def stop_at_random(process: subprocess.Popen[str], rng: random.Random) -> int:
    """Stop and continue a process or one of its children until it ends; return how often."""
    stops = 0
    while not _has_ended(process, rng.uniform(0.02, 0.4)):
        children = [one.pid for one in sweep.processes() if one.parent == process.pid and not one.is_dead]
        victims = rng.choice([[process.pid], children, [process.pid, *children]])
        seconds = rng.uniform(0.01, STOP_SECONDS)
        if rng.random() < LONG_STOPS:
            seconds = LONG_STOP_SECONDS
        _signal(victims, signal.SIGSTOP)
        try:
            _has_ended(process, seconds)
        finally:
            _signal(victims, signal.SIGCONT)
        stops += 1
    return stops


def _has_ended(process: subprocess.Popen[str], seconds: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    return process.returncode is not None


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def run(gradings: int, at_once: int, seed: int, report: Callable[[Grading], None]) -> list[Grading]:
    """Grade styles, functions and ways in turn, in an order drawn from the seed."""
    rng = random.Random(seed)
    numbers = [function.number for function in HW4.functions]
    with tempfile.TemporaryDirectory(prefix="hw4-chaos-") as name, ThreadPoolExecutor(at_once) as pool:
        folder = Path(name)
        folder.chmod(0o755)
        styles = list(known.write_right(HW4, folder / "styles"))
        rng.shuffle(styles)
        rng.shuffle(numbers)
        started = []
        for number in range(gradings):
            style, submission = styles[number % len(styles)]
            only, way = numbers[number % len(numbers)], ("stopped", "starved", "crowded")[number % 3]
            grading = Grading(number, style, only, way)
            started.append(pool.submit(grade, grading, submission, folder))
        done = []
        for one in started:
            done.append(one.result())
            report(done[-1])
        return done


def main() -> int:
    """Run the gradings and print what was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gradings", type=int, default=200, help="how many")
    parser.add_argument("--at-once", type=int, default=8, help="gradings that run beside one another")
    parser.add_argument("--seed", type=int, default=0, help="draws the order; stops have their own")
    options = parser.parse_args()

    def report(grading: Grading) -> None:
        for sentence in grading.lost:
            print(f"LOST by {grading.style}, {grading.way}, {sentence}", flush=True)

    done = run(options.gradings, options.at_once, options.seed, report)
    ways = Counter(grading.way for grading in done)
    lost = sum(bool(grading.lost) for grading in done)
    print(
        ", ".join(f"{count} {way}" for way, count in ways.items()),
        f"of {len({grading.style for grading in done})} styles",
    )
    print(f"{sum(grading.stops for grading in done)} stops; {lost} of {len(done)} gradings lost a row")
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
