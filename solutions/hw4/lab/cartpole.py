"""CartPole-v1 as whole trajectories: features, and one wide rollout on gymnasium's own vector environment.

It samples the softmax-linear policy of a parameter vector θ, and knows no algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hw4.trajectories import TrajectoryBatch, require_shape

STATE_SIZE = 4
"""Cart position, cart velocity, pole angle, pole angular velocity."""
ACTIONS = 2
"""A: push left (0) or right (1)."""
POLICY_FEATURES = ACTIONS * STATE_SIZE
"""d, the length of θ."""
BASELINE_FEATURES = 3 + 2 * STATE_SIZE
"""k, the length of ψ = [1, t, t², s, s²]."""
MAX_HORIZON = 500
"""CartPole-v1 ends every episode here."""


def policy_features(states: np.ndarray) -> np.ndarray:
    """Return the policy's features of every action: a block of the state per action.

        φ(s, a) = onehot(a) ⊗ s

    Args:
        states: (..., 4), s.

    Returns:
        (..., 2, 8), `[..., a, :]` is φ(s, a).
    """
    features = np.zeros((*states.shape[:-1], ACTIONS, POLICY_FEATURES))
    for action in range(ACTIONS):
        features[..., action, action * STATE_SIZE : (action + 1) * STATE_SIZE] = states
    return features


def baseline_features(states: np.ndarray, horizon: int) -> np.ndarray:
    """Return the baseline's features: a constant, the time, the state and their squares.

        ψ(s, h) = [1, t, t², s, s²],   t = h / H

    H is the horizon of the task, not the length of the longest episode: ψ must mean the same in every batch.

    Args:
        states: (N, H', 4), s_h, for the steps h = 0 … H' − 1.
        horizon: H of the task, at least H'.

    Returns:
        (N, H', 11).
    """
    time = np.arange(states.shape[1]) / horizon
    features = np.empty((*states.shape[:2], BASELINE_FEATURES))
    features[..., 0] = 1.0
    features[..., 1] = time
    features[..., 2] = time**2
    features[..., 3 : 3 + STATE_SIZE] = states
    np.square(states, out=features[..., 3 + STATE_SIZE :])
    return features


def rollout(
    theta: np.ndarray,
    rng: np.random.Generator,
    trajectories: int,
    horizon: int,
    rotation: np.ndarray | None = None,
) -> TrajectoryBatch:
    """Sample whole episodes of CartPole-v1 under π_θ, all side by side.

    Trajectories of one rollout are independent, so the N for the baseline and the M new ones may come from
    one rollout of N + M, split by `TrajectoryBatch.select`.

    Args:
        theta: (8,), θ.
        rng: the only source of randomness; the same state of `rng` gives the same batch.
        trajectories: how many episodes, at least 1.
        horizon: H, where an episode is cut off, 1 … 500.
        rotation: (8, 8) orthogonal Q or None. The features become φ(s, a)ᵀQ: the same task in other
            coordinates, where θ plays the part that Qθ plays without.

    Returns:
        A batch as long as its longest episode, with zeros on the padding of every field.

    Raises:
        ShapeError: θ or `rotation` has another shape or dtype.
        ValueError: θ is not finite, `rotation` is not orthogonal, `trajectories` is below 1, or `horizon` is
            not one of CartPole-v1.
    """
    require_shape("theta", theta, ("d",), {"d": POLICY_FEATURES})
    if not np.isfinite(theta).all():
        raise ValueError(
            "theta is not finite: look for an overflow or a division by zero in the step before."
        )
    if trajectories < 1:
        raise ValueError(f"trajectories is {trajectories}, but a batch holds at least 1.")
    if not 1 <= horizon <= MAX_HORIZON:
        raise ValueError(
            f"horizon is {horizon}, but an episode of CartPole-v1 may last 1 to {MAX_HORIZON} steps."
        )
    if rotation is not None:
        _require_orthogonal(rotation)
    # The logits of a large finite θ may overflow to ±inf: a bad policy, but no reason to warn.
    with np.errstate(over="ignore", invalid="ignore"):
        weights = theta if rotation is None else rotation @ theta
        episodes = _play(weights, rng, trajectories, horizon)
    features = policy_features(episodes.states)
    psi = baseline_features(episodes.states, horizon)
    if not episodes.mask.all():
        psi *= episodes.mask[..., np.newaxis]
    if rotation is not None:
        # As one tall matrix: numpy multiplies a stack of (2, 8) blocks one by one, four times slower.
        features = (features.reshape(-1, POLICY_FEATURES) @ rotation).reshape(features.shape)
    return TrajectoryBatch(features, psi, episodes.actions, episodes.rewards, episodes.mask)


def mean_return(batch: TrajectoryBatch) -> float:
    """Return the mean over trajectories of the undiscounted return Σ_h r_h."""
    return float(np.sum(batch.rewards, where=batch.mask) / len(batch))


@dataclass(frozen=True)
class _Episodes:
    """States (N, H, 4), actions, rewards and mask (N, H), with zeros on padding."""

    states: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    mask: np.ndarray


def _play(weights: np.ndarray, rng: np.random.Generator, trajectories: int, horizon: int) -> _Episodes:
    """Play the first episode of every column of one vectorised environment.

    Two actions leave one number to draw. Adding independent Gumbel noise to both logits and taking the larger
    samples the softmax policy, and the difference of two Gumbel variables is logistic: push right where that
    noise is below the difference of the logits.
    """
    import gymnasium  # takes a twentieth of a second, and only rollouts need it

    toward_right = weights[STATE_SIZE:] - weights[:STATE_SIZE]
    # Drawn whole before the first step, so the stream that `rng` is left with does not depend on θ.
    noise = rng.logistic(size=(horizon, trajectories))
    states = np.empty((horizon, trajectories, STATE_SIZE))
    actions = np.empty((horizon, trajectories), dtype=np.int64)
    rewards = np.empty((horizon, trajectories))
    mask = np.empty((horizon, trajectories), dtype=np.bool_)
    live = np.ones(trajectories, dtype=np.bool_)
    environment = gymnasium.make_vec(
        "CartPole-v1", num_envs=trajectories, vectorization_mode="vector_entry_point"
    )
    try:
        observation, _ = environment.reset(seed=int(rng.integers(2**31)))
        length = 0
        while length < horizon and live.any():
            states[length] = observation
            np.less(noise[length], states[length] @ toward_right, out=actions[length])
            mask[length] = live
            observation, rewards[length], terminated, truncated, _ = environment.step(actions[length])
            # gymnasium resets a column on the step after its episode ended and goes on with another one.
            # Only the first counts: the first N to finish would mostly be short ones.
            live &= ~(terminated | truncated)
            length += 1
    finally:
        environment.close()
    return _trim(states[:length], actions[:length], rewards[:length], mask[:length])


def _trim(states: np.ndarray, actions: np.ndarray, rewards: np.ndarray, mask: np.ndarray) -> _Episodes:
    """Put trajectories before steps, and zeros where no step of the first episode happened."""
    mask = np.ascontiguousarray(mask.T)
    states = states.swapaxes(0, 1)
    actions = np.ascontiguousarray(actions.T)
    rewards = np.ascontiguousarray(rewards.T)
    if not mask.all():
        states *= mask[..., np.newaxis]
        actions *= mask
        rewards *= mask
    return _Episodes(states, actions, rewards, mask)


def _require_orthogonal(rotation: np.ndarray) -> None:
    require_shape("rotation", rotation, ("d", "d"), {"d": POLICY_FEATURES})
    if not np.allclose(rotation @ rotation.T, np.eye(POLICY_FEATURES), atol=1e-8):
        raise ValueError(
            "rotation is not orthogonal: give a Q with Q @ Q.T = I, such as the first result of np.linalg.qr."
        )
