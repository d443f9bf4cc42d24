"""Whether an exception in code that only explains a row can cost a point.

    .venv/bin/python benchmarks/planted.py [--gradings 1000] [--seed 0]

Grades wrong submissions of the catalogue, each once as it is and once with a random exception raised in the
diagnosis, the catalogue, the probes, a twist, the wording or the page, and compares the scores row by row.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions"))

from tests.engine.planted import CATALOGUE, EXCEPTIONS, PLACES, cost


def main() -> None:
    """Grade, and print how often the scores were the same."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gradings", type=int, default=1000, help="how many exceptions")
    parser.add_argument("--seed", type=int, default=0, help="draws mistakes, places and exceptions")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # a mistake may divide by zero
    draw = random.Random(options.seed)
    same: Counter[str] = Counter()
    drawn: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        for number in range(options.gradings):
            mistake, place = draw.choice(CATALOGUE.misconceptions), draw.choice(PLACES)
            error = draw.choice(EXCEPTIONS)
            changed = cost(mistake, place, error, Path(folder) / str(number))
            drawn[place] += 1
            same[place] += not changed
            if changed:
                print(f"{mistake.name}, {error.__name__} in {place}: {changed}")
    for place in PLACES:
        print(f"{place:40} {same[place]} of {drawn[place]}")
    print(f"{'together':40} {sum(same.values())} of {sum(drawn.values())}")


if __name__ == "__main__":
    main()
