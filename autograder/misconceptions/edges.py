"""Inputs where some mistakes show alone: large sizes, the ends of the magnitudes, special values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograder.misconceptions.mistake import Array
from hw4.npg import fisher_estimate
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate
from hw4.trajectories import TrajectoryBatch

Probe = tuple[Any, ...]
Draw = Callable[[np.random.Generator], Probe]

FLOAT32_INTEGERS = float(2**24)
"""From here on float32 has no odd numbers: 2²⁴ + 1 becomes 2²⁴, in whatever order a formula is computed."""
ODD, ODD_BELOW = FLOAT32_INTEGERS + 1.0, 3.0 - FLOAT32_INTEGERS
"""The sum is 4, in float32 3, and 0 where both are clipped."""


def edges(function: str, rng: np.random.Generator) -> list[Probe]:
    """Draw the edges of one function.

    Args:
        function: ``module.function``.
        rng: the source of randomness.

    Returns:
        A list of arguments for each edge; empty for a function that has none.
    """
    return [draw(rng) for draw in _EDGES.get(function, ())]


def _mask(rng: np.random.Generator, N: int, H: int) -> Array:
    lengths = np.append(rng.integers(1, H + 1, size=N - 1), H)
    return np.asarray(np.arange(H) < lengths[:, np.newaxis])


# One state or many


def _ladder() -> tuple[Array, Array]:
    """One state with logits down to −796 in small steps, so that any ε meets probabilities of its size.

    In the other they go down to −1e4.
    """
    features = np.ones((2, 1, 200, 2))
    features[0, 0, :, 0] = -4.0 * np.arange(200)
    features[1, 0, :, 0] = 1.0 - np.geomspace(1.0, 10_001.0, 200)
    return np.array([1.0, 0.0]), features


def _low(rng: np.random.Generator) -> tuple[Array, Array]:
    """Every logit of every state near −900: no state is far below another one."""
    features = rng.normal(size=(2, 2, 3, 2))
    features[..., 0] -= 900.0
    return np.array([1.0, 0.5]), features


def _odd() -> tuple[Array, Array]:
    """Logits of 0, 1, 2 and ½, which are all 0 in float32."""
    features = np.repeat(np.array([0.0, 1.0, 2.0, 0.5])[:, np.newaxis], 2, axis=-1)
    return np.array([ODD, -FLOAT32_INTEGERS]), np.tile(features, (1, 2, 1, 1))


def _many_states(N: int, H: int, A: int, d: int, rng: np.random.Generator) -> tuple[Array, Array]:
    return 0.5 * rng.normal(size=d), rng.normal(size=(N, H, A, d))


def _log_probabilities(
    states: Callable[[np.random.Generator], tuple[Array, Array]], rng: np.random.Generator
) -> Probe:
    return states(rng)


def _score(states: Callable[[np.random.Generator], tuple[Array, Array]], rng: np.random.Generator) -> Probe:
    theta, features = states(rng)
    return theta, features, rng.integers(features.shape[-2], size=features.shape[:-2], dtype=np.int64)


_STATES: tuple[Callable[[np.random.Generator], tuple[Array, Array]], ...] = (
    lambda rng: _ladder(),
    _low,
    lambda rng: _odd(),
    partial(_many_states, 5, 27, 6, 16),
    partial(_many_states, 10, 30, 3, 9),
)


# Rewards and the baseline


def _rewards(N: int, H: int, rng: np.random.Generator) -> Probe:
    return rng.normal(size=(N, H)), _mask(rng, N, H)


def _large_rewards(rng: np.random.Generator) -> Probe:
    rewards, mask = _rewards(20, 5, rng)
    return 1e6 * rewards, mask


def _rewards_beside_large_padding(rng: np.random.Generator) -> Probe:
    """Padding beside which the rewards lose their digits."""
    return np.array([[0.7, 1e12, 3e11]]), np.array([[True, False, False]])


def _fit(N: int, H: int, k: int, ridge: float, rng: np.random.Generator) -> Probe:
    return rng.normal(size=(N, H, k)), 1.0 + rng.normal(size=(N, H)), _mask(rng, N, H), ridge


def _dependent_fit(ridge: float, rng: np.random.Generator) -> Probe:
    features, returns, mask, _ = _fit(5, 4, 4, ridge, rng)
    features[..., -1] = features[..., 0] + features[..., 1]
    return features, returns, mask, ridge


def _badly_scaled_fit(rng: np.random.Generator) -> Probe:
    """Columns whose sizes differ by 2000, which a cut-off of 0.001 takes for a dependence."""
    features, returns, mask, _ = _fit(6, 4, 3, 0.0, rng)
    return features * np.array([2000.0, 30.0, 1.0]), returns, mask, 0.0


def _prediction(rng: np.random.Generator) -> Probe:
    return rng.normal(size=16), 100.0 * rng.normal(size=(70, 3, 16))


def _odd_prediction(rng: np.random.Generator) -> Probe:
    features = np.array([[[FLOAT32_INTEGERS + 1.0, FLOAT32_INTEGERS], [3.0, 2.0]]])
    return np.array([1.0, -1.0]), features


# Estimates over trajectories


def _estimate(
    N: int, H: int, d: int, scores: float, advantages: float, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    size = (N, H)
    return (
        scores * (0.3 + rng.normal(size=(*size, d))),
        advantages * (1.0 + rng.normal(size=size)),
        _mask(rng, N, H),
    )


def _fisher(N: int, H: int, d: int, size: float, rng: np.random.Generator) -> Probe:
    scores, _, mask = _estimate(N, H, d, size, 1.0, rng)
    return scores, mask


def _odd_estimate(rng: np.random.Generator) -> Probe:
    return np.ones((1, 2, 2)), np.array([[ODD, ODD_BELOW]]), np.ones((1, 2), bool)


def _weights(rng: np.random.Generator) -> Probe:
    """Proposals less and less likely, targets too; log-ratios of ±700, and tiny differences."""
    ladder = -2.0 * np.arange(32)
    target = np.concatenate([np.full(32, -1.0), ladder, [-700.0, 0.0, -9999.0, -9999.9996]])
    proposal = np.concatenate([ladder, np.full(32, -1.0), [0.0, -700.0, -9997.0, -9999.9999]])
    return target, proposal


def _small_weights(rng: np.random.Generator) -> Probe:
    """Nothing above e⁹, so that a weight clipped at ten thousand or less shows beside its neighbours."""
    return np.linspace(-0.2, -9.0, 40), np.linspace(-9.0, -0.1, 40)


def _tiny_weights(rng: np.random.Generator) -> Probe:
    """Below e⁻²⁵, where a clipped log-ratio shows and a bound on the weights does not."""
    return np.linspace(-30.0, -70.0, 12), np.linspace(-0.5, -2.0, 12)


def _draws(n: int, size: float, rng: np.random.Generator) -> Probe:
    weights = rng.exponential(size=n)
    weights[::7] *= size
    return 1.0 + rng.normal(size=n), weights


def _odd_draws(rng: np.random.Generator) -> Probe:
    return np.array([ODD, ODD_BELOW]), np.ones(2)


# Trust regions


def _region(
    d: int, scale: float, condition: float, delta: float, squared: float, rng: np.random.Generator
) -> tuple[Array, Array, float]:
    """F of a scale and a condition number, and g with gᵀF⁻¹g = `squared`: a guard of 1e-6 is right there."""
    vectors = np.linalg.qr(rng.normal(size=(d, d)))[0]
    root = vectors * np.sqrt(scale * np.geomspace(1.0, condition, d))
    along = 0.5 + rng.uniform(size=d)
    fisher = root @ root.T
    return root @ along * np.sqrt(squared / (along @ along)), (fisher + fisher.T) / 2.0, delta


def _step(region: tuple[int, float, float, float, float], rng: np.random.Generator) -> Probe:
    return rng.normal(size=region[0]), *_region(*region, rng)


_REGIONS = (
    (16, 1.0, 1e4, 0.5, 1.0),
    (12, 1.0, 50.0, 1e5, 2.0),
    (3, 1e-6, 10.0, 0.5, 0.5),
    (3, 1e6, 10.0, 2.0, 1.0),
    (4, 1.0, 10.0, 1e-5, 1.0),
    (2, 1.0, 3.0, 1e6, 0.3),
    (6, 2e-6, 3.0, 1.0, 0.2),
    (4, 1e-5, 1e3, 0.5, 1.0),
)
"""d, scale and condition of F, δ, gᵀF⁻¹g."""


# Batches


def _batch(
    rng: np.random.Generator, N: int, H: int, A: int, d: int, k: int, reward: float = 1.0
) -> TrajectoryBatch:
    return TrajectoryBatch(
        features=rng.normal(size=(N, H, A, d)),
        baseline_features=rng.normal(size=(N, H, k)),
        actions=rng.integers(A, size=(N, H), dtype=np.int64),
        rewards=reward * (1.0 + rng.normal(size=(N, H))),
        mask=_mask(rng, N, H),
    )


def _npg_iteration(
    N: int, d: int, reward: float, delta: float, ridge: float, damping: float, rng: np.random.Generator
) -> Probe:
    batches = (_batch(rng, N, 4, 3, d, 3, reward), _batch(rng, N, 4, 3, d, 3, reward))
    return 0.5 * rng.normal(size=d), *batches, delta, ridge, damping


def _policies(N: int, H: int, d: int, advantage: float, kl_weight: float, rng: np.random.Generator) -> Probe:
    theta, theta_k = 0.5 * rng.normal(size=(2, d))
    batch = _batch(rng, N, H, 3, d, 1, advantage)
    return theta, theta_k, batch.features, batch.actions, batch.rewards, batch.mask, kl_weight


def _unlikely(shift: float, rng: np.random.Generator) -> Probe:
    """Both policies give action 0 the logit `shift`; in the first trajectory all actions have it."""
    theta, theta_k, features, actions, *rest = _policies(4, 3, 3, 1.0, 0.5, rng)
    theta[0] = theta_k[0] = 1.0
    features[1:, :, 0, 0] += shift
    features[0, ..., 0] += shift
    actions[...] = 0
    actions[-1] = 1
    return theta, theta_k, features, actions, *rest


def _high(rng: np.random.Generator) -> Probe:
    """All logits near 900, where exp overflows though no action is unlikely."""
    theta, theta_k, features, *rest = _policies(4, 3, 3, 1.0, 0.5, rng)
    theta[0] = theta_k[0] = 1.0
    features[..., 0] += 900.0
    return theta, theta_k, features, *rest


def _far(distance: float, rng: np.random.Generator) -> Probe:
    """Weights from e^−distance to e^distance: θ^k against the action taken or for it."""
    theta, theta_k = np.array([0.0, 0.1]), np.array([1.0, 0.2])
    features = rng.normal(size=(2, 2, 2, 2))
    features[:, 0, 0, 0], features[:, 0, 1, 0] = -distance, 0.0
    features[:, 1, 0, 0], features[:, 1, 1, 0] = distance, 0.0
    advantages = np.array([[1.0, 2.0], [0.5, -1.0]])
    return theta, theta_k, features, np.zeros((2, 2), dtype=np.int64), advantages, np.ones((2, 2), bool), 0.5


def _tiny_weight(rng: np.random.Generator) -> Probe:
    """One step with a weight of e⁻³⁰, where a clipped log-ratio shows."""
    theta_k, theta, features, actions, advantages, mask, _ = _far(30.0, rng)
    first = np.s_[:1, :1]
    return theta, theta_k, features[first], actions[first], advantages[first], mask[first], 0.0


def _odd_advantages(rng: np.random.Generator) -> Probe:
    """Every weight and score is 1: no product is rounded, whatever the order."""
    features = np.tile(np.array([[1.0], [-1.0]]), (1, 2, 1, 1))
    actions, mask = np.zeros((1, 2), dtype=np.int64), np.ones((1, 2), bool)
    return np.zeros(1), np.zeros(1), features, actions, np.array([[ODD, ODD_BELOW]]), mask, 0.0


def _low_samples(rng: np.random.Generator) -> Probe:
    """Log-probabilities near −1000: both probabilities are 0 in float64."""
    target, proposal = -1000.0 - rng.exponential(size=(2, 4, 3))
    return target, proposal, rng.normal(size=(4, 3)), 0.2


def _samples_around_the_clip(rng: np.random.Generator) -> Probe:
    """Log-ratios in small steps, so that it shows where a clip begins."""
    log_ratios = np.linspace(-0.497, 0.497, 72)
    advantages = np.where(np.arange(144) % 2, 1.0, -1.0) * rng.uniform(0.5, 1.5, 144)
    return np.repeat(log_ratios, 2) - 1.0, np.full(144, -1.0), advantages, 0.2


_POLICIES: tuple[Draw, ...] = (
    partial(_policies, 4, 3, 2, 1.0, 0.0),
    partial(_policies, 70, 3, 12, 1.0, 0.5),
    partial(_policies, 6, 5, 3, 1e4, 2.0),
    partial(_unlikely, -800.0),
    partial(_unlikely, 900.0),
    _high,
    partial(_far, 5.0),
    partial(_far, 30.0),
    _tiny_weight,
    _odd_advantages,
)


def _update(
    N: int, minibatches: tuple[int, int], advantage: float, kl_weight: float, rng: np.random.Generator
) -> Probe:
    _, theta_k, *data, _ = _policies(N, 3, 3, advantage, kl_weight, rng)
    S, B = minibatches
    chosen = rng.integers(N, size=(S, B), dtype=np.int64)
    if B > 2:
        chosen[:, 1] = chosen[:, 0]
    return theta_k, *data, kl_weight, 0.1 / max(1.0, advantage), chosen


_UPDATES = (
    (4, (0, 2), 1.0, 0.5),
    (5, (2, 4), 1.0, 0.5),
    (5, (1, 2), 1.0, 0.0),
    (4, (1, 3), 1e3, 0.5),
    (4, (1, 3), 300.0, 0.0),
    (6, (40, 2), 1.0, 0.3),
    (4, (3, 2), 1e-4, 0.0),
)
"""M, (S, B), the advantages' size, λ. Where B > 2, an index stands twice in each minibatch."""


