"""How many gradings a core does in a minute: each in a process of its own, and by forks of a warm one.

The floor stands beside the reference: a bare process with a grader's imports that trains the reference once
by NPG and once by PPO, as its rows of Part 5 do, and judges nothing.

    .venv/bin/python benchmarks/warm.py [--runs 5] [--cpu 0] [--only ROWS] [SUBMISSION...]

Cold and warm take turns, so that a slow moment of the machine slows both; by default with the reference and
the template. The processor's time counts, which other programs on the machine disturb less than the wall
clock: that of all processes of a grading, the workers included. The start of the warm process is not in it,
and printed apart.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "solutions")]

from autograder.grading.batch import ColdGrader, Graded, Grader, Job  # noqa: E402
from autograder.grading.warm import VERB, WarmGraders  # noqa: E402
from autograder.sandbox.sweep import processes  # noqa: E402

FLOOR = """
import sys
import numpy as np
from autograder.grading import warm
from autograder.homework import ASSIGNMENT
warm.load(ASSIGNMENT)
from hw4.npg import npg_iteration
from hw4.ppo import ppo_iteration
from hw4.lab.training import train
from tests.hidden.trainings import NPG, PPO, npg_hyperparameters, ppo_hyperparameters
rng = np.random.default_rng(int(sys.argv[1]))
rotation = np.linalg.qr(rng.standard_normal((8, 8)))[0]
for settings, iteration, draw in (
    (NPG, npg_iteration, npg_hyperparameters), (PPO, ppo_iteration, ppo_hyperparameters)
):
    update = lambda theta, baseline, batch, rng: iteration(theta, baseline, batch, *draw(rng))
    assert train(update, settings, rng, rotation=rotation, stop_at=settings.bar).final_return >= settings.bar
"""
REFERENCE = ROOT / "solutions"
TICKS = os.sysconf("SC_CLK_TCK")


def seconds_of_children() -> float:
    """The processor time of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds_of(pid: int) -> float:
    """The processor time of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def warm_process() -> int:
    """The process that forks."""
    for process in processes():
        if process.parent == os.getpid() and VERB in Path(f"/proc/{process.pid}/cmdline").read_text():
            return process.pid
    raise SystemExit("There is no warm process.")


def peak_megabytes(pid: int) -> float:
    """The largest that a process has been."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def checked(grader: Grader, job: Job) -> Graded:
    """Grade, and insist on results."""
    graded = grader.grade(job)
    if graded.problem:
        raise SystemExit(graded.problem)
    return graded


def floor_seconds(seed: int) -> float:
    """The processor time of one process that imports and trains."""
    begin = seconds_of_children()
    path = os.pathsep.join(sys.path[:2])
    environment = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", FLOOR, str(seed)], cwd=ROOT, env=environment, check=True)
    return seconds_of_children() - begin


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("submissions", nargs="*", type=Path)
    parser.add_argument(
        "--runs", type=int, default=5, help="counted gradings of each submission, of each kind"
    )
    parser.add_argument("--only", default="", help="grade these rows alone")
    parser.add_argument("--cpu", type=int, default=None, help="run every process on this core")
    arguments = parser.parse_args()
    if arguments.cpu is not None:
        os.sched_setaffinity(0, {arguments.cpu})
    floors: list[float] = []
    submissions = arguments.submissions or [REFERENCE, ROOT / "student_template"]
    cold, warm = ColdGrader(ROOT), WarmGraders(ROOT)
    print(f"{'submission':<28} {'cold: cpu s, a minute':>22} {'warm: cpu s, a minute':>22} {'ratio':>6}")
    try:
        for submission in submissions:
            job = Job(submission.name, submission, arguments.only)
            checked(warm, job)  # starts it, and warms the caches
            pid, times = warm_process(), {"cold": list[float](), "warm": list[float]()}
            for seed in range(arguments.runs):
                if submission == REFERENCE:
                    floors.append(floor_seconds(seed))
                begin = seconds_of_children()
                checked(cold, job)
                times["cold"].append(seconds_of_children() - begin)
                begin = seconds_of(pid)
                checked(warm, job)
                times["warm"].append(seconds_of(pid) - begin)
            medians = {kind: statistics.median(each) for kind, each in times.items()}
            columns = [f"{seconds:10.2f} {60 / seconds:11.1f}" for seconds in medians.values()]
            ratio = statistics.median(c / w for c, w in zip(times["cold"], times["warm"], strict=True))
            print(f"{submission.name[:28]:<28} {columns[0]} {columns[1]} {ratio:6.2f}", flush=True)
            if submission == REFERENCE and not arguments.only:
                floor = statistics.median(floors)
                shares = ", ".join(f"{kind} {each / floor:.2f}" for kind, each in medians.items())
                print(f"{'the floor':<28} {floor:10.2f} s; times the floor: {shares}", flush=True)
        print(f"The warm process: {peak_megabytes(warm_process()):.0f} MB.")
    finally:
        warm.stop()
    begin, started = seconds_of_children(), time.monotonic()
    warm = WarmGraders(ROOT)
    warm.grade(Job("nothing", ROOT / "nowhere"))
    warm.stop()
    print(
        f"Its start and one submission that is refused: {seconds_of_children() - begin:.2f} s of a core, "
        f"{time.monotonic() - started:.1f} s."
    )


if __name__ == "__main__":
    main()
