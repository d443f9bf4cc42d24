"""Part 6, bonus: TRPO's line search on top of the natural-gradient direction."""

from __future__ import annotations

import numpy as np

from hw4.importance_sampling import importance_weights
from hw4.npg import npg_step_size
from hw4.policy import action_log_probabilities


def kl_estimate(theta_k: np.ndarray, theta: np.ndarray, features: np.ndarray, mask: np.ndarray) -> float:
    """Estimate the trajectory KL divergence from the states that were visited.

    Part 6.1, 1.5 bonus points: difficulty 3 of 5, 25 minutes, about 3 lines. You learn how far two policies
    are apart in the states that were visited.

        (1/N) Σ_n Σ_h KL( π_θk(·|s_h) | π_θ(·|s_h) ),   KL(P | Q) = Σ_a P(a) ln( P(a)/Q(a) )

    (lecture, "Trust Region Policy Optimization (TRPO)" and "KL-divergence"). Over s ~ ρ_θk its expectation is
    KL(ρ_θk | ρ_θ).

    Args:
        theta_k: (d,), θ^k, the policy the trajectories were sampled under.
        theta: (d,), θ.
        features: (N, H, A, d), φ(s_h, a) for every action a.
        mask: (N, H), True where the step really happened.

    Returns:
        The estimate, a float, at least 0.

    Example:
        Probabilities (½, ½) and (¾, ¼): ½ ln ⅔ + ½ ln 2.

        >>> features, mask = np.array([[[[1.0], [0.0]]]]), np.array([[True]])
        >>> round(float(kl_estimate(np.array([0.0]), np.log([3.0]), features, mask)), 3)
        0.144
    """
    # Part 6.1: your code replaces this comment and the line below.
    raise NotImplementedError("Part 6.1: kl_estimate")


def trpo_step(
    theta_k: np.ndarray,
    gradient: np.ndarray,
    fisher: np.ndarray,
    features: np.ndarray,
    actions: np.ndarray,
    advantages: np.ndarray,
    mask: np.ndarray,
    delta: float,
    backtrack: float = 0.5,
    max_backtracks: int = 10,
) -> np.ndarray:
    """Take the longest acceptable step along the natural gradient.

    Part 6.2, 3.5 bonus points: difficulty 4 of 5, 45 minutes, about 12 lines. You learn what a line search
    adds to a closed-form step.

    Tries θ = θ^k + η √2 · backtrack^j · F⁻¹g for j = 0, 1, …, max_backtracks and returns the first with
    `kl_estimate` ≤ δ whose surrogate (1/N) Σ_n Σ_h π_θ/π_θk · advantage does not fall below its value at θ^k
    (lecture, "Trust Region Policy Optimization (TRPO)"; J. Schulman et al., Trust Region Policy Optimization,
    2015, appendix C). √2 because a step of length η has a KL of about δ/2.

    Args:
        theta_k: (d,), θ^k, the policy the trajectories were sampled under.
        gradient: (d,), g.
        fisher: (d, d), F, symmetric and positive definite.
        features: (N, H, A, d), φ(s_h, a) for every action a.
        actions: (N, H) int64, a_h.
        advantages: (N, H), R_h − b̃(s_h, h); any finite number on padding.
        mask: (N, H), True where the step really happened.
        delta: δ > 0, the bound on the KL divergence; 1 in the assignment. CartPole is learned with 0.3 to 3.
        backtrack: the factor between two tries, in (0, 1); 0.5 in the assignment.
        max_backtracks: how often the step may be shortened; 10 in the assignment.

    Returns:
        (d,), the accepted θ, or θ^k when none qualifies.

    Example:
        The longest try is 4, with a KL divergence of 1.325 > δ; half of it has 0.434.

        >>> theta_k, gradient, fisher = np.array([0.0]), np.array([1.0]), np.array([[0.0625]])
        >>> step = (np.array([[[[1.0], [0.0]]]]), np.array([[0]]), np.array([[1.0]]), np.array([[True]]))
        >>> trpo_step(theta_k, gradient, fisher, *step, delta=0.5).round(3).tolist()
        [2.0]
    """
    # Part 6.2: your code replaces this comment and the line below.
    raise NotImplementedError("Part 6.2: trpo_step")