def _ppo_iteration(
    N: int,
    minibatches: tuple[int, int],
    kl_weight: float,
    ridge: float,
    reward: float,
    rng: np.random.Generator,
) -> Probe:
    batches = (_batch(rng, N, 4, 3, 3, 3, reward), _batch(rng, N, 4, 3, 3, 3, reward))
    chosen = rng.integers(N, size=minibatches, dtype=np.int64)
    if minibatches[1] > 2:
        chosen[:, 1] = chosen[:, 0]
    return 0.5 * rng.normal(size=3), *batches, kl_weight, 0.1 / reward, chosen, ridge


def _kl(policies: Draw, rng: np.random.Generator) -> Probe:
    theta, theta_k, features, _, _, mask, _ = policies(rng)
    return theta_k, theta, features, mask


def _far_kl(distance: float, rng: np.random.Generator) -> Probe:
    """Actions that are likely under θ^k have a probability of e^−distance under θ."""
    theta_k, theta, features, _, _, mask, _ = _far(distance, rng)
    return theta_k, theta, features, mask


def _search(
    change: Callable[[dict[str, Any], np.random.Generator], None], rng: np.random.Generator, H: int = 3
) -> Probe:
    theta_k, batch = 0.5 * rng.normal(size=3), _batch(rng, 5, H, 3, 3, 1)
    call: dict[str, Any] = {
        "theta_k": theta_k,
        "gradient": rng.uniform(0.5, 1.0, 3),
        "fisher": np.eye(3),
        "features": batch.features,
        "actions": batch.actions,
        "advantages": batch.rewards,
        "mask": batch.mask,
        "delta": 0.1,
        "backtrack": 0.9,
        "max_backtracks": 30,
    }
    change(call, rng)
    return tuple(call.values())


