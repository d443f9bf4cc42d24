"""Part 2: the policy gradient estimate with a baseline, averaged over trajectories and summed over steps."""

from __future__ import annotations

import numpy as np


def policy_gradient_estimate(scores: np.ndarray, advantages: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Estimate the policy gradient ∇_θ J(θ) from N trajectories.

    Part 2.4, 7 points: difficulty 2 of 5, 20 minutes, about 1 line. You learn the policy gradient: a mean
    over trajectories of sums over steps.

        ĝ = (1/N) Σ_n Σ_h ∇_θ ln π_θ(a_h|s_h) · (R_h(τ_n) − b(s_h, h))

    (lecture, "PG with a Learned Baseline", the mean of g' over the trajectories). The mean is over
    trajectories; the steps are summed. Unbiased for any baseline b.

    Args:
        scores: (N, H, d), ∇_θ ln π_θ(a_h|s_h); any finite number on padding.
        advantages: (N, H), R_h − b(s_h, h); any finite number on padding.
        mask: (N, H), True where the step really happened.

    Returns:
        (d,), ĝ.

    Example:
        One trajectory of two steps: ½ · 3 + ½ · 2.

        >>> scores, mask = np.array([[[0.5], [0.5]]]), np.array([[True, True]])
        >>> policy_gradient_estimate(scores, np.array([[3.0, 2.0]]), mask).round(3).tolist()
        [2.5]
    """
    # Part 2.4: your code replaces this comment and the line below.
    raise NotImplementedError("Part 2.4: policy_gradient_estimate")
