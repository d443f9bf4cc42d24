"""What the lecture's symbols are worth in a tabular MDP: J, V, Q, A, ∇J, F, the trajectory KL, ℓ^k.

Every function takes an MDP and parameters θ, and sums; nothing is sampled, no derivative is a difference.
The sums run over (h, s, a), weighted by the occupancy, and so do not lean on the enumeration (one does, and
says so): the tests of this package hold the one against the other.
"""

from __future__ import annotations

import numpy as np

from autograder.oracle.enumeration import enumerate_trajectories
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


def performance(mdp: TabularMDP, theta: FloatArray) -> float:
    """Return J(θ) = E_{s_0 ~ μ}[V_0(s_0)], the expected undiscounted return.

    Args:
        mdp: the MDP.
        theta: (d,).

    Returns:
        J(θ).
    """
    return float(mdp.start @ state_values(mdp, theta)[0])


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


def fisher_of_trajectories(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
    """Return F_θ in the slide's first form, the outer product of the trajectory's score.

        F_θ = E_{τ ~ ρ_θ}[∇ln ρ_θ(τ) ∇ln ρ_θ(τ)ᵀ]

    (lecture, "Natural Policy Gradient (NPG)"), summed over the enumerated trajectories. Equal to ``fisher``,
    because the scores of two different steps are uncorrelated. So an estimator of this form is unbiased too:
    its expectation alone cannot tell it from the other.

    Args:
        mdp: the MDP.
        theta: (d,).

    Returns:
        (d, d).
    """
    every = enumerate_trajectories(mdp)
    trajectory_scores = every.scores(theta).sum(axis=1)
    return _sum("n,ni,nj->ij", every.probabilities(theta), trajectory_scores, trajectory_scores)


def natural_gradient_step(mdp: TabularMDP, theta: FloatArray, delta: float) -> FloatArray:
    """Return the NPG iterate, the θ' that maximises ∇J(θ)·(θ' − θ) subject to (θ' − θ)ᵀ F_θ (θ' − θ) ≤ δ.

        θ' = θ + η F⁻¹∇J(θ),  η = √(δ / ∇JᵀF⁻¹∇J)

    (lecture, "NPG has a closed form update!"). The trust region has no ½, so the trajectory KL of a small
    step is about δ/2. Where F is singular the shortest of the equally good steps is taken.

    Args:
        mdp: the MDP.
        theta: (d,).
        delta: δ > 0.

    Returns:
        (d,); θ itself when ∇J = 0.
    """
    gradient = performance_gradient(mdp, theta)
    # Directions below 1e-10 of the largest are rounding: π_θ does not change along them.
    direction = np.asarray(np.linalg.pinv(fisher(mdp, theta), rcond=1e-10, hermitian=True) @ gradient)
    slope = float(gradient @ direction)
    if slope <= 1e-24:  # Rounding of a gradient that is zero; the rewards are of size 1.
        return np.array(theta)
    return np.asarray(theta + np.sqrt(delta / slope) * direction)


def trajectory_kl(mdp: TabularMDP, theta_k: FloatArray, theta: FloatArray) -> float:
    """Return KL(ρ_θk | ρ_θ), the divergence between the two distributions of trajectories.

        KL(ρ_θk | ρ_θ) = E_{τ ~ ρ_θk}[ln ρ_θk(τ)/ρ_θ(τ)] = E_{s_h ~ ρ_θk}[Σ_h KL(π_θk(·|s_h) | π_θ(·|s_h))]

    (lecture, "Proximal Policy Optimization (PPO)": μ and P cancel in the ratio).

    Args:
        mdp: the MDP.
        theta_k: (d,), whose trajectories are averaged over.
        theta: (d,).

    Returns:
        The divergence, 0 at θ = θ^k.
    """
    log_ratio = mdp.log_policy(theta_k) - mdp.log_policy(theta)
    return float(_sum("hs,sa,sa->", occupancy(mdp, theta_k), mdp.policy(theta_k), log_ratio))


def trajectory_kl_gradient(mdp: TabularMDP, theta_k: FloatArray, theta: FloatArray) -> FloatArray:
    """Return ∇_θ KL(ρ_θk | ρ_θ) = −E_{τ ~ ρ_θk}[Σ_h ∇ln π_θ(a_h|s_h)].

    Args:
        mdp: the MDP.
        theta_k: (d,).
        theta: (d,), where the gradient is taken.

    Returns:
        (d,), zero at θ = θ^k (lecture, "The gradient of the KL-divergence is zero at θ^k").
    """
    return -_sum("hs,sa,sad->d", occupancy(mdp, theta_k), mdp.policy(theta_k), mdp.scores(theta))


def trajectory_kl_hessian(mdp: TabularMDP, theta_k: FloatArray, theta: FloatArray) -> FloatArray:
    """Return ∇²_θ KL(ρ_θk | ρ_θ) = −E_{τ ~ ρ_θk}[Σ_h ∇² ln π_θ(a_h|s_h)].

    For a softmax-linear policy −∇² ln π_θ(a|s) is the covariance of φ(s, ·) under π_θ, whatever the action.

    Args:
        mdp: the MDP.
        theta_k: (d,).
        theta: (d,), where the Hessian is taken.

    Returns:
        (d, d), equal to F at θ = θ^k (lecture, "Let's compute the Hessian of the KL-divergence at θ^k").
    """
    return _sum("hs,sij->ij", occupancy(mdp, theta_k), _feature_covariances(mdp, theta))


def surrogate(mdp: TabularMDP, theta_k: FloatArray, theta: FloatArray, kl_weight: float) -> float:
    """Return PPO's objective.

        ℓ^k(θ) = E_{s_h ~ ρ_θk}[Σ_h E_{a_h ~ π_θ(·|s_h)}[A^θk(s_h, a_h, h)]]
                 − λ E_{τ ~ ρ_θk}[Σ_h ln 1/π_θ(a_h|s_h)]

    (lecture, "Proximal Policy Optimization (PPO)"). With λ = 0 it is the objective of TRPO.

    Args:
        mdp: the MDP.
        theta_k: (d,), whose trajectories and advantages are taken.
        theta: (d,).
        kl_weight: λ ≥ 0.

    Returns:
        ℓ^k(θ), to be maximised; the homework's loss is its negative.
    """
    visits = occupancy(mdp, theta_k)
    gain = _sum("hs,sa,hsa->", visits, mdp.policy(theta), advantages(mdp, theta_k))
    penalty = -_sum("hs,sa,sa->", visits, mdp.policy(theta_k), mdp.log_policy(theta))
    return float(gain - kl_weight * penalty)


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


def surrogate_estimate_mean(
    mdp: TabularMDP, theta_k: FloatArray, theta: FloatArray, kl_weight: float, baseline: FloatArray
) -> float:
    """Return E[ℓ̂^k(θ)], what the lecture's estimate of PPO's objective is on average, for fixed b̃ and θ.

        ℓ̂^k(θ) = (1/M) Σ_m Σ_h [π_θ/π_θk (R_h − b̃(s_h, h)) − λ ln 1/π_θ],  τ_m ~ ρ_θk

    (lecture, "Estimating ℓ^k(θ) and its gradient"). The weight at step h reaches only a_h; R_h is still
    earned by following π_θk, and given (s_h, a_h) its expectation is Q^θk(s_h, a_h, h). Hence

        E[ℓ̂^k(θ)] = E_{s_h ~ ρ_θk}[Σ_h E_{a_h ~ π_θ}[Q^θk(s_h, a_h, h) − b̃(s_h, h)]] − λ E[Σ_h ln 1/π_θ]
                  = ℓ^k(θ) + E_{s_h ~ ρ_θk}[Σ_h (V^θk_h(s_h) − b̃(s_h, h))]

    The difference is free of θ. So the *gradient* of ℓ̂^k is unbiased for ∇ℓ^k at every θ chosen without
    looking at the M trajectories, θ^k or not, while the *value* is off by that constant, 0 when b̃ = V^θk.
    (After the first SGD step θ has looked at them: the slide claims g(θ^k) alone.)

    Args:
        mdp: the MDP.
        theta_k: (d,).
        theta: (d,).
        kl_weight: λ ≥ 0.
        baseline: (H, S), b̃(s, h).

    Returns:
        The expectation.
    """
    constant = float(np.sum(occupancy(mdp, theta_k) * (state_values(mdp, theta_k) - baseline)))
    return surrogate(mdp, theta_k, theta, kl_weight) + constant


def one_hot_baseline_mean(mdp: TabularMDP, theta: FloatArray, n_trajectories: int) -> FloatArray:
    """Return the expected least-squares baseline on one-hot (s, h) features: minimum norm, no ridge.

    The weight of (s, h) is the mean of the R_h seen there, and 0 where nothing was seen. Given that something
    was seen its expectation is V_h(s), so that in all it is (1 − (1 − Pr(s_h = s))^N) V_h(s).

    Args:
        mdp: the MDP.
        theta: (d,), whose trajectories are fitted.
        n_trajectories: N, how many independent ones.

    Returns:
        (H, S); flattened it is in the order of ``batches.one_hot_features``.
    """
    seen = 1.0 - (1.0 - occupancy(mdp, theta)) ** n_trajectories
    return np.asarray(seen * state_values(mdp, theta))


def _feature_covariances(mdp: TabularMDP, theta: FloatArray) -> FloatArray:
    """Return Cov_{a ~ π_θ(·|s)}[φ(s, a)] = E[∇ln π ∇ln πᵀ] for every state: (S, d, d)."""
    scores = mdp.scores(theta)
    return _sum("sa,sai,saj->sij", mdp.policy(theta), scores, scores)


def _sum(subscripts: str, *factors: FloatArray) -> FloatArray:
    return np.asarray(np.einsum(subscripts, *factors))
