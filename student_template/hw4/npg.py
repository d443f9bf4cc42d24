"""Part 3: the natural policy gradient: the Fisher estimate, the closed-form step, one sample-based iteration.

The trust region is (θ − θ^k)ᵀ F (θ − θ^k) ≤ δ, without ½.
"""

from __future__ import annotations

import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate
from hw4.trajectories import TrajectoryBatch


def fisher_estimate(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Estimate the Fisher information matrix of the trajectory distribution.

    Part 3.1, 9 points: difficulty 2 of 5, 25 minutes, about 2 lines. You learn what the Fisher information is
    made of.

        F̂ = (1/N) Σ_n Σ_h ∇ln π_θ(a_h|s_h) ∇ln π_θ(a_h|s_h)ᵀ

    (lecture, "Natural Policy Gradient (NPG)"). Steps are summed, not averaged,
    so F̂ grows with the horizon, and δ is on that scale.

    Args:
        scores: (N, H, d), ∇_θ ln π_θ(a_h|s_h); any finite number on padding.
        mask: (N, H), True where the step really happened.

    Returns:
        (d, d), symmetric and positive semi-definite. Often singular: damping is
        the caller's decision.

    Example:
        One trajectory of two steps: ¼ + ¼.

        >>> fisher_estimate(np.array([[[0.5], [-0.5]]]), np.array([[True, True]])).round(3).tolist()
        [[0.5]]
    """
    # Part 3.1: your code replaces this comment and the line below.
    raise NotImplementedError("Part 3.1: fisher_estimate")


def npg_step_size(gradient: np.ndarray, fisher: np.ndarray, delta: float) -> float:
    """Return the step size that takes the natural gradient to the edge of the trust region.

    Part 3.2, 7 points: difficulty 3 of 5, 25 minutes, about 2 lines. You learn how δ, and no learning rate,
    says how far a step goes.

        η = √( δ / (gᵀ F⁻¹ g) )

    (lecture, "NPG has a closed form update!").

    Args:
        gradient: (d,), g.
        fisher: (d, d), F, symmetric and positive definite.
        delta: δ > 0, the size of the trust region; 1 in the assignment. CartPole is learned with 1 to 10.

    Returns:
        η, a float; 0.0 when g = 0, where the direction is zero and η does not matter.

    Example:
        g = 1 and F = 4: η = √(1 / ¼) = 2.

        >>> round(float(npg_step_size(np.array([1.0]), np.array([[4.0]]), delta=1.0)), 3)
        2.0
    """
    # Part 3.2: your code replaces this comment and the line below.
    raise NotImplementedError("Part 3.2: npg_step_size")


def npg_step(theta: np.ndarray, gradient: np.ndarray, fisher: np.ndarray, delta: float) -> np.ndarray:
    """Take one natural-gradient step.

    Part 3.3, 8 points: difficulty 2 of 5, 15 minutes, about 1 line. You learn what the natural gradient does
    to a direction.

        θ^{k+1} = θ^k + η F⁻¹ g

    (lecture, "NPG has a closed form update!"): the maximiser of gᵀ(θ − θ^k) subject to
    (θ − θ^k)ᵀ F (θ − θ^k) ≤ δ.

    Args:
        theta: (d,), θ^k.
        gradient: (d,), g.
        fisher: (d, d), F, symmetric and positive definite.
        delta: δ > 0, the size of the trust region; 1 in the assignment. CartPole is learned with 1 to 10.

    Returns:
        (d,), θ^{k+1}; θ^k itself when g = 0.

    Example:
        A step of 2 · ¼, whose length ½² · 4 is δ = 1.

        >>> npg_step(np.array([0.0]), np.array([1.0]), np.array([[4.0]]), delta=1.0).round(3).tolist()
        [0.5]
    """
    # Part 3.3: your code replaces this comment and the line below.
    raise NotImplementedError("Part 3.3: npg_step")


def npg_iteration(
    theta: np.ndarray,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    delta: float,
    ridge: float,
    damping: float,
) -> np.ndarray:
    """Run one iteration of sample-based NPG with a learned baseline.

    Part 3.4, 8 points: difficulty 3 of 5, 30 minutes, about 8 lines. You learn how an iteration is put
    together, and why the baseline has trajectories of its own.

    Fit b̃ on `baseline_batch`; on `update_batch`, form the advantages R_h − b̃(s_h, h), estimate ĝ and F̂, and
    take the natural-gradient step with F̂ + damping · I in place of F
    (lecture, "An Implementation: Sample Based NPG" and "PG with a Learned Baseline").

    Args:
        theta: (d,), θ^k, the policy both batches were sampled under.
        baseline_batch: N trajectories the baseline is fitted on.
        update_batch: new trajectories the gradient and the Fisher matrix are estimated from.
        delta: δ > 0, the size of the trust region; 1 in the assignment. CartPole is learned with 1 to 10.
        ridge: weight of ‖w‖² in the baseline's fit; 1e-6 in the assignment. Any up to 1e4 does.
        damping: multiple of the identity added to F̂, at least 0; 3 in the assignment (1 at horizon 200).
            CartPole is learned with 1 to 3: F̂ is singular without, and with 100 the steps are too short.

    Returns:
        (d,), θ^{k+1}.

    Example:
        One step that earned nothing, so that b̃ = 0, and one that earned 1. Then ĝ = ½ · 1, F̂ + damping is
        ¼ + ¾ = 1, and η = 2.

        >>> step = {"features": np.array([[[[1.0], [0.0]]]]), "baseline_features": np.ones((1, 1, 1))}
        >>> step |= {"actions": np.zeros((1, 1), np.int64), "mask": np.array([[True]])}
        >>> first = TrajectoryBatch(rewards=np.array([[0.0]]), **step)
        >>> new = TrajectoryBatch(rewards=np.array([[1.0]]), **step)
        >>> npg_iteration(np.array([0.0]), first, new, delta=1.0, ridge=0.0, damping=0.75).round(3).tolist()
        [1.0]
    """
    # Part 3.4: your code replaces this comment and the line below.
    raise NotImplementedError("Part 3.4: npg_iteration")
