"""What the oracle's tests need besides: the lecture's other symbols, its example, and batches with padding.

Every function of an MDP and parameters θ sums, as those of `autograder.oracle.exact` do: J, the trajectory
KL, ℓ^k, the NPG iterate. No graded test uses them, so they stay out of the platform's zip.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autograder.oracle.enumeration import Enumeration, enumerate_trajectories
from autograder.oracle.exact import advantages, fisher, occupancy, performance_gradient, state_values
from autograder.oracle.mdp import FeatureKind, FloatArray, SoftmaxMDP, random_mdp
from hw4 import tabular
from hw4.tabular import whole_batch
from hw4.trajectories import TrajectoryBatch

MAX_PADDING = 1e12
"""The largest number that may stand on padding; in policy features it is MAX_PADDING_FEATURE."""
MAX_PADDING_FEATURE = 10.0


def two_action_example() -> SoftmaxMDP:
    """Return the lecture's example, with its policy."""
    return SoftmaxMDP(**vars(tabular.two_action_example()))


def random_mdp_of_any_size(rng: np.random.Generator) -> SoftmaxMDP:
    """Draw an MDP of 2 or 3 states, 2 or 3 actions, 1 to 3 steps and any kind of features.

    It has up to 819 trajectories: for tests that sum over trajectories, not for those that call a student's
    function once for each.

    Args:
        rng: the source of randomness.

    Returns:
        The MDP.
    """
    n_states, n_actions, horizon = (int(size) for size in rng.integers([2, 2, 1], [3, 3, 3], endpoint=True))
    kinds: tuple[FeatureKind, ...] = ("dense", "tabular", "rank-deficient")
    return random_mdp(
        rng,
        n_states=n_states,
        n_actions=n_actions,
        horizon=horizon,
        n_features=int(rng.integers(2, n_states * (n_actions - 1), endpoint=True)),
        n_outcomes=int(rng.integers(2, n_states + 1, endpoint=True)),
        kind=kinds[int(rng.integers(len(kinds)))],
    )


def with_large_padding(batch: TrajectoryBatch, rng: np.random.Generator) -> TrajectoryBatch:
    """Return the same batch with large numbers of both signs on its padding, which must not change a result.

    Args:
        batch: the batch.
        rng: the source of the numbers.

    Returns:
        A batch of the same trajectories: up to ±10 in ``features``, up to ±1e12 in ``baseline_features`` and
        ``rewards``, any valid action in ``actions``.
    """

    def fill(values: FloatArray, largest: float) -> FloatArray:
        padding = rng.choice([-1.0, 1.0], size=values.shape) * rng.uniform(0.1, 1.0, size=values.shape)
        mask = batch.mask.reshape(batch.mask.shape + (1,) * (values.ndim - 2))
        return np.where(mask, values, largest * padding)

    any_action = rng.integers(batch.features.shape[2], size=batch.actions.shape)
    return replace(
        batch,
        features=fill(batch.features, MAX_PADDING_FEATURE),
        baseline_features=fill(batch.baseline_features, MAX_PADDING),
        actions=np.where(batch.mask, batch.actions, any_action),
        rewards=fill(batch.rewards, MAX_PADDING),
    )


def sample_batch(
    every: Enumeration,
    theta: FloatArray,
    n_trajectories: int,
    rng: np.random.Generator,
    baseline_features: FloatArray | None = None,
) -> TrajectoryBatch:
    """Draw a batch of independent trajectories τ ~ ρ_θ.

    Args:
        every: the trajectories.
        theta: (d,).
        n_trajectories: N.
        rng: the source of randomness.
        baseline_features: (H, S, k), ψ(s, h); one-hot by default.

    Returns:
        The batch, 0 on padding.
    """
    probabilities = every.probabilities(theta)
    # Renormalised, because rng.choice refuses a sum that rounding has moved away from 1.
    drawn = rng.choice(len(every), size=n_trajectories, p=probabilities / probabilities.sum())
    return whole_batch(every, baseline_features).select(drawn)