def _with_its_own_gradient(call: dict[str, Any]) -> None:
    scores = score(call["theta_k"], call["features"], call["actions"])
    call["gradient"] = policy_gradient_estimate(scores, call["advantages"], call["mask"])
    call["fisher"] = fisher_estimate(scores, call["mask"]) + 0.05 * np.eye(len(call["theta_k"]))


def _no_gradient(call: dict[str, Any], rng: np.random.Generator) -> None:
    call["gradient"] = np.zeros(3)


def _no_backtracks(call: dict[str, Any], rng: np.random.Generator) -> None:
    """The whole step is too long, and may not be shortened."""
    _with_its_own_gradient(call)
    call["fisher"] /= 9.0
    call["max_backtracks"], call["backtrack"] = 0, 0.5


def _far_outside(factor: float, call: dict[str, Any], rng: np.random.Generator) -> None:
    """The whole step has a KL many times δ: every length in turn is tried, and a multiple of δ shows."""
    _with_its_own_gradient(call)
    call["fisher"] /= factor


def _far_inside(factor: float, call: dict[str, Any], rng: np.random.Generator) -> None:
    """The KL admits every length; the surrogate rises by far less than its slope foretells."""
    call["advantages"] = np.abs(call["advantages"]) * np.where(call["actions"] == 0, 1.0, -0.1)
    _with_its_own_gradient(call)
    call["fisher"] /= factor
    call["delta"] = 1e5


