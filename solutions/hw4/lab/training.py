"""The assignment's constants, and the one training loop that every algorithm shares.

The update is passed in: the loop samples, calls it, checks what came back and keeps the learning curve. It
knows no algorithm and imports no module that a student fills in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from hw4.lab.cartpole import POLICY_FEATURES, mean_return, rollout
from hw4.lab.compare import as_returned
from hw4.trajectories import TrajectoryBatch

Update = Callable[[np.ndarray, TrajectoryBatch, TrajectoryBatch, np.random.Generator], object]
"""θ^{k+1} from (θ^k, baseline batch, update batch, rng). What it returns is checked by the loop."""


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """The settings that every algorithm has.

    Attributes:
        function: the function that returns θ^{k+1} or ĝ, as in ``SIGNATURES``, for messages.
        horizon: H.
        iterations: K.
        bar: the mean return that counts as solved.
        baseline_trajectories: N, that the baseline is fitted on.
        update_trajectories: M, the new ones that the update is made from.
        ridge: weight of ‖w‖² in the baseline's fit.
        evaluation_episodes: fresh episodes behind the final mean return.
    """

    function: str
    horizon: int
    iterations: int
    bar: float
    baseline_trajectories: int = 50
    update_trajectories: int = 50
    ridge: float = 1e-6
    evaluation_episodes: int = 100


@dataclass(frozen=True, kw_only=True)
class NPGSettings(TrainingSettings):
    """NPG: δ bounds (θ − θ^k)ᵀ F (θ − θ^k), and `damping` · I is added to F̂, which is singular without."""

    function: str = "npg.npg_iteration"
    delta: float
    damping: float


@dataclass(frozen=True, kw_only=True)
class PPOSettings(TrainingSettings):
    """PPO: λ on the scale of the advantages, and `sgd_steps`, each on `minibatch_trajectories` of the M."""

    function: str = "ppo.ppo_iteration"
    kl_weight: float
    learning_rate: float
    sgd_steps: int
    minibatch_trajectories: int = 50


@dataclass(frozen=True, kw_only=True)
class ReinforceSettings(TrainingSettings):
    """REINFORCE with a learned baseline: one step θ + learning_rate · ĝ."""

    function: str = "policy_gradient.policy_gradient_estimate"
    learning_rate: float


@dataclass(frozen=True, kw_only=True)
class TRPOSettings(TrainingSettings):
    """TRPO: δ bounds the estimated KL itself, and `damping` · I is added to F̂ for the direction."""

    function: str = "trpo.trpo_step"
    delta: float
    damping: float


# NPG and PPO: measured over 200 to 1500 seeds each, of which all but one reached the bar. Without damping a
# quarter of the seeds miss it; δ = 0.01 belongs to a Fisher matrix averaged over steps and never learns here.
_NPG = {
    200: NPGSettings(horizon=200, bar=195.0, iterations=20, delta=1.0, damping=1.0),
    500: NPGSettings(horizon=500, bar=475.0, iterations=30, delta=1.0, damping=3.0),
}
_PPO = {
    200: PPOSettings(horizon=200, bar=195.0, iterations=20, kl_weight=1.0, learning_rate=3e-3, sgd_steps=20),
    # SGD steps on half of the trajectories: plain loops take half the time that they take on all.
    500: PPOSettings(
        horizon=500,
        bar=475.0,
        iterations=25,
        kl_weight=10.0,
        learning_rate=1e-3,
        sgd_steps=20,
        minibatch_trajectories=25,
    ),
}
# REINFORCE and TRPO are not graded by their return: 60 of 60 seeds reach the bar.
_REINFORCE = {
    200: ReinforceSettings(horizon=200, bar=195.0, iterations=50, learning_rate=1e-2),
    500: ReinforceSettings(horizon=500, bar=475.0, iterations=50, learning_rate=1e-2),
}
_TRPO = {
    200: TRPOSettings(horizon=200, bar=195.0, iterations=20, delta=1.0, damping=1.0),
    500: TRPOSettings(horizon=500, bar=475.0, iterations=30, delta=1.0, damping=3.0),
}

SETTINGS: Mapping[str, Mapping[int, TrainingSettings]] = MappingProxyType(
    {
        "npg": MappingProxyType(_NPG),
        "ppo": MappingProxyType(_PPO),
        "reinforce": MappingProxyType(_REINFORCE),
        "trpo": MappingProxyType(_TRPO),
    }
)
"""The assignment's settings by algorithm and horizon."""
GRADED: Mapping[str, TrainingSettings] = MappingProxyType(
    {"npg": dataclasses.replace(_NPG[500], delta=8.0), "ppo": _PPO[500]}
)
"""The settings of the graded trainings, by algorithm.

At δ = 8 NPG reaches the bar in less than half of the iterations that δ = 1 takes, by the slowest seeds too.
What comes after is less steady, for which the assignment keeps δ = 1.
"""


