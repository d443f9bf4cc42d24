"""A padded batch of trajectories, and the check of an array's shape with its sentence for a wrong one.

Given to students whole. Knows shapes and dtypes, and no policy or algorithm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np


class ShapeError(ValueError):
    """An array has another shape or dtype than the homework's conventions ask for."""


def describe_shape(symbols: Sequence[str], sizes: Mapping[str, int]) -> str:
    """Write a shape in symbols and, where they are known, in numbers: ``(N, H) = (5, 20)``.

    Args:
        symbols: the axes' names, such as ``("N", "H")``; ``"..."`` stands for any leading axes.
        sizes: the sizes known so far, by symbol.

    Returns:
        The symbols alone when a size is unknown, else symbols and numbers.
    """
    names = "(" + ", ".join(symbols) + ("," if len(symbols) == 1 else "") + ")"
    if not symbols or any(symbol not in sizes for symbol in symbols):
        return names
    return f"{names} = {tuple(sizes[symbol] for symbol in symbols)}"


def require_shape(
    name: str, value: np.ndarray, symbols: Sequence[str], sizes: dict[str, int], dtype: type = np.float64
) -> None:
    """Check one array against its shape in symbols, and keep the sizes seen for the first time.

    Args:
        name: what the sentence calls the array.
        value: the array.
        symbols: its axes' names.
        sizes: the sizes known so far; those first seen in ``value`` are added.
        dtype: ``np.float64``, ``np.int64`` or ``np.bool_``.

    Raises:
        ShapeError: with a sentence naming the array, the shape (or dtype) expected and the one found.
    """
    if not isinstance(value, np.ndarray):
        raise ShapeError(
            f"{name} is a {type(value).__name__}, but a numpy array was expected: use np.asarray."
        )
    seen = dict(sizes)  # sizes first seen in this array count too: (d, d) is square even where d is new
    matches = value.ndim == len(symbols) and all(
        seen.setdefault(symbol, size) == size for symbol, size in zip(symbols, value.shape, strict=True)
    )
    if not matches:
        expected = describe_shape(symbols, sizes)
        raise ShapeError(f"{name} has shape {value.shape}, but {expected} was expected.")
    if value.dtype != dtype:
        raise ShapeError(
            f"{name} has dtype {value.dtype}, but {np.dtype(dtype)} was expected: "
            f'use {name.rpartition(".")[2]}.astype("{np.dtype(dtype)}").'
        )
    sizes.update(seen)


@dataclass(frozen=True, eq=False)
class TrajectoryBatch:
    """N trajectories, padded to horizon H.

    Entries where ``mask`` is False are padding: any finite number, which must not change a result.

    Attributes:
        features: (N, H, A, d) float64, φ(s_h, a) for every action a.
        baseline_features: (N, H, k) float64, ψ(s_h, h).
        actions: (N, H) int64, a_h in 0 … A − 1.
        rewards: (N, H) float64, r_h.
        mask: (N, H) bool, True where the step really happened.

    Raises:
        ShapeError: when a field's shape or dtype does not fit; the sentence names the field.
    """

    features: np.ndarray
    baseline_features: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    mask: np.ndarray

    def __post_init__(self) -> None:
        sizes: dict[str, int] = {}
        require_shape("TrajectoryBatch.features", self.features, ("N", "H", "A", "d"), sizes)
        require_shape("TrajectoryBatch.baseline_features", self.baseline_features, ("N", "H", "k"), sizes)
        require_shape("TrajectoryBatch.actions", self.actions, ("N", "H"), sizes, np.int64)
        require_shape("TrajectoryBatch.rewards", self.rewards, ("N", "H"), sizes)
        require_shape("TrajectoryBatch.mask", self.mask, ("N", "H"), sizes, np.bool_)

    def __len__(self) -> int:
        """N, the number of trajectories."""
        return len(self.mask)

    def select(self, trajectories: np.ndarray | slice) -> TrajectoryBatch:
        """Return the batch of the chosen trajectories alone, in the order chosen.

        Args:
            trajectories: what numpy accepts as an index of the first axis: a slice, or (B,) integers.
        """
        return TrajectoryBatch(
            **{field.name: getattr(self, field.name)[trajectories] for field in fields(self)}
        )
