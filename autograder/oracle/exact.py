"""What the lecture's symbols are worth in a tabular MDP: V, Q, A, ∇J, F, ∇ℓ^k.

Every function takes an MDP and parameters θ, and sums; nothing is sampled, no derivative is a difference.
The sums run over (h, s, a), weighted by the occupancy, and do not use the enumeration of trajectories: the
tests of this package compare the two.
"""

from __future__ import annotations

import numpy as np

from autograder.oracle.mdp import FloatArray, TabularMDP


def occupancy(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
    """Return the chance to be in each state at each step.

    Args:
        mdp: the MDP.
        theta: (d,).

    Returns:
        (H, S), Pr(s_h = s and the episode has not ended); a row sums to the chance that step h happens.
    """
    step = _sum("sa,sat->st", mdp.policy(theta), mdp.transitions[:, :, : mdp.S])
    visits = np.empty((mdp.H, mdp.S))
    visits[0] = mdp.start
    for h in range(1, mdp.H):
        visits[h] = visits[h - 1] @ step
    return visits


def action_values(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
    """Return Q_h(s, a) = r(s, a, h) + Σ_s' P(s'|s, a) V_{h+1}(s'), by Bellman's recursion.

    Args:
        mdp: the MDP.
        theta: (d,).

    Returns:
        (H, S, A).
    """
    policy = mdp.policy(theta)
    values: FloatArray = mdp.rewards.copy()
    for h in reversed(range(mdp.H - 1)):
        values[h] += mdp.transitions[:, :, : mdp.S] @ (policy * values[h + 1]).sum(axis=-1)
    return values


def state_values(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
    """Return V_h(s) = E_{a ~ π_θ(·|s)}[Q_h(s, a)].

    Args:
        mdp: the MDP.
        theta: (d,).

    Returns:
        (H, S).
    """
    return _sum("sa,hsa->hs", mdp.policy(theta), action_values(mdp, theta))


def advantages(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
    """Return A_h(s, a) = Q_h(s, a) − V_h(s).

    Args:
        mdp: the MDP.
        theta: (d,).

    Returns:
        (H, S, A).
    """
    return action_values(mdp, theta) - state_values(mdp, theta)[:, :, np.newaxis]


def performance_gradient(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
    """Return ∇J(θ) = E_{τ ~ ρ_θ}[Σ_h ∇ln π_θ(a_h|s_h) A_h(s_h, a_h)].

    Args:
        mdp: the MDP.
        theta: (d,).

    Returns:
        (d,).
    """
    steps = occupancy(mdp, theta)[:, :, np.newaxis] * mdp.policy(theta)
    return _sum("hsa,hsa,sad->d", steps, advantages(mdp, theta), mdp.scores(theta))


def fisher(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
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
    mdp: TabularMDP, theta_k: FloatArray, theta: FloatArray, kl_weight: float
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


def _feature_covariances(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
    """Return Cov_{a ~ π_θ(·|s)}[φ(s, a)] = E[∇ln π ∇ln πᵀ] for every state: (S, d, d)."""
    scores = mdp.scores(theta)
    return _sum("sa,sai,saj->sij", mdp.policy(theta), scores, scores)


def _sum(subscripts: str, *factors: FloatArray) -> FloatArray:
    return np.asarray(np.einsum(subscripts, *factors))
