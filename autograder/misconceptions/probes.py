"""Inputs on which every known mistake shows: a few for each function, small, and drawn from a seed."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.misconceptions.mistake import Array
from hw4.lab.signatures import SIGNATURES, Argument
from hw4.npg import fisher_estimate
from hw4.policy import score
from hw4.policy_gradient import policy_gradient_estimate
from hw4.trajectories import TrajectoryBatch

Probe = tuple[object, ...]

SIZES = ((3, 4, 3, 2, 2), (4, 3, 2, 3, 3), (5, 2, 4, 2, 3), (2, 5, 3, 3, 2), (3, 3, 3, 4, 2), (6, 4, 2, 2, 3))
"""N, H, A, d and k of each probe: no two agree in all the ways in which a sum may be averaged."""


def probes(function: str, rng: np.random.Generator) -> list[Probe]:
    """Draw the probes of one function.

    Args:
        function: ``module.function``.
        rng: the source of randomness.

    Returns:
        A list of arguments for each probe: drawn as below, or else from the shapes in the signature.
    """
    draw = _DRAWS.get(function, partial(_from_shapes, function))
    return [draw(_Sizes(*sizes, number=number), rng) for number, sizes in enumerate(SIZES)]


class _Sizes:
    """The sizes of a probe, and its number: the first probes are plain, the last have something special."""

    def __init__(self, N: int, H: int, A: int, d: int, k: int, *, number: int) -> None:
        self.N, self.H, self.A, self.d, self.k = N, H, A, d, k
        self.number = number

    @property
    def is_last(self) -> bool:
        return self.number == len(SIZES) - 1

    def mask(self, rng: np.random.Generator) -> Array:
        """No padding in the first two probes; then lengths that differ, with one whole trajectory."""
        if self.number < 2:
            return np.ones((self.N, self.H), dtype=bool)
        lengths = np.append(rng.integers(1, self.H, size=self.N - 1), self.H)
        return np.asarray(np.arange(self.H) < lengths[:, np.newaxis])

    def actions(self, rng: np.random.Generator, *shape: int) -> Array:
        return rng.integers(self.A, size=shape, dtype=np.int64)


def _from_shapes(function: str, sizes: _Sizes, rng: np.random.Generator) -> Probe:
    """Draw arguments as the signature says: standard normal arrays, numbers from 0.1 to 0.8."""
    return tuple(_argument(argument, sizes, rng) for argument in SIGNATURES[function].arguments)


def _argument(argument: Argument, sizes: _Sizes, rng: np.random.Generator) -> object:
    if argument.axes is None:
        return _batch(sizes, rng)
    if argument.axes == ():
        return float(rng.uniform(0.1, 0.8))
    leading = (sizes.N, sizes.H) if "..." in argument.axes else ()
    shape = (*leading, *(getattr(sizes, axis) for axis in argument.axes if axis != "..."))
    if argument.dtype is np.bool_:
        return sizes.mask(rng)
    if argument.dtype is np.int64:
        return sizes.actions(rng, *shape)
    if argument.name.endswith("_log_probs"):
        return -rng.exponential(size=shape)
    return rng.normal(size=shape)


def _decision(sizes: _Sizes, rng: np.random.Generator, *, with_actions: bool) -> Probe:
    """Moderate logits, then in turn an unlikely action, exp too large or too small, a state far below."""
    theta, features = rng.normal(size=sizes.d), rng.normal(size=(sizes.N, sizes.H, sizes.A, sizes.d))
    theta[0] = 1.0  # so that the first feature shifts a logit
    shifts = np.zeros((sizes.N, sizes.H, sizes.A))
    if sizes.number == 2:
        shifts[..., 0] = -16.0
    elif sizes.number == 3:
        shifts[...] = 900.0
    elif sizes.number == 4:
        shifts[..., 0] = -900.0
    elif sizes.number == 5:
        shifts[0] = -900.0
    features[..., 0] += shifts
    return (theta, features, sizes.actions(rng, sizes.N, sizes.H)) if with_actions else (theta, features)


def _log_probabilities(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    return _decision(sizes, rng, with_actions=False)


def _score(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    return _decision(sizes, rng, with_actions=True)


def _fit(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    features = rng.normal(size=(sizes.N, sizes.H, sizes.k))
    if sizes.is_last:
        features[..., -1] = features[..., 0]
    ridge = 0.0 if sizes.number in (0, 2) or sizes.is_last else float(rng.uniform(0.5, 4.0))
    return features, 1.0 + rng.normal(size=(sizes.N, sizes.H)), sizes.mask(rng), ridge


def _policy_gradient(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    scores, mask = _fisher(sizes, rng)
    return scores, 1.0 + rng.normal(size=(sizes.N, sizes.H)), mask


def _fisher(sizes: _Sizes, rng: np.random.Generator) -> tuple[Array, Array]:
    return 0.3 + rng.normal(size=(sizes.N, sizes.H, sizes.d)), sizes.mask(rng)


def _weights(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    target, proposal = -3.0 * rng.exponential(size=(2, sizes.N, sizes.H))
    if sizes.number == 2:
        target, proposal = 10.0 * target, 10.0 * proposal
    if sizes.is_last:
        target, proposal = target - 1000.0, proposal - 1000.0
    return target, proposal


def _weighted_values(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    weights = rng.exponential(size=sizes.N + sizes.H)
    weights[0] *= float(sizes.number % 2)
    return rng.normal(size=weights.shape), weights


def _trust_region(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    factor = rng.normal(size=(sizes.d, sizes.d))
    gradient = np.zeros(sizes.d) if sizes.is_last else rng.uniform(1.0, 3.0, sizes.d)
    delta = float(rng.uniform(0.1, 0.8) if sizes.number % 2 else rng.uniform(1.5, 4.0))
    return gradient, np.eye(sizes.d) + factor @ factor.T, delta


def _npg_step(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    return rng.normal(size=sizes.d), *_trust_region(sizes, rng)


def _batch(sizes: _Sizes, rng: np.random.Generator) -> TrajectoryBatch:
    shape = (sizes.N, sizes.H)
    return TrajectoryBatch(
        features=rng.normal(size=(*shape, sizes.A, sizes.d)),
        baseline_features=rng.normal(size=(*shape, sizes.k)),
        actions=sizes.actions(rng, *shape),
        rewards=1.0 + rng.normal(size=shape),
        mask=sizes.mask(rng),
    )


def _npg_iteration(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    delta, ridge, damping = rng.uniform(0.3, 3.0, size=3).tolist()
    return rng.normal(size=sizes.d), _batch(sizes, rng), _batch(sizes, rng), delta, ridge, damping


def _policies(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    theta, theta_k = rng.normal(size=(2, sizes.d))
    batch = _batch(sizes, rng)
    kl_weight = float(rng.uniform(0.5, 3.0))
    return theta, theta_k, batch.features, batch.actions, batch.rewards, batch.mask, kl_weight


def _minibatches(sizes: _Sizes, rng: np.random.Generator) -> Array:
    B = sizes.N - 1 if sizes.N > 2 else 1
    return np.stack([rng.permutation(sizes.N)[:B] for _ in range(3 + sizes.number % 2)]).astype(np.int64)


def _ppo_update(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    _, theta_k, *data, kl_weight = _policies(sizes, rng)
    return theta_k, *data, kl_weight, 0.1, _minibatches(sizes, rng)


def _ppo_iteration(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    batches = (_batch(sizes, rng), _batch(sizes, rng))
    kl_weight, ridge = rng.uniform(0.5, 3.0, size=2).tolist()
    return rng.normal(size=sizes.d), *batches, kl_weight, 0.1, _minibatches(sizes, rng), ridge


def _kl(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    theta, theta_k, features, _, _, mask, _ = _policies(sizes, rng)
    return theta_k, theta, features, mask


def _trpo_step(sizes: _Sizes, rng: np.random.Generator) -> Probe:
    """A search that one mistake after the other gets wrong; the last is along −g, where no step is right."""
    mistakes = importlib.import_module("autograder.misconceptions.trpo")
    shown = [getattr(mistakes, name).twist for name in _SHOWN_BY_SEARCHES[sizes.number]]
    trpo_step = _right_trpo_step()
    for _ in range(MAX_DRAWS):
        probe = _search(sizes, rng)
        right = trpo_step(*copy.deepcopy(probe))
        if all(not np.allclose(twist(trpo_step, *probe), right) for twist in shown):
            break
    if sizes.number == _TIGHT:
        probe = _with_no_try_to_spare(probe)
    return probe


def _right_trpo_step() -> Callable[..., Any]:
    """Imported when it is needed, like the mistakes: a homework without TRPO has neither."""
    return importlib.import_module("hw4.trpo").trpo_step


def _with_no_try_to_spare(probe: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same search with the smallest max_backtracks that still gets there."""
    trpo_step = _right_trpo_step()
    *rest, max_backtracks = probe
    right = trpo_step(*copy.deepcopy(probe))
    while max_backtracks and np.array_equal(trpo_step(*copy.deepcopy((*rest, max_backtracks - 1))), right):
        max_backtracks -= 1
    return (*rest, max_backtracks)


