from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Policy(Protocol):
    def log_probabilities(self) -> Array: ...


@dataclass(frozen=True)
class SoftmaxPolicy:
    """π_θ at some states."""

    theta: Array
    features: Array

    @cached_property
    def logits(self) -> Array:
        return self.features @ self.theta

    def log_probabilities(self) -> Array:
        shifted = self.logits - self.logits.max(axis=-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

    @property
    def mean_features(self) -> Array:
        return np.sum(np.exp(self.log_probabilities())[..., np.newaxis] * self.features, axis=-2)

    def score(self, actions: npt.NDArray[np.int64]) -> Array:
        chosen = np.take_along_axis(self.features, actions[..., np.newaxis, np.newaxis], axis=-2)
        return chosen.squeeze(-2) - self.mean_features


def action_log_probabilities(theta: Array, features: Array) -> Array:
    return SoftmaxPolicy(theta, features).log_probabilities()


def score(theta: Array, features: Array, actions: npt.NDArray[np.int64]) -> Array:
    return SoftmaxPolicy(theta, features).score(actions)