def performance(mdp: SoftmaxMDP, theta: FloatArray) -> float:
    """Return J(θ) = E_{s_0 ~ μ}[V_0(s_0)], the expected undiscounted return.

    Args:
        mdp: the MDP.
        theta: (d,).

    Returns:
        J(θ).
    """
    return tabular.performance(mdp, mdp.policy(theta))


def fisher_of_trajectories(mdp: SoftmaxMDP, theta: FloatArray) -> FloatArray:
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
    return np.einsum("n,ni,nj->ij", every.probabilities(theta), trajectory_scores, trajectory_scores)


def natural_gradient_step(mdp: SoftmaxMDP, theta: FloatArray, delta: float) -> FloatArray:
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


def trajectory_kl(mdp: SoftmaxMDP, theta_k: FloatArray, theta: FloatArray) -> float:
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
    return float(np.einsum("hs,sa,sa->", occupancy(mdp, theta_k), mdp.policy(theta_k), log_ratio))


def trajectory_kl_gradient(mdp: SoftmaxMDP, theta_k: FloatArray, theta: FloatArray) -> FloatArray:
    """Return ∇_θ KL(ρ_θk | ρ_θ) = −E_{τ ~ ρ_θk}[Σ_h ∇ln π_θ(a_h|s_h)].

    Args:
        mdp: the MDP.
        theta_k: (d,).
        theta: (d,), where the gradient is taken.

    Returns:
        (d,), zero at θ = θ^k (lecture, "The gradient of the KL-divergence is zero at θ^k").
    """
    return -np.einsum("hs,sa,sad->d", occupancy(mdp, theta_k), mdp.policy(theta_k), mdp.scores(theta))


def trajectory_kl_hessian(mdp: SoftmaxMDP, theta_k: FloatArray, theta: FloatArray) -> FloatArray:
    """Return ∇²_θ KL(ρ_θk | ρ_θ) = −E_{τ ~ ρ_θk}[Σ_h ∇² ln π_θ(a_h|s_h)].

    For a softmax-linear policy −∇² ln π_θ(a|s) is the covariance of φ(s, ·) under π_θ, whatever the action.

    Args:
        mdp: the MDP.
        theta_k: (d,).
        theta: (d,), where the Hessian is taken.

    Returns:
        (d, d), equal to F at θ = θ^k (lecture, "Let's compute the Hessian of the KL-divergence at θ^k").
    """
    scores = mdp.scores(theta)
    return np.einsum("hs,sa,sai,saj->ij", occupancy(mdp, theta_k), mdp.policy(theta), scores, scores)


def surrogate(mdp: SoftmaxMDP, theta_k: FloatArray, theta: FloatArray, kl_weight: float) -> float:
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
    gain = np.einsum("hs,sa,hsa->", visits, mdp.policy(theta), advantages(mdp, theta_k))
    penalty = -np.einsum("hs,sa,sa->", visits, mdp.policy(theta_k), mdp.log_policy(theta))
    return float(gain - kl_weight * penalty)


def surrogate_estimate_mean(
    mdp: SoftmaxMDP, theta_k: FloatArray, theta: FloatArray, kl_weight: float, baseline: FloatArray
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


def one_hot_baseline_mean(mdp: SoftmaxMDP, theta: FloatArray, n_trajectories: int) -> FloatArray:
    """Return the expected least-squares baseline on one-hot (s, h) features: minimum norm, no ridge.

    The weight of (s, h) is the mean of the R_h seen there, and 0 where nothing was seen. Given that something
    was seen its expectation is V_h(s), so that in all it is (1 − (1 − Pr(s_h = s))^N) V_h(s).

    Args:
        mdp: the MDP.
        theta: (d,), whose trajectories are fitted.
        n_trajectories: N, how many independent ones.

    Returns:
        (H, S); flattened it is in the order of ``tabular.one_hot_features``.
    """
    seen = 1.0 - (1.0 - occupancy(mdp, theta)) ** n_trajectories
    return np.asarray(seen * state_values(mdp, theta))