def _falling(size: float, call: dict[str, Any], rng: np.random.Generator) -> None:
    """Every step has a smaller surrogate, the shorter the less so."""
    call["advantages"] *= size
    _with_its_own_gradient(call)
    call["gradient"] *= -1.0
    call["delta"] = 1e-2


def _both_unlikely(call: dict[str, Any], rng: np.random.Generator) -> None:
    """The action taken has a probability of 0 in floating point, and the surrogate rises along g."""
    call["theta_k"][0] = 1.0
    call["features"][..., 0] = np.where(np.arange(3) == 0, -800.0, 0.0)
    call["actions"][...] = 0
    _with_its_own_gradient(call)
    call["fisher"] = np.diag([1e8, 1.0, 1.0])


_SEARCHES = (
    _no_gradient,
    _no_backtracks,
    partial(_far_outside, 9.0),
    partial(_far_outside, 25.0),
    partial(_far_outside, 60.0),
    partial(_far_inside, 4.0),
    partial(_far_inside, 1e3),
    partial(_falling, 1.0),
    partial(_falling, 100.0),
    _both_unlikely,
)

_EDGES: dict[str, Sequence[Draw]] = {
    "policy.action_log_probabilities": [partial(_log_probabilities, states) for states in _STATES],
    "policy.score": [partial(_score, states) for states in _STATES],
    "baseline.rewards_to_go": [
        partial(_rewards, 70, 150),
        partial(_rewards, 3, 120),
        _rewards_beside_large_padding,
        _large_rewards,
    ],
    "baseline.fit_baseline": [
        partial(_fit, 40, 10, 12, 0.5),
        partial(_fit, 1, 3, 6, 0.7),
        partial(_fit, 1, 3, 6, 0.0),
        partial(_dependent_fit, 1.5),
        partial(_dependent_fit, 0.0),
        _badly_scaled_fit,
    ],
    "baseline.predict_baseline": [_prediction, _odd_prediction],
    "policy_gradient.policy_gradient_estimate": [
        partial(_estimate, 70, 3, 16, 1.0, 1.0),
        partial(_estimate, 150, 2, 3, 1.0, 1.0),
        partial(_estimate, 5, 3, 3, 1.0, 1e4),
        partial(_estimate, 4, 3, 2, 1.0, 3e5),
        partial(_estimate, 4, 3, 2, 1e-2, 1e-3),
        _odd_estimate,
    ],
    "npg.fisher_estimate": [
        partial(_fisher, 70, 3, 16, 1.0),
        partial(_fisher, 150, 2, 3, 1.0),
        partial(_fisher, 5, 3, 3, 1e-3),
        partial(_fisher, 4, 3, 2, 1e3),
    ],
    "npg.npg_step_size": [partial(_region, *region) for region in _REGIONS],
    "npg.npg_step": [partial(_step, region) for region in _REGIONS],
    "npg.npg_iteration": [
        partial(_npg_iteration, 70, 12, 1.0, 0.5, 0.5, 0.1),
        partial(_npg_iteration, 8, 2, 1.0, 0.5, 0.0, 0.5),
        partial(_npg_iteration, 8, 2, 1.0, 0.5, 0.5, 0.0),
        partial(_npg_iteration, 8, 2, 1.0, 0.5, 1e-4, 1e-4),
        partial(_npg_iteration, 8, 3, 1e3, 2.0, 0.5, 0.5),
        partial(_npg_iteration, 8, 3, 1.0, 1e5, 0.5, 0.5),
        partial(_npg_iteration, 8, 3, 1.0, 1e6, 0.5, 0.5),
    ],
    "importance_sampling.importance_weights": [_weights, _small_weights, _tiny_weights],
    "importance_sampling.importance_sampling_estimate": [
        partial(_draws, 500, 30.0),
        partial(_draws, 140, 1e5),
        _odd_draws,
    ],
    "ppo.ppo_loss": _POLICIES,
    "ppo.ppo_gradient": _POLICIES,
    "ppo.ppo_update": [partial(_update, *sizes) for sizes in _UPDATES],
    "ppo.ppo_iteration": [
        partial(_ppo_iteration, 5, (0, 2), 0.5, 0.5, 1.0),
        partial(_ppo_iteration, 5, (2, 3), 0.0, 0.5, 1.0),
        partial(_ppo_iteration, 8, (2, 3), 0.5, 0.0, 1.0),
        partial(_ppo_iteration, 6, (30, 2), 0.5, 0.5, 100.0),
    ],
    "ppo.clip_penalty_weights": [_low_samples, _samples_around_the_clip],
    "trpo.kl_estimate": [
        *(partial(_kl, policies) for policies in _POLICIES[:6]),
        *(partial(_far_kl, distance) for distance in (5.0, 30.0, 200.0, 900.0)),
    ],
    "trpo.trpo_step": [
        *(partial(_search, change) for change in _SEARCHES),
        partial(_search, partial(_far_outside, 60.0), H=12),
    ],
}
