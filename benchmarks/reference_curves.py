"""The reference's mean returns while it trains on CartPole: the band behind a student's learning curve.

    python benchmarks/reference_curves.py    # 2 x 100 trainings, about a minute

Rewrites tests/hidden/reference_curves.json: the 5th and 95th percentiles over seeds, by iteration, with the
final evaluation as the last point. A run ends where it reaches the bar, as a graded one does, and keeps that
return. Nothing is judged by the band. Run this again when the settings of the trainings change.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions"))

import numpy as np
from bars import HORIZON, SETTINGS, graded_update

from hw4.lab.training import train

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "tests" / "hidden" / "reference_curves.json"
SEEDS = range(100)


def band(name: str) -> dict[str, object]:
    """Return the percentiles of one algorithm's returns."""
    settings = SETTINGS[name]
    runs = np.empty((len(SEEDS), settings.iterations + 1))
    for run, seed in zip(runs, SEEDS, strict=True):
        rng = np.random.default_rng([seed, 0])
        curve = train(graded_update(name), settings, rng, stop_at=settings.bar)
        run[: len(curve.returns)] = curve.returns
        run[len(curve.returns) :] = curve.final_return
    low, high = np.percentile(runs, [5, 95], axis=0).round().astype(int).tolist()
    return {"seeds": len(runs), "low": low, "high": high}


if __name__ == "__main__":
    bands = {name: band(name) for name in SETTINGS}
    lines = ",\n".join(f' "{name}": {json.dumps(values)}' for name, values in bands.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{FILE.relative_to(ROOT)}: {', '.join(bands)} over {len(SEEDS)} seeds, horizon {HORIZON}.")
