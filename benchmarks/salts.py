"""Whether right code keeps its points, and a mistake loses the same rows, under every salt.

    .venv/bin/python benchmarks/salts.py [--salts 20] [--only 1,2,3,4,6] [--styles WORD | --mistakes WORD]

Grades the reference and the right submissions in other styles, those whose name contains WORD, under every
salt. With ``--mistakes`` it grades the catalogue's mistakes whose function or name contains WORD.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "solutions")]

from autograder.grading.results import Outcome  # noqa: E402
from autograder.homework import ASSIGNMENT as HW4  # noqa: E402
from autograder.release import inprocess, known  # noqa: E402
from autograder.release.salts import check_salts  # noqa: E402


def main() -> None:
    """Print a line for every style or mistake."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--salts", type=int, default=20, help="how many")
    parser.add_argument("--only", default="1,2,3,4,6", help="rows, as `grade --only` takes them")
    parser.add_argument("--styles", default="", metavar="WORD", help="by default all")
    parser.add_argument("--mistakes", metavar="WORD", help="grade mistakes; '.' is in every name")
    arguments = parser.parse_args()
    salts = [f"salt {number}" for number in range(arguments.salts)]
    warnings.simplefilter("ignore")
    if arguments.mistakes is not None:
        chosen = [
            mistake
            for mistake in HW4.catalogue().misconceptions
            if arguments.mistakes in mistake.function or arguments.mistakes in mistake.name
        ]
        for check in check_salts(HW4, chosen, salts, workers=1):
            print(f"{check.name}: {'steady' if check.is_good else 'unsteady'}, {dict(check.lost)}")
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, submission in _right(Path(folder)):
            if arguments.styles in name:
                lost, full = _lost_rows(submission, salts, arguments.only)
                print(f"{name}: full marks under {full} of {len(salts)} salts {lost or ''}", flush=True)


def _right(folder: Path) -> Iterator[tuple[str, Path]]:
    yield "reference", known.write_reference(HW4, folder / "reference")
    yield from known.write_right(HW4, folder)


def _lost_rows(submission: Path, salts: list[str], only: str) -> tuple[dict[str, int], int]:
    """Count the salts under which each row is lost, and those under which none is."""
    lost: Counter[str] = Counter()
    full = 0
    for salt in salts:
        with _discard_output():
            rows = inprocess.grade(HW4, submission, salt, only).rows
        failed = [row.number for row in rows if row.outcome is not Outcome.PASSED]
        lost.update(failed)
        full += not failed
    return dict(lost), full


@contextlib.contextmanager
def _discard_output() -> Iterator[None]:
    """Discard what a submission prints, also below Python's ``sys.stdout``."""
    sys.stdout.flush()
    stdout, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(stdout, 1)
        os.close(null)
        os.close(stdout)


if __name__ == "__main__":
    main()