MAX_DRAWS = 200
_FLAT, _TIGHT = 0, 4
_SHOWN_BY_SEARCHES = (
    ("trpo_step_without_the_kl", "trpo_step_that_asks_for_a_rise"),
    ("trpo_step_with_the_kl_reversed",),
    ("trpo_step_that_always_halves", "trpo_step_without_a_search"),
    ("trpo_step_within_half_delta", "trpo_step_shortened_before_the_first_try"),
    ("trpo_step_without_the_kl",),
    ("trpo_step_without_the_surrogate", "trpo_step_with_a_surrogate_above_zero"),
)
"""The mistakes that each probe must show, by name."""


def _search(sizes: _Sizes, rng: np.random.Generator) -> tuple[Any, ...]:
    theta_k, batch = rng.normal(size=sizes.d), _batch(sizes, rng)
    scores = score(theta_k, batch.features, batch.actions)
    advantages = batch.rewards - 2.0 * float(sizes.number % 2 and not sizes.is_last)
    gradient = policy_gradient_estimate(scores, advantages, batch.mask)
    fisher = fisher_estimate(scores, batch.mask) + 0.05 * np.eye(sizes.d)
    if sizes.number == _FLAT:
        advantages = np.zeros_like(advantages)
    data = (batch.features, batch.actions, advantages, batch.mask)
    delta = float(np.exp(rng.uniform(-2.0, 2.0)))
    return theta_k, -gradient if sizes.is_last else gradient, fisher, *data, delta, 0.8, 6


_DRAWS: dict[str, Callable[[_Sizes, np.random.Generator], Probe]] = {
    "policy.action_log_probabilities": _log_probabilities,
    "policy.score": _score,
    "baseline.fit_baseline": _fit,
    "policy_gradient.policy_gradient_estimate": _policy_gradient,
    "importance_sampling.importance_weights": _weights,
    "importance_sampling.importance_sampling_estimate": _weighted_values,
    "npg.fisher_estimate": _fisher,
    "npg.npg_step_size": _trust_region,
    "npg.npg_step": _npg_step,
    "npg.npg_iteration": _npg_iteration,
    "ppo.ppo_loss": _policies,
    "ppo.ppo_gradient": _policies,
    "ppo.ppo_update": _ppo_update,
    "ppo.ppo_iteration": _ppo_iteration,
    "trpo.kl_estimate": _kl,
    "trpo.trpo_step": _trpo_step,
}
