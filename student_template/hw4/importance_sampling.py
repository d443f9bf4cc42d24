"""Part 4: importance sampling, an expectation under a target p̃ from samples of a proposal p."""

from __future__ import annotations

import numpy as np


def importance_weights(target_log_probs: np.ndarray, proposal_log_probs: np.ndarray) -> np.ndarray:
    """Return the importance weights (likelihood ratios) from log-probabilities.

    Part 4.1, 3.5 points: difficulty 1 of 5, 10 minutes, about 1 line. You learn why ratios of probabilities
    are computed in log space.

        p̃(x) / p(x) = exp(ln p̃(x) − ln p(x))

    (lecture, "Importance Sampling"). Computed in log space: at ln p = −1000 both probabilities are 0 in
    float64, their ratio need not be.

    Args:
        target_log_probs: (...), ln p̃(x).
        proposal_log_probs: (...), ln p(x), of the same shape.

    Returns:
        (...), p̃(x)/p(x), at least 0.

    Example:
        e⁻¹⁰⁰⁰ / e⁻¹⁰⁰¹ = e.

        >>> importance_weights(np.array([-1000.0]), np.array([-1001.0])).round(3).tolist()
        [2.718]
    """
    # Part 4.1: your code replaces this comment and the line below.
    raise NotImplementedError("Part 4.1: importance_weights")


def importance_sampling_estimate(values: np.ndarray, weights: np.ndarray) -> float:
    """Estimate E_{x ~ p̃}[f(x)] from n samples of the proposal p.

    Part 4.2, 2.5 points: difficulty 1 of 5, 5 minutes, about 1 line. You learn how samples of one
    distribution speak for another.

        (1/n) Σ_i (p̃(x_i)/p(x_i)) f(x_i)

    (lecture, "Importance Sampling"). Divided by n, not by the sum of the weights: that is what makes it
    unbiased.

    Args:
        values: (n,), f(x_i).
        weights: (n,), the importance weights p̃(x_i)/p(x_i).

    Returns:
        The estimate, a float.

    Example:
        (2 · 1 + 1 · 3) / 2.

        >>> round(float(importance_sampling_estimate(np.array([1.0, 3.0]), np.array([2.0, 1.0]))), 3)
        2.5
    """
    # Part 4.2: your code replaces this comment and the line below.
    raise NotImplementedError("Part 4.2: importance_sampling_estimate")
