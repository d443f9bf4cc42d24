"""What the lecture's symbols are worth in a tabular MDP: V, Q, A, ∇J, F, ∇ℓ^k.

Every function takes an MDP and parameters θ, and sums; nothing is sampled, no derivative is a difference.
The sums run over (h, s, a), weighted by the occupancy, and do not use the enumeration of trajectories: the
tests of this package compare the two.
"""

from __future__ import annotations

import numpy as np

from autograder.oracle.mdp import FloatArray, SoftmaxMDP
from hw4 import tabular


def occupancy(mdp: SoftmaxMDP, theta: FloatArray) -> FloatArray:
    """Return the chance to be in each state at each step under π_θ, (H, S)."""
    return tabular.occupancy(mdp, mdp.policy(theta))


def action_values(mdp: SoftmaxMDP, theta: FloatArray) -> FloatArray:
    """Return Q^θ_h(s, a), (H, S, A)."""
    return tabular.action_values(mdp, mdp.policy(theta))


def state_values(mdp: SoftmaxMDP, theta: FloatArray) -> FloatArray:
    """Return V^θ_h(s), (H, S)."""
    return tabular.state_values(mdp, mdp.policy(theta))


def advantages(mdp: SoftmaxMDP, theta: FloatArray) -> FloatArray:
    """Return A^θ_h(s, a), (H, S, A)."""
    return tabular.advantages(mdp, mdp.policy(theta))


def performance_gradient(mdp: SoftmaxMDP, theta: FloatArray) -> FloatArray:
    """Return ∇J(θ) = E_{τ ~ ρ_θ}[Σ_h ∇ln π_θ(a_h|s_h) A_h(s_h, a_h)].

    Args:
        mdp: the MDP.
        theta: (d,).

    Returns:
        (d,).
    """
    steps = occupancy(mdp, theta)[:, :, np.newaxis] * mdp.policy(theta)
    return _sum("hsa,hsa,sad->d", steps, advantages(mdp, theta), mdp.scores(theta))


def fisher(mdp: SoftmaxMDP, theta: FloatArray) -> FloatArray:
    """Return F_θ in the slide's second form, the sum over steps.

        F_θ = E_{τ ~ ρ_θ}[Σ_h ∇ln π_θ(a_h|s_h) ∇ln π_θ(a_h|s_h)ᵀ]

    (lecture, "Natural Policy Gradient (NPG)").

    Args:
        mdp: the MDP.
        theta: (d,).

    Returns:
        (d, d); singular when the features are rank-deficient.
    """
    return _sum("hs,sij->ij", occupancy(mdp, theta), _feature_covariances(mdp, theta))


def surrogate_gradient(
    mdp: SoftmaxMDP, theta_k: FloatArray, theta: FloatArray, kl_weight: float
) -> FloatArray:
    """Return ∇_θ ℓ^k(θ).

        ∇ℓ^k(θ) = E_{s_h ~ ρ_θk}[Σ_h E_{a_h ~ π_θ(·|s_h)}[∇ln π_θ(a_h|s_h) A^θk(s_h, a_h, h)]]
                  + λ E_{τ ~ ρ_θk}[Σ_h ∇ln π_θ(a_h|s_h)]

    At θ = θ^k it is ∇J(θ^k), whatever λ: there the gradient of the KL is zero.

    Args:
        mdp: the MDP.
        theta_k: (d,).
        theta: (d,), where the gradient is taken.
        kl_weight: λ ≥ 0.

    Returns:
        (d,).
    """
    visits, scores = occupancy(mdp, theta_k), mdp.scores(theta)
    gain = _sum("hs,sa,hsa,sad->d", visits, mdp.policy(theta), advantages(mdp, theta_k), scores)
    return gain + kl_weight * _sum("hs,sa,sad->d", visits, mdp.policy(theta_k), scores)


def _feature_covariances(mdp: SoftmaxMDP, theta: FloatArray) -> FloatArray:
    """Return Cov_{a ~ π_θ(·|s)}[φ(s, a)] = E[∇ln π ∇ln πᵀ] for every state: (S, d, d)."""
    scores = mdp.scores(theta)
    return _sum("sa,sai,saj->sij", mdp.policy(theta), scores, scores)


def _sum(subscripts: str, *factors: FloatArray) -> FloatArray:
    return np.asarray(np.einsum(subscripts, *factors))
