"""Trainings that were made: kept in a file, read again, written as a table. Knows no algorithm."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hw4.lab.training import SETTINGS, LearningCurve, TrainingSettings

FORMAT = "hw4 runs, 1"
_REFERENCE = Path(__file__).with_name("reference_curves.json")
_ARRAYS = ("returns", "environment_steps", "theta")
_TABLE = ("algorithm", "seed", "iteration", "environment_steps", "mean_return", "kl", "step_length")


class UnusableFile(Exception):
    """A file that holds no runs; the message is a sentence for the student."""


@dataclass(frozen=True, eq=False)
class Run:
    """One training.

    Attributes:
        algorithm: as in ``SETTINGS``.
        settings: the constants.
        seed: of its random generator.
        curve: what it led to.
        kl: (K,), KL(ρ_θk | ρ_θk+1) of each step, estimated on the trajectories sampled before it.
        step_lengths: (K,), ‖θ^{k+1} − θ^k‖.
        was_interrupted: whether somebody ended it early.
    """

    algorithm: str
    settings: TrainingSettings
    seed: int
    curve: LearningCurve
    kl: np.ndarray
    step_lengths: np.ndarray
    was_interrupted: bool = False

    @property
    def reached(self) -> bool:
        """Whether the final policy reaches the bar."""
        return self.curve.final_return >= self.settings.bar

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean return of every θ^k, the final one included.

        Returns:
            The environment steps that led to θ^k (K + 1,), and the mean return of π_θ^k (K + 1,).
        """
        steps = np.concatenate([[0], self.curve.environment_steps])
        return steps, np.append(self.curve.returns, self.curve.final_return)


def save(file: Path, runs: Sequence[Run]) -> None:
    """Write runs to a file: θ, learning curve and settings of each, as JSON."""
    file.write_text(json.dumps({"format": FORMAT, "runs": [_to_json(run) for run in runs]}, indent=1) + "\n")


def load(file: Path) -> list[Run]:
    """Read the runs that `save` wrote.

    Args:
        file: the file.

    Raises:
        UnusableFile: it cannot be read, or is not such a file.
    """
    no_training = f"{file} holds no training: write one with train --save {file.stem}.json."
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(content["format"])
        runs = [_from_json(run) for run in content["runs"]]
    except OSError as error:
        raise UnusableFile(f"{file} cannot be read ({error.strerror}).") from None
    except (ValueError, KeyError, TypeError):
        raise UnusableFile(
            f"{file} holds no training: write one with train --save {file.stem}.json."
        ) from None
    if not runs:
        raise UnusableFile(no_training)
    return runs


def write_table(file: Path, runs: Sequence[Run]) -> None:
    """Write a row for each iteration of each run, and one for its final policy, as CSV."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(_TABLE)
        for run in runs:
            steps, returns = run.points()
            for k, (step, value) in enumerate(zip(steps, returns, strict=True)):
                is_step = k < len(run.kl)
                rest = (repr(float(run.kl[k])), repr(float(run.step_lengths[k]))) if is_step else ("", "")
                table.writerow([run.algorithm, run.seed, k, step, repr(float(value)), *rest])


def reference_band(
    algorithm: str, settings: TrainingSettings
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] | None:
    """Return where the reference is: the 5th and 95th percentiles of its mean returns over seeds.

    Args:
        algorithm: as in ``SETTINGS``.
        settings: of the training.

    Returns:
        Places, low and high, by what they are drawn against, "iterations" or "steps"; None where the
        reference was not measured with these settings.
    """
    wanted = dataclasses.asdict(settings)
    for band in json.loads(_REFERENCE.read_text(encoding="utf-8"))["bands"]:
        if band["algorithm"] == algorithm and band["settings"] == wanted:
            low, high = np.array(band["low"]), np.array(band["high"])
            by_steps = [np.array(band[name]) for name in ("steps", "low_by_steps", "high_by_steps")]
            return {
                "iterations": (np.arange(len(low)), low, high),
                "steps": (by_steps[0], by_steps[1], by_steps[2]),
            }
    return None


def _to_json(run: Run) -> dict[str, Any]:
    curve = run.curve
    return {
        "algorithm": run.algorithm,
        "seed": run.seed,
        "settings": dataclasses.asdict(run.settings),
        "was_interrupted": run.was_interrupted,
        "final_return": curve.final_return,
        **{name: getattr(curve, name).tolist() for name in _ARRAYS},
        "kl": run.kl.tolist(),
        "step_lengths": run.step_lengths.tolist(),
    }


def _from_json(content: dict[str, Any]) -> Run:
    kind = type(SETTINGS[content["algorithm"]][500])
    returns, steps, theta = (np.array(content[name], dtype=np.float64) for name in _ARRAYS)
    kl, lengths = (np.array(content[name], dtype=np.float64) for name in ("kl", "step_lengths"))
    if theta.shape != (8,) or not returns.shape == steps.shape == kl.shape == lengths.shape == (len(kl),):
        raise ValueError("shapes")
    return Run(
        algorithm=content["algorithm"],
        settings=kind(**content["settings"]),
        seed=int(content["seed"]),
        curve=LearningCurve(returns, steps.astype(np.int64), theta, float(content["final_return"])),
        kl=kl,
        step_lengths=lengths,
        was_interrupted=bool(content["was_interrupted"]),
    )