@dataclass(frozen=True, eq=False)
class Iteration:
    """An iteration of a training, after its update.

    Attributes:
        number: k + 1, from 1 to K.
        mean_return: of the N + M trajectories sampled under θ^k.
        environment_steps: taken so far, this iteration's included.
        theta_k: (d,), θ^k.
        theta: (d,), θ^{k+1}.
        batch: the N + M trajectories.
    """

    number: int
    mean_return: float
    environment_steps: int
    theta_k: np.ndarray
    theta: np.ndarray
    batch: TrajectoryBatch


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """The result of a training.

    Attributes:
        returns: (K,), the mean return of the N + M trajectories sampled under θ^k, before its update. K is
            the number of iterations made, fewer than the settings' where training stopped early.
        environment_steps: (K,) int64, environment steps taken up to and including iteration k.
        theta: (d,), θ^K.
        final_return: the mean return over fresh episodes of π_θ^K itself, its actions sampled.
    """

    returns: np.ndarray
    environment_steps: np.ndarray
    theta: np.ndarray
    final_return: float


def train(
    update: Update,
    settings: TrainingSettings,
    rng: np.random.Generator,
    *,
    rotation: np.ndarray | None = None,
    stop_at: float = np.inf,
    on_iteration: Callable[[Iteration], None] | None = None,
) -> LearningCurve:
    """Train on CartPole from θ^0 = 0: sample, update, K times; then evaluate.

    Each iteration plays N + M trajectories in one rollout and splits them. They are independent, so the M are
    new to the baseline fitted on the N, and one wide rollout takes half the time of two.

    Args:
        update: returns θ^{k+1} from (θ^k, baseline batch, update batch, rng).
        settings: the constants.
        rng: the only source of randomness, handed to `update` too.
        rotation: (d, d) orthogonal or None, as for `rollout`.
        stop_at: end as soon as the N + M trajectories of an iteration have this mean return. They were
            sampled under θ^k and no update has seen them: they are the fresh episodes that evaluate it.
        on_iteration: called after every iteration.

    Raises:
        Mismatch: `update` returned another shape than (d,), or a NaN or infinity; the sentence names
            `settings.function`.
    """
    theta = np.zeros(POLICY_FEATURES)
    returns = np.empty(settings.iterations)
    environment_steps = np.empty(settings.iterations, dtype=np.int64)
    steps_so_far = 0
    for k in range(settings.iterations):
        sampled = settings.baseline_trajectories + settings.update_trajectories
        batch = rollout(theta, rng, sampled, settings.horizon, rotation)
        returns[k] = mean_return(batch)
        if returns[k] >= stop_at:
            return LearningCurve(returns[:k], environment_steps[:k], theta, float(returns[k]))
        baseline_batch = batch.select(slice(None, settings.baseline_trajectories))
        update_batch = batch.select(slice(settings.baseline_trajectories, None))
        returned = update(theta, baseline_batch, update_batch, rng)
        theta_k, theta = theta, as_returned(settings.function, returned, theta.shape)
        steps_so_far += int(batch.mask.sum())
        environment_steps[k] = steps_so_far
        if on_iteration is not None:
            on_iteration(Iteration(k + 1, float(returns[k]), steps_so_far, theta_k, theta, batch))
    evaluation = rollout(theta, rng, settings.evaluation_episodes, settings.horizon, rotation)
    return LearningCurve(returns, environment_steps, theta, mean_return(evaluation))
