"""Which mistakes the public tests show to students, and what those lose that they do not show.

    .venv/bin/python benchmarks/public_tests.py [--workers 2] [--mistakes WORD]

Runs the public tests of a function on every mistake of the catalogue in it, as a file that a student might
have written, and all of them on every right submission in another style. A mistake that none of them fails is
graded by the hidden tests of its function.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "solutions")]

from autograder.homework import ASSIGNMENT as HW4  # noqa: E402
from autograder.release import inprocess, known, public  # noqa: E402

MANY_POINTS = 5.0
"""A mistake that loses so many must fail a public test."""


def main() -> None:
    """Print a line for every mistake that is not seen, and for every right style that fails a test."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, help="processes; by default one a core")
    parser.add_argument("--mistakes", default="", metavar="WORD", help="by default all")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    chosen = [
        mistake
        for mistake in HW4.catalogue().misconceptions
        if arguments.mistakes in mistake.function or arguments.mistakes in mistake.name
    ]
    unseen = public.unseen_mistakes(HW4, chosen, arguments.workers)
    with ProcessPoolExecutor(arguments.workers, initializer=public.print_nothing) as pool:
        lost = dict(pool.map(_points_lost, [mistake.name for mistake in unseen]))
    for mistake in unseen:
        print(f"{lost[mistake.name]:4g} points, {mistake.function}: {mistake.name}: {mistake.sentence}")
    made, missed = (Counter(mistake.function for mistake in some) for some in (chosen, unseen))
    for function, count in made.items():
        print(f"{function:50} {count - missed[function]:3} of {count:3}")
    seen = len(chosen) - len(unseen)
    print(f"{'together':50} {seen:3} of {len(chosen):3}, {seen / max(1, len(chosen)):.1%}")
    many = sum(points >= MANY_POINTS for points in lost.values())
    print(f"not seen and worth {MANY_POINTS:g} points or more: {many}")
    with tempfile.TemporaryDirectory() as folder:
        styles = {submission: "" for _, submission in known.write_right(HW4, Path(folder))}
        failed = public.first_failures(HW4, styles, arguments.workers)
        print(f"right styles that fail a test: {sum(map(bool, failed.values()))} of {len(failed)}")
        for submission, test in failed.items():
            if test:
                print(f"{submission.name}: {test}")


def _points_lost(name: str) -> tuple[str, float]:
    """A mistake, and what it loses in the rows of its function."""
    mistake = next(one for one in HW4.catalogue().misconceptions if one.name == name)
    number = next(one.number for one in HW4.functions if one.qualified_name == mistake.function)
    with tempfile.TemporaryDirectory() as folder:
        submission = known.write_mistaken(HW4, mistake, Path(folder) / "submission")
        rows = inprocess.grade(HW4, submission, "public tests", number).rows
    return name, sum(row.points - row.score for row in rows)


if __name__ == "__main__":
    main()
