"""The reference's mean returns while it trains on CartPole: the bands behind a student's learning curve.

    python benchmarks/reference_curves.py    # 5 settings x 40 trainings, about five minutes

Rewrites solutions/hw4/lab/reference_curves.json: the 5th and 95th percentiles over seeds, by iteration and by
environment steps, for the assignment's settings of every algorithm and for the graded ones. A run ends where
it reaches the bar, and keeps that return. Nothing is judged by a band. Run this again when the settings of
the trainings change.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions"))

import numpy as np

from hw4.lab import learning, plots
from hw4.lab.training import GRADED, SETTINGS, TrainingSettings

FILE = Path(plots.__file__).with_name("reference_curves.json")
HORIZON = 500
SEEDS = range(40)


def band(algorithm: str, settings: TrainingSettings) -> dict[str, object]:
    """Return the percentiles of one algorithm's returns."""
    runs = learning.run(algorithm, settings, SEEDS)
    found: dict[str, object] = {
        "algorithm": algorithm,
        "seeds": len(SEEDS),
        "settings": dataclasses.asdict(settings),
    }
    for against, end in (("iterations", ""), ("steps", "_by_steps")):
        places, returns = plots.align(runs, against)
        if against == "iterations":  # every run ended before the last ones: they keep their return
            returns = np.pad(returns, ((0, 0), (0, settings.iterations + 1 - len(places))), mode="edge")
        else:
            found["steps"] = places.round().astype(int).tolist()
        low, high = np.percentile(returns, [5, 95], axis=0).round().astype(int).tolist()
        found |= {f"low{end}": low, f"high{end}": high}
    return found


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    wanted = [(name, by_horizon[HORIZON]) for name, by_horizon in SETTINGS.items()]
    wanted += [(name, settings) for name, settings in GRADED.items() if settings != SETTINGS[name][HORIZON]]
    lines = ",\n".join(f"  {json.dumps(band(*one))}" for one in wanted)
    FILE.write_text(f'{{"bands": [\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{FILE.name}: {', '.join(name for name, _ in wanted)} over {len(SEEDS)} seeds, horizon {HORIZON}.")
