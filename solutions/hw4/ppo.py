"""Part 4: proximal policy optimization (PPO), importance-weighted advantages and a KL penalty, by SGD.

The lecture's PPO, not PPO-clip. The lecture maximises ℓ^k(θ); the loss here is its negative, so that SGD
minimises.
"""

from __future__ import annotations

import numpy as np

from hw4.baseline import fit_baseline, predict_baseline, rewards_to_go
from hw4.importance_sampling import importance_weights
from hw4.policy import action_log_probabilities, score
from hw4.trajectories import TrajectoryBatch

# BEGIN SOLUTION


def _log_probabilities_of(theta: np.ndarray, features: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Return ln π_θ(a|s) of the action taken in each of n states."""
    return action_log_probabilities(theta, features)[np.arange(len(actions)), actions]


# END SOLUTION


def ppo_loss(
    theta: np.ndarray,
    theta_k: np.ndarray,
    features: np.ndarray,
    actions: np.ndarray,
    advantages: np.ndarray,
    mask: np.ndarray,
    kl_weight: float,
) -> float:
    """Return the PPO loss, the negative of the estimated objective ℓ̂^k(θ).

        ℓ̂^k(θ) = (1/M) Σ_m Σ_h [ π_θ(a_h|s_h)/π_θk(a_h|s_h) · (R_h − b̃(s_h, h)) − λ ln 1/π_θ(a_h|s_h) ]

    (lecture, "Estimating ℓ^k(θ) and its gradient"). The penalty is the part of λ KL(ρ_θk | ρ_θ) that depends
    on θ; the importance weight multiplies the advantage only.

    Args:
        theta: (d,), θ, where the loss is evaluated.
        theta_k: (d,), θ^k, the policy the trajectories were sampled under.
        features: (M, H, A, d), φ(s_h, a) for every action a.
        actions: (M, H) int64, a_h.
        advantages: (M, H), R_h − b̃(s_h, h); any finite number on padding.
        mask: (M, H), True where the step really happened.
        kl_weight: λ ≥ 0, on the scale of the advantages; 10 in the assignment (1 at horizon 200). CartPole is
            learned with 0 to 10.

    Returns:
        −ℓ̂^k(θ), a float.

    Example:
        At θ = θ^k = 0 the weight is 1 and ln 1/π = ln 2: −(1 · 2 − 1 · 0.693).

        >>> theta, features = np.array([0.0]), np.array([[[[1.0], [0.0]]]])
        >>> step = (features, np.array([[0]]), np.array([[2.0]]), np.array([[True]]))
        >>> round(float(ppo_loss(theta, theta, *step, kl_weight=1.0)), 3)
        -1.307
    """
    # BEGIN SOLUTION
    features, actions, advantages = features[mask], actions[mask], advantages[mask]
    target = _log_probabilities_of(theta, features, actions)
    proposal = _log_probabilities_of(theta_k, features, actions)
    objective = importance_weights(target, proposal) * advantages + kl_weight * target
    return float(-objective.sum() / len(mask))
    # END SOLUTION


def ppo_gradient(
    theta: np.ndarray,
    theta_k: np.ndarray,
    features: np.ndarray,
    actions: np.ndarray,
    advantages: np.ndarray,
    mask: np.ndarray,
    kl_weight: float,
) -> np.ndarray:
    """Return the gradient ∇_θ of `ppo_loss`.

    Minus the lecture's g(θ) := ∇_θ ℓ̂^k(θ) (slide "Estimating ℓ^k(θ) and its gradient"), which is unbiased for
    ∇_θ ℓ^k(θ).

    Args:
        theta: (d,), θ, where the gradient is taken.
        theta_k: (d,), θ^k, the policy the trajectories were sampled under.
        features: (M, H, A, d), φ(s_h, a) for every action a.
        actions: (M, H) int64, a_h.
        advantages: (M, H), R_h − b̃(s_h, h); any finite number on padding.
        mask: (M, H), True where the step really happened.
        kl_weight: λ ≥ 0, on the scale of the advantages; 10 in the assignment (1 at horizon 200). CartPole is
            learned with 0 to 10.

    Returns:
        (d,), ∇_θ ppo_loss(θ).

    Example:
        At θ = θ^k = 0 the score is ½: −(2 · ½ + 1 · ½).

        >>> theta, features = np.array([0.0]), np.array([[[[1.0], [0.0]]]])
        >>> step = (features, np.array([[0]]), np.array([[2.0]]), np.array([[True]]))
        >>> ppo_gradient(theta, theta, *step, kl_weight=1.0).round(3).tolist()
        [-1.5]
    """
    # BEGIN SOLUTION
    features, actions, advantages = features[mask], actions[mask], advantages[mask]
    target = _log_probabilities_of(theta, features, actions)
    proposal = _log_probabilities_of(theta_k, features, actions)
    factors = importance_weights(target, proposal) * advantages + kl_weight
    return -factors @ score(theta, features, actions) / len(mask)
    # END SOLUTION


def ppo_update(
    theta_k: np.ndarray,
    features: np.ndarray,
    actions: np.ndarray,
    advantages: np.ndarray,
    mask: np.ndarray,
    kl_weight: float,
    learning_rate: float,
    minibatches: np.ndarray,
) -> np.ndarray:
    """Run SGD on the PPO loss from θ^k, one step per minibatch.

        θ ← θ − learning_rate · ∇_θ ppo_loss(θ), on the trajectories minibatches[t] alone

    (lecture, "Proximal Policy Optimization (PPO)": "use SGD to approximately solve"). θ^k stays the proposal
    throughout; the average is over the B trajectories of the minibatch.

    Args:
        theta_k: (d,), θ^k, where SGD starts and the policy the trajectories were sampled under.
        features: (M, H, A, d), φ(s_h, a) for every action a.
        actions: (M, H) int64, a_h.
        advantages: (M, H), R_h − b̃(s_h, h); any finite number on padding.
        mask: (M, H), True where the step really happened.
        kl_weight: λ ≥ 0, on the scale of the advantages; 10 in the assignment (1 at horizon 200). CartPole is
            learned with 0 to 10.
        learning_rate: the SGD step size; 0.001 in the assignment (0.003 at horizon 200). CartPole is
            learned with 0.0005 to 0.001 (0.001 to 0.03).
        minibatches: (S, B) int64, the trajectories of each of the S steps, in order.

    Returns:
        (d,), θ after S steps; θ^k itself when S = 0.

    Example:
        One step along the gradient −1.5: 0 + 0.1 · 1.5.

        >>> theta_k, features = np.array([0.0]), np.array([[[[1.0], [0.0]]]])
        >>> step = (features, np.array([[0]]), np.array([[2.0]]), np.array([[True]]))
        >>> one_step = np.array([[0]])
        >>> ppo_update(theta_k, *step, 1.0, learning_rate=0.1, minibatches=one_step).round(3).tolist()
        [0.15]
    """
    # BEGIN SOLUTION
    theta = theta_k
    for chosen in minibatches:
        gradient = ppo_gradient(
            theta, theta_k, features[chosen], actions[chosen], advantages[chosen], mask[chosen], kl_weight
        )
        theta = theta - learning_rate * gradient
    return theta
    # END SOLUTION


def ppo_iteration(
    theta_k: np.ndarray,
    baseline_batch: TrajectoryBatch,
    update_batch: TrajectoryBatch,
    kl_weight: float,
    learning_rate: float,
    minibatches: np.ndarray,
    ridge: float,
) -> np.ndarray:
    """Run one iteration of PPO: learn the baseline, then run SGD on the loss of new trajectories.

    Fit b̃ on the N trajectories of `baseline_batch`; on the M NEW ones of `update_batch`, form the advantages
    R_h − b̃(s_h, h) and run `ppo_update` (lecture, "Estimating ℓ^k(θ) and its gradient").

    Args:
        theta_k: (d,), θ^k, the policy both batches were sampled under.
        baseline_batch: N trajectories the baseline is fitted on.
        update_batch: M new trajectories the loss is built from.
        kl_weight: λ ≥ 0, on the scale of the advantages; 10 in the assignment (1 at horizon 200). CartPole is
            learned with 0 to 10.
        learning_rate: the SGD step size; 0.001 in the assignment (0.003 at horizon 200). CartPole is
            learned with 0.0005 to 0.001 (0.001 to 0.03).
        minibatches: (S, B) int64, indices into `update_batch`, one row per SGD step.
        ridge: weight of ‖w‖² in the baseline's fit; 1e-6 in the assignment. Any up to 1e4 does.

    Returns:
        (d,), θ^{k+1}.

    Example:
        One step that earned nothing, so that b̃ = 0, and one that earned 2: an advantage of 2.

        >>> step = {"features": np.array([[[[1.0], [0.0]]]]), "baseline_features": np.ones((1, 1, 1))}
        >>> step |= {"actions": np.zeros((1, 1), np.int64), "mask": np.array([[True]])}
        >>> first = TrajectoryBatch(rewards=np.array([[0.0]]), **step)
        >>> new = TrajectoryBatch(rewards=np.array([[2.0]]), **step)
        >>> ppo_iteration(np.array([0.0]), first, new, 1.0, 0.1, np.array([[0]]), ridge=0.0).round(3).tolist()
        [0.15]
    """
    # BEGIN SOLUTION
    baseline_returns = rewards_to_go(baseline_batch.rewards, baseline_batch.mask)
    weights = fit_baseline(baseline_batch.baseline_features, baseline_returns, baseline_batch.mask, ridge)
    returns = rewards_to_go(update_batch.rewards, update_batch.mask)
    advantages = returns - predict_baseline(weights, update_batch.baseline_features)
    return ppo_update(
        theta_k,
        update_batch.features,
        update_batch.actions,
        advantages,
        update_batch.mask,
        kl_weight,
        learning_rate,
        minibatches,
    )
    # END SOLUTION


def clip_penalty_weights(
    target_log_probs: np.ndarray, proposal_log_probs: np.ndarray, advantages: np.ndarray, clip: float
) -> np.ndarray:
    """Return the penalty's weight of each sample with which the lecture's PPO takes the steps of PPO-clip.

        λ = −w·Â where the clip is active, else 0, with w = π_θ(a|s)/π_θk(a|s)

    PPO-clip maximises the mean of min(w·Â, clip(w, 1 − ε, 1 + ε)·Â) (Schulman et al., 2017), which no longer
    depends on θ where the clip is active: where Â > 0 and w > 1 + ε, or Â < 0 and w < 1 − ε. The gradient of
    the lecture's objective (lecture, "Estimating ℓ^k(θ) and its gradient") is (w·Â + λ) ∇ln π_θ, and this λ,
    one for each sample, cancels the same terms. So PPO-clip is the lecture's penalty with weights that depend
    on θ.

    Args:
        target_log_probs: (...), ln π_θ(a|s) of the actions taken.
        proposal_log_probs: (...), ln π_θk(a|s), under which they were sampled.
        advantages: (...), Â.
        clip: ε > 0, from 0.1 to 0.3 in practice.

    Returns:
        (...), λ of each sample: of the sign of −Â where the clip is active, 0 elsewhere.

    Example:
        The weight is 0.75/0.5 = 1.5, beyond 1.2; where Â < 0, that side is not clipped.

        >>> target, proposal = np.log([0.75, 0.75]), np.log([0.5, 0.5])
        >>> clip_penalty_weights(target, proposal, np.array([2.0, -2.0]), clip=0.2).round(3).tolist()
        [-3.0, 0.0]
    """
    # BEGIN SOLUTION
    weights = importance_weights(target_log_probs, proposal_log_probs)
    is_active = np.where(advantages > 0, weights > 1 + clip, (advantages < 0) & (weights < 1 - clip))
    return np.where(is_active, -weights * advantages, 0.0)
    # END SOLUTION
