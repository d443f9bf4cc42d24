"""Part 2: the learned baseline b̃(s, h) ≈ V_h(s), supervised learning on the returns of N trajectories.

Linear in given features ψ(s, h). Knows nothing of the policy.
"""

from __future__ import annotations

import numpy as np


def rewards_to_go(rewards: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return what each trajectory still earns from step h on.

    Part 2.1, 5 points: difficulty 2 of 5, 15 minutes, about 3 lines. You learn which rewards an action can
    still change.

        R_h(τ) = Σ_{h' ≥ h} r_{h'}

    (lecture, "PG with a Learned Baseline"). Undiscounted; the reward at h itself counts.

    Args:
        rewards: (N, H), r_h; any finite number on padding.
        mask: (N, H), True where the step really happened.

    Returns:
        (N, H), R_h(τ_n), and 0 on padding.

    Example:
        The third step is padding.

        >>> rewards_to_go(np.array([[1.0, 2.0, 9.0]]), np.array([[True, True, False]])).tolist()
        [[3.0, 2.0, 0.0]]
    """
    # Part 2.1: your code replaces this comment and the line below.
    raise NotImplementedError("Part 2.1: rewards_to_go")


def fit_baseline(
    baseline_features: np.ndarray, returns: np.ndarray, mask: np.ndarray, ridge: float = 0.0
) -> np.ndarray:
    """Fit the baseline's weights to the returns by (ridge) least squares.

    Part 2.2, 7.5 points: difficulty 3 of 5, 30 minutes, about 4 lines. You learn that a baseline is plain
    regression, and what a ridge does to it.

        w = argmin_w Σ_{n,h real} (ψ(s_h, h)·w − R_h)² + ridge ‖w‖²

    (lecture, "PG with a Learned Baseline", step 1: "Supervised Learning"). The squares are summed, so `ridge`
    is on the scale of the sum. With ridge = 0 and features that are linearly dependent there are many
    minimisers: return the one of least norm.

    Args:
        baseline_features: (N, H, k), ψ(s_h, h); any finite number on padding.
        returns: (N, H), R_h; any finite number on padding.
        mask: (N, H), True where the step really happened.
        ridge: weight of ‖w‖², at least 0; 1e-6 in the assignment. CartPole is learned with any up to 1e4.

    Returns:
        (k,), the weights w.

    Example:
        A constant ψ = 1 fits the mean of the returns; a ridge of 2 pulls it from 5/2 to 5/4.

        >>> psi, returns, mask = np.ones((1, 2, 1)), np.array([[3.0, 2.0]]), np.array([[True, True]])
        >>> fit_baseline(psi, returns, mask).round(3).tolist()
        [2.5]
        >>> fit_baseline(psi, returns, mask, ridge=2.0).round(3).tolist()
        [1.25]
    """
    # Part 2.2: your code replaces this comment and the line below.
    raise NotImplementedError("Part 2.2: fit_baseline")


def predict_baseline(weights: np.ndarray, baseline_features: np.ndarray) -> np.ndarray:
    """Evaluate the fitted baseline.

    Part 2.3, 2.5 points: difficulty 1 of 5, 5 minutes, about 1 line. You learn what a linear baseline
    predicts.

        b̃(s_h, h) = ψ(s_h, h)·w

    (lecture, "PG with a Learned Baseline").

    Args:
        weights: (k,), what `fit_baseline` returned.
        baseline_features: (N, H, k), ψ(s_h, h).

    Returns:
        (N, H), b̃(s_h, h). Its entries on padding are not used.

    Example:
        >>> predict_baseline(np.array([2.5]), np.array([[[1.0], [2.0]]])).round(3).tolist()
        [[2.5, 5.0]]
    """
    # Part 2.3: your code replaces this comment and the line below.
    raise NotImplementedError("Part 2.3: predict_baseline")
